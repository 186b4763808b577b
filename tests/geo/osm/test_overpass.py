"""Overpass' answers are read as the file that they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from borderreach.geo.errors import BorderReachError, InputError
from borderreach.geo.osm import osm_network, pbf_network

NODES = [{"type": "node", "id": k, "lon": 113 + k / 100, "lat": 28.0} for k in range(1, 5)]
WAY = {"type": "way", "id": 9, "nodes": [1, 2, 3, 4], "tags": {"highway": "primary", "name": '"<A&B>"'}}


def answer(folder, elements):
    path = folder / "export.json"
    path.write_text(json.dumps({"version": 0.6, "elements": elements}), encoding="utf-8")
    return path


def test_with_nodes_and_with_geometry(tmp_path):
    plain = pbf_network(answer(tmp_path, [WAY, *NODES]))
    drawn = {**WAY, "geometry": [{"lon": node["lon"], "lat": node["lat"]} for node in NODES]}
    again = pbf_network(answer(tmp_path, [drawn]))
    assert plain.link_length_m.sum() == pytest.approx(2952, rel=2e-3)  # 0.03 degrees at 28 N
    assert again.link_length_m.tolist() == plain.link_length_m.tolist()
    assert plain.provenance["file"] == "export.json"


@pytest.mark.parametrize(
    ("elements", "words"),
    [([], "no roads"), ([WAY], "where their nodes lie"), ("text", "isn't an answer of Overpass")],
)
def test_answers_without_roads(tmp_path, elements, words):
    with pytest.raises(BorderReachError, match=words):
        pbf_network(answer(tmp_path, elements))


@pytest.mark.parametrize("name", ["town.osm", "town.osm.pbf", "export.json", "roads.shp"])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_is_no_place(name, kind):
    with pytest.raises(InputError, match="pbf_network") as caught:
        osm_network(kind(name))
    assert (f"br.network_from_lines('{name}') reads" in str(caught.value)) == name.endswith(".shp")
    assert (f"br.pbf_network('{name}') reads" in str(caught.value)) != name.endswith(".shp")
