"""Claims and groups of places as the files in data/claims say them."""

from __future__ import annotations

import datetime as dt
import difflib
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from ... import data
from ...geo.checks import require_path
from ...geo.errors import ConfigError, InputTypeError, UnknownStudyError
from ..config import Strict, read_toml
from ..study_file import Study

Kind = Literal[
    "pair",
    "circle",
    "across",
    "radius",
    "count",
    "share",
    "people",
    "distance",
    "nearer",
    "detour",
    "remoteness",
    "rank_size",
    "stated_ratio",
    "status",
    "not_checkable",
]
Comparison = Literal["<=", ">=", "==", "about"]

#: Unit and comparison of each kind where the file gives none.
DEFAULTS: Final[dict[str, tuple[str, Comparison]]] = {
    "pair": ("min", "<="),
    "circle": ("min", "<="),
    "across": ("min", "<="),
    "radius": ("", "=="),
    "count": ("", "=="),
    "share": ("%", ">="),
    "people": ("万人", "about"),
    "distance": ("km", "<="),
    "nearer": ("", "<="),
    "detour": ("", ">="),
    "remoteness": ("", ">="),
    "rank_size": ("", "<="),
    "stated_ratio": ("", "<="),
    "status": ("条", "=="),
    "not_checkable": ("", "=="),
}
#: What `of` may be, by kind.
SUBJECTS: Final[dict[str, tuple[str, ...]]] = {
    "radius": ("provinces", "provinces_touched", "cities", "counties", "people"),
    "count": (
        "provinces",
        "borders",
        "border_counties",
        "provinces_at_junction",
        "provinces_near_junction",
        "airports",
        "neighbour_provinces",
        "connected_provinces",
        "cities_at_border",
    ),
    "share": ("border_county_area", "seats_near_trunk"),
    "rank_size": ("", "third_to_second"),
}
#: What a kind needs beside its limit.
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "pair": ("places",),
    "circle": ("centres", "places"),
    "across": ("places",),
    "radius": ("centres", "radius_km"),
    "people": ("places",),
    "distance": ("places", "of"),
    "nearer": ("places", "centres", "against"),
    "detour": ("places",),
    "rank_size": ("places",),
    "stated_ratio": ("numbers",),
    "status": ("corridors",),
    "not_checkable": ("reason",),
}


