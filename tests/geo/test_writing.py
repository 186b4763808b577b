"""Files are written whole or not at all, whatever goes wrong on the way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from borderreach.geo.errors import DataFileError, OutputError
from borderreach.geo.writing import whole_file


def test_takes_the_place_of_an_older_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with whole_file(target) as draft:
        draft.write_text("new")
        assert target.read_text() == "old"
        assert draft.parent == target.parent
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "new"


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), OutputError),
        (DataFileError("there is no file b"), DataFileError),
        (ValueError("x"), ValueError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_an_older_file_stays_when_the_block_fails(tmp_path, fault, raised):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fails() -> None:
        with whole_file(target) as draft:
            draft.write_text("half")
            raise fault

    with pytest.raises(raised, match=None if isinstance(fault, KeyboardInterrupt) else "No space|no file|x"):
        fails()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "old"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
def test_a_device_stays_one(tmp_path):
    # whoever may write to a folder of devices would put a file in the place of one
    pipe = tmp_path / "null"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="'path' is a device"), whole_file(pipe) as draft:
        draft.write_text("x")
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["null"]


def test_what_cannot_be_written_is_named(tmp_path):
    with pytest.raises(OutputError, match="'out' is a folder"), whole_file(tmp_path, "out"):
        pass
    missing = tmp_path / "none" / "a.txt"
    with pytest.raises(OutputError, match="a folder that exists"), whole_file(missing) as draft:
        draft.write_text("x")
    with whole_file(missing, make_folders=True) as draft:
        draft.write_text("x")
    assert missing.read_text() == "x"
    with pytest.raises(OutputError, match="can't write"), whole_file(missing):
        pass  # nothing was written


def test_two_at_once_do_not_meet(tmp_path):
    """Each has a draft of its own; who ends last stays."""
    target = tmp_path / "a.txt"
    with whole_file(target) as one, whole_file(target) as other:
        assert one != other
        one.write_text("1")
        other.write_text("2")
    assert target.read_text() == "1"
    assert list(tmp_path.iterdir()) == [Path(target)]
