"""A page with the network around its study, for what its readers ask of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import borderreach as br
from borderreach.analysis.corridors import Scenarios
from borderreach.analysis.studies import WhatIf, what_if
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import save_map

from ..conftest import Opened

CUTOFFS = (60.0, 120.0)


@pytest.fixture(scope="session")
def scenarios() -> Scenarios:
    return Scenarios(br.trunk_network(), "yuqian")


@pytest.fixture(scope="session")
def part(results: SimpleNamespace, scenarios: Scenarios) -> WhatIf:
    counties = results.border_counties
    beyond = br.counties(provinces=["重庆市", "贵州省"])
    beyond = beyond[~beyond["adcode"].isin(counties["adcode"])].iloc[
        ::12
    ]  # some of the others, named as towns
    return what_if(
        scenarios.joined, br.with_people(counties), provinces=results.provinces, counties=pd.concat([counties, beyond], ignore_index=True),
        border_counties=counties, centres=results.centres, cutoffs_min=CUTOFFS, scenarios=scenarios.names(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def asked(results: SimpleNamespace, part: WhatIf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page whose corridors are the study's own, with the network around."""
    fields = {**vars(results), "what_if": part, "corridors": br.corridors("yuqian")}
    fields["corridor_stops"] = results.corridor_stops.iloc[:0]
    return save_map(study_map(SimpleNamespace(**fields)), tmp_path_factory.mktemp("asked") / "map.html")


@pytest.fixture
def asked_page(asked: Path, open_file: Callable[..., Opened]) -> Opened:
    return open_file(asked)
