"""One part of a batch: some origins on one network, from arrays to the bytes of finished tables.

This is what runs in a worker, wherever that is. The bytes depend on nothing but the task: not on
the worker, not on the number of threads, not on what ran before.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ...geo.crs import to_ecef
from ...geo.errors import BatchStoppedError, DataFileError
from ...geo.networks import TransportNetwork
from ...geo.timetables import open_network
from .. import schemas
from ..isochrones import commuting_zone, isochrones, zone_counties
from ..times import Origin, enter, travel_times, with_departures_told
from ._ground import Residents, Units
from ._job import BatchOutputs
from ._origins import BatchOrigin, as_frame

#: Origins without results: one row each per scenario, with the class and the text of the error.
ERRORS: Final[schemas.Schema] = {
    "scenario": "str",
    "origin_id": "str",
    "origin_name": "str",
    "lon": "float64",
    "lat": "float64",
    "error": "str",
    "reason": "str",
}
#: How many live in each isochrone and zone: spread over the road's nodes of their county, and all at its seat.
PEOPLE_IN_AREAS: Final[schemas.Schema] = {
    "scenario": "str",
    "origin_id": "str",
    "origin_name": "str",
    "area": "str",
    "cutoff_min": "float64",
    "people": "float64",
    "people_by_seat": "float64",
}
SCHEMAS: Final[dict[str, schemas.Schema]] = {
    "isochrones": {"scenario": "str", **schemas.ISOCHRONES},
    "zones": schemas.ZONES,
    "zone_counties": schemas.ZONE_COUNTIES,
    "travel_times": {"scenario": "str", **schemas.TRAVEL_TIMES},
    "people": PEOPLE_IN_AREAS,
    "errors": ERRORS,
}
#: What tables of a timetable network say besides.
_DEPARTURES: Final = ("statistic", "window")
#: Errors that say nothing of an origin: the computer, the data or the run are at fault.
_NOT_OF_AN_ORIGIN: Final = (MemoryError, BatchStoppedError, DataFileError)


@dataclass(frozen=True)
class Plan:
    """What is the same for every part.

    Attributes
    ----------
    outputs : BatchOutputs
    centres : tuple of BatchOrigin
        Destinations of the travel times.
    units : Units
        Counties that the zones are laid over.
    residents : Residents, optional
        Where people live, if they are counted.
    """

    outputs: BatchOutputs
    centres: tuple[BatchOrigin, ...]
    units: Units
    residents: Residents | None = None


@dataclass(frozen=True)
class Task:
    """One part: a scenario and some origins.

    Attributes
    ----------
    number : int
    scenario : str
    network : pathlib.Path
        Where the scenario's network lies, on the computer that hands out the work.
    origins : tuple of BatchOrigin
    """

    number: int
    scenario: str
    network: Path
    origins: tuple[BatchOrigin, ...]

    def only(self, k: int) -> Task:
        """Return the task with one of its origins alone."""
        return replace(self, origins=(self.origins[k],))

    def without(self, problems: dict[int, str]) -> Task:
        """Return the task with a problem noted at some of its origins."""
        noted = [
            replace(one, problem=problems[k], error="WorkerDied") if k in problems else one
            for k, one in enumerate(self.origins)
        ]
        return replace(self, origins=tuple(noted))


@dataclass(frozen=True)
class Part:
    """Finished tables of a task.

    Attributes
    ----------
    number : int
    files : mapping of str to bytes
        Table to GeoParquet or, without geometry, Parquet.
    rows : mapping of str to int
    n_origins : int
    """

    number: int
    files: dict[str, bytes]
    rows: dict[str, int]
    n_origins: int


def compute(plan: Plan, task: Task, *, threads: int = 1) -> Part:
    """Compute a part from the network file that the task names.

    Parameters
    ----------
    plan : Plan
    task : Task
    threads : int
    """
    return compute_on(_opened(task.network), plan, task, threads=threads)


def compute_on(network: TransportNetwork, plan: Plan, task: Task, *, threads: int = 1) -> Part:
    """Compute a part on a network.

    An origin has rows in every table that was asked for, or one row in ``errors``, never both.
    """
    failed = {k: (one.error, one.problem) for k, one in enumerate(task.origins) if one.problem}
    for k, one in enumerate(task.origins):
        if k not in failed:
            _try(partial(enter, network, _point(one)), failed, k)
    try:
        tables = _tables(network, plan, task, failed, threads)
    except _NOT_OF_AN_ORIGIN:
        raise
    except Exception:  # noqa: BLE001 - which of the origins it was, each shows alone, and is then recorded
        for k in set(range(len(task.origins))) - set(failed):
            _try(partial(_tables, network, plan, task.only(k), {}, 1), failed, k)
        tables = _tables(network, plan, task, failed, threads)
    rows = [_failed(task.scenario, task.origins[k], *failed[k]) for k in sorted(failed)]
    tables["errors"] = schemas.conform(rows, ERRORS)
    files = {name: as_parquet(tables[name]) for name in plan.outputs.tables}
    return Part(task.number, files, {name: len(tables[name]) for name in files}, len(task.origins))


def as_parquet(table: pd.DataFrame) -> bytes:
    """Return a table as the bytes of a (Geo)Parquet file; the same table gives the same bytes."""
    buffer = io.BytesIO()
    if isinstance(table, gpd.GeoDataFrame):
        table.to_parquet(buffer, index=False, compression="zstd", schema_version="1.0.0")
    else:
        table.to_parquet(buffer, index=False, compression="zstd", engine="pyarrow")
    return buffer.getvalue()


def _tables(
    network: TransportNetwork,
    plan: Plan,
    task: Task,
    failed: Mapping[int, tuple[str, str]],
    threads: int,
) -> dict[str, pd.DataFrame]:
    """Return the tables of the origins that haven't failed."""
    good = [one for k, one in enumerate(task.origins) if k not in failed]
    if not good:
        return {name: _empty(name, network) for name in plan.outputs.tables}
    asked, points = plan.outputs, as_frame(good)
    tables: dict[str, pd.DataFrame] = {}
    if asked.isochrones_min:
        found = isochrones(
            network, points, cutoffs_min=asked.isochrones_min, direction=asked.direction, workers=threads
        )
        tables["isochrones"] = _with_scenario(found, task.scenario)
    if asked.zones_min is not None:
        zones = commuting_zone(
            network, points, minutes=asked.zones_min, scenario=task.scenario, workers=threads
        )
        inside = zone_counties(zones, _near(zones, plan.units))
        number = inside[inside["belongs"]].groupby("centre_id").size()
        zones["n_counties"] = number.reindex(zones["centre_id"], fill_value=0).to_numpy(dtype="int64")
        tables["zones"], tables["zone_counties"] = zones, inside
    if plan.centres:
        times = travel_times(
            network, points, as_frame(plan.centres), limit_min=asked.limit_min, workers=threads
        )
        tables["travel_times"] = with_departures_told(_with_scenario(times, task.scenario), network)
    if plan.residents is not None:
        tables["people"] = _people(tables, plan.residents)
    return tables


