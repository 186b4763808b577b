"""Derive the tables in data/rail from rail_lines*.toml and the reference table of 2016.

    python data/build/rail_sections.py [REFERENCE]

REFERENCE is the folder with ``rail/hsr_od_fastest_2016.csv``, ``rail/hsr_stations_wgs84.csv`` and
``rail/timetable_2016.csv``
(default: the environment variable BORDERREACH_REFERENCE, else ``../shared`` beside the checkout).

A published time holds for a *run* between two stations. It is split over the run's sections in
proportion to their length, after what earlier runs have fixed; no section comes out faster than
0.95 of the design speed. Lines open in 2016 take, of all chains of scheduled runs from one end to
the other, the one with the least total time. Trains a day are published, or counted in the timetable of 2016
(rail_calls.py).
"""

from __future__ import annotations

import csv
import os
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from statistics import median

import pyproj
import rail_calls

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "rail"
GEOD = pyproj.Geod(ellps="WGS84")
#: No section may be faster than this share of the design speed.
MAX_SHARE = 0.95
#: Where another way over the lines of 2016 is quicker by more than this, a train may have taken that.
ANOTHER_WAY_MIN = 3.0
#: Minutes between stations by the lines of 2016, once worked out.
KNOWN_WAYS: dict[int, Callable[[str], dict[str, float]]] = {}


@dataclass
class Section:
    """One section while it is being worked out."""

    line: dict
    start: str
    end: str
    straight_km: float
    length_km: float = 0.0
    length_kind: str = ""
    minutes: float = 0.0
    minutes_kind: str = ""
    source: str = ""
    trains: float | None = None
    trains_kind: str = ""
    calls: tuple[float, float] | None = None
    calls_kind: str = ""
    more: float = 1.0

    @property
    def floor_min(self) -> float:
        """Least minutes that the design speed allows."""
        return self.length_km / (MAX_SHARE * self.line["speed"]) * 60


def main() -> None:
    """Write stations.csv, sections.csv, lines.csv, through.csv, direct.csv and sources.csv."""
    default = HERE.parents[1].parent / "shared"
    reference = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BORDERREACH_REFERENCE", default))
    known = facts()
    stations = station_rows(known, read(reference / "rail/hsr_stations_wgs84.csv"))
    place = {row["station_id"]: (row["lon"], row["lat"]) for row in stations}
    lines = {line["id"]: line for line in known["line"]}
    sections = {
        line_id: [
            Section(line, a, b, GEOD.inv(*place[a], *place[b])[2] / 1000)
            for a, b in pairwise(line["stations"].split())
        ]
        for line_id, line in lines.items()
    }
    set_lengths(sections)
    ratios = set_published(lines, sections)
    fastest = fastest_of(read(reference / "rail/hsr_od_fastest_2016.csv"))
    set_2016(known, sections, fastest)
    set_estimates(sections, ratios)
    turns, direct = set_trains(known, sections, read(reference / "rail/timetable_2016.csv"))
    OUT.mkdir(exist_ok=True)
    write("stations.csv", stations)
    write("sections.csv", [section_row(s) for line in sections.values() for s in line])
    write("lines.csv", [line_row(line, sections[line["id"]]) for line in known["line"]])
    write("through.csv", through_rows(known, sections, fastest, turns))
    write("direct.csv", [row for line in sections.values() for row in direct_rows(line, direct)])
    write("sources.csv", [{"source_id": k, "citation": v} for k, v in sorted(known["sources"].items())])
    print_totals([s for line in sections.values() for s in line])


def print_totals(sections: list[Section]) -> None:
    """Print kilometres by year beside what is published, as docs/rail-tables.md holds them."""
    for row in read(HERE / "rail_totals.csv"):
        kms = [
            sum(
                s.length_km
                for s in sections
                if s.line["speed"] >= kph and str(s.line.get("opened", "9"))[:4] <= row["year"]
            )
            for kph in (250, 200)
        ]
        print(f"| {row['year']} | {int(row['km']):,} | {kms[0]:,.0f} | {kms[1]:,.0f} |")


