"""Write the tables of kilometres by year and by province into docs/roads.md, from the embedded files.

Kilometres are with the bends that the network lost, since published ones are; a dual carriageway counts once.

    python data/build/roads_tables.py [--check]

With --check nothing is written: it ends with 1 where the page says something else.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from expressways import MOTORWAY, ROADS, Network, province_km

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
        ("years", by_year(network, kinds, marked)),
        ("provinces", by_province(network, kinds, marked)),
    ):
        text = re.sub(
            rf"(<!-- table: {name} -->\n).*?(\n<!-- end -->)",
            rf"\g<1>{chr(10).join(lines)}\g<2>",
            text,
            flags=re.DOTALL,
        )
    if "--check" in sys.argv:
        sys.exit(int(text != before))
    PAGE.write_text(text, encoding="utf-8")


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
    new = {
        (int(a), int(b)): (float(m) / 1000, int(year), 0)
        for a, b, m, year in zip(
            kinds["new_tail"], kinds["new_head"], kinds["new_length_m"], kinds["new_year"], strict=True
        )
    }
    table = province_km(network, marked, kinds["year"], new)
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
