"""Questions of a study: what isn't asked isn't computed, what goes together, and what a file may get wrong."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from borderreach.analysis.study_file import Questions
from borderreach.checking import check_file
from borderreach.geo.networks import Links, build_network
from borderreach.studies import study, study_run, years_panel

STAGES = ("critical", "missing", "order", "gainers", "yardsticks", "panel")


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
    run = study_run(asking(critical=False, missing=False, yardsticks=False, over_time=()))
    tables = {name: table for stage in STAGES for name, table in run.tables(stage).items()}
    assert len(tables) == 11
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
