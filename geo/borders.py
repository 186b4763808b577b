"""Borders between provinces, the counties that lie on them, and the points where they meet.

Two counties share a line where their rings hold the same segment in opposite directions: each
county lies to the left of its own ring. A segment that both hold in the same direction bounds
ground that both claim, and is no border.

Polygons that don't share their vertices (slivers, gaps, other generalisation) are matched in a
second step: ring segments without a partner are cut into short pieces, and each piece belongs to
the nearest such segment of another county that runs the other way, if that is within
`tolerance_m`. A piece has one partner, so that a sliver is counted once and a county that only
comes near a corner of another gets no border with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from .checks import require_frame, require_number
from .crs import ELLIPSOID, WGS84, to_ecef
from .errors import InputError
from .names import resolve_provinces

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
#: Decimals of a degree that vertices are compared at: 1 cm.
_DECIMALS: Final = 7
_M_PER_DEGREE: Final = 111_320.0
#: Pieces per tolerance in the second step.
_PIECES: Final = 4
#: Two corners that touch run within tolerance of each other over about two tolerances.
_MIN_INEXACT: Final = 4
#: Samples times partners that the second step holds at once.
_CHUNK: Final = 4_000_000

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Segments:
    """Ring segments, each with its county to the left, in the order of the rings."""

    start: _Floats  # (n, 2) degrees
    end: _Floats
    county: _Ints  # row of the frame


@dataclass(frozen=True)
class _Shared:
    """Straight pieces of border: `county` lies to the left, `other` to the right."""

    start: _Floats
    end: _Floats
    county: _Ints
    other: _Ints
    order: _Floats  # place along the rings
    exact: NDArray[np.bool_]  # the mirror image is here too, with the counties swapped
    km: _Floats


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
        Width of gaps and overlaps between polygons up to which a line still counts as shared;
        0 takes identical segments only.

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
    >>> from borderreach.geo.boundaries import counties
    >>> frame = border_counties(counties(provinces=["重庆", "贵州"]), between=("重庆", "贵州"))
    >>> frame.groupby("province", sort=False).size().to_dict()
    {'重庆市': 8, '贵州省': 7}
    """
    frame, shared = _prepare(counties, between, tolerance_m)
    codes = frame["province_adcode"].to_numpy(dtype="int64")
    km = np.bincount(shared.county, weights=shared.km, minlength=len(frame))
    pairs = np.unique(np.column_stack([shared.county, codes[shared.other]]), axis=0)
    names = _province_names(frame)
    neighbours = (
        pd.Series([names[code] for code in pairs[:, 1].tolist()], dtype="object")
        .groupby(pairs[:, 0])
        .agg(["、".join, "size"])
    )
    on_border = np.unique(shared.county)
    return frame.iloc[on_border].assign(
        neighbour_provinces=neighbours["join"].astype("str").to_numpy(),
        border_km=km[on_border],
        n_provinces=neighbours["size"].to_numpy(dtype="int64"),
    )


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
    """
    frame, shared = _prepare(counties, None, tolerance_m)
    if len(shared.county) == 0:
        return _empty_borders()
    codes = frame["province_adcode"].to_numpy(dtype="int64")
    own, foreign = codes[shared.county], codes[shared.other]
    low, high = np.minimum(own, foreign), np.maximum(own, foreign)
    pair_codes, pair = np.unique(np.column_stack([low, high]), axis=0, return_inverse=True)
    pair = pair.ravel()
    n = len(pair_codes)

    # The line is drawn once: from side a, or from side b where side a found nothing.
    from_a = own == low
    has_a = np.bincount(pair[from_a], minlength=n) > 0
    drawn = np.flatnonzero(from_a == has_a[pair])
    lines = _lines(shared, drawn, pair, n)

    names = _province_names(frame)
    of_a = np.unique(np.column_stack([pair[from_a], shared.county[from_a]]), axis=0)
    of_b = np.unique(np.column_stack([pair[~from_a], shared.county[~from_a]]), axis=0)
    n_a = np.bincount(of_a[:, 0], minlength=n)
    n_b = np.bincount(of_b[:, 0], minlength=n)
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
    """
    frame, shared = _prepare(counties, None, tolerance_m)
    codes = frame["province_adcode"].to_numpy(dtype="int64")
    position, low, high = _ends(shared, codes)
    cluster = _clusters(position, tolerance_m)
    rows = []
    names = _province_names(frame)
    members = np.column_stack([np.r_[cluster, cluster], np.r_[low, high]])
    found = np.unique(members, axis=0) if len(cluster) else members.astype("int64")
    counts = np.bincount(found[:, 0]) if len(found) else np.zeros(0, dtype="int64")
    for label in np.flatnonzero(counts >= 3):
        meeting = found[found[:, 0] == label, 1].tolist()
        lon, lat = position[cluster == label].mean(axis=0)
        rows.append((meeting, lon, lat))
    rows.sort(key=lambda row: row[0])
    lon = np.array([row[1] for row in rows], dtype=float)
    lat = np.array([row[2] for row in rows], dtype=float)
    table = pd.DataFrame(
        {
            "n_provinces": np.array([len(row[0]) for row in rows], dtype="int64"),
            "provinces": pd.Series(["、".join(names[c] for c in row[0]) for row in rows], dtype="str"),
            "lon": lon,
            "lat": lat,
        }
    )
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(lon, lat), crs=WGS84)


