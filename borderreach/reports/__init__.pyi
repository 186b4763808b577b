from ._key_figures import ReportContext
from ._report import key_figures, report, report_docx, report_html

__all__ = ["ReportContext", "key_figures", "report", "report_docx", "report_html"]
