"""Save a network as one file, and open it again; with the trains of a timetable, where it has these."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..checks import require_number, require_path
from ..errors import BorderReachError, DataFileError, InputTypeError
from ..networks import TransferRules, TransportNetwork, stored_network, write_network
from ._departures import require_statistic, require_window, window_text
from ._storage import as_table, from_parquet
from ._timetable_network import TimetableNetwork

_TRAINS: Final = "timetable"
_DEPARTURES: Final = "departures"
_STATIONS: Final = ("hall", "entrance", "way_out")


def save_network(network: TransportNetwork, path: str | Path) -> Path:
    """Save a network as one file.

    The file appears under its name only when it's complete: an interrupted run leaves what was
    there before.

    Parameters
    ----------
    network : TransportNetwork
        A `TimetableNetwork` is saved with its trains and its window of departures.
    path : str or path
        Its folder must exist; a file that is there is replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputTypeError
        If `network` isn't a network.
    OutputError
        If the file can't be written.

    See Also
    --------
    open_network

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> br.save_network(road, "road.npz").name
    'road.npz'
    """
    if not isinstance(network, TransportNetwork):
        raise InputTypeError(f"'network' should be a TransportNetwork, got {type(network).__name__}")
    if not isinstance(network, TimetableNetwork):
        return write_network(network, path)
    trains = io.BytesIO()
    pq.write_table(as_table(network.timetable), trains, compression="zstd")
    said = {
        "statistic": network.statistic,
        "window": network.window,
        "rules": asdict(network.rules),
        "station_reach_min": network.station_reach_min,
        "between_stations_min": network.between_stations_min,
        "nodes": {
            station: [int(getattr(network, name)[k]) for name in _STATIONS]
            for k, station in enumerate(network.timetable.stations["station_id"])
        },
    }
    text = json.dumps(said, ensure_ascii=False).encode()
    return write_network(network, path, beside={_TRAINS: trains.getvalue(), _DEPARTURES: text})


def open_network(path: str | Path, *, mapped: bool = False) -> TransportNetwork:
    """Open a network that `save_network` wrote.

    Parameters
    ----------
    path : str or path
    mapped : bool
        Leave the arrays in the file instead of copying them: processes that open the same file
        then share its memory. On Windows the file can't be replaced as long as the network lives.

    Returns
    -------
    TransportNetwork
        A `TimetableNetwork`, if one was saved.

    Raises
    ------
    DataFileError
        If the file is missing, isn't such a file, is of another version, cut short or damaged.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> path = br.save_network(road, "road.npz")
    >>> br.open_network(path)
    <TransportNetwork road: 2 nodes, 1 links, 2 arcs, 10 km>
    """
    network, beside = stored_network(path, mapped=mapped)
    if not beside:
        return network
    source = require_path(path, "path")
    damaged = f"{source} is damaged in its trains; build the network again and save it"
    if set(beside) != {_TRAINS, _DEPARTURES}:
        raise DataFileError(
            f"{source} holds {', '.join(sorted(beside))}, which this borderreach can't read; take a newer version"
        )
    trains = from_parquet(pa.BufferReader(beside[_TRAINS]), source)
    try:
        said = json.loads(beside[_DEPARTURES])
        rules = TransferRules(**said["rules"])
        statistic, window = require_statistic(said["statistic"]), window_text(require_window(said["window"]))
        reach, between = (
            require_number(said[name], name, unit="minutes", minimum=0, maximum=1440)
            for name in ("station_reach_min", "between_stations_min")
        )
        nodes = _nodes(said["nodes"], trains.stations["station_id"].tolist(), network.n_nodes)
    except (BorderReachError, ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise DataFileError(damaged) from error
    if nodes is None:
        raise DataFileError(damaged)
    return TimetableNetwork(
        **{field.name: getattr(network, field.name) for field in fields(TransportNetwork)},
        timetable=trains,
        statistic=statistic,
        window=window,
        rules=rules,
        station_reach_min=reach,
        between_stations_min=between,
        hall=nodes[:, 0].copy(),
        entrance=nodes[:, 1].copy(),
        way_out=nodes[:, 2].copy(),
    )


def _nodes(said: dict[str, Any], stations: list[str], n_nodes: int) -> NDArray[np.int64] | None:
    """Return the nodes of a timetable's stations, in its order; what isn't a node would send searches astray."""
    found = np.array([said[station] for station in stations], dtype=np.int64)
    sound = len(said) == len(stations) and found.shape == (len(stations), len(_STATIONS))
    return found if sound and 0 <= found.min() <= found.max() < n_nodes else None