def _prepare(counties: Any, between: Any, tolerance_m: Any) -> tuple[gpd.GeoDataFrame, _Shared]:
    frame = require_frame(counties, "counties", geometry_types=_POLYGONS, columns=_NEEDED)
    tolerance = require_number(tolerance_m, "tolerance_m", unit="metres", minimum=0, maximum=5_000)
    codes = frame["province_adcode"].to_numpy(dtype="int64")
    wanted = None
    if between is not None:
        wanted = resolve_provinces(between, frame, "between")
        if len(wanted) < 2:
            raise InputError(f"'between' should name two or more provinces, such as ('重庆', '贵州'), got {between!r}")
    shared = _shared(frame.geometry.to_numpy(), codes, tolerance)
    if wanted is not None:
        both = np.isin(codes[shared.county], wanted) & np.isin(codes[shared.other], wanted)
        shared = _take(shared, both)
    return frame, shared


def _shared(shapes: NDArray[Any], codes: _Ints, tolerance_m: float) -> _Shared:
    """Pieces of border between counties of different codes, each seen from both sides."""
    candidates = _near_other_provinces(shapes, codes, tolerance_m)
    segments = _segments(shapes[candidates], candidates)
    left, right, free = _matches(segments)
    cross = codes[segments.county[left]] != codes[segments.county[right]]
    left, right = left[cross], right[cross]
    shared = _Shared(
        start=segments.start[left],
        end=segments.end[left],
        county=segments.county[left],
        other=segments.county[right],
        order=left.astype(float),
        exact=np.ones(len(left), dtype=bool),
        km=np.zeros(0),
    )
    if tolerance_m > 0 and len(free):
        shared = _join(shared, _inexact(segments, free, codes, tolerance_m))
        shared = _take(shared, _long_enough(shared, len(codes), tolerance_m))
    metres = ELLIPSOID.inv(shared.start[:, 0], shared.start[:, 1], shared.end[:, 0], shared.end[:, 1])[2]
    return _Shared(
        shared.start, shared.end, shared.county, shared.other, shared.order, shared.exact, np.asarray(metres) / 1000
    )


def _near_other_provinces(shapes: NDArray[Any], codes: _Ints, tolerance_m: float) -> _Ints:
    """Rows whose bounding box comes within tolerance of one of another province."""
    if len(shapes) == 0:
        return np.zeros(0, dtype="int64")
    bounds = shapely.bounds(shapes)
    dy = tolerance_m / _M_PER_DEGREE
    dx = dy / np.cos(np.radians(np.clip(np.abs(bounds[:, [1, 3]]).max(axis=1), 0, 89)))
    boxes = shapely.box(bounds[:, 0] - dx, bounds[:, 1] - dy, bounds[:, 2] + dx, bounds[:, 3] + dy)
    one, two = shapely.STRtree(boxes).query(boxes)
    return np.unique(one[codes[one] != codes[two]])


