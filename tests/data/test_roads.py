"""The table of expressways: what is said of it in docs/roads.md is what it holds."""

from __future__ import annotations

import re
import subprocess
import sys

import pandas as pd
import pytest

from borderreach import data
from borderreach.geo.networks import TRUNK_TIME_ERRORS, trunk_network
from borderreach.geo.networks._trunk import TRUNK_CLASS_SPEEDS_KPH, TRUNK_JUNCTION_S

from ..conftest import IN_CHECKOUT, ROOT

needs_checkout = pytest.mark.skipif(
    not IN_CHECKOUT, reason="the documentation and its scripts are in the checkout"
)


@pytest.fixture(scope="module")
def sections():
    return pd.read_csv(data.path("roads/sections.csv"))


def test_published_years_have_a_source_and_no_others(sections):
    sources = pd.read_csv(data.path("roads/sources.csv"))["source_id"]
    assert sources.is_unique
    assert sections["source_id"].isin(sources).all()
    assert ((sections["year_status"] == "published") == (sections["source_id"] != "recalled")).all()


def test_open_roads_were_open_by_the_year_of_the_network(sections):
    # the oldest, south of Beijing, was called an expressway later
    assert sections["opened_year"].dropna().between(1987, 2025).all()
    assert (sections.loc[sections["status"] == "added", "opened_year"] >= 2024).all()
    assert (sections.loc[sections["status"] == "laid", "opened_year"].dropna() < 2024).all()


@needs_checkout
def test_the_page_counts_what_the_table_holds(sections):
    page = (ROOT / "docs" / "roads.md").read_text(encoding="utf-8")
    how_sure = sections["year_status"].value_counts()
    for words in (
        f"Of {len(sections):,} sections {how_sure['published']} have a published year",
        f"{how_sure['recalled']:,} are `recalled`",
        f"{how_sure['estimated']} are `estimated`",
        f"and {how_sure['unknown']} have none",
        f"{(sections['status'] == 'doubtful').sum()} sections of provincial roads",
    ):
        assert words in " ".join(page.split())


def test_no_road_is_added_beside_the_same_one_told_place_by_place(sections):
    laid = sections[sections["status"] == "laid"]
    passed = [
        (row.name, row.opened_year, [row.start, *row.by, row.to])
        for row in laid.assign(start=laid["from"], by=laid["via"].fillna("").str.split("|")).itertuples(
            index=False
        )
    ]
    alone = sections[sections["status"].isin(["missing", "added"]) & sections["via"].isna()]
    for row in alone.to_dict("records"):
        for name, year, places in passed:  # a ring comes by its places twice
            if year == row["opened_year"] and name != row["name"] and {row["from"], row["to"]} <= set(places):
                assert abs(places.index(row["from"]) - places.index(row["to"])) == 1, (row, places)


@needs_checkout
def test_times_are_as_far_off_as_the_page_says():
    page = (ROOT / "docs" / "roads.md").read_text(encoding="utf-8")
    table = page.split("<!-- table: spread -->")[1].split("<!-- end -->")[0]
    told = [float(line.split("|")[3]) for line in table.splitlines() if re.search(r"\d", line)]
    assert told == [error for _, error in TRUNK_TIME_ERRORS]
    speeds = TRUNK_CLASS_SPEEDS_KPH
    shipped = f"{speeds['motorway']:g} km/h and {TRUNK_JUNCTION_S:g} s on expressways, {speeds['ordinary']:g} km/h on ordinary"
    assert shipped in page
    assert f"120 km/h and {TRUNK_JUNCTION_S:g} s for" in str(trunk_network.__doc__)


@needs_checkout
@pytest.mark.slow
def test_the_tables_of_kilometres_are_those_of_the_files():
    script = ROOT / "data" / "build" / "roads_tables.py"
    assert subprocess.run([sys.executable, str(script), "--check"], check=False).returncode == 0
