"""Leaving out what lies deep inside changes no edge, not by a bit."""

from __future__ import annotations

import numpy as np
import pytest

from borderreach.analysis import reach
from borderreach.analysis.interior import needless
from borderreach.analysis.isochrones import isochrones

from .networks import Sketch


def dense_town(*, blocks: int = 24, gap: bool = False):
    """A grid of streets 300 m apart, with or without a lake in its middle, and a road out of it."""
    sketch = Sketch.empty()
    number = {}
    for i in range(blocks):
        for j in range(blocks):
            lake = gap and abs(i - blocks / 2) < 6 and abs(j - blocks / 2) < 6
            if not lake:
                number[i, j] = sketch.node(i * 300.0, j * 300.0)
    for (i, j), a in number.items():
        for other in ((i + 1, j), (i, j + 1)):
            if other in number:
                sketch.link(a, number[other], 40.0)
    far = sketch.node(30_000.0, 1000.0)
    sketch.link(number[blocks - 1, 3], far, 80.0)
    return sketch.build((106.5, 29.5), speed_kph=5.0, reach_km=1.0)


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("cutoff", [20, 45, 90])
def test_edges_are_the_same_to_the_bit(monkeypatch, gap, cutoff):
    network = dense_town(gap=gap)
    monkeypatch.setattr(reach, "_WORTH_SORTING", 10)
    dropped = []
    real = needless

    def counted(*args, **options):
        drop, stand_in = real(*args, **options)
        dropped.append(int(drop.sum()))
        return drop, stand_in

    monkeypatch.setattr(reach, "needless", counted)
    lean = isochrones(network, (106.51, 29.51), cutoffs_min=cutoff, cell_m=50)
    monkeypatch.setattr(reach, "_WORTH_SORTING", 10**9)
    full = isochrones(network, (106.51, 29.51), cutoffs_min=cutoff, cell_m=50)
    assert lean.geometry.iloc[0].wkb == full.geometry.iloc[0].wkb
    if cutoff == 90 and not gap:
        assert dropped[0] > 50
        assert np.isclose(lean.area_km2[0], full.area_km2[0], rtol=1e-12)
