"""Borders and border counties of your own county polygons.

    python examples/own_boundaries.py counties.gpkg --columns adcode=code name=NAME
    python examples/own_boundaries.py --demo

The file may be a GeoPackage, Shapefile, GeoJSON or GeoParquet. `--columns` maps borderreach's
columns to the file's; `adcode` and `name` are needed, the rest follows from the codes. `--demo`
makes such a file first, from four embedded provinces, with other column names and another
coordinate system.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from borderreach.geo.errors import BorderReachError
from borderreach.geo.places import border_counties, borders, counties, junctions
from borderreach.output import write_table

DEMO_PROVINCES = ("重庆", "贵州", "四川", "湖南")
DEMO_COLUMNS = {"adcode": "code", "name": "county_name"}


def main() -> int:
    """Read the file, print its borders, and write its border counties as CSV if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, help="polygons of counties")
    parser.add_argument("--columns", nargs="+", default=[], metavar="OURS=YOURS", help="such as adcode=code")
    parser.add_argument("--crs", help="if the file has none, such as EPSG:4490 or GCJ-02")
    parser.add_argument("--tolerance-m", type=float, default=100, help="width of gaps to bridge (100)")
    parser.add_argument("--out", type=Path, help="CSV of border counties to write")
    parser.add_argument("--demo", action="store_true", help="make a file to read")
    options = parser.parse_args()
    if (options.file is None) != options.demo:
        parser.error("give a file, or --demo")
    bad = [item for item in options.columns if "=" not in item]
    if bad:
        parser.error(f"--columns takes OURS=YOURS, got {bad[0]!r}")
    columns = dict(item.split("=", maxsplit=1) for item in options.columns)

    with tempfile.TemporaryDirectory() as folder:
        if options.demo:
            options.file, columns = demo_file(Path(folder)), DEMO_COLUMNS
        try:
            own = counties(options.file, columns=columns, crs=options.crs)
            lines = borders(own, tolerance_m=options.tolerance_m)
            on_border = border_counties(own, tolerance_m=options.tolerance_m)
            meeting = junctions(own, tolerance_m=options.tolerance_m)
        except BorderReachError as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return 1

    print(f"{len(own)} counties, {len(on_border)} of them on {len(lines)} borders between provinces\n")
    table = lines.drop(columns=["geometry", "adcode_a", "adcode_b"]).round({"length_km": 1})
    print(table.to_string(index=False))
    print(f"\n{len(meeting)} points where three or more provinces meet")
    print(meeting.drop(columns="geometry").round(4).to_string(index=False))
    if options.out is not None:
        write_table(on_border, options.out, layer="border_counties")
        print(f"\nwrote {options.out}")
    return 0


def demo_file(folder: Path) -> Path:
    """Write four provinces' counties under other names, in Web Mercator, and return the path."""
    frame = counties(provinces=DEMO_PROVINCES)
    ours = list(DEMO_COLUMNS)
    frame = frame[[*ours, "geometry"]].rename(columns=DEMO_COLUMNS).to_crs("EPSG:3857")
    file = folder / "own_counties.gpkg"
    frame.to_file(file, driver="GPKG")
    return file


if __name__ == "__main__":
    raise SystemExit(main())