def facts() -> dict:
    """Return what all files rail_lines*.toml hold, put together."""
    known: dict = {}
    for path in sorted(HERE.glob("rail_lines*.toml")):
        for key, value in tomllib.loads(path.read_text("utf-8")).items():
            if isinstance(value, list):
                known.setdefault(key, []).extend(value)
            elif isinstance(value, dict):
                for name, entry in value.items():
                    before = known.setdefault(key, {}).get(name, entry)
                    if before != entry and key != "through":
                        raise SystemExit(f"{path.name}, [{key}]: {name} stands elsewhere as {before}")
                    known[key][name] = [*before, *entry] if before != entry else entry
            else:
                known[key] = value
    return known


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, rows: list[dict]) -> None:
    """Write rows under their keys, in UTF-8 with plain line ends."""
    with (OUT / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{name}: {len(rows)} rows")


def station_rows(known: dict, table: list[dict[str, str]]) -> list[dict]:
    """One row per station of any line, in the order of the lines."""
    surveyed = {row["name"]: (float(row["lon"]), float(row["lat"])) for row in table}
    names = dict.fromkeys(name for line in known["line"] for name in line["stations"].split())
    rows = []
    for name in names:
        former = known["renamed"].get(name, "")
        if name in known["positions"]:
            lon, lat, county = known["positions"][name]
            kind, source = "approximate", "position-approximate"
        elif name in known["mapped"]:
            lon, lat, county, source = known["mapped"][name]
            kind = "approximate" if source == "position-rails" else "mapped"
        else:
            lon, lat = surveyed[former or name]
            county, kind, source = "", "surveyed", "p12306-2016"
        rows.append(
            {
                "station_id": name, "name": name, "lon": round(lon, 5), "lat": round(lat, 5),
                "position": kind, "county": county, "former_name": former, "source": source,
            }
        )  # fmt: skip
    return rows


def set_lengths(sections: dict[str, list[Section]]) -> None:
    """Apportion published lengths by straight distance; estimate the rest by the usual detour."""
    for line in sections.values():
        for start, end, km in line[0].line.get("km", []):
            part = between(line, start, end)
            open_part = [s for s in part if not s.length_kind]
            rest = km - sum(s.length_km for s in part if s.length_kind)
            straight = sum(s.straight_km for s in open_part)
            if rest < straight:
                print(f"! {line[0].line['id']} {start}-{end}: {rest:.0f} km, straight {straight:.0f} km")
            for s in open_part:
                s.length_km = rest * s.straight_km / straight
                s.length_kind = "published" if len(part) == 1 else "apportioned"
    fixed = [s for line in sections.values() for s in line if s.length_kind]
    detour = sum(s.length_km for s in fixed) / sum(s.straight_km for s in fixed)
    print(f"detour of the lines of published length: {detour:.3f}")
    for s in (s for line in sections.values() for s in line if not s.length_kind):
        s.length_km, s.length_kind = s.straight_km * detour, "estimated"


def between(line: list[Section], start: str, end: str) -> list[Section]:
    """Sections of a line from one station to another."""
    first = next(i for i, s in enumerate(line) if s.start == start)
    last = next(i for i, s in enumerate(line) if s.end == end)
    return line[first : last + 1]


def fix(part: Iterable[Section], minutes: float, source: str) -> None:
    """Split a run's minutes over its sections that no earlier run has fixed."""
    part = list(part)
    rest = minutes - sum(s.minutes for s in part if s.minutes_kind)
    free = [s for s in part if not s.minutes_kind]
    kind = "published" if len(part) == 1 else "interpolated"
    # Sections at their floor drop out and the others share what is left.
    while free:
        share = rest / sum(s.length_km / s.line["speed"] for s in free)
        tight = [s for s in free if share * s.length_km / s.line["speed"] < s.floor_min]
        if not tight:
            break
        for s in tight:
            s.minutes, s.minutes_kind, s.source = s.floor_min, kind, source
            rest -= s.minutes
        free = [s for s in free if not s.minutes_kind]
    for s in free:
        s.minutes = share * s.length_km / s.line["speed"]
        s.minutes_kind, s.source = kind, source
    total = sum(s.minutes for s in part)
    if abs(total - minutes) > 0.5:
        print(f"! {part[0].start}-{part[-1].end}: published {minutes} min, table {total:.1f} min")


def set_published(lines: dict[str, dict], sections: dict[str, list[Section]]) -> dict[int, float]:
    """Fix the published runs; return the median share of the design speed, by design speed."""
    shares: dict[int, list[float]] = {}
    later: list[tuple[int, float, float]] = []
    for line in lines.values():
        for minutes, source, *path in line.get("runs", []):
            steps = [path[i : i + 3] for i in range(0, len(path), 3)]
            part = [s for line_id, a, b in steps for s in between(sections[line_id], a, b)]
            fix(part, minutes, source)
            ideal = sum(s.length_km / s.line["speed"] * 60 for s in part)
            speed = max(s.line["speed"] for s in part)
            shares.setdefault(speed, []).append(ideal / minutes)
            if source != "p12306-2016":
                later.append((speed, ideal, minutes))
    medians = {speed: round(median(values), 2) for speed, values in sorted(shares.items())}
    print("median share of the design speed of the published runs:", medians)
    print_held_out(later, shares)
    return medians


def print_held_out(later: list[tuple[int, float, float]], shares: dict[int, list[float]]) -> None:
    """Print how far off runs published since March 2016 would be, had each been estimated by what the others reach."""
    off: dict[int, list[float]] = {}
    for speed, ideal, minutes in later:
        others = list(shares[speed])
        others.remove(ideal / minutes)
        off.setdefault(speed, []).append(ideal / median(others) / minutes - 1)
    for name, found in (*sorted(off.items()), ("all", [error for found in off.values() for error in found])):
        bias, error = median(found), median(map(abs, found))
        print(f"| {name} | {len(found)} | {bias:+.0%} | {error:.0%} |")


def fastest_of(table: list[dict[str, str]]) -> dict[tuple[str, str], int]:
    """Return the least minutes of either direction, for both orders of the pair."""
    fastest: dict[tuple[str, str], int] = {}
    for row in table:
        for pair in ((row["from"], row["to"]), (row["to"], row["from"])):
            fastest[pair] = min(int(row["min_minutes"]), fastest.get(pair, 10**6))
    return fastest


def set_2016(
    known: dict, sections: dict[str, list[Section]], fastest: dict[tuple[str, str], int]
) -> None:
    """Fix the lines of 2016 by the chain of scheduled runs with the least total time."""
    former = known["renamed"]
    for line in sections.values():
        if not line[0].line.get("p2016"):
            continue
        stretch: list[Section] = []
        for s in [*line, None]:
            if s is not None and not s.minutes_kind:
                stretch.append(s)
                continue
            if stretch:
                for first, last, minutes in best_chain(stretch, fastest, former):
                    fix(stretch[first:last], minutes, "p12306-2016")
            stretch = []


def best_chain(
    stretch: list[Section], fastest: dict[tuple[str, str], int], former: dict[str, str]
) -> list[tuple[int, int, int]]:
    """Return runs (first section, last section + 1, minutes) of the fastest chain over the stretch."""
    names = [former.get(n, n) for n in (stretch[0].start, *(s.end for s in stretch))]
    best: list[tuple[float, int]] = [(0.0, -1)]
    for j in range(1, len(names)):
        options = [
            (best[i][0] + fastest[names[i], names[j]], i) for i in range(j) if (names[i], names[j]) in fastest
        ]
        best.append(min(options, default=(float("inf"), -1)))
    runs, j = [], len(names) - 1
    while j > 0:
        i = best[j][1]
        if i < 0:
            raise SystemExit(f"no scheduled run of 2016 reaches {names[j]}")
        runs.append((i, j, fastest[names[i], names[j]]))
        j = i
    return runs[::-1]


def set_estimates(sections: dict[str, list[Section]], ratios: dict[int, float]) -> None:
    """Give the sections without a published time the usual share of their design speed."""
    for s in (s for line in sections.values() for s in line if not s.minutes_kind):
        nearest = min(ratios, key=lambda speed: abs(speed - s.line["speed"]))
        s.minutes = max(s.length_km / (s.line["speed"] * ratios[nearest]) * 60, s.floor_min)
        s.minutes_kind, s.source = "estimated", "estimated"


def set_trains(
    known: dict, sections: dict[str, list[Section]], calls: list[dict[str, str]]
) -> tuple[dict[rail_calls.Turn, int], dict[rail_calls.Pair, int]]:
    """Set trains a day, and of them those that call at a section's ends.

    Return those that ran on between lines, and those that called at two stations of a line.
    Counted in March 2016 on the sections of that time. Where the number of trains has been published since, the shares that
    call are kept. On later lines all trains call at both ends of the line, and a usual share in between.
    """
    of_2016 = [s for line in sections.values() for s in line if str(s.line.get("opened", "9")) <= rail_calls.DAY]
    names = {old: new for new, old in known["renamed"].items()}
    steps = ((s.line["id"], s.start, s.end, s.minutes) for s in of_2016)
    found, turns = rail_calls.counted(steps, calls, names)
    along: dict[str, dict[str, float]] = {}
    for s in of_2016:
        own = along.setdefault(s.line["id"], {s.start: 0.0})
        own[s.end] = own[s.start] + s.minutes
    direct = rail_calls.direct(along, calls, names)
    shares = []
    for line in sections.values():
        for place, s in enumerate(line):
            passing, first, last = found.get((s.line["id"], s.start, s.end), (0, 0, 0))
            published = s.line.get("pairs")
            if passing:
                s.trains, s.trains_kind = (published, "published") if published else (passing, "counted")
                s.more = s.trains / passing
                s.calls, s.calls_kind = (max(first, 0.5) * s.more, max(last, 0.5) * s.more), "counted"
                shares += [first / passing] * (place > 0) + [last / passing] * (place < len(line) - 1)
            elif published:
                s.trains, s.trains_kind = published, "published"
    usual = round(median(shares), 2)
    print(f"median share of the trains that call at a station along a line: {usual}")
    for line in sections.values():
        for place, s in enumerate(line):
            if s.trains is not None and s.calls is None:
                inner = (place > 0, place < len(line) - 1)
                s.calls = tuple(s.trains * (usual if between else 1.0) for between in inner)
                s.calls_kind = "estimated"
    return turns, direct


def direct_rows(line: list[Section], direct: dict[rail_calls.Pair, int]) -> list[dict]:
    """Return rows of direct.csv: trains a day, there and back, that call at two stations of a line.

    Counted on the lines of March 2016; where the number of trains has been published since, times the least that it has grown
    on any section between. Elsewhere as if trains chose at which stations they call without regard to each other.
    """
    own, names = line[0].line, [line[0].start, *(s.end for s in line)]
    counted = {a for a in names for b in names if (own["id"], a, b) in direct or (own["id"], b, a) in direct}
    rows = []
    for i, j in combinations(range(len(names)), 2):
        way, a, b = line[i:j], names[i], names[j]
        if {a, b} <= counted:
            kind, more = "counted", min(s.more for s in way)
            there, back = (more * direct.get((own["id"], *ends), 0) for ends in ((a, b), (b, a)))
        elif any(s.trains is None for s in way):
            continue
        else:
            kind = "estimated"
            there = back = max(way[0].calls[0] * way[-1].calls[1] / max(s.trains for s in way), 0.1)
        if there or back:
            rows.append(
                {
                    "line_id": own["id"], "from_station": a, "to_station": b, "trains_there": number(there),
                    "trains_back": number(back), "kind": kind,
                    "source": "p12306-2016" if kind == "counted" else ";".join(own["sources"]),
                }
            )  # fmt: skip
    return rows


def number(value: float | None) -> str | float:
    """Return a number with at most one decimal, nothing where there is none."""
    return "" if value is None else round(value, 1) if value % 1 else int(value)


def section_row(s: Section) -> dict:
    """Return a row of sections.csv."""
    line = s.line
    sources = dict.fromkeys([s.source, *line["sources"]])
    length = round(s.length_km, 2)
    floor = length / (MAX_SHARE * line["speed"]) * 60
    minutes = round(s.minutes, 2)
    return {
        "line_id": line["id"], "from_station": s.start, "to_station": s.end,
        "minutes": minutes if minutes >= floor else round(minutes + 0.01, 2),
        "minutes_kind": s.minutes_kind, "length_km": length, "length_kind": s.length_kind,
        "status": line.get("status", "open"), "opening_date": line.get("opened", ""),
        "design_speed_kph": line["speed"], "trains_per_day": number(s.trains), "trains_kind": s.trains_kind,
        "calls_from": number(s.calls and s.calls[0]), "calls_to": number(s.calls and s.calls[1]),
        "calls_kind": s.calls_kind, "source": ";".join(sources),
    }  # fmt: skip


def line_row(line: dict, sections: list[Section]) -> dict:
    """Return a row of lines.csv."""
    return {
        "line_id": line["id"], "name": line["name"], "from_station": sections[0].start,
        "to_station": sections[-1].end, "n_stations": len(sections) + 1,
        "length_km": round(sum(s.length_km for s in sections), 1),
        "minutes": round(sum(s.minutes for s in sections), 1),
        "status": line.get("status", "open"), "source": ";".join(line["sources"]),
    }  # fmt: skip


def through_rows(
    known: dict,
    sections: dict[str, list[Section]],
    fastest: dict[tuple[str, str], int],
    turns: dict[rail_calls.Turn, int],
) -> list[dict]:
    """Rows of through.csv: by direction and with the minutes that trains stay, where known.

    Pairs of lines that rail_lines.toml doesn't have are those between which trains ran on in March 2016.
    """
    rows = []
    stays = {}
    for stay in known.get("stay", []):
        minutes, source, line_a, a, line_b, b = stay["run"]
        station = stay["station"]
        way_a, way_b = way(sections[line_a], station, a), way(sections[line_b], station, b)
        rest = minutes - sum(s.minutes for s in (*way_a[1], *way_b[1]))
        stays[station, line_a, line_b] = (way_a[0], way_b[0], rest, source)
    for station, pairs in known["through"].items():
        for a, b in pairs:
            found = turns_2016(known, sections, fastest, station, a, b)
            if (station, a, b) in stays:
                found = [stays[station, a, b]]
            for next_a, next_b, minutes, source in found or [("", "", None, "")]:
                rows.append(
                    {
                        "station_id": station, "line_a": a, "line_b": b, "next_a": next_a, "next_b": next_b,
                        "minutes": "" if minutes is None else round(max(minutes, 0.0), 1), "source": source,
                    }
                )  # fmt: skip
    told = {(row["station_id"], frozenset((row["line_a"], row["line_b"]))) for row in rows}
    ran: dict[tuple[str, str, str], set[tuple[str, str]]] = {}
    for station, a, next_a, b, next_b in turns:
        if a < b and (station, frozenset((a, b))) not in told:
            ran.setdefault((station, a, b), set()).add((next_a, next_b))
    for (station, a, b), directions in sorted(ran.items()):
        for next_a, next_b, minutes, source in turns_2016(known, sections, fastest, station, a, b):
            if (next_a, next_b) in directions:
                rows.append(
                    {
                        "station_id": station, "line_a": a, "line_b": b, "next_a": next_a, "next_b": next_b,
                        "minutes": round(max(minutes, 0.0), 1), "source": source,
                    }
                )  # fmt: skip
    return rows


def way(line: list[Section], start: str, end: str) -> tuple[str, list[Section]]:
    """Return the station next to `start` on the way to `end`, and the sections of that way."""
    names = [line[0].start, *(s.end for s in line)]
    i, j = names.index(start), names.index(end)
    return names[i + (1 if j > i else -1)], line[min(i, j) : max(i, j)]


def ways_2016(sections: dict[str, list[Section]]) -> Callable[[str], dict[str, float]]:
    """Return a function that gives the minutes from a station to all others over the lines of 2016."""
    kept = KNOWN_WAYS.get(id(sections))
    if kept is None:
        around: dict[str, list[tuple[float, str, rail_calls.Step]]] = {}
        for s in (s for line in sections.values() if line[0].line.get("p2016") for s in line):
            around.setdefault(s.start, []).append((s.minutes, s.end, (s.line["id"], s.start, s.end)))
            around.setdefault(s.end, []).append((s.minutes, s.start, (s.line["id"], s.end, s.start)))
        kept = KNOWN_WAYS[id(sections)] = cache(lambda start: rail_calls.quickest(around, start)[0])
    return kept


def turns_2016(
    known: dict,
    sections: dict[str, list[Section]],
    fastest: dict[tuple[str, str], int],
    station: str,
    a: str,
    b: str,
) -> list[tuple[str, str, float, str]]:
    """Return where trains of 2016 ran on from a line to another, and how long at least they took over it.

    By direction, the least that any scheduled train took beyond the sections: dwell, turning round,
    the way between two stations of one town. A lower bound, so that no run comes out slower than
    it was scheduled. Empty where the table of 2016 doesn't have both lines, or no train on both.
    """
    if not (sections[a][0].line.get("p2016") and sections[b][0].line.get("p2016")):
        return []
    former = known["renamed"]
    ways = ways_2016(sections)
    least: dict[tuple[str, str], float] = {}
    stations = {key: [line[0].start, *(s.end for s in line)] for key, line in sections.items()}
    for start in stations[a]:
        for end in stations[b]:
            if any(start in names and end in names for names in stations.values()):
                continue  # a train that may have gone another way
            minutes = fastest.get((former.get(start, start), former.get(end, end)))
            if minutes is None:
                continue
            (next_a, way_a), (next_b, way_b) = way(sections[a], station, start), way(sections[b], station, end)
            by_way = sum(s.minutes for s in (*way_a, *way_b))
            if by_way > ways(start)[end] + ANOTHER_WAY_MIN:
                continue
            rest = minutes - by_way
            least[next_a, next_b] = min(rest, least.get((next_a, next_b), rest))
    return [(*sides, rest, "p12306-2016") for sides, rest in least.items()]


if __name__ == "__main__":
    main()
