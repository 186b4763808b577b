"""Lines on the ground from a user's file: of all its layers, without the stations drawn beside them, joined."""

from __future__ import annotations

import logging
from os import PathLike
from typing import Any, Final

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from ..checks import require_path
from ..errors import GeometryTypeError, InputError
from ._points import read_points
from ._tables import TABLE_SUFFIXES
from ._vectors import holds_geometry, list_layers, read_vector_file, require_plain_file

#: Ends that lie so near each other are meant to meet: lines are drawn by hand, on screens.
JOIN_M: Final = 50.0
#: Parts that leave a point in directions as near as this are two drawings of one line rather than two parts of it.
FORK_DEG: Final = 60.0
#: Directions are taken over so much of the shorter part, so that a station's throat doesn't decide.
_FORK_SHARE: Final = 0.2
_ELLIPSOID: Final = pyproj.Geod(ellps="WGS84")
#: GDAL's layers of a GPX, in the order in which they say what the line is.
_GPX_LAYERS: Final = ("tracks", "routes")
_GPX_POINTS: Final = ("track_points", "route_points", "waypoints")

_log = logging.getLogger(__name__)


def read_line(
    path: str | PathLike[str], *, layer: str | None = None, crs: Any = None, argument: str = "geometry"
) -> NDArray[np.float64]:
    """Read the one line of a file.

    Parameters
    ----------
    path : str or path
        GeoJSON, Shapefile, GeoPackage, KML, KMZ, GPX, 奥维's .ovkml and .ovkmz; or a table of the line's points in
        their order. Points beside the line, such as stations, are left aside.
    layer : str, optional
        Only this one; all that have lines when left out.
    crs : optional
        As in `read_vector_file`.
    argument : str
        Name of the caller's argument, for messages.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        (lon, lat) in WGS 84. Parts whose ends lie within `JOIN_M` of each other are one line.

    Raises
    ------
    DataFileError, MissingCRSError, InputError
    GeometryTypeError
        If it holds no line, or several that don't meet.
    """
    file = require_path(path, argument)
    if file.suffix.lower() in TABLE_SUFFIXES and not holds_geometry(file):
        shapes = read_points(file, datum=crs, strict=True, argument=argument).geometry.to_numpy()
        return _ordered(shapes, file.name, argument)
    require_plain_file(file, argument)
    layers: list[str | None] = [layer]
    if layer is None and file.suffix.lower() not in (".parquet", ".geoparquet", ".pq"):
        layers = list(_layers(file.suffix.lower(), file, argument))
    parts: list[NDArray[np.float64]] = []
    names: list[str] = []
    aside: dict[str, int] = {}
    points: list[Any] = []
    for one in layers:
        frame = read_vector_file(file, layer=one, crs=crs, argument=argument)
        label = next((str(c) for c in frame.columns if str(c).casefold() in ("name", "名称")), None)
        for row, shape in enumerate(frame.geometry):
            if shape is None or shape.is_empty:
                continue
            for part in shapely.get_parts(shapely.force_2d(shape)):
                if part.geom_type != "LineString":
                    aside[part.geom_type] = aside.get(part.geom_type, 0) + 1
                    points += [part] if part.geom_type == "Point" else []
                    continue
                parts.append(shapely.get_coordinates(part))
                names.append("" if label is None else str(frame[label].iloc[row] or ""))
    if not parts and file.suffix.lower() == ".gpx" and len(points) > 1:
        return _ordered(np.array(points, dtype=object), file.name, argument)
    if not parts:
        seen = ", ".join(sorted(aside)) or "nothing"
        raise GeometryTypeError(f"'{argument}': {file.name} should hold a line, got {seen}")
    if aside:
        counts = ", ".join(f"{number} {kind}" for kind, number in aside.items())
        _log.warning("'%s': %s: %s beside the line left aside", argument, file.name, counts)
    return _joined(parts, names, file.name, argument)


def _layers(suffix: str, file: Any, argument: str) -> list[str]:
    """Return the layers to look through: all, but of a GPX the first kind that holds anything."""
    try:
        there = list_layers(file)
    except (InputError, OSError):
        raise
    except Exception:  # noqa: BLE001 - GDAL's; reading it says what is wrong
        there = []
    if not there:
        read_vector_file(file, argument=argument)  # says why it can't be read
    if suffix != ".gpx":
        return there
    for kinds in ((_GPX_LAYERS[0],), (_GPX_LAYERS[1],), *((name,) for name in _GPX_POINTS)):
        if set(kinds) <= set(there) and len(read_vector_file(file, layer=kinds[0], argument=argument)):
            return list(kinds)
    return there[:1]


