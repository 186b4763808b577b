"""The folder of a batch: parts appear in it whole, and a journal says which ones are finished.

====================  ==========================================================================
file                  content
====================  ==========================================================================
TABLE/part-00000.…    one file per table and part; numbers, never names from the data
manifest.json         what the batch is; at the end, also the hash of every part
journal.jsonl         one line per finished part as it comes, each with its own hash; gone at the end
errors.csv            all failed origins, at the end
.lock                 held by the run that writes here
.work/                drafts and networks of the run; gone at the end
====================  ==========================================================================

No file holds a time or a name of a machine: a batch that was cut off and resumed ends with the
same bytes as one that ran through.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import pandas as pd

from ...geo.checks import require_flag, require_path, require_sound_text
from ...geo.downloads import lock_file
from ...geo.errors import BatchStoppedError, InputError, OutputError
from ...geo.text import csv_text
from ._tasks import ERRORS, SCHEMAS, Part

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
JOURNAL: Final = "journal.jsonl"
WORK: Final = ".work"
LOCK: Final = ".lock"
ERRORS_CSV: Final = "errors.csv"
#: Tables that may lie in the folder of a batch.
TABLES: Final = tuple(SCHEMAS)
#: A manifest names some hundred bytes per part; more than this wasn't written by a batch.
_MAX_MANIFEST_BYTES: Final = 500_000_000

_log = logging.getLogger(__name__)


class BatchFolder:
    """The results of a batch on disk; use it in a ``with`` statement.

    Parameters
    ----------
    path : pathlib.Path
    identity : mapping
        All that the bytes of the results depend on; a folder with another one is refused.
    tables : sequence of str
    n_parts : int
    fresh : bool
        Whether results of an earlier batch in the folder are to be removed first.

    Raises
    ------
    OutputError
        On entering: if the folder can't be written, another run writes to it, or it holds the
        results of something else.
    """

    def __init__(
        self,
        path: Path,
        identity: Mapping[str, Any],
        *,
        tables: Sequence[str],
        n_parts: int,
        fresh: bool,
    ) -> None:
        self.path = path
        self.finished: dict[int, dict[str, Any]] = {}
        self._identity = json.loads(json.dumps(identity))
        self._tables = tuple(tables)
        self._n_parts = n_parts
        self._fresh = fresh
        self._lock: IO[bytes] | None = None
        self._journal: IO[bytes] | None = None

    @property
    def work(self) -> Path:
        """Folder for what only the run needs."""
        return self.path / WORK

    def __enter__(self) -> Self:
        if self.path.exists() and not self.path.is_dir():
            raise OutputError(f"'out' is a file, not a folder: {str(self.path)!r}; give another name")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.path / LOCK)
            try:
                self._open()
            except BaseException:
                self._close()
                raise
        except (OutputError, BatchStoppedError):
            raise
        except OSError as error:
            raise OutputError(
                f"can't write to the folder {str(self.path)!r}: {error.strerror or error}; "
                "choose one that you may write to, on a disk with room"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def add(self, part: Part) -> None:
        """Write the files of a part, and then note it as finished.

        Raises
        ------
        BatchStoppedError
            If the disk is full or can't be written any more; nothing half-written is left.
        """
        noted = {}
        try:
            for table, content in part.files.items():
                self._put(self._file(table, part.number), content)
                noted[table] = {
                    "rows": part.rows[table],
                    "bytes": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
            assert self._journal is not None  # noqa: S101 - entered
            self._journal.write(_line({"part": part.number, "files": noted}))
            self._journal.flush()
            os.fsync(self._journal.fileno())
        except OSError as error:
            raise self._stopped(error) from error
        self.finished[part.number] = noted

    def finish(self, extra: Mapping[str, Any]) -> None:
        """Write the table of failures and the manifest of a complete batch.

        Raises
        ------
        BatchStoppedError
            If the disk is full or can't be written any more.
        """
        rows = {
            table: sum(self.finished[number][table]["rows"] for number in self.finished)
            for table in self._tables
        }
        parts = [{"part": number, "files": self.finished[number]} for number in sorted(self.finished)]
        try:
            content = self._errors_csv()
            self._put(self.path / ERRORS_CSV, content)
            noted = {ERRORS_CSV: {"sha256": hashlib.sha256(content).hexdigest()}}
            self._write_manifest({"complete": True, "rows": rows, **extra, "files": noted, "parts": parts})
            self._close()
            (self.path / JOURNAL).unlink(missing_ok=True)
        except OSError as error:
            raise self._stopped(error) from error

    def _file(self, table: str, number: int) -> Path:
        return self.path / table / f"part-{number:05d}.parquet"

    def _put(self, path: Path, content: bytes) -> None:
        draft = self.work / "draft"
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def _open(self) -> None:
        if self.work.is_dir():
            shutil.rmtree(self.work)
        manifest = self._read_manifest()
        if self._fresh:
            self._remove_results()
            manifest = {}
        if manifest:
            changes = differences(manifest["batch"], self._identity)
            if changes:
                raise OutputError(
                    f"{str(self.path)!r} holds the results of another batch: {'; '.join(changes)}. Results "
                    "of two batches aren't mixed: give another folder, or start anew with fresh=True "
                    "(on the command line: --fresh)"
                )
            self._refuse_changed_errors(manifest)
        elif not self._fresh:
            self._refuse_strangers()
        self.work.mkdir()
        for table in self._tables:
            (self.path / table).mkdir(exist_ok=True)
        self.finished = self._verified(manifest.get("parts") or _journal_lines(self.path / JOURNAL))
        if not manifest:
            self._write_manifest({"complete": False})
        draft = self.work / "journal"
        draft.write_bytes(
            b"".join(_line({"part": number, "files": files}) for number, files in self.finished.items())
        )
        draft.replace(self.path / JOURNAL)  # without lines that were cut off
        if manifest.get("complete") and len(self.finished) < self._n_parts:
            self._write_manifest({"complete": False, "files": manifest.get("files", {})})
        self._journal = (self.path / JOURNAL).open("ab")

    def _close(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        shutil.rmtree(self.work, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()  # which gives the lock back
            self._lock = None

    def _write_manifest(self, state: Mapping[str, Any]) -> None:
        content = {"format": FORMAT, "batch": self._identity, **state}
        text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=False)
        self._put(self.path / MANIFEST, f"{text}\n".encode())

    def _read_manifest(self) -> dict[str, Any]:
        if not (self.path / MANIFEST).exists():
            return {}
        if self._fresh:
            return {"batch": {}}
        return read_manifest(self.path)

    def _verified(self, lines: Sequence[Any]) -> dict[int, dict[str, Any]]:
        """Return the parts whose files are there as noted; the others will be made again."""
        found: dict[int, dict[str, Any]] = {}
        for line in lines:
            number, files = line["part"], line["files"]
            if number >= self._n_parts or set(files) != set(self._tables):
                continue
            if all(_hash(self._file(table, number)) == files[table]["sha256"] for table in files):
                found[number] = {table: files[table] for table in self._tables}
            else:
                changed = [self._file(table, number) for table in files]
                _log.warning(
                    "part %d isn't as it was written and is made again: %s",
                    number,
                    ", ".join(str(file) for file in changed if file.exists()) or "its files are gone",
                )
        return found

    def _remove_results(self) -> None:
        """Remove what a batch writes, by its own names only."""
        for table in TABLES:
            folder = self.path / table
            if folder.is_symlink() or not folder.is_dir():
                continue
            for file in folder.glob("part-*.parquet"):
                file.unlink()
            if not any(folder.iterdir()):
                folder.rmdir()
        for name in (MANIFEST, JOURNAL, ERRORS_CSV):
            (self.path / name).unlink(missing_ok=True)

    def _refuse_strangers(self) -> None:
        for table in TABLES:
            folder = self.path / table
            if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
                raise OutputError(
                    f"{str(folder)!r} is there already and isn't known to be of a batch; give another folder"
                )

        if (self.path / ERRORS_CSV).exists():
            raise OutputError(
                f"{str(self.path / ERRORS_CSV)!r} is there already and isn't known to be of a batch; move it "
                "away, or give another folder"
            )

    def _refuse_changed_errors(self, manifest: Mapping[str, Any]) -> None:
        """Parts that were changed are made again; the table is for people, who may have written into it."""
        file = self.path / ERRORS_CSV
        files = manifest.get("files")
        noted = files.get(ERRORS_CSV) if isinstance(files, dict) else None
        if file.exists() and isinstance(noted, dict) and _hash(file) != noted.get("sha256"):
            raise OutputError(
                f"{str(file)!r} was changed since the batch wrote it, and would be overwritten; move it away, "
                "or start anew with fresh=True (on the command line: --fresh)"
            )

    def _errors_csv(self) -> bytes:
        frames = [
            _read_part(self._file("errors", number), pd.read_parquet)
            for number in sorted(self.finished)
            if self.finished[number]["errors"]["rows"]
        ]
        table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(ERRORS))
        return csv_text(table).encode("utf-8-sig")  # the byte order mark is for Excel

    def _stopped(self, error: OSError) -> BatchStoppedError:
        return BatchStoppedError(
            f"can't write to {str(self.path)!r}: {error.strerror or error}; {len(self.finished)} of "
            f"{self._n_parts} parts are finished and kept. Make room, then call the same again: it goes on there"
        )


def read_manifest(path: Path) -> dict[str, Any]:
    """Read the manifest of a batch.

    Raises
    ------
    OutputError
        If it is missing, damaged, or of another version.
    """
    file = path / MANIFEST
    try:
        if file.exists() and not file.is_file():  # a device has no end
            raise OutputError(f"{file} isn't a file, and so not the manifest of a batch; give another folder")
        if file.stat().st_size > _MAX_MANIFEST_BYTES:
            raise OutputError(f"{file} is larger than the manifest of any batch; give another folder")
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise OutputError(f"{str(path)!r} holds no batch: there is no {MANIFEST} in it") from error
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            f"{file} can't be read as the manifest of a batch ({error}); give another folder, or start anew "
            "with fresh=True (on the command line: --fresh)"
        ) from error
    if not _is_manifest(found):
        raise OutputError(
            f"{file} isn't the manifest of a batch of this version of borderreach; give another folder, or "
            "start anew with fresh=True (on the command line: --fresh)"
        )
    manifest: dict[str, Any] = found
    return manifest


def _is_manifest(found: Any) -> bool:
    """Tell whether JSON has the form of a manifest, whoever wrote it."""
    if not (
        isinstance(found, dict) and found.get("format") == FORMAT and isinstance(found.get("batch"), dict)
    ):
        return False
    rows, parts = found.get("rows", {}), found.get("parts", [])
    return (
        isinstance(rows, dict)
        and set(rows) <= set(TABLES)
        and (not found.get("complete") or bool(rows and parts))
        and isinstance(parts, list)
        and all(_is_noted(part) and (not rows or set(part["files"]) == set(rows)) for part in parts)
    )


def _is_noted(line: Any) -> bool:
    """Tell whether JSON has the form of a note on a finished part."""
    return (
        isinstance(line, dict)
        and type(line.get("part")) is int
        and line["part"] >= 0
        and isinstance(line.get("files"), dict)
        and all(
            table in TABLES
            and isinstance(file, dict)
            and type(file.get("rows")) is int
            and isinstance(file.get("sha256"), str)
            for table, file in line["files"].items()
        )
    )


def read_batch(out: str | Path, table: str, *, check: bool = True) -> pd.DataFrame:
    """Read one table of a complete batch into memory.

    Parameters
    ----------
    out : str or path
        The folder that `run_batch` wrote to.
    table : str
        "isochrones", "zones", "zone_counties", "travel_times", "people" or "errors".
    check : bool
        Whether to compare the files with their hashes in the manifest.

    Returns
    -------
    DataFrame or GeoDataFrame
        All parts in order, with the columns of `analysis.schemas` and ``scenario`` before them.

    Raises
    ------
    InputError
        If the batch has no such table.
    OutputError
        If the folder holds no batch, the batch isn't complete, or a file isn't as it was written.

    Examples
    --------
    >>> job = br.BatchJob(
    ...     name="towns",
    ...     origins={"places": ["綦江区"]},
    ...     outputs={"isochrones_min": [30]},
    ...     run={"executor": "here"},
    ... )
    >>> road = br.build_network([106.65, 106.6], [29.03, 29.1], br.Links([0], [1], [9.7e3], [600.0]))
    >>> summary = br.run_batch(job, out="towns", network=road)
    >>> br.read_batch("towns", "isochrones")[["origin_name", "cutoff_min"]].values.tolist()
    [['綦江区', 30.0]]
    """
    folder = require_path(out, "out")
    require_flag(check, "check")
    manifest = read_manifest(folder)
    if not manifest.get("complete"):
        raise OutputError(f"the batch in {str(folder)!r} isn't complete; run it again to go on with it")
    there = list(manifest["rows"])
    if table not in TABLES or table not in there:
        raise InputError(f"'table' should be one of {', '.join(map(repr, there))}, got {table!r}")
    import geopandas as gpd  # noqa: PLC0415 - beside pandas, and only here

    read = gpd.read_parquet if "geometry" in SCHEMAS[table] else pd.read_parquet
    frames = []
    for part in manifest["parts"]:
        path = folder / table / f"part-{part['part']:05d}.parquet"
        if check and _hash(path) != part["files"][table]["sha256"]:
            raise OutputError(f"{path} isn't as it was written; run the batch again, which mends it")
        frames.append(_read_part(path, read))
    result: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return result


def _read_part(path: Path, read: Callable[[Path], pd.DataFrame]) -> pd.DataFrame:
    """Read a file of one part's rows; a hash shows damage, and not what somebody made up.

    Raises
    ------
    OutputError
        If it can't be read.
    """
    try:
        table = read(path)
        require_sound_text(table, path.name)
    except Exception as error:  # Arrow and geopandas each have their own kinds
        raise OutputError(
            f"{path} can't be read ({type(error).__name__}: {error}); run the batch again, which mends it"
        ) from error
    return table


def differences(old: Any, new: Any, name: str = "") -> list[str]:
    """Say where two nested mappings differ.

    Examples
    --------
    >>> differences({"a": {"b": 1}}, {"a": {"b": 2}})
    ['a.b was 1 and is 2']
    """
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in [*old, *(key for key in new if key not in old)]:
            found += differences(old.get(key), new.get(key), f"{name}.{key}" if name else str(key))
        return found
    return [] if old == new else [f"{name} was {_short(old)} and is {_short(new)}"]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:76]} ..."


def _line(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]} {text}\n".encode()


def _journal_lines(path: Path) -> list[Any]:
    """Return what the journal's whole lines say; a power cut may have left half of one."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        digest, _, text = line.partition(b" ")
        if hashlib.sha256(text).hexdigest()[:16].encode() != digest:
            continue
        with contextlib.suppress(ValueError, RecursionError):  # made up, with its hash
            noted = json.loads(text)
            if _is_noted(noted):
                found.append(noted)
    return found


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _locked(path: Path) -> IO[bytes]:
    try:
        return lock_file(path)
    except BlockingIOError as error:
        raise OutputError(
            f"another run is writing to {str(path.parent)!r}; wait for it, or give another folder"
        ) from error
