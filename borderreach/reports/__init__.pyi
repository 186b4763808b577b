from ._key_figures import ReportContext
from ._report import key_figures, report, report_docx, report_html
from ._roads import way_zh

__all__ = ["ReportContext", "key_figures", "report", "report_docx", "report_html", "way_zh"]
