"""Anything in any argument: an error of the package or a result, and never an error of somebody else."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import borderreach as br
from borderreach.geo.errors import (
    BorderReachError,
)

from .bad_input import (
    READERS,
    WORKS,
    prepared,
)


class Odd:
    """Something that no argument is."""


JUNK: dict[str, Any] = {
    "none": None,
    "true": True,
    "three": 3,
    "minus": -1,
    "nan": math.nan,
    "huge": 10**400,
    "complex": 1j,
    "text": "x",
    "empty": "",
    "null": "\0",
    "half a character": "\ud800",
    "long": "x" * 5000,
    "bytes": b"x",
    "list": [],
    "dict": {},
    "set": {1},
    "nested": [[]],
    "nones": [None],
    "mapping": {"a": 1},
    "table": pd.DataFrame(),
    "frame": gpd.GeoDataFrame(),
    "no rows": gpd.GeoDataFrame(geometry=[], crs=4326),
    "array": np.zeros((2, 2, 2)),
    "missing": pd.NA,
    "polygon": shapely.box(0, 0, 1, 1),
    "function": len,
    "class": Odd,
    "object": Odd(),
}
#: What takes minutes or asks servers if it works gets something that doesn't, or does at once.
QUICK: dict[str, dict[str, Any]] = {
    "fetch": {"name": "trunk_network"},
    "run_study": {"study_or_name": "yuqan"},
}
#: Their other arguments are only looked at after minutes of work, and have cases above.
FIRST_ONLY = {"audit_claims"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what numpy and pandas have to say of junk that works
@pytest.mark.parametrize("function", sorted(WORKS))
def test_junk_in_any_argument(function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    call: Callable[..., Any] = READERS.get(function) or getattr(br, function)
    monkeypatch.chdir(tmp_path)  # "x" is a path, too
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    works = {name: prepared(value, tmp_path) for name, value in WORKS[function]().items()}
    works |= QUICK.get(function, {})
    names = list(inspect.signature(call).parameters)
    found = []
    for name in names[:1] if function in FIRST_ONLY else names:
        for label, junk in JUNK.items():
            if (function, name) == ("contributions", "value") and callable(junk):
                continue  # a function of the caller's own, whose errors are its own
            try:
                call(**{**works, name: junk})
            except BorderReachError as error:
                assert str(error)  # noqa: PT017 - any other kind is found below
            except Exception as error:  # noqa: BLE001 - all are gathered
                found.append(f"{name}={label}: {type(error).__name__}: {str(error)[:200]}")
    assert not found, "\n".join(found)
