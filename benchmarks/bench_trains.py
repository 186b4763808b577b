"""All departures of a day's window by train, from one place to every station, against a plain connection scan.

    python3 tasks.py bench trains [--quick] [--raptor]

The timetable is laid out from the embedded railway tables: on every line that is open, as many trains a day as its
table says (20 where it doesn't), spread evenly from 06:30 to 22:00 in both directions, with the sections' minutes and two
minutes at each stop. The plain scan (Dibbelt and others 2018, in Python) is run anew for each of the 720 minutes; ours
sweeps once for all. Both have to agree at every station and minute. Then whole journeys by road and train between
counties, percentiles included. `--quick` takes 24 of the minutes and 100 counties instead of 900. `--raptor` sets up
pyraptor, a public RAPTOR in Python, and has it search the trains alone from one station at a few of the moments, with no
time for changing, which it doesn't know within a station; ours does the same in one sweep.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import borderreach as br
from borderreach.analysis.times._connections import FAR_S, Arrivals
from borderreach.analysis.times._roads_and_trains import RoadsAndTrains

RESULTS = Path(__file__).resolve().parent / "results"
ORIGIN = "重庆市"
FIRST_MIN, LAST_MIN, STOP_MIN = 390.0, 1320.0, 2.0
OFTEN = 20
STATION = "重庆北"
#: Moments of setting out at which pyraptor is asked.
RAPTOR_EVERY_MIN = 180


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--quick", action="store_true", help="24 of the 720 minutes, 100 counties instead of 900"
    )
    parser.add_argument("--raptor", action="store_true", help="set up pyraptor and compare with it")
    options, _ = parser.parse_known_args()
    RESULTS.mkdir(exist_ok=True)
    road, trains = br.trunk_network(), laid_out()
    both = RoadsAndTrains(
        road,
        trains,
        rules=None,
        window=("07:00", "19:00"),
        station_reach_min=90,
        between_stations_min=60,
    )
    access = both.access_s(ORIGIN)[0]
    both.arrivals(access)  # compiled by now
    begin = time.perf_counter()
    found = both.arrivals(access)
    ours_s = time.perf_counter() - begin
    minutes = range(both.first_s, both.end_s, 60 * (30 if options.quick else 1))
    begin = time.perf_counter()
    plain = [plain_scan(both, access, now) for now in minutes]
    plain_s = (time.perf_counter() - begin) * (both.end_s - both.first_s) / 60 / len(plain)
    differ = sum(
        earliest(found, station, now) != then[station]
        for now, then in zip(minutes, plain, strict=True)
        for station in range(len(both.stations))
    )
    counties = br.counties()
    counties = counties.sort_values("adcode").iloc[
        :: max(len(counties) // (100 if options.quick else 900), 1)
    ]
    begin = time.perf_counter()
    pairs = br.timetable_times(road, trains, counties, off_network="unreachable")
    whole_s = time.perf_counter() - begin
    rival = raptor(road, trains) if options.raptor else {}
    report: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "trains": int((trains.runs["day"] == 0).sum()),
        "connections": len(both.connections.run),
        "minutes_compared": len(plain),
        "stations": len(both.stations),
        "differing": differ,
        "ours_s": ours_s,
        "plain_s": plain_s,
        "ratio": plain_s / ours_s,
        "pairs": len(pairs),
        "pairs_s": whole_s,
        **rival,
    }
    against = against_raptor(rival) if rival else []
    text = "\n".join(
        [
            "| work | time |",
            "|---|---:|",
            f"| {report['trains']:,} trains, one origin to {report['stations']} stations, 720 departures: one sweep | {1000 * ours_s:.1f} ms |",
            f"| the same, a plain connection scan in Python per departure | {plain_s:.1f} s ({report['ratio']:,.0f} times) |",
            f"| {len(pairs):,} pairs of counties door to door by road and train, percentiles of 720 departures | {whole_s:.1f} s |",
            *against[:1],
            "",
            *against[1:],
            f"{differ} of {len(plain) * report['stations']:,} arrivals differ.",
        ]
    )
    print(f"\n{text}")
    (RESULTS / "trains.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    (RESULTS / "trains.md").write_text(text + "\n", encoding="utf-8")
    return 1 if differ else 0


def laid_out() -> br.Timetable:
    """Return the timetable described above."""
    sections = br.rail_sections()
    sections = sections[sections["status"] == "open"]
    rows = []
    for line, own in sections.groupby("line_id", sort=True):
        per_day = own["trains_per_day"].median()
        n = int(per_day) if per_day > 0 else OFTEN
        for way, steps in (("a", own), ("b", own.iloc[::-1])):
            ends = ("from_station", "to_station") if way == "a" else ("to_station", "from_station")
            for k, begin in enumerate(np.linspace(FIRST_MIN, LAST_MIN, max(n, 2))):
                rows += train(f"{line}-{way}{k}", steps, ends, float(begin))
    calls = pd.DataFrame(rows, columns=["train", "stop_no", "station", "arrive", "depart"])
    return br.timetable(calls)


def train(
    name: str, steps: pd.DataFrame, ends: tuple[str, str], begin_min: float
) -> list[tuple[str, int, str, str, str]]:
    """Return the calls of a train along sections; where they don't join, it ends."""
    now, at = begin_min, steps[ends[0]].iloc[0]
    calls = [(name, 1, at, "", clock(now))]
    for number, step in enumerate(steps.itertuples(index=False), start=2):
        if getattr(step, ends[0]) != at:
            break
        now, at = now + max(float(str(step.minutes)), 1.0), getattr(step, ends[1])
        calls.append((name, number, at, clock(now), clock(now + STOP_MIN)))
        now += STOP_MIN
    return calls if len(calls) > 1 else []


