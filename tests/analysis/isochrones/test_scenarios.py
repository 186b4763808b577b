"""Isochrones of several scenarios are those of each network by itself, to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.contours import _quadtree as surface
from borderreach.analysis.contours._quadtree import draw
from borderreach.analysis.contours._root_squares import DRAW, SKIP, TAKE
from borderreach.analysis.corridors._changes import changed_network
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.isochrones import _scenarios as module
from borderreach.analysis.isochrones._drawings import draw_isochrones
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.isochrones._scenarios import SCENARIO_ISOCHRONES, scenario_isochrones
from borderreach.geo.errors import EmptyInputError, InputTypeError, OffNetworkError
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.networks._trunk import trunk_network

from ... import chance
from ..networks import Case, cases

CUTOFFS = (10, 25)


def bits(table):
    return [
        table[name].to_numpy().tolist()
        for name in ("origin_id", "origin_name", "mode", "cutoff_min", "area_km2")
    ] + [table.geometry.to_wkb().tolist()]


def assert_as_from_scratch(base, after, origins, **options):
    table = scenario_isochrones({"base": base, "after": after}, origins, **options)
    assert list(table.columns) == list(SCENARIO_ISOCHRONES)
    for name, network in (("base", base), ("after", after)):
        own = table[table["scenario"] == name].reset_index(drop=True)
        assert bits(own) == bits(isochrones(network, origins, **options))


def altered(network: TransportNetwork, draw) -> TransportNetwork:
    """Add a link, pass one in another time, close an arc, or take a node's exit away, or give it one."""
    node = st.integers(0, network.n_nodes - 1)
    kind = draw(st.sampled_from(["link", "time", "arc", "exit", "new node", "nothing"]))
    if kind == "link":
        return network.extended(Links([draw(node)], [draw(node)], [500.0], [draw(st.floats(1, 600))]))
    if kind == "new node":
        a = draw(node)
        place = network.node_lon[a] + draw(st.floats(-0.05, 0.05)), network.node_lat[a]
        links = Links([a], [network.n_nodes], [900.0], [draw(st.floats(1, 600))])
        return network.extended(links, node_lon=[place[0]], node_lat=[place[1]])
    if kind == "time" and network.n_arcs:
        times = network.arc_time_ms.copy()
        times[draw(st.integers(0, network.n_arcs - 1))] += draw(st.integers(-500, 60_000))
        return replace(network, arc_time_ms=np.maximum(times, 0).astype(np.int32))
    if kind == "arc" and network.n_arcs:
        exits = network.arc_exit.copy()
        one = network.arc_link == network.arc_link[draw(st.integers(0, network.n_arcs - 1))]
        exits[one] = ~exits[one]
        return replace(network, arc_exit=exits)
    if kind == "exit":
        exits = network.node_exit.copy()
        exits[draw(node)] ^= True
        return replace(network, node_exit=exits)
    return network


@settings(max_examples=chance.examples(60), deadline=None)
@given(case=cases(), data=st.data(), direction=st.sampled_from(["from", "to"]))
def test_made_up_networks(case: Case, data, direction):
    after = altered(altered(case.network, data.draw), data.draw)
    origins = [case.origin, (case.origin[0] + 0.02, case.origin[1])]
    options = {"cutoffs_min": CUTOFFS, "direction": direction}
    try:
        isochrones(case.network, origins, **options)
        isochrones(after, origins, **options)
    except OffNetworkError:
        with pytest.raises(OffNetworkError):
            scenario_isochrones({"base": case.network, "after": after}, origins, **options)
        return
    assert_as_from_scratch(case.network, after, origins, **options)


