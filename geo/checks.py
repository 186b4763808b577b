"""Gates that public functions pass their arguments through before anything runs."""

from __future__ import annotations

import errno
import math
import warnings
from collections.abc import Iterable, Mapping
from itertools import pairwise
from numbers import Integral, Real
from os import PathLike, fspath, lstat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import CRSError

from .crs import WGS84
from .errors import (
    CRSMismatchError,
    DataFileError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
)
from .placing import require_possible, require_possible_rows

if TYPE_CHECKING:  # a street network is read without tables
    import geopandas as gpd
    import pandas as pd


#: What geometries are called, by shapely's number.
_TYPE_NAMES: Final = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)


def require_frame(
    frame: object,
    argument: str,
    *,
    geometry_types: Iterable[str] | None = None,
    columns: Iterable[str] = (),
    allow_empty: bool = True,
    empty_shapes: bool = False,
) -> gpd.GeoDataFrame:
    """Return `frame` in EPSG:4326 after checking type, CRS, columns and geometry.

    Parameters
    ----------
    frame : object
        What the caller was given; only a GeoDataFrame passes.
    argument : str
        Name of the caller's argument, for the message.
    geometry_types : iterable of str, optional
        Geometry types allowed, such as ``("Polygon", "MultiPolygon")``.
    columns : iterable of str
        Columns that must be there.
    allow_empty : bool
        Whether a frame without rows passes.
    empty_shapes : bool
        Whether rows whose geometry is empty pass, as isochrones of which a clip left nothing; a missing
        one never does.

    Returns
    -------
    geopandas.GeoDataFrame
        The same frame where it is in EPSG:4326 already, else a copy that is.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError, EmptyInputError, GeometryTypeError
        With the argument's name, what was seen and the remedy.
    """
    import geopandas as gpd  # noqa: PLC0415 - whoever gives a frame has it loaded

    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputTypeError(
            f"'{argument}' should be a GeoDataFrame, got {type(frame).__name__}; "
            "read the file with geopandas.read_file or build one with geopandas.GeoDataFrame"
        )
    try:
        geometry = frame.geometry
    except AttributeError as error:
        raise GeometryTypeError(
            f"'{argument}' has no active geometry column; call {argument}.set_geometry(...)"
        ) from error
    if frame.crs is None:
        raise MissingCRSError(
            f"'{argument}' has no coordinate reference system; if its coordinates are longitude "
            f"and latitude, call {argument}.set_crs('{WGS84}') first"
        )
    if frame.crs.is_geographic:
        require_possible_rows(geometry.to_numpy(), frame.index, frame.crs, f"'{argument}'", called="index")
        require_possible(frame.total_bounds, frame.crs, f"'{argument}'", said=True)
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise MissingColumnError(
            f"'{argument}' lacks the column(s) {', '.join(map(repr, missing))}; "
            f"it has {', '.join(map(repr, frame.columns))}"
        )
    if not allow_empty and len(frame) == 0:
        raise EmptyInputError(f"'{argument}' has no rows; give at least one")
    shapes = geometry.to_numpy()
    bad = shapely.is_missing(shapes)
    if not empty_shapes:
        bad |= shapely.is_empty(shapes)
    if bad.any():
        raise GeometryTypeError(
            f"'{argument}' has {int(bad.sum())} missing or empty geometries "
            f"(first at index {first_index(frame, bad)}); drop these rows first"
        )
    if geometry_types is not None:
        allowed = set(geometry_types)
        kinds = np.unique(shapely.get_type_id(shapes)).tolist()
        seen = {_TYPE_NAMES[kind] for kind in kinds} - allowed
        if seen:
            raise GeometryTypeError(
                f"'{argument}' has geometries of type {', '.join(sorted(seen))}; "
                f"expected {' or '.join(sorted(allowed))}"
            )
    require_sound_text(frame, argument)
    return frame if frame.crs == WGS84 else frame.to_crs(WGS84)


def require_sound_text(table: pd.DataFrame, argument: str) -> None:
    """Raise if a column, or the index, of a table holds text that isn't UTF-8.

    Raises
    ------
    InputError
        Naming the column.
    """
    column = unsound_text(table)
    if column is not None:
        raise InputError(
            f"'{argument}' holds text in {column!r} that isn't UTF-8; write the file that it was read from anew"
        )


def unsound_text(table: pd.DataFrame) -> str | None:
    """Return the name of the first column (or level of the index) whose text isn't UTF-8; None without any.

    pandas leaves the text of Parquet files to Arrow, which hands bytes on unread: they would fail where they
    are first looked at, far from the file that they came from.
    """
    import pandas as pd  # noqa: PLC0415 - whoever has a table has it loaded

    index: list[Any] = [table.index.get_level_values(level) for level in range(table.index.nlevels)]
    for labels in (*index, *(column for _, column in table.items())):
        kind = labels.dtype
        if isinstance(kind, pd.ArrowDtype) or (
            isinstance(kind, pd.StringDtype) and kind.storage == "pyarrow"
        ):
            import pyarrow as pa  # noqa: PLC0415 - loaded, if there is anything of its

            try:
                pa.array(labels.array).validate(full=True)
            except pa.ArrowInvalid:
                return str(labels.name)
    return None


