"""The audit of claims: every verdict on networks small enough to work out by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach import data
from borderreach.analysis.claims._claims import CLAIMS, audit_claims, claim_paragraphs
from borderreach.analysis.claims._context import ClaimContext, mean_speed_kph, scaled, straight_km
from borderreach.analysis.claims._files import Claim, ClaimsFile, claims_of, read_claims
from borderreach.analysis.claims._sentences import VERDICTS
from borderreach.analysis.corridors._files import Corridor
from borderreach.analysis.corridors._lines import add_corridor_lines
from borderreach.analysis.study_file import Study
from borderreach.geo.crs import WGS84
from borderreach.geo.errors import ConfigError, InputError, InputTypeError, UnknownPlaceError
from borderreach.geo.networks import Links, build_network, trunk_network
from borderreach.geo.networks._joining import join_networks
from borderreach.geo.networks._journeys import journey_components
from borderreach.geo.networks._line_network import network_from_sections
from borderreach.geo.places._places import place

#: County seats of Guizhou; the second and third lie across the border from each other's neighbours.
YANHE, YINJIANG, SONGTAO = (place(name) for name in ("沿河", "印江", "松桃"))


def roads(minutes=((0, 1, 60.0), (1, 2, 80.0)), *, km=60.0, provenance=None):
    """Roads between the seats of Yanhe, Yinjiang and Songtao: one can't move off them."""
    seats = (YANHE, YINJIANG, SONGTAO)
    tail, head, time = zip(*minutes, strict=True)
    return build_network(
        [one.lon for one in seats],
        [one.lat for one in seats],
        Links(list(tail), list(head), [km * 1000] * len(tail), [value * 60 for value in time]),
        access_speed_kph=25,
        max_access_km=0.1,
        provenance=provenance,
    )


def study(**changes):
    told = {
        "name": "probe",
        "title": "试",
        "title_en": "Probe",
        "provinces": ("贵州省",),
        "centres": ("沿河",),
        **changes,
    }
    return Study.model_validate(told)


def claim(**changes):
    told = {
        "id": "one",
        "words": "原文",
        "reading": "读法",
        "kind": "pair",
        "places": ("沿河", "印江"),
        "limit": 90,
    }
    return Claim.model_validate({**told, **changes})


def audit(*claims, network=None, stations=None, chosen=None, **options):
    file = ClaimsFile(study="probe", text="t.txt", claim=claims, stations=stations or {})
    return audit_claims(chosen or study(), claims=file, network=network or roads(), **options)


def interchange(one):
    return {"name": one.name, "lon": one.lon, "lat": one.lat, "kind": "interchange", "position": "existing"}


def station(name, lon, lat):
    return {"name": name, "lon": lon, "lat": lat, "kind": "station", "position": "existing"}


def corridor(identifier, stops, *, speed=60.0, status="planned", **changes):
    told = {
        "id": identifier,
        "name": f"廊道{identifier}",
        "mode": "road",
        "status": status,
        "status_date": dt.date(2024, 1, 1),
        "design_speed_kph": speed,
        "sinuosity": 1.0,
        # given, so that nothing is taken from what other lines have
        "speed_factor": 1.0,
        "stop_penalty_min": 0.0,
        "board_min": 0.0,
        "alight_min": 0.0,
        "stops": [one if isinstance(one, dict) else interchange(one) for one in stops],
        **changes,
    }
    return Corridor.model_validate(told)


def test_a_pair_within_the_limit_holds_and_says_by_how_much():
    row = audit(claim()).iloc[0]
    assert (row["verdict"], row["value"], row["margin"], row["unit"]) == ("holds", 60.0, 30.0, "min")
    assert "成立" in row["verdict_text"]
    # two thirds of the speed make it 90 minutes
    assert "0.67 倍" in row["flip"]
    assert shapely.equals(
        row["geometry"], shapely.MultiLineString([[(YANHE.lon, YANHE.lat), (YINJIANG.lon, YINJIANG.lat)]])
    )


