"""What OpenStreetMap's tags say to a motorist: use, direction, access, barriers, restrictions.

The tables of values are ``data/osm_tags.toml``; ``docs/osm.md`` tells how they are used.

Rules of use
------------
- A way is a road if its ``highway`` is one of `ROAD_CLASSES`, or a ferry (``route=ferry``) that
  states that it takes motor vehicles, or a car train (``route=shuttle_train``). Paths, cycleways, pedestrian
  streets and busways are service roads where a tag for motor vehicles says ``yes``. Areas, winter
  and ice roads, ways under construction and ways that are impassable are left out.
- Access is the first that is stated of ``motorcar``, ``motor_vehicle``, ``vehicle`` and ``access``,
  each by direction (``:forward``, ``:backward``) before it is asked in general. Of several values
  the most generous counts.
- ``oneway`` is the first that is stated of ``oneway:motorcar``, ``oneway:motor_vehicle``,
  ``oneway:vehicle`` and ``oneway``.
- Ways that are narrower, lower, shorter or weaker than a car are left out.
- One can't leave along motorways and their slip roads, motorroads, ferries, tunnels and bridges.
- A barrier closes the road unless it is of a kind that lets cars pass, or says that they may;
  what says that they may not closes it in any case, with a barrier or without.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, NamedTuple

from ... import data


def _tables() -> dict[str, Any]:
    with data.path("osm_tags.toml").open("rb") as file:
        return tomllib.load(file)


#: The tables of ``data/osm_tags.toml``, by tag.
TABLES: Final = _tables()

ROAD_CLASSES: Final = tuple(value for value, use in TABLES["highway"].items() if use == "road")
#: Kinds of highway that are for cars only where a tag for motor vehicles says so.
ASKED_CLASSES: Final = tuple(value for value, use in TABLES["highway"].items() if use == "asked")
FERRY: Final = "ferry"
SHUTTLE: Final = "shuttle_train"
CARRIERS: Final = (FERRY, SHUTTLE)

_MOTOR_KEYS: Final = ("motorcar", "motor_vehicle", "vehicle")
_ACCESS_KEYS: Final = (*_MOTOR_KEYS, "access")
_DIRECTIONS: Final = ("forward", "backward")
#: Keys whose value holds at some hours or for some vehicles.
CONDITIONAL_KEYS: Final = (
    *(f"{key}:conditional" for key in (*_ACCESS_KEYS, "oneway")),
    *(f"{key}:{way}:conditional" for key, way in product(_ACCESS_KEYS, _DIRECTIONS)),
)
#: Largest limits, by key, that a car doesn't keep within; metres and tonnes. OSRM's car.
_LIMITS: Final = {
    **dict.fromkeys(("maxheight", "maxheight:physical"), 1.99),
    **dict.fromkeys(("maxwidth", "maxwidth:physical", "width", "est_width"), 1.9),
    "maxlength": 4.79,
    **dict.fromkeys(("maxweight", "maxweightrating"), 1.99),
}

#: Keys of ways that matter here and in `speeds`. The first two decide whether a way is looked at;
#: of `ASKED_CLASSES`, only those that have one of `N_ASKED_KEYS` after them.
WAY_KEYS: Final = (
    "highway", "route", *_MOTOR_KEYS, *(f"{key}:{way}" for key, way in product(_MOTOR_KEYS, _DIRECTIONS)),
    "access", "access:forward", "access:backward",
    "oneway", *(f"oneway:{key}" for key in _MOTOR_KEYS), "junction", "construction", "impassable",
    "maxspeed", "maxspeed:forward", "maxspeed:backward", "maxspeed:type", "source:maxspeed",
    "zone:maxspeed", "zone:traffic", "surface", "tracktype", "smoothness", "4wd_only", "service", "motorroad",
    "tunnel", "bridge", "duration", "ferry", "area", "ice_road", "winter_road", "seasonal", *_LIMITS,
    *CONDITIONAL_KEYS,
)  # fmt: skip
N_ASKED_KEYS: Final = 9
NODE_KEYS: Final = (
    "highway", "barrier", "railway", "traffic_calming", "crossing", "kerb", "bollard", "sensory",
    "maxheight", "maxwidth", "direction", "traffic_signals:direction", "stop", *_ACCESS_KEYS,
)  # fmt: skip
_RESTRICTION_KEYS: Final = (*(f"restriction:{key}" for key in _MOTOR_KEYS), "restriction")
#: Keys of relations: of restrictions, and of the routes of ferries.
RELATION_KEYS: Final = (
    "type", "route", *_RESTRICTION_KEYS, *(f"{key}:conditional" for key in _RESTRICTION_KEYS), "except",
    "day_on", "hour_on", *_ACCESS_KEYS, "ferry", "duration",
)  # fmt: skip

#: Relations that matter: restrictions, and the routes of ferries.
RELATION_TYPES: Final = frozenset({"restriction", "route"})

_SAYS_NO: Final = frozenset({"", "no", "false", "0", "none"})
#: Tags of nodes that cost time whichever way one passes: the delay's name, by (key, value).
_DELAYS: Final = {
    ("highway", "mini_roundabout"): "mini_roundabout",
    ("highway", "crossing"): "crossing",
    ("railway", "level_crossing"): "level_crossing",
    ("barrier", "toll_booth"): "toll_booth",
    ("barrier", "border_control"): "border_control",
    ("barrier", "gate"): "gate",
    ("barrier", "lift_gate"): "gate",
    ("barrier", "swing_gate"): "gate",
    ("barrier", "sliding_gate"): "gate",
    ("barrier", "hampshire_gate"): "gate",
    ("barrier", "garage_door"): "gate",
}
#: Values of ``highway`` on nodes that cost time to those whom they face.
_SIGNS: Final = ("traffic_signals", "stop", "give_way")
DELAYS: Final = ("junction", *_SIGNS, *dict.fromkeys(_DELAYS.values()), "traffic_calming", "destination")


@dataclass(frozen=True)
class Road:
    """How a way can be driven.

    Attributes
    ----------
    road_class : str
        Its ``highway``, "ferry" or "shuttle_train".
    forward, backward : bool
        Whether it is open in the direction it is drawn, and against it.
    exit_along : bool
        Whether one may leave it anywhere along it.
    duration_s : float
        Seconds that the whole way takes where it states them (ferries), else NaN.
    limited : bool
        Whether it is only for those who have to do with a place along it.
    """

    road_class: str
    forward: bool
    backward: bool
    exit_along: bool
    duration_s: float = math.nan
    limited: bool = False


class RoadNode(NamedTuple):
    """What a node on a road does.

    Attributes
    ----------
    closed : bool
        Whether nobody passes.
    delays : tuple of str
        What costs time whichever way one passes, named as in the speed table.
    sign : str
        What costs time to those whom it faces ("traffic_signals", "stop", "give_way"), or "".
    facing : {"both", "forward", "backward", "nearest", "minor"}
        Whom it faces: those who drive along the way as it is drawn, or against it; where nothing
        is said, those who come up to the nearest junction; or those on the smaller roads of a
        junction.
    """

    closed: bool
    delays: tuple[str, ...]
    sign: str = ""
    facing: str = "both"


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
    >>> road = read_road({"highway": "primary", "oneway": "-1"})
    >>> road.road_class, road.forward, road.backward
    ('primary', False, True)
    >>> read_road({"highway": "residential", "access": "private"}) is None
    True
    >>> read_road({"highway": "residential", "motor_vehicle": "destination"}).limited
    True
    """
    if _shut(tags):
        return None
    highway = _first(tags.get("highway", ""), ROAD_CLASSES + ASKED_CLASSES)
    carrier = _word(tags.get("route", "")) if "highway" not in tags else ""
    if not highway and carrier not in CARRIERS:
        return None
    verdicts = [_access(tags, way) for way in _DIRECTIONS]
    if not highway:
        known_class = _word(tags.get("ferry", "")) in ROAD_CLASSES
        # A car train is there for cars; of ferries, many aren't.
        untold = "open" if known_class or carrier == SHUTTLE else "closed"
        verdicts = [verdict or untold for verdict in verdicts]
    elif highway in ASKED_CLASSES:
        # A street for people on foot that cars may use to reach its houses stays one.
        asked = [_access(tags, way, _MOTOR_KEYS) for way in _DIRECTIONS]
        verdicts = [verdict if verdict == "open" else "closed" for verdict in asked]
    elif highway == "track" and _word(tags.get("tracktype", "")) not in {"grade1", "grade2"}:
        verdicts = [verdict or "closed" for verdict in verdicts]
    elif highway == "service" and TABLES["service"].get(_word(tags.get("service", ""))) == "closed":
        return None
    directions = _directions(tags, highway)
    forward, backward = (
        is_open and verdict != "closed" for is_open, verdict in zip(directions, verdicts, strict=True)
    )
    if not forward and not backward:
        return None
    limited = "limited" in {
        verdict for verdict, is_open in zip(verdicts, (forward, backward), strict=True) if is_open
    }
    if not highway:
        duration_s = parse_duration(tags.get("duration", ""))
        return Road(carrier, forward, backward, exit_along=False, duration_s=duration_s, limited=limited)
    controlled = highway in {"motorway", "motorway_link"} or _word(tags.get("motorroad", "")) == "yes"
    covered = (
        _word(tags.get("tunnel", "")) not in _SAYS_NO | {"building_passage", "culvert"}
        or _word(tags.get("bridge", "")) not in _SAYS_NO
    )
    return Road(
        "service" if highway in ASKED_CLASSES else highway,
        forward,
        backward,
        exit_along=not (controlled or covered),
        limited=limited,
    )


