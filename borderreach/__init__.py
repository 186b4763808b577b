"""Spatial analysis of border-region accessibility."""

from __future__ import annotations

from importlib.metadata import version as _version

__version__ = _version("borderreach")
