"""A study under way: its stages run alone, all together, or as their tables are looked at."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final

import pandas as pd

from . import study_words
from .analysis.studies import StudyResults
from .analysis.study_file import Study
from .geo.errors import InputError
from .geo.memory import give_back_free
from .geo.networks import TransportNetwork
from .geo.places import SOURCES
from .stage_inputs import StageInputs
from .stages import STAGES

#: Of what stages share, what is large and what no stage after one of them asks for.
_LAST_ASKED: Final[Mapping[str, tuple[str, ...]]] = {"years": ("roads_by_year",)}
#: So many new objects are waited for before garbage is looked for, while a study runs.
_RARELY: Final = 50_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Have garbage looked for less often: a study makes many objects and hardly any that hold each other in a ring.

    What was there before, libraries above all, isn't looked at, unless the caller has set objects aside himself.
    """
    before = gc.get_threshold()
    if 0 < before[0] < _RARELY:
        gc.set_threshold(_RARELY, *before[1:])
    sets_aside = gc.get_freeze_count() == 0
    if sets_aside:
        gc.freeze()
    try:
        yield
    finally:
        if sets_aside:
            gc.unfreeze()
        gc.set_threshold(*before)


class StudyRun(StageInputs):
    """A study under way: what its stages share is computed once, when a stage first asks for it.

    Parameters
    ----------
    chosen : Study
    network : TransportNetwork, optional
        Base network; the embedded trunk roads when left out.

    Attributes
    ----------
    ground : Ground
        Boundaries, borders, border counties and centres.
    base : TransportNetwork
        What people have today.
    scenarios : Scenarios
        The base with any of the study's corridors.
    reach : Reach
        What the centres reach, with any of the corridors.

    Examples
    --------
    >>> run = br.study_run("guizhou")
    >>> isinstance(run, br.StudyRun), run.names["all"]
    (True, ('low-altitude-north-south', 'low-altitude-east-west'))
    """

    def __init__(self, chosen: Study, *, network: TransportNetwork | None = None) -> None:
        super().__init__(chosen, network=network)
        self._tables: dict[str, Mapping[str, pd.DataFrame]] = {}

    def tables(self, stage: str) -> Mapping[str, pd.DataFrame]:
        """Return the tables of a stage, by name.

        Parameters
        ----------
        stage : str
            One of `STAGES`.

        Raises
        ------
        InputError
            If there is no such stage.

        Examples
        --------
        >>> from borderreach import StudyRun, study
        >>> run = StudyRun(study("guizhou"))
        >>> sorted(run.tables("borders"))
        ['border_counties', 'borders', 'centres', 'counties', 'junctions', 'provinces']
        """
        if stage not in STAGES:
            raise InputError(f"'stage' should be one of {', '.join(STAGES)}, got {stage!r}")
        if stage not in self._tables:
            found = STAGES[stage].compute(self)
            assert tuple(found) == STAGES[stage].tables, f"{stage} gives {list(found)}"  # noqa: S101
            self._tables[stage] = found
        return self._tables[stage]

    def results(self, step: Callable[[str], None] = lambda _: None) -> StudyResults:
        """Return what all stages give.

        Parameters
        ----------
        step : callable
            Is told the name of each stage before it begins.
        """
        tables: dict[str, Any] = {}
        held_mb = 0.0
        for name, stage in STAGES.items():
            step(stage.title)
            tables.update(self.tables(name))
            self.let_go(*_LAST_ASKED.get(name, ()))
            self.let_go_of_subsets()
            held_mb = give_back_free(held_mb)
        return StudyResults(study=self.study, **tables, **self.words, what_if=self.what_if)

    @cached_property
    def words(self) -> dict[str, Any]:
        """What the results say of themselves: names, attribution, notes, parameters."""
        rail = self.base.provenance if self.has_trains else {}
        own = bool(self.study.people_file) or self.study.boundary_source not in SOURCES
        people = self.residents if own else None  # the census has the counties of the embedded boundaries
        covered = None if self.rail_coverage is None else self.rail_coverage.parameters()
        return {
            "scenario_names": study_words.scenario_names(self.scenarios, self.study),
            "attribution": study_words.attribution(
                self.study,
                self.roads,
                self.ground,
                trains=self.has_trains,
                counted=people is None or len(people) > 0,
            ),
            "notes": study_words.notes(
                self.study, self.scenarios, self.ground, people, named=self.named_groups
            ),
            "parameters": {
                **study_words.parameters(self.study, self.roads, self.scenarios, rail),
                "rail_coverage": covered,
            },
        }

    def results_on_demand(self) -> StudyResults:
        """Return results of which each stage is computed when one of its tables is first looked at."""
        return _OnDemand(self)


class _OnDemand(StudyResults):
    """Results that are computed as they are looked at; pickled and copied, they are computed whole."""

    def __new__(cls, run: StudyRun | None = None, **whole: Any) -> StudyResults:  # type: ignore[misc]
        """Return such results of a run; of values, as `dataclasses.replace` gives them, results that are whole."""
        return StudyResults(**whole) if run is None else super().__new__(cls)

    def __init__(self, run: StudyRun) -> None:
        vars(self).update(_run=run, study=run.study)

    def __getattr__(self, name: str) -> Any:
        for stage_name, stage in STAGES.items():
            if name in stage.tables:
                vars(self).update(vars(self)["_run"].tables(stage_name))
                return vars(self)[name]
        if name in {"scenario_names", "attribution", "notes", "parameters"}:
            vars(self).update(vars(self)["_run"].words)
            return vars(self)[name]
        if name == "what_if":
            vars(self)["what_if"] = vars(self)["_run"].what_if
            return vars(self)[name]
        raise AttributeError(name)

    def __reduce__(self) -> str | tuple[Any, ...]:
        return vars(self)["_run"].results().__reduce__()  # type: ignore[no-any-return]
