"""Links between cities: what adds up, and what is the strongest on a network of three."""

from __future__ import annotations

import pytest

from borderreach.analysis.studies import CITY_LINKS, CITY_TOTALS
from borderreach.studies import study_run


@pytest.fixture(scope="module")
def tables():
    return study_run("yuqian").tables("linkages")


def test_shares_add_up_and_totals_are_those_of_the_links(tables):
    links, totals = tables["city_links"], tables["city_totals"]
    assert list(links.columns) == list(CITY_LINKS)
    assert list(totals.columns) == list(CITY_TOTALS)
    assert set(links["scenario"]) == {"base", "all"}
    for scenario, own in totals.groupby("scenario"):
        pairs = links[links["scenario"] == scenario]
        assert len(pairs) == len(own) * (len(own) - 1) / 2  # few enough to be kept all
        assert pairs["share"].sum() == pytest.approx(1)
        assert own["share"].sum() == pytest.approx(1)
        assert own["total"].sum() == pytest.approx(2 * pairs["strength"].sum())
        across = pairs.loc[pairs["across"], "strength"].sum()
        assert (own["total"] * own["across_share"]).sum() == pytest.approx(2 * across)
        assert pairs["breaking_min"].between(0, pairs["minutes"]).all()


def test_strength_is_people_over_time_squared(tables):
    people = tables["city_totals"].query("scenario == 'base'").set_index("name")["people"] / 1e4
    for row in tables["city_links"].query("scenario == 'base'").itertuples():
        assert row.strength == pytest.approx(people[row.a_name] * people[row.b_name] / row.minutes**2)
        # at the breaking point both draw alike under the inverse square
        there = row.breaking_min
        assert people[row.a_name] / there**2 == pytest.approx(people[row.b_name] / (row.minutes - there) ** 2)


def test_corridors_weaken_no_link_and_every_county_lies_around_a_city(tables):
    keys = ["a_name", "b_name"]
    links = tables["city_links"].assign(
        pair=[tuple(sorted(pair)) for pair in tables["city_links"][keys].to_numpy()]
    )
    base, after = (links[links["scenario"] == name].set_index("pair")["strength"] for name in ("base", "all"))
    assert (after.reindex(base.index) >= base * (1 - 1e-9)).all()
    around = tables["city_totals"].groupby("scenario")["hinterland_people"].sum()
    assert around["base"] == pytest.approx(around["all"])
