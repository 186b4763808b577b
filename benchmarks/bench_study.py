"""A study from its file to its folder: time, processor time and peak memory, stage by stage.

    python3 tasks.py bench study [NAME …] [--network=FILE] [--quick]

All embedded studies, or those named with --study=; `--quick` leaves the national one out. Each runs in a process of its
own, twice: the first run compiles and fills the caches, the second counts. A stage's peak is that of the process until
its end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contenders import peak_mb  # type: ignore[import-not-found]  # beside this script

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--study", action="append", help="this study, an embedded one's name or a file")
    parser.add_argument("--network", action="append", help="on these roads")
    parser.add_argument(
        "--quick", action="store_true", help="without the national study, and without warming up"
    )
    parser.add_argument("--one", help=argparse.SUPPRESS)  # this script starts itself with it
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.network)))
        return 0
    from bench_isochrones import machine  # type: ignore[import-not-found]

    from borderreach import study_names

    names = options.study or [name for name in study_names() if not (options.quick and name == "national")]
    report: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "machine": machine(), "rows": []}
    for name in names:
        command = [sys.executable, str(Path(__file__).resolve()), "--one", name]
        command += [f"--network={one}" for one in options.network or ()]
        row: dict[str, Any] = {}
        for _ in range(1 if options.quick else 2):
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
            if done.returncode != 0:
                raise SystemExit(f"bench_study: {name} failed: {done.stderr}")
            row = json.loads(done.stdout.strip().splitlines()[-1])
        report["rows"].append(row)
        print(table_of(row), flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "study.json").write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    return 0


def measure(name: str, network: list[str] | None) -> dict[str, Any]:
    """Run a study in this process; imports count."""
    whole, busy = time.perf_counter(), time.process_time()
    from borderreach.geo.memory import release_memory
    from borderreach.maps.folders import ResultsFolder
    from borderreach.output import output_names, write_results
    from borderreach.running import rare_collections
    from borderreach.stages import STAGES
    from borderreach.studies import study_run

    rows = []

    def noted(stage: str, since: tuple[float, float]) -> None:
        rows.append(
            {
                "stage": stage,
                "s": time.perf_counter() - since[0],
                "processor_s": time.process_time() - since[1],
                "peak_mb": peak_mb(),
            }
        )

    noted("imports", (whole, busy))
    run = study_run(name, network=network)
    since = time.perf_counter(), time.process_time()
    run.require_sound()
    noted("reading the network", since)
    names = iter(STAGES)
    begun: list[tuple[str, tuple[float, float]]] = []

    def begins(_: str) -> None:
        if begun:
            noted(*begun.pop())
        begun.append((next(names), (time.perf_counter(), time.process_time())))

    with rare_collections():  # as `run_study` does
        results = run.results(begins)
    last, since = begun.pop()
    noted(f"{last}, what-if", since)
    named, nodes = run.study.name, run.base.n_nodes
    since = time.perf_counter(), time.process_time()
    del run  # as `run_study` does
    release_memory()
    noted("networks let go", since)
    since = time.perf_counter(), time.process_time()
    with (
        tempfile.TemporaryDirectory() as folder,
        ResultsFolder(
            Path(folder) / "out", holds=f"study {named}", names=output_names(None), overwrite=False
        ) as out,
    ):
        write_results(results, out, started=time.monotonic())
    noted("writing", since)
    return {
        "study": named,
        "nodes": nodes,
        "s": time.perf_counter() - whole,
        "processor_s": time.process_time() - busy,
        "peak_mb": peak_mb(),
        "stages": rows,
    }


def table_of(row: dict[str, Any]) -> str:
    """Return one study's stages as Markdown."""
    head = (
        f"\n{row['study']}, {row['nodes']:,} nodes: {row['s']:.1f} s, processor {row['processor_s']:.1f} s, "
        f"peak {row['peak_mb']:,.0f} MB\n"
    )
    lines = [
        head,
        "| stage | s | processor, s | peak until its end, MB |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {one['stage']} | {one['s']:.2f} | {one['processor_s']:.2f} | {one['peak_mb']:,.0f} |"
        for one in row["stages"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
