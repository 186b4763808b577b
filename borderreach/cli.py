"""The command line: `borderreach`, or `python -m borderreach`."""

from __future__ import annotations

import argparse
import io
import math
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from .geo.errors import BatchStoppedError, BorderReachError, InputError, OutputsFailedError
from .geo.text import one_line, printable

if TYPE_CHECKING:
    from .analysis.studies import StudyResults

# Everything heavy is imported inside the command that needs it: --help answers at once.

#: Adcodes of Taiwan, Hong Kong and Macao begin here.
_FIRST_REGION: Final = 710000
EXIT_OK: Final = 0
EXIT_SOME_FAILED: Final = 1
EXIT_FAULT: Final = 2
EXIT_STOPPED: Final = 3
EXIT_INTERRUPTED: Final = 130

_ABOUT: Final = """\
Accessibility of border regions: which counties lie on a border between provinces,
how far one gets in one or two hours, and what a planned line changes.
Everything runs on data that comes with the package; only 'data fetch' asks a server."""

_EPILOG: Final = """\
exit codes:
  0    done
  1    a run is done, and some of its outputs couldn't be written; standard error and manifest.json say
       which and why, all others are there. Or a batch is done, and some of its origins couldn't be
       used; errors.csv says which and why
  2    a fault in the command or its input; one line on standard error says which
  3    a batch stopped before its end (disk full, workers died); the same command goes on from there
  130  interrupted with Ctrl-C; nothing is left half-written

start with:
  borderreach studies
  borderreach run yuqian --out results"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        As typed after ``borderreach``; ``sys.argv[1:]`` when left out.

    Returns
    -------
    int
        0 when done, 1 when a run is done with failed outputs or a batch with failed origins, 2 on a fault in the input, 3 when
        a batch stopped before its end, 130 when interrupted. argparse itself leaves with 2 on a
        command that it can't read, and with 0 after ``--help``.
    """
    _speak_utf8()
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or EXIT_OK
    except BatchStoppedError as error:
        print(f"borderreach: {printable(str(error))}", file=sys.stderr)
        return EXIT_STOPPED
    except BorderReachError as error:
        print(f"borderreach: {printable(str(error))}", file=sys.stderr)
        return EXIT_FAULT
    except KeyboardInterrupt:
        print("borderreach: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_OK


class _Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of descriptions and leaves room for the longest command."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="borderreach",
        description=_ABOUT,
        epilog=_EPILOG,
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"borderreach {version('borderreach')}")
    commands = parser.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")

    def command(name: str, brief: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=brief, description=text, formatter_class=_Help)

    studies = command("studies", "list the studies", "List the studies that come with the package.")
    studies.set_defaults(run=_studies)

    run = command(
        "run",
        "run a study and write its results",
        "Run a study and write its results into a folder:\n"
        "  map.html        the map; opens in a browser, needs no network\n"
        "  figure.png      the same as a picture\n"
        "  report.md       the key figures and what they mean\n"
        "  results.gpkg    every table as a layer, for QGIS or geopandas\n"
        "  *.csv           one file per table, for a spreadsheet\n"
        "  manifest.json   versions, data and their hashes, parameters, run time\n"
        "Files of an earlier run of the same study in that folder are replaced, others left alone.\n"
        "Where another study's results are in the way, or files that were changed since, an error\n"
        "names them. An output that can't be written doesn't cost the others (exit code 1).",
    )
    run.add_argument(
        "study", metavar="STUDY", help="name of a study (see 'studies'), or path of a .toml file"
    )
    run.add_argument("--out", metavar="DIR", required=True, help="folder to write to; made if it isn't there")
    run.add_argument(
        "--border-maps",
        action="store_true",
        help="also write borders/: one small map per border of two of the study's provinces,\n"
        "and index.html that lists them",
    )
    run.add_argument(
        "--overwrite",
        action="store_true",
        help="overwrite files in DIR that are in the way, whatever they are",
    )
    run.add_argument(
        "--only",
        action="append",
        choices=("map", "figure", "report", "tables"),
        help="write only this, and compute only what it shows; may be given several times",
    )
    run.set_defaults(run=_run)

    new = command(
        "new-study",
        "write a study file of one's own",
        "Write a commented study file that runs, from provinces and centres; what isn't given is asked for on a\n"
        "terminal. Nothing is overwritten.\n\n"
        "  borderreach new-study xianggan --provinces 湖南 江西 --centres 长沙市 萍乡市",
    )
    new.add_argument(
        "name", nargs="?", metavar="NAME", help="of the study and its file: letters a to z, digits, - and _"
    )
    new.add_argument("--provinces", nargs="+", metavar="P", help="whose counties are studied")
    new.add_argument("--centres", nargs="+", metavar="C", help="whose circles are drawn")
    new.add_argument(
        "--between", nargs="+", metavar="P", help="whose borders count (default: all the provinces')"
    )
    new.add_argument("--title", default="", help="title in Chinese")
    new.add_argument("--title-en", default="", help="title in English")
    new.add_argument("--folder", default=".", metavar="DIR", help="where to write NAME.toml (default: here)")
    new.set_defaults(run=_new_study)

    check = command(
        "check",
        "say what is wrong with a study, corridor or job file",
        "Read a study, corridor or job file with all the files that it names, and print everything that is\n"
        "wrong, one line each, with file, line and remedy. Nothing is computed.",
    )
    check.add_argument("file", metavar="FILE", help="path of a .toml file")
    check.set_defaults(run=_check)

    borders = command(
        "borders",
        "print the land borders between provinces",
        "Print every pair of provinces that share a land border, with the border's length in km\n"
        "(on the ellipsoid) and the number of counties on each side. Hong Kong and Macao are left\n"
        "out unless --all is given.",
    )
    borders.add_argument("--all", action="store_true", help="with Hong Kong and Macao")
    borders.add_argument(
        "--source",
        default="tianditu",
        metavar="SOURCE",
        help="tianditu (default), amap, or the path of a file with county polygons",
    )
    borders.add_argument("--csv", metavar="FILE", help="write the table to this .csv (or .gpkg) as well")
    borders.set_defaults(run=_borders)

    isochrones = command(
        "isochrones",
        "compute how far one gets from places",
        "Compute the area that can be reached from each place within some minutes, by car on the\n"
        "embedded trunk roads, and print its size; with --out, write the polygons.",
    )
    isochrones.add_argument(
        "places",
        nargs="+",
        metavar="PLACE",
        help="a name (綦江区), an adcode (500110) or lon,lat (106.55,29.56)",
    )
    isochrones.add_argument(
        "--cutoffs",
        nargs="+",
        type=float,
        default=[60.0, 120.0],
        metavar="MIN",
        help="minutes, ascending (default: 60 120)",
    )
    isochrones.add_argument(
        "--direction",
        choices=("from", "to"),
        default="from",
        help="away from the places (default) or to them",
    )
    isochrones.add_argument(
        "--corridors",
        nargs="+",
        default=(),
        metavar="ID",
        help="add these corridors to the roads first; the name of a study adds all of its own",
    )
    isochrones.add_argument(
        "--out", metavar="FILE", help="write the polygons to this .gpkg, .geojson or .csv"
    )
    isochrones.set_defaults(run=_isochrones)

    audit = command(
        "audit",
        "check a study's claims and how exactly its isochrones are drawn",
        "Check every claim of a study's text that has a number (does it hold, only with a corridor,\n"
        "by how much does it fail), and route to random points to see how much of its isochrones is\n"
        "wrongly inside or outside.",
    )
    audit.add_argument(
        "study", metavar="STUDY", help="name of a study (see 'studies'), or path of a .toml file"
    )
    audit.add_argument(
        "--samples", type=int, default=2000, metavar="N", help="random points per isochrone (default: 2000)"
    )
    audit.add_argument("--csv", metavar="FILE", help="write the claims, with every column, to this .csv")
    audit.set_defaults(run=_audit)

    batch = command(
        "batch",
        "run a job over many origins, or go on with one",
        "Run the job that a TOML file describes: a network, origins, scenarios and what to compute\n"
        "(docs/batches.md). Results are folders of numbered GeoParquet files. A run that was cut off\n"
        "goes on where it stopped, when the same command is given again.",
    )
    batch.add_argument("job", metavar="JOB", help="path of a .toml file")
    batch.add_argument(
        "--out", metavar="DIR", required=True, help="folder for this batch; made if it isn't there"
    )
    batch.add_argument(
        "--executor",
        choices=("here", "processes", "dask"),
        help="this process, processes of this computer, a Dask cluster (default: what the job says)",
    )
    batch.add_argument(
        "--workers", type=int, metavar="N", help="threads or processes (default: one per processor)"
    )
    batch.add_argument("--fresh", action="store_true", help="remove earlier results in DIR and start anew")
    batch.set_defaults(run=_batch)

    _add_data_commands(
        command(
            "data",
            "list datasets, or download OpenStreetMap extracts",
            "Show what the package computes on, with source, licence, date and hash, and download\n"
            "OpenStreetMap extracts by region.",
        )
    )
    return parser


