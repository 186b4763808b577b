"""Chinese places' names in Latin letters."""

from __future__ import annotations

import re

import pytest

from borderreach.geo.places import cities, counties, english_name, provinces


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("重庆市", "Chongqing"),
        ("陕西省", "Shaanxi"),
        ("山西省", "Shanxi"),
        ("内蒙古自治区", "Inner Mongolia"),
        ("香港特别行政区", "Hong Kong"),
        ("呼和浩特市", "Hohhot"),
        ("西安市", "Xi'an"),
        ("广安市", "Guang'an"),
        ("酉阳土家族苗族自治县", "Youyang"),
        ("恩施土家族苗族自治州", "Enshi"),
        ("忠县", "Zhongxian"),
        ("单县", "Shanxian"),
        ("洪洞县", "Hongtong"),
        ("什邡市", "Shifang"),
        ("长顺县", "Changshun"),
        ("长治市", "Changzhi"),
        ("都匀市", "Duyun"),
        ("朝阳区", "Chaoyang"),
        ("宿州市", "Suzhou"),
        ("漯河市", "Luohe"),
        ("六安市", "Lu'an"),
        ("台州市", "Taizhou"),
        ("吕梁市", "Lüliang"),
        ("贵阳东", "Guiyangdong"),
        ("Zürich", "Zürich"),
        ("", ""),
    ],
)
def test_a_name_in_letters(name: str, expected: str) -> None:
    assert english_name(name) == expected


def test_every_embedded_unit_has_one() -> None:
    for units in (provinces(), cities(), counties()):
        for name in units["name"]:
            assert re.fullmatch(r"[A-Z][A-Za-zü' ]+", english_name(name)), name
