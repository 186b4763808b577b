"""Download a file: checked by its published md5, resumed when cut off, patient with busy servers.

What arrives goes into ``NAME.part``, with a note beside it of what it is a part of. Only a file
whose md5 is the published one gets its name.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import hashlib
import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import requests
from tqdm import tqdm

from ..errors import DataFileError, OutputError
from ..keeping import cache_folder
from ._locks import lock_file

#: Answers after which the same request may succeed.
_PASSING_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
#: A server that wants to be left alone for longer is taken at its word: the user is told.
_LONGEST_WAIT_S: Final = 300.0
#: A transfer that got this much further isn't counted as a failure: long ones may be cut often.
_PROGRESS_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 1 << 14  # one chunk at most is lost when the connection is cut
_MD5: Final = re.compile(r"\s*([0-9a-fA-F]{32})\b")
_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")

_log = logging.getLogger(__name__)


def user_cache(part: str) -> Path:
    """Return the folder for one kind of downloads in the user's cache; it needn't exist."""
    return cache_folder(part)


@dataclass(frozen=True)
class Receipt:
    """What was fetched: from where, and what it is.

    Attributes
    ----------
    url : str
        Address after redirects.
    md5 : str
    size : int
        Bytes.
    modified : str
        Day on which the server's file was last changed, ISO 8601; "" where the server doesn't say.
    fetched : str
        Time of the download, UTC, ISO 8601.
    """

    url: str
    md5: str
    size: int
    modified: str
    fetched: str


class _PassingError(Exception):
    """It didn't work this time; `wait_s` is what the server asks for, if it does."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


