"""The face: every public name is there, and nothing is loaded before it's used."""

from __future__ import annotations

import ast
import doctest
import re
import subprocess
import sys
from importlib import import_module, resources
from pathlib import Path

import pytest

import borderreach as br
from borderreach.analysis.studies import StudyResults

from ..public_names import NAMESPACE, PUBLIC, STUDY_CALL, examples, run_examples

#: What takes a tenth of a second or tens of MB, and isn't needed to say what there is.
HEAVY = {
    "osmnx",
    "sklearn",
    "matplotlib",
    "folium",
    "numba",
    "scipy",
    "pandas",
    "geopandas",
    "numpy",
    "pydantic",
}
#: What lists public names, and the module that has them.
STUBS = {"__init__": br, "indicators": br.indicators}


def stub(name: str) -> ast.Module:
    text = resources.files("borderreach").joinpath(f"{name}.pyi").read_text(encoding="utf-8")
    return ast.parse(text)


def loaded_after(code: str) -> set[str]:
    """Top names of the modules that a fresh Python has loaded after running some code."""
    code += "\nimport sys\nprint(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import borderreach", set()),
        ("import borderreach; dir(borderreach)", set()),
        ("from borderreach.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass", set()),
        ("from borderreach import pbf_network", {"numba", "numpy", "scipy"}),
        ("from borderreach.geo.osm._pbf import pbf_network", {"numba", "numpy", "scipy"}),
        ("from borderreach import border_counties, counties", {"geopandas", "numpy", "pandas", "scipy"}),
        ("from borderreach import indicators; dir(indicators)", set()),
    ],
)
def test_only_what_is_used_is_loaded(code: str, allowed: set[str]):
    assert loaded_after(code) & HEAVY <= allowed


def test_computing_loads_nothing_that_draws_or_downloads():
    code = (
        "from borderreach import isochrones, run_batch, run_study, commuting_zone, compare, audit_isochrones"
    )
    assert loaded_after(code) & {"osmnx", "sklearn", "matplotlib", "folium", "requests"} == set()


@pytest.mark.parametrize("name", STUBS)
def test_every_name_is_where_the_stub_says(name: str):
    for statement in stub(name).body:
        if isinstance(statement, ast.ImportFrom):
            module = import_module(f"borderreach.{statement.module}" if statement.module else "borderreach")
            for alias in statement.names:
                assert alias.asname is None
                assert getattr(STUBS[name], alias.name) is getattr(module, alias.name)


@pytest.mark.parametrize("name", STUBS)
def test_the_stubs_list_is_that_of_the_module(name: str):
    (listed,) = (s.value for s in stub(name).body if isinstance(s, ast.Assign))
    names = ast.literal_eval(listed)
    assert names == sorted(set(names))
    assert names == STUBS[name].__all__
    assert set(dir(STUBS[name])) == set(names)


def test_an_unknown_name_is_an_error():
    name = "isochrone"
    with pytest.raises(AttributeError, match=name):
        getattr(br, name)


def test_parts_of_the_package_are_importable():
    from borderreach import analysis, data, geo, maps

    assert {m.__name__ for m in (analysis, data, geo, maps)} == {
        f"borderreach.{part}" for part in ("analysis", "data", "geo", "maps")
    }


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example_that_runs(name: str):
    """And calls it by its public name; tests/test_doctests.py runs them."""
    called = re.compile(rf"\bbr\.{re.escape(name)}\b")
    assert any(called.search(one.source) for one in examples(name))


@pytest.mark.parametrize("name", [name for name in PUBLIC if STUDY_CALL in (PUBLIC[name].__doc__ or "")])
def test_examples_of_a_studys_results_hold(
    name: str, yuqian: StudyResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(br, "run_study", {"yuqian": yuqian}.__getitem__)  # which made them
    test = doctest.DocTest(examples(name), dict(NAMESPACE), name, None, None, PUBLIC[name].__doc__)
    assert run_examples(test) == ""


def test_an_example_that_lies_is_seen():
    parsed = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "lie", None, None)
    assert "Expected:" in run_examples(parsed)
