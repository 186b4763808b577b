"""One test per tag: what each value that OpenStreetMap's wiki documents means to a car."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.geo.osm._speeds import speed_table
from borderreach.geo.osm._tags import (
    DELAYS,
    NODE_KEYS,
    ROAD_CLASSES,
    TABLES,
    WAY_KEYS,
    parse_size,
    read_node,
    read_restriction,
    read_road,
    takes_cars,
)

ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
# The wiki's tables (2026-11); each value must be used or listed with a reason.
DOCUMENTED = {
    "access": "yes no private permissive permit destination delivery customers designated use_sidepath dismount "
    "agricultural forestry discouraged variable unknown military emergency residents employees official psv "
    "restricted license hov bus taxi minibus share_taxi tourist_bus coach hgv goods motorcycle moped mofa foot "
    "bicycle horse disabled hazmat",
    "oneway": "yes no -1 reversible alternating true false 1 0 reverse",
    "barrier": "cable_barrier city_wall ditch fence guard_rail handrail hedge kerb retaining_wall wall block bollard "
    "border_control bump_gate bus_trap cattle_grid chain cycle_barrier debris entrance full-height_turnstile gate "
    "hampshire_gate height_restrictor horse_stile jersey_barrier kissing_gate lift_gate log motorcycle_barrier "
    "planter rope sally_port sliding_beam sliding_gate spikes stile sump_buster swing_gate toll_booth turnstile "
    "wedge wicket_gate yes no tank_trap armadillo coupure rumble_strip toll flood_gate checkpoint arch",
    "restriction": "no_right_turn no_left_turn no_u_turn no_straight_on only_right_turn only_left_turn only_u_turn "
    "only_straight_on no_entry no_exit no_right_turn_on_red no_left_turn_on_red",
    "service": "alley driveway parking_aisle drive-through emergency_access slipway layby bus spur yard siding crossover",
    "surface": "paved asphalt chipseal concrete concrete:lanes concrete:plates paving_stones paving_stones:lanes sett "
    "unhewn_cobblestone cobblestone bricks metal metal_grid wood stepping_stones rubber tartan unpaved compacted "
    "fine_gravel gravel shells rock pebblestone ground dirt earth grass grass_paver mud sand woodchips snow ice salt "
    "clay artificial_turf acrylic carpet plastic laterite",
    "highway": "motorway trunk primary secondary tertiary unclassified residential motorway_link trunk_link "
    "primary_link secondary_link tertiary_link living_street service pedestrian track bus_guideway escape raceway "
    "road busway footway bridleway steps corridor path via_ferrata cycleway proposed construction elevator "
    "emergency_bay emergency_access_point platform rest_area services ladder",
    "maxspeed": "none walk signals variable national",
}  # fmt: skip


@pytest.mark.parametrize("tag", DOCUMENTED)
def test_every_documented_value_is_used_or_listed_with_a_reason(tag):
    used = set(TABLES[tag])
    if tag == "surface":
        used |= set(speed_table("default").surfaces)
    reasons = TABLES["not_handled"][tag]
    missing = set(DOCUMENTED[tag].split()) - used - set(reasons)
    assert not missing
    assert not used & set(reasons)
    assert all(len(reason) > 5 for reason in reasons.values())


@pytest.mark.parametrize("key", ACCESS_KEYS)
@pytest.mark.parametrize("value", TABLES["access"])
def test_access(key, value):
    road = read_road({"highway": "primary", key: value})
    meaning = TABLES["access"][value]
    assert (road is None) == (meaning == "closed")
    if road is not None:
        assert road.limited == (meaning == "limited")
    assert read_node({key: value}).closed == (meaning == "closed")


@pytest.mark.parametrize("value", [*TABLES["not_handled"]["access"], "some_tag", "", "no @ (22:00-06:00)"])
def test_access_that_says_nothing(value):
    assert read_road({"highway": "primary", "motor_vehicle": value}) == read_road({"highway": "primary"})
    # What is more general then counts.
    assert read_road({"highway": "primary", "motor_vehicle": value, "access": "no"}) is None


ORDER = {"closed": 0, "limited": 1, "open": 2}


@given(
    st.lists(st.sampled_from(sorted(TABLES["access"])), min_size=1, max_size=4),
    st.sampled_from([";", "; ", " ;", ",", " ; "]),
    st.sampled_from([str, str.upper, str.title]),
)
def test_lists_of_access_in_any_order_and_writing(values, separator, writing):
    road = read_road({"highway": "primary", "access": separator.join(map(writing, values))})
    best = max((TABLES["access"][value] for value in values), key=ORDER.__getitem__)
    assert (road is None) == (best == "closed")
    assert road is None or road.limited == (best == "limited")


VALUES = st.sampled_from([None, None, "yes", "no", "private", "destination", "unknown"])


@given(
    st.dictionaries(
        st.sampled_from([f"{key}{way}" for key in ACCESS_KEYS for way in ("", ":forward", ":backward")]),
        VALUES,
    )
)
def test_access_by_direction(said):
    """The most particular key wins, and of one key what it says of the direction."""
    tags = {key: value for key, value in said.items() if value is not None}
    expected = []
    for way in ("forward", "backward"):
        found = [
            tags[name]
            for key in ACCESS_KEYS
            for name in (f"{key}:{way}", key)
            if tags.get(name, "unknown") != "unknown"
        ]
        expected.append(found[0] if found else "yes")
    road = read_road({"highway": "primary", **tags})
    is_open = [value in {"yes", "destination"} for value in expected]
    if not any(is_open):
        assert road is None
    else:
        assert road is not None
        assert [road.forward, road.backward] == is_open
        assert road.limited == ("destination" in expected)


ONEWAY = {"forward": (True, False), "backward": (False, True), "both": (True, True), "closed": None}


@pytest.mark.parametrize("key", ["oneway", "oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle"])
@pytest.mark.parametrize("value", [*TABLES["oneway"], *TABLES["not_handled"]["oneway"], "nonsense", " Yes "])
@pytest.mark.parametrize("implied", [{}, {"junction": "roundabout"}, {"highway": "motorway"}])
def test_oneway(key, value, implied):
    road = read_road({"highway": "primary", **implied, key: value})
    meaning = TABLES["oneway"].get(value.strip().lower())
    if meaning in {"turns", None}:  # says nothing against what is implied
        meaning = "forward" if implied else "both"
    assert (road and (road.forward, road.backward)) == ONEWAY[meaning]


def test_the_most_particular_oneway_counts():
    tags = {"oneway": "yes", "oneway:motor_vehicle": "no", "oneway:vehicle": "-1"}
    road = read_road({"highway": "primary", **tags})
    assert road is not None
    assert (road.forward, road.backward) == (True, True)
    # One way or not, a direction that is closed stays closed.
    assert read_road({"highway": "primary", "oneway": "yes", "motor_vehicle:forward": "no"}) is None


SPECIAL = [
    ({"barrier": "bollard"}, True), ({"barrier": "bollard", "bollard": "rising"}, False),
    ({"barrier": "bollard", "bollard": "removable"}, True), ({"barrier": "bollard", "maxwidth": "2.5"}, False),
    ({"barrier": "bollard", "maxwidth": "1.5"}, True),
    ({"barrier": "kerb"}, False), ({"barrier": "kerb", "kerb": "lowered"}, False),
    ({"barrier": "kerb", "kerb": "raised"}, True),
    ({"barrier": "fence"}, True), ({"barrier": "fence", "sensory": "audible"}, False),
    ({"barrier": "height_restrictor"}, False), ({"barrier": "height_restrictor", "maxheight": "1.9"}, True),
    ({"barrier": "height_restrictor", "maxheight": "2.2"}, False),
    ({"barrier": "height_restrictor", "maxheight": "default"}, False),
    ({"barrier": "some_tag"}, True), ({"barrier": "Gate"}, False), ({"barrier": "bollard", "access": "yes"}, False),
    ({"barrier": "wall", "motor_vehicle": "destination"}, False), ({"barrier": "gate", "access": "no"}, True),
]  # fmt: skip


@pytest.mark.parametrize("value", [v for v, use in TABLES["barrier"].items() if use in {"open", "closed"}])
def test_barrier(value):
    closed = TABLES["barrier"][value] == "closed"
    assert read_node({"barrier": value}).closed == closed
    assert not read_node({"barrier": value, "motor_vehicle": "yes"}).closed
    assert read_node({"barrier": value, "access": "private"}).closed


@pytest.mark.parametrize(("tags", "closed"), SPECIAL)
def test_barriers_that_depend(tags, closed):
    assert read_node(tags).closed == closed


@pytest.mark.parametrize(
    "value", [*TABLES["restriction"], "no_weird_zigzags", "only_weird_zigzags", "yield", "stop"]
)
def test_restriction(value):
    meaning = TABLES["restriction"].get(value, value.split("_")[0] if "_" in value else "none")
    expected = "" if meaning == "none" else meaning
    assert read_restriction({"restriction": value}).word == expected
    assert read_restriction({"restriction:motorcar": value}).word == expected
    assert read_restriction({"restriction:hgv": value}).word == ""
    assert read_restriction({"restriction": value, "except": "bicycle; motor_vehicle"}).word == ""
    assert read_restriction({"restriction": value, "except": "bus"}).word == expected
    conditional = read_restriction({"restriction:conditional": f"{value} @ (07:00-09:00)"})
    assert (conditional.word, conditional.conditional) == ("", True)


@pytest.mark.parametrize("value", [*TABLES["service"], *TABLES["not_handled"]["service"], "nonsense"])
def test_service(value):
    road = read_road({"highway": "service", "service": value})
    assert (road is None) == (TABLES["service"].get(value) == "closed")
    # On other roads the tag has no meaning.
    assert read_road({"highway": "residential", "service": value}) is not None


@pytest.mark.parametrize("value", TABLES["highway"])
def test_highway(value):
    use = TABLES["highway"][value]
    plain, asked = read_road({"highway": value}), read_road({"highway": value, "motor_vehicle": "yes"})
    assert (plain is not None) == (use == "road" and value != "track")
    assert (asked is not None) == (use != "closed")
    if use == "asked":
        assert asked is not None
        assert asked.road_class == "service"
        for tags in ({"access": "yes"}, {"motor_vehicle": "destination"}, {"bicycle": "designated"}):
            assert read_road({"highway": value, **tags}) is None
        one = read_road({"highway": value, "motor_vehicle:forward": "yes"})
        assert one is not None
        assert (one.forward, one.backward) == (True, False)


@pytest.mark.parametrize(
    ("value", "road_class"),
    [
        ("Residential", "residential"),
        ("trunk;primary", "trunk"),
        ("nonsense; primary", "primary"),
        ("garbage", None),
    ],
)
def test_highways_as_mappers_write_them(value, road_class):
    road = read_road({"highway": value})
    assert (road and road.road_class) == road_class


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({"construction": "yes"}, False), ({"construction": "primary"}, False), ({"construction": "minor"}, True),
        ({"construction": "no"}, True), ({"construction": "widening"}, True), ({"proposed": "secondary"}, True),
        ({"impassable": "yes"}, False), ({"smoothness": "impassable"}, False), ({"smoothness": "bad"}, True),
        ({"ice_road": "yes"}, False), ({"winter_road": "yes"}, False), ({"seasonal": "winter"}, False),
        ({"seasonal": "no"}, True), ({"area": "yes"}, False), ({"area": "no"}, True), ({"toll": "yes"}, True),
        ({"hov": "designated"}, True), ({"foot": "no"}, True), ({"hgv": "no"}, True),
    ],
)  # fmt: skip
def test_other_tags_that_close_a_road(tags, is_open):
    assert (read_road({"highway": "primary", **tags}) is not None) == is_open


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2.5", 2.5), ("2,5", 2.5), ("2.5 m", 2.5), ("2m", 2), ("190 cm", 1.9), ("6'", 1.8288), ("6'6\"", 1.9812),
        ("6 ft 3 in", 1.905), ("3.5 t", 3.5), ("8.9t", 8.9), ("900 kg", 0.9), ("35000 kg", 35), ("2 st", 1.81436948),
        *[(text, None) for text in ("", "default", "none", "unsigned", "narrow", "below_default", "0", "-1", "2 x 3")],
    ],
)  # fmt: skip
def test_sizes(text, size):
    assert parse_size(text) == (None if size is None else pytest.approx(size))


@pytest.mark.parametrize(
    ("key", "too_small", "fits"),
    [
        ("maxheight", "1.8", "2.0"), ("maxheight:physical", "6'", "7'"), ("maxwidth", "1.8", "2"), ("width", "1.9", "2.0"),
        ("maxwidth:physical", "1", "3"), ("est_width", "1", "3"), ("maxlength", "4", "5"), ("maxweight", "1.5", "2"),
        ("maxweight", "900 kg", "3.5 t"), ("maxweightrating", "1", "7.5"),
    ],
)  # fmt: skip
def test_ways_below_a_cars_size_are_closed(key, too_small, fits):
    assert read_road({"highway": "primary", key: too_small}) is None
    for value in (fits, "default", "none", "unsigned", "narrow"):
        assert read_road({"highway": "primary", key: value}) is not None


@pytest.mark.parametrize("value", TABLES["maxspeed"])
def test_maxspeed_words(value):
    table = speed_table("default")
    word = TABLES["maxspeed"][value]
    assert table.limit_kph(value) == {"none": table.none_kph, "walk": table.walk_kph}[word]
    tags = {"maxspeed": value}
    if word == "none":  # on small streets it says that no sign stands there
        for road_class in ROAD_CLASSES:
            fast = re.match("motorway|trunk", road_class)
            expected = table.none_kph if fast else table.classes[road_class]
            assert table.speeds_kph(tags, road_class) == (expected, expected)


@pytest.mark.parametrize(
    "value",
    ["signals", "variable", "implicit", "national", "sign", "60 @ (22:00-06:00)", "60 - 80", "60 (wet)"],
)
def test_maxspeeds_that_are_not_read(value):
    assert speed_table("default").limit_kph(value) is None


@pytest.mark.parametrize("value", [*TABLES["surface"], *TABLES["not_handled"]["surface"]])
def test_surfaces_without_a_cap(value):
    table = speed_table("default")
    assert value not in table.surfaces
    assert table.speeds_kph({"surface": value}, "motorway") == (90, 90)


def test_surfaces_with_a_cap():
    table = speed_table("default")
    for value, cap in table.surfaces.items():
        assert table.speeds_kph({"surface": value.upper()}, "motorway") == (min(90, cap),) * 2
    assert table.speeds_kph({"surface": "asphalt; mud"}, "motorway") == (10, 10)


@pytest.mark.parametrize("carrier", ["ferry", "shuttle_train"])
@pytest.mark.parametrize(
    ("tags", "takes"),
    [
        ({}, None), ({"motorcar": "yes"}, True), ({"motor_vehicle": "permissive"}, True), ({"vehicle": "no"}, False),
        ({"ferry": "primary"}, True), ({"hgv": "yes"}, None), ({"foot": "yes"}, None), ({"access": "no"}, False),
    ],
)  # fmt: skip
def test_ferries_and_car_trains(carrier, tags, takes):
    """Where nothing is said, a car train takes cars and a ferry doesn't."""
    road = read_road({"route": carrier, "duration": "00:20", **tags})
    assert (road is not None) == (carrier == "shuttle_train" if takes is None else takes)
    if road is not None:
        assert (road.road_class, road.duration_s, road.exit_along) == (carrier, 1200, False)
    assert takes_cars({"route": carrier, **tags}) == (takes is True and "ferry" not in tags)
    assert not takes_cars({"route": "bus", **tags})


