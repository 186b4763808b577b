"""A block's table of strings: which of them are keys and values that count, told without making a text of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled
from ._pbf_kernels import next_field


class Words(NamedTuple):
    """Words with a number each, to look bytes up in.

    Attributes
    ----------
    slot : ndarray of int32
        A hash table: the place of a word in the arrays below, or -1.
    start : ndarray of int64, shape (n + 1,)
        The bytes of word ``k`` are ``text[start[k]:start[k + 1]]``.
    text : ndarray of uint8
    number : ndarray of int8, shape (n,)
    longest : int
        Length of the longest word.
    """

    slot: NDArray[np.int32]
    start: NDArray[np.int64]
    text: NDArray[np.uint8]
    number: NDArray[np.int8]
    longest: int

    @classmethod
    def of(cls, words: Mapping[bytes, int] | frozenset[bytes]) -> Words:
        """Return a table of words and their numbers; those of a set all have 0."""
        if isinstance(words, frozenset):
            return _words_alike(words)
        return _words(tuple(words.items()))


@lru_cache(maxsize=16)
def _words_alike(words: frozenset[bytes]) -> Words:
    return _words(tuple((word, 0) for word in sorted(words)))


@lru_cache(maxsize=16)
def _words(numbered: tuple[tuple[bytes, int], ...]) -> Words:
    start = np.cumsum([0, *(len(word) for word, _ in numbered)]).astype(np.int64)
    text = np.frombuffer(b"".join(word for word, _ in numbered), dtype=np.uint8)
    slot = np.full(4 << len(numbered).bit_length(), -1, dtype=np.int32)
    for k, (word, _) in enumerate(numbered):
        at = _hash(np.frombuffer(word, dtype=np.uint8), 0, len(word)) & (len(slot) - 1)
        while slot[at] >= 0:
            at = (at + 1) & (len(slot) - 1)
        slot[at] = k
    number = np.array([number for _, number in numbered], dtype=np.int8)
    return Words(slot, start, text, number, max((len(word) for word, _ in numbered), default=-1))


@dataclass(frozen=True, eq=False)
class Strings:
    """Strings of a block, by their places in its bytes.

    Attributes
    ----------
    raw : bytes
    data : ndarray of uint8
        The same.
    span : ndarray of int64, shape (n, 2)
        Where each begins and ends.
    """

    raw: bytes
    data: NDArray[np.uint8]
    span: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.span)

    def __getitem__(self, number: int) -> bytes:
        begin, end = self.span[number].tolist()
        return self.raw[begin:end]

    def columns(self, keys: Mapping[bytes, int]) -> NDArray[np.int8]:
        """Return for every string the column that it is the key of, or -1."""
        return np.asarray(_columns(self.data, self.span, *Words.of(keys)))

    def useful(self, values: frozenset[bytes]) -> NDArray[np.bool_]:
        """Say which strings are among some values, or their first value is: "Trunk;primary" is a trunk road."""
        words = Words.of(values)
        return np.asarray(_useful(self.data, self.span, words.slot, words.start, words.text, words.longest))


@compiled
def string_spans(
    data: NDArray[np.uint8], start: int, stop: int
) -> tuple[NDArray[np.int64], bool]:  # pragma: no cover - compiled
    """Where the strings of a table begin and end, and whether it is sound."""
    n = 0
    pos = start
    while pos < stop:
        number, wire, _, pos = next_field(data, pos, stop)
        if pos < 0:
            return np.zeros((0, 2), dtype=np.int64), False
        n += number == 1 and wire == 2
    span = np.empty((n, 2), dtype=np.int64)
    n = 0
    pos = start
    while pos < stop:
        number, wire, value, pos = next_field(data, pos, stop)
        if number == 1 and wire == 2:
            span[n, 0], span[n, 1] = value, pos
            n += 1
    return span, True


@compiled
def _hash(data: NDArray[np.uint8], begin: int, end: int) -> int:  # pragma: no cover - compiled
    """Mix bytes into a number (Fowler, Noll and Vo's 1a)."""
    mixed = np.uint32(2166136261)
    for k in range(begin, end):
        mixed = np.uint32(np.uint32(mixed ^ data[k]) * np.uint32(16777619))
    return int(mixed)


@compiled
def _find(
    data: NDArray[np.uint8],
    begin: int,
    end: int,
    slot: NDArray[np.int32],
    start: NDArray[np.int64],
    text: NDArray[np.uint8],
) -> int:  # pragma: no cover - compiled
    """Place of a word that bytes are equal to, or -1."""
    at = _hash(data, begin, end) & (len(slot) - 1)
    while slot[at] >= 0:
        first, last = start[slot[at]], start[slot[at] + 1]
        if last - first == end - begin:
            k = 0
            while k < end - begin and data[begin + k] == text[first + k]:
                k += 1
            if k == end - begin:
                return int(slot[at])
        at = (at + 1) & (len(slot) - 1)
    return -1


@compiled
def _columns(
    data: NDArray[np.uint8], span: NDArray[np.int64], slot: NDArray[np.int32], start: NDArray[np.int64], text: NDArray[np.uint8], number: NDArray[np.int8], longest: int
) -> NDArray[np.int8]:  # fmt: skip  # pragma: no cover - compiled
    """Of each string the number of the word that it is, or -1."""
    found = np.full(len(span), -1, dtype=np.int8)
    for k in range(len(span)):
        if span[k, 1] - span[k, 0] <= longest:
            word = _find(data, span[k, 0], span[k, 1], slot, start, text)
            if word >= 0:
                found[k] = number[word]
    return found


@compiled
def _is_space(byte: int) -> bool:  # pragma: no cover - compiled
    return byte == 32 or 9 <= byte <= 13


@compiled
def _useful(
    data: NDArray[np.uint8], span: NDArray[np.int64], slot: NDArray[np.int32], start: NDArray[np.int64], text: NDArray[np.uint8], longest: int
) -> NDArray[np.bool_]:  # fmt: skip  # pragma: no cover - compiled
    """Whether each string is a word, or what comes before its first semicolon is, in small letters and without spaces."""
    found = np.zeros(len(span), dtype=np.bool_)
    small = np.empty(max(longest, 0), dtype=np.uint8)
    for k in range(len(span)):
        begin, end = span[k, 0], span[k, 1]
        if end - begin <= longest and _find(data, begin, end, slot, start, text) >= 0:
            found[k] = True
            continue
        while begin < end and _is_space(data[begin]):
            begin += 1
        stop = begin  # behind the last byte that is no space
        for at in range(begin, end):
            byte = data[at]
            if byte == 59:  # a semicolon
                break
            if not _is_space(byte):
                stop = at + 1
            if at - begin < longest:
                small[at - begin] = byte + 32 if 65 <= byte <= 90 else byte
            elif not _is_space(byte):  # longer than any
                stop = begin + longest + 1
                break
        if stop - begin <= longest:
            found[k] = _find(small, 0, stop - begin, slot, start, text) >= 0
    return found
