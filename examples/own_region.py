"""A study of a border region from one OpenStreetMap extract: boundaries, roads, run.

    python examples/own_region.py iceland.osm.pbf out/region

takes units and regions from the extract's administrative boundaries (which needs `pip install osmium`), writes
``units.gpkg`` and ``region.toml``, and runs the study. See docs/own-region.md. With another country's extract, change
the levels, the provinces and the centres.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import shapely

import borderreach as br

#: OpenStreetMap's `admin_level` of the smallest units and of what they belong to, in Iceland.
UNITS, REGIONS = "6", "5"
#: Kinds of settlements, the largest first.
SETTLEMENTS = ("city", "town", "village", "hamlet")
STUDY = """\
name = "region"
title = "雷克雅未克与西部"
title_en = "Reykjavik and the west"
provinces = ["Höfuðborgarsvæðið", "Vesturland"]
between = ["Höfuðborgarsvæðið", "Vesturland"]
centres = ["Reykjavíkurborg"]
boundary_source = "units.gpkg"
boundary_columns = {{ province = "region", lon = "lon", lat = "lat" }}
circle_cutoffs_min = [30, 60]
zone_min = 30

[network]
roads = {roads!r}
area = "study"
margin_km = 20
rail = "none"
"""


def admin_areas(extract: Path) -> gpd.GeoDataFrame:
    """Return the administrative areas of both levels, with their names."""
    shapes = osmium.geom.WKBFactory()
    wanted = osmium.filter.TagFilter(("admin_level", UNITS), ("admin_level", REGIONS))
    areas = osmium.FileProcessor(str(extract)).with_areas(wanted)
    areas = areas.with_filter(osmium.filter.EntityFilter(osmium.osm.AREA)).with_filter(wanted)
    rows = [
        (area.tags["name"], area.tags["admin_level"], bytes.fromhex(shapes.create_multipolygon(area)))
        for area in areas
        if isinstance(area, osmium.osm.Area)
        and area.tags.get("boundary") == "administrative"
        and "name" in area.tags
    ]
    names, levels, shapes_wkb = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"name": names, "level": levels}, geometry=shapely.from_wkb(shapes_wkb), crs=4326)


def with_seats(extract: Path, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the units with the position of the largest settlement in each, where there is one."""
    nodes = osmium.FileProcessor(str(extract), osmium.osm.NODE).with_filter(
        osmium.filter.TagFilter(*(("place", kind) for kind in SETTLEMENTS))
    )
    rows = [
        (SETTLEMENTS.index(node.tags["place"]), node.location.lon, node.location.lat)
        for node in nodes
        if isinstance(node, osmium.osm.Node)
    ]
    rank, lon, lat = (np.array(column) for column in zip(*sorted(rows), strict=True))
    unit, place = shapely.STRtree(shapely.points(lon, lat)).query(
        units.geometry.to_numpy(), predicate="contains"
    )
    order = np.lexsort((rank[place], unit))
    unit, place = unit[order], place[order]
    first = np.unique(unit, return_index=True)[1]
    centre = units.geometry.representative_point()
    seats = units.assign(lon=centre.x, lat=centre.y)
    seats.loc[unit[first], ["lon", "lat"]] = np.column_stack([lon[place[first]], lat[place[first]]])
    return seats


def units_in_regions(extract: Path) -> gpd.GeoDataFrame:
    """Return the units, each with the region that most of it lies in."""
    areas = admin_areas(extract)
    units, regions = (areas[areas["level"] == level].reset_index(drop=True) for level in (UNITS, REGIONS))
    inside = shapely.area(
        shapely.intersection(units.geometry.to_numpy()[:, None], regions.geometry.to_numpy()[None, :])
    )
    units["region"] = regions["name"].to_numpy()[inside.argmax(axis=1)]
    units["code"] = [f"{k:03}" for k in range(1, len(units) + 1)]
    units = with_seats(extract, units)
    return units.loc[inside.max(axis=1) > 0, ["code", "name", "region", "lon", "lat", "geometry"]]


def main(extract: Path, out: Path) -> None:
    """Write boundaries and study, and run it."""
    out.mkdir(parents=True, exist_ok=True)
    units_in_regions(extract).to_file(out / "units.gpkg")
    (out / "region.toml").write_text(STUDY.format(roads=str(extract.absolute())), encoding="utf-8")
    results = br.run_study(out / "region.toml", out=out / "results")
    for row in results.circles.itertuples():
        print(f"{row.scenario} {row.cutoff_min:g} min: {row.area_km2:,.0f} km2")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
