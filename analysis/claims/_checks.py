"""The value of each kind of claim, computed: one function per kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ...geo.crs import ELLIPSOID, WGS84, area_km2, equal_area_crs, local_crs, rows_xyz
from ...geo.errors import InputError
from ...geo.networks import airports
from ...geo.places import Place
from ..times import travel_times
from ._context import BEYOND_MAINLAND, ClaimContext, straight_km
from ._files import Claim
from ._measures import Measure, limit_of, network_data, pair_lines, some_of
from ._times import TIME_KINDS, measure_times

#: Pairs of cities count as equally far apart within this share of the distance.
SAME_DISTANCE: Final = 0.25
#: Ranks whose people are set against the rank-size rule.
RANKS: Final = (3, 4, 5, 6)
#: An airport on the border counts for both provinces, degrees.
AT_BORDER_DEG: Final = 0.005


def measure(claim: Claim, context: ClaimContext, candidates: Iterable[str]) -> Measure:
    """Compute the value of a claim.

    Parameters
    ----------
    claim : Claim
        Not one of kind ``not_checkable``.
    context : ClaimContext
    candidates : iterable of str
        Ids of the corridors that may make the claim hold, where it names none itself.

    Returns
    -------
    Measure
    """
    if claim.kind in TIME_KINDS:
        return measure_times(claim, context, claim.corridors or tuple(candidates))
    return _CHECKS[claim.kind](claim, context)


# what lies where


def _radius(claim: Claim, context: ClaimContext) -> Measure:
    centre = context.place(claim.centres[0])
    radius = float(claim.radius_km or 0)
    provinces = context.provinces
    frame = {"provinces": provinces, "provinces_touched": provinces, "cities": context.prefectures}.get(
        claim.of, context.counties
    )
    by_area = claim.of == "provinces_touched"
    km = (_nearest_km if by_area else straight_km)(centre.lon, centre.lat, frame)
    weight = np.ones(len(frame))
    if claim.of == "people":
        weight = np.nan_to_num(context.people.to_numpy(dtype=float)) / 10_000
    limit = limit_of(claim)
    inside = km <= radius
    value = float(weight[inside].sum())
    order = np.argsort(km, kind="stable")
    reached = np.flatnonzero(np.cumsum(weight[order]) >= limit * (1 - 1e-12))
    flip = (
        "全国加起来也不到"
        if len(reached) == 0
        else f"半径为 {km[order][reached[0]]:.0f} 千米时才达到 {limit:g} {claim.unit_shown}"
    )
    ring = _disc(centre.lon, centre.lat, radius)
    detail = ""
    if claim.of in ("provinces", "cities"):
        names = frame["short_name" if claim.of == "provinces" else "name"].to_numpy()
        shapely.prepare(ring)
        touched = shapely.intersects(ring, frame.geometry.to_numpy())
        nearest = [str(names[k]) for k in order if inside[k]]
        detail = f"{f'驻地在圈内：{some_of(nearest, 12)}' if nearest else '圈内没有驻地'}；面积与圈相交的有 {int(touched.sum())} 个"
        if claim.of == "cities":
            detail += f"；圈内名为“市”的 {sum(name.endswith('市') for name in nearest)} 个"
    elif by_area:
        names = frame["short_name"].to_numpy()
        detail = f"与圈相交：{some_of([str(names[k]) for k in order if inside[k]], 12)}"
    elif claim.of == "people":
        detail = f"圈内 {int(inside.sum())} 个县级单位"
    return Measure(
        value=value,
        limit=limit,
        detail=detail,
        method=f"以{centre.name}驻地为圆心、{radius:g} 千米为半径的椭球面距离",
        data="行政区划与驻地" + ("；第七次人口普查分县常住人口" if claim.of == "people" else ""),
        geometry=ring,
        flip=flip,
    )


def _nearest_km(lon: float, lat: float, frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the ellipsoidal distance of the nearest part of each area from a point, km."""
    # distances from its middle are true in this projection
    areas = frame.to_crs(local_crs(lon=lon, lat=lat)).geometry.to_numpy()
    return np.asarray(shapely.distance(areas, shapely.Point(0, 0)), dtype=float) / 1000


