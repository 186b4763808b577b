"""Whether a study, corridor or job file can be run: everything that is wrong with it and its files, at once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from .analysis.batches import BatchJob, read_job
from .analysis.config import read_toml
from .analysis.corridors import read_corridors, resolve_corridors
from .analysis.indicators import people
from .analysis.studies import (
    Ground,
    own_boundaries,
    past_years,
    require_rail_near,
    study_network,
    study_people,
    study_rail,
    study_timetable,
)
from .analysis.study_file import Change, Study
from .geo.checks import require_path
from .geo.errors import BorderReachError, DataFileError
from .geo.files import read_points, read_vector_file
from .geo.places import counties, place
from .geo.timetables import open_network

#: What each kind of file is told by.
_KINDS: Final = (("corridor", "corridors"), ("outputs", "batch"), ("claim", "claims"))


def check_file(path: str | Path) -> tuple[str, list[str]]:
    """Read a study, corridor or job file with all the files that it names, and say what is wrong.

    Parameters
    ----------
    path : str or path
        A .toml file.

    Returns
    -------
    kind : str
        "study", "corridors" or "batch".
    faults : list of str
        One line each, with file, line and remedy; empty where the file can be run. What only follows from another
        fault isn't told.

    Raises
    ------
    DataFileError, InputError
        If there is no such file.
    """
    file = require_path(path, "path")
    if not file.is_file():
        raise DataFileError(f"there is no file {file}; give a study, corridor or job file (.toml)")
    raw = _raw(file)
    kind = next((name for key, name in _KINDS if key in raw), "study")
    faults = _Faults()
    if kind == "corridors":
        faults.of(partial(read_corridors, file))
    elif kind == "batch":
        job = faults.of(partial(read_job, file))
        for name in _names(raw.get("network"), "corridor_files"):
            faults.of(partial(read_corridors, file.parent / name))
        if job is not None:
            _job(job, faults)
    else:
        _study(file, raw, faults)
    return kind, faults.lines


class _Faults:
    """Gathers what goes wrong, each line once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def of(self, read: Callable[[], Any]) -> Any:
        """Return what `read` gives; None where it fails, which is noted."""
        try:
            return read()
        except BorderReachError as error:
            self.lines += [line for line in str(error).splitlines() if line not in self.lines]
        return None


def _raw(file: Path) -> dict[str, Any]:
    """Return what the file says, unchecked; nothing where it isn't TOML, which reading it tells."""
    try:
        return tomllib.loads(file.read_bytes()[:1_000_000].decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}


def _names(table: Any, key: str) -> list[str]:
    found = table.get(key) if isinstance(table, dict) else None
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def _study(file: Path, raw: dict[str, Any], faults: _Faults) -> None:
    chosen = faults.of(partial(read_toml, file, Study))
    read = [faults.of(partial(read_corridors, file.parent / name)) for name in _names(raw, "corridor_files")]
    if chosen is None:  # what else can be looked at without it
        for name in _names(raw, "provinces"):
            faults.of(partial(place, name, level="province"))
        for name in _names(raw, "centres"):
            faults.of(partial(place, name))
        return
    if chosen.name != file.stem:
        faults.lines.append(
            f"{file}: 'name' is {chosen.name!r}, but the file is called {file.stem!r}; make them equal"
        )
    if None not in read:
        faults.of(lambda: resolve_corridors(chosen))
    ground = faults.of(lambda: Ground(chosen))
    if chosen.people_file and ground is not None:  # whose codes may be those of the boundaries
        faults.of(lambda: study_people(chosen, ground.every))
    elif chosen.people_file:
        faults.of(lambda: people(chosen.folder / chosen.people_file))
    rail = faults.of(lambda: study_rail(chosen))
    if rail is not None and ground is not None and chosen.has_own_rail:
        faults.of(lambda: require_rail_near(chosen, rail, ground))
    if ground is not None and not chosen.network.is_plain:
        faults.of(lambda: study_network(chosen, ground))
    faults.of(lambda: past_years(chosen))
    for one in chosen.change:
        _change(one, faults)


def _job(job: BatchJob, faults: _Faults) -> None:
    """Look at the files of a job, and at the places that it names."""
    network, origins = job.network, job.origins
    if network.source != "trunk":
        faults.of(lambda: open_network(job.at(network.source), mapped=True))
    if network.has_railways:
        faults.of(lambda: study_timetable(network) or study_rail(network))
    if origins.file:
        at = job.at(origins.file)
        faults.of(
            lambda: read_points(at, datum=origins.datum, columns=origins.columns, argument="origins.file")
        )
    boundaries = faults.of(lambda: own_boundaries(origins, origins.boundaries, key="boundaries"))
    if boundaries is not None:
        if job.outputs.people:
            every = counties(boundaries) if isinstance(boundaries, str) else boundaries
            faults.of(lambda: study_people(job.outputs, every, needed=True))
        named = () if isinstance(job.outputs.travel_times_to, str) else job.outputs.travel_times_to
        for one in (*origins.places, *named):
            faults.of(partial(place, one, source=boundaries))


def _change(one: Change, faults: _Faults) -> None:
    before = len(faults.lines)
    if one.file:
        faults.of(lambda: read_vector_file(one.folder / one.file, argument="file"))
    elif isinstance(one.near, str):
        near = one.near
        faults.of(lambda: place(near))
    faults.lines[before:] = [f"{one.where}: change '{one.id}': {line}" for line in faults.lines[before:]]
