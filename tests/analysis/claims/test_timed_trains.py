"""Claims of a study whose trains run as a timetable says."""

from __future__ import annotations

import pytest

import borderreach as br
from borderreach.analysis.claims._context import ClaimContext
from borderreach.analysis.claims._times import _method

from ..times.test_timetable_times import ENDS, RULES, hourly, road


def test_times_from_door_to_door_are_those_of_the_departures():
    def with_trains(roads: br.TransportNetwork) -> br.TransportNetwork:
        return br.timetable_network(roads, hourly(), statistic="p90", window=("08:00", "10:00"), rules=RULES)

    context = ClaimContext(network=road(), rail=br.rail_network(), trains=with_trains)
    places = br.origins_table(ENDS)
    for mode, network in (("road", road()), ("any", with_trains(road())), ("rail", with_trains(road()))):
        found = context.minutes(places, places, mode=mode, date=None)
        assert found == pytest.approx(br.minutes_between(network, places, places))
    assert _method(context.network("any", None), "any").endswith("08:00-10:00 每分钟出发者的 p90")
    assert "公路" in _method(context.network("road", None), "road")
    # faster roads, trains as they run
    faster = context.minutes(places, places, mode="any", date=None, faster=1.5)
    assert (faster <= context.minutes(places, places, mode="any", date=None) + 1e-6).all()
