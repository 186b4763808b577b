"""A study of one's own: written by a command, checked by a command, described by pages made from the models."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from borderreach.analysis.config import read_toml
from borderreach.analysis.corridors import read_corridors
from borderreach.analysis.study_file import Change, Study
from borderreach.checking import check_file
from borderreach.cli import main
from borderreach.new_study import study_text

from ..test_docs import script


def test_a_new_study_runs(tmp_path, capsys):
    arguments = ["new-study", "xianggan", "--provinces", "湖南", "江西", "--centres", "长沙市", "萍乡市"]
    assert main([*arguments, "--folder", str(tmp_path)]) == 0
    found = read_toml(tmp_path / "xianggan.toml", Study)
    assert found.provinces == found.between == ("湖南省", "江西省")
    assert found.centres == ("长沙市", "萍乡市")
    assert found.railways is None
    assert check_file(tmp_path / "xianggan.toml") == ("study", [])
    assert main(["check", str(tmp_path / "xianggan.toml")]) == 0
    assert main([*arguments, "--folder", str(tmp_path)]) == 2  # never over another
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--provinces", "湖南", "--centres", "长纱"], "长纱"),
        (["--provinces", "湘", "--centres", "长沙市"], "湘"),
        (["--provinces", "湖南"], "--centres is missing"),
        (["--provinces", "重庆", "广东", "--centres", "重庆市"], "share no land border"),
    ],
)
def test_what_a_new_study_cannot_be_made_of(tmp_path, capsys, arguments, words):
    assert main(["new-study", "s", *arguments, "--folder", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err


def test_every_key_of_a_new_study_is_one(tmp_path):
    """Also those that stand there as comments."""
    text = study_text("s", provinces=["湖南", "江西"], centres=["长沙市"])
    file = tmp_path / "s.toml"
    lines = [
        line.removeprefix("# ") if line.startswith("# ") and " = " in line else line
        for line in text.splitlines()
    ]
    file.write_text("\n".join(line for line in lines if not line.startswith("gtfs")), encoding="utf-8")
    assert set(tomllib.loads(file.read_text("utf-8"))) <= set(Study.model_fields)
    assert read_toml(file, Study).people_file == "people.xlsx"


def test_everything_wrong_is_told_at_once(tmp_path):
    (tmp_path / "c.toml").write_text(
        '[[corridor]]\nid = "x"\nname = "x"\nmode = "rail"\nstatus = "plan"\nstatus_date = 2025-01-01\n'
        'design_speed_kph = 250\ngeometry = "none.kml"\nstops = [\n'
        '  { name = "a", lon = 113.0, lat = 28.0, kind = "station", position = "existing" },\n'
        '  { name = "b", lon = 113.5, lat = 128.0, kind = "station", position = "existing" },\n]\n',
        encoding="utf-8",
    )
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\ntitle = "t"\ntitel_en = "t"\nprovinces = ["湖南", "江酉"]\ncentres = ["长沙市", "萍香"]\n'
        'zone_min = -3\ncorridor_files = ["c.toml", "gone.toml"]\n',
        encoding="utf-8",
    )
    kind, faults = check_file(tmp_path / "mine.toml")
    assert kind == "study"
    told = "\n".join(faults)
    for words in (
        "mine.toml:3: unknown key 'titel_en'", "'title_en' is missing", "zone_min", "c.toml:5: 'corridor.0.status'",
        "c.toml:8: 'corridor.0.geometry'", "c.toml:11: 'corridor.0.stops.1.lat'", "gone.toml", "江酉", "萍香",
    ):  # fmt: skip
        assert words in told, told
    assert "at least" not in told  # what only follows isn't told
    assert len(faults) == len(set(faults)) == 9


def test_the_files_of_a_study_are_looked_at(tmp_path):
    (tmp_path / "people.csv").write_text("code,pop\nx,1\n", encoding="utf-8")
    (tmp_path / "mine.toml").write_text(
        'name = "other"\ntitle = "t"\ntitle_en = "t"\nprovinces = ["湖南", "江西"]\nbetween = ["湖南", "江西"]\n'
        'centres = ["萍乡市"]\npeople_file = "people.csv"\ngtfs = "feed.zip"\n'
        '[[change]]\nid = "x"\nname = "x"\nnear = "无此处"\nclose = true\n',
        encoding="utf-8",
    )
    _, faults = check_file(tmp_path / "mine.toml")
    told = "\n".join(faults)
    for words in ("make them equal", "people.csv, row 2", "feed.zip", "change 'x'"):
        assert words in told, told


def test_a_file_that_is_not_there(capsys):
    assert main(["check", "nowhere.toml"]) == 2
    assert "there is no file" in capsys.readouterr().err


@pytest.fixture(scope="module")
def pages(checkout: Path):
    return script(checkout / "docs" / "file_pages.py")


def test_the_pages_of_files_are_those_of_the_models(checkout: Path, pages):
    for name, page in pages.PAGES.items():
        written = (checkout / "docs" / name).read_text(encoding="utf-8")
        assert written == page(), "models have changed: run python3 docs/file_pages.py"


def test_every_key_has_a_line_with_a_meaning_and_an_example(pages):
    page = pages.study_page() + pages.corridor_page()
    for model in (Study, Change, pages.Corridor, pages.Stop, pages.Service, pages.Mention, pages.Source):
        said = pages.described(model)
        for name in model.model_fields:
            assert len(said.get(name, "")) > 4, f"{model.__name__}.{name} isn't described"
            rows = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
            assert rows
            assert all(row.split(" | ")[-1].strip("| ").startswith("`") for row in rows), (
                f"{name} has no example"
            )


def test_the_examples_on_the_pages_can_be_read(tmp_path, pages):
    line = '{"type": "LineString", "coordinates": [[113.2, 28.19], [113.8, 27.88], [114.86, 25.86]]}'
    (tmp_path / "line.geojson").write_text(line, encoding="utf-8")
    text = pages.CORRIDOR_EXAMPLE.replace(
        '{ file = "line.ovkml", layer = "线路", crs = "GCJ-02" }', '"line.geojson"'
    )
    (tmp_path / "corridors.toml").write_text(text, encoding="utf-8")
    assert [one.id for one in read_corridors(tmp_path / "corridors.toml")] == [
        "changgan-hsr",
        "new-expressway",
    ]
    (tmp_path / "xianggan.toml").write_text(pages.STUDY_EXAMPLE, encoding="utf-8")
    found = read_toml(tmp_path / "xianggan.toml", Study)
    assert set(found.model_fields_set) == set(Study.model_fields) - set(pages.STUDY_INSTEAD)
    for part in ("_STUDY_HEAD", "_CORRIDOR_HEAD"):
        least = getattr(pages, part).split("```toml\n")[1].split("```")[0]
        (tmp_path / "least.toml").write_text(least, encoding="utf-8")
        if part == "_STUDY_HEAD":
            read_toml(tmp_path / "least.toml", Study)
        else:
            read_corridors(tmp_path / "least.toml")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "provinces", "centres", "n_border", "words"),
    [
        ("suluyuwan", "江苏 山东 河南 安徽", "徐州市 商丘市", 96, "no station in 1 of the 21 prefectures in reach, whose trains are missing"),
        ("chuanqing", "青海 四川", "玉树市 甘孜县", 11, "Trains are left out: the railway tables have a station in none of the 2"),
        ("xianggan", "湖南 江西", "长沙市 萍乡市", 20, "and with the trains that run today. By road alone the circle would cover"),
    ],
)  # fmt: skip
def test_a_study_of_another_border_is_written_checked_and_run(
    tmp_path, capsys, name, provinces, centres, n_border, words
):
    """As somebody does it who has read README: three commands, and a report in which nothing is out of place."""
    file, out = tmp_path / f"{name}.toml", tmp_path / "out"
    made = ["new-study", name, "--provinces", *provinces.split(), "--centres", *centres.split()]
    assert main([*made, "--folder", str(tmp_path)]) == 0
    assert main(["check", str(file)]) == 0
    assert main(["run", str(file), "--out", str(out)]) == 0
    assert f"{n_border} border counties, 0 corridors" in capsys.readouterr().out
    text = (out / "report.md").read_text(encoding="utf-8")
    assert words in text
    assert f"{n_border} counties lie on the border studied" in text
    silly_ones = (
        "廊道", "corridor", "| — |", "| 0% |", "少 0 分钟", "多 0 分钟", "其中 0%", "−0%", "−0 ", "+0%", "+0 ",
        "规划",
    )  # fmt: skip
    for silly in silly_ones:
        assert silly not in text, silly
    assert not re.search("(?<![A-Za-z])nan(?![A-Za-z])", text)  # names such as Hunan aside
    for row in (line for line in text.splitlines() if line.startswith("| ---")):
        assert row.count("|") > 2
