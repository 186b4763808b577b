"""The best of all subsets within a budget, the order of building, shares and interactions; a search with bounds."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ..corridors import Scenarios
from ..schemas import Schema, conform
from ._measures import Measure

#: Up to so many candidates every subset is valued.
MOST_ENUMERATED: Final = 20
#: More than that don't fit the bits of a set.
MOST_CANDIDATES: Final = 60
#: Partial choices that a search among more candidates looks at.
MOST_CHOICES: Final = 20_000
FRONT: Final[Schema] = {
    "cost": "float64",
    "value": "float64",
    "gain": "float64",
    "corridors": "str",
    "n": "int64",
}
ORDER: Final[Schema] = {
    "step": "int64", "corridor_id": "str", "cost": "float64", "total_cost": "float64", "value": "float64",
    "adds": "float64",
}  # fmt: skip
CANDIDATES: Final[Schema] = {
    "corridor_id": "str", "name": "str", "cost": "float64", "alone": "float64", "last": "float64", "mean": "float64",
    "chosen": "bool",
}  # fmt: skip
INTERACTIONS: Final[Schema] = {
    "corridor_a": "str", "corridor_b": "str", "alone": "float64", "interaction": "float64", "kind": "str",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class BestCorridors:
    """Result of `best_corridors`. Gains count from the base, above 0 where things get better.

    Attributes
    ----------
    objective : str
    budget, cost : float
        What may be spent, and what the chosen corridors cost.
    chosen : tuple of str
        Ids, in the order of the candidates; none where nothing helps.
    base_value, value : float
        The objective without any candidate, and with the chosen ones.
    bound : float
        No choice within the budget has a better value; `value` itself where that is proved to be the best.
    proved : bool
    front : pandas.DataFrame
        ``cost, value, gain, corridors, n``: every choice that no other beats for the same money or less; with more than
        20 candidates, what the search came across.
    order : pandas.DataFrame
        ``step, corridor_id, cost, total_cost, value, adds``: the chosen ones as they are best built one after the other,
        if what is built is used while money for the next is spent.
    candidates : pandas.DataFrame
        ``corridor_id, name, cost, alone, last, mean, chosen``: what each gains as the first, as the last of all, and on
        average over all subsets of the others, weighted by their size (Shapley value; NaN with more than 20).
    interactions : pandas.DataFrame
        ``corridor_a, corridor_b, alone, interaction, kind``: what two gain together beyond what each gains, without the
        others and on average over all subsets of these (Shapley interaction index); above 0 they are complements, below
        substitutes.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> found = br.best_corridors(road, [], [(106.5, 29.5)], [(106.6, 29.5)], budget=0)
    >>> isinstance(found, br.BestCorridors), found.chosen, found.proved
    (True, (), True)
    """

    objective: str
    budget: float
    cost: float
    chosen: tuple[str, ...]
    base_value: float
    value: float
    bound: float
    proved: bool
    front: pd.DataFrame
    order: pd.DataFrame
    candidates: pd.DataFrame
    interactions: pd.DataFrame


def enumerated(
    measure: Measure, scenarios: Scenarios, price: NDArray[np.float64], budget: float
) -> BestCorridors:
    ids = scenarios.ids
    value = measure.all_values()
    gain = measure.sign * (value - value[0])
    gain[np.isnan(gain)] = -np.inf
    cost = np.zeros(len(value))
    for k in range(len(ids)):
        cost[1 << k : 2 << k] = cost[: 1 << k] + price[k]
    sets = np.argsort(cost, kind="stable")
    sets = sets[np.lexsort((-gain[sets], cost[sets]))]
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(gain[sets])[:-1]])
    front = sets[gain[sets] > best_before + _dust(value)]
    affordable = front[cost[front] <= budget * (1 + 1e-12)]
    chosen = int(affordable[-1]) if len(affordable) else 0
    order = _best_order(gain, price, chosen)
    return _result(
        measure, scenarios, price, budget, chosen, float(value[chosen]), float(value[0]),
        front=[(int(one), float(cost[one]), float(value[one])) for one in front],
        order=[(k, float(value[subset])) for k, subset in order],
        candidates=_shares(gain, len(ids)),
        interactions=_interactions(gain, len(ids), _dust(value)),
    )  # fmt: skip


def _dust(value: NDArray[np.float64]) -> float:
    """Differences up to it are rounding."""
    finite = value[np.isfinite(value)]
    return 1e-9 * max(1.0, float(np.abs(finite).max())) if len(finite) else 0.0


@compiled
def _held(
    gain: NDArray[np.float64], price: NDArray[np.float64], members: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the last member of the best order of each part of a choice (Held and Karp 1962)."""
    n = len(members)  # pragma: no cover - compiled
    best = np.full(1 << n, -np.inf)
    last = np.full(1 << n, -1, dtype=np.int64)
    best[0] = 0.0
    for part in range(1 << n):
        subset = np.int64(0)
        for k in range(n):
            if part >> k & 1:
                subset |= np.int64(1) << members[k]
        for k in range(n):
            if part >> k & 1:
                continue
            # what is built so far is used while the next is paid for
            then = best[part] + gain[subset] * price[members[k]]
            if then > best[part | 1 << k]:
                best[part | 1 << k], last[part | 1 << k] = then, k
    return last


