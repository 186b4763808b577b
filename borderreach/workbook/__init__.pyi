from ._book import workbook
from ._dictionary import column_words

__all__ = ["column_words", "workbook"]
