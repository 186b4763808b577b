"""The table of expressways: what is said of it in docs/roads.md is what it holds."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
import shapely

from borderreach import data
from borderreach.geo.networks import TRUNK_TIME_ERRORS, trunk_network
from borderreach.geo.networks._trunk import TRUNK_CLASS_SPEEDS_KPH, TRUNK_JUNCTION_S

from ..conftest import IN_CHECKOUT, ROOT

needs_checkout = pytest.mark.skipif(
    not IN_CHECKOUT, reason="the documentation and its scripts are in the checkout"
)


BUILD = ROOT / "data" / "build"
ROAD_FILES = ("links.npz", "province_km.csv", "relief.npz", "routes.csv", "sections.csv", "sources.csv")


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


def test_the_roads_are_small():
    files = ["trunk_network.npz", *(f"roads/{name}" for name in ROAD_FILES)]
    assert sum(data.path(name).stat().st_size for name in files) < 4_000_000
    listed = [one["file"] for one in data.embedded().values() if one["file"].startswith("roads/")]
    assert sorted(listed) == sorted(f"roads/{name}" for name in ROAD_FILES)


def test_added_roads_have_a_junction_where_they_cross_an_expressway():
    network = trunk_network(year=2025)
    with np.load(data.path("trunk_network.npz")) as file:
        source = len(file["lon"])
    tail, head = network.link_ends
    names = np.array(network.classes, dtype=object)
    fast = np.zeros(network.n_links, dtype=bool)
    fast[network.arc_link] = names[network.arc_class] == "motorway"
    links = np.flatnonzero(fast)
    at = np.stack([network.node_lon, network.node_lat], axis=1)
    lines = shapely.linestrings(np.stack([at[tail[links]], at[head[links]]], axis=1))
    with np.load(data.path("roads/links.npz")) as file:
        n_added = int((file["new_year"] <= 2025).sum())
        assert len(file["node_lon"]) == network.n_nodes - source
    added = np.flatnonzero(links >= network.n_links - n_added)
    assert len(added) == n_added > 500
    which, other = shapely.STRtree(lines).query(lines[added], predicate="crosses")
    which = added[which]
    apart = []
    for i, j in zip(which.tolist(), other.tolist(), strict=True):
        ends_i, ends_j = {tail[links[i]], head[links[i]]}, {tail[links[j]], head[links[j]]}
        if not ends_i & ends_j:
            where = shapely.intersection(lines[i], lines[j])
            here = at[list(ends_i | ends_j)]
            apart.append(np.hypot(*((here - [where.x, where.y]) * [90, 111]).T).min())
    # two carriageways, or a junction and the end of a road, are one within a kilometre
    assert len(apart) < 200
    assert max(apart) < 1.3


@needs_checkout
def test_places_of_our_own_are_listed_with_how_sure_they_are(monkeypatch):
    monkeypatch.syspath_prepend(str(BUILD))
    own_places = runpy.run_path(str(BUILD / "own_places.py"))["own_places"]

    listed = pd.read_csv(BUILD / "own_places.csv")
    assert set(listed["status"]) == {"geonames", "agrees", "apart", "recalled"}
    assert set(listed[["name", "lon", "lat"]].itertuples(index=False, name=None)) == set(own_places())
    apart = listed["status"] == "apart"
    assert ((listed["off_km"] > 5) == apart).all()
    assert listed.loc[apart, "note"].notna().all()
    assert (listed["found"].isna() == (listed["status"] == "recalled")).all()


@needs_checkout
@pytest.mark.slow
def test_the_roads_are_built_again_to_the_byte(tmp_path):
    script = [sys.executable, str(BUILD / "expressways.py"), "--out", str(tmp_path)]
    assert subprocess.run(script, check=False, stdout=subprocess.DEVNULL).returncode == 0
    for name in ("routes.csv", "sections.csv"):
        assert (tmp_path / name).read_bytes() == data.path(f"roads/{name}").read_bytes()
    with np.load(tmp_path / "links.npz") as again, np.load(data.path("roads/links.npz")) as shipped:
        assert again.files == shipped.files
        for name in shipped.files:
            np.testing.assert_array_equal(again[name], shipped[name], strict=True)
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # another zlib packs the same numbers otherwise
        assert (tmp_path / "links.npz").read_bytes() == data.path("roads/links.npz").read_bytes()


@needs_checkout
@pytest.mark.slow
def test_what_the_page_counts_is_what_the_files_hold():
    script = BUILD / "roads_tables.py"
    assert subprocess.run([sys.executable, str(script), "--check"], check=False).returncode == 0