def _empty(name: str, network: TransportNetwork) -> pd.DataFrame:
    """Return a table without rows, with the columns that it has where there are some."""
    found = schemas.empty(SCHEMAS[name])
    if not network.is_scheduled:
        return found
    columns = {"zones": (*_DEPARTURES, "window_back"), "zone_counties": (), "errors": ()}
    for column in columns.get(name, _DEPARTURES):
        found[column] = pd.Series(dtype="str")
    return found


def _try(function: Callable[[], object], failed: dict[int, tuple[str, str]], k: int) -> None:
    """Call a function, and note an error under the origin's number."""
    try:
        function()
    except _NOT_OF_AN_ORIGIN:
        raise
    except Exception as error:  # noqa: BLE001 - recorded: what one origin brings up mustn't cost the others
        failed[k] = (type(error).__name__, str(error))


def _point(origin: BatchOrigin) -> Origin:
    return Origin(origin.id, origin.name, origin.lon, origin.lat, to_ecef(origin.lon, origin.lat))


def _failed(scenario: str, origin: BatchOrigin, error: str, reason: str) -> dict[str, Any]:
    return {
        "scenario": scenario,
        "origin_id": origin.id,
        "origin_name": origin.name,
        "lon": origin.lon,
        "lat": origin.lat,
        "error": error,
        "reason": reason,
    }


def _with_scenario(frame: pd.DataFrame, scenario: str) -> pd.DataFrame:
    frame.insert(0, "scenario", pd.Series(scenario, index=frame.index, dtype="str"))
    return frame


def _near(zones: gpd.GeoDataFrame, units: Units) -> gpd.GeoDataFrame:
    """Return the counties whose bounding boxes a zone's touches; the only ones that can be in it."""
    every = units.frame()
    near = every.sindex.query(shapely.box(*zones.total_bounds))
    return every.iloc[np.sort(near)] if len(near) else every.iloc[:1]


def _people(tables: Mapping[str, pd.DataFrame], residents: Residents) -> pd.DataFrame:
    """Count the people in isochrones and zones."""
    parts = []
    for table, area in (("isochrones", "isochrone"), ("zones", "zone")):
        if table in tables:
            frame = gpd.GeoDataFrame(tables[table]).rename(
                columns={"centre_id": "origin_id", "centre_name": "origin_name", "minutes": "cutoff_min"}
            )
            departures = [name for name in _DEPARTURES if name in frame]
            parts.append(
                frame.assign(area=area).join(residents.within(frame))[[*PEOPLE_IN_AREAS, *departures]]
            )
    found: pd.DataFrame = pd.concat(parts, ignore_index=True).astype(dict(PEOPLE_IN_AREAS))
    return found


_lock = threading.Lock()
_open: dict[Path, TransportNetwork] = {}


def close_network() -> None:
    """Let go of the network file that is open; on Windows it couldn't be removed otherwise."""
    with _lock:
        _open.clear()


def _opened(path: Path) -> TransportNetwork:
    """Return the network in a file; the last one stays open, since parts come scenario by scenario."""
    with _lock:
        if path not in _open:
            _open.clear()
            _open[path] = open_network(path, mapped=True)
        return _open[path]
