"""What the page asks when its reader asks "what if": the network around the study, packed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from ...analysis.corridors import MAX_GAP_KM, Corridor, assumed_values, corridor_segments
from ...analysis.isochrones import default_cell_m
from ...analysis.studies import TRAINS, WhatIf
from ...geo.crs import to_ecef
from ...geo.memory import give_back_free
from ...geo.networks import EVEN_PER_DAY, FITTED_PER_DAY, TransferRules
from ...geo.osm import MAIN_ACCESS_SPEED_KPH, MAIN_MAX_ACCESS_KM
from ..shapes import pack_numbers
from ._packed_network import packed_network, packed_railways, packed_years
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
    railways = ""
    held_mb = give_back_free(0.0)  # what was drawn before makes room for parts of a large network
    what_if = what_if.with_steps_joined()
    classes = iter(_LEAST_FIRST)
    while (packed := _packed_within(what_if, MOST_STREET_NODES if streets else None, railways)) is None:
        held_mb = give_back_free(held_mb)
        if what_if.has_trains:
            railways = packed_railways(what_if)
            what_if = what_if.without_trains()
            continue
        name = next(classes, None)
        if name is None:
            packed = {**packed_network(what_if), "railways": railways}
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
        "since": packed_years(what_if) if years else None,
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


def _packed_within(what_if: WhatIf, most_nodes: int | None, railways: str) -> dict[str, Any] | None:
    """Return the network and railways, None where they take too many characters, or there are too many nodes."""
    if most_nodes is not None and what_if.network.n_nodes > most_nodes:
        return None
    # a link takes three numbers at least, a node two
    if 3 * what_if.network.n_links + 2 * what_if.network.n_nodes > MOST_CHARACTERS:
        return None
    packed = {**packed_network(what_if), "railways": railways}
    return packed if _size(packed) <= MOST_CHARACTERS else None


def _size(packed: dict[str, Any]) -> int:
    return sum(len(text) for text in _texts(packed))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]
