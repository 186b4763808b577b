"""Say where roads may not be joined that are in truth: the way over a third county is much faster than the direct one.

    python data/build/check_joined.py

Whoever drives by a county's seat leaves the network and comes back onto it, at 35 km/h. Where that is much faster than
to stay on it, the network lacks a junction, or a road. What is left is listed below with its reason; anything else ends with 1.
"""

from __future__ import annotations

import sys

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Counties whose seats lie as near as this, km as the crow flies, are looked at.
NEAR_KM = 150.0
#: The way over the third is shorter by this share, and by so many minutes.
SHARE, MINUTES = 0.2, 20.0
#: Times are known up to this, minutes.
CUTOFF_MIN = 400.0
#: Third counties over which it is faster, and why.
KNOWN = {
    "四川省金阳县": "the road from 金阳 to 布拖 isn't in the source: 27 km of mountains lie between the ends of those that are",
    "黑龙江省南岔县": "the road from 南岔 to 带岭, the seat of 大箐山, isn't in the source: 25 km as the crow flies",
    "陕西省长武县": "no road from 灵台 to the north is in the source: 24 km to the next",
    "湖北省兴山县": "the road from 兴山 to 神农架 isn't in the source: 16 km lie between the ends of those that are",
    "内蒙古自治区太仆寺旗": "the road from 沽源 to 太仆寺旗 ends 20 km before it in the source",
    "海南省龙华区": "the strait: there is a ferry, no road; access as the crow flies reaches over it",
}


def main() -> None:
    """Print the counties over which it is faster, and end with 1 where one isn't known or one that is listed isn't found."""
    from borderreach import counties, trunk_network  # noqa: PLC0415 - the package must be installed

    found = faster_over_a_third(trunk_network(), counties())
    print(found.to_string())
    wrong = sorted(set(found.index) ^ set(KNOWN))
    if wrong:
        sys.exit(f"roads aren't joined at, or are listed for nothing: {'、'.join(wrong)}")


def faster_over_a_third(network: object, places: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the third counties by name: over how many pairs the way by them is so much faster, and the pair that gains most."""
    from borderreach import od_matrix  # noqa: PLC0415

    times = minutes(od_matrix(network, places, off_network="unreachable", cutoff_min=CUTOFF_MIN), places)
    lon, lat = np.radians(places["lon"].to_numpy()), np.radians(places["lat"].to_numpy())
    xyz = 6371.0 * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    names = (places["province"] + places["name"]).to_numpy()
    rows = []
    for i in range(len(places)):
        near = np.flatnonzero(np.linalg.norm(xyz - xyz[i], axis=1) < NEAR_KM)
        near = near[near != i]
        if not len(near):
            continue
        over = times[i, near][:, None] + times[np.ix_(near, near)]
        third, least, direct = over.argmin(axis=0), over.min(axis=0), times[i, near]
        for j in np.flatnonzero((least < (1 - SHARE) * direct) & (direct - least > MINUTES)).tolist():
            rows.append((names[near[third[j]]], f"{names[i]}—{names[near[j]]}", direct[j], least[j]))
    table = pd.DataFrame(rows, columns=["over", "pair", "direct_min", "over_min"])
    order = (table["direct_min"] - table["over_min"]).sort_values(ascending=False, kind="stable").index
    most = table.loc[order].groupby("over", sort=True).first()
    most.insert(0, "pairs", table.groupby("over").size())
    return most.round()


def minutes(table: pd.DataFrame, places: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the times between all places; those beyond the cutoff have that of it."""
    number = pd.Series(range(len(places)), index=places["adcode"].astype(str))
    times = np.full((len(places), len(places)), CUTOFF_MIN)
    reached = table[table["travel_time_min"].notna()]
    times[
        number[reached["from_id"].astype(str)].to_numpy(), number[reached["to_id"].astype(str)].to_numpy()
    ] = reached["travel_time_min"].to_numpy()
    return times


if __name__ == "__main__":
    main()
