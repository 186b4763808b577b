"""What a run of a study gives: a plain container, nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import geopandas as gpd
import pandas as pd

from ..study_file import Study
from ._what_if import WhatIf


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
    road_circles, road_county_times, journeys : DataFrame
        As `circles` and `county_times` by road alone, before and with all corridors, where all else
        reckons with today's trains; and today's journeys between the centres, taken apart
        (`schemas.JOURNEYS`). Empty where the study leaves railways out.
    chances : DataFrame
        Probability of the border counties to lie in the circle, see `analysis.borders`.
    audit : DataFrame
        How much of the base isochrones is wrongly inside or outside, see `analysis.isochrones`.
    claims : geopandas.GeoDataFrame
        Every checkable claim of the study's text with its verdict, see `analysis.claims`.
    group_cohesion, group_times, group_overlap, nearest_groups : geopandas.GeoDataFrame
        Groups of places that the text names, how their one-hour circles overlap (``scenario`` "base" or
        "all"), and which one each border county is nearest to; see `analysis.claims`.
    indicators, circle_people, road_circle_people : DataFrame
        People, potential, efficiency and type of the border counties, and people in the circles (in
        every scenario) and in those by road alone, see `analysis.studies`.
    crossings, border_crossings, gaps : geopandas.GeoDataFrame
        Where roads cross the study's borders and where they stop short, see `analysis.borders`.
    border_effect : DataFrame
        Detours across the borders against matched pairs within, see `analysis.borders`.
    comparison : DataFrame
        One row per county of the study's provinces, see `compare`.
    gains, contributions : DataFrame
        Per scenario and per corridor, see `analysis.corridors`.
    corridors, corridor_stops, corridor_segments, corridor_joins, corridor_overlap, corridor_replaces : DataFrame
        See `analysis.corridors`.
    changes, change_times : DataFrame
        The study's changes to the network, see `analysis.corridors`; border counties and centres, minutes
        before and after each.
    year_circles, year_counties, year_borders : DataFrame
        Circles, minutes of counties and of borders on the roads of each past year of the study and of today's
        (`analysis.studies`); empty where it names none.
    critical_links, critical_pairs, missing_links : geopandas.GeoDataFrame
        What the loss of each crossing of the study's borders costs, and of two at a time; between which towns a line is
        missing (`analysis.decisions`); empty where its `questions` leave them out.
    build_order, build_front, build_pairs : DataFrame
        In which order the corridors are best built, every choice that no other beats, and what two give together.
    access_changes, equity : DataFrame
        Who gains and who loses market access, and how evenly people in reach are spread, before and with all corridors.
    way_costs : DataFrame
        Minutes and money of the ways between centres and from border counties, at the study's own prices.
        These six are empty where the study doesn't ask (`Questions`).
    yardsticks : DataFrame
        Border counties by the national circles of 1, 2 and 3 hours, before and with all corridors (`yardsticks`).
    city_links, city_totals : DataFrame
        The strongest links between the cities of the study's provinces, and what all of them come to for each city, before
        and with all corridors (`indicators.city_links`).
    panel_borders, panel_counties, panel_circles : DataFrame
        Borders, border counties and circles on the network of each year of the study's panel (`years_panel`); no circles
        where there are more than twelve centres.
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
    what_if : WhatIf, optional
        The network around the study, for what readers of its map ask of their own.

    Examples
    --------
    >>> results = br.run_study("yuqian")
    >>> isinstance(results, br.StudyResults)
    True
    >>> [name for name, table in results.tables()][:3]
    ['provinces', 'counties', 'border_counties']
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
    road_circles: gpd.GeoDataFrame
    road_county_times: pd.DataFrame
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
    road_circle_people: pd.DataFrame
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
    corridor_replaces: pd.DataFrame
    changes: gpd.GeoDataFrame
    change_times: pd.DataFrame
    year_circles: gpd.GeoDataFrame
    year_counties: pd.DataFrame
    year_borders: pd.DataFrame
    critical_links: gpd.GeoDataFrame
    critical_pairs: gpd.GeoDataFrame
    missing_links: gpd.GeoDataFrame
    build_order: pd.DataFrame
    build_front: pd.DataFrame
    build_pairs: pd.DataFrame
    access_changes: pd.DataFrame
    equity: pd.DataFrame
    way_costs: pd.DataFrame
    yardsticks: pd.DataFrame
    city_links: pd.DataFrame
    city_totals: pd.DataFrame
    panel_borders: pd.DataFrame
    panel_counties: pd.DataFrame
    panel_circles: gpd.GeoDataFrame
    slider_circles: gpd.GeoDataFrame = field(metadata={"written": False})
    scenario_names: Mapping[str, str]
    attribution: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    what_if: WhatIf | None = field(
        default_factory=lambda: None
    )  # no attribute of the class: see `results_on_demand`

    @property
    def corridor_names_en(self) -> dict[str, str]:
        """English names of the corridors that have one, by id."""
        given = self.parameters.get("corridors") or []
        return {str(one["id"]): str(one["name_en"]) for one in given if one.get("name_en")}

    def tables(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield the name and frame of each table that is written, in the order of the attributes."""
        for name in self.table_names():
            yield name, getattr(self, name)

    @classmethod
    def table_names(cls) -> tuple[str, ...]:
        """Return the names of the tables, which are known before there are results."""
        frames = {"gpd.GeoDataFrame", "pd.DataFrame"}  # as the annotations above are written
        return tuple(
            item.name for item in fields(cls) if item.type in frames and item.metadata.get("written", True)
        )
