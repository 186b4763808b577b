"""What the package hands out travels: through `copy`, `pickle` and pools of processes, unchanged and unchangeable."""

from __future__ import annotations

import concurrent.futures
import copy
import dataclasses
import inspect
import multiprocessing
import pickle
import typing
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pydantic import BaseModel

import borderreach as br
from borderreach.analysis.claims._files import ClaimsFile, claims_of
from borderreach.analysis.corridors._files import Corridor
from borderreach.analysis.corridors._joined import JoinedCorridors, join_corridors
from borderreach.analysis.indicators import _decay as decay
from borderreach.analysis.studies._reach import Ground
from borderreach.analysis.times._hierarchy import Hierarchy, hierarchy
from borderreach.analysis.times._prepared import Prepared, prepared
from borderreach.analysis.times._search import UNREACHED, bucketed_times
from borderreach.geo import errors
from borderreach.geo.derived import Sealed, derived
from borderreach.geo.networks._exit_lines import ExitLines
from borderreach.geo.networks._line_network import LineNetwork
from borderreach.geo.osm._speeds import SpeedTable, speed_table
from borderreach.maps.charts import ChartResults
from borderreach.maps.page._base_maps import BaseMap
from borderreach.maps.protocols import MapResults
from borderreach.running import StudyRun

from .. import chance
from ..analysis.networks import cases


def pickled(given: Any, protocol: int) -> Any:
    return pickle.loads(pickle.dumps(given, protocol))  # noqa: S301 - of our own making


WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle of protocol {p}": partial(pickled, protocol=p) for p in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
}


def same(a: Any, b: Any, where: str = "") -> None:
    """Assert that two things hold the same, as deep as they go, and are as unchangeable."""
    assert type(a) is type(b), where
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype, where
        np.testing.assert_array_equal(a, b, err_msg=where)
        assert a.flags.writeable == b.flags.writeable, where
    elif isinstance(a, pd.DataFrame):
        assert_frame_equal(a, b)
        assert a.attrs == b.attrs, where
        assert getattr(a, "crs", None) == getattr(b, "crs", None), where
    elif isinstance(a, BaseModel):
        assert a == b, where  # private attributes and all
    elif dataclasses.is_dataclass(a):
        for field in dataclasses.fields(a):
            same(getattr(a, field.name), getattr(b, field.name), f"{where}.{field.name}")
    elif isinstance(a, Mapping):
        assert list(a) == list(b), where
        for key in a:
            same(a[key], b[key], f"{where}[{key!r}]")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), where
        for at, (one, other) in enumerate(zip(a, b, strict=True)):
            same(one, other, f"{where}[{at}]")
    elif isinstance(a, Exception):
        same(a.args, b.args, where)
        same(vars(a), vars(b), where)
    elif type(a).__module__.startswith("borderreach") and hasattr(a, "__dict__"):
        same(vars(a), vars(b), where)
    elif isinstance(a, float) and np.isnan(a):
        assert np.isnan(b), where
    else:
        assert a == b, where


@pytest.fixture(scope="module")
def roads() -> br.TransportNetwork:
    line = np.array([[106.0, 29.0], [106.05, 29.02], [106.1, 29.0]])
    return br.build_network(
        [106.0, 106.1, 106.2, 106.3],
        [29.0, 29.0, 29.0, 29.1],
        br.Links([0, 1, 2], [1, 2, 3], [11e3, 9.7e3, 15e3], [600.0, 500.0, 900.0], exit_along=[True, False, True],
                 geometry=[line, None, None]),
        node_names={0: "甲", 3: "丁"},
        provenance={"roads": "a made-up one"},
    )  # fmt: skip


def flights() -> LineNetwork:
    table = pd.DataFrame({"from_iata": ["CKG"], "to_iata": ["KWE"], "minutes": [70], "flights_per_day": [4]})
    return br.air_network(br.airports(country="CN"), table)


def corridor(tmp_path: Path) -> Corridor:
    (tmp_path / "own.toml").write_text(
        '[[corridor]]\nid = "a"\nname = "甲线"\nmode = "road"\nstatus = "planned"\nstatus_date = 2024-01-01\n'
        "design_speed_kph = 80\nstops = [\n"
        '{ name = "甲", lon = 106.0, lat = 29.0, kind = "interchange", position = "existing" },\n'
        '{ name = "丁", lon = 106.3, lat = 29.1, kind = "interchange", position = "existing" } ]\n',
        encoding="utf-8",
    )
    return br.read_corridors(tmp_path / "own.toml")[0]


@cache
def run_under_way() -> StudyRun:
    run = StudyRun(br.study("yuqian"))
    assert len(run.ground.counties) > 50  # made when first asked for
    assert run.everything.n_nodes > run.base.n_nodes
    return run


