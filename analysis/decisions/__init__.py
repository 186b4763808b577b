"""What a plan decides: which link matters most, what to build first and where a line is missing, who gains and loses.

The entry points are those that `__init__.pyi` lists; everything else in this room is its own business.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
