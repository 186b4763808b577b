"""The judge itself: truths that need no network code at all."""

from __future__ import annotations

import math

import pytest
import shapely

from borderreach.analysis.isochrones._reference import reference_isochrone
from borderreach.geo.errors import InputError, OffNetworkError
from borderreach.geo.networks import Links, build_network

from ..networks import flat

WEST, EAST = (106.5, 29.5), (106.6, 29.5)


def road(*, along: bool, seconds: float = 600.0, back: float | None = None):
    return build_network(
        [106.5, 106.6], [29.5, 29.5],
        Links([0], [1], [9690.0], [seconds], [seconds if back is None else back], exit_along=along),
    )  # fmt: skip


def test_a_disc():
    shape = flat(reference_isochrone(road(along=False, seconds=7200), WEST, 15), WEST)
    assert shape.area == pytest.approx(math.pi * 1250**2, rel=1e-4)


def test_two_discs():
    shape = flat(reference_isochrone(road(along=False), WEST, 15), WEST)
    left = 5 / 3.6 * 300
    assert shape.area == pytest.approx(math.pi * (1250**2 + left**2), rel=1e-3)


def test_a_stadium():
    shape = flat(reference_isochrone(road(along=True), WEST, 300), (106.55, 29.5))
    assert shape.area == pytest.approx(math.pi * 2000**2 + 2 * 2000 * 9690, rel=2e-3)


def test_an_entry_part_way_makes_both_directions():
    shape = flat(reference_isochrone(road(along=True), (106.55, 29.5), 3), (106.55, 29.5))
    west, south, east, north = shape.bounds
    assert -west == pytest.approx(east, abs=5)
    assert east == pytest.approx(9690 * 0.3, abs=15)
    assert north == pytest.approx(250, abs=5) == -south


def test_directions():
    oneway = road(along=True, back=math.inf)
    assert flat(reference_isochrone(oneway, EAST, 10), EAST).bounds[0] > -900
    assert flat(reference_isochrone(oneway, EAST, 10, direction="to"), EAST).bounds[0] < -9600


def test_the_origin_is_inside_and_the_shape_is_valid():
    shape = reference_isochrone(road(along=True), (106.52, 29.505), 12)
    assert shape.is_valid
    assert shape.contains(shapely.Point(106.52, 29.505))


def test_bad_input():
    with pytest.raises(OffNetworkError):
        reference_isochrone(road(along=True), (106.5, 29.7), 10)
    with pytest.raises(InputError, match="one place"):
        reference_isochrone(road(along=True), [WEST, EAST], 10)
    with pytest.raises(InputError, match="cutoff_min"):
        reference_isochrone(road(along=True), WEST, -1)