def _shut(tags: Mapping[str, str]) -> bool:
    """Whether a way is no line, isn't there all the year, isn't built, or is too bad or small for a car."""
    return (
        _word(tags.get("area", "")) == "yes"
        or any(_word(tags.get(key, "")) not in _SAYS_NO for key in ("ice_road", "winter_road", "impassable"))
        or _word(tags.get("seasonal", "")) == "winter"
        or _word(tags.get("smoothness", "")) == "impassable"
        or ("construction" in tags and TABLES["construction"].get(_word(tags["construction"])) != "open")
        or _too_small(tags)
    )


def _too_small(tags: Mapping[str, str]) -> bool:
    return any(
        key in tags and (size := parse_size(tags[key])) is not None and size <= least
        for key, least in _LIMITS.items()
    )


def _word(value: str) -> str:
    return value.strip().lower()


def _first(value: str, known: tuple[str, ...]) -> str:
    """Return the first of several values that is known, or ""."""
    if value in known:
        return value
    return next((word for part in value.split(";") if (word := _word(part)) in known), "")


def _directions(tags: Mapping[str, str], highway: str) -> tuple[bool, bool]:
    """Return whether a way is open as it is drawn, and against it."""
    meaning = None
    for key in (*(f"oneway:{key}" for key in _MOTOR_KEYS), "oneway"):
        meaning = TABLES["oneway"].get(_word(tags.get(key, "")))
        if meaning:
            break
    if meaning in {"forward", "backward"}:
        return meaning == "forward", meaning == "backward"
    if meaning == "closed":
        return False, False
    implied = TABLES["oneway_implied"]
    is_implied = highway in implied["highway"] or _word(tags.get("junction", "")) in implied["junction"]
    return True, meaning == "both" or not is_implied