def test_a_pair_beyond_the_limit_fails_by_the_minutes_and_names_the_speed_at_which_it_would_hold():
    row = audit(claim(places=("沿河", "印江", "松桃"), limit=112)).iloc[0]
    assert (row["verdict"], row["value"], row["margin"]) == ("fails", 140.0, -28.0)
    assert "沿河土家族自治县—松桃苗族自治县" in row["detail"]
    assert "3 项中 2 项" in row["detail"]
    # 120 km in 140 minutes are 51.4 km/h; 140 / 112 = 1.25 times that
    assert "1.25 倍" in row["flip"]
    assert "约 64 千米/小时" in row["flip"]


#: The embedded roads of a year say what they are in these words.
EMBEDDED = {"travel_time_model": trunk_network(year=1990).provenance["travel_time_model"]}


@pytest.mark.parametrize(
    ("limit", "told", "verdict", "chance"),
    [  # Yanhe-Songtao takes 140 min, and 120 to 240 min are off by 0.16: 22.4 min
        (120, {}, "undecided", 0.1677),  # Phi(ln(120 / 140) / 0.16) = Phi(-0.9634)
        (160, {}, "undecided", 0.7980),  # Phi(0.8346)
        (116, {}, "fails", 0.1199),  # 24 min too long; Phi(-1.1753)
        (164, {}, "holds", 0.8386),  # Phi(0.9889)
        (120, {"compare": ">="}, "undecided", 0.8323),
        (120, {"reported": 130, "reported_by": "报"}, "fails", 0.1677),  # a report is a fact
    ],
)
def test_a_margin_within_the_error_decides_nothing(limit, told, verdict, chance):
    one = claim(places=("沿河", "松桃"), limit=limit, **told)
    row = audit(one, network=roads(provenance=EMBEDDED)).iloc[0]
    assert (row["verdict"], row["chance"]) == (verdict, pytest.approx(chance, abs=2e-4))
    assert ("误差之内" in row["verdict_text"]) == (verdict == "undecided")
    # roads whose error isn't known decide as they did
    own = audit(one).iloc[0]
    assert own["verdict"] in {"holds", "fails"}
    assert np.isnan(own["chance"])


def test_where_trains_may_be_taken_their_error_counts_too():
    # Yanhe-Yinjiang takes 60 min; roads are off by 0.20 of it, 12 min, and trains by 0.24, 14.4 min
    given = {"network": roads(provenance=EMBEDDED)}
    by_road = audit(claim(limit=73), **given).iloc[0]
    either = audit(claim(limit=73, mode="any"), **given).iloc[0]
    assert (by_road["value"], either["value"]) == (60.0, pytest.approx(60.0))
    assert (by_road["verdict"], either["verdict"]) == ("holds", "undecided")
    assert either["chance"] == pytest.approx(0.7931, abs=2e-3)  # Phi(ln(73 / 60) / 0.24) = Phi(0.817)
    assert "用时的误差约 24%" in either["verdict_text"]


def test_an_unreachable_place_fails_whatever_the_speed():
    row = audit(claim(places=("沿河", "松桃")), network=roads(((0, 1, 60.0),))).iloc[0]
    assert row["verdict"] == "fails"
    assert np.isinf(row["value"])
    assert "路网不通" in row["flip"]


def test_a_claim_that_needs_a_corridor_names_it():
    short = corridor("short", (YANHE, SONGTAO), speed=120)
    useless = corridor("useless", (YANHE, YINJIANG), speed=20)
    chosen = study(corridors=("useless", "short"))
    row = audit(claim(places=("沿河", "松桃"), limit=60), chosen=chosen, corridors=[short, useless]).iloc[0]
    km = float(
        straight_km(YANHE.lon, YANHE.lat, pd.DataFrame({"lon": [SONGTAO.lon], "lat": [SONGTAO.lat]}))[0]
    )
    assert row["verdict"] == "holds_with"
    assert row["corridors"] == "short"
    assert row["value"] == 140.0
    assert row["value_with"] == pytest.approx(km / 120 * 60, abs=0.01)
    assert "建成廊道short后成立" in row["verdict_text"]


