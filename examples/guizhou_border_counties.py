"""Isochrones and travel times of every border county of Guizhou, in one batch.

Run it from anywhere after installing borderreach:

    python guizhou_border_counties.py OUT_FOLDER

It writes `isochrones.gpkg` (one row per county and cutoff), `travel_times.csv` (minutes between all
of them) and `failures.csv`: an origin that can't be used becomes a row with its reason, and the rest
goes on. One of the origins is put into the East China Sea on purpose, to show that.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd

from borderreach.analysis.isochrones import isochrones
from borderreach.analysis.times import travel_times
from borderreach.geo.errors import BorderReachError
from borderreach.geo.networks import TransportNetwork, trunk_network
from borderreach.geo.places import border_counties, counties, origins_table
from borderreach.output import write_table

CUTOFFS_MIN = (30, 60, 120)


def origins() -> gpd.GeoDataFrame:
    """Seats of Guizhou's border counties, and one point at sea."""
    # Neighbouring provinces must be there, or there would be no border.
    everywhere = border_counties(counties())
    guizhou = origins_table(everywhere[everywhere["province"] == "贵州省"])
    at_sea = origins_table([(124.0, 29.0)])
    return pd.concat([guizhou, at_sea], ignore_index=True)


def one_by_one(network: TransportNetwork, places: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Isochrones of the places that can be used, and the reasons why the others can't."""
    found, failed = [], []
    for row in range(len(places)):
        place = places.iloc[[row]]
        try:
            found.append(isochrones(network, place, cutoffs_min=CUTOFFS_MIN))
        except BorderReachError as error:
            failed.append(
                {
                    "origin_id": place["origin_id"].item(),
                    "origin_name": place["origin_name"].item(),
                    "reason": str(error),
                }
            )
    return (
        pd.concat(found, ignore_index=True),
        pd.DataFrame(failed, columns=["origin_id", "origin_name", "reason"]),
    )


def main() -> None:
    """Run the batch and say what came of it."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    network = trunk_network()
    places = origins()
    areas, failed = one_by_one(network, places)
    usable = places[~places["origin_id"].isin(failed["origin_id"])]
    minutes = travel_times(network, usable, usable)

    areas.to_file(out / "isochrones.gpkg", layer="isochrones")
    write_table(minutes, out / "travel_times.csv", layer="travel_times")
    write_table(failed, out / "failures.csv", layer="failures")

    hour = areas[areas["cutoff_min"] == 60].sort_values("area_km2", ascending=False)
    print(f"{len(usable)} of {len(places)} origins, {len(areas)} isochrones, {len(minutes)} pairs -> {out}")
    print(f"largest hour: {hour['origin_name'].iloc[0]} {hour['area_km2'].iloc[0]:,.0f} km²")
    print(f"smallest hour: {hour['origin_name'].iloc[-1]} {hour['area_km2'].iloc[-1]:,.0f} km²")
    for row in failed.itertuples():
        print(f"left out: {row.reason}")


if __name__ == "__main__":
    main()