def download(
    url: str,
    target: Path,
    *,
    timeout_s: float = 60.0,
    max_bytes: float = float("inf"),
    attempts: int = 4,
    progress: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> Receipt | None:
    """Fetch a file beside which its server publishes a ``.md5``.

    Parameters
    ----------
    url : str
    target : Path
        Replaced when the new file is complete and checked, and not before.
    timeout_s : float
        For connecting, and for each pause in what arrives.
    max_bytes : float
        Larger files aren't fetched.
    attempts : int
        How often in a row something may fail in passing: no connection, a cut, status 429 or 5xx.
        Between attempts it waits as long as the server asks for, else 1, 2, 4 ... seconds.
    progress : bool
        Whether to show a progress bar.
    wait : callable
        Gets the seconds to wait.

    Returns
    -------
    Receipt or None
        None if `target` has the published md5 already.

    Raises
    ------
    DataFileError
        If the server can't be reached, has no such file, or what it sends is wrong or too large.
    OutputError
        If the file can't be written.
    """
    with requests.Session() as session:
        session.headers["User-Agent"] = f"borderreach/{version('borderreach')}"
        session.headers["Accept-Encoding"] = "identity"  # a part of a compressed stream is no part
        client = _Client(session, timeout_s, attempts, wait)
        try:
            return _download(client, url, target, max_bytes=max_bytes, progress=progress)
        except OSError as error:
            if isinstance(error, (DataFileError, OutputError)):
                raise
            raise OutputError(f"can't write {target}: {error.strerror or error}") from error


def file_md5(path: Path) -> str:
    """Return a file's md5 as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _download(client: _Client, url: str, target: Path, *, max_bytes: float, progress: bool) -> Receipt | None:
    md5 = client.published_md5(url)
    if target.is_file() and file_md5(target) == md5:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target):
        part = _Part(target.with_name(f"{target.name}.part"), url, md5)
        part.take_up()
        client.fill(part, max_bytes=max_bytes, progress=progress)
        whole = _is_whole(client, part)
        if not whole and part.pieced:
            part.discard()  # perhaps put together from two files: once more, from the start
            client.fill(part, max_bytes=max_bytes, progress=progress)
            whole = _is_whole(client, part)
        if not whole:
            size, found = part.size, file_md5(part.path)
            part.discard()
            raise DataFileError(
                f"{url} arrived damaged: {size:,} bytes with md5 {found}, where the server publishes "
                f"{part.md5}; nothing of it is kept. Try again later, or from another server"
            )
        return _finish(part, target)


def _is_whole(client: _Client, part: _Part) -> bool:
    """Tell whether what arrived has the published md5."""
    found = file_md5(part.path)
    if found != part.md5:
        # Extracts are cut anew every day: perhaps just between the two answers.
        part.md5 = client.published_md5(part.asked)
    return found == part.md5


def _finish(part: _Part, target: Path) -> Receipt:
    """Give a whole file its name."""
    receipt = Receipt(
        url=part.note.get("url", part.asked),
        md5=part.md5,
        size=part.size,
        modified=_day(part.note.get("Last-Modified")),
        fetched=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )
    part.path.replace(target)
    part.discard()
    return receipt


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Let no other process fetch the same file meanwhile."""
    path = target.with_name(f"{target.name}.lock")
    try:
        lock = lock_file(path)
    except BlockingIOError as error:
        raise OutputError(f"another process is fetching {target}; wait for it") from error
    try:
        yield
    finally:
        lock.close()
        path.unlink(missing_ok=True)


@dataclass
class _Part:
    """What has arrived of a file, and the server's marks of the file that it belongs to."""

    path: Path
    asked: str
    md5: str
    note: dict[str, str] = field(default_factory=dict)
    pieced: bool = False  # together from several answers

    @property
    def note_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def take_up(self) -> None:
        """Go on with what an earlier call left, if it's of the file that is published now."""
        with contextlib.suppress(OSError, ValueError):
            note = json.loads(self.note_path.read_text(encoding="utf-8"))
            if isinstance(note, dict) and note.get("md5") == self.md5 and self.size:
                self.note = {key: str(value) for key, value in note.items()}
                return
        self.discard()

    def begin(self, response: requests.Response) -> None:
        """Empty the part, and note which file is coming."""
        kept = {key: response.headers[key] for key in ("ETag", "Last-Modified") if key in response.headers}
        self.note = {"asked": self.asked, "url": response.url, "md5": self.md5, **kept}
        self.pieced = False
        self.path.write_bytes(b"")
        self.note_path.write_text(json.dumps(self.note), encoding="utf-8")

    def range_headers(self) -> dict[str, str]:
        """Ask for the rest, and for all of it should the file have changed."""
        if not self.size:
            return {}
        headers = {"Range": f"bytes={self.size}-"}
        mark = self.note.get("ETag", "")
        if not mark or mark.startswith("W/"):  # a weak one doesn't promise the same bytes
            mark = self.note.get("Last-Modified", "")
        if mark and self.note.get("asked") == self.asked:  # another server's marks mean nothing here
            headers["If-Range"] = mark
        return headers

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note_path.unlink(missing_ok=True)
        self.note = {}


@dataclass
class _Client:
    """Asks a server, again if need be."""

    session: requests.Session
    timeout_s: float
    attempts: int
    wait: Callable[[float], None]

    def published_md5(self, url: str) -> str:
        """Return the md5 that the server publishes for a file."""
        address = f"{url}.md5"
        failures = 0
        while True:
            try:
                with self.asked(address) as response:
                    text = b"".join(_received(response, 1000)).decode("ascii", "replace")
                break
            except _PassingError as trouble:
                failures += 1
                self.pause(address, trouble, failures)
        match = _MD5.match(text)
        if match is None:
            raise DataFileError(
                f"{address} should hold an md5, got {text[:60]!r}; perhaps a login page or a filter of "
                "your network answers in the server's place"
            )
        return match[1].lower()

    def fill(self, part: _Part, *, max_bytes: float, progress: bool) -> None:
        """Fetch what is missing of a file."""
        failures = 0
        while True:
            before = part.size
            try:
                return self.append(part, max_bytes=max_bytes, progress=progress)
            except _PassingError as trouble:
                failures = 0 if part.size - before >= _PROGRESS_BYTES else failures + 1
                self.pause(part.asked, trouble, failures, kept=part.size)

    def append(self, part: _Part, *, max_bytes: float, progress: bool) -> None:
        """Ask once for what is missing and write it down."""
        with self.asked(part.asked, part.range_headers()) as response:
            content_range = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                if content_range is not None and content_range[2] == str(part.size):
                    part.pieced = True
                    return  # it's all there
                part.discard()
                raise _PassingError("the server's file is shorter than what had arrived")
            total = None
            if response.status_code == requests.codes.partial_content:
                if content_range is None or content_range[1] != str(part.size):
                    part.discard()
                    raise _PassingError("the server sent another part than the one asked for")
                total = None if content_range[2] == "*" else int(content_range[2])
                part.pieced = True
            else:
                part.begin(response)
                if response.headers.get("Content-Length", "").isdigit():
                    total = int(response.headers["Content-Length"])
            self.receive(response, part, total, max_bytes=max_bytes, progress=progress)
        if total is not None and part.size != total:
            raise _PassingError(f"the connection was cut after {part.size:,} of {total:,} bytes")

    def receive(
        self, response: requests.Response, part: _Part, total: int | None, *, max_bytes: float, progress: bool
    ) -> None:
        have = part.size
        _require_room(part, have if total is None else total, max_bytes)
        with (
            part.path.open("ab") as file,
            tqdm(
                total=total,
                initial=have,
                desc=part.path.name.removesuffix(".part"),
                unit="B",
                unit_scale=True,
                disable=not progress,
            ) as bar,
        ):
            for chunk in _received(response, max_bytes - have):
                file.write(chunk)
                bar.update(len(chunk))
        _require_room(part, part.size, max_bytes)

    @contextlib.contextmanager
    def asked(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[requests.Response]:
        """Send one request; give the answer if it's one to work with."""
        try:
            response = self.session.get(url, headers=headers, timeout=self.timeout_s, stream=True)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise _PassingError(f"no connection ({_reason(error)})") from error
        except (requests.RequestException, ValueError) as error:  # redirects without end, or to nowhere
            raise DataFileError(f"{url} can't be fetched: {error}") from error
        with response:
            status = response.status_code
            if status in _PASSING_STATUSES:
                raise _PassingError(f"status {status} {response.reason}", _retry_after(response))
            if not response.ok and status != requests.codes.requested_range_not_satisfiable:
                raise DataFileError(f"{url}: the server answers {status} {response.reason}")
            yield response

    def pause(self, url: str, trouble: _PassingError, failures: int, *, kept: int = 0) -> None:
        """Wait before the next attempt, or give up."""
        wait_s = trouble.wait_s
        if wait_s is not None and wait_s > _LONGEST_WAIT_S:
            raise DataFileError(
                f"{url}: {trouble}; the server asks to be left alone for {wait_s:,.0f} seconds: try again then"
            ) from trouble
        if failures >= self.attempts:
            rest = f". {kept:,} bytes are kept, and the next call goes on from there" if kept else ""
            raise DataFileError(f"{url}: {trouble}; tried {failures} times{rest}") from trouble
        seconds = 2.0 ** max(failures - 1, 0) if wait_s is None else wait_s
        _log.info("%s: %s; trying again in %g s", url, trouble, seconds)
        self.wait(seconds)


def _received(response: requests.Response, most: float) -> Iterator[bytes]:
    """Give what arrives, up to a chunk more than `most` bytes."""
    have = 0
    try:
        for chunk in response.iter_content(_CHUNK_BYTES):
            have += len(chunk)
            yield chunk
            if have > most:
                return
    except requests.RequestException as error:
        raise _PassingError(f"the connection was cut ({_reason(error)})") from error


def _reason(error: BaseException) -> str:
    """Say what lies at the bottom of an error of requests, which wraps it several times."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__


def _require_room(part: _Part, total: int, max_bytes: float) -> None:
    if total > max_bytes:
        part.discard()
        raise DataFileError(
            f"{part.asked} has {total / 1e9:.1f} GB or more, and 'max_gb' allows {max_bytes / 1e9:g}; "
            "take a smaller region, or raise 'max_gb'"
        )
    free = shutil.disk_usage(part.path.parent).free
    if total - part.size > free:
        raise OutputError(
            f"{part.path.parent} has {free / 1e6:,.0f} MB free, and {(total - part.size) / 1e6:,.0f} MB are "
            "to come; make room, or give another folder"
        )


def _retry_after(response: requests.Response) -> float | None:
    """Seconds that the server asks to wait, from a number or a date; None where it asks for none."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    moment = _moment(text)
    return None if moment is None else max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())


def _day(text: Any) -> str:
    moment = _moment(text)
    return "" if moment is None else moment.date().isoformat()


def _moment(text: Any) -> dt.datetime | None:
    """Read a date as HTTP writes it."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
