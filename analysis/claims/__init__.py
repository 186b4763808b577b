"""Checkable sentences of texts, their readings and verdicts; groups of places that texts name.

The entry points are those that `__init__.pyi` lists; everything else in this room is its own business.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
