"""Claims about travel times: pairs, circles, ways across a border, trains alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.errors import InputError
from ...geo.networks import TransportNetwork
from ..times import told_of
from ._context import ClaimContext, mean_speed_kph
from ._files import Claim
from ._measures import Measure, limit_of, network_data, pair_lines, some_of

#: Speeds from a quarter to four times the modelled ones are tried.
FASTEST: Final = 4.0
#: Kinds of claims that this module checks.
TIME_KINDS: Final = ("pair", "circle", "across")


def measure_times(claim: Claim, context: ClaimContext, candidates: Iterable[str]) -> Measure:
    """Compute the longest minutes that a claim speaks of.

    Parameters
    ----------
    claim : Claim
        Of a kind in `TIME_KINDS`.
    context : ClaimContext
    candidates : iterable of str
        Ids of the corridors that may make it hold.

    Returns
    -------
    Measure
    """
    if claim.meant == "line_haul":
        return _line_haul(claim, context, candidates)
    pairs = _PAIRS[claim.kind](claim, context)
    mode, date = claim.mode, claim.date

    def minutes(ids: Iterable[str] = ()) -> NDArray[np.float64]:
        return pairs.nearest(
            context.minutes(pairs.origins, pairs.destinations, mode=mode, date=date, ids=ids)
        )

    def longest_at(faster: float) -> float:
        """Minutes where everything moves `faster` times as fast; infinite once they are beyond the limit."""
        found = context.minutes(
            pairs.origins, pairs.destinations, mode=mode, date=date, faster=faster, limit_min=limit + 1.0
        )
        return _longest(pairs.nearest(found))

    found = minutes()
    value = _longest(found)
    limit = limit_of(claim)
    row = int(np.argmax(np.nan_to_num(found, nan=np.inf)))
    inside = int((found <= limit).sum())
    detail = ""
    if len(found) > 1:
        detail = f"最长为{pairs.names[row]}；{len(found)} 项中 {inside} 项在 {limit:g} 分钟以内"
    beyond = [pairs.names[k] for k in np.argsort(-np.nan_to_num(found, nan=np.inf)) if not found[k] <= limit]
    if 0 < len(beyond) < len(found):
        detail += f"，其余：{some_of(beyond, 8)}"
    measured = Measure(
        value=value,
        limit=limit,
        detail=detail,
        method=_method(context.network(mode, date), mode),
        data=network_data(context, mode, date),
        geometry=pairs.geometry(),
        flip=_speed_flip(context, mode, date, longest_at, value, limit),
        with_corridors=lambda ids: _longest(minutes(ids)),
        corridors=context.usable(mode, claim.meant, candidates),
    )
    if claim.kind == "pair" and mode != "road" and all(name in context.stations for name in claim.places):
        trains = [context.line_haul_minutes(a, b, date=date)[0] for a, b in combinations(claim.places, 2)]
        measured.other_reading, measured.other_value = "只计列车运行", max(trains)
    return measured


def _line_haul(claim: Claim, context: ClaimContext, candidates: Iterable[str]) -> Measure:
    names = list(combinations(claim.places, 2))

    def minutes(ids: Iterable[str] = ()) -> list[tuple[float, str]]:
        ids = list(ids)
        return [context.line_haul_minutes(a, b, date=claim.date, ids=ids) for a, b in names]

    found = minutes()
    value, limit = max(found)[0], limit_of(claim)
    parts = [
        f"{a}—{b} {minute:.0f} 分钟（{stations}）" if stations else f"{a}—{b}没有列车可达"
        for (a, b), (minute, stations) in zip(names, found, strict=True)
    ]
    table = context.table(claim.places)
    doors = context.minutes(table, table, mode="any", date=claim.date)
    faster = value / limit
    return Measure(
        value=value,
        limit=limit,
        detail="；".join(parts),
        method="最快列车的运行时间，含停站与换线，不含到站、候车、离站",
        data=network_data(context, "rail", claim.date),
        geometry=pair_lines(table, list(combinations(range(len(table)), 2))),
        flip=(
            f"列车旅行速度须为现在的 {faster:.2f} 倍才成立"
            if value > limit
            else f"列车旅行速度低于现在的 {faster:.2f} 倍即不成立"
        )
        if np.isfinite(faster)
        else "",
        other_reading="门到门（列车与驾车取快者）",
        other_value=_longest(doors[~np.eye(len(table), dtype=bool)]),
        with_corridors=lambda ids: max(minutes(ids))[0],
        corridors=context.usable("rail", "line_haul", candidates),
    )


@dataclass(frozen=True)
class _Pairs:
    """Origins and destinations, and which minutes of their matrix a claim is about."""

    origins: gpd.GeoDataFrame
    destinations: gpd.GeoDataFrame
    #: Matrix of minutes -> minutes of each item that the claim speaks of.
    nearest: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    names: list[str]
    lines: list[tuple[int, int]] | None

    def geometry(self) -> shapely.Geometry:
        if self.lines is not None:
            return pair_lines(self.destinations, self.lines)
        return shapely.MultiPoint(
            np.unique(np.vstack([self.origins[["lon", "lat"]], self.destinations[["lon", "lat"]]]), axis=0)
        )


def _mutual(claim: Claim, context: ClaimContext) -> _Pairs:
    table = context.table(claim.places)
    if len(table) < 2:
        raise InputError(
            f"claim '{claim.id}': 'places' should stand for two places or more, got {claim.places}"
        )
    lines = list(combinations(range(len(table)), 2))
    name = table["origin_name"].to_list()
    first, second = (np.array(side) for side in zip(*lines, strict=True))

    def pick(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        slower: NDArray[np.float64] = np.maximum(matrix[first, second], matrix[second, first])
        return slower

    return _Pairs(table, table, pick, [f"{name[i]}—{name[j]}" for i, j in lines], lines)


def _circle(claim: Claim, context: ClaimContext) -> _Pairs:
    centres, table = context.table(claim.centres), context.table(claim.places)
    table = table[~table["origin_id"].isin(centres["origin_id"])].reset_index(drop=True)
    return _Pairs(centres, table, lambda m: _least(m, axis=0), table["origin_name"].to_list(), None)


def _across(claim: Claim, context: ClaimContext) -> _Pairs:
    table = context.table(claim.places)
    province = table["province"].to_numpy()
    same = province[:, None] == province[None, :]

    def pick(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        return _least(np.where(same, np.nan, matrix), axis=1)

    return _Pairs(table, table, pick, table["origin_name"].to_list(), None)


_PAIRS: Final = {"pair": _mutual, "circle": _circle, "across": _across}


def _method(network: TransportNetwork, mode: str) -> str:
    """Say how minutes from door to door are meant."""
    if not network.is_scheduled:
        return _MODES[mode] + "，门到门最短时间（含进出路网）"
    told = told_of(network)
    return f"公路与列车时刻表，门到门时间（含进出路网），{told['window']} 每分钟出发者的 {told['statistic']}"


_MODES: Final = {"road": "公路", "rail": "公路与铁路", "any": "公路与铁路"}


def _least(matrix: NDArray[np.float64], *, axis: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.nan_to_num(matrix, nan=np.inf).min(axis=axis)
    return found


def _longest(minutes: NDArray[np.float64]) -> float:
    return float(np.nan_to_num(minutes, nan=np.inf).max())


def _speed_flip(
    context: ClaimContext,
    mode: str,
    date: dt.date | None,
    value_at: Callable[[float], float],
    value: float,
    limit: float,
) -> str:
    """Find by bisection how much faster or slower everything must move for value and limit to meet."""
    if not np.isfinite(value):
        return "路网不通，车速再高也不成立"
    timed = context.network(mode, date).is_scheduled
    low, high = (1.0, FASTEST) if value > limit else (1 / FASTEST, 1.0)
    if value > limit and value_at(high) > limit:
        spent = "进出路网" if mode == "road" else "进出路网、候车与换乘"
        spent = "列车的时刻与进出路网" if timed else spent
        return f"车速提高到 {FASTEST:g} 倍仍不成立：时间花在{spent}上"
    if value <= limit and value_at(low) <= limit:
        return f"车速降到 {low:g} 倍仍成立"
    while high / low > 1.005:
        middle = float(np.sqrt(low * high))
        if value_at(middle) > limit:
            low = middle
        else:
            high = middle
    speed = mean_speed_kph(context.network("road", date)) * high
    what = "干线公路平均车速" if mode == "road" else "车速（公路与列车同比例）"
    what = "公路车速（列车照时刻表）" if timed else what
    shown = f"{what}达到现在的 {high:.2f} 倍" + (f"（约 {speed:.0f} 千米/小时）" if mode == "road" else "")
    return f"{shown}才成立" if value > limit else f"{what}低于现在的 {high:.2f} 倍即不成立"
