"""Origin-destination matrices: travel times between thousands of places, in chunks, to a table or a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from tqdm.auto import tqdm

from ...geo.checks import require_choice, require_flag, require_number, require_path
from ...geo.compiling import compiled
from ...geo.errors import InputError, OffNetworkError, OutputError
from ...geo.networks import PIECE_COLUMNS, Access, TransportNetwork, access, ms_per_metre, past_no_node
from ...geo.timetables import TimetableNetwork
from ...geo.writing import whole_file
from ._contraction import FAR
from ._departures import told_of
from ._hierarchy import LENGTH_BITS, Descent, Hierarchy, Ways, descent, hierarchy, key_of, least_keys
from ._origins import NO_LIMIT_MS, Origin, each, enter, limit_to_ms, origin_list, require_network
from ._tables import cut_attrs
from ._travel_times import Targets, times_from

OffNetwork = Literal["raise", "unreachable"]

#: Origins whose rows are computed, kept and written at a time.
CHUNK: Final = 256
#: Origins that a thread computes at a time.
_BATCH: Final = 64

_SCHEMA: Final = pa.schema(
    [
        ("from_id", pa.dictionary(pa.int32(), pa.string())),
        ("to_id", pa.dictionary(pa.int32(), pa.string())),
        ("travel_time_min", pa.float64()),
        ("distance_km", pa.float64()),
    ]
)


def od_matrix(
    network: TransportNetwork,
    origins: Any,
    destinations: Any = None,
    *,
    cutoff_min: float | None = None,
    k_nearest: int | None = None,
    off_network: OffNetwork = "raise",
    chunk: int = CHUNK,
    workers: int | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Compute travel times and distances from many places to many.

    The result is that of `travel_times`, to the millisecond, at a cost per origin that is a small part:
    the network is prepared once, which takes about half a second for the trunk network of China, after
    which all its 2,891 counties to one another take some 4 s. For a dozen origins `travel_times` is as
    fast.

    Parameters
    ----------
    network : TransportNetwork
    origins : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
    destinations : the same, optional
        The origins themselves when left out.
    cutoff_min : float, optional
        Leaves pairs out that take longer, and with them those that can't be travelled: a sparse table.
    k_nearest : int, optional
        Keeps so many destinations per origin, the nearest in time (a place's own pair is one of them);
        of equal times those given first.
    off_network : {"raise", "unreachable"}
        What to do with places farther from the network than its reach: an error, or journeys that
        can't be travelled.
    chunk : int
        Origins whose full rows are in memory at a time.
    workers : int, optional
        Threads; one per processor when left out. Results don't depend on it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        ``from_id, to_id, travel_time_min, distance_km``; one row per pair, origins in order and, for
        each, the destinations in order (by time with `k_nearest`). Without cutoff and `k_nearest` every
        pair has a row, NaN where it can't be travelled. `attrs` says up to which time and number of
        destinations it holds all, and for which places it was computed. Distances are exact to a few centimetres.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingCRSError
        If an argument can't be used.
    UnknownPlaceError, AmbiguousPlaceError, OffNetworkError

    See Also
    --------
    write_od_matrix : The same to a file, in flat memory.

    Notes
    -----
    The network is contracted in an order of fewest neighbours, as for a customizable hierarchy (Dibbelt
    and others 2016), and swept from several origins at once (Delling and others 2013), only where ways
    to the destinations lead.

    References
    ----------
    Delling, D., Goldberg, A. V., Nowatzyk, A., Werneck, R. F. (2013). PHAST: hardware-accelerated
    shortest path trees. Journal of Parallel and Distributed Computing 73(7), 940-952.

    Dibbelt, J., Strasser, B., Wagner, D. (2016). Customizable contraction hierarchies. ACM Journal of
    Experimental Algorithmics 21, 1.5.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> br.od_matrix(road, [(106.5, 29.5), (106.6, 29.5)])["travel_time_min"].tolist()
    [0.0, 10.0, 10.0, 0.0]
    """
    task = _task(network, origins, destinations, cutoff_min, k_nearest, off_network)
    require_flag(progress, "progress")
    size = _require_count(chunk, "chunk")
    # picked from arrays of strings, which takes less than half the time of making these from objects
    from_ids, to_ids = (pd.Series(ids, dtype="str").array for ids in (task.from_ids, task.to_ids))
    frames = [
        pd.DataFrame(
            {
                "from_id": from_ids.take(part.origin),
                "to_id": to_ids.take(part.destination),
                "travel_time_min": part.minutes,
                "distance_km": part.km,
            }
        )
        for part in _parts(task, size, workers=workers, progress=progress)
    ]
    frame = pd.concat(frames, ignore_index=True)
    frame.attrs.update(task.attrs)
    return frame


