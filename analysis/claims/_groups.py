"""Groups of places that a text wants to grow together (组团): how near their members are to each other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ...geo.checks import require_choice, require_number
from ...geo.crs import area_km2, equal_area_crs
from ...geo.errors import InputError, InputTypeError
from ...geo.networks import TransportNetwork
from ...geo.places import origins_table, place, same_places
from ..corridors import minutes_between
from ..indicators import shared_parts
from ..isochrones import isochrones, union_in_order
from ..schemas import Schema, conform
from ..study_file import Study
from ..times import each, require_network
from ._files import Group, claims_of, embedded_study_name

#: One row per group and member.
GROUP_MEMBERS: Final[Schema] = {
    "group_id": "str",
    "group_name": "str",
    "kind": "str",
    "limit_min": "float64",
    "member_id": "str",
    "member_name": "str",
    "lon": "float64",
    "lat": "float64",
    "geometry": "geometry",
}
#: One row per group and pair of members; the line is straight.
GROUP_TIMES: Final[Schema] = {
    "group_id": "str",
    "from_id": "str",
    "from_name": "str",
    "to_id": "str",
    "to_name": "str",
    "base_min": "float64",
    "scenario_min": "float64",
    "delta_min": "float64",
    "base_within": "bool",
    "scenario_within": "bool",
    "geometry": "geometry",
}
#: One row per group; means and longest times over the pairs that are reached, shares over all pairs.
GROUP_COHESION: Final[Schema] = {
    "group_id": "str",
    "group_name": "str",
    "kind": "str",
    "limit_min": "float64",
    "n_members": "int64",
    "n_pairs": "int64",
    "base_mean_min": "float64",
    "base_max_min": "float64",
    "base_cohesion": "float64",
    "scenario_mean_min": "float64",
    "scenario_max_min": "float64",
    "scenario_cohesion": "float64",
    "delta_mean_min": "float64",
    "delta_cohesion": "float64",
    "geometry": "geometry",
}
#: One row per pair of circles.
CIRCLE_OVERLAP: Final[Schema] = {
    "cutoff_min": "float64",
    "a_id": "str",
    "a_name": "str",
    "b_id": "str",
    "b_name": "str",
    "a_km2": "float64",
    "b_km2": "float64",
    "overlap_km2": "float64",
    "share_of_smaller": "float64",
    "geometry": "geometry",
}
#: One row per place.
NEAREST_GROUP: Final[Schema] = {
    "origin_id": "str",
    "origin_name": "str",
    "group_id": "str",
    "group_name": "str",
    "member_id": "str",
    "member_name": "str",
    "minutes": "float64",
    "second_group_id": "str",
    "second_minutes": "float64",
    "geometry": "geometry",
}


def groups(study: str | Study) -> gpd.GeoDataFrame:
    """Return the groups of a study and their members.

    Parameters
    ----------
    study : str or Study
        One with a file in data/claims.

    Returns
    -------
    geopandas.GeoDataFrame
        ``group_id, group_name, kind, limit_min, member_id, member_name, lon, lat, geometry``, one
        row per member, EPSG:4326; empty where the study has none.

    Examples
    --------
    >>> br.groups("yuqian").query("group_id == 'sideyin'")["member_name"].tolist()
    ['思南县', '德江县', '印江土家族苗族自治县']
    """
    known = study if isinstance(study, Study) else embedded_study_name(study)
    return group_members(claims_of(known).group)


def group_members(given: Iterable[Group]) -> gpd.GeoDataFrame:
    """Return groups as a table of their members.

    Parameters
    ----------
    given : iterable of Group

    Returns
    -------
    geopandas.GeoDataFrame
        As `groups`.

    Raises
    ------
    UnknownPlaceError, AmbiguousPlaceError
        If a member isn't exactly one place.
    """
    rows = []
    for group in given:
        for member in group.members:
            one = place(member)
            rows.append(
                {
                    "group_id": group.id,
                    "group_name": group.name,
                    "kind": group.kind,
                    "limit_min": group.limit_min,
                    "member_id": str(one.adcode),
                    "member_name": one.name,
                    "lon": one.lon,
                    "lat": one.lat,
                    "geometry": one.geometry,
                }
            )
    members: gpd.GeoDataFrame = conform(rows, GROUP_MEMBERS)
    return members


def group_times(
    base: TransportNetwork, members: Any, *, scenario: TransportNetwork | None = None
) -> gpd.GeoDataFrame:
    """Compute the travel time between every two members of each group, before and after.

    Parameters
    ----------
    base : TransportNetwork
    members : geopandas.GeoDataFrame, str or Study
        As `groups` returns them, or the study.
    scenario : TransportNetwork, optional
        The network with corridors; the base itself when left out.

    Returns
    -------
    geopandas.GeoDataFrame
        Schema ``GROUP_TIMES``: one row per group and unordered pair. Minutes are those of the
        slower direction, NaN where one of the two is unreachable; ``base_within`` and
        ``scenario_within`` say whether they are within the group's limit.

    Raises
    ------
    InputError
        If a group has a single member.

    Examples
    --------
    >>> road = br.build_network(
    ...     [106.5, 106.6, 106.8], [29.5] * 3, br.Links([0, 1], [1, 2], [9.7e3, 19.4e3], [600, 1200])
    ... )
    >>> members = gpd.GeoDataFrame(
    ...     {
    ...         "group_id": ["west", "west", "east"],
    ...         "group_name": ["西组", "西组", "东组"],
    ...         "kind": "cluster",
    ...         "limit_min": 15.0,
    ...         "member_id": ["a", "b", "c"],
    ...         "member_name": ["甲", "乙", "丙"],
    ...         "lon": [106.5, 106.6, 106.8],
    ...         "lat": 29.5,
    ...     },
    ...     geometry=gpd.points_from_xy([106.5, 106.6, 106.8], [29.5] * 3),
    ...     crs=4326,
    ... )
    >>> west = members[members["group_id"] == "west"]
    >>> br.group_times(road, west)[["from_name", "to_name", "base_min", "base_within"]]
      from_name to_name  base_min  base_within
    0         甲       乙      10.0         True
    """
    require_network(base, "base")
    if scenario is not None:
        require_network(scenario, "scenario")
    table = _members(members)
    if len(table) == 0:
        return conform([], GROUP_TIMES)
    points = _points(table)
    number = {identifier: row for row, identifier in enumerate(points["origin_id"])}
    before = _both_ways(minutes_between(base, points, points))
    after = before if scenario is None else _both_ways(minutes_between(scenario, points, points))
    rows = []
    for group_id, part in table.groupby("group_id", sort=False):
        if len(part) < 2:
            raise InputError(f"'members': the group '{group_id}' has a single member; give two or more")
        for a, b in combinations(part.itertuples(), 2):
            i, j = number[a.member_id], number[b.member_id]
            rows.append(
                {
                    "group_id": group_id,
                    "from_id": a.member_id,
                    "from_name": a.member_name,
                    "to_id": b.member_id,
                    "to_name": b.member_name,
                    "base_min": before[i, j],
                    "scenario_min": after[i, j],
                    "delta_min": after[i, j] - before[i, j],
                    "base_within": bool(before[i, j] <= a.limit_min),
                    "scenario_within": bool(after[i, j] <= a.limit_min),
                    "geometry": shapely.LineString([(a.lon, a.lat), (b.lon, b.lat)]),
                }
            )
    found: gpd.GeoDataFrame = conform(rows, GROUP_TIMES)
    return found


def group_cohesion(
    base: TransportNetwork, members: Any, *, scenario: TransportNetwork | None = None
) -> gpd.GeoDataFrame:
    """Compute how much each group hangs together: the share of its pairs within its limit.

    Parameters
    ----------
    base : TransportNetwork
    members : geopandas.GeoDataFrame, str or Study
        As `groups` returns them, or the study.
    scenario : TransportNetwork, optional
        The network with corridors; the base itself when left out.

    Returns
    -------
    geopandas.GeoDataFrame
        Schema ``GROUP_COHESION``, one row per group in their order. Cohesion is from 0 (no pair
        within the limit) to 1 (all of them). Means and longest times are over the pairs reached
        in the base, NaN without any. The geometry is the convex hull of the members.

    Raises
    ------
    InputError
        If a group has a single member.

    Examples
    --------
    >>> road = br.build_network(
    ...     [106.5, 106.6, 106.8], [29.5] * 3, br.Links([0, 1], [1, 2], [9.7e3, 19.4e3], [600, 1200])
    ... )
    >>> members = gpd.GeoDataFrame(
    ...     {
    ...         "group_id": ["west", "west", "east"],
    ...         "group_name": ["西组", "西组", "东组"],
    ...         "kind": "cluster",
    ...         "limit_min": 15.0,
    ...         "member_id": ["a", "b", "c"],
    ...         "member_name": ["甲", "乙", "丙"],
    ...         "lon": [106.5, 106.6, 106.8],
    ...         "lat": 29.5,
    ...     },
    ...     geometry=gpd.points_from_xy([106.5, 106.6, 106.8], [29.5] * 3),
    ...     crs=4326,
    ... )
    >>> west = members[members["group_id"] == "west"]
    >>> br.group_cohesion(road, west)[["group_name", "n_pairs", "base_mean_min", "base_cohesion"]]
      group_name  n_pairs  base_mean_min  base_cohesion
    0         西组        1           10.0            1.0
    """
    table = _members(members)
    times = group_times(base, table, scenario=scenario)
    rows = []
    for group_id, part in table.groupby("group_id", sort=False):
        pairs = times[times["group_id"] == group_id]
        reached = pairs[pairs["base_min"].notna()]
        row: dict[str, Any] = {
            "group_id": group_id,
            "group_name": part["group_name"].iloc[0],
            "kind": part["kind"].iloc[0],
            "limit_min": part["limit_min"].iloc[0],
            "n_members": len(part),
            "n_pairs": len(pairs),
            "geometry": shapely.MultiPoint(part[["lon", "lat"]].to_numpy()).convex_hull,
        }
        for name in ("base", "scenario"):
            row[f"{name}_mean_min"] = reached[f"{name}_min"].mean()
            row[f"{name}_max_min"] = reached[f"{name}_min"].max()
            row[f"{name}_cohesion"] = float(pairs[f"{name}_within"].mean())
        row["delta_mean_min"] = row["scenario_mean_min"] - row["base_mean_min"]
        row["delta_cohesion"] = row["scenario_cohesion"] - row["base_cohesion"]
        rows.append(row)
    found: gpd.GeoDataFrame = conform(rows, GROUP_COHESION)
    return found


def circle_overlap(network: TransportNetwork, centres: Any, *, cutoff_min: float = 60) -> gpd.GeoDataFrame:
    """Compute how much the travel-time circles of centres, or of groups, overlap.

    Parameters
    ----------
    network : TransportNetwork
    centres : anything that `origins_table` takes, or members as `groups` returns them
        Each centre has a circle; a group's circle is the union of its members'.
    cutoff_min : float
        Minutes of the circles.

    Returns
    -------
    geopandas.GeoDataFrame
        Schema ``CIRCLE_OVERLAP``: one row per unordered pair, with both areas, the shared one, its
        share of the smaller circle and its shape (empty where there is none).

    Examples
    --------
    >>> road = br.build_network(
    ...     [106.5, 106.6, 106.8], [29.5] * 3, br.Links([0, 1], [1, 2], [9.7e3, 19.4e3], [600, 1200])
    ... )
    >>> found = br.circle_overlap(road, [(106.5, 29.5), (106.6, 29.5)], cutoff_min=20)
    >>> found["share_of_smaller"].round(2).tolist()
    [0.4]
    """
    require_network(network)
    cutoff = require_number(cutoff_min, "cutoff_min", unit="minutes", above=0, maximum=24 * 60)
    ids, names, shapes = _circles(network, centres, cutoff)
    if not ids:
        return conform([], CIRCLE_OVERLAP)
    plane = equal_area_crs(gpd.GeoSeries(shapes, crs="EPSG:4326"))
    flat = gpd.GeoSeries(shapes, crs="EPSG:4326").to_crs(plane).to_numpy()
    area = area_km2(gpd.GeoSeries(shapes, crs="EPSG:4326"))
    parts, rows = shared_parts(flat), []
    pairs = list(combinations(range(len(ids)), 2))
    own = [parts.get(pair, shapely.Polygon()) for pair in pairs]
    drawn = gpd.GeoSeries(own, crs=plane).to_crs("EPSG:4326")
    for (i, j), shared, shape in zip(pairs, own, drawn, strict=True):
        km2 = float(shapely.area(shared)) / 1e6
        smaller = min(area[i], area[j])
        rows.append(
            {
                "cutoff_min": cutoff,
                "a_id": ids[i],
                "a_name": names[i],
                "b_id": ids[j],
                "b_name": names[j],
                "a_km2": area[i],
                "b_km2": area[j],
                "overlap_km2": km2,
                "share_of_smaller": km2 / smaller if smaller > 0 else np.nan,
                "geometry": shape,
            }
        )
    found: gpd.GeoDataFrame = conform(rows, CIRCLE_OVERLAP)
    return found


def nearest_group(
    network: TransportNetwork, places: Any, members: Any, *, by: Literal["nearest", "mean"] = "nearest"
) -> gpd.GeoDataFrame:
    """Say which group each place is nearest to.

    Parameters
    ----------
    network : TransportNetwork
    places : anything that `origins_table` takes
        Border counties, for instance.
    members : geopandas.GeoDataFrame, str or Study
        As `groups` returns them, or the study.
    by : {"nearest", "mean"}
        A group is as near as its nearest member, or as the mean of all of its members but the
        place itself: what tells groups apart for a place that is a member of several.

    Returns
    -------
    geopandas.GeoDataFrame
        Schema ``NEAREST_GROUP``, one row per place in the order given: the nearest group and its
        minutes, the member reached soonest, and the group that comes second. By "nearest", a place
        that is a member itself has 0 minutes. Of groups equally near, the first is named. Empty
        names and NaN where no member is reached (by "mean": not all are).

    Raises
    ------
    InputError
        If there is no group, or `by` is unknown.

    Examples
    --------
    >>> road = br.build_network(
    ...     [106.5, 106.6, 106.8], [29.5] * 3, br.Links([0, 1], [1, 2], [9.7e3, 19.4e3], [600, 1200])
    ... )
    >>> members = gpd.GeoDataFrame(
    ...     {
    ...         "group_id": ["west", "west", "east"],
    ...         "group_name": ["西组", "西组", "东组"],
    ...         "kind": "cluster",
    ...         "limit_min": 15.0,
    ...         "member_id": ["a", "b", "c"],
    ...         "member_name": ["甲", "乙", "丙"],
    ...         "lon": [106.5, 106.6, 106.8],
    ...         "lat": 29.5,
    ...     },
    ...     geometry=gpd.points_from_xy([106.5, 106.6, 106.8], [29.5] * 3),
    ...     crs=4326,
    ... )
    >>> found = br.nearest_group(road, [(106.61, 29.5)], members)
    >>> found[["group_name", "member_name", "second_group_id"]]
      group_name member_name second_group_id
    0         西组           乙            east
    """
    require_network(network)
    rule = require_choice(by, "by", ("nearest", "mean"))
    starts = origins_table(places, argument="places")
    table = _members(members)
    if len(table) == 0:
        raise InputError("'members' is empty: there is no group to be near to")
    ends = _points(table)
    minutes = np.nan_to_num(minutes_between(network, starts, ends), nan=np.inf)
    own = same_places(starts, ends)
    column = {identifier: row for row, identifier in enumerate(ends["origin_id"])}
    group_ids = list(table["group_id"].drop_duplicates())
    best = np.full((len(starts), len(group_ids)), np.inf)
    who = np.zeros((len(starts), len(group_ids)), dtype=int)
    for k, group_id in enumerate(group_ids):
        columns = np.array(
            [column[member] for member in table.loc[table["group_id"] == group_id, "member_id"]]
        )
        part = minutes[:, columns]
        who[:, k] = columns[part.argmin(axis=1)]
        if rule == "nearest":
            best[:, k] = part.min(axis=1)
        else:
            other = ~own[:, columns]
            best[:, k] = np.where(other, part, 0).sum(axis=1) / np.maximum(1, other.sum(axis=1))
    name_of = dict(zip(table["group_id"], table["group_name"], strict=True))
    rows = []
    for row, start in enumerate(starts.itertuples()):
        order = np.argsort(best[row], kind="stable")
        first = order[0]
        second = order[1] if len(order) > 1 else None
        reached = np.isfinite(best[row, first])
        next_reached = second is not None and np.isfinite(best[row, second])
        member = ends.iloc[who[row, first]]
        rows.append(
            {
                "origin_id": start.origin_id,
                "origin_name": start.origin_name,
                "group_id": group_ids[first] if reached else "",
                "group_name": name_of[group_ids[first]] if reached else "",
                "member_id": member["origin_id"] if reached else "",
                "member_name": member["origin_name"] if reached else "",
                "minutes": best[row, first] if reached else np.nan,
                "second_group_id": group_ids[second] if next_reached and second is not None else "",
                "second_minutes": best[row, second] if next_reached else np.nan,
                "geometry": start.geometry,
            }
        )
    found: gpd.GeoDataFrame = conform(rows, NEAREST_GROUP)
    return found


def _members(given: Any) -> gpd.GeoDataFrame:
    if isinstance(given, (str, Study)):
        return groups(given)
    if not isinstance(given, pd.DataFrame) or not set(GROUP_MEMBERS) <= set(given.columns):
        raise InputTypeError(
            f"'members' should be a study or the table that groups() returns, with the columns "
            f"{', '.join(GROUP_MEMBERS)}; got {type(given).__name__}"
        )
    return gpd.GeoDataFrame(given)


def _points(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Every member once, as origins."""
    once = table.drop_duplicates("member_id")
    renamed = once.rename(columns={"member_id": "origin_id", "member_name": "origin_name"})
    return gpd.GeoDataFrame(
        renamed[["origin_id", "origin_name", "lon", "lat", "geometry"]].reset_index(drop=True),
        geometry="geometry",
        crs=table.crs,
    )


def _both_ways(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minutes of the slower direction; NaN where one is missing."""
    return np.maximum(minutes, minutes.T)


def _circles(
    network: TransportNetwork, centres: Any, cutoff: float
) -> tuple[list[str], list[str], list[Any]]:
    if isinstance(centres, pd.DataFrame) and set(GROUP_MEMBERS) <= set(centres.columns):
        members = gpd.GeoDataFrame(centres)
        if len(members) == 0:
            return [], [], []
        found = isochrones(network, _points(members), cutoffs_min=(cutoff,))
        parts = [
            (
                str(group_id),
                str(part["group_name"].iloc[0]),
                found[found["origin_id"].isin(part["member_id"])].drop_duplicates("origin_id").geometry,
            )
            for group_id, part in members.groupby("group_id", sort=False)
        ]
        ids, names = [part[0] for part in parts], [part[1] for part in parts]
        return ids, names, list(each(union_in_order, [part[2] for part in parts], progress=False, label=""))
    found = isochrones(network, origins_table(centres, argument="centres"), cutoffs_min=(cutoff,))
    return list(found["origin_id"]), list(found["origin_name"]), list(found.geometry)
