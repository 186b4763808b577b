"""Today's trains on the page: packed without a loss, drawn where they don't fit, and stopped where their line is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

import borderreach as br
from borderreach.analysis.corridors import Scenarios
from borderreach.analysis.studies import WhatIf
from borderreach.analysis.studies._what_if_trains import node_places
from borderreach.maps.page import _what_if
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import save_map
from borderreach.maps.page._packed_network import packed_network

from ...chance import seeds
from ..conftest import Opened, until
from .test_what_if import ask, asked_of, place_within, same_times, with_todays_trains

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def trains(results: SimpleNamespace) -> tuple[Scenarios, WhatIf]:
    return with_todays_trains(results)


@pytest.fixture
def opened(asked: Path, open_file: Callable[..., Opened]) -> Opened:
    return open_file(asked)


@pytest.mark.parametrize("number", seeds(1))
def test_fewer_links_tell_the_same_times(
    results: SimpleNamespace, trains: tuple[Scenarios, WhatIf], number: int
) -> None:
    part = trains[1]
    less = part.with_steps_joined()
    rail = part.network.modes.index("rail")
    steps, fewer = (int((one.network.arc_mode == rail).sum()) for one in (part, less))
    assert fewer < 0.65 * steps
    assert less.node_people.sum() == part.node_people.sum()
    draws = np.random.default_rng(number)
    places = [place_within(results, part.network, draws) for _ in range(5)]
    before, after = (
        br.travel_times(one.network, places, part.counties)["travel_time_min"] for one in (part, less)
    )
    np.testing.assert_array_equal(after, before)


def test_the_page_opens_what_was_packed(trains: tuple[Scenarios, WhatIf], opened: Opened) -> None:
    """Every link with its ends, class, milliseconds there and back, and whether it's drawn."""
    asked_of(opened, trains[1])
    rows = opened.page.evaluate(
        "() => { const net = borderreach.openNetwork(window.asked); return Array.from(net.tail, (tail, k) => [...[tail, net.head[k]]"
        ".flatMap((node) => [net.lon[node], net.lat[node]]).map((value) => Math.round(value / net.quantum)), net.exit[tail], net.people[net.head[k]], ...net.kinds[net.kind[k]],"
        " net.forth[k], net.back[k], net.ridesPast.has(k)]); }"
    )
    less = trains[1].with_steps_joined()
    network = less.network
    forth, back = network.link_arcs
    hidden, quantum = less.rides_past_stations, opened.page.evaluate("window.asked.quantum")
    wanted: Counter[tuple[object, ...]] = Counter()
    for link in range(network.n_links):
        ways = [int(way) for way in (forth[link], back[link]) if way >= 0]
        arc = ways[0]
        ends = int(network.arc_tail[arc]), int(network.arc_head[arc])
        wanted[
            (
                *(round(float(values[at]) / quantum) for at in ends for values in (network.node_lon, network.node_lat)),
                int(network.node_exit[ends[0]]), round(float(less.node_people[ends[1]])),
                network.modes[network.arc_mode[arc]], network.classes[network.arc_class[arc]],
                int(network.arc_time_ms[arc]), int(network.arc_time_ms[ways[1]]) if len(ways) > 1 else -1, bool(hidden[link]),
            )
        ] += 1  # fmt: skip
    found = Counter(map(tuple, rows))
    assert found == wanted
    assert sum(1 for row in rows if row[6] == "rail") > 500


def _rides_over(part: WhatIf, line: str, section: tuple[int, int]) -> set[int]:
    """Links of a line's rides whose kilometres say that they pass a section (two places), there or back."""
    network = part.network
    forth, back = network.link_arcs
    arc = np.where(forth >= 0, forth, back)
    place = node_places(network)
    tail, head, metres = place[network.arc_tail[arc]], place[network.arc_head[arc]], network.arc_length_m[arc]
    own = (network.arc_class[arc] == network.classes.index(line)) & (tail != head)
    drawn = own & ~part.rides_past_stations
    places = np.unique(np.concatenate([tail[own], head[own]]))
    number = {int(one): k for k, one in enumerate(places)}
    ends = np.array([[number[int(a)], number[int(b)]] for a, b in zip(tail[drawn], head[drawn], strict=True)])
    far = dijkstra(
        coo_matrix((metres[drawn], (ends[:, 0], ends[:, 1])), shape=(len(places),) * 2), directed=False
    )
    x, y = (number[one] for one in section)
    found = set()
    for link in np.flatnonzero(own):
        a, b = number[int(tail[link])], number[int(head[link])]
        past = min(far[a, x] + far[y, b], far[a, y] + far[x, b]) + far[x, y]
        if past <= far[a, b] + 100.0:  # kilometres are whole metres, section by section
            found.add(int(link))
    return found