def _segments(shapes: NDArray[Any], rows: _Ints) -> _Segments:
    parts, part_of = shapely.get_parts(shapes, return_index=True)
    exterior = shapely.get_exterior_ring(parts)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    first = np.r_[True, ring_part[1:] != ring_part[:-1]] if len(ring_part) else np.zeros(0, dtype=bool)
    del exterior
    xy, ring_of = shapely.get_coordinates(rings, return_index=True)
    # A shell should run counter-clockwise and a hole clockwise, for the county to lie to the left.
    backwards = shapely.is_ccw(rings) != first
    same_ring = ring_of[1:] == ring_of[:-1]
    start, end, ring = xy[:-1][same_ring], xy[1:][same_ring], ring_of[1:][same_ring]
    flip = backwards[ring]
    start[flip], end[flip] = end[flip], start[flip]
    moves = (start != end).any(axis=1)
    return _Segments(start[moves], end[moves], rows[part_of[ring_part[ring[moves]]]])


def _matches(segments: _Segments) -> tuple[_Ints, _Ints, _Ints]:
    """Pairs of identical segments in opposite directions, and the segments without any partner.

    Each pair comes twice, once from either side.
    """
    a, b = _vertex_keys(segments.start), _vertex_keys(segments.end)
    key = a + b  # the same from both ends; wraps on purpose
    order = np.argsort(key)
    key = key[order]
    left: list[_Ints] = []
    right: list[_Ints] = []
    free = np.ones(len(order), dtype=bool)
    step = 1
    while step < len(order):
        hit = np.flatnonzero(key[step:] == key[:-step])
        if len(hit) == 0:
            break
        i, j = order[hit], order[hit + step]
        opposite = (a[i] == b[j]) & (b[i] == a[j])
        same = (a[i] == a[j]) & (b[i] == b[j])
        free[i[opposite | same]] = False
        free[j[opposite | same]] = False
        left += [i[opposite], j[opposite]]
        right += [j[opposite], i[opposite]]
        step += 1
    if not left:
        return np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64"), np.flatnonzero(free)
    one, two = np.concatenate(left), np.concatenate(right)
    # Where a unit is there twice, a segment has two partners; one counts.
    _, once = np.unique(one, return_index=True)
    return one[once], two[once], np.flatnonzero(free)


def _vertex_keys(xy: _Floats) -> NDArray[np.uint64]:
    """A well mixed 64-bit key per vertex, the same for vertices that agree to 1 cm."""
    grid = np.rint(xy * 10.0**_DECIMALS).astype(np.int64).view(np.uint64)
    key = grid[:, 0] * np.uint64(0x9E3779B97F4A7C15) + grid[:, 1]
    key ^= key >> np.uint64(29)
    key *= np.uint64(0xBF58476D1CE4E5B9)
    key ^= key >> np.uint64(32)
    return key


