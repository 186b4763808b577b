"""Roads and railways of the map in an earlier year: those that were open by then, as they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import borderreach as br
from borderreach.analysis.studies import WhatIf
from borderreach.geo.networks import TRUNK_YEARS, TransportNetwork
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import save_map
from borderreach.maps.page._what_if import what_if_content

from ..conftest import Opened, until
from .test_browser_years import with_years

__all__ = ["with_years"]  # a fixture

YEARS = (2005, 2015, TRUNK_YEARS[1])


@pytest.fixture(scope="module")
def networks() -> dict[int, TransportNetwork]:
    return {year: br.trunk_network(year=year) for year in YEARS}


@pytest.fixture(scope="module")
def dated(part: WhatIf, networks: dict[int, TransportNetwork]) -> WhatIf:
    return part.with_years(networks)


def links_of(network: TransportNetwork) -> dict[tuple[Any, ...], set[str]]:
    """Classes by where a link begins and ends."""
    found: dict[tuple[Any, ...], set[str]] = {}
    lonlat = [(round(x, 6), round(y, 6)) for x, y in zip(network.node_lon, network.node_lat, strict=True)]
    for tail, head, code in zip(
        network.arc_tail.tolist(), network.arc_head.tolist(), network.arc_class.tolist(), strict=True
    ):
        found.setdefault((lonlat[tail], lonlat[head]), set()).add(network.classes[code])
    return found


def test_each_link_is_dated_by_the_networks_of_the_years(
    dated: WhatIf, networks: dict[int, TransportNetwork]
) -> None:
    by_year = [links_of(network) for network in networks.values()]
    network = dated.network
    tail, head = network.link_ends
    classes = np.zeros(network.n_links, dtype=np.int64)
    classes[network.arc_link] = network.arc_class
    seen = {"new": 0, "wider": 0, "old": 0}
    for link in range(network.n_links):
        since, before = int(dated.link_since[link]), bool(dated.link_before[link])
        if dated.link_owners[link, 0] >= 0:
            assert (since, before) == (0, False)
            continue
        name = network.classes[classes[link]]
        ends = [
            tuple(round(float(values[at]), 6) for values in (network.node_lon, network.node_lat))
            for at in (tail[link], head[link])
        ]
        there = [known.get((ends[0], ends[1]), set()) for known in by_year]
        assert all((name in found) == (at >= since) for at, found in enumerate(there))
        assert before == (since > 0 and bool(there[since - 1]))
        seen["old" if since == 0 else "wider" if before else "new"] += 1
    assert min(seen.values()) > 10
    assert set(dated.years) == set(YEARS)


def test_a_part_keeps_the_years_of_its_links(dated: WhatIf) -> None:
    less = dated.without("ordinary")
    assert less.years == dated.years
    assert np.bincount(less.link_since)[1:].sum() == np.bincount(dated.link_since)[1:].sum() > 0


def test_pages_without_a_choice_of_years_carry_none(dated: WhatIf, part: WhatIf) -> None:
    for content in (what_if_content(dated), what_if_content(part, years=True)):
        assert content is not None
        assert content["since"] is None


def test_the_page_reads_what_was_packed(asked: Path, dated: WhatIf, open_file: Callable[..., Opened]) -> None:
    content = what_if_content(dated, years=True)
    assert content is not None
    opened = open_file(asked)
    rows = opened.page.evaluate(
        "content => { const net = borderreach.openNetwork(content); return Array.from(net.since, (code, k) =>"
        " [net.lon[net.tail[k]], net.lat[net.tail[k]], net.lon[net.head[k]], net.lat[net.head[k]], ...net.kinds[net.kind[k]], code]); }",
        content,
    )
    network = dated.network
    tail, head = network.link_ends
    kinds = {int(link): (int(mode), int(code)) for link, mode, code in zip(network.arc_link, network.arc_mode, network.arc_class, strict=True)}  # fmt: skip
    wanted = sorted(
        (
            *(round(float(values[at]), 3) for at in (tail[k], head[k]) for values in (network.node_lon, network.node_lat)),
            network.modes[kinds[k][0]], network.classes[kinds[k][1]], int(2 * dated.link_since[k] + dated.link_before[k]),
        )
        for k in range(network.n_links)
    )  # fmt: skip
    found = sorted((*(round(value, 3) for value in row[:4]), *row[4:]) for row in rows)
    assert found == wanted


PIXELS = """(colour) => {
  const c = document.querySelector(".leaflet-br-roads-pane canvas");
  const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  let n = 0;
  for (let i = 0; i < d.length; i += 4) n += d[i + 3] > 200 && Math.abs(d[i] - r) + Math.abs(d[i + 1] - g) + Math.abs(d[i + 2] - b) < 12;
  return n;
}"""
EXPRESSWAY = "#8f8577"


@pytest.mark.browser
def test_the_slider_of_years_draws_the_roads_of_the_year_and_the_legend_says_so(
    with_years: SimpleNamespace, dated: WhatIf, open_file: Callable[..., Opened], tmp_path: Path
) -> None:
    fields = {**vars(with_years), "what_if": dated, "corridors": br.corridors("yuqian")}
    fields["corridor_stops"] = fields["corridor_stops"].iloc[:0]
    opened = open_file(save_map(study_map(SimpleNamespace(**fields)), tmp_path / "map.html"))
    page = opened.page
    until(page, "borderreach.scene.roadsReady")
    page.evaluate("void borderreach.map.setView([28.5, 107], 8.5, { animate: false })")
    page.check('[data-slider="year-on"]')
    page.focus('[data-slider="year"]')
    page.keyboard.press("Home")
    inked = [page.evaluate(PIXELS, EXPRESSWAY)]
    page.keyboard.press("ArrowRight")
    inked.append(page.evaluate(PIXELS, EXPRESSWAY))
    layers = page.locator(".br-layers")
    assert "2015 年底的高速公路，其他道路为今天" in layers.text_content()
    page.keyboard.press("End")
    inked.append(page.evaluate(PIXELS, EXPRESSWAY))
    assert inked[0] < 0.6 * inked[1]
    assert inked[1] < 0.8 * inked[2]
    assert "2015 年底" not in layers.text_content()
    page.keyboard.press("Home")
    page.click(".br-language")
    assert "Expressways of the end of 2005, other roads of today" in layers.text_content()
    page.uncheck('[data-slider="year-on"]')
    assert page.evaluate(PIXELS, EXPRESSWAY) == inked[2]
    assert "end of 2005" not in layers.text_content()
    # railways are named where there are any
    assert "Roads and railways" not in layers.text_content()
    assert opened.messages == []


def test_lines_that_are_drawn_alike_are_one_kind_of_before(dated: WhatIf) -> None:
    """What was there before has some class of the same mode, so that it's drawn as a road where a road is."""
    network = dated.network
    modes = np.zeros(network.n_links, dtype=np.int64)
    modes[network.arc_link] = network.arc_mode
    road = network.modes.index("road")
    assert (modes[dated.link_before] == road).all()
    assert replace(dated, left_out=()).years == dated.years
