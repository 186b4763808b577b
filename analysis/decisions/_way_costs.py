"""What ways cost in minutes and in money, at a user's own tolls, fares and value of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from ...geo.errors import InputError
from ...geo.networks import TransportNetwork, journey_legs
from ..corridors import changed_network, minutes_between
from ..indicators import generalised_costs
from ..schemas import Schema, empty

#: One row per pair of places and way; ways of a pair that are the same stand there once, the least generalised cost first.
WAY_COSTS: Final[Schema] = {
    "from_id": "str",
    "from_name": "str",
    "to_id": "str",
    "to_name": "str",
    "option": "str",
    "minutes": "float64",
    "km": "float64",
    "yuan": "float64",
    "generalised_yuan": "float64",
    "generalised_min": "float64",
    "best": "bool",
    "efficient": "bool",
    "from_value": "float64",
    "to_value": "float64",
}
#: Fares of trains are by how fast they run, or by the line's own name.
TRAIN_CLASSES: Final = ("high_speed", "ordinary")
#: Roads that are tolled; a way without them is the free one.
_TOLLED: Final = "motorway"


def ways_between(
    networks: Mapping[str, TransportNetwork],
    centres: gpd.GeoDataFrame,
    counties: gpd.GeoDataFrame,
    *,
    road_yuan_per_km: Mapping[str, float],
    rail_yuan_per_km: Mapping[str, float],
    value_of_time_yuan_per_h: float,
) -> pd.DataFrame:
    """Compute what the ways between centres, and from counties to the centre that is nearest by road, cost.

    Parameters
    ----------
    networks : mapping of str to TransportNetwork
        ``"road"``, and where there are trains and corridors ``"rail"`` and ``"after"``, times on their arcs.
    centres, counties : geopandas.GeoDataFrame
        With ``origin_id, origin_name`` and ``adcode, name``; ``lon, lat``; within reach of the networks.
    road_yuan_per_km : mapping of str to float
        By class of road; a class that isn't in it costs nothing.
    rail_yuan_per_km : mapping of str to float
        ``high_speed`` where the fastest trains make 150 km/h or more, ``ordinary`` elsewhere, or a line's own name.
    value_of_time_yuan_per_h : float

    Returns
    -------
    pandas.DataFrame
        In the schema `WAY_COSTS`. Options: ``road``, the fastest; ``free``, the fastest without expressways; ``rail`` and
        ``after``, the fastest where trains are taken, today and with every corridor.

    Raises
    ------
    InputError
        If a price is of a class that there isn't.
    """
    known = {name for network in networks.values() for name in network.classes}
    for key, prices, named in (
        ("road_yuan_per_km", road_yuan_per_km, known),
        ("rail_yuan_per_km", rail_yuan_per_km, known | set(TRAIN_CLASSES)),
    ):
        if unknown := [name for name in prices if name not in named]:
            raise InputError(
                f"'{key}' has {unknown[0]!r}, which no way of the network is of; it has {', '.join(sorted(named))}"
            )
    starts, ends = _pairs(networks["road"], centres, counties)
    if not starts:
        return empty(WAY_COSTS)
    options = dict(networks)
    if _TOLLED in networks["road"].classes:
        options["free"] = changed_network(networks["road"], close=True, road_classes=_TOLLED)
    points = [(start[2:], end[2:]) for start, end in zip(starts, ends, strict=True)]
    frames = []
    for option, network in options.items():
        legs = journey_legs(network, points)
        if option in ("rail", "after"):  # without a train it's the way by road
            with_train = legs.loc[(legs["mode"] == "rail") & (legs["km"] > 0), "pair"].unique()
            legs = legs[legs["pair"].isin(with_train)]
        frames.append(legs.assign(option=option))
    table = pd.concat(frames, ignore_index=True)
    rows, of_class = _priced(table, road_yuan_per_km, rail_yuan_per_km)
    found = generalised_costs(
        rows.rename(columns={"pair": "from_id"}).assign(to_id=""),
        of_class,
        value_of_time_yuan_per_h=value_of_time_yuan_per_h,
    )
    number = found["from_id"].astype(int).to_numpy()
    same = found.assign(number=number).round({"minutes": 3, "km": 3})
    kept = ~same.duplicated(["number", "minutes", "km", "yuan"]).to_numpy()
    for side, own in (("from", starts), ("to", ends)):
        found[f"{side}_id"] = [own[k][0] for k in number]
        found[f"{side}_name"] = [own[k][1] for k in number]
    found["to_value"] = found["to_value"].replace(np.inf, np.nan).where(found["from_value"].notna())
    return found.loc[kept, list(WAY_COSTS)].astype(dict(WAY_COSTS)).reset_index(drop=True)


def _pairs(
    roads: TransportNetwork, centres: gpd.GeoDataFrame, counties: gpd.GeoDataFrame
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return the ends of all pairs as (id, name, lon, lat): centres among each other, one way, and counties to the nearest."""
    of_centres = list(
        zip(
            centres["origin_id"].astype(str),
            centres["origin_name"],
            centres["lon"],
            centres["lat"],
            strict=True,
        )
    )
    of_counties = list(
        zip(counties["adcode"].astype(str), counties["name"], counties["lon"], counties["lat"], strict=True)
    )
    starts = [of_centres[i] for i in range(len(of_centres)) for _ in range(i + 1, len(of_centres))]
    ends = [of_centres[j] for i in range(len(of_centres)) for j in range(i + 1, len(of_centres))]
    if of_counties and of_centres:
        minutes = minutes_between(roads, counties, centres)
        minutes = np.where(np.isfinite(minutes), minutes, np.inf)
        for one, at, least in zip(of_counties, minutes.argmin(axis=1), minutes.min(axis=1), strict=True):
            if 0 < least < np.inf:
                starts.append(one)
                ends.append(of_centres[at])
    return starts, ends


def _priced(
    legs: pd.DataFrame, road: Mapping[str, float], rail: Mapping[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return legs whose classes have a price each, and the prices."""
    by_rail = (legs["mode"] == "rail") & ~legs["kind"].isin(list(rail))
    own = legs[~by_rail].assign(**{"class": legs["mode"] + " " + legs["kind"]})
    trains = legs[by_rail]
    slow = trains.assign(km=trains["km"] - trains["fast_km"], **{"class": f"rail {TRAIN_CLASSES[1]}"})
    fast = trains.assign(km=trains["fast_km"], minutes=0.0, **{"class": f"rail {TRAIN_CLASSES[0]}"})
    rows = pd.concat([own, slow, fast], ignore_index=True)
    known = {f"road {name}": price for name, price in road.items()} | {
        f"rail {name}": price for name, price in rail.items()
    }
    classes: Sequence[str] = list(dict.fromkeys(rows["class"]))
    prices = pd.DataFrame(
        {"class": classes, "yuan_per_km": [float(known.get(name, 0.0)) for name in classes]}
    )
    return rows, prices
