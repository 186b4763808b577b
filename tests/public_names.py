"""The face's public names, and the examples that their docstrings give."""

from __future__ import annotations

import doctest
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import borderreach as br

#: Every public function and class by the name that a reader writes after `br.`.
PUBLIC: dict[str, Any] = {name: getattr(br, name) for name in br.__all__ if name != "indicators"}
PUBLIC |= {f"indicators.{name}": getattr(br.indicators, name) for name in br.indicators.__all__}
#: What the examples take for imported; docs/reference.md says so.
NAMESPACE = {"br": br, "gpd": gpd, "np": np, "pd": pd, "shapely": shapely}
#: Examples that start with a study's results run on those that tests of the face share.
STUDY_CALL = "br.run_study("


def examples(name: str) -> list[doctest.Example]:
    """Examples of a public name that run, in the order of its docstring."""
    found = doctest.DocTestParser().get_examples(PUBLIC[name].__doc__ or "")
    return [one for one in found if not one.options.get(doctest.SKIP)]


def run_examples(test: doctest.DocTest) -> str:
    """Run one docstring's examples; what is returned says which of them don't hold."""
    report: list[str] = []
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    doctest.DocTestRunner(verbose=False, optionflags=flags).run(test, out=report.append)
    return "".join(report)
