"""China's own yardsticks of reach: 1, 2 and 3 hours of the 全国123出行交通圈, and the hour of a metropolitan area."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_frame, require_numbers
from ...geo.errors import InputError
from ...geo.networks import TransportNetwork
from ...geo.places import cities as all_cities
from ..corridors import minutes_between
from ..schemas import Schema, conform, empty
from ..times import require_network

#: Minutes of each yardstick.
COMMUTING_MIN: Final = 60.0
NEIGHBOURS_MIN: Final = 120.0
MAIN_MIN: Final = 180.0
METROPOLITAN_MIN: Final = 60.0
YARDSTICKS: Final[Schema] = {
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "own_city": "str",
    "own_city_min": "float64",
    "within_1h": "bool",
    "across_city": "str",
    "across_city_min": "float64",
    "within_2h": "bool",
    "main_city": "str",
    "main_city_min": "float64",
    "within_3h": "bool",
    "metropolitan": "bool",
    "n_missed": "int64",
}
_COLUMNS: Final = ("adcode", "name", "province", "lon", "lat")


def yardsticks(
    network: TransportNetwork, places: Any, *, cities: Any = None, main_cities: Any = None
) -> pd.DataFrame:
    """Measure counties by the national circles of 1, 2 and 3 hours, and by the hour of a metropolitan area.

    The outline of 2019 wants an hour's commuting in metropolitan areas, two hours within groups of cities, and three hours
    to the main cities of the country. It names no pairs of places. Here, for each county and with the longer of there and
    back, as a commuter needs both:

    - 1 hour: to the seat of the city at prefecture level that it belongs to (the nearest of its province where it belongs to
      none),
    - 2 hours: to the nearest such city of another province,
    - 3 hours: to the nearest main city,
    - metropolitan: to the nearest main city within an hour, the basic extent of a metropolitan area by the opinions of 2019.

    Parameters
    ----------
    network : TransportNetwork
    places : GeoDataFrame
        Counties as `counties` or `border_counties` gives them: ``adcode, name, province, lon, lat`` and, where known,
        ``city_adcode``.
    cities : GeoDataFrame, optional
        As `cities` gives them, which is taken when left out.
    main_cities : array_like of int, optional
        Codes of those that are main cities; provincial capitals and municipalities when left out.

    Returns
    -------
    pandas.DataFrame
        One row per county: ``adcode, name, province``; ``own_city, own_city_min, within_1h``; ``across_city,
        across_city_min, within_2h``; ``main_city, main_city_min, within_3h, metropolitan``; ``n_missed``, how many of the
        three circles it lies outside of. Minutes are NaN, and names empty, where there is no such city or no way.

    Raises
    ------
    InputError, InputTypeError, MissingColumnError, NetworkError

    References
    ----------
    中共中央、国务院 (2019). 交通强国建设纲要: "全国123出行交通圈（都市区1小时通勤、城市群2小时通达、全国主要城市3小时覆盖）".

    中共中央、国务院 (2021). 国家综合立体交通网规划纲要.

    国家发展改革委 (2019). 关于培育发展现代化都市圈的指导意见 (发改规划〔2019〕328号): "以1小时通勤圈为基本范围".

    Examples
    --------
    A county 40 minutes from its own city, 100 from the next across the border, and 200 from the capital:

    >>> road = br.build_network(
    ...     [106.0, 106.4, 107.0, 108.0],
    ...     [29.0] * 4,
    ...     br.Links([0, 0, 0], [1, 2, 3], [4e4, 1e5, 2e5], [2400, 6000, 12000]),
    ...     max_access_km=1,
    ... )
    >>> def table(**columns):
    ...     points = gpd.points_from_xy(columns["lon"], columns["lat"])
    ...     return gpd.GeoDataFrame(columns, geometry=points, crs=4326)
    >>> county = table(adcode=[520325], name=["县"], province=["甲"], city_adcode=[520300], lon=[106.0], lat=[29.0])
    >>> seats = table(
    ...     adcode=[520300, 510500, 520100],
    ...     name=["市", "邻市", "省会"],
    ...     province=["甲", "乙", "甲"],
    ...     lon=[106.4, 107.0, 108.0],
    ...     lat=[29.0] * 3,
    ... )
    >>> found = br.yardsticks(road, county, cities=seats)
    >>> found[["own_city_min", "across_city_min", "main_city_min", "n_missed"]].values.tolist()
    [[40.0, 100.0, 200.0, 1.0]]
    """
    checked = require_network(network)
    table = require_frame(places, "places", columns=_COLUMNS).reset_index(drop=True)
    towns = require_frame(
        all_cities() if cities is None else cities, "cities", columns=_COLUMNS, allow_empty=False
    ).reset_index(drop=True)
    if table.empty:
        return empty(YARDSTICKS)
    codes = towns["adcode"].to_numpy()
    if main_cities is None:
        is_main = np.isin(codes % 10_000, (0, 100))
    else:
        is_main = np.isin(codes, require_numbers(main_cities, "main_cities").astype("int64"))
        if not is_main.any():
            raise InputError("'main_cities' has the code of none of 'cities'; give codes such as 520100")
    minutes = np.maximum(minutes_between(checked, table, towns), minutes_between(checked, towns, table).T)
    minutes = np.where(np.isfinite(minutes), minutes, np.inf)
    same = (
        table["province"].to_numpy(dtype=object)[:, None] == towns["province"].to_numpy(dtype=object)[None, :]
    )
    own = same
    if "city_adcode" in table.columns:
        belongs = table["city_adcode"].to_numpy()[:, None] == codes[None, :]
        own = np.where(belongs.any(axis=1, keepdims=True), belongs, same)
    found = table[["adcode", "name", "province"]].reset_index(drop=True)
    names = towns["name"].to_numpy(dtype=object)
    for label, which in (("own", own), ("across", ~same), ("main", np.broadcast_to(is_main, same.shape))):
        found[f"{label}_city"], found[f"{label}_city_min"] = _nearest(minutes, which, names)
    found["within_1h"] = found["own_city_min"] <= COMMUTING_MIN
    found["within_2h"] = found["across_city_min"] <= NEIGHBOURS_MIN
    found["within_3h"] = found["main_city_min"] <= MAIN_MIN
    found["metropolitan"] = found["main_city_min"] <= METROPOLITAN_MIN
    found["n_missed"] = 3 - found[["within_1h", "within_2h", "within_3h"]].sum(axis=1)
    return conform(found.to_dict("records"), YARDSTICKS)


def _nearest(
    minutes: NDArray[np.float64], which: NDArray[np.bool_], names: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return the nearest city of those that count for each place, and the minutes to it."""
    some = np.where(which, minutes, np.inf)
    at = some.argmin(axis=1)
    best = some[np.arange(len(some)), at]
    there = np.isfinite(best)
    return np.where(there, names[at], ""), np.where(there, best, np.nan)
