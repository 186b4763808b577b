"""Tapered buffers: the field around one source, a place or a line that may be left anywhere.

A source is x0, y0, r0, x1, y1, r1 in metres in a plane: r is the reach left, r0 >= r1, and falls
linearly from one end to the other; a disc where both ends agree. Its field at x is the most, over
its points p, of r(p) - |x - p|: at least zero where x is reached. At height h over the line and position
u along it, the best p is s = u - h k / sqrt(1 - k²), k = (r0 - r1) / length (clamped to the line), so
that the field is exact without cutting the line into points.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled, inlined

#: Rows of a prepared source, see `prepare_tapers`.
SHAPE: Final = 8


@compiled
def prepare_tapers(
    sources: NDArray[np.float64], longest: float
) -> tuple[NDArray[np.float64], float]:  # pragma: no cover - compiled
    """Bring sources into the form that `field_of` takes, long ones cut into parts of equal length.

    Rows: start, direction, length, r0, fall of r per metre, lead of the best exit per metre of
    height; and the middle. With them, how far from its middle a source reaches at most.
    """
    n = 0
    for i in range(len(sources)):
        length = math.sqrt((sources[i, 3] - sources[i, 0]) ** 2 + (sources[i, 4] - sources[i, 1]) ** 2)
        n += max(1, math.ceil(length / longest))
    out = np.empty((SHAPE + 2, n))
    far = 0.0
    k = 0
    for i in range(len(sources)):
        x0, y0, r0, x1, y1, r1 = sources[i]
        length = math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2)
        fall, lead, ux, uy = 0.0, 0.0, 1.0, 0.0
        if length > 1e-9:
            fall = (r0 - r1) / length
            ux, uy = (x1 - x0) / length, (y1 - y0) / length
        if length <= 1e-9 or fall >= 1.0:
            # where following the line is slower than leaving it, its start stands for all of it
            length, fall = 0.0, 0.0
        elif fall > 0.0:
            lead = fall / math.sqrt(1 - fall * fall)
        parts = max(1, math.ceil(length / longest))
        for part in range(parts):
            along = length * part / parts
            out[0, k], out[1, k], out[2, k], out[3, k] = x0 + along * ux, y0 + along * uy, ux, uy
            out[4, k], out[5, k], out[6, k], out[7, k] = length / parts, r0 - fall * along, fall, lead
            out[8, k] = out[0, k] + 0.5 * out[4, k] * ux
            out[9, k] = out[1, k] + 0.5 * out[4, k] * uy
            far = max(far, out[5, k] + 0.5 * out[4, k])
            k += 1
    return out[:, :k].copy() if k < n else out, far


@inlined
def field_of(
    x0: float, y0: float, ux: float, uy: float, length: float, r0: float, fall: float, lead: float,
    x: float, y: float,
) -> float:  # fmt: skip  # pragma: no cover - compiled
    """Value at (x, y) of one prepared source; without branches, so that it's computed for many at once."""
    dx, dy = x - x0, y - y0
    along = dx * ux + dy * uy
    height = abs(dy * ux - dx * uy)
    best = along - height * lead
    best = max(0.0, best)
    best = min(length, best)
    rest = along - best
    return r0 - fall * best - math.sqrt(rest * rest + height * height)


@inlined
def field_of_row(shape: NDArray[np.float64], x: float, y: float) -> float:  # pragma: no cover - compiled
    """Value at (x, y) of one prepared source, given as a row."""
    return field_of(shape[0], shape[1], shape[2], shape[3], shape[4], shape[5], shape[6], shape[7], x, y)


@inlined
def capped_field_of_row(
    shape: NDArray[np.float64], x: float, y: float, reach: float
) -> float:  # pragma: no cover - compiled
    """Value at (x, y) of one prepared source, left at most `reach` away; minus infinity where none is."""
    x0, y0, ux, uy, length = shape[0], shape[1], shape[2], shape[3], shape[4]
    dx, dy = x - x0, y - y0
    along = dx * ux + dy * uy
    height = abs(dy * ux - dx * uy)
    if height > reach:
        return -np.inf
    half = math.sqrt(reach * reach - height * height)
    low, high = max(0.0, along - half), min(length, along + half)
    if low > high:
        return -np.inf
    best = min(max(along - height * shape[7], low), high)
    rest = along - best
    value: float = shape[5] - shape[6] * best - math.sqrt(rest * rest + height * height)
    return value


@compiled
def field_at(
    points: NDArray[np.float64], sources: NDArray[np.float64]
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Return the field of `sources` at points by brute force, shape (n,).

    Parameters
    ----------
    points : ndarray of float64, shape (n, 2)
    sources : ndarray of float64, shape (k, 6)
        As above.
    """
    shapes = np.ascontiguousarray(prepare_tapers(sources, np.inf)[0].T)
    out = np.full(len(points), -np.inf)
    for i in range(len(points)):
        for k in range(len(shapes)):
            out[i] = max(out[i], field_of_row(shapes[k], points[i, 0], points[i, 1]))
    return out
