"""Lines that polygons of different groups share, by identical segments and within a tolerance.

Two polygons share a line where their rings hold the same segment. As a rule they hold it in
opposite directions, each polygon to the left of its own ring. Where they hold it in the same
direction, both claim the ground inside, and its outline is shared, once: so do 岚山区 and
连云区 with the islets off Rizhao in Tianditu's polygons.

Polygons that don't share their vertices (slivers, gaps, other generalisation) are matched in a
second step: ring segments without a partner are cut into short pieces, and each piece belongs to
the nearest such segment of another polygon that runs the other way, if that is within the
tolerance. A piece has one partner, so that a sliver is counted once and a polygon that only
comes near a corner of another shares no line with it. Neither does a county that has less than
the tolerance of border with a province: its corner touches there.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from ..antimeridian import lies_across
from ..crs import ELLIPSOID
from ..derived import read_only

#: Decimals of a degree that vertices are compared at: 1 cm.
_DECIMALS: Final = 7
_M_PER_DEGREE: Final = 111_320.0
#: Pieces per tolerance in the second step.
_PIECES: Final = 2
#: A vertex within this share of the tolerance lies on a segment.
_ON_LINE: Final = 0.01
#: Two corners that touch run within tolerance of each other over about two tolerances.
_MIN_INEXACT: Final = 4
#: Grid that finds where provinces come near each other.
_CELL_DEG: Final = 0.03
_MOST_CELLS: Final = 4_000_000
#: Samples times partners that the second step holds at once; small enough for a processor's cache.
_CHUNK: Final = 200_000

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Segments:
    """Ring segments, each with its county to the left, in the order of the rings."""

    start: Floats  # (n, 2) degrees
    end: Floats
    county: Ints  # row of the frame
    order: Ints  # ascending along each ring, in steps of 1


@dataclass(frozen=True)
class _Cells:
    """Parts of segments, in their order: from `start` to `end`, as shares of the segment."""

    segment: Ints
    start: Floats
    end: Floats


@dataclass(frozen=True)
class SharedPieces:
    """Straight pieces of border: `county` lies to the left, `other` to the right."""

    start: Floats
    end: Floats
    county: Ints
    other: Ints
    order: Floats  # place along the rings
    exact: NDArray[np.bool_]  # the mirror image is here too, with the counties swapped
    km: Floats


#: What was found for the last few sets of shapes, beside these: a study asks for borders, counties on them and
#: junctions of the same ones. Shapes can't change, so that the same objects have the same lines.
_FOUND: Final[list[tuple[NDArray[Any], Ints, float, SharedPieces]]] = []
_MOST_FOUND: Final = 3
_LOCK: Final = threading.Lock()


def shared_pieces(shapes: NDArray[Any], codes: Ints, tolerance_m: float) -> SharedPieces:
    """Return the pieces of border between counties of different provinces, each seen from both sides.

    Parameters
    ----------
    shapes : ndarray of Polygon and MultiPolygon, shape (n,)
        In degrees.
    codes : ndarray of int, shape (n,)
        Province of each.
    tolerance_m : float
        Gaps and overlaps up to which a line is shared.

    Returns
    -------
    SharedPieces
        Exact pieces come once from either side. Inexact ones run along the ring of their own county. Not to be changed.
    """
    with _LOCK:
        for place, (known, of, within, found) in enumerate(_FOUND):
            if within == tolerance_m and np.array_equal(of, codes) and known.tobytes() == shapes.tobytes():
                _FOUND.append(_FOUND.pop(place))
                return found
    found = read_only(_shared_pieces(shapes, codes, tolerance_m))
    with _LOCK:
        _FOUND.append((shapes.copy(), codes.copy(), tolerance_m, found))
        del _FOUND[:-_MOST_FOUND]
    return found


def _shared_pieces(shapes: NDArray[Any], codes: Ints, tolerance_m: float) -> SharedPieces:
    if lies_across(shapes):
        # land on both sides of 180 degrees: its longitudes go on beyond it, and the cut through it isn't a border
        shared = _shared_pieces(_eastward(shapes), codes, tolerance_m)
        start, end = shared.start.copy(), shared.end.copy()
        west = (start[:, 0] + end[:, 0]) / 2 > 180
        start[west, 0] -= 360
        end[west, 0] -= 360
        return replace(shared, start=start, end=end)
    candidates = _near_other_provinces(shapes, codes, tolerance_m)
    segments = _segments(shapes[candidates], candidates, codes, tolerance_m)
    left, right, free = _matches(segments)
    cross = codes[segments.county[left]] != codes[segments.county[right]]
    left, right = left[cross], right[cross]
    shared = _pieces(
        start=segments.start[left],
        end=segments.end[left],
        county=segments.county[left],
        other=segments.county[right],
        order=segments.order[left].astype(float),
        exact=np.ones(len(left), dtype=bool),
    )
    if tolerance_m == 0:
        return shared
    if len(free):
        shared = _join(shared, _inexact(segments, free, codes, tolerance_m))
        shared = take(shared, _more_than_corners(shared, len(codes), tolerance_m))
    return take(shared, _more_than_touching(shared, codes, tolerance_m))


def _eastward(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return shapes with the parts west of 180° moved beyond it."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    west = shapely.bounds(parts)[:, 2] <= 0
    parts[west] = shapely.transform(parts[west], lambda xy: xy + np.array([360.0, 0.0]))
    return np.asarray(shapely.multipolygons(parts, indices=of))


def _pieces(
    *, start: Floats, end: Floats, county: Ints, other: Ints, order: Floats, exact: NDArray[np.bool_]
) -> SharedPieces:
    metres = ELLIPSOID.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]
    return SharedPieces(start, end, county, other, order, exact, np.asarray(metres, dtype=float) / 1000)


def _near_other_provinces(shapes: NDArray[Any], codes: Ints, tolerance_m: float) -> Ints:
    """Rows whose bounding box comes within tolerance of one of another province."""
    if len(shapes) == 0:
        return np.zeros(0, dtype="int64")
    bounds = shapely.bounds(shapes)
    dy = tolerance_m / _M_PER_DEGREE
    dx = dy / np.cos(np.radians(np.clip(np.abs(bounds[:, [1, 3]]).max(axis=1), 0, 89)))
    boxes = shapely.box(bounds[:, 0] - dx, bounds[:, 1] - dy, bounds[:, 2] + dx, bounds[:, 3] + dy)
    one, two = shapely.STRtree(boxes).query(boxes)
    return np.unique(one[codes[one] != codes[two]])


def _segments(shapes: NDArray[Any], rows: Ints, codes: Ints, tolerance_m: float) -> _Segments:
    """Ring segments of counties, but those far from all counties of other provinces."""
    parts, part_of = shapely.get_parts(shapes, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring_of = shapely.get_coordinates(rings, return_index=True)
    if len(xy) == 0:
        return _Segments(xy, xy, np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64"))
    county_of_ring = rows[part_of[ring_part]]
    near = _near_mixed_cells(xy, ring_of, codes[county_of_ring], tolerance_m)
    i = np.flatnonzero((ring_of[1:] == ring_of[:-1]) & (near[1:] | near[:-1]))
    i = i[(xy[i, 0] != xy[i + 1, 0]) | (xy[i, 1] != xy[i + 1, 1])]
    # A shell should run counter-clockwise and a hole clockwise, for the county to lie to the left.
    is_shell = np.r_[True, ring_part[1:] != ring_part[:-1]]
    backwards = (shapely.is_ccw(rings) != is_shell)[ring_of[i]]
    return _Segments(
        start=xy[np.where(backwards, i + 1, i)],
        end=xy[np.where(backwards, i, i + 1)],
        county=county_of_ring[ring_of[i]],
        order=np.where(backwards, -i, i),
    )


def _near_mixed_cells(xy: Floats, ring_of: Ints, ring_code: Ints, tolerance_m: float) -> NDArray[np.bool_]:
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
    code = np.unique(ring_code, return_inverse=True)[1].astype("int32")[ring_of]

    step = np.maximum(np.abs(np.diff(xy[:, 0])), np.abs(np.diff(xy[:, 1])))
    long = np.flatnonzero((ring_of[1:] == ring_of[:-1]) & (step > size))
    count = np.ceil(step[long] / size).astype("int64")
    owner = np.repeat(long, count)
    share = (np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / np.repeat(
        count, count
    )
    between = xy[owner] + (xy[owner + 1] - xy[owner]) * share[:, None]

    def cell(points: Floats) -> Ints:
        column = ((points[:, 0] - corner[0]) / size).astype("int64")
        row = ((points[:, 1] - corner[1]) / size).astype("int64")
        return np.asarray(column * shape[1] + row)

    cells, cells_between = cell(xy), cell(between)
    least = np.full(shape, np.iinfo("int32").max, dtype="int32")
    most = np.full(shape, -1, dtype="int32")
    for where, values in ((cells, code), (cells_between, code[owner])):
        np.minimum.at(least.reshape(-1), where, values)
        np.maximum.at(most.reshape(-1), where, values)
    mixed = np.zeros(shape, dtype=bool)
    mixed[1:-1, 1:-1] = _around(most, np.maximum) > _around(least, np.minimum)
    mixed = mixed.reshape(-1)
    near = np.asarray(mixed[cells], dtype=bool)
    hit = owner[mixed[cells_between]]
    near[hit] = True
    near[hit + 1] = True
    return near


def _around(grid: NDArray[np.int32], pick: np.ufunc) -> NDArray[np.int32]:
    """`pick` of every inner cell and its eight neighbours."""
    rows = pick(pick(grid[:-2], grid[1:-1]), grid[2:])
    return np.asarray(pick(pick(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:]))


def _matches(segments: _Segments) -> tuple[Ints, Ints, Ints]:
    """Pairs of identical segments of two counties, and the segments without any partner.

    Each pair comes twice, once from either side. A segment with several partners (a unit is
    there twice) keeps one, rather one that runs the other way.
    """
    a, b = vertex_keys(segments.start), vertex_keys(segments.end)
    key = a + b  # the same from both ends; wraps on purpose
    order = np.argsort(key)
    key = key[order]
    opposite: list[Ints] = [np.zeros((2, 0), dtype="int64")]
    alike: list[Ints] = [np.zeros((2, 0), dtype="int64")]
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


def vertex_keys(xy: Floats) -> NDArray[np.uint64]:
    """Return a well mixed 64-bit key per vertex, the same for vertices that agree to 1 cm."""
    grid = np.rint(xy * 10.0**_DECIMALS).astype(np.int64).view(np.uint64)
    key = grid[:, 0] * np.uint64(0x9E3779B97F4A7C15) + grid[:, 1]
    key ^= key >> np.uint64(29)
    key *= np.uint64(0xBF58476D1CE4E5B9)
    key ^= key >> np.uint64(32)
    return key


def _inexact(segments: _Segments, free: Ints, codes: Ints, tolerance_m: float) -> SharedPieces:
    """Pieces of unmatched segments whose nearest unmatched segment is of another province."""
    start, end, county = segments.start[free], segments.end[free], segments.county[free]
    code = codes[county]
    scale_x = np.cos(np.radians((start[:, 1] + end[:, 1]) / 2))
    east, north = (end[:, 0] - start[:, 0]) * scale_x, end[:, 1] - start[:, 1]

    # Partners run the other way. Segments that meet another province at all keep those of their own
    # province too, to win where they are nearer.
    one, two = _box_pairs(start, end, tolerance_m)
    opposite = (county[one] != county[two]) & (east[one] * east[two] + north[one] * north[two] < 0)
    one, two = one[opposite], two[opposite]
    crosses = np.zeros(len(free), dtype=bool)
    crosses[one[code[one] != code[two]]] = True
    one, two = one[crosses[one]], two[crosses[one]]
    by_one = np.argsort(one, kind="stable")
    one, two = one[by_one], two[by_one]
    if len(one) == 0:
        one = two = np.zeros(0, dtype="int64")

    metres = np.hypot(east, north) * _M_PER_DEGREE
    cells = _cells(start, end, one, two, np.ceil(metres * _PIECES / tolerance_m).astype("int64"), tolerance_m)
    found = [_nearest(start, end, one[part], two[part], cells, tolerance_m) for part in _chunks(one, cells)]
    cell, partner = (
        (np.concatenate(column) for column in zip(*found, strict=True))
        if found
        else (np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64"))
    )
    foreign = code[cells.segment[cell]] != code[partner]
    cell, other = cell[foreign], county[partner[foreign]]

    # Neighbouring cells of one segment with one partner county make one piece.
    of = cells.segment[cell]
    goes_on = (of[1:] == of[:-1]) & (cell[1:] == cell[:-1] + 1) & (other[1:] == other[:-1])
    first = np.flatnonzero(np.r_[True, ~goes_on])[: len(cell)]
    last = np.flatnonzero(np.r_[~goes_on, True])[: len(cell)]
    of, other = of[first], other[first]
    from_, to = cells.start[cell[first]][:, None], cells.end[cell[last]][:, None]
    along = end[of] - start[of]
    return _pieces(
        start=start[of] + along * from_,
        end=np.where(to == 1, end[of], start[of] + along * to),
        county=county[of],
        other=other,
        order=segments.order[free[of]] + from_[:, 0],
        exact=np.zeros(len(of), dtype=bool),
    )


def _cells(start: Floats, end: Floats, one: Ints, two: Ints, count: Ints, tolerance_m: float) -> _Cells:
    """Cut segments into about `count` equal cells, and where a vertex of a partner lies on them.

    The second kind of cut puts the end of a border where the neighbour's corner is, not at the
    end of a cell.
    """
    segments = np.unique(one)
    equal = count[segments] + 1
    owner = np.repeat(segments, equal)
    share = (np.arange(len(owner)) - np.repeat(np.cumsum(equal) - equal, equal)) / np.repeat(equal - 1, equal)
    cuts, owners = [share], [owner]
    for vertex in (start[two], end[two]):
        distance, t = _to_segment(vertex, start[one], end[one])
        on_it = (distance <= _ON_LINE * tolerance_m) & (t > 0) & (t < 1)
        cuts.append(t[on_it])
        owners.append(one[on_it])
    t, owner = np.concatenate(cuts), np.concatenate(owners)
    order = np.lexsort((t, owner))
    t, owner = t[order], owner[order]
    real = (owner[1:] == owner[:-1]) & (t[1:] - t[:-1] > 1e-9)
    return _Cells(owner[:-1][real], t[:-1][real], t[1:][real])


def _box_pairs(start: Floats, end: Floats, tolerance_m: float) -> tuple[Ints, Ints]:
    """Pairs of segments whose bounding boxes come within about the tolerance."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    dy = tolerance_m / _M_PER_DEGREE
    dx = dy / np.cos(np.radians(min(float(np.abs(start[:, 1]).max()), 89.0)))
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    wide = shapely.box(low[:, 0] - dx, low[:, 1] - dy, high[:, 0] + dx, high[:, 1] + dy)
    one, two = shapely.STRtree(boxes).query(wide)
    return one, two


