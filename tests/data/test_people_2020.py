"""The census brought to today's counties: everyone once, and each figure where it belongs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from borderreach.data import path
from borderreach.geo.places._boundaries import counties

#: Residents of the 31 provinces by the communiqué of the seventh census (No. 2, 11 May 2021).
COMMUNIQUE = 1_409_778_724
#: The same by province, for three of them.
PROVINCES = {500000: 32_054_159, 440000: 126_012_510, 330000: 64_567_588}
NEW_CODES = {
    330113: ("临平区", 1_175_841),
    330114: ("钱塘区", 769_150),
    350404: ("三元区", 220_115 + 187_936),
    350405: ("沙县区", 250_503),
    350604: ("龙海区", 952_000),
    350605: ("长泰区", 228_235),
    410307: ("偃师区", 545_632),
    410308: ("孟津区", 416_845 + 69_142),  # with 吉利区
    431181: ("祁阳市", 791_939),
    450181: ("横州市", 896_099),
    513402: ("会理市", 390_531),
    520581: ("黔西市", 732_008),
    532302: ("禄丰市", 366_512),
    610305: ("凤翔区", 386_156),
    610981: ("旬阳市", 357_876),
    654203: ("沙湾市", 301_046),
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(path("people_2020.csv"))


@pytest.mark.parametrize("source", ["tianditu", "amap"])
class TestEachSource:
    def own(self, table: pd.DataFrame, source: str) -> pd.DataFrame:
        return table[table["boundaries"].isin(("both", source))]

    def test_everyone_is_counted_once(self, table: pd.DataFrame, source: str):
        own = self.own(table, source)
        assert not own["adcode"].duplicated().any()
        assert own["people"].sum() == COMMUNIQUE
        sums = own.groupby(own["adcode"] // 10_000 * 10_000)["people"].sum()
        # 加格达奇 and 松岭 belong to Heilongjiang, and lie in Inner Mongolia's 鄂伦春 where they have no polygon
        assert {code: sums[code] for code in PROVINCES} == PROVINCES

    def test_every_county_of_the_31_provinces_has_a_row(self, table: pd.DataFrame, source: str):
        units = counties(source)
        inside = units[units["province_adcode"] < 710_000]
        left = inside[~inside["adcode"].isin(self.own(table, source)["adcode"])]
        expected = {"金门县"} if source == "tianditu" else {"金门县", "澳门大学横琴校区"}
        assert set(left["name"]) == expected
        own = self.own(table, source).set_index("adcode")["name"]
        names = inside.set_index("adcode")["name"]
        assert own.equals(names.reindex(own.index).astype(own.dtype).rename("name"))

    def test_codes_newer_than_the_census(self, table: pd.DataFrame, source: str):
        own = self.own(table, source).set_index("adcode")
        for code, (name, people) in NEW_CODES.items():
            assert own["name"][code] == name
            assert own["people"][code] - own["zone_people"][code] == people
        assert 350527 not in own.index  # Jinmen, which the census didn't count

    def test_nobody_is_zero_without_a_reason(self, table: pd.DataFrame, source: str):
        own = self.own(table, source)
        assert set(own.loc[own["people"] == 0, "basis"]) <= {"counted elsewhere"}
        assert (own["people"] >= 0).all()
        assert own["zone_people"].between(0, own["people"]).all()


def test_reference_figures(table: pd.DataFrame):
    people = table.set_index("adcode")["people"]
    assert people[500110] == 1_011_334  # Qijiang
    assert people[520322] == 529_471  # Tongzi
    assert people[500242] == 607_338  # Youyang


def test_figures_of_the_digitised_table_are_kept(reference: Path, table: pd.DataFrame):
    file = reference / "census" / "county_2020.csv"
    if not file.exists():
        pytest.skip("no census table in the reference material")
    census = pd.read_csv(file).set_index("code")["pop2020"]
    # development zones and cities without districts are what the table lacks of the communiqué
    assert COMMUNIQUE - census.sum() == 19_577_263
    own = table[(table["basis"] == "census") & (table["boundaries"] != "amap")].set_index("adcode")
    assert (own["people"] - own["zone_people"]).equals(census.reindex(own.index).rename(None))
