"""Datasets by name, and extracts from a server on loopback laid out as Geofabrik's."""

from __future__ import annotations

import json
import socket
from functools import partial

import pandas as pd
import pytest

import borderreach as br
import borderreach.geo.downloads._datasets
from borderreach import data
from borderreach.geo.downloads._datasets import DATASET_COLUMNS, MIRRORS_VARIABLE, dataset, datasets, fetch
from borderreach.geo.downloads._downloads import download
from borderreach.geo.errors import AmbiguousPlaceError, DataFileError, OutputError, UnknownDatasetError

from .file_server import FileServer, busy, cut

PATH = "asia/china/guizhou-latest.osm.pbf"
CONTENT = b"roads" * 30_000


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(
        borderreach.geo.downloads._datasets, "download", partial(download, wait=lambda _: None)
    )
    monkeypatch.delenv(MIRRORS_VARIABLE, raising=False)


@pytest.fixture
def server():
    with FileServer(**{PATH: CONTENT}) as running:
        yield running


def nobody() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("asia/china/guizhou", "asia/china/guizhou"),
        ("china/guizhou", "asia/china/guizhou"),
        ("Guizhou", "asia/china/guizhou"),
        (" 贵州 ", "asia/china/guizhou"),
        ("贵州省", "asia/china/guizhou"),
        ("内蒙古自治区", "asia/china/inner-mongolia"),
        ("陕西", "asia/china/shaanxi"),
        ("山西", "asia/china/shanxi"),
        ("Isle of Wight", "europe/united-kingdom/england/isle-of-wight"),
        ("isle_of_wight", "europe/united-kingdom/england/isle-of-wight"),
        ("us/georgia", "north-america/us/georgia"),
        ("https://download.geofabrik.de/europe/iceland-latest.osm.pbf", "europe/iceland"),
        ("https://download.geofabrik.de/europe/iceland.html", "europe/iceland"),
        ("asia/china/new-area", "asia/china/new-area"),  # not in the list, which is of one day
        ("trunk_network", "trunk_network"),
        ("trunk-network", "trunk_network"),
    ],
)
def test_names(name, path, tmp_path):
    assert dataset(name, cache_folder=tmp_path).name == path


def test_every_province_has_an_extract(tmp_path):
    for province in br.provinces().itertuples():
        found = dataset(province.name, cache_folder=tmp_path)
        assert found.name.startswith("asia/china/") or found.name == "asia/taiwan"  # as Geofabrik has it
        assert province.short_name in found.title
        assert dataset(province.short_name, cache_folder=tmp_path).name == found.name


def test_unknown_and_ambiguous_names():
    with pytest.raises(UnknownDatasetError, match=r"'guizho'; did you mean guizhou .*data list"):
        dataset("guizho")
    with pytest.raises(UnknownDatasetError, match=r"other\.server"):
        dataset("https://other.server/asia/china/guizhou-latest.osm.pbf")  # isn't Geofabrik's
    with pytest.raises(UnknownDatasetError, match="asia/china/guizhou"):
        dataset("asia/chnia/guizhou")
    with pytest.raises(AmbiguousPlaceError) as caught:
        dataset("Georgia")
    assert caught.value.candidates == ("europe/georgia", "north-america/us/georgia")


def test_the_list(tmp_path):
    table = datasets(cache_folder=tmp_path)
    assert tuple(table.columns) == DATASET_COLUMNS
    assert table["name"].is_unique
    assert (table[["title", "source", "licence", "date"]] != "").all(axis=None)
    extracts = table[table["kind"] == "extract"]
    assert len(extracts) == 555
    assert extracts["address"].str.startswith("https://download.geofabrik.de/").all()
    assert set(table["name"]) >= set(data.catalog()) - {"geofabrik"}
    files = table[table["hash"].str.startswith("sha256:")]
    assert len(files) == len(data.embedded())
    assert (files["path"] != "").all()
    assert datasets("iceland", cache_folder=tmp_path)["name"].tolist() == ["europe/iceland"]
    empty = datasets("no such text", cache_folder=tmp_path)
    assert len(empty) == 0
    assert tuple(empty.columns) == DATASET_COLUMNS


def test_an_extract_is_fetched_once(server, tmp_path):
    options = {"mirrors": server.url, "cache_folder": tmp_path}
    path = fetch("贵州", **options)
    assert path == tmp_path / PATH
    assert path.read_bytes() == CONTENT
    asked = len(server.seen)
    assert fetch("guizhou", **options) == path
    assert len(server.seen) == asked
    receipt = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    assert receipt["size"] == len(CONTENT)


def test_a_newer_one_on_request(server, tmp_path):
    options = {"mirrors": server.url, "cache_folder": tmp_path}
    path = fetch("guizhou", **options)
    fetch("guizhou", refresh=True, **options)
    assert server.asked == [None]  # the md5 said that it's the same
    server.files[f"/{PATH}"] = b"newer"
    assert fetch("guizhou", **options).read_bytes() == CONTENT
    assert fetch("guizhou", refresh=True, **options).read_bytes() == b"newer"
    path.write_bytes(b"spoilt")
    assert dataset("guizhou", cache_folder=tmp_path).hash == ""  # the receipt isn't of this file
    assert fetch("guizhou", refresh=True, **options).read_bytes() == b"newer"
    with pytest.raises(DataFileError):
        fetch("guizhou", refresh=True, mirrors=nobody(), cache_folder=tmp_path)
    assert path.read_bytes() == b"newer"