def _ordered(points: NDArray[Any], name: str, argument: str) -> NDArray[np.float64]:
    if len(points) < 2:
        raise GeometryTypeError(f"'{argument}': {name} holds {len(points)} point; a line needs two or more")
    return np.asarray(shapely.get_coordinates(points), dtype=float)


def _joined(
    parts: list[NDArray[np.float64]], names: list[str], file: str, argument: str
) -> NDArray[np.float64]:
    """Return parts as one line, the nearest ends first."""
    _require_no_fork(parts, names, file, argument)
    merged = shapely.get_parts(
        shapely.line_merge(shapely.multilinestrings([shapely.LineString(p) for p in parts]))
    )
    lines = [shapely.get_coordinates(line) for line in merged]
    gaps: list[float] = []
    while len(lines) > 1:
        gap, first, second = _nearest_ends(lines)
        if gap > JOIN_M:
            told = "、".join(dict.fromkeys(filter(None, names))) or f"{len(parts)} parts"
            raise GeometryTypeError(
                f"'{argument}': {file} holds {len(lines)} lines that don't meet end to end ({told}); the nearest ends "
                f"lie {gap:,.0f} m apart. Keep the corridor's alone, name its layer with layer=, or join them"
            )
        gaps += [gap] if gap > 0 else []
        (a, a_end), (b, b_end) = first, second
        head = lines[a] if a_end else lines[a][::-1]
        tail = lines[b][::-1] if b_end else lines[b]
        lines = [line for number, line in enumerate(lines) if number not in (a, b)]
        lines.append(np.concatenate([head, tail]))
    if gaps:
        _log.warning("'%s': %s: %d gap(s) of up to %.0f m closed", argument, file, len(gaps), max(gaps))
    return np.asarray(lines[0], dtype=float)


def _nearest_ends(
    lines: list[NDArray[np.float64]],
) -> tuple[float, tuple[int, bool], tuple[int, bool]]:
    """Return the least distance between ends of different lines, m, and which; True for a line's last point."""
    ends = np.array([point for line in lines for point in (line[0], line[-1])])
    owner = np.repeat(np.arange(len(lines)), 2)
    a, b = np.triu_indices(len(ends), k=1)
    other = owner[a] != owner[b]
    a, b = a[other], b[other]
    metres = np.asarray(_ELLIPSOID.inv(ends[a, 0], ends[a, 1], ends[b, 0], ends[b, 1])[2], dtype=float)
    best = int(metres.argmin())
    first, second = int(a[best]), int(b[best])
    return float(metres[best]), (first // 2, bool(first % 2)), (second // 2, bool(second % 2))


def _require_no_fork(parts: list[NDArray[np.float64]], names: list[str], file: str, argument: str) -> None:
    """Raise where two parts leave one point the same way: joined, the line would turn back upon itself."""
    lengths = [float(_ELLIPSOID.line_length(part[:, 0], part[:, 1])) for part in parts]
    ends = [
        (number, part[::-1] if last else part) for number, part in enumerate(parts) for last in (False, True)
    ]
    for k, (a, one) in enumerate(ends):
        for b, other in ends[k + 1 :]:
            if a == b or _ELLIPSOID.inv(*one[0], *other[0])[2] > JOIN_M:
                continue
            reach = _FORK_SHARE * min(lengths[a], lengths[b])
            apart = abs(_bearing(one, reach) - _bearing(other, reach)) % 360
            if min(apart, 360 - apart) < FORK_DEG:
                told = "、".join(dict.fromkeys(filter(None, names))) or f"{len(parts)} parts"
                raise GeometryTypeError(
                    f"'{argument}': {file} holds lines that leave ({one[0, 0]:.5f}, {one[0, 1]:.5f}) the same way "
                    f"({told}): alternatives rather than parts of one line? Keep the corridor's alone, name its layer "
                    "with layer=, or draw it as one line"
                )


def _bearing(line: NDArray[np.float64], reach_m: float) -> float:
    """Return the direction in which a line leaves its first point, degrees, over the first metres of it."""
    steps = np.asarray(_ELLIPSOID.line_lengths(line[:, 0], line[:, 1]), dtype=float)
    at = min(int(np.searchsorted(np.cumsum(steps), reach_m)) + 1, len(line) - 1)
    return float(_ELLIPSOID.inv(*line[0], *line[at])[0])