def _chunks(one: Ints, cells: _Cells) -> list[slice]:
    """Slices of pairs that hold whole segments and about `_CHUNK` samples each."""
    if len(one) == 0:
        return []
    work = np.bincount(cells.segment, minlength=int(one[-1]) + 1)[one]
    heads = np.flatnonzero(np.r_[True, one[1:] != one[:-1]])
    block = (np.cumsum(work)[heads] - work[heads]) // _CHUNK
    cuts = heads[np.r_[True, block[1:] != block[:-1]]]
    return [slice(a, b) for a, b in zip(cuts, np.r_[cuts[1:], len(one)], strict=True)]


def _nearest(
    start: Floats, end: Floats, one: Ints, two: Ints, cells: _Cells, tolerance_m: float
) -> tuple[Ints, Ints]:
    """Cells whose middle has a partner segment within tolerance, and the nearest such segment.

    `one` is sorted; every cell of a segment is measured against all partners of that segment.
    """
    head = np.flatnonzero(np.r_[True, one[1:] != one[:-1]])
    partners = np.diff(np.r_[head, len(one)])
    low, high = np.searchsorted(cells.segment, [one[0], one[-1] + 1])
    cell = np.arange(low, high)
    segment = cells.segment[cell]
    block = np.searchsorted(one[head], segment)
    middle = (cells.start[cell] + cells.end[cell]) / 2
    at = start[segment] + (end[segment] - start[segment]) * middle[:, None]

    tries = partners[block]
    first = np.cumsum(tries) - tries
    row = np.repeat(np.arange(len(block)), tries)
    partner = two[np.repeat(head[block] - first, tries) + np.arange(len(row))]
    distance, _ = _to_segment(at[row], start[partner], end[partner])
    least = np.minimum.reduceat(distance, first)
    is_least = np.flatnonzero(distance == least[row])
    winner = is_least[np.searchsorted(row[is_least], np.arange(len(block)))]
    near = least <= tolerance_m
    return cell[near], partner[winner[near]]