def _count(claim: Claim, context: ClaimContext) -> Measure:
    value, detail, geometry, source = _COUNTS[claim.of](claim, context)
    return Measure(value, limit_of(claim), detail, "计数", source, geometry)


_Counted = tuple[float, str, shapely.Geometry, str]


def _count_provinces(_claim: Claim, context: ClaimContext) -> _Counted:
    frame = context.provinces
    beyond = int(frame["adcode"].isin(BEYOND_MAINLAND).sum())
    return float(len(frame)), f"其中台湾、香港、澳门 {beyond} 个", shapely.GeometryCollection(), "行政区划"


def _count_borders(_claim: Claim, context: ClaimContext) -> _Counted:
    """Borders of the mainland's provinces; those with Hong Kong and Macao are told beside."""
    lines = context.borders
    beyond = lines["adcode_a"].isin(BEYOND_MAINLAND) | lines["adcode_b"].isin(BEYOND_MAINLAND)
    names = [f"{row.province_a}—{row.province_b}" for row in lines[beyond].itertuples()]
    detail = "大陆各省级行政区之间" + (f"；另有{'、'.join(names)}" if names else "")
    return float((~beyond).sum()), detail, shapely.union_all(lines.geometry.to_numpy()), "行政区划（当前）"


def _count_border_counties(_claim: Claim, context: ClaimContext) -> _Counted:
    """Counties on a border of two provinces of the mainland; one that only touches Hong Kong or Macao isn't."""
    frame = context.border_counties
    beyond = set(context.provinces.loc[context.provinces["adcode"].isin(BEYOND_MAINLAND), "name"].astype(str))
    mainland = frame[~frame["province_adcode"].isin(BEYOND_MAINLAND)]
    others = mainland["neighbour_provinces"].map(lambda names: bool(set(str(names).split("、")) - beyond))
    detail = f"不含港澳台，也不含只与港澳相邻的 {int((~others).sum())} 个"
    lines = shapely.union_all(context.borders.geometry.to_numpy())
    return float(others.sum()), detail, lines, "行政区划（当前）"


def _count_junction(_claim: Claim, context: ClaimContext) -> _Counted:
    points = context.junctions
    most = int(points["n_provinces"].max()) if len(points) else 0
    there = points[points["n_provinces"] == most]
    per = points["n_provinces"].value_counts().sort_index()
    # Two provinces and a third may meet at several points.
    named = list(dict.fromkeys(there["provinces"]))
    examples = "；".join(named[:3]) + ("等" if len(named) > 3 else "")
    detail = "；".join(f"{n} 省交点 {count} 处" for n, count in per.items()) + f"，如{examples}"
    return float(most), detail, shapely.MultiPoint(list(there.geometry)), "行政区划（当前）"


def _count_near_junction(claim: Claim, context: ClaimContext) -> _Counted:
    """Most provinces within some distance of a point where three meet: a region on borders, not a point."""
    points = context.junctions
    frame = context.provinces
    radius = float(claim.radius_km or 0)
    found = []
    for point in points.geometry:
        ring = _disc(point.x, point.y, radius)
        names = frame.loc[shapely.intersects(ring, frame.geometry.to_numpy()), "short_name"]
        found.append((len(names), "、".join(names)))
    most = max((n for n, _ in found), default=0)
    named = list(dict.fromkeys(names for n, names in found if n == most))
    wanted = list(dict.fromkeys(names for n, names in found if n >= limit_of(claim)))
    detail = f"三省交点周围 {radius:g} 千米之内最多涉及 {most} 省，如{'；'.join(named[:3])}"
    if wanted:
        detail += f"；不少于 {limit_of(claim):g} 省的，如{'；'.join(wanted[:4])}"
    there = [point for point, (n, _) in zip(points.geometry, found, strict=True) if n == most]
    return float(most), detail, shapely.MultiPoint(there), "行政区划（当前）"