def first_index(frame: pd.DataFrame, rows: ArrayLike) -> str:
    """Return the label of the first of the rows that are true, as a message shows it."""
    return repr(frame.index[np.asarray(rows, dtype=bool)].tolist()[0])


def read_rows(file: Any, where: str, **options: Any) -> pd.DataFrame:
    """Read CSV as pandas does, but refuse rows that have more values than the header has names.

    pandas would take their first values for labels of the rows, and give every column its neighbour's values.

    Parameters
    ----------
    file : binary file
        Not a name, by which pandas would unpack archives and ask servers.
    where : str
        What to call it in messages.
    **options
        As `pandas.read_csv` takes them.

    Raises
    ------
    DataFileError
        For such rows; what pandas itself raises is for the caller.
    """
    import pandas as pd  # noqa: PLC0415 - whoever reads tables has it loaded

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table: pd.DataFrame = pd.read_csv(file, index_col=False, **options)
    except pd.errors.ParserWarning as error:
        raise DataFileError(
            f"{where}: rows have more values than the header has names; name every column, and quote values "
            "that hold a comma"
        ) from error
    return table


def require_same_crs(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, names: tuple[str, str]) -> None:
    """Raise unless both frames have one CRS.

    Raises
    ------
    CRSMismatchError
        With both systems and the remedy.
    """
    if left.crs != right.crs:
        raise CRSMismatchError(
            f"'{names[0]}' is in {_crs_name(left.crs)} and '{names[1]}' in {_crs_name(right.crs)}; "
            f"bring both into one with to_crs"
        )


def require_number(
    value: Any,
    argument: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
) -> float:
    """Return `value` as a float after checking that it is a finite number within its bounds.

    Raises
    ------
    InputTypeError
        If `value` isn't a number (a string or a bool isn't).
    InputError
        If `value` is NaN, infinite or out of bounds.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputTypeError(f"'{argument}' should be a number{_of(unit)}, got {value!r}")
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"'{argument}' should be a finite number{_of(unit)}, got {_shown(value)}")
    if above is not None and number <= above:
        raise InputError(f"'{argument}' should be above {above:g}{_unit(unit)}, got {value!r}")
    if minimum is not None and number < minimum:
        raise InputError(f"'{argument}' should be at least {minimum:g}{_unit(unit)}, got {value!r}")
    if maximum is not None and number > maximum:
        raise InputError(f"'{argument}' should be at most {maximum:g}{_unit(unit)}, got {value!r}")
    return number


def require_whole(value: Any, argument: str, *, minimum: int = 0, maximum: int | None = None) -> int:
    """Return `value` as an int after checking that it is a whole number within its bounds.

    Raises
    ------
    InputTypeError, InputError
        If `value` isn't a number, isn't whole, or is out of bounds.
    """
    number = require_number(value, argument, minimum=minimum, maximum=maximum)
    if not isinstance(value, Integral) and number != round(number):
        raise InputError(f"'{argument}' should be a whole number, got {value!r}")
    return int(value)


def require_numbers(values: Any, argument: str) -> NDArray[np.float64]:
    """Return `values` as an array of floats; of any shape, NaN and infinities allowed.

    Raises
    ------
    InputTypeError
        If they aren't numbers, or rows differ in length.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind in "iufb":
            return np.asarray(array, dtype=float)
    except (TypeError, ValueError):
        pass  # the same fault as below: it doesn't make an array
    raise InputTypeError(f"'{argument}' should be a number or an array of numbers, got {_shown(values)}")


def require_path(value: Any, argument: str) -> Path:
    """Return `value` as a path.

    Raises
    ------
    InputTypeError, InputError
        If it is neither text nor a path, is empty, has a null character in it, or is one that no file of this
        system can have: too long, or of characters that can't be written.
    """
    if not isinstance(value, (str, PathLike)) or isinstance(fspath(value), bytes):
        raise InputTypeError(f"'{argument}' should be a path, got {value!r}")
    path = Path(value)
    if "\0" in str(path):
        raise InputError(f"'{argument}' has a null character in it, which no path may have: {str(path)!r}")
    if fspath(value) == "":
        raise InputError(f"'{argument}' is empty; give a path, '.' for the folder where you are")
    try:
        lstat(path)
    except (OSError, ValueError) as error:  # a name too long; half a character, as surrogates are
        if isinstance(error, OSError) and error.errno != errno.ENAMETOOLONG:
            return path  # there is none, or it can't be read: for whoever opens it to say
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            f"'{argument}' isn't a path that a file can have ({reason}): {_shown(value)}"
        ) from error
    return path


