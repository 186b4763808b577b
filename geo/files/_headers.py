"""Headers of tables as people write them: what each of ours is called elsewhere, its unit and its datum."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ..errors import InputError, MissingColumnError

#: Our name of a column -> what it is called elsewhere; compared without case, spaces, underscores and brackets.
HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "lon": ("lng", "long", "longitude", "x", "pointx", "xcoord", "经度", "东经", "经"),
    "lat": ("latitude", "y", "pointy", "ycoord", "纬度", "北纬", "纬"),
    "adcode": (
        "code", "gb", "pac", "xzqdm", "xzqhdm", "xzdm", "行政区划代码", "区划代码", "行政代码", "区划码",
        "行政区代码", "行政区划码", "县代码", "区县代码", "县级代码", "代码", "编码", "fips", "geoid", "nutsid",
    ),
    "name": (
        "名称", "县名", "区县", "县区", "县市区", "区县名称", "县级名称", "县级", "县", "地名", "行政区名称",
        "行政区划名称", "地区", "站名", "车站", "车站名称", "站点名称", "xzqmc", "mc", "nutsname",
    ),
    "people": (
        "population", "pop", "人口", "常住人口", "总人口", "人口数", "人数", "常住人口数", "户籍人口", "年末常住人口",
    ),
    "province": ("省", "省份", "省名", "省级", "所属省", "省市", "省级名称", "省名称"),
    "province_adcode": ("省代码", "省级代码", "省份代码"),
    "city": ("市", "地市", "市名", "地级市", "市州", "所属市", "市级", "市级名称"),
    "city_adcode": ("市代码", "市级代码"),
    "origin_id": ("id", "编号", "序号"),
    "origin_name": ("起点", "起点名称", "出发地"),
    "station_id": ("stationcode", "车站编号", "站点编号", "电报码", "车站代码"),
    "line_id": ("line", "线路", "线路编号", "线名", "线路名称"),
    "from_station": ("from", "起站", "起点站", "始发站", "区间起点"),
    "to_station": ("to", "止站", "终点站", "终到站", "区间终点"),
    "minutes": ("min", "分钟", "时间", "运行时间", "运行分钟", "用时"),
    "length_km": ("km", "length", "里程", "长度", "公里", "运营里程"),
    "train": ("车次", "车次号", "列车", "列车号", "trainno", "traincode"),
    "run": ("runid", "tripid", "开行编号"),
    "stop_no": ("stopsequence", "seq", "站序", "站次", "停靠序号"),
    "station": ("stop", "stopname", "stationname", "站名", "车站", "车站名称", "站点", "停靠站", "经停站"),
    "arrive": ("arrival", "arrivaltime", "arrivetime", "到达", "到点", "到时", "到达时间", "到站时间"),
    "depart": ("departure", "departuretime", "departtime", "starttime", "出发", "发点", "发时", "开点", "开车时间", "出发时间", "发车时间"),
    "dates": ("date", "days", "runningdates", "开行日期", "日期"),
    "status": ("状态", "建设状态"),
    "opening_date": ("opening", "开通日期", "开通时间", "通车日期", "通车时间"),
    "design_speed_kph": ("designspeed", "设计时速", "设计速度", "时速", "速度目标值"),
    "trains_per_day": ("trains", "班次", "每日班次", "列车对数", "开行对数", "日均列车"),
    "source": ("来源", "资料来源", "数据来源", "出处"),
    "station_a": (), "line_a": ("甲线",), "line_b": ("乙线",),
    "speed_kph": ("speed", "maxspeed", "限速", "车速", "速度", "行车速度"),
    "road_class": ("highway", "fclass", "class", "等级", "道路等级", "技术等级", "行政等级", "类型"),
    "oneway": ("单行", "单向", "单行线"),
}  # fmt: skip
#: What one of a header's unit is in ours: 人口（万人） counts in ten thousands.
UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "people": {"人": 1.0, "万人": 1e4, "万": 1e4, "千人": 1e3, "亿人": 1e8},
    "length_km": {"km": 1.0, "公里": 1.0, "千米": 1.0, "m": 1e-3, "米": 1e-3},
    "minutes": {
        "min": 1.0,
        "分钟": 1.0,
        "分": 1.0,
        "h": 60.0,
        "小时": 60.0,
        "时": 60.0,
        "s": 1 / 60,
        "秒": 1 / 60,
    },
}
_DATUMS: Final = {
    "gcj02": "GCJ-02", "gcj": "GCJ-02", "火星": "GCJ-02", "高德": "GCJ-02", "腾讯": "GCJ-02", "amap": "GCJ-02",
    "bd09": "BD-09", "bd": "BD-09", "百度": "BD-09", "baidu": "BD-09",
    "wgs84": "WGS84", "wgs": "WGS84", "cgcs2000": "WGS84",
}  # fmt: skip

_log = logging.getLogger(__name__)


class Header(NamedTuple):
    """What a header says: its bare name, its unit ("" where none), and the datum in it ("" where none)."""

    name: str
    unit: str
    datum: str


def parse(header: str) -> Header:
    """Take a header apart.

    Examples
    --------
    >>> parse("常住人口（万人）")
    Header(name='常住人口', unit='万人', datum='')
    >>> parse("lng_GCJ02")
    Header(name='lng', unit='', datum='GCJ-02')
    """
    text = unicodedata.normalize("NFKC", str(header)).casefold().strip()
    bracket = re.search(r"[(\[【]\s*([^)\]】]*?)\s*[)\]】]\s*$", text)
    unit = bracket[1] if bracket else ""
    bare = re.sub(r"[(\[【][^)\]】]*[)\]】]", "", text)
    if not unit:
        tail = re.fullmatch(r"(.+?)[/,:_]\s*(万人|万|千人|人|km|公里|千米|米|分钟|小时|min|h)", bare)
        if tail:
            bare, unit = tail[1], tail[2]
    bare = re.sub(r"[\s_\-./°:]+", "", bare)
    datum = next((known for mark, known in _DATUMS.items() if mark in unit.replace("-", "")), "")
    for mark, known in _DATUMS.items():
        if bare.startswith(mark) and len(bare) > len(mark):
            bare, datum = bare.removeprefix(mark), known
        elif bare.endswith(mark) and len(bare) > len(mark):
            bare, datum = bare.removesuffix(mark), known
    return Header(bare, unit, datum)


def find_columns(
    headers: Iterable[str],
    wanted: Iterable[str],
    where: str,
    *,
    columns: Mapping[str, str] | None = None,
    needed: Iterable[str] = (),
) -> dict[str, str]:
    """Return which header stands for each of the columns wanted.

    Parameters
    ----------
    headers : iterable of str
    wanted : iterable of str
        Our names; those that no header stands for are left out.
    where : str
        What to call the table in messages.
    columns : mapping of str to str, optional
        Our name -> the header, where the caller says so.
    needed : iterable of str
        Those that have to be there.

    Raises
    ------
    MissingColumnError
        If one that is needed or mapped isn't there; with all that are.
    InputError
        If several headers could be one that is needed.

    Examples
    --------
    >>> find_columns(["名称", "经度", "纬度", "备注"], ("name", "lon", "lat"), "the table")
    {'name': '名称', 'lon': '经度', 'lat': '纬度'}
    """
    there = [str(header) for header in headers]
    mapping, must = dict(columns or {}), set(needed)
    by_name: dict[str, list[str]] = {}
    for header in there:
        by_name.setdefault(parse(header).name, []).append(header)
    found: dict[str, str] = {}
    for own in wanted:
        given = mapping.get(own)
        if given is not None:
            if given not in there:
                raise MissingColumnError(f"{where} lacks the column {given!r}. It has {_listed(there)}")
            found[own] = given
            continue
        if own in there:
            found[own] = own
            continue
        taken = {*mapping.values(), *found.values()}
        names = (own, *HEADERS.get(own, ()))
        fits = [h for name in names for h in by_name.get(parse(name).name, ()) if h not in taken]
        if len(fits) == 1:
            found[own] = fits[0]
        elif own in must and fits:
            raise InputError(
                f"{where} has several columns that could be {own!r}: {_listed(fits)}; "
                f"say which with columns={{{own!r}: {fits[0]!r}}}"
            )
        elif own in must:
            known = "、".join(HEADERS.get(own, ())[:4])
            hint = f" ({known} and others are understood as well)" if known else ""
            raise MissingColumnError(
                f"{where} lacks the column {own!r}{hint}; map it with columns={{{own!r}: ...}}. "
                f"It has {_listed(there)}"
            )
    return found


def units_said(text: str) -> list[str]:
    """Return the units that a line above a table says its figures are in.

    Examples
    --------
    >>> units_said("单位：万人、平方公里"), units_said("2020年各县人口")
    (['万人', '平方公里'], [])
    """
    found = re.search(r"(?:计量)?单位\s*:\s*([^)\]】]+)", unicodedata.normalize("NFKC", text).casefold())
    return [unit.strip() for unit in re.split(r"[、,;/]", found[1])] if found else []


def unit_factor(own: str, header: str, where: str, *, above: Iterable[str] = ()) -> float:
    """Return what values under a header have to be multiplied by to be in our unit; said aloud unless 1.

    Parameters
    ----------
    own, header, where : str
        Our name of the column, the table's, and what to call the table.
    above : iterable of str
        Units that stand above the table, for headers without one of their own.
    """
    units = UNITS.get(own, {})
    said = parse(header).unit
    unit = said if said in units else next((one for one in above if not said and one in units), said)
    factor = units.get(unit, 1.0)
    if factor != 1.0:
        _log.warning("%s: the column %r counts in %s; multiplied by %g", where, header, unit, factor)
    return factor


def _listed(headers: Iterable[str]) -> str:
    return ", ".join(map(repr, headers)) or "none"