def _count_airports(claim: Claim, context: ClaimContext) -> _Counted:
    table = airports()
    table = table[~table["iata"].isin(claim.against)]
    wanted = context.provinces[
        context.provinces["name"].isin([context.place(name).name for name in claim.places])
    ]
    shape = shapely.union_all(wanted.geometry.to_numpy())
    found = table[shapely.dwithin(shape, table.geometry.to_numpy(), AT_BORDER_DEG)]
    source = "airportsdata：有三字代码的机场，可能含未通航或停用者"
    return (
        float(len(found)),
        "三字代码：" + "、".join(found["iata"]),
        shapely.MultiPoint(list(found.geometry)),
        source,
    )


def _count_neighbours(claim: Claim, context: ClaimContext) -> _Counted:
    one = context.place(claim.places[0])
    frame = context.border_counties
    row = frame[frame["adcode"] == one.adcode]
    names = row["neighbour_provinces"].iloc[0] if len(row) else ""
    geometry = row.geometry.iloc[0] if len(row) else one.geometry
    return float(row["n_provinces"].iloc[0] if len(row) else 0), names, geometry, "行政区划（当前）"


def _count_connected(claim: Claim, context: ClaimContext) -> _Counted:
    """Largest set of the provinces that hang together through borders with each other."""
    names = [context.place(name).name for name in claim.places]
    lines = context.borders[
        context.borders["province_a"].isin(names) & context.borders["province_b"].isin(names)
    ]
    part = {name: {name} for name in names}
    for row in lines.itertuples():
        union = part[str(row.province_a)] | part[str(row.province_b)]
        for name in union:
            part[name] = union
    pairs = "、".join(f"{row.province_a}—{row.province_b}" for row in lines.itertuples())
    largest = max(len(members) for members in part.values())
    return float(largest), f"相邻：{pairs}", shapely.union_all(lines.geometry.to_numpy()), "行政区划（当前）"


def _count_cities_at_border(claim: Claim, context: ClaimContext) -> _Counted:
    table = [context.place(name) for name in claim.places]
    touching = set(context.border_counties["city_adcode"])
    found = [one for one in table if one.adcode in touching]
    return float(len(found)), "、".join(one.name for one in found), _points(found), "行政区划（当前）"


_COUNTS: Final = {
    "provinces": _count_provinces,
    "borders": _count_borders,
    "border_counties": _count_border_counties,
    "provinces_at_junction": _count_junction,
    "provinces_near_junction": _count_near_junction,
    "airports": _count_airports,
    "neighbour_provinces": _count_neighbours,
    "connected_provinces": _count_connected,
    "cities_at_border": _count_cities_at_border,
}


def _share(claim: Claim, context: ClaimContext) -> Measure:
    if claim.of == "border_county_area":
        mine = float(area_km2(context.border_counties.geometry).sum())
        whole = float(area_km2(context.counties.geometry).sum())
        return Measure(
            value=mine / whole * 100,
            limit=limit_of(claim),
            detail=f"毗邻县 {mine / 10_000:.1f} 万平方千米，全部 {whole / 10_000:.1f} 万平方千米",
            method="等积投影面积之比",
            data="行政区划（当前）",
            geometry=shapely.union_all(context.borders.geometry.to_numpy()),
        )
    table = context.table(claim.places)
    metres, _ = context.roads.exit_node_tree.query(rows_xyz(table))
    km = np.asarray(metres, dtype=float) / 1000
    near = km <= float(claim.radius_km or 0)
    far = table["origin_name"].to_numpy()[~near]
    needed = np.sort(km)[max(0, int(np.ceil(limit_of(claim) / 100 * len(km))) - 1)]
    return Measure(
        value=float(near.mean()) * 100,
        limit=limit_of(claim),
        detail=f"{len(table)} 个县级驻地中 {int(near.sum())} 个在 {claim.radius_km:g} 千米以内"
        + (f"，其余：{'、'.join(far)}" if len(far) else ""),
        method="驻地到最近的干线公路节点的直线距离",
        data=network_data(context, "road", None),
        geometry=shapely.MultiPoint(table[["lon", "lat"]].to_numpy()),
        flip=f"界限取 {needed:.1f} 千米时恰好达到",
    )


