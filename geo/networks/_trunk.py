"""The embedded trunk road network of China and its travel-time model."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ... import data
from ..checks import require_number, require_whole
from ..errors import DataFileError, InputError
from ._links import Links
from ._network import TransportNetwork, build_network

#: Mean speed on the trunk network, km/h, door to door over all its roads; see `trunk_network`.
TRUNK_SPEED_KPH: Final = 88.0
#: Door-to-door speeds by class, km/h; see the notes of `trunk_network`. The middle one is the geometric mean.
TRUNK_CLASS_SPEEDS_KPH: Final = {"motorway": 108.0, "ordinary": 46.0, "unknown": 70.0}
#: Years for which the expressways are known.
TRUNK_YEARS: Final = (1990, 2025)
#: Movement off the trunk network stands for the local roads that are not in it.
TRUNK_ACCESS_SPEED_KPH: Final = 25.0
TRUNK_MAX_ACCESS_KM: Final = 30.0


def trunk_network(
    *,
    speed_kph: float | None = None,
    year: int | None = None,
    access_speed_kph: float = TRUNK_ACCESS_SPEED_KPH,
    max_access_km: float = TRUNK_MAX_ACCESS_KM,
) -> TransportNetwork:
    """Return the embedded trunk roads of China as a network.

    Motorways, trunk roads and main urban roads from OpenStreetMap (April 2024), simplified to
    junctions and undirected links whose lengths are road kilometres. The source keeps no road
    class, so that one speed serves all roads unless a `year` is given, and no course between
    junctions, so that links are drawn straight and one may enter and leave at junctions only.
    Links of class ``join`` mend cuts of the source's simplification: each ties a dead end to a
    node within 500 m that is farther than 5 km over the network.

    With a `year` the roads have classes: ``motorway``, the expressways opened by then after the
    table in ``data/roads``; ``ordinary``; and ``unknown`` in provinces of whose expressways the
    table has less than nine tenths. Expressways that the source lacks are added, straight.

    Parameters
    ----------
    speed_kph : float
        Speed on every link, km/h, 88 by default: calibrated, see Notes. Not with a `year`.
    year : int, optional
        1990 to 2025: the expressways at the end of that year, with speeds by class.
    access_speed_kph : float
        Speed off the network, km/h: it stands for the local roads that are not in it.
    max_access_km : float
        Reach off the network, km.

    Returns
    -------
    TransportNetwork
        122,454 nodes, 191,304 links, of which 875 are joins; a year adds the expressways that the source lacks.

    Raises
    ------
    InputError, InputTypeError
        If a speed, year or reach is out of range, or both a speed and a year are given.
    DataFileError
        If an embedded file is damaged.

    Notes
    -----
    Travel times are modelled. The speed is the one free parameter. Published modelled road hours
    from Zunyi to 16 cities (Ma and Tang 2024, column 2024) are met best by 90 km/h with a mean
    error of 6.5 %, and by any speed from 84 to 95 km/h within 9 %; over the whole country the
    same source is met by about 85 km/h. The default lies between. ``data/build/calibrate_trunk.py``
    prints the table. Errors of single pairs reach 14 %: where roads are straight and flat
    (Sichuan basin) the model is too slow, in the mountains too fast.

    Speeds by class are fitted on 101 published pairs: motorways 108, ordinary roads 46 km/h, and
    their geometric mean where the class is unknown. With each destination held out the mean error
    is 10.9 % between prefectures (one speed: 12.4 %), 16.6 % for times told in the press (20.0 %),
    and ordinary roads come out 9 % too fast (one speed: 42 %). Three pairs only tell of ordinary
    roads. ``data/build/calibrate_classes.py`` prints the tables. Most of the table of expressways
    is from general knowledge: ``docs/roads.md`` says how sure its years are.

    References
    ----------
    Ma, L., Tang, Y. (2024). The distributional impacts of transportation networks in China.
    Journal of International Economics, 103873.

    Examples
    --------
    >>> br.trunk_network()
    <TransportNetwork road: 122,454 nodes, 191,304 links, 382,608 arcs, 669,060 km>
    """
    if year is not None:
        if speed_kph is not None:
            raise InputError(
                f"speed_kph={speed_kph!r} is for all roads alike, year={year!r} brings speeds by class: give one of them"
            )
        year = require_whole(year, "year", minimum=TRUNK_YEARS[0], maximum=TRUNK_YEARS[1])
    speed = require_number(
        TRUNK_SPEED_KPH if speed_kph is None else speed_kph, "speed_kph", unit="km/h", above=0, maximum=200
    )
    access_speed_kph = require_number(access_speed_kph, "access_speed_kph", unit="km/h", above=0, maximum=400)
    max_access_km = require_number(max_access_km, "max_access_km", unit="km", minimum=0, maximum=1000)
    roads = _read("trunk_network.npz")
    tail = np.concatenate([roads["tail"], roads["join_tail"]])
    head = np.concatenate([roads["head"], roads["join_head"]])
    length_m = np.concatenate([roads["length_m"], roads["join_length_m"]]).astype(float)
    road_class = np.repeat(["trunk", "join"], [len(roads["tail"]), len(roads["join_tail"])]).astype(object)
    kph: NDArray[np.float64] | float = speed
    model = f"{speed:g} km/h on every link"
    if year is not None:
        tail, head, length_m, road_class = _by_class(tail, head, length_m, road_class, year)
        kph = np.array(
            [TRUNK_CLASS_SPEEDS_KPH.get(name, TRUNK_CLASS_SPEEDS_KPH["ordinary"]) for name in road_class]
        )
        speeds = ", ".join(f"{name} {value:g}" for name, value in TRUNK_CLASS_SPEEDS_KPH.items())
        model = f"expressways at the end of {year}; km/h by class: {speeds}"
    return build_network(
        roads["lon"] / 1000,
        roads["lat"] / 1000,
        Links(tail, head, length_m, time_s=length_m / kph * 3.6, mode="road", road_class=road_class.tolist()),
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        provenance=data.catalog()["trunk_network"]
        | {
            "travel_time_model": model,
            "access": f"{access_speed_kph:g} km/h within {max_access_km:g} km of a junction",
        },
    )


def _by_class(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    length_m: NDArray[np.float64],
    road_class: NDArray[np.object_],
    year: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.object_]]:
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
    return (
        np.concatenate([tail, kinds["new_tail"][new]]),
        np.concatenate([head, kinds["new_head"][new]]),
        np.concatenate([length_m, kinds["new_length_m"][new]]),
        np.concatenate([names, np.full(new.sum(), "motorway", dtype=object)]),
    )


def _read(name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an embedded file."""
    path = data.path(name)
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise DataFileError(f"the embedded file {path.name} is damaged; reinstall borderreach") from error
