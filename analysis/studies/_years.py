"""What the expressways of each year brought: circles, counties and borders on the roads of that year alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.errors import InputError
from ...geo.networks import TRUNK_YEARS, TransportNetwork
from ..corridors import Scenarios, minutes_between, minutes_to_nearest
from ..schemas import Schema, conform, empty
from ..study_file import Study
from ._indicators import circle_people
from ._reach import Ground, Reach

#: Circles of all centres together on the roads of each year; `people` live today.
YEAR_CIRCLES: Final[Schema] = {
    "year": "int64",
    "cutoff_min": "float64",
    "area_km2": "float64",
    "n_counties": "int64",
    "people": "float64",
    "geometry": "geometry",
}
#: One row per county studied, centre and year; `delta_min` is what came since the year before in the table.
YEAR_COUNTIES: Final[Schema] = {
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "centre_id": "str",
    "centre_name": "str",
    "nearest": "bool",
    "year": "int64",
    "travel_time_min": "float64",
    "delta_min": "float64",
    "inside": "bool",
}
#: One row per border and year. `across_min` is the mean, over the border counties of both sides, of the minutes to
#: the nearest seat on the other side; `n_across` of them need at most a zone's minutes, `n_inside` lie in the circle.
YEAR_BORDERS: Final[Schema] = {
    "province_a": "str",
    "province_b": "str",
    "year": "int64",
    "n_counties": "int64",
    "across_min": "float64",
    "delta_min": "float64",
    "n_across": "int64",
    "people_across": "float64",
    "n_inside": "int64",
    "people_inside": "float64",
}


def past_years(chosen: Study) -> tuple[int, ...]:
    """Return the years of a study that are past: those before the latest that the embedded roads know.

    Raises
    ------
    InputError
        If the embedded roads don't go back so far.
    """
    first, last = TRUNK_YEARS
    found = tuple(year for year in chosen.years if year < last)
    if found and found[0] < first:
        where = f"{chosen.where}: " if chosen.where else ""
        raise InputError(
            f"{where}'years' has {found[0]}, but the expressways are known from {first} on; give {first} or later"
        )
    return found


def year_circles(
    chosen: Study, roads: Mapping[int, TransportNetwork], ground: Ground, residents: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the circles of the centres on the roads of each year.

    Parameters
    ----------
    chosen : Study
    roads : mapping of int to TransportNetwork
        The roads of each year, ascending.
    ground : Ground
    residents : pandas.DataFrame
        Counties with people, as `circle_people` takes them.

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema `YEAR_CIRCLES`; people NaN where nobody was counted.
    """
    rows = []
    for year, network in roads.items():
        reach = Reach(chosen, Scenarios(network, ()), ground)
        circles, inside = reach.circles((), label=str(year)), reach.inside(())
        counted = circle_people(circles, gpd.GeoDataFrame(residents), network)
        people = dict(zip(counted["cutoff_min"], counted["people"], strict=True))
        rows += [
            {
                "year": year,
                "cutoff_min": cutoff,
                "area_km2": area,
                "n_counties": len(inside[cutoff]),
                "people": people.get(cutoff, np.nan),
                "geometry": shape,
            }
            for cutoff, area, shape in zip(
                circles["cutoff_min"], circles["area_km2"], circles.geometry, strict=True
            )
        ]
    return gpd.GeoDataFrame(conform(rows, YEAR_CIRCLES))


