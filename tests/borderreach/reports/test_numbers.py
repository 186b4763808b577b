"""Every number of a report comes out a second time, and nothing has two values: what one run of each study is looked at for."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from borderreach.analysis.corridors import resolve_corridors
from borderreach.analysis.studies import StudyResults
from borderreach.geo.places import provinces
from borderreach.maps.page import save_map, study_map
from borderreach.reports import report

from .numbers import Number, body_of, cells_of, numbers_of
from .values import Values

#: How long a report may be before its appendices, characters.
MOST = {"national": 20_000}
MOST_REGIONAL = 12_000
#: How large a map may be, bytes, and the network that its reader asks.
MOST_OF_A_MAP = {"national": 8_000_000}
MOST_OF_A_REGIONAL_MAP = 3_000_000
MOST_OF_A_WHAT_IF = 600_000


def claims_of(body: str) -> tuple[str, str]:
    """The body without the table of the text's claims, and that table."""
    found = re.search(r"\*\*表 \d+\*\*　逐句检验的结果\n\n((?:\|.*\n)+)", body)
    return (body.replace(found[0], ""), found[1]) if found else (body, "")


def test_every_number_of_the_body_comes_out_a_second_time(each_study: StudyResults):
    told, _ = claims_of(body_of(report(each_study)))
    values = Values(each_study)
    numbers = list(numbers_of(told))
    assert len(numbers) > 200
    assert [number for number in numbers if not values.has(number)] == []


def otherwise(number: Number) -> Iterator[Number]:
    """A number a tenth larger and a tenth smaller, or by its last digit."""
    for factor in (1.1, 0.9):
        value = round(number.value * factor, number.digits)
        if value == number.value:
            value += 10.0**-number.digits
        yield dataclasses.replace(number, text=f"{value:.{number.digits}f}")


def test_numbers_that_are_off_are_found(each_study: StudyResults):
    """What says that each number is right says of most wrong ones that they are wrong."""
    told, _ = claims_of(body_of(report(each_study)))
    values = Values(each_study)
    wrong = [each for number in numbers_of(told) for each in otherwise(number)]
    unseen = [each for each in wrong if values.has(each)]
    assert len(unseen) < 0.25 * len(wrong)
    # Of those with a unit of which tables are full: areas, people and kilometres.
    large = [each for each in wrong if each.kind in {"km2", "people"} and abs(each.value) > 100]
    assert sum(map(values.has, large)) < 0.2 * len(large)


def test_numbers_of_claims_are_those_of_their_table(each_study: StudyResults):
    _, table = claims_of(body_of(report(each_study)))
    columns = ["words", "reading", "verdict_text", "detail", "flip", "other_reading", "assumptions"]
    texts = (
        "\n".join(each_study.claims[columns].astype(str).to_numpy().ravel()) if len(each_study.claims) else ""
    )
    known = set(re.findall(r"\d[\d,.]*", texts))
    for line in table.splitlines()[2:]:
        number, *cells = cells_of(line)
        assert number == "" or number.isdigit()
        for cell in cells:
            said = re.sub(r"见下列 \d+ 个部分|\d+ 种另外的读法|见下列 ", "", cell)
            assert set(re.findall(r"\d[\d,.]*", said)) <= known, said
    for claim in each_study.claims.itertuples():
        found = re.search(r"算得([\d.]+)(%?)", claim.verdict_text)
        if found:
            digits = len(found[1].partition(".")[2])
            shown = claim.value * 100 if found[2] and claim.unit != "%" else claim.value
            assert round(shown, digits) == pytest.approx(float(found[1])), claim.claim_id


