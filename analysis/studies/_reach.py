"""What a study is about, and what its centres reach with any of its corridors: shared by a study's tables."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.errors import InputError
from ...geo.places import (
    border_counties,
    border_length_ranges,
    borders,
    county_border_ranges,
    junctions,
    origins_table,
    place,
    resolve_provinces,
)
from ...geo.places import counties as read_counties
from ...geo.places import provinces as read_provinces
from ..corridors import Scenarios, SubsetTimes
from ..isochrones import isochrones, travel_time_circle
from ..study_file import Study
from ._own_tables import study_boundaries

#: What each corridor contributes to: area of the largest circle, seats in it, mean minutes between
#: border counties and centres, among border counties, and among centres.
MEASURES: Final = ("circle_km2", "circle_counties", "county_min", "border_pair_min", "centre_pair_min")


class Ground:
    """Boundaries and places of a study.

    Attributes
    ----------
    every : geopandas.GeoDataFrame
        All counties of the boundary source.
    provinces, counties : geopandas.GeoDataFrame
        Those of the study; where `between` is one province, also the counties that border on it.
    border_counties, borders, junctions, centres : geopandas.GeoDataFrame
    """

    def __init__(self, chosen: Study) -> None:
        source = study_boundaries(chosen)
        self.every = every = read_counties(source) if isinstance(source, str) else source
        codes = set(resolve_provinces(list(chosen.provinces), every, "provinces"))
        own = every[every["province_adcode"].isin(codes)].reset_index(drop=True)
        everywhere = read_provinces(source)
        self.provinces = everywhere[everywhere["adcode"].isin(codes)].reset_index(drop=True)
        between = [place(name, source=source, level="province").adcode for name in chosen.between or ()]
        lines, points = borders(every), junctions(every)
        a, b = lines["adcode_a"], lines["adcode_b"]
        if len(between) == 1:
            found = _around(every, lines, between[0])
            beyond = found[~found["adcode"].isin(own["adcode"])]["adcode"]
            own = pd.concat([own, every[every["adcode"].isin(beyond)]], ignore_index=True)
            codes, use = set(between), a.isin(between) | b.isin(between)
        elif between:
            found = border_counties(every, between=between)
            codes, use = set(between), a.isin(between) & b.isin(between)
        else:
            found = border_counties(every)
            found = found[found["province_adcode"].isin(codes)]
            use = a.isin(codes) | b.isin(codes)
        _require_border(chosen, lines, use, between or sorted(codes), everywhere)
        names, meets = (
            set(everywhere.loc[everywhere["adcode"].isin(codes), "name"]),
            2 if len(between) > 1 else 1,
        )
        self.counties = gpd.GeoDataFrame(own)
        self.border_counties = county_border_ranges(found.reset_index(drop=True), source)
        self.borders = border_length_ranges(lines[use].reset_index(drop=True), source)
        touching = [len(names & set(listed.split("、"))) >= meets for listed in points["provinces"]]
        self.junctions = points[np.array(touching, dtype=bool)].reset_index(drop=True)
        self.centres = origins_table(list(chosen.centres), argument="centres", source=source)


def _require_border(
    chosen: Study, lines: gpd.GeoDataFrame, use: Any, wanted: list[int], everywhere: gpd.GeoDataFrame
) -> None:
    """Raise where the provinces of a study share no land border: there would be nothing to study."""
    if use.any():
        return
    names = everywhere.set_index("adcode")["name"]
    told = []
    for code in wanted:
        beside = [
            *lines.loc[lines["adcode_a"] == code, "province_b"],
            *lines.loc[lines["adcode_b"] == code, "province_a"],
        ]
        told.append(f"{names.get(code, code)} borders on {'、'.join(beside) or 'no other province by land'}")
    where = f"{chosen.where}: " if chosen.where else ""
    key = "between" if chosen.between else "provinces"
    raise InputError(
        f"{where}'{key}': {'、'.join(str(names.get(code, code)) for code in wanted)} share no land border; "
        f"{'; '.join(told)}"
    )


def _around(every: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, province: int) -> gpd.GeoDataFrame:
    """Border counties on both sides of all borders of one province."""
    a, b = lines["adcode_a"], lines["adcode_b"]
    neighbours = [*b[a == province], *a[b == province]]
    everywhere = border_counties(every)
    parts = [everywhere[everywhere["province_adcode"] == province]]
    for neighbour in sorted(neighbours):
        pair = border_counties(every, between=(province, neighbour))
        parts.append(pair[pair["province_adcode"] == neighbour])
    found = pd.concat(parts).sort_index()
    return gpd.GeoDataFrame(found)


class Reach:
    """What the centres reach with any subset of corridors; nothing is computed twice.

    Parameters
    ----------
    chosen : Study
    scenarios : Scenarios
    ground : Ground
    """

    def __init__(self, chosen: Study, scenarios: Scenarios, ground: Ground) -> None:
        self._cutoffs = chosen.circle_cutoffs_min
        self._largest = chosen.circle_min
        self.scenarios = scenarios
        self._ground = ground
        self._isochrones: dict[frozenset[str], gpd.GeoDataFrame] = {}
        self._circles: dict[frozenset[str], gpd.GeoDataFrame] = {}
        self._polygons: dict[tuple[str, frozenset[str]], gpd.GeoDataFrame] = {}
        self._areas: dict[tuple[frozenset[str], ...], float] = {}

    def isochrones(self, ids: Iterable[str]) -> gpd.GeoDataFrame:
        """Isochrones of every centre and cutoff."""
        key = frozenset(ids)
        if key not in self._isochrones:
            found = isochrones(self.scenarios.network(key), self._ground.centres, cutoffs_min=self._cutoffs)
            self._isochrones[key] = found
            largest = found[found["cutoff_min"] == self._largest]
            for centre, relevant in zip(self._ground.centres["origin_id"], self._relevant(key), strict=True):
                self._polygons[centre, relevant] = largest[largest["origin_id"] == centre]
        return self._isochrones[key]

    def circles(self, ids: Iterable[str], *, label: str) -> gpd.GeoDataFrame:
        """Circles of all centres together, one per cutoff."""
        key = frozenset(ids)
        if key not in self._circles:
            self._circles[key] = travel_time_circle(self.isochrones(key))
        return self._circles[key].assign(scenario=label)

    def areas(self, ids: Iterable[str]) -> dict[float, float]:
        """Area of the circle in km² by cutoff."""
        found = self.circles(ids, label="")
        return dict(zip(found["cutoff_min"].astype(float), found["area_km2"].astype(float), strict=True))

    def largest_area(self, ids: Iterable[str]) -> float:
        """Area of the largest circle in km².

        A corridor that a centre doesn't reach within the cutoff changes nothing for it: a centre's
        polygon is drawn once per set of corridors that it reaches, and the union made once per
        combination of these.
        """
        relevant = self._relevant(ids)
        if relevant not in self._areas:
            keys = list(zip(self._ground.centres["origin_id"], relevant, strict=True))
            missing = [centre for centre, reached in keys if (centre, reached) not in self._polygons]
            if missing:
                centres = self._ground.centres[self._ground.centres["origin_id"].isin(missing)]
                found = isochrones(self.scenarios.network(ids), centres, cutoffs_min=(self._largest,))
                for centre, reached in keys:
                    if centre in missing:
                        self._polygons[centre, reached] = found[found["origin_id"] == centre]
            together = pd.concat([self._polygons[key] for key in keys], ignore_index=True)
            circle = travel_time_circle(gpd.GeoDataFrame(together))
            self._areas[relevant] = float(circle["area_km2"].iloc[0])
        return self._areas[relevant]

    def minutes(self, ids: Iterable[str]) -> NDArray[np.float64]:
        """Minutes from each centre to the seat of each county of the study."""
        return self._to_counties.minutes(ids)

    def between_centres(self, ids: Iterable[str]) -> NDArray[np.float64]:
        """Minutes between the centres."""
        if self._among_centres is None:
            return np.zeros((1, 1))
        return self._among_centres.minutes(ids)

    def inside(self, ids: Iterable[str]) -> dict[float, list[str]]:
        """Names of the counties whose seat is reached, by cutoff."""
        nearest = np.nan_to_num(self.minutes(ids), nan=np.inf).min(axis=0)
        names = self._names
        return {cutoff: list(names[nearest <= cutoff]) for cutoff in self._cutoffs}

    def measures(self, ids: frozenset[str]) -> list[float]:
        """Numbers in the order of `MEASURES`; means over what is reached without any corridor."""
        reached = np.isfinite(self.minutes(())[:, self._border_rows])
        return [
            self.largest_area(ids),
            float(len(self.inside(ids)[self._largest])),
            _mean(self.minutes(ids)[:, self._border_rows], reached),
            _mean_among(self._among_borders, ids),
            _mean_among(self._among_centres, ids),
        ]

    def _relevant(self, ids: Iterable[str]) -> tuple[frozenset[str], ...]:
        """For each centre the corridors that it reaches within the largest cutoff."""
        reached = self._to_counties.first_stop_min(ids) <= self._largest
        names = np.array(self.scenarios.ids, dtype=object)
        return tuple(frozenset(names[row]) for row in reached)

    @cached_property
    def _names(self) -> NDArray[np.object_]:
        """Names of the counties; those that several have, such as 市中区, with the city's before them."""
        counties = self._ground.counties
        shared = counties["name"].duplicated(keep=False)
        names = counties["name"].where(~shared, counties["city"] + counties["name"])
        return np.asarray(names, dtype=object)

    @cached_property
    def _to_counties(self) -> SubsetTimes:
        return self.scenarios.times(self._ground.centres, self._ground.counties)

    @cached_property
    def _among_borders(self) -> SubsetTimes | None:
        return self._among(self._ground.border_counties)

    @cached_property
    def _among_centres(self) -> SubsetTimes | None:
        return self._among(self._ground.centres)

    def _among(self, points: gpd.GeoDataFrame) -> SubsetTimes | None:
        return self.scenarios.times(points, points) if len(points) > 1 else None

    @cached_property
    def _border_rows(self) -> NDArray[np.bool_]:
        codes = self._ground.border_counties["adcode"]
        return np.asarray(self._ground.counties["adcode"].isin(codes), dtype=bool)


def _mean_among(times: SubsetTimes | None, ids: Iterable[str]) -> float:
    """Mean minutes between different points, over the pairs that the base network connects."""
    if times is None:
        return float("nan")
    base = times.minutes(())
    return _mean(times.minutes(ids), np.isfinite(base) & ~np.eye(len(base), dtype=bool))


def _mean(values: NDArray[np.float64], chosen: NDArray[np.bool_]) -> float:
    return float(values[chosen].mean()) if chosen.any() else float("nan")
