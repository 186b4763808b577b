"""Untrusted input is data, not code: what the sources may not do, and readers under random input."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import borderreach as br
from borderreach.analysis.batch_job import BatchJob, read_job
from borderreach.analysis.batch_origins import read_points
from borderreach.analysis.batch_store import read_manifest
from borderreach.analysis.config import read_toml
from borderreach.analysis.corridor_files import read_corridors
from borderreach.analysis.results import Study
from borderreach.geo.errors import BorderReachError
from borderreach.geo.storage import open_network, save_network
from borderreach.geo.vector_files import read_vector_file

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
        for name in (".", "geo", "analysis", "maps", "data", "borderreach"):
            found |= dict.fromkeys(sorted((folder / name).glob("*.py")))
    return [path for path in found if path.name not in {"tasks.py", "conftest.py"}]


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
    assert len(sources()) > 40
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

ROOM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@settings(ROOM, max_examples=150)
@given(st.data())
@pytest.mark.filterwarnings("ignore")  # what GDAL has to say of damaged files
def test_damaged_boundary_files(tmp_path, boundary_files, data):
    source = data.draw(st.sampled_from(boundary_files))
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    path = tmp_path / f"damaged{source.suffix}"
    path.write_bytes(bytes(content[:cut]))
    only_errors_of_the_package(br.counties, path)
    only_errors_of_the_package(read_vector_file, path)
    for left in tmp_path.glob("damaged.*"):  # GDAL may leave a journal of a database
        left.unlink()


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
@settings(ROOM, max_examples=30)
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
