"""Kilometres before a border are kilometres wherever on earth it lies."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from pyproj import Geod

from borderreach.analysis.borders import gaps
from borderreach.geo.networks import Links, build_network
from borderreach.geo.places import borders

GEOD = Geod(ellps="WGS84")


@pytest.mark.parametrize(
    ("lon", "lat"), [(107.0, 29.5), (-19.0, 64.5), (9.0, 48.0), (-100.0, 40.0), (147.0, -36.0)]
)
def test_a_road_that_ends_four_kilometres_before_the_border(lon, lat):
    counties = gpd.GeoDataFrame(
        {
            "adcode": [500101, 520101], "name": ["a", "b"], "province": ["A", "B"],
            "province_adcode": [500000, 520000], "lon": [lon - 0.5, lon + 0.5], "lat": [lat, lat],
        },
        geometry=[shapely.box(lon - 1, lat - 0.5, lon, lat + 0.5), shapely.box(lon, lat - 0.5, lon + 1, lat + 0.5)],
        crs=4326,
    )  # fmt: skip
    places = [
        GEOD.fwd(lon, lat, bearing, km * 1000)[0] for bearing, km in ((270, 20), (270, 4), (90, 4), (90, 20))
    ]
    network = build_network(places, [lat] * 4, Links([0, 2], [1, 3], [16_000.0] * 2, [960.0] * 2))
    lines = borders(counties)
    assert len(gaps(network, counties, lines, within_km=4.05, gap_km=9)) > 0
    assert gaps(network, counties, lines, within_km=3.95, gap_km=9).empty
