from __future__ import annotations

import struct
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from borderreach.analysis.borders._typology import TYPES
from borderreach.geo.errors import InputError, OutputError
from borderreach.maps.figures import study_figure
from borderreach.maps.measures import measures

from .test_layers import bare, changed


def test_the_figure_is_saved_and_says_what_it_shows(results: SimpleNamespace, tmp_path: Path) -> None:
    figure = study_figure(results, tmp_path / "new" / "figure.png")
    content = (tmp_path / "new" / "figure.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = struct.unpack(">II", content[16:24])
    assert (wide, high) == tuple(int(inch * 300) for inch in figure.get_size_inches())
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


@pytest.mark.parametrize("ending", [".svg", ".pdf", ".png"])
def test_a_second_figure_is_the_same_byte_for_byte(
    results: SimpleNamespace, tmp_path: Path, ending: str
) -> None:
    for name in ("a", "b"):
        study_figure(bare(results), tmp_path / (name + ending))
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


def test_english_words(results: SimpleNamespace) -> None:
    figure = study_figure(results, language="en")
    assert figure.texts[0].get_text() == results.study.title_en
    assert any("Today" in text.get_text() for text in figure.legends[0].get_texts())


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


@pytest.mark.parametrize(
    ("measure", "colour_by", "column", "labels"),
    [
        ("type", "base", "county_type", ["核心毗连", "通道", "塌陷", "边远"]),
        ("type", "after", "scenario_county_type", ["核心毗连", "通道", "塌陷", "边远"]),
    ],
)
def test_counties_are_filled_by_their_type(
    results: SimpleNamespace, measure: str, colour_by: str, column: str, labels: list[str]
) -> None:
    figure = study_figure(results, colour_by=colour_by, measure=measure)  # type: ignore[arg-type]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    counts = results.indicators[column].value_counts()
    for kind, label in zip(TYPES, labels, strict=True):
        assert f"{label} ({counts.get(kind, 0)})" in texts


def test_map_and_figure_class_indicators_alike(results: SimpleNamespace) -> None:
    for key in ("reached", "potential"):
        found = next(each for each in measures(results.indicators) if each.key == key)
        for colour_by, change in (("base", False), ("gain", True)):
            figure = study_figure(results, colour_by=colour_by, measure=key, language="en")  # type: ignore[arg-type]
            texts = [text.get_text() for text in figure.legends[0].get_texts()]
            for label in found.labels("en", change=change):
                assert any(text.startswith(label) for text in texts), label
            numbers = [
                int(text[text.rindex("(") + 1 : -1])
                for text in texts[-len(found.labels("en", change=change)) :]
            ]
            assert sum(numbers) == len(results.indicators)


def test_measures_that_cannot_be_drawn(results: SimpleNamespace) -> None:
    with pytest.raises(InputError, match=r"type.*amount"):
        study_figure(results, colour_by="gain", measure="type")
    with pytest.raises(InputError, match="'measure' needs 'colour_by'"):
        study_figure(results, measure="reached")
    with pytest.raises(InputError, match="'measure'"):
        study_figure(results, colour_by="base", measure="money")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="empty"):
        study_figure(
            changed(results, indicators=results.indicators.iloc[:0]), colour_by="base", measure="reached"
        )


@pytest.mark.parametrize("name", ['<img src=x onerror="window.pwned=1">', "$x_1$", r"$\frac$ {} \alpha"])
def test_names_are_drawn_as_they_stand(results: SimpleNamespace, tmp_path: Path, name: str) -> None:
    counties = results.border_counties.assign(name=name)
    study = SimpleNamespace(**{**vars(results.study), "title": name})
    figure = study_figure(changed(results, border_counties=counties, study=study), tmp_path / "figure.svg")
    texts = [*figure.texts, *figure.axes[0].texts]
    same = [text for text in texts if text.get_text() == name]
    assert len(same) >= 2  # the title and a county
    assert not any(text.get_parse_math() for text in texts)
    assert "<img" not in (tmp_path / "figure.svg").read_text(encoding="utf-8").replace("<image", "")


def test_no_name_covers_a_centre(results: SimpleNamespace) -> None:
    figure = study_figure(results)
    axes = figure.axes[0]
    figure.canvas.draw()
    dots = [line for line in axes.lines if line.get_zorder() == 10]
    assert len(dots) == len(results.centres)
    for dot in dots:
        x, y = axes.transData.transform(np.asarray(dot.get_xydata()))[0]
        for text in axes.texts:
            assert not text.get_window_extent().contains(x, y), text.get_text()


def test_bad_arguments_write_nothing(results: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.png"):
        study_figure(results, tmp_path / "figure.jpg")
    with pytest.raises(InputError, match="language"):
        study_figure(results, tmp_path / "figure.png", language="fr")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
