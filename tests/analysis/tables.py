"""Small tables of travel times for the tests of the indicators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def long_table(matrix: Any, from_ids: Any = None, to_ids: Any = None) -> pd.DataFrame:
    """A matrix of minutes as a long table; ids are letters, rows and columns alike, when left out."""
    minutes = np.asarray(matrix, dtype=float)
    letters = [chr(97 + k) if k < 26 else f"p{k}" for k in range(max(minutes.shape))]
    rows = letters[: minutes.shape[0]] if from_ids is None else list(from_ids)
    columns = letters[: minutes.shape[1]] if to_ids is None else list(to_ids)
    return pd.DataFrame(
        {
            "from_id": np.repeat(rows, len(columns)),
            "to_id": np.tile(columns, len(rows)),
            "travel_time_min": minutes.ravel(),
            "distance_km": minutes.ravel(),
        }
    )