@pytest.mark.parametrize("line", ["yugui", "chengyu", "hukun-guizhou"])
def test_where_a_section_is_cut_no_train_of_its_line_runs_past(
    results: SimpleNamespace, trains: tuple[Scenarios, WhatIf], opened: Opened, line: str
) -> None:
    part = trains[1]
    asked_of(opened, part)
    ask(opened, (106.6, 29.5))
    # the drawn section in the middle of the line, by what the page draws
    cut = opened.page.evaluate(
        "line => { const all = Array.from(net.tail, (_, k) => k).filter((k) => borderreach.isSection(net, k) && net.kinds[net.kind[k]][1] === line);"
        " const k = all.sort((a, b) => net.lat[net.tail[a]] - net.lat[net.tail[b]])[Math.floor(all.length / 2)];"
        " return [k, ...[net.tail[k], net.head[k]].map((node) => [net.lon[node], net.lat[node]])]; }",
        line,
    )
    network = part.network
    place = node_places(network)
    nearest = [
        int(place[np.hypot(network.node_lon - lon, network.node_lat - lat).argmin()]) for lon, lat in cut[1:]
    ]
    gone = _rides_over(part, line, (nearest[0], nearest[1]))
    assert len(gone) > 10  # rides past stations, too
    without = gone | set(np.flatnonzero((part.link_owners >= 0).any(axis=1)).tolist())  # no corridor is on
    keep = ~np.isin(network.arc_link, list(without))
    slow = network.with_times(np.where(keep, network.arc_time_ms, 10**8))
    longer = 0
    centres = zip(results.centres["lon"].tolist(), results.centres["lat"].tolist(), strict=True)
    for at in [*centres, *((lon + 0.02, lat) for lon, lat in cut[1:])]:
        before, after = (ask(opened, at, closed=closed) for closed in ([], [cut[0]]))
        same_times(after, slow, part, at)
        minutes = [
            np.array([np.nan if each is None else each for each in one["minutes"]]) for one in (before, after)
        ]
        longer += int((minutes[1] > minutes[0] + 1).sum())
    assert longer > 0
    # mended, all of them run again
    assert ask(opened, at)["minutes"] == before["minutes"]


def test_where_trains_are_too_many_the_railways_are_drawn_all_the_same(
    results: SimpleNamespace,
    trains: tuple[Scenarios, WhatIf],
    open_file: Callable[..., Opened],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    part = trains[1]
    whole = _what_if.what_if_content(part)
    assert whole is not None
    assert whole["railways"] == ""
    most = _what_if._size(packed_network(part.without_trains())) + 20_000
    monkeypatch.setattr(_what_if, "MOST_CHARACTERS", most)
    fields = {**vars(results), "what_if": part, "corridors": br.corridors("yuqian")}
    fields["corridor_stops"] = results.corridor_stops.iloc[:0]
    opened = open_file(save_map(study_map(SimpleNamespace(**fields)), tmp_path / "map.html"))
    page = opened.page
    until(page, "borderreach.scene.roadsReady")
    lines = page.evaluate(
        "() => { const data = JSON.parse(document.getElementById('study-data').textContent).whatIf;"
        " return borderreach.unpackRailways(data.railways, data.quantum).map(({ line, since }) => [...line, since]); }"
    )
    network = part.network
    forth, back = network.link_arcs
    arc = np.where(forth >= 0, forth, back)
    place = node_places(network)
    drawn = (network.arc_mode[arc] == network.modes.index("rail")) & ~part.rides_past_stations
    drawn &= (part.link_owners < 0).all(axis=1) & (
        place[network.arc_tail[arc]] != place[network.arc_head[arc]]
    )
    ends = [network.arc_tail[arc[drawn]], network.arc_head[arc[drawn]]]
    wanted = np.column_stack([values[at] for at in ends for values in (network.node_lon, network.node_lat)])
    found = np.array(lines)
    assert (found[:, 4] == 0).all()
    np.testing.assert_allclose(
        found[np.lexsort(found[:, :4].round(3).T), :4], wanted[np.lexsort(wanted.round(3).T)], atol=0.002
    )
    # dark and dashed, in the middle of the longest of them
    longest = lines[int(np.hypot(found[:, 2] - found[:, 0], found[:, 3] - found[:, 1]).argmax())]
    page.evaluate("([a, b]) => borderreach.map.setView([b, a], 11, { animate: false })", [(longest[0] + longest[2]) / 2, (longest[1] + longest[3]) / 2])  # fmt: skip
    assert (
        "公路与铁路" in page.locator(".br-layers").text_content()
        or "铁路" in page.locator(".br-layers").text_content()
    )
    assert page.evaluate("borderreach.whatIf === undefined || true")
    page.click(".br-what-if-button")
    assert "列车" in page.inner_text(".br-what-if")
    assert opened.messages == []


def test_without_trains_no_railway_is_spoken_of(part: WhatIf) -> None:
    content = _what_if.what_if_content(replace(part, left_out=()))
    assert content is not None
    assert content["railways"] == ""
    assert content["stationWays"] == ""
