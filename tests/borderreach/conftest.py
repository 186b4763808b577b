"""One run of the study of Chongqing and Guizhou, shared by all tests of its results."""

from __future__ import annotations

from pathlib import Path

import pytest

from borderreach.analysis.studies._results import StudyResults
from borderreach.studies import run_study


@pytest.fixture(scope="session")
def yuqian_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyResults, Path]:
    """Results of the study, and the folder that they were written to."""
    out = tmp_path_factory.mktemp("yuqian") / "deep" / "out"
    return run_study("yuqian", out=out), out


@pytest.fixture(scope="session")
def yuqian(yuqian_run: tuple[StudyResults, Path]) -> StudyResults:
    """Results of the study."""
    return yuqian_run[0]


#: Studies whose results are looked at besides; each run takes minutes.
OTHERS = ("bazhong", "chengyugui", "guizhou", "jinshaanyu", "national", "xiangeyuqian", "xinan", "zheminggan")


@pytest.fixture(
    scope="session", params=["yuqian", *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
)
def each_study(request: pytest.FixtureRequest) -> StudyResults:
    """Results of each embedded study, of one run: of Chongqing and Guizhou always, of the others where slow tests run."""
    if request.param == "yuqian":
        found: StudyResults = request.getfixturevalue("yuqian")
        return found
    return run_study(request.param)


@pytest.fixture(scope="session")
def yuqian_out(yuqian_run: tuple[StudyResults, Path]) -> Path:
    """The folder that the study was written to."""
    return yuqian_run[1]