def test_two_corridors_are_found_when_one_is_not_enough():
    first = corridor("first", (YANHE, YINJIANG), speed=120)
    second = corridor("second", (YINJIANG, SONGTAO), speed=120)
    chosen = study(corridors=("first", "second"))
    row = audit(claim(places=("沿河", "松桃"), limit=80), chosen=chosen, corridors=[first, second]).iloc[0]
    assert (row["verdict"], row["corridors"]) == ("holds_with", "first、second")


def test_a_corridor_that_is_not_enough_is_named_with_what_is_left():
    short = corridor("short", (YANHE, SONGTAO), speed=60)
    row = audit(
        claim(places=("沿河", "松桃"), limit=30), chosen=study(corridors=("short",)), corridors=[short]
    ).iloc[0]
    assert (row["verdict"], row["corridors"]) == ("fails", "short")
    assert 30 < row["value_with"] < row["value"]
    assert "即使建成廊道short" in row["verdict_text"]


def test_corridors_that_are_open_are_not_offered():
    done = corridor("done", (YANHE, SONGTAO), speed=120, status="open")
    row = audit(
        claim(places=("沿河", "松桃"), limit=60), chosen=study(corridors=("done",)), corridors=[done]
    ).iloc[0]
    assert (row["verdict"], row["corridors"]) == ("fails", "")


def test_a_goal_that_is_not_reached_is_called_so():
    row = audit(claim(limit=30, stance="goal")).iloc[0]
    assert row["verdict"] == "fails"
    assert row["verdict_text"].startswith("尚未达到，相差 30 分钟")
    more, said = (
        audit(claim(kind="count", of="provinces", limit=40, places=(), stance=stance)).iloc[0]["verdict_text"]
        for stance in ("goal", "fact")
    )
    assert "文中的数偏高" in said
    assert "文中的数" not in more


def test_a_claim_that_cannot_be_checked_says_why():
    row = audit(claim(kind="not_checkable", places=(), limit=None, reason="没有数据")).iloc[0]
    assert row["verdict"] == "not_checkable"
    assert row["verdict_text"] == "无法检验：没有数据"
    assert row["geometry"].is_empty
    assert np.isnan(row["value"])


def test_a_circle_counts_the_places_inside():
    row = audit(claim(kind="circle", centres=("印江",), places=("沿河", "松桃", "印江"), limit=70)).iloc[0]
    assert (row["verdict"], row["value"]) == ("fails", 80.0)
    assert "2 项中 1 项" in row["detail"]  # the centre itself isn't counted
    assert "松桃" in row["detail"]


def test_ways_across_a_border_look_for_the_nearest_county_of_the_other_province():
    xiushan = place("秀山")  # Chongqing; the others are in Guizhou
    network = build_network(
        [one.lon for one in (YANHE, SONGTAO, xiushan)],
        [one.lat for one in (YANHE, SONGTAO, xiushan)],
        Links([0, 1, 0], [1, 2, 2], [1000.0] * 3, [20 * 60.0, 40 * 60.0, 50 * 60.0]),
        access_speed_kph=25,
        max_access_km=0.1,
    )
    row = audit(claim(kind="across", places=("沿河", "松桃", "秀山"), limit=45), network=network).iloc[0]
    # Yanhe-Songtao, 20 minutes, stays inside Guizhou
    assert (row["value"], row["verdict"]) == (50.0, "fails")
    assert "3 项中 2 项" in row["detail"]


# trains