class Claim(Strict):
    """A sentence of a text that can be checked, and how it is read.

    Attributes
    ----------
    id : str
    words : str
        A few words of the text, as they stand there.
    reading : str
        What is checked, in full.
    kind : str
        ``pair`` longest minutes between any two places; ``circle`` minutes from the nearest centre
        to the farthest place; ``across`` minutes from each border county to the nearest one of
        another province, the longest; ``radius`` what has its seat within `radius_km` of the centre, or of
        ``provinces_touched`` any part;
        ``count``, ``share``, ``people`` (in 10,000), ``distance`` (km); ``nearer`` mean distance to
        the centres over that to `against`; ``detour`` road over straight km; ``remoteness`` mean
        minutes to the capital, border counties over others; ``rank_size``; ``stated_ratio`` of two
        numbers of the text; ``status`` how many corridors are open; ``not_checkable``.
    stance : {"fact", "goal"}
        Whether the text says that it is so, or that it is to be.
    places, centres, against : tuple of str
        `against`: places to compare with, or codes of airports that aren't in service.
        Places are names, or ``border:A,B`` (border counties of two provinces), ``counties:X`` (of a province
        or city), ``cities:X`` (of a province).
    of : str
        What is counted or shared, see `SUBJECTS`; of a distance, ``centroid:A,B`` or ``centroid:*``
        (of areas), or ``middle:A,B,C`` (of the places' seats; of one place its seat).
    mode : {"road", "rail", "any"}
    meant : {"line_haul", "door_to_door"}
        The train alone between stations, or from place to place.
    limit : float, optional
        A detour's limit is computed: what pairs of equal distance have.
    unit, compare, tolerance
        `tolerance` is a share of the limit, for ``about``.
    radius_km : float, optional
    numbers : tuple of float
    corridors : tuple of str
        Those that may make the claim hold; the study's when left out. For ``status``, those meant.
    date : date, optional
        The state of railways and corridors on that day; today's when left out.
    assumptions : tuple of str
    reason : str
        Why it can't be checked.
    reported : float, optional
        The value by a public report, such as the fastest train on the timetable, in the claim's unit.
    reported_by : str
        That report.
    sentence : str
        Which sentence of the text it is of, where that says several things or may be read in several ways: an id that
        its other claims have as well. A sentence has one verdict.
    role : {"part", "reading"}
        A part of what the sentence says, or another way to read it, which is told beneath and doesn't decide.
    necessary : bool
        Whether what is checked must be so for the sentence to hold, but isn't enough: then it never holds by this,
        only by a report.
    differs : str
        Where the text counts by a definition or in a year of its own: why its number may differ and not be wrong.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    words: Annotated[str, Field(min_length=2)]
    reading: Annotated[str, Field(min_length=2)]
    kind: Kind
    stance: Literal["fact", "goal"] = "fact"
    places: tuple[str, ...] = ()
    centres: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    of: str = ""
    mode: Literal["road", "rail", "any"] = "road"
    meant: Literal["line_haul", "door_to_door"] = "door_to_door"
    limit: float | None = None
    unit: str = ""
    compare: Comparison | None = None
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.0
    radius_km: Annotated[float, Field(gt=0, le=5000)] | None = None
    numbers: tuple[float, ...] = ()
    corridors: tuple[str, ...] = ()
    date: dt.date | None = None
    assumptions: tuple[str, ...] = ()
    reason: str = ""
    reported: float | None = None
    reported_by: str = ""
    sentence: Annotated[str, Field(pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$")] = ""
    role: Literal["part", "reading"] = "part"
    necessary: bool = False
    differs: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in NEEDS.get(self.kind, ()) if not getattr(self, name)]
        if missing:
            raise ValueError(f"'{self.id}': a claim of kind '{self.kind}' needs the key '{missing[0]}'")
        if self.limit is None and self.kind not in ("detour", "status", "not_checkable"):
            raise ValueError(f"'{self.id}': a claim of kind '{self.kind}' needs the key 'limit'")
        if self.kind in SUBJECTS and self.of not in SUBJECTS[self.kind]:
            known = ", ".join(repr(name) for name in SUBJECTS[self.kind])
            raise ValueError(f"'{self.id}': 'of' should be one of {known}, got {self.of!r}")
        if self.kind == "share" and self.of == "seats_near_trunk" and self.radius_km is None:
            raise ValueError(f"'{self.id}': 'seats_near_trunk' needs the key 'radius_km'")
        if self.meant == "line_haul" and self.kind != "pair":
            raise ValueError(f"'{self.id}': only a claim of kind 'pair' can mean the line haul")
        if (self.reported is None) != (not self.reported_by):
            raise ValueError(f"'{self.id}': give 'reported' and 'reported_by' together")
        if self.kind == "count" and self.of == "provinces_near_junction" and self.radius_km is None:
            raise ValueError(f"'{self.id}': 'provinces_near_junction' needs the key 'radius_km'")
        if self.role == "reading" and not self.sentence:
            raise ValueError(f"'{self.id}': a reading needs the key 'sentence', of which it is one")
        if self.kind == "stated_ratio" and (len(self.numbers) != 2 or self.numbers[1] == 0):
            raise ValueError(f"'{self.id}': 'numbers' should be two, the second not 0")
        return self

    @property
    def comparison(self) -> Comparison:
        """How value and limit are compared."""
        return self.compare or DEFAULTS[self.kind][1]

    @property
    def unit_shown(self) -> str:
        """Unit of value and limit."""
        if self.unit:
            return self.unit
        if self.kind == "radius":
            return {"people": "万人", "cities": "个城市", "counties": "个县"}.get(self.of, "个省")
        if self.kind == "count":
            return "个"
        return DEFAULTS[self.kind][0]


class Group(Strict):
    """Places that a text wants to grow together (组团): cores, drives, clusters, town groups.

    Attributes
    ----------
    id, name, words, note : str
    kind : {"core", "drive", "cluster", "town group", "region"}
    members : tuple of str
        Names of places; each stands for its seat of government.
    limit_min : float
        Two members belong together where they lie within so many minutes of each other.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: str
    kind: Literal["core", "drive", "cluster", "town group", "region"]
    members: Annotated[tuple[str, ...], Field(min_length=2)]
    words: str
    limit_min: Annotated[float, Field(gt=0, le=24 * 60)]
    note: str = ""

    @field_validator("members")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"each member may be named once only, got {list(value)}")
        return value