def things(text: str, results: StudyResults) -> Iterator[tuple[Any, str]]:
    """What a report tells in several places, each time with its value as printed."""
    centres = list(results.centres["origin_name"])
    header: list[str] = []
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if not line.startswith("|"):
            continue
        cells = cells_of(line)
        if not lines[at - 1].startswith("|"):
            header = cells
            continue
        cell = dict(zip(header, cells, strict=False))
        if "毗邻区县" in cell:
            for head, value in cell.items():
                if head == "人口（万）":
                    yield (cell["毗邻区县"], "people"), value
                for centre in centres:
                    if head in {f"至{centre}", f"至{centre}，规划后"}:
                        yield (cell["毗邻区县"], centre, "后" in head), value.rstrip("●")
            if "中心" in cell:
                yield (cell["毗邻区县"], cell["中心"], False), cell["现状（分钟）"]
                yield (cell["毗邻区县"], cell["中心"], True), cell["规划后（分钟）"]
        if "起讫" in cell:
            ends = cell["起讫"]
            for head, value in cell.items():
                if head in {"公铁联程，现状", "公铁联程门到门"}:
                    yield (ends, "now"), value
                if head in {"只走公路，现状", "全程公路"}:
                    yield (ends, "by road"), value
        whole = "公铁联程圈" if len(results.road_circles) else "公路圈"
        if header[:2] == ["分钟", "情景"] and header[2].startswith(whole):
            yield ("circle", cells[0], cells[1]), cells[2]
        if header[0] == "情景" and cells[0] == "建成全部廊道":
            yield ("circle", f"{results.study.circle_min:g}", "规划后"), cells[1]
    for county, centre, now, then in re.findall(
        r"[、为（]?([^、（）；为]+)（至([^（）、]+?)由 (\d+) 减至 (\d+) 分钟）", text
    ):
        yield (county, centre, False), now
        yield (county, centre, True), then
    circle = f"{results.study.circle_min:g}"
    for area in re.findall(r"小时圈合计 ([\d,]+) 平方千米|covers ([\d,]+) km²", text):
        yield ("circle", circle, "现状"), "".join(area)
    for counties in re.findall(r"(\d+) 个毗邻区县中|只在一点相接的不算，本研究共 (\d+) 个", text):
        yield "border counties", "".join(counties)
    for counties in re.findall(r"研究范围 (\d+) 个区县", text):
        yield "counties", counties
    for inside in re.findall(
        r"个毗邻区县（[^）]*）中有 (\d+) 个在圈内|(\d+) of the \d+ border counties are among", text
    ):
        yield "inside", "".join(inside)
    for length in re.findall(r"省界(?:（[^）]*）)?长 ([\d,–]+) 千米|border studied \(([\d,–]+) km\)", text):
        yield "border", "".join(length)


def test_nothing_has_two_values(each_study: StudyResults):
    found: dict[Any, set[str]] = {}
    times: dict[Any, int] = {}
    for thing, value in things(report(each_study), each_study):
        found.setdefault(thing, set()).add(value)
        times[thing] = times.get(thing, 0) + 1
    assert {thing: values for thing, values in found.items() if len(values) > 1} == {}
    assert sum(n > 1 for n in times.values()) >= 4, "nothing is told twice, so that nothing was compared"


def test_a_report_is_as_long_as_people_read(each_study: StudyResults):
    assert len(body_of(report(each_study))) <= MOST.get(each_study.study.name, MOST_REGIONAL)


def test_a_map_is_small_enough_to_be_sent(each_study: StudyResults, tmp_path: Path):
    page = save_map(study_map(each_study, context=provinces()), tmp_path / "map.html")
    assert page.stat().st_size < MOST_OF_A_MAP.get(each_study.study.name, MOST_OF_A_REGIONAL_MAP)
    data = re.search(
        r'<script type="application/json" id="study-data">(.*?)</script>', page.read_text(), re.DOTALL
    )
    assert data is not None
    what_if = json.loads(data[1])["whatIf"]
    as_written = json.dumps(what_if, ensure_ascii=False, separators=(",", ":"))
    assert as_written in page.read_text()
    assert 100_000 < len(as_written) < MOST_OF_A_WHAT_IF


def test_cities_are_linked_across_every_border_studied(each_study: StudyResults):
    names = set(each_study.borders["province_a"]) | set(each_study.borders["province_b"])
    assert names <= set(each_study.city_totals["province"])


def test_a_corridor_without_effect_says_why(each_study: StudyResults):
    corridors = resolve_corridors(each_study.study)
    if not corridors:
        pytest.skip("a study without corridors")
    text = report(each_study).split("廊道逐条")[1]
    shares = each_study.contributions.pivot_table(
        index="corridor_id", columns="measure", values="contribution"
    )
    overlap = each_study.corridor_overlap.groupby("corridor_id")[["corridor_min", "base_min"]].sum()
    own, today = overlap["corridor_min"].to_dict(), overlap["base_min"].to_dict()
    whole = each_study.corridor_replaces[each_study.corridor_replaces["whole"]]
    direct = whole.groupby("corridor_id")["base_min"].sum().to_dict()
    words = "表中各项贡献都是零"
    for one in corridors:
        prose = text.split(f"### {one.name}")[1].split("\n#")[0]
        if shares.loc[one.id].abs().max() > 0.5:
            assert words not in prose
            continue
        if words not in prose:
            assert shares.loc[one.id].abs().max() >= 0.05
            continue
        # the reason given is true
        why = prose.split(words)[1]
        if "不比它慢" in why:
            assert today[one.id] <= own[one.id]
        elif "另有一样快的走法" in why:
            assert direct[one.id] <= own[one.id]
        elif "不足两个" in why:
            joined = each_study.corridor_joins
            assert (joined["corridor_id"].eq(one.id) & joined["node"].ge(0)).sum() < 2
        else:
            assert "进站、候车和出站" in why or "最快的走法都不经过它" in why