def test_elsewhere(server, tmp_path):
    options = {"mirrors": server.url, "cache_folder": tmp_path / "cache"}
    path = fetch("guizhou", out=tmp_path / "maps", **options)
    assert path == tmp_path / "maps" / "guizhou-latest.osm.pbf"
    assert not (tmp_path / "cache").exists()
    note = path.with_name(f"{path.name}.json")
    assert sorted((tmp_path / "maps").iterdir()) == [path, note]
    assert fetch("guizhou", out=tmp_path / "gz.osm.pbf", **options).read_bytes() == CONTENT
    assert server.asked == [None, None]
    fetch("guizhou", **options)
    fetch("guizhou", out=tmp_path / "third", **options)  # from the cache
    assert server.asked == [None] * 3
    assert (tmp_path / "third" / path.name).read_bytes() == CONTENT
    assert (tmp_path / "third" / note.name).read_text() == (tmp_path / "cache" / f"{PATH}.json").read_text()


@pytest.mark.parametrize("refresh", [True, False])
def test_one_region_is_not_taken_for_another(server, tmp_path, refresh):
    options = {"mirrors": server.url, "cache_folder": tmp_path / "cache", "out": tmp_path / "roads.osm.pbf"}
    fetch("guizhou", **options)
    with pytest.raises(
        OutputError, match=r"roads\.osm\.pbf holds 'asia/china/guizhou', not 'europe/iceland'"
    ):
        fetch("iceland", refresh=refresh, **options)
    assert fetch("guizhou", refresh=refresh, **options).read_bytes() == CONTENT


@pytest.mark.parametrize("note", ["", "[1]", '{"size": 150000}', '{"size": "x"}', "\x00"])
def test_a_damaged_note_does_no_harm(server, tmp_path, note):
    path = fetch("guizhou", mirrors=server.url, cache_folder=tmp_path)
    path.with_name(f"{path.name}.json").write_text(note)
    assert dataset("guizhou", cache_folder=tmp_path).path == str(path)
    assert fetch("guizhou", cache_folder=tmp_path) == path


def test_mirrors_are_tried_in_turn(server, tmp_path, monkeypatch):
    with FileServer(**{PATH: CONTENT}) as spoilt, FileServer() as empty:
        spoilt.md5[f"/{PATH}"] = b"0" * 32
        path = fetch(
            "guizhou", mirrors=[nobody(), empty.url, spoilt.url, f"{server.url}/"], cache_folder=tmp_path
        )
    assert path.read_bytes() == CONTENT
    assert server.seen[0].path == f"/{PATH}.md5"
    monkeypatch.setenv(MIRRORS_VARIABLE, f"{nobody()}  {server.url}")
    assert fetch("guizhou", out=tmp_path / "x", refresh=True, cache_folder=tmp_path).is_file()
    assert dataset("iceland", cache_folder=tmp_path).address.startswith("http://127.0.0.1")


def test_what_one_mirror_began_another_finishes(server, tmp_path):
    """Their files are the same if the md5 is; marks of the first mean nothing to the second."""
    server.faults = [cut(100_000), *[busy(503)] * 3]
    with FileServer(**{PATH: CONTENT}) as second:
        path = fetch("guizhou", mirrors=[server.url, second.url], cache_folder=tmp_path)
        assert second.starts[0] > 0
        assert second.seen[-1].if_range is None
    assert path.read_bytes() == CONTENT


def test_no_server_says_what_to_do(tmp_path):
    with pytest.raises(DataFileError) as caught:
        fetch("guizhou", mirrors=nobody(), cache_folder=tmp_path)
    message = str(caught.value)
    assert "Connection refused" in message or "refused" in message
    assert "https://download.geofabrik.de/asia/china/guizhou-latest.osm.pbf by other means" in message
    assert str(tmp_path / PATH) in message  # and there it's found:
    assert MIRRORS_VARIABLE in message
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_bytes(b"by hand")
    assert fetch("guizhou", mirrors=nobody(), cache_folder=tmp_path).read_bytes() == b"by hand"
    found = dataset("guizhou", cache_folder=tmp_path)
    assert (found.path, found.hash, found.date) == (str(tmp_path / PATH), "", "not known")


def test_a_region_that_the_server_lacks(server, tmp_path):
    with pytest.raises(DataFileError, match=r"404.*did you mean .*guizhou"):
        fetch("asia/china/guizhuo", mirrors=server.url, cache_folder=tmp_path)
    assert list(tmp_path.rglob("*.pbf*")) == []


def test_it_goes_straight_into_a_network(reference, tmp_path):
    content = (reference / "osm" / "isle-of-wight-2020-04-22.osm.pbf").read_bytes()
    name = "europe/united-kingdom/england/isle-of-wight-latest.osm.pbf"
    with FileServer(**{name: content}) as server:
        server.faults = [cut(len(content) // 2)]
        path = br.fetch("Isle of Wight", mirrors=server.url, cache_folder=tmp_path)
        assert server.starts[1] > len(content) // 2 - 2**15
    assert br.pbf_network(path).n_nodes > 1000


def test_what_is_embedded(tmp_path):
    path = fetch("speeds")
    assert path == data.path("speeds.toml")
    copy = fetch("speeds", out=tmp_path)
    assert copy == tmp_path / "speeds.toml"
    assert copy.read_bytes() == path.read_bytes()
    assert fetch("studies").is_dir()
    assert pd.isna(dataset("airports").size_mb)