@pytest.mark.parametrize("direction", ["from", "to"])
def test_a_corridor_on_the_trunk_roads_is_drawn_anew_where_it_matters(monkeypatch, direction):
    roads = trunk_network(speed_kph=88)
    after = add_corridors(roads, "yuqian")
    origins = ["重庆", "贵阳", "上海", "乌鲁木齐", "昆明", "沿河", "松桃"]
    anew: list[str] = []
    same: list[bool] = []
    squares = {SKIP: 0, DRAW: 0, TAKE: 0}

    def counting(network, origin, *rest, known=None, **options):
        found = draw_isochrones(network, origin, *rest, known=known, **options)
        if known is not None:
            anew.append(origin.name)
            same.extend(one.polygon is other.polygon for one, other in zip(known, found, strict=True))
        return found

    def looking(frame, *, known=None, pool=None):
        if known is not None:
            for what in squares:
                squares[what] += int((frame.state == what).sum())
        return draw(frame, known=known, pool=pool)

    monkeypatch.setattr(module, "draw_isochrones", counting)
    monkeypatch.setattr(surface, "draw", looking)
    assert_as_from_scratch(roads, after, origins, cutoffs_min=(60, 120), direction=direction)
    assert 1 < len(anew) < 6
    assert not {"上海", "乌鲁木齐"} & set(anew)
    assert any(same)
    assert not all(same)
    assert squares[TAKE] > 2 * squares[DRAW] > 0


def test_a_closed_road():
    roads = trunk_network(speed_kph=88)
    closed = changed_network(roads, near=(106.85, 28.65), within_km=15, close=True)
    assert_as_from_scratch(roads, closed, ["綦江", "遵义", "北京"], cutoffs_min=(60, 120))


def test_new_places_to_get_on_near_an_origin():
    """Nodes alone can be left: ways onto the network are those of the base and to the new nodes."""
    links = Links([0, 1], [1, 2], [9.7e3, 9.7e3], [600.0, 600.0])
    base = build_network([106.5, 106.6, 106.7], [29.5] * 3, links, access_speed_kph=20, max_access_km=5)
    near = base.extended(Links([3, 1], [2, 3], [6e3, 6e3], [60.0, 60.0]), node_lon=[106.61], node_lat=[29.52])
    far = base.extended(Links([2], [3], [6e3], [60.0]), node_lon=[106.99], node_lat=[29.52])
    origins = [(106.6, 29.51), (106.5, 29.5), (106.7, 29.49)]
    for after in (near, far):
        assert_as_from_scratch(base, after, origins, cutoffs_min=(10, 20))


def test_lines_that_can_be_left_along_change_the_grid_for_all():
    base = build_network(
        [106.5, 106.6], [29.5, 29.5], Links([0], [1], [9.7e3], [600.0]), access_speed_kph=12, max_access_km=3
    )
    far = base.extended(Links([2], [3], [970.0], [60.0]), node_lon=[107.5, 107.51], node_lat=[29.5, 29.5])
    left_along = replace(far, arc_exit=far.arc_link == 1)
    assert left_along.has_exits_along
    assert not far.has_exits_along
    for after in (far, left_along):
        assert_as_from_scratch(base, after, (106.51, 29.51), cutoffs_min=(10, 25))
        assert_as_from_scratch(
            after, base.extended(Links([0], [1], [9.7e3], [500.0])), (106.5, 29.5), cutoffs_min=25
        )


def test_other_ground_is_computed_from_scratch():
    links = Links([0], [1], [9.7e3], [600.0])
    one, other = (
        build_network([106.5, lon], [29.5, 29.5], links, access_speed_kph=20, max_access_km=5)
        for lon in (106.6, 106.61)
    )
    assert_as_from_scratch(one, other, (106.5, 29.5), cutoffs_min=20)
    assert_as_from_scratch(one, one.with_access(max_access_km=4), (106.5, 29.5), cutoffs_min=20)


def test_bad_input():
    with pytest.raises(EmptyInputError, match="'networks' is empty"):
        scenario_isochrones({}, "重庆")
    with pytest.raises(InputTypeError, match="'networks' should map"):
        scenario_isochrones(trunk_network(speed_kph=88), "重庆")  # type: ignore[arg-type]
    with pytest.raises(InputTypeError, match="networks"):
        scenario_isochrones({"base": None}, "重庆")  # type: ignore[dict-item]