def _people(claim: Claim, context: ClaimContext) -> Measure:
    value = context.people_of(claim.places) / 10_000
    limit = limit_of(claim)
    off = abs(value / limit - 1)
    return Measure(
        value=value,
        limit=limit,
        detail=f"与文中相差 {(value / limit - 1) * 100:+.1f}%".replace("-", "−"),
        method="分县常住人口之和",
        data="第七次人口普查（2020年11月1日）分县常住人口",
        geometry=_points([context.place(name) for name in claim.places]),
        flip=f"容差放宽到 {off:.1%} 才相符"
        if off > claim.tolerance
        else f"容差收紧到 {off:.1%} 以内即不相符",
    )


def _distance(claim: Claim, context: ClaimContext) -> Measure:
    kind, _, rest = claim.of.partition(":")
    if kind not in ("centroid", "middle") or not rest or (kind == "middle" and rest == "*"):
        raise InputError(
            f"claim '{claim.id}': 'of' should be 'centroid:A,B', 'centroid:*' or 'middle:A,B', got {claim.of!r}"
        )
    frame = context.provinces
    if rest != "*" and kind == "centroid":
        frame = frame[frame["name"].isin([context.place(name).name for name in rest.split(",")])]
    if kind == "middle":
        seats = [context.place(name) for name in rest.split(",")]
        spots = gpd.GeoSeries(
            gpd.points_from_xy([one.lon for one in seats], [one.lat for one in seats]), crs=WGS84
        )
    else:
        spots = frame.geometry
    if kind == "centroid":
        what, method = "重心", "等积投影下的面积重心，椭球面距离"
    elif len(spots) == 1:
        what, method = "驻地", "驻地之间的椭球面距离"
    else:
        what, method = "中点", "等积投影下各驻地的中点，椭球面距离"
    plane = equal_area_crs(spots)
    centre = shapely.union_all(spots.to_crs(plane).to_numpy()).centroid
    middle = gpd.GeoSeries([centre], crs=plane).to_crs(WGS84).iloc[0]
    one = context.place(claim.places[0])
    km = float(ELLIPSOID.inv(one.lon, one.lat, middle.x, middle.y)[2]) / 1000
    return Measure(
        value=km,
        limit=limit_of(claim),
        detail=f"{what}在东经 {middle.x:.2f}°、北纬 {middle.y:.2f}°",
        method=method,
        data="行政区划（当前）",
        geometry=shapely.LineString([(one.lon, one.lat), (middle.x, middle.y)]),
        flip=f"界限放宽到 {km:.0f} 千米才成立"
        if km > limit_of(claim)
        else f"界限收紧到 {km:.0f} 千米以内即不成立",
    )


def _nearer(claim: Claim, context: ClaimContext) -> Measure:
    one = context.place(claim.places[0])
    near, far = context.table(claim.centres), context.table(claim.against)
    km_near, km_far = straight_km(one.lon, one.lat, near), straight_km(one.lon, one.lat, far)

    def shown(table: gpd.GeoDataFrame, km: NDArray[np.float64]) -> str:
        return "、".join(f"{name}{value:.0f}" for name, value in zip(table["origin_name"], km, strict=True))

    return Measure(
        value=float(km_near.mean() / km_far.mean()),
        limit=limit_of(claim),
        detail=f"千米：{shown(near, km_near)}；{shown(far, km_far)}",
        method="平均直线距离之比",
        data="行政区划与驻地",
        geometry=pair_lines(
            pd.concat([context.table(claim.places), near], ignore_index=True),
            [(0, k + 1) for k in range(len(near))],
        ),
        flip="对比的城市不同，比值会变",
    )


