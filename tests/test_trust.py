"""Untrusted input is data, not code: what the sources may not do, and readers under random input."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import json
import math
import re
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

import borderreach as br
from borderreach.analysis.batches._job import BatchJob, read_job
from borderreach.analysis.batches._store import BatchFolder, _line, read_manifest
from borderreach.analysis.claims._files import ClaimsFile
from borderreach.analysis.config import read_toml
from borderreach.analysis.corridors._files import read_corridors
from borderreach.analysis.indicators._potential import cumulative_opportunities
from borderreach.analysis.study_file import Study
from borderreach.analysis.terrain._rasters import people_in_raster
from borderreach.geo.checks import unsound_text
from borderreach.geo.errors import BorderReachError, DataFileError, InputError, OutputError
from borderreach.geo.files import read_points, read_vector_file
from borderreach.geo.osm._speeds import speed_table
from borderreach.geo.timetables import open_network, save_network

from . import chance

PACKAGE = Path(br.__file__).parent
FOLDERS = [PACKAGE, *(Path(folder) for folder in br.__path__)]

#: Calls that turn data into code, or unpack archives wherever their names point.
FORBIDDEN = {
    *("eval", "exec", "compile", "__import__"),
    *("pickle.load", "pickle.loads", "pickle.dump", "pickle.dumps", "marshal.load", "marshal.loads"),
    *("pd.read_pickle", "shelve.open", "joblib.load", "yaml.load", "dill.load", "cloudpickle.loads"),
    *("os.system", "os.popen", "subprocess.run", "subprocess.Popen", "tempfile.mktemp"),
    *("extractall", "extract", "unpack_archive", "to_pickle"),
}


def sources() -> list[Path]:
    found: dict[Path, None] = {}
    for folder in FOLDERS:
        found |= dict.fromkeys(sorted(folder.glob("*.py")))
        for name in ("geo", "analysis", "maps", "data", "borderreach"):
            found |= dict.fromkeys(sorted((folder / name).rglob("*.py")))
    return [
        path
        for path in found
        if path.name not in {"tasks.py", "conftest.py"} and path.parts[-3:-1] != ("data", "build")
    ]


def calls(tree: ast.AST) -> list[tuple[int, str, ast.Call]]:
    return [
        (node.lineno, ast.unparse(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call)
    ]


def faults(text: str) -> list[str]:
    found = []
    for line, name, call in calls(ast.parse(text)):
        if name in FORBIDDEN or name.rsplit(".", 1)[-1] in {"extractall", "unpack_archive", "read_pickle"}:
            found.append(f"{line}: {name}")
        if name in {"np.load", "numpy.load"}:
            options = {k.arg: ast.unparse(k.value) for k in call.keywords}
            if options.get("allow_pickle") != "False":
                found.append(f"{line}: {name} without allow_pickle=False")
    return found


def test_no_source_turns_data_into_code():
    assert len(sources()) > 120
    found = {str(path): faults(path.read_text(encoding="utf-8")) for path in sources()}
    assert {path: some for path, some in found.items() if some} == {}


@pytest.mark.parametrize(
    "text",
    [
        "np.load(path)",
        "numpy.load(path, allow_pickle=True)",
        "pickle.loads(x)",
        "eval(text)",
        "archive.extractall(folder)",
        "pd.read_pickle(path)",
        "shutil.unpack_archive(path)",
    ],
)
def test_a_call_that_does_would_be_seen(text: str):
    assert len(faults(text)) == 1


# Readers under random input: an error of the package, or a result; nothing else, and nothing written

ROOM = settings(max_examples=chance.examples(60), deadline=None)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.just("重庆"),
    st.just("all"),
)
values = st.recursive(
    scalars.filter(lambda value: value is not None),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text("abcdefghij_-", min_size=1, max_size=12), inner, max_size=4),
    ),
    max_leaves=12,
)
JOB_KEYS = ("name", "title", "network", "origins", "scenarios", "outputs", "run", "isochrones_min", "file")
STUDY_KEYS = ("name", "title", "title_en", "provinces", "centres", "between", "zone_min", "corridors")
CORRIDOR_KEYS = ("id", "name", "mode", "status", "status_date", "design_speed_kph", "stops", "length_km")


def toml_of(table: Any) -> str:
    """Write a value as inline TOML; JSON's text is TOML's, but for its colons and special numbers."""
    if isinstance(table, dict):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {toml_of(v)}" for k, v in table.items()) + "}"
    if isinstance(table, list):
        return "[" + ", ".join(map(toml_of, table)) + "]"
    if isinstance(table, float):
        return repr(table)
    return json.dumps(table)


def documents(keys: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), values, max_size=6)


def only_errors_of_the_package(function: Any, *arguments: Any) -> None:
    try:
        function(*arguments)
    except BorderReachError as error:
        assert str(error)  # noqa: PT017 - any other exception fails the test


@ROOM
@given(documents(JOB_KEYS))
def test_job_files(tmp_path, table):
    path = tmp_path / "job.toml"
    path.write_text("\n".join(f"{k} = {toml_of(v)}" for k, v in table.items()), "utf-8", "surrogatepass")
    only_errors_of_the_package(read_job, path)


@ROOM
@given(documents(STUDY_KEYS))
def test_study_files(tmp_path, table):
    path = tmp_path / "study.toml"
    path.write_text("\n".join(f"{k} = {toml_of(v)}" for k, v in table.items()), "utf-8", "surrogatepass")
    only_errors_of_the_package(read_toml, path, Study)


@ROOM
@given(st.lists(documents(CORRIDOR_KEYS), max_size=2), st.binary(max_size=20))
def test_corridor_files(tmp_path, tables, tail):
    path = tmp_path / "corridors.toml"
    lines = [f"[[corridor]]\n{k} = {toml_of(v)}" for table in tables for k, v in table.items()]
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass") + tail)
    only_errors_of_the_package(read_corridors, path)


GOOD_CORRIDOR = (
    '[[corridor]]\nid = "a"\nname = "甲"\nmode = "road"\nstatus = "planned"\nstatus_date = 2024-01-01\n'
    "design_speed_kph = 80\nstops = [\n"
    '{ name = "甲", lon = 106.0, lat = 29.0, kind = "interchange", position = "existing" },\n'
    '{ name = "乙", lon = 106.5, lat = 29.0, kind = "interchange", position = "existing" } ]\n'
)
GOOD_JOB = 'name = "a"\n[origins]\nplaces = ["綦江"]\n[outputs]\nisochrones_min = [20]\n'


@ROOM
@given(st.data())
def test_texts_with_a_few_bytes_changed(tmp_path, data):
    text, read = data.draw(st.sampled_from([(GOOD_CORRIDOR, read_corridors), (GOOD_JOB, read_job)]))
    content = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "changed.toml"
    path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    only_errors_of_the_package(read, path)


@pytest.fixture(scope="module")
def boundary_files(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    frame = gpd.GeoDataFrame(
        {"adcode": [500110, 520322], "name": ["綦江区", "桐梓县"]},
        geometry=[shapely.box(106, 28, 107, 29), shapely.box(106, 27, 107, 28)],
        crs="EPSG:4326",
    )
    paths = [folder / f"units{ending}" for ending in (".gpkg", ".geojson", ".parquet")]
    frame.to_file(paths[0])
    frame.to_file(paths[1])
    frame.to_parquet(paths[2])
    return paths


@settings(ROOM, max_examples=chance.examples(150))
@given(
    st.sampled_from([0, 1, 2]),
    st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), max_size=6),
    st.one_of(st.none(), st.integers(0, 2**20)),
)
@example(2, [(144, 0)], None)  # the length of a name: pyarrow 26 handed out half a character
@pytest.mark.filterwarnings("ignore")  # what GDAL has to say of damaged files
def test_damaged_boundary_files(tmp_path, boundary_files, which, changes, cut):
    source = boundary_files[which]
    content = bytearray(source.read_bytes())
    for at, value in changes:
        content[at % len(content)] = value
    path = tmp_path / f"damaged{source.suffix}"
    path.write_bytes(bytes(content if cut is None else content[: cut % len(content)]))
    only_errors_of_the_package(br.counties, path)
    only_errors_of_the_package(read_vector_file, path)
    for left in tmp_path.glob("damaged.*"):  # GDAL may leave a journal of a database
        left.unlink()


def not_utf_8(path: Path, column: str) -> None:
    """Replace, in a Parquet file, a column of text by bytes that are none; Arrow doesn't look at them."""
    table = pq.read_table(path)
    ends = pa.py_buffer(np.arange(len(table) + 1, dtype=np.int32) * 2)
    text = pa.py_buffer(b"\xff\xfe" * len(table))
    broken = pa.StringArray.from_buffers(len(table), ends, text)
    pq.write_table(table.set_column(table.column_names.index(column), column, broken), path)


