"""The workbook of a study: counties, centres, every table that matters, what each column is; and how they open in QGIS.

The entry points are those that `__init__.pyi` lists; everything else in this room is its own business.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
