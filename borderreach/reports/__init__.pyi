from ._key_figures import ReportContext
from ._report import report

__all__ = ["ReportContext", "report"]
