"""Which claims of a text hold: the computed value, the verdict, and what would turn it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ... import data
from ...geo.errors import InputTypeError, MissingDependencyError
from ...geo.networks import LineNetwork, TransportNetwork
from ..borders import inside_probability, rail_error, trunk_error
from ..config import read_toml
from ..corridors import Corridor, read_corridors
from ..indicators import people as own_people
from ..schemas import Schema, conform
from ..studies import roads_and_trains, study_boundaries, study_rail, study_timetable
from ..study_file import Study
from ._checks import measure
from ._context import ClaimContext
from ._files import Claim, ClaimsFile, claims_of, embedded_study_name
from ._measures import Measure
from ._sentences import claim_sentences, counted
from ._times import TIME_KINDS

#: One row per claim, in the order of the file.
CLAIMS: Final[Schema] = {
    "study": "str",
    "claim_id": "str",
    "sentence": "str",
    "role": "str",
    "text": "str",
    "words": "str",
    "reading": "str",
    "kind": "str",
    "stance": "str",
    "mode": "str",
    "meant": "str",
    "date": "str",
    "compare": "str",
    "limit": "float64",
    "value": "float64",
    "unit": "str",
    "margin": "float64",
    "chance": "float64",
    "verdict": "str",
    "verdict_text": "str",
    "corridors": "str",
    "value_with": "float64",
    "detail": "str",
    "flip": "str",
    "other_reading": "str",
    "other_value": "float64",
    "other_holds": "str",
    "reported": "float64",
    "reported_by": "str",
    "reported_holds": "str",
    "method": "str",
    "data": "str",
    "assumptions": "str",
    "geometry": "geometry",
}
#: At most so many corridors are tried together when none alone is enough.
MAX_TOGETHER: Final = 3


def audit_claims(
    study: str | Study,
    *,
    claims: ClaimsFile | None = None,
    network: TransportNetwork | None = None,
    rail: LineNetwork | None = None,
    people: pd.DataFrame | None = None,
    corridors: Iterable[Corridor] = (),
    progress: Callable[[str], None] | None = None,
) -> gpd.GeoDataFrame:
    """Check every claim of a study's text.

    Parameters
    ----------
    study : Study or str
        A study, or the name of an embedded one.
    claims : ClaimsFile, optional
        The study's embedded claims when left out; see `read_claims`.
    network : TransportNetwork, optional
        Roads; the embedded trunk roads when left out.
    rail : LineNetwork, optional
        Railways; when left out the study's own, or the embedded ones, as open on each claim's date.
    people : pandas.DataFrame, optional
        Columns ``adcode, people``; when left out the study's own, or the embedded census.
    corridors : iterable of Corridor
        Corridors beside the embedded ones, for claims and studies that name them.
    progress : callable, optional
        Gets the id of each claim before it is checked.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per claim in the schema ``CLAIMS``, EPSG:4326; the geometry (lines between places,
        places, a circle, borders, corridors) is empty where a claim has no place. ``verdict`` is
        "holds", "holds_with" (only with the corridors named in ``corridors``), "differs" (the text counts by
        a definition or in a year of its own), "undecided" (minutes on the embedded roads closer to the limit
        than these roads' error, or no more than a necessary condition, and no report that tells),
        "fails" or "not_checkable"; ``chance`` is that of holding, for minutes on these roads, NaN
        else; ``margin`` is by how much a claim holds, negative where it fails, in
        ``unit``; ``flip`` says, in Chinese, what would turn the verdict; ``other_value`` is the
        same claim read the other way (``other_reading``), and ``other_holds`` whether it holds
        then ("yes", "no" or ""); ``reported`` is what a public report says, where the file has one,
        and decides verdict and margin where it contradicts the computed value, which is a model's.

    Raises
    ------
    UnknownPlaceError, AmbiguousPlaceError, InputError
        If a claim names a place, station or corridor that doesn't exist.

    Notes
    -----
    Times are modelled: see `trunk_network` for roads and `rail_network` for
    railways. Corridors are tried one by one, then two and three at a time; the first that makes
    the claim hold, with the smallest value, is named.

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
    >>> found = br.audit_claims("yuqian", claims=br.read_claims("claims.toml"))
    >>> found[["words", "value", "verdict"]].values.tolist()
    [['中国有34个省级行政区', 34.0, 'holds']]
    """
    chosen = _study(study)
    found = claims_of(chosen) if claims is None else claims
    if not isinstance(found, ClaimsFile):
        raise InputTypeError(f"'claims' should be a ClaimsFile, got {type(found).__name__}")
    if isinstance(corridors, str) or not isinstance(corridors, Iterable):  # type: ignore[redundant-expr] # callers aren't all typed
        raise InputTypeError(f"'corridors' should be a sequence of Corridor, got {corridors!r}")
    corridors = tuple(corridors)
    strange = [one for one in corridors if not isinstance(one, Corridor)]  # type: ignore[redundant-expr] # as above
    if strange:
        raise InputTypeError(f"'corridors' should be a sequence of Corridor, got {strange[0]!r} in it")
    if people is not None and not isinstance(people, pd.DataFrame):
        raise InputTypeError(f"'people' should be a DataFrame, got {type(people).__name__}")
    if progress is not None and not callable(progress):
        raise InputTypeError(f"'progress' should be a function that takes a claim's id, got {progress!r}")
    if not found.claim:
        none: gpd.GeoDataFrame = conform([], CLAIMS)
        return none
    source = study_boundaries(chosen)
    units = None if isinstance(source, str) else source
    context = ClaimContext(
        source=source,
        network=network,
        rail=study_rail(chosen) if rail is None and chosen.has_own_rail else rail,
        trains=_trains_of(chosen) if rail is None and chosen.railways is not False else None,
        people=own_people(chosen.folder / chosen.people_file, units=units)
        if people is None and chosen.people_file
        else people,
        stations=found.stations,
        corridors=(*_from_files(chosen), *corridors),
    )
    named = [one.id for one in _from_files(chosen)] if chosen.corridors is None else chosen.corridors
    candidates = [one for one in named if context.corridor(one).status != "open"]
    rows = []
    for claim in found.claim:
        if progress is not None:
            progress(claim.id)
        rows.append(_row(chosen, found, claim, context, candidates))
    frame: gpd.GeoDataFrame = conform(rows, CLAIMS)
    return frame


def claim_paragraphs(table: pd.DataFrame) -> list[str]:
    """Return the audit as Chinese prose for a report: a summary, a paragraph per claim, methods.

    Parameters
    ----------
    table : DataFrame
        As `audit_claims` returns it.

    Returns
    -------
    list of str
        Plain text without markup; the last two say methods and data.

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
    >>> found = br.audit_claims("yuqian", claims=br.read_claims("claims.toml"))
    >>> print(br.claim_paragraphs(found)[0])
    文中列入检验的话共 1 句：陈述 1 句，成立 1 句。
    """
    if not isinstance(table, pd.DataFrame):
        raise InputTypeError(f"'table' should be what audit_claims returns, got {type(table).__name__}")
    if len(table) == 0:
        return ["本文没有列入检验的论断。"]
    sentences = claim_sentences(table)
    head = f"文中列入检验的话共 {len(sentences)} 句：{counted(sentences)}。"
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    return [head, *map(_paragraph, rows), *_sources(table)]


def _paragraph(row: dict[str, Any]) -> str:
    text = f"“{row['words']}”（{row['reading']}）：{row['verdict_text']}"
    if row["verdict"] == "not_checkable":
        return text + "。"
    sentences = [row["detail"], row["flip"]]
    if row["other_reading"]:
        outcome = "成立" if row["other_holds"] == "yes" else "不成立"
        value = _shown(row["other_value"], row["unit"])
        sentences.append(f"若按{row['other_reading']}理解，为{value}，{outcome}")
    if row["reported_by"] and row["reported_by"] not in row["verdict_text"]:
        outcome = "成立" if row["reported_holds"] == "yes" else "不成立"
        sentences.append(
            f"公开报道为{_shown(row['reported'], row['unit'])}（{row['reported_by']}），按此{outcome}"
        )
    if row["assumptions"]:
        sentences.append(f"假设：{row['assumptions']}")
    return text + "。" + "。".join(filter(None, sentences)) + "。"


def _sources(table: pd.DataFrame) -> list[str]:
    checked = table[table["verdict"] != "not_checkable"]
    methods = "；".join(dict.fromkeys(filter(None, checked["method"])))
    sources = "；".join(dict.fromkeys(part for row in checked["data"] for part in row.split("；") if part))
    return [f"口径：{methods}。", f"数据：{sources}。"] if methods else []


def _from_files(study: Study) -> list[Corridor]:
    """Corridors of the user's own files."""
    return [one for path in study.corridor_paths for one in read_corridors(path)]


def _trains_of(study: Study) -> Callable[[TransportNetwork], TransportNetwork] | None:
    """Return what joins a study's trains as a timetable has them to roads; None where it names no timetable."""
    trains = study_timetable(study)
    if trains is None:
        return None
    return lambda roads: roads_and_trains(study, roads, rail=study_rail(study), trains=trains)


def _study(study: str | Study) -> Study:
    if isinstance(study, Study):
        return study
    return read_toml(data.path(f"studies/{embedded_study_name(study)}.toml"), Study)


def _row(
    study: Study, source: ClaimsFile, claim: Claim, context: ClaimContext, candidates: list[str]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "study": study.name,
        "claim_id": claim.id,
        "sentence": claim.sentence or claim.id,
        "role": claim.role,
        "text": source.text,
        "words": claim.words,
        "reading": claim.reading,
        "kind": claim.kind,
        "stance": claim.stance,
        "mode": claim.mode if claim.kind in (*TIME_KINDS, "detour", "remoteness") else "",
        "meant": claim.meant if claim.kind in TIME_KINDS else "",
        "date": "" if claim.date is None else claim.date.isoformat(),
        "compare": claim.comparison,
        "limit": np.nan,
        "value": np.nan,
        "unit": claim.unit_shown,
        "margin": np.nan,
        "chance": np.nan,
        "verdict": "not_checkable",
        "verdict_text": f"无法检验：{claim.reason}",
        "corridors": "",
        "value_with": np.nan,
        "detail": "",
        "flip": "",
        "other_reading": "",
        "other_value": np.nan,
        "other_holds": "",
        "reported": np.nan if claim.reported is None else claim.reported,
        "reported_by": claim.reported_by,
        "reported_holds": "",
        "method": "",
        "data": "",
        "assumptions": "；".join(claim.assumptions),
        "geometry": shapely.GeometryCollection(),
    }
    if claim.kind == "not_checkable":
        return row
    try:
        found = measure(claim, context, candidates)
    except MissingDependencyError as error:
        return row | {"verdict_text": f"无法检验：{error}"}
    margin = _margin(claim, found.value, found.limit)
    row |= {
        "limit": found.limit,
        "value": found.value,
        "margin": margin,
        "chance": _chance(claim, found, context),
        "verdict": "holds" if margin >= 0 else "fails",
        "detail": found.detail,
        "flip": found.flip,
        "method": found.method,
        "data": found.data,
        "geometry": found.geometry,
    }
    overruled = False
    if claim.reported is not None:
        by_report = _margin(claim, claim.reported, found.limit)
        overruled = (by_report >= 0) != (margin >= 0)
        row["reported_holds"] = "yes" if by_report >= 0 else "no"
        if overruled:  # a timetable is a fact, a model isn't
            row |= {"margin": by_report, "verdict": "holds" if by_report >= 0 else "fails", "flip": ""}
    not_enough = claim.necessary and margin >= 0
    if claim.reported is None and (not_enough or _within_error(margin, claim, found.value, row["chance"])):
        row["verdict"] = "undecided"
    elif margin < 0 and claim.differs:
        row["verdict"] = "differs"
    elif margin < 0 and not overruled:
        with_ids, value_with = _rescue(claim, found)
        if with_ids:
            held = _margin(claim, value_with, found.limit) >= 0
            row |= {
                "verdict": "holds_with" if held else "fails",
                "corridors": "、".join(with_ids),
                "value_with": value_with,
            }
    if found.other_reading:
        other = _margin(claim, found.other_value, found.limit) >= 0
        row |= {
            "other_reading": found.other_reading,
            "other_value": found.other_value,
            "other_holds": "yes" if other else "no",
        }
    return row | {"verdict_text": _verdict_text(claim, row, context, overruled=overruled)}


def _rescue(claim: Claim, found: Measure) -> tuple[tuple[str, ...], float]:
    """Return the fewest corridors that make the claim hold, or all that help, and the value then."""
    if found.with_corridors is None or not found.corridors:
        return (), float("nan")
    ids = [one.id for one in found.corridors]
    alone = {identifier: found.with_corridors([identifier]) for identifier in ids}
    helpful = [identifier for identifier in ids if alone[identifier] < found.value - 1e-9] or ids
    for chosen, value in _growing(helpful, alone, found.with_corridors):
        if _margin(claim, value, found.limit) >= 0:
            return chosen, value
    together = found.with_corridors(ids)
    if together >= found.value - 1e-9:
        return (), float("nan")
    # leave out what changes nothing
    needed = list(ids)
    for identifier in ids:
        rest = [other for other in needed if other != identifier]
        if rest and found.with_corridors(rest) <= together + 1e-9:
            needed = rest
    return tuple(needed), together


def _growing(
    ids: list[str], alone: dict[str, float], value_with: Callable[[Iterable[str]], float]
) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield single corridors, the best first, then pairs and triples, the best of each size first."""
    for identifier in sorted(ids, key=lambda one: alone[one]):
        yield (identifier,), alone[identifier]
    for size in range(2, min(MAX_TOGETHER, len(ids)) + 1):
        sets = [(group, value_with(group)) for group in combinations(ids, size)]
        yield from sorted(sets, key=lambda item: item[1])


def _margin(claim: Claim, value: float, limit: float) -> float:
    """By how much the claim holds, in its unit; negative where it fails."""
    if claim.comparison == "<=":
        return limit - value
    if claim.comparison == ">=":
        return value - limit
    slack = claim.tolerance * abs(limit) if claim.comparison == "about" else 0.0
    return slack - abs(value - limit)


def _chance(claim: Claim, found: Measure, context: ClaimContext) -> float:
    """Return the chance that the true minutes meet the claim, NaN where their error isn't known."""
    known = claim.kind in TIME_KINDS and context.has_embedded_roads
    if claim.mode != "road":  # minutes of the train alone are the timetable's
        known = known and claim.meant != "line_haul" and context.has_embedded_rail
    if not (known and claim.unit_shown == "min" and 0 < found.value < np.inf and found.limit > 0):
        return float("nan")
    spread = _error(claim, found.value)

    def below(minutes: float) -> float:
        return float(inside_probability(found.value, minutes, relative_error=spread)) if minutes > 0 else 0.0

    if claim.comparison == "<=":
        return below(found.limit)
    if claim.comparison == ">=":
        return 1 - below(found.limit)
    slack = claim.tolerance * found.limit if claim.comparison == "about" else 0.5
    return below(found.limit + slack) - below(found.limit - slack)


def _error(claim: Claim, minutes: float) -> float:
    """Return the relative error of a claim's minutes; by road and rail, the larger of the two."""
    road = trunk_error(minutes)
    return road if claim.mode == "road" else max(road, rail_error(minutes))


def _within_error(margin: float, claim: Claim, value: float, chance: float) -> bool:
    """Say whether a claim holds or fails by less than the error of the minutes."""
    return bool(np.isfinite(chance)) and abs(margin) < _error(claim, value) * value


def _verdict_text(claim: Claim, row: dict[str, Any], context: ClaimContext, *, overruled: bool) -> str:
    unit, value, limit = row["unit"], row["value"], row["limit"]
    whose = "文中" if claim.kind in _STATED else "判据"
    seen = f"算得{_shown(value, unit)}，{whose}{_COMPARED[claim.comparison]}{_shown(limit, unit)}"
    if claim.kind == "status":
        seen = f"{limit:g} 条中 {value:g} 条已开通"
    if claim.kind == "detour":
        seen = f"绕行系数{_spaced(value)}，距离相近的城市对中位数为{_spaced(limit)}"
    if claim.comparison == "about":
        seen += f"（容差 {claim.tolerance:.0%}）"
    if overruled:
        seen = (
            f"公开报道为{_shown(row['reported'], unit)}（{row['reported_by']}），{whose}"
            f"{_COMPARED[claim.comparison]}{_shown(limit, unit)}；模型算得{_shown(value, unit)}，与报道不符，以报道为准"
        )
    elif claim.necessary and claim.reported is not None:
        met = "也满足" if row["margin"] >= 0 else "也不满足"
        seen = (
            f"公开报道为{_shown(row['reported'], unit)}（{row['reported_by']}）；检验的必要条件{met}：{seen}"
        )
    names = "、".join(
        context.corridor(identifier).name for identifier in row["corridors"].split("、") if identifier
    )
    if (
        claim.comparison in ("==", "about")
        and claim.kind in _STATED
        and claim.stance == "fact"  # what is to be isn't there yet
        and np.isfinite(value)
        and row["margin"] < 0
    ):
        seen += f"，文中的数偏{'低' if limit < value else '高'}"
    if row["verdict"] == "undecided" and claim.necessary:
        return f"不能判定：检验的只是必要条件。{seen}，条件满足，但不足以说明文中的话成立"
    if row["verdict"] == "undecided":
        return f"不能判定：差别在误差之内，成立的可能性约 {row['chance']:.0%}。{seen}，用时的误差约 {_error(claim, value):.0%}"
    if row["verdict"] == "differs":
        return f"口径不同，不作对错之分。{seen}。{claim.differs}"
    if row["verdict"] == "holds":
        return f"成立。{seen}"
    if row["verdict"] == "holds_with":
        return f"建成{names}后成立。{seen}；建成后为{_shown(row['value_with'], unit)}"
    short = "尚未达到" if claim.stance == "goal" else "不成立"
    decisive = row["reported"] if overruled else value
    gap = abs(decisive - limit) if claim.comparison in ("==", "about") else -row["margin"]
    by = f"，相差{_shown(gap, unit)}" if np.isfinite(gap) and claim.kind != "status" else ""
    text = f"{short}{by}。{seen}"
    if names:
        text += f"；即使建成{names}，仍为{_shown(row['value_with'], unit)}"
    return text


#: Kinds whose limit is the text's own number.
_STATED: Final = ("pair", "circle", "across", "radius", "count", "people", "stated_ratio")
_COMPARED: Final = {"<=": "不超过", ">=": "不少于", "==": "为", "about": "约为"}


def _number(value: float) -> str:
    if not np.isfinite(value):
        return "不可达"
    if abs(value) >= 100 or value == round(value):
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _spaced(value: float) -> str:
    """Return a number as it stands in a Chinese sentence: with a space before it, where it is one."""
    return f" {_number(value)}" if np.isfinite(value) else _number(value)


def _shown(value: float, unit: str) -> str:
    """Return a number with its unit as `_spaced`."""
    if unit == "min" and np.isfinite(value):
        return f" {value:.0f} 分钟"
    if not np.isfinite(value) or unit in ("", "%"):
        return _spaced(value) + (unit if np.isfinite(value) else "")
    return f"{_spaced(value)} {'千米' if unit == 'km' else unit}"
