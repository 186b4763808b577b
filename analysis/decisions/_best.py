"""Which corridors to build for a budget, and in which order: the best subset, proved, and what each adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_choice, require_number
from ...geo.errors import InputError, InputTypeError
from ...geo.networks import TransportNetwork
from ...geo.places import origins_table
from ..corridors import Scenarios
from ..indicators import Decay, ExponentialDecay
from ..times import require_times_on_arcs
from . import _choices
from ._choices import MOST_CANDIDATES, BestCorridors, enumerated, searched
from ._critical import place_weights
from ._measures import OBJECTIVES, Measure


def best_corridors(
    base: TransportNetwork,
    candidates: Any,
    places: Any,
    destinations: Any = None,
    *,
    budget: float,
    costs: Any = None,
    objective: str = "people",
    cutoff_min: float = 120.0,
    weights: Any = None,
    masses: Any = None,
    provinces: Any = None,
    decay: Decay | None = None,
    poverty_line: float | None = None,
) -> BestCorridors:
    """Choose the corridors that do most for an objective within a budget.

    Parameters
    ----------
    base : TransportNetwork
    candidates
        As `corridors` takes them. Up to 20 every subset is valued, with exact times, and the best is proved; among more a
        search with bounds says how much better a choice could be at most.
    places : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
        Where people live.
    destinations : the same, optional
        Where they go: centres, hospitals; the places themselves when left out.
    budget : float
        In the unit of `costs`.
    costs : mapping of str to float, optional
        Of each candidate by its id. When left out, its length in kilometres stands for what it costs: say so where
        the result is quoted, since a kilometre of tunnel isn't one of embankment.
    objective : str
        ``"people"`` whose nearest destination lies within `cutoff_min`, or number of ``"places"``;
        ``"mean_time"``: minutes to a destination, over people and destinations, fewer are better (more than a day, or no
        way, counts as a day); ``"potential"``: Σ_j m_j f(t_ij), mean over people; ``"worst_province"``: the least share
        of a province's people within the cutoff. With A_i = Σ_j m_j [t_ij <= cutoff], less is better of
        ``"poverty"``: mean over people of max(0, 1 − A_i / line), the poverty gap of Foster, Greer and Thorbecke; and
        ``"palma"``: the mean A of the tenth of people with the most over that of the two fifths with the least.
    cutoff_min : float
    weights : str or array_like of float, optional
        People of each place, or their column; every place counts 1 when left out.
    masses : str or array_like of float, optional
        m_j of each destination; 1 when left out, or `weights` where the places are the destinations.
    provinces : str or array_like of str, optional
        Province of each place, or their column; for ``"worst_province"``.
    decay : callable, optional
        f, for ``"potential"``; halves every 60 minutes when left out.
    poverty_line : float, optional
        For ``"poverty"``; half of the places' median A in the base when left out.

    Returns
    -------
    BestCorridors

    Raises
    ------
    InputError, InputTypeError, MissingColumnError, EmptyInputError, NetworkError

    Notes
    -----
    Of choices that are as good the cheapest is taken.

    References
    ----------
    Foster, J., Greer, J., Thorbecke, E. (1984). A class of decomposable poverty measures. Econometrica 52(3), 761-766.

    Grabisch, M., Roubens, M. (1999). An axiomatic approach to the concept of interaction among players in cooperative
    games. International Journal of Game Theory 28, 547-565.

    Harsanyi, J. C. (1963). A simplified bargaining model for the n-person cooperative game. International Economic
    Review 4(2), 194-220.

    Examples
    --------
    Of two roads to a centre there is money for one; that to the larger town brings more people within the hour:

    >>> country = br.build_network(
    ...     [106.0, 106.5, 106.25], [29.0, 29.0, 29.3], br.Links([0, 1], [2, 2], [6e4, 6e4], [9e3, 9e3])
    ... )
    >>> roads = [
    ...     br.Corridor(
    ...         id=name,
    ...         name=name,
    ...         mode="road",
    ...         status="planned",
    ...         status_date="2025-01-01",
    ...         design_speed_kph=100,
    ...         stops=[
    ...             {"name": name, "lon": lon, "lat": 29.0, "kind": "interchange", "position": "existing"},
    ...             {"name": "城", "lon": 106.25, "lat": 29.3, "kind": "interchange", "position": "existing"},
    ...         ],
    ...     )
    ...     for name, lon in (("west", 106.0), ("east", 106.5))
    ... ]
    >>> towns, centre = [(106.0, 29.0), (106.5, 29.0)], [(106.25, 29.3)]
    >>> found = br.best_corridors(country, roads, towns, centre, budget=60, cutoff_min=60, weights=[10, 30])
    >>> found.chosen, found.base_value, found.value, len(found.front)
    (('east',), 0.0, 30.0, 3)
    """
    require_times_on_arcs(base, "base")
    wanted = require_choice(objective, "objective", OBJECTIVES)
    scenarios = Scenarios(base, candidates)
    ids = scenarios.ids
    if len(ids) > MOST_CANDIDATES:
        raise InputError(f"'candidates' should be {MOST_CANDIDATES} at most, got {len(ids)}")
    money = require_number(budget, "budget", minimum=0)
    price = _prices(costs, scenarios)
    table = origins_table(places, argument="places")
    ends = table if destinations is None else origins_table(destinations, argument="destinations")
    people = place_weights(weights, places, len(table))
    mass = (
        people
        if masses is None and destinations is None
        else place_weights(masses, places if destinations is None else destinations, len(ends), "masses")
    )
    measure = Measure(
        wanted,
        scenarios.times(table, ends),
        len(ids),
        people=people,
        mass=mass,
        cutoff_ms=round(
            require_number(cutoff_min, "cutoff_min", unit="minutes", above=0, maximum=7 * 24 * 60) * 60_000
        ),
        provinces=_province_numbers(provinces, places, len(table)) if wanted == "worst_province" else None,
        decay=ExponentialDecay.half_life(60) if decay is None else decay,
        poverty_line=None if poverty_line is None else require_number(poverty_line, "poverty_line", above=0),
    )
    if len(ids) > _choices.MOST_ENUMERATED:
        if not OBJECTIVES[wanted][1]:
            raise InputError(
                f"objective {wanted!r} may get worse by a corridor more, so that it needs every subset: give "
                f"{_choices.MOST_ENUMERATED} candidates at most, got {len(ids)}"
            )
        return searched(measure, scenarios, price, money)
    return enumerated(measure, scenarios, price, money)


def _prices(costs: Any, scenarios: Scenarios) -> NDArray[np.float64]:
    if costs is None:
        return np.array([float(one.lengths_km.sum()) for one in scenarios.corridors])
    if isinstance(costs, pd.Series):
        costs = costs.to_dict()
    if not isinstance(costs, Mapping):
        raise InputTypeError(f"'costs' should be a mapping of ids to numbers, got {type(costs).__name__}")
    missing = [identifier for identifier in scenarios.ids if identifier not in costs]
    if missing:
        raise InputError(f"'costs' lacks {missing[0]!r}; give a cost for each candidate")
    return np.array(
        [require_number(costs[one], f"costs[{one!r}]", minimum=0) for one in scenarios.ids], dtype=float
    )


def _province_numbers(provinces: Any, places: Any, n: int) -> NDArray[np.int64]:
    if provinces is None:
        raise InputTypeError(
            "'provinces' is None; objective 'worst_province' needs the province of each place"
        )
    given = provinces
    if isinstance(provinces, str):
        if not isinstance(places, pd.DataFrame) or provinces not in places.columns:
            raise InputError(f"'places' has no column {provinces!r}, which 'provinces' names")
        given = places[provinces]
    labels = np.asarray(given, dtype=object)
    if labels.shape != (n,) or pd.isna(labels).any():
        raise InputError(f"'provinces' should be one name per place, got shape {labels.shape} for {n}")
    return np.asarray(pd.factorize(labels)[0], dtype=np.int64)
