"""A user's own units, from a file or a frame: rows that can't be used are named, codes and parents made out."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from ..checks import require_crs, require_frame, require_path
from ..crs import WGS84, Datum, datum_of, geometry_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from ..errors import (
    BorderReachError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
)
from ..files import code_numbers, code_text, find_columns, province_of, read_vector_file
from ..placing import require_possible, require_possible_rows
from ._embedded import CODE_COLUMN, LEVEL_COLUMNS, SOURCES, Level, embedded, finish
from ._names import stem

_POLYGONS: Final = ("Polygon", "MultiPolygon")
#: Columns of DataV's boundaries (阿里云 DataV.GeoAtlas), which are in GCJ-02.
_DATAV: Final = frozenset({"acroutes", "subFeatureIndex", "childrenNum"})
#: Rows that are left out are named one by one up to here.
_MOST_NAMED: Final = 10
#: Units that share more than this part of the smaller one's area overlap; less is how boundaries are drawn.
_OVERLAP_SHARE: Final = 0.5

_log = logging.getLogger(__name__)


def read_units(
    level: Level,
    source: str | os.PathLike[str] | gpd.GeoDataFrame,
    *,
    columns: Mapping[str, str] | None,
    crs: Any,
    layer: str | None,
    encoding: str | None,
    strict: bool,
) -> gpd.GeoDataFrame:
    """Return units of a level from a file or a frame; see `counties`."""
    if columns is not None and not isinstance(columns, Mapping):
        raise InputTypeError(f"'columns' should map the schema's columns to the file's, got {columns!r}")
    if isinstance(source, gpd.GeoDataFrame):
        where, raw = "'source'", _framed(source, crs)
    else:
        file = require_path(source, "source")
        if not file.exists():
            known = " or ".join(map(repr, SOURCES))
            raise InputError(
                f"'source' should be {known} or the path of a file that exists, got {str(source)!r}"
            )
        where = f"'source': {file.name}"
        raw = read_vector_file(file, layer=layer, encoding=encoding, crs=crs)
    if len(raw) == 0:
        raise EmptyInputError(f"{where} has no rows")
    raw = raw.set_index(pd.RangeIndex(1, len(raw) + 1))  # rows as people count them
    frame = _usable(_rename(raw, level, columns, where), where, strict=strict)
    frame["adcode"] = _levelled(frame["adcode"].astype("int64"), level)
    if crs is None:
        _require_wgs84(frame, level, set(raw.columns) & _DATAV, where)
    frame = _merged(_repaired(frame, where, strict=strict), where)
    if level == "county":
        frame = _without_parents(frame, where, strict=strict)
    _require_apart(frame, where)
    return finish(level, _with_parents(frame, level, where))


def _framed(frame: gpd.GeoDataFrame, crs: Any) -> gpd.GeoDataFrame:
    """Return a caller's frame in EPSG:4326, its rows unchecked."""
    if getattr(frame, "_geometry_column_name", None) not in frame.columns:
        raise MissingColumnError("'source' has no column with shapes; name it with set_geometry")
    datum = datum_of(crs)
    if frame.crs is None and crs is not None and datum is None:
        frame = frame.set_crs(require_crs(crs))
    elif frame.crs is None and datum is not None:
        frame = frame.set_crs(WGS84)
    elif (
        crs is not None
        and datum in (None, "WGS84")
        and not frame.crs.equals(require_crs(WGS84 if datum else crs), ignore_axis_order=True)
    ):
        raise InputError(f"'crs' is {crs!r}, but 'source' is in {frame.crs.to_string()}; leave crs out")
    require_frame(frame.iloc[:0], "source")
    require_possible_rows(
        frame.geometry.to_numpy(), frame.index, pyproj.CRS(frame.crs), "'source'", called="index"
    )
    require_possible(frame.total_bounds, pyproj.CRS(frame.crs), "'source'", said=True)
    placed = frame.to_crs(WGS84)
    if datum not in (None, "WGS84"):
        return placed.set_geometry(geometry_to_wgs84(placed.geometry, datum))
    return placed


