"""Coordinate systems: local and equal-area projections, lengths on the ellipsoid, GCJ-02."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from .errors import InputError, InputTypeError

if TYPE_CHECKING:  # a street network is read without tables
    import geopandas as gpd
    import pandas as pd

WGS84: Final = "EPSG:4326"
#: Albers equal-area projection of China (standard parallels 25 and 47, central meridian 105).
CHINA_ALBERS: Final = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +datum=WGS84 +units=m +no_defs"
ELLIPSOID: Final = pyproj.Geod(ellps="WGS84")

#: Mean radius of the earth, which turns arcs into chords.
_EARTH_M: Final = 6_371_008.8
_WGS84_A_M: Final = 6378137.0
_WGS84_E2: Final = 0.0066943799901413165

#: What coordinates in degrees may be in, beside WGS 84 and its equal CGCS2000.
Datum = Literal["WGS84", "GCJ-02", "BD-09"]
_DATUMS: Final[dict[str, Datum]] = {
    "WGS84": "WGS84", "CGCS2000": "WGS84", "GCJ02": "GCJ-02", "GCJ": "GCJ-02", "BD09": "BD-09", "BD09LL": "BD-09"
}  # fmt: skip
_BD_TURN: Final = np.pi * 3000 / 180

_GCJ_A_M: Final = 6378245.0
_GCJ_E2: Final = 0.00669342162296594323


def local_crs(*, lon: float, lat: float) -> pyproj.CRS:
    """Return the azimuthal equidistant projection centred on a point, in metres.

    Distances from the centre are exact; at 300 km from it, distances across the line of sight
    come out 0.04 % too long.
    """
    return pyproj.CRS.from_proj4(
        f"+proj=aeqd +lat_0={lat:.6f} +lon_0={lon:.6f} +datum=WGS84 +units=m +no_defs"
    )


def chord_m(arc_m: float) -> float:
    """Return how far apart points are in a straight line through the ground that lie so far apart on it.

    Examples
    --------
    >>> round(chord_m(120_000) - 120_000, 2)
    -1.77
    """
    return float(2 * _EARTH_M * np.sin(arc_m / (2 * _EARTH_M)))


def equal_area_crs(*shapes: gpd.GeoSeries) -> str:
    """Return a projection true in areas, and nearly so in distances, for shapes in degrees: as `area_km2` takes it.

    Parameters
    ----------
    *shapes : geopandas.GeoSeries
        In EPSG:4326; the projection is for all of them together.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> equal_area_crs(gpd.GeoSeries([shapely.box(-20, 64, -18, 65)], crs=4326))
    '+proj=laea +lat_0=64.5000 +lon_0=-19.0000 +datum=WGS84 +units=m +no_defs'
    """
    bounds = np.array([one.total_bounds for one in shapes if len(one)], dtype=float).reshape(-1, 4)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return CHINA_ALBERS
    (minx, miny), (maxx, maxy) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    if minx >= 70 and maxx <= 140 and miny >= 0 and maxy <= 60:
        return CHINA_ALBERS
    return (
        f"+proj=laea +lat_0={(miny + maxy) / 2:.4f} +lon_0={(minx + maxx) / 2:.4f} "
        "+datum=WGS84 +units=m +no_defs"
    )


def area_km2(geometry: gpd.GeoSeries) -> NDArray[np.float64]:
    """Areas in km², measured in the Albers projection of China where the shapes lie there.

    Shapes outside 70-140 E, 0-60 N are measured in a Lambert azimuthal equal-area projection
    centred on them instead, because no shape-preserving quality of Albers is left there (areas
    are true in both).

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        Polygons with a CRS.

    Returns
    -------
    ndarray of float, shape (n,)
        0 for empty or missing geometries.
    """
    if len(geometry) == 0:
        return np.zeros(0)
    lonlat = geometry.to_crs(WGS84)
    if np.isnan(lonlat.total_bounds[0]):
        return np.zeros(len(geometry))
    crs = equal_area_crs(lonlat)
    areas_m2: NDArray[np.float64] = np.nan_to_num(lonlat.to_crs(crs).area.to_numpy(dtype=float))
    return areas_m2 / 1e6


def length_km(geometry: gpd.GeoSeries) -> NDArray[np.float64]:
    """Lengths of lines in km on the WGS 84 ellipsoid.

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        LineStrings or MultiLineStrings with a CRS.

    Returns
    -------
    ndarray of float, shape (n,)
    """
    lonlat = geometry.to_crs(WGS84)
    return np.array([0.0 if g is None else ELLIPSOID.geometry_length(g) / 1000 for g in lonlat], dtype=float)


def to_ecef(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Earth-centred Cartesian coordinates in metres of points on the WGS 84 ellipsoid.

    The straight distance between two such points falls short of the geodesic by d³/24R²: 3 cm
    over 30 km. It is symmetric and the same everywhere, which no map projection offers, and so
    it measures all movement off the network.

    Parameters
    ----------
    lon, lat : array_like of float, shape (n,)
        Degrees.

    Returns
    -------
    ndarray of float, shape (n, 3)
    """
    phi, lam = np.radians(np.asarray(lat, dtype=float)), np.radians(np.asarray(lon, dtype=float))
    normal = _WGS84_A_M / np.sqrt(1 - _WGS84_E2 * np.sin(phi) ** 2)
    return np.stack(
        [
            normal * np.cos(phi) * np.cos(lam),
            normal * np.cos(phi) * np.sin(lam),
            normal * (1 - _WGS84_E2) * np.sin(phi),
        ],
        axis=-1,
    )


