"""The command line: what it prints, what it writes, how it fails."""

from __future__ import annotations

import os
import subprocess
import sys

import geopandas as gpd
import pandas as pd
import pytest

from borderreach.cli import main, text_width


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


@pytest.mark.parametrize("command", [[], ["run"], ["studies"], ["borders"], ["isochrones"]])
def test_help_speaks_to_a_newcomer(capsys, command):
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "usage: borderreach" in out
    assert len(out) > 130


def test_no_command_is_a_fault(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_an_interruption_has_its_own_code(monkeypatch, capsys):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("borderreach.cli._studies", interrupt)
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
