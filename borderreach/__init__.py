"""Spatial analysis of border-region accessibility.

The public names, in the order in which a study uses them: boundaries and borders, networks, travel
times and isochrones, corridors and their comparison, studies, maps. What each does is said where
it is defined; `docs/architecture.md` shows how they fit together.

Which names there are and where they lie stands in `__init__.pyi`, which type checkers and editors
read, too. Each is imported when it is first used, so that reading a network doesn't load what draws maps.
"""

from __future__ import annotations

from importlib.metadata import version as _version
from pathlib import Path as _Path

import lazy_loader as _lazy

__version__ = _version("borderreach")

# In a checkout, geo/, analysis/, maps/ and data/ lie beside this folder; installed, inside it.
# Python started in the checkout finds this folder before the installed package, so tell it where.
if not (_Path(__file__).parent / "geo").exists():
    __path__.append(str(_Path(__file__).parent.parent))

from .geo.deprecation import moved_modules as _moved_modules

_moved_modules(
    __name__,
    {
        "key_figures": "reports._key_figures",
        "markdown": "reports._words",
        "report": "reports._report",
        "report_claims": "reports._claims",
        "report_people": "reports._people",
    },
    removed_in="0.2.0",
)

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