@pytest.mark.parametrize("read", [br.counties, read_vector_file, read_points])
def test_boundaries_and_points_whose_text_is_not_utf_8_are_refused(tmp_path, boundary_files, read):
    path = tmp_path / "units.parquet"
    shutil.copy(boundary_files[2], path)
    not_utf_8(path, "name")
    with pytest.raises(BorderReachError, match=r"units\.parquet is damaged: .* 'name' that isn't UTF-8"):
        read(path)


def test_tables_whose_text_is_not_utf_8_are_refused(tmp_path):
    """What a user read with pandas says nothing until it's looked at."""
    roads = br.build_network([106.0, 106.1], [29.0, 29.0], br.Links([0], [1], [9e3], [600.0]))
    places = gpd.GeoDataFrame(
        {"origin_id": ["a", "b"]}, geometry=gpd.points_from_xy([106.0, 106.1], [29.0] * 2), crs=4326
    )
    br.write_od_matrix(roads, places, tmp_path / "times.parquet")
    pd.DataFrame({"adcode": [500110], "people": [1.0], "note": ["甲"]}).to_parquet(
        tmp_path / "people.parquet"
    )
    places.to_parquet(tmp_path / "places.parquet")
    stations = pd.DataFrame(
        {"station_id": ["a"], "name": ["甲"], "lon": [106.0], "lat": [29.0], "source": ["x"]}
    )
    stations.to_parquet(tmp_path / "stations.parquet")
    for name, column in (
        ("times", "from_id"),
        ("people", "note"),
        ("places", "origin_id"),
        ("stations", "name"),
    ):
        not_utf_8(tmp_path / f"{name}.parquet", column)
    times = pd.read_parquet(tmp_path / "times.parquet")
    people = pd.read_parquet(tmp_path / "people.parquet")
    with pytest.raises(InputError, match="'times' holds text in 'from_id' that isn't UTF-8"):
        cumulative_opportunities(times, {"a": 1.0, "b": 1.0}, cutoffs_min=30)
    with pytest.raises(InputError, match="holds text in 'note' that isn't UTF-8"):
        br.with_people(br.counties(), people)
    with pytest.raises(InputError, match="'origins' holds text in 'origin_id' that isn't UTF-8"):
        br.isochrones(roads, gpd.read_parquet(tmp_path / "places.parquet"), cutoffs_min=[10])
    with pytest.raises(InputError, match="'stations' holds text in 'name' that isn't UTF-8"):
        br.rail_stations(pd.read_parquet(tmp_path / "stations.parquet"))


