"""What a corridor file says: models that check it, and the embedded corridors by id."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler  # its place in older versions, too

from ... import data
from ...geo.checks import require_number, require_path, require_whole
from ...geo.crs import ELLIPSOID
from ...geo.errors import ConfigError, InputError, InputTypeError
from ...geo.networks import TransferRules
from ..config import Strict, read_toml
from ..study_file import Study
from ._assumptions import filled
from ._parts import Mention, Service, Source, Stop
from ._tracks import MAX_OFF_TRACK_KM, along_track, cut_track, disorder, read_track, track_km

#: Straight distances between neighbouring stops beyond these are taken for a slip, km.
MAX_GAP_KM: Final[Mapping[str, float]] = {"road": 150.0, "rail": 400.0, "air": 3000.0}

Positive = Annotated[float, Field(gt=0)]
Minutes = Annotated[float, Field(ge=0, le=240)]


class Corridor(Strict):
    """A planned, proposed, building or open line with its stops.

    Attributes
    ----------
    id : str
        Stable; lower case letters, digits and hyphens.
    name, name_en : str
        In Chinese and English.
    mode : {"road", "rail", "air"}
        What runs on it.
    road_class : str
        Class of a road, such as ``"motorway"``.
    status : {"proposed", "planned", "building", "open"}
        What has become of it.
    status_date : date
        Day on which the status was reported.
    opening_year : int, optional
        From the end of which it counts, for scenarios by year.
    open_between : (str, str), optional
        Two stops between which a railway is open already: joined to a network that has today's trains,
        only the rest counts.
    design_speed_kph : float
        At most 400 km/h on rails and roads.
    speed_factor : float
        Running speed over design speed. Where it, `stop_penalty_min`, `board_min`, `alight_min` or
        `trains_per_day` are left out, they are those of the embedded lines of that mode and design
        speed, see `assumed`.
    length_km : float, optional
        Official length; without it, straight distances times `sinuosity`.
    cost_100m_yuan : float, optional
        Total investment, 100 million yuan (亿元), as a plan or an approval states it; for the order in which a study's
        corridors are best built. Without it kilometres count there.
    sinuosity : float
        Length along the line over straight distance between stops.
    stop_penalty_min : float
        Minutes that a call under way costs (braking, standing, accelerating).
    trains_per_day : float, optional
        Departures of each service per day and direction. Waiting at boarding follows from it, as
        `TransferRules` has it.
    board_min, alight_min : float
        Minutes from the station's door to the moving train, and back.
    join_km : float
        A stop is joined to the nearest network node within this distance.
    join_speed_kph : float
        Speed between an interchange or station and that node, along the straight line.
    geometry : tuple of (lon, lat), optional
        The line on the ground. In a file, either the coordinates or the path of a vector file (GeoJSON,
        Shapefile, GeoPackage, KML, GPX, 奥维's .ovkml ...) with one line, relative to the corridor file;
        for one layer of several, ``{file = "lines.gpkg", layer = "plan"}``; with ``crs = "GCJ-02"`` for
        lines drawn on AMap. Stops lie along it, at most 5 km off; it takes the place of `sinuosity`.
    stops : tuple of Stop
        Two or more, in their order along the line.
    services : tuple of Service
        For railways and flights; one service with all stops where left out.
    mentions : tuple of Mention
        Where texts name it.
    sources : tuple of Source
        Reports that say what it is.
    notes : tuple of str
        For the report.

    Examples
    --------
    >>> line = br.Corridor(
    ...     id="new-road",
    ...     name="新路",
    ...     mode="road",
    ...     status="planned",
    ...     status_date="2025-01-01",
    ...     design_speed_kph=100,
    ...     stops=[
    ...         {"name": "甲", "lon": 106.5, "lat": 29.5, "kind": "interchange", "position": "approximate"},
    ...         {"name": "乙", "lon": 106.6, "lat": 29.5, "kind": "interchange", "position": "approximate"},
    ...     ],
    ... )
    >>> line.name, len(line.stops), line.trains_per_day is None
    ('新路', 2, True)
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: str
    name_en: str = ""
    mode: Literal["road", "rail", "air"]
    road_class: str = ""
    status: Literal["proposed", "planned", "building", "open"]
    status_date: dt.date
    opening_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    design_speed_kph: Annotated[float, Field(gt=0, le=400)]
    speed_factor: Annotated[float, Field(gt=0, le=1)] = 1.0
    length_km: Positive | None = None
    cost_100m_yuan: Annotated[float, Field(gt=0, le=100_000)] | None = None
    sinuosity: Annotated[float, Field(ge=1, le=3)] = 1.2
    stop_penalty_min: Minutes = 0.0
    trains_per_day: Positive | None = None
    board_min: Minutes = 0.0
    alight_min: Minutes = 0.0
    join_km: Annotated[float, Field(ge=0, le=50)] = 5.0
    join_speed_kph: Annotated[float, Field(gt=0, le=120)] = 25.0
    open_between: tuple[str, str] | None = None
    geometry: tuple[tuple[float, float], ...] | None = None
    stops: Annotated[tuple[Stop, ...], Field(min_length=2)]
    services: tuple[Service, ...] = ()
    mentions: tuple[Mention, ...] = ()
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()

    _assumed: tuple[str, ...] = PrivateAttr(default=())

    @property
    def assumed(self) -> tuple[str, ...]:
        """Names of the values that nobody has given, and that follow from the embedded lines of its kind."""
        return self._assumed

    @model_validator(mode="wrap")
    @classmethod
    def _with_assumptions(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, Mapping):
            return handler(value)
        given, assumed = filled(value)
        found = handler(given)
        found._assumed = assumed  # noqa: SLF001 - its own
        return found

    @field_validator("geometry", mode="before")
    @classmethod
    def _read_geometry(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, str):
            value = {"file": value}
        if not isinstance(value, dict):
            return value
        if not set(value) <= {"file", "layer", "crs"} or not isinstance(value.get("file"), str):
            raise ValueError(
                "should be coordinates, the path of a file, or {file = ..., layer = ..., crs = ...}"
            )
        path = Path((info.context or {}).get("folder", ".")) / value["file"]
        return read_track(path, value.get("layer"), value.get("crs"))

    @field_validator("geometry")
    @classmethod
    def _a_line(cls, value: tuple[tuple[float, float], ...] | None) -> tuple[tuple[float, float], ...] | None:
        if value is None:
            return None
        if len(set(value)) < 2:
            raise ValueError("a line needs two different points or more")
        if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in value):
            raise ValueError("the line's coordinates should be longitude and latitude in degrees")
        return value

    @field_validator("stops")
    @classmethod
    def _along_geometry(cls, stops: tuple[Stop, ...], info: ValidationInfo) -> tuple[Stop, ...]:
        track = info.data.get("geometry")
        if track is None:
            return stops
        along, off = along_track(track, np.array([(stop.lon, stop.lat) for stop in stops]))
        far = int(off.argmax())
        if off[far] > MAX_OFF_TRACK_KM:
            raise ValueError(
                f"{stops[far].name} lies {off[far]:.1f} km off the line of 'geometry', more than "
                f"{MAX_OFF_TRACK_KM:g} km; check which of the two is right"
            )
        ring = stops[0].name == stops[-1].name
        steps = np.diff(along[:-1] if ring else along)
        if not ((steps > 0).all() or (steps < 0).all()):
            way = 1 if (steps > 0).sum() >= (steps < 0).sum() else -1
            k = int(np.flatnonzero(steps * way <= 0)[0])
            raise ValueError(
                f"stops out of order along the line of 'geometry': {stops[k + 1].name} doesn't come after "
                f"{stops[k].name}; list them as they lie on the line"
            )
        return stops

    @field_validator("stops")
    @classmethod
    def _distinct_names(cls, stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
        inner = [stop.name for stop in stops[:-1]]  # a ring ends where it began
        if len(set(inner)) < len(inner):
            twice = next(name for name in inner if inner.count(name) > 1)
            raise ValueError(f"the stop {twice} stands twice in the list")
        return stops

    @model_validator(mode="after")
    def _plausible_line(self) -> Self:
        straight = self.straight_km
        limit = MAX_GAP_KM[self.mode]
        swap = None if self.geometry is not None else disorder(self.points)
        if swap is not None:
            first, last, km = swap
            raise ValueError(
                f"'{self.id}': stops out of order: turning round the stretch from {self.stops[first].name} to "
                f"{self.stops[last].name} makes the line {km:.0f} km shorter; list them as they lie on the line"
            )
        for (a, b), km in zip(pairwise(self.stops), straight, strict=True):
            if km > limit:
                raise ValueError(
                    f"'{self.id}': {a.name} and {b.name} lie {km:.0f} km apart, more than the {limit:.0f} km "
                    f"that a {self.mode} corridor may go without a stop; check their coordinates"
                )
        if self.length_km is not None and self.length_km < 0.98 * straight.sum():
            raise ValueError(
                f"'{self.id}': length_km is {self.length_km:g}, but the stops alone lie "
                f"{straight.sum():.1f} km apart in a straight line; check length and coordinates"
            )
        if self.mode == "road" and self.services:
            raise ValueError(f"'{self.id}': a road has no services; remove the key 'services'")
        names = [stop.name for stop in self.stops]
        if self.open_between is not None and (
            self.mode != "rail" or not set(self.open_between) <= set(names) or len(set(self.open_between)) < 2
        ):
            raise ValueError(
                f"'{self.id}': open_between should be two stops of a railway, got {list(self.open_between)}"
            )
        for service in self.services:
            unknown = [call for call in service.calls if call not in names]
            if unknown:
                raise ValueError(f"'{self.id}': service '{service.name}' calls at {unknown[0]}, not a stop")
            order = [names.index(call) for call in service.calls]
            if order != sorted(set(order)):
                raise ValueError(
                    f"'{self.id}': the calls of service '{service.name}' are out of the stops' order"
                )
        return self

    def is_open_between(self, first: int, last: int) -> bool:
        """Tell whether the stretch between two stops, by their positions, is open already."""
        if self.open_between is None:
            return False
        names = [stop.name for stop in self.stops]
        low, high = sorted(names.index(name) for name in self.open_between)
        return low <= min(first, last) and max(first, last) <= high

    @property
    def wait_min(self) -> float:
        """Minutes of waiting at boarding; 0 where the number of trains isn't given."""
        if self.trains_per_day is None:
            return 0.0
        return TransferRules().wait_min(self.trains_per_day, air=self.mode == "air")

    @property
    def first_year(self) -> int | None:
        """Year from which the corridor counts as open; None where nobody has said."""
        if self.opening_year is None and self.status == "open":
            return self.status_date.year
        return self.opening_year

    @property
    def straight_km(self) -> NDArray[np.float64]:
        """Ellipsoidal distance between consecutive stops, km, shape (number of stops - 1,)."""
        points = self.points
        return np.asarray(ELLIPSOID.line_lengths(points[:, 0], points[:, 1]), dtype=float) / 1000

    @property
    def lengths_km(self) -> NDArray[np.float64]:
        """Length along the line between consecutive stops, km.

        Along the real line where there is one, else in proportion to the straight distances. An
        official length is shared out accordingly.
        """
        parts = self.straight_km
        if self.geometry is not None:
            along, _ = along_track(self.geometry, self.points)
            if self.stops[0].name == self.stops[-1].name:  # a ring ends where it began
                ends = track_km(self.geometry)
                along[-1] = along[0] + (ends if along[1] > along[0] else -ends)
            # the line may cut a corner between stops that lie off it
            parts = np.maximum(np.abs(np.diff(along)), parts)
        elif self.length_km is None:
            return parts * self.sinuosity
        if self.length_km is None:
            return parts
        return np.asarray(parts * (self.length_km / parts.sum()), dtype=float)

    @property
    def running_speed_kph(self) -> float:
        """Speed between stops, km/h."""
        return self.design_speed_kph * self.speed_factor

    @property
    def line(self) -> shapely.LineString:
        """The line on the ground where it is known, else straight from stop to stop, (lon, lat).

        Of a longer line the part from the first stop to the last: a file often holds the whole route.
        """
        if self.geometry is None:
            return shapely.LineString(self.points)
        if self.stops[0].name == self.stops[-1].name:  # a ring
            return shapely.LineString(self.geometry)
        first, last = self.points[0], self.points[-1]
        return shapely.LineString(
            cut_track(self.geometry, (float(first[0]), float(first[1])), (float(last[0]), float(last[1])))
        )

    def all_services(self) -> tuple[Service, ...]:
        """Return the services, or one that calls everywhere where none is given."""
        return self.services or (Service(name="", calls=tuple(stop.name for stop in self.stops)),)

    @property
    def points(self) -> NDArray[np.float64]:
        """(lon, lat) of the stops, shape (number of stops, 2)."""
        return np.array([(stop.lon, stop.lat) for stop in self.stops], dtype=float)


class _CorridorFile(Strict):
    corridor: Annotated[tuple[Corridor, ...], Field(min_length=1)]


def read_corridors(path: str | Path) -> list[Corridor]:
    """Read corridors from a TOML file with one ``[[corridor]]`` table each.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    list of Corridor

    Raises
    ------
    DataFileError, ConfigError
        With the file, the line and the key.

    Examples
    --------
    >>> from pathlib import Path
    >>> written = Path("lines.toml").write_text(
    ...     '''
    ...     [[corridor]]
    ...     id = "new-road"
    ...     name = "新路"
    ...     mode = "road"
    ...     status = "planned"
    ...     status_date = 2025-01-01
    ...     design_speed_kph = 100
    ...     stops = [
    ...       { name = "甲", lon = 106.5, lat = 29.5, kind = "interchange", position = "approximate" },
    ...       { name = "乙", lon = 106.6, lat = 29.5, kind = "interchange", position = "approximate" },
    ...     ]
    ...     ''',
    ...     encoding="utf-8",
    ... )
    >>> [line.name for line in br.read_corridors("lines.toml")]
    ['新路']
    """
    found = list(read_toml(require_path(path, "path"), _CorridorFile).corridor)
    ids = [corridor.id for corridor in found]
    for identifier in ids:
        if ids.count(identifier) > 1:
            raise ConfigError(f"{path}: the corridor id '{identifier}' stands there more than once")
    return found


def corridor_ids() -> dict[str, str]:
    """Return the ids of the embedded corridors and their names."""
    return {identifier: corridor.name for identifier, corridor in _embedded()[0].items()}


def corridor(identifier: str) -> Corridor:
    """Return one embedded corridor.

    Raises
    ------
    InputError
        If there is none of that id; the message suggests the nearest ones.
    """
    known = _embedded()[0]
    if identifier not in known:
        close = difflib.get_close_matches(str(identifier), known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known: {', '.join(known)}"
        raise InputError(f"no corridor has the id {identifier!r}; {hint}")
    return known[identifier]


def resolve_corridors(given: Any) -> list[Corridor]:
    """Return the corridors that an argument stands for.

    Parameters
    ----------
    given : Study, GeoDataFrame, str, Corridor, sequence of str and Corridor, or None
        A frame as `corridors` gives it stands for its rows, with the `design_speed_kph` and
        `length_km` that it holds; None for every embedded corridor.

    Returns
    -------
    list of Corridor
        Each once, in the order given.

    Raises
    ------
    InputError, InputTypeError
    """
    by_id, by_file = _embedded()
    if given is None:
        return list(by_id.values())
    if isinstance(given, Study):
        return _of_study(given)
    if isinstance(given, pd.DataFrame):
        return _of_frame(given)
    if isinstance(given, (str, Corridor)):
        given = (given,)
    if not isinstance(given, Iterable):
        raise InputTypeError(
            f"'corridors' should be ids, Corridor objects, a study or a frame of corridors, got {given!r}"
        )
    found: dict[str, Corridor] = {}
    for item in given:
        if isinstance(item, Corridor):
            found[item.id] = item
        elif not isinstance(item, str):
            raise InputTypeError(f"'corridors' should hold ids or Corridor objects, got {item!r}")
        elif item in by_file and item not in by_id:
            found.update({identifier: by_id[identifier] for identifier in by_file[item]})
        else:
            found[item] = corridor(item)
    return list(found.values())


def _of_study(study: Study) -> list[Corridor]:
    own = {one.id: one for path in study.corridor_paths for one in read_corridors(path)}
    known = _embedded()[0]
    twice = own.keys() & known.keys()
    if twice:
        raise ConfigError(
            f"study '{study.name}': an embedded corridor is called {min(twice)!r} too; rename yours"
        )
    if study.corridors is None:  # whoever names files means what is in them
        return list(own.values())
    return [
        one
        for given in study.corridors
        for one in ([own[given]] if given in own else resolve_corridors(given))
    ]


def open_by(given: Sequence[Corridor], year: int | None) -> list[Corridor]:
    """Return the corridors that are open by the end of a year.

    Parameters
    ----------
    given : sequence of Corridor
    year : int or None
        None for all of them.

    Returns
    -------
    list of Corridor
        Those whose `opening_year` is not later. Without one, a corridor that is open already
        counts from the year of its `status_date`; one that isn't never counts: nobody has said when.

    Raises
    ------
    InputTypeError, InputError
        If `year` isn't a whole number from 1900 to 2100.
    """
    if year is None:
        return list(given)
    last = require_whole(year, "year", minimum=1900, maximum=2100)
    return [one for one in given if one.first_year is not None and one.first_year <= last]


def _of_frame(frame: pd.DataFrame) -> list[Corridor]:
    if "corridor_id" not in frame:
        raise InputError(
            "'corridors' lacks the column 'corridor_id'; use the frame that corridors() returns, or "
            "read_corridors() for corridors of your own"
        )
    found = []
    for row in frame.to_dict("records"):
        one = corridor(str(row["corridor_id"]))
        for name in ("design_speed_kph", "length_km"):
            if name in row:
                require_number(row[name], f"corridors, row of {one.id!r}: {name}")
        changes = {
            name: float(row[name])
            for name, value in (
                ("design_speed_kph", one.design_speed_kph),
                ("length_km", float(one.lengths_km.sum())),
            )
            if name in row and not np.isclose(float(row[name]), value)
        }
        try:
            found.append(_changed(one, changes) if changes else one)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"]) or "the row"
            raise InputError(
                f"'corridors', row of '{one.id}': {where}: {fault['msg'].removeprefix('Value error, ')}"
            ) from error
    return found


def _changed(one: Corridor, changes: Mapping[str, float]) -> Corridor:
    """Return a corridor with other values, checked; what was assumed for it stays so."""
    new = Corridor.model_validate({**dict(one), **changes})
    new._assumed = tuple(name for name in one.assumed if name not in changes)  # noqa: SLF001 - its own
    return new


@cache
def _embedded() -> tuple[Mapping[str, Corridor], Mapping[str, tuple[str, ...]]]:
    """Embedded corridors by id, and the ids of each file."""
    by_id: dict[str, Corridor] = {}
    by_file: dict[str, tuple[str, ...]] = {}
    for path in sorted(data.path("corridors").glob("*.toml")):
        found = read_corridors(path)
        for one in found:
            if one.id in by_id:
                raise ConfigError(f"{path}: another file has a corridor of the id '{one.id}' already")
            by_id[one.id] = one
        by_file[path.stem] = tuple(one.id for one in found)
    return by_id, by_file