def write_od_matrix(
    network: TransportNetwork,
    origins: Any,
    out: str | os.PathLike[str],
    destinations: Any = None,
    *,
    cutoff_min: float | None = None,
    k_nearest: int | None = None,
    off_network: OffNetwork = "raise",
    chunk: int = CHUNK,
    workers: int | None = None,
    progress: bool = False,
) -> Path:
    """Compute a matrix as `od_matrix` does and write it to a Parquet file, chunk by chunk.

    Memory doesn't grow with the number of origins. The file appears under its name when it is
    complete; an older one is then replaced. `pandas.read_parquet` reads it, ids as categories, and any
    part of it with ``filters=[("from_id", "==", "500110")]``.

    Parameters
    ----------
    network, origins, destinations, cutoff_min, k_nearest, off_network, chunk, workers, progress
        As in `od_matrix`; each chunk becomes a row group.
    out : path
        File to write; its folder has to exist.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OutputError
        If the file can't be written.
    InputError, InputTypeError, EmptyInputError, MissingCRSError
    UnknownPlaceError, AmbiguousPlaceError, OffNetworkError

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> path = br.write_od_matrix(road, [(106.5, 29.5), (106.6, 29.5)], "times.parquet")
    >>> pd.read_parquet(path)["travel_time_min"].tolist()
    [0.0, 10.0, 10.0, 0.0]
    """
    file = require_path(out, "out")
    if not file.parent.is_dir():
        raise OutputError(f"'out': the folder {file.parent} doesn't exist; make it first")
    task = _task(network, origins, destinations, cutoff_min, k_nearest, off_network)
    require_flag(progress, "progress")
    size = _require_count(chunk, "chunk")
    from_ids, to_ids = pa.array(task.from_ids, pa.string()), pa.array(task.to_ids, pa.string())
    described = {
        "PANDAS_ATTRS": json.dumps(task.attrs),  # which pandas.read_parquet hands back as DataFrame.attrs
        "network": json.dumps(dict(network.provenance), ensure_ascii=False),
    }
    # Minutes and kilometres hardly repeat: a dictionary of them would only take time and space.
    options: dict[str, Any] = {"compression": "zstd", "use_dictionary": ["from_id", "to_id"]}
    with (
        whole_file(file, "out") as unfinished,
        pq.ParquetWriter(unfinished, _SCHEMA.with_metadata(described), **options) as writer,
    ):
        for part in _parts(task, size, workers=workers, progress=progress):
            columns = [
                pa.DictionaryArray.from_arrays(part.origin.astype(np.int32), from_ids),
                pa.DictionaryArray.from_arrays(part.destination.astype(np.int32), to_ids),
                pa.array(part.minutes, from_pandas=True),
                pa.array(part.km, from_pandas=True),
            ]
            table = pa.Table.from_arrays(columns, schema=_SCHEMA)
            if table.num_rows:
                writer.write_table(table, row_group_size=table.num_rows)
    return file


