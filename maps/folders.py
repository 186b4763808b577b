"""Folders of results: outputs that don't depend on each other, and nothing of others' overwritten in silence."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ..geo.checks import require_flag
from ..geo.errors import BorderReachError, OutputError

MANIFEST: Final = "manifest.json"
_DRAFTS: Final = ".borderreach-"
#: A manifest names some hundred bytes per file; what is larger wasn't written by a run.
_MAX_MANIFEST_BYTES: Final = 10_000_000
#: So many files are named in an error.
_MOST_NAMES: Final = 12

_log = logging.getLogger(__name__)


class OutputFolder:
    """A folder to write results to: files appear in it together, at the end, or not at all.

    Use it in a ``with`` statement, around the computation as well, so that a folder that can't be
    written is found out first. Files are written into `staging` and moved into place, one by one,
    when the block ends without an error. Other files in the folder are left alone.

    Parameters
    ----------
    path : str or path

    Raises
    ------
    OutputError
        On entering, if the folder can't be made or written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.staging = self.path
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        if self.path.exists() and not self.path.is_dir():
            raise OutputError(f"'out' is a file, not a folder: {str(self.path)!r}; give another name")
        try:
            self._made = [p for p in (self.path, *self.path.parents) if not p.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            # Inside the folder rather than beside it: a move within one file system is atomic, and
            # the folder may be writable where its parent isn't.
            self.staging = Path(tempfile.mkdtemp(prefix=_DRAFTS, dir=self.path))
        except OSError as error:
            self._remove_made()
            raise OutputError(
                f"can't write to the folder {str(self.path)!r}: {error.strerror or error}; "
                "choose one that you may write to"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                for file in sorted(self.staging.iterdir()):
                    file.replace(self.path / file.name)
        except OSError as fault:
            raise OutputError(f"can't write {str(self.path / file.name)!r}: {fault.strerror}") from fault
        finally:
            shutil.rmtree(self.staging, ignore_errors=True)
            if kind is not None:
                self._remove_made()

    def _remove_made(self) -> None:
        for folder in self._made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


class ResultsFolder(OutputFolder):
    """An output folder whose outputs fail one by one, with a manifest that knows them by their hashes.

    What can't be drawn, written or put in its place is noted in `failed`; the others are all there, and
    a file that was there before stays as it was. `manifest.json` names every file with its hash and
    every failure with its reason. By it a later run knows its own: files of something else, and
    files that were changed since, are an error on entering.

    Parameters
    ----------
    path : str or path
    holds : str
        What the results are of, such as "study yuqian".
    names : iterable of str
        All files that may be written, the manifest apart.
    overwrite : bool
        Whether files of something else and changed files are overwritten.

    Attributes
    ----------
    failed : dict of str to str
        Output to the reason on one line.

    Raises
    ------
    OutputError
        On entering: as `OutputFolder`, or if a file in the way isn't one of an earlier run of the same.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, holds: str, names: Iterable[str], overwrite: bool = False
    ) -> None:
        super().__init__(path)
        self.holds = holds
        self.failed: dict[str, str] = {}
        self._names = tuple(names)
        self._overwrite = require_flag(overwrite, "overwrite")
        self._drafted: list[str] = []
        self._known: dict[str, str] = {}
        self._moving = False

    def __enter__(self) -> Self:
        if self.path.is_dir():
            self._known = _known(self.path, self.holds)
            require_own(self.path, holds=self.holds, names=self._names, overwrite=self._overwrite)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A run that was cut off while files were moved leaves the drafts of the rest with their manifest,
        # so that the next one knows the files that had been moved already.
        if not self._moving:
            shutil.rmtree(self.staging, ignore_errors=True)
        if kind is not None:
            self._remove_made()

    def draft(self, name: str, write: Callable[[Path], object]) -> None:
        """Let a function write one output to the path that it is given; a failure is noted."""
        try:
            write(self.staging / name)
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs this output alone
            self._fail(name, error)
        else:
            self._drafted.append(name)
        for left in set(self.staging.iterdir()) - {self.staging / one for one in self._drafted}:
            left.unlink()  # half a file, or what a library put beside it

    def finish(self, about: Mapping[str, Any]) -> None:
        """Put into place what was drafted, and last the manifest, which begins with `about`."""
        order = {name: at for at, name in enumerate(self._names)}  # whichever was done first
        self._drafted.sort(key=lambda name: order.get(name, len(order)))
        files = {name: _note(self.staging / name) for name in self._drafted}
        # Written before any file is moved: there may be no room for it afterwards.
        self._write_manifest(about, files)
        self._moving = True
        for name in self._drafted:
            try:
                (self.staging / name).replace(self.path / name)
            except OSError as error:  # open in another program, a folder in its place
                self._fail(name, error)
                del files[name]
        if len(files) < len(self._drafted) or MANIFEST in self.failed:  # what was replaced has made room
            self.failed.pop(MANIFEST, None)
            self._write_manifest(about, files)
        if MANIFEST not in self.failed:
            try:
                (self.staging / MANIFEST).replace(self.path / MANIFEST)
            except OSError as error:
                self._fail(MANIFEST, error)
        self._moving = False
        for folder, _ in _cut_off(self.path, self.holds):
            shutil.rmtree(folder, ignore_errors=True)

    def _write_manifest(self, about: Mapping[str, Any], files: Mapping[str, Any]) -> None:
        failed = {name: {"reason": reason, **self._kept(name)} for name, reason in self.failed.items()}
        # Of an earlier run, and not asked for this time: known to be ours, and not what this run found.
        others = {name: self._kept(name).get("kept") for name in self._known if name not in self._names}
        earlier = {name: note for name, note in sorted(others.items()) if note}
        content = {
            **about,
            "holds": self.holds,
            "files": dict(sorted(files.items())),
            "failed": failed,
            **({"earlier": earlier} if earlier else {}),
        }
        text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=False)
        try:
            (self.staging / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")
        except OSError as error:
            self._fail(MANIFEST, error)

    def _kept(self, name: str) -> dict[str, Any]:
        """Return a note on the earlier run's file where this run has none to put in its place."""
        if name not in self._known or _hash(self.path / name) != self._known[name]:
            return {}
        return {"kept": _note(self.path / name)}

    def _fail(self, name: str, error: Exception) -> None:
        _log.debug("%s", name, exc_info=error)
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if not text or not isinstance(error, BorderReachError | OSError):
            text = f"{type(error).__name__}: {text}"
        self.failed[name] = " ".join(text.replace(str(self.staging), str(self.path)).split())


def require_own(path: Path, *, holds: str, names: Iterable[str], overwrite: bool) -> None:
    """Check that what a run would overwrite in a folder is an earlier run's, as that run wrote it.

    Parameters
    ----------
    path : pathlib.Path
    holds : str
        What the results are of.
    names : iterable of str
        What would be written, the manifest apart.
    overwrite : bool
        Whether the caller was told to overwrite whatever it is.

    Raises
    ------
    OutputError
        With the names of the files in the way.
    """
    there = [name for name in (*names, MANIFEST) if os.path.lexists(path / name)]
    if overwrite or not there:
        return
    remedy = "give another folder, or overwrite=True (on the command line: --overwrite)"
    manifest = _read_manifest(path / MANIFEST)
    other = _holds(manifest)
    if other not in {None, holds}:
        raise OutputError(
            f"{str(path)!r} holds the results of {other}, and these are of {holds}: {_listed(there)}; {remedy}"
        )
    known = _known(path, holds)
    if MANIFEST in there and manifest is not None:
        there.remove(MANIFEST)
    strangers = [name for name in there if name not in known]
    changed = [name for name in there if name in known and _hash(path / name) != known[name]]
    problems = []
    if changed:
        problems.append(f"changed since the run that wrote them: {_listed(changed)}")
    if strangers:
        problems.append(f"not known to be of an earlier run of {holds}: {_listed(strangers)}")
    if problems:
        raise OutputError(
            f"files in {str(path)!r} would be overwritten, {'; '.join(problems)}; move them away, {remedy}"
        )


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _known(path: Path, holds: str) -> dict[str, str]:
    """Return the hash of each file that earlier runs of the same wrote, also of one that was cut off at its end."""
    manifests = [_read_manifest(path / MANIFEST), *(manifest for _, manifest in _cut_off(path, holds))]
    found = {}
    for manifest in manifests:
        if manifest is None or _holds(manifest) != holds:
            continue
        kept = {name: entry.get("kept", {}) for name, entry in manifest.get("failed", {}).items()}
        for name, note in {**manifest.get("earlier", {}), **kept, **manifest["files"]}.items():
            if "sha256" in note and (name not in found or _hash(path / name) == note["sha256"]):
                found[name] = str(note["sha256"])
    return found


def _cut_off(path: Path, holds: str) -> list[tuple[Path, dict[str, Any]]]:
    """Return drafts of runs that were cut off while their files were moved into place, with their manifests."""
    drafts = [(folder, _read_manifest(folder / MANIFEST)) for folder in sorted(path.glob(f"{_DRAFTS}*"))]
    return [(folder, found) for folder, found in drafts if found is not None and _holds(found) == holds]


def _read_manifest(path: Path) -> dict[str, Any] | None:
    """Return what a manifest says, None if it isn't one of a run's."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_MANIFEST_BYTES:
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _is_manifest(found) else None


def _is_manifest(found: dict[str, Any]) -> bool:
    notes = [found.get("files"), found.get("failed", {}), found.get("earlier", {})]
    return _holds(found) is not None and all(
        isinstance(one, dict) and all(isinstance(note, dict) for note in one.values()) for one in notes
    ) and all(isinstance(note.get("kept", {}), dict) for note in found.get("failed", {}).values())  # fmt: skip


def _holds(manifest: dict[str, Any] | None) -> str | None:
    """Return what the results beside a manifest are of; older ones say it in their parameters only."""
    if manifest is None:
        return None
    if isinstance(manifest.get("holds"), str):
        return str(manifest["holds"])
    parameters = manifest.get("parameters")
    study = parameters.get("study") if isinstance(parameters, dict) else None
    return f"study {study['name']}" if isinstance(study, dict) and "name" in study else None


def _note(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": _hash(path)}


def _hash(path: Path) -> str:
    """Return the SHA-256 of a file, "" of what isn't one or can't be read."""
    try:
        if not path.is_file():  # a pipe has no end
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
