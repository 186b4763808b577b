"""Vector files that people hold, in EPSG:4326: what isn't plainly data, or can't be where it says, is refused."""

from __future__ import annotations

import logging
import re
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pyogrio
import pyproj

from ..checks import require_crs, require_path, unsound_text
from ..crs import WGS84, Datum, datum_of, geometry_to_wgs84
from ..errors import DataFileError, GeometryTypeError, InputError, MissingCRSError
from ..placing import require_possible, require_possible_rows
from ._text import is_gbk

PARQUET_SUFFIXES: Final = (".parquet", ".geoparquet", ".pq")
KML_SUFFIXES: Final = (".kml", ".kmz", ".ovkml", ".ovkmz")
_JSON_SUFFIXES: Final = (".geojson", ".json", ".geojsonl", ".topojson")
#: GDAL tells formats by content: a file of any name that begins like this makes it open others.
_POINTS_ELSEWHERE: Final = (b"<OGRVRT", b"<VRTDataset", b"<OGRWFS", b"<GDAL_WMS", b"<WFS")
_HEAD_BYTES: Final = 4096
#: So much of a file is looked through for what it says of itself.
_LOOK_BYTES: Final = 64 * 2**20
#: A .kmz unpacks to no more than this.
_MOST_KML_BYTES: Final = 256 * 2**20
#: What the files beside a .shp hold.
_SHAPEFILE: Final = {".shx": "the index", ".dbf": "the names and codes"}

_log = logging.getLogger(__name__)


def read_vector_file(
    path: str | PathLike[str],
    *,
    layer: str | None = None,
    encoding: str | None = None,
    crs: Any = None,
    argument: str = "source",
) -> gpd.GeoDataFrame:
    """Read a GeoPackage, Shapefile, GeoJSON, KML, GeoParquet or what else GDAL reads from one file.

    Parameters
    ----------
    path : str or path
        Also .kmz, and 奥维's .ovkml and .ovkmz, whose ``OvCoordType`` counts.
    layer : str, optional
        Which layer to read, of a file with several.
    encoding : str, optional
        Of a Shapefile's text; without it and without a .cpg, text that is Chinese in GBK is read so.
    crs : optional
        What the coordinates are in, where the file doesn't say, or says what can't be: as pyproj takes it; or
        ``"GCJ-02"`` (AMap, Tencent), ``"BD-09"`` (Baidu). A GeoJSON without a member ``crs`` doesn't say.
    argument : str
        Name of the caller's argument, for messages.

    Returns
    -------
    geopandas.GeoDataFrame
        In EPSG:4326; rows without geometry are kept.

    Raises
    ------
    DataFileError
        If the file isn't there, can't be read, or leads GDAL to other files or servers.
    InputError
        If it has several layers and none is chosen; if `crs` isn't what the file says; if its coordinates are
        swapped, or can't be in the system that it declares.
    MissingCRSError
        If there is no saying what its coordinates are in.
    GeometryTypeError
        If it holds a table without geometry.
    """
    file = require_path(path, argument)
    require_plain_file(file, argument)
    kml = file.suffix.lower() in KML_SUFFIXES and file.is_file()
    with _unpacked(file, argument) as (where, datum):
        frame = _read(where, file, layer, encoding, argument)
    if datum is not None and crs is not None and datum_of(crs) != datum:
        raise InputError(f"'crs' is {crs!r}, but {file.name} says that it is in {datum}; leave crs out")
    if datum is not None and datum != "WGS84":
        _log.warning("%s: says that it is in %s; shifted to WGS 84", file.name, datum)
    said = frame.crs if kml or not _assumed(file) else None
    return _placed(frame, said, crs if datum in (None, "WGS84") else datum, file, argument)


def list_layers(path: Path) -> list[str]:
    """Return the names of a file's layers that have rows."""
    with _unpacked(path, "path") as (where, _):
        return [str(name) for name in pyogrio.list_layers(where)[:, 0]]


@contextmanager
def _unpacked(file: Path, argument: str) -> Iterator[tuple[Path, Datum | None]]:
    """Yield where GDAL finds a file's content, of a .kmz for as long as it is needed, and what datum it names."""
    if file.suffix.lower() not in KML_SUFFIXES or not file.is_file():
        yield file, None
        return
    content, datum = _kml(file, argument)
    if not zipfile.is_zipfile(file):
        yield file, datum
        return
    with tempfile.TemporaryDirectory(prefix="borderreach-") as folder:
        inner = Path(folder) / f"{file.stem}.kml"
        inner.write_bytes(content)
        yield inner, datum


