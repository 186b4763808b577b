"""What a block's strings mean, told from its bytes, is what the texts themselves say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from borderreach.geo.osm._pbf_blocks import WaySpan, lie_apart
from borderreach.geo.osm._pbf_strings import Strings, Words, string_spans
from borderreach.geo.osm._tags import ASKED_CLASSES, CARRIERS, NODE_KEYS, ROAD_CLASSES, WAY_KEYS

from ... import chance

KEYS = {key.encode(): column for column, key in enumerate(dict.fromkeys((*WAY_KEYS, *NODE_KEYS)))}
VALUES = frozenset(value.encode() for value in (*ROAD_CLASSES, *CARRIERS, *ASKED_CLASSES))


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def table(texts: list[bytes]) -> Strings:
    """Texts as a block's table of strings, between bytes that aren't its own."""
    raw = b"".join(b"\x0a" + varint(len(text)) + text for text in texts)
    data = np.frombuffer(b"road" + raw + b"road", dtype=np.uint8)
    span, good = string_spans(data, 4, 4 + len(raw))
    assert good
    return Strings(data.tobytes(), data, span)


def meant(text: bytes, values: frozenset[bytes]) -> bool:
    return text in values or text.lower().split(b";")[0].strip() in values


words = st.sampled_from(sorted({*KEYS, *VALUES}))
odd = st.one_of(
    st.binary(max_size=40),
    words,
    words.map(bytes.upper),
    words.map(bytes.title),
    st.tuples(st.sampled_from([b"", b" ", b"\t\n", b"\x0b\x0c\r"]), words, st.sampled_from([b"", b"  ", b" ;", b";x", b" ; y;"])).map(
        b"".join
    ),
    st.tuples(words, words).map(b"".join),
    words.map(lambda word: word[:-1]),
    words.map(lambda word: b" " * 40 + word + b" " * 40),
)  # fmt: skip


@settings(max_examples=chance.examples(300), deadline=None)
@given(texts=st.lists(odd, max_size=30))
@example(
    texts=[
        b"",
        b";",
        b" ",
        b" ;primary",
        b"Trunk;primary",
        b"PRIMARY ",
        b"pri mary",
        b"primary\xff",
        b"\0",
        b"primary\0",
    ]
)
@example(texts=[b"x" * 1000, b"primary" + b" " * 1000, b"primary" + b" " * 1000 + b"x"])
def test_keys_and_values_are_those_that_the_texts_name(texts):
    strings = table(texts)
    assert [strings[k] for k in range(len(strings))] == texts
    assert strings.columns(KEYS).tolist() == [KEYS.get(text, -1) for text in texts]
    assert strings.useful(VALUES).tolist() == [meant(text, VALUES) for text in texts]
    assert strings.useful(frozenset()).tolist() == [False] * len(texts)


def test_every_word_is_found_in_a_table_of_words():
    found = Words.of(KEYS)
    assert len(found.slot) > 2 * len(KEYS)
    assert table(list(KEYS)).columns(KEYS).tolist() == list(range(len(KEYS)))


def test_a_damaged_table_is_told():
    data = np.frombuffer(b"\x0a\x05abc", dtype=np.uint8)
    span, good = string_spans(data, 0, len(data))
    assert not good
    assert len(span) == 0


@pytest.mark.parametrize(
    ("spans", "apart"),
    [
        ([], True),
        ([(1, 5, True)], True),
        ([(1, 5, False)], False),
        ([(1, 5, True), (101, 105, True), (6, 9, True), (106, 109, True)], True),
        ([(1, 5, True), (5, 9, True)], False),
        ([(101, 105, True), (1, 200, True)], False),
        ([(7, 7, True), (7, 7, True)], False),
    ],
)  # fmt: skip
def test_ids_stand_once_where_groups_lie_apart(spans, apart):
    assert lie_apart([WaySpan(*span) for span in spans]) is apart


def test_a_group_may_hold_what_lies_between_its_ids():
    ids = np.array([3, 10, 20])
    assert WaySpan(5, 10, ascends=True).may_hold(ids)
    assert WaySpan(3, 3, ascends=True).may_hold(ids)
    assert WaySpan(1, 100, ascends=True).may_hold(ids)
    assert not WaySpan(11, 19, ascends=True).may_hold(ids)
    assert not WaySpan(21, 30, ascends=True).may_hold(ids)
    assert WaySpan(11, 11, ascends=False).may_hold(ids)
    assert not WaySpan(11, 11, ascends=False).may_hold(ids[:0])