def batch(roads: br.TransportNetwork, tmp_path: Path) -> Any:
    job = br.BatchJob.model_validate({"name": "a", "outputs": {"isochrones_min": [1]}})
    return br.run_batch(job, out=tmp_path / "out", network=roads, origins=[(106.0, 29.0)], executor="here")


#: One of each kind of thing that public functions take or return.
Make = Callable[[br.TransportNetwork, Path, pytest.FixtureRequest], Any]


def two_calls() -> br.Timetable:
    calls = {
        "train": ["G1", "G1"],
        "stop_no": [1, 2],
        "station": ["重庆北", "成都东"],
        "arrive": ["", "9:30"],
    }
    return br.timetable(pd.DataFrame({**calls, "depart": ["8:00", ""]}))


EXAMPLES: dict[type, Make] = {
    br.TransportNetwork: lambda roads, _, __: roads,
    LineNetwork: lambda _, __, ___: br.rail_network(),
    ExitLines: lambda roads, _, __: roads.exit_lines,
    br.Links: lambda _, __, ___: br.Links([0], [1], [9e3], [600.0], mode="rail"),
    SpeedTable: lambda _, __, ___: speed_table("CN"),
    br.NetworkInfo: lambda roads, _, __: br.network_info(roads),
    br.TransferRules: lambda _, __, ___: br.TransferRules(boarding_min=12),
    br.Timetable: lambda _, __, ___: two_calls(),
    br.TimetableNetwork: lambda road, __, ___: br.timetable_network(road, two_calls()),
    br.Place: lambda _, __, ___: br.place("綦江"),
    br.BorderReachError: lambda _, __, ___: br.BorderReachError("'a' should be b"),
    Prepared: lambda roads, _, __: prepared(roads),
    Hierarchy: lambda roads, _, __: hierarchy(roads),
    JoinedCorridors: lambda roads, path, _: join_corridors(roads, [corridor(path)]),
    Corridor: lambda _, path, __: corridor(path),
    br.Study: lambda _, __, ___: br.study("yuqian"),
    br.BestCorridors: lambda roads, path, _: br.best_corridors(
        roads, [corridor(path)], (roads.node_lon[0], roads.node_lat[0]), budget=1e3
    ),
    br.StudyResults: lambda _, __, request: request.getfixturevalue("yuqian"),
    StudyRun: lambda _, __, ___: run_under_way(),
    Ground: lambda _, __, ___: run_under_way().ground,
    ClaimsFile: lambda _, __, request: request.getfixturevalue("claims_file"),
    br.BatchJob: lambda _, __, ___: br.BatchJob.model_validate({"name": "a", "outputs": {"zones_min": 60}}),
    br.BatchSummary: lambda roads, path, _: batch(roads, path),
    BaseMap: lambda _, __, ___: br.base_map("tianditu", key="0" * 32),
    br.TypologyRule: lambda _, __, ___: br.TypologyRule(adjacent_min=45),
    decay.PowerDecay: lambda _, __, ___: decay.PowerDecay(1.5),
    decay.ExponentialDecay: lambda _, __, ___: decay.ExponentialDecay(0.03),
    decay.GaussianDecay: lambda _, __, ___: decay.GaussianDecay(60),
    decay.StepDecay: lambda _, __, ___: decay.StepDecay((30, 60), (1, 0.5)),
}


@pytest.fixture(scope="module")
def claims_file() -> ClaimsFile:
    return claims_of("yuqian")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: kind.__name__)
def test_it_arrives_as_it_was(kind, way, roads, tmp_path, request):
    one = EXAMPLES[kind](roads, tmp_path, request)
    assert type(one) is kind
    arrived = WAYS[way](one)
    same(one, arrived)
    if isinstance(one, Sealed):
        assert_sealed(arrived)


def assert_sealed(one: Any) -> None:
    for field in dataclasses.fields(one):
        value = getattr(one, field.name)
        if isinstance(value, np.ndarray) and value.size:
            with pytest.raises(ValueError, match="read-only"):
                value[...] = value[0]
        elif isinstance(value, Mapping):
            assert type(value) is MappingProxyType, field.name
            with pytest.raises(TypeError):
                value["x"] = 1  # type: ignore[index]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, field.name, value)


def kinds_in(hint: Any) -> typing.Iterator[type]:
    if isinstance(hint, type) and hint.__module__.startswith("borderreach"):
        yield hint
    for inner in typing.get_args(hint):
        yield from kinds_in(inner)