def holds_geometry(path: Path) -> bool:
    """Tell a GeoParquet from a Parquet of plain columns; False for anything else."""
    if path.suffix.lower() not in PARQUET_SUFFIXES or not path.is_file():
        return path.suffix.lower() == ".geoparquet"
    import pyarrow.parquet as pq  # noqa: PLC0415 - most files aren't

    try:
        found = pq.read_schema(path).metadata or {}
    except Exception:  # noqa: BLE001 - whoever reads it says what is wrong with it
        return False
    return b"geo" in found


def require_plain_file(path: Path, argument: str) -> None:
    """Raise unless a path is one of the file system, and holds data rather than addresses of some.

    Parameters
    ----------
    path : pathlib.Path
    argument : str
        Name of the caller's argument, for messages.

    Raises
    ------
    DataFileError
        If there is no such file, it can't be read, or it leads GDAL to other files or servers.
    """
    if not path.exists():  # nor one of GDAL's names for what lies in archives and on servers
        raise DataFileError(f"'{argument}': there is no file {path}")
    head = b""
    if path.is_file():  # a .gdb is a folder
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD_BYTES)
        except OSError as error:
            raise DataFileError(f"'{argument}': {path} can't be read ({error.strerror})") from error
    if any(mark in head for mark in _POINTS_ELSEWHERE):
        raise DataFileError(
            f"'{argument}': {path.name} holds no data but the address of some; give the file that it points to"
        )


