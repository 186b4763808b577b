"""Borders between provinces, the counties that lie on them, and the points where they meet.

Two counties share a line where their rings hold the same segment. As a rule they hold it in
opposite directions, each county to the left of its own ring. Where they hold it in the same
direction, both claim the ground inside, and its outline counts as border, once: so do 岚山区 and
连云区 with the islets off Rizhao in Tianditu's polygons.

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
from scipy.ndimage import maximum_filter, minimum_filter
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
#: Grid that finds where provinces come near each other.
_CELL_DEG: Final = 0.03
_MOST_CELLS: Final = 4_000_000
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
        neighbour_provinces=pd.array(["、".join(names[row]) for row in meets[on_border]], dtype="str"),
        border_km=km[on_border],
        n_provinces=number[on_border].astype("int64"),
    )
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
            lon, lat = position[here].mean(axis=0).tolist()
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


def _prepare(counties: Any, between: Any, tolerance_m: Any) -> tuple[gpd.GeoDataFrame, _Shared]:
    frame = require_frame(counties, "counties", geometry_types=_POLYGONS, columns=_NEEDED)
    tolerance = require_number(tolerance_m, "tolerance_m", unit="metres", minimum=0, maximum=5_000)
    codes = _codes(frame)
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
    segments = _segments(shapes[candidates], candidates, codes, tolerance_m)
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


def _segments(shapes: NDArray[Any], rows: _Ints, codes: _Ints, tolerance_m: float) -> _Segments:
    """Ring segments of counties, but those far from all counties of other provinces."""
    parts, part_of = shapely.get_parts(shapes, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring_of = shapely.get_coordinates(rings, return_index=True)
    if len(xy) == 0:
        return _Segments(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, dtype="int64"))
    county_of_ring = rows[part_of[ring_part]]
    near = _near_mixed_cells(xy, ring_of, codes[county_of_ring], tolerance_m)
    i = np.flatnonzero((ring_of[1:] == ring_of[:-1]) & (near[1:] | near[:-1]))
    i = i[(xy[i] != xy[i + 1]).any(axis=1)]
    # A shell should run counter-clockwise and a hole clockwise, for the county to lie to the left.
    is_shell = np.r_[True, ring_part[1:] != ring_part[:-1]]
    backwards = (shapely.is_ccw(rings) != is_shell)[ring_of[i]]
    return _Segments(
        xy[np.where(backwards, i + 1, i)], xy[np.where(backwards, i, i + 1)], county_of_ring[ring_of[i]]
    )


def _near_mixed_cells(xy: _Floats, ring_of: _Ints, ring_code: _Ints, tolerance_m: float) -> NDArray[np.bool_]:
    """Vertices of segments that pass a cell of a coarse grid with another province in or next to it.

    Identical segments get identical answers, so that none loses its partner here. A segment longer
    than a cell is looked at in every cell it passes.
    """
    low, high = xy.min(axis=0), xy.max(axis=0)
    north = np.radians(min(float(np.abs(xy[:, 1]).max()), 89.0))
    reach = tolerance_m / _M_PER_DEGREE / np.cos(north)
    size = max(_CELL_DEG, 1.01 * reach, float(np.sqrt(np.prod(high - low) / _MOST_CELLS)))
    # A rim of one cell spares the neighbours' neighbours an edge case.
    shape = np.floor((high - low) / size).astype("int64") + 3
    corner = low - size
    code = ring_code[ring_of]

    step = np.abs(np.diff(xy, axis=0)).max(axis=1)
    long = np.flatnonzero((ring_of[1:] == ring_of[:-1]) & (step > size))
    count = np.ceil(step[long] / size).astype("int64")
    owner = np.repeat(long, count)
    share = (np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / np.repeat(count, count)
    between = xy[owner] + (xy[owner + 1] - xy[owner]) * share[:, None]

    def cell(points: _Floats) -> _Ints:
        place = ((points - corner) / size).astype("int64")
        return np.asarray(place[:, 0] * shape[1] + place[:, 1])

    cells, cells_between = cell(xy), cell(between)
    least = np.full(shape, np.iinfo("int64").max)
    most = np.full(shape, np.iinfo("int64").min)
    for where, values in ((cells, code), (cells_between, code[owner])):
        np.minimum.at(least.reshape(-1), where, values)
        np.maximum.at(most.reshape(-1), where, values)
    mixed = (maximum_filter(most, size=3) > minimum_filter(least, size=3)).reshape(-1)
    near = mixed[cells]
    hit = owner[mixed[cells_between]]
    near[hit] = True
    near[hit + 1] = True
    return near


def _matches(segments: _Segments) -> tuple[_Ints, _Ints, _Ints]:
    """Pairs of identical segments of two counties, and the segments without any partner.

    Each pair comes twice, once from either side. A segment with several partners (a unit is
    there twice) keeps one, rather one that runs the other way.
    """
    a, b = _vertex_keys(segments.start), _vertex_keys(segments.end)
    key = a + b  # the same from both ends; wraps on purpose
    order = np.argsort(key)
    key = key[order]
    opposite: list[_Ints] = [np.zeros((2, 0), dtype="int64")]
    alike: list[_Ints] = [np.zeros((2, 0), dtype="int64")]
    for step in range(1, len(order)):
        hit = np.flatnonzero(key[step:] == key[:-step])
        if len(hit) == 0:
            break
        i, j = order[hit], order[hit + step]
        mirrored = (a[i] == b[j]) & (b[i] == a[j])
        repeated = (a[i] == a[j]) & (b[i] == b[j])
        opposite += [np.stack([i[mirrored], j[mirrored]]), np.stack([j[mirrored], i[mirrored]])]
        alike += [np.stack([i[repeated], j[repeated]]), np.stack([j[repeated], i[repeated]])]
    one, two = np.concatenate(opposite + alike, axis=1)
    free = np.ones(len(order), dtype=bool)
    free[one] = False
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


def _lines(shared: _Shared, drawn: _Ints, pair: _Ints) -> NDArray[Any]:
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


def _pairs(shared: _Shared, codes: _Ints) -> tuple[_Ints, _Ints]:
    """For each piece the number of its province pair, and the two codes of each pair, ascending."""
    known = np.unique(codes)
    own = np.searchsorted(known, codes[shared.county])
    foreign = np.searchsorted(known, codes[shared.other])
    label = np.minimum(own, foreign) * len(known) + np.maximum(own, foreign)
    present = np.flatnonzero(np.bincount(label, minlength=1))
    return np.searchsorted(present, label), known[np.column_stack(np.divmod(present, len(known)))]


def _ends(shared: _Shared, codes: _Ints) -> tuple[_Floats, _Ints]:
    """Where the lines of a province pair end: positions, and the two codes of the pair for each."""
    if len(shared.county) == 0:
        return np.zeros((0, 2)), np.zeros((0, 2), dtype="int64")
    pair, pair_codes = _pairs(shared, codes)
    once = ~shared.exact | (codes[shared.county] < codes[shared.other])
    xy = np.concatenate([shared.start[once], shared.end[once]])
    pair = np.tile(pair[once], 2)
    key = _vertex_keys(xy)
    order = np.lexsort((key, pair))
    key, ordered = key[order], pair[order]
    first = np.flatnonzero(np.r_[True, (key[1:] != key[:-1]) | (ordered[1:] != ordered[:-1])])
    degree = np.diff(np.r_[first, len(key)])
    ends = order[first[degree % 2 == 1]]
    return xy[ends], pair_codes[pair[ends]]


def _clusters(position: _Floats, tolerance_m: float) -> _Ints:
    """A label per position; positions within tolerance share one."""
    if len(position) == 0:
        return np.zeros(0, dtype="int64")
    near = cKDTree(to_ecef(position[:, 0], position[:, 1])).query_pairs(max(tolerance_m, 0.01), output_type="ndarray")
    graph = coo_matrix((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(position),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype="int64")


def _codes(frame: gpd.GeoDataFrame) -> _Ints:
    values = pd.to_numeric(frame["province_adcode"], errors="coerce")
    bad = (values.isna() | (values % 1 != 0)).to_numpy()
    if bad.any():
        raise InputError(
            f"'counties' has {int(bad.sum())} row(s) whose 'province_adcode' isn't a whole number, "
            f"the first at index {frame.index[bad][0]!r}: {frame['province_adcode'][bad].iloc[0]!r}"
        )
    return values.to_numpy(dtype="int64")


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
