"""The workbook of a study: a sheet of counties, the matrix of centres, every table that matters, and what each column is.

The entry points are those that `__init__.pyi` lists; everything else in this room is its own business.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
