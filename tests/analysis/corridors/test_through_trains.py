"""Through trains between old lines and new ones, as batches and `with_railways` have them."""

from __future__ import annotations

import pandas as pd
import pytest

import borderreach as br
from borderreach.analysis.batches._batch import _with_corridors


def test_staying_aboard_from_an_old_line_onto_a_new_one_is_waited_for():
    """As between old lines: trains don't all run on, in batches no less than in the base."""
    lon = [106.0, 106.5, 107.0]
    stations = pd.DataFrame(
        {"station_id": list("AB"), "name": list("AB"), "lon": lon[:2], "lat": [29.0, 29.0]}
    )
    sections = pd.DataFrame({"line_id": ["old"], "from_station": ["A"], "to_station": ["B"], "minutes": [20.0],
                             "length_km": [50.0], "trains_per_day": [20]})  # fmt: skip
    rail = br.rail_network(stations=stations, sections=sections)
    road = br.build_network(lon, [29.0] * 3, br.Links([0, 1], [1, 2], [49e3] * 2, [9000.0] * 2))
    stops = [{"name": n, "lon": x, "lat": 29.0, "kind": "station", "position": "approximate"} for n, x in zip("BC", lon[1:], strict=True)]  # fmt: skip
    line = br.Corridor.model_validate({
        "id": "new", "name": "新", "mode": "rail", "status": "planned", "status_date": "2025-01-01",
        "design_speed_kph": 250, "trains_per_day": 20, "stops": stops,
    })  # fmt: skip
    ends = (lon[0], 29.0), (lon[2], 29.0)
    taken = {
        wait: br.travel_times(
            br.with_railways(road, corridors=line, rail=rail, rules=br.TransferRules(through_wait_min=wait)),
            *ends,
        )["travel_time_min"][0]
        for wait in (0, 25)
    }
    assert taken[25] == pytest.approx(taken[0] + 25)
    batch = br.travel_times(_with_corridors(road, rail, [line]), *ends)["travel_time_min"][0]
    assert batch == pytest.approx(taken[25])
