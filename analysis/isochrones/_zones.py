"""Circles of several centres, and one-hour commuting zones with their counties."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ...geo.checks import require_frame, require_number, require_text
from ...geo.crs import area_km2, equal_area_crs
from ...geo.errors import InputError
from ...geo.networks import TransportNetwork
from ...geo.timetables import TimetableNetwork, Window, require_window, window_text
from .. import schemas
from ..contours import as_multipolygon
from ..times import each, told_of
from ._isochrones import isochrones, union_in_order

#: What isochrones of a timetable network say of its departures.
_DEPARTURES = ("statistic", "window")
_ISOCHRONE_COLUMNS = ("origin_id", "origin_name", "cutoff_min")
#: Pairs of a zone and a county that a thread cuts with each other at a time.
_PAIRS_TOGETHER: Final = 256


def travel_time_circle(isochrones: gpd.GeoDataFrame, *, scenario: str = "base") -> gpd.GeoDataFrame:
    """Unite the isochrones of several centres, cutoff by cutoff (a "two-hour circle").

    Parameters
    ----------
    isochrones : geopandas.GeoDataFrame
        As `isochrones` returns them, of one scenario.
    scenario : str
        What the column ``scenario`` is to say.

    Returns
    -------
    geopandas.GeoDataFrame
        ``scenario, cutoff_min, n_centres, centres, area_km2, geometry``, one row per cutoff, the
        largest first; EPSG:4326. ``statistic, window`` as well, where the isochrones have them.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError
    InputError
        If isochrones of several statistics or windows are given.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> found = br.isochrones(road, [(106.5, 29.5), (106.6, 29.5)], cutoffs_min=(10, 20))
    >>> br.travel_time_circle(found)[["cutoff_min", "n_centres"]].values.tolist()
    [[20.0, 2.0], [10.0, 2.0]]
    """
    frame = require_frame(isochrones, "isochrones", columns=_ISOCHRONE_COLUMNS, empty_shapes=True)
    require_text(scenario, "scenario")
    parts = [
        frame[frame["cutoff_min"] == cutoff].drop_duplicates("origin_id")
        for cutoff in sorted(frame["cutoff_min"].unique(), reverse=True)
    ]
    united = each(lambda part: union_in_order(part.geometry), parts, progress=False, label="")
    rows = [
        {
            "scenario": scenario,
            "cutoff_min": part["cutoff_min"].iloc[0],
            "n_centres": len(part),
            "centres": "、".join(part["origin_name"]),
            "area_km2": 0.0,
            "geometry": shape,
        }
        for part, shape in zip(parts, united, strict=True)
    ]
    result = gpd.GeoDataFrame(schemas.conform(rows, schemas.CIRCLES))
    result["area_km2"] = area_km2(result.geometry)
    for column in _DEPARTURES:  # of a timetable network
        if column in frame:
            said = frame[column].unique()
            if len(said) > 1:
                raise InputError(
                    f"'isochrones' has more than one '{column}': {', '.join(map(str, said))}; unite those of one"
                )
            result[column] = said[0] if len(said) else ""
    return result


def commuting_zone(
    network: TransportNetwork,
    centre: Any,
    *,
    minutes: float = 60,
    scenario: str = "base",
    outward: tuple[str, str] = ("06:30", "08:30"),
    work_h: float = 8.0,
    workers: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Compute commuting zones: where the way to a centre and the way back both take `minutes` at most.

    Parameters
    ----------
    network : TransportNetwork
    centre : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
        One or more centres; each has a zone of its own.
    minutes : float
        Longest time of one direction.
    scenario : str
        What the column ``scenario`` is to say.
    outward : (str, str)
        On a timetable network: the window in which people set out to the centre, ``HH:MM``.
    work_h : float
        There as well: hours of work between the two ways. Who sets out at a minute is there `minutes` later, works,
        and sets out home: so the window of the way back begins and ends `minutes` and `work_h` after `outward`.
    workers : int, optional
        Threads; one per processor when left out.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    geopandas.GeoDataFrame
        ``scenario, centre_id, centre_name, minutes, area_km2, n_counties, geometry``, one row per
        centre in the order given; EPSG:4326. ``n_counties`` is 0 until `zone_counties` is asked. On a timetable network
        also ``statistic, window, window_back``; each way counts by the statistic of its own window.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, UnknownPlaceError, AmbiguousPlaceError, OffNetworkError
        As `isochrones`.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> zone = br.commuting_zone(road, (106.5, 29.5), minutes=20)
    >>> zone[["minutes", "area_km2"]].round(1).values.tolist()
    [[20.0, 10.9]]
    """
    limit = require_number(minutes, "minutes", unit="minutes", above=0, maximum=7 * 24 * 60)
    require_text(scenario, "scenario")
    options: dict[str, Any] = {"cutoffs_min": limit, "workers": workers, "progress": progress}
    out = home = network
    if isinstance(network, TimetableNetwork):
        out, home = _day_of_work(
            network,
            outward,
            limit + 60 * require_number(work_h, "work_h", unit="hours", minimum=0, maximum=16),
        )
    back = isochrones(home, centre, direction="from", **options)
    # towards a place on a network whose arcs take as long in both directions is the same as from it
    there = back if _is_symmetric(network) else isochrones(out, centre, direction="to", **options)
    both_ways = list(zip(back.geometry, there.geometry, strict=True))
    zones = each(_common, both_ways, progress=False, label="", workers=workers)
    rows = [
        {
            "scenario": scenario,
            "centre_id": centre_id,
            "centre_name": name,
            "minutes": limit,
            "area_km2": 0.0,
            "n_counties": 0,
            "geometry": zone,
        }
        for centre_id, name, zone in zip(back["origin_id"], back["origin_name"], zones, strict=True)
    ]
    result = gpd.GeoDataFrame(schemas.conform(rows, schemas.ZONES))
    result["area_km2"] = area_km2(result.geometry)
    if isinstance(network, TimetableNetwork):
        result = result.assign(**told_of(out), window_back=told_of(home)["window"])
    return result


