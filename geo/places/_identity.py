"""Whether two rows are the same place, by what they are."""

from __future__ import annotations

import re
from typing import Final

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..crs import rows_xyz

#: Key of `DataFrame.attrs` under which a table of origins says that its ids are row numbers of a frame,
#: which say nothing of what a place is.
ROW_NUMBERS: Final = "ids_are_row_numbers"
#: Positions this close are one place: the ids of positions tell no more.
_SAME_PLACE_M: Final = 0.15
_POSITION_ID: Final = re.compile(r"-?\d+\.\d{6},-?\d+\.\d{6}")


def same_places(starts: gpd.GeoDataFrame, ends: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Say which rows of two tables of origins are the same place.

    Two places with codes (adcodes, or ids of the user's own) are one where the codes agree. Where either
    has none, but a position or the number of its row in some frame, they are one where they lie at one
    point.

    Parameters
    ----------
    starts, ends : geopandas.GeoDataFrame
        As `origins_table` returns them.

    Returns
    -------
    ndarray of bool, shape (len(starts), len(ends))

    Examples
    --------
    >>> from borderreach.geo.places import origins_table
    >>> plain = gpd.GeoDataFrame(geometry=gpd.points_from_xy([106.5, 106.6], [29.5, 29.5]), crs=4326)
    >>> same_places(origins_table(plain), origins_table([(106.6, 29.5)])).tolist()
    [[False], [True]]
    """
    same = np.zeros((len(starts), len(ends)), dtype=bool)
    pairs = same_place_pairs(*((codes_of(table), rows_xyz(table)) for table in (starts, ends)))
    same[tuple(pairs.T)] = True
    return same


def same_place_pairs(
    starts: tuple[list[str], NDArray[np.float64]], ends: tuple[list[str], NDArray[np.float64]]
) -> NDArray[np.int64]:
    """Return the positions of rows that are the same place, as `same_places` says, shape (k, 2).

    Parameters
    ----------
    starts, ends : tuple
        Codes, empty where a place has none, and earth-centred metres of shape (n, 3).
    """
    (codes, xyz), (end_codes, end_xyz) = starts, ends
    number: dict[str, list[int]] = {}
    for column, code in enumerate(end_codes):
        if code:
            number.setdefault(code, []).append(column)
    found = [(row, column) for row, code in enumerate(codes) for column in number.get(code, ())]
    if all(codes) and all(end_codes):
        return np.array(found, dtype=np.int64).reshape(-1, 2)
    near = cKDTree(xyz.reshape(-1, 3)).query_ball_tree(cKDTree(end_xyz.reshape(-1, 3)), _SAME_PLACE_M)
    found += [
        (row, column)
        for row, columns in enumerate(near)
        for column in sorted(columns)
        if not (codes[row] and end_codes[column])
    ]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def codes_of(table: gpd.GeoDataFrame) -> list[str]:
    """Return the codes of the places of a table of origins, empty for those that have none."""
    if table.attrs.get(ROW_NUMBERS):
        return [""] * len(table)
    return [code_of(name) for name in table["origin_id"].astype(str)]


def code_of(origin_id: str) -> str:
    """Return the code that an id is; empty for that of a position."""
    return "" if _POSITION_ID.fullmatch(origin_id) else origin_id
