"""A study's stages: together they give every table, alone they give the same and no more than is needed."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import borderreach as br
from borderreach import stages
from borderreach.analysis.studies import Reach, StudyResults
from borderreach.geo.errors import InputError, InputTypeError
from borderreach.reports import report
from borderreach.running import _OnDemand


def test_every_table_comes_from_one_stage():
    given = [name for stage in stages.STAGES.values() for name in stage.tables]
    words = {"study", "scenario_names", "attribution", "notes", "parameters", "what_if"}
    assert sorted(given) == sorted({item.name for item in fields(StudyResults)} - words)


@pytest.mark.parametrize("stage", ["borders", "circles", "audit", "crossings", "corridors"])
def test_a_stage_alone_gives_what_the_whole_run_gave(stage: str, yuqian: StudyResults):
    for name, table in br.study_run("yuqian").tables(stage).items():
        whole = getattr(yuqian, name)
        assert_frame_equal(pd.DataFrame(table), pd.DataFrame(whole))
        if isinstance(whole, gpd.GeoDataFrame):
            assert table.crs == whole.crs


def test_a_stage_computes_nothing_that_it_does_not_stand_on(monkeypatch: pytest.MonkeyPatch):
    def forbidden(*_, **__):
        pytest.fail("computed what wasn't asked for")

    for name in ("isochrones", "circles", "inside"):
        monkeypatch.setattr(Reach, name, forbidden)
    for name in ("compare", "audit_claims", "commuting_zone", "border_effect_on"):
        monkeypatch.setattr(stages, name, forbidden)
    run = br.study_run("yuqian")
    assert len(run.tables("corridors")["corridors"]) == 2
    assert len(run.tables("borders")["border_counties"]) == 14


def test_what_was_computed_is_kept():
    run = br.study_run("yuqian")
    assert run.tables("corridors") is run.tables("corridors")
    assert run.ground is run.ground


@pytest.mark.slow
def test_only_what_is_asked_for_is_written_and_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def forbidden(*_, **__):
        pytest.fail("computed what the figure doesn't show")

    for name in ("audit_isochrones", "border_effect_on", "group_cohesion", "contributions"):
        monkeypatch.setattr(stages, name, forbidden)
    results = br.run_study("yuqian", out=tmp_path, only="figure")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure.png", "manifest.json"]
    assert len(results.border_counties) == 14  # the rest is there when it's looked at


def test_results_on_demand_are_results():
    found = br.study_run("yuqian").results_on_demand()
    assert isinstance(found, StudyResults)
    assert found.study.name == "yuqian"
    with pytest.raises(AttributeError, match="tabels"):
        getattr(found, "tabels")  # noqa: B009 - a name that there is not


@pytest.mark.parametrize("only", ["maps", [], 3, ["map", "x"]])
def test_outputs_that_there_are_not(tmp_path: Path, only: Any):
    with pytest.raises((InputError, InputTypeError), match="'only' should be one or more of map, figure"):
        br.run_study("yuqian", out=tmp_path, only=only)


def test_outputs_without_a_folder():
    with pytest.raises(InputError, match="give 'out'"):
        br.run_study("yuqian", only="map")


def test_a_stage_that_there_is_not():
    with pytest.raises(InputError, match=r"'stage' should be one of borders, circles.*'circels'"):
        br.study_run("yuqian").tables("circels")


def test_the_ground_alone():
    ground = br.study_ground("yuqian")
    assert set(ground.border_counties["province"]) == {"重庆市", "贵州省"}


def test_results_on_demand_can_be_changed_and_reported(yuqian: StudyResults):
    words = {name: getattr(yuqian, name) for name in ("scenario_names", "attribution", "notes", "parameters")}

    def tables(stage: str) -> dict[str, pd.DataFrame]:
        return {name: getattr(yuqian, name) for name in stages.STAGES[stage].tables}

    run: Any = SimpleNamespace(study=yuqian.study, tables=tables, words=words, what_if=yuqian.what_if)
    assert replace(_OnDemand(run), notes=["other"]).notes == ["other"]
    assert report(_OnDemand(run)) == report(yuqian)