def _rename(
    raw: gpd.GeoDataFrame, level: Level, columns: Mapping[str, str] | None, where: str
) -> gpd.GeoDataFrame:
    """Return the schema's columns that the file has, under the schema's names."""
    mapping = dict(columns or {})
    schema = set(LEVEL_COLUMNS[level]) - {"geometry"}
    unknown = sorted(set(mapping) - schema)
    if unknown:
        raise InputError(
            f"'columns' maps {', '.join(map(repr, unknown))}, which a {level} doesn't have; "
            f"it has {', '.join(map(repr, sorted(schema)))}"
        )
    there = [str(name) for name in raw.columns if name != raw.geometry.name]
    own_points = {"lon", "lat"} <= set(mapping) or {"lon", "lat", "point_source"} <= set(there)
    wanted = [
        name for name in LEVEL_COLUMNS[level][:-1] if own_points or name not in ("lon", "lat", "point_source")
    ]
    found = find_columns(there, wanted, where, columns=mapping, needed=("adcode", "name"))
    picked = {"geometry": raw.geometry, **{own: raw[header] for own, header in found.items()}}
    if own_points and "point_source" not in picked:
        picked["point_source"] = pd.Series("file", index=raw.index)
    frame = gpd.GeoDataFrame(picked, geometry="geometry", crs=raw.crs)
    for name in ("city", "province", "short_name"):
        if name in frame.columns and _texts(frame[name]).eq("").all():
            frame = frame.drop(columns=name)  # what every row lacks follows from the codes
    return frame


def _texts(values: pd.Series[Any]) -> pd.Series[Any]:
    return values.astype(object).where(values.notna(), "").astype(str).str.strip()


def _usable(frame: gpd.GeoDataFrame, where: str, *, strict: bool) -> gpd.GeoDataFrame:
    """Return the rows that can be used; the others are named, or the first is an error."""
    frame = frame.copy()
    shapes = frame.geometry.to_numpy().copy()
    faults: dict[int, BorderReachError] = {}

    def fault(row: int, kind: type[BorderReachError], text: str) -> None:
        named = str(frame["name"].iloc[row]) if "name" in frame else ""
        label = f" ({named})" if named and named not in ("nan", "None") else ""
        faults.setdefault(row, kind(f"{where}, row {row + 1}{label}: {text}"))

    for row, shape in enumerate(shapes):
        if shape is None or shape.is_empty:
            fault(row, GeometryTypeError, "has no geometry; draw it or drop the row")
        elif shape.geom_type == "GeometryCollection" and not polygonal(shape).is_empty:
            shapes[row] = polygonal(shape)
            _log.warning("%s, row %d: a collection; its polygons were taken", where, row + 1)
        elif shape.geom_type not in _POLYGONS:
            fault(row, GeometryTypeError, f"has a geometry of type {shape.geom_type}; expected polygons")
    for name in ("name", "city", "province", "short_name"):
        if name in frame.columns:
            frame[name] = _texts(frame[name])
            for empty in np.flatnonzero(frame[name].eq("").to_numpy()):
                fault(int(empty), InputError, f"is without a value in {name!r}; fill it or drop the row")
    _number(frame, fault, where)
    if faults and (strict or len(faults) == len(frame)):
        raise faults[min(faults)]
    for row in sorted(faults)[:_MOST_NAMED]:
        _log.warning("%s; left out", faults[row])
    if len(faults) > _MOST_NAMED:
        _log.warning("%s: %d more rows left out", where, len(faults) - _MOST_NAMED)
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    keep = np.ones(len(frame), dtype=bool)
    keep[list(faults)] = False
    return frame[keep]


