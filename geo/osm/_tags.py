"""What OpenStreetMap's tags say to a motorist: use, direction, access, barriers, restrictions.

Rules of use
------------
- A way is a road if its ``highway`` is one of `ROAD_CLASSES`, or a ferry (``route=ferry``) that
  states that it takes motor vehicles. Areas, ice roads, ways under construction and ways that
  are impassable are left out.
- Access is the first that is stated of ``motorcar``, ``motor_vehicle``, ``vehicle`` and
  ``access``. Private, forbidden, agricultural, forestry, delivery, military, emergency and bus
  ways are left out; destination, customers and permissive ones are kept.
- Service roads are kept, apart from parking aisles, drive-throughs, bus and emergency ways.
- Tracks are kept where ``tracktype`` is grade1 or grade2, or where access for motor vehicles is
  stated.
- ``oneway`` is read in its forms ``yes/true/1``, ``-1/reverse`` and ``no/false/0``;
  ``alternating`` is open both ways; ``reversible``, which is closed in one direction at every
  hour, is left out. It is implied by ``highway=motorway`` and ``junction=roundabout/circular``.
- One can't leave along motorways and their slip roads, motorroads, ferries, tunnels and bridges.
- A barrier closes the road unless it is of a kind that lets cars pass (`OPEN_BARRIERS`), or says
  that they may; one that says that they may not closes it in any case.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ROAD_CLASSES: Final = (
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link",
    "secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified",
    "residential", "living_street", "service", "road", "track",
)  # fmt: skip
FERRY: Final = "ferry"

#: Keys of ways that matter here and in `speeds`; the first two decide whether a way is looked at.
WAY_KEYS: Final = (
    "highway", "route", "oneway", "junction", "access", "vehicle", "motor_vehicle", "motorcar",
    "maxspeed", "maxspeed:forward", "maxspeed:backward", "maxspeed:type", "source:maxspeed",
    "zone:maxspeed", "surface", "tracktype", "smoothness", "4wd_only", "service", "motorroad",
    "tunnel", "bridge", "duration", "ferry", "area", "ice_road",
)  # fmt: skip
NODE_KEYS: Final = (
    "highway", "barrier", "railway", "traffic_calming", "crossing",
    "access", "vehicle", "motor_vehicle", "motorcar",
)  # fmt: skip
RELATION_KEYS: Final = ("type", "restriction", "restriction:motorcar", "restriction:motor_vehicle", "except")

#: Barriers that a car passes unless the tags say otherwise.
OPEN_BARRIERS: Final = frozenset(
    {
        "border_control", "bump_gate", "cattle_grid", "checkpoint", "entrance", "gate",
        "height_restrictor", "kerb", "lift_gate", "no", "sally_port", "sliding_gate", "spikes",
        "swing_gate", "toll_booth",
    }
)  # fmt: skip

_ALLOWED: Final = frozenset({"yes", "permissive", "designated", "official", "destination", "customers"})
_FORBIDDEN: Final = frozenset(
    {
        "no", "private", "agricultural", "agricultural;forestry", "forestry", "delivery", "military",
        "emergency", "psv", "bus", "restricted", "permit", "residents", "employees",
    }
)  # fmt: skip
_ACCESS_KEYS: Final = ("motorcar", "motor_vehicle", "vehicle", "access")
_CLOSED_SERVICES: Final = frozenset(
    {"parking_aisle", "parking", "drive-through", "emergency_access", "bus", "busway"}
)
_FORWARD: Final = frozenset({"yes", "true", "1"})
_BACKWARD: Final = frozenset({"-1", "reverse"})
_BOTH: Final = frozenset({"no", "false", "0", "alternating"})
_SAYS_NO: Final = frozenset({"", "no", "false", "0"})
#: Tags of nodes that cost time: the name of the delay in the speed table, by (key, value).
_DELAYS: Final = {
    ("highway", "traffic_signals"): "traffic_signals",
    ("highway", "stop"): "stop",
    ("highway", "give_way"): "give_way",
    ("highway", "mini_roundabout"): "mini_roundabout",
    ("highway", "crossing"): "crossing",
    ("railway", "level_crossing"): "level_crossing",
    ("barrier", "toll_booth"): "toll_booth",
    ("barrier", "border_control"): "border_control",
    ("barrier", "gate"): "gate",
    ("barrier", "lift_gate"): "gate",
    ("barrier", "swing_gate"): "gate",
    ("barrier", "sliding_gate"): "gate",
}
DELAYS: Final = ("junction", *dict.fromkeys(_DELAYS.values()), "traffic_calming")


@dataclass(frozen=True)
class Road:
    """How a way can be driven.

    Attributes
    ----------
    road_class : str
        Its ``highway``, or "ferry".
    forward, backward : bool
        Whether it is open in the direction it is drawn, and against it.
    exit_along : bool
        Whether one may leave it anywhere along it.
    duration_s : float
        Seconds that the whole way takes where it states them (ferries), else NaN.
    """

    road_class: str
    forward: bool
    backward: bool
    exit_along: bool
    duration_s: float = math.nan


def read_road(tags: Mapping[str, str]) -> Road | None:
    """Say how a car may use a way.

    Parameters
    ----------
    tags : mapping of str to str

    Returns
    -------
    Road or None
        None where it can't.

    Examples
    --------
    >>> read_road({"highway": "primary", "oneway": "-1"})
    Road(road_class='primary', forward=False, backward=True, exit_along=True, duration_s=nan)
    >>> read_road({"highway": "residential", "access": "private"}) is None
    True
    """
    if tags.get("area") == "yes" or tags.get("ice_road", "no") != "no":
        return None
    access = _access(tags)
    if access is False or tags.get("smoothness") == "impassable":
        return None
    highway = tags.get("highway", "")
    if highway not in ROAD_CLASSES:
        return _read_ferry(tags, access=access)
    if highway == "service" and tags.get("service") in _CLOSED_SERVICES:
        return None
    if highway == "track" and not access and tags.get("tracktype") not in {"grade1", "grade2"}:
        return None
    open_to = _directions(tags, highway)
    if open_to is None:
        return None
    controlled = highway in {"motorway", "motorway_link"} or tags.get("motorroad") == "yes"
    covered = (
        tags.get("tunnel", "") not in _SAYS_NO | {"building_passage", "culvert"}
        or tags.get("bridge", "") not in _SAYS_NO
    )
    return Road(highway, *open_to, exit_along=not (controlled or covered))


def _read_ferry(tags: Mapping[str, str], *, access: bool | None) -> Road | None:
    if tags.get("route") != "ferry" or tags.get("highway") is not None:
        return None
    if not access and tags.get("ferry") not in ROAD_CLASSES:
        return None
    open_to = _directions(tags, FERRY)
    if open_to is None:
        return None
    return Road(FERRY, *open_to, exit_along=False, duration_s=parse_duration(tags.get("duration", "")))


def _directions(tags: Mapping[str, str], highway: str) -> tuple[bool, bool] | None:
    oneway = tags.get("oneway", "").strip().lower()
    if oneway == "reversible":
        return None
    if oneway in _FORWARD:
        return True, False
    if oneway in _BACKWARD:
        return False, True
    implied = highway == "motorway" or tags.get("junction") in {"roundabout", "circular"}
    return (True, False) if implied and oneway not in _BOTH else (True, True)


def _access(tags: Mapping[str, str]) -> bool | None:
    """Return whether cars may use something, None where nothing is said."""
    for key in _ACCESS_KEYS:
        value = tags.get(key, "")
        if value in _FORBIDDEN:
            return False
        if value in _ALLOWED:
            return True
    return None


def read_node(tags: Mapping[str, str]) -> tuple[bool, tuple[str, ...]]:
    """Say whether a node closes the road, and which delays of the speed table it causes.

    Examples
    --------
    >>> read_node({"barrier": "bollard"})
    (True, ())
    >>> read_node({"highway": "crossing", "crossing": "traffic_signals"})
    (False, ('traffic_signals',))
    """
    barrier = tags.get("barrier", "")
    access = _access(tags) if barrier else None
    closed = bool(barrier) and (access is False or (access is None and barrier not in OPEN_BARRIERS))
    delays = [name for (key, value), name in _DELAYS.items() if tags.get(key) == value]
    if "crossing" in delays:
        crossing = tags.get("crossing", "")
        if "signals" in crossing:
            delays[delays.index("crossing")] = "traffic_signals"
        elif crossing in {"no", "unmarked"}:
            delays.remove("crossing")
    if tags.get("traffic_calming", "") not in _SAYS_NO | {"island", "painted_island"}:
        delays.append("traffic_calming")
    return closed, tuple(dict.fromkeys(delays))


def read_restriction(tags: Mapping[str, str]) -> str | None:
    """Return "only" or "no" where a restriction relation binds motor cars, else None.

    Restrictions for certain hours (``restriction:conditional``) or other vehicles don't count.

    Examples
    --------
    >>> read_restriction({"type": "restriction", "restriction": "no_left_turn"})
    'no'
    >>> read_restriction({"type": "restriction", "restriction": "no_left_turn", "except": "motorcar"})
    """
    excepted = re.split(r"[;,\s]+", tags.get("except", ""))
    if {"motorcar", "motor_vehicle", "vehicle"} & set(excepted):
        return None
    for key in ("restriction:motorcar", "restriction:motor_vehicle", "restriction"):
        word = tags.get(key, "").split("_")[0]
        if word in {"only", "no"}:
            return word
    return None


def parse_duration(text: str) -> float:
    """Seconds of a ``duration``: ``HH:MM``, ``HH:MM:SS``, ISO 8601 (``PT1H30M``) or minutes.

    Returns
    -------
    float
        NaN where it can't be read or isn't positive.

    Examples
    --------
    >>> [parse_duration(text) for text in ("1:30", "PT1H30M", "90", "90 min", "soon")]
    [5400.0, 5400.0, 5400.0, 5400.0, nan]
    """
    text = text.strip().upper()
    if match := re.fullmatch(r"(\d{1,3}):([0-5]?\d)(?::([0-5]?\d))?", text):
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
    elif match := re.fullmatch(r"(\d+(?:\.\d+)?) ?(?:M|MIN|MINUTES?)?", text):
        hours, minutes, seconds = 0.0, float(match[1]), 0.0
    elif match := re.fullmatch(r"(\d+(?:\.\d+)?) ?(?:H|HOURS?)", text):
        hours, minutes, seconds = float(match[1]), 0.0, 0.0
    elif match := re.fullmatch(
        r"P(?:(\d+)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?", text
    ):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        hours += 24 * days
    else:
        return math.nan
    total = 3600 * hours + 60 * minutes + seconds
    return total if 0 < total <= 7 * 86400 else math.nan
