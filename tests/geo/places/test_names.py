import pandas as pd
import pytest

from borderreach.geo.errors import EmptyInputError, InputTypeError, UnknownPlaceError
from borderreach.geo.places._boundaries import cities, counties, provinces
from borderreach.geo.places._names import resolve_provinces, stem

KNOWN = pd.DataFrame(
    {"province": ["重庆市", "贵州省", "内蒙古自治区"], "province_adcode": [500000, 520000, 150000]}
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("重庆市", "重庆"),
        ("内蒙古自治区", "内蒙古"),
        ("新疆维吾尔自治区", "新疆"),
        ("香港特别行政区", "香港"),
        ("恩施土家族苗族自治州", "恩施"),
        ("巴音郭楞蒙古自治州", "巴音郭楞"),
        ("大兴安岭地区", "大兴安岭"),
        ("锡林郭勒盟", "锡林郭勒"),
        ("积石山保安族东乡族撒拉族自治县", "积石山"),
        ("龙胜各族自治县", "龙胜"),
        ("互助土族自治县", "互助"),
        ("东乡族自治县", "东乡"),
        ("鄂温克族自治旗", "鄂温克"),
        ("浦东新区", "浦东"),
        ("神农架林区", "神农架"),
        ("清新区", "清新"),  # a district of Qingyuan, no new area
        ("碑林区", "碑林"),
        ("鹰手营子矿区", "鹰手营子"),
        ("矿区", "矿区"),
        ("忠县", "忠县"),
        ("城区", "城区"),
        ("綦江", "綦江"),
        ("", ""),
    ],
)
def test_stem(name, expected):
    assert stem(name) == expected


def test_stems_of_all_units_are_names_of_two_characters_or_more():
    for frame in (provinces(), cities(), counties(), counties("amap")):
        for name in frame["name"]:
            assert len(stem(name)) >= 2
            assert name.startswith(stem(name))


def test_stems_of_provinces_are_their_short_names():
    frame = provinces()
    assert frame["name"].map(stem).tolist() == frame["short_name"].tolist()


def test_provinces_by_name_stem_and_code_each_once():
    assert resolve_provinces(["贵州", "重庆市", 520000, "150000"], KNOWN, "provinces") == [
        520000,
        500000,
        150000,
    ]
    assert resolve_provinces("重庆", KNOWN, "provinces") == [500000]


def test_unknown_province_names_argument_value_and_neighbour():
    with pytest.raises(UnknownPlaceError, match=r"'between': no province '重庆省'; did you mean 重庆"):
        resolve_provinces(["重庆省"], KNOWN, "between")


@pytest.mark.parametrize("wanted", [None, 1.5, [True], [["重庆"]]])
def test_neither_name_nor_code(wanted):
    with pytest.raises(InputTypeError, match="'between'"):
        resolve_provinces(wanted, KNOWN, "between")


def test_no_province_at_all():
    with pytest.raises(EmptyInputError, match="'between' is empty"):
        resolve_provinces([], KNOWN, "between")
