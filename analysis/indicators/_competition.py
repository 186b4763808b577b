"""Centres that compete: who is nearest, where it is close, hinterlands, overlaps, and provinces across the border."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ...geo.checks import require_frame, require_number
from ...geo.crs import equal_area_crs
from ...geo.errors import EmptyInputError, InputError, InputTypeError, MissingColumnError
from .. import schemas
from ..schemas import Schema
from ..times import (
    LIMIT_ATTR,
    NEAREST_ATTR,
    Pairs,
    by_origin,
    each,
    listed,
    masses,
    read_pairs,
    require_nearest,
)

OVERLAPS: Final[Schema] = {
    "origin_a": "str",
    "origin_b": "str",
    "cutoff_min": "float64",
    "overlap_km2": "float64",
    "share_of_a": "float64",
    "share_of_b": "float64",
}
ACROSS_BORDER: Final[Schema] = {
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "own_id": "str",
    "own_min": "float64",
    "other_id": "str",
    "other_province": "str",
    "other_min": "float64",
    "lead_min": "float64",
    "nearer_across": "bool",
}


def competing_centres(times: pd.DataFrame, *, contested_min: float = 15) -> pd.DataFrame:
    """Find the nearest centre of each place, its rival, and whether the two compete for the place.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, from places to centres. A centre among the places is its
        own nearest.
    contested_min : float
        A place is contested if the second centre is at most so many minutes farther.

    Returns
    -------
    pandas.DataFrame
        ``from_id, centre_id, centre_min, rival_id, rival_min, lead_min, contested, n_contenders``, one
        row per place; `n_contenders` is the number of centres within `contested_min` of the nearest.
        Empty text and NaN where no centre, or no second one, is reached. Equal times go to the centre
        that comes first in the table.

    Raises
    ------
    InputError
        Also if the table was cut so that it can't tell the two nearest centres, and all that are about as
        near.
    InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Okabe, A., Satoh, T., Furuta, T., Suzuki, A., Okano, K. (2008). Generalized network Voronoi
    diagrams: concepts, computational methods, and applications. International Journal of
    Geographical Information Science 22(9), 965-994.

    Examples
    --------
    >>> times = pd.DataFrame({"from_id": ["x", "x"], "to_id": ["a", "b"], "travel_time_min": [50.0, 40.0]})
    >>> found = br.indicators.competing_centres(times)
    >>> found[["centre_id", "rival_id", "lead_min", "contested"]].values.tolist()
    [['b', 'a', 10.0, True]]
    """
    margin = require_number(contested_min, "contested_min", unit="minutes", minimum=0)
    pairs = read_pairs(times)
    # a place that is a centre has itself, whatever its access to the network takes
    minutes = np.where(pairs.own, 0.0, pairs.minutes)
    order = np.lexsort((pairs.destination, minutes, pairs.origin))
    origin, centre, minutes = pairs.origin[order], pairs.destination[order], minutes[order]
    first = np.searchsorted(origin, np.arange(len(pairs.from_ids)))
    count = np.bincount(origin, minlength=len(pairs.from_ids))

    def at_rank(rank: int) -> tuple[Any, Any]:
        there = count > rank
        row = np.where(there, first + rank, 0)
        if len(origin) == 0:
            return np.full(len(count), "", dtype=object), np.full(len(count), np.nan)
        ids = np.asarray(pairs.to_ids, dtype=object)[centre[row]]
        return np.where(there, ids, ""), np.where(there, minutes[row], np.nan)

    (nearest, nearest_min), (rival, rival_min) = at_rank(0), at_rank(1)
    near = minutes - nearest_min[origin] <= margin
    _require_contenders(times, pairs, count, minutes, nearest_min, rival_min, margin)
    return by_origin(
        pairs,
        centre_id=pd.array(nearest).astype("str"),
        centre_min=nearest_min,
        rival_id=pd.array(rival).astype("str"),
        rival_min=rival_min,
        lead_min=rival_min - nearest_min,
        contested=rival_min - nearest_min <= margin,
        n_contenders=np.bincount(origin, weights=near, minlength=len(count)).astype(np.int64),
    )


def _require_contenders(
    times: pd.DataFrame,
    pairs: Pairs,
    count: NDArray[np.int64],
    minutes: NDArray[np.float64],
    nearest_min: NDArray[np.float64],
    rival_min: NDArray[np.float64],
    margin: float,
) -> None:
    """Raise unless a table that was cut tells the two nearest centres, and all contenders."""
    limit, kept = times.attrs.get(LIMIT_ATTR), times.attrs.get(NEAREST_ATTR)
    # a place off the network reaches no centre, however long the table is
    enough = np.isfinite(rival_min) | pairs.cut_off | (count == len(pairs.to_ids))
    if limit is not None:
        enough &= ~(nearest_min + margin > float(limit)) | (count == len(pairs.to_ids))
    if kept is not None:
        last = np.full(len(count), np.nan)
        there = count > 0
        last[there] = minutes[np.cumsum(count)[there] - 1]
        enough = (enough | (count < kept)) & ~((count == kept) & (last - nearest_min <= margin))
        enough |= count == len(pairs.to_ids)
    require_nearest(times, "times", enough, pairs.from_ids)


def hinterlands(times: pd.DataFrame, people: Any, *, contested_min: float = 15) -> pd.DataFrame:
    """Sum up the hinterland of each centre: the places that it is the nearest centre of.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, from places to centres.
    people : Series or mapping
        By ``from_id``.
    contested_min : float
        As in `competing_centres`.

    Returns
    -------
    pandas.DataFrame
        ``centre_id, n_places, people, mean_min, contested_people``, one row per centre of the table in
        its order, also for centres that are nearest to none; `mean_min` is weighted by people (NaN
        without any), `contested_people` live where a rival is nearly as near. Places that reach no
        centre are in no hinterland.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Christaller, W. (1933). Die zentralen Orte in Süddeutschland. Jena: Fischer.

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {
    ...         "from_id": ["x", "x", "y", "y"],
    ...         "to_id": ["a", "b", "a", "b"],
    ...         "travel_time_min": [50.0, 40.0, 10.0, 90.0],
    ...     }
    ... )
    >>> br.indicators.hinterlands(times, {"x": 100, "y": 300})
      centre_id  n_places  people  mean_min  contested_people
    0         a         1   300.0      10.0               0.0
    1         b         1   100.0      40.0             100.0
    """
    nearest = competing_centres(times, contested_min=contested_min)
    size = masses(people, nearest["from_id"], "people")
    centres = read_pairs(times).to_ids
    number = centres.get_indexer(pd.Index(nearest["centre_id"]))
    held = number >= 0
    weight = size[held]

    def total(values: Any) -> Any:
        return np.bincount(number[held], weights=values, minlength=len(centres))

    there = total(weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there > 0, total(weight * nearest["centre_min"].to_numpy()[held]) / there, np.nan)
    return pd.DataFrame(
        {
            "centre_id": centres.astype("str"),
            "n_places": total(np.ones(len(weight))).astype(np.int64),
            "people": there,
            "mean_min": mean,
            "contested_people": total(weight * nearest["contested"].to_numpy()[held]),
        }
    )


def overlaps(isochrones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Measure how far the isochrones of centres overlap, pair by pair and cutoff by cutoff.

    Parameters
    ----------
    isochrones : geopandas.GeoDataFrame
        As `isochrones` returns them: ``origin_id, cutoff_min, geometry``.

    Returns
    -------
    pandas.DataFrame
        ``origin_a, origin_b, cutoff_min, overlap_km2, share_of_a, share_of_b``, one row per pair whose
        isochrones of one cutoff share any area, the largest cutoff first and pairs in the order of the
        isochrones; shares are of the area of each one's isochrone.

    Raises
    ------
    InputError, InputTypeError, MissingCRSError, MissingColumnError, GeometryTypeError

    Examples
    --------
    >>> squares = [shapely.box(106, 29, 107, 30), shapely.box(106.5, 29, 107.5, 30)]
    >>> isochrones = gpd.GeoDataFrame({"origin_id": ["a", "b"], "cutoff_min": 60.0}, geometry=squares, crs=4326)
    >>> br.indicators.overlaps(isochrones)[["origin_a", "origin_b", "share_of_a", "share_of_b"]].round(3)
      origin_a origin_b  share_of_a  share_of_b
    0        a        b         0.5         0.5
    """
    frame = require_frame(isochrones, "isochrones", columns=("origin_id", "cutoff_min"), empty_shapes=True)
    twice = frame.duplicated(["origin_id", "cutoff_min"])
    if twice.any():
        raise InputError(
            f"'isochrones' has several rows for {listed(frame['origin_id'][twice].unique())} and one cutoff; "
            "keep one scenario, mode and direction"
        )
    rows = []
    for cutoff in sorted(frame["cutoff_min"].unique(), reverse=True):
        part = frame[frame["cutoff_min"] == cutoff]
        flat = part.geometry.to_crs(equal_area_crs(part.geometry)).to_numpy()
        area, ids = shapely.area(flat), part["origin_id"].to_numpy()
        for (a, b), shape in shared_parts(flat).items():
            shared = float(shapely.area(shape))
            if shared > 0:
                rows.append(
                    {
                        "origin_a": ids[a],
                        "origin_b": ids[b],
                        "cutoff_min": cutoff,
                        "overlap_km2": shared / 1e6,
                        "share_of_a": shared / area[a],
                        "share_of_b": shared / area[b],
                    }
                )
    return schemas.conform(rows, OVERLAPS)


