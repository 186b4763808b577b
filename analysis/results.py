"""What a study file says and what a run gives: plain containers, nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import geopandas as gpd
import pandas as pd
from pydantic import Field, field_validator, model_validator

from .changes import Change
from .config import Strict

Minutes = Annotated[float, Field(gt=0, le=24 * 60)]


class Study(Strict):
    """A study area and the questions asked of it, as its TOML file says.

    Attributes
    ----------
    name : str
        Short name on the command line; the same as the file's.
    title, title_en, description : str
    text, text_title : str
        File name and title of the text that the study is about.
    provinces : tuple of str
        Provinces whose counties are studied.
    between : tuple of str, optional
        Restricts the border counties. Two provinces or more: those on the borders between them. One:
        those on both sides of all its borders, also in provinces that aren't among `provinces`.
    boundary_source : {"tianditu", "amap"}
    centres : tuple of str
        Places whose travel-time circles are drawn.
    circle_cutoffs_min : tuple of float
        Cutoffs of the circles, minutes, ascending; the largest is *the* circle.
    zone_min : float
        Cutoff of the border counties' commuting zones, minutes.
    railways : bool
        Whether times are also reckoned with today's railways (`geo.rail`).
    corridors : tuple of str
        Ids of the corridors; each alone and all together make the scenarios.
    corridor_files : tuple of str
        Files with corridors of one's own that `corridors` may name, in the form of the embedded ones
        (`analysis.corridor_files`); relative to the study file.
    years : tuple of int
        For each a scenario with the corridors open by the end of that year, ascending.
    change : tuple of Change
        Closed links and changed speeds, each a scenario of its own on today's network.
    notes : tuple of str
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    title: str
    title_en: str
    description: str = ""
    text: str = ""
    text_title: str = ""
    provinces: Annotated[tuple[str, ...], Field(min_length=1)]
    between: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    boundary_source: Literal["tianditu", "amap"] = "tianditu"
    centres: Annotated[tuple[str, ...], Field(min_length=1)]
    circle_cutoffs_min: Annotated[tuple[Minutes, ...], Field(min_length=1)] = (60.0, 120.0)
    zone_min: Minutes = 60.0
    railways: bool = True
    corridors: tuple[str, ...] = ()
    corridor_files: tuple[str, ...] = ()
    years: tuple[Annotated[int, Field(ge=1900, le=2100)], ...] = ()
    change: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def corridor_paths(self) -> tuple[Path, ...]:
        """Where the files of `corridor_files` lie."""
        return tuple(self.folder / name for name in self.corridor_files)

    @field_validator("circle_cutoffs_min")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError(f"cutoffs should be strictly ascending, got {list(value)}")
        return value

    @field_validator("years")
    @classmethod
    def _years_ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError(f"years should be strictly ascending, got {list(value)}")
        return value

    @field_validator("change")
    @classmethod
    def _distinct_changes(cls, value: tuple[Change, ...]) -> tuple[Change, ...]:
        ids = [one.id for one in value]
        taken = {"base", "all"} & set(ids) or {one for one in ids if ids.count(one) > 1 or one.isdigit()}
        if taken:
            raise ValueError(
                f"the id {min(taken)!r} of a change is used twice, or stands for another scenario"
            )
        return value

    @field_validator("centres", "corridors", "provinces", "corridor_files")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"each may be named once only, got {list(value)}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.between is not None and not set(self.between) <= set(self.provinces):
            raise ValueError(
                f"'between' should name one or more of the 'provinces' {list(self.provinces)}, got "
                f"{list(self.between)}"
            )
        clash = set(self.corridors) & {one.id for one in self.change}
        if clash:
            raise ValueError(f"a corridor and a change are both called {min(clash)!r}; rename the change")
        return self

    @property
    def circle_min(self) -> float:
        """Largest cutoff, minutes: the circle that counties lie in or not."""
        return self.circle_cutoffs_min[-1]


