from __future__ import annotations

import bz2
import gzip
import random
import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.errors import (
    BorderReachError,
    DataFileError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
)
from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.osm._pbf_blocks import Block, BlockError

from ... import chance
from .osm_files import (
    CROSS,
    FAST,
    GRID,
    read,
    restriction,
    write_osm,
)


def test_all_formats_give_the_same(tmp_path):
    yarmouth = Path(__file__).parent.parent / "data" / "yarmouth.osm"
    base = pbf_network(yarmouth)
    packed = {
        "y.osm.gz": gzip.compress(yarmouth.read_bytes()),
        "y.osm.bz2": bz2.compress(yarmouth.read_bytes()),
    }
    for name, content in packed.items():
        (tmp_path / name).write_bytes(content)
    for options in ("", "pbf_dense_nodes=false", "pbf_compression=none"):
        target = osmium.io.File(str(tmp_path / f"y{options}.osm.pbf"), f"pbf,{options}" if options else "pbf")
        with osmium.SimpleWriter(target) as writer:
            for entity in osmium.FileProcessor(str(yarmouth)):
                writer.add(entity)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 5
    for file in files:
        other = pbf_network(file)
        for name, value in base.__dict__.items():
            if isinstance(value, np.ndarray):
                assert np.array_equal(value, getattr(other, name)), (file.name, name)


def sample_pbf(tmp_path) -> Path:
    nodes = {n: (*GRID[n], {"highway": "crossing"} if n % 7 == 0 else {}) for n in GRID}
    relations = [restriction("no_left_turn", 1, 8, 3)]
    return write_osm(tmp_path / "sample.osm.pbf", nodes, [*CROSS, ((1, 2, 3), FAST)], relations)


def outcome(path):
    """The network's arrays, or the error: anything but a DataFileError or no roads is a fault."""
    try:
        return read(path)
    except (DataFileError, EmptyInputError) as error:
        return error


def test_cut_short(tmp_path):
    whole = sample_pbf(tmp_path).read_bytes()
    target = tmp_path / "cut.osm.pbf"
    for size in range(0, len(whole), 3):
        target.write_bytes(whole[:size])
        result = outcome(target)
        # A cut between two blocks leaves a sound file, in which objects are missing.
        assert isinstance(result, (DataFileError, EmptyInputError))
        if isinstance(result, DataFileError):
            assert "cut.osm.pbf" in str(result)


def test_flipped_bits(tmp_path):
    whole = sample_pbf(tmp_path).read_bytes()
    sound = read(sample_pbf(tmp_path))
    rng = random.Random(chance.seed(7))
    target = tmp_path / "flipped.osm.pbf"
    refused = 0
    for _ in range(300):
        at, bit = rng.randrange(len(whole)), rng.randrange(8)
        target.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        result = outcome(target)
        if isinstance(result, Exception):
            refused += 1
        else:  # only what no checksum covers and what isn't used may differ: the header
            assert np.array_equal(result.arc_time_ms, sound.arc_time_ms)
    assert refused > 200


