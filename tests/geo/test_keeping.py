"""What is kept in files is the same as what is worked out; what is damaged or of other code isn't taken."""

from __future__ import annotations

import copy
import json
import os
import pickle
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
import pytest
from scipy.spatial import cKDTree

import borderreach as br
from borderreach.analysis.isochrones._full_reach import fixed_plane, full_reach_edge_of
from borderreach.analysis.isochrones._reach import line_table
from borderreach.analysis.times._hierarchy import hierarchy
from borderreach.analysis.times._prepared import prepared
from borderreach.geo import keeping
from borderreach.geo.derived import Sealed, derived_kept
from borderreach.geo.keeping import Store, size_mb
from borderreach.geo.networks import TransportNetwork
from borderreach.geo.sources import _kept, read_network


def streets() -> TransportNetwork:
    """Streets at random, some one-way, with bends and dead ends, that may be left anywhere."""
    rng = np.random.default_rng(18)
    n = 60
    lon, lat = 106 + rng.random(n) / 10, 29 + rng.random(n) / 10
    tail = np.concatenate([np.arange(n - 1), rng.integers(0, n, 40)])
    head = np.concatenate([np.arange(1, n), (tail[n - 1 :] + rng.integers(1, n, 40)) % n])
    return br.build_network(
        lon,
        lat,
        br.Links(
            tail,
            head,
            rng.uniform(500, 5000, len(tail)),
            rng.uniform(30, 600, len(tail)),
            exit_along=np.ones(len(tail), dtype=bool),
        ),
    )


def ways_to_ask(network: TransportNetwork) -> list[object]:
    """What a first isochrone and a first matrix need of a network, both ways, in the order of asking."""
    found: list[object] = []
    for each in (network, network.reverse):
        lines = each.exit_lines
        thin = lines.thinned(8.0)
        plane = fixed_plane(each, 106.05, 29.05, 7_200_000)
        assert plane is not None
        found += [
            each.node_xyz, each.exit_node_tree, each.link_arcs, lines, lines.xyz, lines.share, lines._step, lines._cells,
            thin, thin.xyz, thin.share, line_table(each), prepared(each), hierarchy(each),
            full_reach_edge_of(each, plane, 200.0),
        ]  # fmt: skip
    return found