def _status(claim: Claim, context: ClaimContext) -> Measure:
    meant = [context.corridor(identifier) for identifier in claim.corridors]
    done = [
        one for one in meant if one.status == "open" and (claim.date is None or one.status_date <= claim.date)
    ]
    missing = [
        f"{one.name}（{_STATUS[one.status]}，{one.opening_year or '年份未定'}）"
        for one in meant
        if one not in done
    ]
    return Measure(
        value=float(len(done)),
        limit=float(len(meant)),
        detail="",  # the verdict counts the lines, and what would turn it names them
        method="所查廊道的状态与开通日期",
        data="公开报道，见各廊道所附的来源",
        geometry=shapely.MultiLineString([one.line for one in meant]),
        flip=f"待{'、'.join(missing)}开通后成立" if missing else "",
    )


_STATUS: Final = {"open": "已开通", "building": "在建", "planned": "规划", "proposed": "提议"}


# comparisons


def _detour(claim: Claim, context: ClaimContext) -> Measure:
    table = context.table(claim.places[:2])
    provinces = set(table["province"])
    mine = float(_road_km(context, table)[0, 1])
    straight = float(straight_km(table["lon"].iloc[0], table["lat"].iloc[0], table.iloc[[1]])[0])
    # against pairs of prefectures of the two places' provinces and their neighbours, equally far apart
    lines = context.borders
    near = set(lines[lines["province_a"].isin(provinces)]["province_b"])
    near |= set(lines[lines["province_b"].isin(provinces)]["province_a"]) | provinces
    frame = context.prefectures[context.prefectures["province"].isin(near)]
    xyz = rows_xyz(frame)
    chord = np.linalg.norm(xyz[:, None] - xyz[None, :], axis=2) / 1000
    first, second = np.triu_indices(len(frame), k=1)
    alike = np.abs(chord[first, second] / straight - 1) <= SAME_DISTANCE
    first, second = first[alike], second[alike]
    road = _road_km(context, frame)[first, second]
    usual = road / chord[first, second]
    usual = usual[np.isfinite(usual)]
    if len(usual) == 0:
        raise InputError(f"claim '{claim.id}': no other pair of cities lies {straight:.0f} km apart")
    value, limit = mine / straight, float(np.median(usual))
    return Measure(
        value=value,
        limit=limit,
        detail=f"公路 {mine:.0f} 千米，直线 {straight:.0f} 千米；{len(usual)} 对距离相近（±{SAME_DISTANCE:.0%}）的城市绕行系数中位数 {limit:.2f}，"
        f"其中 {float((usual < value).mean()):.0%} 低于本对",
        method="最短时间路线的公路里程与直线距离之比，与本省和邻省距离相近的地级城市对相比",
        data=network_data(context, "road", None),
        geometry=pair_lines(table, [(0, 1)]),
        flip=f"公路里程为 {limit * straight:.0f} 千米时即与常见程度相当",
    )


def _road_km(context: ClaimContext, table: pd.DataFrame) -> NDArray[np.float64]:
    found = travel_times(context.roads, table, table)
    return found["distance_km"].to_numpy(dtype=float).reshape(len(table), len(table))


