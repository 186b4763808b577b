"""A run's outputs don't depend on each other; whatever fails is named, and exit code 1 says so."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import mmap
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from borderreach import output
from borderreach.analysis.studies import StudyResults
from borderreach.cli import main
from borderreach.geo.errors import OutputError, OutputsFailedError
from borderreach.maps.page import _border_maps as border_maps
from borderreach.output import output_names
from borderreach.running import StudyRun
from borderreach.studies import run_study

#: What a study of two centres writes: a matrix of them is no chart.
WRITTEN = tuple(name for name in output_names() if name != "chart_centres.png")


@pytest.fixture(scope="module")
def small(yuqian: StudyResults) -> StudyResults:
    """Real results, without most of the shapes that take long to draw and to write."""
    few: dict[str, Any] = {
        name: getattr(yuqian, name).head(2) for name in ("isochrones", "zones", "slider_circles")
    }
    return dataclasses.replace(yuqian, **few)


@pytest.fixture
def computed(small: StudyResults, monkeypatch: pytest.MonkeyPatch) -> StudyResults:
    """What every run gives, at once."""
    monkeypatch.setattr(StudyRun, "results", lambda *_: small)
    monkeypatch.setattr(output, "provinces", lambda _: small.provinces)
    return small


@pytest.fixture
def quick(computed: StudyResults, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:  # noqa: ARG001 - asked for
    """Outputs that are written at once; the reasons of those that are to fail may be put into the dict."""
    failing: dict[str, str] = {}

    def write(path: Path) -> None:
        path.write_text(f"{path.name}, half")
        if path.name in failing:
            raise RuntimeError(failing[path.name])
        path.write_text(path.name)

    monkeypatch.setattr(output, "write_csv", lambda _, path: write(path))
    for name in output._OTHERS:
        monkeypatch.setitem(output._OTHERS, name, lambda _, path: write(path))
    return failing


def read_manifest(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return found


def test_the_names_of_all_outputs_are_known_beforehand(yuqian: StudyResults, yuqian_out: Path):
    assert list(StudyResults.table_names()) == [name for name, _ in yuqian.tables()]
    assert {path.name for path in yuqian_out.iterdir()} == {*WRITTEN, "manifest.json"}


@pytest.mark.parametrize("name", WRITTEN)
def test_each_output_may_fail_alone(
    quick: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
):
    out = tmp_path / "out"
    quick[name] = "the reason"
    assert main(["run", "yuqian", "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert captured.err == f"borderreach: not written: {out / name}: RuntimeError: the reason\n"
    assert f"  {out / name}\n" not in captured.out
    assert {path.name for path in out.iterdir()} == {*WRITTEN, "manifest.json"} - {name}
    assert all((out / other).read_text() == other for other in WRITTEN if other != name)
    found = read_manifest(out)
    assert found["failed"] == {name: {"reason": "RuntimeError: the reason"}}
    assert set(found["files"]) == set(WRITTEN) - {name}


def test_what_an_earlier_run_wrote_stays_where_an_output_fails(quick: dict[str, str], tmp_path: Path):
    run_study("yuqian", out=tmp_path)
    quick["map.html"] = "no"
    with pytest.raises(OutputsFailedError):
        run_study("yuqian", out=tmp_path)
    assert (tmp_path / "map.html").read_text() == "map.html"
    digest = hashlib.sha256(b"map.html").hexdigest()
    assert read_manifest(tmp_path)["failed"]["map.html"]["kept"] == {"bytes": 8, "sha256": digest}
    quick.clear()
    run_study("yuqian", out=tmp_path)
    assert read_manifest(tmp_path)["failed"] == {}


def test_all_may_fail(quick: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    quick.update(dict.fromkeys(WRITTEN, "no"))
    assert main(["run", "yuqian", "--out", str(tmp_path)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == len(WRITTEN)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_the_error_holds_the_results(quick: dict[str, str], computed: StudyResults, tmp_path: Path):
    quick["map.html"] = "no"
    with pytest.raises(OutputsFailedError, match=r"map\.html: RuntimeError: no") as caught:
        run_study("yuqian", out=tmp_path)
    assert caught.value.results is computed
    assert list(caught.value.failed) == ["map.html"]


# What fails in earnest


def break_savefig(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    def savefig(*_: Any, **__: Any) -> None:
        raise RuntimeError("In draw_glyph: could not\nload glyph")

    monkeypatch.setattr(Figure, "savefig", savefig)


def break_import(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    for name in [name for name in sys.modules if name.startswith("borderreach.maps.figures")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)


def empty_font(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "font.otf").touch()
    monkeypatch.setattr("borderreach.maps.fonts.OWN_FONT", str(tmp_path / "font.otf"))


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        pytest.param(
            break_savefig, "RuntimeError: In draw_glyph: could not load glyph", marks=pytest.mark.slow
        ),
        (break_import, "matplotlib"),
        (empty_font, "reinstall borderreach"),
    ],
)
@pytest.mark.usefixtures("computed")
def test_a_figure_that_cannot_be_drawn_leaves_all_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[pytest.MonkeyPatch, Path], None],
    reason: str,
):
    if harm is not break_savefig:  # once is enough for what takes longest
        monkeypatch.setitem(output._OTHERS, "results.gpkg", lambda _, path: path.write_bytes(bytes(99)))
    harm(monkeypatch, tmp_path)
    with pytest.raises(OutputsFailedError) as caught:
        run_study("yuqian", out=tmp_path / "out")
    drawn = {name for name in WRITTEN if name.endswith(".png")}
    assert set(caught.value.failed) == drawn
    assert all(reason in caught.value.failed[name] for name in drawn)
    there = {path.name: path.stat().st_size for path in (tmp_path / "out").iterdir()}
    assert set(there) == {*WRITTEN, "manifest.json"} - drawn
    assert there["map.html"] > 100_000
    assert min(there.values()) > 10
    assert "渝" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "此图未能绘出" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert there["report.docx"] > 10_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 megabytes, in memory: room for the outputs of yuqian twice, as none is replaced before all are there."""
    if not sys.platform.startswith("linux"):
        pytest.skip("mounts a file system in memory")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "none", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def leave(disk: Path, pages: int) -> Path:
    """Fill a disk but for some pages of memory."""
    filler = disk / "filler"
    filler.write_bytes(bytes((os.statvfs(disk).f_bavail - max(pages, 0)) * mmap.PAGESIZE))
    return filler


