"""Networks across 180°: the same as anywhere else, with lines in parts (RFC 7946, 3.1.9)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from borderreach.analysis.borders import crossings
from borderreach.analysis.corridors import changed_network
from borderreach.analysis.times import travel_times
from borderreach.geo.antimeridian import cut_at_antimeridian, cut_line
from borderreach.geo.networks import (
    Links,
    TransportNetwork,
    build_network,
    network_from_geodataframes,
    network_from_lines,
)

from ... import chance

GEOD = Geod(ellps="WGS84")


def wrapped(lon):
    """From -180 to 180; what lies on the meridian stays on the side it is on."""
    lon = np.asarray(lon, dtype=float)
    return np.where(lon > 180, lon - 360, np.where(lon < -180, lon + 360, lon))


#: Quarters of a degree around the middle.
spots = st.tuples(st.integers(-4, 4), st.integers(0, 4)).map(lambda xy: (xy[0] / 4, 50 + xy[1] / 4))


@st.composite
def drawings(draw):
    """Lines through two to five spots each, and the middle that they lie around."""
    lines = draw(
        st.lists(
            st.lists(spots, min_size=2, max_size=5, unique=True), min_size=1, max_size=6, unique_by=tuple
        )
    )
    return [np.array(line) for line in lines]


def network_of(lines: list[np.ndarray], middle: float) -> TransportNetwork:
    moved = [np.column_stack([wrapped(line[:, 0] + middle), line[:, 1]]) for line in lines]
    metres = [GEOD.line_length(line[:, 0], line[:, 1]) for line in moved]
    places = sorted({tuple(line[k]) for line in moved for k in (0, -1)})
    number = {place: k for k, place in enumerate(places)}
    lon, lat = np.array(places).T
    links = Links(
        [number[tuple(line[0])] for line in moved],
        [number[tuple(line[-1])] for line in moved],
        metres,
        [m / 20 for m in metres],
        exit_along=True,
        geometry=[line if len(line) > 2 else None for line in moved],
    )
    return build_network(lon, lat, links)


def parts_km(shape) -> float:
    return sum(GEOD.geometry_length(part) for part in shapely.get_parts(shape)) / 1000


@settings(max_examples=chance.examples(60))
@given(drawings(), st.sampled_from([180.0, -180.0, 179.9, -179.6]))
def test_frames_hold_lines_that_stay_on_the_globe(lines, middle):
    network = network_of(lines, middle)
    nodes, edges = network.to_geodataframes()
    for shape, metres in zip(edges.geometry, edges["length"], strict=True):
        for part in shapely.get_parts(shape):
            west, _, east, _ = part.bounds
            assert -180 <= west <= east <= 180
            assert east - west <= 2.0
            assert part.length > 0
        # a cut in the middle of a long piece bends the shortest way
        assert parts_km(shape) == pytest.approx(metres / 1000, rel=1e-3)
    again = network_from_geodataframes(nodes, edges)
    assert again.n_arcs == network.n_arcs
    for arc in range(again.n_arcs):
        line = again.link_line(int(again.arc_link[arc]))
        assert GEOD.line_length(line[:, 0], line[:, 1]) == pytest.approx(again.arc_length_m[arc], rel=1e-3)


@settings(max_examples=chance.examples(40))
@given(drawings(), spots, st.sampled_from([180.0, -180.0, 179.9]), st.sampled_from([0.0, 5.0, 30.0]))
def test_changes_find_what_lies_beyond_the_meridian(lines, spot, middle, km):
    """As many links are near a place there as in the same drawing elsewhere."""
    found = []
    for at in (20.0, middle):
        network = network_of(lines, at)
        near = (float(wrapped(spot[0] + at)), spot[1])
        try:
            found.append(changed_network(network, near=near, within_km=km, close=True).n_arcs)
        except ValueError:
            found.append(network.n_arcs)
    assert found[0] == found[1]


@settings(max_examples=chance.examples(30))
@given(drawings(), st.sampled_from([180.0, 179.9]))
def test_drawn_lines_join_at_the_meridian(lines, middle):
    """Cut there, as GeoJSON wants it, they make the same network as the same parts elsewhere."""
    cut = [cut_line(np.column_stack([wrapped(line[:, 0] + middle), line[:, 1]])) for line in lines]
    away = [
        shapely.transform(shape, lambda xy: np.column_stack([xy[:, 0] % 360 - middle + 20, xy[:, 1]]))
        for shape in cut
    ]
    networks = [
        network_from_lines(gpd.GeoDataFrame({"speed_kph": [72.0] * len(lines)}, geometry=shapes, crs=4326))
        for shapes in (away, cut)
    ]
    here, there = networks
    assert np.abs(there.link_coords[:, 0]).max() <= 180
    assert there.link_length_m.sum() == pytest.approx(here.link_length_m.sum(), rel=1e-5)
    ends = [lines[0][0], lines[-1][-1]]
    times = [
        travel_times(network, *[(float(wrapped(x + at)), y) for x, y in ends])["travel_time_min"].iloc[0]
        for network, at in ((here, 20.0), (there, middle))
    ]
    assert times[0] == pytest.approx(times[1], abs=1e-3, nan_ok=True)


@settings(max_examples=chance.examples(30))
@given(drawings(), st.sampled_from([0.1, -0.3, 0.6]), st.sampled_from([180.0, 179.9, -179.8]))
@example([np.array([[0.25, 50.0], [0.0, 50.0], [0.75, 50.25]])], 0.6, 180.0)  # a corner touches the meridian
def test_borders_are_crossed_where_they_are(lines, border, middle):
    """Two provinces beside each other, the border between them or the meridian through one of them."""
    found = []
    for at in (20.0, middle):
        network = network_of(lines, at)
        halves = [
            shapely.box(west + at, 49.9, east + at, 51.1) for west, east in ((-1.1, border), (border, 1.1))
        ]
        codes = [500000, 520000]
        counties = gpd.GeoDataFrame(
            {"adcode": codes, "name": ["a", "b"], "province": ["A", "B"], "province_adcode": codes, "lon": 0.0, "lat": 0.0},
            geometry=cut_at_antimeridian(np.array(halves, dtype=object)), crs=4326,
        )  # fmt: skip
        table = crossings(network, counties)
        found.append(
            {
                (r.link, round((r.geometry.x - at) % 360, 6) % 360, round(r.geometry.y, 6))
                for r in table.itertuples()
            }
        )
    assert found[0] == found[1]
    assert all(min(x, 360 - x) <= 1.1 for _, x, _ in found[1])


@pytest.mark.parametrize("start", [180.0, -180.0, 179.99])
@pytest.mark.parametrize("end", [180.0, -180.0, -179.99])
def test_a_place_on_the_meridian_is_one_on_both_sides(start, end):
    network = network_of([np.array([(-0.02, 50.0), (0.02, 50.0)])], 180.0)
    minutes = travel_times(network, (start, 50.0), (end, 50.0))["travel_time_min"].iloc[0]
    metres = GEOD.inv(start, 50.0, end, 50.0)[2]
    assert minutes == pytest.approx(metres / 20 / 60, abs=0.01)
