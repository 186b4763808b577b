"""What pandana computes too, from the same network: opportunities within a cutoff, nearest centres."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from borderreach.analysis.indicators._competition import competing_centres
from borderreach.analysis.indicators._potential import cumulative_opportunities
from borderreach.analysis.times._matrices import od_matrix
from borderreach.geo.networks import Links, TransportNetwork, build_network

from ... import chance

pytestmark = pytest.mark.filterwarnings("ignore")  # of the peer's dependencies

SIDE = 7
N = SIDE * SIDE
#: pandana rounds the minutes of each link to a thousandth.
ROUNDED_MIN = 2 * SIDE * 0.0005


def grid(seed: int) -> tuple[TransportNetwork, Any]:
    """A grid of one-way pairs of roads whose times differ by direction, as ours and as pandana's."""
    pandana = pytest.importorskip("pandana")
    rng = np.random.default_rng(seed)
    node = np.arange(N).reshape(SIDE, SIDE)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    there, back = rng.integers(120, 1800, (2, len(tail))).astype(float)  # seconds
    lon, lat = 106 + 0.1 * (np.arange(N) % SIDE), 29 + 0.1 * (np.arange(N) // SIDE)
    length_m = np.full(len(tail), 20_000.0)
    ours = build_network(lon, lat, Links(tail, head, length_m, there, back), max_access_km=1)
    theirs = pandana.Network(
        pd.Series(lon), pd.Series(lat), pd.Series(np.concatenate([tail, head])),
        pd.Series(np.concatenate([head, tail])),
        pd.DataFrame({"minutes": np.concatenate([there, back]) / 60}), twoway=False,
    )  # fmt: skip
    return ours, theirs


def at_nodes(network: TransportNetwork, nodes: Any) -> list[tuple[float, float]]:
    return list(zip(network.node_lon[nodes].tolist(), network.node_lat[nodes].tolist(), strict=True))


@pytest.mark.parametrize("seed", chance.seeds(3))
def test_opportunities_within_a_cutoff(seed: int) -> None:
    ours, theirs = grid(seed)
    everywhere = np.arange(N)
    times = od_matrix(ours, at_nodes(ours, everywhere))
    ids = list(dict.fromkeys(times["from_id"]))
    people = pd.Series(np.random.default_rng(seed).integers(1, 1000, N).astype(float), index=ids)
    theirs.set(pd.Series(everywhere), variable=pd.Series(people.to_numpy()), name="people")
    # Journeys are whole seconds, and pandana rounds each link to a thousandth: nothing lies at the cutoff.
    cutoff = 47 + 0.5 / 60
    wanted = theirs.aggregate(cutoff, type="sum", decay="flat", name="people")
    found = cumulative_opportunities(times, people, cutoffs_min=cutoff)
    assert found["opportunities"].to_numpy() == pytest.approx(wanted.to_numpy())
    assert (found["opportunities"] < people.sum()).any()


@pytest.mark.parametrize("seed", chance.seeds(3))
def test_nearest_centres(seed: int) -> None:
    ours, theirs = grid(seed)
    centres = np.array([3, 17, 40])
    theirs.set_pois("centres", 600, 2, pd.Series(ours.node_lon[centres]), pd.Series(ours.node_lat[centres]))
    wanted = theirs.nearest_pois(600, "centres", num_pois=2)
    times = od_matrix(ours, at_nodes(ours, np.arange(N)), at_nodes(ours, centres))
    found = competing_centres(times)
    assert found["centre_min"].to_numpy() == pytest.approx(wanted[1].to_numpy(), abs=ROUNDED_MIN)
    assert found["rival_min"].to_numpy() == pytest.approx(wanted[2].to_numpy(), abs=ROUNDED_MIN)