def _number(frame: gpd.GeoDataFrame, fault: Callable[..., None], where: str) -> None:
    """Turn codes into numbers; codes that are text, all or most of them, are numbered in their order."""
    for name in [c for c in ("adcode", "province_adcode", "city_adcode") if c in frame.columns]:
        numbers = code_numbers(frame[name])
        missing = numbers.isna()
        texts = frame[name].map(code_text)
        wordy = missing & texts.str.fullmatch(r"[A-Za-z][\w.-]*").to_numpy(dtype=bool)
        if wordy.sum() * 2 > len(frame):
            order = {text: number for number, text in enumerate(sorted(set(texts) - {""}), start=1)}
            if name == "adcode":
                frame[CODE_COLUMN] = texts
                _log.warning(
                    "%s: codes such as %r are text: units are numbered in their order, and the codes kept in the "
                    "column %r", where, texts[wordy].iloc[0], CODE_COLUMN,
                )  # fmt: skip
            numbers = texts.map(order).astype("Int64")
            missing = numbers.isna()
        for row in np.flatnonzero(missing.to_numpy(dtype=bool)):
            cell = frame[name].iloc[int(row)]
            seen = cell.item() if isinstance(cell, np.generic) else cell  # as its owner would write it
            fault(
                int(row), InputError,
                f"has the {name} {seen!r}; adcodes are whole numbers above zero, such as 500110; mend or drop the row",
            )  # fmt: skip
        frame[name] = numbers


def _levelled(codes: pd.Series[Any], level: Level) -> pd.Series[Any]:
    """Give codes of provinces (2 digits) and prefectures (4 digits) the zeros that make them adcodes."""
    ways: tuple[tuple[int, int, Level], ...] = ((4, 100, "city"), (2, 10_000, "province"))
    for digits, unit, known in ways:
        if level == "province" and digits == 4:
            continue
        whole = set(embedded(known, "tianditu")["adcode"])
        if codes.between(10 ** (digits - 1), 10**digits - 1).all() and set(codes * unit) <= whole:
            return codes * unit
    return codes


def _require_wgs84(frame: gpd.GeoDataFrame, level: Level, datav: set[str], where: str) -> None:
    """Raise where units lie as far from the embedded ones as GCJ-02 or BD-09 puts them."""
    known = embedded(level, "tianditu").drop_duplicates("adcode").set_index("adcode").geometry
    codes = frame["adcode"]
    both = codes.isin(known.index).to_numpy()
    if not both.any():
        if datav:
            _log.warning(
                "%s has DataV's columns, whose coordinates are in GCJ-02, some 500 m off; if these are, give "
                "crs='GCJ-02'", where,
            )  # fmt: skip
        return
    here = shapely.centroid(frame.geometry.to_numpy()[both])
    there = shapely.centroid(known.loc[codes[both]].to_numpy())
    lon, lat = shapely.get_x(there), shapely.get_y(there)
    seen = np.column_stack([shapely.get_x(here) - lon, shapely.get_y(here) - lat])
    near = np.hypot(*seen.T) < 0.02  # a unit whose extent has changed says nothing about datums
    if not near.any():
        _require_unswapped(seen, lon, lat, where)
        return
    lon, lat, seen = lon[near], lat[near], seen[near]
    metres = np.column_stack([np.cos(np.radians(lat)) * 111_320, np.full(len(lat), 110_900.0)])
    rest: dict[Datum, float] = {"WGS84": float(np.median(np.hypot(*(seen * metres).T)))}
    for datum, shifted in (("GCJ-02", wgs84_to_gcj02(lon, lat)), ("BD-09", wgs84_to_bd09(lon, lat))):
        moved = np.column_stack([shifted[0] - lon, shifted[1] - lat])
        rest[datum] = float(np.median(np.hypot(*((seen - moved) * metres).T)))  # type: ignore[index] # the tuple's names
    best = min(rest, key=lambda datum: rest[datum])
    if best != "WGS84" and rest[best] < rest["WGS84"] / 3 and rest["WGS84"] > 100:
        origin = ", and has DataV's columns" if datav else ""
        raise InputError(
            f"{where}: {int(near.sum())} units lie {rest['WGS84']:.0f} m from where they are in WGS 84, and "
            f"{rest[best]:.0f} m from where {best} puts them{origin}; give crs={best!r} to have them shifted (or "
            "crs='EPSG:4326' to take them as they are)"
        )


