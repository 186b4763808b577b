from ._borders import border_ranking, province_ranking, ranks_borders
from ._key_figures import ReportContext
from ._report import key_figures, put_together_once, report, report_docx, report_html
from ._roads import way_zh

__all__ = [
    "ReportContext",
    "border_ranking",
    "key_figures",
    "province_ranking",
    "put_together_once",
    "ranks_borders",
    "report",
    "report_docx",
    "report_html",
    "way_zh",
]
