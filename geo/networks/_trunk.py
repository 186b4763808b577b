"""The embedded trunk road network of China and its travel-time model."""

from __future__ import annotations

from typing import Final

import numpy as np

from ... import data
from ..checks import require_number
from ..errors import DataFileError
from ._network import Links, TransportNetwork, build_network

#: Mean speed on the trunk network, km/h, door to door over all its roads; see `trunk_network`.
TRUNK_SPEED_KPH: Final = 88.0
#: Movement off the trunk network stands for the local roads that are not in it.
TRUNK_ACCESS_SPEED_KPH: Final = 25.0
TRUNK_MAX_ACCESS_KM: Final = 30.0


def trunk_network(
    *,
    speed_kph: float = TRUNK_SPEED_KPH,
    access_speed_kph: float = TRUNK_ACCESS_SPEED_KPH,
    max_access_km: float = TRUNK_MAX_ACCESS_KM,
) -> TransportNetwork:
    """Return the embedded trunk roads of China as a network.

    Motorways, trunk roads and main urban roads from OpenStreetMap (April 2024), simplified to
    junctions and undirected links whose lengths are road kilometres. The source keeps no road
    class, so that one speed serves all roads, and no course between junctions, so that links are
    drawn straight and one may enter and leave at junctions only. Links of class ``join`` mend cuts
    of the source's simplification: each ties a dead end to a node within 500 m that is farther
    than 5 km over the network.

    Parameters
    ----------
    speed_kph : float
        Speed on every link, km/h. The default is calibrated: see Notes.
    access_speed_kph : float
        Speed off the network, km/h: it stands for the local roads that are not in it.
    max_access_km : float
        Reach off the network, km.

    Returns
    -------
    TransportNetwork
        122,454 nodes, 191,304 links, of which 875 are joins.

    Raises
    ------
    InputError, InputTypeError
        If a speed or reach is out of range.
    DataFileError
        If the embedded file is damaged.

    Notes
    -----
    Travel times are modelled. The speed is the one free parameter. Published modelled road hours
    from Zunyi to 16 cities (Ma and Tang 2024, column 2024) are met best by 90 km/h with a mean
    error of 6.5 %, and by any speed from 84 to 95 km/h within 9 %; over the whole country the
    same source is met by about 85 km/h. The default lies between. ``data/build/calibrate_trunk.py``
    prints the table. Errors of single pairs reach 14 %: where roads are straight and flat
    (Sichuan basin) the model is too slow, in the mountains too fast.

    References
    ----------
    Ma, L., Tang, Y. (2024). The distributional impacts of transportation networks in China.
    Journal of International Economics, 103873.

    Examples
    --------
    >>> br.trunk_network()
    <TransportNetwork road: 122,454 nodes, 191,304 links, 382,608 arcs, 669,060 km>
    """
    speed = require_number(speed_kph, "speed_kph", unit="km/h", above=0, maximum=200)
    access_speed_kph = require_number(access_speed_kph, "access_speed_kph", unit="km/h", above=0, maximum=400)
    max_access_km = require_number(max_access_km, "max_access_km", unit="km", minimum=0, maximum=1000)
    path = data.path("trunk_network.npz")
    try:
        with np.load(path, allow_pickle=False) as file:
            lon, lat = file["lon"] / 1000, file["lat"] / 1000
            tail = np.concatenate([file["tail"], file["join_tail"]])
            head = np.concatenate([file["head"], file["join_head"]])
            length_m = np.concatenate([file["length_m"], file["join_length_m"]]).astype(float)
            road_class = np.repeat(["trunk", "join"], [len(file["tail"]), len(file["join_tail"])])
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise DataFileError(f"the embedded file {path.name} is damaged; reinstall borderreach") from error
    return build_network(
        lon,
        lat,
        Links(
            tail, head, length_m, time_s=length_m / speed * 3.6, mode="road", road_class=road_class.tolist()
        ),
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        provenance=data.catalog()["trunk_network"]
        | {
            "travel_time_model": f"{speed:g} km/h on every link",
            "access": f"{access_speed_kph:g} km/h within {max_access_km:g} km of a junction",
        },
    )