def _best_order(gain: NDArray[np.float64], price: NDArray[np.float64], chosen: int) -> list[tuple[int, int]]:
    """Return the members of a choice in the order of building, each with the subset that is then built."""
    members = np.array([k for k in range(len(price)) if chosen >> k & 1], dtype=np.int64)
    last = _held(gain, price, members)
    part, found = (1 << len(members)) - 1, []
    while part:
        subset = sum(1 << int(members[k]) for k in range(len(members)) if part >> k & 1)
        found.append((int(members[last[part]]), subset))
        part ^= 1 << int(last[part])
    return found[::-1]


def _shares(gain: NDArray[np.float64], n: int) -> list[tuple[float, float, float]]:
    """Return what each candidate gains as the first, as the last, and by Shapley's mean."""
    sizes = _sizes(n)
    weight = _size_weights(n, 1)
    found = []
    everything = (1 << n) - 1
    for k in range(n):
        without = np.flatnonzero((np.arange(1 << n) >> k & 1) == 0)
        steps = gain[without | 1 << k] - gain[without]
        found.append(
            (
                float(gain[1 << k]),
                float(gain[everything] - gain[everything ^ 1 << k]),
                float((weight[sizes[without]] * steps).sum()),
            )
        )
    return found


def _interactions(gain: NDArray[np.float64], n: int, dust: float) -> list[tuple[int, int, float, float, str]]:
    sizes = _sizes(n)
    found = []
    weight = _size_weights(n, 2) if n > 1 else np.zeros(1)
    for a, b in combinations(range(n), 2):
        both = 1 << a | 1 << b
        without = np.flatnonzero((np.arange(1 << n) & both) == 0)
        beyond = gain[without | both] - gain[without | 1 << a] - gain[without | 1 << b] + gain[without]
        mean = float((weight[sizes[without]] * beyond).sum())
        kind = "independent" if abs(mean) <= dust else "complements" if mean > 0 else "substitutes"
        found.append((a, b, float(beyond[0]), mean, kind))
    return found


def _sizes(n: int) -> NDArray[np.int64]:
    sizes = np.zeros(1 << n, dtype=np.int64)
    for k in range(n):
        sizes[1 << k : 2 << k] = sizes[: 1 << k] + 1
    return sizes


def _size_weights(n: int, together: int) -> NDArray[np.float64]:
    """Weight of each subset of the others, by its size: all sizes count alike, and all subsets of a size."""
    others = n - together
    counts = np.ones(others + 1)
    for k in range(1, others + 1):
        counts[k] = counts[k - 1] * (others - k + 1) / k
    return np.append(1 / (counts * (others + 1)), np.zeros(together))


