"""Questions of a study: what isn't asked isn't computed, what goes together, and what a file may get wrong."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pydantic import ValidationError
from python_calamine import CalamineWorkbook

from borderreach.analysis.decisions import PAIRED
from borderreach.analysis.study_file import Questions
from borderreach.checking import check_file
from borderreach.geo.networks import Links, build_network
from borderreach.reports import report
from borderreach.studies import study, study_run, years_panel
from borderreach.workbook import workbook

STAGES = ("critical", "missing", "order", "gainers", "ways", "yardsticks", "linkages", "panel")


def asking(**keys):
    return study("yuqian").model_copy(update={"questions": Questions(**keys)})


def test_by_default_a_study_answers_what_costs_seconds():
    asked = Questions()
    assert asked.critical
    assert asked.missing
    assert asked.yardsticks
    assert len(asked.over_time) > 3
    assert not asked.equity
    assert not asked.build_order
    assert asked.gains_theta == ()


def test_what_is_not_asked_is_empty_and_has_its_columns():
    run = study_run(asking(critical=False, missing=False, yardsticks=False, linkages=False, over_time=()))
    tables = {name: table for stage in STAGES for name, table in run.tables(stage).items()}
    assert len(tables) == 15
    for name, table in tables.items():
        assert table.empty, name
        assert len(table.columns) > 2, name


def test_roads_of_ones_own_have_no_panel():
    network = build_network([106.5, 106.6], [29.5, 29.5], Links([0], [1], [9.7e3], [600.0]))
    assert study_run("yuqian", network=network).panel == {}


def test_the_order_of_building_is_asked_in_kilometres_or_yuan():
    run = study_run(asking(build_order=True, build_budget=200))
    order = run.tables("order")["build_order"]
    assert set(order["corridor_id"]) == set(run.scenarios.ids)
    assert set(order["cost_unit"]) == {"km"}
    assert order.loc[order["chosen"], "cost"].sum() <= 200


def test_two_crossings_at_a_time_cost_no_less_than_either():
    pairs = study_run(asking(critical_pairs=True)).tables("critical")["critical_pairs"]
    assert len(pairs) == PAIRED * (PAIRED - 1) / 2  # one border
    either = pairs[["cost_a_person_min", "cost_b_person_min"]].max(axis=1)
    assert (pairs["cost_person_min"] >= either * (1 - 1e-9)).all()


def test_minutes_and_money_of_ways_with_trains_and_corridors(yuqian):
    run = study_run(
        asking(
            value_of_time_yuan_per_h=40,
            road_yuan_per_km={"motorway": 0.9, "ordinary": 0.4},
            rail_yuan_per_km={"high_speed": 0.46, "ordinary": 0.16},
        )
    )
    ways = run.tables("ways")["way_costs"]
    between = ways[(ways["from_name"] == "重庆市") & (ways["to_name"] == "贵阳市")].set_index("option")
    assert set(between.index) == {
        "road",
        "rail",
        "after",
    }  # without expressways there's no way within reach, or none that ends
    # The same minutes as the study's own table of centres has them.
    pairs = yuqian.pair_times.query("from_name == '重庆市' and to_name == '贵阳市'").set_index("scenario")
    for option, scenario in (("rail", "base"), ("after", "all")):
        assert between.loc[option, "minutes"] == pytest.approx(
            pairs.loc[scenario, "travel_time_min"], abs=0.1
        )
    told = report(replace(yuqian, study=run.study, way_costs=ways))
    assert "时间每小时 40 元" in told
    assert "公铁联程，规划后" in told


def test_the_report_answers_what_to_build_first(yuqian):
    run = study_run(
        asking(build_order=True, build_objective="mean_time", gains_theta=(8.22,), cost_doubles_min=60)
    )
    tables = {**run.tables("order"), "access_changes": run.tables("gainers")["access_changes"]}
    results = replace(yuqian, study=run.study, **tables)
    told = report(results)
    order = tables["build_order"]
    first = order.loc[order["step"] == 1, "name"].iloc[0]
    assert f"先建{first}，至各中心的平均时间由现状" in told
    assert "建设次序与每一步的改善" in told
    assert "谁的市场可达性份额升，谁的降" in told
    assert "one would build" in told
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook(results)))
    assert {"建设次序", "预算与组合", "廊道之间", "市场可达性"} <= set(book.sheet_names)
    pairs = [cell for row in book.get_sheet_by_name("廊道之间").to_python() for cell in row]
    assert first in pairs  # by name, not by id
    assert not set(run.scenarios.ids) & set(pairs)


def test_a_panel_of_fewer_years_by_county():
    found = years_panel("yuqian", by="county", years=[2015])
    assert sorted(found["year"].unique()) == [2015, 2025]
    assert len(found) == 2 * 14
    now = found[found["year"] == 2025]
    assert (now["delta_min"] <= 1e-9).all()
    assert (now["people_reached"] >= found.loc[found["year"] == 2015, "people_reached"].to_numpy()).all()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"gains_theta": (8.22,)}, "'gains_theta' and 'cost_doubles_min' go together"),
        ({"cost_doubles_min": 60}, "'gains_theta' and 'cost_doubles_min' go together"),
        ({"build_budget": 100}, "'build_budget' goes with 'build_order = true'"),
        ({"value_of_time_yuan_per_h": 40}, "'value_of_time_yuan_per_h' goes with prices"),
        ({"road_yuan_per_km": {"motorway": 0.5}}, "'value_of_time_yuan_per_h' goes with prices"),
        ({"over_time": (2015, 2005)}, "strictly ascending"),
        ({"over_time": (1980,)}, "1990"),
        ({"build_objective": "glory"}, "people"),
    ],
)
def test_what_cannot_be_asked(keys, words):
    with pytest.raises(ValidationError, match=words):
        Questions(**keys)


def test_a_misspelt_question_is_named(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\ntitle = "示例"\ntitle_en = "Demo"\nprovinces = ["重庆", "贵州"]\ncentres = ["贵阳市"]\n'
        "[questions]\ncritcal = true\n",
        encoding="utf-8",
    )
    (line,) = check_file(file)[1]
    assert "critcal" in line
    assert "critical" in line
