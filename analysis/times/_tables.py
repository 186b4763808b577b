"""What the indicators share: the table of travel times and the masses at its ends, checked and numbered.

All indicators take the same two things. *times* is a long table as `travel_times` or `od_matrix`
give it: ``from_id, to_id, travel_time_min`` (and ``distance_km`` where a function says so), one row per
ordered pair; a pair that is NaN or isn't there can't be travelled. *Masses* (people, jobs, beds ...) are
a Series whose index holds the ids of the table; ids are compared as text, so that adcodes serve as
they are.

A table knows how it was cut (`cut_attrs`), and `read_pairs` and `require_nearest` refuse what it then can't
answer. Which destination is the origin itself isn't told by ids alone: where these are row numbers of two
frames, the table says which rows are one place.

An origin from which the table has no journey at all, not even to itself, lies off the network: its
indicators are NaN, and its counts of places 0. Where longer journeys were left out it may just reach nothing
in that time, unless the table names it among those off the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_sound_text
from ...geo.errors import EmptyInputError, InputError, InputTypeError, MissingColumnError
from ...geo.places import same_place_pairs
from ._origins import Origin

#: Key of `DataFrame.attrs` under which a table says up to how many minutes it was computed.
LIMIT_ATTR: Final = "limit_min"
#: The same for the number of destinations kept per origin.
NEAREST_ATTR: Final = "k_nearest"
#: The same for the ids of all destinations, where pairs may have no row.
TO_ATTR: Final = "to_ids"
#: The same for the origins that lie off the network.
OFF_ATTR: Final = "off_network"
#: The same for the destination that each origin is itself, where ids don't tell: a list of [from_id, to_id].
OWN_ATTR: Final = "own_pairs"

_NEEDED: Final = ("from_id", "to_id", "travel_time_min")


@dataclass(frozen=True, eq=False)
class Pairs:
    """A table of travel times with its ends numbered; pairs that can't be travelled are left out.

    Attributes
    ----------
    from_ids, to_ids : pandas.Index of str
        In the order in which they first appear, those without any journey included; of a sparse table in
        the order that it was computed for.
    origin, destination : ndarray of int64, shape (n,)
        Positions in `from_ids` and `to_ids`.
    minutes : ndarray of float64, shape (n,)
    km : ndarray of float64, shape (n,)
        NaN where the table has no distances.
    cut_off : ndarray of bool, shape (number of origins,)
        Whether a place lies off the network, so that nothing is known of it.
    itself : ndarray of int64, shape (number of origins,)
        Position in `to_ids` of the destination that an origin is itself; -1 where there is none.
    """

    from_ids: pd.Index[str]
    to_ids: pd.Index[str]
    origin: NDArray[np.int64]
    destination: NDArray[np.int64]
    minutes: NDArray[np.float64]
    km: NDArray[np.float64]
    cut_off: NDArray[np.bool_]
    itself: NDArray[np.int64]

    @property
    def own(self) -> NDArray[np.bool_]:
        """Whether a pair is that of a place with itself, shape (n,)."""
        same: NDArray[np.bool_] = self.itself[self.origin] == self.destination
        return same

    @property
    def as_origin(self) -> NDArray[np.int64]:
        """Position in `from_ids` of the origin that a destination is itself, -1 for none."""
        found = np.full(len(self.to_ids), -1, dtype=np.int64)
        there = np.flatnonzero(self.itself >= 0)
        found[self.itself[there]] = there
        return found

    def without(self, left_out: NDArray[np.bool_]) -> Pairs:
        """Return the pairs that aren't left out."""
        keep = ~left_out
        return replace(
            self,
            origin=self.origin[keep],
            destination=self.destination[keep],
            minutes=self.minutes[keep],
            km=self.km[keep],
        )

    def with_minutes(self, minutes: NDArray[np.float64]) -> Pairs:
        """Return the same pairs with other times."""
        return replace(self, minutes=minutes)

    def sum_by_origin(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum values of pairs over destinations, shape (number of origins,)."""
        return np.asarray(np.bincount(self.origin, values, minlength=len(self.from_ids)), dtype=float)

    def sum_by_destination(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum values of pairs over origins, shape (number of destinations,)."""
        return np.asarray(np.bincount(self.destination, values, minlength=len(self.to_ids)), dtype=float)

    def name(self, pair: int) -> str:
        """Return how a message calls a pair."""
        return f"{self.from_ids[self.origin[pair]]} → {self.to_ids[self.destination[pair]]}"


def cut_attrs(
    starts: Sequence[Origin],
    ends: Sequence[Origin],
    *,
    limit_min: float | None,
    k_nearest: int | None = None,
    sparse: bool = False,
    off_network: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what a table of times says of itself in `DataFrame.attrs`, for those who read it.

    Parameters
    ----------
    starts, ends : sequence of Origin
        All of them, those that no row of the table is about included.
    limit_min : float or None
        Longer journeys are left out or NaN; None for no limit.
    k_nearest : int or None
        So many destinations per origin have rows.
    sparse : bool
        Whether pairs that can't be travelled, or not within the limit, have no row.
    off_network : sequence of str
        Ids of the origins that are farther from the network than its reach.
    """
    attrs: dict[str, Any] = {LIMIT_ATTR: limit_min, NEAREST_ATTR: k_nearest}
    if len(off_network):
        attrs[OFF_ATTR] = list(off_network)
    if sparse:
        attrs[TO_ATTR] = [one.id for one in ends]
    if ends is not starts:
        pairs = same_place_pairs(*(([one.code for one in side], _xyz(side)) for side in (starts, ends)))
        own = {(starts[row].id, ends[column].id) for row, column in pairs.tolist()}
        by_id = {one.id for one in starts} & {one.id for one in ends}
        if own != {(name, name) for name in by_id}:
            attrs[OWN_ATTR] = [list(pair) for pair in sorted(own)]
    return attrs


def _xyz(places: Sequence[Origin]) -> NDArray[np.float64]:
    return np.array([one.xyz for one in places], dtype=float).reshape(-1, 3)


def read_pairs(
    times: object, argument: str = "times", *, cutoff_min: float | None = None, distances: bool = False
) -> Pairs:
    """Check a table of travel times and number its ends.

    Parameters
    ----------
    times : object
        Only a DataFrame passes.
    argument : str
        Name of the caller's argument, for messages.
    cutoff_min : float, optional
        Longest journey that the caller is going to count; infinite where all of them count.
    distances : bool
        Whether `distance_km` is needed.

    Raises
    ------
    InputTypeError, MissingColumnError, EmptyInputError, InputError
        The last for negative times, for a pair that comes twice, and for a table that was computed
        up to fewer minutes, or to fewer destinations, than the caller needs.
    """
    if not isinstance(times, pd.DataFrame):
        raise InputTypeError(
            f"'{argument}' should be a DataFrame as travel_times or od_matrix give it, "
            f"got {type(times).__name__}"
        )
    require_sound_text(times, argument)
    columns = (*_NEEDED, "distance_km") if distances else _NEEDED
    missing = [name for name in columns if name not in times.columns]
    if missing:
        raise MissingColumnError(
            f"'{argument}' lacks the column(s) {', '.join(map(repr, missing))}; "
            f"it has {', '.join(map(repr, times.columns))}"
        )
    if len(times) == 0:
        raise EmptyInputError(f"'{argument}' has no rows; give at least one pair of places")
    if cutoff_min is not None:
        _require_complete(times, argument, cutoff_min)
    origin, from_ids = _numbered(times["from_id"], f"{argument}.from_id")
    destination, to_ids = _numbered(times["to_id"], f"{argument}.to_id")
    if TO_ATTR in times.attrs:
        destination, to_ids = _as_computed(destination, to_ids, times.attrs[TO_ATTR])
    minutes = _numbers(times["travel_time_min"], f"{argument}.travel_time_min")
    km = np.full(len(minutes), np.nan)
    if "distance_km" in times.columns:
        km = _numbers(times["distance_km"], f"{argument}.distance_km")
    travelled = np.isfinite(minutes)
    cut_off = from_ids.isin(times.attrs.get(OFF_ATTR, []))
    if times.attrs.get(LIMIT_ATTR) is None:
        cut_off |= np.bincount(origin[travelled], minlength=len(from_ids)) == 0
    itself = _itself(from_ids, to_ids, times.attrs.get(OWN_ATTR))
    pairs = Pairs(from_ids, to_ids, origin, destination, minutes, km, cut_off, itself)
    for values, column in ((minutes, "travel_time_min"), (km, "distance_km")):
        if (values < 0).any():
            at = int(np.argmax(values < 0))
            raise InputError(
                f"'{argument}' has a negative {column}: {values[at]:g} for {pairs.name(at)}; "
                "a pair that can't be travelled is NaN"
            )
    key = origin * len(to_ids) + destination
    if not (key[1:] > key[:-1]).all():  # tables of all pairs come in order
        key = np.sort(key)
    twice = key[1:][key[1:] == key[:-1]]
    if len(twice):
        first, second = divmod(int(twice[0]), len(to_ids))
        raise InputError(
            f"'{argument}' has the pair {from_ids[first]} → {to_ids[second]} more than once; "
            "keep one row per pair (and one scenario per table)"
        )
    return pairs.without(~travelled)


def _require_complete(times: pd.DataFrame, argument: str, cutoff_min: float) -> None:
    limit = times.attrs.get(LIMIT_ATTR)
    if limit is not None and float(limit) < cutoff_min:
        wanted = "all journeys" if np.isinf(cutoff_min) else f"journeys up to {cutoff_min:g} min"
        raise InputError(
            f"'{argument}' holds journeys up to {float(limit):g} min only, and {wanted} are asked for; "
            "compute it with a larger cutoff_min"
        )
    if times.attrs.get(NEAREST_ATTR) is not None:
        raise InputError(
            f"'{argument}' holds the {times.attrs[NEAREST_ATTR]} nearest destinations of each origin only, "
            "and sums need all of them; compute it without k_nearest"
        )


def require_nearest(times: pd.DataFrame, argument: str, answered: NDArray[np.bool_], labels: Any) -> None:
    """Raise where a table was cut and can't tell what the nearest destinations of a place are.

    Parameters
    ----------
    times : pandas.DataFrame
    argument : str
        Name of the caller's argument, for messages.
    answered : ndarray of bool, shape (n,)
        Whether the table holds all that is asked of each place: what is nearest of what it holds is
        nearest of all.
    labels : array_like of str, shape (n,)
        The places, for messages.

    Raises
    ------
    InputError
    """
    limit, nearest = times.attrs.get(LIMIT_ATTR), times.attrs.get(NEAREST_ATTR)
    if answered.all() or (limit is None and nearest is None):
        return
    how = [] if limit is None else [f"journeys up to {float(limit):g} min"]
    how += [] if nearest is None else [f"the {nearest} nearest destinations"]
    short = [label for label, enough in zip(labels, answered, strict=True) if not enough]
    raise InputError(
        f"'{argument}' holds {' and '.join(how)} of each place only, which doesn't tell all that is asked of "
        f"{listed(short)}; compute it with more of them, or without 'cutoff_min' and 'k_nearest'"
    )


def _as_computed(
    destination: NDArray[np.int64], ids: pd.Index[str], known: Sequence[str]
) -> tuple[NDArray[np.int64], pd.Index[str]]:
    """Return destinations as a sparse table was computed for, and all of them, those without a row too."""
    computed = pd.Index(list(map(str, known)), dtype=ids.dtype)
    every = computed.append(ids.difference(computed, sort=False))
    return np.asarray(every.get_indexer(ids), dtype=np.int64)[destination], every


def _itself(from_ids: pd.Index[str], to_ids: pd.Index[str], own: Any) -> NDArray[np.int64]:
    if own is None:
        return np.asarray(to_ids.get_indexer(from_ids), dtype=np.int64)
    itself = np.full(len(from_ids), -1, dtype=np.int64)
    if len(own):
        names, others = zip(*own, strict=True)
        row, column = (
            from_ids.get_indexer(pd.Index([str(name) for name in names])),
            to_ids.get_indexer(pd.Index([str(name) for name in others])),
        )
        there = (row >= 0) & (column >= 0)
        itself[row[there]] = column[there]
    return itself


def _numbered(values: pd.Series[Any], label: str) -> tuple[NDArray[np.int64], pd.Index[str]]:
    if values.isna().any():
        raise InputError(f"'{label}' has {int(values.isna().sum())} missing id(s); drop these rows")
    codes, seen = pd.factorize(values)
    return codes.astype(np.int64), pd.Index([str(value) for value in seen])


def _numbers(values: pd.Series[Any], label: str) -> NDArray[np.float64]:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise InputTypeError(f"'{label}' should hold numbers, got {values.dtype}")
    return values.to_numpy(dtype=float, na_value=np.nan)


def masses(
    values: object, ids: Iterable[str], argument: str, *, positive: bool = False, some: bool = True
) -> NDArray[np.float64]:
    """Return masses in the order of ids.

    Parameters
    ----------
    values : Series or mapping
        Id -> mass.
    ids : iterable of str
        Every one needs a mass; masses of other places are left aside.
    argument : str
        Name of the caller's argument, for messages.
    positive : bool
        Whether each has to be above zero.
    some : bool
        Whether it is an error that all are zero.

    Raises
    ------
    InputTypeError, EmptyInputError, InputError
        The last for masses that are missing, negative or infinite, with the ids.
    """
    if isinstance(values, Mapping):
        values = pd.Series(dict(values), dtype=float)
    if not isinstance(values, pd.Series):
        raise InputTypeError(
            f"'{argument}' should be a Series whose index holds the ids of the table of times, such as "
            f"frame.set_index('adcode')['people'], got {type(values).__name__}"
        )
    if len(values) == 0:
        raise EmptyInputError(f"'{argument}' is empty; give a value for every place of the table of times")
    numbers = pd.Series(_numbers(values, argument), index=[str(label) for label in values.index])
    repeated = numbers.index[numbers.index.duplicated()]
    if len(repeated):
        raise InputError(f"'{argument}' has {listed(repeated)} more than once; keep one value per place")
    wanted = list(ids)
    missing = [label for label in wanted if label not in numbers.index]
    if missing:
        raise InputError(
            f"'{argument}' has no value for {listed(missing)} of the table of times; add them (0 where "
            "there is nothing) or leave these places out of the table"
        )
    found = numbers.loc[wanted]
    unknown = found.index[found.isna()]
    if len(unknown):
        raise InputError(f"'{argument}' is NaN for {listed(unknown)}; fill these values or drop the places")
    bad = found.index[(found < 0) | np.isinf(found) | ((found == 0) & positive)]
    if len(bad):
        bound = "above zero" if positive else "zero or more"
        raise InputError(
            f"'{argument}' should be finite and {bound}, got {found[bad[0]]:g} for {listed(bad)}"
        )
    if some and not (found > 0).any():
        raise EmptyInputError(f"'{argument}' is zero everywhere, so that there is nothing to reach")
    return np.asarray(found, dtype=float)


def listed(ids: Iterable[Any], *, most: int = 5) -> str:
    """Return ids for a message: the first few, and how many more there are."""
    labels = [str(label) for label in ids]
    rest = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(map(repr, labels[:most])) + rest


def by_origin(pairs: Pairs, **columns: Any) -> pd.DataFrame:
    """Return one row per origin of the table, in its order: ``from_id`` and the columns given.

    Numbers with a fraction are NaN for origins that are cut off: zero would say that they were
    measured.
    """
    known = {
        name: np.where(pairs.cut_off, np.nan, values)
        if isinstance(values, np.ndarray) and values.dtype.kind == "f"
        else values
        for name, values in columns.items()
    }
    return pd.DataFrame({"from_id": pairs.from_ids.astype("str"), **known})
