"""What a study file says: its area, its questions, its changes to the network. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from ..geo.timetables import require_statistic, require_window
from .config import Strict

Minutes = Annotated[float, Field(gt=0, le=24 * 60)]
Position = tuple[float, float]
FileText = Annotated[str, Field(min_length=1)]
#: A word or two, without signs, fit for the name of a sheet.
LevelName = Annotated[str, Field(pattern=r"^[^\W\d_]+([ -][^\W\d_]+)*$", max_length=20)]
LevelKey = Literal["unit", "unit_en", "units_en", "province", "province_en", "provinces_en"]


class Change(Strict):
    """A scenario of a study file: what happens to which links of the network.

    Attributes
    ----------
    id : str
        Lower case letters, digits and hyphens.
    name : str
        As readers are shown it.
    near : str, (lon, lat) or sequence of (lon, lat)
        A place, a position, or the vertices of a line, degrees in WGS 84.
    file : str
        Or a vector file with points, lines or polygons; its path is relative to the study file.
    within_km : float
        Links that come so near are meant.
    road_classes, modes : tuple of str
        Only links of these.
    close : bool
        They can't be passed.
    speed_kph, speed_factor : float, optional
        Or what becomes of their speed: it is set, or multiplied.
    notes : tuple of str
        For the report.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: str
    near: str | Position | tuple[Position, ...] | None = None
    file: str = ""
    within_km: Annotated[float, Field(ge=0, le=200)] = 1.0
    road_classes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    close: bool = False
    speed_kph: Annotated[float, Field(gt=0, le=400)] | None = None
    speed_factor: Annotated[float, Field(gt=0, le=100)] | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.near is None) == (not self.file) and not (self.road_classes or self.modes):
            raise ValueError(
                f"'{self.id}': say where, with 'near' or 'file' (one of them), or which 'road_classes'"
            )
        if self.near is not None and self.file:
            raise ValueError(f"'{self.id}': give 'near' or 'file', not both")
        if self.close + (self.speed_kph is not None) + (self.speed_factor is not None) != 1:
            raise ValueError(f"'{self.id}': give one of 'close = true', 'speed_kph' and 'speed_factor'")
        return self


class BoundaryKeys(Strict):
    """How to read a file of boundaries of one's own, in a study and in a batch.

    Attributes
    ----------
    boundary_columns : mapping of str to str
        For a file of boundaries: our name of a column -> the file's, such as ``{ province = "LAND" }``; see `counties`.
    boundary_crs : str
        For a file of boundaries that doesn't say, or not rightly, what its coordinates are in: an EPSG code, or GCJ-02
        (DataV, AMap) or BD-09 (Baidu).
    """

    boundary_columns: dict[str, Annotated[str, Field(min_length=1)]] = Field(default={})
    boundary_crs: str = ""


class RailKeys(Strict):
    """Today's railways of one's own, in a study and in a batch.

    Attributes
    ----------
    rail_stations, rail_sections, rail_through, rail_direct : str
        Railway tables of one's own (docs/rail-tables.md), instead of the embedded ones.
    gtfs : str
        Or a timetable, a GTFS zip file, whose trains then run as it says.
    statistic : str
        With `gtfs`: what stands for the departures of a window. ``"median"``, another percentile such as ``"p90"``,
        ``"mean"``, ``"fastest"`` or ``"planned"``.
    departures : (str, str)
        With `gtfs`: that window, first minute of setting out and the minute after the last, ``HH:MM``.
    """

    rail_stations: str = ""
    rail_sections: str = ""
    rail_through: str = ""
    rail_direct: str = ""
    gtfs: str = ""
    statistic: str = "median"
    departures: tuple[str, str] = ("07:00", "19:00")

    @property
    def has_own_rail(self) -> bool:
        """Whether railways of one's own are named."""
        return bool(self.gtfs or self.rail_sections)

    @field_validator("statistic")
    @classmethod
    def _known_statistic(cls, value: str) -> str:
        require_statistic(value)
        return value

    @field_validator("departures")
    @classmethod
    def _a_window(cls, value: tuple[str, str]) -> tuple[str, str]:
        require_window(value, "departures")
        return value

    @model_validator(mode="after")
    def _one_railway(self) -> Self:
        beside = self.rail_stations or self.rail_through or self.rail_direct
        if self.gtfs and (self.rail_sections or beside):
            raise ValueError("give 'gtfs' or the rail tables, not both")
        if beside and not self.rail_sections:
            raise ValueError(
                "'rail_stations', 'rail_through' and 'rail_direct' go with 'rail_sections', which is missing"
            )
        return self


class PeopleKeys(Strict):
    """People of one's own, in a study and in a batch.

    Attributes
    ----------
    people_file : str
        A table of one's own with codes and people (`people`), instead of the census.
    """

    people_file: str = ""