@pytest.mark.usefixtures("computed")
def test_a_full_disk_costs_what_has_no_room(disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in WRITTEN if name.endswith(".png")]:
        monkeypatch.setitem(output._OTHERS, name, lambda _, path: path.write_bytes(bytes(60_000)))
    for name in ("report.html", "report.docx"):  # which hold the pictures that have room, and so differ
        monkeypatch.setitem(output._OTHERS, name, lambda _, path: path.write_bytes(bytes(100_000)))
    run_study("yuqian", out=tmp_path / "whole")
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()}
    out = disk / "out"
    for part in (0.2, 0.9):
        filler = leave(disk, int(part * sum(map(len, whole.values())) / mmap.PAGESIZE))
        with pytest.raises(OutputsFailedError) as caught:
            run_study("yuqian", out=out)
        filler.unlink()
        there = {path.name: path.read_bytes() for path in out.iterdir()}
        assert set(there) | set(caught.value.failed) == set(whole)
        assert len(there) > 20
        for name in set(there) - {"manifest.json"}:
            assert there[name] == whole[name], name
        reasons = set(caught.value.failed.values())
        assert all(re.search("No space left|is full|commit", text) for text in reasons), reasons
        assert set(read_manifest(out)["failed"]) == set(caught.value.failed)
    run_study("yuqian", out=out)
    assert read_manifest(out)["failed"] == {}


