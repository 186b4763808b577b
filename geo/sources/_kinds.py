"""What kind of network a file holds, or whether a name is a region's."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from ..errors import AmbiguousPlaceError, DataFileError, InputError, UnknownDatasetError
from ..networks import is_saved_network
from ..osm import EXTRACT_SUFFIXES

Kind = Literal["extract", "saved", "graphml", "lines", "region"]

GRAPHML: Final = ".graphml"
LINES: Final = (
    ".gpkg", ".shp", ".geojson", ".fgb", ".kml", ".kmz", ".ovkml", ".gpx", ".gml", ".dxf", ".zip", ".parquet",
)  # fmt: skip


def kind_of(name: str, path: Path) -> Kind:
    """Tell what a name stands for.

    Parameters
    ----------
    name : str
        As it was given.
    path : pathlib.Path
        Where the file lies if it is one.

    Raises
    ------
    DataFileError
        If it looks like a file's, and there is none.
    InputError
        If it is a file of another kind, or neither a file nor a region.
    """
    lower = path.name.lower()
    if path.is_file() and is_saved_network(path):
        return "saved"
    if lower.endswith((*EXTRACT_SUFFIXES, GRAPHML, *LINES)):
        if not path.exists():
            raise DataFileError(f"there is no file {path}")
        if lower.endswith(EXTRACT_SUFFIXES):
            return "extract"
        return "graphml" if lower.endswith(GRAPHML) else "lines"
    if path.is_file():
        raise InputError(
            f"{path} isn't a network: give an extract of OpenStreetMap ({', '.join(EXTRACT_SUFFIXES[:4])} …), a network "
            "saved by borderreach, a .graphml of osmnx, or drawn lines (.gpkg, .shp, .geojson …)"
        )
    from ..downloads import dataset  # noqa: PLC0415 - files do without what downloads

    try:
        found = dataset(name)
    except AmbiguousPlaceError as error:
        raise InputError(str(error)) from error
    except UnknownDatasetError as error:
        raise InputError(
            f"{name!r} is neither 'trunk', a file ({path} isn't there) nor a region to download: {error}"
        ) from error
    if found.kind != "extract":
        raise InputError(f"{name!r} is a dataset of the package, not a network; give 'trunk' for its roads")
    return "region"
