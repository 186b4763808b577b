"""Which corridors to build: against every subset built and searched by itself."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import borderreach as br
from borderreach.analysis.corridors._scenarios import Scenarios
from borderreach.analysis.decisions import _choices
from borderreach.analysis.decisions._measures import OBJECTIVES
from borderreach.geo.errors import InputError, InputTypeError

from ... import chance
from ..corridors.test_subset_times import SOUTH, WEST, corridor, networks


def subsets(ids: tuple[str, ...]) -> list[tuple[str, ...]]:
    """In the order of their bits."""
    return [tuple(one for k, one in enumerate(ids) if mask >> k & 1) for mask in range(1 << len(ids))]


@st.composite
def tasks(draw: st.DrawFn) -> tuple[br.TransportNetwork, list[br.Corridor], list[tuple[float, float]]]:
    network = draw(networks())
    point = st.tuples(st.integers(0, 12), st.integers(0, 6))
    lines = []
    for k in range(draw(st.integers(1, 4))):
        a, b = draw(st.lists(point, min_size=2, max_size=2, unique=True))
        stops = [(WEST + x / 10, SOUTH + y / 10, "interchange") for x, y in (a, b)]
        lines.append(corridor(f"c{k}", stops, join_km=50.0))
    places = [
        (WEST + x / 10, SOUTH + y / 10) for x, y in draw(st.lists(point, min_size=2, max_size=4, unique=True))
    ]
    return network, lines, places


@settings(max_examples=chance.examples(30))
@given(task=tasks())
def test_ways_give_the_times_of_every_subset(task: Any):
    network, lines, places = task
    try:
        scenarios = Scenarios(network, lines)
    except br.BorderReachError:
        return  # one touches nothing
    times = scenarios.times(places, places)
    ways = [times.ways(k) for k in range(len(places))]
    base = np.array([times.base_ms(k) for k in range(len(places))]).astype(float)
    for mask, ids in enumerate(subsets(scenarios.ids)):
        found = base.copy()
        for k, (end, needs, ms) in enumerate(ways):
            there = needs & ~mask == 0
            np.minimum.at(found[k], end[there], ms[there])
        found[found > 2**30] = np.nan
        np.testing.assert_array_equal(found / 60_000, times.minutes(ids))


def grid(n_lines: int, seed: int = 0) -> tuple[br.TransportNetwork, list[br.Corridor], gpd.GeoDataFrame]:
    """Towns on slow roads, and fast lines between some of them."""
    draw = np.random.default_rng(seed)
    n = 4
    lon, lat = WEST + 0.2 * np.repeat(np.arange(n), n), SOUTH + 0.2 * np.tile(np.arange(n), n)
    pairs = [(i * n + j, i * n + j + 1) for i in range(n) for j in range(n - 1)]
    pairs += [(i * n + j, (i + 1) * n + j) for i in range(n - 1) for j in range(n)]
    tail, head = np.array(pairs).T
    network = br.build_network(
        lon, lat, br.Links(tail, head, np.full(len(pairs), 2e4), np.full(len(pairs), 2400.0)), max_access_km=1
    )
    lines = []
    for k in range(n_lines):
        a, b = draw.choice(n * n, 2, replace=False)
        stops = [(float(lon[at]), float(lat[at]), "interchange") for at in (a, b)]
        lines.append(
            corridor(f"c{k}", stops, join_km=1.0, design_speed_kph=float(draw.choice([80.0, 120.0])))
        )
    towns = gpd.GeoDataFrame(
        {
            "name": [f"t{k}" for k in range(n * n)],
            "people": draw.integers(1, 50, n * n).astype(float),
            "province": np.where(np.arange(n * n) < 8, "west", "east"),
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs=4326,
    )
    return network, lines, towns


def by_hand(objective: str, minutes: np.ndarray, towns: gpd.GeoDataFrame, line: float) -> float:
    people = towns["people"].to_numpy()
    inside = np.nanmin(minutes, axis=1) <= 60
    if objective == "people":
        return float(people[inside].sum())
    if objective == "places":
        return float(inside.sum())
    if objective == "mean_time":
        return float((people[:, None] * people[None, :] * minutes).sum() / people.sum() ** 2)
    if objective == "potential":
        return float((people[:, None] * people[None, :] * 0.5 ** (minutes / 60)).sum() / people.sum())
    if objective == "worst_province":
        west = np.arange(len(towns)) < 8
        return float(min(people[side & inside].sum() / people[side].sum() for side in (west, ~west)))
    if objective == "poverty":
        reached = (minutes <= 60) @ people
        return float((people * np.maximum(0, 1 - reached / line)).sum() / people.sum())
    each = np.repeat((minutes <= 60) @ people, people.astype(int))  # person by person
    each.sort()
    fine = np.repeat(each, 10)  # so that tenths and fifths are whole
    n = len(fine)
    return float(fine[-n // 10 :].mean() / fine[: n * 4 // 10].mean())


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_no_subset_beats_the_optimum(objective: str):
    network, lines, towns = grid(4)
    near = objective in ("people", "places", "worst_province")
    ends = towns.iloc[[5, 14]] if near else None
    options: dict[str, Any] = {"weights": "people", "cutoff_min": 60, "objective": objective}
    if objective == "worst_province":
        options["provinces"] = "province"
    if objective == "poverty":
        options["poverty_line"] = 300.0
    scenarios = Scenarios(network, lines)
    cost = {one.id: float(one.lengths_km.sum()) for one in scenarios.corridors}
    budget = sum(cost.values()) / 2
    found = br.best_corridors(network, lines, towns, ends, budget=budget, **options)
    better = 1 if OBJECTIVES[objective][0] else -1
    values = {}
    for ids in subsets(scenarios.ids):
        built = scenarios.network(ids)
        minutes = br.minutes_between(built, towns, towns if ends is None else ends)
        values[ids] = by_hand(objective, minutes, towns, 300.0)
    spent = {ids: sum(cost[one] for one in ids) for ids in values}
    within = [ids for ids in values if spent[ids] <= budget]
    assert found.value == pytest.approx(max(better * values[ids] for ids in within) * better)
    assert found.value == pytest.approx(values[found.chosen])
    assert found.cost <= budget
    assert found.proved
    for row in found.front.to_dict("records"):
        ids = tuple(row["corridors"].split(", ")) if row["corridors"] else ()
        assert row["value"] == pytest.approx(values[ids])
        assert not any(
            spent[other] <= row["cost"] + 1e-9 and better * (values[other] - row["value"]) > 1e-6
            for other in values
        )
    steps = found.order
    assert sorted(steps["corridor_id"]) == sorted(found.chosen)
    assert found.base_value + better * steps["adds"].sum() == pytest.approx(found.value)
    # shares add up to what all of them gain
    everything = better * (values[scenarios.ids] - values[()])
    assert found.candidates["mean"].sum() == pytest.approx(everything, abs=1e-9)


def test_the_order_of_building_is_the_best_of_all():
    network, lines, towns = grid(4, seed=3)
    found = br.best_corridors(network, lines, towns, budget=1e6, objective="mean_time", weights="people")
    cost = found.candidates.set_index("corridor_id")["cost"]
    times = Scenarios(network, lines)

    def used(order: tuple[str, ...]) -> float:
        total = 0.0
        for k, one in enumerate(order):
            minutes = br.minutes_between(times.network(order[:k]), towns, towns)
            total -= by_hand("mean_time", minutes, towns, 1.0) * cost[one]
        return total

    assert used(tuple(found.order["corridor_id"])) == pytest.approx(
        max(map(used, permutations(found.chosen)))
    )


def test_two_lines_in_a_row_complement_each_other_and_two_side_by_side_do_not():
    lon = [WEST, WEST + 0.5, WEST + 1.0]
    road = br.build_network(
        lon, [SOUTH] * 3, br.Links([0, 1], [1, 2], [5e4, 5e4], [6e3, 6e3]), max_access_km=1
    )
    stops = [(x, SOUTH, "interchange") for x in lon]
    one, two = corridor("a", stops[:2], join_km=1.0), corridor("b", stops[1:], join_km=1.0)
    ends = [(lon[0], SOUTH)], [(lon[2], SOUTH)]
    together = br.best_corridors(road, [one, two], *ends, budget=1e3, cutoff_min=120)
    assert together.interactions[["alone", "kind"]].values.tolist() == [[1.0, "complements"]]
    assert together.candidates[["alone", "last", "mean"]].values.tolist() == [[0, 1, 0.5], [0, 1, 0.5]]
    copy = corridor("c", stops[:2], join_km=1.0)
    beside = br.best_corridors(road, [one, copy], ends[0], [(lon[1], SOUTH)], budget=1e3, cutoff_min=60)
    assert beside.interactions[["alone", "kind"]].values.tolist() == [[-1.0, "substitutes"]]
    assert len(beside.chosen) == 1


@pytest.mark.parametrize("objective", ["mean_time", "people"])
def test_a_search_finds_what_enumerating_finds(objective: str, monkeypatch: pytest.MonkeyPatch):
    network, lines, towns = grid(6, seed=1)
    ends = towns.iloc[[5]]
    for share in (0.2, 0.5):
        options: dict[str, Any] = {"objective": objective, "weights": "people", "cutoff_min": 60}
        whole = br.best_corridors(network, lines, towns, ends, budget=share * 300, **options)
        with monkeypatch.context() as context:
            context.setattr(_choices, "MOST_ENUMERATED", 3)
            searched = br.best_corridors(network, lines, towns, ends, budget=share * 300, **options)
            context.setattr(_choices, "MOST_CHOICES", 1)
            short = br.best_corridors(network, lines, towns, ends, budget=share * 300, **options)
        assert searched.value == pytest.approx(whole.value)
        assert searched.proved
        better = 1 if objective == "people" else -1
        assert better * short.bound >= better * whole.value - 1e-9 >= better * short.value - 2e-9


def test_more_money_never_does_less():
    network, lines, towns = grid(5, seed=2)
    values = [
        br.best_corridors(network, lines, towns, budget=money, objective="mean_time").value
        for money in (0, 30, 60, 120, 1e4)
    ]
    assert values == sorted(values, reverse=True)


def test_arguments_that_cannot_be():
    network, lines, towns = grid(2)
    with pytest.raises(InputError, match="'objective' should be one of 'people'"):
        br.best_corridors(network, lines, towns, budget=1, objective="speed")
    with pytest.raises(InputError, match="'costs' lacks 'c1'"):
        br.best_corridors(network, lines, towns, budget=1, costs={"c0": 1})
    with pytest.raises(InputTypeError, match="'provinces' is None"):
        br.best_corridors(network, lines, towns, budget=1, objective="worst_province")
