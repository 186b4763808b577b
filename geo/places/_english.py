"""Names of Chinese places in Latin letters: as they are known, else by Hanyu Pinyin without tones."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ._names import stem

#: Names known by other spellings than pinyin, or read otherwise than their characters are elsewhere; by stem.
_KNOWN: Final = {
    # provinces, and prefectures of peoples whose languages aren't Chinese
    "陕西": "Shaanxi", "内蒙古": "Inner Mongolia", "香港": "Hong Kong", "澳门": "Macao",
    "呼和浩特": "Hohhot", "鄂尔多斯": "Ordos", "呼伦贝尔": "Hulunbuir", "锡林郭勒": "Xilingol", "乌兰察布": "Ulanqab",
    "巴彦淖尔": "Bayannur", "阿拉善": "Alxa", "兴安": "Hinggan", "乌鲁木齐": "Urumqi", "喀什": "Kashgar", "和田": "Hotan",
    "吐鲁番": "Turpan", "阿克苏": "Aksu", "伊犁": "Ili", "阿勒泰": "Altay", "克拉玛依": "Karamay", "哈密": "Hami",
    "巴音郭楞": "Bayingolin", "博尔塔拉": "Bortala", "克孜勒苏": "Kizilsu", "拉萨": "Lhasa", "日喀则": "Xigaze",
    "林芝": "Nyingchi", "昌都": "Qamdo", "那曲": "Nagqu", "阿里": "Ngari", "果洛": "Golog", "哈尔滨": "Harbin",
    "齐齐哈尔": "Qiqihar",
    # readings of their own
    "单县": "Shanxian", "洪洞": "Hongtong", "什邡": "Shifang", "荥经": "Yingjing", "乐陵": "Laoling", "乐亭": "Laoting",
    "大城": "Daicheng", "长子": "Zhangzi", "筠连": "Junlian", "涡阳": "Guoyang", "繁峙": "Fanshi", "吴堡": "Wubu",
    "六合": "Luhe", "句容": "Jurong", "泊头": "Botou", "会稽": "Kuaiji", "婼羌": "Ruoqiang", "若羌": "Ruoqiang",
}  # fmt: skip
#: Characters that in names of places are read so, whatever a dictionary of words says.
_READ: Final = {
    "长": "chang", "都": "du", "朝": "chao", "宿": "su", "漯": "luo", "重": "chong", "藏": "zang",
}  # fmt: skip
_CHINESE: Final = re.compile("[\u3400-\u9fff]+")


@lru_cache(maxsize=65536)
def english_name(name: str) -> str:
    """Return a Chinese place's name in Latin letters.

    Provinces and cities known by other spellings have these (Shaanxi, Hohhot); all others are in Hanyu Pinyin without
    tones, without the word for their kind (GB/T 28039-2011 writes a name as one word), by the readings of a dictionary,
    which some names of places differ from. Text without Chinese characters is returned as it is.

    Parameters
    ----------
    name : str
        Such as 綦江区, 西安市 or 贵阳东.

    Returns
    -------
    str

    Examples
    --------
    >>> [english_name(name) for name in ("綦江区", "西安市", "酉阳土家族苗族自治县", "忠县", "陕西省", "长治市")]
    ['Qijiang', "Xi'an", 'Youyang', 'Zhongxian', 'Shaanxi', 'Changzhi']
    """
    short = stem(name.strip())
    known = _KNOWN.get(short)
    return known if known is not None else _CHINESE.sub(lambda found: _spelt(found.group()), short)


def _spelt(characters: str) -> str:
    # Its dictionaries take a tenth of a second to load.
    from pypinyin import lazy_pinyin  # noqa: PLC0415

    syllables = lazy_pinyin(characters, v_to_u=True)
    if len(syllables) == len(characters):
        syllables = [_READ.get(one, said) for one, said in zip(characters, syllables, strict=True)]
    # An apostrophe keeps a syllable that begins with a vowel apart.
    joined = syllables[0] + "".join("'" + part if part[0] in "aoe" else part for part in syllables[1:])
    return joined[0].upper() + joined[1:]