@pytest.mark.parametrize("kind", ["column", "index"])
def test_text_that_is_not_utf_8_is_seen_wherever_it_stands(tmp_path, kind):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": ["甲", "乙"], "b": [1, 2]}).to_parquet(path)
    sound = pd.read_parquet(path)
    not_utf_8(path, "a")
    found = pd.read_parquet(path)
    if kind == "index":
        found, sound = found.set_index("a"), sound.set_index("a")
    assert unsound_text(found) == "a"
    assert unsound_text(sound) is None


@ROOM
@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8), st.floats(), st.floats()), max_size=5),
)
def test_tables_of_points(tmp_path, junk, rows):
    path = tmp_path / "points.csv"
    lines = ["origin_id,origin_name,lon,lat", *(",".join(map(str, row)) for row in rows)]
    for text in (junk, "\n".join(lines)):
        path.write_text(text, "utf-8", "surrogatepass", newline="")
        only_errors_of_the_package(read_points, path)


@ROOM
@given(st.data())
def test_damaged_networks(tmp_path, data):
    network = br.build_network([106.0, 106.1], [29.0, 29.0], br.Links([0], [1], [9e3], [600.0]))
    path = save_network(network, tmp_path / "saved")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    only_errors_of_the_package(open_network, path)


def test_a_network_cut_off_anywhere_says_so(tmp_path):
    network = br.build_network([106.0, 106.1], [29.0, 29.0], br.Links([0], [1], [9e3], [600.0]))
    content = save_network(network, tmp_path / "saved").read_bytes()
    for length in range(len(content)):
        (tmp_path / "cut").write_bytes(content[:length])
        with pytest.raises(DataFileError, match=r"cut short or damaged|isn't a network"):
            open_network(tmp_path / "cut")


