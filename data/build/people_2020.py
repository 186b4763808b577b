"""Derive data/people_2020.csv: residents of today's county-level units in the seventh census.

    python data/build/people_2020.py county_2020.csv

The argument is the county table of the census' county volume as digitised in github.com/leiii/census
(MIT, Copyright (c) 2022 Lei Dong): code, province, city, county, pop2020. It lists the units of
1 November 2020, development zones as units of their own, and leaves some units out. Every person of
the census' 31 provinces (1,409,778,724; the total with servicemen is 1,411,778,724) is brought to
one of the units that today's polygons have:

- Units that kept code and name have the figure of the table ("census"); units with a new code or
  name that of their former selves ("renamed"); units made of whole former units the sum ("merged").
- Hangzhou's districts were redrawn in April 2021; its communiqué on the census gives figures for the
  new districts ("published"). Cities without districts (Dongguan, Zhongshan, Danzhou, Jiayuguan,
  Sansha) aren't in the table; their figures are those of their provinces' communiqués.
- Two cities of Xinjiang founded since take the part of their former counties' people that is their
  part of the area ("split by area").
- People of development zones are added to the county that a zone lies in where that is one county
  beyond doubt, and else shared out among the districts of the zone's prefecture in proportion to
  their people (among all its counties where it has no districts). `zone_people` says how many.
- The table lacks zones of 26 prefectures. What a prefecture has by its province's communiqué and
  lacks in the table (3.4 million in all) is shared out in the same way, and counted in `zone_people`.
- Units whose territory belongs to other counties in the census have none ("counted elsewhere").

Hong Kong, Macao and Taiwan with Jinmen aren't in the table: the census didn't count there.

Communiqués: National Bureau of Statistics, Communiqué of the Seventh National Population Census
(No. 3), 11 May 2021, for provinces; the statistical bureaus of the provinces and of Hangzhou, May
2021, for prefectures and Hangzhou's districts. The script checks that figures of prefectures and
provinces agree to the last person. (In Hubei the county volume revises the communiqué's Wuhan,
Yichang and Xiantao, with the province's total unchanged; the volume's figures are kept.)
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from borderreach.geo.places import SOURCES, counties
from borderreach.geo.crs import area_km2

OUT: Final = Path(__file__).resolve().parent.parent / "people_2020.csv"
TOTAL: Final = 1_409_778_724

#: First two digits of the code -> residents by the national communiqué.
PROVINCES: Final = {
    11: 21893095, 12: 13866009, 13: 74610235, 14: 34915616, 15: 24049155, 21: 42591407, 22: 24073453,
    23: 31850088, 31: 24870895, 32: 84748016, 33: 64567588, 34: 61027171, 35: 41540086, 36: 45188635,
    37: 101527453, 41: 99365519, 42: 57752557, 43: 66444864, 44: 126012510, 45: 50126804, 46: 10081232,
    50: 32054159, 51: 83674866, 52: 38562148, 53: 47209277, 54: 3648100, 61: 39528999, 62: 25019831,
    63: 5923957, 64: 7202654, 65: 25852345,
}  # fmt: skip

#: First four digits -> residents by the province's communiqué, where the table's zones fall short.
PREFECTURES: Final = {
    1401: 5304061, 1402: 3105591, 1406: 1593444, 2202: 3623713, 2207: 2252994, 3207: 4599360,
    3211: 3210418, 3303: 9572903, 3402: 3644420, 3411: 3987054, 3412: 8200264, 3413: 5324476,
    4105: 5477614, 4106: 1565973, 4111: 2367490, 4112: 2034872, 4115: 6234401, 4116: 9026015,
    4211: 5882719, 4303: 2726181, 4304: 6645243, 4306: 5051922, 4307: 5279102, 4309: 3851564,
    4311: 5289824, 5401: 867891,
}  # fmt: skip

#: Published figures of units that the table doesn't have in their present form.
PUBLISHED: Final = {
    330102: 1323467, 330105: 1120985, 330106: 1112992, 330108: 503859, 330109: 2011699, 330110: 1226673,
    330113: 1175841, 330114: 769150, 441900: 10466625, 442000: 4418060, 460400: 954259, 620200: 312663,
}  # fmt: skip
#: Census units that the published ones replace.
REPLACED: Final = {330102, 330103, 330104, 330105, 330106, 330108, 330109, 330110}
SANSHA_PEOPLE: Final = 2333
#: All of Sansha's people at its seat on Yongxing; code of that district in each source, and of the other.
SANSHA: Final = {"tianditu": (460321, 460322), "amap": (460302, 460303)}

#: Present unit -> whole units of the census that make it up.
FORMED: Final = {
    320613: (320613, 320611), 340209: (340209, 340208), 350404: (350402, 350403), 350405: (350427,),
    350604: (350681,), 350605: (350625,), 410307: (410381,), 410308: (410322, 410306), 431181: (431121,),
    450181: (450127,), 513402: (513425,), 520581: (520522,), 532302: (532331,), 610305: (610322,),
    610981: (610928,), 654203: (654223,),
}  # fmt: skip
#: The same where a source has units of its own. 松岭, 新林 and 呼中 are districts without a code of
#: their own, on the land of 鄂伦春自治旗 and 呼玛县, as is 加格达奇 in Tianditu.
FORMED_IN: Final = {
    "tianditu": {150723: (150723, 232761, 232762), 232721: (232721, 232763, 232764)},
    "amap": {
        150723: (150723, 232762), 232718: (232761,), 232721: (232721, 232763, 232764),
        500105: (500105, 500112), 540481: (540422,), 540581: (540530,), 632825: (632857,),
    },
}  # fmt: skip
#: Founded in 2021 and 2023 on land of the counties around them.
NEW_CITIES: Final = (659011, 659012)
#: Forest and farm units whose people the census counts in the counties around.
ELSEWHERE: Final = (629700, 629800, 629900)
#: No figures: the census didn't count there.
NOT_COVERED: Final = (350527, 440499)

#: Zones that lie in one county.
HOSTS: Final = {
    130274: 130225, 130672: 130684, 130772: 130722, 130773: 130724, 130973: 130983, 140971: 140922,
    152571: 152525, 152971: 152921, 320571: 320506, 320671: 320613, 370572: 370503, 370772: 370703, 410773: 410725,
}  # fmt: skip


def main() -> None:
    """Write the table and print what became of whom."""
    census = read(Path(sys.argv[1]))
    tables = {source: table(census, source) for source in SOURCES}
    for source, frame in tables.items():
        report(source, frame)
    merged = pd.concat([frame.assign(boundaries=source) for source, frame in tables.items()])
    key = ["adcode", "name", "people", "zone_people", "basis", "census_units"]
    merged = merged.groupby(key, as_index=False)["boundaries"].agg(
        lambda seen: "both" if len(seen) == 2 else seen.iloc[0]
    )
    merged = merged[["adcode", "name", "boundaries", *key[2:]]].sort_values(["adcode", "boundaries"])
    merged.to_csv(OUT, index=False, lineterminator="\n")
    print(f"{OUT.name}: {len(merged)} rows, sha256 {hashlib.sha256(OUT.read_bytes()).hexdigest()}")


def read(path: Path) -> pd.DataFrame:
    """Return code, name, people of the census' units and of what its table lacks."""
    raw = pd.read_csv(path, encoding="utf-8")
    frame = pd.DataFrame({"code": raw["code"], "name": raw["county"], "people": raw["pop2020"]})
    frame.loc[frame["code"] == 170971, "code"] = 140971  # 五台山风景名胜区 belongs to Xinzhou
    known = frame.groupby(frame["code"] // 100)["people"].sum()
    short = [
        (code * 100 + 99, f"{code}00's zones", total - int(known[code]))
        for code, total in PREFECTURES.items()
    ]
    frame = pd.concat([frame, pd.DataFrame(short, columns=frame.columns)], ignore_index=True)
    alone = [
        (code, "", people)
        for code, people in PUBLISHED.items()
        if code not in set(frame["code"]) | {330113, 330114}
    ]
    alone.append((460300, "三沙市", SANSHA_PEOPLE))
    everyone = pd.concat([frame, pd.DataFrame(alone, columns=frame.columns)])
    sums = everyone.groupby(everyone["code"] // 10_000)["people"].sum().to_dict()
    if sums != PROVINCES or sum(PROVINCES.values()) != TOTAL:
        raise SystemExit(
            f"provinces differ from the communiqué: {set(sums.items()) ^ set(PROVINCES.items())}"
        )
    old, new = (
        frame[frame["code"].isin(REPLACED)]["people"].sum(),
        sum(PUBLISHED[c] for c in PUBLISHED if c // 100 == 3301),
    )
    if old != new:
        raise SystemExit(f"Hangzhou's former districts have {old} people, the new ones {new}")
    return frame


def table(census: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return adcode, name, people, zone_people, basis, census_units of one source's units."""
    units = counties(source)
    own = census.set_index("code")["people"]
    names = census.set_index("code")["name"]
    formed = FORMED | FORMED_IN[source]
    covered = units[(units["province_adcode"] < 710_000) & ~units["adcode"].isin(NOT_COVERED)]
    rows = {}
    used: set[int] = set(REPLACED)
    for code, name in zip(covered["adcode"], covered["name"], strict=True):
        if code in PUBLISHED:
            rows[code] = (name, PUBLISHED[code], "published", "")
        elif code in SANSHA[source]:
            seat = code == SANSHA[source][0]
            rows[code] = (
                name,
                SANSHA_PEOPLE if seat else 0,
                "published" if seat else "counted elsewhere",
                "三沙市",
            )
        elif code in ELSEWHERE:
            rows[code] = (name, 0, "counted elsewhere", "")
        elif code in NEW_CITIES:
            rows[code] = (name, 0, "split by area", "")
        elif code in formed:
            parts = formed[code]
            used.update(parts)
            basis = "renamed" if len(parts) == 1 else "merged"
            rows[code] = (name, int(own[list(parts)].sum()), basis, "+".join(names[list(parts)]))
        else:
            used.add(code)
            same = names[code] == name
            rows[code] = (name, int(own[code]), "census" if same else "renamed", "" if same else names[code])
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["name", "people", "basis", "census_units"])
    split_new_cities(frame, covered)
    frame["zone_people"] = zones(frame["people"], census[~census["code"].isin(used)])
    frame["people"] += frame["zone_people"]
    if frame["people"].sum() != TOTAL:
        raise SystemExit(f"{source}: {frame['people'].sum() - TOTAL} people too many")
    return frame.rename_axis("adcode").reset_index()


def split_new_cities(frame: pd.DataFrame, units: gpd.GeoDataFrame) -> None:
    """Give new cities their share by area of the people of the counties around them, in place."""
    shapes = units.set_index("adcode").geometry
    area = pd.Series(area_km2(shapes), index=shapes.index)
    for code in NEW_CITIES:
        parents = [c for c in shapes.index[shapes.intersects(shapes[code])] if c != code]
        # a shared corner with a distant county isn't descent: 伊吾 lies beyond the mountains
        parents = [c for c in parents if c // 100 in (6505, 6542) and c != 650522]
        share = area[code] / (area[code] + area[parents].sum())
        gone = (frame.loc[parents, "people"] * share).round().astype("int64")
        frame.loc[parents, "people"] -= gone
        frame.loc[parents, "basis"] = "split by area"
        frame.loc[[*parents, code], "census_units"] = "+".join(frame.loc[parents, "name"])
        frame.loc[code, "people"] = gone.sum()
        print(
            f"{frame.loc[code, 'name']}: {gone.sum()} people, {share:.2%} of the area of {frame.loc[code, 'census_units']}"
        )


def zones(people: pd.Series, left: pd.DataFrame) -> pd.Series:
    """Return the people of zones that are added to each unit."""
    added = pd.Series(0, index=people.index, dtype="int64")
    for code, name, count in left.itertuples(index=False):
        if code % 100 < 70:
            raise SystemExit(f"{code} {name} with {count} people is neither a unit of today nor a zone")
        if code in HOSTS:
            added[HOSTS[code]] += count
            continue
        there = people[(people.index // 100 == code // 100) & (people > 0)]
        districts = there[there.index % 100 <= 20]
        added = added.add(shares(count, districts if len(districts) else there), fill_value=0)
    return added.astype("int64")


def shares(count: int, weights: pd.Series) -> pd.Series:
    """Divide people by weights into whole ones, by largest remainders."""
    exact = weights * (count / weights.sum())
    whole = np.floor(exact).astype("int64")
    rest = (exact - whole).sort_values(ascending=False, kind="stable").index[: count - int(whole.sum())]
    whole[rest] += 1
    return whole


def report(source: str, frame: pd.DataFrame) -> None:
    """Print how many units and people each basis stands for."""
    print(
        f"{source}: {len(frame)} units, {frame['people'].sum()} people, {frame['zone_people'].sum()} of zones"
    )
    print(frame.groupby("basis")["people"].agg(["size", "sum"]).to_string())


if __name__ == "__main__":
    main()
