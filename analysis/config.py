"""Read TOML files into checked models; a fault names the file, the line and the key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from ..geo.errors import ConfigError, DataFileError

Model = TypeVar("Model", bound=BaseModel)

#: Larger files than this weren't written by hand, and are refused before they are parsed.
MAX_TOML_BYTES: Final = 1_000_000
#: So many faults are described; finding the lines of a hundred thousand takes hours.
MAX_FAULTS: Final = 20


class Strict(BaseModel):
    """A frozen model that refuses keys it doesn't know, and knows where it was read.

    Attributes
    ----------
    where : str
        File and line that it was read from; empty where it comes from no file.
    folder : pathlib.Path
        The file's folder, which paths in it are relative to.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    _where: str = PrivateAttr(default="")
    _folder: Path = PrivateAttr(default=Path())

    @property
    def where(self) -> str:
        """File and line that it was read from; empty where it comes from no file."""
        return self._where

    @property
    def folder(self) -> Path:
        """Folder of that file; the working folder where there is none."""
        return self._folder


def read_toml(path: Path, model: type[Model]) -> Model:
    """Read a TOML file into `model`.

    Parameters
    ----------
    path : pathlib.Path
    model : type
        A pydantic model, best a `Strict` one.

    Returns
    -------
    object of type `model`

    Raises
    ------
    DataFileError
        If the file isn't there, can't be read, or is larger than `MAX_TOML_BYTES`.
    ConfigError
        If it isn't TOML, has a key that `model` doesn't know, lacks one, or a value is out of
        range; each fault on its own line, with the file, its line and the key.

    Notes
    -----
    Models find the file's folder in the validation's context, under "folder": paths in a file are
    relative to it.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TOML_BYTES + 1)
    except OSError as error:
        raise DataFileError(f"{path}: can't be read ({error.strerror})") from error
    except ValueError as error:  # a null character in the name
        raise DataFileError(f"{str(path)!r}: can't be read ({error})") from error
    if len(content) > MAX_TOML_BYTES:
        raise DataFileError(
            f"{path}: larger than {MAX_TOML_BYTES:,} bytes, which no file written by hand is; check the name"
        )
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text ({error.reason}); save the file as UTF-8") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except (RecursionError, ValueError) as error:  # brackets within brackets, numbers with too many digits
        raise ConfigError(f"{path}: not valid TOML: {type(error).__name__}") from error
    try:
        found = model.model_validate(table, context={"folder": str(path.parent)})
    except ValidationError as error:
        found_faults = _own_faults(error.errors())
        faults = [_describe(fault, path, text, model) for fault in found_faults[:MAX_FAULTS]]
        if len(found_faults) > MAX_FAULTS:
            faults.append(f"{path}: and {len(found_faults) - MAX_FAULTS:,} more faults")
        raise ConfigError("\n".join(faults)) from error
    _place(found, path, str(path))
    for name, value in found:  # tables in the file know their own line
        if isinstance(value, Strict):
            _place(value, path, f"{path}:{line_of(text, (name,))}")
        for number, item in enumerate(value if isinstance(value, tuple) else ()):
            if isinstance(item, Strict):
                _place(item, path, f"{path}:{line_of(text, (name, number))}")
    return found


def _own_faults(faults: Sequence[Any]) -> list[Any]:
    """Leave out what only follows: a list counts as too short when one of its items is at fault itself."""
    places = [tuple(fault["loc"]) for fault in faults]

    def follows(fault: Any) -> bool:
        own = tuple(fault["loc"])
        return fault["type"] == "too_short" and any(
            len(p) > len(own) and p[: len(own)] == own for p in places
        )

    return [fault for fault in faults if not follows(fault)]


def _place(model: BaseModel, path: Path, where: str) -> None:
    if isinstance(model, Strict):
        model._where, model._folder = where, path.parent  # noqa: SLF001 - its own


def line_of(text: str, location: Sequence[str | int]) -> int:
    r"""Return the line of a key or list item in TOML text, counted from 1.

    Parameters
    ----------
    text : str
    location : sequence of str and int
        Keys and positions from the root, such as ``("corridor", 1, "stops", 3, "lon")``.

    Returns
    -------
    int
        The line of the last element found; 1 where not even the first is.

    Notes
    -----
    `tomllib` gives values without their lines. This looks for headers and ``key =`` from the
    place where the parent was found on, which is right for files with one inline table per
    line, as the package's own are; strings over several lines may mislead it.

    Examples
    --------
    >>> line_of("[[corridor]]\nid = 'a'\n[[corridor]]\nid = 'b'", ("corridor", 1, "id"))
    4
    """
    position = 0
    i = 0
    while i < len(location):
        element = location[i]
        following = location[i + 1] if i + 1 < len(location) else None
        if isinstance(element, str):
            name = re.escape(element)
            header = re.compile(rf"^[ \t]*\[+(?:[\w-]+\.)*{name}\]+", re.MULTILINE)
            starts = [match.start() for match in header.finditer(text, position)]
            if starts and isinstance(following, int):
                position = starts[min(following, len(starts) - 1)]
                i += 2
                continue
            key = re.compile(rf"(?:^[ \t]*|[{{,][ \t]*)(?P<key>{name})[ \t]*=", re.MULTILINE)
            match = key.search(text, position)
            if match is not None:
                position = match.start("key")
            elif starts:
                position = starts[0]
        else:
            items = [match.start() for match in re.compile(r"\{").finditer(text, position)]
            if element < len(items):
                position = items[element]
        i += 1
    return text.count("\n", 0, position) + 1


def _describe(fault: object, path: Path, text: str, model: type[BaseModel]) -> str:
    assert isinstance(fault, dict)  # noqa: S101 - what pydantic's errors() holds
    location: tuple[str | int, ...] = fault["loc"]
    message = str(fault["msg"]).removeprefix("Value error, ")
    names = ".".join(str(part) for part in location)
    if fault["type"] == "extra_forbidden":
        known = _fields_at(model, location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(known)}"
        return f"{path}:{line_of(text, location)}: unknown key '{location[-1]}'; {hint}"
    if fault["type"] == "missing":
        return f"{path}:{line_of(text, location[:-1])}: the key '{location[-1]}' is missing"
    where = f"{path}:{line_of(text, location)}"
    if not location:
        return f"{where}: {message}"
    seen = "" if isinstance(fault.get("input"), (dict, list)) else f", got {fault.get('input')!r}"
    return f"{where}: '{names}': {message}{seen}"


def _fields_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Names of the keys that the model nested at `location` knows, its own before those that others have as well."""
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            inner = _model_in(model.model_fields[part].annotation)
            if inner is not None:
                model = inner
    own = model.__annotations__
    return sorted(model.model_fields, key=lambda name: name not in own)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
