"""Write a file whole or not at all."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path

from ..geo.errors import InputTypeError, OutputError


def write_atomically(path: str | PathLike[str], content: bytes) -> Path:
    """Write bytes to a file; a file already there is replaced in one step or left as it was.

    Parameters
    ----------
    path : path
        Folders on the way are made.
    content : bytes

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputTypeError
        If `path` isn't a path.
    OutputError
        With the system's reason.
    """
    try:
        target = Path(path)
    except TypeError as error:
        raise InputTypeError(f"'path' should be a path, got {path!r}") from error
    if target.is_dir():
        raise OutputError(f"'path' is a folder: {str(target)!r}; give the name of a file in it")
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(content)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"can't write {str(target)!r}: {error.strerror or error}; choose a folder you may write to"
        ) from error
    return target
