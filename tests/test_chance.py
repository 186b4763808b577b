"""What is drawn by chance is the same in every newcomer's run; see `tests/chance.py`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import settings

from . import chance

FILES = sorted(Path(__file__).parent.rglob("*.py"))
#: What the profile decides for all property tests; a test that decided for itself could fail by chance.
OF_THE_PROFILE = {"derandomize", "database", "suppress_health_check", "print_blob"}
#: Generators, which without a seed draw from the machine's own chance.
GENERATORS = {"Random", "default_rng", "RandomState", "SeedSequence"}
#: Modules whose functions draw from a generator that all share.
SHARED = {"random", "np.random", "numpy.random", "secrets"}


def faults(text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        owner, _, name = ast.unparse(node.func).rpartition(".")
        if name == "settings" and {k.arg for k in node.keywords} & OF_THE_PROFILE:
            found.append(f"{node.lineno}: leave {', '.join(sorted(OF_THE_PROFILE))} to the profile")
        if name in GENERATORS and not node.args and not node.keywords:
            found.append(f"{node.lineno}: {name} without a seed")
        elif owner in SHARED and name not in GENERATORS:
            found.append(f"{node.lineno}: {owner}.{name} draws from the machine's own chance")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_draw_has_a_seed_or_the_profile(path: Path):
    if path.name != "chance.py":
        assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("settings(max_examples=5, deadline=None)", 0),
        ("settings(derandomize=False)", 1),
        ("random.Random(3).random()", 0),
        ("random.Random()", 1),
        ("random.random()", 1),
        ("np.random.default_rng(seed).uniform()", 0),
        ("np.random.default_rng()", 1),
        ("np.random.rand(3)", 1),
    ],
)
def test_a_draw_without_would_be_seen(text: str, n: int):
    assert len(faults(text)) == n


def test_the_profile_is_the_one_of_this_run():
    now = settings.default
    assert now is not None
    assert now.deadline is None
    assert now.derandomize is not chance.explores()
    if not chance.explores():
        assert now.database is None


def test_seeds_stay_for_newcomers_and_move_while_exploring(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(chance.VARIABLE, raising=False)
    assert chance.seeds(3, 99) == [99, 0, 1, 2]
    assert chance.examples(150) == 37
    monkeypatch.setenv(chance.VARIABLE, "1000")
    assert chance.seeds(3, 99) == [99, 1000, 1001, 1002]
    assert chance.examples(150) == 150