@settings(max_examples=chance.examples(150), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_damaged_blocks_are_refused_or_read(seed, flips):
    """Flips inside the blocks, where a checksum would normally catch them first."""
    rng = random.Random(seed)
    raw = bytearray(BLOCK)
    for _ in range(flips):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    block = Block(bytes(raw))
    ids = np.arange(1, 26)
    lon, lat = np.zeros(25), np.zeros(25)
    keys = {b"highway": 0, b"route": 1, b"maxspeed": 2}
    try:
        for ways in block.ways(keys, frozenset({b"primary"})):
            assert ways.n_refs.sum() == len(ways.refs)
        for relations in block.relations({b"type": 0, b"restriction": 1}, frozenset({b"restriction"})):
            assert relations.n_members.sum() == len(relations.member_ids)
        for where, tags in block.locate({b"highway": 0}, ids, np.full(25, -1, dtype=np.int32), lon, lat):
            assert len(where) == len(tags)
            assert ((where >= 0) & (where < 25)).all()
    except BlockError:
        pass


def make_block() -> bytes:
    """A block with nodes, ways and a relation, made with a writer of our own in a few lines."""

    def varint(value: int) -> bytes:
        out = b""
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    def message(number: int, content: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(content)) + content

    def packed(values: Iterable[int], *, signed: bool = False) -> bytes:
        return b"".join(varint((v << 1) ^ (v >> 63) if signed else v) for v in values)

    def deltas(values: Sequence[int]) -> bytes:
        return packed([b - a for a, b in zip([0, *values], values, strict=False)], signed=True)

    strings = [b"", b"highway", b"primary", b"crossing", b"type", b"restriction", b"no_left_turn", b"from"]
    table = b"".join(message(1, s) for s in strings)
    dense = message(1, deltas(range(1, 26))) + message(8, deltas([10**9 + i for i in range(25)]))
    dense += message(9, deltas([10**8 + i for i in range(25)])) + message(10, packed([1, 3, 0] + [0] * 24))
    way = (
        varint(8)
        + varint(5)
        + message(2, packed([1]))
        + message(3, packed([2]))
        + message(8, deltas([1, 5, 9]))
    )
    relation = varint(8) + varint(6) + message(2, packed([4, 5])) + message(3, packed([5, 6]))
    relation += message(8, packed([7])) + message(9, deltas([5])) + message(10, packed([1]))
    group = message(2, dense), message(3, way), message(4, relation)
    return message(1, table) + b"".join(message(2, part) for part in group)


BLOCK = make_block()


def test_the_block_used_above_is_sound():
    block = Block(BLOCK)
    (ways,) = block.ways({b"highway": 0, b"route": 1}, frozenset({b"primary"}))
    assert ways.refs.tolist() == [1, 5, 9]
    lon, lat = np.zeros(25), np.zeros(25)
    versions = np.full(25, -1, dtype=np.int32)
    ((where, _),) = block.locate({b"highway": 0}, np.arange(1, 26), versions, lon, lat)
    assert where.tolist() == [0]
    assert lat[3] == (10**9 + 3) * 100 / 1e9
    assert lon[3] == (10**8 + 3) * 100 / 1e9
    (relations,) = block.relations({b"type": 0}, frozenset({b"restriction"}))
    assert relations.member_ids.tolist() == [5]


def test_xml_cut_short(tmp_path):
    whole = (Path(__file__).parent.parent / "data" / "yarmouth.osm").read_bytes()
    target = tmp_path / "cut.osm"
    for size in (0, 10, 1000, len(whole) // 2, len(whole) - 20):
        target.write_bytes(whole[:size])
        with pytest.raises(DataFileError, match=r"cut\.osm"):
            read(target)
    packed = tmp_path / "cut.osm.gz"
    packed.write_bytes(gzip.compress(whole)[:5000])
    with pytest.raises(DataFileError, match=r"cut\.osm\.gz"):
        read(packed)


def blob(kind: bytes, content: bytes) -> bytes:
    """A block of a file, its content a Blob message."""
    header = (
        b"\x0a" + bytes([len(kind)]) + kind + b"\x18" + bytes([len(content) & 127 | 128, len(content) >> 7])
    )
    return struct.pack(">I", len(header)) + header + content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"hello", "PBF"),
        (b"\x00\x00\x00\x05hello", "damaged|PBF"),
        (blob(b"OSMData", b""), "PBF"),
        (blob(b"OSMHeader", b"\x10\x04\x32\x04abcd"), "lz4"),
        (blob(b"OSMHeader", b"\x0a\x10\x22\x0eOsmSchema-V0.7"), "OsmSchema-V0.7"),
        (blob(b"OSMHeader", b"\x10\x80\x80\x80\x80\x08\x1a\x08" + zlib.compress(b"")), "bytes"),
        (blob(b"OSMHeader", b"\x10\x05\x1a\x0d" + zlib.compress(b"hello")), "."),
        (blob(b"OSMHeader", b"\x10\x02\x1a\x0d" + zlib.compress(b"hello")), "another size"),
    ],
)
def test_files_of_another_kind(tmp_path, content, message):
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(content)
    with pytest.raises((DataFileError, EmptyInputError), match=message):
        read(path)


def test_arguments(tmp_path):
    with pytest.raises(DataFileError, match="no file"):
        pbf_network(tmp_path / "none.osm.pbf")
    with pytest.raises(InputError, match="should end in"):
        pbf_network(tmp_path / "roads.shp")
    with pytest.raises(InputTypeError, match="'path'"):
        pbf_network(7)  # type: ignore[arg-type]
    path = sample_pbf(tmp_path)
    with pytest.raises(InputError, match="'keep'"):
        pbf_network(path, keep="most")
    with pytest.raises(InputError, match="'mode'"):
        pbf_network(path, mode="fly")
    with pytest.raises(InputError, match="'speeds'"):
        pbf_network(path, speeds="XX")
    with pytest.raises(InputTypeError, match="'area'"):
        pbf_network(path, area=(1, 2, 3, 4))
    with pytest.raises(GeometryTypeError, match="degrees"):
        pbf_network(path, area=shapely.box(500_000, 3_000_000, 600_000, 3_100_000))
    with pytest.raises(GeometryTypeError, match="valid polygon"):
        pbf_network(path, area=shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))
    empty = write_osm(tmp_path / "empty.osm.pbf", GRID, [((1, 2), {"highway": "footway"})])
    with pytest.raises(EmptyInputError, match="no roads"):
        pbf_network(empty)
    assert issubclass(DataFileError, BorderReachError)


def test_progress_is_shown_when_asked_for(tmp_path, capsys):
    path = sample_pbf(tmp_path)
    read(path)
    assert capsys.readouterr().err == ""
    read(path, progress=True)
    assert "Reading OSM" in capsys.readouterr().err