def _common(pair: tuple[shapely.MultiPolygon, shapely.MultiPolygon]) -> shapely.MultiPolygon:
    """Return what two areas have in common."""
    one, two = pair
    return one if one is two else as_multipolygon(shapely.intersection(one, two))


def _day_of_work(
    network: TimetableNetwork, outward: tuple[str, str], until_home_min: float
) -> tuple[TimetableNetwork, TimetableNetwork]:
    """Return the network of the way to work and that of the way home."""
    first, end = require_window(outward, "outward")
    later = 60 * round(until_home_min)
    if first + later >= 24 * 3600:
        raise InputError(
            f"the way home would begin after midnight: 'outward' is {tuple(outward)!r}, and 'minutes' and 'work_h' make "
            f"{until_home_min / 60:g} h; set out earlier, or work less"
        )
    window = window_text(Window(first + later, end + later))
    return network.with_departures(window=outward), network.with_departures(window=window)


def zone_counties(
    zones: gpd.GeoDataFrame, counties: gpd.GeoDataFrame, *, share_of_area: float = 0.5
) -> pd.DataFrame:
    """List the counties that zones touch, and say which belong to them.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame
        As `commuting_zone` returns them.
    counties : geopandas.GeoDataFrame
        As `counties` returns them.
    share_of_area : float
        A county belongs to a zone when at least this share of its area lies inside, 0 to 1.

    Returns
    -------
    pandas.DataFrame
        ``scenario, centre_id, centre_name, adcode, name, province, share_of_area, seat_inside,
        belongs``, one row per zone and county that share any area or whose seat is inside, in the
        order of the zones, the largest share first.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError, InputError

    Examples
    --------
    What of the county lies within an hour of the seat:

    >>> road = br.build_network(
    ...     [106.5, 106.6],
    ...     [29.5, 29.5],
    ...     br.Links([0], [1], [9.7e3], [600.0]),
    ...     access_speed_kph=25,
    ...     max_access_km=30,
    ... )
    >>> counties = gpd.GeoDataFrame(
    ...     {
    ...         "adcode": [500101, 520101],
    ...         "name": ["甲县", "乙县"],
    ...         "province": ["重庆市", "贵州省"],
    ...         "province_adcode": [500000, 520000],
    ...         "lon": [106.5, 107.5],
    ...         "lat": [29.5, 29.5],
    ...     },
    ...     geometry=[shapely.box(106, 29, 107, 30), shapely.box(107, 29, 108, 30)],
    ...     crs=4326,
    ... )
    >>> zone = br.commuting_zone(road, (106.5, 29.5), minutes=60)
    >>> br.zone_counties(zone, counties, share_of_area=0.1)[["name", "share_of_area", "belongs"]].round(2)
      name  share_of_area  belongs
    0   甲县            0.2     True
    """
    least = require_number(share_of_area, "share_of_area", above=0, maximum=1)
    zones = require_frame(zones, "zones", columns=("scenario", "centre_id", "centre_name"), empty_shapes=True)
    counties = require_frame(
        counties, "counties", columns=("adcode", "name", "province", "lon", "lat"), allow_empty=False
    )
    flat = equal_area_crs(counties.geometry, zones.geometry)
    flat_counties = counties.geometry.to_crs(flat).to_numpy()
    flat_zones = zones.geometry.to_crs(flat).to_numpy()
    zone, county = shapely.STRtree(flat_counties).query(flat_zones, predicate="intersects")

    def shared_areas(part: NDArray[np.int64]) -> NDArray[np.float64]:
        areas: NDArray[np.float64] = shapely.area(
            shapely.intersection(flat_zones[zone[part]], flat_counties[county[part]])
        )
        return areas

    parts = np.array_split(np.arange(len(zone)), max(1, len(zone) // _PAIRS_TOGETHER))
    shared = np.concatenate(list(each(shared_areas, parts, progress=False, label="")))
    share = shared / shapely.area(flat_counties)[county]
    seats = shapely.points(counties["lon"].to_numpy(), counties["lat"].to_numpy())
    inside = shapely.intersects(zones.geometry.to_numpy()[zone], seats[county])
    zone_keys = list(zones[["scenario", "centre_id", "centre_name"]].itertuples(index=False, name=None))
    county_keys = list(counties[["adcode", "name", "province"]].itertuples(index=False, name=None))
    names = ("scenario", "centre_id", "centre_name", "adcode", "name", "province")
    rows = [
        {
            **dict(zip(names, (*zone_keys[z], *county_keys[c]), strict=True)),
            "share_of_area": part,
            "seat_inside": seat,
            "belongs": part >= least,
        }
        for z, c, part, seat in sorted(
            zip(zone, county, share, inside, strict=True), key=lambda row: (row[0], -row[2], row[1])
        )
        if part > 0 or seat
    ]
    return schemas.conform(rows, schemas.ZONE_COUNTIES)


def _is_symmetric(network: TransportNetwork) -> bool:
    """Whether every link takes as long in both directions."""
    with_line, against = network.link_arcs
    if (with_line < 0).any() or (against < 0).any():
        return False
    time = network.arc_time_ms
    return bool((time[with_line] == time[against]).all())