def _add_data_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", dest="data_command", required=True, metavar="COMMAND")

    def command(name: str, brief: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=brief, description=text, formatter_class=_Help)

    listing = command(
        "list",
        "list the datasets",
        "List the datasets that come with the package, and the extracts that were downloaded; with\n"
        "TEXT, all that have it in name or title, also extracts that can be downloaded.",
    )
    listing.add_argument("text", nargs="?", default="", metavar="TEXT", help="such as china or 贵州")
    listing.set_defaults(run=_data_list)

    info = command(
        "info",
        "show what is known of a dataset",
        "Print source, licence, date, size, hash and place of a dataset. No server is asked.",
    )
    info.add_argument("name", metavar="NAME", help="of a dataset or region")
    info.set_defaults(run=_data_info)

    fetch = command(
        "fetch",
        "download OpenStreetMap extracts by region",
        "Download the OpenStreetMap extract of each region from Geofabrik, check it by the md5 that\n"
        "the server publishes, and print where it lies: in the user's cache, or in --out. What is\n"
        "there already isn't asked for again. After an interruption the same command goes on where\n"
        "it stopped.\n\n"
        "  borderreach data fetch guizhou chongqing\n"
        "  borderreach data fetch europe/iceland --out maps",
    )
    fetch.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="a region as Geofabrik spells it (asia/china/guizhou, guizhou) or a Chinese province (贵州)",
    )
    fetch.add_argument("--out", metavar="DIR", help="folder, or .pbf file, to put it to instead of the cache")
    fetch.add_argument("--refresh", action="store_true", help="fetch it anew if the server has a newer one")
    fetch.add_argument(
        "--mirror",
        nargs="+",
        metavar="URL",
        help="servers laid out as Geofabrik's, tried in turn (default: those in the environment\n"
        "variable BORDERREACH_GEOFABRIK, else https://download.geofabrik.de)",
    )
    fetch.add_argument(
        "--max-gb", type=float, default=5.0, metavar="GB", help="don't fetch larger files (default: 5)"
    )
    fetch.set_defaults(run=_data_fetch)


