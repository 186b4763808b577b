"""Airports and flights."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final

import airportsdata
import geopandas as gpd
import numpy as np
import pandas as pd

from ..checks import require_frame, require_sound_text
from ..crs import ELLIPSOID, WGS84
from ..errors import EmptyInputError, InputError, InputTypeError, MissingColumnError, UnknownPlaceError
from ._line_network import LineNetwork
from ._links import Links
from ._network import TransportNetwork, build_network

#: Columns of `airports`.
AIRPORT_COLUMNS: Final = ("iata", "icao", "name", "city", "province", "country", "lon", "lat", "geometry")
#: What a table of flights must hold.
FLIGHT_COLUMNS: Final = ("from_iata", "to_iata", "minutes")


def airports(*, country: str | None = "CN") -> gpd.GeoDataFrame:
    """Return the airports that have an IATA code.

    Parameters
    ----------
    country : str, optional
        ISO 3166 code of two letters; the whole world when None.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `AIRPORT_COLUMNS`, points in EPSG:4326, ordered by ``iata``. Names are in English.

    Raises
    ------
    InputError
        If `country` is no code of two letters.
    UnknownPlaceError
        If no airport has that country.

    Notes
    -----
    The package airportsdata has no field for "in operation". An IATA code is the closest that it
    comes: airlines need one to sell a flight. Closed airports lose it late, new ones get it months
    before they open, so check the airports that a claim hangs on.

    References
    ----------
    airportsdata, MIT, https://github.com/mborsetti/airportsdata

    Examples
    --------
    >>> table = br.airports(country="CN").set_index("iata")
    >>> table.loc["KWE", "city"]
    'Guiyang'
    """
    if country is not None and (not isinstance(country, str) or len(country) != 2):  # type: ignore[redundant-expr] # callers aren't all typed
        raise InputError(f"'country' should be an ISO code of two letters such as 'CN', got {country!r}")
    rows = [
        {
            "iata": row["iata"],
            "icao": row["icao"],
            "name": row["name"],
            "city": row["city"],
            "province": row["subd"],
            "country": row["country"],
            "lon": float(row["lon"]),
            "lat": float(row["lat"]),
        }
        for row in _listed().values()
        if country is None or row["country"] == country.upper()
    ]
    if not rows:
        raise UnknownPlaceError(f"no airport has the country code {country!r}")
    table = pd.DataFrame(rows).sort_values("iata", ignore_index=True)
    points = gpd.points_from_xy(table["lon"], table["lat"])
    return gpd.GeoDataFrame(table, geometry=points, crs=WGS84)[list(AIRPORT_COLUMNS)]


@functools.cache
def _listed() -> Mapping[str, Any]:
    return airportsdata.load("IATA")


def air_network(
    airports: gpd.GeoDataFrame,
    flights: pd.DataFrame,
    *,
    access_speed_kph: float = 5.0,
    max_access_km: float = 2.0,
) -> LineNetwork:
    """Build a network of flights: entered and left at airports only.

    Parameters
    ----------
    airports : geopandas.GeoDataFrame
        Points with a column ``iata``, such as `airports` returns; ``name`` is used where present.
    flights : pandas.DataFrame
        One row per direction: ``from_iata``, ``to_iata``, ``minutes`` (gate to gate), and
        optionally ``flights_per_day``.
    access_speed_kph, max_access_km : float
        Speed and reach off the network, km/h and km.

    Returns
    -------
    LineNetwork
        Nodes are the airports that have a flight; arcs have mode "air" and class "flight". Where
        a flight is given twice, the faster one counts, with both frequencies added.

    Raises
    ------
    MissingColumnError, InputError, EmptyInputError
        Naming the row and the value.

    Examples
    --------
    >>> flights = pd.DataFrame({"from_iata": ["CKG"], "to_iata": ["KWE"], "minutes": [70]})
    >>> network = br.air_network(br.airports(country="CN"), flights)
    >>> network.n_nodes, network.n_arcs
    (2, 1)
    """
    points = require_frame(
        airports, "airports", geometry_types=("Point",), columns=("iata",), allow_empty=False
    )
    table = _flights(flights, points)
    grouped = table.groupby(["from_iata", "to_iata"], sort=True, as_index=False).agg(
        minutes=("minutes", "min"), per_day=("per_day", lambda values: values.sum(min_count=1))
    )
    used = points["iata"].isin({*grouped["from_iata"], *grouped["to_iata"]})
    nodes = points[used].reset_index(drop=True)
    number = pd.Series(nodes.index, index=nodes["iata"])
    tail = number.loc[grouped["from_iata"]].to_numpy()
    head = number.loc[grouped["to_iata"]].to_numpy()
    lon, lat = nodes.geometry.x.to_numpy(), nodes.geometry.y.to_numpy()
    metres = np.asarray(ELLIPSOID.inv(lon[tail], lat[tail], lon[head], lat[head])[2], dtype=float)
    names = nodes["name"] if "name" in nodes else nodes["iata"]
    plain = build_network(
        lon,
        lat,
        Links(
            tail,
            head,
            metres,
            grouped["minutes"].to_numpy(dtype=float) * 60,
            back_time_s=np.full(len(grouped), np.inf),
            mode="air",
            road_class="flight",
        ),
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        node_names={i: str(name) for i, name in enumerate(names)},
        provenance={"air": f"{len(grouped)} flights given by the user; great-circle lengths"},
    )
    per_day = {
        (int(a), int(b), "flight"): float(count)
        for a, b, count in zip(tail, head, grouped["per_day"], strict=True)
        if not np.isnan(count)
    }
    own = {field.name: getattr(plain, field.name) for field in fields(TransportNetwork)}
    return LineNetwork(**own, departures_per_day=MappingProxyType(per_day))


def _flights(flights: Any, airports: gpd.GeoDataFrame) -> pd.DataFrame:
    if not isinstance(flights, pd.DataFrame):
        raise InputTypeError(f"'flights' should be a DataFrame, got {type(flights).__name__}")
    require_sound_text(flights, "flights")
    missing = [name for name in FLIGHT_COLUMNS if name not in flights.columns]
    if missing:
        raise MissingColumnError(
            f"'flights' lacks the column(s) {', '.join(map(repr, missing))}; "
            f"it has {', '.join(map(repr, flights.columns))}"
        )
    if len(flights) == 0:
        raise EmptyInputError("'flights' has no rows; give at least one")
    known = set(airports["iata"])
    for index, row in flights.iterrows():
        for column in ("from_iata", "to_iata"):
            if row[column] not in known:
                raise InputError(f"'flights', row {index!r}: {column} {row[column]!r} isn't in 'airports'")
        if row["from_iata"] == row["to_iata"]:
            raise InputError(f"'flights', row {index!r}: a flight from {row['to_iata']!r} to itself")
    table = pd.DataFrame({"from_iata": flights["from_iata"], "to_iata": flights["to_iata"]})
    table["minutes"] = _positive(flights["minutes"], "minutes", empty=False)
    if "flights_per_day" in flights:
        table["per_day"] = _positive(flights["flights_per_day"], "flights_per_day", empty=True)
    else:
        table["per_day"] = np.nan
    return table


def _positive(values: pd.Series, column: str, *, empty: bool) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce")
    bad = ~(np.isfinite(numbers) & (numbers > 0))
    if empty:
        bad &= ~values.isna()
    if bad.any():
        index = values.index[bad.to_numpy()][0]
        raise InputError(
            f"'flights', row {index!r}: {column} should be a number above 0, got {values.loc[index]!r}"
        )
    return numbers
