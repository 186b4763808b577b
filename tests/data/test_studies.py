"""The embedded studies, claims and groups: they parse, name what exists, and quote the texts."""

from __future__ import annotations

import re

import pytest

from borderreach.analysis.claims._files import claims_of, read_claims
from borderreach.analysis.corridors._files import corridor, resolve_corridors
from borderreach.analysis.corridors._shapley import MAX_EXACT
from borderreach.data import path
from borderreach.geo.networks import trunk_network
from borderreach.geo.networks._rail import rail_stations
from borderreach.geo.places._boundaries import provinces
from borderreach.geo.places._places import place
from borderreach.studies import study, study_names

TEXTS = {
    "guizhou": "000_4aed21a698ac897a.txt",
    "yuqian": "001_70d25c14cee422de.txt",
    "zheminggan": "002_2a224bb3db518c50.txt",
    "national": "002_2a224bb3db518c50.txt",
    "bazhong": "003_ab47a2aae3fd0867.txt",
    "chengyugui": "004_826bcbb6eedfeee4.txt",
}
FILES = sorted(path("claims").glob("*.toml"))


def flat(text):
    """Text without blanks and bold marks: the texts break lines inside words."""
    return re.sub(r"[\s*]", "", text)


def test_every_text_has_a_study_with_claims():
    assert set(TEXTS) <= set(study_names())
    assert {file.stem for file in FILES} == set(TEXTS)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_studies_name_what_exists(name):
    found = study(name)
    assert found.text == TEXTS[name]
    assert found.title
    assert found.title_en
    known = set(provinces()["name"])
    assert set(found.provinces) <= known
    assert [place(centre).level for centre in found.centres].count("county") == 0
    # contributions are exact up to so many corridors
    assert len(resolve_corridors(found)) <= MAX_EXACT
    assert claims_of(found).text == found.text


def test_the_national_study_has_every_mainland_province_and_its_capital():
    found = study("national")
    assert len(found.provinces) == 31
    homes = [place(centre).province for centre in found.centres]
    assert homes == list(found.provinces)
    assert not found.corridors


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_quotes_stand_in_the_texts(file, reference):
    found = read_claims(file)
    text = flat((reference / "seeds" / found.text).read_text(encoding="utf-8"))
    quotes = [(one.id, one.words) for one in found.claim] + [(one.id, one.words) for one in found.group]
    missing = [identifier for identifier, words in quotes if flat(words) not in text]
    assert not missing


#: Where a text begins, and lines of it that belong to the journal rather than to the text.
BEGINS = {"001": "摘要:", "003": "摘要：在新发展", "004": "【摘要】"}
NOT_THE_TEXTS = re.compile(
    r"^(?:基金项目|作者简介|中图分类号|【中图分类号】|资料来源|数据来源|图\s?\d|表\s?\d|¹|\s*\(?[12]\. ).*$"
    r"|^\s*[(（]?\d{1,2}(?:\.(?!\d)|[)）、])",  # numbers of headings and items
    re.MULTILINE,
)
CITATIONS = re.compile(r"\^?\{?\^?\[\d[^\]]*\]\}?|（[^（）\d]{2,12}，\d{4}）|\^\{[^}]*\}")


def numbers_of(name, text):
    """Numbers of a text without references, citations, headings' numbers and what the journal added."""
    text = text[max(0, text.find(BEGINS.get(name[:3], "\0"))) :]
    text = re.split("参考文献|Study on High-quality", text)[0]
    text = NOT_THE_TEXTS.sub("", text.replace("**", ""))
    text = CITATIONS.sub("", re.sub(r"(?<=[^\d\s])\s+|\s+(?=[^\d\s])", "", text))
    return set(re.findall(r"\d+(?:\.\d+)?", text))


@pytest.mark.parametrize("name", sorted(set(TEXTS.values())))
def test_every_number_of_a_text_stands_in_a_claim(name, reference):
    files = [read_claims(file) for file in FILES]
    claims = [one for file in files if file.text == name for one in file.claim]
    said = {
        number
        for one in claims
        for part in (one.words, one.reading, one.reason)
        for number in re.findall(r"\d+(?:\.\d+)?", part)
    }
    numbers = numbers_of(name, (reference / "seeds" / name).read_text(encoding="utf-8"))
    assert len(numbers) >= 4
    assert sorted(numbers - said) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_places_corridors_and_stations_exist(file):
    found = read_claims(file)
    stations = set(rail_stations()["name"])
    for names in found.stations.values():
        assert stations & set(names)
    for claim in found.claim:
        for identifier in claim.corridors:
            assert corridor(identifier).id == identifier
        for name in (*claim.places, *claim.centres):
            for part in name.partition(":")[2].split(",") if ":" in name else [name]:
                assert place(part).adcode
    for group in found.group:
        assert len({place(member).adcode for member in group.members}) == len(group.members)


def test_ids_of_claims_are_distinct_over_all_files():
    ids = [claim.id for file in FILES for claim in read_claims(file).claim]
    assert len(set(ids)) == len(ids)
    assert len(ids) >= 80


def test_every_claim_that_cannot_be_checked_says_why_in_full():
    for file in FILES:
        for claim in read_claims(file).claim:
            if claim.kind == "not_checkable":
                assert len(claim.reason) >= 8, claim.id


def test_no_text_denies_what_the_embedded_data_hold():
    """Roads have classes, and relief is known along them: reasons and assumptions written before that are no reasons any more."""
    assert {"motorway", "ordinary"} <= set(trunk_network().classes)
    assert path("roads/relief.npz").is_file()
    denied = re.compile("公路网不分|不分高速公路|没有内置高程|没有内置铁路|没有内置人口")
    for folder in ("claims", "studies", "corridors"):
        for file in sorted(path(folder).glob("*.toml")):
            assert denied.findall(file.read_text(encoding="utf-8")) == [], file.name
