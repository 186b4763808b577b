"""From search times to sources of the surface: discs at exits, tapered buffers along lines."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..geo.network import TransportNetwork
from ..geo.plane import LocalPlane
from .access import Access, ms_per_metre
from .search import UNREACHED


def reach_sources(
    network: TransportNetwork,
    plane: LocalPlane,
    origin_xyz: NDArray[np.float64],
    entry: Access,
    time_ms: NDArray[np.int32],
    *,
    cutoff_ms: int,
) -> NDArray[np.float64]:
    """Return the tapered buffers whose union is the isochrone, in plane coordinates.

    Parameters
    ----------
    network : TransportNetwork
    plane : LocalPlane
        Centred on the origin of the search, or not far from it.
    origin_xyz : ndarray of float64, shape (3,)
        The origin in earth-centred metres.
    entry : Access
        The origin's ways onto the network.
    time_ms : ndarray of int32, shape (n,)
        Times at the nodes; `UNREACHED` where there is none.
    cutoff_ms : int
        Time to be spent, milliseconds.

    Returns
    -------
    ndarray of float64, shape (k, 6)
        x0, y0, r0, x1, y1, r1 in metres, as `surface.isochrone_polygon` takes them. The first is
        the disc around the origin.
    """
    pace = ms_per_metre(network)
    cap = network.max_access_km * 1000
    at_origin = np.append(plane.project(origin_xyz[None, :])[0], min(cap, cutoff_ms / pace))
    node = np.flatnonzero((time_ms <= cutoff_ms) & network.node_exit)
    xy = plane.project(network.node_xyz[node])
    radius = np.minimum(cap, (cutoff_ms - time_ms[node]) / pace)
    discs = np.column_stack([xy, radius, xy, radius])
    parts = [np.tile(at_origin, 2)[None, :], discs]
    if network.has_exits_along:
        parts.append(_line_sources(network, plane, time_ms, cutoff_ms, pace, cap))
    pieces = entry.pieces[entry.pieces[:, 6] < cutoff_ms]
    if len(pieces):
        starts = plane.project(np.ascontiguousarray(pieces[:, 0:3]))
        ends = plane.project(np.ascontiguousarray(pieces[:, 3:6]))
        rows = np.empty((2 * len(pieces), 6))
        count = 0
        for k in range(len(pieces)):
            count = _taper(
                rows, count, starts[k, 0], starts[k, 1], pieces[k, 6], ends[k, 0], ends[k, 1], pieces[k, 7],
                float(cutoff_ms), pace, cap,
            )  # fmt: skip
        parts.append(rows[:count])
    return np.concatenate(parts)


def _line_sources(
    network: TransportNetwork,
    plane: LocalPlane,
    time_ms: NDArray[np.int32],
    cutoff_ms: int,
    pace: float,
    cap: float,
) -> NDArray[np.float64]:
    lines = network.exit_lines
    with_line, against = (arcs[lines.link] for arcs in network.link_arcs)
    tail, head = (ends[lines.link] for ends in network.link_ends)
    forward = np.where((with_line >= 0) & network.arc_exit[with_line], time_ms[tail], UNREACHED)
    backward = np.where((against >= 0) & network.arc_exit[against], time_ms[head], UNREACHED)
    reached = np.flatnonzero((forward < cutoff_ms) | (backward < cutoff_ms))
    sizes = np.diff(lines.offset)[reached]
    vertex = np.repeat(lines.offset[reached] - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
    offset = np.concatenate([[0], np.cumsum(sizes)])
    return np.asarray(
        _taper_lines(
            plane.project(lines.xyz[vertex]),
            lines.share[vertex],
            offset,
            forward[reached].astype(np.float64),
            backward[reached].astype(np.float64),
            network.arc_time_ms[with_line[reached]].astype(np.float64),
            network.arc_time_ms[against[reached]].astype(np.float64),
            float(cutoff_ms),
            pace,
            cap,
        )
    )


@njit(cache=True, nogil=True)
def _taper(
    rows: NDArray[np.float64], count: int,
    x0: float, y0: float, t0: float, x1: float, y1: float, t1: float,
    cutoff: float, pace: float, cap: float,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add the stretch passed from time t0 to t1, cut where the time runs out, split where the cap ends."""
    if t0 >= cutoff:
        return count
    if t1 > cutoff:
        part = (cutoff - t0) / (t1 - t0)
        x1, y1, t1 = x0 + (x1 - x0) * part, y0 + (y1 - y0) * part, cutoff
    capped_until = cutoff - cap * pace
    if t0 < capped_until < t1:
        part = (capped_until - t0) / (t1 - t0)
        xm, ym = x0 + (x1 - x0) * part, y0 + (y1 - y0) * part
        rows[count, 0], rows[count, 1], rows[count, 2] = x0, y0, cap
        rows[count, 3], rows[count, 4], rows[count, 5] = xm, ym, cap
        count += 1
        x0, y0, t0 = xm, ym, capped_until
    rows[count, 0], rows[count, 1], rows[count, 2] = x0, y0, min(cap, (cutoff - t0) / pace)
    rows[count, 3], rows[count, 4], rows[count, 5] = x1, y1, min(cap, (cutoff - t1) / pace)
    return count + 1


