"""The command line: what it prints, what it writes, how it fails."""

from __future__ import annotations

import os
import subprocess
import sys

import geopandas as gpd
import pandas as pd
import platformdirs
import pytest

from borderreach import data, studies
from borderreach.cli import main
from borderreach.terminal import text_width

from ..geo.downloads.file_server import FileServer, cut, md5_of
from ..maps.conftest import build_results


def test_borders_agree_with_the_known_figures(capsys, tmp_path):
    assert main(["borders", "--csv", str(tmp_path / "borders.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("68 borders, ")
    assert "888 of " in lines[-1]
    table = lines[:-2]
    assert len(table) == 69
    assert any("重庆市" in line and "贵州省" in line for line in table)
    # Right edges line up although Chinese characters take two places.
    assert len({text_width(line) for line in table}) == 1
    assert len(pd.read_csv(tmp_path / "borders.csv")) == 68


def test_all_borders_include_the_special_regions(capsys):
    assert main(["borders", "--all"]) == 0
    out = capsys.readouterr().out
    assert "70 borders" in out
    assert "澳门" in out


def test_a_run_writes_a_map_per_border_where_asked(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(studies, "run_study", lambda *_, **__: build_results())
    assert main(["run", "yuqian", "--out", str(tmp_path), "--border-maps"]) == 0
    assert f"{tmp_path / 'borders' / 'index.html'}  (1 maps)" in capsys.readouterr().out
    assert (tmp_path / "borders" / "500000-520000.html").is_file()


def test_studies_are_listed(capsys):
    assert main(["studies"]) == 0
    out = capsys.readouterr().out
    assert "yuqian" in out
    assert "Chongqing and Guizhou" in out


def test_isochrones_are_printed_and_written(capsys, tmp_path):
    path = tmp_path / "i.gpkg"
    assert main(["isochrones", "綦江", "106.9,27.7", "--cutoffs", "20", "40", "--out", str(path)]) == 0
    captured = capsys.readouterr()
    assert "綦江区" in captured.out
    assert captured.err == ""  # no progress bar where nobody looks
    table = gpd.read_file(path)
    assert list(table["cutoff_min"]) == [40, 20, 40, 20]
    assert table["area_km2"][0] > table["area_km2"][1] > 0


def test_corridors_widen_isochrones(capsys):
    areas = []
    for extra in ([], ["--corridors", "yugui-hsr"]):
        assert main(["isochrones", "綦江区", "--cutoffs", "90", *extra]) == 0
        areas.append(float(capsys.readouterr().out.split()[-1].replace(",", "")))
    assert areas[1] > areas[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "yuqan", "--out", "{out}"], "did you mean 'yuqian'"),
        (["run", "yuqian", "--out", "{file}"], "is a file, not a folder"),
        (["isochrones", "鼓楼区"], "350102"),
        (["isochrones", "乌有县"], "乌有县"),
        (["isochrones", "124.0,29.0"], "farther from the network"),
        (["isochrones", "29.56,206.55"], "lon"),
        (["isochrones", "綦江", "--cutoffs", "120", "60"], "strictly ascending"),
        (["isochrones", "綦江", "--cutoffs", "-5"], "above 0"),
        (["isochrones", "綦江", "--out", "{out}.xlsx"], "can't tell the format"),
        (["isochrones", "綦江", "--corridors", "yugui-hrs"], "did you mean 'yugui-hsr'"),
        (["borders", "--source", "{file}"], "{file}"),
        (["borders", "--csv", "{file}.docx"], "can't tell the format"),
        (["data", "info", "icelnd"], "did you mean iceland"),
        (["data", "fetch", "icelnd"], "did you mean iceland"),
        (["data", "fetch", "Georgia"], "europe/georgia and of north-america/us/georgia"),
        (["data", "fetch", "iceland", "--mirror", "nowhere"], "'mirrors'"),
        (["data", "fetch", "speeds", "--out", "{file}"], "can't write"),
    ],
)
def test_faults_are_one_line_and_exit_code_2(capsys, tmp_path, arguments, words):
    file = tmp_path / "file.txt"
    file.write_text("not polygons")
    places = {"out": str(tmp_path / "out"), "file": str(file)}
    assert main([argument.format(**places) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert words.format(**places) in captured.err
    assert captured.err.startswith("borderreach: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    assert sorted(tmp_path.iterdir()) == [file]


def test_a_misspelt_key_names_file_and_line(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\ntitle = "x"\ntitel_en = "x"\nprovinces = ["重庆市"]\ncentres = ["重庆市"]\n', "utf-8"
    )
    assert main(["run", str(path), "--out", str(tmp_path / "out")]) == 2
    assert f"{path}:3: unknown key 'titel_en'; did you mean 'title_en'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["run"],
        ["studies"],
        ["borders"],
        ["isochrones"],
        ["data"],
        ["data", "list"],
        ["data", "info"],
        ["data", "fetch"],
    ],
)
def test_help_speaks_to_a_newcomer(capsys, command):
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "usage: borderreach" in out
    assert len(out) > 130


class TestData:
    @pytest.fixture(autouse=True)
    def cache(self, tmp_path, monkeypatch):
        monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
        return tmp_path / "cache" / "geofabrik"

    @pytest.fixture
    def server(self):
        with FileServer(**{"asia/china/guizhou-latest.osm.pbf": b"roads" * 30_000}) as running:
            yield running

    def test_a_list_of_what_is_here(self, capsys):
        assert main(["data", "list"]) == 0
        out = capsys.readouterr().out
        for name in ("trunk_network", "rail_sections", "county_seats", "boundaries", "studies"):
            assert f"\n{name} " in out
        assert "555 extracts" in out
        assert "asia/china/guizhou" not in out

    def test_a_list_by_text(self, capsys):
        assert main(["data", "list", "asia/china"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1 + 34  # China, 31 units of the mainland, Hong Kong, Macao
        assert len({text_width(line.split("daily")[0]) for line in lines[1:]}) == 1
        assert main(["data", "list", "贵州"]) == 0
        assert "asia/china/guizhou" in capsys.readouterr().out

    def test_info_before_and_after_a_download(self, capsys, server, cache):
        assert main(["data", "info", "贵州"]) == 0
        before = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
        assert before["licence"] == "ODbL 1.0"
        assert before["address"] == "https://download.geofabrik.de/asia/china/guizhou-latest.osm.pbf"
        assert before["size"] == "about 29 MB"
        assert before["path"] == "not downloaded"

        server.faults = [cut(100_000)]
        assert main(["data", "fetch", "guizhou", "--mirror", server.url]) == 0
        captured = capsys.readouterr()
        path = cache / "asia" / "china" / "guizhou-latest.osm.pbf"
        assert captured.out == f"{path}\n"
        assert captured.err == ""  # no progress bar where nobody looks
        assert path.read_bytes() == b"roads" * 30_000

        assert main(["data", "info", "贵州"]) == 0
        after = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
        assert after["hash"] == f"md5:{md5_of(b'roads' * 30_000)}"
        assert after["date"] == "2019-05-09"
        assert after["size"] == "0.1 MB"
        assert after["path"] == str(path)
        assert after["address"] == f"{server.url}/asia/china/guizhou-latest.osm.pbf"
        assert main(["data", "list"]) == 0
        assert "asia/china/guizhou" in capsys.readouterr().out

    def test_info_of_what_is_embedded(self, capsys):
        assert main(["data", "info", "trunk_network"]) == 0
        found = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
        assert found["hash"] == f"sha256:{data.catalog()['trunk_network']['sha256']}"
        assert found["path"].endswith("trunk_network.npz")
        assert main(["data", "info", "airports"]) == 0
        assert "airportsdata 20" in capsys.readouterr().out

    def test_several_into_a_folder(self, capsys, server, tmp_path):
        server.files["/europe/iceland-latest.osm.pbf"] = b"fire and ice"
        command = [
            "data",
            "fetch",
            "iceland",
            "贵州",
            "--mirror",
            server.url,
            "--out",
            str(tmp_path / "maps"),
        ]
        assert main(command) == 0
        assert len(capsys.readouterr().out.splitlines()) == 2
        assert sorted(path.name for path in (tmp_path / "maps").glob("*.pbf")) == [
            "guizhou-latest.osm.pbf",
            "iceland-latest.osm.pbf",
        ]

    def test_too_large(self, capsys, server, cache):
        command = ["data", "fetch", "guizhou", "--mirror", server.url, "--max-gb", "0.0001"]
        assert main(command) == 2
        assert "'max_gb' allows 0.0001" in capsys.readouterr().err
        assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_no_command_is_a_fault(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_an_interruption_has_its_own_code(monkeypatch, capsys):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("borderreach.commands.list_studies", interrupt)
    assert main(["studies"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_it_speaks_chinese_on_a_console_that_does_not():
    done = subprocess.run(
        [sys.executable, "-m", "borderreach", "studies"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        check=False,
    )
    assert done.returncode == 0
    assert "渝黔" in done.stdout.decode("utf-8")


@pytest.mark.parametrize(("text", "width"), [("重庆", 4), ("abc", 3), ("", 0), ("é", 1), ("km²", 3)])
def test_width_on_a_terminal(text, width):
    assert text_width(text) == width
