"""Frames per second while a centre is dragged in a map's what-if, with every corridor of the study on.

The page works in this machine's Chromium, drawn by the processor; what it computes for a frame is told apart.

    python3 tasks.py bench what_if [--study=yuqian]
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import borderreach as br

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
RESULTS = Path(__file__).parent / "results"
STEPS = 150
WATCH = """() => {
  window.frames_ms = [];
  window.work_ms = [];
  let last = performance.now();
  let before = null;
  const step = (now) => {
    window.frames_ms.push(now - last);
    last = now;
    if (borderreach.whatIf.found !== before) window.work_ms.push(borderreach.whatIf.lastMs);
    before = borderreach.whatIf.found;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


def main() -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--study", default="yuqian", help="name of an embedded study")
    options, _ = parser.parse_known_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print(f"none of {', '.join(BROWSERS)} is installed", file=sys.stderr)
        return 1
    results = br.run_study(options.study)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        path = br.save_map(br.study_map(results), Path(folder) / "map.html")
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(path.as_uri())
        page.click(".br-what-if-button")
        for box in page.locator("[data-corridor]").all():
            box.check()
        page.evaluate(WATCH)
        handle = page.locator(".br-handle-centre").first.bounding_box()
        if handle is None:
            raise SystemExit("the study has no centre to drag")
        x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(STEPS):
            page.mouse.move(x + step, y + step % 40)
        frames, work = page.evaluate("window.frames_ms"), page.evaluate("window.work_ms")
        nodes = page.evaluate(
            "borderreach.networkOf(JSON.parse(document.getElementById('study-data').textContent)).n"
        )
        page.mouse.up()
        browser.close()
    told = {
        "study": options.study,
        "nodes": nodes,
        "frames_per_second": round(1000 * len(frames) / sum(frames), 1),
        "median_frame_ms": round(statistics.median(frames), 1),
        "median_work_ms": round(statistics.median(work), 1),
        "machine": platform.processor() or platform.machine(),
    }
    print(json.dumps(told, indent=2))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "what_if.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
