"""A study of the whole country in real polygons: every county, every border, times of every county to 31 centres."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from borderreach.analysis.corridors._changes import CHANGES
from borderreach.analysis.schemas import (
    CIRCLES,
    COUNTY_TIMES,
    ISOCHRONES,
    ZONE_COUNTIES,
    ZONES,
    conform,
    empty,
)
from borderreach.geo.places._borders import border_counties, borders, junctions
from borderreach.geo.places._boundaries import counties, provinces

from .conftest import blob, claims_table, indicator_table, people_in, with_area

#: Minutes per degree: a made-up speed; sizes, not times, are what this study is for.
MIN_PER_DEGREE = 75


def national_results() -> SimpleNamespace:
    """Distances stand for times; polygons and names are the real ones."""
    units = counties()
    mainland = units[units["province_adcode"] < 710000].reset_index(drop=True)
    lines = borders(mainland)
    on_border = border_counties(mainland).set_index("adcode")
    shown = mainland.assign(
        neighbour_provinces=mainland["adcode"].map(on_border["neighbour_provinces"]).fillna(""),
        border_km=mainland["adcode"].map(on_border["border_km"]).fillna(0.0),
    )
    country = provinces()
    inland = country[country["adcode"] < 710000].reset_index(drop=True)
    seats = shapely.point_on_surface(inland.geometry.to_numpy())
    centres = gpd.GeoDataFrame(
        {
            "origin_id": inland["adcode"].astype(str), "origin_name": inland["name"],
            "lon": shapely.get_x(seats), "lat": shapely.get_y(seats),
        },
        geometry=seats, crs=4326,
    )  # fmt: skip
    lon, lat = (shown[name].to_numpy()[:, None] for name in ("lon", "lat"))
    base = 20 + MIN_PER_DEGREE * np.hypot(lon - centres["lon"].to_numpy(), lat - centres["lat"].to_numpy())
    after = base * np.linspace(0.8, 1, len(centres))
    n_counties, n_centres = base.shape
    times = pd.DataFrame(
        {
            "adcode": np.repeat(shown["adcode"].to_numpy(), n_centres),
            "name": np.repeat(shown["name"].to_numpy(), n_centres),
            "province": np.repeat(shown["province"].to_numpy(), n_centres),
            "centre_id": np.tile(centres["origin_id"].to_numpy(), n_counties),
            "centre_name": np.tile(centres["origin_name"].to_numpy(), n_counties),
            "base_min": base.ravel(), "scenario_min": after.ravel(), "delta_min": (after - base).ravel(),
            "base_inside": (base <= 120).ravel(), "scenario_inside": (after <= 120).ravel(),
        }
    )[list(COUNTY_TIMES)]  # fmt: skip
    points = list(zip(centres["lon"], centres["lat"], strict=True))
    circles, steps, isochrones, zones, by_rail = [], [], [], [], []
    for scenario, factor in (("base", 1.0), ("all", 1.15)):
        row = {"scenario": scenario, "n_centres": n_centres, "centres": "、".join(centres["origin_name"])}
        circles += [
            row | {"cutoff_min": t, "geometry": blob(points, t * 1000, factor, 5)} for t in (60.0, 120.0)
        ]
        by_rail += [
            row | {"cutoff_min": t, "geometry": blob(points, t * 1000, 1.3 * factor, 5)}
            for t in (60.0, 120.0)
        ]
        steps += [
            row | {"cutoff_min": float(t), "geometry": blob(points, t * 1000, factor, 5)}
            for t in range(30, 181, 10)
        ]
        isochrones += [
            {
                "scenario": scenario, "origin_id": centre.origin_id, "origin_name": centre.origin_name, "mode": "drive",
                "direction": "from", "cutoff_min": t, "geometry": blob([(centre.lon, centre.lat)], t * 1000, factor, 5),
            }
            for centre in centres.itertuples() for t in (60.0, 120.0)
        ]  # fmt: skip
        zones += [
            {
                "scenario": scenario, "centre_id": str(county.adcode), "centre_name": county.name, "minutes": 60.0,
                "n_counties": 1, "geometry": blob([(county.lon, county.lat)], 30_000, factor, 3),
            }
            for county in shown[shown["border_km"] > 0].itertuples()
        ]  # fmt: skip
    members = [
        {
            "scenario": zone["scenario"], "centre_id": zone["centre_id"], "centre_name": zone["centre_name"],
            "adcode": int(zone["centre_id"]), "name": zone["centre_name"], "province": "", "share_of_area": 1.0,
            "seat_inside": True, "belongs": True,
        }
        for zone in zones
    ]  # fmt: skip
    ends = centres[centres["origin_name"].isin(["北京市", "广东省"])].sort_values("lat")
    stops = ends.rename(columns={"origin_name": "stop_name"}).assign(corridor_id="line", stop_no=[1, 2])
    corridor = gpd.GeoDataFrame(
        {
            "corridor_id": ["line"], "name": ["京广"], "mode": ["rail"], "status": ["planned"], "n_stops": [2],
            "design_speed_kph": [350.0], "length_km": [2000.0], "source": ["-"],
        },
        geometry=[shapely.LineString(list(ends.geometry))], crs=4326,
    )  # fmt: skip
    # About as many crossings as the trunk roads have: sixteen on each border.
    shares = np.linspace(0.005, 0.995, 16)
    spots = shapely.line_interpolate_point(
        lines.geometry.to_numpy()[:, None], shares, normalized=True
    ).ravel()
    pairs = lines.loc[np.repeat(lines.index, len(shares)), ["province_a", "province_b"]].reset_index(
        drop=True
    )
    crossings = gpd.GeoDataFrame(
        pairs.assign(road_class="trunk", county_a="甲县", county_b="乙县"), geometry=spots, crs=4326
    )
    ends_of_roads = [shapely.LineString([(p.x, p.y), (p.x + 0.05, p.y)]) for p in spots[::12]]
    gaps = gpd.GeoDataFrame(
        {
            "province": "", "county": "甲县", "beyond_province": "", "beyond_county": "乙县", "gap_km": 5.0,
            "network_km": 80.0, "network_min": 60.0, "detour_factor": 16.0,
        }, index=range(len(ends_of_roads)), geometry=ends_of_roads, crs=4326,
    )  # fmt: skip
    return SimpleNamespace(
        circle_people=people_in(pd.DataFrame(circles), 1e8), road_circle_people=people_in(pd.DataFrame(by_rail), 2e8),
        road_circles=conform(with_area(by_rail), CIRCLES), crossings=crossings, gaps=gaps, changes=empty(CHANGES), claims=claims_table(),
        border_crossings=lines.assign(n_crossings=16, spacing_km=lines["length_km"] / 16, longest_without_km=9.0),
        indicators=indicator_table(shown),
        study=SimpleNamespace(
            name="china", title="全国省际边界县", title_en="Borders of China", description="", circle_min=120.0
        ),
        provinces=inland, border_counties=shown, borders=lines, junctions=junctions(mainland), centres=centres,
        isochrones=conform(with_area(isochrones), {"scenario": "str", **ISOCHRONES}),
        circles=conform(with_area(circles), CIRCLES), slider_circles=conform(with_area(steps), CIRCLES),
        zones=conform(with_area(zones), ZONES), zone_counties=conform(members, ZONE_COUNTIES), county_times=times,
        comparison=pd.DataFrame({"origin_id": shown["adcode"].astype(str), "contribution_line_min": -1.0}),
        corridors=corridor, corridor_stops=stops,
        scenario_names={"base": "现状", "all": "规划后"}, attribution=["© OpenStreetMap contributors (ODbL)"], notes=[],
    )  # fmt: skip
