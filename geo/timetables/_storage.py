"""Save a timetable as one Parquet file, and open it again."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..checks import require_path
from ..crs import WGS84
from ..errors import DataFileError, InputTypeError
from ..writing import whole_file
from ._timetable import Timetable

_KEY: Final = b"borderreach timetable"
_VERSION: Final = 1
_TEXTS: Final = ("run_id", "train", "station_id", "station")
_NUMBERS: Final = {"day": "int8", "arrive_s": "int32", "depart_s": "int32", "board": "bool", "alight": "bool"}


def save_timetable(timetable: Timetable, path: str | os.PathLike[str]) -> Path:
    """Save a timetable as one Parquet file.

    A row per call, which any reader of Parquet shows: ``run_id, train, day, station_id, station, lon, lat, arrive_s,
    depart_s, board, alight``. The file appears under its name when it is complete.

    Parameters
    ----------
    timetable : Timetable
    path : str or path
        Its folder must exist; a file that is there is replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputTypeError
        If `timetable` isn't one.
    OutputError
        If the file can't be written.

    See Also
    --------
    open_timetable

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "train": ["G1", "G1"],
    ...         "stop_no": [1, 2],
    ...         "station": ["重庆北", "成都东"],
    ...         "arrive": ["", "09:30"],
    ...         "depart": ["08:00", ""],
    ...     }
    ... )
    >>> br.save_timetable(br.timetable(calls), "trains.parquet").name
    'trains.parquet'
    """
    if not isinstance(timetable, Timetable):
        raise InputTypeError(f"'timetable' should be a Timetable, got {type(timetable).__name__}")
    target = require_path(path, "path")
    table = as_table(timetable)
    with whole_file(target) as draft:
        pq.write_table(table, draft, compression="zstd")
    return target


def as_table(timetable: Timetable) -> pa.Table:
    """Return a timetable as the table that its file holds."""
    calls, stations, runs = timetable.calls, timetable.stations, timetable.runs
    run, station = calls["run"].to_numpy(), calls["station"].to_numpy()
    table = pa.table(
        {
            **{name: _text(runs[name], run) for name in ("run_id", "train")},
            "day": pa.array(runs["day"].to_numpy(dtype=np.int8)[run]),
            "station_id": _text(stations["station_id"], station),
            "station": _text(stations["name"], station),
            "lon": pa.array(stations.geometry.x.to_numpy()[station]),
            "lat": pa.array(stations.geometry.y.to_numpy()[station]),
            **{
                name: pa.array(calls[name].to_numpy()) for name in ("arrive_s", "depart_s", "board", "alight")
            },
        }
    )
    said = {
        "version": _VERSION,
        "date": None if timetable.date is None else timetable.date.isoformat(),
        "provenance": dict(timetable.provenance),
    }
    return table.replace_schema_metadata({_KEY: json.dumps(said, ensure_ascii=False).encode()})


def _text(values: pd.Series[Any], rows: np.ndarray[Any, Any]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(rows.astype(np.int32)), pa.array(values.tolist(), pa.string())
    )


def open_timetable(path: str | os.PathLike[str]) -> Timetable:
    """Open a timetable that `save_timetable` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Timetable

    Raises
    ------
    DataFileError
        If the file is missing, isn't such a file, is of another version or damaged.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "train": ["G1", "G1"],
    ...         "stop_no": [1, 2],
    ...         "station": ["重庆北", "成都东"],
    ...         "arrive": ["", "09:30"],
    ...         "depart": ["08:00", ""],
    ...     }
    ... )
    >>> path = br.save_timetable(br.timetable(calls), "trains.parquet")
    >>> br.open_timetable(path)
    <Timetable daily: 1 trains, 2 stations>
    """
    source = require_path(path, "path")
    if not source.is_file():
        raise DataFileError(f"there is no file {source}")
    return from_parquet(source, source)


def from_parquet(file: Path | pa.BufferReader, source: Path) -> Timetable:
    """Return a timetable from the Parquet file that `as_table` went into, or raise of `source`."""
    damaged = f"{source} is damaged; read the timetable anew and save it"
    try:
        table = pq.read_table(file)
        said = json.loads((table.schema.metadata or {})[_KEY])
        version = said["version"]
    except KeyError as error:
        raise DataFileError(
            f"{source} isn't a timetable saved by borderreach; timetable() reads others"
        ) from error
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise DataFileError(f"{source} isn't a timetable saved by borderreach, or is damaged") from error
    if version != _VERSION:
        raise DataFileError(
            f"{source} is of version {version!r}, this borderreach reads version {_VERSION}; read the timetable anew "
            "and save it"
        )
    try:
        frame = table.to_pandas()
        frame = frame.astype({**dict.fromkeys(_TEXTS, "str"), **_NUMBERS, "lon": "float64", "lat": "float64"})
        date = None if said["date"] is None else dt.date.fromisoformat(said["date"])
        provenance = {str(key): str(value) for key, value in said["provenance"].items()}
        sound = (
            len(frame) > 1
            and bool(np.isfinite(frame[["lon", "lat"]].to_numpy()).all())
            and bool((frame["lon"].abs() <= 180).all() and (frame["lat"].abs() <= 90).all())
            and bool(frame["day"].isin([-1, 0, 1]).all())
            and bool((frame["depart_s"] >= frame["arrive_s"]).all())
        )
    except (pa.ArrowException, KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise DataFileError(damaged) from error
    key = pd.MultiIndex.from_frame(frame[["run_id", "day"]])
    run, _ = pd.factorize(key)
    station, _ = pd.factorize(frame["station_id"])
    back = np.r_[
        False, (run[1:] == run[:-1]) & (frame["arrive_s"].to_numpy()[1:] < frame["depart_s"].to_numpy()[:-1])
    ]
    if not sound or back[: len(run)].any() or (np.diff(run) < 0).any():
        raise DataFileError(damaged)
    runs = frame[["run_id", "train", "day"]][~pd.Series(run).duplicated().to_numpy()].reset_index(drop=True)
    places = frame[~pd.Series(station).duplicated().to_numpy()].reset_index(drop=True)
    return Timetable(
        date=date,
        stations=gpd.GeoDataFrame(
            {"station_id": places["station_id"], "name": places["station"]},
            geometry=gpd.points_from_xy(places["lon"], places["lat"]),
            crs=WGS84,
        ),
        runs=runs.astype({"day": "int64"}),
        calls=pd.DataFrame(
            {
                "run": run.astype(np.int32),
                "station": station.astype(np.int32),
                **{name: frame[name].to_numpy() for name in ("arrive_s", "depart_s", "board", "alight")},
            }
        ),
        provenance=MappingProxyType(provenance),
    )
