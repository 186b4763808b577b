"""The trains of planned lines, put into a timetable of today's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from ...geo.crs import ELLIPSOID, WGS84
from ...geo.errors import InputError, InputTypeError
from ...geo.networks import TransportNetwork
from ...geo.timetables import Timetable, TimetableNetwork, phase, with_runs
from ._files import Corridor, resolve_corridors
from ._joined import Leg, legs

#: A stop is the station of its name that a timetable has, if it lies so near.
SAME_STATION_KM: Final = 5.0
#: Trains per day and direction of a service where nobody has said.
_USUAL: Final = 20.0


def with_corridor_trains(
    timetable: Timetable,
    study_or_ids: Any,
    *,
    hours: tuple[str, str] = ("06:30", "22:30"),
) -> Timetable:
    """Add the trains of rail corridors to a timetable.

    Each service of a corridor runs `trains_per_day` times in either direction, at equal intervals over the hours of
    service. Nobody knows at which minute: the first leaves at a moment drawn from the names of corridor, service and
    direction, the same in every scenario, so that none looks better or worse by chance.

    Parameters
    ----------
    timetable : Timetable
        Today's trains.
    study_or_ids
        Corridors, as `corridors` takes them; those that aren't railways are left out.
    hours : (str, str)
        Between which trains leave their first station, ``HH:MM``.

    Returns
    -------
    Timetable
        A stop of the name of a station within 5 km is that station; others become stations of their own, reached
        from there by road.

    Raises
    ------
    InputError, InputTypeError
        If an argument can't be used.
    UnknownPlaceError, DataFileError
        As from `corridors`.

    See Also
    --------
    timetable_times, corridor_segments

    References
    ----------
    Conway, M. W., Byrd, A., van Eggermond, M. (2018). Accounting for uncertainty and variation in accessibility
    metrics for public transport sketch planning. Journal of Transport and Land Use 11(1), 541-558.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "train": ["G1", "G1"],
    ...         "stop_no": [1, 2],
    ...         "station": ["重庆北", "成都东"],
    ...         "arrive": ["", "09:30"],
    ...         "depart": ["08:00", ""],
    ...     }
    ... )
    >>> today = br.timetable(calls)
    >>> planned = br.with_corridor_trains(today, "yuqian")
    >>> len(planned.stations) > len(today.stations)
    True
    """
    if not isinstance(timetable, Timetable):
        raise InputTypeError(
            f"'timetable' should be a Timetable, got {type(timetable).__name__}; make one with timetable(path)"
        )
    first, last = _hours(hours)
    chosen = [one for one in resolve_corridors(study_or_ids) if one.mode == "rail"]
    stations = _stations(timetable, chosen)
    runs: list[tuple[str, str, int]] = []
    calls: list[tuple[int, str, float, float]] = []
    for one in chosen:
        ids = dict(zip([stop.name for stop in one.stops], stations[one.id], strict=True))
        by_service: dict[str, list[Leg]] = {}
        for leg in legs(one):
            by_service.setdefault(leg.service, []).append(leg)
        for service, own in by_service.items():
            forth = [one.stops[own[0].first].name, *(one.stops[leg.last].name for leg in own)]
            steps = [leg.run_min + leg.stop_min for leg in own]
            for way, (names, minutes) in enumerate([(forth, steps), (forth[::-1], steps[::-1])]):
                n = max(round(one.trains_per_day or _USUAL), 1)
                headway = (last - first) / n
                shift = phase(f"{one.id}/{service}/{way}") * headway
                along = np.concatenate([[0.0], np.cumsum(minutes)])
                for k in range(n):
                    for day in (-1, 0, 1):
                        number = len(runs)
                        begin = first + shift + k * headway + 1440 * day
                        if day == -1 and begin + along[-1] <= 0:
                            continue
                        runs.append((f"{one.id}/{service}/{way}/{k}", one.name, day))
                        calls += [
                            (number, ids[name], 60 * (begin + at), 60 * (begin + at))
                            for name, at in zip(names, along, strict=True)
                        ]
    points = pd.concat([_points(one, stations[one.id]) for one in chosen] or [_NO_POINTS])
    return with_runs(
        timetable,
        gpd.GeoDataFrame(points.drop_duplicates("station_id"), crs=WGS84),
        pd.DataFrame(runs, columns=["run_id", "train", "day"]),
        pd.DataFrame(calls, columns=["run", "station_id", "arrive_s", "depart_s"]),
        provenance={"planned trains": ", ".join(one.id for one in chosen)} if chosen else {},
    )


def with_trains(network: TransportNetwork, corridors: Sequence[Corridor]) -> TransportNetwork:
    """Return a timetable network with the trains of rail corridors; any network as it is where there are none.

    Parameters
    ----------
    network : TransportNetwork
    corridors : sequence of Corridor
    """
    lines = [one for one in corridors if one.mode == "rail"]
    if not lines or not isinstance(network, TimetableNetwork):
        return network
    known = network.provenance.get("corridors", "")
    own = ", ".join(one.id for one in lines)
    told = {"corridors": f"{known}, {own}" if known else own}
    trains = with_corridor_trains(network.timetable, lines)
    return network.with_timetable(replace(trains, provenance=MappingProxyType({**trains.provenance, **told})))


_NO_POINTS: Final = gpd.GeoDataFrame({"station_id": [], "name": []}, geometry=[], crs=WGS84)


def _hours(hours: object) -> tuple[int, int]:
    """Return hours of service in minutes after midnight."""
    texts = list(hours) if isinstance(hours, tuple | list) else []
    found = [re.fullmatch(r"(\d{1,2}):([0-5]\d)", text) if isinstance(text, str) else None for text in texts]
    ends = [60 * int(one[1]) + int(one[2]) for one in found if one is not None]
    if len(texts) != 2 or len(ends) != 2 or any(b <= a for a, b in pairwise(ends)) or ends[0] >= 1440:
        raise InputError(f"'hours' should be two times such as ('06:30', '22:30'), got {hours!r}")
    return ends[0], ends[1]


def _stations(timetable: Timetable, chosen: list[Corridor]) -> dict[str, list[str]]:
    """Return the station_id of each stop of each corridor."""
    known = timetable.stations
    lon, lat = known.geometry.x.to_numpy(), known.geometry.y.to_numpy()
    by_name: dict[str, list[int]] = {}
    for row, name in enumerate(known["name"]):
        by_name.setdefault(str(name).removesuffix("站"), []).append(row)
    found: dict[str, list[str]] = {}
    planned: dict[str, tuple[str, float, float]] = {}
    for one in chosen:
        ids = []
        for stop in one.stops:
            near = [
                (km, str(known["station_id"].iloc[row]))
                for row in by_name.get(stop.name.removesuffix("站"), ())
                if (km := _km(lon[row], lat[row], stop.lon, stop.lat)) <= SAME_STATION_KM
            ]
            if near:
                ids.append(min(near)[1])
                continue
            same = planned.get(stop.name)
            if same is None or _km(same[1], same[2], stop.lon, stop.lat) > SAME_STATION_KM:
                same = planned[stop.name] = (f"{one.id}/{stop.name}", stop.lon, stop.lat)
            ids.append(same[0])
        found[one.id] = ids
    return found


def _points(one: Corridor, ids: list[str]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"station_id": ids, "name": [stop.name for stop in one.stops]},
        geometry=gpd.points_from_xy([stop.lon for stop in one.stops], [stop.lat for stop in one.stops]),
        crs=WGS84,
    )


def _km(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    return float(ELLIPSOID.inv(lon_a, lat_a, lon_b, lat_b)[2]) / 1000