def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what is put into stores."""
    names: list[str] = []
    put = Store.put

    def noted(self: Store, name: str, value: object) -> None:
        names.append(name)
        put(self, name, value)

    monkeypatch.setattr(Store, "put", noted)
    return names


def test_what_is_kept_is_what_is_worked_out(tmp_path, monkeypatch):
    expected = ways_to_ask(streets())
    names = worked_out(monkeypatch)
    first = streets()
    Store(tmp_path / "kept").attach(first)
    for made, known in zip(expected, ways_to_ask(first), strict=True):
        same(made, known)
    assert {"node_xyz", "exit_node_tree", "exit_lines"} <= set(names)
    assert len(set(names)) > 10
    names.clear()
    again = streets()
    Store(tmp_path / "kept").attach(again)
    for made, known in zip(expected, ways_to_ask(again), strict=True):
        same(made, known)
    assert names == []


def test_isochrones_and_matrices_are_the_same_from_what_is_kept(tmp_path):
    place = (106.05, 29.05)
    plain = br.isochrones(streets(), place, cutoffs_min=[20, 60])
    times = br.od_matrix(streets(), [place, (106.02, 29.02)], cutoff_min=60)
    for _ in range(2):
        network = streets()
        Store(tmp_path / "kept").attach(network)
        assert br.isochrones(network, place, cutoffs_min=[20, 60]).to_wkb().equals(plain.to_wkb())
        assert br.od_matrix(network, [place, (106.02, 29.02)], cutoff_min=60).equals(times)


@pytest.mark.parametrize("where", ["header", "first", "last", "short", "empty", "more"])
def test_what_is_damaged_is_worked_out_anew(tmp_path, monkeypatch, caplog, where):
    folder = tmp_path / "kept"
    network = streets()
    Store(folder).attach(network)
    expected = prepared(network)
    (path,) = folder.iterdir()
    content = bytearray(path.read_bytes())
    begin = len(content) - int(json.loads(content[16 : 16 + int.from_bytes(content[8:12], "little")])["size"])
    if where == "header":
        content[40] ^= 1
    elif where == "first":
        content[begin] ^= 1
    elif where == "last":
        content[
            begin
            + json.loads(content[16 : 16 + int.from_bytes(content[8:12], "little")])["arrays"][-1]["start"]
        ] ^= 1
    path.write_bytes({"short": content[:-9], "empty": b"", "more": content + b"x"}.get(where, content))
    names = worked_out(monkeypatch)
    again = streets()
    Store(folder).attach(again)
    same(expected, prepared(again))
    assert len(names) == 1
    assert "worked out anew" in caplog.text
    names.clear()
    third = streets()
    Store(folder).attach(third)
    same(expected, prepared(third))  # it was written anew
    assert names == []


def test_what_other_code_worked_out_is_not_taken(tmp_path, monkeypatch):
    network = streets()
    Store(tmp_path).attach(network)
    prepared(network)
    monkeypatch.setattr(keeping, "_made_by", lambda: "other code")
    names = worked_out(monkeypatch)
    again = streets()
    Store(tmp_path).attach(again)
    prepared(again)
    assert len(names) == 1


def test_the_fingerprint_tells_code_that_was_edited(tmp_path):
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "code.py").write_text("a = 1\n", encoding="utf-8")
    before = list(keeping._states(tmp_path, "geo"))
    assert [state[0] for state in before] == ["geo/room/code.py"]
    assert list(keeping._states(tmp_path, "geo")) == before
    os.utime(tmp_path / "room" / "code.py", ns=(0, 1))
    assert list(keeping._states(tmp_path, "geo")) != before


def test_a_full_disk_costs_time_and_not_the_value(tmp_path, caplog, monkeypatch):
    (tmp_path / "file").write_text("where a folder should be", encoding="utf-8")
    network = streets()
    Store(tmp_path / "file").attach(network)
    same(prepared(streets()), prepared(network))
    assert "isn't kept" in caplog.text
    monkeypatch.setattr(keeping, "_MOST_MB", 0.0)
    network = streets()
    Store(tmp_path / "full").attach(network)
    same(prepared(streets()), prepared(network))
    assert size_mb(tmp_path / "full") == 0.0


def test_prepared_networks_of_a_cache_are_kept_with_them(tmp_path, monkeypatch):
    monkeypatch.setattr(_kept, "_WORTH_KEEPING", 1)
    saved = br.save_network(streets(), tmp_path / "streets.network")
    cache = tmp_path / "cache"
    place = (106.05, 29.05)
    names = worked_out(monkeypatch)
    first = br.isochrones(read_network(saved, cache_folder=cache), place, cutoffs_min=20)
    assert names
    names.clear()
    again = br.isochrones(read_network(saved, cache_folder=cache), place, cutoffs_min=20)
    assert again.to_wkb().equals(first.to_wkb())
    assert names == []
    # another network under the same name has a store of its own
    br.save_network(streets().with_access(access_speed_kph=10), saved)
    other = br.isochrones(read_network(saved, cache_folder=cache), place, cutoffs_min=20)
    assert names
    assert not other.to_wkb().equals(first.to_wkb())
    folders = sorted(cache.glob("*.prepared"))
    assert len(folders) == 2
    # what takes too much room goes, but for the network just opened
    monkeypatch.setattr(_kept, "_MOST_PREPARED_MB", 0)
    read_network(saved, cache_folder=cache)
    assert len(list(cache.glob("*.prepared"))) == 1


def test_copies_and_changed_networks_have_no_store(tmp_path):
    network = streets()
    Store(tmp_path / "kept").attach(network)
    for other in (
        network.with_times(network.arc_time_ms * 2),
        network.with_access(max_access_km=1),
        pickle.loads(pickle.dumps(network)),  # noqa: S301 - its own
        copy.copy(network),
    ):
        prepared(other)
        hierarchy(other)
    assert not (tmp_path / "kept").exists()


@dataclass(frozen=True, eq=False)
class Thing(Sealed):
    numbers: np.ndarray

    @derived_kept(np.ndarray)
    def columns(self) -> np.ndarray:
        """Numbers side by side, laid out by column."""
        return np.stack([self.numbers, 2 * self.numbers])[:, ::1].T

    @derived_kept(tuple)
    def step(self) -> tuple[float, int]:
        """Two numbers."""
        return 0.1, 3


def test_layout_and_numbers_come_back_as_they_were(tmp_path):
    for _ in range(2):
        thing = Thing(np.arange(5.0))
        Store(tmp_path).attach(thing)
        assert thing.columns.flags.f_contiguous
        assert thing.columns.tolist() == [[k, 2.0 * k] for k in range(5)]
        assert thing.step == (0.1, 3)
    assert len(list(tmp_path.iterdir())) == 2


def same(one: object, other: object) -> None:
    """Raise unless two values hold the same, laid out the same way."""
    if isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        assert (one.dtype, one.shape, one.flags.c_contiguous) == (
            other.dtype,
            other.shape,
            other.flags.c_contiguous,
        )
        assert one.tobytes() == other.tobytes()
        assert not other.flags.writeable
    elif isinstance(one, tuple):
        assert isinstance(other, tuple)
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif is_dataclass(one):
        assert type(one) is type(other)
        for field in fields(one):
            same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, cKDTree):
        assert isinstance(other, cKDTree)
        assert one.query_ball_point([0, 0, 6.37e6], 3e6) == other.query_ball_point([0, 0, 6.37e6], 3e6)
    else:
        assert one == other
