"""The job that tests of batches share, and results of it that nothing disturbed."""

from __future__ import annotations

from pathlib import Path

import pytest

from borderreach.analysis.batches._batch import run_batch

from .batch_material import write_job


@pytest.fixture(scope="session")
def job(tmp_path_factory) -> Path:
    return write_job(tmp_path_factory.mktemp("job"))


@pytest.fixture(scope="session")
def undisturbed(job, tmp_path_factory) -> Path:
    """Results of a run that nothing disturbed."""
    out: Path = tmp_path_factory.mktemp("undisturbed") / "out"
    summary = run_batch(job, out=out)
    assert summary.n_parts == 10
    assert summary.n_failed == 4
    return out
