from ._book import workbook

__all__ = ["workbook"]
