"""The font of figures: it has what the package writes, is the same on every machine, and never ends a run."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib import font_manager
from matplotlib.font_manager import FontEntry, FontProperties
from matplotlib.ft2font import FT2Font

from borderreach import data
from borderreach.geo.errors import DataFileError, InputError, InputTypeError
from borderreach.geo.places import SOURCES, cities, counties, provinces
from borderreach.maps.figures import study_figure
from borderreach.maps.fonts import OWN_FONT, font_for
from borderreach.maps.style import CJK_FAMILIES
from borderreach.maps.wording import WORDS

from .test_layers import bare, changed

OWN = str(data.path(OWN_FONT))
DEJAVU = str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
#: In no font but those that have a picture for everything.
NOBODYS = "\U000f1234"


def characters(path: str) -> set[str]:
    return {chr(code) for code in FT2Font(path).get_charmap()}


def files(found: FontProperties) -> list[str]:
    return [str(Path(font_manager.findfont(FontProperties(family=[name])))) for name in found.get_family()]


@pytest.fixture(autouse=True)
def installed() -> Iterator[list[FontEntry]]:
    """The list of installed fonts, which tests may change."""
    before = list(font_manager.fontManager.ttflist)
    yield font_manager.fontManager.ttflist
    font_manager.fontManager.ttflist[:] = before


def texts() -> Iterator[tuple[str, str]]:
    """Everything that the package may have to draw."""
    folder = data.path("catalog.toml").parent
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.suffix in {".csv", ".toml"} and not name.startswith("build/"):
            yield name, file.read_text(encoding="utf-8")
    for language, words in WORDS.items():
        yield f"wording {language}", "".join(map(str, words.values()))
    for source in SOURCES:
        for units in (provinces, cities, counties):
            yield f"{units.__name__}({source!r})", "".join(units(source)["name"])


def test_it_has_every_character_that_the_package_writes():
    there = characters(OWN)
    lacking = {
        name: "".join(sorted({one for one in text if one not in there and not one.isspace()}))
        for name, text in texts()
    }
    # Letters of Polish and Czech regions of OpenStreetMap, which Noto Sans SC hasn't; matplotlib's own font has.
    assert set(lacking.pop("geofabrik.csv")) <= characters(DEJAVU)
    assert len(lacking) > 30
    assert {name: text for name, text in lacking.items() if text} == {}, "run data/build/font.py"


def test_it_has_gb_2312():
    places = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    standard = {text for place in places if (text := place.decode("gb2312", errors="ignore"))}
    assert len(standard) == 7445
    assert standard - characters(OWN) == set()


def test_every_character_is_drawn():
    font = FT2Font(OWN)
    font.set_size(20, 72)
    blank = set()
    for code in font.get_charmap():
        glyph = font.load_char(code)
        if glyph.width == 0 or glyph.height == 0:
            blank.add(chr(code))
    assert {one for one in blank if unicodedata.category(one) not in {"Zs", "Cf", "Lo"}} == set()
    assert {one for one in blank if unicodedata.category(one) == "Lo"} <= {"\uffa0"}  # a filler of Hangul


def test_the_licence_lies_beside_it():
    entry = data.catalog()["font"]
    assert "SIL OPEN FONT LICENSE Version 1.1" in data.path(entry["licence_file"]).read_text("ascii")
    assert Path(OWN).with_name("OFL.txt") == data.path(entry["licence_file"])


def test_what_is_installed_and_set_makes_no_other_figure(
    results: SimpleNamespace, tmp_path: Path, installed: list[FontEntry]
):
    endings = (".png", ".svg", ".pdf")
    for ending in endings:
        study_figure(bare(results), tmp_path / f"plain{ending}")
    for family in (*CJK_FAMILIES, "Borderreach Sans SC"):
        installed.insert(0, FontEntry(fname=DEJAVU, name=family, size="scalable"))
    font_manager.fontManager.findfont("Noto Sans SC")
    settings: dict[Any, Any] = {"font.size": 30, "font.family": "serif", "savefig.bbox": "tight", "axes.facecolor": "red",
                "svg.fonttype": "none", "lines.linewidth": 9, "text.parse_math": True}  # fmt: skip
    with mpl.rc_context(settings):
        for ending in endings:
            study_figure(bare(results), tmp_path / f"set{ending}")
    for ending in endings:
        assert (tmp_path / f"set{ending}").read_bytes() == (tmp_path / f"plain{ending}").read_bytes()


def test_a_character_that_it_lacks_comes_from_the_next_font(caplog: pytest.LogCaptureFixture):
    assert files(font_for("渝黔")) == [OWN, DEJAVU]
    stix = str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "STIXGeneral.ttf")
    rare = min(characters(stix) - characters(DEJAVU) - characters(OWN))
    assert files(font_for(f"渝{rare}")) == [OWN, DEJAVU, stix]
    assert caplog.records == []


def test_a_character_that_no_font_has_is_a_box_and_one_warning(
    results: SimpleNamespace, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    names = results.border_counties.assign(name=f"县{NOBODYS}")
    for ending in (".png", ".svg", ".pdf"):
        caplog.clear()
        study_figure(changed(results, border_counties=names), tmp_path / f"figure{ending}")
        (record,) = (one for one in caplog.records if one.levelname == "WARNING")
        assert "1 character(s)" in record.getMessage()
        assert "U+F1234" in record.getMessage()
        assert (tmp_path / f"figure{ending}").stat().st_size > 10_000


def test_damaged_fonts_that_are_installed_are_passed_over(
    tmp_path: Path, installed: list[FontEntry], caplog: pytest.LogCaptureFixture
):
    (tmp_path / "empty.otf").touch()
    (tmp_path / "cut.otf").write_bytes(Path(OWN).read_bytes()[:5000])
    (tmp_path / "text.ttf").write_text("a font")
    for number, name in enumerate(("empty.otf", "cut.otf", "text.ttf", "missing.otf")):
        installed.insert(0, FontEntry(fname=str(tmp_path / name), name=CJK_FAMILIES[number], size="scalable"))
    assert files(font_for(f"渝{NOBODYS}")) == [OWN, DEJAVU]
    assert len([one for one in caplog.records if one.levelname == "WARNING"]) == 1


@pytest.mark.parametrize("content", [b"", b"not a font", None])
def test_a_damaged_font_of_the_package_is_named(
    results: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
):
    damaged = tmp_path / "own.otf"
    if content is not None:
        damaged.write_bytes(content)
    monkeypatch.setattr("borderreach.maps.fonts.data.path", lambda _: damaged)
    with pytest.raises(DataFileError, match=r"own font.*reinstall borderreach"):
        study_figure(bare(results), tmp_path / "figure.png")
    assert not (tmp_path / "figure.png").exists()


def test_another_font_can_be_named(results: SimpleNamespace, tmp_path: Path):
    serif = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
    for named in ("DejaVu Serif", serif, str(serif)):
        assert files(font_for("abc渝", font=named)) == [str(serif), OWN, DEJAVU]
    for name, font in (("serif", serif), ("own", None)):
        study_figure(bare(results), tmp_path / f"{name}.svg", font=font)
    assert (tmp_path / "serif.svg").read_bytes() != (tmp_path / "own.svg").read_bytes()


def test_a_regular_face_is_taken_where_a_family_has_several(installed: list[FontEntry]):
    assert Path(files(font_for("a", font="DejaVu Serif"))[0]).name == "DejaVuSerif.ttf"
    bold = next(entry for entry in installed if entry.fname.endswith("DejaVuSerif-Bold.ttf"))
    installed.append(dataclasses.replace(bold, name="only bold"))
    assert files(font_for("a", font="only bold"))[0] == bold.fname


@pytest.mark.parametrize(
    ("font", "error", "words"),
    [
        ("DejaVu Serf", InputError, "'font'.*did you mean DejaVu Serif"),
        ("nowhere.otf", InputError, "'font': 'nowhere.otf' can't be read"),
        (Path("nowhere"), InputError, "'font': 'nowhere' can't be read"),
        ("", InputError, "'font'"),
        (3, InputTypeError, "'font'.*got 3"),
    ],
)
def test_a_font_that_cannot_be_used(font: object, error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        font_for("a", font=font)  # type: ignore[arg-type]