@dataclass(frozen=True, eq=False)
class StudyResults:
    """Everything a run of a study gives; frames in EPSG:4326 with the schemas of `analysis.schemas`.

    Attributes
    ----------
    study : Study
    provinces, counties, border_counties, borders, junctions : geopandas.GeoDataFrame
        `counties` holds every county of the study's provinces.
    centres : geopandas.GeoDataFrame
        ``origin_id, origin_name, lon, lat, geometry``.
    isochrones, circles, zones, zone_counties : DataFrame
        With a column ``scenario``: ``"base"`` or ``"all"`` (every corridor added).
    scenario_circles : geopandas.GeoDataFrame
        The largest circle in every scenario: each corridor alone, each year and change included.
    county_times : DataFrame
        Border counties and centres, minutes before and with all corridors.
    pair_times : DataFrame
        Between the centres, in every scenario.
    rail_circles, rail_county_times, journeys : DataFrame
        As `circles` and `county_times` where today's trains may be used too, before and with all
        corridors; and today's journeys between the centres, taken apart (`schemas.JOURNEYS`).
        Empty where the study leaves railways out.
    chances : DataFrame
        Probability of the border counties to lie in the circle, see `analysis.uncertainty`.
    audit : DataFrame
        How much of the base isochrones is wrongly inside or outside, see `analysis.audit`.
    claims : geopandas.GeoDataFrame
        Every checkable claim of the study's text with its verdict, see `analysis.claims`.
    group_cohesion, group_times, group_overlap, nearest_groups : geopandas.GeoDataFrame
        Groups of places that the text names, how their one-hour circles overlap (``scenario`` "base" or
        "all"), and which one each border county is nearest to; see `analysis.groups`.
    indicators, circle_people, rail_circle_people : DataFrame
        People, potential, efficiency and type of the border counties, and people in the circles by
        road (in every scenario) and with today's trains, see `analysis.study_indicators`.
    crossings, border_crossings, gaps : geopandas.GeoDataFrame
        Where roads cross the study's borders and where they stop short, see `analysis.crossings`.
    border_effect : DataFrame
        Detours across the borders against matched pairs within, see `analysis.border_effect`.
    comparison : DataFrame
        One row per county of the study's provinces, see `analysis.comparison.compare`.
    gains, contributions : DataFrame
        Per scenario and per corridor, see `analysis.comparison`.
    corridors, corridor_stops, corridor_segments, corridor_joins, corridor_overlap : DataFrame
        See `analysis.corridors` and, for the last, `analysis.comparison`.
    changes, change_times : DataFrame
        The study's changes to the network, see `analysis.changes`; border counties and centres, minutes
        before and after each.
    slider_circles : geopandas.GeoDataFrame
        The circles in many cutoffs, base and with every corridor, for the slider of the map alone: it
        isn't among the `tables` that are written.
    scenario_names : mapping of str to str
        Scenario to the name shown to readers.
    attribution : list of str
        Sources and licences that a map must name.
    notes : list of str
    parameters : mapping of str to object
        Every number that the results depend on.
    """

    study: Study
    provinces: gpd.GeoDataFrame
    counties: gpd.GeoDataFrame
    border_counties: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    junctions: gpd.GeoDataFrame
    centres: gpd.GeoDataFrame
    isochrones: gpd.GeoDataFrame
    circles: gpd.GeoDataFrame
    scenario_circles: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    zone_counties: pd.DataFrame
    county_times: pd.DataFrame
    pair_times: pd.DataFrame
    rail_circles: gpd.GeoDataFrame
    rail_county_times: pd.DataFrame
    journeys: pd.DataFrame
    chances: pd.DataFrame
    audit: pd.DataFrame
    claims: gpd.GeoDataFrame
    group_cohesion: gpd.GeoDataFrame
    group_times: gpd.GeoDataFrame
    group_overlap: gpd.GeoDataFrame
    nearest_groups: gpd.GeoDataFrame
    indicators: pd.DataFrame
    circle_people: pd.DataFrame
    rail_circle_people: pd.DataFrame
    crossings: gpd.GeoDataFrame
    border_crossings: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    border_effect: pd.DataFrame
    comparison: pd.DataFrame
    gains: pd.DataFrame
    contributions: pd.DataFrame
    corridors: gpd.GeoDataFrame
    corridor_stops: gpd.GeoDataFrame
    corridor_segments: pd.DataFrame
    corridor_joins: pd.DataFrame
    corridor_overlap: pd.DataFrame
    changes: gpd.GeoDataFrame
    change_times: pd.DataFrame
    slider_circles: gpd.GeoDataFrame = field(metadata={"written": False})
    scenario_names: Mapping[str, str]
    attribution: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def corridor_names_en(self) -> dict[str, str]:
        """English names of the corridors that have one, by id."""
        given = self.parameters.get("corridors") or []
        return {str(one["id"]): str(one["name_en"]) for one in given if one.get("name_en")}

    def tables(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield the name and frame of each table that is written, in the order of the attributes."""
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, pd.DataFrame) and item.metadata.get("written", True):
                yield item.name, value