def _studies(_: argparse.Namespace) -> None:
    from .studies import study, study_names  # noqa: PLC0415

    found = [study(name) for name in study_names()]
    _print_table(
        ("study", "title", "title in English"), [(one.name, one.title, one.title_en) for one in found]
    )


def _new_study(options: argparse.Namespace) -> int:
    from .checking import check_file  # noqa: PLC0415
    from .new_study import study_text, write_study  # noqa: PLC0415

    name = options.name or _asked("name of the study (letters a to z, digits, - and _)", "NAME")[0]
    provinces = options.provinces or _asked("provinces, such as: 湖南 江西", "--provinces")
    centres = options.centres or _asked("centres, such as: 长沙市 萍乡市", "--centres")
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


def _asked(question: str, option: str) -> list[str]:
    """Return the words that somebody at a terminal answers with."""
    if not sys.stdin.isatty():
        raise InputError(f"{option} is missing, and there is no terminal to ask at; give it")
    print(f"{question}: ", end="", file=sys.stderr, flush=True)
    words = sys.stdin.readline().replace("、", " ").replace(",", " ").replace("，", " ").split()
    if not words:
        raise InputError(f"{option} is missing; give it")
    return words


def _check(options: argparse.Namespace) -> int:
    from .checking import check_file  # noqa: PLC0415

    kind, faults = check_file(options.file)
    for fault in faults:
        print(printable(str(fault)))
    if not faults:
        print(f"{options.file}: nothing is wrong with this {kind} file")
    return EXIT_FAULT if faults else EXIT_OK


def _run(options: argparse.Namespace) -> int:
    from .output import output_names  # noqa: PLC0415
    from .studies import run_study, study  # noqa: PLC0415

    out = Path(options.out)
    chosen = study(options.study)
    borders = out / "borders"
    if options.border_maps:
        from .maps.border_maps import require_own_border_maps  # noqa: PLC0415

        require_own_border_maps(borders, chosen.name, overwrite=options.overwrite)
    failed: dict[Path, str] = {}
    try:
        results = run_study(
            chosen,
            out=options.out,
            only=options.only,
            overwrite=options.overwrite,
            progress=_on_terminal(),
        )
    except OutputsFailedError as error:
        results = cast("StudyResults", error.results)
        failed |= {out / name: reason for name, reason in error.failed.items()}
    n_corridors = len(results.corridors)
    print(
        f"{one_line(results.study.title)}: {len(results.border_counties)} border counties, {n_corridors} corridors"
    )
    for name in ("map.html", "report.md", "results.gpkg"):
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
        from .maps.border_maps import save_border_maps  # noqa: PLC0415

        listed = save_border_maps(results, out, overwrite=overwrite, progress=_on_terminal())
    except OutputsFailedError as error:
        return {out / name: reason for name, reason in error.failed.items()}
    except BorderReachError as error:
        return {out: str(error)}
    except Exception as error:  # noqa: BLE001 - what the study itself gave is there and stays
        return {out: f"{type(error).__name__}: {error}"}
    print(f"  {out / 'index.html'}  ({len(listed)} maps)")
    return {}


