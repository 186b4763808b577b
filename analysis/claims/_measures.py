"""What checking a claim gives, and what its checks share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pandas as pd
import shapely

from ..corridors import Corridor
from ._context import ClaimContext, mean_speed_kph
from ._files import Claim


@dataclass
class Measure:
    """What was found: the value, what it is compared with, and how it would come out otherwise.

    Attributes
    ----------
    value : float
    limit : float
    detail : str
        The parts behind the value, in Chinese.
    method, data : str
        How and from what, in Chinese.
    geometry : shapely.Geometry
        Degrees, WGS 84; empty where a claim has no place.
    flip : str
        What would have to be different for the verdict to turn.
    other_reading, other_value
        The same claim read the other way (train alone, door to door), NaN where there is none.
    with_corridors : callable or None
        Value with corridors added, for claims that corridors can change.
    corridors : list of Corridor
        Those that can.
    """

    value: float
    limit: float
    detail: str
    method: str
    data: str
    geometry: shapely.Geometry = field(default_factory=shapely.GeometryCollection)
    flip: str = ""
    other_reading: str = ""
    other_value: float = float("nan")
    with_corridors: Callable[[Iterable[str]], float] | None = None
    corridors: list[Corridor] = field(default_factory=list)


def some_of(names: list[str], n: int, between: str = "、") -> str:
    """Join the first `n` names; say how many there are where some are left out."""
    return between.join(names[:n]) + (f"等 {len(names)} 个" if len(names) > n else "")


def limit_of(claim: Claim) -> float:
    """Return a claim's limit, NaN where it is computed."""
    return float("nan") if claim.limit is None else float(claim.limit)


def pair_lines(table: pd.DataFrame, pairs: list[tuple[int, int]]) -> shapely.MultiLineString:
    """Return straight lines between places of a table, by row numbers."""
    points = table[["lon", "lat"]].to_numpy(dtype=float)
    return shapely.MultiLineString([[points[i], points[j]] for i, j in pairs])


def network_data(context: ClaimContext, mode: str, date: dt.date | None) -> str:
    """Say which networks minutes come from, in Chinese."""
    parts = []
    if mode != "rail":
        roads = context.roads.provenance
        source = roads.get("attribution") or roads.get("source") or "来源不详"
        day = f"，{roads['date']}" if "date" in roads else ""
        parts.append(f"公路网（{source}{day}），平均 {mean_speed_kph(context.roads):.0f} 千米/小时")
    if mode != "road":
        parts.append(f"铁路网（{date or context.rail_as_of}已开通的线路，时刻表最快车次）")
    return "；".join(parts)
