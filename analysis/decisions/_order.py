"""What a study asks of its corridors: in which order they are best built, and who gains and who loses by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from ...geo.errors import InputError
from ...geo.networks import TransportNetwork
from ..corridors import Corridor, minutes_between
from ..indicators import fgt_poverty, gini, market_access_change, palma_ratio
from ..schemas import Schema, conform, empty
from ._best import best_corridors
from ._choices import FRONT, INTERACTIONS, ORDER

#: What costs are counted in: 100 million yuan where the corridors say so, else kilometres.
CostUnit: TypeAlias = Literal["100m_yuan", "km"]
#: One row per corridor, those chosen first in the order of building, `step` 0 for the others.
BUILD_ORDER: Final[Schema] = {
    **ORDER,
    "name": "str",
    "cost_unit": "str",
    "alone": "float64",
    "last": "float64",
    "mean": "float64",
    "chosen": "bool",
    "base_value": "float64",
}
BUILD_FRONT: Final[Schema] = FRONT
BUILD_PAIRS: Final[Schema] = INTERACTIONS
#: One row per county and elasticity.
ACCESS_CHANGES: Final[Schema] = {
    "theta": "float64",
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "base_access": "float64",
    "scenario_access": "float64",
    "change_pct": "float64",
    "relative_pct": "float64",
    "side": "str",
}
#: One row per scenario and measure of how evenly people in reach are spread over border counties.
EQUITY: Final[Schema] = {"scenario": "str", "measure": "str", "value": "float64"}
#: Whose people are the destinations themselves, rather than the study's centres.
_AMONG_PLACES: Final = ("potential", "poverty", "palma")


def corridor_costs(corridors: Sequence[Corridor]) -> tuple[dict[str, float], CostUnit]:
    """Return what corridors cost: the investment that they state, or kilometres where none states it.

    Raises
    ------
    InputError
        If some state it and others don't: yuan and kilometres can't be added.
    """
    stated = {one.id: one.cost_100m_yuan for one in corridors if one.cost_100m_yuan is not None}
    if not stated:
        return {one.id: float(one.lengths_km.sum()) for one in corridors}, "km"
    lacking = [one.id for one in corridors if one.id not in stated]
    if lacking:
        raise InputError(
            f"corridor {lacking[0]!r} has no 'cost_100m_yuan', and {next(iter(stated))!r} has one; give it for all of the "
            "study's corridors, or for none, so that their kilometres count"
        )
    return stated, "100m_yuan"


def building_order(
    base: TransportNetwork,
    corridors: Sequence[Corridor],
    places: gpd.GeoDataFrame,
    centres: gpd.GeoDataFrame,
    *,
    budget: float | None,
    objective: str,
    cutoff_min: float,
) -> dict[str, pd.DataFrame]:
    """Return the order in which corridors are best built, every choice that no other beats, and pairs of them.

    Parameters
    ----------
    base : TransportNetwork
    corridors : sequence of Corridor
    places : geopandas.GeoDataFrame
        Counties with ``province, people``, in reach of the network.
    centres : geopandas.GeoDataFrame
        Where they go; for "potential", "poverty" and "palma" the counties themselves.
    budget : float or None
        In the unit of `corridor_costs`; None for all of the corridors.
    objective : str
        As `best_corridors` takes it.
    cutoff_min : float

    Returns
    -------
    dict of DataFrame
        ``build_order`` (`BUILD_ORDER`), ``build_front`` (`BUILD_FRONT`) and ``build_pairs`` (`BUILD_PAIRS`).

    Raises
    ------
    InputError
    """
    costs, unit = corridor_costs(corridors)
    found = best_corridors(
        base,
        list(corridors),
        places,
        None if objective in _AMONG_PLACES else centres,
        budget=sum(costs.values()) if budget is None else budget,
        costs=costs,
        objective=objective,
        cutoff_min=cutoff_min,
        weights="people",
        provinces="province",
    )
    order = found.candidates.merge(found.order.drop(columns="cost"), on="corridor_id", how="left").assign(
        cost_unit=unit, base_value=found.base_value
    )
    order["step"] = order["step"].fillna(0).astype("int64")
    order = order.sort_values(["chosen", "step"], ascending=[False, True], kind="stable")
    return {
        "build_order": order[list(BUILD_ORDER)].astype(dict(BUILD_ORDER)).reset_index(drop=True),
        "build_front": found.front,
        "build_pairs": found.interactions,
    }


def access_changes(
    base: TransportNetwork,
    scenario: TransportNetwork,
    places: gpd.GeoDataFrame,
    *,
    thetas: Sequence[float],
    cost_doubles_min: float,
) -> pd.DataFrame:
    """Return who gains and who loses market access by corridors, for each elasticity.

    Parameters
    ----------
    base, scenario : TransportNetwork
    places : geopandas.GeoDataFrame
        Counties with ``people``, in reach of the network: markets and places at once.
    thetas : sequence of float
    cost_doubles_min : float
        As `indicators.market_access` takes them.

    Returns
    -------
    pandas.DataFrame
        In the schema `ACCESS_CHANGES`, those that gain most in relation to others first.
    """
    if len(places) < 2:
        return empty(ACCESS_CHANGES)
    codes = places["adcode"].astype(str).to_numpy()
    before, after = (_long(network, places, codes) for network in (base, scenario))
    people = dict(zip(codes, places["people"], strict=True))
    frames = []
    for theta in thetas:
        found = market_access_change(before, after, people, theta=theta, cost_doubles_min=cost_doubles_min)
        table = (
            pd.DataFrame(places[["adcode", "name", "province"]])
            .assign(theta=theta, from_id=codes)
            .merge(found, on="from_id")
        )
        frames.append(table.sort_values("relative_pct", ascending=False, kind="stable"))
    return pd.concat(frames, ignore_index=True)[list(ACCESS_CHANGES)].astype(dict(ACCESS_CHANGES))


def equity_of(indicators: pd.DataFrame, *, scenarios: Mapping[str, str]) -> pd.DataFrame:
    """Return how evenly people in reach are spread over border counties, each counted by its people.

    Parameters
    ----------
    indicators : pandas.DataFrame
        ``people`` and the columns that `scenarios` names.
    scenarios : mapping of str to str
        Scenario -> column with the people that a county reaches; the first sets the poverty line.

    Returns
    -------
    pandas.DataFrame
        In the schema `EQUITY`: "gini"; "palma", what the tenth with the most reaches on average over what the two fifths
        with the least do; "poverty_line", half of the median in the first scenario; "poor_share" of people below it, and
        "poverty_gap".
    """
    known = indicators[indicators["people"] > 0]
    rows: list[dict[str, Any]] = []
    line = np.nan
    for scenario, column in scenarios.items():
        values, people = known[column].to_numpy(dtype=float), known["people"].to_numpy(dtype=float)
        if len(values) == 0 or not np.isfinite(values).all() or values.sum() <= 0:
            continue
        line = float(np.median(values)) / 2 if not np.isfinite(line) else line
        measures = {"gini": gini(values, people), "palma": palma_ratio(values, people), "poverty_line": line}
        if line > 0:
            poor = fgt_poverty(values, people, line=line)
            measures |= {"poor_share": float(poor.iloc[0]), "poverty_gap": float(poor.iloc[1])}
        rows += [{"scenario": scenario, "measure": name, "value": value} for name, value in measures.items()]
    return conform(rows, EQUITY)


def _long(network: TransportNetwork, places: gpd.GeoDataFrame, codes: Any) -> pd.DataFrame:
    minutes = minutes_between(network, places, places)
    return pd.DataFrame(
        {
            "from_id": np.repeat(codes, len(codes)),
            "to_id": np.tile(codes, len(codes)),
            "travel_time_min": minutes.ravel(),
        }
    )
