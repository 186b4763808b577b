"""The European Commission's transport performance: people reached against people nearby."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.checks import require_number
from ...geo.crs import chord_m, to_ecef
from ...geo.errors import InputError, InputTypeError, MissingColumnError
from ..times import Pairs, by_origin, listed, masses, read_pairs

#: The Commission's own values for roads and railways.
MINUTES: Final = 90.0
RADIUS_KM: Final = 120.0


def transport_performance(
    times: pd.DataFrame, places: pd.DataFrame, *, minutes: float = MINUTES, radius_km: float = RADIUS_KM
) -> pd.DataFrame:
    """Compute accessibility, proximity and transport performance as DG REGIO defines them.

    Accessibility is the number of people within `minutes` of travel, proximity that within
    `radius_km` as the crow flies, and performance their ratio: 1 where the network brings
    everyone nearby within reach, more where it brings others, too. People of the place itself count
    in both.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, all places to all places.
    places : pandas.DataFrame
        Index: the ids of the table; columns ``people, lon, lat`` (degrees, WGS 84). Every
        destination has to be there, and every origin for its position.
    minutes : float
        90 in the Commission's papers, for road and rail.
    radius_km : float
        120 there.

    Returns
    -------
    pandas.DataFrame
        ``from_id, people_reached, people_nearby, performance``; performance is a ratio (the papers
        print it times 100), NaN where nobody lives nearby.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Dijkstra, L., Poelman, H., Ackermans, L. (2019). Road transport performance in Europe.
    Introducing a new accessibility framework. European Commission, Regional and Urban Policy,
    Working Papers 01/2019.

    Examples
    --------
    Three towns in a row, half an hour and 48 km apart:

    >>> times = pd.DataFrame(
    ...     {
    ...         "from_id": ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
    ...         "to_id": ["a", "b", "c"] * 3,
    ...         "travel_time_min": [0, 30, 60, 30, 0, 30, 60, 30, 0],
    ...     }
    ... )
    >>> places = pd.DataFrame(
    ...     {"people": [10, 20, 70], "lon": [106, 106.5, 107], "lat": 29.5}, index=["a", "b", "c"]
    ... )
    >>> br.indicators.transport_performance(times, places, minutes=45)
      from_id  people_reached  people_nearby  performance
    0       a            30.0          100.0          0.3
    1       b           100.0          100.0          1.0
    2       c            90.0          100.0          0.9
    """
    limit = require_number(minutes, "minutes", unit="minutes", above=0, maximum=7 * 24 * 60)
    pairs = read_pairs(times, cutoff_min=limit)
    people, nearby = _proximity(pairs, places, radius_km)
    reached = _reached(pairs, people, pairs.minutes, limit)
    return by_origin(pairs, people_reached=reached, people_nearby=nearby, performance=_ratio(reached, nearby))


def rail_performance(
    times: pd.DataFrame,
    places: pd.DataFrame,
    *,
    waiting_min: Any,
    minutes: float = MINUTES,
    radius_km: float = RADIUS_KM,
) -> pd.DataFrame:
    """Compute rail accessibility and performance, both with average and with optimal travel time.

    The optimal time is that of the fastest connection without any wait at the start; the average
    time adds the wait that a traveller has who doesn't choose the time of departure. `times` are
    optimal times, door to door.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, all places to all places.
    places : pandas.DataFrame
        As in `transport_performance`.
    waiting_min : number, Series, mapping or str
        Mean wait before the first departure: the same for all, by ``from_id``, or the name of a
        column of `times` that has it by pair. With departures every h minutes it is h / 2
        (`waiting_from_frequency`). A place's pair with itself has no wait.
    minutes, radius_km : float

    Returns
    -------
    pandas.DataFrame
        ``from_id, people_reached_average, people_reached_optimal, people_nearby,
        performance_average, performance_optimal``.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError
        If a wait is missing or negative, besides the reasons of `transport_performance`.

    References
    ----------
    Poelman, H., Dijkstra, L., Ackermans, L. (2020). Rail transport performance in Europe: developing
    a new set of regional and territorial accessibility indicators for rail. European Commission,
    Regional and Urban Policy, Working Papers 03/2020.

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {
    ...         "from_id": ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
    ...         "to_id": ["a", "b", "c"] * 3,
    ...         "travel_time_min": [0, 30, 60, 30, 0, 30, 60, 30, 0],
    ...     }
    ... )
    >>> places = pd.DataFrame(
    ...     {"people": [10, 20, 70], "lon": [106, 106.5, 107], "lat": 29.5}, index=["a", "b", "c"]
    ... )
    >>> found = br.indicators.rail_performance(times, places, waiting_min=20, minutes=45)
    >>> found[["from_id", "performance_average", "performance_optimal"]]
      from_id  performance_average  performance_optimal
    0       a                  0.1                  0.3
    1       b                  0.2                  1.0
    2       c                  0.7                  0.9
    """
    limit = require_number(minutes, "minutes", unit="minutes", above=0, maximum=7 * 24 * 60)
    pairs = read_pairs(times, cutoff_min=limit)
    waits = _waits(times, pairs, waiting_min)
    people, nearby = _proximity(pairs, places, radius_km)
    average = _reached(pairs, people, pairs.minutes + np.where(pairs.own, 0.0, waits), limit)
    optimal = _reached(pairs, people, pairs.minutes, limit)
    return by_origin(
        pairs,
        people_reached_average=average,
        people_reached_optimal=optimal,
        people_nearby=nearby,
        performance_average=_ratio(average, nearby),
        performance_optimal=_ratio(optimal, nearby),
    )


def waiting_from_frequency(departures_per_hour: Any) -> Any:
    """Return the mean wait of a traveller who arrives at random: half the time between departures.

    Parameters
    ----------
    departures_per_hour : number or array_like
        Above 0, evenly spread.

    Returns
    -------
    number or array_like
        Minutes.

    Raises
    ------
    InputError
        If a frequency isn't above zero.

    Examples
    --------
    >>> float(br.indicators.waiting_from_frequency(2))
    15.0
    """
    frequency = (
        departures_per_hour if isinstance(departures_per_hour, pd.Series) else np.asarray(departures_per_hour)
    )
    if not np.all(np.asarray(frequency, dtype=float) > 0):
        raise InputError("'departures_per_hour' should be above zero; leave out pairs without any departure")
    return 30.0 / frequency


def mean_by_region(
    values: Any, people: Any, regions: Any, *, columns: tuple[str, ...] | None = None
) -> pd.DataFrame:
    """Average an indicator over regions, weighted by people: what the mean resident experiences.

    Parameters
    ----------
    values : pandas.DataFrame
        ``from_id`` and columns of numbers, one row per place.
    people : Series or mapping
        By ``from_id``.
    regions : Series or mapping
        Name or code of the region by ``from_id``.
    columns : tuple of str, optional
        Which to average; all numbers by default.

    Returns
    -------
    pandas.DataFrame
        ``region, people, n_places`` and the means, in order of the regions' names; places where a
        column is NaN don't count in its mean.

    Raises
    ------
    InputError, InputTypeError, MissingColumnError

    Examples
    --------
    >>> values = pd.DataFrame({"from_id": ["a", "b", "c"], "performance": [0.5, 1.0, 0.8]})
    >>> regions = {"a": "贵州", "b": "贵州", "c": "重庆"}
    >>> br.indicators.mean_by_region(values, {"a": 10, "b": 30, "c": 5}, regions)
      region  people  n_places  performance
    0     贵州    40.0         2        0.875
    1     重庆     5.0         1        0.800
    """
    if not isinstance(values, pd.DataFrame) or "from_id" not in values.columns:
        raise MissingColumnError("'values' should be a DataFrame with the column 'from_id'")
    if values["from_id"].duplicated().any():
        raise InputError("'values' has several rows per 'from_id'; choose one cutoff or scenario first")
    ids = [str(label) for label in values["from_id"]]
    weight = masses(people, ids, "people")
    region_of = pd.Series(regions, dtype=object)
    region_of.index = pd.Index([str(label) for label in region_of.index])
    unknown = [label for label in ids if label not in region_of.index]
    if unknown:
        raise InputError(f"'regions' has no value for {listed(unknown)}")
    region = region_of.loc[ids].to_numpy()
    wanted = columns or tuple(values.select_dtypes("number").columns)
    grouped = pd.DataFrame({"region": region, "people": weight})
    result = grouped.groupby("region")["people"].agg(people="sum", n_places="size")
    for name in wanted:
        numbers = values[name].to_numpy(dtype=float)
        known = np.isfinite(numbers)
        sums = pd.DataFrame({"top": np.where(known, numbers, 0.0) * weight, "bottom": weight * known})
        total = sums.groupby(region).sum()
        result[name] = total["top"] / total["bottom"].where(total["bottom"] > 0)
    return result.reset_index()


def _proximity(pairs: Pairs, places: Any, radius_km: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return people by destination, and people within the radius by origin."""
    radius = require_number(radius_km, "radius_km", unit="km", above=0, maximum=5000)
    if not isinstance(places, pd.DataFrame):
        raise InputTypeError(
            f"'places' should be a DataFrame of people, lon, lat by id, got {type(places).__name__}"
        )
    missing = [name for name in ("people", "lon", "lat") if name not in places.columns]
    if missing:
        raise MissingColumnError(f"'places' lacks the column(s) {', '.join(map(repr, missing))}")
    people = masses(places["people"], pairs.to_ids, "places['people']")
    there, here = (cKDTree(_positions(places, ids)) for ids in (pairs.to_ids, pairs.from_ids))
    nearby = here.query_ball_tree(there, chord_m(radius * 1000))
    return people, np.array([people[found].sum() for found in nearby])


