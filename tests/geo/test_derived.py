"""What is derived is worked out once, by whichever thread, kept as long as its object, and can't be written to."""

from __future__ import annotations

import gc
import pickle
import threading
import weakref
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

import borderreach as br
from borderreach.analysis.isochrones._reach import line_table
from borderreach.analysis.times._hierarchy import hierarchy
from borderreach.analysis.times._prepared import prepared
from borderreach.geo.derived import Sealed, derived, derived_by, read_only
from borderreach.geo.networks import TransportNetwork


@dataclass(frozen=True, eq=False)
class Thing(Sealed):
    numbers: np.ndarray

    @derived
    def double(self) -> np.ndarray:
        """Twice the numbers."""
        return 2 * self.numbers


def network() -> TransportNetwork:
    return br.build_network(
        [106.0, 106.1, 106.2], [29.0, 29.0, 29.0], br.Links([0, 1], [1, 2], [1e4, 1e4], [600, 600])
    )


def arrays(value: object) -> list[np.ndarray]:
    """Every array in a value, however deep."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, tuple):
        return [array for each in value for array in arrays(each)]
    if isinstance(value, dict):
        return [array for each in value.values() for array in arrays(each)]
    return (
        [array for each in vars(value).values() for array in arrays(each)]
        if hasattr(value, "__dict__")
        else []
    )


def test_a_value_is_worked_out_once_for_each_object():
    one, other = Thing(np.arange(3)), Thing(np.arange(4))
    assert one.double is one.double
    assert one.double.tolist() == [0, 2, 4]
    assert other.double.tolist() == [0, 2, 4, 6]
    assert Thing.double.known(Thing(np.arange(3))) is None
    assert Thing.double.known(one) is one.double


def test_threads_that_ask_at_once_get_the_same_value():
    asked = []
    gate = threading.Barrier(4)

    @derived
    def slow(_: Thing) -> list[int]:
        asked.append(1)
        return list(range(1000))

    thing, found = Thing(np.arange(3)), []

    def ask():
        gate.wait()
        found.append(slow(thing))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1
    assert all(each is found[0] for each in found)


def test_it_goes_with_its_object_even_where_it_refers_to_it():
    @derived
    def itself(thing: Thing) -> Thing:
        return thing

    thing = Thing(np.arange(3))
    itself(thing)
    gone = weakref.ref(thing)
    del thing
    gc.collect()
    assert gone() is None


def test_it_is_not_in_a_pickle():
    thing = Thing(np.arange(3))
    assert thing.double is vars(thing)["double"]
    assert "double" not in vars(pickle.loads(pickle.dumps(thing)))  # noqa: S301 - its own


def test_arrays_are_read_only_wherever_they_lie():
    class Pair(NamedTuple):
        a: np.ndarray
        b: dict[str, np.ndarray]

    pair = read_only(Pair(np.arange(2), {"c": np.arange(3)}))
    assert [array.flags.writeable for array in arrays(pair)] == [False, False]


def test_the_last_few_are_kept():
    calls = []

    @derived_by(most=2)
    def times(thing: Thing, factor: int) -> np.ndarray:
        calls.append(factor)
        return thing.numbers * factor

    thing = Thing(np.arange(3))
    for factor in (1, 2, 1, 3, 1, 2):
        assert times(thing, factor).tolist() == [0, factor, 2 * factor]
    assert calls == [1, 2, 3, 2]  # 2 gave way to 3, as the one that was asked for longest ago


@pytest.mark.parametrize("of", [line_table, prepared, hierarchy], ids=["lines", "core", "hierarchy"])
def test_what_rooms_derive_from_a_network_cannot_be_written_to(of):
    found = arrays(of(network()))
    assert len(found) > 2
    assert not any(array.flags.writeable for array in found)


def test_what_a_network_derives_of_itself_cannot_be_written_to():
    one = network()
    names = [name for name in dir(TransportNetwork) if isinstance(getattr(TransportNetwork, name), derived)]
    assert len(names) > 8
    for name in names:
        assert not any(array.flags.writeable for array in arrays(getattr(one, name))), name