def rail():
    """Trains from 甲 by 乙 to 丙: 60 and 90 minutes."""
    stations = pd.DataFrame(
        {
            "station_id": ["a", "b", "c"],
            "name": ["甲站", "乙站", "丙站"],
            "lon": [YANHE.lon, YINJIANG.lon, SONGTAO.lon],
            "lat": [YANHE.lat, YINJIANG.lat, SONGTAO.lat],
            "source": "test",
        }
    )
    sections = pd.DataFrame(
        {
            "line_id": "x",
            "from_station": ["a", "b"],
            "to_station": ["b", "c"],
            "minutes": [60.0, 90.0],
            "length_km": [100.0, 150.0],
            "trains_per_day": [np.nan, np.nan],
        }
    )
    through = pd.DataFrame({"station_id": [], "line_a": [], "line_b": []})
    return network_from_sections(
        stations, sections, through, provenance={}, access_speed_kph=5.0, max_access_km=2.0
    )


STATIONS = {"沿河": ("甲站",), "印江": ("乙站",), "松桃": ("丙站", "没有的站")}


def trains(**changes):
    told = {"mode": "rail", "meant": "line_haul", "places": ("沿河", "松桃"), "limit": 180}
    return claim(**{**told, **changes})


def test_the_line_haul_is_the_train_alone_and_the_other_reading_is_door_to_door():
    row = audit(trains(), rail=rail(), stations=STATIONS).iloc[0]
    assert (row["verdict"], row["value"]) == ("holds", 150.0)
    assert row["other_reading"] == "门到门（列车与驾车取快者）"
    # the road takes 140 minutes, less than boarding, waiting and riding
    assert row["other_value"] == pytest.approx(140.0)
    assert row["other_holds"] == "yes"
    assert "0.83 倍" in row["flip"]  # 150 / 180
    assert "甲站—丙站" in row["detail"]


def test_a_line_haul_claim_can_hold_with_a_railway_only():
    line = corridor(
        "line",
        (station("甲站", YANHE.lon, YANHE.lat), station("丙站", SONGTAO.lon, SONGTAO.lat)),
        mode="rail",
        speed=120,
    )
    road = corridor("road", (YANHE, SONGTAO), speed=120)
    chosen = study(corridors=("road", "line"))
    row = audit(
        trains(limit=100), rail=rail(), stations=STATIONS, chosen=chosen, corridors=[line, road]
    ).iloc[0]
    assert (row["verdict"], row["corridors"]) == ("holds_with", "line")
    assert row["value_with"] == pytest.approx(float(line.lengths_km.sum()) / 2, abs=0.01)


def test_a_place_without_a_station_is_an_error():
    with pytest.raises(InputError, match="没有的站"):
        audit(trains(), rail=rail(), stations={**STATIONS, "松桃": ("没有的站",)})
    with pytest.raises(ValueError, match="where trains of 松桃 are boarded"):
        audit(trains(), rail=rail(), stations={"沿河": ("甲站",)})


def test_corridor_lines_keep_the_stations_and_let_trains_run_through():
    line = corridor(
        "line",
        (station("丙站", SONGTAO.lon, SONGTAO.lat), station("丁站", 109.9, 28.3)),
        mode="rail",
        speed=120,
        stop_penalty_min=3,
        speed_factor=1.0,
    )
    longer = add_corridor_lines(rail(), [line])
    assert longer.n_nodes == 4
    assert longer.node_names[3] == "丁站"
    assert (2, "line", "x") in longer.through
    found = journey_components(
        join_networks(None, longer, line_haul_only=True), [("甲站", "丁站"), ("甲站", "丙站")]
    )
    run = float(line.lengths_km.sum()) / 2
    assert found["total_min"].to_numpy() == pytest.approx([150 + run, 150], abs=0.01)
    with pytest.raises(InputError, match="only railways"):
        add_corridor_lines(rail(), [corridor("road", (YANHE, SONGTAO))])


# counting