class NetworkKeys(Strict):
    """The roads of a study: the embedded trunk roads, or others.

    Attributes
    ----------
    roads : str or tuple of str
        ``"trunk"`` for the embedded roads; a file: an extract of OpenStreetMap (.osm.pbf, .osm), a network saved by
        ``borderreach network build``, osmnx's .graphml, drawn lines (.gpkg, .shp, .geojson); a region whose extract is
        fetched where it isn't here, such as ``"guizhou"``. Several extracts and regions are joined at their seam. Paths
        are relative to the study file.
    main_roads : bool
        Of extracts, motorway to secondary alone.
    rail : str
        Today's trains: ``"embedded"``, ``"none"``, a timetable in GTFS (.zip), or a table of sections. The same as
        `railways`, `gtfs` and `rail_sections` outside this table; give it in one place.
    area : str or (west, south, east, north)
        Of extracts, only what lies inside: ``"study"`` for the provinces of the study and their border counties, a
        file of polygons, or a box in degrees. Everything when left out.
    margin_km : float
        So much is added around `area`.
    speeds : str or mapping of str to float
        Of extracts and graphs: a table of speeds (.toml, as ``data/speeds.toml``, which may hold only what differs), the
        code of a country in it, or km/h by road class. By default the table for the place.
    keep : {"largest", "all"}
        Of extracts and graphs: the largest part whose nodes all reach each other, or everything.
    speed_kph : str, float or mapping of str to float
        Of drawn lines: the column with the speed, one speed for all, or that of each class in `road_class`.
    road_class, oneway : str
        Of drawn lines: the columns with the class and with the direction of traffic.
    access_speed_kph, max_access_km : float, optional
        Speed and reach off the network; the network's own when left out.
    """

    roads: FileText | Annotated[tuple[FileText, ...], Field(min_length=1)] = "trunk"
    main_roads: bool = False
    rail: str = ""
    area: str | tuple[float, float, float, float] = ""
    margin_km: Annotated[float, Field(ge=0, le=1000)] = 0.0
    speeds: str | dict[str, Annotated[float, Field(gt=0, le=400)]] = ""
    keep: Literal["largest", "all"] = "largest"
    speed_kph: str | Annotated[float, Field(gt=0, le=400)] | dict[str, float] | None = None
    road_class: str = ""
    oneway: str = ""
    access_speed_kph: Annotated[float, Field(gt=0, le=400)] | None = None
    max_access_km: Annotated[float, Field(ge=0, le=1000)] | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether the roads are the embedded ones."""
        return self.roads in ("trunk", ("trunk",))

    @property
    def is_plain(self) -> bool:
        """Whether nothing but trains is said: then the roads are the embedded ones, as they are."""
        return not self.model_fields_set - {"rail"}

    @property
    def named(self) -> tuple[str, ...]:
        """All that `roads` names."""
        return (self.roads,) if isinstance(self.roads, str) else self.roads

    @model_validator(mode="after")
    def _area_for_margin(self) -> Self:
        if self.margin_km and not self.area:
            raise ValueError(
                f"'margin_km' is {self.margin_km:g}, but there is no 'area' to add it to; give area = \"study\", a file "
                "or a box"
            )
        return self


class Questions(Strict):
    """Which questions a study answers besides those of times and circles.

    Attributes
    ----------
    critical : bool
        Which crossing of the study's borders can least be spared: each is closed, one at a time (`critical_links`).
    critical_pairs : bool
        With `critical`: the crossings of each border that can least be spared also two at a time (`critical_pairs`).
    missing : bool
        Between which towns across a border a line is missing (`missing_links`).
    yardsticks : bool
        What border counties miss of the national circles of 1, 2 and 3 hours (`yardsticks`).
    linkages : bool
        How strongly the cities of the study's provinces draw each other, where their fields meet, who is central
        (`indicators.city_links`), and which counties each is the nearest city of.
    equity : bool
        How evenly people in reach are spread over border counties: Gini coefficient, Palma ratio, poverty of access.
    build_order : bool
        In which order the corridors are best built (`best_corridors`); 20 at most are proved.
    build_budget : float, optional
        What may be spent, in the unit of the corridors' `cost_100m_yuan`, or kilometres where none has one; all of them when
        left out.
    build_objective : {"people", "places", "mean_time", "potential", "worst_province", "poverty", "palma"}
        What they are to do most for, of the counties of the study's provinces.
    gains_theta : tuple of float
        Trade elasticities for which market access is compared, who gains and who loses (`indicators.market_access_change`);
        none for not at all. Donaldson and Hornbeck (2016) estimate 8.22 for the United States; none is known for Chinese
        counties.
    cost_doubles_min : float, optional
        Minutes after which goods cost twice what they cost at home; with `gains_theta`.
    value_of_time_yuan_per_h : float, optional
        What an hour is worth, in yuan: with tolls and fares, ways are compared by minutes and money
        (`indicators.generalised_costs`). A study's own figure, since none holds for everybody.
    road_yuan_per_km : mapping of str to float
        With `value_of_time_yuan_per_h`: tolls and what else a kilometre costs, by class of road (``motorway``, ``ordinary``).
    rail_yuan_per_km : mapping of str to float
        With `value_of_time_yuan_per_h`: fares per kilometre, ``high_speed`` where the fastest trains make 150 km/h or more,
        ``ordinary`` elsewhere, or by the id of a line or corridor.
    over_time : tuple of int
        Years of a panel (`years_panel`), ascending: roads by opening year, trains by opening day, and after today the
        corridors that are open by then; today is always among them. On the embedded roads only, and from 1990 on. None for no
        panel.
    """

    critical: bool = True
    critical_pairs: bool = False
    missing: bool = True
    yardsticks: bool = True
    linkages: bool = True
    equity: bool = False
    build_order: bool = False
    build_budget: Annotated[float, Field(gt=0)] | None = None
    build_objective: Literal[
        "people", "places", "mean_time", "potential", "worst_province", "poverty", "palma"
    ] = "people"
    gains_theta: tuple[Annotated[float, Field(gt=0, le=100)], ...] = ()
    cost_doubles_min: Minutes | None = None
    value_of_time_yuan_per_h: Annotated[float, Field(gt=0, le=10_000)] | None = None
    road_yuan_per_km: dict[str, Annotated[float, Field(ge=0, le=1000)]] = Field(default={})
    rail_yuan_per_km: dict[str, Annotated[float, Field(ge=0, le=1000)]] = Field(default={})
    over_time: tuple[Annotated[int, Field(ge=1990, le=2100)], ...] = (2005, 2010, 2015, 2020, 2030)

    @field_validator("over_time")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError(f"'over_time' should have its years strictly ascending, got {list(value)}")
        return value

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if bool(self.gains_theta) != (self.cost_doubles_min is not None):
            raise ValueError(
                "'gains_theta' and 'cost_doubles_min' go together: how much trade falls off with cost, and how cost rises with "
                "minutes; give both or none"
            )
        priced = bool(self.road_yuan_per_km or self.rail_yuan_per_km)
        if priced != (self.value_of_time_yuan_per_h is not None):
            raise ValueError(
                "'value_of_time_yuan_per_h' goes with prices in 'road_yuan_per_km' or 'rail_yuan_per_km'; give both or none"
            )
        if self.build_budget is not None and not self.build_order:
            raise ValueError("'build_budget' goes with 'build_order = true', which is missing")
        return self


def rail_meant(rail: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `NetworkKeys.rail` means, as the keys of `RailKeys` and `railways` say it.

    Parameters
    ----------
    rail : str
    given : mapping
        All keys given; those that say otherwise are refused.

    Raises
    ------
    ValueError
        To be raised within a model's validator.
    """
    if rail in ("embedded", "none"):
        means: dict[str, Any] = {"railways": rail == "embedded"}
    else:
        means = {"gtfs" if rail.lower().endswith(".zip") else "rail_sections": rail}
    for key, meant in {"railways": True, "gtfs": "", "rail_sections": "", **means}.items():
        if given.get(key) not in (None, "", meant):
            raise ValueError(
                f"'network.rail' is {rail!r} and '{key}' is {given[key]!r}: say in one place which trains there are"
            )
    return means


