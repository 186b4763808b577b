"""Outputs that don't depend on each other, and folders with something else in them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from borderreach.geo.errors import InputTypeError, OutputError, OutputsFailedError
from borderreach.maps.folders import MANIFEST, ResultsFolder

NAMES = ("a.csv", "b.csv", "map.html")


def run(
    out: Path,
    contents: dict[str, str | Exception],
    *,
    holds: str = "study x",
    overwrite: bool = False,
    names: tuple[str, ...] = NAMES,
) -> dict[str, str]:
    """Write contents, or fail where one is an exception, half a file written."""

    def writer(content: str | Exception) -> Callable[[Path], object]:
        def write(path: Path) -> None:
            if isinstance(content, Exception):
                path.write_text("half")
                path.with_name(f"{path.name}-journal").write_text("what a library leaves")
                raise content
            path.write_text(content)

        return write

    with ResultsFolder(out, holds=holds, names=names, overwrite=overwrite) as folder:
        for name, content in contents.items():
            folder.draft(name, writer(content))
        folder.finish({"created": "today"})
    return folder.failed


def everything(text: str) -> dict[str, str | Exception]:
    return {name: f"{name} {text}" for name in NAMES}


def texts(out: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in out.iterdir() if path.name != MANIFEST}


def manifest(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    return found


def test_a_manifest_knows_every_file(tmp_path: Path):
    assert run(tmp_path / "out", everything("1")) == {}
    assert texts(tmp_path / "out") == everything("1")
    found = manifest(tmp_path / "out")
    assert list(found) == ["created", "holds", "files", "failed"]
    assert found["holds"] == "study x"
    assert found["failed"] == {}
    for name in NAMES:
        content = (tmp_path / "out" / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        assert found["files"][name] == {"bytes": len(content), "sha256": digest}


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ZeroDivisionError("division\n by zero"), "ZeroDivisionError: division by zero"),
        (MemoryError(), "MemoryError:"),
        (OutputError("no tiles"), "no tiles"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    ],
)
def test_an_output_that_fails_costs_no_other(
    tmp_path: Path, name: str, error: Exception, reason: str, before: bool
):
    if before:
        run(tmp_path, everything("1"))
    assert run(tmp_path, {**everything("2"), name: error}) == {name: reason}
    expected = {**everything("2"), name: f"{name} 1"} if before else everything("2")
    if not before:
        del expected[name]
    assert texts(tmp_path) == expected
    found = manifest(tmp_path)
    assert set(found["files"]) == set(NAMES) - {name}
    assert found["failed"][name]["reason"] == reason
    assert ("kept" in found["failed"][name]) == before
    # The one that was kept is still known as ours.
    assert run(tmp_path, everything("3")) == {}
    assert texts(tmp_path) == everything("3")


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_file_that_cannot_be_put_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    """As on Windows, where a table is open in a spreadsheet."""
    run(tmp_path, everything("1"))
    before = manifest(tmp_path)
    replace = Path.replace

    def locked(self: Path, target: Path) -> Path:
        if target == tmp_path / name:
            raise PermissionError(errno.EACCES, "Permission denied", str(target))
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", locked)
        assert run(tmp_path, everything("2")) == {name: "Permission denied"}
    if name == MANIFEST:
        assert manifest(tmp_path) == before
        assert texts(tmp_path) == everything("2")
        return
    assert texts(tmp_path) == {**everything("2"), name: f"{name} 1"}
    assert manifest(tmp_path)["failed"][name]["kept"] == before["files"][name]
    assert run(tmp_path, everything("3")) == {}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts a file system in memory")
def test_a_disk_that_is_really_full(tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount here")
    try:
        out = disk / "out"
        large: dict[str, str | Exception] = {**everything("2"), "b.csv": "x" * 300_000}
        assert run(out, {**everything("1"), "b.csv": "1" * 300_000}) == {}
        assert run(out, large) == {"b.csv": "No space left on device"}
        assert texts(out) == {**everything("2"), "b.csv": "1" * 300_000}
        assert set(manifest(out)["failed"]) == {"b.csv"}
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert run(out, large) == {}
        assert texts(out) == large
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_interruption_replaces_nothing(tmp_path: Path):
    run(tmp_path, everything("1"))

    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    def cut_off() -> None:
        with ResultsFolder(tmp_path, holds="study x", names=NAMES) as folder:
            folder.draft("a.csv", lambda path: path.write_text("2"))
            folder.draft("b.csv", interrupted)

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert texts(tmp_path) == everything("1")


@pytest.mark.parametrize("moved", range(len(NAMES) + 1))
@pytest.mark.parametrize("before", [False, True])
def test_a_run_that_is_cut_off_while_files_are_moved_is_known_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int, before: bool
):
    if before:
        run(tmp_path, everything("1"))
    replace, count = Path.replace, 0

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal count
        if count == moved:
            raise KeyboardInterrupt
        count += 1
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, everything("2"))
    assert run(tmp_path, everything("3")) == {}
    assert texts(tmp_path) == everything("3")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


# What isn't ours


def test_files_of_others_are_left_alone(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    run(tmp_path, everything("1"))
    run(tmp_path, everything("2"))
    assert texts(tmp_path) == {**everything("2"), "notes.txt": "mine"}


def change(path: Path) -> None:
    path.write_text("edited by hand")


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("alter", [change, become_a_folder])
def test_a_file_that_was_changed_since_is_not_overwritten(
    tmp_path: Path, name: str, alter: Callable[[Path], None]
):
    run(tmp_path, everything("1"))
    alter(tmp_path / name)
    with pytest.raises(OutputError, match=rf"changed since.*: {re.escape(name)}; .*--overwrite"):
        run(tmp_path, everything("2"))
    others = set(NAMES) - {name}
    assert {one: (tmp_path / one).read_text() for one in others} == {one: f"{one} 1" for one in others}
    if alter is change:
        assert run(tmp_path, everything("2"), overwrite=True) == {}
        assert texts(tmp_path) == everything("2")
    else:  # a folder isn't replaced by a file, whoever says so; the others are
        assert set(run(tmp_path, everything("2"), overwrite=True)) == {name}
        assert {one: (tmp_path / one).read_text() for one in others} == {one: f"{one} 2" for one in others}


def test_a_file_that_was_removed_is_written_again(tmp_path: Path):
    run(tmp_path, everything("1"))
    (tmp_path / "a.csv").unlink()
    run(tmp_path, everything("2"))
    assert texts(tmp_path) == everything("2")


def test_results_of_something_else_are_not_overwritten(tmp_path: Path):
    run(tmp_path, everything("1"))
    with pytest.raises(OutputError, match=r"results of study x, .* of study y: a\.csv, b\.csv, map\.html"):
        run(tmp_path, everything("2"), holds="study y")
    assert texts(tmp_path) == everything("1")
    run(tmp_path, everything("2"), holds="study y", overwrite=True)
    assert texts(tmp_path) == everything("2")
    assert manifest(tmp_path)["holds"] == "study y"


def test_a_file_that_no_run_wrote_is_not_overwritten(tmp_path: Path):
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"not known to be of an earlier run of study x: a\.csv;"):
        run(tmp_path, everything("1"))
    assert texts(tmp_path) == {"a.csv": "mine"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "{" * 100_000,
        '{"holds": "study x"}',
        '{"holds": "study x", "files": []}',
        '{"holds": "study x", "files": {"a.csv": 3}}',
        '{"holds": "study x", "files": {}, "failed": {"a.csv": {"kept": 3}}}',
        '{"holds": 3, "files": {}}',
        '{"parameters": {"study": "x"}, "files": {}}',
        '{"name": "a web page", "icons": []}',
    ],
)
def test_a_manifest_of_something_else_is_not_overwritten(tmp_path: Path, text: str):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(OutputError, match=r"not known .*: manifest\.json;"):
        run(tmp_path, everything("1"))
    assert (tmp_path / MANIFEST).read_text() == text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("name", ["a.csv", MANIFEST])
def test_a_pipe_in_the_way_is_not_read(tmp_path: Path, name: str):
    os.mkfifo(tmp_path / name)
    with pytest.raises(OutputError, match=re.escape(name)):
        run(tmp_path, everything("1"))


def test_a_manifest_without_what_it_holds_is_known_by_its_parameters(tmp_path: Path):
    run(tmp_path, everything("1"))
    found = manifest(tmp_path)
    del found["holds"], found["failed"]
    (tmp_path / MANIFEST).write_text(json.dumps({**found, "parameters": {"study": {"name": "x"}}}))
    assert run(tmp_path, everything("2")) == {}
    (tmp_path / MANIFEST).write_text(json.dumps({**found, "parameters": {"study": {"name": "y"}}}))
    with pytest.raises(OutputError, match="results of study y"):
        run(tmp_path, everything("3"))


def test_an_overwrite_that_is_no_flag(tmp_path: Path):
    with pytest.raises(InputTypeError, match="'overwrite'"):
        ResultsFolder(tmp_path, holds="study x", names=NAMES, overwrite="no")  # type: ignore[arg-type]


def test_the_error_travels_between_processes():
    error = OutputsFailedError("out", {"map.html": "no room"}, results=[1])
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert isinstance(copy, OutputsFailedError)
    assert (str(copy), copy.failed, copy.results) == (str(error), error.failed, [1])
    assert "map.html: no room" in str(error)


def test_a_run_of_some_outputs_leaves_the_others_known(tmp_path: Path):
    """What an earlier run wrote and this one wasn't asked for is still ours, and is told apart."""
    run(tmp_path, everything("first"))
    run(tmp_path, {"map.html": "second"}, names=("map.html",))
    assert set(manifest(tmp_path)["files"]) == {"map.html"}
    assert set(manifest(tmp_path)["earlier"]) == {"a.csv", "b.csv"}
    run(tmp_path, {"map.html": "third"}, names=("map.html",))
    (tmp_path / "b.csv").write_text("edited")
    with pytest.raises(OutputError, match=r"changed since the run that wrote them: b\.csv"):
        run(tmp_path, everything("fourth"))
    run(tmp_path, everything("fourth"), overwrite=True)
    assert "earlier" not in manifest(tmp_path)
    assert texts(tmp_path) == everything("fourth")
