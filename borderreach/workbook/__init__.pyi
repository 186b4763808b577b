from ._book import workbook
from ._qgis import add_styles, ordered, title_of

__all__ = ["add_styles", "ordered", "title_of", "workbook"]
