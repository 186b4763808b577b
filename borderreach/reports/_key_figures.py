"""The figures that a study's report is about, each computed from the tables of its results."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from ..analysis.corridors import Corridor, resolve_corridors
from ..analysis.studies import StudyResults
from ._pairs import mean_of_pairs
from ._words import join, km_range

#: Counties whose minutes change by less are told as unchanged, minutes.
_NOTICEABLE_MIN: Final = 0.5


@dataclass(frozen=True)
class ScenarioFigures:
    """What one scenario does to the largest circle and to the times between the centres."""

    scenario: str
    name: str
    area_km2: float
    delta_area_km2: float
    n_counties: int
    delta_counties: int
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    pair_min: float
    pair_delta_min: float


@dataclass(frozen=True)
class CorridorFigures:
    """What the tables say of one corridor."""

    corridor: Corridor
    line_haul_min: dict[str, float]
    n_joined: int
    overlap_km: float
    met_km: float
    corridor_min: float
    base_min: float
    contribution_km2: float
    contribution_counties: float
    contribution_county_min: float
    contribution_border_pair_min: float
    standard_error_km2: float


@dataclass(frozen=True)
class ReportContext:
    """Every figure of a report, computed from the tables of a study's results.

    Attributes
    ----------
    base : ScenarioFigures
    scenarios : tuple of ScenarioFigures
        All but the base; where there are corridors, the last is the one with all of them.
    after : ScenarioFigures or None
        That last one; None without corridors.
    corridors : tuple of CorridorFigures
    n_border, n_border_by_province, border_km
        Border counties, and the length of the study's borders.
    which_borders : str
        In Chinese, what counts as a border where a study doesn't name the sides.
    n_study_counties : int
        Counties of the study's provinces, the pool that circles are counted in.
    n_inside_base, n_inside_after : int
        Border counties whose seat lies in the largest circle of at least one centre.
    gaining : pandas.DataFrame
        Rows of `county_times` with noticeably shorter minutes, the largest saving first.
    zone_area_base, zone_area_after : float
        Mean area of the border counties' commuting zones, km²; NaN where there is none.
    zone_cross_base, zone_cross_after : int
        Zones to which a county of another province belongs.
    zone_largest, zone_smallest : tuple of str and float
        Centre and km² in the base network.
    """

    base: ScenarioFigures
    scenarios: tuple[ScenarioFigures, ...]
    after: ScenarioFigures | None
    corridors: tuple[CorridorFigures, ...]
    n_border: int
    n_border_by_province: dict[str, int]
    border_km: str
    which_borders: str
    n_study_counties: int
    n_inside_base: int
    n_inside_after: int
    gaining: pd.DataFrame
    zone_area_base: float
    zone_area_after: float
    zone_cross_base: int
    zone_cross_after: int
    zone_largest: tuple[str, float]
    zone_smallest: tuple[str, float]

    @classmethod
    def of(cls, results: StudyResults) -> ReportContext:
        """Compute the figures from results."""
        times = results.county_times
        after = "all" in results.scenario_names
        inside_base = times.loc[times["base_inside"], "adcode"].nunique()
        inside_after = times.loc[times["scenario_inside"], "adcode"].nunique()
        zones = results.zones[results.zones["scenario"] == "base"].sort_values(
            ["area_km2", "centre_id"], ignore_index=True
        )
        ends = [
            (str(zones["centre_name"].iloc[row]), float(zones["area_km2"].iloc[row]))
            if len(zones)
            else ("", math.nan)
            for row in (-1, 0)
        ]
        return cls(
            base=_base_figures(results),
            scenarios=tuple(_scenario_figures(results, s) for s in results.scenario_names if s != "base"),
            after=_scenario_figures(results, "all") if after else None,
            corridors=tuple(_corridor_figures(results, one) for one in results_corridors(results)),
            n_border=len(results.border_counties),
            n_border_by_province={
                str(name): int(n)
                for name, n in results.border_counties.groupby("province", sort=False).size().items()
            },
            border_km=km_range(
                results.borders["length_low_km"].sum(), results.borders["length_high_km"].sum()
            ),
            which_borders=""
            if results.study.between is not None
            else f"{join(results.provinces['name'].head(6))}{'等' if len(results.provinces) > 6 else ''}的全部陆上省界，"
            "含与研究范围以外各省的",
            n_study_counties=len(results.counties),
            n_inside_base=int(inside_base),
            n_inside_after=int(inside_after),
            gaining=times[times["delta_min"] <= -_NOTICEABLE_MIN].sort_values(
                ["delta_min", "adcode", "centre_id"], ignore_index=True
            ),
            zone_area_base=_mean_area(results, "base"),
            zone_area_after=_mean_area(results, "all" if after else "base"),
            zone_cross_base=_crossing_zones(results, "base"),
            zone_cross_after=_crossing_zones(results, "all" if after else "base"),
            zone_largest=ends[0],
            zone_smallest=ends[1],
        )


def results_corridors(results: StudyResults) -> list[Corridor]:
    """Return the corridors that results were computed with."""
    given = results.parameters.get("corridors")
    if given is None:
        return resolve_corridors(results.study)
    return [Corridor.model_validate(entry) for entry in given]


def _base_figures(results: StudyResults) -> ScenarioFigures:
    cutoff = results.study.circle_min
    circle = results.circles[
        (results.circles["scenario"] == "base") & (results.circles["cutoff_min"] == cutoff)
    ].iloc[0]
    known = results.gains[results.gains["cutoff_min"] == cutoff]
    if len(known):
        n = int(known["base_counties"].iloc[0])
    else:
        n = seats_inside(results, circle.geometry)
    return ScenarioFigures(
        scenario="base",
        name=results.scenario_names["base"],
        area_km2=float(circle["area_km2"]),
        delta_area_km2=0.0,
        n_counties=n,
        delta_counties=0,
        gained=(),
        lost=(),
        pair_min=_pair_min(results, "base"),
        pair_delta_min=0.0,
    )


def seats_inside(results: StudyResults, circle: Any) -> int:
    """Count the counties studied whose seat lies in a circle."""
    seats = gpd.points_from_xy(results.counties["lon"], results.counties["lat"])
    return int(gpd.GeoSeries(seats).intersects(circle).sum())


def _scenario_figures(results: StudyResults, scenario: str) -> ScenarioFigures:
    rows = results.gains[
        (results.gains["scenario"] == scenario) & (results.gains["cutoff_min"] == results.study.circle_min)
    ]
    row = rows.iloc[0]
    return ScenarioFigures(
        scenario=scenario,
        name=results.scenario_names[scenario],
        area_km2=float(row["scenario_area_km2"]),
        delta_area_km2=float(row["delta_area_km2"]),
        n_counties=int(row["scenario_counties"]),
        delta_counties=int(row["delta_counties"]),
        gained=tuple(name for name in str(row["counties_gained"]).split("、") if name),
        lost=tuple(name for name in str(row["counties_lost"]).split("、") if name),
        pair_min=_pair_min(results, scenario),
        pair_delta_min=_pair_min(results, scenario) - _pair_min(results, "base"),
    )


def _corridor_figures(results: StudyResults, one: Corridor) -> CorridorFigures:
    segments = results.corridor_segments[results.corridor_segments["corridor_id"] == one.id]
    joins = results.corridor_joins[results.corridor_joins["corridor_id"] == one.id]
    overlap = results.corridor_overlap[results.corridor_overlap["corridor_id"] == one.id]
    own = results.contributions[results.contributions["corridor_id"] == one.id].set_index("measure")
    shares = own["contribution"]
    return CorridorFigures(
        corridor=one,
        line_haul_min={
            str(name): float(group["line_haul_min"].sum())
            for name, group in segments.groupby("service", sort=False)
        },
        n_joined=int((joins["node"] >= 0).sum()),
        overlap_km=float(overlap.loc[overlap["already_there"], "length_km"].sum()),
        met_km=float(overlap["length_km"].sum()),
        corridor_min=float(overlap["corridor_min"].sum()),
        base_min=float(overlap["base_min"].sum(skipna=False)),
        contribution_km2=float(shares["circle_km2"]),
        contribution_counties=float(shares["circle_counties"]),
        contribution_county_min=float(shares["county_min"]),
        contribution_border_pair_min=float(shares["border_pair_min"]),
        standard_error_km2=float(own["standard_error"]["circle_km2"]),
    )


def _pair_min(results: StudyResults, scenario: str) -> float:
    """Minutes between the centres, the slower direction of each pair."""
    return mean_of_pairs(results.pair_times[results.pair_times["scenario"] == scenario], "travel_time_min")


def _mean_area(results: StudyResults, scenario: str) -> float:
    rows = results.zones[results.zones["scenario"] == scenario]
    return float(rows["area_km2"].mean()) if len(rows) else math.nan


def _crossing_zones(results: StudyResults, scenario: str) -> int:
    """Zones to which at least one county of another province than the centre's belongs."""
    home = dict(
        zip(results.border_counties["adcode"].astype(str), results.border_counties["province"], strict=True)
    )
    rows = results.zone_counties
    rows = rows[(rows["scenario"] == scenario) & rows["belongs"]]
    across = rows["province"].to_numpy() != rows["centre_id"].map(home).to_numpy()
    return int(rows.loc[across, "centre_id"].nunique())


def road_areas(results: StudyResults) -> dict[str, float]:
    """Area of the largest circle by road alone, by scenario; nothing where trains aren't reckoned with."""
    largest = results.road_circles[results.road_circles["cutoff_min"] == results.study.circle_min]
    return dict(zip(largest["scenario"], largest["area_km2"].astype(float), strict=True))


def people_inside(results: StudyResults) -> dict[str, float]:
    """People in the largest circle, by scenario."""
    largest = results.circle_people[results.circle_people["cutoff_min"] == results.study.circle_min]
    return dict(zip(largest["scenario"], largest["people"].astype(float), strict=True))