@dataclass(frozen=True, eq=False)
class _Part:
    """Some rows of a matrix: positions of their ends, times, distances."""

    origin: NDArray[np.int64]
    destination: NDArray[np.int64]
    minutes: NDArray[np.float64]
    km: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Task:
    """What a matrix is made from."""

    network: TransportNetwork
    prepared: Hierarchy
    starts: list[Origin]
    ends: list[Origin]
    entries: Ways
    pieces: list[NDArray[np.float64] | None]
    down: Descent
    from_ids: NDArray[np.object_]
    to_ids: NDArray[np.object_]
    end_xyz: NDArray[np.float64]
    end_tree: cKDTree
    limit_ms: int
    sparse: bool
    k_nearest: int | None
    #: On a timetable network, whose times lie on no arcs: the ways to the destinations, and a search per origin.
    targets: Targets | None = None

    @property
    def attrs(self) -> dict[str, Any]:
        limit = None if self.limit_ms == NO_LIMIT_MS else self.limit_ms / 60_000
        off = self.from_ids[np.diff(self.entries.start) == 0].tolist()
        return told_of(self.network) | cut_attrs(
            self.starts,
            self.ends,
            limit_min=limit,
            k_nearest=self.k_nearest,
            sparse=self.sparse,
            off_network=off,
        )


def _task(
    network: Any, origins: Any, destinations: Any, cutoff_min: Any, k_nearest: Any, off_network: Any
) -> _Task:
    checked = require_network(network)
    limit = limit_to_ms(cutoff_min, "cutoff_min")
    nearest = None if k_nearest is None else _require_count(k_nearest, "k_nearest")
    on_missing = require_choice(off_network, "off_network", ("raise", "unreachable"))
    starts = origin_list(origins)
    ends = starts if destinations is None else origin_list(destinations, argument="destinations")
    entries, pieces = _all_ways(checked, starts, on_missing)
    if _go_as_they_come(checked, starts, ends):
        exits = entries
    else:
        exits, _ = _all_ways(checked.reverse, ends, on_missing)
    targets = _targets(checked, ends) if isinstance(checked, TimetableNetwork) else None
    prepared = hierarchy(checked)
    end_xyz = np.array([end.xyz for end in ends])
    # those off the network are put where nobody comes near
    end_xyz[np.diff(exits.start) == 0] = 1e12
    return _Task(
        network=checked,
        prepared=prepared,
        starts=starts,
        ends=ends,
        entries=entries.without_detours(checked),
        pieces=list(pieces),
        down=descent(prepared, exits.without_detours(checked.reverse)),
        from_ids=np.array([start.id for start in starts], dtype=object),
        to_ids=np.array([end.id for end in ends], dtype=object),
        end_xyz=end_xyz,
        end_tree=cKDTree(end_xyz),
        limit_ms=limit,
        sparse=cutoff_min is not None or nearest is not None,
        k_nearest=nearest,
        targets=targets,
    )


def _targets(network: TransportNetwork, ends: list[Origin]) -> Targets:
    ways = [access(network.reverse, lon=end.lon, lat=end.lat, xyz=end.xyz) for end in ends]
    return Targets.of(ways, [end.xyz for end in ends])


def _all_ways(
    network: TransportNetwork, places: list[Origin], off_network: str
) -> tuple[Ways, Iterator[NDArray[np.float64] | None]]:
    """Return the ways from places onto a network, and pieces of lines as in `Access`; None for a place off it."""
    if network.has_exits_along or len(network.exit_nodes) == 0:
        found = [_ways(network, place, off_network) for place in places]
        return Ways.of(found), (None if way is None else way.pieces for way in found)
    # as `access` does for one place, for all at once
    xyz = np.array([place.xyz for place in places])
    pairs = cKDTree(xyz).sparse_distance_matrix(
        network.exit_node_tree, network.max_access_km * 1000, output_type="ndarray"
    )
    start, near = _by_place(pairs["i"], pairs["j"], len(places))
    count = np.diff(start)
    node = network.exit_nodes[near]
    walk = np.sqrt(((network.node_xyz[node] - np.repeat(xyz, count, axis=0)) ** 2).sum(axis=1))
    if off_network == "raise" and not count.all():
        enter(network, places[int(np.argmin(count))])  # which says so
    nothing = np.zeros((0, PIECE_COLUMNS))
    return Ways(start, node, key_of(np.rint(walk * ms_per_metre(network)), walk)), (
        nothing if here else None for here in count
    )