def _positions(places: pd.DataFrame, ids: pd.Index[str]) -> NDArray[np.float64]:
    table = places[["lon", "lat"]].set_axis([str(label) for label in places.index])
    unknown = [label for label in ids if label not in table.index]
    if unknown:
        raise InputError(f"'places' has no row for {listed(unknown)} of the table of times; add them")
    found = table.loc[list(ids)].to_numpy(dtype=float)
    if not np.isfinite(found).all():
        raise InputError("'places' has rows without lon or lat; fill them")
    return to_ecef(found[:, 0], found[:, 1])


def _waits(times: pd.DataFrame, pairs: Pairs, waiting_min: Any) -> NDArray[np.float64]:
    if isinstance(waiting_min, str):
        if waiting_min not in times.columns:
            raise MissingColumnError(f"'times' lacks the column {waiting_min!r} that 'waiting_min' names")
        # the same rows as `pairs`: those that can be travelled
        kept = np.isfinite(times["travel_time_min"].to_numpy(dtype=float))
        waits: NDArray[np.float64] = times[waiting_min].to_numpy(dtype=float)[kept]
        if not (np.isfinite(waits) & (waits >= 0)).all():
            raise InputError(
                f"'waiting_min': column {waiting_min!r} should be finite and at least 0 wherever a time is given"
            )
        return waits
    if isinstance(waiting_min, (pd.Series, dict)):
        return masses(waiting_min, pairs.from_ids, "waiting_min", some=False)[pairs.origin]
    number = require_number(waiting_min, "waiting_min", unit="minutes", minimum=0)
    return np.full(len(pairs.minutes), number)


def _reached(
    pairs: Pairs, people: NDArray[np.float64], minutes: NDArray[np.float64], limit: float
) -> NDArray[np.float64]:
    return pairs.sum_by_origin(people[pairs.destination] * (minutes <= limit))


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)
