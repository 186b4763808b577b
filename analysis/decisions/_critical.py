"""What the loss of a link costs: minutes, places cut off, people who leave a circle; pairs of links too."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ...geo.checks import require_number, require_numbers
from ...geo.errors import InputError, InputTypeError, MissingColumnError, OffNetworkError
from ...geo.networks import TransportNetwork
from ...geo.places import origins_table
from .. import schemas
from ..indicators import Decay
from ..times import Origin, enter, origin_list, require_times_on_arcs
from ._closures import Ports
from ._cuts import cuts_of
from ._losses import Question, Roads, Total, Trips, answers

#: One row per link: what its loss costs, most first.
CRITICAL_LINKS: Final[schemas.Schema] = {
    "link": "int64",
    "n_links": "int64",
    "links": "str",
    "name": "str",
    "road_class": "str",
    "mode": "str",
    "length_km": "float64",
    "cost_person_min": "float64",
    "delay_person_min": "float64",
    "longer_trips": "float64",
    "mean_delay_min": "float64",
    "worst_delay_min": "float64",
    "worst_from": "str",
    "worst_to": "str",
    "cut_off_trips": "float64",
    "places_cut_off": "int64",
    "cut_off": "str",
    "leaving_people": "float64",
    "circle_of": "str",
    "geometry": "geometry",
}
#: One row per pair of links: what the loss of both costs, and how much more than that of one and of the other.
CRITICAL_PAIRS: Final[schemas.Schema] = {
    "link_a": "int64",
    "link_b": "int64",
    "name_a": "str",
    "name_b": "str",
    "cost_person_min": "float64",
    "cost_a_person_min": "float64",
    "cost_b_person_min": "float64",
    "excess_person_min": "float64",
    "cut_off_trips": "float64",
    "places_cut_off": "int64",
    "cut_off": "str",
    "leaving_people": "float64",
    "circle_of": "str",
    "geometry": "geometry",
}
#: More links than that make more pairs than anyone reads.
MOST_LINKS_IN_PAIRS: Final = 200
#: Carriageways of a road lie so near to each other.
WITHIN_KM: Final = 0.5
#: A trip that can't be made any more counts as a day.
CUT_OFF_MIN: Final = 24 * 60.0


def critical_links(
    network: TransportNetwork,
    places: Any,
    links: Any = None,
    *,
    weights: Any = None,
    within_km: float = WITHIN_KM,
    decay: Decay | None = None,
    cutoff_min: float = 120.0,
    cut_off_min: float = CUT_OFF_MIN,
    workers: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Compute what the loss of each of some links costs: delays, places cut off, people who leave a circle.

    Everybody makes one trip. From place i, T_ij = w_i · w_j f(t_ij) / Σ_k w_k f(t_ik) of them go to place j ≠ i,
    with w the weights, t the times with all links and f a decay. Without link e, times are t^e >= t, and

    delay(e) = Σ_ij T_ij (t^e_ij − t_ij) over pairs still connected, cut(e) = Σ T_ij over those no longer connected,
    cost(e) = delay(e) + `cut_off_min` · cut(e).

    Parameters
    ----------
    network : TransportNetwork
    places : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
        Where people live and go. Those out of the network's reach make no trips.
    links : DataFrame or array_like of int, optional
        Which are lost, one at a time: a table with a column ``link``, such as `crossings` gives, or
        numbers; every link when left out. In a network with banned turns a link goes with its copies.
    weights : str or array_like of float, optional
        People of each place, or the column of `places` that holds them; every place counts 1 when left out.
    within_km : float
        A road is lost as a whole where its carriageways are drawn apart: links of the same class that run
        beside the link, within 30 degrees of its direction, so near to the place where it's cut (where it
        crosses the border, or its middle). 0 for the link alone.
    decay : callable, optional
        f, such as ``br.indicators.ExponentialDecay(...)``; every distance counts alike when left out.
    cutoff_min : float
        Minutes from a place within which its circle lies.
    cut_off_min : float
        Minutes as which a trip counts that can't be made any more. It sets the order of the rows alone.
    workers : int, optional
        Threads; one per processor when left out.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per cut, those that cost most first (links that are lost together make one row): ``link, n_links,
        links`` (the numbers of all that are lost), ``name`` (the counties at both ends, where `links` is
        a table of crossings), ``road_class, mode, length_km, cost_person_min, delay_person_min, longer_trips``
        (trips that take longer) and ``mean_delay_min`` of these (NaN without any), ``worst_delay_min`` between
        ``worst_from`` and ``worst_to``, ``cut_off_trips``, ``places_cut_off`` (those that lose more than half of
        their trips) and their names in ``cut_off``, ``leaving_people`` (the most people that any place's circle
        loses) and whose circle that is in ``circle_of``, and the lines of the links.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError
        If an argument can't be used, or `links` names one that `network` doesn't have.
    UnknownPlaceError, AmbiguousPlaceError, OffNetworkError

    See Also
    --------
    critical_pairs : The same for two links that are lost together.
    changed_network : The network without a link.

    Notes
    -----
    The times are those of a search on the closed network, to the millisecond; what doesn't depend on the links at
    hand is searched once for all of them.

    References
    ----------
    Jenelius, E., Petersen, T., Mattsson, L.-G. (2006). Importance and exposure in road network vulnerability
    analysis. Transportation Research Part A 40(7), 537-560.

    Ramalingam, G., Reps, T. (1996). An incremental algorithm for a generalization of the shortest-path problem.
    Journal of Algorithms 21(2), 267-305.

    Examples
    --------
    Two towns of 30 and 10 people; a road of 15 minutes, and a longer one of 80 over a third node. Without the
    short one all 40 lose 65 minutes.

    >>> road = br.build_network(
    ...     [106.0, 106.2, 106.1],
    ...     [29.0, 29.0, 29.3],
    ...     br.Links([0, 0, 2], [1, 2, 1], [2e4, 4e4, 4e4], [900, 2400, 2400]),
    ...     max_access_km=1,
    ... )
    >>> found = br.critical_links(road, [(106.0, 29.0), (106.2, 29.0)], weights=[30, 10])
    >>> found[["link", "delay_person_min", "mean_delay_min"]].head(1).values.tolist()
    [[0.0, 2600.0, 65.0]]
    """
    task = _Task(network, places, links, weights, within_km, decay, cutoff_min, cut_off_min)
    total = task.losses(task.roads.arcs, workers=workers, progress=progress)
    return links_table(task.roads, total)


