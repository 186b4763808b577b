"""Ways onto the network agree with trying every point of every line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings

from borderreach.geo.crs import to_ecef
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._access import access, ms_per_metre

from ...analysis.networks import Case, cases


def enter(network, lon, lat):
    return access(network, lon=lon, lat=lat, xyz=to_ecef(lon, lat))


def tried(case: Case) -> dict[int, float]:
    """Least time in ms to be at each node first, from 4000 points per line."""
    network = case.network
    here = to_ecef(*case.origin)
    reach, pace = network.max_access_km * 1000, ms_per_metre(network)
    best: dict[int, float] = {}

    def offer(node: int, ms: float) -> None:
        best[node] = min(best.get(node, np.inf), ms)

    walk = np.linalg.norm(network.node_xyz - here, axis=1)
    for node in np.flatnonzero(network.node_exit & (walk <= reach)):
        offer(int(node), walk[node] * pace)
    for arc in np.flatnonzero(network.arc_exit):
        line = network.link_line(int(network.arc_link[arc]))
        line = line[::-1] if network.arc_reversed[arc] else line
        xyz = to_ecef(line[:, 0], line[:, 1])
        step = np.linalg.norm(np.diff(xyz, axis=0), axis=1)
        along = np.concatenate([[0], np.cumsum(step)])
        total = along[-1] if along[-1] > 0 else 1.0
        at = np.linspace(0, along[-1], 4000)
        points = np.column_stack([np.interp(at, along, xyz[:, k]) for k in range(3)])
        foot = np.linalg.norm(points - here, axis=1)
        share = at / total if along[-1] > 0 else np.ones(len(at))
        times = np.where(foot <= reach, foot * pace + (1 - share) * network.arc_time_ms[arc], np.inf)
        if np.isfinite(times.min()):
            offer(int(network.arc_head[arc]), float(times.min()))
    return best


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_agrees_with_trying_everywhere(case: Case):
    entry = enter(case.network, *case.origin)
    got = dict(zip(entry.node.tolist(), entry.time_ms.tolist(), strict=True))
    want = tried(case)
    # the samples may miss a sliver of line at the very end of the reach
    assert set(want) <= set(got)
    for node, ms in want.items():
        # samples lie up to 3 m from the best entry, and the slowest line takes 0.9 s per metre
        assert ms - 3 * max(ms_per_metre(case.network), 900) - 1 <= got[node] <= ms + 1


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_pieces_lie_on_their_lines_and_take_as_long_as_said(case: Case):
    network = case.network
    entry = enter(network, *case.origin)
    here = to_ecef(*case.origin)
    pace, reach = ms_per_metre(network), network.max_access_km * 1000
    assume(network.has_exits_along)
    lines = network.exit_lines
    for piece in entry.pieces:
        start, end, (t0, t1, line, walked, s0, s1, m0, m1) = piece[:3], piece[3:6], piece[6:]
        first, last = lines.offset[int(line)], lines.offset[int(line) + 1]
        for share, point in ((s0, start), (s1, end)):
            place = [np.interp(share, lines.share[first:last], lines.xyz[first:last, k]) for k in range(3)]
            if lines.share[first] != lines.share[last - 1] and np.ptp(lines.xyz[first:last]) > 0:
                assert np.linalg.norm(place - point) < 0.01
        if walked:
            for time, far, point in ((t0, m0, start), (t1, m1, end)):
                distance = np.linalg.norm(point - here)
                assert far == pytest.approx(distance, abs=0.01)
                assert distance <= reach + 1e-6
                assert time == pytest.approx(distance * pace, abs=0.5)
        else:
            assert t1 >= t0
            length = network.link_length_m[lines.link[int(line)]]
            assert m1 - m0 == pytest.approx(abs(s1 - s0) * length, abs=0.01)


def test_hand_computed_best_entry():
    # a line at 50 km/h, 300 m north of the place, walked to at 5 km/h: the best entry lies
    # 300 * 0.1 / sqrt(0.99) = 30.15 m ahead of the foot
    network = build_network(
        [106.5, 106.52], [29.5, 29.5], Links([0], [1], [1938.0], [1938 * 0.072], exit_along=True)
    )
    line = float(np.linalg.norm(np.diff(network.node_xyz, axis=0)))
    entry = enter(network, 106.51, 29.5 - 300 / 110_850)
    along = {int(n): int(t) for n, t in zip(entry.node, entry.time_ms, strict=True)}
    walk = 300 / np.sqrt(0.99) * 720
    ride = (line / 2 - 300 * 0.1 / np.sqrt(0.99)) / line * 1938 * 72
    assert along[1] == pytest.approx(walk + ride, rel=2e-3)
    assert along[0] == pytest.approx(along[1], rel=1e-3)


def test_out_of_reach_is_empty():
    network = build_network(
        [106.5, 106.52], [29.5, 29.5], Links([0], [1], [1938.0], [100.0], exit_along=True)
    )
    assert enter(network, 106.51, 29.53).is_empty
