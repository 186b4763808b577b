"""The table of expressways: what is said of it in docs/roads.md is what it holds."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import zlib
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from borderreach import data
from borderreach.geo.networks import TRUNK_TIME_ERRORS, Links, build_network, trunk_network
from borderreach.geo.networks._trunk import TRUNK_CLASS_SPEEDS_KPH, TRUNK_JUNCTION_S
from borderreach.geo.places import counties

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


def test_roads_are_joined_where_they_are_in_truth(check_joined):
    found = check_joined["faster_over_a_third"](trunk_network(), counties())
    assert set(found.index) == set(check_joined["KNOWN"])


def test_a_gap_between_roads_is_found(check_joined):
    # three seats along 40 km: two roads end 4 km apart, beside the middle one, and a third goes round by 200 km
    lon = [112.0, 112.2, 112.24, 112.44, 112.44]
    lat = [33.0, 33.0, 33.0, 33.0, 33.9]
    links = Links([0, 2, 3, 0], [1, 3, 4, 4], [19e3, 19e3, 100e3, 110e3], [1140.0, 1140.0, 6000.0, 6600.0])
    seats = gpd.GeoDataFrame(
        {
            "adcode": [1, 2, 3],
            "name": ["a", "b", "c"],
            "province": "x",
            "lon": [112.0, 112.22, 112.44],
            "lat": 33.0,
        },
        geometry=gpd.points_from_xy([112.0, 112.22, 112.44], [33.0] * 3),
        crs="EPSG:4326",
    )
    slow = build_network(lon, lat, links, access_speed_kph=10, max_access_km=10)
    assert list(check_joined["faster_over_a_third"](slow, seats).index) == ["xb"]
    joined = Links(
        [0, 2, 3, 0, 1],
        [1, 3, 4, 4, 2],
        [19e3, 19e3, 1e5, 1.1e5, 4e3],
        [1140.0, 1140.0, 6000.0, 6600.0, 300.0],
    )
    whole = build_network(lon, lat, joined, access_speed_kph=10, max_access_km=10)
    assert check_joined["faster_over_a_third"](whole, seats).empty


@pytest.fixture
def check_joined(monkeypatch):
    if not IN_CHECKOUT:
        pytest.skip("the check is in the checkout")
    monkeypatch.syspath_prepend(str(BUILD))
    return runpy.run_path(str(BUILD / "check_joined.py"))


KM = 1 / 111.2  # degrees of latitude
WIDE = KM / np.cos(np.radians(33.0))


def joints(monkeypatch, places, links, marked=(), added=()):
    """Return the joints of roads in Henan: places in km east and north, links with km."""
    monkeypatch.syspath_prepend(str(BUILD))
    east, north = np.array(places, dtype=float).T
    tail, head, km = (np.array(x) for x in zip(*links, strict=True))
    roads = SimpleNamespace(
        lon=112.5 + east * WIDE,
        lat=33.0 + north * KM,
        tail=tail,
        head=head,
        km=km.astype(float),
        n_roads=len(km),
    )
    fast = np.isin(np.arange(len(km)), marked)
    return runpy.run_path(str(BUILD / "expressway_joints.py"))["joints"](roads, fast, list(added))


@needs_checkout
def test_roads_that_cross_far_from_any_junction_get_one(monkeypatch):
    cross = [(-10, 0), (10, 0), (0, -10), (0, 10)]
    # joined by a road around: 12 km of it are within the 30 km, 20 km are not
    near = [(0, 1, 20), (2, 3, 20), (1, 3, 8)]
    assert not joints(monkeypatch, cross, near).pieces
    far = joints(monkeypatch, cross, [*near[:2], (1, 3, 20)])
    assert [(round(x, 4), round(y, 4)) for x, y in zip(far.lon, far.lat, strict=True)] == [(112.5, 33.0)]
    assert [(link, a, b, round(share, 6)) for link, a, b, share in far.pieces] == [
        (0, 0, 4, 0.5), (0, 4, 1, 0.5), (1, 2, 4, 0.5), (1, 4, 3, 0.5),
    ]  # fmt: skip
    # an added road that crosses an expressway has one in any case
    added = joints(monkeypatch, cross, [near[0], near[2]], marked=[0], added=[(2, 3, 20.0, 2024)])
    assert [(a, b, round(km, 6), year) for a, b, km, year in added.new] == [
        (2, 4, 10.0, 2024),
        (3, 4, 10.0, 2024),
    ]


@needs_checkout
@pytest.mark.parametrize(
    ("gap", "around", "fast", "joined"),
    [
        (2.0, 40, False, True),
        (2.0, 5, False, False),  # one gets there by road
        (4.0, 40, False, False),
        (4.0, 40, True, True),  # an expressway ends nowhere
        (13.0, 40, True, False),
    ],
)
def test_a_road_that_ends_goes_on_to_the_next(monkeypatch, gap, around, fast, joined):
    # from the west a road ends before one that runs north and south
    places = [(-5, 0), (0, 0), (gap, -8), (gap, 8)]
    links = [(0, 1, 5), (2, 3, 16), (0, 2, around)]
    found = joints(monkeypatch, places, links, marked=[0] if fast else [])
    assert len(found.joins) == joined
    if joined:
        ((tail, head, km),) = found.joins
        assert (tail, head) == (1, 4)
        assert km == pytest.approx(1.31 * gap, rel=1e-3)
        assert (found.lon[0], found.lat[0]) == pytest.approx((112.5 + gap * WIDE, 33.0), abs=1e-4)
        assert [(a, b, round(share, 4)) for _, a, b, share in found.pieces] == [(2, 4, 0.5), (4, 3, 0.5)]


@needs_checkout
def test_a_road_isnt_joined_to_one_behind_it_or_over_the_yangtze(monkeypatch):
    behind = [(-20, 0), (0, 0), (-2, 2), (-2, 20), (-20, -8)]
    links = [(0, 1, 20), (2, 3, 18), (3, 4, 60), (0, 4, 8)]
    ends = {end for join in joints(monkeypatch, behind, links).joins for end in join[:2]}
    assert 1 not in ends
    monkeypatch.syspath_prepend(str(BUILD))
    one_county = runpy.run_path(str(BUILD / "expressway_joints.py"))["within_one_county"]
    assert one_county(np.array([112.50, 33.0]), np.array([112.52, 33.0]))
    assert not one_county(np.array([115.082, 30.204]), np.array([115.089, 30.227]))  # 西塞山 and 浠水
    assert not one_county(
        np.array([118.151, 24.544]), np.array([118.137, 24.56])
    )  # from Xiamen onto a bridge


@needs_checkout
def test_a_part_that_nothing_leads_to_is_joined(monkeypatch):
    # a triangle, 2 km off the road beside it: it has no end
    places = [(0, 2), (4, 6), (-4, 6), (-20, 0), (20, 0), (30, 0), (40, 0)]
    links = [(0, 1, 6), (1, 2, 8), (2, 0, 6), (3, 4, 40), (4, 5, 10), (5, 6, 10)]
    found = joints(monkeypatch, places, links)
    assert [(a, b) for a, b, _ in found.joins] == [(0, 7)]
    assert found.joins[0][2] == pytest.approx(2 * 1.31, rel=1e-3)
