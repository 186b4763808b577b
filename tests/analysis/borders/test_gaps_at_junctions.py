"""Gaps where junctions are several nodes, as they are where turns are banned."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.borders import close_gaps, gaps
from borderreach.analysis.corridors import minutes_between
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.places import borders

from ... import chance

COUNTIES = gpd.GeoDataFrame(
    {
        "adcode": [500101, 520101], "name": ["a", "b"], "province": ["A", "B"],
        "province_adcode": [500000, 520000], "lon": [106.5, 107.5], "lat": [29.5, 29.5],
    },
    geometry=[shapely.box(106, 29, 107, 30), shapely.box(107, 29, 108, 30)], crs=4326,
)  # fmt: skip
BORDERS = borders(COUNTIES)

#: Five rows of places on either side of the border, and roads between neighbours on one side.
spots = [(round(106.7 + 0.06 * x, 2), round(29.1 + 0.06 * y, 2)) for x in range(11) for y in range(4)]


@st.composite
def roads(draw):
    near = [
        (a, b) for a in range(len(spots)) for b in range(a)
        if 0 < np.hypot(spots[a][0] - spots[b][0], spots[a][1] - spots[b][1]) < 0.07
    ]  # fmt: skip
    within = [(a, b) for a, b in near if (spots[a][0] < 107) == (spots[b][0] < 107)]
    return draw(st.lists(st.sampled_from(within), min_size=10, max_size=40, unique=True)) + draw(
        st.lists(st.sampled_from([pair for pair in near if pair not in within]), max_size=1)
    )


def whole(links: list[tuple[int, int]]) -> TransportNetwork:
    used = sorted({node for link in links for node in link})
    tail, head = ([used.index(link[k]) for link in links] for k in (0, 1))
    lon, lat = np.array([spots[node] for node in used]).T
    return build_network(lon, lat, Links(tail, head, [6000.0] * len(links), [360.0] * len(links)))


def torn(network: TransportNetwork) -> TransportNetwork:
    """The same with a node for every road that comes to a place and for every one that leaves; all turns are allowed."""
    n, m = network.n_nodes, network.n_arcs
    come, go = np.arange(m), m + np.arange(m)  # where an arc ends, and where it begins
    places = np.concatenate([network.arc_head, network.arc_tail])
    turns = [(a, b) for a in range(m) for b in range(m) if network.arc_head[a] == network.arc_tail[b]]
    assert n == len(set(places.tolist()))
    a, b = np.array(turns).T
    links = Links(
        np.concatenate([go, come[a]]), np.concatenate([come, go[b]]),
        np.concatenate([network.arc_length_m, np.zeros(len(turns))]),
        np.concatenate([network.arc_time_ms / 1000, np.zeros(len(turns))]), np.full(m + len(turns), np.inf),
    )  # fmt: skip
    return build_network(network.node_lon[places], network.node_lat[places], links)


@settings(max_examples=chance.examples(40))
@given(roads())
def test_gaps_are_those_of_junctions_in_one_piece(links):
    """What is found, and the times once it is closed."""
    one = whole(links)
    many = torn(one)
    tables = [gaps(network, COUNTIES, BORDERS, within_km=9, gap_km=15) for network in (one, many)]
    places = [
        {(r.gap_km, r.network_km, r.network_min, *sorted(r.geometry.coords)) for r in table.itertuples()}
        for table in tables
    ]
    assert places[0] == places[1]
    closed = [
        close_gaps(network, table, speed_kph=50) for network, table in zip((one, many), tables, strict=True)
    ]
    ends = list(zip(one.node_lon.tolist(), one.node_lat.tolist(), strict=True))[::3]
    times = [minutes_between(network, ends, ends) for network in closed]
    np.testing.assert_allclose(times[0], times[1], atol=1e-3)
