"""Figures on the page are rounded once, and as tables and reports round them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ...chance import seeds
from ..conftest import Opened

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("number", seeds(1, 807738))
def test_a_figure_is_written_as_python_writes_it(results: SimpleNamespace, show: Any, number: int) -> None:
    opened: Opened = show(results)
    draws = np.random.default_rng(number)
    values = np.concatenate([
        draws.uniform(-300, 300, 2000), draws.integers(0, 20_000_000, 2000) / 60_000,
        draws.integers(-4000, 4000, 1000) / 8, draws.uniform(-0.6, 0.6, 500), draws.integers(0, 10**9, 500) / 4.0,
    ])  # fmt: skip
    for digits in (0, 1, 2):
        said = opened.page.evaluate("([all, digits]) => all.map((value) => borderreach.fixed(value, digits))", [values.tolist(), digits])  # fmt: skip
        assert said == [f"{value:z.{digits}f}" for value in values]


def test_minutes_are_the_tables_to_the_last_digit(results: SimpleNamespace, show: Any) -> None:
    """137.46 minutes are 137, in a sentence as in a table, though they are 137.5 with one decimal."""
    times = results.county_times.copy()
    n = len(times)
    base = np.round((137 + np.arange(n) + np.linspace(0.45, 0.4999, n)) * 60_000) / 60_000
    times["base_min"], times["scenario_min"] = base, base - np.linspace(40.0, 41.0, n)
    times["delta_min"] = times["scenario_min"] - times["base_min"]
    opened = show(SimpleNamespace(**{**vars(results), "county_times": times}))
    known = opened.page.evaluate(
        "[...borderreach.scene.counties.values()].flatMap((row) => row.times.map((time) => [row.adcode, time.id, time.base, time.after]))"
    )
    found = {(code, centre): (base, after) for code, centre, base, after in known}
    assert len(found) == n
    for row in times.itertuples():
        base_min, after_min = found[int(row.adcode), str(row.centre_id)]
        assert base_min == row.base_min
        assert after_min == pytest.approx(row.scenario_min, abs=1 / 120_000)
    row = times.loc[times["delta_min"].idxmin()]
    told = opened.page.inner_text(".br-finding")
    assert (
        f"{row['name']}到{row['centre_name']}由 {row['base_min']:.0f} 分钟减到 {row['scenario_min']:.0f} 分钟"
        in told
    )