def test_people_and_radii_are_counted_from_the_table_given():
    people = pd.DataFrame({"adcode": [YANHE.adcode, YINJIANG.adcode], "people": [450_000, 280_000]})
    claims = (
        claim(id="p", kind="people", limit=44, compare="about", tolerance=0.05, places=("沿河",)),
        claim(id="q", kind="people", limit=40, compare="about", tolerance=0.05, places=("沿河",)),
        claim(id="r", kind="radius", centres=("沿河",), radius_km=100, of="people", limit=73, places=()),
        claim(id="s", kind="radius", centres=("沿河",), radius_km=1, of="people", limit=73, places=()),
        claim(id="t", kind="radius", centres=("沿河",), radius_km=1, of="counties", limit=1, places=()),
    )
    table = audit(*claims, people=people).set_index("claim_id")
    assert table["value"].tolist() == [45.0, 45.0, 73.0, 45.0, 1.0]
    assert table["verdict"].tolist() == ["holds", "fails", "holds", "fails", "holds"]
    km = float(
        straight_km(YANHE.lon, YANHE.lat, pd.DataFrame({"lon": [YINJIANG.lon], "lat": [YINJIANG.lat]}))[0]
    )
    assert f"半径为 {km:.0f} 千米时才达到 73 万人" in table.loc["s", "flip"]
    assert table.loc["t", "geometry"].geom_type == "Polygon"


@pytest.mark.parametrize(("radius_km", "capitals", "touched"), [(30, 0, 2), (250, 1, 5), (500, 4, 8)])
def test_a_circle_covers_provinces_by_their_area_not_by_their_capitals(radius_km, capitals, touched):
    told = {"kind": "radius", "centres": ("沿河",), "radius_km": radius_km, "limit": 5, "places": ()}
    by_capital, by_area = (audit(claim(of=of, **told)).iloc[0] for of in ("provinces", "provinces_touched"))
    assert by_area["unit"] == "个省"
    assert (by_capital["value"], by_area["value"]) == (capitals, touched)
    # the same from the circle's own outline
    assert f"面积与圈相交的有 {touched} 个" in by_capital["detail"]
    assert "贵州" in by_area["detail"]


def test_units_that_the_boundaries_hold():
    claims = (
        claim(id="p", kind="count", of="provinces", limit=34, places=()),
        claim(id="n", kind="count", of="neighbour_provinces", limit=2, places=("习水县",)),
        claim(id="c", kind="count", of="connected_provinces", limit=3, places=("贵州省", "重庆市", "海南省")),
        claim(id="b", kind="count", of="cities_at_border", limit=2, places=("温州市", "台州市")),
        claim(id="j", kind="count", of="provinces_at_junction", limit=3, compare=">=", places=()),
    )
    table = audit(*claims).set_index("claim_id")
    assert table["value"].tolist()[:4] == [34.0, 2.0, 2.0, 1.0]
    assert table["verdict"].tolist() == ["holds", "holds", "fails", "fails", "holds"]
    assert table.loc["n", "detail"] == "重庆市、四川省"


def test_the_share_of_border_counties_is_below_a_half():
    row = audit(
        claim(kind="share", of="border_county_area", limit=50, compare="about", tolerance=0.1, places=())
    ).iloc[0]
    assert 40 < row["value"] < 50
    assert row["unit"] == "%"


def test_seats_near_a_road():
    row = audit(
        claim(kind="share", of="seats_near_trunk", radius_km=5, limit=100, places=("沿河", "思南"))
    ).iloc[0]
    assert (row["value"], row["verdict"]) == (50.0, "fails")
    assert "思南县" in row["detail"]