def places_in(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a JSON value holds something, from the root on."""
    found = [path] if path else []
    items: Any = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, inner in items:
        found += places_in(inner, (*path, key))
    return found


def made_up(data: st.DataObject, content: Any) -> Any:
    """A few values of some JSON replaced or taken out."""
    content = json.loads(json.dumps(content))
    for _ in range(data.draw(st.integers(1, 3))):
        places = places_in(content)
        if not places:
            break
        *path, last = data.draw(st.sampled_from(places))
        inner = content
        for key in path:
            inner = inner[key]
        if data.draw(st.booleans()):
            inner[last] = data.draw(st.one_of(values, st.none(), st.just("|O"), st.just(2**80), st.just(-1)))
        elif isinstance(inner, dict):
            del inner[last]
    return content


@settings(ROOM, max_examples=chance.examples(100))
@given(st.data())
def test_networks_that_somebody_made_up(tmp_path, data):
    """A checksum is no protection: whoever makes up a header makes up its checksum, too."""
    network = br.build_network([106.0, 106.1], [29.0, 29.0], br.Links([0], [1], [9e3], [600.0]))
    path = save_network(network, tmp_path / "saved")
    raw = path.read_bytes()
    magic, version, size, _ = struct.unpack_from("<8sIII", raw)
    meta = made_up(data, json.loads(raw[20 : 20 + size]))
    header = json.dumps(meta).encode()
    body = raw[-(-(20 + size) // 64) * 64 :]
    start = struct.pack("<8sIII", magic, version, len(header), zlib.crc32(header)) + header
    path.write_bytes(start + bytes(-len(start) % 64) + body)
    only_errors_of_the_package(open_network, path)


@pytest.mark.parametrize("name", ["node_lon", "arc_time_ms", "arc_length_m", "arc_head", "arc_start"])
def test_arrays_that_somebody_made_up(tmp_path, name):
    network = br.build_network([106.0, 106.1], [29.0, 29.0], br.Links([0], [1], [9e3], [600.0]))
    for value in (-(2**31), math.inf if name == "arc_length_m" else 2**31 - 1):
        array = np.full_like(getattr(network, name), value)
        path = save_network(dataclasses.replace(network, **{name: array}), tmp_path / "saved")
        with pytest.raises(DataFileError, match="isn't a valid network"):
            open_network(path)


@pytest.fixture(scope="module")
def small_batch(tmp_path_factory) -> Path:
    out: Path = tmp_path_factory.mktemp("batch") / "out"
    network = br.build_network([106.0, 106.1], [29.0, 29.0], br.Links([0], [1], [9e3], [600.0]))
    job = BatchJob.model_validate({"name": "a", "outputs": {"isochrones_min": [1], "origins_per_part": 1}})
    br.run_batch(job, out=out, network=network, origins=[(106.0, 29.0), (106.1, 29.0)], executor="here")
    return out


@pytest.mark.parametrize("key", ["rows", "parts"])
def test_a_complete_manifest_tells_its_rows_and_parts(tmp_path, small_batch, key):
    found = json.loads((small_batch / "manifest.json").read_text(encoding="utf-8"))
    del found[key]
    folder = tmp_path / "out"
    shutil.copytree(small_batch, folder)
    (folder / "manifest.json").write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(OutputError, match="isn't the manifest of a batch"):
        br.read_batch(folder, "isochrones")


@pytest.mark.parametrize("table", ["isochrones", "errors"])
def test_parts_whose_text_is_not_utf_8_are_refused(tmp_path, table):
    job = BatchJob.model_validate({"name": "a", "outputs": {"isochrones_min": [1]}})
    network = br.build_network([106.0, 106.1], [29.0, 29.0], br.Links([0], [1], [9e3], [600.0]))
    out = tmp_path / "out"
    br.run_batch(job, out=out, network=network, origins=[(106.0, 29.0), (99.0, 29.0)], executor="here")
    assert len(br.read_batch(out, table)) == 1
    not_utf_8(out / table / "part-00000.parquet", "origin_name")
    with pytest.raises(OutputError, match="isn't as it was written"):
        br.read_batch(out, table)
    with pytest.raises(
        OutputError, match=r"part-00000\.parquet can't be read .* 'origin_name' that isn't UTF-8"
    ):
        br.read_batch(out, table, check=False)


@ROOM
@given(st.data())
def test_manifests_that_somebody_made_up(tmp_path, small_batch, data):
    found = made_up(data, json.loads((small_batch / "manifest.json").read_text(encoding="utf-8")))
    folder = tmp_path / "out"
    shutil.copytree(small_batch, folder, dirs_exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(found), encoding="utf-8")
    only_errors_of_the_package(br.read_batch, folder, "isochrones")
    with (
        contextlib.suppress(OutputError),
        BatchFolder(
            folder, found.get("batch") or {}, tables=("isochrones", "errors"), n_parts=2, fresh=False
        ) as opened,
    ):
        assert set(opened.finished) <= {0, 1}


@ROOM
@given(st.data())
def test_journals_that_somebody_made_up(tmp_path, data):
    lines = data.draw(st.lists(values, max_size=3))
    (tmp_path / "out").mkdir(exist_ok=True)
    (tmp_path / "out" / "journal.jsonl").write_bytes(b"".join(_line(line) for line in lines))
    with BatchFolder(tmp_path / "out", {}, tables=("errors",), n_parts=1, fresh=False) as opened:
        assert opened.finished == {}


CLAIM_KEYS = ("study", "text", "stations", "also", "claim", "group")


@ROOM
@given(documents(CLAIM_KEYS))
def test_claim_files(tmp_path, table):
    path = tmp_path / "claims.toml"
    path.write_text("\n".join(f"{k} = {toml_of(v)}" for k, v in table.items()), "utf-8", "surrogatepass")
    only_errors_of_the_package(read_toml, path, ClaimsFile)


@ROOM
@given(documents(("default", "CN", "class_kph", "motorway", "near", "surfaces", "primary")))
def test_speed_tables(tmp_path, table):
    path = tmp_path / "speeds.toml"
    path.write_text("\n".join(f"{k} = {toml_of(v)}" for k, v in table.items()), "utf-8", "surrogatepass")
    only_errors_of_the_package(speed_table, path)


GRAPH = """<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="graph" attr.name="crs" attr.type="string"/>
<key id="d1" for="node" attr.name="x" attr.type="string"/>
<key id="d2" for="node" attr.name="y" attr.type="string"/>
<key id="d3" for="edge" attr.name="length" attr.type="string"/>
<key id="d4" for="edge" attr.name="highway" attr.type="string"/>
<graph edgedefault="directed"><data key="d0">epsg:4326</data>
<node id="1"><data key="d1">106.0</data><data key="d2">29.0</data></node>
<node id="2"><data key="d1">106.1</data><data key="d2">29.0</data></node>
<edge source="1" target="2" id="0"><data key="d3">9700.0</data><data key="d4">primary</data></edge>
<edge source="2" target="1" id="0"><data key="d3">9700.0</data><data key="d4">primary</data></edge>
</graph></graphml>
"""


def test_the_graph_is_one(tmp_path):
    (tmp_path / "a.graphml").write_text(GRAPH, encoding="utf-8")
    assert br.osm_network(tmp_path / "a.graphml").n_arcs == 2


@ROOM
@given(st.data())
@pytest.mark.filterwarnings("ignore")  # what networkx has to say of odd graphs
def test_graphs_with_a_few_words_changed(tmp_path, data):
    words = re.split(r'([<>"\s=]+)', GRAPH)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(words) - 1))
        words[at] = data.draw(
            st.sampled_from(
                ["", "x", "0", "-1", "nan", "1e999", "106.0", "edge", "&a;", "d1", "[1]", "epsg:4479"]
            )
        )
    (tmp_path / "a.graphml").write_text("".join(words), encoding="utf-8")
    only_errors_of_the_package(br.osm_network, tmp_path / "a.graphml")


OF_NODES = ("x", "y", "highway", "traffic_signals")
OF_EDGES = ("length", "geometry", "osmid", "highway", "oneway", "reversed", "maxspeed", "duration", "access")
ODD: list[Any] = [
    None,
    [],
    [1],
    ["a", 2],
    "x",
    "",
    "1",
    float("nan"),
    float("inf"),
    1e300,
    -1,
    10**400,
    True,
    {},
    {"a": 1},
]
ODD += [
    object(),
    b"a",
    shapely.Point(0, 0),
    shapely.LineString(),
    shapely.LineString([(106, 29), (106.1, 29)]),
]


@pytest.mark.parametrize(
    ("where", "key"),
    [("node", k) for k in OF_NODES]
    + [("edge", k) for k in OF_EDGES]
    + [("graph", "crs"), ("graph", "created_date")],
)
@pytest.mark.filterwarnings("ignore")
def test_graphs_with_an_odd_value(where, key):
    """Graphs are anybody's: tools write lists, texts and nothing where osmnx has a number."""
    for odd in ODD:
        graph = nx.MultiDiGraph(crs="EPSG:4326")
        graph.add_node(1, x=106.0, y=29.0)
        graph.add_node(2, x=106.1, y=29.0)
        for u, v in ((1, 2), (2, 1)):
            graph.add_edge(u, v, length=9700.0, highway="primary", osmid=7)
        {"node": graph.nodes[1], "edge": graph.edges[1, 2, 0], "graph": graph.graph}[where][key] = odd
        only_errors_of_the_package(br.osm_network, graph)


def test_entities_that_swell_are_refused(tmp_path):
    swelling = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 12))
    bomb = GRAPH.replace("?>\n", f'?>\n<!DOCTYPE a [<!ENTITY a0 "swell">{swelling}]>\n', 1)
    (tmp_path / "a.graphml").write_text(bomb.replace("primary", "&a11;"), encoding="utf-8")
    with pytest.raises(DataFileError, match="GraphML"):
        br.osm_network(tmp_path / "a.graphml")