def _require_unswapped(seen: NDArray[Any], lon: NDArray[Any], lat: NDArray[Any], where: str) -> None:
    swapped = np.column_stack([seen[:, 0] + lon - lat, seen[:, 1] + lat - lon])
    if len(seen) > 0 and float(np.median(np.hypot(*swapped.T))) < 1 < float(np.median(np.hypot(*seen.T))):
        raise InputError(f"{where}: longitude and latitude are swapped; put longitude first in every pair")


def _repaired(frame: gpd.GeoDataFrame, where: str, *, strict: bool) -> gpd.GeoDataFrame:
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    invalid = ~shapely.is_valid(shapes)
    if invalid.any():
        shapes[invalid] = [polygonal(shape) for shape in shapely.make_valid(shapes[invalid])]
        lost = shapely.is_empty(shapes)
        if lost.any():
            row = int(np.argmax(lost))
            text = (
                f"{where}: row {frame.index[row]} ({frame['name'].iloc[row]}) is invalid and has no area; draw it "
                "anew or drop it"
            )
            if strict or lost.all():
                raise GeometryTypeError(text)
            _log.warning("%s; %d such row(s) left out", text, int(lost.sum()))
            frame, shapes = frame[~lost], shapes[~lost]
        _log.warning("%s: repaired %d invalid polygon(s)", where, int((invalid & ~lost).sum()))
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=WGS84))


def polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a geometry, without the lines and points that a repair may leave."""
    if shape.geom_type in _POLYGONS:
        return shape
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _merged(frame: gpd.GeoDataFrame, where: str) -> gpd.GeoDataFrame:
    """Merge rows of one adcode: files of older surveys list islands and exclaves one by one."""
    repeated = frame["adcode"].duplicated(keep=False)
    if not repeated.any():
        return frame
    names = frame[repeated].groupby("adcode")["name"].unique()
    clash = names[names.map(len) > 1]
    if len(clash):
        raise InputError(
            f"{where} gives adcode {clash.index[0]} to {'、'.join(clash.iloc[0])}; "
            "each unit needs a code of its own"
        )
    merged = frame.dissolve(by="adcode", as_index=False, sort=False)
    _log.warning("%s: merged %d rows into %d units", where, len(frame), len(merged))
    return merged


def _without_parents(frame: gpd.GeoDataFrame, where: str, *, strict: bool) -> gpd.GeoDataFrame:
    """Leave out prefectures and provinces whose counties are in the file as well, lest they count twice."""
    codes = frame["adcode"].to_numpy()
    if CODE_COLUMN in frame.columns or not ((codes >= 100_000) & (codes < 1_000_000)).all():
        return frame
    inner = codes % 100 != 0
    parents = ((codes % 10_000 == 0) & np.isin(codes // 10_000, codes[inner] // 10_000)) | (
        ~inner & np.isin(codes // 100, codes[inner] // 100)
    )
    if not parents.any():
        return frame
    points = shapely.point_on_surface(frame.geometry.to_numpy()[inner])
    holds = shapely.STRtree(points).query(frame.geometry.to_numpy(), predicate="intersects")[0]
    parents &= np.isin(np.arange(len(frame)), holds)
    named = "、".join(
        f"{row.name} ({row.adcode})" for row in frame[parents].head(_MOST_NAMED).itertuples(index=False)
    )
    if parents.any() and strict:
        raise InputError(
            f"{where} holds units of several levels: {named} and what they consist of; keep one level"
        )
    if parents.any():
        _log.warning(
            "%s: %d unit(s) of a higher level left out, because what they consist of is in the file: %s",
            where, int(parents.sum()), named,
        )  # fmt: skip
    return frame[~parents]


def _require_apart(frame: gpd.GeoDataFrame, where: str) -> None:
    """Raise where one unit lies in another: both would count what lies in it."""
    shapes = frame.geometry.to_numpy()
    outer, inner = shapely.STRtree(shapely.point_on_surface(shapes)).query(shapes, predicate="intersects")
    for a, b in zip(outer[outer != inner].tolist(), inner[outer != inner].tolist(), strict=True):
        shared = shapely.area(shapely.intersection(shapes[a], shapes[b]))
        if shared > _OVERLAP_SHARE * min(shapely.area(shapes[a]), shapely.area(shapes[b])):
            names = [f"{frame['name'].iloc[row]} ({frame['adcode'].iloc[row]})" for row in (a, b)]
            raise InputError(
                f"{where}: {names[0]} and {names[1]} overlap, and would be counted twice; keep units of one level, and "
                "cut out of a unit what lies in it"
            )


def _with_parents(frame: gpd.GeoDataFrame, level: Level, where: str) -> gpd.GeoDataFrame:
    """Add what the schema says of provinces and cities, from the file's own columns or the codes."""
    frame = frame.copy()
    if level == "province":
        if "short_name" not in frame.columns:
            frame["short_name"] = frame["name"].map(stem)
        return frame
    own = embedded("province", "tianditu")
    if "province_adcode" not in frame.columns:
        frame["province_adcode"] = _province_codes(frame, set(own["adcode"]))
    if "province" not in frame.columns:
        frame["province"] = frame["province_adcode"].map(own.set_index("adcode")["name"])
        unknown = frame["province"].isna()
        if unknown.any():
            code = frame.loc[unknown, "adcode"].iloc[0]
            shown = f"{frame.loc[unknown, CODE_COLUMN].iloc[0]!r}" if CODE_COLUMN in frame else str(code)
            raise MissingColumnError(
                f"{where} names no provinces, and adcode {shown} belongs to none that is known; "
                "map the column that names what the units belong to (state, Land, NUTS 1) with "
                "columns={'province': ...}"
            )
    _require_one_to_one(frame, where)
    if level == "county":
        towns = embedded("city", "tianditu").set_index("adcode")["name"]
        if "city_adcode" not in frame.columns:
            # Units under a municipality or without a prefecture stand for their own city.
            prefecture = frame["adcode"] // 100 * 100
            alone = frame["adcode"].where(frame["adcode"].isin(towns.index), frame["province_adcode"])
            frame["city_adcode"] = prefecture.where(prefecture.isin(towns.index), alone)
        if "city" not in frame.columns:
            frame["city"] = frame["city_adcode"].map(towns).fillna(frame["province"])
    return frame


