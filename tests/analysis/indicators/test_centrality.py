"""Closeness, betweenness, detours and day returns, by hand and against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import shortest_path

from borderreach.analysis.indicators._centrality import (
    betweenness,
    closeness,
    daily_accessibility,
    day_return_reach,
    detour_factors,
)
from borderreach.geo.errors import InputError, MissingColumnError

from ... import chance
from ..tables import long_table

#: A line a - b - c with 10 and 20 minutes.
LINE = [[0, 10, 30], [10, 0, 20], [30, 20, 0]]


def test_closeness_by_hand():
    result = closeness(long_table(LINE))
    assert result["closeness"].tolist() == pytest.approx([2 / 40, 2 / 30, 2 / 50])
    assert result["harmonic_closeness"].tolist() == pytest.approx(
        [(1 / 10 + 1 / 30) / 2, (1 / 10 + 1 / 20) / 2, (1 / 30 + 1 / 20) / 2]
    )
    assert result["n_reached"].tolist() == [2, 2, 2]


def test_a_place_that_reaches_nothing_has_no_closeness():
    result = closeness(long_table([[0, np.nan], [5, 0]]))
    assert result["closeness"].tolist() == [0, 1 / 5]
    assert result["n_reached"].tolist() == [0, 1]


def test_two_places_at_one_point_are_an_error():
    with pytest.raises(InputError, match="zero minutes for a → b"):
        closeness(long_table([[0, 0], [0, 0]]))


def test_betweenness_by_hand():
    result = betweenness(long_table(LINE), tolerance=0)
    # only a-c and c-a have a place between their ends: b, and they are both of b's pairs
    assert result["betweenness"].tolist() == [0, 1, 0]
    assert result["n_journeys"].tolist() == [0, 2, 0]


def test_tolerance_forgives_a_short_stop():
    beside = [[0, 11, 30], [11, 0, 20], [30, 20, 0]]
    assert betweenness(long_table(beside), tolerance=0)["betweenness"][1] == 0
    assert betweenness(long_table(beside), tolerance=0.05)["betweenness"][1] == 1


def test_betweenness_weighs_journeys_by_people():
    # a star around b: journeys a-c, a-d, c-d and back all lead through b
    star = np.array([[0, 1, 2, 2], [1, 0, 1, 1], [2, 1, 0, 2.5], [2, 1, 2.5, 0]])
    star[2, 3] = star[3, 2] = 1.5  # c and d have a road of their own
    result = betweenness(long_table(star), people={"a": 3, "b": 1, "c": 2, "d": 5}, tolerance=0)
    through, every = 2 * (3 * 2 + 3 * 5), 2 * (3 * 2 + 3 * 5 + 2 * 5)
    assert result["betweenness"][1] == pytest.approx(through / every)


@pytest.mark.parametrize("seed", chance.seeds(3))
def test_agrees_with_networkx(seed: int):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(25, 0.15, seed=seed, directed=True)
    weights = np.zeros((25, 25))
    for a, b in graph.edges:
        graph[a][b]["minutes"] = weights[a, b] = rng.uniform(1, 60)
    times = shortest_path(weights)
    table = long_table(np.where(np.isfinite(times), times, np.nan), range(25), range(25))
    theirs = nx.closeness_centrality(graph.reverse(), distance="minutes")
    assert closeness(table)["closeness"].tolist() == pytest.approx([theirs[k] for k in range(25)])
    number = nx.betweenness_centrality(graph, weight="minutes", normalized=False)
    assert betweenness(table, tolerance=0)["n_journeys"].tolist() == pytest.approx(
        [number[k] for k in range(25)]
    )


def test_betweenness_needs_the_same_places_at_both_ends():
    with pytest.raises(InputError, match="stand at one end only"):
        betweenness(long_table([[1, 2]], "a", "bc"))


def test_detour_factors_by_hand():
    # a degree of latitude on the equator of the ellipsoid: 110.574 km
    places = pd.DataFrame({"lon": [100.0, 100.0], "lat": [0.0, 1.0]}, index=["a", "b"])
    table = pd.DataFrame(
        {
            "from_id": ["a", "a"],
            "to_id": ["b", "a"],
            "travel_time_min": [120.0, 0.0],
            "distance_km": [165.0, 0.0],
        }
    )
    (row,) = detour_factors(table, places).to_dict("records")
    assert row["straight_km"] == pytest.approx(110.574, abs=1e-3)
    assert row["detour_factor"] == pytest.approx(165 / 110.574, abs=1e-4)
    assert row["airline_speed_kph"] == pytest.approx(110.574 / 2, abs=1e-3)


def test_detours_need_distances_and_positions():
    places = pd.DataFrame({"lon": [100.0], "lat": [0.0]}, index=["a"])
    with pytest.raises(MissingColumnError, match="distance_km"):
        detour_factors(long_table(LINE).drop(columns="distance_km"), places)
    with pytest.raises(InputError, match="no row for 'b', 'c'"):
        detour_factors(long_table(LINE), places)


def test_day_return_counts_both_ways():
    times = [[0, 200, 241], [280, 0, 100], [239, np.nan, 0]]
    people = {"a": 1, "b": 10, "c": 100}
    result = day_return_reach(long_table(times), people, day_min=14 * 60, stay_min=6 * 60)
    # a-b 200 + 280 = 480 fits exactly, a-c 241 + 239 too; c can't come back from b
    assert result["n_places"].tolist() == [2, 1, 1]
    assert result["people"].tolist() == [110, 1, 1]
    shorter = day_return_reach(long_table(times), people, day_min=14 * 60 - 1, stay_min=6 * 60)
    assert shorter["n_places"].tolist() == [0, 0, 0]
    with pytest.raises(InputError, match="leaves no time to travel"):
        day_return_reach(long_table(times), people, day_min=300, stay_min=300)


def test_daily_accessibility_by_hand():
    result = daily_accessibility(long_table(LINE), {"a": 1, "b": 2, "c": 7}, minutes=20)
    assert result["n_centres"].tolist() == [1, 2, 1]
    assert result["share_of_centres"].tolist() == [0.5, 1, 0.5]
    assert result["people"].tolist() == [2, 8, 2]
    assert result["share_of_people"].tolist() == pytest.approx([2 / 9, 1, 2 / 3])
    assert daily_accessibility(long_table(LINE), minutes=20)["people"].tolist() == [1, 2, 1]