def _remoteness(claim: Claim, context: ClaimContext) -> Measure:
    frame = context.counties
    if claim.places:
        wanted = context.table(claim.places)["origin_id"].astype("int64")
        frame = frame[frame["adcode"].isin(wanted)]
    at_border = frame["adcode"].isin(context.border_counties["adcode"]).to_numpy()
    minutes = np.full(len(frame), np.nan)
    for row in context.provinces.itertuples():
        inside = (frame["province_adcode"] == row.adcode).to_numpy()
        if (
            row.adcode in BEYOND_MAINLAND
            or not inside.any()
            or len(set(frame.loc[inside, "city_adcode"])) == 1
        ):
            continue  # a municipality is its own centre
        capital = context.table([str(row.name)])
        minutes[inside] = context.minutes(capital, frame[inside], mode="road", date=None)[0]
    known = np.isfinite(minutes)
    border, other = minutes[known & at_border], minutes[known & ~at_border]
    if not len(border) or not len(other):
        raise InputError(f"claim '{claim.id}': needs border counties and others, with a capital to go to")
    farther = float((border > np.median(other)).mean())
    return Measure(
        value=float(border.mean() / other.mean()),
        limit=limit_of(claim),
        detail=f"毗邻县 {len(border)} 个平均 {border.mean():.0f} 分钟，其余 {len(other)} 个平均 {other.mean():.0f} 分钟；毗邻县中 {farther:.0%} 高于其余各县的中位数",
        method="各县驻地到本省省会的公路时间，毗邻县与其余县的均值之比",
        data=network_data(context, "road", None),
        geometry=shapely.union_all(context.borders.geometry.to_numpy())
        if not claim.places
        else _points_of(frame[at_border]),
    )


def _rank_size(claim: Claim, context: ClaimContext) -> Measure:
    table = context.table(claim.places)
    people = pd.Series(
        [context.people_of([name]) for name in table["origin_id"]], index=table["origin_name"], dtype=float
    ).sort_values(ascending=False)
    limit = limit_of(claim)
    shown = "、".join(f"{name} {value / 10_000:.0f}" for name, value in people.head(max(RANKS)).items())
    if claim.of == "third_to_second":
        value, what = float(people.iloc[2] / people.iloc[1]), "第 3 位与第 2 位城市人口之比"
    else:
        parts = [people.iloc[k - 1] / (people.iloc[0] / k) for k in RANKS]
        value, what = (
            float(np.mean(parts)),
            f"第 {RANKS[0]} 至第 {RANKS[-1]} 位城市人口与位序—规模法则值之比的均值",
        )
    return Measure(
        value=value,
        limit=limit,
        detail=f"万人：{shown}",
        method=what,
        data="第七次人口普查（2020年11月1日）分县常住人口",
        geometry=shapely.MultiPoint(table[["lon", "lat"]].to_numpy()),
        flip="改用城区人口会得到不同的次序",
    )


def _stated_ratio(claim: Claim, context: ClaimContext) -> Measure:
    del context
    first, second = claim.numbers
    return Measure(first / second, limit_of(claim), f"{first:g} ÷ {second:g}", "文中两个数字之比", "文中表格")


_CHECKS: Final[dict[str, Callable[[Claim, ClaimContext], Measure]]] = {
    "radius": _radius,
    "count": _count,
    "share": _share,
    "people": _people,
    "distance": _distance,
    "nearer": _nearer,
    "status": _status,
    "detour": _detour,
    "remoteness": _remoteness,
    "rank_size": _rank_size,
    "stated_ratio": _stated_ratio,
}


def _disc(lon: float, lat: float, radius_km: float) -> shapely.Polygon:
    around = np.linspace(0, 360, 181)
    n = len(around)
    x, y, _ = ELLIPSOID.fwd(np.full(n, lon), np.full(n, lat), around, np.full(n, radius_km * 1000))
    return shapely.Polygon(np.column_stack([x, y]))


def _points(places: Iterable[Place]) -> shapely.MultiPoint:
    return shapely.MultiPoint([(one.lon, one.lat) for one in places])


def _points_of(frame: pd.DataFrame) -> shapely.MultiPoint:
    return shapely.MultiPoint(frame[["lon", "lat"]].to_numpy())
