"""What a batch job says: the models that check its TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from ...geo.checks import require_path
from ..config import Strict, read_toml
from ..study_file import BoundaryKeys, Minutes, NetworkKeys, PeopleKeys, RailKeys, rail_meant

#: Most origins that one file of the results may hold: a part is what is lost when a run is cut off.
MAX_PER_PART: Final = 1000

Text = Annotated[str, Field(min_length=1, max_length=200)]
Adcode = Annotated[int, Field(ge=100_000, le=999_999_999_999)]
PlaceText = Text | Adcode
Executor = Literal["here", "processes", "dask"]


class BatchNetwork(NetworkKeys, RailKeys):
    """The network that every origin is searched on: the keys of a study's ``[network]``, and these.

    Attributes
    ----------
    source : str
        The same as `roads`, for a file that `save_network` wrote; give one of them. One with the trains of a timetable
        has no other railways joined to it.
    area : str or (west, south, east, north)
        As in a study, but that a batch has no area that ``"study"`` could mean.
    corridor_files : tuple of str
        TOML files with corridors of one's own, relative to the job file.
    railways : bool, optional
        Whether today's railways are joined to the roads; when left out, those of one's own are, and the embedded ones
        aren't.
    rail_stations, rail_sections, rail_through, rail_direct : str
        Railway tables of one's own (docs/rail-tables.md), instead of the embedded ones.
    gtfs : str
        Or a timetable, a GTFS zip file, whose trains then run as it says.
    statistic, departures
        With a timetable, as in a study.
    """

    source: Text = "trunk"
    corridor_files: tuple[Text, ...] = ()
    railways: bool | None = None

    @property
    def has_railways(self) -> bool:
        """Whether today's railways are joined to the roads."""
        return self.has_own_rail if self.railways is None else self.railways

    @model_validator(mode="before")
    @classmethod
    def _rail_in_one_place(cls, given: Any) -> Any:
        rail = given.get("rail") if isinstance(given, dict) else None
        return {**given, **rail_meant(rail, given)} if isinstance(rail, str) and rail else given

    @model_validator(mode="after")
    def _roads_in_one_place(self) -> Self:
        if self.source != "trunk" and "roads" in self.model_fields_set:
            raise ValueError(
                f"'source' is {self.source!r} and 'roads' is {self.roads!r}: give 'roads' alone, 'source' is an older name of it"
            )
        if self.area == "study":
            raise ValueError(
                "a batch has no study whose area could be meant; give a file of polygons or a box"
            )
        return self

    @model_validator(mode="after")
    def _used_rail(self) -> Self:
        if self.railways is False and self.has_own_rail:
            raise ValueError(
                "railways = false leaves the railways out that 'gtfs' or 'rail_sections' name; drop one"
            )
        return self


