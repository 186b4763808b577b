"""Which sources can be the best somewhere in a square: the others are dropped before they cost time.

Sources come in two forms, as `tapers.prepare_tapers` lays them out. *Flat* ones have the full reach from
end to end, so that the nearest is the best; they're compared by squares of distances. The others are
*tapers*.

Fields are concave. So one lies below its tangent plane at a point, and what another has over that plane is
least at a square's corners: who stays below one source at all four is out. So is who can't come
near zero in the square. And where such a source is above zero at the corners it is between them.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import borrowing, inlined
from ._tapers import SHAPE, field_of

#: Rows of a flat source: start, direction, length.
FLAT: Final = 5
#: Rows of a tangent plane: value at the centre, fall to the east and to the north.
TANGENT: Final = 3
#: Points that a leaf's field is reckoned at: whole vectors, since loops over a rest take longer.
POINTS: Final = 32
#: What rounding may do to a field, metres, and more.
_SLACK_M: Final = 1e-6
#: Keeps directions finite on a source's own line.
_TINY_M: Final = 1e-9


@inlined
def distance_square(
    x0: float, y0: float, ux: float, uy: float, length: float, x: float, y: float
) -> float:  # pragma: no cover - compiled
    """Square of the distance of a line; without branches, so that it's computed for many at once."""
    dx, dy = x - x0, y - y0
    along = dx * ux + dy * uy
    height = dy * ux - dx * uy
    best = max(0.0, along)
    best = min(length, best)
    over = along - best
    return over * over + height * height


@inlined
def _least(values: NDArray[np.float64], n: int) -> float:  # pragma: no cover - compiled
    """Return the least of the first n: four at a time, none of which waits for the others."""
    a, b, c, d = np.inf, np.inf, np.inf, np.inf
    for k in range(0, n - 3, 4):
        a, b = min(a, values[k]), min(b, values[k + 1])
        c, d = min(c, values[k + 2]), min(d, values[k + 3])
    for k in range(n - n % 4, n):
        a = min(a, values[k])
    return min(a, b, c, d)


@borrowing
def best_value(
    flat: NDArray[np.float64], taper: NDArray[np.float64], slot: int, m_flat: int, m_taper: int,
    reach: float, x: float, y: float, work: NDArray[np.float64],
) -> float:  # fmt: skip  # pragma: no cover - compiled
    """Return the field at a point.

    Parameters
    ----------
    flat, taper : ndarray of float64, shapes (slots, FLAT, most) and (slots, SHAPE, most)
        Lists of sources.
    slot, m_flat, m_taper : int
        The list to look at, and its lengths.
    reach : float
        Of flat sources.
    x, y : float
    work : ndarray of float64
        Room for as many numbers as there are sources.
    """
    for k in range(m_flat):
        work[k] = distance_square(
            flat[slot, 0, k], flat[slot, 1, k], flat[slot, 2, k], flat[slot, 3, k], flat[slot, 4, k], x, y
        )
    best = reach - math.sqrt(_least(work, m_flat))
    if m_taper > 0:
        for k in range(m_taper):
            work[k] = -field_of(
                taper[slot, 0, k], taper[slot, 1, k], taper[slot, 2, k], taper[slot, 3, k],
                taper[slot, 4, k], taper[slot, 5, k], taper[slot, 6, k], taper[slot, 7, k], x, y,
            )  # fmt: skip
        best = max(best, -_least(work, m_taper))
    return best