@ROOM
@given(
    st.text(max_size=60),
    st.lists(st.lists(st.text('0123456789.-,"\n重a ', max_size=6), max_size=5), max_size=4),
)
def test_tables_of_people_and_railways(tmp_path, junk, rows):
    path = tmp_path / "table.csv"
    body = "\n".join(",".join(row) for row in rows)
    for text in (junk, f"adcode,people\n{body}", f"station_id,name,lon,lat\n{body}"):
        path.write_text(text, "utf-8", "surrogatepass", newline="")
        only_errors_of_the_package(br.people, path)
        only_errors_of_the_package(br.rail_stations, path)
        only_errors_of_the_package(br.rail_sections, path)


@pytest.mark.parametrize(
    ("read", "head"),
    [
        (read_points, "lon,lat"),
        (br.people, "adcode,people"),
        (br.rail_stations, "station_id,name,lon,lat,status"),
    ],
)
def test_rows_that_are_longer_than_the_header(tmp_path, read, head):
    """pandas would take the first value for the row's label, and give every column its neighbour's."""
    n = head.count(",") + 2
    (tmp_path / "table.csv").write_text(
        f"{head}\n{','.join('1' * n)}\n{','.join('2' * n)}\n", encoding="utf-8"
    )
    with pytest.raises(DataFileError, match="more values than the header has names"):
        read(tmp_path / "table.csv")