def _read(
    where: Path, file: Path, layer: str | None, encoding: str | None, argument: str
) -> gpd.GeoDataFrame:
    try:
        if file.suffix.lower() in PARQUET_SUFFIXES:
            frame = gpd.read_parquet(file)
            _require_sound(frame, file, argument)
            return frame
        _require_siblings(file, argument)
        if layer is None:
            layers = pyogrio.list_layers(where)[:, 0]
            if len(layers) > 1:
                raise InputError(
                    f"{file.name} has several layers; choose one with layer=: {', '.join(map(repr, layers))}"
                )
        chosen = encoding or _shapefile_encoding(file)
        options: dict[str, Any] = {} if chosen is None else {"encoding": chosen}
        with warnings.catch_warnings():
            # DataV's codes of 省 and of the dashed line aren't of one kind; they are read as text, which is right.
            warnings.filterwarnings("ignore", "Could not parse column", UserWarning)
            frame = gpd.read_file(where, layer=layer, **options)
    except (InputError, DataFileError):
        raise
    except Exception as error:  # GDAL, Arrow and codecs each have their own kinds
        raise DataFileError(
            f"'{argument}': {file} can't be read as GeoPackage, Shapefile, GeoJSON, KML or GeoParquet "
            f"({type(error).__name__}: {error})"
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise GeometryTypeError(f"'{argument}': {file.name} holds a table without geometry")
    _require_sound(frame, file, argument)
    return frame


def _require_sound(frame: gpd.GeoDataFrame, file: Path, argument: str) -> None:
    column = unsound_text(frame)
    if column is not None:
        raise DataFileError(
            f"'{argument}': {file} is damaged: it holds text in {column!r} that isn't UTF-8; write it anew"
        )


def _require_siblings(file: Path, argument: str) -> None:
    """Raise where a .shp has come without the files that belong to it, or without its end."""
    if file.suffix.lower() != ".shp":
        return
    with file.open("rb") as opened:
        head = opened.read(28)
    declared = 2 * int.from_bytes(head[24:28], "big") if len(head) == 28 else -1
    if declared > file.stat().st_size:
        raise DataFileError(
            f"'{argument}': {file.name} has been cut short: it says {declared:,} bytes and has "
            f"{file.stat().st_size:,}; copy it anew"
        )
    there = {path.suffix.lower() for path in file.parent.glob(f"{_escaped(file.stem)}.*")}
    missing = [f"{file.stem}{suffix} ({what})" for suffix, what in _SHAPEFILE.items() if suffix not in there]
    if missing:
        raise DataFileError(
            f"'{argument}': {file.name} has come alone: a Shapefile is several files in one folder, and "
            f"{' and '.join(missing)} isn't there; copy all files named {file.stem}.* (.shp, .shx, .dbf, .prj, .cpg)"
        )


def _escaped(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def _shapefile_encoding(file: Path) -> str | None:
    """Return "GBK" for a Shapefile that doesn't say its encoding and whose text is Chinese in it."""
    if file.suffix.lower() not in (".shp", ".dbf"):
        return None
    if any(file.with_suffix(suffix).exists() for suffix in (".cpg", ".CPG", ".cst", ".CST")):
        return None
    table = next((p for p in (file.with_suffix(".dbf"), file.with_suffix(".DBF")) if p.exists()), None)
    if table is None:
        return None
    with table.open("rb") as opened:
        content = opened.read(_LOOK_BYTES)
    header = int.from_bytes(content[8:10], "little")
    fields = [content[at : at + 32] for at in range(32, header - 1, 32)]
    names = b" ".join(one[:11].split(b"\0")[0] for one in fields)
    text = names + b" " + content[header:]
    if text.isascii():
        return None
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        if not is_gbk(text):
            return None
        _log.warning(
            "%s: has no .cpg that says its encoding; its text is Chinese in GBK, and read so", file.name
        )
        return "GBK"
    return "UTF-8"


def _kml(file: Path, argument: str) -> tuple[bytes, Datum | None]:
    """Return the KML in a file, unpacked, and the datum that 奥维 writes into it."""
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                inner = [i for i in archive.infolist() if i.filename.lower().endswith((".kml", ".ovkml"))]
                if not inner:
                    raise DataFileError(f"'{argument}': {file.name} holds no .kml; export the line anew")
                first = next((i for i in inner if i.filename.lower() == "doc.kml"), inner[0])
                if first.file_size > _MOST_KML_BYTES:
                    raise DataFileError(
                        f"'{argument}': {file.name} unpacks to more than {_MOST_KML_BYTES:,} bytes"
                    )
                content = archive.read(first)
        else:
            content = file.read_bytes()
    except DataFileError:
        raise
    except (OSError, zipfile.BadZipFile, RuntimeError, ValueError, NotImplementedError) as error:
        raise DataFileError(f"'{argument}': {file} can't be read ({error})") from error
    said = {
        m.strip().decode("ascii", "replace")
        for m in re.findall(rb"<OvCoordType>([^<]*)</OvCoordType>", content)
    }
    known = {name: datum_of(name) for name in said if name}
    strange = sorted(name for name, datum in known.items() if datum is None)
    if strange or len(set(known.values())) > 1:
        raise InputError(
            f"'{argument}': {file.name} says OvCoordType {', '.join(sorted(said))}; export it as one of WGS84, "
            "CGCS2000, GCJ02 or BD09"
        )
    return content, next(iter(known.values()), None)


def _assumed(file: Path) -> bool:
    """Tell whether a file's coordinate system is GDAL's guess: that of a GeoJSON which names none."""
    if file.suffix.lower() not in _JSON_SUFFIXES:
        return False
    with file.open("rb") as opened:
        content = opened.read(_LOOK_BYTES)
    return re.search(rb'"crs"\s*:\s*\{', content) is None


def _placed(
    frame: gpd.GeoDataFrame, said: pyproj.CRS | None, crs: Any, file: Path, argument: str
) -> gpd.GeoDataFrame:
    """Return a frame in EPSG:4326, from what the file says and what the caller says."""
    where = f"'{argument}': {file.name}"
    datum = datum_of(crs)
    bounds = frame.total_bounds
    if datum is not None and datum != "WGS84":
        if said is not None and not said.is_geographic:
            raise InputError(f"{where} is in {said.to_string()}, metres, which {crs!r} isn't; leave crs out")
        require_possible(bounds, pyproj.CRS(WGS84), where, said=False)
        return frame.set_geometry(geometry_to_wgs84(frame.geometry, datum))
    chosen = said
    if crs is not None:
        given = require_crs("EPSG:4326" if datum == "WGS84" else crs)
        if said is not None and not said.equals(given, ignore_axis_order=True):
            if _possible(bounds, said, where):
                raise InputError(
                    f"'crs' is {crs!r}, but {file.name} says that it is in {said.to_string()}; leave crs out"
                )
            _log.warning(
                "%s: says %s, which its coordinates can't be in; read as %r", where, said.to_string(), crs
            )
        chosen = given
    elif said is None and frame.crs is not None:
        chosen = frame.crs  # GDAL's guess for a GeoJSON, which the check below may refuse
    if chosen is None:
        raise MissingCRSError(
            f"{where} has no coordinate reference system; give crs=, "
            "such as crs='EPSG:4326' for longitude and latitude or crs='EPSG:4490' for CGCS2000"
        )
    require_possible_rows(frame.geometry.to_numpy(), range(1, len(frame) + 1), chosen, where, called="row")
    require_possible(bounds, chosen, where, said=said is not None)
    return frame.set_crs(chosen, allow_override=True).to_crs(WGS84)


def _possible(bounds: Any, crs: pyproj.CRS, where: str) -> bool:
    try:
        require_possible(bounds, crs, where, said=True)
    except InputError:
        return False
    return True
