"""Cities of a study: how strongly they draw each other, where their fields meet, who is central, what is around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.networks import TransportNetwork
from ...geo.places import cities
from ..corridors import minutes_between
from ..indicators import city_links, hinterlands, linkage_totals
from ..schemas import Schema, empty
from ..times import within_reach
from ._reach import Ground

#: One row per scenario and pair of cities, the strongest links alone; strength in (10,000 people)² / min².
CITY_LINKS: Final[Schema] = {
    "scenario": "str",
    "rank": "int64",
    "a_name": "str",
    "a_province": "str",
    "b_name": "str",
    "b_province": "str",
    "across": "bool",
    "minutes": "float64",
    "strength": "float64",
    "share": "float64",
    "breaking_min": "float64",
}
#: One row per scenario and city: its part in all links, and the counties that it is the nearest city of.
CITY_TOTALS: Final[Schema] = {
    "scenario": "str",
    "rank": "int64",
    "name": "str",
    "province": "str",
    "people": "float64",
    "total": "float64",
    "share": "float64",
    "strongest_name": "str",
    "across_share": "float64",
    "hinterland_counties": "int64",
    "hinterland_people": "float64",
    "hinterland_min": "float64",
}
#: Of each scenario so many links are kept; totals count them all.
MOST_LINKS: Final = 300


def linkages(
    networks: Mapping[str, TransportNetwork], ground: Ground, residents: pd.DataFrame, *, source: str
) -> dict[str, pd.DataFrame]:
    """Return the links between the prefecture-level cities of a study's counties, and what they come to for each.

    Those are the cities of its provinces; of a study of one province and its neighbours also those of the counties beyond the border.

    Parameters
    ----------
    networks : mapping of str to TransportNetwork
        By scenario.
    ground : Ground
    residents : pandas.DataFrame
        ``adcode, people`` of counties; a city has those of all its counties.
    source : str
        Embedded boundaries, whose cities are known.

    Returns
    -------
    dict of DataFrame
        ``city_links`` (`CITY_LINKS`) and ``city_totals`` (`CITY_TOTALS`), empty with fewer than three cities.
    """
    none = {"city_links": empty(CITY_LINKS), "city_totals": empty(CITY_TOTALS)}
    if residents.empty:
        return none
    every = ground.every
    counted = every.assign(people=every["adcode"].map(residents.set_index("adcode")["people"]))
    people = counted.groupby("city_adcode")["people"].sum()
    # the cities of the counties studied: beyond the border too, where those are of one province and its neighbours
    own = set(ground.provinces["adcode"])
    across = set(ground.counties["city_adcode"])
    found = cities(source)
    found = found[found["province_adcode"].isin(own) | found["adcode"].isin(across)]
    found = found.assign(people=found["adcode"].map(people))
    found = found[found["people"] > 0]
    base = next(iter(networks.values()))
    found = found[within_reach(base, found)].reset_index(drop=True)
    counties = counted[counted["province_adcode"].isin(own) | counted["city_adcode"].isin(across)]
    counties = counties[counties["people"].notna()]
    counties = counties[within_reach(base, counties)].reset_index(drop=True)
    if len(found) < 3:
        return none
    links, totals = [], []
    for scenario, network in networks.items():
        one, of_each = _of_scenario(network, found, counties)
        links.append(one.assign(scenario=scenario))
        totals.append(of_each.assign(scenario=scenario))
    return {
        "city_links": _as(CITY_LINKS, pd.concat(links, ignore_index=True)),
        "city_totals": _as(CITY_TOTALS, pd.concat(totals, ignore_index=True)),
    }


def _of_scenario(
    network: TransportNetwork, places: gpd.GeoDataFrame, counties: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    ids = places["adcode"].astype(str)
    name, province, people = (
        dict(zip(ids, places[column], strict=True)) for column in ("name", "province", "people")
    )
    size = {key: value / 1e4 for key, value in people.items()}
    links = city_links(_long(minutes_between(network, places, places), ids, ids), size)
    totals = linkage_totals(links, province)
    around = hinterlands(
        _long(minutes_between(network, counties, places), counties["adcode"].astype(str), ids),
        dict(zip(counties["adcode"].astype(str), counties["people"], strict=True)),
    ).set_index("centre_id")
    totals = totals.assign(
        name=totals["id"].map(name),
        province=totals["id"].map(province),
        people=totals["id"].map(people),
        strongest_name=totals["strongest_id"].map(name),
        hinterland_counties=totals["id"].map(around["n_places"]).fillna(0),
        hinterland_people=totals["id"].map(around["people"]),
        hinterland_min=totals["id"].map(around["mean_min"]),
    )
    for side in ("a", "b"):
        links[f"{side}_name"] = links[f"{side}_id"].map(name)
        links[f"{side}_province"] = links[f"{side}_id"].map(province)
    links["across"] = links["a_province"] != links["b_province"]
    return links.head(MOST_LINKS), totals


def _as(schema: Schema, table: pd.DataFrame) -> pd.DataFrame:
    return table[list(schema)].astype(dict(schema))


def _long(minutes: NDArray[np.float64], starts: pd.Series[str], ends: pd.Series[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "from_id": np.repeat(starts.to_numpy(), len(ends)),
            "to_id": np.tile(ends.to_numpy(), len(starts)),
            "travel_time_min": minutes.ravel(),
        }
    )
