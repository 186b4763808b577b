"""What a study asks of its corridors: costs, the order of building, who gains and who loses, how evenly people are in reach."""

from __future__ import annotations

from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.corridors import Corridor, Scenarios, minutes_between
from borderreach.analysis.decisions import (
    ACCESS_CHANGES,
    BUILD_ORDER,
    EQUITY,
    access_changes,
    building_order,
    equity_of,
)
from borderreach.analysis.decisions._order import corridor_costs
from borderreach.geo.errors import InputError
from borderreach.geo.networks import Links, build_network
from borderreach.geo.places import origins_table

#: Three towns around a city, each with a slow road to it.
LON, LAT = [106.0, 106.5, 106.25, 106.25], [29.0, 29.0, 29.6, 29.3]
SLOW = build_network(LON, LAT, Links([0, 1, 2], [3, 3, 3], [6e4] * 3, [9e3] * 3), max_access_km=1)
CITY = origins_table([(LON[3], LAT[3])])


def towns(people):
    frame = pd.DataFrame(
        {"adcode": [1, 2, 3], "name": list("abc"), "province": ["甲", "甲", "乙"], "people": people, "lon": LON[:3], "lat": LAT[:3]}
    )  # fmt: skip
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(LON[:3], LAT[:3]), crs=4326)


def road(k, cost=None):
    ends = [
        {"name": name, "lon": LON[n], "lat": LAT[n], "kind": "interchange", "position": "existing"}
        for name, n in ((f"{k}", k), ("城", 3))
    ]
    return Corridor.model_validate(
        {"id": f"road-{k}", "name": f"路{k}", "mode": "road", "status": "planned", "status_date": "2025-01-01",
         "design_speed_kph": 100, "cost_100m_yuan": cost, "stops": ends}
    )  # fmt: skip


def order(people, costs, budget, objective="people"):
    corridors = [road(k, cost) for k, cost in enumerate(costs)]
    return building_order(
        SLOW, corridors, towns(people), CITY, budget=budget, objective=objective, cutoff_min=60
    )


def test_costs_are_yuan_where_all_say_so_and_kilometres_where_none_does():
    assert corridor_costs([road(0, 30.0), road(1, 40.0)]) == ({"road-0": 30.0, "road-1": 40.0}, "100m_yuan")
    costs, unit = corridor_costs([road(0), road(1)])
    assert unit == "km"
    assert costs["road-0"] == pytest.approx(float(road(0).lengths_km.sum()))
    with pytest.raises(InputError, match=r"'road-1' has no 'cost_100m_yuan'.*'road-0'"):
        corridor_costs([road(0, 30.0), road(1)])


def test_the_order_by_hand():
    tables = order([10.0, 30.0, 20.0], [10.0, 10.0, 10.0], 20.0)
    table = tables["build_order"]
    assert list(table.columns) == list(BUILD_ORDER)
    assert table["corridor_id"].tolist() == ["road-1", "road-2", "road-0"]
    assert table["step"].tolist() == [1, 2, 0]
    assert table["value"].tolist()[:2] == [30, 50]
    assert table["base_value"].tolist() == [0, 0, 0]
    assert table["chosen"].tolist() == [True, True, False]
    assert (tables["build_pairs"]["kind"] == "independent").all()
    everything = order([10.0, 30.0, 20.0], [10.0, 10.0, 10.0], None)
    assert everything["build_order"]["chosen"].all()


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.integers(1, 50), min_size=3, max_size=3),
    st.lists(st.integers(1, 20), min_size=3, max_size=3),
    st.integers(1, 60),
)
def test_no_subset_within_the_budget_is_better(people, costs, budget):
    tables = order([float(one) for one in people], [float(one) for one in costs], float(budget))
    table = tables["build_order"]
    best = table.loc[table["chosen"], "value"].max() if table["chosen"].any() else 0.0
    assert table.loc[table["chosen"], "cost"].sum() <= budget
    everything = [subset for n in range(4) for subset in combinations(range(3), n)]
    affordable = [subset for subset in everything if sum(costs[k] for k in subset) <= budget]
    assert best == max(sum(people[k] for k in subset) for subset in affordable)
    # what the steps add, adds up
    assert table.loc[table["chosen"], "adds"].sum() == pytest.approx(best)


def test_market_access_by_hand_and_shares_that_add_up():
    scenario = Scenarios(SLOW, [road(0)]).network(["road-0"])
    places = towns([10.0, 30.0, 20.0])
    table = access_changes(SLOW, scenario, places, thetas=[1.0, 8.22], cost_doubles_min=60)
    assert list(table.columns) == list(ACCESS_CHANGES)
    assert table["theta"].tolist() == [1.0] * 3 + [8.22] * 3
    minutes = minutes_between(SLOW, places, places)
    expected = (places["people"].to_numpy()[None, :] / (1 + minutes / 60)).sum(axis=1)
    one = table[table["theta"] == 1].set_index("name")
    assert one.loc[list("abc"), "base_access"].tolist() == pytest.approx(expected)
    assert (table["change_pct"] >= -1e-9).all()
    for _, some in table.groupby("theta"):
        share = some["base_access"] / some["base_access"].sum()
        assert (share * (1 + some["relative_pct"] / 100)).sum() == pytest.approx(1)
        assert some.iloc[0]["name"] == "a"  # the town with the new road gains most
        assert {"gains", "loses"} == set(some["side"])
    assert access_changes(SLOW, scenario, places.iloc[:1], thetas=[1.0], cost_doubles_min=60).empty


def test_equity_by_hand():
    table = pd.DataFrame({"people": [10.0] * 10, "now": [10.0] * 9 + [100.0], "then": [50.0] * 10})
    found = equity_of(table, scenarios={"base": "now", "all": "then"})
    assert list(found.columns) == list(EQUITY)
    value = found.set_index(["scenario", "measure"])["value"]
    assert value["base", "palma"] == pytest.approx(10)
    assert value["all", "palma"] == pytest.approx(1)
    assert value["all", "gini"] == pytest.approx(0)
    assert value["base", "poverty_line"] == value["all", "poverty_line"] == 5
    assert value["base", "poor_share"] == 0
    poor = equity_of(table.assign(now=[1.0] * 3 + [10.0] * 7), scenarios={"base": "now"})
    shares = poor.set_index("measure")["value"]
    assert shares["poor_share"] == pytest.approx(0.3)
    assert shares["poverty_gap"] == pytest.approx(0.3 * 0.8)
    assert equity_of(table.iloc[:0], scenarios={"base": "now"}).empty
    assert equity_of(table.assign(now=np.nan), scenarios={"base": "now"}).empty