def _province_codes(frame: gpd.GeoDataFrame, known: set[int]) -> pd.Series[Any]:
    """Return what the units' codes say of their provinces; else the provinces named, numbered in their order."""
    derived: pd.Series[Any] = frame["adcode"].map(province_of)
    if "province" not in frame.columns or (derived.isin(known).all() and CODE_COLUMN not in frame.columns):
        return derived
    names = frame["province"]
    for digits in (10_000, 1000, 100):  # FIPS has three digits for the county after those of the state
        parent: pd.Series[Any] = frame["adcode"] // digits
        pairs = pd.DataFrame({"name": names, "code": parent}).drop_duplicates()
        if (
            (parent > 0).all()
            and not pairs["name"].duplicated().any()
            and not pairs["code"].duplicated().any()
        ):
            return derived if digits == 10_000 else parent
    numbered: pd.Series[Any] = names.map({name: n for n, name in enumerate(sorted(set(names)), start=1)})
    return numbered


def _require_one_to_one(frame: gpd.GeoDataFrame, where: str) -> None:
    pairs = frame[["province", "province_adcode"]].drop_duplicates()
    for key, other in (("province", "province_adcode"), ("province_adcode", "province")):
        twice = pairs[pairs[key].duplicated(keep=False)].sort_values(key)
        if len(twice):
            first = twice[twice[key] == twice[key].iloc[0]]
            raise InputError(
                f"{where}: {key} {first[key].iloc[0]} goes with several of {other}: "
                f"{', '.join(map(str, first[other]))}; map the column with columns={{{other!r}: ...}}"
            )
