"""Chinese names of administrative units: stems without suffixes, and provinces by name or code."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import Any, Final

import pandas as pd

from ..errors import EmptyInputError, InputTypeError, UnknownPlaceError

_UNITS: Final = re.compile(
    "(特别行政区|行政委员会|自治区|自治州|自治县|自治旗|地区|林区|特区|新区|矿区|省|市|区|县|旗|盟)$"
)
# Autonomous units carry the names of peoples before the unit, without 族 in some of Xinjiang's.
_PEOPLES: Final = re.compile(
    "(各族|(蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山|拉祜|水|东乡"
    "|纳西|景颇|柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|俄罗斯|鄂温克"
    "|德昂|保安|裕固|京|塔塔尔|独龙|鄂伦春|赫哲|门巴|珞巴|基诺)族|蒙古|维吾尔|哈萨克|柯尔克孜|锡伯|塔吉克)$"
)


def stem(name: str) -> str:
    """Return a unit's name without the word for its kind and the peoples before it.

    At least two characters are left, so that 忠县 and 城区 stay as they are.

    Parameters
    ----------
    name : str
        Such as 綦江区, 酉阳土家族苗族自治县 or 广西壮族自治区.

    Returns
    -------
    str

    Examples
    --------
    >>> [stem(name) for name in ("綦江区", "酉阳土家族苗族自治县", "广西壮族自治区", "清新区", "忠县")]
    ['綦江', '酉阳', '广西', '清新', '忠县']
    """
    unit = next((found for found in _suffixes(name) if found.start() >= 2), None)
    if unit is None:
        return name
    short = name[: unit.start()]
    if unit.group().startswith("自治"):
        while (people := _PEOPLES.search(short)) is not None and people.start() >= 2:
            short = short[: people.start()]
        if len(short) > 2:  # 东乡族自治县 is known as 东乡
            short = short.removesuffix("族")
    return short


def _suffixes(name: str) -> Iterator[re.Match[str]]:
    """Yield the words for a kind at a name's end, longest first: 清新区 is the district 清新, not the new area 清."""
    start = 0
    while (found := _UNITS.search(name, start)) is not None:
        yield found
        start = found.start() + 1


def resolve_provinces(wanted: Any, known: pd.DataFrame, argument: str) -> list[int]:
    """Return the adcodes of provinces given by name or code.

    Parameters
    ----------
    wanted : str, int or iterable of these
        Names with or without suffix (重庆, 重庆市) or adcodes (500000, "500000").
    known : DataFrame
        With `province` and `province_adcode`; one or more rows per province.
    argument : str
        Name of the caller's argument, for messages.

    Returns
    -------
    list of int
        In the order given, each once.

    Raises
    ------
    UnknownPlaceError
        With names that come close.
    EmptyInputError, InputTypeError
        If none is given, or one is neither name nor code.
    """
    if isinstance(wanted, (str, Integral)) or not isinstance(wanted, Iterable):
        wanted = [wanted]
    table = known[["province", "province_adcode"]].drop_duplicates()
    by_key: dict[str, int] = {}
    for name, code in zip(table["province"].astype(str), table["province_adcode"].astype(int), strict=True):
        by_key.setdefault(stem(name), code)
        by_key[name] = code
        by_key[str(code)] = code
    codes: list[int] = []
    for item in wanted:
        if isinstance(item, bool) or not isinstance(item, (str, Integral)):
            raise InputTypeError(
                f"'{argument}' should hold provinces' names or adcodes such as '重庆' or 500000, got {item!r}"
            )
        key = item.strip() if isinstance(item, str) else str(int(item))
        found = by_key.get(key)
        if found is None:
            close = difflib.get_close_matches(key, by_key, n=3, cutoff=0.4)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            names = "、".join(table["province"].astype(str))
            raise UnknownPlaceError(f"'{argument}': no province {item!r}{hint} Known here: {names}")
        if found not in codes:
            codes.append(found)
    if not codes:
        raise EmptyInputError(f"'{argument}' is empty; name at least one province or leave it out")
    return codes
