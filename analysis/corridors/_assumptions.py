"""What a corridor file leaves unsaid, from what lines of that mode and design speed have in the embedded tables."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from ... import data
from ...geo.networks import TransferRules, rail_sections

#: Keys whose values are taken from the tables where a corridor doesn't give them.
ASSUMABLE: Final = ("speed_factor", "stop_penalty_min", "board_min", "alight_min", "trains_per_day")
#: A design speed that fewer lines than this have says little; the next one's lines are taken.
_FEWEST_LINES: Final = 3


#: Between the stations of one city trains are slow, which says nothing of a line.
_SHORTEST_LINE_KM: Final = 30.0


@functools.cache
def assumed_values(mode: str, design_speed_kph: float) -> Mapping[str, float]:
    """Return the values of `ASSUMABLE` that a line of a mode and design speed is taken to have.

    Parameters
    ----------
    mode : {"road", "rail", "air"}
    design_speed_kph : float

    Returns
    -------
    mapping of str to float
        ``speed_factor`` of railways: length over scheduled minutes of the open lines of the nearest design speed
        in the embedded timetables, over that speed, the median of the lines (those of estimated minutes and those of
        less than 30 km left out);
        of roads, the median of the embedded corridors; 1 in the air. ``trains_per_day``: the median of the sections
        of that design speed. ``stop_penalty_min``: the median of the embedded corridors of the mode.
        ``board_min, alight_min``: those with which networks are joined (`geo.networks.TransferRules`); of flights,
        the median of the embedded corridors.

    Examples
    --------
    >>> values = assumed_values("rail", 350)
    >>> values["board_min"], 0.6 < values["speed_factor"] < 0.8
    (10.0, True)
    """
    rules = TransferRules()
    if mode == "rail":
        factors, trains = _rail_classes()
        return MappingProxyType(
            {
                "speed_factor": _nearest(factors, design_speed_kph),
                "stop_penalty_min": _median(mode, "stop_penalty_min", 0.0),
                "board_min": rules.boarding_min,
                "alight_min": rules.alighting_min,
                "trains_per_day": _nearest(trains, design_speed_kph),
            }
        )
    if mode == "air":
        return MappingProxyType(
            {
                "speed_factor": 1.0,
                "board_min": _median(mode, "board_min", rules.air_boarding_min),
                "alight_min": _median(mode, "alight_min", rules.air_alighting_min),
            }
        )
    return MappingProxyType({"speed_factor": _median(mode, "speed_factor", 1.0)})


def filled(given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a corridor's keys with those that it leaves unsaid, and the names of these.

    Parameters
    ----------
    given : mapping
        As a file has it, unchecked. A `trains_per_day` of None says that nobody waits.
    """
    mode, speed = given.get("mode"), given.get("design_speed_kph")
    known = (
        mode in ("road", "rail", "air") and isinstance(speed, (int, float)) and not isinstance(speed, bool)
    )
    if not known or not 0 < float(speed) < float("inf"):  # type: ignore[arg-type] # a number, by the line above
        return dict(given), ()
    missing = [key for key in ASSUMABLE if key not in given]
    values = assumed_values(str(mode), float(speed)) if missing else {}  # type: ignore[arg-type] # as above
    taken = {key: values[key] for key in missing if key in values}
    told = [*taken]
    if not {"sinuosity", "length_km", "geometry"} & set(given):
        told.append("sinuosity")
    return {**given, **taken}, tuple(told)


@functools.cache
def _rail_classes() -> tuple[Mapping[float, float], Mapping[float, float]]:
    """Share of the design speed, and trains per day, by design speed."""
    table = rail_sections()
    table = table[(table["status"] == "open") & table["design_speed_kph"].notna()]
    table = table[table.groupby("line_id")["length_km"].transform("sum") >= _SHORTEST_LINE_KM]
    timed = table[table["minutes_kind"] != "estimated"]
    lines = timed.groupby(["design_speed_kph", "line_id"])[["length_km", "minutes"]].sum().reset_index()
    lines["share"] = lines["length_km"] / lines["minutes"] * 60 / lines["design_speed_kph"]
    by_speed = lines.groupby("design_speed_kph")["share"]
    shares = {
        float(str(v)): round(float(part.median()), 2) for v, part in by_speed if len(part) >= _FEWEST_LINES
    }
    counted = table.dropna(subset="trains_per_day")
    frequent = {
        float(str(v)): float(np.round(part["trains_per_day"].median()))
        for v, part in counted.groupby("design_speed_kph")
        if part["line_id"].nunique() >= _FEWEST_LINES
    }
    return MappingProxyType(shares), MappingProxyType(frequent)


def _nearest(classes: Mapping[float, float], speed: float) -> float:
    return classes[min(classes, key=lambda known: (abs(known - speed), known))]


@functools.cache
def _stated() -> tuple[Mapping[str, Any], ...]:
    """Return the embedded corridors as their files have them."""
    found: list[Mapping[str, Any]] = []
    for path in sorted(data.path("corridors").glob("*.toml")):
        found += tomllib.loads(path.read_text(encoding="utf-8"))["corridor"]
    return tuple(found)


def _median(mode: str, key: str, otherwise: float) -> float:
    values = [float(one[key]) for one in _stated() if one["mode"] == mode and key in one]
    return float(np.median(values)) if values else otherwise