def _to_segment(at: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Metres from points to segments nearby, and where along these the nearest point lies (0 to 1).

    Measured on the plane that touches the ground at the point.
    """
    scale_x = np.cos(np.radians(at[:, 1])) * _M_PER_DEGREE
    ax, ay = (start[:, 0] - at[:, 0]) * scale_x, (start[:, 1] - at[:, 1]) * _M_PER_DEGREE
    dx, dy = (end[:, 0] - start[:, 0]) * scale_x, (end[:, 1] - start[:, 1]) * _M_PER_DEGREE
    t = np.clip(-(ax * dx + ay * dy) / (dx * dx + dy * dy), 0, 1)
    return np.hypot(ax + dx * t, ay + dy * t), t


def _more_than_corners(shared: SharedPieces, n_counties: int, tolerance_m: float) -> NDArray[np.bool_]:
    """Pieces but inexact ones of county pairs that, all in all, may be two corners that touch."""
    low, high = np.minimum(shared.county, shared.other), np.maximum(shared.county, shared.other)
    _, pair = np.unique(low * n_counties + high, return_inverse=True)
    both_sides_km = np.bincount(pair, weights=shared.km)
    exact_km = np.bincount(pair, weights=shared.km * shared.exact)
    tolerance_km = tolerance_m / 1000
    ok = (exact_km >= 2 * tolerance_km) | (both_sides_km >= 2 * _MIN_INEXACT * tolerance_km)
    return np.asarray(shared.exact | ok[pair], dtype=bool)


def _more_than_touching(shared: SharedPieces, codes: Ints, tolerance_m: float) -> NDArray[np.bool_]:
    """Pieces but those of counties that have less than the tolerance of border with a province."""
    known = np.unique(codes)
    province = np.searchsorted(known, codes)
    seen = shared.county * len(known) + province[shared.other]
    total_km = np.bincount(seen, weights=shared.km, minlength=len(codes) * len(known))
    enough = total_km >= tolerance_m / 1000
    return np.asarray(enough[seen] & enough[shared.other * len(known) + province[shared.county]])


def _join(first: SharedPieces, second: SharedPieces) -> SharedPieces:
    names = SharedPieces.__dataclass_fields__
    return SharedPieces(*(np.concatenate([getattr(first, n), getattr(second, n)]) for n in names))


def take(shared: SharedPieces, rows: NDArray[np.bool_]) -> SharedPieces:
    """Return the pieces of the rows that are true."""
    return SharedPieces(*(getattr(shared, name)[rows] for name in SharedPieces.__dataclass_fields__))
