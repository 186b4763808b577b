"""What a network holds: kilometres by class, date, parts, and what is unusual about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..errors import InputTypeError
from ..networks import TransportNetwork

CLASS_COLUMNS: Final = (
    "mode",
    "road_class",
    "n_links",
    "km",
    "share",
    "mean_kph",
    "oneway_share",
    "exit_share",
)
#: Speeds beyond these are told of, km/h.
_SLOWEST_KPH: Final = 3.0
_FASTEST_KPH: Final = 150.0
#: Of roads. Links that stand for turns and changes have no length.
_LEAST_M: Final = 50.0
#: A link can't be shorter than the way as the crow flies, but for rounding.
_SHORTER: Final = 0.98


@dataclass(frozen=True, eq=False)
class NetworkInfo:
    """What a network holds; from `network_info`.

    Attributes
    ----------
    n_nodes, n_links, n_arcs : int
    km : float
        Of all links.
    bounds : tuple of float
        West, south, east and north, degrees.
    classes : pandas.DataFrame
        A row per mode and class, the most kilometres first: `mode, road_class, n_links, km, share` (of all kilometres),
        `mean_kph` (kilometres over hours), `oneway_share` and `exit_share` (of the class's kilometres: that can be driven
        one way only, and left anywhere).
    date : str
        Of the data, as far as it's known.
    components : str
        What was left out because it hangs together with nothing; else how many parts there are.
    access : str
        Speed and reach off it.
    n_parts : int
        Strongly connected parts: from anywhere to anywhere in each.
    main_part : float
        The share of nodes in the largest.
    unusual : tuple of str
        What somebody who uses the network should know; empty where nothing was found.
    provenance : mapping of str to str

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> info = br.network_info(road)
    >>> isinstance(info, br.NetworkInfo), info.km
    (True, 9.7)
    """

    n_nodes: int
    n_links: int
    n_arcs: int
    km: float
    bounds: tuple[float, float, float, float]
    classes: pd.DataFrame
    date: str
    components: str
    access: str
    n_parts: int
    main_part: float
    unusual: tuple[str, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)


def network_info(network: TransportNetwork) -> NetworkInfo:
    """Describe a network: kilometres by class, date of the data, parts, and what is unusual.

    Parameters
    ----------
    network : TransportNetwork

    Returns
    -------
    NetworkInfo

    Raises
    ------
    InputTypeError
        If `network` isn't a network.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0], road_class="primary"))
    >>> br.network_info(road).classes[["road_class", "km", "mean_kph"]].round(1).to_numpy().tolist()
    [['primary', 9.7, 58.2]]
    """
    if not isinstance(network, TransportNetwork):
        raise InputTypeError(f"'network' should be a TransportNetwork, got {type(network).__name__}")
    known = dict(network.provenance)
    arcs = coo_matrix(
        (np.ones(network.n_arcs, dtype=np.int8), (network.arc_tail, network.arc_head)),
        shape=(network.n_nodes, network.n_nodes),
    )
    n_parts, part = (
        connected_components(arcs, directed=True, connection="strong") if network.n_nodes else (0, [])
    )
    main_part = float(np.bincount(part).max() / network.n_nodes) if network.n_nodes else 0.0
    lon, lat = network.node_lon, network.node_lat
    bounds = (lon.min(), lat.min(), lon.max(), lat.max()) if network.n_nodes else (np.nan,) * 4
    return NetworkInfo(
        n_nodes=network.n_nodes,
        n_links=network.n_links,
        n_arcs=network.n_arcs,
        km=float(network.link_length_m.sum() / 1000),
        bounds=tuple(float(value) for value in bounds),  # type: ignore[arg-type]
        classes=_classes(network),
        date=known.get("date", "not known"),
        components=known.get("components", f"{n_parts:,} strongly connected"),
        access=f"{network.access_speed_kph:g} km/h within {network.max_access_km:g} km",
        n_parts=int(n_parts),
        main_part=main_part,
        unusual=tuple(_unusual(network, main_part)),
        provenance=known,
    )


def _classes(network: TransportNetwork) -> pd.DataFrame:
    """Return the kilometres of each class."""
    arcs = np.bincount(network.arc_link, minlength=network.n_links)
    first = np.zeros(network.n_links, dtype=np.int64)
    first[network.arc_link[::-1]] = np.arange(network.n_arcs)[::-1]
    links = pd.DataFrame(
        {
            "mode": np.array([*network.modes, ""], dtype=object)[network.arc_mode[first]],
            "road_class": np.array([*network.classes, ""], dtype=object)[network.arc_class[first]],
            "km": network.link_length_m / 1000,
            "oneway": np.where(arcs == 1, network.link_length_m / 1000, 0.0),
            "exits": np.where(network.arc_exit[first], network.link_length_m / 1000, 0.0),
        }
    )
    hours = pd.DataFrame(
        {
            "mode": np.array(network.modes, dtype=object)[network.arc_mode],
            "road_class": np.array(network.classes, dtype=object)[network.arc_class],
            "h": network.arc_time_ms / 3.6e6,
            "km": network.arc_length_m / 1000,
        }
    )
    by = ["mode", "road_class"]
    sums = links.groupby(by)[["km", "oneway", "exits"]].sum()
    moved = hours.groupby(by)[["h", "km"]].sum()
    table = sums.assign(n_links=links.groupby(by).size())
    with np.errstate(divide="ignore", invalid="ignore"):
        table["share"] = table["km"] / table["km"].sum()
        table["mean_kph"] = (moved["km"] / moved["h"]).where(moved["h"] > 0)
        table["oneway_share"] = table["oneway"] / table["km"]
        table["exit_share"] = table["exits"] / table["km"]
    table = table.sort_values(["km", "n_links"], ascending=False, kind="stable").reset_index()
    return table[list(CLASS_COLUMNS)]


def _unusual(network: TransportNetwork, main_part: float) -> list[str]:
    """Say what somebody who uses the network should know."""
    told = []
    if main_part < 0.99:
        told.append(
            f'{1 - main_part:.1%} of the nodes can\'t be reached from all the others, or not left: keep="largest" leaves them out'
        )
    drives = (network.arc_length_m > _LEAST_M) & (network.arc_time_ms > 0)
    kph = network.arc_length_m[drives] / network.arc_time_ms[drives] * 3600
    for words, wrong in (
        (f"slower than {_SLOWEST_KPH:g} km/h", kph < _SLOWEST_KPH),
        (f"faster than {_FASTEST_KPH:g} km/h", kph > _FASTEST_KPH),
    ):
        if wrong.any() and "road" in network.modes:
            told.append(f"{int(wrong.sum()):,} arcs are {words}")
    tail, head = network.link_ends
    xyz = network.node_xyz
    straight_m = np.sqrt(((xyz[tail] - xyz[head]) ** 2).sum(axis=1))
    short = (
        (network.link_length_m < straight_m * _SHORTER)
        & (straight_m > _LEAST_M)
        & (network.link_length_m > 0)
    )
    if short.any():
        told.append(f"{int(short.sum()):,} links are shorter than the straight line between their ends")
    if not network.node_exit.any() and not network.has_exits_along:
        told.append("it can be entered and left nowhere")
    if " to " in network.provenance.get("date", ""):
        told.append(
            f"its extracts are of different days ({network.provenance['date']}): the newer version of each road counts"
        )
    missing = network.provenance.get("missing_nodes", "0 ")
    if not missing.startswith("0 "):
        told.append(missing)
    if "located_by_ways" in network.provenance:
        told.append(network.provenance["located_by_ways"])
    if "remark" in network.provenance:
        told.append(f"the server's remark: {network.provenance['remark']}")
    return told
