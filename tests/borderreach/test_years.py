"""Years of a study that are past: its stage, its words, and what can't be told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from borderreach.checking import check_file
from borderreach.geo.errors import InputError
from borderreach.geo.networks import Links, build_network
from borderreach.reports import report
from borderreach.studies import study, study_run


def with_years(*years, name="yuqian"):
    return study(name).model_copy(update={"years": years})


@pytest.fixture(scope="module")
def tables():
    return study_run(with_years(2005)).tables("years")


def test_the_last_year_is_the_roads_of_today(yuqian, tables):
    counties = tables["year_counties"]
    today = counties[counties["year"] == 2025].merge(
        yuqian.road_county_times.astype({"centre_id": "str"}), on=["adcode", "centre_id"]
    )  # by road alone: no table says which trains ran in past years
    assert len(today) == len(yuqian.road_county_times) == len(yuqian.county_times)
    np.testing.assert_allclose(today["travel_time_min"], today["base_min"])
    circles = tables["year_circles"].set_index(["year", "cutoff_min"])
    base = yuqian.road_circles[yuqian.road_circles["scenario"] == "base"].set_index("cutoff_min")
    assert circles.loc[(2025, 120.0), "area_km2"] == pytest.approx(base.loc[120.0, "area_km2"])
    assert circles.loc[(2005, 120.0), "area_km2"] < 0.8 * base.loc[120.0, "area_km2"]
    assert circles.loc[(2005, 120.0), "people"] < circles.loc[(2025, 120.0), "people"]


def test_expressways_bring_the_sides_of_a_border_nearer(tables):
    (then, now) = tables["year_borders"].itertuples()
    assert (then.year, now.year) == (2005, 2025)
    assert then.across_min > now.across_min + 20
    assert now.delta_min == pytest.approx(now.across_min - then.across_min)
    assert then.n_across <= now.n_across <= now.n_counties == 14


def test_the_report_tells_of_past_years_where_they_are_asked_for(yuqian, tables):
    assert "以来的高速公路" not in report(yuqian)
    text = report(replace(yuqian, **tables))
    (row,) = (line for line in text.splitlines() if line.startswith("| 重庆市–贵州省 |") and "→" in line)
    first, last = (float(row.split("|")[column]) for column in (2, 3))
    assert [first, last] == [round(one) for one in tables["year_borders"]["across_min"]]
    assert "、2005 年以来的高速公路带来了什么" in text
    assert "通车年份可差两三年" in text.split("、2005 年以来")[1].split("\n#")[0]


def test_past_years_are_no_scenarios():
    assert list(study_run(with_years(2005, 2015)).names) == list(study_run(with_years()).names)
    # today's roads stand in the tables of years; as a scenario the latest year is wanted where a corridor is open by then
    assert "2025" not in study_run(with_years(2005, 2025, name="guizhou")).names
    assert "2025" in study_run(with_years(2025, name="guizhou")).names
    assert study_run(with_years(2005, 2025)).names["2025"] == ("yanyinsong-expressway",)
    assert "2030" in study_run(with_years(2005, 2030)).names


def test_roads_of_ones_own_have_no_past():
    network = build_network([106.5, 106.6], [29.5, 29.5], Links([0], [1], [9.7e3], [600.0]))
    with pytest.raises(InputError, match=r"'years' has 2005.*'network'"):
        study_run(with_years(2005), network=network)


def test_a_check_finds_years_before_the_roads(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\ntitle = "示例"\ntitle_en = "Demo"\nprovinces = ["重庆", "贵州"]\ncentres = ["贵阳市"]\n'
        "years = [1985, 2005]\n",
        encoding="utf-8",
    )
    (line,) = check_file(file)[1]
    assert "1985" in line
    assert "1990" in line