def test_lines_count_as_open_from_their_date_on():
    done = corridor("done", (YANHE, SONGTAO), status="open", status_date=dt.date(2020, 6, 1))
    later = corridor("later", (YANHE, YINJIANG), status="building")
    told = {"kind": "status", "places": (), "limit": None}
    claims = (
        claim(id="a", corridors=("done",), date=dt.date(2020, 12, 31), **told),
        claim(id="b", corridors=("done",), date=dt.date(2019, 12, 31), **told),
        claim(id="c", corridors=("done", "later"), **told),
    )
    table = audit(*claims, corridors=[done, later])
    assert table["verdict"].tolist() == ["holds", "fails", "fails"]
    assert table["value"].tolist() == [1.0, 0.0, 1.0]
    assert "廊道later（在建" in table["flip"].iloc[2]


def test_ratios_and_distances():
    claims = (
        claim(id="r", kind="stated_ratio", numbers=(1.0, 4.0), limit=0.3, places=()),
        claim(id="n", kind="nearer", places=("贵阳市",), centres=("重庆市",), against=("广州市",), limit=1),
        claim(id="d", kind="distance", places=("贵阳市",), of="centroid:贵州省", limit=100),
    )
    table = audit(*claims).set_index("claim_id")
    assert table.loc["r", "value"] == 0.25
    assert table.loc["n", "value"] < 1
    assert table.loc["d", "value"] < 60
    assert (table["verdict"] == "holds").all()


def test_a_public_report_that_agrees_is_set_beside_the_model():
    told = claim(limit=50, reported=75, reported_by="时刻表")
    row = audit(told).iloc[0]
    assert (row["verdict"], row["reported_holds"]) == ("fails", "no")
    assert row["margin"] == pytest.approx(50 - row["value"])
    assert "公开报道为 75 分钟（时刻表），按此不成立" in claim_paragraphs(audit(told))[1]


@pytest.mark.parametrize(("limit", "reported", "verdict"), [(50, 45, "holds"), (90, 166, "fails")])
def test_a_public_report_overrules_the_model(limit, reported, verdict):
    told = claim(limit=limit, reported=reported, reported_by="时刻表")
    row = audit(told).iloc[0]
    assert (row["value"] <= limit) == (verdict == "fails")  # by the model alone it is the other way round
    assert row["verdict"] == verdict
    assert row["margin"] == limit - reported
    assert f"公开报道为 {reported} 分钟（时刻表）" in row["verdict_text"]
    assert "以报道为准" in row["verdict_text"]
    assert claim_paragraphs(audit(told))[1].count("时刻表") == 1


# the table and the prose


def test_the_table_has_its_schema_and_the_prose_every_claim():
    table = audit(claim(words="甲句"), claim(id="two", words="乙句", limit=30), trains_free())
    assert list(table.columns) == list(CLAIMS)
    assert isinstance(table, gpd.GeoDataFrame)
    assert table.crs == WGS84
    assert set(table["verdict"]) <= set(VERDICTS)
    prose = claim_paragraphs(table)
    assert "共 3 句" in prose[0]
    assert [words in text for words, text in zip(("甲句", "乙句", "丙句"), prose[1:4], strict=True)] == [
        True
    ] * 3
    assert prose[-2].startswith("口径")
    assert prose[-1].startswith("数据")


def trains_free():
    return claim(id="three", words="丙句", kind="not_checkable", places=(), limit=None, reason="没有数据")


def test_no_claims_give_an_empty_table():
    table = audit()
    assert len(table) == 0
    assert list(table.columns) == list(CLAIMS)
    assert table.crs == WGS84
    assert len(claim_paragraphs(table)) == 1


def test_a_place_that_does_not_exist_is_named():
    with pytest.raises(UnknownPlaceError, match="不存在的地方"):
        audit(claim(places=("沿河", "不存在的地方")))


@settings(max_examples=20, deadline=None)
@given(slower=st.floats(0.3, 3), factor=st.floats(1, 3))
def test_faster_roads_never_lengthen_a_way(slower, factor):
    ground = ClaimContext(network=roads())
    table = ground.table(["沿河", "印江", "松桃"])
    minutes = [
        ground.minutes(table, table, mode="road", date=None, faster=faster)
        for faster in (slower, slower * factor)
    ]
    assert (minutes[1] <= minutes[0] + 1e-4).all()
    assert minutes[0][0, 2] == pytest.approx(140 / slower, rel=1e-5)