class ClaimsFile(Strict):
    """Claims and groups of one study.

    Attributes
    ----------
    study, text : str
        Name of the study, file name of the text.
    stations : mapping of str to tuple of str
        Where trains of a place are boarded, for claims about the train alone.
    also : mapping of str to tuple of str
        Claims taken over from other studies' files, by study.
    claim : tuple of Claim
    group : tuple of Group
    """

    study: str
    text: str
    stations: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    also: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    claim: tuple[Claim, ...] = ()
    group: tuple[Group, ...] = ()

    @model_validator(mode="after")
    def _stations_known(self) -> Self:
        for found in (self.claim, self.group):
            ids = [item.id for item in found]
            twice = [identifier for identifier in ids if ids.count(identifier) > 1]
            if twice:
                raise ValueError(f"the id '{twice[0]}' stands there more than once")
        for claim in self.claim:
            if claim.meant == "line_haul":
                without = [place for place in claim.places if place not in self.stations]
                if without:
                    raise ValueError(
                        f"'{claim.id}': 'stations' doesn't say where trains of {without[0]} are boarded"
                    )
        return self


def read_claims(path: str | Path) -> ClaimsFile:
    """Read a file of claims and groups.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    ClaimsFile

    Raises
    ------
    DataFileError, ConfigError
        With the file, the line and the key.

    Examples
    --------
    >>> from pathlib import Path
    >>> written = Path("claims.toml").write_text(
    ...     '''
    ...     study = "mine"
    ...     text = "mine.txt"
    ...
    ...     [[claim]]
    ...     id = "provinces"
    ...     words = "中国有34个省级行政区"
    ...     reading = "省级行政区共34个"
    ...     kind = "count"
    ...     of = "provinces"
    ...     limit = 34
    ...     ''',
    ...     encoding="utf-8",
    ... )
    >>> [claim.words for claim in br.read_claims("claims.toml").claim]
    ['中国有34个省级行政区']
    """
    return read_toml(require_path(path, "path"), ClaimsFile)


def claims_of(study: str | Study) -> ClaimsFile:
    """Return the embedded claims and groups of a study, those taken over from others included.

    Parameters
    ----------
    study : str or Study

    Returns
    -------
    ClaimsFile
        Empty where the study has none.

    Raises
    ------
    ConfigError
        If a file takes over a claim that isn't there.
    InputTypeError
        If `study` is neither.

    Examples
    --------
    >>> [claim.id for claim in claims_of("yuqian").claim][:2]
    ['yuqian-provinces', 'yuqian-adjacent']
    """
    if not isinstance(study, (str, Study)):
        raise InputTypeError(f"'study' should be a Study or the name of one, got {study!r}")
    name = study.name if isinstance(study, Study) else study
    return _claims_of(name) or ClaimsFile(study=name, text=study.text if isinstance(study, Study) else "")


def embedded_study_name(name: object) -> str:
    """Return `name` if an embedded study is called so.

    Raises
    ------
    InputTypeError
        If it isn't text.
    UnknownStudyError
        With the names that there are.
    """
    if not isinstance(name, str):
        raise InputTypeError(f"'study' should be a Study or the name of one, got {name!r}")
    known = sorted({path.stem for path in data.path("studies").glob("*.toml")})
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UnknownStudyError(f"no study is called {name!r}; {hint}There are: {', '.join(known)}")
    return name


@cache
def _claims_of(name: str) -> ClaimsFile | None:
    path = data.path("claims") / f"{name}.toml"
    if not path.is_file():
        return None
    found = read_claims(path)
    if found.study != name:
        raise ConfigError(
            f"{path}: 'study' is {found.study!r}, but the file is called {name!r}; make them equal"
        )
    borrowed = []
    stations = dict(found.stations)
    for other, ids in found.also.items():
        lender = _claims_of(other)
        theirs = {} if lender is None else {claim.id: claim for claim in lender.claim}
        for identifier in ids:
            if identifier not in theirs:
                raise ConfigError(
                    f"{path}: 'also' names the claim '{identifier}', which '{other}' doesn't have"
                )
            borrowed.append(theirs[identifier])
        if lender is not None:
            stations = {**lender.stations, **stations}
    return found.model_copy(update={"claim": (*borrowed, *found.claim), "stations": stations})
