"""Hold the table of expressways against the sections of Ma and Tang (2024): opening years, and whether their courses are marked.

    python data/build/compare_sections.py SECTIONS.csv [--write]

SECTIONS.csv is theirs, with ``rate``, ``year`` and ``notes`` ("A到B"); it isn't part of the package. With --write the
sentence of docs/roads.md is written.
"""

from __future__ import annotations

import argparse
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
from calibrate_classes import SHIPPED, Roads, write_tables
from expressway_rows import choose, distance_km, gazetteer, read_lines

from borderreach.geo.places import stem

#: Farther apart two places of one section are another reading of a name, km.
MOST_KM = 300.0


def main() -> None:
    """Print what is compared."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", type=Path)
    parser.add_argument("--write", action="store_true", help="write the sentence of docs/roads.md")
    options = parser.parse_args()
    theirs = pd.read_csv(options.sections)
    theirs = theirs[theirs["rate"] == "highway"]
    pairs = [
        (m[1], m[2], int(year))
        for notes, year in zip(theirs["notes"].fillna("").astype(str), theirs["year"], strict=True)
        if (m := re.fullmatch(r"([^到（(]+)到([^到（(]+)(?:[（(].*)?", notes.strip()))
    ]
    ours = opened()
    years = [(year, ours[key]) for a, b, year in pairs if (key := frozenset((stem(a), stem(b)))) in ours]
    apart = np.array([own - year for year, own in years])
    known, km, marked = courses([(a, b) for a, b, _ in pairs])
    sentence = (
        f"Of {len(apart)} sections that both have by name of their ends, the year is the same for "
        f"{np.mean(apart == 0):.0%}, at most one year apart for {np.mean(abs(apart) <= 1):.0%}, at most two for "
        f"{np.mean(abs(apart) <= 2):.0%}; the median difference is {np.median(apart):.0f}. On the fastest courses between "
        f"the {known} pairs of places that it calls an expressway and that the gazetteer knows, {marked / km:.0%} of the "
        "kilometres are marked."
    ).replace("%", " %")
    print(sentence)
    if options.write:
        write_tables({"sections": [sentence]})


def opened() -> dict[frozenset[str], int]:
    """Return the year since when one can go by one line between two of its places."""
    found: dict[frozenset[str], int] = {}
    stretches = [s for s in read_lines()[0] if not s.doubtful]
    for _, group in itertools.groupby(stretches, key=lambda s: (s.file, s.line, s.part)):
        line = list(group)
        for i in range(len(line)):
            year = 0
            for s in line[i:]:
                if s.year is None:
                    break
                year = max(year, s.year)
                key = frozenset((stem(line[i].start.name), stem(s.end.name)))
                found[key] = min(found.get(key, 9999), year)
    return found


def courses(pairs: list[tuple[str, str]]) -> tuple[int, float, float]:
    """Return how many pairs have both places in the gazetteer, the km of their fastest courses, and those on expressways."""
    seats, rows = gazetteer(), []
    for a, b in dict.fromkeys(pairs):
        if a in seats and b in seats:
            start, end = choose([seats[a], seats[b]])
            if 0 < distance_km(start, end) < MOST_KM:
                rows.append({"lon_a": start.lon, "lat_a": start.lat, "lon_b": end.lon, "lat_b": end.lat})
    table, roads = pd.DataFrame(rows), Roads()
    weights = roads.weights(*SHIPPED, 9999)
    km = roads.minutes_and_km(table, weights, roads.km)[1]
    marked = roads.minutes_and_km(table, weights, roads.km * roads.open_by(9999))[1]
    return len(table), float(km.sum()), float(marked.sum())


if __name__ == "__main__":
    main()
