"""What a corridor replaces: roads of which class run where it would, how long and how fast."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ...geo.networks import TransportNetwork
from ..schemas import Schema, conform
from ..times import require_network
from ._corridors import met_stops
from ._files import resolve_corridors

#: One row per stretch of a corridor between stops that meet the network, and per class on the network's own way; then
#: the same for the way from the first of them to the last, which may be another (`whole`).
CORRIDOR_REPLACES: Final[Schema] = {
    "corridor_id": "str",
    "whole": "bool",
    "from_stop": "str",
    "to_stop": "str",
    "mode": "str",
    "road_class": "str",
    "length_km": "float64",
    "base_min": "float64",
    "mean_kph": "float64",
}
#: How far a way is looked for at first, and at most, minutes.
_FIRST_MIN: Final = 60.0
_MOST_MIN: Final = 60 * 24 * 14.0


def corridor_replaces(network: TransportNetwork, corridors: Any) -> pd.DataFrame:
    """Return which roads or lines one takes today where a corridor would run.

    Parameters
    ----------
    network : TransportNetwork
        Without the corridors.
    corridors
        As `resolve_corridors` takes it.

    Returns
    -------
    pandas.DataFrame
        One row per pair of consecutive stops that meet the network (as in `corridor_overlap`) and per class of the
        links on the network's fastest way between them: ``corridor_id, whole, from_stop, to_stop, mode, road_class,
        length_km, base_min, mean_kph``. The minutes of a stretch's rows add up to those of `corridor_overlap`. Rows
        that are `whole` tell the same of the fastest way from the first stop to the last, past the others. Where the
        network has no way, there is no row.

    Raises
    ------
    InputTypeError, InputError
        If `network` is no network, or an id of a corridor is unknown.

    Examples
    --------
    The road that the new one would replace is an ordinary one:

    >>> road = br.build_network(
    ...     [106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [720.0], road_class=["ordinary"])
    ... )
    >>> line = br.Corridor(
    ...     id="new-road",
    ...     name="新路",
    ...     mode="road",
    ...     status="planned",
    ...     status_date="2025-01-01",
    ...     design_speed_kph=100,
    ...     stops=[
    ...         {"name": "甲", "lon": 106.5, "lat": 29.5, "kind": "interchange", "position": "approximate"},
    ...         {"name": "乙", "lon": 106.6, "lat": 29.5, "kind": "interchange", "position": "approximate"},
    ...     ],
    ... )
    >>> found = br.corridor_replaces(road, line)
    >>> found[["whole", "road_class", "length_km", "base_min", "mean_kph"]]
       whole road_class  length_km  base_min  mean_kph
    0  False   ordinary        9.7      12.0      48.5
    1   True   ordinary        9.7      12.0      48.5
    """
    require_network(network)
    graph = csr_array(
        # scipy 1.12 takes 32-bit numbers only
        (network.arc_time_ms.astype(float), network.arc_head, network.arc_start.astype(np.int32)),
        shape=(network.n_nodes, network.n_nodes),
    )
    rows: list[dict[str, Any]] = []
    for one in resolve_corridors(corridors):
        met = met_stops(network, one)
        ways = [(start, end, False) for start, end in pairwise(met)]
        ways += [(met[0], met[-1], True)] if len(met) > 1 else []
        for start, end, whole in ways:
            arcs = _way(network, graph, start.node, end.node)
            kinds = np.stack([network.arc_mode[arcs], network.arc_class[arcs]], axis=1)
            for mode, road_class in np.unique(kinds, axis=0).tolist():
                of_kind = arcs[(kinds == (mode, road_class)).all(axis=1)]
                kilometres = float(network.arc_length_m[of_kind].sum()) / 1000
                minutes = float(network.arc_time_ms[of_kind].sum()) / 60_000
                rows.append(
                    {
                        "corridor_id": one.id,
                        "whole": whole,
                        "from_stop": one.stops[start.number].name,
                        "to_stop": one.stops[end.number].name,
                        "mode": network.modes[mode],
                        "road_class": network.classes[road_class],
                        "length_km": kilometres,
                        "base_min": minutes,
                        "mean_kph": kilometres / minutes * 60 if minutes > 0 else np.nan,
                    }
                )
    return conform(rows, CORRIDOR_REPLACES)


def _way(network: TransportNetwork, graph: csr_array, start: int, end: int) -> NDArray[np.int64]:
    """Return the arcs of the fastest way between two nodes; none where there is no way."""
    within_ms = _FIRST_MIN * 60_000.0
    while True:  # stops are near each other, the network is large
        _, before = dijkstra(graph, indices=start, return_predecessors=True, limit=within_ms)
        if before[end] >= 0 or within_ms > _MOST_MIN * 60_000:
            break
        within_ms *= 4
    arcs = []
    head = end
    while head != start:
        tail = int(before[head])
        if tail < 0:
            return np.zeros(0, dtype=np.int64)
        between = np.arange(network.arc_start[tail], network.arc_start[tail + 1])
        between = between[network.arc_head[between] == head]
        arcs.append(int(between[np.argmin(network.arc_time_ms[between])]))
        head = tail
    return np.array(arcs[::-1], dtype=np.int64)
