"""Lines of a network with fewer points: what a country's roads weigh is mostly their bends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from ..networks import TransportNetwork

#: Metres in a degree of latitude; of longitude there are fewer, so that lines stay within the tolerance.
_DEGREE_M = 111_700.0


def simplified(network: TransportNetwork, *, metres: float) -> TransportNetwork:
    """Return the network with lines that lie within so many metres of its own; lengths and times stay.

    Parameters
    ----------
    network : TransportNetwork
    metres : float

    References
    ----------
    Douglas, D., Peucker, T. (1973). Algorithms for the reduction of the number of points required to represent a
    digitized line or its caricature. Cartographica 10(2), 112-122.
    """
    sizes = np.diff(network.link_offset)
    drawn = np.flatnonzero(sizes > 0)
    if not len(drawn):
        return network
    lines = shapely.linestrings(network.link_coords, indices=np.repeat(np.arange(len(drawn)), sizes[drawn]))
    lines = shapely.simplify(lines, metres / _DEGREE_M, preserve_topology=False)
    coords, of = shapely.get_coordinates(lines, return_index=True)
    left = np.bincount(of, minlength=len(drawn))
    straight = left <= 2
    # a ring's ends are one place: a straight line between them would be none at all
    start = np.concatenate([[0], np.cumsum(left)])[:-1]
    straight &= ~(coords[start] == coords[start + left - 1]).all(axis=1)
    new = np.zeros(network.n_links, dtype=np.int64)
    new[drawn] = np.where(straight, 0, left)
    return replace(
        network,
        link_offset=np.concatenate([[0], np.cumsum(new)]).astype(np.int64),
        link_coords=coords[~straight[of]],
        provenance={**network.provenance, "lines": f"simplified, within {metres:g} m of the data's"},
    )
