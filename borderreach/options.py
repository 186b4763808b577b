"""Commands of the command line and their options, as `--help` tells them."""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version
from typing import Final, NoReturn

from . import commands
from .geo.messages import LANGUAGES, in_language
from .help_zh import in_chinese

_ABOUT: Final = """\
Accessibility of border regions: which counties lie on a border between provinces,
how far one gets in one or two hours, and what a planned line changes.
Everything runs on data that comes with the package; only 'data fetch', and regions that are
named as networks, ask a server."""

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


def parser(language: str = "en") -> argparse.ArgumentParser:
    """Return what reads the command line: `run` of the options that it gives is the command's function.

    Its help is in English ("en") or Chinese ("zh").
    """
    found = _parser()
    return in_chinese(found) if language == "zh" else found


class _Parser(argparse.ArgumentParser):
    """A parser whose faults are told in the language that is wanted."""

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong with a command, and leave with 2."""
        self.print_usage(sys.stderr)
        self.exit(commands.EXIT_FAULT, f"{self.prog}: {in_language('error')}: {in_language(message)}\n")


def _parser() -> argparse.ArgumentParser:
    found = _Parser(
        prog="borderreach",
        description=_ABOUT,
        epilog=_EPILOG,
        formatter_class=_Help,
    )
    found.add_argument("--version", action="version", version=f"borderreach {version('borderreach')}")
    found.add_argument(
        "--language",
        choices=LANGUAGES,
        metavar="LANGUAGE",
        help="language of help and messages: en or zh (default: the locale's, or the environment\n"
        "variable BORDERREACH_LANGUAGE)",
    )
    added = found.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")

    def command(name: str, brief: str, text: str) -> argparse.ArgumentParser:
        return added.add_parser(name, help=brief, description=text, formatter_class=_Help)

    studies = command("studies", "list the studies", "List the studies that come with the package.")
    studies.set_defaults(run=commands.list_studies)

    run = command(
        "run",
        "run a study and write its results",
        "Run a study and write its results into a folder:\n"
        "  map.html        the map; opens in a browser, needs no network\n"
        "  figure.png      the same as a picture\n"
        "  chart_*.png     charts: minutes, people, gains, maps before and after, Lorenz curve\n"
        "  report.docx     the report: answers first, numbered tables and figures\n"
        "  report.html     the same as one page for a browser\n"
        "  report.md       the same as text\n"
        "  results.gpkg    every table as a layer, for QGIS or geopandas\n"
        "  tables.xlsx     the tables that matter as a workbook: counties first, a dictionary last\n"
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
    _add_network(run, "the study on these roads instead of those that its file names")
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
        choices=("map", "figure", "charts", "report", "tables"),
        help="write only this, and compute only what it shows; may be given several times",
    )
    run.set_defaults(run=commands.run)

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
    new.set_defaults(run=commands.new_study)

    check = command(
        "check",
        "say what is wrong with a study, corridor or job file",
        "Read a study, corridor or job file with all the files that it names, and print everything that is\n"
        "wrong, one line each, with file, line and remedy. Nothing is computed.",
    )
    check.add_argument("file", metavar="FILE", help="path of a .toml file")
    check.set_defaults(run=commands.check)

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
    borders.set_defaults(run=commands.borders)

    isochrones = command(
        "isochrones",
        "compute how far one gets from places",
        "Compute the area that can be reached from each place within some minutes, by car on the\n"
        "embedded trunk roads or on --network, and print its size; with --out, write the polygons.",
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
    _add_network(isochrones, "these roads instead of the embedded ones")
    isochrones.add_argument(
        "--out", metavar="FILE", help="write the polygons to this .gpkg, .geojson or .csv"
    )
    isochrones.set_defaults(run=commands.isochrones)

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
    _add_network(audit, "the study on these roads instead of those that its file names")
    audit.add_argument(
        "--samples", type=int, default=2000, metavar="N", help="random points per isochrone (default: 2000)"
    )
    audit.add_argument("--csv", metavar="FILE", help="write the claims, with every column, to this .csv")
    audit.set_defaults(run=commands.audit)

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
    _add_network(batch, "its roads instead of those that the job names")
    batch.add_argument(
        "--executor",
        choices=("here", "processes", "dask"),
        help="this process, processes of this computer, a Dask cluster (default: what the job says)",
    )
    batch.add_argument(
        "--workers", type=int, metavar="N", help="threads or processes (default: one per processor)"
    )
    batch.add_argument("--fresh", action="store_true", help="remove earlier results in DIR and start anew")
    batch.set_defaults(run=commands.batch)

    _add_network_commands(
        command(
            "network",
            "build a road network of one's own, or describe one",
            "Build a road network from extracts of OpenStreetMap and other files, for studies and\n"
            "isochrones, or say what one holds.",
        )
    )
    _add_data_commands(
        command(
            "data",
            "list datasets, or download OpenStreetMap extracts",
            "Show what the package computes on, with source, licence, date and hash, and download\n"
            "OpenStreetMap extracts by region.",
        )
    )
    return found


def _add_network(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--network",
        action="append",
        metavar="FILE",
        help=f"{what}: an .osm.pbf or .osm\nextract, a saved network, a .graphml, drawn lines, or a region to fetch; given\n"
        "several times, extracts are joined",
    )


def _add_network_commands(parser: argparse.ArgumentParser) -> None:
    added = parser.add_subparsers(title="commands", dest="network_command", required=True, metavar="COMMAND")

    def command(name: str, brief: str, text: str) -> argparse.ArgumentParser:
        found = added.add_parser(name, help=brief, description=text, formatter_class=_Help)
        found.add_argument(
            "roads",
            nargs="+",
            metavar="FILE",
            help="extracts of OpenStreetMap (.osm.pbf, .osm), joined where several; regions to fetch\n"
            "(guizhou); or a saved network, a .graphml, drawn lines (.gpkg, .shp)",
        )
        found.add_argument(
            "--keep",
            choices=("largest", "all"),
            default="largest",
            help="the part in which one gets from anywhere to anywhere (default), or all of it",
        )
        return found

    build = command(
        "build",
        "make a network and save it",
        "Read roads, make a network of them, save it, and say what it holds.\n\n"
        "  borderreach network build guizhou chongqing --out yuqian.network\n"
        "  borderreach network build china/*.osm.pbf --main-roads --out china.network",
    )
    build.add_argument("--out", metavar="FILE", required=True, help="file to save the network as")
    build.add_argument(
        "--main-roads",
        action="store_true",
        help="motorway to secondary alone, with simplified lines: the roads of a whole country",
    )
    build.add_argument(
        "--area", metavar="AREA", help="only the roads in this file of polygons, or in west,south,east,north"
    )
    build.add_argument(
        "--margin-km", type=float, default=0.0, metavar="KM", help="so much around the area (default: 0)"
    )
    build.add_argument(
        "--speeds", metavar="TABLE", help="a table of speeds (.toml), or a country's code in ours"
    )
    build.add_argument(
        "--speed-kph",
        metavar="COLUMN",
        help="of drawn lines: the column with the speed, or one speed for all",
    )
    build.add_argument("--road-class", metavar="COLUMN", help="of drawn lines: the column with the class")
    build.add_argument("--oneway", metavar="COLUMN", help="of drawn lines: the column with the direction")
    build.add_argument("--access-speed-kph", type=float, metavar="KPH", help="speed off the network")
    build.add_argument("--max-access-km", type=float, metavar="KM", help="reach off the network")
    build.set_defaults(run=commands.network_build)

    info = command(
        "info",
        "say what a network holds",
        "Print kilometres by class, the date of the data, what was left out, and what is unusual.",
    )
    info.set_defaults(run=commands.network_describe)


def _add_data_commands(parser: argparse.ArgumentParser) -> None:
    added = parser.add_subparsers(title="commands", dest="data_command", required=True, metavar="COMMAND")

    def command(name: str, brief: str, text: str) -> argparse.ArgumentParser:
        return added.add_parser(name, help=brief, description=text, formatter_class=_Help)

    listing = command(
        "list",
        "list the datasets",
        "List the datasets that come with the package, and the extracts that were downloaded; with\n"
        "TEXT, all that have it in name or title, also extracts that can be downloaded.",
    )
    listing.add_argument("text", nargs="?", default="", metavar="TEXT", help="such as china or 贵州")
    listing.set_defaults(run=commands.data_list)

    info = command(
        "info",
        "show what is known of a dataset",
        "Print source, licence, date, size, hash and place of a dataset. No server is asked.",
    )
    info.add_argument("name", metavar="NAME", help="of a dataset or region")
    info.set_defaults(run=commands.data_info)

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
    fetch.set_defaults(run=commands.data_fetch)


class _Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of descriptions and leaves room for the longest command."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)
