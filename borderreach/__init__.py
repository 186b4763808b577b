"""Spatial analysis of border-region accessibility."""

from __future__ import annotations

from importlib.metadata import version as _version
from pathlib import Path as _Path

__version__ = _version("borderreach")

# In a checkout, geo/, analysis/, maps/ and data/ lie beside this folder; installed, inside it.
# Python started in the checkout finds this folder before the installed package, so tell it where.
if not (_Path(__file__).parent / "geo").exists():
    __path__.append(str(_Path(__file__).parent.parent))
