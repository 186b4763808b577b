"""Times from door to door with trains as they run, over all departures of a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_choice, require_cutoffs
from ...geo.networks import TransferRules, TransportNetwork
from ...geo.timetables import Timetable
from ._origins import each, origin_list
from ._roads_and_trains import RoadsAndTrains, require_percentiles


def timetable_times(
    network: TransportNetwork,
    timetable: Timetable,
    origins: Any,
    destinations: Any = None,
    *,
    window: tuple[str, str] = ("07:00", "19:00"),
    percentiles: Sequence[float] = (10, 50, 90),
    within_min: Sequence[float] = (60, 120),
    rules: TransferRules | None = None,
    station_reach_min: float = 90.0,
    between_stations_min: float = 60.0,
    off_network: Literal["raise", "unreachable"] = "raise",
    workers: int | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    r"""Compute times from door to door by road and by trains as they run, over a window of departures.

    Whoever sets out at a minute drives the whole way, or to a station, takes trains, changes between them (also by
    road to another station), and drives to the destination; whichever arrives first counts. Over all minutes of the
    window this gives a distribution: the fastest journey, percentiles, and the share of departures that arrive
    within a time.

    Parameters
    ----------
    network : TransportNetwork
        Roads.
    timetable : Timetable
    origins, destinations : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
        Destinations are the origins themselves when left out.
    window : (str, str)
        First minute of setting out, and the minute after the last, ``HH:MM``; the second may pass 24:00.
    percentiles : sequence of float
        Between 0 and 100.
    within_min : sequence of float
        Minutes, ascending.
    rules : TransferRules, optional
        `boarding_min` from the station's door to the train, `alighting_min` back, `transfer_min` from train to train
        in a station. Between stations one gets off, drives and boards. Waiting is what the timetable says.
    station_reach_min : float
        Stations farther by road from an origin or a destination aren't used, minutes.
    between_stations_min : float
        Nor are changes with a longer way by road from station to station, minutes.
    off_network : {"raise", "unreachable"}
        What to do with places farther from the network than its reach.
    workers : int, optional
        Threads; one per processor when left out. Results don't depend on it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        A row per pair, origins in order and, for each, the destinations in order:

        - ``from_id, to_id``
        - ``road_min``: the whole way by road
        - ``fastest_min``: for whoever sets out at the best moment
        - ``p10_min`` and so on: so many per cent of the departures take at most this long
        - ``planned_min``: half of the departures take at most this long, when time spent at home, waiting to set
          out for a train, isn't counted
        - ``within_60`` and so on: share of the departures that arrive within so many minutes
        - ``by_train``: share of the departures that a train brings there sooner than the road

        Departures that don't arrive within 24 hours count as never arriving; NaN where a percentile is one of them.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError
        If an argument can't be used.
    UnknownPlaceError, AmbiguousPlaceError, OffNetworkError

    See Also
    --------
    timetable, travel_times

    Notes
    -----
    One sweep through the day's connections per origin: each train and station carries the latest moment at which one
    may have set out to be there, which answers all departures at once (a connection scan, Dibbelt and others 2018,
    turned round). Percentiles are those of the empirical distribution, as in Conway, Byrd and van der Linden (2017).
    Times are exact to a second.

    References
    ----------
    Dibbelt, J., Pajor, T., Strasser, B., Wagner, D. (2018). Connection scan algorithm. ACM Journal of Experimental
    Algorithmics 23, 1.7.

    Conway, M. W., Byrd, A., van der Linden, M. (2017). Evidence-based transit and land use sketch planning using
    interactive accessibility methods on combined schedule and headway-based networks. Transportation Research
    Record 2653, 45-53.

    Examples
    --------
    A train an hour, 30 minutes to ride, where the road takes two hours:

    >>> calls = pd.DataFrame(
    ...     [(h, "A", f"{h:02}:00") for h in range(6, 24)] + [(h, "B", f"{h:02}:30") for h in range(6, 24)],
    ...     columns=["train", "station", "depart"],
    ... ).assign(arrive="", stop_no=lambda t: (t["station"] == "B") + 1)
    >>> stations = pd.DataFrame({"name": ["A", "B"], "lon": [106.5, 107.5], "lat": [29.5, 29.5]})
    >>> trains = br.timetable(calls, stations=stations)
    >>> road = br.build_network([106.5, 107.5], [29.5, 29.5], br.Links([0], [1], [97e3], [7200.0]))
    >>> rules = br.TransferRules(boarding_min=10, alighting_min=5)
    >>> found = br.timetable_times(road, trains, (106.5, 29.5), (107.5, 29.5), rules=rules)
    >>> found[["road_min", "fastest_min", "p50_min", "planned_min", "within_60"]].round(2).values.tolist()
    [[120.0, 45.0, 74.0, 45.0, 0.27]]
    """
    both = RoadsAndTrains(
        network,
        timetable,
        rules=rules,
        window=window,
        station_reach_min=station_reach_min,
        between_stations_min=between_stations_min,
    )
    asked = require_percentiles(percentiles)
    within = require_cutoffs(within_min, "within_min")
    missing = require_choice(off_network, "off_network", ("raise", "unreachable"))
    starts = origin_list(origins)
    to = origins if destinations is None else destinations
    ends = starts if destinations is None else origin_list(destinations, argument="destinations")
    road = both.road_s(origins, to, off_network=missing)
    access, egress = both.access_s(origins), both.egress(to)

    def row(k: int) -> NDArray[np.float64]:
        return both.statistics(
            both.arrivals(access[k]), egress, road[k], percentiles=asked, within_min=within
        )

    found = each(row, range(len(starts)), progress=progress, label="timetable", workers=workers)
    stacked = np.concatenate(list(found))
    shares = stacked[:, 3 + len(asked) :]
    minutes = np.where(np.isfinite(stacked), stacked, np.nan) / 60
    columns = {
        "from_id": np.repeat([start.id for start in starts], len(ends)),
        "to_id": np.tile([end.id for end in ends], len(starts)),
        "road_min": minutes[:, 0],
        "fastest_min": minutes[:, 1],
        **{f"p{p:g}_min": minutes[:, 3 + k] for k, p in enumerate(asked)},
        "planned_min": minutes[:, 2],
        **{f"within_{limit:g}": shares[:, 1 + k] for k, limit in enumerate(within)},
        "by_train": shares[:, 0],
    }
    return pd.DataFrame(columns).astype({"from_id": "str", "to_id": "str"})