def year_counties(
    roads: Mapping[int, TransportNetwork], ground: Ground, *, cutoff_min: float
) -> pd.DataFrame:
    """Return the minutes from each centre to the seat of each county studied, on the roads of each year.

    Parameters
    ----------
    roads : mapping of int to TransportNetwork
        The roads of each year, ascending.
    ground : Ground
    cutoff_min : float
        A county is inside where its seat is reached within so many minutes.

    Returns
    -------
    pandas.DataFrame
        In the schema `YEAR_COUNTIES`; `delta_min` is NaN in the first year.
    """
    counties, centres = ground.counties, ground.centres
    frames, before = [], np.full((len(centres), len(counties)), np.nan)
    for year, network in roads.items():
        minutes = minutes_between(network, centres, counties)
        reached = np.where(np.isfinite(minutes), minutes, np.inf)
        nearest = (reached == reached.min(axis=0)) & np.isfinite(reached)
        frames.append(
            pd.DataFrame(
                {
                    "adcode": np.repeat(counties["adcode"].to_numpy(), len(centres)),
                    "name": np.repeat(counties["name"].to_numpy(), len(centres)),
                    "province": np.repeat(counties["province"].to_numpy(), len(centres)),
                    "centre_id": np.tile(centres["origin_id"].to_numpy(), len(counties)),
                    "centre_name": np.tile(centres["origin_name"].to_numpy(), len(counties)),
                    "nearest": nearest.T.ravel(),
                    "year": year,
                    "travel_time_min": minutes.T.ravel(),
                    "delta_min": (minutes - before).T.ravel(),
                    "inside": (reached <= cutoff_min).T.ravel(),
                }
            )
        )
        before = minutes
    if not frames:
        return empty(YEAR_COUNTIES)
    return pd.concat(frames, ignore_index=True)[list(YEAR_COUNTIES)].astype(dict(YEAR_COUNTIES))


def year_borders(
    roads: Mapping[int, TransportNetwork],
    ground: Ground,
    both_sides: gpd.GeoDataFrame,
    residents: pd.DataFrame,
    *,
    cutoff_min: float,
    zone_min: float,
) -> pd.DataFrame:
    """Return how near the two sides of each border are, and to the centres, on the roads of each year.

    Parameters
    ----------
    roads : mapping of int to TransportNetwork
        The roads of each year, ascending.
    ground : Ground
    both_sides : geopandas.GeoDataFrame
        Border counties of the provinces on both sides, as `border_counties` gives them.
    residents : pandas.DataFrame
        ``adcode, people``.
    cutoff_min, zone_min : float
        Minutes of the circle of the centres, and of what is near on the other side.

    Returns
    -------
    pandas.DataFrame
        In the schema `YEAR_BORDERS`. People are those of the counties counted, by their seat; NaN where nobody was
        counted. `delta_min` is NaN in the first year.
    """
    people = both_sides["adcode"].map(residents.set_index("adcode")["people"]) if len(residents) else None
    rows, before = [], dict[tuple[str, str], float]()
    pairs = list(zip(ground.borders["province_a"], ground.borders["province_b"], strict=True))
    sides = {}
    for a, b in pairs:
        side_a, side_b = (
            np.flatnonzero(_on_border(both_sides, *one)).astype(np.int64) for one in ((a, b), (b, a))
        )
        sides[a, b] = (side_a, side_b)
    asked = [each for one, other in sides.values() for each in ((one, other), (other, one))]
    for year, network in roads.items():
        nearest = iter(minutes_to_nearest(network, both_sides, asked))
        from_centres = minutes_between(network, ground.centres, both_sides)
        nearest_centre = np.where(np.isfinite(from_centres), from_centres, np.inf).min(axis=0)
        for a, b in pairs:
            across = np.concatenate([next(nearest), next(nearest)])  # counties of a, then of b
            counties = np.concatenate(sides[a, b])
            near, inside = across <= zone_min, nearest_centre[counties] <= cutoff_min
            known = across[np.isfinite(across)]
            mean = float(known.mean()) if len(known) else np.nan
            rows.append(
                {
                    "province_a": a,
                    "province_b": b,
                    "year": year,
                    "n_counties": len(counties),
                    "across_min": mean,
                    "delta_min": mean - before.get((a, b), np.nan),
                    "n_across": int(near.sum()),
                    "people_across": _people(people, counties[near]),
                    "n_inside": int(inside.sum()),
                    "people_inside": _people(people, counties[inside]),
                }
            )
            before[a, b] = mean
    return conform(rows, YEAR_BORDERS)


def _on_border(counties: gpd.GeoDataFrame, own: str, other: str) -> NDArray[np.bool_]:
    """Tell the counties of one province that border on another."""
    faces = [other in listed.split("、") for listed in counties["neighbour_provinces"]]
    found: NDArray[np.bool_] = np.array(faces, dtype=bool) & (counties["province"] == own).to_numpy(
        dtype=bool
    )
    return found


def _people(people: pd.Series | None, counties: NDArray[np.int64]) -> float:
    return float("nan") if people is None else float(people.iloc[counties].sum())