def searched(
    measure: Measure, scenarios: Scenarios, price: NDArray[np.float64], budget: float
) -> BestCorridors:
    """Search among more candidates: what is decided so far is worth no more than with all that could still be added."""
    n = len(price)
    nothing = measure.value(0)
    known: dict[int, float] = {}

    def gain(subset: int) -> float:
        if subset not in known:
            known[subset] = measure.sign * (measure.value(subset) - nothing)
        return known[subset]

    def cost_of(subset: int) -> float:
        return float(sum(price[k] for k in range(n) if subset >> k & 1))

    order = sorted(range(n), key=lambda k: -gain(1 << k) / max(float(price[k]), 1e-12))
    limit = budget * (1 + 1e-12)
    chosen, best, path = 0, 0.0, [0]
    while True:  # greedily first: the most gain for the money, again and again
        steps = [
            (-(gain(chosen | 1 << k) - best) / max(float(price[k]), 1e-12), k)
            for k in range(n)
            if not chosen >> k & 1 and cost_of(chosen | 1 << k) <= limit
        ]
        if not steps or min(steps)[0] >= 0:
            break
        chosen |= 1 << min(steps)[1]
        best = gain(chosen)
        path.append(chosen)
    dust = 1e-9 * max(1.0, abs(nothing))
    waiting = [(-gain((1 << n) - 1), 0, 0)]  # minus the bound, how many are decided, which are in
    looked = 0
    while waiting and -waiting[0][0] > best + dust and looked < MOST_CHOICES:
        _, depth, inside = heapq.heappop(waiting)
        looked += 1
        if depth == n:
            continue
        for taken in (True, False):
            subset = inside | (1 << order[depth] if taken else 0)
            left = limit - cost_of(subset)
            if left < 0:
                continue
            if taken and gain(subset) > best:
                chosen, best = subset, gain(subset)
            open_still = sum(1 << k for k in order[depth + 1 :] if price[k] <= left)
            bound = gain(subset | open_still)
            if bound > best + dust:
                heapq.heappush(waiting, (-bound, depth + 1, subset))
    bound = max(best, -waiting[0][0]) if waiting else best
    proved = bound <= best + dust
    order_built, part = [], chosen
    while part:
        last = min(
            (k for k in range(n) if part >> k & 1),
            key=lambda k: (gain(part) - gain(part ^ 1 << k)) / max(float(price[k]), 1e-12),
        )
        order_built.append((last, nothing + measure.sign * gain(part)))
        part ^= 1 << last
    seen = sorted(known, key=lambda one: (cost_of(one), -known[one]))
    front, most = [], -np.inf
    for one in seen:
        if known[one] > most + dust:
            most = known[one]
            front.append((one, cost_of(one), nothing + measure.sign * known[one]))
    everything = (1 << n) - 1
    return _result(
        measure, scenarios, price, budget, chosen, nothing + measure.sign * best, nothing,
        front=front,
        order=order_built[::-1],
        candidates=[
            (gain(1 << k), gain(everything) - gain(everything ^ 1 << k), float("nan")) for k in range(n)
        ],
        interactions=[
            (a, b, beyond, float("nan"), "independent" if abs(beyond) <= dust else "complements" if beyond > 0 else "substitutes")
            for a, b in combinations(range(n), 2)
            for beyond in [gain(1 << a | 1 << b) - gain(1 << a) - gain(1 << b)]
        ],
        bound=None if proved else nothing + measure.sign * bound,
    )  # fmt: skip


def _result(
    measure: Measure,
    scenarios: Scenarios,
    price: NDArray[np.float64],
    budget: float,
    chosen: int,
    value: float,
    nothing: float,
    *,
    front: list[tuple[int, float, float]],
    order: list[tuple[int, float]],
    candidates: list[tuple[float, float, float]],
    interactions: list[tuple[int, int, float, float, str]],
    bound: float | None = None,
) -> BestCorridors:
    ids = scenarios.ids

    def named(subset: int) -> list[str]:
        return [one for k, one in enumerate(ids) if subset >> k & 1]

    steps, spent, before = [], 0.0, nothing
    for number, (k, then) in enumerate(order, start=1):
        spent += float(price[k])
        steps.append(
            {
                "step": number, "corridor_id": ids[k], "cost": price[k], "total_cost": spent, "value": then,
                "adds": measure.sign * (then - before),
            }
        )  # fmt: skip
        before = then
    return BestCorridors(
        objective=measure.objective,
        budget=budget,
        cost=float(sum(price[k] for k in range(len(ids)) if chosen >> k & 1)),
        chosen=tuple(named(chosen)),
        base_value=nothing,
        value=value,
        bound=value if bound is None else bound,
        proved=bound is None,
        front=conform(
            [
                {
                    "cost": cost, "value": worth, "gain": measure.sign * (worth - nothing),
                    "corridors": ", ".join(named(subset)), "n": len(named(subset)),
                }
                for subset, cost, worth in front
            ],
            FRONT,
        ),
        order=conform(steps, ORDER),
        candidates=conform(
            [
                {
                    "corridor_id": one.id, "name": one.name, "cost": price[k], "alone": candidates[k][0],
                    "last": candidates[k][1], "mean": candidates[k][2], "chosen": bool(chosen >> k & 1),
                }
                for k, one in enumerate(scenarios.corridors)
            ],
            CANDIDATES,
        ),
        interactions=conform(
            [
                {"corridor_a": ids[a], "corridor_b": ids[b], "alone": alone, "interaction": mean, "kind": kind}
                for a, b, alone, mean, kind in interactions
            ],
            INTERACTIONS,
        ),
    )  # fmt: skip
