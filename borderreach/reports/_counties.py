"""The part of a report that lists the border counties one by one."""

from __future__ import annotations

from ..analysis.studies import StudyResults
from ._markdown import hours, minutes, rows_of, table
from ._pairs import many_centres


def counties_section(results: StudyResults) -> list[str]:
    """Tell the minutes of each border county."""
    times = results.county_times
    if len(times) == 0:
        return []
    if many_centres(results):
        return _counties_nearest(results)
    header = ["区县", "省份", "省界长（千米）"]
    centres = results.centres["origin_name"].to_list()
    ids = results.centres["origin_id"].to_list()
    after = "all" in results.scenario_names
    for name in centres:
        header += [f"至{name}（分钟）", *(("廊道建成后",) if after else ())]
    rows = []
    by_county = times.set_index(["adcode", "centre_id"])
    for county in rows_of(results.border_counties):
        cells = [str(county.name), str(county.province), f"{county.border_km:,.1f}"]
        for centre in ids:
            row = by_county.loc[(county.adcode, centre)]
            mark = "●" if row["base_inside"] else ""
            cells.append(f"{minutes(float(row['base_min']))}{mark}")
            if after:
                mark = "●" if row["scenario_inside"] else ""
                cells.append(f"{minutes(float(row['scenario_min']))}{mark}")
        rows.append(tuple(cells))
    return [
        "## 毗邻区县逐一",
        "",
        *table(header, rows, right=range(2, len(header))),
        "",
        f"● 表示在{hours(results.study.circle_min)}之内。时间从中心的政府驻地到区县的政府驻地。",
    ]


def _counties_nearest(results: StudyResults) -> list[str]:
    """Return each border county's nearest centre, where columns for all centres would be too many."""
    after = "all" in results.scenario_names
    reached = results.county_times.dropna(subset="base_min").sort_values(["base_min", "centre_id"])
    nearest = reached.drop_duplicates("adcode").set_index("adcode")
    soonest = results.county_times.groupby("adcode")["scenario_min"].min()
    rows = []
    for county in rows_of(results.border_counties):
        cells = [str(county.name), str(county.province), f"{county.border_km:,.1f}"]
        if county.adcode in nearest.index:
            row = nearest.loc[county.adcode]
            cells += [
                str(row["centre_name"]),
                f"{minutes(float(row['base_min']))}{'●' if row['base_inside'] else ''}",
            ]
        else:
            cells += ["—", "不可达"]
        rows.append((*cells, *((minutes(float(soonest[county.adcode])),) if after else ())))
    header = ("区县", "省份", "省界长（千米）", "最近的中心", "分钟", *(("廊道建成后",) if after else ()))
    return [
        "## 毗邻区县逐一",
        "",
        *table(header, rows, right=(2, 4, 5)[: 3 if after else 2]),
        "",
        f"● 表示在{hours(results.study.circle_min)}之内。时间从中心的政府驻地到区县的政府驻地；至各中心的时间见 county_times.csv。",
    ]