def _audit(options: argparse.Namespace) -> None:
    from .analysis.claims import VERDICT_NAMES, audit_claims  # noqa: PLC0415
    from .analysis.isochrones import audit_isochrones, isochrones  # noqa: PLC0415
    from .geo.networks import trunk_network  # noqa: PLC0415
    from .geo.places import origins_table  # noqa: PLC0415
    from .output import require_table_path, write_table  # noqa: PLC0415
    from .studies import study  # noqa: PLC0415

    path = None if options.csv is None else require_table_path(Path(options.csv))
    chosen = study(options.study)
    network = trunk_network()
    claims = audit_claims(chosen, network=network)
    _print_table(
        ("claim", "verdict", "what came out"),
        [
            (str(row.claim_id), VERDICT_NAMES[str(row.verdict)], str(row.verdict_text))
            for row in claims.itertuples()
        ],
    )
    centres = origins_table(list(chosen.centres), argument="centres", source=chosen.boundary_source)
    circles = isochrones(network, centres, cutoffs_min=chosen.circle_cutoffs_min)
    found = audit_isochrones(network, circles, origins=centres, samples=options.samples)
    print()
    _print_table(
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


def _borders(options: argparse.Namespace) -> None:
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
    _print_table(
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


def _isochrones(options: argparse.Namespace) -> None:
    from .analysis.corridors import add_corridors  # noqa: PLC0415
    from .analysis.isochrones import isochrones  # noqa: PLC0415
    from .geo.checks import require_cutoffs  # noqa: PLC0415
    from .geo.networks import trunk_network  # noqa: PLC0415
    from .geo.places import origins_table  # noqa: PLC0415
    from .output import require_table_path, write_table  # noqa: PLC0415

    path = None if options.out is None else require_table_path(Path(options.out))
    cutoffs = require_cutoffs(options.cutoffs)
    origins = origins_table([_place(text) for text in options.places], argument="PLACE")
    network = add_corridors(trunk_network(), options.corridors)
    table = isochrones(
        network, origins, cutoffs_min=cutoffs, direction=options.direction, progress=_on_terminal()
    )
    rows = [
        (str(row.origin_id), str(row.origin_name), f"{row.cutoff_min:g}", f"{row.area_km2:,.0f}")
        for row in table.itertuples()
    ]
    _print_table(("id", "place", "minutes", "km²"), rows, right=(2, 3))
    if path is not None:
        write_table(table, path, layer="isochrones")


def _batch(options: argparse.Namespace) -> int:
    from .analysis.batches import run_batch  # noqa: PLC0415

    try:
        done = run_batch(
            options.job,
            out=options.out,
            executor=options.executor,
            workers=options.workers,
            fresh=options.fresh,
            progress=_on_terminal(),
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


def _data_list(options: argparse.Namespace) -> None:
    from .geo.downloads import datasets  # noqa: PLC0415

    table = datasets(options.text)
    shown = table if options.text else table[(table["kind"] != "extract") | (table["path"] != "")]
    _print_table(
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


def _data_info(options: argparse.Namespace) -> None:
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


def _data_fetch(options: argparse.Namespace) -> None:
    from .geo.downloads import fetch  # noqa: PLC0415

    for name in options.names:
        path = fetch(
            name,
            out=options.out,
            refresh=options.refresh,
            mirrors=options.mirror,
            max_gb=options.max_gb,
            progress=_on_terminal(),
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


def _print_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Print columns that line up on a terminal, where Chinese characters take two places each."""
    lines = [tuple(header), *(tuple(map(one_line, row)) for row in rows)]
    widths = [max(text_width(line[column]) for line in lines) for column in range(len(header))]
    numeric = set(right)
    for line in lines:
        cells = []
        for column, (text, width) in enumerate(zip(line, widths, strict=True)):
            space = " " * (width - text_width(text))
            cells.append(space + text if column in numeric else text + space)
        print("  ".join(cells).rstrip())


def text_width(text: str) -> int:
    """Return the places that a text takes on a terminal.

    Examples
    --------
    >>> text_width("重庆 a")
    6
    """
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _on_terminal() -> bool:
    return sys.stderr.isatty()


def _speak_utf8() -> None:
    """Windows consoles and pipes may be in a code page that lacks characters; never fail over that."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
