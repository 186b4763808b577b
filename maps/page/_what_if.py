"""What the page asks when its reader asks "what if": the network around the study, packed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...analysis.corridors import MAX_GAP_KM, Corridor, assumed_values, corridor_segments
from ...analysis.isochrones import default_cell_m
from ...analysis.studies import TRAINS, WhatIf
from ...geo.crs import to_ecef
from ...geo.networks import EVEN_PER_DAY, FITTED_PER_DAY, TransferRules, TransportNetwork
from ...geo.osm import MAIN_ACCESS_SPEED_KPH, MAIN_MAX_ACCESS_KM
from ..shapes import QUANTUM_DEG, REACH_QUANTUM_DEG, pack_numbers
from ._places import at

#: Characters of nodes and links together; a larger network is thinned to its main roads.
MOST_CHARACTERS: Final = 600_000
#: Nodes of streets that may be left anywhere: along each of them a circle has an edge of its own.
MOST_STREET_NODES: Final = 15_000
#: Roads that are left out one after another until the rest is small enough, the least important first.
_LEAST_FIRST: Final = (
    "living_street", "residential", "service", "track", "road", "unclassified", "tertiary_link", "tertiary",
    "unknown", "ordinary", "secondary_link", "secondary", "primary_link", "primary",
)  # fmt: skip
#: Seats of counties stand to the metre.
SEAT_QUANTUM_DEG: Final = 1e-5
#: Off the network, eleven metres are less than a hundredth of a minute from this speed on.
_FAST_KPH: Final = 15.0
#: Design speeds, km/h, that the page knows the assumed values of lines for.
_SPEEDS: Final = {"road": (60, 80, 100, 120), "rail": (120, 160, 200, 250, 300, 350), "air": (200, 250, 300)}
_ONE_WAY, _OTHER_BACK, _EXITS_ALONG, _SHAPED = 1, 2, 4, 8


def what_if_content(
    what_if: WhatIf | None, names: Mapping[str, str] = MappingProxyType({}), *, years: bool = False
) -> dict[str, Any] | None:
    """Return the network and places of a what-if as JSON values; None where there is none.

    `names` are those of the scenarios, for readers; with `years`, the page has a choice of these. A large network goes
    without today's trains, and is then thinned to its main roads; off these one moves as extracts' main roads have it where
    streets may be left anywhere, and as before elsewhere.
    """
    if what_if is None:
        return None
    streets = what_if.network.has_exits_along
    classes = iter(_LEAST_FIRST)
    while (packed := _packed_within(what_if, MOST_STREET_NODES if streets else None)) is None:
        if what_if.has_trains:
            what_if = what_if.without_trains()
            continue
        name = next(classes, None)
        if name is None:
            packed = _packed(what_if)
            break
        if name in what_if.network.classes:
            what_if = what_if.without(name)
    network, rules = what_if.network, TransferRules()
    if streets and set(what_if.left_out) - {TRAINS}:
        network = replace(
            network,
            access_speed_kph=max(network.access_speed_kph, MAIN_ACCESS_SPEED_KPH),
            max_access_km=max(network.max_access_km, MAIN_MAX_ACCESS_KM),
        )
    return {
        **packed,
        "since": _since(what_if) if years else None,
        "kph": float(network.access_speed_kph),
        "reachKm": float(network.max_access_km),
        "cutoffs": list(what_if.cutoffs_min),
        "cellM": [default_cell_m(network, round(minutes * 60_000)) for minutes in what_if.cutoffs_min],
        "apart": bool(what_if.apart),
        "leftOut": list(what_if.left_out),
        "corridors": [
            {
                "id": one.id,
                "mode": one.mode,
                "kph": float(one.running_speed_kph),
                "joinKm": float(one.join_km),
                "joinKph": float(one.join_speed_kph),
                "stops": [
                    {"name": stop.name, "kind": stop.kind, "at": at(stop), "on": int(on), "off": int(off)}
                    for stop, on, off in zip(one.stops, stop_node, leave_node, strict=True)
                ],
            }
            for one, stop_node, leave_node in zip(
                what_if.corridors, what_if.stop_node, what_if.leave_node, strict=True
            )
        ],
        # a country has thousands of them
        "counties": [[int(row.adcode), str(row.name)] for row in what_if.counties.itertuples()],
        "countiesAt": pack_numbers(
            np.diff(
                np.rint(what_if.counties[["lon", "lat"]].to_numpy() / SEAT_QUANTUM_DEG).astype(np.int64),
                axis=0,
                prepend=0,
            ).ravel()
        ),
        "nBorder": what_if.n_border,
        "scenarios": [
            {"id": key, "name": str(names.get(key, key)), "corridors": list(ids)}
            for key, ids in what_if.scenarios.items()
        ],
        "lines": {
            "assumed": {
                mode: {str(kph): dict(assumed_values(mode, float(kph))) for kph in speeds}
                for mode, speeds in _SPEEDS.items()
            },
            "own": {one.id: _own(one) for one in what_if.corridors},
            "mostKm": dict(MAX_GAP_KM),
            "dayMin": rules.service_day_h * 60,
            "unevenness": rules.unevenness,
            "evenPerDay": EVEN_PER_DAY,
            "fittedPerDay": FITTED_PER_DAY,
            "mostWaitMin": {"rail": rules.max_wait_min, "air": rules.air_max_wait_min},
        },
    }


def _own(corridor: Corridor) -> dict[str, Any]:
    """Return what a line that was taken from a corridor has its times from."""
    by_service = corridor_segments([corridor]).groupby("service")["length_km"].sum()
    length_km = corridor.length_km or float(by_service.max())
    stops = corridor.stops
    chords_km = sum(
        float(np.linalg.norm(to_ecef(a.lon, a.lat) - to_ecef(b.lon, b.lat))) / 1000
        for a, b in pairwise(stops)
    )
    return {
        "mode": corridor.mode,
        "kph": float(corridor.design_speed_kph),
        "factor": round(float(corridor.speed_factor), 4),
        "penalty": float(corridor.stop_penalty_min),
        "board": float(corridor.board_min),
        "alight": float(corridor.alight_min),
        "perDay": corridor.trains_per_day,
        "joinKm": float(corridor.join_km),
        "joinKph": float(corridor.join_speed_kph),
        "sinuosity": round(max(1.0, length_km / chords_km), 4) if chords_km else 1.0,
    }


def _packed_within(what_if: WhatIf, most_nodes: int | None) -> dict[str, Any] | None:
    """Return what `_packed` does, None where it takes too many characters, or there are too many nodes."""
    if most_nodes is not None and what_if.network.n_nodes > most_nodes:
        return None
    # a link takes four numbers at least, a node three
    if 4 * what_if.network.n_links + 3 * what_if.network.n_nodes > MOST_CHARACTERS:
        return None
    packed = _packed(what_if)
    return packed if _size(packed) <= MOST_CHARACTERS else None


def _size(packed: dict[str, Any]) -> int:
    return sum(len(text) for text in _texts(packed))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


def _packed(what_if: WhatIf) -> dict[str, Any]:
    """Return nodes and links in the numbers of `maps.shapes.pack`.

    Nodes: steps in longitude and latitude from one to the next; people, each less those of the node before;
    numbers of those without exit, on the edge, and of corridors (with the corridor), each less the one before. So are the
    links that aren't drawn (`WhatIf.rides_past_stations`).
    Links: tail less the tail before, head less tail, kind, milliseconds, and where they differ those back. A kind
    is the number of a mode and class, plus their count times the flags `_ONE_WAY` to `_SHAPED`.
    """
    network = what_if.network
    quantum = REACH_QUANTUM_DEG if network.access_speed_kph >= _FAST_KPH else QUANTUM_DEG
    lonlat = np.column_stack([network.node_lon, network.node_lat])
    grid = np.rint(lonlat / quantum).astype(np.int64)
    tail, head, with_line, back = _links(what_if)
    forth_ms = network.arc_time_ms[with_line].astype(np.int64)
    back_ms = np.where(back >= 0, network.arc_time_ms[back], -1).astype(np.int64)
    n_classes = len(network.classes)
    kinds, kind = _kinds(network, with_line)
    shaped = np.diff(network.link_offset)[network.arc_link[with_line]] > 0
    flags = (
        _ONE_WAY * (back_ms < 0)
        + _OTHER_BACK * ((back_ms >= 0) & (back_ms != forth_ms))
        + _EXITS_ALONG * network.arc_exit[with_line]
        + _SHAPED * shaped
    )
    order = np.lexsort((head, tail))
    columns = [
        np.diff(tail[order], prepend=0),
        (head - tail)[order],
        _unsigned((kind + len(kinds) * flags)[order]),
        _unsigned(forth_ms[order]),
        back_ms[order],
    ]
    rows = np.column_stack(columns)
    used = np.ones(rows.shape, dtype=bool)
    used[:, 4] = (flags[order] & _OTHER_BACK) > 0
    links = network.arc_link[with_line][order]
    owners = what_if.link_owners[links]
    owned = np.flatnonzero(owners[:, 0] >= 0)
    owned_nodes = np.flatnonzero(what_if.node_owner >= 0)
    past = np.flatnonzero(what_if.rides_past_stations[links])
    people = np.rint(what_if.node_people).astype(np.int64)
    return {
        "quantum": quantum,
        "nodes": pack_numbers(np.diff(grid, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()),
        "people": pack_numbers(np.diff(people, prepend=0)),
        "noExit": pack_numbers(np.diff(np.flatnonzero(~network.node_exit), prepend=0)),
        "edge": pack_numbers(np.diff(np.flatnonzero(what_if.node_edge), prepend=0)),
        "nodeOwners": pack_numbers(
            np.column_stack([np.diff(owned_nodes, prepend=0), what_if.node_owner[owned_nodes]]).ravel()
        ),
        "links": pack_numbers(rows[used]),
        "ridesPast": pack_numbers(np.diff(past, prepend=0)),
        "linkOwners": pack_numbers(np.column_stack([np.diff(owned, prepend=0), owners[owned]]).ravel()),
        "kinds": [
            [network.modes[pair // n_classes], network.classes[pair % n_classes]] for pair in kinds.tolist()
        ],
        "shapes": [_shape(network, int(arc), quantum) for arc in with_line[order][shaped[order]]],
    }


def _since(what_if: WhatIf) -> dict[str, Any] | None:
    """Return which links weren't always as they are today, in the order of `_packed`; None where there are no years.

    Of the links of those kinds of which any wasn't, runs of alike ones: how many, less one, times twice the number of years,
    plus twice the position of the first year in which they're as today, plus one where they were of another class before.
    """
    n = len(what_if.years)
    if n < 2:
        return None
    tail, head, with_line, _ = _links(what_if)
    with_line = with_line[np.lexsort((head, tail))]
    links = what_if.network.arc_link[with_line]
    code = 2 * what_if.link_since[links] + what_if.link_before[links]
    _, kind = _kinds(what_if.network, with_line)
    changed = np.unique(kind[code > 0])
    code = code[np.isin(kind, changed)]
    first = np.flatnonzero(np.diff(code, prepend=-1))
    runs = np.diff(first, append=len(code))
    return {
        "years": n,
        "kinds": changed.tolist(),
        "runs": pack_numbers(_unsigned(code[first] + 2 * n * (runs - 1))),
    }


def _kinds(network: TransportNetwork, arcs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of mode and class that arcs have, as numbers, and the position of each arc's in them."""
    pairs = network.arc_mode[arcs].astype(np.int64) * len(network.classes) + network.arc_class[arcs]
    kinds, kind = np.unique(pairs, return_inverse=True)
    return kinds, kind.ravel()


