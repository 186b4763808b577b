"""Read the lines in data/build/expressways and write data/roads: routes.csv, sections.csv, sources.csv.

A line names a route and the places along it, with the year in which each stretch opened:

    G75 兰海高速 80: 綦江 04 桐梓 05 汇川 97 播州 // 播州 04 修文

A year holds for the stretches after it until the next one; ``~05`` is an estimate, and a stretch whose
year nobody remembers has ``~`` alone. ``s100`` changes the design speed (km/h), ``//`` starts anew. A
place with a question mark is left out: whether the road passes it isn't sure, or its seat lies far off the road. ``name@lon,lat`` is a
place of our own. ``!source`` says who published the years of this part. A provincial line all of whose
years are estimates is doubtful: it is listed, not laid.

    python data/build/expressway_rows.py
"""

from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

LINES = Path(__file__).parent / "expressways"
ROADS = Path(__file__).parent.parent / "roads"
SEATS = Path(__file__).parent.parent / "county_seats.csv"
#: Places that the gazetteer lacks or spells otherwise.
ALIASES = {
    "余杭": (120.30, 30.42), "清新": (113.02, 23.73), "定州": (114.98, 38.51), "辛集": (115.22, 37.93),
    "管城": (113.68, 34.75), "万柏林": (112.52, 37.86), "龙港": (120.55, 27.58), "楚州": (119.14, 33.50),
    "莱城": (117.66, 36.20), "额济纳旗": (101.06, 41.96), "云台": (113.35, 35.42), "预旺": (106.35, 36.85),
}
#: Two places that follow each other lie closer than this, km; farther ones are a wrong reading of a name.
MAX_HOP_KM = 640.0


@dataclass(frozen=True, slots=True)
class Point:
    """A place along a road."""

    name: str
    adcode: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A road between two neighbouring places of a line."""

    file: str
    line: int
    part: int
    place: int
    route: str
    name: str
    start: Point
    end: Point
    year: int | None
    year_status: str
    design_speed_kph: int
    source_id: str
    doubtful: bool


def distance_km(a: Point, b: Point) -> float:
    """Return the great circle's length."""
    p = math.pi / 180
    u = math.sin((b.lat - a.lat) * p / 2) ** 2
    v = math.cos(a.lat * p) * math.cos(b.lat * p) * math.sin((b.lon - a.lon) * p / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(u + v))


def gazetteer() -> dict[str, list[Point]]:
    """Return the seats by full name and by stem."""
    from borderreach.geo.places import stem  # noqa: PLC0415 - the package must be installed

    found: dict[str, list[Point]] = defaultdict(list)
    with SEATS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            point = Point(row["name"], int(row["adcode"]), float(row["lon"]), float(row["lat"]))
            for name in {row["name"], stem(row["name"])}:
                found[name].append(point)
    for name, (lon, lat) in ALIASES.items():
        found[name] = [Point(name, 0, lon, lat)]
    return dict(found)


def year_of(token: str) -> tuple[int | None, str]:
    """Return the year that a token means and how sure it is."""
    digits = token.lstrip("~")
    status = "estimated" if token.startswith("~") else "recalled"
    if not digits:
        return None, "unknown"
    number = int(digits)
    return (1900 if number > 80 else 2000) + number, status


def choose(names: list[list[Point]]) -> list[Point]:
    """Return for each name the reading that keeps the whole line shortest."""
    best = [(0.0, [p]) for p in names[0]]
    for readings in names[1:]:
        best = [
            min(((cost + distance_km(way[-1], p), [*way, p]) for cost, way in best), key=lambda pair: pair[0])
            for p in readings
        ]
    return min(best, key=lambda pair: pair[0])[1]


def read_lines() -> tuple[list[Stretch], list[str]]:
    """Return all stretches, and what couldn't be read."""
    seats, stretches, problems = gazetteer(), [], []
    for path in sorted(LINES.glob("*.txt")):
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not text.strip() or text.startswith("#"):
                continue
            head, _, rest = text.partition(":")
            words = head.split()
            route, name, speed = words[0], " ".join(words[1:-1]), int(words[-1])
            for part, piece in enumerate(rest.split("//")):
                where = f"{path.name}:{number}"
                tokens = re.sub(r"~\s+(\d)", r"~\1", piece).split()
                places: list[list[Point]] = []
                years: list[tuple[int | None, str]] = []
                speeds: list[int] = []
                current: tuple[int | None, str] = (None, "unknown")
                source = "recalled"
                for token in tokens:
                    if re.fullmatch(r"~?\d\d\??|~", token):
                        current = year_of(token.rstrip("?"))
                    elif re.fullmatch(r"s\d+", token):
                        speed = int(token[1:])
                    elif token.startswith("!"):
                        source = token[1:]
                    elif token.endswith("?") or token == "x":
                        continue
                    elif "@" in token:
                        place, _, coordinates = token.partition("@")
                        lon, lat = map(float, coordinates.split(","))
                        places.append([Point(place, 0, lon, lat)])
                        years.append(current)
                        speeds.append(speed)
                    elif token in seats:
                        places.append(seats[token])
                        years.append(current)
                        speeds.append(speed)
                    else:
                        problems.append(f"{where}: {token} is in no gazetteer")
                if len(places) < 2:
                    continue
                way = choose(places)
                doubtful = route == "S" and all(status in ("estimated", "unknown") for _, status in years[1:])
                if source != "recalled":
                    years = [(year, "published") for year, _ in years]
                for place, (a, b, (year, status), kph) in enumerate(
                    zip(way, way[1:], years[1:], speeds[1:], strict=False)
                ):
                    if a == b:
                        continue
                    if (gap := distance_km(a, b)) > MAX_HOP_KM:
                        problems.append(f"{where}: {a.name}-{b.name} are {gap:.0f} km apart")
                        continue
                    stretches.append(
                        Stretch(path.stem, number, part, place, route, name, a, b, year, status, kph, source, doubtful)
                    )
    return stretches, problems


if __name__ == "__main__":
    rows, troubles = read_lines()
    print(f"{len(rows):,} stretches, {sum(distance_km(r.start, r.end) for r in rows):,.0f} km as the crow flies")
    print("\n".join(troubles))
