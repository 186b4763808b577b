"""Links between cities: how strongly they draw each other, where their fields meet, and who is central among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...geo.checks import require_number
from ...geo.errors import InputError
from ..times import masses, read_pairs


def city_links(times: pd.DataFrame, people: Any, *, gdp: Any = None, exponent: float = 2.0) -> pd.DataFrame:
    """Compute the strength of the link between every two cities (引力强度) and where their fields meet (断裂点).

    R_ij = √(P_i G_i) √(P_j G_j) / t_ij^b, with people P, products G and times t; without products R_ij = P_i P_j / t_ij^b. The
    breaking point lies t_ij / (1 + √(M_j / M_i)) from i, with M = √(P G) or P: there both draw alike under the inverse square
    of time (Converse 1949), the larger city's field reaching farther.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, both ways.
    people, gdp : Series or mapping
        P and G by id, of every place; `gdp` may be left out.
    exponent : float
        b, above 0.

    Returns
    -------
    pandas.DataFrame
        One row per pair that can be travelled both ways: ``a_id, b_id, minutes`` (mean of both ways), ``strength``, ``share``
        of the sum over all pairs, ``rank`` (1 for the strongest), ``breaking_min`` from a; the strongest first.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError
        If two places lie no time apart, among others.

    References
    ----------
    Converse, P. D. (1949). New laws of retail gravitation. Journal of Marketing 14(3), 379-384.

    Reilly, W. J. (1931). The law of retail gravitation. New York: Knickerbocker Press.

    Examples
    --------
    A city of 90 and one of 10 people an hour apart: their fields meet three quarters of the way to the smaller.

    >>> times = pd.DataFrame({"from_id": ["a", "b"], "to_id": ["b", "a"], "travel_time_min": [60.0, 60.0]})
    >>> found = br.indicators.city_links(times, {"a": 90, "b": 10})
    >>> found[["strength", "breaking_min"]].values.tolist()
    [[0.25, 45.0]]
    """
    power = require_number(exponent, "exponent", above=0, maximum=20)
    pairs = read_pairs(times, cutoff_min=np.inf)
    ids = pairs.from_ids.union(pairs.to_ids, sort=False)
    size = masses(people, ids, "people", positive=True)
    if gdp is not None:
        size = np.sqrt(size * masses(gdp, ids, "gdp", positive=True))
    minutes = np.full((len(ids), len(ids)), np.nan)
    minutes[
        ids.get_indexer(pairs.from_ids)[pairs.origin], ids.get_indexer(pairs.to_ids)[pairs.destination]
    ] = pairs.minutes
    both = (minutes + minutes.T) / 2
    a, b = np.triu_indices(len(ids), 1)
    there = np.isfinite(both[a, b])
    a, b = a[there], b[there]
    apart = both[a, b]
    if (apart == 0).any():
        k = int(np.argmax(apart == 0))
        raise InputError(
            f"{ids[a[k]]} and {ids[b[k]]} lie no time apart; give one row for both, with their people"
        )
    strength = size[a] * size[b] / apart**power
    order = np.argsort(-strength, kind="stable")
    total = strength.sum()
    return pd.DataFrame(
        {
            "a_id": pd.Series(ids[a[order]].tolist(), dtype="str"),
            "b_id": pd.Series(ids[b[order]].tolist(), dtype="str"),
            "minutes": apart[order],
            "strength": strength[order],
            "share": strength[order] / total if total > 0 else strength[order],
            "rank": np.arange(1, len(order) + 1),
            "breaking_min": (apart / (1 + np.sqrt(size[b] / size[a])))[order],
        }
    )


def linkage_totals(links: Any, groups: Any = None) -> pd.DataFrame:
    """Sum the links of each city: how central it is in the network, and how much of that lies across a border.

    Parameters
    ----------
    links : pandas.DataFrame
        As `city_links` gives them.
    groups : Series or mapping, optional
        Province of each city by its id.

    Returns
    -------
    pandas.DataFrame
        ``id, total, share`` (in the sum over all cities), ``rank, strongest_id`` (the city that draws it most); with
        `groups` also ``across_share``, the part of its total that goes to other provinces. The most central first.

    Raises
    ------
    InputError

    References
    ----------
    Taaffe, E. J. (1962). The urban hierarchy: an air passenger definition. Economic Geography 38(1), 1-14.

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {"from_id": list("aabbcc"), "to_id": list("bcacab"), "travel_time_min": [60.0, 60, 60, 120, 60, 120]}
    ... )
    >>> links = br.indicators.city_links(times, {"a": 60, "b": 60, "c": 60})
    >>> found = br.indicators.linkage_totals(links, {"a": "west", "b": "west", "c": "east"})
    >>> found[["id", "total", "across_share"]].values.tolist()
    [['a', 2.0, 0.5], ['b', 1.25, 0.2], ['c', 1.25, 1.0]]
    """
    missing = [
        name
        for name in ("a_id", "b_id", "strength")
        if not isinstance(links, pd.DataFrame) or name not in links
    ]
    if missing:
        raise InputError(f"'links' should be a table as city_links() gives it; it lacks {missing[0]!r}")
    ends = pd.DataFrame(
        {
            "id": [*links["a_id"], *links["b_id"]],
            "other": [*links["b_id"], *links["a_id"]],
            "strength": [*links["strength"], *links["strength"]],
        }
    )
    total = ends.groupby("id", sort=False)["strength"].sum()
    first = (
        ends.sort_values("strength", ascending=False, kind="stable")
        .drop_duplicates("id")
        .set_index("id")["other"]
    )
    found = pd.DataFrame({"id": total.index.astype("str"), "total": total.to_numpy()})
    everything = found["total"].sum()
    found["share"] = found["total"] / everything if everything > 0 else 0.0
    found["strongest_id"] = first.reindex(total.index).to_numpy()
    if groups is not None:
        known = {str(key): value for key, value in dict(groups).items()}
        unknown = [one for one in found["id"] if one not in known]
        if unknown:
            raise InputError(f"'groups' lacks {unknown[0]!r}; give the province of every city")
        beyond = ends[[known[a] != known[b] for a, b in zip(ends["id"], ends["other"], strict=True)]]
        across = beyond.groupby("id")["strength"].sum().reindex(total.index, fill_value=0.0).to_numpy()
        found["across_share"] = np.divide(
            across, found["total"], out=np.zeros(len(found)), where=found["total"] > 0
        )
    found = found.sort_values(["total", "id"], ascending=[False, True], ignore_index=True)
    found.insert(3, "rank", np.arange(1, len(found) + 1))
    return found
