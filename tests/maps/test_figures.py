from __future__ import annotations

import struct
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib import font_manager
from matplotlib.patches import Rectangle

from borderreach.geo.errors import InputError, MissingDependencyError, OutputError
from borderreach.maps import fonts
from borderreach.maps.figures import study_figure
from borderreach.maps.fonts import font_for

from .test_layers import bare


def has_chinese_font() -> bool:
    try:
        font_for("渝黔两小时圈规划廊道黔")
    except MissingDependencyError:
        return False
    return True


needs_font = pytest.mark.skipif(not has_chinese_font(), reason="no font with Chinese characters is installed")


@needs_font
def test_the_figure_is_saved_and_says_what_it_shows(results: SimpleNamespace, tmp_path: Path) -> None:
    figure = study_figure(results, tmp_path / "new" / "figure.png")
    content = (tmp_path / "new" / "figure.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = struct.unpack(">II", content[16:24])
    assert (wide, high) == tuple(round(inch * 200) for inch in figure.get_size_inches())
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    row = results.circles[
        (results.circles["scenario"] == "base") & (results.circles["cutoff_min"] == 120)
    ].iloc[0]
    assert f"120 分钟圈 · 现状 {row['area_km2']:,.0f} km²" in legend
    assert f"边界县 {len(results.border_counties)}" in legend
    shown = [text.get_text() for text in (*figure.texts, *figure.axes[0].texts)]
    assert results.study.title in shown
    assert any("OpenStreetMap contributors" in text for text in shown)
    assert {"重庆市", "贵阳市", "北"} <= set(shown)


@needs_font
def test_the_scale_bar_is_as_long_as_it_says(results: SimpleNamespace) -> None:
    axes = study_figure(results).axes[0]
    parts = [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_zorder() == 12]
    length_m = sum(patch.get_width() for patch in parts)
    stated = next(text.get_text() for text in axes.texts if text.get_text().endswith("千米"))
    assert length_m == float(stated.split()[0]) * 1000
    # Metres of the axes are metres on the ground: the two capitals lie 323 km apart.
    names = {text.get_text(): text.xy for text in axes.texts if hasattr(text, "xy")}
    (x1, y1), (x2, y2) = names["重庆市"], names["贵阳市"]
    assert ((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5 == pytest.approx(323_200, rel=0.002)


@needs_font
@pytest.mark.parametrize("ending", [".svg", ".pdf", ".png"])
def test_a_second_figure_is_the_same_byte_for_byte(
    results: SimpleNamespace, tmp_path: Path, ending: str
) -> None:
    for name in ("a", "b"):
        study_figure(bare(results), tmp_path / (name + ending))
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


@needs_font
def test_english_words(results: SimpleNamespace) -> None:
    figure = study_figure(results, language="en")
    assert figure.texts[0].get_text() == results.study.title_en
    assert any("Today" in text.get_text() for text in figure.legends[0].get_texts())


@needs_font
def test_counties_are_filled_by_the_classes_of_their_minutes(results: SimpleNamespace) -> None:
    figure = study_figure(results, colour_by="gain", centre="贵阳市", gain_classes=(10, 25))
    times = results.county_times[results.county_times["centre_name"] == "贵阳市"]
    gains = -times["delta_min"]
    counts = [
        (gains <= 0.5).sum(),
        gains.between(0.5, 10).sum(),
        gains.between(10, 25).sum(),
        (gains > 25).sum(),
    ]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    labels = ["≤ 0.5", "0.5–10", "10–25", "> 25"]
    for label, count in zip(labels, counts, strict=True):
        assert f"{label} 分钟 ({count})" in texts
    assert "边界县：至贵阳市，缩短" in texts
    with pytest.raises(InputError, match=r"centre.*贵阳市.*重庆市"):
        study_figure(results, colour_by="base", centre="成都")
    with pytest.raises(InputError, match="colour_by"):
        study_figure(results, colour_by="red")  # type: ignore[arg-type]


def test_bad_arguments_write_nothing(results: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.png"):
        study_figure(results, tmp_path / "figure.jpg")
    with pytest.raises(InputError, match="language"):
        study_figure(results, tmp_path / "figure.png", language="fr")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_without_a_font_the_error_names_fonts(
    results: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    latin = font_manager.findfont("DejaVu Sans")
    monkeypatch.setattr(fonts, "_candidates", lambda: iter([latin]))
    with pytest.raises(MissingDependencyError, match=r"Noto Sans CJK SC.*SimHei"):
        study_figure(results, tmp_path / "figure.png")
    assert list(tmp_path.iterdir()) == []


def test_a_font_without_one_character_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    latin = font_manager.findfont("DejaVu Sans")
    monkeypatch.setattr(fonts, "_candidates", lambda: iter(["small.otf", latin]))
    read = fonts._characters
    monkeypatch.setattr(fonts, "_characters", lambda path: {ord("a")} if path == "small.otf" else read(path))
    assert font_for("a").get_file() == "small.otf"
    assert font_for("a b").get_file() == latin
