"""The borders of China as a batch: two-hour circles and one-hour zones of every border county.

Run it from anywhere after installing borderreach:

    python national_batch.py OUT_FOLDER [JOB.toml]

It runs the job (national.toml beside this script), or goes on with it where it was cut off, and then
writes `borders.csv`: for every pair of provinces the length of the border, the counties on it, the
size of their two-hour circles and one-hour zones, and how many of the zones have counties of another
province in them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import borderreach as br
from borderreach.output import write_table


def borders_table(out: Path) -> pd.DataFrame:
    """One row per pair of provinces, from the results of the batch and the boundaries."""
    units = br.counties()
    units = units[units["province_adcode"] < 710000]  # without Taiwan, Hong Kong, Macao
    zones = read(out, "zones", ["centre_id", "area_km2"]).rename(columns={"area_km2": "zone_km2"})
    circles = read(out, "isochrones", ["origin_id", "area_km2"]).rename(
        columns={"origin_id": "centre_id", "area_km2": "circle_km2"}
    )
    table = zones.merge(circles, on="centre_id").merge(shared_zones(out, units), on="centre_id", how="left")
    table["adcode"] = table["centre_id"].astype("int64")
    sides = br.border_counties(units)[["adcode", "province", "neighbour_provinces"]]
    table = table.merge(sides, on="adcode")
    rows = []
    for border in br.borders(units).itertuples():
        beyond = {border.province_a: border.province_b, border.province_b: border.province_a}
        on_it = table[
            [
                beyond.get(own) in neighbours.split("、")
                for own, neighbours in zip(table["province"], table["neighbour_provinces"], strict=True)
            ]
        ]
        rows.append(
            {
                "province_a": border.province_a,
                "province_b": border.province_b,
                "length_km": round(border.length_km, 1),
                "counties": border.n_counties,
                "counties_with_results": len(on_it),
                "median_circle_km2": round(on_it["circle_km2"].median(), 0),
                "median_zone_km2": round(on_it["zone_km2"].median(), 0),
                "zones_across_a_border": int(on_it["across"].fillna(value=0).sum()),
            }
        )
    return pd.DataFrame(rows)


def read(out: Path, table: str, columns: list[str]) -> pd.DataFrame:
    """Columns without geometry, which is what takes memory."""
    return pd.read_parquet(out / table, columns=columns)


def shared_zones(out: Path, units: pd.DataFrame) -> pd.DataFrame:
    """For each zone, whether a county of another province belongs to it (0 or 1)."""
    members = read(out, "zone_counties", ["centre_id", "adcode", "province", "belongs"])
    home = dict(zip(units["adcode"].astype(str), units["province"], strict=True))
    other = members["belongs"] & (members["province"] != members["centre_id"].map(home))
    return other.groupby(members["centre_id"]).max().astype("int64").rename("across").reset_index()


def main() -> None:
    """Run the batch and write the table."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    job = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).with_name("national.toml")
    done = br.run_batch(job, out=out, progress=sys.stderr.isatty())
    table = borders_table(out)
    write_table(table, out / "borders.csv", layer="borders")
    print(
        f"{done.n_origins} border counties in {done.seconds:.0f} s, {done.n_failed} of them too far from the "
        f"network; {len(table)} borders -> {out / 'borders.csv'}"
    )


if __name__ == "__main__":  # worker processes import this script
    main()
