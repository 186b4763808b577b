"""DG REGIO's accessibility, proximity and performance on places whose distances are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from borderreach.analysis.indicators._transport_performance import (
    mean_by_region,
    rail_performance,
    transport_performance,
    waiting_from_frequency,
)
from borderreach.geo.errors import InputError, MissingColumnError

from ..tables import long_table

#: On the meridian of 106 E: b lies 111 km and c 222 km north of a.
PLACES = pd.DataFrame(
    {"people": [100.0, 40.0, 5.0], "lon": 106.0, "lat": [29.0, 30.0, 31.0]}, index=["a", "b", "c"]
)
TIMES = [[0, 91, 80], [60, 0, 95], [80, 85, 0]]


def test_performance_by_hand():
    result = transport_performance(long_table(TIMES), PLACES)
    assert result["people_reached"].tolist() == [105, 140, 145]
    assert result["people_nearby"].tolist() == [140, 145, 45]
    assert result["performance"].tolist() == pytest.approx([105 / 140, 140 / 145, 145 / 45])


def test_the_radius_is_measured_on_the_ground():
    # a degree of latitude at 29.5 N is 110.85 km
    inside = transport_performance(long_table(TIMES), PLACES, radius_km=111.2)
    outside = transport_performance(long_table(TIMES), PLACES, radius_km=110.5)
    assert inside["people_nearby"][0] == 140
    assert outside["people_nearby"][0] == 100


def test_average_and_optimal_rail():
    result = rail_performance(long_table(TIMES), PLACES, waiting_min=15)
    assert result["people_reached_optimal"].tolist() == [105, 140, 145]
    # 60 + 15 is within 90 minutes, 80 + 15 and 85 + 15 aren't; nobody waits to be at home
    assert result["people_reached_average"].tolist() == [100, 140, 5]
    assert result["performance_average"].tolist() == pytest.approx([100 / 140, 140 / 145, 5 / 45])
    by_origin = rail_performance(long_table(TIMES), PLACES, waiting_min={"a": 10, "b": 31, "c": 5})
    assert by_origin["people_reached_average"].tolist() == [105, 40, 145]


def test_waits_by_pair():
    table = long_table(TIMES).assign(wait=np.arange(9.0))
    table.loc[table["travel_time_min"] == 91, ["travel_time_min", "wait"]] = np.nan
    result = rail_performance(table, PLACES, waiting_min="wait")
    assert result["people_reached_average"].tolist() == [105, 140, 5 + 100]
    with pytest.raises(InputError, match="'waiting_min': column 'wait'"):
        rail_performance(table.assign(wait=np.nan), PLACES, waiting_min="wait")
    with pytest.raises(MissingColumnError, match="'headway'"):
        rail_performance(table, PLACES, waiting_min="headway")


def test_waiting_from_frequency():
    assert waiting_from_frequency(pd.Series([1, 4], index=["a", "b"])).to_dict() == {"a": 30, "b": 7.5}
    with pytest.raises(InputError, match="above zero"):
        waiting_from_frequency([1, 0])


def test_means_by_region_are_weighted_by_people():
    result = transport_performance(long_table(TIMES), PLACES)
    table = mean_by_region(
        result, PLACES["people"], {"a": "渝", "b": "渝", "c": "黔"}, columns=("people_reached",)
    )
    assert table["region"].tolist() == ["渝", "黔"]
    assert table["n_places"].tolist() == [2, 1]
    assert table["people_reached"].tolist() == pytest.approx([(105 * 100 + 140 * 40) / 140, 145])
    with pytest.raises(InputError, match="'regions' has no value for 'c'"):
        mean_by_region(result, PLACES["people"], {"a": "渝", "b": "渝"})


def test_places_are_checked():
    with pytest.raises(InputError, match=r"no value for 'c'"):
        transport_performance(long_table(TIMES), PLACES.drop("c"))
    with pytest.raises(MissingColumnError, match="'lat'"):
        transport_performance(long_table(TIMES), PLACES.drop(columns="lat"))
    with pytest.raises(InputError, match="without lon or lat"):
        transport_performance(long_table(TIMES), PLACES.assign(lon=[106.0, np.nan, 106.0]))
