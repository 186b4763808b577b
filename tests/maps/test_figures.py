from __future__ import annotations

import struct
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from borderreach.analysis.borders._typology import TYPES
from borderreach.geo.errors import InputError, OutputError
from borderreach.geo.places import provinces
from borderreach.maps.figures import study_figure
from borderreach.maps.framing import frame_around
from borderreach.maps.measures import measures
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.wording import WORDS

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
    assert f"毗邻区县 {len(results.border_counties)}" in legend
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
    assert "毗邻区县：至贵阳市，缩短" in texts
    with pytest.raises(InputError, match=r"centre.*贵阳市.*重庆市"):
        study_figure(results, colour_by="base", centre="成都")
    with pytest.raises(InputError, match="colour_by"):
        study_figure(results, colour_by="red")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("measure", "colour_by", "column", "labels"),
    [
        ("type", "base", "county_type", ["邻近核心", "通道沿线", "通道外侧", "远离核心"]),
        ("type", "after", "scenario_county_type", ["邻近核心", "通道沿线", "通道外侧", "远离核心"]),
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


def everything_named(figure: Figure) -> list[Text]:
    """Names on the map: what is written in the axes' own points, not in the frame's corners or along its edges."""
    return [text for text in figure.axes[0].texts if text.get_zorder() == 11]


@pytest.mark.parametrize("width_cm", [8.5, 16.0])
def test_names_neither_collide_nor_leave_the_frame(results: SimpleNamespace, width_cm: float) -> None:
    figure = study_figure(results, width_cm=width_cm)
    frame = figure.axes[0].get_window_extent()
    boxes = [(text.get_text(), text.get_window_extent()) for text in everything_named(figure)]
    assert len(boxes) > 10
    for name, box in boxes:
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1, name
        assert frame.y0 <= box.y0 < box.y1 <= frame.y1, name
    for (a, one), (b, other) in combinations(boxes, 2):
        assert not one.overlaps(other), (a, b)


@pytest.mark.parametrize("width_cm", [8.5, 17.5])
def test_the_study_fills_a_frame_that_fits_the_page(results: SimpleNamespace, width_cm: float) -> None:
    figure = study_figure(results, context=provinces(), width_cm=width_cm)
    wide, high = figure.get_size_inches()
    assert wide == pytest.approx(width_cm / 2.54)
    if width_cm > 12:
        assert high < wide  # under a headline and seven findings
    axes = figure.axes[0]
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    shapes = [
        results.border_counties,
        results.corridors,
        results.circles[results.circles["scenario"] == "base"],
    ]
    frames = frame_around([each.geometry for each in shapes])
    shares = ((frames.east - frames.west) / (east - west), (frames.north - frames.south) / (north - south))
    assert max(shares) > 0.9
    assert min(shares) > 0.5


def test_a_locator_shows_the_whole_country_with_its_lines(results: SimpleNamespace) -> None:
    figure = study_figure(results, context=provinces())
    assert len(figure.axes) == 2
    (south, north) = figure.axes[1].get_ylim()
    assert (north - south) / 1000 > 5000  # from the Amur to the South China Sea
    assert len(study_figure(results).axes) == 1


def local_crs_of(every: gpd.GeoDataFrame) -> Any:
    """The projection of a figure of the whole country."""
    parts = every.geometry.explode()
    return frame_around([parts[parts.bounds["miny"] > 17.5]]).crs


def test_a_figure_of_the_whole_country_has_the_south_china_sea(results: SimpleNamespace) -> None:
    every = provinces()
    centres = results.centres.iloc[:0]
    whole = every[~every["adcode"].isin([810000, 820000])]
    counties = whole.assign(city="", province=whole["name"], neighbour_provinces="", border_km=1.0)
    figure = study_figure(
        changed(results, provinces=whole, border_counties=counties, centres=centres), context=every
    )
    assert len(figure.axes) == 2
    assert "南海诸岛" in [text.get_text() for text in figure.axes[1].texts]
    axes = figure.axes[0]
    assert axes.get_xlabel() == axes.get_ylabel() == ""
    # Taiwan lies in the frame, and not under the corner.
    (taiwan,) = every.loc[every["adcode"] == 710000, "geometry"]
    main = max(taiwan.geoms, key=lambda part: part.area)
    crs = local_crs_of(every)
    drawn = axes.transData.transform(
        np.asarray(gpd.GeoSeries([main], crs=4326).to_crs(crs).iloc[0].exterior.coords)
    )
    frame, corner = axes.get_window_extent(), figure.axes[1].get_window_extent()
    for x, y in drawn:
        assert frame.contains(x, y)
        assert not corner.contains(x, y)
    english = study_figure(
        changed(results, provinces=whole, border_counties=counties, centres=centres),
        context=every,
        language="en",
    )
    assert "South China Sea Islands" in [text.get_text() for text in english.axes[1].texts]


def test_a_figure_says_what_publishing_it_needs(results: SimpleNamespace) -> None:
    texts = "\n".join(text.get_text() for text in study_figure(results).texts)
    assert WORDS["zh"]["publication"] in texts
    assert "审图号：" not in texts
    numbered = study_figure(results, review_number="GS（2024）0650号")
    assert "审图号：GS（2024）0650号" in "\n".join(text.get_text() for text in numbered.texts)
    # The study's own, on figures and pages, where none is given.
    own = changed(results, study=SimpleNamespace(**vars(results.study), review_number="GS（2025）0001号"))
    assert "审图号：GS（2025）0001号" in "\n".join(text.get_text() for text in study_figure(own).texts)
    for page, number in (
        (study_map(own), "GS（2025）0001号"),
        (study_map(own, review_number="GS（2024）0650号"), "GS（2024）0650号"),
    ):
        (overlay,) = [each for each in page._children.values() if hasattr(each, "content")]
        assert overlay.content["attribution"][-1] == f"审图号 / map review number: {number}"
    (plain,) = [each for each in study_map(results)._children.values() if hasattr(each, "content")]
    assert not any("审图号" in line for line in plain.content["attribution"])


def test_a_legend_has_no_entry_for_nothing(results: SimpleNamespace) -> None:
    circles = results.circles.copy()
    base = circles[circles["scenario"] == "base"].set_index("cutoff_min")
    rows = circles["scenario"] != "base"
    # A sliver that is less than half a square kilometre.
    circles.loc[rows, "geometry"] = [
        base.geometry[cutoff].union(base.geometry[cutoff].buffer(1e-7))
        for cutoff in circles.loc[rows, "cutoff_min"]
    ]
    circles.loc[rows, "area_km2"] = [
        base["area_km2"][cutoff] + 0.2 for cutoff in circles.loc[rows, "cutoff_min"]
    ]
    figure = study_figure(changed(results, circles=circles))
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert not any("+0" in label for label in labels)
    assert all("毗邻区县" not in label or not label.endswith(" 0") for label in labels)
