"""Chance in tests: a newcomer's run draws the same each time, continuous integration draws anew.

What a newcomer is told to run must not fail by chance, and a property that is only ever tried on the same
examples is hardly tried. So property tests (hypothesis) and tests that draw with a seed have two ways to run,
which `conftest.py` chooses: *newcomer*, the default, and *explore*, with ``--run-slow`` or where ``CI`` is set.
A newcomer's run is also short: it tries properties on fewer examples.
What exploring finds is kept: as an ``@example`` of a property test, or as a seed in the list of a test.

A failing run says what it drew from: ``BORDERREACH_CHANCE=number`` and, with hypothesis, how to reproduce it.
"""

from __future__ import annotations

import os
import secrets
from typing import Final

from hypothesis import HealthCheck, settings

#: Set while tests explore: what all seeds are moved by, the same in every worker.
VARIABLE: Final = "BORDERREACH_CHANCE"

_ALIKE: Final = settings(
    deadline=None,  # a busy machine is no fault of the code
    suppress_health_check=[
        HealthCheck.too_slow,  # nor is a slow one
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,  # each example overwrites the files of the one before
    ],
)
settings.register_profile("newcomer", _ALIKE, max_examples=25, derandomize=True, database=None)
settings.register_profile("explore", _ALIKE, derandomize=False, print_blob=True)


def begin(*, explore: bool) -> None:
    """Choose between the two ways, before tests are collected."""
    if explore:
        os.environ.setdefault(VARIABLE, str(1 + secrets.randbelow(2**31)))  # workers inherit it
    settings.load_profile("explore" if explores() else "newcomer")


def explores() -> bool:
    """Tell whether tests draw anew."""
    return bool(os.environ.get(VARIABLE))


def seed(number: int) -> int:
    """Return a seed: the number itself, or another one on each exploring run."""
    return number + int(os.environ.get(VARIABLE) or 0)


def seeds(count: int, *kept: int) -> list[int]:
    """Return seeds for `pytest.mark.parametrize`: those that once found something, and `count` others."""
    return [*kept, *map(seed, range(count))]


def examples(count: int) -> int:
    """Return how many examples a costly property is tried on: all of `count` only while exploring."""
    return count if explores() else max(8, count // 4)
