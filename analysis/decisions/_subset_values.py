"""What every subset of corridors is worth, from the journeys that subsets make the fastest.

A journey's time with the corridors S is the least of those journeys' that need a part of S. What a place gains by S is
therefore a sum over the parts of S (dividends: Harsanyi 1963), most of them 0, and the values of all subsets are sums
over all their parts, which one sweep per corridor gives (Yates 1937).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.errors import InputError
from ..corridors import SubsetTimes
from ..times import NO_LIMIT_MS, each

#: Corridors whose subsets are all in memory for all places at once; of more, so many low ones at a time.
_LOW: Final = 14
#: Corridors that the journeys of one pair may depend on: 2 to its power subsets are looked at.
_MOST_PER_PAIR: Final = 16

#: Milliseconds, shape (k,), `NO_LIMIT_MS` and more where there is no way -> what they are worth, shape (k,).
Worth = Callable[[NDArray[np.int64]], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Dividends:
    """What each place gets from each set of corridors that is there as a whole.

    Attributes
    ----------
    n_corridors : int
    start : ndarray of int64, shape (p + 1,)
        Those of place ``k`` are ``start[k]:start[k + 1]`` of the next two.
    needs : ndarray of int64
        Sets as bits; 0 for what a place has without any.
    value : ndarray of float64
    """

    n_corridors: int
    start: NDArray[np.int64]
    needs: NDArray[np.int64]
    value: NDArray[np.float64]

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.start) - 1

    def of(self, subset: int) -> NDArray[np.float64]:
        """Return what each place gets from one subset, shape (p,)."""
        there = (self.needs & ~np.int64(subset)) == 0
        place = np.repeat(np.arange(self.n_places), np.diff(self.start))
        return np.asarray(np.bincount(place[there], self.value[there], minlength=self.n_places), dtype=float)

    def all_subsets(self) -> Iterator[NDArray[np.float64]]:
        """Return what each place gets from every subset, ascending, in blocks of shape (p, 2^low)."""
        low = min(self.n_corridors, _LOW)
        for high in range(1 << (self.n_corridors - low)):
            yield _block(self.start, self.needs, self.value, low, high)


def dividends(
    times: SubsetTimes, n_corridors: int, worth: Worth, weights: NDArray[np.float64] | None
) -> Dividends:
    """Return the dividends of what places get from their times to ends.

    Parameters
    ----------
    times : SubsetTimes
    n_corridors : int
    worth : callable
        Of a time; it may only rise, or only fall, with the time.
    weights : ndarray of float64, shape (ends,) or None
        A place gets the sum over the ends, so weighted; None for what the nearest end gives alone.

    Raises
    ------
    InputError
        If the way between two places depends on more than 16 corridors.
    """

    def of_place(place: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        base = times.base_ms(place)
        end, needs, ms = times.ways(place)
        if weights is None:
            nearest = base.min(keepdims=True)
            faster = ms < nearest[0]
            order = np.argsort(ms[faster], kind="stable")
            base, needs, ms = nearest, needs[faster][order], ms[faster][order]
            end, weight = np.zeros(len(ms), dtype=np.int64), np.ones(1)
        else:
            weight = weights
        first = np.searchsorted(end, np.arange(len(base) + 1))
        here, then = worth(np.minimum(base, NO_LIMIT_MS + 1)), worth(ms)
        sets, value, most = _pairs(first, needs, then, here, weight, _MOST_PER_PAIR)
        if most > _MOST_PER_PAIR:
            raise InputError(
                f"the fastest way between two places depends on {most} of the corridors, and at most "
                f"{_MOST_PER_PAIR} can be looked at together; leave out those that hardly matter"
            )
        sets, at = np.unique(np.concatenate([[0], sets]), return_inverse=True)
        total = np.bincount(at.reshape(-1), np.concatenate([[float((weight * here).sum())], value]))
        kept = (total != 0) | (sets == 0)
        return sets[kept].astype(np.int64), total[kept]

    parts = list(each(of_place, range(times.n_starts), progress=False, label=""))
    return Dividends(
        n_corridors,
        np.concatenate([[0], np.cumsum([len(sets) for sets, _ in parts])]).astype(np.int64),
        np.concatenate([np.zeros(0, dtype=np.int64), *(sets for sets, _ in parts)]),
        np.concatenate([np.zeros(0), *(value for _, value in parts)]),
    )


@compiled
def _pairs(
    first: NDArray[np.int64],
    needs: NDArray[np.int64],
    then: NDArray[np.float64],
    here: NDArray[np.float64],
    weight: NDArray[np.float64],
    most: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:  # pragma: no cover - compiled
    """Dividends of each pair; its journeys stand the fastest first, and each counts where no faster one can be made."""
    room, count = 1024, 0
    sets, value = np.empty(room, np.int64), np.empty(room)
    bit = np.empty(64, dtype=np.int64)
    for j in range(len(here)):
        low, high = first[j], first[j + 1]
        if low == high or weight[j] == 0:
            continue
        every = np.int64(0)
        for k in range(low, high):
            every |= needs[k]
        n = 0
        for c in range(63):
            if every >> c & 1:
                bit[n] = c
                n += 1
        if n > most:
            return sets[:0], value[:0], n
        size = 1 << n
        table = np.full(size, here[j])
        for k in range(high - 1, low - 1, -1):  # the fastest last, which stays
            own = np.int64(0)
            for c in range(n):
                if needs[k] >> bit[c] & 1:
                    own |= np.int64(1) << c
            rest = (size - 1) & ~own
            part = rest
            while True:
                table[own | part] = then[k]
                if part == 0:
                    break
                part = (part - 1) & rest
        for c in range(n):
            for subset in range(size):
                if subset >> c & 1:
                    table[subset] -= table[subset ^ (1 << c)]
        for subset in range(1, size):
            if table[subset] != 0:
                if count == room:
                    room *= 2
                    more, much = np.empty(room, np.int64), np.empty(room)
                    more[:count], much[:count] = sets[:count], value[:count]
                    sets, value = more, much
                whole = np.int64(0)
                for c in range(n):
                    if subset >> c & 1:
                        whole |= np.int64(1) << bit[c]
                sets[count], value[count] = whole, table[subset] * weight[j]
                count += 1
    return sets[:count].copy(), value[:count].copy(), 0


@compiled
def _block(
    start: NDArray[np.int64], needs: NDArray[np.int64], value: NDArray[np.float64], low: int, high: int
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    size = 1 << low
    found = np.zeros((len(start) - 1, size))
    for place in range(len(start) - 1):
        row = found[place]
        for k in range(start[place], start[place + 1]):
            if needs[k] >> low & ~high == 0:
                row[needs[k] & (size - 1)] += value[k]
        for c in range(low):
            step = 1 << c
            for block in range(0, size, 2 * step):
                for at in range(block, block + step):
                    row[at + step] += row[at]
    return found