def _go_as_they_come(network: TransportNetwork, starts: list[Origin], ends: list[Origin]) -> bool:
    """Whether the ways off the network are those onto it: from its nodes alone, and between the same places."""
    return (
        not network.has_exits_along
        and len(starts) == len(ends)
        and (starts is ends or np.array_equal([one.xyz for one in starts], [one.xyz for one in ends]))
    )


@compiled
def _by_place(
    place: NDArray[np.int64], node: NDArray[np.int64], n_places: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # pragma: no cover - compiled
    """Sort pairs by their places: where those of each begin, and their nodes."""
    start = np.zeros(n_places + 1, np.int64)
    for k in range(len(place)):
        start[place[k] + 1] += 1
    for k in range(n_places):
        start[k + 1] += start[k]
    at, found = start.copy(), np.empty(len(node), np.int64)
    for k in range(len(place)):
        found[at[place[k]]] = node[k]
        at[place[k]] += 1
    return start, found


def _ways(network: TransportNetwork, place: Origin, off_network: str) -> Access | None:
    try:
        return enter(network, place)
    except OffNetworkError:
        if off_network == "raise":
            raise
        return None


def _parts(task: _Task, chunk: int, *, workers: int | None, progress: bool) -> Iterator[_Part]:
    numbers = range(0, len(task.starts), chunk)
    # the same room for every chunk: to fetch it anew takes longer than to fill it
    shape = min(chunk, len(task.starts)), len(task.ends)
    times, lengths = np.empty(shape), np.empty(shape)
    for first in tqdm(numbers, desc="matrix", disable=not progress, leave=False, unit="chunk"):
        last = min(first + chunk, len(task.starts))
        rows = [slice(at, min(at + _BATCH, last - first)) for at in range(0, last - first, _BATCH)]

        def fill(part: slice, first: int = first) -> None:
            _batch(task, first + part.start, first + part.stop, times[part], lengths[part])

        for _ in each(fill, rows, progress=False, label="matrix", workers=workers):
            pass
        yield _selected(task, np.arange(first, last), times[: last - first], lengths[: last - first])


def _selected(
    task: _Task, origin: NDArray[np.int64], times: NDArray[np.float64], lengths: NDArray[np.float64]
) -> _Part:
    """Return the pairs wanted of complete rows."""
    if task.k_nearest is None:
        row, column = (
            np.nonzero(np.isfinite(times)) if task.sparse else np.indices(times.shape).reshape(2, -1)
        )
    else:
        column = np.argsort(times, axis=1, kind="stable")[:, : task.k_nearest].ravel()
        row = np.repeat(np.arange(len(times)), min(task.k_nearest, times.shape[1]))
        there = np.isfinite(times[row, column])
        row, column = row[there], column[there]
    time, length = times[row, column], lengths[row, column]
    reached = np.isfinite(time)
    return _Part(
        origin[row],
        column,
        np.where(reached, time / 60_000, np.nan),
        np.where(reached, length / 1000, np.nan),
    )


def _batch(
    task: _Task, first: int, last: int, times: NDArray[np.float64], lengths: NDArray[np.float64]
) -> None:
    """Write times in ms and lengths in m from some origins to every destination; infinite where unreachable."""
    network = task.network
    if task.targets is not None:
        _searched(task, task.targets, first, last, times, lengths)
        return
    limit = min(((task.limit_ms + 1) << LENGTH_BITS) - 1, FAR)
    least = least_keys(task.prepared, task.entries, first, last, task.down, limit=limit)
    _times_and_lengths(least, task.limit_ms, times, lengths)
    reach = network.max_access_km * 1000
    for row, start in enumerate(range(first, last)):
        pieces, xyz = task.pieces[start], task.starts[start].xyz
        if pieces is None or len(pieces) == 0:
            continue
        # both ends part-way along the same line have no node between them
        farthest = 2 * reach + np.linalg.norm(pieces[:, 3:6] - pieces[:, 0:3], axis=1).sum()
        # a little more, for the tree rounds otherwise
        near = np.array(task.end_tree.query_ball_point(xyz, farthest * (1 + 1e-9)), dtype=np.int64)
        beside, straight = past_no_node(network, pieces, xyz, task.end_xyz[near])
        _take_faster(times, lengths, np.full(len(near), row), near, beside, straight, limit_ms=task.limit_ms)
    # from where nothing is entered part-way, what passes no node leads straight there
    rows = np.array(
        [k for k in range(last - first) if (p := task.pieces[first + k]) is not None and len(p) == 0]
    )
    if len(rows):
        xyz = np.array([task.starts[first + k].xyz for k in rows])
        pairs = cKDTree(xyz).sparse_distance_matrix(task.end_tree, reach * (1 + 1e-9), output_type="ndarray")
        walk = np.sqrt(((task.end_xyz[pairs["j"]] - xyz[pairs["i"]]) ** 2).sum(axis=1))
        inside = walk <= reach
        row, near, walk = rows[pairs["i"][inside]], pairs["j"][inside], walk[inside]
        walked = np.rint(walk * ms_per_metre(network))
        _take_faster(times, lengths, row, near, walked, walk, limit_ms=task.limit_ms)


@compiled
def _times_and_lengths(
    least: NDArray[np.int64], limit_ms: int, times: NDArray[np.float64], lengths: NDArray[np.float64]
) -> None:  # pragma: no cover - compiled
    """Write the times in ms and lengths in m of keys; infinite for none, or beyond the limit."""
    for row in range(least.shape[0]):
        for column in range(least.shape[1]):
            key = least[row, column]
            if key < FAR and (key >> LENGTH_BITS) <= limit_ms:
                times[row, column] = float(key >> LENGTH_BITS)
                lengths[row, column] = float(key & ((1 << LENGTH_BITS) - 1)) / 100
            else:
                times[row, column], lengths[row, column] = np.inf, np.inf


def _searched(
    task: _Task, targets: Targets, first: int, last: int,
    times: NDArray[np.float64], lengths: NDArray[np.float64],
) -> None:  # fmt: skip
    """Write what `_batch` does, by a search per origin."""
    times[:], lengths[:] = np.inf, np.inf
    on = np.diff(task.entries.start) > 0
    off = np.diff(targets.start) == 0
    for row, start in enumerate(range(first, last)):
        if on[start]:
            times[row], lengths[row] = times_from(
                task.network, task.starts[start], targets, limit_ms=task.limit_ms
            )
            times[row, off], lengths[row, off] = np.inf, np.inf


def _take_faster(
    times: NDArray[np.float64], lengths: NDArray[np.float64], row: NDArray[np.int64], near: NDArray[np.int64],
    beside: NDArray[np.float64], straight: NDArray[np.float64], *, limit_ms: int,
) -> None:  # fmt: skip
    """Write journeys that pass no node, within the limit, where they are faster, or as fast and shorter."""
    there, gone = times[row, near], lengths[row, near]
    faster = ((beside < there) | ((beside == there) & (straight < gone))) & (beside <= limit_ms)
    times[row, near] = np.where(faster, beside, there)
    lengths[row, near] = np.where(faster, straight, gone)


def _require_count(value: Any, argument: str) -> int:
    number = require_number(value, argument, minimum=1)
    if number != int(number):
        raise InputError(f"'{argument}' should be a whole number, got {value!r}")
    return int(number)
