"""Count the trains of a timetable that run over each section, that call at its ends, and that run on to another line.

A train counts on a section if it calls at two stations whose quickest way over the tables passes it, and at a section's
end if it calls there and goes on over it, or has come over it. Both directions together, halved.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

#: The day that is counted: a Tuesday outside the travel season of the Spring Festival.
DAY = "2016-03-15"
#: A train that takes longer than this over a way has gone another one: the tables' minutes times, plus min.
SLOWEST = (1.8, 8.0)
QUICKEST = (0.9, -3.0)

Step = tuple[str, str, str]  # line, from, to
Turn = tuple[str, str, str, str, str]  # station, line and next station on it, other line and next station on it
Pair = tuple[str, str, str]  # line, from, to: stations that needn't be neighbours


def counted(
    steps: Iterable[tuple[str, str, str, float]], calls: Iterable[Mapping[str, str]], names: Mapping[str, str]
) -> tuple[dict[Step, tuple[float, float, float]], dict[Turn, int]]:
    """Return per section trains a day and direction: those that run over it, that call at its start and at its end.

    And the trains a day, both ways, that run on at a station from a line to another.

    `steps` are (line, from, to, minutes); `names` turns a name of the timetable into that of the tables.
    """
    around: dict[str, list[tuple[float, str, Step]]] = defaultdict(list)
    for line, a, b, minutes in steps:
        around[a].append((minutes, b, (line, a, b)))
        around[b].append((minutes, a, (line, b, a)))
    ways: dict[str, tuple[dict[str, float], dict[str, Step]]] = {}
    passing: dict[Step, float] = defaultdict(float)
    leaving: dict[Step, float] = defaultdict(float)
    coming: dict[Step, float] = defaultdict(float)
    turns: dict[Turn, int] = defaultdict(int)
    for run in runs(calls):
        last: Step | None = None
        stops = [(names.get(name, name), arrive, depart) for name, arrive, depart in run]
        stops = [stop for stop in stops if stop[0] in around]
        for (a, _, left), (b, arrived, _) in pairwise(stops):
            if a not in ways:
                ways[a] = quickest(around, a)
            minutes, before = ways[a]
            if b not in minutes or a == b:
                last = None
                continue
            least, most = (share * minutes[b] + more for share, more in (QUICKEST, SLOWEST))
            if not least <= arrived - left <= most:
                last = None
                continue
            way = [before[b]]
            while way[-1][1] != a:
                way.append(before[way[-1][1]])
            leaving[way[-1]] += 1
            coming[way[0]] += 1
            for step in way:
                passing[step] += 1
            for before_it, after_it in pairwise([*([last] if last else []), *reversed(way)]):
                if before_it[0] != after_it[0]:
                    station = before_it[2]
                    turns[station, before_it[0], before_it[1], after_it[0], after_it[2]] += 1
                    turns[station, after_it[0], after_it[2], before_it[0], before_it[1]] += 1
            last = way[0]
    found = {}
    for line, a, b in {(min(k, (k[0], k[2], k[1]))) for k in passing}:
        there, back = (line, a, b), (line, b, a)
        rows = (passing[there] + passing[back], leaving[there] + coming[back], coming[there] + leaving[back])
        found[there] = tuple(n / 2 for n in rows)
        found[back] = (rows[0] / 2, rows[2] / 2, rows[1] / 2)
    return found, dict(turns)


def direct(
    lines: Mapping[str, Mapping[str, float]], calls: Iterable[Mapping[str, str]], names: Mapping[str, str]
) -> dict[Pair, int]:
    """Return the trains a day that call at one station of a line and then at another, each direction by itself.

    They count for every line that has both stations and on which they could have made it in their time: it is the same to
    who travels which of two tracks they took. `lines` are minutes along the line, by station.
    """
    lines_of: dict[str, set[str]] = defaultdict(set)
    for line, along in lines.items():
        for station in along:
            lines_of[station].add(line)
    found: dict[Pair, int] = defaultdict(int)
    for run in runs(calls):
        stops = [(names.get(name, name), arrive, depart) for name, arrive, depart in run]
        seen = set()
        for i, (a, _, left) in enumerate(stops):
            for legs, (b, arrived, _) in enumerate(stops[i + 1 :], start=1):
                for line in lines_of.get(a, set()) & lines_of.get(b, set()) if a != b else ():
                    minutes = abs(lines[line][a] - lines[line][b])
                    least, most = QUICKEST[0] * minutes + QUICKEST[1], SLOWEST[0] * minutes + SLOWEST[1] * legs
                    if least <= arrived - left <= most:
                        seen.add((line, a, b))
        for pair in seen:
            found[pair] += 1
    return dict(found)


def runs(calls: Iterable[Mapping[str, str]]) -> Iterable[list[tuple[str, float, float]]]:
    """Yield the runs of the day: name, arrival and departure in minutes after the run's first midnight."""
    run: list[tuple[str, float, float]] = []
    last, number, on_the_day = 0.0, None, False
    for row in calls:
        if row["run"] != number:
            if run:
                yield run
            run, last, number = [], 0.0, row["run"]
            on_the_day = row["dates"] in ("", "ALL") or DAY in row["dates"].split("|")  # only its first row says
        if not on_the_day:
            continue
        times = []
        for text in (row["arrive"] or row["depart"], row["depart"] or row["arrive"]):
            hours, minutes = text.split(":")[:2]
            now = 60.0 * int(hours) + int(minutes)
            while now < last - 1e-9:
                now += 1440
            times.append(now)
            last = now
        run.append((row["station"], times[0], times[1]))
    if run:
        yield run


def quickest(
    around: Mapping[str, list[tuple[float, str, Step]]], start: str
) -> tuple[dict[str, float], dict[str, Step]]:
    """Return minutes from a station, and the step by which each station is reached."""
    minutes, before = {start: 0.0}, {}
    queue = [(0.0, start)]
    while queue:
        now, here = heapq.heappop(queue)
        if now > minutes[here]:
            continue
        for taken, there, step in around[here]:
            if now + taken < minutes.get(there, float("inf")):
                minutes[there], before[there] = now + taken, step
                heapq.heappush(queue, (now + taken, there))
    return minutes, before