def require_text(value: Any, argument: str) -> str:
    """Return `value` if it is text that can be written to a file.

    Raises
    ------
    InputTypeError, InputError
        If it isn't text, or has half a character in it, as a lone surrogate is.
    """
    if not isinstance(value, str):
        raise InputTypeError(f"'{argument}' should be text, got {_shown(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"'{argument}' has characters that can't be written: {value[:80]!a}") from error
    return value


def require_flag(value: Any, argument: str) -> bool:
    """Return `value` if it is true or false.

    Raises
    ------
    InputTypeError
        If it is anything else: "no" and "false" would count as true.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputTypeError(f"'{argument}' should be True or False, got {_shown(value)}")
    return bool(value)


def require_cell_m(cell_m: Any) -> float | None:
    """Return a cell size in metres, None where it's left to the default.

    Raises
    ------
    InputTypeError, InputError
    """
    if cell_m is None:
        return None
    return require_number(cell_m, "cell_m", unit="metres", minimum=1, maximum=10_000)


def require_cutoffs(cutoffs_min: Any, argument: str = "cutoffs_min") -> tuple[float, ...]:
    """Return cutoffs as a tuple of minutes, ascending.

    Parameters
    ----------
    cutoffs_min : number or iterable of numbers
        Minutes, positive, strictly ascending.

    Raises
    ------
    EmptyInputError, InputTypeError, InputError
        If there is none, one isn't a number, isn't positive, or they aren't ascending.
    """
    if isinstance(cutoffs_min, Real) and not isinstance(cutoffs_min, bool):
        cutoffs_min = (cutoffs_min,)
    if isinstance(cutoffs_min, str) or not isinstance(cutoffs_min, Iterable):
        raise InputTypeError(f"'{argument}' should be minutes such as (60, 120), got {cutoffs_min!r}")
    values = tuple(
        require_number(value, argument, unit="minutes", above=0, maximum=7 * 24 * 60) for value in cutoffs_min
    )
    if not values:
        raise EmptyInputError(f"'{argument}' is empty; give minutes such as (60, 120)")
    if any(b <= a for a, b in pairwise(values)):
        raise InputError(
            f"'{argument}' should be strictly ascending, got {values}; "
            f"did you mean {tuple(sorted(set(values)))}?"
        )
    return values


def require_lonlat(lon: Any, lat: Any, argument: str) -> tuple[float, float]:
    """Return (lon, lat) in degrees after checking the ranges.

    Raises
    ------
    InputTypeError, InputError
        If one isn't a number or lies outside [-180, 180] or [-90, 90]. A pair that only fits
        when swapped is named as such.
    """
    for value in (lon, lat):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise InputTypeError(f"'{argument}' should be (lon, lat) in degrees, got {(lon, lat)!r}")
    try:
        x, y = float(lon), float(lat)
    except OverflowError:  # a whole number of hundreds of digits
        x = y = math.inf
    if -180 <= x <= 180 and -90 <= y <= 90:
        return x, y
    hint = "; are longitude and latitude swapped?" if abs(x) <= 90 and abs(y) <= 180 else ""
    raise InputError(
        f"'{argument}' should be (lon, lat) with lon in [-180, 180] and lat in [-90, 90], "
        f"got {_shown((lon, lat))}{hint}"
    )


def require_texts(value: Any, argument: str, *, keys: type) -> dict[Any, str]:
    """Return a mapping to texts as a dictionary, empty for None.

    Raises
    ------
    InputTypeError
        If it isn't a mapping, a key isn't of the type `keys`, or a value isn't a text.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(
        isinstance(key, keys) and isinstance(text, str) for key, text in value.items()
    ):
        kind = "texts" if keys is str else "nodes' numbers"
        raise InputTypeError(f"'{argument}' should map {kind} to texts, got {type(value).__name__}")
    return dict(value)


def require_choice(value: Any, argument: str, choices: Iterable[str]) -> str:
    """Return `value` if it is one of `choices`.

    Raises
    ------
    InputError
        With the choices.
    """
    options = tuple(choices)
    if not isinstance(value, str) or value not in options:
        raise InputError(f"'{argument}' should be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def require_crs(value: Any, argument: str = "crs") -> pyproj.CRS:
    """Return `value` as a pyproj CRS.

    Raises
    ------
    InputError
        If pyproj can't read it.
    """
    try:
        return pyproj.CRS.from_user_input(value)
    except CRSError as error:
        raise InputError(
            f"'{argument}' isn't a coordinate system that PROJ knows: {value!r}; "
            "give an EPSG code such as 'EPSG:4326'"
        ) from error


def _shown(values: Any) -> str:
    try:
        text = repr(values)
    except ValueError:  # thousands of digits, which Python doesn't write out
        return f"a {type(values).__name__} too long to show"
    return text if len(text) <= 80 else f"{text[:76]} ..."


def _crs_name(crs: pyproj.CRS | None) -> str:
    return "no CRS" if crs is None else crs.to_string()


def _of(unit: str) -> str:
    return f" of {unit}" if unit else ""


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""