def _access(tags: Mapping[str, str], way: str = "", keys: tuple[str, ...] = _ACCESS_KEYS) -> str | None:
    """Return "open", "limited" or "closed" for cars, in a direction or in general; None where nothing is said."""
    for key in keys:
        for value in (tags.get(f"{key}:{way}") if way else None, tags.get(key)):
            if value is not None and (verdict := _verdict(value)):
                return verdict
    return None


def _verdict(value: str) -> str | None:
    table = TABLES["access"]
    found = {table.get(_word(part)) for part in re.split("[;,|]", value)}
    return next((verdict for verdict in ("open", "limited", "closed") if verdict in found), None)


def is_conditional(tags: Mapping[str, str]) -> bool:
    """Whether access or direction differ at some hours or for some vehicles."""
    return any(key in tags for key in CONDITIONAL_KEYS)


def read_node(tags: Mapping[str, str]) -> RoadNode:
    """Say whether a node closes the road, and which delays of the speed table it causes.

    Examples
    --------
    >>> read_node({"barrier": "bollard"}).closed
    True
    >>> read_node({"highway": "crossing", "crossing": "traffic_signals"}).delays
    ('traffic_signals',)
    >>> read_node({"highway": "stop", "direction": "forward"})
    RoadNode(closed=False, delays=(), sign='stop', facing='forward')
    """
    access = _access(tags)
    closed = access == "closed" or (access is None and "barrier" in tags and _bars(tags))
    delays = [name for (key, value), name in _DELAYS.items() if _word(tags.get(key, "")) == value]
    highway = _word(tags.get("highway", ""))
    sign = highway if highway in _SIGNS else ""
    crossing = _word(tags.get("crossing", ""))
    if "crossing" in delays:
        if "signals" in crossing:
            delays[delays.index("crossing")] = "traffic_signals"
        elif crossing in {"no", "unmarked"}:
            delays.remove("crossing")
    if _word(tags.get("traffic_calming", "")) not in _SAYS_NO | {"island", "painted_island"}:
        delays.append("traffic_calming")
    facing = "both"
    if sign:
        facing = _word(tags.get("direction", ""))
        if sign == "traffic_signals":
            facing = _word(tags.get("traffic_signals:direction", facing))
        if facing not in {"both", "forward", "backward"}:
            facing = "nearest"
        if sign == "stop" and _word(tags.get("stop", "")) in {"minor", "all"}:
            facing = "minor" if _word(tags["stop"]) == "minor" else "both"
    return RoadNode(closed, tuple(dict.fromkeys(delays)), sign, facing)


