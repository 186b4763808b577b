"""Two runs of the benchmarks side by side: every number that both have, and how it changed.

    python3 tasks.py bench --compare A B

A and B are the JSON of a run (benchmarks/results/runs/*.json) or of one benchmark (benchmarks/results/*.json), or what
their names begin with.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
#: Numbers that say what was measured, not how fast it was.
CONDITIONS = ("machine", "date", "load", "versions")


def main(arguments: list[str]) -> int:
    """Print the comparison."""
    if len(arguments) != 2:
        print("--compare takes two runs: the names of JSON files in benchmarks/results", file=sys.stderr)
        return 2
    paths = [find(name) for name in arguments]
    for name, path in zip(arguments, paths, strict=True):
        if path is None:
            print(
                f"no run {name!r}: neither a file nor one in {RESULTS} or {RESULTS / 'runs'}", file=sys.stderr
            )
            return 2
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in paths if path is not None)
    print(table(before, after))
    return 0


def find(name: str) -> Path | None:
    """Return the file that a run's name means; of several that begin with it the latest."""
    if Path(name).is_file():
        return Path(name)
    found = [path for folder in (RESULTS / "runs", RESULTS) for path in sorted(folder.glob(f"{name}*.json"))]
    return found[-1] if found else None


def table(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return the numbers that both runs have as Markdown, with what each is of the earlier one."""
    one, other = dict(numbers(before)), dict(numbers(after))
    both = [name for name in one if name in other]
    rows = ["| what | before | after | after by before |", "|---|---:|---:|---:|"]
    for name in both:
        ratio = f"{other[name] / one[name]:.2f}" if one[name] else ""
        rows.append(f"| {name} | {one[name]:,.6g} | {other[name]:,.6g} | {ratio} |")
    for label, names in (("before", one), ("after", other)):
        alone = [name for name in names if name not in both]
        if alone:
            more = "" if len(alone) <= 8 else f" and {len(alone) - 8} more"
            rows.append(f"\nOnly {label}: {', '.join(alone[:8])}{more}.")
    return "\n".join(rows)


def numbers(report: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield each number of a report under a name: keys, and of a list's rows what they are called."""
    if isinstance(report, bool) or report is None:
        return
    if isinstance(report, (int, float)):
        yield name, float(report)
    elif isinstance(report, dict):
        for key, value in report.items():
            if key not in CONDITIONS:
                yield from numbers(value, f"{name} / {key}" if name else str(key))
    elif isinstance(report, list):
        called: dict[str, int] = {}
        for row in report:
            own = title(row) or "row"
            called[own] = called.get(own, 0) + 1
            nth = f" ({called[own]})" if called[own] > 1 else ""
            yield from numbers(row, f"{name} / {own}{nth}")


def title(row: Any) -> str:
    """Return what a row of a report is about: its texts, and the numbers that are settings."""
    if not isinstance(row, dict):
        return ""
    settings = ("threads", "origins", "cutoff_min", "tiles", "workers")
    told = [str(v) for v in row.values() if isinstance(v, str)]
    return ", ".join([*told, *(f"{k} {row[k]}" for k in settings if row.get(k) is not None)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
