"""What each command does: it reads its options, computes, and prints or writes what came out."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from .geo.errors import BorderReachError, InputError, OutputsFailedError
from .geo.text import one_line, printable
from .terminal import asked, on_terminal, print_table

if TYPE_CHECKING:
    from .analysis.studies import StudyResults
    from .geo.sources import NetworkInfo

# Everything heavy is imported inside the command that needs it: --help answers at once.

#: Adcodes of Taiwan, Hong Kong and Macao begin here.
_FIRST_REGION: Final = 710000
EXIT_OK: Final = 0
EXIT_SOME_FAILED: Final = 1
EXIT_FAULT: Final = 2


def list_studies(_: argparse.Namespace) -> None:
    """Do `borderreach studies`."""
    from .studies import study, study_names  # noqa: PLC0415

    found = [study(name) for name in study_names()]
    print_table(
        ("study", "title", "title in English"), [(one.name, one.title, one.title_en) for one in found]
    )


def new_study(options: argparse.Namespace) -> int:
    """Do `borderreach new-study`: what is missing is asked for."""
    from .checking import check_file  # noqa: PLC0415
    from .new_study import study_text, write_study  # noqa: PLC0415

    name = options.name or asked("name of the study (letters a to z, digits, - and _)", "NAME")[0]
    provinces = options.provinces or asked("provinces, such as: 湖南 江西", "--provinces")
    centres = options.centres or asked("centres, such as: 长沙市 萍乡市", "--centres")
    text = study_text(
        name,
        provinces=provinces,
        centres=centres,
        between=options.between,
        title=options.title,
        title_en=options.title_en,
    )
    path = write_study(Path(options.folder) / f"{name}.toml", text)
    print(f"{path}\n\nnext:\n  borderreach run {path} --out out/{name}")
    _, faults = check_file(path)
    for fault in faults:
        print(f"borderreach: {printable(str(fault))}", file=sys.stderr)
    return EXIT_FAULT if faults else EXIT_OK


def check(options: argparse.Namespace) -> int:
    """Do `borderreach check`."""
    from .checking import check_file  # noqa: PLC0415

    kind, faults = check_file(options.file)
    for fault in faults:
        print(printable(str(fault)))
    if not faults:
        print(f"{options.file}: nothing is wrong with this {kind} file")
    return EXIT_FAULT if faults else EXIT_OK


def run(options: argparse.Namespace) -> int:
    """Do `borderreach run`: an output that failed is named, and costs the exit code, not the others."""
    from .output import output_names  # noqa: PLC0415
    from .studies import run_study, study  # noqa: PLC0415

    out = Path(options.out)
    chosen = study(options.study)
    borders = out / "borders"
    if options.border_maps:
        from .maps.page import require_own_border_maps  # noqa: PLC0415

        require_own_border_maps(borders, chosen.name, overwrite=options.overwrite)
    failed: dict[Path, str] = {}
    try:
        results = run_study(
            chosen,
            out=options.out,
            network=options.network,
            only=options.only,
            overwrite=options.overwrite,
            progress=on_terminal(),
        )
    except OutputsFailedError as error:
        results = cast("StudyResults", error.results)
        failed |= {out / name: reason for name, reason in error.failed.items()}
    n_corridors = len(results.corridors)
    print(
        f"{one_line(results.study.title)}: {len(results.border_counties)} border counties, {n_corridors} corridors"
    )
    for name in ("map.html", "report.docx", "results.gpkg"):
        if name in output_names(options.only) and out / name not in failed:
            print(f"  {out / name}")
    if options.border_maps:
        failed |= _border_maps(results, borders, overwrite=options.overwrite)
    for path, reason in failed.items():
        print(f"borderreach: not written: {path}: {printable(reason)}", file=sys.stderr)
    return EXIT_SOME_FAILED if failed else EXIT_OK


def _border_maps(results: StudyResults, out: Path, *, overwrite: bool) -> dict[Path, str]:
    """Write the maps of a study's borders; return what couldn't be written, and why."""
    try:
        from .maps.page import save_border_maps  # noqa: PLC0415

        listed = save_border_maps(results, out, overwrite=overwrite, progress=on_terminal())
    except OutputsFailedError as error:
        return {out / name: reason for name, reason in error.failed.items()}
    except BorderReachError as error:
        return {out: str(error)}
    except Exception as error:  # noqa: BLE001 - what the study itself gave is there and stays
        return {out: f"{type(error).__name__}: {error}"}
    print(f"  {out / 'index.html'}  ({len(listed)} maps)")
    return {}


def audit(options: argparse.Namespace) -> None:
    """Do `borderreach audit`: the claims of a study, and how exactly its circles are drawn."""
    from .analysis.claims import VERDICT_NAMES, audit_claims  # noqa: PLC0415
    from .analysis.isochrones import audit_isochrones, isochrones  # noqa: PLC0415
    from .output import require_table_path, write_table  # noqa: PLC0415
    from .studies import study_run  # noqa: PLC0415

    path = None if options.csv is None else require_table_path(Path(options.csv))
    run = study_run(options.study, network=options.network)
    run.require_sound()
    chosen, network, centres = run.study, run.roads, run.ground.centres
    claims = audit_claims(chosen, network=network)
    print_table(
        ("claim", "verdict", "what came out"),
        [
            (str(row.claim_id), VERDICT_NAMES[str(row.verdict)], str(row.verdict_text))
            for row in claims.itertuples()
        ],
    )
    circles = isochrones(network, centres, cutoffs_min=chosen.circle_cutoffs_min)
    found = audit_isochrones(network, circles, origins=centres, samples=options.samples)
    print()
    print_table(
        ("centre", "minutes", "wrongly inside %", "at most", "wrongly outside %", "at most", "worst m"),
        [
            (
                str(row.origin_name),
                f"{row.cutoff_min:g}",
                f"{row.false_inclusion_pct:.2f}",
                f"{row.false_inclusion_high_pct:.2f}",
                f"{row.false_exclusion_pct:.2f}",
                f"{row.false_exclusion_high_pct:.2f}",
                f"{row.worst_distance_m:,.0f}",
            )
            for row in found.itertuples()
        ],
        right=(1, 2, 3, 4, 5, 6),
    )
    if path is not None:
        write_table(claims, path, layer="claims")


def borders(options: argparse.Namespace) -> None:
    """Do `borderreach borders`."""
    from .geo.places import (  # noqa: PLC0415
        border_counties,
        borders,
        counties,
    )
    from .output import require_table_path, write_table  # noqa: PLC0415

    path = None if options.csv is None else require_table_path(Path(options.csv))
    units = counties(options.source)
    if not options.all:
        units = units[units["province_adcode"] < _FIRST_REGION]
    table = borders(units)
    rows = [
        (
            str(number),
            str(row.province_a),
            str(row.province_b),
            f"{row.length_km:,.1f}",
            str(row.n_counties_a),
            str(row.n_counties_b),
            str(row.n_counties),
        )
        for number, row in enumerate(table.itertuples(), start=1)
    ]
    print_table(
        ("", "province a", "province b", "km", "counties a", "counties b", "both"),
        rows,
        right=(0, 3, 4, 5, 6),
    )
    on_border = border_counties(units)
    print(
        f"\n{len(table)} borders, {table['length_km'].sum():,.0f} km in all; "
        f"{len(on_border)} of {len(units)} counties lie on one"
    )
    if path is not None:
        write_table(table, path, layer="borders")


def isochrones(options: argparse.Namespace) -> None:
    """Do `borderreach isochrones`."""
    from .analysis.corridors import add_corridors  # noqa: PLC0415
    from .analysis.isochrones import isochrones  # noqa: PLC0415
    from .geo.checks import require_cutoffs  # noqa: PLC0415
    from .geo.places import origins_table  # noqa: PLC0415
    from .geo.sources import TRUNK, read_network  # noqa: PLC0415
    from .output import require_table_path, write_table  # noqa: PLC0415

    path = None if options.out is None else require_table_path(Path(options.out))
    cutoffs = require_cutoffs(options.cutoffs)
    origins = origins_table([_place(text) for text in options.places], argument="PLACE")
    roads = read_network(options.network or TRUNK, progress=on_terminal())
    network = add_corridors(roads, options.corridors)
    table = isochrones(
        network, origins, cutoffs_min=cutoffs, direction=options.direction, progress=on_terminal()
    )
    rows = [
        (str(row.origin_id), str(row.origin_name), f"{row.cutoff_min:g}", f"{row.area_km2:,.0f}")
        for row in table.itertuples()
    ]
    print_table(("id", "place", "minutes", "km²"), rows, right=(2, 3))
    if path is not None:
        write_table(table, path, layer="isochrones")


def batch(options: argparse.Namespace) -> int:
    """Do `borderreach batch`."""
    from .analysis.batches import run_batch  # noqa: PLC0415

    try:
        done = run_batch(
            options.job,
            out=options.out,
            network=options.network,
            executor=options.executor,
            workers=options.workers,
            fresh=options.fresh,
            progress=on_terminal(),
        )
    except KeyboardInterrupt:
        print("borderreach: what is finished is kept; the same command goes on from there", file=sys.stderr)
        raise
    print(
        f"{done.n_origins:,} origins, {done.n_scenarios} scenario(s): {done.n_parts} parts "
        f"({done.n_parts_before} of them from before) in {done.seconds:,.0f} s"
    )
    for table, rows in done.rows.items():
        print(f"  {done.out / table}  {rows:,} rows")
    if done.n_failed:
        print(f"{done.n_failed:,} without results: {done.out / 'errors.csv'} says why")
        return EXIT_SOME_FAILED
    return EXIT_OK


def network_build(options: argparse.Namespace) -> None:
    """Do `borderreach network build`."""
    from .geo.checks import require_path  # noqa: PLC0415
    from .geo.sources import network_info, read_network  # noqa: PLC0415
    from .geo.timetables import save_network  # noqa: PLC0415

    out = require_path(options.out, "out")
    network = read_network(
        options.roads,
        main_roads=options.main_roads,
        area=_area(options.area),
        margin_km=options.margin_km,
        speeds=options.speeds,
        keep=options.keep,
        speed_kph=options.speed_kph,
        road_class=options.road_class,
        oneway=options.oneway,
        access_speed_kph=options.access_speed_kph,
        max_access_km=options.max_access_km,
        progress=on_terminal(),
    )
    path = save_network(network, out)
    _print_info(network_info(network))
    print(f"\n{path}\n\nin a study file:\n  [network]\n  roads = {str(path)!r}")


def network_describe(options: argparse.Namespace) -> None:
    """Do `borderreach network info`."""
    from .geo.sources import network_info, read_network  # noqa: PLC0415

    _print_info(network_info(read_network(options.roads, keep=options.keep, progress=on_terminal())))


def _area(text: str | None) -> Any:
    """Return the area that an option names: four numbers, or a file of polygons."""
    if text is None:
        return None
    from .geo.files import read_vector_file  # noqa: PLC0415

    parts = text.replace("，", ",").split(",")
    if len(parts) == 4:
        try:
            west, south, east, north = map(float, parts)
        except ValueError:
            pass
        else:
            import shapely  # noqa: PLC0415

            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                raise InputError(f"'--area' should be west,south,east,north in degrees, got {text!r}")
            return shapely.box(west, south, east, north)
    return read_vector_file(text, argument="area")


def _print_info(info: NetworkInfo) -> None:
    known = info.provenance
    west, south, east, north = info.bounds
    rows = {
        "source": known.get("source", ""),
        "file": known.get("file", ""),
        "date": info.date,
        "licence": known.get("licence", ""),
        "size": f"{info.n_nodes:,} nodes, {info.n_links:,} links, {info.km:,.0f} km",
        "bounds": f"{west:.3f}, {south:.3f} to {east:.3f}, {north:.3f}",
        "parts": info.components,
        "speeds": known.get("speeds", known.get("travel_time_model", "")),
        "turns": known.get("turn_restrictions", ""),
        "off it": info.access,
    }
    for name, text in rows.items():
        if text:
            print(f"{name:<8} {one_line(text)}")
    print()
    print_table(
        ("mode", "class", "links", "km", "%", "km/h", "one-way %", "exits %"),
        [
            (
                row["mode"],
                row["road_class"],
                f"{row['n_links']:,}",
                f"{row['km']:,.1f}",
                f"{row['share'] * 100:.1f}",
                "" if math.isnan(row["mean_kph"]) else f"{row['mean_kph']:.0f}",
                *(
                    "" if math.isnan(row[name]) else f"{row[name] * 100:.0f}"
                    for name in ("oneway_share", "exit_share")
                ),
            )
            for row in info.classes.to_dict("records")
        ],
        right=(2, 3, 4, 5, 6, 7),
    )
    print("\nnothing unusual" if not info.unusual else "\nunusual:")
    for text in info.unusual:
        print(f"  {one_line(text)}")


def data_list(options: argparse.Namespace) -> None:
    """Do `borderreach data list`."""
    from .geo.downloads import datasets  # noqa: PLC0415

    table = datasets(options.text)
    shown = table if options.text else table[(table["kind"] != "extract") | (table["path"] != "")]
    print_table(
        ("name", "kind", "MB", "date", "title"),
        [
            (str(row["name"]), row["kind"], _megabytes(row["size_mb"]), row["date"], row["title"])
            for row in shown.to_dict("records")
        ],
        right=(2,),
    )
    if len(shown) < len(table):
        print(
            f"\nand {len(table) - len(shown)} extracts of OpenStreetMap to download: "
            "'borderreach data list china' shows those of China"
        )


def data_info(options: argparse.Namespace) -> None:
    """Do `borderreach data info`."""
    from .geo.downloads import dataset  # noqa: PLC0415

    one = dataset(options.name)
    size = _megabytes(one.size_mb)
    rows = {
        "name": one.name,
        "kind": one.kind,
        "title": one.title,
        "source": one.source,
        "licence": one.licence,
        "date": one.date,
        "size": f"{'' if one.path else 'about '}{size} MB" if size else "not known",
        "hash": one.hash or ("not known before it's fetched" if one.kind == "extract" else "none"),
        "address": one.address,
        "path": one.path or ("not downloaded" if one.kind == "extract" else ""),
    }
    for name, text in rows.items():
        if text:
            print(f"{name:<8} {text}")


def data_fetch(options: argparse.Namespace) -> None:
    """Do `borderreach data fetch`."""
    from .geo.downloads import fetch  # noqa: PLC0415

    for name in options.names:
        path = fetch(
            name,
            out=options.out,
            refresh=options.refresh,
            mirrors=options.mirror,
            max_gb=options.max_gb,
            progress=on_terminal(),
        )
        print(path)


def _megabytes(size_mb: float) -> str:
    if math.isnan(size_mb):
        return ""
    return "<0.1" if size_mb < 0.1 else f"{size_mb:,.{0 if size_mb >= 10 else 1}f}"


def _place(text: str) -> str | tuple[float, float]:
    """Return coordinates where the text is two numbers with a comma between, else the text."""
    parts = text.replace("，", ",").split(",")
    if len(parts) == 2:
        try:
            lon, lat = float(parts[0]), float(parts[1])
        except ValueError:
            return text
        if math.isfinite(lon) and math.isfinite(lat):
            return lon, lat
    return text
