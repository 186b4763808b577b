"""List expressways that may be off course: stretches much longer than straight, and places that a line turns back at.

    python data/build/expressways.py --laid LAID.csv
    python data/build/check_courses.py LAID.csv

A line that is laid by the seat of a county which the road passes far off is longer than it should be, and turns
sharply there. Both lists are to be read: roads in mountains, along coasts and around cities do turn. What is off course
is mended in data/build/expressways, with a place of its own (``name@lon,lat``) or a question mark behind the seat.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import pandas as pd
from expressway_rows import distance_km, read_lines

#: A laid stretch is looked at when it is so many times as long as straight, and so many km longer.
LONG_RATIO, LONG_KM = 1.4, 15.0
#: So is a place that makes the way between its neighbours so many times as long, and so many km longer.
TURN_RATIO, TURN_KM = 1.35, 20.0


def main() -> None:
    """Print both lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("laid", type=Path, help="as expressways.py --laid writes it")
    laid = pd.read_csv(parser.parse_args().laid)
    laid = laid[laid["state"] == "laid"]
    more = laid["laid_km"] - laid["gap_km"]
    long = laid[(laid["laid_km"] > LONG_RATIO * laid["gap_km"]) & (more > LONG_KM)]
    print(f"{len(long)} of {len(laid):,} laid stretches are long")
    shown = long.assign(more_km=more).sort_values("more_km", ascending=False)
    print(
        shown[["file", "line", "route", "name", "from", "to", "laid_km", "gap_km"]]
        .round(1)
        .to_string(index=False)
    )
    print(f"{len(turns())} places that a line turns at")
    print(turns().round().to_string(index=False))


def turns() -> pd.DataFrame:
    """Return the places that make the way between their neighbours much longer."""
    rows = []
    stretches = [s for s in read_lines()[0] if not s.doubtful]
    for _, line in itertools.groupby(stretches, key=lambda s: (s.file, s.line, s.part)):
        for a, b in itertools.pairwise(line):
            direct = distance_km(a.start, b.end)
            by_way_of = distance_km(a.start, a.end) + distance_km(b.start, b.end)
            if by_way_of > TURN_RATIO * direct and by_way_of - direct > TURN_KM:
                rows.append(
                    (a.file, a.line, a.route, a.name, a.start.name, a.end.name, b.end.name, direct, by_way_of)
                )
    return pd.DataFrame(
        rows, columns=["file", "line", "route", "name", "from", "by", "to", "direct_km", "km"]
    )


if __name__ == "__main__":
    main()