def shared_parts(shapes: NDArray[np.object_]) -> dict[tuple[int, int], BaseGeometry]:
    """Return what every two of some shapes have in common, by their numbers, the lower first.

    Pairs that share no point are left out.
    """
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = sorted((int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b)

    def shared(pair: tuple[int, int]) -> BaseGeometry:
        a, b = pair
        found: BaseGeometry = shapely.intersection(shapes[a], shapes[b])
        return found

    return dict(zip(pairs, each(shared, pairs, progress=False, label=""), strict=True))


def nearer_across_border(
    times: pd.DataFrame, border_counties: pd.DataFrame, centres: pd.DataFrame
) -> pd.DataFrame:
    """Find the border counties that are nearer to a city of another province than to any of their own.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, from the counties to the cities, ids being adcodes.
    border_counties : pandas.DataFrame
        ``adcode, name, province``, as `border_counties` returns them.
    centres : pandas.DataFrame
        ``adcode, province`` of every city of the table, as `cities` returns them; the
        times to cities that aren't in it are left aside.

    Returns
    -------
    pandas.DataFrame
        ``adcode, name, province, own_id, own_min, other_id, other_province, other_min, lead_min,
        nearer_across``, one row per county in their order. `lead_min` is own less other minutes;
        `nearer_across` is true where it is above zero, or where only a city of another province can
        be reached. Empty text and NaN where no city is reached.

    Raises
    ------
    InputError
        If the table has no times from a county, or was cut so that it can't tell its nearest cities.
    InputTypeError, EmptyInputError, MissingColumnError

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {"from_id": ["522633"] * 2, "to_id": ["520100", "450200"], "travel_time_min": [240.0, 200.0]}
    ... )
    >>> county = pd.DataFrame({"adcode": [522633], "name": ["从江县"], "province": ["贵州省"]})
    >>> cities = pd.DataFrame({"adcode": [520100, 450200], "province": ["贵州省", "广西壮族自治区"]})
    >>> found = br.indicators.nearer_across_border(times, county, cities)
    >>> found[["name", "other_province", "lead_min", "nearer_across"]]
      name other_province  lead_min  nearer_across
    0  从江县        广西壮族自治区      40.0           True
    """
    _require_columns(border_counties, "border_counties", ("adcode", "name", "province"))
    _require_columns(centres, "centres", ("adcode", "province"))
    if len(border_counties) == 0:
        return schemas.empty(ACROSS_BORDER)
    if len(centres) == 0:
        raise EmptyInputError("'centres' has no rows; give the cities to compare")
    pairs = read_pairs(times)
    absent = [code for code in border_counties["adcode"] if str(code) not in pairs.from_ids]
    if absent:
        raise InputError(f"'times' has no journeys from {listed(absent)} of 'border_counties'; add them")
    home = dict(zip(border_counties["adcode"].astype(str), border_counties["province"], strict=True))
    seat = dict(zip(centres["adcode"].astype(str), centres["province"], strict=True))
    table = pd.DataFrame(
        {
            "county": np.asarray(pairs.from_ids, dtype=object)[pairs.origin],
            "centre": np.asarray(pairs.to_ids, dtype=object)[pairs.destination],
            "minutes": pairs.minutes,
        }
    )
    table = table[table["county"].isin(home.keys()) & table["centre"].isin(seat.keys())]
    table = table.sort_values("minutes", kind="stable")
    is_own = table["county"].map(home) == table["centre"].map(seat)
    own, other = _nearest(table[is_own]), _nearest(table[~is_own])
    codes = border_counties["adcode"].astype(str).tolist()
    require_nearest(times, "times", np.array([code in own and code in other for code in codes]), codes)
    rows = []
    for county in border_counties.itertuples(index=False):
        code = str(county.adcode)
        own_id, own_min = own.get(code, ("", np.nan))
        other_id, other_min = other.get(code, ("", np.nan))
        across = other_min < own_min or (np.isnan(own_min) and not np.isnan(other_min))
        rows.append(
            {
                "adcode": county.adcode,
                "name": county.name,
                "province": county.province,
                "own_id": own_id,
                "own_min": own_min,
                "other_id": other_id,
                "other_province": seat.get(other_id, ""),
                "other_min": other_min,
                "lead_min": own_min - other_min,
                "nearer_across": across,
            }
        )
    return schemas.conform(rows, ACROSS_BORDER)


def _nearest(table: pd.DataFrame) -> dict[str, tuple[str, float]]:
    """Return county -> (centre, minutes) of the first row of each county."""
    first = table.drop_duplicates("county")
    return {
        str(county): (str(centre), float(minutes))
        for county, centre, minutes in zip(first["county"], first["centre"], first["minutes"], strict=True)
    }


def _require_columns(table: object, argument: str, columns: tuple[str, ...]) -> None:
    if not isinstance(table, pd.DataFrame):
        raise InputTypeError(f"'{argument}' should be a DataFrame, got {type(table).__name__}")
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise MissingColumnError(
            f"'{argument}' lacks the column(s) {', '.join(map(repr, missing))}; "
            f"it has {', '.join(map(repr, table.columns))}"
        )
