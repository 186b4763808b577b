"""The embedded trunk road network of China and its travel-time model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ... import data
from ..checks import require_number, require_whole
from ..errors import DataFileError, InputError
from ._links import Links
from ._network import TransportNetwork, build_network

#: One speed for all roads alike, km/h; see the notes of `trunk_network`.
TRUNK_SPEED_KPH: Final = 88.0
#: Speeds by class, km/h; see the notes of `trunk_network`. The middle one is about the geometric mean.
TRUNK_CLASS_SPEEDS_KPH: Final = {"motorway": 120.0, "ordinary": 46.0, "unknown": 74.0}
#: Each link of an expressway takes this much longer, s: where junctions follow each other, traffic is slower.
TRUNK_JUNCTION_S: Final = 25.0
#: A link as long as its great circle, to this much, has lost its bends in the source.
TRUNK_STRAIGHT_M: Final = 3.0
TRUNK_STRAIGHT_SHARE: Final = 0.002
#: Its kilometres grow by this share for each 100 m of relief.
TRUNK_DETOUR_PER_100_M: Final = 0.1
#: Years for which the expressways are known.
TRUNK_YEARS: Final = (1990, 2025)
#: Movement off the trunk network stands for the local roads that are not in it; chosen where all streets are known.
TRUNK_ACCESS_SPEED_KPH: Final = 35.0
TRUNK_MAX_ACCESS_KM: Final = 30.0
#: How far the area within an hour is off on that account: mean error on Iceland; see ``docs/roads.md``.
TRUNK_HOUR_ERROR: Final = 0.24
#: How far times are off, out of sample: up to so many minutes, the root mean square of ln(true / modelled).
TRUNK_TIME_ERRORS: Final = ((120.0, 0.20), (240.0, 0.16), (math.inf, 0.11))
#: The one speed of all roads alike was fitted with this one off them.
TRUNK_ONE_SPEED_ACCESS_KPH: Final = 25.0


def trunk_network(
    *,
    speed_kph: float | None = None,
    year: int | None = None,
    access_speed_kph: float | None = None,
    max_access_km: float = TRUNK_MAX_ACCESS_KM,
) -> TransportNetwork:
    """Return the embedded trunk roads of China as a network.

    Motorways, trunk roads and main urban roads from OpenStreetMap (April 2024), simplified to
    junctions and undirected links, drawn straight, so that one may enter and leave at junctions
    only. Links of class ``join`` mend cuts of the source's simplification: each ties a dead end to
    a node within 500 m that is farther than 5 km over the network.

    The source keeps no road class. The table in ``data/roads`` tells which links are expressways,
    ``motorway``, at the end of a year; the others are ``ordinary``, or ``unknown`` in provinces of
    whose expressways the table has less than nine tenths. Expressways that the source lacks are
    added, straight, with junctions where they cross others. More joins tie roads that end to the next
    road ahead within 3 km (expressways: 12 km), and roads that cross have a junction, where the way
    over the network is longer than 20 and 30 km. With a `speed_kph` instead, the network
    is the source's, all its links are of class ``trunk`` or ``join`` and have that one speed.

    Parameters
    ----------
    speed_kph : float, optional
        One speed for all roads, km/h, without classes and years; 88 is the calibrated one. Not with a `year`.
    year : int, optional
        1990 to 2025, the latest by default: expressways open at the end of that year, with speeds by class.
    access_speed_kph : float, optional
        Speed off the network, km/h: it stands for the local roads that are not in it. By default 35, and 25 with
        one speed for all roads.
    max_access_km : float
        Reach off the network, km.

    Returns
    -------
    TransportNetwork
        122,454 nodes, 191,304 links, of which 875 are joins, and, without a `speed_kph`, the expressways that the source
        lacks, and more junctions and joins.

    Raises
    ------
    InputError, InputTypeError
        If a speed, year or reach is out of range, or both a speed and a year are given.
    DataFileError
        If an embedded file is damaged.

    Notes
    -----
    Travel times are modelled, and fitted on 117 published pairs: expressways 120 km/h and 25 s for
    each link, but never slower than an ordinary road; ordinary roads 46 km/h; 74 km/h, about their
    geometric mean, where the class is unknown. Four fifths of the links are as long as the great
    circle of their ends: these are made longer by 10 % for each 100 m of relief, the standard
    deviation of altitudes within some 14 km. Three pairs only tell of ordinary roads. Errors
    out of sample stand in ``docs/roads.md``, which says, too, how sure the table is: most of its
    years are from general knowledge. ``data/build/calibrate_classes.py`` prints the tables.

    The one speed of 88 km/h stands between 90 km/h, the best for Zunyi's road hours to 16 cities
    (Ma and Tang 2024, column 2024), and 85 km/h, the best for the whole country.

    References
    ----------
    Ma, L., Tang, Y. (2024). The distributional impacts of transportation networks in China.
    Journal of International Economics, 103873.

    Examples
    --------
    >>> br.trunk_network(speed_kph=88)
    <TransportNetwork road: 122,454 nodes, 191,304 links, 382,608 arcs, 669,060 km>
    >>> sorted(br.trunk_network(year=2025).classes)
    ['join', 'motorway', 'ordinary', 'unknown']
    """
    until = 0  # without classes
    if speed_kph is not None:
        if year is not None:
            raise InputError(
                f"speed_kph={speed_kph!r} is for all roads alike, year={year!r} brings speeds by class: give one of them"
            )
        speed_kph = require_number(speed_kph, "speed_kph", unit="km/h", above=0, maximum=200)
    else:
        until = require_whole(
            TRUNK_YEARS[1] if year is None else year, "year", minimum=TRUNK_YEARS[0], maximum=TRUNK_YEARS[1]
        )
    if access_speed_kph is None:
        access_speed_kph = TRUNK_ACCESS_SPEED_KPH if speed_kph is None else TRUNK_ONE_SPEED_ACCESS_KPH
    access_speed_kph = require_number(access_speed_kph, "access_speed_kph", unit="km/h", above=0, maximum=400)
    max_access_km = require_number(max_access_km, "max_access_km", unit="km", minimum=0, maximum=1000)
    roads = _read("trunk_network.npz")
    tail = np.concatenate([roads["tail"], roads["join_tail"]])
    head = np.concatenate([roads["head"], roads["join_head"]])
    length_m = np.concatenate([roads["length_m"], roads["join_length_m"]]).astype(float)
    road_class = np.repeat(["trunk", "join"], [len(roads["tail"]), len(roads["join_tail"])]).astype(object)
    lon, lat = roads["lon"] / 1000, roads["lat"] / 1000
    if speed_kph is not None:
        time_s = length_m / speed_kph * 3.6
        model = f"{speed_kph:g} km/h on every link"
    else:
        length_m = length_m * _detour(roads["lon"], roads["lat"], tail, head, length_m)
        classed = _by_class(tail, head, length_m, road_class, until, n_nodes=len(lon))
        tail, head, length_m, road_class = classed.tail, classed.head, classed.length_m, classed.road_class
        lon, lat = np.concatenate([lon, classed.lon / 1000]), np.concatenate([lat, classed.lat / 1000])
        time_s = _seconds(length_m, road_class)
        speeds = ", ".join(f"{name} {value:g}" for name, value in TRUNK_CLASS_SPEEDS_KPH.items())
        model = (
            f"expressways at the end of {until}; km/h by class: {speeds}; "
            f"{TRUNK_JUNCTION_S:g} s more for each link of an expressway"
        )
    return build_network(
        lon,
        lat,
        Links(tail, head, length_m, time_s=time_s, mode="road", road_class=road_class.tolist()),
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        provenance=data.catalog()["trunk_network"]
        | {
            "travel_time_model": model,
            "access": f"{access_speed_kph:g} km/h within {max_access_km:g} km of a junction",
        },
    )


def _detour(
    lon: NDArray[np.int32],
    lat: NDArray[np.int32],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    length_m: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how many times as long each link is as the source says."""
    relief_10m = _read("roads/relief.npz")["relief_10m"]
    if len(relief_10m) != len(lon):
        raise DataFileError(
            "the embedded files trunk_network.npz and roads/relief.npz don't belong together; reinstall borderreach"
        )
    # the source measures on this sphere
    across, up = np.radians(lon / 1000), np.radians(lat / 1000)
    half = np.sin((up[tail] - up[head]) / 2) ** 2
    half += np.cos(up[tail]) * np.cos(up[head]) * np.sin((across[tail] - across[head]) / 2) ** 2
    gap_m: NDArray[np.float64] = 2 * 6_371_000.0 * np.arcsin(np.sqrt(half))
    straight = np.abs(length_m - gap_m) < np.maximum(TRUNK_STRAIGHT_M, TRUNK_STRAIGHT_SHARE * gap_m)
    relief_100m = (relief_10m[tail].astype(float) + relief_10m[head]) / 20
    return np.where(straight, 1 + TRUNK_DETOUR_PER_100_M * relief_100m, 1.0)


