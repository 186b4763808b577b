from ._key_figures import ReportContext
from ._report import report, report_docx, report_html

__all__ = ["ReportContext", "report", "report_docx", "report_html"]