def test_no_kind_of_table_is_cut_off_in_silence(small: StudyResults, disk: Path):
    """GDAL doesn't say when the last lines of a GeoJSON find no room."""
    for suffix in output.TABLE_SUFFIXES:
        path = disk / f"t{suffix}"
        output.write_table(small.provinces, path, layer="t")
        size = path.stat().st_size
        path.unlink()
        for lacking in (1, 4096, size // 2):
            filler = leave(disk, (size - lacking) // mmap.PAGESIZE)
            with pytest.raises(OutputError, match="can't write"):
                output.write_table(small.provinces, path, layer="t")
            filler.unlink()
            assert list(disk.iterdir()) == []


# What isn't ours


@pytest.mark.usefixtures("quick")
def test_another_studys_results_are_refused_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    assert main(["run", "guizhou", "--out", str(tmp_path)]) == 0
    with monkeypatch.context() as patch:
        patch.setattr(StudyRun, "results", lambda *_: pytest.fail("computed first"))
        assert main(["run", "yuqian", "--out", str(tmp_path)]) == 2
        assert "holds the results of study guizhou" in capsys.readouterr().err
        (tmp_path / "claims.csv").write_text("my own verdicts")
        assert main(["run", "guizhou", "--out", str(tmp_path)]) == 2
        assert "changed since the run that wrote them: claims.csv;" in capsys.readouterr().err
    assert (tmp_path / "claims.csv").read_text() == "my own verdicts"
    assert main(["run", "yuqian", "--out", str(tmp_path), "--overwrite"]) == 0
    assert read_manifest(tmp_path)["holds"] == "study yuqian"
    assert main(["run", "yuqian", "--out", str(tmp_path)]) == 0


class TestBorderMaps:
    @pytest.fixture(autouse=True)
    def drawn_at_once(self, quick: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        def write(*arguments: Any) -> None:
            path = arguments[-1]
            if path.name in quick:
                raise RuntimeError(quick[path.name])
            path.write_text(path.name)

        monkeypatch.setattr(border_maps, "_write_map", write)

    def command(self, out: Path, *more: str) -> list[str]:
        return ["run", "yuqian", "--out", str(out), "--border-maps", *more]

    def test_a_map_that_fails_costs_no_other(
        self, quick: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        quick.update({"500000-520000.html": "no", "figure.png": "no font"})
        assert main(self.command(tmp_path)) == 1
        assert capsys.readouterr().err.splitlines() == [
            f"borderreach: not written: {tmp_path / 'figure.png'}: RuntimeError: no font",
            f"borderreach: not written: {tmp_path / 'borders' / '500000-520000.html'}: RuntimeError: no",
        ]
        listing = (tmp_path / "borders" / "index.html").read_text(encoding="utf-8")
        assert "重庆市—贵州省" in listing
        assert "href" not in listing
        assert set(read_manifest(tmp_path / "borders")["failed"]) == {"500000-520000.html"}
        quick.clear()
        assert main(self.command(tmp_path)) == 0
        assert "500000-520000.html" in (tmp_path / "borders" / "index.html").read_text(encoding="utf-8")

    def test_what_is_not_ours_is_refused_before_anything_is_computed(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ):
        assert main(self.command(tmp_path)) == 0
        (tmp_path / "borders" / "notes.html").write_text("mine")
        assert main(self.command(tmp_path)) == 0
        (tmp_path / "borders" / "index.html").write_text("edited")
        with monkeypatch.context() as patch:
            patch.setattr(StudyRun, "results", lambda *_: pytest.fail("computed first"))
            assert main(self.command(tmp_path)) == 2
        assert "changed since the run that wrote them: index.html;" in capsys.readouterr().err
        assert (tmp_path / "borders" / "index.html").read_text() == "edited"
        assert main(self.command(tmp_path, "--overwrite")) == 0
        assert (tmp_path / "borders" / "notes.html").read_text() == "mine"
        assert "<table>" in (tmp_path / "borders" / "index.html").read_text(encoding="utf-8")

    def test_a_library_that_fails_costs_the_study_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ):
        def fail(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError("by chance")

        monkeypatch.setattr("borderreach.maps.page.save_border_maps", fail)
        assert main(self.command(tmp_path)) == 1
        assert f"{tmp_path / 'borders'}: ZeroDivisionError: by chance" in capsys.readouterr().err
        assert (tmp_path / "manifest.json").is_file()