class BatchOrigins(BoundaryKeys):
    """Where the journeys begin; several kinds add up, and each origin counts once.

    Attributes
    ----------
    border_counties, counties : "all" or tuple of str
        The seats of the counties on a land border between provinces, or of all counties; of the
        provinces named, or of all but Hong Kong, Macao and Taiwan.
    places : tuple of str or int
        Names or adcodes.
    file : str, optional
        A table of points (.csv, .xlsx with longitude and latitude; .gpkg, .geojson, .shp, .parquet), relative
        to the job file; `origin_id` or `adcode` and `origin_name` or `name` are taken from it, also under
        names such as 经度, 纬度, 名称.
    datum : {"WGS84", "GCJ-02", "BD-09"}, optional
        What the coordinates of `file` are in; WGS 84 unless its header says otherwise.
    columns : mapping of str to str
        For `file`: our name of a column -> the file's, such as ``{lon = "E", lat = "N"}``.
    boundaries : {"tianditu", "amap"} or str
        Whose counties: embedded ones, or a file of one's own (`counties`), relative to the job file. Places are looked up
        in them, and zones laid over them.
    boundary_columns : mapping of str to str
        For a file of boundaries: our name of a column -> the file's; see `counties`.
    boundary_crs : str
        For a file of boundaries that doesn't say, or not rightly, what its coordinates are in: an EPSG code, or GCJ-02
        (DataV, AMap) or BD-09 (Baidu).
    limit : int, optional
        Only the first so many, to try a job.
    """

    border_counties: Literal["all"] | tuple[Text, ...] = ()
    counties: Literal["all"] | tuple[Text, ...] = ()
    places: tuple[PlaceText, ...] = ()
    file: Text | None = None
    datum: Literal["WGS84", "GCJ-02", "BD-09"] | None = None
    columns: dict[Text, Text] = Field(default={})
    boundaries: Text = "tianditu"
    limit: Annotated[int, Field(ge=1)] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether none of the kinds is asked for."""
        return not (self.border_counties or self.counties or self.places or self.file)


class BatchOutputs(PeopleKeys):
    """What is computed for each origin.

    Attributes
    ----------
    isochrones_min : tuple of float
        Cutoffs, ascending.
    direction : {"from", "to"}
        Of the isochrones.
    zones_min : float, optional
        Cutoff of the commuting zones; with them comes the table of the counties in each.
    travel_times_to : "origins" or tuple of str or int
        Places to which travel times are reckoned; ``"origins"`` for all pairs.
    limit_min : float, optional
        Longer journeys count as unreachable.
    people : bool
        Whether to count the people in each isochrone and zone.
    people_file : str
        A table of one's own with codes and people (`people`), instead of the census; relative to the job file.
    origins_per_part : int
        Origins in one file of the results.
    """

    isochrones_min: tuple[Minutes, ...] = ()
    direction: Literal["from", "to"] = "from"
    zones_min: Minutes | None = None
    travel_times_to: Literal["origins"] | tuple[PlaceText, ...] = ()
    limit_min: Minutes | None = None
    people: bool = False
    origins_per_part: Annotated[int, Field(ge=1, le=MAX_PER_PART)] = 16

    @field_validator("isochrones_min")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError(f"cutoffs should be strictly ascending, got {list(value)}")
        return value

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.isochrones_min or self.zones_min or self.travel_times_to):
            raise ValueError(
                "nothing to compute; give at least one of isochrones_min, zones_min, travel_times_to"
            )
        if self.people and not (self.isochrones_min or self.zones_min):
            raise ValueError(
                "people are counted in areas; give isochrones_min or zones_min beside people = true"
            )
        if self.people_file and not self.people:
            raise ValueError("'people_file' is given, but nobody is counted; add people = true")
        return self

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that a run writes, the one of the failed origins last."""
        asked = {
            "isochrones": bool(self.isochrones_min),
            "zones": self.zones_min is not None,
            "zone_counties": self.zones_min is not None,
            "travel_times": bool(self.travel_times_to),
            "people": self.people,
        }
        return (*(name for name, wanted in asked.items() if wanted), "errors")


class BatchRun(Strict):
    """Where the work is done; results don't depend on it.

    Attributes
    ----------
    executor : {"here", "processes", "dask"}
        In this process (on threads), in processes of this computer, or on a Dask cluster.
    workers : int, optional
        Threads or processes; one per processor when left out.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``.
    """

    executor: Executor = "processes"
    workers: Annotated[int, Field(ge=1, le=1024)] | None = None
    scheduler: Annotated[str, Field(pattern=r"^[a-z]+://[\w.\-\[\]:]+$")] | None = None

    @model_validator(mode="after")
    def _address(self) -> Self:
        if self.scheduler is not None and self.executor != "dask":
            raise ValueError("a 'scheduler' is for executor = \"dask\"")
        return self


class BatchJob(Strict):
    """A batch: one network, many origins, scenarios and what to compute; as its TOML file says.

    Attributes
    ----------
    name : str
        Lower case letters, digits, hyphens and underscores.
    title : str
    network : BatchNetwork
    origins : BatchOrigins
    scenarios : mapping of str to tuple of str
        Name of each scenario and the ids of the corridors that it adds to the network.
    outputs : BatchOutputs
    run : BatchRun

    Examples
    --------
    >>> job = br.BatchJob(
    ...     name="towns",
    ...     origins={"places": ["綦江区"]},
    ...     outputs={"isochrones_min": [30, 60]},
    ... )
    >>> job.outputs.isochrones_min
    (30.0, 60.0)
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]
    title: str = ""
    network: BatchNetwork = Field(default_factory=BatchNetwork)  # one each, because each knows its folder
    origins: BatchOrigins = Field(default_factory=BatchOrigins)
    scenarios: dict[Text, tuple[Text, ...]] = Field(default={"base": ()}, min_length=1)
    outputs: BatchOutputs
    run: BatchRun = Field(default_factory=BatchRun)

    @model_validator(mode="after")
    def _used_corridors(self) -> Self:
        if self.network.corridor_files and not any(self.scenarios.values()):
            raise ValueError(
                "'corridor_files' are given, but no scenario adds a corridor; name them under [scenarios], such as "
                'base = [] and built = ["my-line"]'
            )
        return self

    def at(self, name: str) -> Path:
        """Return the path that the job means by a file name: relative ones start from the job file."""
        return self.folder / name


def read_job(job: Any) -> BatchJob:
    """Return a job, read from its file where a path is given.

    Parameters
    ----------
    job : str, path or BatchJob

    Raises
    ------
    DataFileError, ConfigError
        If the file has a fault; with the file, the line and the key.
    InputTypeError
        If `job` is something else.
    """
    if isinstance(job, BatchJob):
        return job
    path = require_path(job, "job")
    return read_toml(path, BatchJob)
