"""Which rides of today's trains are drawn: each way along a line once, from one station to the next that trains call at."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from borderreach.analysis.studies import StudyResults


@pytest.fixture(scope="module")
def rides(yuqian: StudyResults) -> dict[str, list[tuple[int, int, float, bool]]]:
    """By line: the place of either end, metres, and whether it's drawn."""
    what_if = yuqian.what_if
    assert what_if is not None
    network = what_if.network
    forth, back = network.link_arcs
    arc = np.where(forth >= 0, forth, back)
    ends = np.column_stack([network.node_lon, network.node_lat]).round(6)
    _, place = np.unique(ends, axis=0, return_inverse=True)
    tail, head = place.ravel()[network.arc_tail[arc]], place.ravel()[network.arc_head[arc]]
    trains = network.arc_mode[arc] == network.modes.index("rail")
    hidden = what_if.rides_past_stations
    assert not hidden[~trains | (tail == head)].any()
    found: dict[str, list[tuple[int, int, float, bool]]] = {}
    for link in np.flatnonzero(trains & (tail != head)):
        ride = (int(tail[link]), int(head[link]), float(network.arc_length_m[arc[link]]), not hidden[link])
        found.setdefault(network.classes[network.arc_class[arc[link]]], []).append(ride)
    return found


def test_every_way_is_drawn_once(rides):
    shown = [
        (line, min(a, b), max(a, b)) for line, those in rides.items() for a, b, _, drawn in those if drawn
    ]
    assert len(set(shown)) == len(shown) > 50
    assert len(shown) < sum(map(len, rides.values())) / 3


def test_what_is_drawn_is_the_way_of_every_ride(rides):
    """Along the lines that are drawn every ride is as long as it is by itself."""
    for those in rides.values():
        places = sorted({end for a, b, *_ in those for end in (a, b)})
        at = {place: k for k, place in enumerate(places)}
        drawn = [(at[a], at[b], metres) for a, b, metres, seen in those if seen]
        a, b, metres = map(np.array, zip(*drawn, strict=True))
        along = dijkstra(coo_matrix((metres, (a, b)), shape=(len(places),) * 2), directed=False)
        for one, other, length, _ in those:
            assert along[at[one], at[other]] <= length + 2.0 * len(places)


def test_nothing_drawn_passes_a_station_that_others_show(rides):
    for those in rides.values():
        drawn = {(min(a, b), max(a, b)): metres for a, b, metres, seen in those if seen}
        for (a, b), length in drawn.items():
            for (c, d), first in drawn.items():
                if a in (c, d) and b not in (c, d):
                    via = d if c == a else c
                    rest = drawn.get((min(via, b), max(via, b)))
                    assert rest is None or first + rest > length + 2.0
