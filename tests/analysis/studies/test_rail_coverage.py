"""Whether the railway tables say anything about a study's trains."""

from __future__ import annotations

import pandas as pd
import pytest

from borderreach.analysis.corridors import Scenarios
from borderreach.analysis.studies import Ground, Reach, rail_coverage
from borderreach.analysis.study_file import Study
from borderreach.geo.errors import InputError
from borderreach.geo.networks import rail_network, rail_sections, rail_stations, trunk_network


def study(provinces, centres, **more):
    return Study(
        name="s",
        title="s",
        title_en="s",
        provinces=tuple(provinces),
        between=tuple(provinces),
        centres=tuple(centres),
        **more,
    )


def coverage(provinces, centres, rail=None):
    chosen = study(provinces, centres)
    ground = Ground(chosen)
    reach = Reach(chosen, Scenarios(trunk_network(speed_kph=88), ()), ground)
    return rail_coverage(ground, reach, rail or rail_network(), cutoff_min=120.0)


def south_west():
    """Tables of one's own, of a few lines: as the embedded ones were before they held the whole country."""
    stations, sections = rail_stations(), rail_sections()
    line = sections[sections["line_id"].isin(["yugui", "chengyu", "chenggui", "hukun-guizhou"])]
    return rail_network(stations=pd.DataFrame(stations.drop(columns="geometry")), sections=line)


def test_where_the_tables_have_nothing():
    found = coverage(["江苏", "山东", "河南", "安徽"], ["徐州市", "商丘市"], south_west())
    assert not found.covers
    assert set(found.centres_without) == {"徐州市", "商丘市"}
    assert set(found.without) == set(found.prefectures)


def test_where_they_hold_the_country():
    found = coverage(["江苏", "山东", "河南", "安徽"], ["徐州市", "商丘市"])
    assert found.covers
    assert found.centres_without == ()


def test_where_they_were_compiled_for():
    found = coverage(["重庆", "贵州"], ["重庆市", "贵阳市"])
    assert found.covers
    assert found.centres_without == ()
    assert {"重庆市", "贵阳市", "遵义市"} <= set(found.prefectures) - set(found.without)


def test_where_they_have_some():
    """Prefectures off the lines are named, and the circle is a lower bound."""
    found = coverage(["重庆", "贵州"], ["重庆市", "贵阳市"], south_west())
    assert found.covers
    assert "安顺市" in found.without
    assert "遵义市" in set(found.prefectures) - set(found.without)


@pytest.mark.parametrize("provinces", [("重庆", "广东"), ("海南",)])
def test_provinces_without_a_common_border(provinces):
    with pytest.raises(InputError, match=r"'between': .* share no land border; .* borders on"):
        Ground(study(provinces, ["广州市"]))
