"""The page that a study's map is: what it draws, the scripts that draw it, and how it becomes one file.

The entry points are those that `__init__.pyi` lists; everything else in this room is its own business. Beside the
modules lie the page's scripts and style, one file per control.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