@njit(cache=True, nogil=True)
def _taper_lines(
    xy: NDArray[np.float64],
    share: NDArray[np.float64],
    offset: NDArray[np.int64],
    forward: NDArray[np.float64],
    backward: NDArray[np.float64],
    forward_takes: NDArray[np.float64],
    backward_takes: NDArray[np.float64],
    cutoff: float,
    pace: float,
    cap: float,
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Follow each line from both ends, each up to where the two meet or the time runs out.

    Beyond the meeting point the other direction is ahead at every exit, so that nothing is lost.
    """
    rows = np.empty((4 * len(xy) + 4 * len(forward) + 1, 6))
    count = 0
    for k in range(len(forward)):
        first, last = offset[k], offset[k + 1] - 1
        go_f, go_b = forward[k] < cutoff, backward[k] < cutoff
        until_f, until_b = 1.0, 1.0  # shares of the line covered from each end
        if go_f and go_b:
            total = forward_takes[k] + backward_takes[k]
            meet = (backward[k] + backward_takes[k] - forward[k]) / total if total > 0.0 else 1.0
            until_f = min(max(meet, 0.0), 1.0)
            until_b = 1.0 - until_f
        if go_f:
            for v in range(first, last):
                s0, s1 = share[v], share[v + 1]
                if s0 > until_f or (s0 == until_f and v > first):
                    break
                e = 1.0 if s1 <= until_f or s1 == s0 else (until_f - s0) / (s1 - s0)
                count = _taper(
                    rows, count, xy[v, 0], xy[v, 1], forward[k] + s0 * forward_takes[k],
                    xy[v, 0] + (xy[v + 1, 0] - xy[v, 0]) * e, xy[v, 1] + (xy[v + 1, 1] - xy[v, 1]) * e,
                    forward[k] + (s0 + (s1 - s0) * e) * forward_takes[k], cutoff, pace, cap,
                )  # fmt: skip
        if go_b and until_b > 0.0:
            for w in range(last - first):
                v = last - w
                s0, s1 = 1.0 - share[v], 1.0 - share[v - 1]
                if s0 > until_b or (s0 == until_b and w > 0):
                    break
                e = 1.0 if s1 <= until_b or s1 == s0 else (until_b - s0) / (s1 - s0)
                count = _taper(
                    rows, count, xy[v, 0], xy[v, 1], backward[k] + s0 * backward_takes[k],
                    xy[v, 0] + (xy[v - 1, 0] - xy[v, 0]) * e, xy[v, 1] + (xy[v - 1, 1] - xy[v, 1]) * e,
                    backward[k] + (s0 + (s1 - s0) * e) * backward_takes[k], cutoff, pace, cap,
                )  # fmt: skip
    return rows[:count].copy()