def clock(minutes: float) -> str:
    """Return minutes after midnight as a table says them."""
    seconds = round(60 * minutes)
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def raptor(road: br.TransportNetwork, trains: br.Timetable) -> dict[str, Any]:
    """Compare with pyraptor: earliest arrivals by train alone from one station, changing in no time."""
    both = RoadsAndTrains(
        road,
        trains,
        rules=br.TransferRules(boarding_min=0, alighting_min=0, transfer_min=0),
        window=("07:00", "19:00"),
        station_reach_min=0,
        between_stations_min=0,
    )
    origin = int(np.flatnonzero(trains.stations["name"] == STATION)[0])
    access = np.full(len(both.stations), FAR_S, dtype=np.int32)
    access[origin] = 0
    begin = time.perf_counter()
    found = both.arrivals(access)
    ours_s = time.perf_counter() - begin
    moments = list(range(both.first_s, both.end_s, 60 * RAPTOR_EVERY_MIN))
    # who sets out arrives at a train's door a second before it leaves, and so does who changes
    rows = [
        [
            [int(station), int(arrive), int(depart) - 1]
            for station, arrive, depart in zip(own["station"], own["arrive_s"], own["depart_s"], strict=True)
        ]
        for _, own in trains.calls.groupby("run", sort=True)
    ]
    for row in rows:
        row[0][1], row[-1][2] = row[0][2], row[-1][1]
    folder = RESULTS / "pyraptor"
    python = folder / "venv" / "bin" / "python"
    if not python.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        packages = ["pyraptor==1.3.10", "numpy<2", "attrs"]  # it asks for attrs without saying so
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True)
    job = folder / "trains.json"
    asked = {"stations": len(both.stations), "origin": origin, "trains": rows}
    job.write_text(json.dumps({**asked, "moments": [now - 1 for now in moments]}), encoding="utf-8")
    script = Path(__file__).with_name("raptor.py")
    told = subprocess.run([str(python), str(script), str(job)], check=True, capture_output=True, text=True)
    rival = json.loads(told.stdout)
    ours = [[earliest(found, station, now) for station in range(len(both.stations))] for now in moments]
    until = both.last_s + 24 * 3600  # ours looks no farther than a day
    differing = sum(
        a != (float("inf") if b > until else b)
        for own, other in zip(ours, rival["arrivals"], strict=True)
        for station, (a, b) in enumerate(zip(own, other, strict=True))
        if station != origin
    )
    return {
        "raptor_moments": len(moments),
        "raptor_s": rival["seconds"] / len(moments) * (both.end_s - both.first_s) / 60,
        "raptor_ours_s": ours_s,
        "raptor_differing": differing,
        "raptor_compared": len(moments) * (len(both.stations) - 1),
    }


def against_raptor(found: dict[str, Any]) -> list[str]:
    """Return the table's row on pyraptor, and a sentence."""
    ratio = found["raptor_s"] / found["raptor_ours_s"]
    of = f"{found['raptor_moments']} of 720 departures, scaled: {found['raptor_s']:,.0f} s"
    row = f"| trains alone from {STATION}: pyraptor, {of} | {ratio:,.0f} times our {1000 * found['raptor_ours_s']:.1f} ms |"
    return [
        row,
        f"{found['raptor_differing']} of {found['raptor_compared']:,} arrivals by pyraptor differ.",
    ]


def plain_scan(both: RoadsAndTrains, access_s: NDArray[np.int32], now_s: int) -> list[float]:
    """Earliest arrivals at all stations of who sets out at one moment: a connection scan as in the paper."""
    laid = both.connections
    order = np.lexsort((np.arange(len(laid.run)), laid.leave_s))
    ready = [now_s + int(s) if s != FAR_S else float("inf") for s in access_s]
    best = [float("inf")] * laid.n_stations
    aboard = [False] * laid.n_runs
    until = both.last_s + 24 * 3600
    ways = ways_of(both)
    for c in order.tolist():
        leave = int(laid.leave_s[c])
        if leave < now_s:
            continue
        if leave > until:
            break
        run = int(laid.run[c])
        if aboard[run] or (laid.board[c] and ready[laid.origin[c]] <= leave):
            aboard[run] = True
            if laid.alight[c]:
                station, arrive = int(laid.target[c]), int(laid.arrive_s[c])
                if arrive < best[station]:
                    best[station] = arrive
                    for there, seconds in ways[station]:
                        ready[there] = min(ready[there], arrive + seconds)
    return best


def ways_of(both: RoadsAndTrains) -> dict[int, list[tuple[int, int]]]:
    """Return where one may board after getting off at a station, and after how long."""
    ways: dict[int, list[tuple[int, int]]] = {
        k: [(k, max(both.change_s, 1))] for k in range(len(both.stations))
    }
    for a, b, seconds in both.walks.tolist():
        ways[a].append((b, seconds))
    return ways


def earliest(found: Arrivals, station: int, now_s: int) -> float:
    """Return when one arrives who sets out at a moment."""
    part = slice(found.start[station], found.start[station + 1])
    later = found.arrive_s[part][found.set_out_s[part] >= now_s]
    return float(later[0]) if len(later) else float("inf")


if __name__ == "__main__":
    raise SystemExit(main())