def _links(
    what_if: WhatIf,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return tail, head, arc there and arc back (-1 for none) of every link.

    An arc back that ends elsewhere than its link begins, as at junctions with banned turns, stands alone.
    """
    network = what_if.network
    forth, back = (arcs.copy() for arcs in network.link_arcs)
    both = (forth >= 0) & (back >= 0)
    same = both.copy()
    a, b = forth[both], back[both]
    same[both] = (network.arc_tail[a] == network.arc_head[b]) & (network.arc_head[a] == network.arc_tail[b])
    alone = np.concatenate([np.flatnonzero(both & ~same), np.flatnonzero((forth < 0) & (back >= 0))])
    first = np.concatenate([forth[forth >= 0], back[alone]])
    second = np.concatenate([np.where(same, back, -1)[forth >= 0], np.full(len(alone), -1)])
    tail, head = network.arc_tail[first].astype(np.int64), network.arc_head[first].astype(np.int64)
    return tail, head, first, second


def _shape(network: TransportNetwork, arc: int, quantum: float) -> str:
    line = network.link_line(int(network.arc_link[arc]))
    grid = np.rint((line[::-1] if network.arc_reversed[arc] else line) / quantum).astype(np.int64)
    return pack_numbers(np.diff(grid, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel())


def _unsigned(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers from 0 on as `pack_numbers` writes them without a bit for the sign."""
    return np.where(numbers % 2 == 0, numbers // 2, -(numbers + 1) // 2)