def _inexact(segments: _Segments, free: _Ints, codes: _Ints, tolerance_m: float) -> _Shared:
    """Pieces of unmatched segments whose nearest unmatched segment is of another province."""
    start, end, county = segments.start[free], segments.end[free], segments.county[free]
    one, two = _near_pairs(start, end, county, tolerance_m)
    heading = (end - start) * np.column_stack([np.cos(np.radians((start[:, 1] + end[:, 1]) / 2)), np.ones(len(start))])
    opposite = (heading[one] * heading[two]).sum(axis=1) < 0
    one, two = one[opposite], two[opposite]
    # Segments that meet other provinces at all; their other partners stay, to win where nearer.
    crosses = np.zeros(len(free), dtype=bool)
    crosses[one[codes[county[one]] != codes[county[two]]]] = True
    keep = crosses[one]
    one, two = one[keep], two[keep]
    by_one = np.argsort(one, kind="stable")
    one, two = one[by_one], two[by_one]

    cells = np.ones(len(free), dtype="int64")
    length_m = np.hypot(heading[:, 0], heading[:, 1]) * _M_PER_DEGREE
    cells[crosses] = np.maximum(1, np.ceil(length_m[crosses] * _PIECES / tolerance_m)).astype("int64")
    found = [
        _nearest_cells(start, end, one[part], two[part], cells, tolerance_m)
        for part in _chunks(one, cells[one])
    ]
    segment, cell, partner = (np.concatenate(column) for column in zip(*found, strict=True)) if found else (
        np.zeros(0, dtype="int64"),
    ) * 3
    foreign = codes[county[segment]] != codes[county[partner]]
    segment, cell, partner = segment[foreign], cell[foreign], partner[foreign]
    other = county[partner]

    # Neighbouring cells of one segment with one partner county make one piece.
    if len(segment):
        new = np.r_[True, (segment[1:] != segment[:-1]) | (cell[1:] != cell[:-1] + 1) | (other[1:] != other[:-1])]
        first = np.flatnonzero(new)
        last = np.r_[first[1:], len(segment)] - 1
    else:
        first = last = np.zeros(0, dtype="int64")
    of, share = segment[first], 1.0 / cells[segment[first]]
    from_, to = cell[first] * share, (cell[last] + 1) * share
    along = end[of] - start[of]
    return _Shared(
        start=start[of] + along * from_[:, None],
        end=np.where((to >= 1 - 1e-12)[:, None], end[of], start[of] + along * to[:, None]),
        county=county[of],
        other=other[first],
        order=free[of] + from_,
        exact=np.zeros(len(of), dtype=bool),
        km=np.zeros(0),
    )


def _near_pairs(start: _Floats, end: _Floats, county: _Ints, tolerance_m: float) -> tuple[_Ints, _Ints]:
    """Pairs of segments of different counties that come within about the tolerance."""
    lines = shapely.linestrings(np.stack([start, end], axis=1))
    north = min(float(np.abs(start[:, 1]).max()), 89.0)
    reach = tolerance_m / _M_PER_DEGREE / np.cos(np.radians(north))
    one, two = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=reach)
    differ = county[one] != county[two]
    return one[differ], two[differ]


def _chunks(one: _Ints, work: _Ints) -> list[slice]:
    """Slices of pairs that hold whole segments and about `_CHUNK` samples each."""
    if len(one) == 0:
        return []
    heads = np.flatnonzero(np.r_[True, one[1:] != one[:-1]])
    block = (np.cumsum(work)[heads] - work[heads]) // _CHUNK
    cuts = heads[np.r_[True, block[1:] != block[:-1]]]
    return [slice(a, b) for a, b in zip(cuts, np.r_[cuts[1:], len(one)], strict=True)]


def _nearest_cells(
    start: _Floats, end: _Floats, one: _Ints, two: _Ints, cells: _Ints, tolerance_m: float
) -> tuple[_Ints, _Ints, _Ints]:
    """Segment, cell and nearest partner segment of every cell that has one within tolerance."""
    count = cells[one]
    pair = np.repeat(np.arange(len(one)), count)
    cell = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    segment, partner = one[pair], two[pair]
    at = start[segment] + (end[segment] - start[segment]) * ((cell + 0.5) / cells[segment])[:, None]
    distance = _distance_m(at, start[partner], end[partner])
    near = distance <= tolerance_m
    segment, cell, partner, distance = segment[near], cell[near], partner[near], distance[near]
    rank = np.lexsort((partner, distance, cell, segment))
    segment, cell, partner = segment[rank], cell[rank], partner[rank]
    if len(segment) == 0:
        return segment, cell, partner
    best = np.r_[True, (segment[1:] != segment[:-1]) | (cell[1:] != cell[:-1])]
    return segment[best], cell[best], partner[best]


def _distance_m(at: _Floats, start: _Floats, end: _Floats) -> _Floats:
    """Metres from points to segments nearby, on the plane that touches the ground at the point."""
    scale = np.column_stack([np.cos(np.radians(at[:, 1])), np.ones(len(at))]) * _M_PER_DEGREE
    a, b = (start - at) * scale, (end - at) * scale
    along = b - a
    t = np.clip(-(a * along).sum(axis=1) / (along * along).sum(axis=1), 0, 1)
    nearest = a + along * t[:, None]
    return np.hypot(nearest[:, 0], nearest[:, 1])