def rows_xyz(table: pd.DataFrame) -> NDArray[np.float64]:
    """Earth-centred coordinates in metres of a table's ``lon`` and ``lat``, shape (rows, 3); see `to_ecef`."""
    return to_ecef(table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float)).reshape(-1, 3)


def along_curve(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return positions along a Z-order curve, shape (n,): neighbours on the ground get numbers near each other.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees.

    References
    ----------
    Morton, G. M. (1966). A computer oriented geodetic data base and a new technique in file sequencing. IBM.
    """
    code = np.zeros(len(lon), dtype=np.uint64)
    for shift, degrees, span in ((0, lon + 180, 360.0), (1, lat + 90, 180.0)):
        spread = (degrees / span * (2**31 - 1)).astype(np.uint64)
        for bit, mask in (
            (16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
            (2, 0x3333333333333333), (1, 0x5555555555555555),
        ):  # fmt: skip
            spread = (spread | (spread << np.uint64(bit))) & np.uint64(mask)
        code |= spread << np.uint64(shift)
    return code


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shift WGS 84 coordinates into GCJ-02, the datum of Gaode/AMap and Tencent maps.

    The published approximation of the official transform; points outside the transform's own
    rectangle (72.004-137.8347 E, 0.8293-55.8271 N) are returned unchanged, as it defines.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees, WGS 84.

    Returns
    -------
    tuple of two ndarrays of float
        Degrees, GCJ-02.

    Raises
    ------
    InputTypeError, InputError
        If they aren't numbers, or don't go together in shape.

    Examples
    --------
    >>> lon, lat = br.wgs84_to_gcj02(116.391, 39.907)
    >>> f"{lon:.5f} {lat:.5f}"
    '116.39724 39.90840'
    """
    x, y = _degrees(lon, lat)
    dx, dy = _gcj_shift(x, y)
    return x + dx, y + dy


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shift GCJ-02 coordinates back into WGS 84, by fixed-point iteration to below 1 mm.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees, GCJ-02.

    Returns
    -------
    tuple of two ndarrays of float
        Degrees, WGS 84.

    Raises
    ------
    InputTypeError, InputError
        If they aren't numbers, or don't go together in shape.

    Examples
    --------
    >>> lon, lat = br.gcj02_to_wgs84(*br.wgs84_to_gcj02(106.5516, 29.5628))
    >>> f"{lon:.7f} {lat:.7f}"
    '106.5516000 29.5628000'
    """
    x, y = _degrees(lon, lat)
    guess_x, guess_y = x, y
    for _ in range(8):
        dx, dy = _gcj_shift(guess_x, guess_y)
        guess_x, guess_y = x - dx, y - dy
    return guess_x, guess_y


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shift WGS 84 coordinates into BD-09, the datum of Baidu's maps: GCJ-02 and a further turn of some 900 m.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees, WGS 84.

    Returns
    -------
    tuple of two ndarrays of float
        Degrees, BD-09.

    Raises
    ------
    InputTypeError, InputError
        If they aren't numbers, or don't go together in shape.

    Examples
    --------
    >>> lon, lat = br.wgs84_to_bd09(116.391, 39.907)
    >>> f"{lon:.5f} {lat:.5f}"
    '116.40361 39.91474'
    """
    return _gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shift BD-09 coordinates back into WGS 84, by fixed-point iteration to below 1 mm.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees, BD-09.

    Returns
    -------
    tuple of two ndarrays of float
        Degrees, WGS 84.

    Raises
    ------
    InputTypeError, InputError
        If they aren't numbers, or don't go together in shape.

    Examples
    --------
    >>> lon, lat = br.bd09_to_wgs84(*br.wgs84_to_bd09(106.5516, 29.5628))
    >>> f"{lon:.7f} {lat:.7f}"
    '106.5516000 29.5628000'
    """
    x, y = _degrees(lon, lat)
    guess_x, guess_y = x - 0.0065, y - 0.006
    for _ in range(12):
        there_x, there_y = _gcj02_to_bd09(guess_x, guess_y)
        guess_x, guess_y = guess_x + (x - there_x), guess_y + (y - there_y)
    return gcj02_to_wgs84(guess_x, guess_y)


def require_datum(value: object, argument: str = "datum") -> Datum:
    """Return the datum that a name stands for: "WGS84" (also CGCS2000), "GCJ-02" or "BD-09".

    Raises
    ------
    InputError
        If it stands for none.

    Examples
    --------
    >>> require_datum("gcj02")
    'GCJ-02'
    """
    found = datum_of(value)
    if found is None:
        raise InputError(f"'{argument}' should be 'WGS84', 'GCJ-02' or 'BD-09', got {value!r}")
    return found


def datum_of(value: object) -> Datum | None:
    """Return the datum that a name stands for; None where it is something else, such as a CRS."""
    if not isinstance(value, str):
        return None
    return _DATUMS.get(value.strip().upper().replace("-", "").replace("_", "").replace(" ", ""))


def datum_to_wgs84(
    lon: ArrayLike, lat: ArrayLike, datum: Datum
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shift coordinates of a datum into WGS 84, degrees."""
    if datum == "GCJ-02":
        return gcj02_to_wgs84(lon, lat)
    return bd09_to_wgs84(lon, lat) if datum == "BD-09" else _degrees(lon, lat)


def geometry_to_wgs84(geometry: gpd.GeoSeries, datum: Datum) -> gpd.GeoSeries:
    """Shift every vertex of geometries from a datum into WGS 84.

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        Any geometries whose coordinates are degrees in `datum`.
    datum : {"WGS84", "GCJ-02", "BD-09"}

    Returns
    -------
    geopandas.GeoSeries
        The same index, in EPSG:4326.
    """
    import geopandas as gpd  # noqa: PLC0415 - whoever gives a series has it loaded

    def shift(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(datum_to_wgs84(coordinates[:, 0], coordinates[:, 1], datum))

    return gpd.GeoSeries(shapely.transform(geometry.to_numpy(), shift), index=geometry.index, crs=WGS84)


def geometry_gcj02_to_wgs84(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """Shift every vertex of geometries from GCJ-02 into WGS 84.

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        Any geometries whose coordinates are degrees in GCJ-02.

    Returns
    -------
    geopandas.GeoSeries
        The same index, in EPSG:4326.
    """
    return geometry_to_wgs84(geometry, "GCJ-02")


def _degrees(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    found = []
    for values, argument in ((lon, "lon"), (lat, "lat")):
        try:
            array = np.asarray(values)
        except ValueError:
            array = np.array(None)
        if array.dtype.kind not in "iuf":
            raise InputTypeError(
                f"'{argument}' should be degrees, a number or an array of them, got {values!r}"
            )
        found.append(np.asarray(array, dtype=float))
    try:
        np.broadcast_shapes(found[0].shape, found[1].shape)
    except ValueError as error:
        raise InputError(
            f"'lon' has shape {found[0].shape} and 'lat' {found[1].shape}; give as many of one as of the other"
        ) from error
    return found[0], found[1]


def _gcj02_to_bd09(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_TURN)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _gcj_shift(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = lon - 105.0, lat - 35.0
    ripple = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    north = (
        -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + ripple
        + (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)) * 2 / 3
        + (160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    )  # fmt: skip
    east = (
        300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + ripple
        + (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)) * 2 / 3
        + (150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)) * 2 / 3
    )  # fmt: skip
    phi = np.radians(lat)
    magic = 1 - _GCJ_E2 * np.sin(phi) ** 2
    dlat = np.degrees(north * magic * np.sqrt(magic) / (_GCJ_A_M * (1 - _GCJ_E2)))
    dlon = np.degrees(east * np.sqrt(magic) / (_GCJ_A_M * np.cos(phi)))
    inside = (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)
    return np.where(inside, dlon, 0.0), np.where(inside, dlat, 0.0)