def test_scaling_changes_what_moves_only():
    network = roads()
    assert scaled(network, 1) is network
    twice = scaled(network, 2)
    assert mean_speed_kph(twice) == pytest.approx(2 * mean_speed_kph(network))
    assert (network.arc_time_ms == roads().arc_time_ms).all()


def test_people_of_prefectures_and_provinces_are_those_of_their_counties():
    ground = ClaimContext()
    assert ground.people_of(["贵州省"]) == pytest.approx(38_562_148)
    assert ground.people_of(["綦江区"]) == pytest.approx(1_011_334)
    cities = ground.table(["cities:贵州省"])["origin_name"]
    assert ground.people_of(cities) == pytest.approx(38_562_148)


# files


def write(folder, text):
    file = folder / "probe.toml"
    file.write_text('study = "probe"\ntext = "t.txt"\n' + text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[claim]]\nid = "a"\nword = "x"\n', r"probe.toml:5: unknown key 'word'; did you mean 'words'"),
        (
            '[[claim]]\nid = "a"\nwords = "xx"\nreading = "yy"\nkind = "pair"\nlimit = 1\n',
            "needs the key 'places'",
        ),
        (
            '[[claim]]\nid = "a"\nwords = "xx"\nreading = "yy"\nkind = "people"\nplaces = ["x"]\n',
            "needs the key 'limit'",
        ),
        (
            '[[claim]]\nid = "a"\nwords = "xx"\nreading = "yy"\nkind = "count"\nof = "cows"\nlimit = 1\n',
            "'of' should be one of",
        ),
        (
            '[[claim]]\nid = "a"\nwords = "xx"\nreading = "yy"\nkind = "not_checkable"\n',
            "needs the key 'reason'",
        ),
        (
            '[[group]]\nid = "g"\nname = "n"\nkind = "core"\nwords = "w"\nlimit_min = 60\nmembers = ["x", "x"]\n',
            "once only",
        ),
    ],
)
def test_faults_in_a_file_are_named(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read_claims(write(tmp_path, text))


def test_claims_of_a_study_without_a_file_are_none():
    assert claims_of("nowhere") == ClaimsFile(study="nowhere", text="")
    with pytest.raises(InputTypeError, match="'study'"):
        claims_of(3)  # type: ignore[arg-type]


def test_the_national_study_takes_over_what_the_text_says_of_all_borders():
    national = [one.id for one in claims_of("national").claim]
    assert national[:2] == ["borders-provinces", "borders-borders"]


def test_embedded_railways_meet_the_published_two_hours_between_the_capitals():
    found = next(one for one in claims_of("yuqian").claim if one.id == "yuqian-capitals-train")
    ground = ClaimContext(stations=claims_of("yuqian").stations)
    minutes, _ = ground.line_haul_minutes("重庆市", "贵阳市", date=found.date)
    assert minutes == pytest.approx(118, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["yuqian", "zheminggan", "bazhong", "chengyugui", "guizhou", "national"])
def test_every_embedded_claim_gets_a_verdict(name):
    table = audit_claims(name)
    assert len(table) == len(claims_of(name).claim)
    assert table["claim_id"].is_unique
    checked = table[table["verdict"] != "not_checkable"]
    assert checked[["value", "limit", "margin"]].notna().all().all()
    assert (checked["verdict_text"].str.len() > 4).all()
    prose = claim_paragraphs(table)
    for row in table.itertuples():
        assert any(str(row.words) in text for text in prose)


def test_a_necessary_condition_never_holds_by_itself():
    met = audit(claim(limit=900, necessary=True)).iloc[0]
    assert met["verdict"] == "undecided"
    assert "只是必要条件" in met["verdict_text"]
    unmet = audit(claim(limit=30, necessary=True)).iloc[0]
    assert unmet["verdict"] == "fails"


@pytest.mark.parametrize(
    ("limit", "reported", "verdict"),
    [(90, 80, "holds"), (90, 100, "fails"), (30, 40, "fails"), (30, 20, "holds")],
)
def test_a_report_decides_where_no_more_than_a_necessary_condition_is_checked(limit, reported, verdict):
    told = audit(claim(limit=limit, necessary=True, reported=reported, reported_by="日报"))
    row = told.iloc[0]  # 60 minutes by the model
    assert row["verdict"] == verdict
    assert f"公开报道为 {reported} 分钟（日报）" in row["verdict_text"]
    assert ("必要条件也满足" in row["verdict_text"]) == ((limit, reported) == (90, 80))
    assert claim_paragraphs(told)[1].count("日报") == 1


def test_what_a_text_counts_in_its_own_way_differs_and_is_not_wrong():
    row = audit(claim(kind="count", of="provinces", limit=31, differs="文中不计港澳台")).iloc[0]
    assert row["verdict"] == "differs"
    assert row["verdict_text"].startswith("口径不同")
    assert "文中的数偏低" in row["verdict_text"]
    assert "文中不计港澳台" in row["verdict_text"]
    same = audit(claim(kind="count", of="provinces", limit=34, differs="文中不计港澳台")).iloc[0]
    assert same["verdict"] == "holds"


def test_a_sentence_has_one_verdict_and_readings_do_not_decide():
    from borderreach.analysis.claims import claim_sentences, verdict_name

    rows = [
        ("a", "part", "holds", "fact"), ("a", "part", "differs", "fact"), ("a", "reading", "fails", "fact"),
        ("b", "part", "fails", "goal"), ("b", "part", "not_checkable", "goal"), ("c", "part", "not_checkable", "fact"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["sentence", "role", "verdict", "stance"]).assign(words="话")
    found = claim_sentences(table).set_index("sentence")
    assert list(found["verdict"]) == ["differs", "fails", "not_checkable"]
    assert (found["n_parts"]["a"], found["n_readings"]["a"]) == (2, 1)
    assert verdict_name("fails", "goal") == "尚未达到"
    assert verdict_name("fails", "fact") == "不成立"


def test_a_region_on_several_borders_is_more_than_a_point():
    """Four provinces never meet in a point of these boundaries, and near one they do: 苏鲁豫皖, 湘鄂渝黔."""
    point, region = (
        audit(claim(kind="count", of=of, limit=4, compare=">=", radius_km=100)).iloc[0]
        for of in ("provinces_at_junction", "provinces_near_junction")
    )
    assert point["value"] == 3
    assert region["value"] == 4
    assert "江苏、安徽、山东、河南" in region["detail"]
    assert "湖北、湖南、重庆、贵州" in region["detail"]


def test_borders_and_their_counties_are_those_of_the_mainland():
    borders, counties = (
        audit(claim(kind="count", of=of, limit=1)).iloc[0] for of in ("borders", "border_counties")
    )
    assert borders["value"] == 68
    assert counties["value"] == 888


@pytest.mark.parametrize("study_name", ["bazhong", "chengyugui", "guizhou", "yuqian", "zheminggan"])
def test_sentences_of_the_embedded_texts_are_whole(study_name):
    """Parts and readings of one sentence are of one stance, and every reading has a part beside it."""
    claims = read_claims(data.path(f"claims/{study_name}.toml")).claim
    by_sentence: dict[str, list[Any]] = {}
    for one in claims:
        by_sentence.setdefault(one.sentence or one.id, []).append(one)
    for of_it in by_sentence.values():
        assert [one.role for one in of_it].count("part") >= 1
        parts = {one.stance for one in of_it if one.role == "part"}
        assert len(parts) == 1
