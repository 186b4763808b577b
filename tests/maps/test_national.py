"""A map of the whole country stays small and opens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import save_map

from .national import national_results

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def test_a_map_of_the_country_is_small_and_opens(open_file: Any, tmp_path: Path) -> None:
    results = national_results()
    assert len(results.borders) == 68
    assert len(results.border_counties) > 2800
    path = save_map(study_map(results), tmp_path / "map.html")
    assert len(results.crossings) > 1000
    assert path.stat().st_size < 8_000_000
    opened = open_file(path)
    opened.page.select_option("[data-colouring]", "base:*")
    counts = [int(n) for n in re.findall(r"分钟\s+(\d+)", opened.page.inner_text(".br-layers .br-classes"))]
    assert sum(counts) == len(results.border_counties)
    opened.page.select_option("[data-colouring]", "after:~potential")
    counts = [int(line.split()[-1]) for line in opened.page.inner_text(".br-layers .br-classes").splitlines()]
    assert sum(counts) == len(results.border_counties)
    opened.page.evaluate("['crossings', 'gaps'].forEach(name => borderreach.scene.toggle(name, true))")
    opened.page.fill("input[type=search]", "綦江")
    opened.page.keyboard.press("Enter")
    assert "綦江区" in opened.page.inner_text(".br-county-panel")
    assert opened.messages == []