@borrowing
def field_on(
    flat: NDArray[np.float64], taper: NDArray[np.float64], slot: int, m_flat: int, reach: float,
    number: NDArray[np.int32], n: int, points: NDArray[np.float64],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Write the field at `POINTS` points by n numbered sources of a list.

    `points` holds all x, all y, and has room for the field: one array, so that nobody has to see whether they overlap.
    """
    for p in range(POINTS):
        points[2 * POINTS + p] = np.inf
    at = 0
    while at < n and number[at] < m_flat:
        k = np.uint64(number[at])
        x0, y0, ux, uy = flat[slot, 0, k], flat[slot, 1, k], flat[slot, 2, k], flat[slot, 3, k]
        length = flat[slot, 4, k]
        for p in range(POINTS):
            points[2 * POINTS + p] = min(
                points[2 * POINTS + p], distance_square(x0, y0, ux, uy, length, points[p], points[POINTS + p])
            )
        at += 1
    for p in range(POINTS):
        points[2 * POINTS + p] = reach - math.sqrt(points[2 * POINTS + p])
    for turn in range(at, n):
        k = np.uint64(number[turn] - m_flat)
        x0, y0, ux, uy = taper[slot, 0, k], taper[slot, 1, k], taper[slot, 2, k], taper[slot, 3, k]
        length, r0 = taper[slot, 4, k], taper[slot, 5, k]
        fall, lead = taper[slot, 6, k], taper[slot, 7, k]
        for p in range(POINTS):
            points[2 * POINTS + p] = max(
                points[2 * POINTS + p],
                field_of(x0, y0, ux, uy, length, r0, fall, lead, points[p], points[POINTS + p]),
            )


@borrowing
def tangents(
    flat: NDArray[np.float64], taper: NDArray[np.float64], slot: int, m_flat: int, m_taper: int,
    reach: float, x: float, y: float, planes: NDArray[np.float64],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Write the tangent planes at a point, shape (TANGENT, sources), of flat sources first.

    On a source's own line, where there are many, one that is right at both of its sides.
    """
    for k in range(m_flat):
        ux, uy = flat[slot, 2, k], flat[slot, 3, k]
        dx, dy = x - flat[slot, 0, k], y - flat[slot, 1, k]
        best = max(0.0, dx * ux + dy * uy)
        best = min(flat[slot, 4, k], best)
        ex, ey = dx - best * ux, dy - best * uy
        distance = math.sqrt(ex * ex + ey * ey)
        inverse = 1.0 / (distance + _TINY_M)
        planes[0, k] = reach - distance
        planes[1, k] = ex * inverse
        planes[2, k] = ey * inverse
    at = np.uint64(m_flat)
    for k in range(np.uint64(m_taper)):
        ux, uy, fall = taper[slot, 2, k], taper[slot, 3, k], taper[slot, 6, k]
        dx, dy = x - taper[slot, 0, k], y - taper[slot, 1, k]
        best = dx * ux + dy * uy - abs(dy * ux - dx * uy) * taper[slot, 7, k]
        best = max(0.0, best)
        best = min(taper[slot, 4, k], best)
        ex, ey = dx - best * ux, dy - best * uy
        distance = math.sqrt(ex * ex + ey * ey)
        inverse = 1.0 / (distance + _TINY_M)
        planes[0, at + k] = taper[slot, 5, k] - fall * best - distance
        planes[1, at + k] = (ex + _TINY_M * fall * ux) * inverse
        planes[2, at + k] = (ey + _TINY_M * fall * uy) * inverse


@borrowing
def beaten(
    flat: NDArray[np.float64], taper: NDArray[np.float64], slot: int, m_flat: int,
    reach: float, x: float, y: float, planes: NDArray[np.float64], n: int,
    half_side: float, half: float, nearest: float,
    behind: NDArray[np.float64],
) -> bool:  # fmt: skip  # pragma: no cover - compiled
    """Write by how much each source stays behind a dominating one all over a square: above zero, it's out.

    Parameters
    ----------
    flat, taper, slot, m_flat, reach
        As for `best_value`.
    x, y : float
        The square's centre, where the tangent planes touch.
    planes : ndarray of float64, shape (TANGENT, n or more)
    n : int
        Sources of the list.
    half_side : float
        Half the square's side.
    half : float
        Half its diagonal and some; infinite to do without the field at its centre.
    nearest : float
        Fields below this (less than zero) don't matter.
    behind : ndarray of float64
        Result.

    Returns
    -------
    bool
        Whether there is no edge in the square: by the field at its centre, or since that one covers it.
    """
    for k in range(n):
        behind[k] = -planes[0, k]
    least, dominating = _least(behind, n), 0
    if abs(least) > half:
        return True
    while behind[dominating] != least:
        dominating += 1
    k = dominating
    west, east = x - half_side, x + half_side
    south, north = y - half_side, y + half_side
    if k < m_flat:
        x0, y0, ux, uy = flat[slot, 0, k], flat[slot, 1, k], flat[slot, 2, k], flat[slot, 3, k]
        length = flat[slot, 4, k]
        sw = reach - math.sqrt(distance_square(x0, y0, ux, uy, length, west, south))
        se = reach - math.sqrt(distance_square(x0, y0, ux, uy, length, east, south))
        nw = reach - math.sqrt(distance_square(x0, y0, ux, uy, length, west, north))
        ne = reach - math.sqrt(distance_square(x0, y0, ux, uy, length, east, north))
    else:
        k -= m_flat
        x0, y0, ux, uy = taper[slot, 0, k], taper[slot, 1, k], taper[slot, 2, k], taper[slot, 3, k]
        length, r0 = taper[slot, 4, k], taper[slot, 5, k]
        fall, lead = taper[slot, 6, k], taper[slot, 7, k]
        sw = field_of(x0, y0, ux, uy, length, r0, fall, lead, west, south)
        se = field_of(x0, y0, ux, uy, length, r0, fall, lead, east, south)
        nw = field_of(x0, y0, ux, uy, length, r0, fall, lead, west, north)
        ne = field_of(x0, y0, ux, uy, length, r0, fall, lead, east, north)
    if min(sw, se, nw, ne) > _SLACK_M:
        return True
    for k in range(n):
        ex, ey = planes[1, k] * half_side, planes[2, k] * half_side
        centre = -behind[k]
        ahead_south = max(centre + ex + ey - sw, centre - ex + ey - se)
        ahead_north = max(centre + ex - ey - nw, centre - ex - ey - ne)
        ahead = max(ahead_south, ahead_north)
        highest = centre + abs(ex) + abs(ey)
        behind[k] = max(-_SLACK_M - ahead, nearest - _SLACK_M - highest)
    return False


@borrowing
def unbeaten(
    behind: NDArray[np.float64], n: int, number: NDArray[np.int32]
) -> int:  # pragma: no cover - compiled
    """Write the numbers of those that aren't out: places among flat ones, then among tapers; return how many."""
    m = np.uint64(0)
    for k in range(np.uint64(n)):
        number[m] = k
        m += np.uint64(behind[k] <= 0.0)
    return int(m)


@borrowing
def hand_down(
    flat: NDArray[np.float64], taper: NDArray[np.float64], slot: int, m_flat: int,
    number: NDArray[np.int32], n: int, into: int,
) -> tuple[int, int]:  # fmt: skip  # pragma: no cover - compiled
    """Copy n numbered sources of one list to another; return how many are flat and how many tapers."""
    k_flat = 0
    while k_flat < n and number[k_flat] < m_flat:
        k_flat += 1
    # unsigned numbers need no look at whether they count from the end
    first = np.uint64(k_flat)
    for c in range(FLAT):
        for k in range(first):
            flat[into, c, k] = flat[slot, c, np.uint64(number[k])]
    for c in range(SHAPE):
        for k in range(np.uint64(n) - first):
            taper[into, c, k] = taper[slot, c, np.uint64(number[first + k] - m_flat)]
    return k_flat, n - k_flat