def _bars(tags: Mapping[str, str]) -> bool:
    """Whether a barrier that says nothing of access keeps cars out."""
    kind = TABLES["barrier"].get(_first(tags["barrier"], tuple(TABLES["barrier"])), "closed")
    if kind == "kerb":
        return _word(tags.get("kerb", "")) in {"raised", "regular"}
    if kind == "bollard":
        width = parse_size(tags.get("maxwidth", ""))
        return _word(tags.get("bollard", "")) != "rising" and not (width and width > _LIMITS["maxwidth"])
    if kind == "fence":
        return _word(tags.get("sensory", "")) not in {"audible", "audio"}
    if kind == "height":
        return _too_small({"maxheight": tags.get("maxheight", "")})
    return bool(kind == "closed")


class Restriction(NamedTuple):
    """What a restriction relation says to cars.

    Attributes
    ----------
    word : {"no", "only", ""}
        That a turn is forbidden, the only one, or nothing.
    conditional : bool
        Whether it holds at some hours or for some vehicles alone.
    several : {"from", "to", ""}
        Of which of its ways there may be several.
    """

    word: str
    conditional: bool = False
    several: str = ""


def read_restriction(tags: Mapping[str, str]) -> Restriction:
    """Say what a restriction relation forbids cars.

    What holds at some hours or for other vehicles doesn't count.

    Examples
    --------
    >>> read_restriction({"type": "restriction", "restriction": "no_left_turn"}).word
    'no'
    >>> read_restriction({"type": "restriction", "restriction": "no_left_turn", "except": "motorcar"}).word
    ''
    """
    excepted = {_word(part) for part in re.split(r"[;,\s]+", tags.get("except", ""))}
    if set(_MOTOR_KEYS) & excepted:
        return Restriction("")
    word = value = ""
    for key in _RESTRICTION_KEYS:
        values = [_word(part) for part in tags.get(key, "").split(";")]
        word, value = next(((found, v) for v in values if (found := _restriction_word(v))), ("", ""))
        if word:
            break
    conditional = any(f"{key}:conditional" in tags for key in _RESTRICTION_KEYS)
    if word and ("day_on" in tags or "hour_on" in tags):
        return Restriction("", conditional=True)
    several = {"no_entry": "from", "no_exit": "to"}.get(value, "")
    return Restriction(word, conditional=conditional and not word, several=several)


def _restriction_word(value: str) -> str:
    meaning = TABLES["restriction"].get(value)
    if meaning is None and value.startswith(("no_", "only_")):
        meaning = "none" if value.endswith("_on_red") else value.split("_", maxsplit=1)[0]
    return meaning if meaning in {"no", "only"} else ""


def takes_cars(tags: Mapping[str, str]) -> bool:
    """Whether the relation of a ferry or car train says that cars may use its ways."""
    return _word(tags.get("route", "")) in CARRIERS and _access(tags) in {"open", "limited"}


_SIZE: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]*)")
_FEET: Final = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:'|ft|feet|foot)\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|''|in|inch|inches)?)?"
)
_SIZE_UNITS: Final = {
    "": 1.0, "m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "cm": 0.01,
    "t": 1.0, "ton": 1.0, "tons": 1.0, "tonne": 1.0, "tonnes": 1.0, "kg": 0.001, "st": 0.90718474,
    "lb": 0.00045359237, "lbs": 0.00045359237, "lt": 1.0160469, "cwt": 0.05080235,
}  # fmt: skip


def parse_size(text: str) -> float | None:
    r"""Metres or tonnes of a ``maxheight``, ``maxwidth``, ``maxlength``, ``maxweight`` or ``width``.

    Returns
    -------
    float or None
        None where it isn't a measure (``default``, ``none``, ``narrow``) or isn't above 0.

    Examples
    --------
    >>> [parse_size(text) for text in ("2.5", "3,5 t", "900 kg", "default")]
    [2.5, 3.5, 0.9, None]
    >>> round(parse_size("6'6\""), 3)
    1.981
    """
    text = _word(text)
    if match := _FEET.fullmatch(text):
        size = (float(match[1]) * 12 + float(match[2] or 0)) * 0.0254
    elif (match := _SIZE.fullmatch(text)) and match[2] in _SIZE_UNITS:
        size = float(match[1].replace(",", ".")) * _SIZE_UNITS[match[2]]
    else:
        return None
    return size if size > 0 else None


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
