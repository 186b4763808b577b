"""Travel times: shortest ways on a network, onto and off it, between places and in tables of times.

The entry points are those that `__init__.pyi` lists; everything else in this room is its own business.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