def test_every_kind_that_public_functions_take_or_return_has_an_example():
    found = {one for one in map(br.__getattr__, br.__all__) if isinstance(one, type)}
    for function in map(br.__getattr__, br.__all__):
        if not isinstance(function, type):
            names = {**vars(inspect.getmodule(function)), "gpd": gpd, "pd": pd}
            for hint in typing.get_type_hints(function, names).values():
                found |= set(kinds_in(hint))
    assert len(found) > 12
    assert (
        found - set(EXAMPLES) - {ChartResults, MapResults} == set()
    )  # protocols; results of a study are both


def test_every_error_arrives_with_what_it_carries():
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    assert len(kinds) > 15
    for kind in kinds:
        given: tuple[Any, ...] = ("'a' is b; give c",)
        if kind is errors.OutputsFailedError:
            given = ("out", {"map.html": "the disk is full"})
        for way in WAYS.values():
            same(kind(*given), way(kind(*given)))
    with pytest.raises(errors.AmbiguousPlaceError) as caught:
        br.place("鼓楼区")
    for way in WAYS.values():
        same(caught.value, way(caught.value))


def test_networks_of_lines_and_joined_ones_and_those_with_corridors_arrive(tmp_path, roads):
    rail, air = br.rail_network(), flights()
    joined = br.join_networks(br.trunk_network(speed_kph=88), rail)
    planned = br.add_corridors(roads, [corridor(tmp_path)])
    changed = br.changed_network(roads, near=(106.15, 29.0), within_km=3, speed_factor=0.5)
    saved = br.open_network(br.save_network(roads, tmp_path / "roads"), mapped=True)
    for network in (air, joined, planned, changed, saved, roads.reverse, roads.with_access(max_access_km=5)):
        for way in WAYS.values():
            arrived = way(network)
            same(network, arrived)
            assert_sealed(arrived)


def all_cached(kind: type) -> list[str]:
    return [name for name, value in inspect.getmembers(kind) if isinstance(value, derived)]


def times_ms(network: br.TransportNetwork, case: Any) -> np.ndarray:
    seeds, limit = np.array([0]), int(case.cutoff_min * 60_000)
    found = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
    arcs = (network.arc_start, network.arc_head, network.arc_time_ms)
    bucketed_times(*arcs, seeds, np.zeros_like(seeds), limit, found)
    return found


@given(cases(), st.sets(st.sampled_from(all_cached(br.TransportNetwork))), st.sampled_from(list(WAYS)))
@settings(max_examples=chance.examples(30))
def test_a_network_gives_the_same_times_wherever_it_went(case, asked, way):
    network = case.network
    for name in asked:  # what has been asked for before makes no difference
        getattr(network, name)
    arrived = WAYS[way](network)
    same(network, arrived)
    assert_sealed(arrived)
    assert not set(asked) & set(vars(arrived))
    for one, other in ((network, arrived), (network.reverse, arrived.reverse)):
        np.testing.assert_array_equal(times_ms(one, case), times_ms(other, case))
    for name in ("node_xyz", "exit_nodes", "arc_tail", "link_length_m"):
        np.testing.assert_array_equal(getattr(network, name), getattr(arrived, name))


def test_a_deep_copy_shares_nothing_and_a_copy_shares_the_arrays(roads):
    copied, deep = copy.copy(roads), copy.deepcopy(roads)
    for field in dataclasses.fields(roads):
        value = getattr(roads, field.name)
        if isinstance(value, np.ndarray) and value.size:
            assert np.shares_memory(value, getattr(copied, field.name))
            assert not np.shares_memory(value, getattr(deep, field.name))


def test_mappings_given_to_a_network_are_taken_as_they_are_now(roads):
    names = {0: "乙"}
    changed = dataclasses.replace(roads, node_names=names)
    names[0] = "丙"
    assert dict(changed.node_names) == {0: "乙"}
    assert_sealed(changed)


def area_km2(network: br.TransportNetwork) -> float:
    return float(br.isochrones(network, [(106.05, 29.01)], cutoffs_min=[5])["area_km2"].iloc[0])


def ambiguous(_: object) -> None:
    br.place("鼓楼区")


@pytest.mark.slow
@pytest.mark.parametrize(
    "start", [s for s in ("spawn", "fork") if s in multiprocessing.get_all_start_methods()]
)
def test_pools_of_processes_take_networks_and_give_errors_back(roads, start):
    expected = area_km2(roads)
    context = multiprocessing.get_context(start)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(area_km2, [roads] * 3)) == [expected] * 3
        back = pool.submit(copy.copy, roads).result()
        same(roads, back)
        with pytest.raises(errors.AmbiguousPlaceError) as caught:
            pool.submit(ambiguous, 1).result()
    assert len(caught.value.candidates) > 3
