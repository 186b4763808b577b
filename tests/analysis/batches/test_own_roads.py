"""Roads of one's own in a batch: named as a study names them, in the job or in the call."""

from __future__ import annotations

import geopandas as gpd
import pytest

from borderreach.analysis.batches import BatchJob, run_batch
from borderreach.geo.errors import BorderReachError, ConfigError, InputError, InputTypeError
from borderreach.geo.osm import pbf_network

from ...geo.osm.osm_files import ROAD
from ...geo.osm.test_joining_extracts import EAST, WEST, write
from .batch_material import JOB, contents, write_job

NODES = {**WEST, **EAST}
EXTRACTS = """\
name = "streets"
[network]
roads = ["west.osm.pbf", "east.osm.pbf"]
[origins]
file = "points.csv"
[outputs]
isochrones_min = [20]
[run]
executor = "here"
"""


@pytest.fixture
def streets(tmp_path, monkeypatch):
    """Two extracts that meet at a node, a point at the west end, and the user's cache beside them."""
    monkeypatch.setattr("borderreach.geo.downloads.user_cache", lambda part: tmp_path / "cache" / part)
    write(tmp_path / "west.osm.pbf", WEST, {1: ((6, 7, 8), ROAD)}, {})
    write(tmp_path / "east.osm.pbf", EAST, {2: ((8, 9, 10), ROAD)}, {})
    lon, lat = WEST[6][:2]
    (tmp_path / "points.csv").write_text(f"origin_id,lon,lat\na,{lon},{lat}\n", encoding="utf-8")
    (tmp_path / "streets.toml").write_text(EXTRACTS, encoding="utf-8")
    return tmp_path


def circle(out):
    (found,) = gpd.read_parquet(out / "isochrones").geometry
    return found


def test_roads_is_what_source_was(tmp_path):
    older = write_job(tmp_path)
    run_batch(older, out=tmp_path / "older")
    newer = tmp_path / "newer.toml"
    newer.write_text(JOB.replace("source =", "roads ="), encoding="utf-8")
    run_batch(newer, out=tmp_path / "newer")
    one, other = contents(tmp_path / "older"), contents(tmp_path / "newer")
    assert one.keys() == other.keys()
    # the job stands in the manifest as it was written
    assert {name for name in one if one[name] != other[name]} == {"manifest.json"}


def test_extracts_are_joined_and_cut_as_in_a_study(streets):
    run_batch(streets / "streets.toml", out=streets / "both")
    whole = pbf_network([streets / "west.osm.pbf", streets / "east.osm.pbf"])
    run_batch(streets / "streets.toml", out=streets / "given", network=whole)
    assert circle(streets / "both").equals_exact(circle(streets / "given"), 0)
    run_batch(streets / "streets.toml", out=streets / "named", network=streets / "west.osm.pbf")
    half = circle(streets / "named")
    assert half.area < circle(streets / "both").area
    west, south, _, north = half.bounds
    cut = EXTRACTS.replace(
        '"east.osm.pbf"]',
        f'"east.osm.pbf"]\narea = [{west}, {south}, {WEST[8][0]}, {north}]\naccess_speed_kph = 10',
    )
    (streets / "cut.toml").write_text(cut, encoding="utf-8")
    run_batch(streets / "cut.toml", out=streets / "cut")
    faster = circle(streets / "cut")
    assert faster.area > half.area


def test_trains_are_said_in_one_place():
    def job(**network: object) -> BatchJob:
        return BatchJob.model_validate({"name": "a", "outputs": {"isochrones_min": [20]}, "network": network})

    assert job(rail="embedded").network.has_railways
    assert not job(rail="none").network.has_railways
    assert job(rail="trains.zip").network.gtfs == "trains.zip"
    with pytest.raises(ValueError, match="say in one place which trains"):
        job(rail="none", railways=True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("roads =", 'source = "a.network"\nroads =', "'source' is an older name"),
        ("[origins]", 'area = "study"\n[origins]', "no study whose area"),
        ("[origins]", "margin_km = 3\n[origins]", "no 'area' to add it to"),
        ('"east.osm.pbf"]', '"none.osm.pbf"]', "none.osm.pbf"),
        ("[origins]", 'oneway = "x"\n[origins]', "'oneway' isn't for extracts"),
    ],
)
def test_faults_are_named_before_anything_is_computed(streets, old, new, words):
    job = streets / "faulty.toml"
    job.write_text(EXTRACTS.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as caught:
        run_batch(job, out=streets / "out")
    assert str(job) in str(caught.value)
    assert not (streets / "out").exists()


@pytest.mark.parametrize("network", [[], ["trunk", "west.osm.pbf"], "nowhere-at-all", "none.osm.pbf"])
def test_names_in_the_call_are_checked(streets, network):
    with pytest.raises(BorderReachError) as caught:
        run_batch(streets / "streets.toml", out=streets / "out", network=network)
    assert isinstance(caught.value, (ConfigError, InputError, InputTypeError))
    assert not (streets / "out").exists()