@ROOM
@given(st.data())
@pytest.mark.filterwarnings("ignore")  # what GDAL has to say of damaged files
def test_damaged_rasters(tmp_path, data):
    rasterio = pytest.importorskip("rasterio")
    path = tmp_path / "people.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=4, height=4, count=1, dtype="float32", crs="EPSG:4326",
        transform=rasterio.transform.from_origin(106, 29, 0.1, 0.1),
    ) as target:  # fmt: skip
        target.write(np.ones((1, 4, 4), dtype="float32"))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(
        bytes(content[: data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))])
    )
    areas = gpd.GeoDataFrame(geometry=[shapely.box(106, 28.6, 106.4, 29)], crs=4326)
    only_errors_of_the_package(people_in_raster, areas, path)
    path.unlink()


def test_a_raster_that_points_elsewhere_is_refused(tmp_path):
    pytest.importorskip("rasterio")
    areas = gpd.GeoDataFrame(geometry=[shapely.box(106, 28.6, 106.4, 29)], crs=4326)
    (tmp_path / "people.tif").write_text('<VRTDataset rasterXSize="1" rasterYSize="1"/>', encoding="utf-8")
    with pytest.raises(DataFileError, match="address"):
        people_in_raster(areas, tmp_path / "people.tif")
    for name in ("/vsicurl/http://localhost:1/x.tif", "/vsimem/x.tif", "none.tif"):
        with pytest.raises(DataFileError, match="there is no file"):
            people_in_raster(areas, name)


