"""The lines that links and arcs run along on the ground, straight ones too."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from ..antimeridian import cut_line
from ._links import RaggedLines


def link_lines(
    lonlat: NDArray[np.float64],
    ends: tuple[NDArray[np.int32], NDArray[np.int32]],
    along: RaggedLines,
    links: NDArray[np.int64],
) -> RaggedLines:
    """Return the lines of some links, straight ones as their two ends.

    Parameters
    ----------
    lonlat : ndarray of float64, shape (n, 2)
        Where the nodes lie, degrees.
    ends : pair of ndarray of int32, shape (number of links,)
        Nodes at the start and the end of each link.
    along : RaggedLines
        Lines of all links; those without points are straight.
    links : ndarray of int64, shape (k,)
        Numbers of those that are asked for.
    """
    sizes = np.diff(along.offset)[links]
    straight = sizes == 0
    offset = np.zeros(len(links) + 1, dtype=np.int64)
    np.cumsum(np.where(straight, 2, sizes), out=offset[1:])
    coords = np.empty((offset[-1], 2))
    for end, at in zip(ends, (offset[:-1], offset[1:] - 1), strict=True):
        coords[at[straight]] = lonlat[end[links[straight]]]
    bent = np.flatnonzero(~straight)
    if (np.diff(links) > 0).all():  # as they lie: marks take an eighth of the room that numbers do
        taken = np.zeros(len(along.offset) - 1, dtype=bool)
        taken[links] = True
        coords[np.repeat(~straight, np.diff(offset))] = along.coords[np.repeat(taken, np.diff(along.offset))]
    else:
        into = _ranges(offset[bent], sizes[bent])
        coords[into] = along.coords[_ranges(along.offset[links[bent]], sizes[bent])]
    return RaggedLines(offset, coords)


def arc_lines(
    lonlat: NDArray[np.float64],
    ends: tuple[NDArray[np.int32], NDArray[np.int32]],
    course: tuple[NDArray[np.int32], NDArray[np.bool_]],
    along: RaggedLines,
) -> NDArray[np.object_]:
    """Return the line of every arc from its tail to its head, shape (m,); in parts if it leads across ±180°.

    Parameters
    ----------
    lonlat : ndarray of float64, shape (n, 2)
        Where the nodes lie, degrees.
    ends : pair of ndarray of int32, shape (m,)
        Node that each arc leaves, and node that it comes to.
    course : pair of ndarray, shape (m,)
        Link that each arc runs along, and whether against its line.
    along : RaggedLines
        Lines of the links; those without points are straight.
    """
    link, turned = course
    lines = np.empty(len(link), dtype=object)
    sizes = np.diff(along.offset)[link]
    straight = np.flatnonzero(sizes == 0)
    if len(straight):
        corners = np.stack([lonlat[end[straight]] for end in ends], axis=1)
        lines[straight] = shapely.linestrings(corners)
        across = np.abs(corners[:, 0, 0] - corners[:, 1, 0]) > 180
        for arc, line in zip(straight[across].tolist(), corners[across], strict=True):
            lines[arc] = cut_line(line)
    for arc in np.flatnonzero(sizes):
        coords = along.coords[along.offset[link[arc]] : along.offset[link[arc] + 1]]
        lines[arc] = cut_line(coords[::-1] if turned[arc] else coords)
    return lines


def _ranges(start: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Concatenate the ranges start[k], ..., start[k] + size[k] - 1."""
    total = np.cumsum(size)
    within = np.arange(total[-1] if len(total) else 0) - np.repeat(total - size, size)
    ranges: NDArray[np.int64] = np.repeat(start, size) + within
    return ranges