def _seconds(length_m: NDArray[np.float64], road_class: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the travel time on each link."""
    kph: NDArray[np.float64] = np.full(len(road_class), TRUNK_CLASS_SPEEDS_KPH["ordinary"])
    for name, speed in TRUNK_CLASS_SPEEDS_KPH.items():
        kph[road_class == name] = speed
    seconds: NDArray[np.float64] = length_m / kph * 3.6
    slow: NDArray[np.float64] = length_m / TRUNK_CLASS_SPEEDS_KPH["ordinary"] * 3.6
    # where junctions are close, an expressway is no slower than the road beside it
    return np.where(road_class == "motorway", np.minimum(seconds + TRUNK_JUNCTION_S, slow), seconds)


@dataclass(frozen=True, slots=True)
class _Classed:
    """Links with the classes of a year, and the junctions that are not in the source, in thousandths of a degree."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length_m: NDArray[np.float64]
    road_class: NDArray[np.object_]
    lon: NDArray[np.int32]
    lat: NDArray[np.int32]


def _by_class(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    length_m: NDArray[np.float64],
    road_class: NDArray[np.object_],
    year: int,
    *,
    n_nodes: int,
) -> _Classed:
    """Return the links with the classes of a year and the expressways that the source lacks."""
    kinds = _read("roads/links.npz")
    if len(kinds["kind"]) != len(tail):
        raise DataFileError(
            "the embedded files trunk_network.npz and roads/links.npz don't belong together; reinstall borderreach"
        )
    # a year of 0: open, nobody knows since when
    names = np.array(["unknown", "ordinary", "motorway"], dtype=object)[kinds["kind"]]
    names[(names == "motorway") & (kinds["year"] > year)] = "ordinary"
    names[road_class == "join"] = "join"
    new = kinds["new_year"] <= year
    # links that get junctions are cut there, in all years alike: a later year is never slower
    cut, share = kinds["cut_link"], kinds["cut_share"].astype(float)
    whole = np.ones(len(tail), dtype=bool)
    whole[cut] = False
    joins = kinds["join_length_m"]
    tail = np.concatenate([tail[whole], kinds["cut_tail"], kinds["join_tail"], kinds["new_tail"][new]])
    head = np.concatenate([head[whole], kinds["cut_head"], kinds["join_head"], kinds["new_head"][new]])
    # junctions of two added roads that aren't there yet are left out
    is_used = np.zeros(n_nodes + len(kinds["node_lon"]), dtype=bool)
    is_used[:n_nodes] = is_used[tail] = is_used[head] = True
    number = (np.cumsum(is_used) - 1).astype(np.int32)
    own = np.flatnonzero(is_used[n_nodes:])
    return _Classed(
        number[tail],
        number[head],
        np.concatenate([length_m[whole], length_m[cut] * share, joins, kinds["new_length_m"][new]]),
        np.concatenate(
            [
                names[whole],
                names[cut],
                np.repeat(np.array(["join", "motorway"], dtype=object), [len(joins), new.sum()]),
            ]
        ),
        kinds["node_lon"][own],
        kinds["node_lat"][own],
    )


def _read(name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an embedded file."""
    path = data.path(name)
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise DataFileError(f"the embedded file {path.name} is damaged; reinstall borderreach") from error
