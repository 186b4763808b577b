"""Read a study, run it, write its results."""

from __future__ import annotations

import difflib
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from . import data
from .analysis.config import read_toml
from .analysis.corridors import resolve_corridors
from .analysis.studies import Ground, StudyResults, with_roads
from .analysis.study_file import Study
from .geo.checks import require_choice, require_flag, require_path, require_whole
from .geo.errors import ConfigError, InputError, InputTypeError, OutputsFailedError, UnknownStudyError
from .geo.memory import release_memory
from .geo.networks import TransportNetwork
from .maps.folders import ResultsFolder
from .output import output_names, require_kinds, write_results
from .running import StudyRun, rare_collections
from .stages import STAGES


def study_names() -> list[str]:
    """Return the names of the embedded studies.

    Examples
    --------
    >>> "yuqian" in br.study_names()
    True
    """
    return sorted(path.stem for path in data.path("studies").glob("*.toml"))


def study(name_or_path: str | Path | Study) -> Study:
    """Read a study.

    Parameters
    ----------
    name_or_path : str, path or Study
        Name of an embedded study, or path of a TOML file of one's own.

    Returns
    -------
    Study

    Raises
    ------
    UnknownStudyError
        If no embedded study has the name and no file the path.
    ConfigError
        If the file has a fault; with file, line and key.

    Examples
    --------
    >>> br.study("yuqian").provinces
    ('重庆市', '贵州省')
    """
    if isinstance(name_or_path, Study):
        return name_or_path
    empty = isinstance(name_or_path, str) and not name_or_path  # no study either
    given = Path() if empty else require_path(name_or_path, "name_or_path")
    if given.suffix == ".toml":
        if not given.is_file():
            raise UnknownStudyError(f"there is no study file {str(given)!r}")
        path = given
    elif str(name_or_path) in study_names():
        path = data.path(f"studies/{name_or_path}.toml")
    else:
        names = study_names()
        close = difflib.get_close_matches(str(name_or_path), names, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UnknownStudyError(
            f"no study is called {str(name_or_path)!r}; {hint}There are: {', '.join(names)}. "
            "A study of your own is given by the path of its .toml file"
        )
    found = read_toml(path, Study)
    if found.name != path.stem:
        raise ConfigError(
            f"{path}: 'name' is {found.name!r}, but the file is called {path.stem!r}; make them equal"
        )
    return found


def run_study(
    study_or_name: str | Path | Study,
    *,
    out: str | Path | None = None,
    network: TransportNetwork | str | Path | Sequence[str | Path] | None = None,
    only: str | Collection[str] | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> StudyResults:
    """Run a study and, where asked, write its map, figure, tables, report and manifest.

    Parameters
    ----------
    study_or_name : str, path or Study
        As `study` takes it.
    out : str or path, optional
        Folder to write to; made where it doesn't exist. Files of an earlier run of the same study are
        replaced, others left alone. Nothing is replaced before everything has been written.
    network : TransportNetwork, str, path or sequence of them, optional
        Base network, or what `read_network` makes one of, such as ``["guizhou.osm.pbf", "chongqing.osm.pbf"]``; when
        left out what the study file says, by default the embedded trunk roads.
    only : str or collection of str, optional
        Write only some of "map", "figure", "charts", "report" and "tables", and compute only what these show: what
        else is asked of the results is computed when it's asked for.
    overwrite : bool
        Also overwrite files in `out` that are in the way and aren't of an earlier run of this study, or
        were changed since.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    StudyResults

    Raises
    ------
    UnknownStudyError, ConfigError
        See `study`.
    OutputError
        If `out` can't be written, or files in the way aren't of an earlier run of this study or were
        changed since (named in the message); found out before anything is computed.
    OutputsFailedError
        At the end, if some of the outputs couldn't be drawn or written. All others are there, what was
        there before in place of these is kept, and the error holds the results.

    Examples
    --------
    >>> results = br.run_study("yuqian")
    >>> results.circles[["scenario", "cutoff_min"]].values.tolist()
    [['base', 120.0], ['base', 60.0], ['all', 120.0], ['all', 60.0]]
    """
    run = study_run(study_or_name, network=network)
    require_flag(overwrite, "overwrite")
    kinds = require_kinds(only)
    if kinds is not None and out is None:
        raise InputError("'only' says what to write; give 'out', the folder to write it to")
    run.require_sound()
    if out is None:
        with rare_collections(), _bar(progress, total=len(STAGES)) as step:
            return run.results(step)
    target = require_path(out, "out")
    with (
        ResultsFolder(
            target, holds=f"study {run.study.name}", names=output_names(kinds), overwrite=overwrite
        ) as folder,
        _bar(progress, total=len(STAGES) + 1) as step,
        rare_collections(),
    ):
        started = time.monotonic()
        results = run.results(step) if kinds is None else run.results_on_demand()
        del run  # networks, and all that was searched on them, make room for what is drawn
        release_memory()
        step("map, tables, report" if kinds is None else ", ".join(kinds))
        write_results(results, folder, started=started, only=kinds)
    if folder.failed:
        raise OutputsFailedError(target, folder.failed, results=results)
    return results


def study_run(
    study_or_name: str | Path | Study,
    *,
    network: TransportNetwork | str | Path | Sequence[str | Path] | None = None,
) -> StudyRun:
    """Return a study ready to be run, whole or stage by stage.

    Parameters
    ----------
    study_or_name : str, path or Study
        As `study` takes it.
    network : TransportNetwork, str, path or sequence of them, optional
        Base network, or what `read_network` makes one of, such as ``["guizhou.osm.pbf", "chongqing.osm.pbf"]``; when
        left out what the study file says, by default the embedded trunk roads.

    Returns
    -------
    StudyRun
        Nothing is computed before it's asked for.

    Raises
    ------
    UnknownStudyError, ConfigError
        See `study`.

    Examples
    --------
    >>> sorted(br.study_run("guizhou").tables("borders"))
    ['border_counties', 'borders', 'centres', 'counties', 'junctions', 'provinces']
    """
    chosen = study(study_or_name)
    resolve_corridors(chosen)  # an unknown id is an error before any work
    if network is None or isinstance(network, TransportNetwork):
        return StudyRun(chosen, network=network)
    return StudyRun(with_roads(chosen, network))


def years_panel(
    study_or_name: str | Path | Study, *, by: str = "border", years: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return how near the borders or border counties of a study were, and will be, year by year.

    Roads are those open by the end of each year, trains those of lines open by then, and after today the study's
    corridors with their opening years. Other roads, timetables and people are today's, so that what changes are ways
    alone. The embedded roads know the years of expressways only, many of them from memory.

    Parameters
    ----------
    study_or_name : str, path or Study
        As `study` takes it, on the embedded roads.
    by : {"border", "county"}
    years : sequence of int, optional
        Ascending, from 1990 on; those of the study's `questions` when left out. Today is always among them.

    Returns
    -------
    pandas.DataFrame
        By border ``province_a, province_b, year, n_counties, across_min`` (mean minutes from the seats of the border
        counties to the nearest one across), ``delta_min`` since the year before, ``n_across`` and ``people_across``
        within the minutes of a commuting zone, ``n_inside`` and ``people_inside`` the circle of the centres. By county
        ``adcode, name, province, year, centre_name, travel_time_min`` to the nearest centre, ``delta_min, inside`` the
        circle, ``people_reached`` within the same minutes.

    Raises
    ------
    InputError
        If a year can't be told, or the study's roads aren't the embedded ones.
    UnknownStudyError, ConfigError
        See `study`.

    Examples
    --------
    From the border counties of Chongqing and Guizhou to the nearest seat across, minutes:

    >>> found = br.years_panel("yuqian", years=[2005])
    >>> found["year"].tolist(), bool(found["across_min"].is_monotonic_decreasing)
    ([2005, 2025], True)
    """
    require_choice(by, "by", ("border", "county"))
    chosen = study(study_or_name)
    if years is not None:
        given: Any = years
        if not isinstance(given, Iterable):
            raise InputTypeError(
                f"'years' should be a sequence of years, such as [2005, 2025], got {given!r}"
            )
        listed = [
            require_whole(year, f"years[{at}]", minimum=1990, maximum=2100) for at, year in enumerate(given)
        ]
        if listed != sorted(set(listed)):
            raise InputError(f"'years' should be strictly ascending, got {listed}")
        asked = chosen.questions.model_copy(update={"over_time": tuple(listed)})
        chosen = chosen.model_copy(update={"questions": asked})
    run = study_run(chosen)
    if not run.panel:
        raise InputError(
            "only the embedded roads know when each expressway opened; leave 'network' out of the study, and give 'years'"
        )
    found: pd.DataFrame = run.tables("panel")["panel_borders" if by == "border" else "panel_counties"]
    return found


def study_ground(study_or_name: str | Path | Study) -> Ground:
    """Return the boundaries and places of a study.

    Parameters
    ----------
    study_or_name : str, path or Study
        As `study` takes it.

    Returns
    -------
    Ground
        With `provinces`, `counties`, `border_counties`, `borders`, `junctions` and `centres`, frames in
        EPSG:4326.

    Raises
    ------
    UnknownStudyError, ConfigError
        See `study`.

    Examples
    --------
    >>> ground = br.study_ground("yuqian")
    >>> len(ground.border_counties), list(ground.centres["origin_name"])
    (14, ['重庆市', '贵阳市'])
    """
    return Ground(study(study_or_name))


@contextmanager
def _bar(progress: bool, *, total: int) -> Iterator[Any]:  # noqa: FBT001 - passed on from a keyword
    """Yield a function that names the next step."""
    with tqdm(total=total, disable=not progress, file=sys.stderr, unit="step", leave=False) as bar:
        started = False

        def step(name: str) -> None:
            nonlocal started
            if started:
                bar.update()
            started = True
            bar.set_description(name)

        yield step
        bar.update()