@ROOM
@given(st.one_of(st.binary(max_size=200), values.map(lambda value: json.dumps(value).encode())))
def test_manifests(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content)
    only_errors_of_the_package(read_manifest, tmp_path)


@ROOM
@given(st.text(max_size=30))
def test_names_of_places(text):
    only_errors_of_the_package(br.place, text)


@ROOM
@given(values)
def test_origins_of_any_kind(value):
    only_errors_of_the_package(br.origins_table, value)


@given(st.text(min_size=1, max_size=80))
@settings(ROOM, max_examples=chance.examples(30))
def test_names_never_become_paths(tmp_path_factory, name):
    """Ids and scenarios with slashes and dots stay in the tables."""
    folder = tmp_path_factory.mktemp("names")
    job = BatchJob.model_validate(
        {
            "name": "names",
            "scenarios": {name: [], "../up": [], "/tmp/away": []},  # noqa: S108 - never written
            "outputs": {"isochrones_min": [1]},
        }
    )
    network = br.build_network([106.0, 106.1], [29.0, 29.0], br.Links([0], [1], [9e3], [600.0]))
    points = gpd.GeoDataFrame(
        {"origin_id": [name, "../../x"]}, geometry=gpd.points_from_xy([106.0, 106.1], [29.0] * 2), crs=4326
    )
    br.run_batch(job, out=folder / "out", network=network, origins=points, executor="here", workers=1)
    assert [path.name for path in folder.iterdir()] == ["out"]
    parts = {path.relative_to(folder / "out").as_posix() for path in (folder / "out").rglob("*.parquet")}
    n = len(job.scenarios)
    assert parts == {f"{t}/part-{k:05d}.parquet" for t in ("isochrones", "errors") for k in range(n)}
