"""Write what docs/roads.md counts in the embedded files and the lines: kilometres, lengths, years, courses, places.

Kilometres are with the bends that the network lost, since published ones are; a dual carriageway counts once.

    python data/build/roads_tables.py [--check]

With --check nothing is written: it ends with 1 where the page says something else.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from calibrate_classes import Roads
from calibrate_lengths import length_table
from check_courses import turns
from expressway_joints import Joints
from expressways import MOTORWAY, ROADS, Network, province_km
from own_places import NEAR_KM

PAGE = Path(__file__).parent.parent.parent / "docs" / "roads.md"
TOTALS = Path(__file__).parent / "expressway_totals.csv"


def main() -> None:
    """Write the tables, or compare them with those that are there."""
    network = Network()
    with np.load(ROADS / "links.npz") as file:
        kinds = {name: file[name] for name in file.files}
    marked = kinds["kind"] == MOTORWAY
    text = before = PAGE.read_text(encoding="utf-8")
    for name, lines in (
        ("counts", counts()),
        ("courses", [f"{len(turns())} places make the way between their neighbours longer by so much."]),
        ("places", places()),
        ("straight", straight(Roads(detour=0.0))),
        ("lengths", length_table()),
        ("years", by_year(network, kinds, marked)),
        ("provinces", by_province(network, kinds, marked)),
    ):
        text, found = re.subn(
            rf"(<!-- table: {name} -->\n).*?(<!-- end -->)",
            rf"\g<1>{chr(10).join(lines)}\n\g<2>",
            text,
            flags=re.DOTALL,
        )
        if found != 1:
            sys.exit(f"docs/roads.md has {found} tables {name!r}, one expected")
    if "--check" in sys.argv:
        sys.exit(int(text != before))
    PAGE.write_text(text, encoding="utf-8")


def counts() -> list[str]:
    """Return how sure the years of the sections are."""
    sections = pd.read_csv(ROADS / "sections.csv")
    sure = sections["year_status"].value_counts()
    return [
        f"Of {len(sections):,} sections {sure['published']} have a published year, {sure['recalled']:,} are `recalled`, "
        f"{sure['estimated']} are `estimated`, and {sure['unknown']} have none. "
        f"{(sections['status'] == 'doubtful').sum()} sections of provincial roads all of whose years are estimates are "
        "`doubtful`: listed, not laid."
    ]


def places() -> list[str]:
    """Return how sure the places with coordinates of their own are."""
    with (Path(__file__).parent / "own_places.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    number = Counter(row["status"] for row in rows)
    words = {
        "geonames": "has the coordinates of GeoNames",
        "agrees": f"a place or station of that name lies within {NEAR_KM:g} km",
        "apart": "the nearest of that name lies farther off",
        "recalled": "from memory, none of that name is known",
    }
    lines = ["| status | what it says | places |", "|---|---|---:|"]
    return lines + [f"| `{status}` | {said} | {number[status]} |" for status, said in words.items()]


def straight(roads: Roads) -> list[str]:
    """Return how many links lost their bends, and how much longer than straight the others are."""
    gap = np.linalg.norm(roads.xyz[roads.tail] - roads.xyz[roads.head], axis=1)
    lines = ["| links | as long as straight | of their km | the others, longer by (median; lower and upper quarter) |", "|---|---:|---:|---:|"]
    for name, kind in (("expressways", True), ("other roads", False)):
        own = ((roads.kind == MOTORWAY) == kind) & ~roads.added & (gap > 2)
        share, of_km = roads.straight[own].mean(), roads.km[own & roads.straight].sum() / roads.km[own].sum()
        bent = own & ~roads.straight
        low, middle, high = 100 * (np.quantile(roads.km[bent] / gap[bent], (0.25, 0.5, 0.75)) - 1)
        lines.append(f"| {name} of more than 2 km | {100 * share:.0f} % | {100 * of_km:.0f} % | {middle:.1f} % ({low:.1f} to {high:.1f}) |")
    own = ~roads.added
    of_km = roads.km[roads.straight].sum() / roads.km[own].sum()
    lines.append(f"| all | {100 * roads.straight[own].mean():.0f} % | {100 * of_km:.0f} % | |")
    return lines


def by_year(network: Network, kinds: dict[str, np.ndarray], marked: np.ndarray) -> list[str]:
    """Return kilometres open at the end of years beside the published ones."""
    lines = ["| end of | km in the table | published | share |", "|---|---:|---:|---:|"]
    for one in pd.read_csv(TOTALS).itertuples():
        is_open = marked & (kinds["year"] <= one.end_of)
        once = np.where((network.dual >= 0) & is_open[network.dual], 0.5, 1.0) * is_open
        km = (network.bent_km * once).sum() + kinds["new_length_m"][
            kinds["new_year"] <= one.end_of
        ].sum() / 1000
        lines.append(f"| {one.end_of} | {km:,.0f} | {one.km:,} | {km / one.km:.2f} |")
    return lines


def by_province(network: Network, kinds: dict[str, np.ndarray], marked: np.ndarray) -> list[str]:
    """Return kilometres by province at the end of the year that a total is known for."""
    new = zip(
        kinds["new_tail"], kinds["new_head"], kinds["new_length_m"] / 1000, kinds["new_year"], strict=True
    )
    met = Joints(kinds["node_lon"] / 1000, kinds["node_lat"] / 1000, list(new), [])
    table = province_km(network, marked, kinds["year"], met)
    lines = [
        "| province | published | end of | source | km by then | share | laid, 2025 | added, 2025 |",
        "|---|---:|---:|---|---:|---:|---:|---:|",
    ]
    for one in table[table["end_of"].notna()].itertuples():
        lines.append(
            f"| {one.name} | {one.expressway_km:,.0f} | {one.end_of:.0f} | {one.status} | {one.then_km:,.0f} | "
            f"{one.share:.2f} | {one.laid_km:,.0f} | {one.added_km:,.0f} |"
        )
    return lines


if __name__ == "__main__":
    main()