@pytest.mark.parametrize(
    ("tags", "sign", "facing"),
    [
        ({"highway": "stop"}, "stop", "nearest"), ({"highway": "stop", "direction": "forward"}, "stop", "forward"),
        ({"highway": "give_way", "direction": "both"}, "give_way", "both"), ({"highway": "stop", "stop": "minor"}, "stop", "minor"),
        ({"highway": "stop", "stop": "all"}, "stop", "both"), ({"highway": "stop", "direction": "90"}, "stop", "nearest"),
        ({"highway": "traffic_signals", "traffic_signals:direction": "backward"}, "traffic_signals", "backward"),
        ({"highway": "traffic_signals", "direction": "forward"}, "traffic_signals", "forward"),
        ({"highway": "bus_stop", "direction": "forward"}, "", "both"),
    ],
)  # fmt: skip
def test_signs_face_those_whom_they_say(tags, sign, facing):
    node = read_node(tags)
    assert (node.sign, node.facing) == (sign, facing)


@given(st.dictionaries(st.sampled_from(WAY_KEYS), st.text(max_size=8)))
def test_any_tags_are_read(tags):
    road = read_road({"highway": "primary", **tags})
    assert road is None or road.forward or road.backward
    if road is not None:
        assert math.isnan(road.duration_s) or road.duration_s > 0


@given(st.dictionaries(st.sampled_from(NODE_KEYS), st.text(max_size=8)))
def test_any_tags_of_nodes_are_read(tags):
    assert set(read_node(tags).delays) <= set(DELAYS)
