"""Errors of the package: each inherits `BorderReachError` and the builtin it resembles."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from .messages import in_language


class BorderReachError(Exception):
    """Base of every error that borderreach raises on purpose.

    Examples
    --------
    >>> try:
    ...     br.place("無此地")
    ... except br.BorderReachError as error:
    ...     print(type(error).__name__)
    UnknownPlaceError
    """

    def __str__(self) -> str:
        """Return the message, in the language that the environment asks for."""
        return in_language(super().__str__())


class InputError(BorderReachError, ValueError):
    """An argument has a value that can't be used; the message names argument, value and remedy."""


class InputTypeError(BorderReachError, TypeError):
    """An argument has a type that can't be used."""


class MissingCRSError(InputError):
    """A frame has no coordinate reference system."""


class CRSMismatchError(InputError):
    """Two frames, or a frame and the function's expectation, differ in coordinate system."""


class EmptyInputError(InputError):
    """A frame, list or file holds nothing where at least one item is needed."""


class GeometryTypeError(InputError):
    """Geometries are missing, invalid or of a kind that the function doesn't take."""


class MissingColumnError(BorderReachError, KeyError):
    """A table lacks a column that is needed."""

    def __str__(self) -> str:  # KeyError would show the message quoted
        return in_language(str(self.args[0])) if self.args else ""


class UnknownPlaceError(BorderReachError, LookupError):
    """No place has the given name or code."""


class AmbiguousPlaceError(BorderReachError, LookupError):
    """Several places have the given name.

    Attributes
    ----------
    candidates : tuple of str
        One line per place that matches, with its adcode, city and province.
    """

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class OffNetworkError(BorderReachError, ValueError):
    """An origin or destination is farther from the network than its reach."""


class NetworkError(BorderReachError, ValueError):
    """Arrays don't form a transport network."""


class UnknownStudyError(BorderReachError, LookupError):
    """No study has the given name."""


class UnknownDatasetError(BorderReachError, LookupError):
    """No dataset, and no region that can be downloaded, has the given name."""


class ConfigError(BorderReachError, ValueError):
    """A study, corridor or job file has a misspelt key or a value out of range."""


class DataFileError(BorderReachError, OSError):
    """A file is missing, damaged, cut short or of another version."""


class OutputError(BorderReachError, OSError):
    """Results can't be written where they were asked for."""


class OutputsFailedError(OutputError):
    """Some of the outputs couldn't be drawn or written; all others are there.

    Attributes
    ----------
    failed : dict of str to str
        Output to the reason.
    results : object
        What the call would have returned.
    """

    def __init__(
        self, folder: str | os.PathLike[str], failed: Mapping[str, str], *, results: object = None
    ) -> None:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        super().__init__(f"not written to {str(folder)!r}, where all other outputs are: {reasons}")
        self.folder = folder
        self.failed = dict(failed)
        self.results = results

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), self.folder, self.failed, results=self.results), ()


class MissingDependencyError(BorderReachError, ImportError):
    """An optional dependency is needed; the message names the extra to install."""


class BatchStoppedError(BorderReachError, RuntimeError):
    """A batch stopped before its end; what is finished is kept, and the same call goes on from there."""
