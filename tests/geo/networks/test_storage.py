from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from borderreach.geo.errors import DataFileError, InputTypeError, OutputError
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.networks._storage import VERSION_WITH_MORE
from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.timetables import open_network, save_network

from ... import chance


@pytest.fixture(scope="module")
def network() -> TransportNetwork:
    links = Links(
        [0, 1, 1],
        [1, 2, 1],
        [1000.0, 2000.5, 900.0],
        [60.0, np.inf, 80.0],
        [70.0, 120.25, np.inf],
        mode=["road", "rail", "road"],
        road_class=["primary", "", "residential"],
        exit_along=[True, False, True],
        geometry=[
            None,
            [(106.6, 29.5), (106.65, 29.55), (106.7, 29.5)],
            [(106.6, 29.5), (106.61, 29.5), (106.6, 29.5)],
        ],
    )
    return build_network(
        [106.5, 106.6, 106.7],
        [29.5] * 3,
        links,
        node_exit=[True, True, False],
        access_speed_kph=4.5,
        max_access_km=1.5,
        node_names={2: "重庆西"},
        provenance={"source": "made up", "licence": "无"},
    )


def test_more_classes_than_one_byte_numbers(tmp_path):
    """The lines of the whole country are more than 256."""
    n = 300
    names = [f"line-{k:03d}" for k in range(n)]
    links = Links(range(n), range(1, n + 1), [1000.0] * n, [60.0] * n, road_class=names)
    many = build_network(np.linspace(106, 108, n + 1), [29.5] * (n + 1), links)
    assert [many.classes[code] for code in many.arc_class[many.arc_tail < many.arc_head]] == names
    opened = open_network(save_network(many, tmp_path / "many.brn"))
    assert same(many, opened)
    assert opened.arc_class.max() == n - 1


def same(a: TransportNetwork, b: TransportNetwork) -> bool:
    for name, value in a.__dict__.items():
        if name.startswith("_") or name not in TransportNetwork.__dataclass_fields__:
            continue
        other = getattr(b, name)
        if isinstance(value, np.ndarray):
            if value.dtype != other.dtype or not np.array_equal(value, other):
                return False
        elif value != other:
            return False
    return True


def test_there_and_back(tmp_path, network):
    path = save_network(network, tmp_path / "n.brn")
    opened = open_network(path)
    assert same(network, opened)
    assert opened.node_names[2] == "重庆西"
    assert same(open_network(save_network(opened, str(tmp_path / "again.brn"))), network)
    assert (tmp_path / "again.brn").read_bytes() == path.read_bytes()
    with pytest.raises(ValueError, match="read-only"):
        opened.arc_head[0] = 7


def test_real_streets_and_an_empty_network(tmp_path):
    streets = pbf_network(Path(__file__).parent.parent / "data" / "yarmouth.osm")
    nothing = build_network([], [], Links([], [], [], []))
    for network in (streets, nothing):
        assert same(network, open_network(save_network(network, tmp_path / "n.brn")))


def test_any_damage_is_noticed(tmp_path, network):
    whole = save_network(network, tmp_path / "n.brn").read_bytes()
    path = tmp_path / "bad.brn"
    rng = random.Random(chance.seed(5))
    refused = 0
    for _ in range(400):
        at, bit = rng.randrange(len(whole)), rng.randrange(8)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        try:
            opened = open_network(path)
        except DataFileError:
            refused += 1
            continue
        # The gaps between the arrays hold nothing.
        assert same(opened, network)
        assert whole[at] == 0
    assert refused > 200


def test_cut_short_or_grown(tmp_path, network):
    whole = save_network(network, tmp_path / "n.brn").read_bytes()
    path = tmp_path / "bad.brn"
    for size in [*range(0, len(whole), 7), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(DataFileError, match=r"bad\.brn.*(isn't a network|cut short)"):
            open_network(path)
    path.write_bytes(whole + b"x")
    with pytest.raises(DataFileError, match="cut short or damaged"):
        open_network(path)


def test_other_version(tmp_path, network):
    whole = bytearray(save_network(network, tmp_path / "n.brn").read_bytes())
    whole[8:12] = struct.pack("<I", VERSION_WITH_MORE + 1)
    path = tmp_path / "new.brn"
    path.write_bytes(whole)
    with pytest.raises(
        DataFileError, match=f"version {VERSION_WITH_MORE + 1}.*reads up to version {VERSION_WITH_MORE}"
    ):
        open_network(path)


def test_sound_checksums_over_nonsense(tmp_path, network):
    """A file that was made to mislead the compiled search is refused too."""
    import json

    whole = save_network(network, tmp_path / "n.brn").read_bytes()
    _, version, size, _ = struct.unpack("<8sIII", whole[:20])
    meta = json.loads(whole[20 : 20 + size])
    begin = -(-(20 + size) // 64) * 64
    data = bytearray(whole[begin:])
    (entry,) = (e for e in meta["arrays"] if e["name"] == "arc_head")
    data[entry["start"] : entry["start"] + 4] = struct.pack("<i", 1_000_000)
    count = entry["shape"][0] * 4
    entry["crc32"] = zlib.crc32(bytes(data[entry["start"] : entry["start"] + count]))
    header = json.dumps(meta, ensure_ascii=False).encode()
    prefix = struct.pack("<8sIII", whole[:8], version, len(header), zlib.crc32(header)) + header
    path = tmp_path / "evil.brn"
    path.write_bytes(prefix + bytes(-(-len(prefix) // 64) * 64 - len(prefix)) + bytes(data))
    with pytest.raises(DataFileError, match="isn't a valid network: its arcs lead"):
        open_network(path)


def test_other_files(tmp_path):
    path = tmp_path / "x.brn"
    with pytest.raises(DataFileError, match="there is no file"):
        open_network(path)
    for content in (b"", b"PK\x03\x04 and so on, as a zip file begins"):
        path.write_bytes(content)
        with pytest.raises(DataFileError, match="isn't a network saved by borderreach"):
            open_network(path)
    with pytest.raises(DataFileError, match="can't read"):
        open_network(tmp_path)
    with pytest.raises(InputTypeError, match="'path'"):
        open_network(7)  # type: ignore[arg-type]


def test_saving_leaves_nothing_half_written(tmp_path, network, monkeypatch):
    path = save_network(network, tmp_path / "n.brn")
    before = path.read_bytes()

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("borderreach.geo.writing.os.fsync", fail)
    with pytest.raises(OutputError, match="No space left"):
        save_network(network, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["n.brn"]
    with pytest.raises(OutputError, match="folder"):
        save_network(network, tmp_path / "nowhere" / "n.brn")
    with pytest.raises(InputTypeError, match="'network'"):
        save_network("network", path)  # type: ignore[arg-type]
