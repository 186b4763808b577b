"""Arrivals by pyraptor, a public RAPTOR in Python; runs in an environment of its own, without borderreach.

    python raptor.py TRAINS.json

The file has the calls of trains, the station one sets out from and the moments of doing so. What is printed is JSON: the
earliest arrival at each station for each moment, and how long all of them took.
"""

# mypy: disable-error-code=import-not-found
from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

#: Trains one after the other that a journey may take; more than any needs.
ROUNDS = 12


def main() -> int:
    """Read, run for each moment, and print."""
    from loguru import logger
    from pyraptor.dao.timetable import Timetable
    from pyraptor.model.raptor import RaptorAlgorithm
    from pyraptor.model.structures import (
        Routes,
        Station,
        Stations,
        Stop,
        Stops,
        Transfers,
        Trip,
        Trips,
        TripStopTime,
        TripStopTimes,
    )

    logger.remove()
    given: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    stations, stops, places = Stations(), Stops(), []
    for number in range(given["stations"]):
        station = stations.add(Station(str(number), str(number)))
        stop = stops.add(Stop(str(number), str(number), station, None))
        station.add_stop(stop)
        places.append(stop)
    trips, calls = Trips(), TripStopTimes()
    for train in given["trains"]:
        trip = Trip()
        for k, (number, arrive, depart) in enumerate(train):
            call = TripStopTime(trip, k, places[number], arrive, depart, 0)
            trip.add_stop_time(call)
        trips.add(trip)
        for call in trip:
            calls.add(call)
    routes = Routes()
    for trip in trips:
        routes.add(trip)
    search = RaptorAlgorithm(Timetable(stations, stops, trips, calls, routes, Transfers()))
    found, begin = [], time.perf_counter()
    for now in given["moments"]:
        labels = search.run([places[given["origin"]]], now, ROUNDS)
        # rounds after the last that brought anything are left as they began
        found.append(
            [int(min(own[stop].earliest_arrival_time for own in labels.values())) for stop in places]
        )
    print(json.dumps({"arrivals": found, "seconds": time.perf_counter() - begin}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
