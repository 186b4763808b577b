"""Files that appear under their name when they are complete, and not at all if they can't be."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from .errors import BorderReachError, OutputError


@contextlib.contextmanager
def whole_file(target: Path, argument: str = "path", *, make_folders: bool = False) -> Iterator[Path]:
    """Hand out a draft beside a file; when the block ends well, it takes the file's place in one step.

    If the block raises, the draft goes, and what was there stays as it was.

    Parameters
    ----------
    target : pathlib.Path
    argument : str
        What the errors call it.
    make_folders : bool
        Whether folders on the way are made; otherwise they must be there.

    Yields
    ------
    pathlib.Path
        The draft, which isn't there yet.

    Raises
    ------
    OutputError
        With the system's reason.

    Examples
    --------
    >>> with whole_file(Path("note.txt")) as draft:
    ...     written = draft.write_text("45 min", encoding="utf-8")
    >>> Path("note.txt").read_text(encoding="utf-8"), draft.exists()
    ('45 min', False)
    """
    if target.is_dir():
        raise OutputError(f"'{argument}' is a folder: {str(target)!r}; give the name of a file in it")
    if target.exists() and not target.is_file():
        # a file would take the place of the device itself, for everybody
        raise OutputError(f"'{argument}' is a device: {str(target)!r}; give the name of a file")
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        if make_folders:
            target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
            _on_disk(draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except BorderReachError:  # some are OSErrors too, and say better what is wrong
        raise
    except OSError as error:
        folder = "a folder" if make_folders else "a folder that exists and that"
        raise OutputError(
            f"'{argument}': can't write {str(target)!r}: {error.strerror or error}; choose {folder} you may write to"
        ) from error


def _on_disk(path: Path) -> None:
    """Have the system write what it still holds, so that a power cut leaves the old file or the new one."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())
