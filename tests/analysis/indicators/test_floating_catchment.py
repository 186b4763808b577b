"""Floating catchments by hand, against PySAL's `access`, and what always holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.indicators._decay import ExponentialDecay, GaussianDecay, StepDecay
from borderreach.analysis.indicators._floating_catchment import three_step_catchment, two_step_catchment
from borderreach.geo.errors import EmptyInputError, InputError

from ... import chance
from ..tables import long_table

#: To the hospitals h and k; c reaches h only. Times back would be others.
MATRIX = [[10, 40], [20, 20], [50, np.nan]]
DEMAND = {"a": 100.0, "b": 200.0, "c": 50.0}
SUPPLY = {"h": 30.0, "k": 10.0}


def table():
    return long_table(MATRIX, "abc", "hk")


def test_two_steps_by_hand():
    result = two_step_catchment(table(), DEMAND, SUPPLY, minutes=30)
    assert result["from_id"].tolist() == ["a", "b", "c"]
    assert result["access"].tolist() == pytest.approx([30 / 300, 30 / 300 + 10 / 200, 0])


def test_enhanced_by_hand():
    result = two_step_catchment(table(), DEMAND, SUPPLY, minutes=50, decay=StepDecay((20, 50), (1, 0.5)))
    h = 30 / (100 + 200 + 50 * 0.5)
    k = 10 / (100 * 0.5 + 200)
    assert result["access"].tolist() == pytest.approx([h + 0.5 * k, h + k, 0.5 * h])


def test_three_steps_by_hand():
    result = three_step_catchment(table(), DEMAND, SUPPLY, StepDecay((20, 50), (1, 0.5)), minutes=50)
    choice = {"ah": 1 / 1.5, "ak": 0.5 / 1.5, "bh": 0.5, "bk": 0.5, "ch": 1.0}
    h = 30 / (100 * choice["ah"] + 200 * choice["bh"] + 50 * 0.5 * choice["ch"])
    k = 10 / (100 * 0.5 * choice["ak"] + 200 * choice["bk"])
    assert result["access"].tolist() == pytest.approx(
        [
            h * choice["ah"] + k * 0.5 * choice["ak"],
            h * choice["bh"] + k * choice["bk"],
            h * 0.5 * choice["ch"],
        ]
    )


def test_the_edge_of_the_catchment_is_inside():
    result = two_step_catchment(table(), DEMAND, SUPPLY, minutes=20)
    assert result["access"].tolist() == pytest.approx([0.1, 0.15, 0])


def test_supply_that_nobody_can_reach_is_nobodys():
    result = two_step_catchment(table(), {"a": 1, "b": 0, "c": 0}, SUPPLY, minutes=15)
    assert result["access"].tolist() == [30, 0, 0]


@pytest.mark.parametrize(
    ("demand", "supply", "message"),
    [
        ({"a": -1, "b": 1, "c": 1}, SUPPLY, "'demand' should be finite and zero or more"),
        ({"a": 1, "b": 1}, SUPPLY, "'demand' has no value for 'c'"),
        (DEMAND, {"h": 1}, "'supply' has no value for 'k'"),
    ],
)
def test_bad_masses(demand, supply, message):
    with pytest.raises(InputError, match=message):
        two_step_catchment(table(), demand, supply)


def test_no_supply_at_all():
    with pytest.raises(EmptyInputError, match="'supply' is zero everywhere"):
        two_step_catchment(table(), DEMAND, {"h": 0, "k": 0})


#: The table of pysal/access#18: 1 and 2 take an hour to 3, and 3 takes 20 minutes to them.
ASYMMETRIC = pd.DataFrame(
    [
        ("1", "3", 60.0), ("2", "3", 60.0), ("3", "1", 20.0), ("3", "2", 20.0), ("3", "3", 1.0),
        ("2", "2", 1.0), ("1", "1", 1.0), ("1", "2", 120.0), ("2", "1", 120.0),
    ],
    columns=["from_id", "to_id", "travel_time_min"],
)  # fmt: skip


def test_asymmetric_times_lead_from_demand_to_supply():
    people = {"1": 100, "2": 50, "3": 10}
    doctors = {"1": 1, "2": 1, "3": 100}
    result = two_step_catchment(ASYMMETRIC, people, doctors, minutes=30)["access"].tolist()
    # 3 reaches all three within the half hour, the others only themselves
    ratio = [1 / (100 + 10), 1 / (50 + 10), 100 / 10]
    assert result == pytest.approx([ratio[0], ratio[1], sum(ratio)])


@pytest.mark.parametrize("seed", chance.seeds(4))
@pytest.mark.parametrize("name", ["2sfca", "e2sfca", "3sfca"])
@pytest.mark.filterwarnings("ignore")  # of the peer's dependencies
def test_agrees_with_pysal(seed: int, name: str):
    fca = pytest.importorskip("access.fca")
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(1, 60, (30, 8))
    ids = [str(k) for k in range(30)]
    times = long_table(matrix, ids, ids[:8])
    demand = pd.Series(rng.integers(1, 1000, 30).astype(float), index=ids)
    supply = pd.Series(rng.integers(1, 50, 8).astype(float), index=ids[:8])
    decay = GaussianDecay(20)
    cost = times.rename(columns={"from_id": "origin", "to_id": "dest", "travel_time_min": "cost"})
    people = demand.rename_axis("geoid").reset_index(name="demand")
    offers = supply.rename_axis("geoid").to_frame("supply")
    # its choice weights count supplies beyond the catchment, so that the 3SFCA's has to hold all
    size = 60.0 if name == "3sfca" else 30.0
    weight = None if name == "2sfca" else lambda minutes: float(decay(np.array([minutes]))[0])
    compute = fca.three_stage_fca if name == "3sfca" else fca.two_stage_fca
    theirs = compute(people, offers, cost.copy(), size, weight_fn=weight)
    if name == "3sfca":
        ours = three_step_catchment(times, demand, supply, decay, minutes=size)
    else:
        ours = two_step_catchment(times, demand, supply, minutes=size, decay=decay if weight else None)
    assert ours["access"].to_numpy() == pytest.approx(theirs.reindex(ids).fillna(0).to_numpy())


matrices = st.lists(st.floats(1, 120), min_size=12, max_size=12)


@given(
    matrices,
    st.lists(st.floats(0.1, 1e4), min_size=4, max_size=4),
    st.lists(st.floats(0.1, 1e3), min_size=3, max_size=3),
)
def test_all_reachable_supply_is_handed_out(minutes, people, beds):
    times = long_table(np.reshape(minutes, (4, 3)), "abcd", "xyz")
    demand, supply = dict(zip("abcd", people, strict=True)), dict(zip("xyz", beds, strict=True))
    served = sum(
        bed for bed, column in zip(beds, np.reshape(minutes, (4, 3)).T, strict=True) if (column <= 60).any()
    )
    for result in (
        two_step_catchment(times, demand, supply, minutes=60),
        two_step_catchment(times, demand, supply, minutes=60, decay=ExponentialDecay(0.03)),
        three_step_catchment(times, demand, supply, ExponentialDecay(0.03), minutes=60),
    ):
        assert (result["access"] * people).sum() == pytest.approx(served)


@given(matrices, st.floats(0, 1e3), st.integers(0, 2))
def test_more_supply_never_lowers_access(minutes, more, where):
    times = long_table(np.reshape(minutes, (4, 3)), "abcd", "xyz")
    demand, before = dict.fromkeys("abcd", 10.0), dict.fromkeys("xyz", 5.0)
    after = before | {"xyz"[where]: 5.0 + more}
    for function in (
        lambda supply: two_step_catchment(times, demand, supply)["access"],
        lambda supply: three_step_catchment(times, demand, supply, GaussianDecay(30))["access"],
    ):
        assert (function(after) >= function(before) * (1 - 1e-12)).all()
