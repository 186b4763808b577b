"""What links cost: by hand, against networks closed one by one, and what must always hold."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import borderreach as br
from borderreach.analysis.decisions._cuts import cuts_of
from borderreach.analysis.times._origins import origin_list
from borderreach.geo.errors import InputError, MissingColumnError

from ... import chance
from ..networks import Case, cases

KM = 1 / 111.2


def by_hand(
    network: br.TransportNetwork,
    places: Any,
    arcs: np.ndarray,
    people: np.ndarray,
    decay: Any,
    cutoff_min: float,
) -> dict[str, Any]:
    """What closing some arcs costs, by two whole tables of times."""
    closed = br.changed_network(network, arcs=arcs, close=True) if len(arcs) else network
    before, after = minutes(network, places), minutes(closed, places)
    drawn = np.where(np.isnan(before), 0.0, people[None, :] * decay(np.nan_to_num(before)))
    np.fill_diagonal(drawn, 0.0)
    total = drawn.sum(axis=1, keepdims=True)
    trips = people[:, None] * np.divide(drawn, total, out=np.zeros_like(drawn), where=total > 0)
    cut = ~np.isnan(before) & np.isnan(after)
    late = np.where(np.isnan(before) | cut, 0.0, np.nan_to_num(after) - np.nan_to_num(before))
    left = (before <= cutoff_min) & ~(after <= cutoff_min)
    leaving = (people[None, :] * left).sum(axis=1)
    return {
        "delay_person_min": (trips * late).sum(),
        "longer_trips": trips[late > 1e-9].sum(),
        "worst_delay_min": late.max(),
        "cut_off_trips": trips[cut].sum(),
        "places_cut_off": ((trips * cut).sum(axis=1) > trips.sum(axis=1) / 2).sum(),
        "leaving_people": leaving.max(),
    }


def minutes(network: br.TransportNetwork, places: Any) -> np.ndarray:
    try:
        return br.minutes_between(network, places, places)
    except br.BorderReachError:  # all of them are out of reach
        return np.full((len(places), len(places)), np.nan)


def assert_alike(row: Any, truth: dict[str, Any]) -> None:
    for name, value in truth.items():
        assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-6), name


def random_network(
    seed: int, *, exits_along: bool = False
) -> tuple[br.TransportNetwork, list[Any], np.ndarray]:
    """A grid with roads missing, one-ways, roads of no length and many ways that take as long."""
    draw = np.random.default_rng(seed)
    n = 4
    lon, lat = (106 + 0.02 * np.repeat(np.arange(n), n), 29 + 0.02 * np.tile(np.arange(n), n))
    pairs = [(i * n + j, i * n + j + 1) for i in range(n) for j in range(n - 1)]
    pairs += [(i * n + j, (i + 1) * n + j) for i in range(n - 1) for j in range(n)]
    pairs = [pair for pair in pairs if draw.random() < 0.8]
    tail, head = np.array(pairs).T
    seconds = draw.choice([0.0, 60.0, 60.0, 120.0, 300.0], len(pairs))
    back = np.where(draw.random(len(pairs)) < 0.2, np.inf, seconds)
    network = br.build_network(
        lon, lat, br.Links(tail, head, np.where(seconds > 0, 2e3, 0.0), seconds, back, exit_along=exits_along),
        max_access_km=1.0,
    )  # fmt: skip
    at = draw.choice(n * n, 5, replace=False)
    beside = 0.003 * draw.random((5, 2))
    places = [(lon[k] + dx, lat[k] + dy) for k, (dx, dy) in zip(at.tolist(), beside, strict=True)]
    return network, places, draw.integers(0, 100, 5).astype(float)


def test_a_pass_and_a_detour():
    """Of three towns, c hangs on b by one road; a and b have two, of 15 and 80 minutes."""
    road = br.build_network(
        [106.0, 106.2, 106.1, 106.4],
        [29.0, 29.0, 29.3, 29.0],
        br.Links([0, 0, 2, 1], [1, 2, 1, 3], [2e4, 4e4, 4e4, 2e4], [900, 2400, 2400, 600]),
        max_access_km=1,
    )
    towns = gpd.GeoDataFrame(
        {"name": ["甲", "乙", "丙"], "people": [20.0, 10.0, 30.0]},
        geometry=gpd.points_from_xy([106.0, 106.2, 106.4], [29.0, 29.0, 29.0]),
        crs=4326,
    )
    found = br.critical_links(road, towns, weights="people", cutoff_min=30, cut_off_min=100).set_index("link")
    # from 甲 (20) a quarter goes to 乙, three quarters to 丙; from 乙 (10) 4 to 甲, 6 to 丙; from 丙 (30) 20 to 甲, 10 to 乙
    short = found.loc[0]
    assert short["longer_trips"] == pytest.approx(20 + 4 + 20)
    assert short["delay_person_min"] == pytest.approx(65 * 44)
    assert short["mean_delay_min"] == pytest.approx(65)
    assert (short["cut_off_trips"], short["places_cut_off"]) == (0, 0)
    assert (short["leaving_people"], short["circle_of"]) == (40.0, "甲")
    dead_end = found.loc[3]
    assert dead_end["cut_off_trips"] == pytest.approx(15 + 6 + 30)
    assert (dead_end["places_cut_off"], dead_end["cut_off"]) == (3, "甲、乙、丙")
    assert dead_end["cost_person_min"] == pytest.approx(5100)
    assert dead_end["delay_person_min"] == 0
    assert np.isnan(dead_end["mean_delay_min"])
    assert found.loc[[1, 2], "cost_person_min"].tolist() == [0, 0]
    assert found.index.tolist() == [3, 0, 1, 2]


@pytest.mark.parametrize("seed", chance.seeds(2))
@pytest.mark.parametrize("exits_along", [False, True])
def test_closing_links_one_by_one_gives_the_same(seed: int, exits_along: bool):
    network, places, people = random_network(seed, exits_along=exits_along)
    decay = br.indicators.ExponentialDecay.half_life(10)
    options: dict[str, Any] = {"weights": people, "decay": decay, "cutoff_min": 8.0, "within_km": 0}
    found = br.critical_links(network, places, **options)
    assert sorted(found["link"]) == list(range(network.n_links))
    for _, row in found.iterrows():
        arcs = np.flatnonzero(network.arc_link == row["link"])
        assert_alike(row, by_hand(network, places, arcs, people, decay, 8.0))


@pytest.mark.parametrize("seed", chance.seeds(1))
def test_so_does_closing_pairs(seed: int):
    network, places, people = random_network(seed)
    links = np.random.default_rng(seed).choice(network.n_links, 6, replace=False)
    found = br.critical_pairs(
        network, places, links, weights=people, within_km=0, cutoff_min=8.0, cut_off_min=60
    )
    alone = br.critical_links(
        network, places, links, weights=people, within_km=0, cutoff_min=8.0, cut_off_min=60
    )
    cost = alone.set_index("link")["cost_person_min"]
    assert len(found) == 15
    for _, row in found.iterrows():
        arcs = np.flatnonzero(np.isin(network.arc_link, [row["link_a"], row["link_b"]]))
        truth = by_hand(network, places, arcs, people, np.ones_like, 8.0)
        both = truth["delay_person_min"] + 60 * truth["cut_off_trips"]
        assert row["cost_person_min"] == pytest.approx(both)
        assert row["cost_a_person_min"] == pytest.approx(cost[row["link_a"]])
        # the difference of large sums, which may cancel
        excess = both - cost[row["link_a"]] - cost[row["link_b"]]
        assert row["excess_person_min"] == pytest.approx(excess, abs=1e-9 * max(1.0, both))
        for name in ("cut_off_trips", "places_cut_off", "leaving_people"):
            assert row[name] == pytest.approx(truth[name]), name


@settings(max_examples=chance.examples(40))
@given(case=cases(), data=st.data())
def test_networks_of_every_awkward_kind(case: Case, data: st.DataObject):
    network = case.network
    nodes = data.draw(st.lists(st.integers(0, network.n_nodes - 1), max_size=3, unique=True))
    places = [case.origin, *dict.fromkeys((network.node_lon[k], network.node_lat[k]) for k in nodes)]
    if len({one.id for one in origin_list(places[:1])} | {f"{x:.6f},{y:.6f}" for x, y in places}) < len(
        places
    ):
        places = places[:1]
    link = data.draw(st.integers(0, network.n_links - 1))
    people = np.arange(1.0, 1 + len(places))
    found = br.critical_links(
        network, places, [link], weights=people, within_km=0, cutoff_min=case.cutoff_min
    )
    arcs = np.flatnonzero(network.arc_link == link)
    assert_alike(found.iloc[0], by_hand(network, places, arcs, people, np.ones_like, case.cutoff_min))


@pytest.mark.parametrize("seed", chance.seeds(2))
def test_closing_never_helps_and_more_costs_more(seed: int):
    network, places, people = random_network(seed)
    found = br.critical_pairs(network, places, range(6), weights=people, within_km=0)
    parts = found[["cost_a_person_min", "cost_b_person_min"]]
    assert (parts >= 0).all(axis=None)
    assert (found["cost_person_min"] >= parts.max(axis=1) - 1e-6).all()


def test_crossings_name_their_counties():
    counties = br.counties(provinces=["重庆", "贵州"])
    network = br.trunk_network()
    crossings = br.crossings(network, counties)
    seats = counties[counties["name"].isin(["綦江区", "桐梓县", "习水县", "南川区", "正安县"])]
    found = br.critical_links(network, seats, crossings)
    assert len(found) < len(crossings)
    assert found["cost_person_min"].is_monotonic_decreasing
    assert found["cut_off_trips"].max() == 0
    assert "綦江区—桐梓县" in found["name"].head(3).tolist()


def test_both_carriageways_of_a_road_are_lost_together():
    """Two one-way roads 300 m apart, one in two pieces; a road that crosses; one that is far off; one of another class."""
    lat = [29.0, 29.0, 29.003, 29.003, 29.003, 28.95, 29.05, 29.1, 29.1, 29.001, 29.001]
    lon = [106.0, 106.1, 106.0, 106.04, 106.1, 106.05, 106.05, 106.0, 106.1, 106.0, 106.1]
    tail, head = [0, 3, 2, 5, 7, 9], [1, 4, 3, 6, 8, 10]
    network = br.build_network(
        lon, lat,
        br.Links(tail, head, np.full(6, 9e3), np.full(6, 300.0), road_class=["m", "m", "m", "m", "m", "x"]),
    )  # fmt: skip
    lost = {cut.links[0]: set(cut.links) for cut in cuts_of(network, None, within_km=0.5)}
    # the middle of 0 lies beside 1, that of 2 beside 0; the way of 1 is that of 0, met once
    assert lost == {0: {0, 1}, 2: {0, 2}, 3: {3}, 4: {4}, 5: {5}}
    here = gpd.GeoDataFrame({"link": [0]}, geometry=gpd.points_from_xy([106.02], [29.0]), crs=4326)
    assert [set(cut.links) for cut in cuts_of(network, here, within_km=0.5)] == [{0, 2}]
    assert [set(cut.links) for cut in cuts_of(network, here, within_km=0.3)] == [{0}]


def test_arguments_that_cannot_be():
    network, places, _ = random_network(0)
    with pytest.raises(InputError, match="'links' should hold whole numbers from 0 to"):
        br.critical_links(network, places, [10_000])
    with pytest.raises(MissingColumnError, match="'links' lacks the column 'link'"):
        br.critical_links(network, places, gpd.GeoDataFrame(geometry=[]))
    with pytest.raises(InputError, match="2 to 200"):
        br.critical_pairs(network, places, [1])
    with pytest.raises(InputError, match="'weights' should be one number per place"):
        br.critical_links(network, places, weights=[1.0])