def critical_pairs(
    network: TransportNetwork,
    places: Any,
    links: Any,
    *,
    weights: Any = None,
    within_km: float = WITHIN_KM,
    decay: Decay | None = None,
    cutoff_min: float = 120.0,
    cut_off_min: float = CUT_OFF_MIN,
    workers: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Compute what the loss of two links at a time costs, for every pair of some links.

    A pair's excess, cost(a and b) − cost(a) − cost(b), tells links that stand in for each other (above 0): each can be
    spared while the other is there. Below 0 they lie on the same ways, and the second loss adds little to the first.

    Parameters
    ----------
    network, places, weights, within_km, decay, cutoff_min, cut_off_min, workers, progress
        As in `critical_links`.
    links : DataFrame or array_like of int
        At least two roads, and 200 at most.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per pair, those that cost most first: ``link_a, link_b, name_a, name_b, cost_person_min`` of both
        together, ``cost_a_person_min, cost_b_person_min, excess_person_min, cut_off_trips, places_cut_off, cut_off,
        leaving_people, circle_of`` as in `critical_links`, and the lines of both.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError
    UnknownPlaceError, AmbiguousPlaceError, OffNetworkError

    Examples
    --------
    Two roads between two towns, of 15 and 20 minutes: without the first, everybody loses 5 minutes, without the
    second nobody, and without both nobody gets across.

    >>> road = br.build_network(
    ...     [106.0, 106.2], [29.0, 29.0], br.Links([0, 0], [1, 1], [2e4, 2e4], [900, 1200]), max_access_km=1
    ... )
    >>> towns = [(106.0, 29.0), (106.2, 29.0)]
    >>> found = br.critical_pairs(road, towns, [0, 1], within_km=0, cut_off_min=100)
    >>> found[["cost_a_person_min", "cost_b_person_min", "cost_person_min", "places_cut_off"]].values.tolist()
    [[10.0, 0.0, 200.0, 2.0]]
    """
    task = _Task(network, places, links, weights, within_km, decay, cutoff_min, cut_off_min)
    if not 2 <= len(task.roads.cuts) <= MOST_LINKS_IN_PAIRS:
        raise InputError(
            f"'links' should be 2 to {MOST_LINKS_IN_PAIRS} roads, got {len(task.roads.cuts)}; choose those of one border"
        )
    total = task.losses(alone_and_together(task.roads), workers=workers, progress=progress)
    return pairs_table(task.roads, total)


def links_table(roads: Roads, total: Total) -> gpd.GeoDataFrame:
    """Return a row for each of some roads, from what the loss of each costs."""
    network = roads.network
    first = np.array([cut.links[0] for cut in roads.cuts])
    arcs = np.maximum(*network.link_arcs)[first]
    rows = [
        {
            "link": int(cut.links[0]),
            "n_links": len(cut.links),
            "links": ", ".join(map(str, cut.links)),
            "name": cut.name,
            "road_class": network.classes[network.arc_class[arcs[k]]] if arcs[k] >= 0 else "",
            "mode": network.modes[network.arc_mode[arcs[k]]] if arcs[k] >= 0 else "",
            "length_km": network.link_length_m[cut.links[0]] / 1000,
            **total.figures(k),
            "geometry": roads.lines(k),
        }
        for k, cut in enumerate(roads.cuts)
    ]
    return _ordered(schemas.conform(rows, CRITICAL_LINKS), ["link"])


def alone_and_together(roads: Roads) -> list[NDArray[np.int64]]:
    """Return the arcs that are closed with each of some roads, and then with each two of them."""
    return [*roads.arcs, *(np.union1d(a, b) for a, b in combinations(roads.arcs, 2))]


def pairs_table(roads: Roads, total: Total) -> gpd.GeoDataFrame:
    """Return a row for each two of some roads, from what the losses of `alone_and_together` cost."""
    cost = total.cost()
    lines = [roads.lines(k) for k in range(len(roads.cuts))]
    rows = []
    for k, (a, b) in enumerate(combinations(range(len(roads.cuts)), 2), start=len(roads.cuts)):
        figures = total.figures(k)
        rows.append(
            {
                "link_a": int(roads.cuts[a].links[0]),
                "link_b": int(roads.cuts[b].links[0]),
                "name_a": roads.cuts[a].name,
                "name_b": roads.cuts[b].name,
                "cost_person_min": cost[k],
                "cost_a_person_min": cost[a],
                "cost_b_person_min": cost[b],
                "excess_person_min": cost[k] - cost[a] - cost[b],
                **{
                    name: figures[name]
                    for name in ("cut_off_trips", "places_cut_off", "cut_off", "leaving_people", "circle_of")
                },
                "geometry": shapely.multilinestrings(shapely.get_parts([lines[a], lines[b]])),
            }
        )
    return _ordered(schemas.conform(rows, CRITICAL_PAIRS), ["link_a", "link_b"])


def _ordered(table: pd.DataFrame, ties: list[str]) -> gpd.GeoDataFrame:
    found: gpd.GeoDataFrame = table.sort_values(
        ["cost_person_min", *ties], ascending=[False, *[True for _ in ties]], ignore_index=True
    )
    return found


class _Task:
    """Arguments of both functions, checked."""

    def __init__(
        self,
        network: Any,
        places: Any,
        links: Any,
        weights: Any,
        within_km: Any,
        decay: Any,
        cutoff_min: Any,
        cut_off_min: Any,
    ) -> None:
        checked = require_times_on_arcs(network)
        table = origins_table(places, argument="places")
        origins: list[Origin] = origin_list(table, argument="places")
        self.trips = Trips(
            table=table,
            places=origins,
            people=place_weights(weights, places, len(origins)),
            decay=require_decay(decay),
            cutoff_ms=round(
                require_number(cutoff_min, "cutoff_min", unit="minutes", above=0, maximum=7 * 24 * 60)
                * 60_000
            ),
            cut_off_min=require_number(cut_off_min, "cut_off_min", unit="minutes", minimum=0),
        )
        km = require_number(within_km, "within_km", unit="km", minimum=0, maximum=10)
        self.roads = Roads(checked, cuts_of(checked, links, within_km=km))

    def losses(self, closures: list[NDArray[np.int64]], *, workers: int | None, progress: bool) -> Total:
        """Return what each closure costs all places."""
        places = self.trips.places
        ports = Ports(self.roads.network, places, np.concatenate(self.roads.arcs), workers=workers)
        if all(way.is_empty for way in ports.entries):
            enter(ports.network, places[0])  # says how far off it is
            raise OffNetworkError("'places' are all out of the network's reach")
        question = Question(self.trips, np.arange(len(places)), closures)
        return answers(ports, [question], workers=workers, progress=progress)[0]


def require_decay(decay: Any) -> Decay | None:
    """Return a decay, or None where none is given.

    Raises
    ------
    InputTypeError
    """
    if decay is not None and (not callable(decay) or isinstance(decay, type)):
        raise InputTypeError(f"'decay' should be a function such as ExponentialDecay(...), got {decay!r}")
    found: Decay | None = decay
    return found


def place_weights(weights: Any, places: Any, n: int, argument: str = "weights") -> NDArray[np.float64]:
    """Return the people of each place: as given, from a column of `places`, or 1 each.

    Raises
    ------
    InputTypeError, InputError, MissingColumnError
    """
    if weights is None:
        return np.ones(n)
    given = weights
    if isinstance(weights, str):
        if not isinstance(places, pd.DataFrame):
            raise InputTypeError(
                f"'{argument}' names the column {weights!r}, and 'places' is no table but a {type(places).__name__}; "
                "give one number per place"
            )
        if weights not in places.columns:
            raise MissingColumnError(
                f"'places' lacks the column {weights!r} that '{argument}' names; it has "
                f"{', '.join(map(repr, places.columns))}"
            )
        given = places[weights]
    numbers = require_numbers(given, argument)
    if numbers.shape != (n,):
        raise InputError(f"'{argument}' should be one number per place, got shape {numbers.shape} for {n}")
    bad = ~np.isfinite(numbers) | (numbers < 0)
    if bad.any():
        at = int(np.argmax(bad))
        raise InputError(
            f"'{argument}' should be finite and at least 0, got {numbers[at]:g} at position {at}"
        )
    return numbers
