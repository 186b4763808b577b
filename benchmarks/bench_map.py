"""Size of a study's map and time to its first drawing, against folium's own page with the same layers.

folium's page gets the same frames as `folium.GeoJson` and `CircleMarker` layers, at full detail, as folium users
do it. Its scripts would come from servers abroad: here Leaflet is handed to it from this machine at once, and
jQuery, Bootstrap and Font Awesome as empty files, so that only the page itself is timed.

    python3 tasks.py bench map [--study=national] [--quick]
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
from playwright.sync_api import Route, sync_playwright
from xstatic.pkg import leaflet

import borderreach as br
from borderreach.geo.places._boundaries import provinces

RUNS = 7
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
RESULTS = Path(__file__).parent / "results"
#: Two frames after the page has loaded, everything that its scripts drew is on the screen.
WATCH = "addEventListener('load', () => requestAnimationFrame(() => requestAnimationFrame(() => { window.drawn = performance.now(); })))"


def folium_page(results: br.StudyResults, path: Path) -> None:
    """Write folium's own page with the layers of a study's map."""
    west, south, east, north = results.provinces.total_bounds
    m = folium.Map(tiles=None)
    m.fit_bounds([[south, west], [north, east]])
    named: list[tuple[str, gpd.GeoDataFrame, str]] = [
        ("provinces", results.provinces, "name"),
        ("border counties", results.border_counties, "name"),
        ("borders", results.borders, "length_km"),
        ("zones", results.zones, "centre_name"),
        ("corridors", results.corridors, "name"),
        ("gaps", results.gaps, "gap_km"),
        ("claims", results.claims[~results.claims.is_empty], "words"),
        ("around", provinces(results.study.boundary_source), "name"),
    ]
    for name, frame in (
        ("circles", results.circles),
        ("by rail", results.road_circles),
        ("steps", results.slider_circles),
        ("single", results.isochrones),
    ):
        for key, part in frame.groupby(["cutoff_min", "scenario"]):
            named.append((f"{name} {key}", gpd.GeoDataFrame(part), "area_km2"))
    for name, frame, field in named:
        if len(frame):
            tip = folium.GeoJsonTooltip([field])
            folium.GeoJson(frame[[field, "geometry"]].to_json(), name=name, tooltip=tip).add_to(m)
    for frame, field in (
        (results.centres, "origin_name"),
        (results.corridor_stops, "stop_name"),
        (results.junctions, "provinces"),
    ):
        for row in frame.itertuples():
            folium.CircleMarker((row.lat, row.lon), radius=4, tooltip=str(getattr(row, field))).add_to(m)
    for row in results.crossings.itertuples():
        place = row.geometry.y, row.geometry.x
        folium.CircleMarker(place, radius=4, tooltip=f"{row.county_a} - {row.county_b}").add_to(m)
    folium.LayerControl().add_to(m)
    m.save(str(path))


def answer(route: Route) -> None:
    """Hand out Leaflet from this machine, and nothing else from outside."""
    address = route.request.url
    if address.startswith("file:"):
        route.continue_()
    elif address.endswith(("/leaflet.js", "/leaflet.css")):
        route.fulfill(path=Path(leaflet.BASE_DIR) / address.rsplit("/", 1)[1])
    elif address.endswith((".js", ".css")):
        route.fulfill(body="", content_type="text/javascript" if address.endswith(".js") else "text/css")
    else:
        route.abort()


def milliseconds(browser: Any, path: Path, *, runs: int) -> list[float]:
    """Return the time from the start of navigation to the first drawing, once for each run."""
    found = []
    for _ in range(runs):
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        context.route("**/*", answer)
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(path.as_uri())
        # not wait_for_function, whose evaluation in the page our page forbids
        until = time.monotonic() + 120
        while (drawn := page.evaluate("window.drawn")) is None:
            if time.monotonic() > until:
                raise SystemExit(f"{path.name} wasn't drawn within two minutes")
            page.wait_for_timeout(20)
        found.append(float(drawn))
        context.close()
    return found


def main() -> int:
    """Measure both pages, print a table and keep it."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--study", default="yuqian", help="name of an embedded study")
    parser.add_argument("--quick", action="store_true", help="three runs of each page")
    options, _ = parser.parse_known_args()
    study, runs = options.study, 3 if options.quick else RUNS
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print("bench_map: no Chromium, Chrome or Edge found", file=sys.stderr)
        return 1
    results = br.run_study(study)
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = {"borderreach": Path(folder) / "own.html", "folium": Path(folder) / "folium.html"}
        around = provinces(results.study.boundary_source)
        br.save_map(br.study_map(results, context=around), pages["borderreach"])
        folium_page(results, pages["folium"])
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, path in pages.items():
            times = milliseconds(browser, path, runs=runs)
            rows.append(
                {
                    "page": name,
                    "size_mb": path.stat().st_size / 1e6,
                    "first_draw_ms": statistics.median(times),
                    "slowest_ms": max(times),
                }
            )
        about = f"{platform.machine()}, {platform.system()}, Chromium {browser.version}, study {study}, {runs} runs each"
        browser.close()
    print(about)
    print(f"{'page':<12}{'size, MB':>10}{'first draw, ms (median)':>26}{'slowest':>9}")
    for row in rows:
        print(
            f"{row['page']:<12}{row['size_mb']:>10.2f}{row['first_draw_ms']:>26.0f}{row['slowest_ms']:>9.0f}"
        )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"map-{study}.json").write_text(
        json.dumps({"machine": about, "rows": rows}, indent=1), encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