class Study(BoundaryKeys, PeopleKeys, RailKeys):
    """A study area and the questions asked of it, as its TOML file says.

    Attributes
    ----------
    name : str
        Short name on the command line; the same as the file's.
    title, title_en : str
        In Chinese and English.
    description : str
        A sentence or two below the title of the report.
    text, text_title : str
        File name and title of the text that the study is about.
    provinces : tuple of str
        Provinces whose counties are studied.
    between : tuple of str, optional
        Restricts the border counties. Two provinces or more: those on the borders between them. One:
        those on both sides of all its borders, also in provinces that aren't among `provinces`.
    boundary_source : {"tianditu", "amap"} or str
        Whose boundaries are taken: embedded ones, or a file of counties of one's own (`counties`), relative to the
        study file, as the following.
    boundary_columns : mapping of str to str
        For a file of boundaries: our name of a column -> the file's; see `counties`.
    boundary_crs : str
        For a file of boundaries that doesn't say, or not rightly, what its coordinates are in: an EPSG code, or GCJ-02
        (DataV, AMap) or BD-09 (Baidu).
    boundary_levels : mapping of str to str
        For a file of boundaries: what maps and reports call its units and what they belong to, in Chinese (``unit``,
        ``province``) and English (``unit_en``, ``province_en``; ``units_en`` and ``provinces_en`` where their plurals aren't
        regular). Units and regions when left out, unless the provinces are China's.
    centres : tuple of str
        Places whose travel-time circles are drawn.
    circle_cutoffs_min : tuple of float
        Cutoffs of the circles, minutes, ascending; the largest is *the* circle.
    zone_min : float
        Cutoff of the border counties' commuting zones, minutes.
    railways : bool, optional
        Whether today's trains are in the base that everything is compared with (`geo.networks`). When left
        out, they are with railways of one's own, and else where the embedded tables cover what the centres
        reach (`analysis.studies.rail_coverage`).
    people_file : str
        A table of one's own with codes and people (`people`), instead of the census.
    rail_stations, rail_sections, rail_through, rail_direct : str
        Railway tables of one's own (docs/rail-tables.md), instead of the embedded ones.
    gtfs : str
        Or a timetable, a GTFS zip file, whose trains then run as it says.
    statistic : str
        With `gtfs`: what stands for the departures of a window. ``"median"``, another percentile such as ``"p90"``,
        ``"mean"``, ``"fastest"`` or ``"planned"``.
    departures : (str, str)
        With `gtfs`: that window, first minute of setting out and the minute after the last, ``HH:MM``.
    network : NetworkKeys
        The roads, where they aren't the embedded ones.
    corridors : tuple of str, optional
        Ids of the corridors; each alone and all together make the scenarios. All of those in
        `corridor_files` when left out.
    corridor_files : tuple of str
        Files with corridors of one's own that `corridors` may name, in the form of the embedded ones
        (`analysis.corridors`); relative to the study file.
    years : tuple of int
        Ascending. From 2025 on: for each a scenario with the corridors open by the end of that year. Before, back to
        1990: tables of what the expressways opened since have brought (`year_borders`), on the embedded roads only.
    change : tuple of Change
        Closed links and changed speeds, each a scenario of its own on today's network.
    questions : Questions
        What else is answered, and what isn't.
    notes : tuple of str
        What is known and should stand in the report.
    review_number : str
        The 审图号 of the reviewed base map that maps and figures are published on, printed on each of them.

    Examples
    --------
    >>> mine = br.Study(
    ...     name="mine",
    ...     title="宁夏与邻省",
    ...     title_en="Ningxia and its neighbours",
    ...     provinces=("宁夏",),
    ...     between=("宁夏",),
    ...     centres=("银川市",),
    ... )
    >>> mine.circle_cutoffs_min
    (60.0, 120.0)
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    title: str
    title_en: str
    description: str = ""
    text: str = ""
    text_title: str = ""
    provinces: Annotated[tuple[str, ...], Field(min_length=1)]
    between: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    boundary_source: Annotated[str, Field(min_length=1)] = "tianditu"
    boundary_levels: dict[LevelKey, LevelName] = Field(default={})
    centres: Annotated[tuple[str, ...], Field(min_length=1)]
    circle_cutoffs_min: Annotated[tuple[Minutes, ...], Field(min_length=1)] = (60.0, 120.0)
    zone_min: Minutes = 60.0
    railways: bool | None = None
    network: NetworkKeys = Field(default_factory=NetworkKeys)  # one each, because each knows its file
    corridors: tuple[str, ...] | None = None
    corridor_files: tuple[str, ...] = ()
    years: tuple[Annotated[int, Field(ge=1900, le=2100)], ...] = ()
    change: tuple[Change, ...] = ()
    questions: Questions = Field(default_factory=Questions)
    notes: tuple[str, ...] = ()
    review_number: str = ""

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
    def _distinct(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and len(set(value)) < len(value):
            raise ValueError(f"each may be named once only, got {list(value)}")
        return value

    @model_validator(mode="before")
    @classmethod
    def _rail_of_network(cls, given: Any) -> Any:
        """Take what `network.rail` says for what the keys outside the table do."""
        network = given.get("network") if isinstance(given, dict) else None
        if not isinstance(network, (NetworkKeys, dict)):
            return given
        rail = network.rail if isinstance(network, NetworkKeys) else network.get("rail")
        if not isinstance(rail, str) or not rail:
            return given
        return {**given, **rail_meant(rail, given)}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.between is not None and not set(self.between) <= set(self.provinces):
            raise ValueError(
                f"'between' should name one or more of the 'provinces' {list(self.provinces)}, got "
                f"{list(self.between)}"
            )
        clash = set(self.corridors or ()) & {one.id for one in self.change}
        if clash:
            raise ValueError(f"a corridor and a change are both called {min(clash)!r}; rename the change")
        return self

    @property
    def circle_min(self) -> float:
        """Largest cutoff, minutes: the circle that counties lie in or not."""
        return self.circle_cutoffs_min[-1]
