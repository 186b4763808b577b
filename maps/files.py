"""Write a file whole or not at all."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from ..geo.errors import InputTypeError
from ..geo.writing import whole_file


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
    with whole_file(target, make_folders=True) as draft:
        draft.write_bytes(content)
    return target
