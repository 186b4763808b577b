"""A day away by train: when one gets there first, when one has to leave, how long one can stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.networks import TransferRules, TransportNetwork
from ...geo.timetables import Timetable
from ._origins import each, origin_list
from ._roads_and_trains import RoadsAndTrains


def day_trips(
    network: TransportNetwork,
    timetable: Timetable,
    homes: Any,
    destinations: Any,
    *,
    between: tuple[str, str] = ("06:00", "24:00"),
    rules: TransferRules | None = None,
    station_reach_min: float = 90.0,
    between_stations_min: float = 60.0,
    workers: int | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Compute how long a day's stay may last for those who go and come back by train.

    Parameters
    ----------
    network : TransportNetwork
        Roads, to the stations and from them.
    timetable : Timetable
    homes, destinations : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
    between : (str, str)
        From when one sets out, and when one is back home, ``HH:MM``.
    rules, station_reach_min, between_stations_min, workers, progress
        As in `timetable_times`.

    Returns
    -------
    pandas.DataFrame
        A row per pair: ``from_id, to_id``; ``first_arrival_min`` and ``last_departure_min``, at the destination's
        door, minutes after midnight; ``stay_min``, the time between them, negative where the last way back begins
        before the first arrival. NaN where no train goes there, or none back, within these hours.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError
        If an argument can't be used.
    UnknownPlaceError, AmbiguousPlaceError

    See Also
    --------
    timetable_times

    Examples
    --------
    A train each way every hour from 6 to 21, 30 minutes to ride, stations at the doors:

    >>> rows = [
    ...     (f"{a}{h}", a, 1, f"{h:02}:00") for h in range(6, 22) for a in "AB"
    ... ] + [(f"{a}{h}", b, 2, f"{h:02}:30") for h in range(6, 22) for a, b in ("AB", "BA")]
    >>> calls = pd.DataFrame(rows, columns=["train", "station", "stop_no", "depart"]).assign(arrive="")
    >>> stations = pd.DataFrame({"name": ["A", "B"], "lon": [106.5, 107.5], "lat": [29.5, 29.5]})
    >>> trains = br.timetable(calls, stations=stations)
    >>> road = br.build_network([106.5, 107.5], [29.5, 29.5], br.Links([0], [1], [97e3], [7200.0]))
    >>> rules = br.TransferRules(boarding_min=10, alighting_min=5)
    >>> trip = br.day_trips(road, trains, (106.5, 29.5), (107.5, 29.5), rules=rules)
    >>> (trip[["first_arrival_min", "last_departure_min", "stay_min"]] / 60).round(2).values.tolist()
    [[7.58, 20.83, 13.25]]
    """
    both = RoadsAndTrains(
        network,
        timetable,
        rules=rules,
        window=between,
        window_argument="between",
        station_reach_min=station_reach_min,
        between_stations_min=between_stations_min,
    )
    starts, ends = origin_list(homes, argument="homes"), origin_list(destinations, argument="destinations")
    there, back = both.access_s(homes), both.access_s(destinations)
    to_ends, to_homes = both.egress(destinations), both.egress(homes)

    def out(k: int) -> NDArray[np.float64]:
        found = both.arrivals(there[k])
        return _earliest(found.start, found.arrive_s, to_ends.start, to_ends.station, to_ends.seconds)

    def home(k: int) -> NDArray[np.float64]:
        found = both.arrivals(back[k])
        return _latest(
            found.start, found.arrive_s, found.set_out_s,
            to_homes.start, to_homes.station, to_homes.seconds, both.end_s,
        )  # fmt: skip

    first = np.stack(list(each(out, range(len(starts)), progress=progress, label="going", workers=workers)))
    last = np.stack(
        list(each(home, range(len(ends)), progress=progress, label="coming back", workers=workers))
    ).T
    first, last = (np.where(np.isfinite(seconds), seconds, np.nan) / 60 for seconds in (first, last))
    first = np.where(first <= both.end_s / 60, first, np.nan)
    return pd.DataFrame(
        {
            "from_id": np.repeat([one.id for one in starts], len(ends)),
            "to_id": np.tile([one.id for one in ends], len(starts)),
            "first_arrival_min": first.ravel(),
            "last_departure_min": last.ravel(),
            "stay_min": (last - first).ravel(),
        }
    ).astype({"from_id": "str", "to_id": "str"})


@compiled
def _earliest(
    start: NDArray[np.int64],
    arrive_s: NDArray[np.int32],
    end_start: NDArray[np.int64],
    end_station: NDArray[np.int64],
    end_s: NDArray[np.int64],
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Earliest arrival at each destination of who sets out as early as possible."""
    found = np.full(len(end_start) - 1, np.inf)
    for j in range(len(found)):
        for e in range(end_start[j], end_start[j + 1]):
            s = end_station[e]
            if start[s] < start[s + 1]:
                found[j] = min(found[j], float(arrive_s[start[s]] + end_s[e]))
    return found


@compiled
def _latest(
    start: NDArray[np.int64],
    arrive_s: NDArray[np.int32],
    set_out_s: NDArray[np.int32],
    end_start: NDArray[np.int64],
    end_station: NDArray[np.int64],
    end_s: NDArray[np.int64],
    by_s: int,
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Latest moment of setting out that still arrives at each destination by a time."""
    found = np.full(len(end_start) - 1, -np.inf)
    for j in range(len(found)):
        for e in range(end_start[j], end_start[j + 1]):
            s = end_station[e]
            for k in range(start[s + 1] - 1, start[s] - 1, -1):
                if arrive_s[k] + end_s[e] <= by_s:
                    found[j] = max(found[j], float(set_out_s[k]))
                    break
    return found