def _long_enough(shared: _Shared, n_counties: int, tolerance_m: float) -> NDArray[np.bool_]:
    """Drop inexact pieces of county pairs that, all in all, may be two corners that touch."""
    low, high = np.minimum(shared.county, shared.other), np.maximum(shared.county, shared.other)
    _, pair = np.unique(low * n_counties + high, return_inverse=True)
    scale = np.cos(np.radians(shared.start[:, 1]))
    delta = shared.end - shared.start
    metres = np.hypot(delta[:, 0] * scale, delta[:, 1]) * _M_PER_DEGREE
    both_sides = np.bincount(pair, weights=metres)
    has_exact = np.bincount(pair, weights=shared.exact) > 0
    ok = has_exact | (both_sides >= 2 * _MIN_INEXACT * tolerance_m)
    return np.asarray(ok[pair], dtype=bool)


def _join(first: _Shared, second: _Shared) -> _Shared:
    def both(name: str) -> Any:
        return np.concatenate([getattr(first, name), getattr(second, name)])

    return _Shared(*(both(name) for name in _Shared.__dataclass_fields__))


def _take(shared: _Shared, rows: NDArray[np.bool_]) -> _Shared:
    def some(name: str) -> Any:
        values = getattr(shared, name)
        return values[rows] if len(values) else values

    return _Shared(*(some(name) for name in _Shared.__dataclass_fields__))


def _lines(shared: _Shared, drawn: _Ints, pair: _Ints, n: int) -> NDArray[Any]:
    """One MultiLineString per pair, of the pieces `drawn`."""
    rows = drawn[np.lexsort((shared.order[drawn], pair[drawn]))]
    start, end = shared.start[rows], shared.end[rows]
    head = np.r_[True, (start[1:] != end[:-1]).any(axis=1) | (pair[rows][1:] != pair[rows][:-1])]
    chain = np.cumsum(head) - 1
    # Each chain is its first start and every end.
    xy = np.concatenate([start[head], end])
    of = np.concatenate([chain[head], chain])
    in_order = np.argsort(of, kind="stable")
    chains = shapely.linestrings(xy[in_order], indices=of[in_order])
    merged = shapely.line_merge(shapely.multilinestrings(chains, indices=pair[rows][head]))
    single = shapely.get_type_id(merged) == shapely.GeometryType.LINESTRING
    merged[single] = [shapely.MultiLineString([line]) for line in merged[single]]
    if len(merged) != n:
        raise AssertionError("a pair without a line")
    return np.asarray(merged)


def _ends(shared: _Shared, codes: _Ints) -> tuple[_Floats, _Ints, _Ints]:
    """Where the lines of a province pair end: position and the pair's codes."""
    if len(shared.county) == 0:
        return np.zeros((0, 2)), np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64")
    own, foreign = codes[shared.county], codes[shared.other]
    low, high = np.minimum(own, foreign), np.maximum(own, foreign)
    once = ~shared.exact | (own == low)
    xy = np.concatenate([shared.start[once], shared.end[once]])
    low, high = np.tile(low[once], 2), np.tile(high[once], 2)
    pair = np.unique(np.column_stack([low, high]), axis=0, return_inverse=True)[1].ravel()
    key = _vertex_keys(xy)
    order = np.lexsort((key, pair))
    key, pair = key[order], pair[order]
    first = np.flatnonzero(np.r_[True, (key[1:] != key[:-1]) | (pair[1:] != pair[:-1])])
    degree = np.diff(np.r_[first, len(key)])
    ends = order[first[degree % 2 == 1]]
    return xy[ends], low[ends], high[ends]


def _clusters(position: _Floats, tolerance_m: float) -> _Ints:
    """A label per position; positions within tolerance share one."""
    if len(position) == 0:
        return np.zeros(0, dtype="int64")
    near = cKDTree(to_ecef(position[:, 0], position[:, 1])).query_pairs(max(tolerance_m, 0.01), output_type="ndarray")
    graph = coo_matrix((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(position),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype="int64")


def _province_names(frame: gpd.GeoDataFrame) -> dict[int, str]:
    return dict(zip(frame["province_adcode"].astype(int), frame["province"].astype(str), strict=True))


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
