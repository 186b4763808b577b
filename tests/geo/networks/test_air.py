"""Airports and flights."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from borderreach.geo.errors import (
    EmptyInputError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
    UnknownPlaceError,
)
from borderreach.geo.networks._air import AIRPORT_COLUMNS, air_network, airports


def flights(**changes):
    table = pd.DataFrame(
        {
            "from_iata": ["CKG", "KWE"],
            "to_iata": ["KWE", "CKG"],
            "minutes": [70, 75],
            "flights_per_day": [4, None],
        }
    )
    for column, values in changes.items():
        table[column] = values
    return table


def test_airports_of_china():
    table = airports(country="CN")
    assert tuple(table.columns) == AIRPORT_COLUMNS
    assert table.crs == "EPSG:4326"
    assert len(table) > 200
    assert table["iata"].str.fullmatch("[A-Z0-9]{3}").all()
    assert table["iata"].is_unique
    place = table.set_index("iata")
    for code, lon, lat in (("CKG", 106.64, 29.72), ("KWE", 106.80, 26.54), ("WNZ", 120.85, 27.91)):
        assert place.loc[code, "geometry"].distance(shapely.Point(lon, lat)) < 0.05
    assert len(airports(country=None)) > 5 * len(table)


def test_unknown_country():
    with pytest.raises(UnknownPlaceError, match="'XX'"):
        airports(country="XX")
    with pytest.raises(InputError, match="'China'"):
        airports(country="China")


def test_flights_are_directed_arcs_between_their_airports():
    network = air_network(airports(), flights())
    assert (network.n_nodes, network.n_arcs) == (2, 2)
    assert sorted(network.arc_time_ms.tolist()) == [70 * 60_000, 75 * 60_000]
    assert 340_000 < network.arc_length_m[0] < 370_000
    assert network.modes == ("air",)
    assert network.node_exit.all()
    assert not network.arc_exit.any()
    assert list(network.departures_per_day.values()) == [4.0]


def test_a_flight_given_twice_counts_once_with_both_frequencies():
    table = pd.concat([flights(), flights(minutes=[65, 90], flights_per_day=[3, 2])])
    network = air_network(airports(), table)
    assert network.n_arcs == 2
    assert sorted(network.arc_time_ms.tolist()) == [65 * 60_000, 75 * 60_000]
    assert sorted(network.departures_per_day.values()) == [2.0, 7.0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"from_iata": ["CKG", "QQQ"]}, "row 1: from_iata 'QQQ'"),
        ({"to_iata": ["CKG", "CKG"]}, "row 0: a flight from 'CKG' to itself"),
        ({"minutes": [70, "soon"]}, "row 1: minutes should be a number above 0, got 'soon'"),
        ({"minutes": [0, 75]}, "row 0: minutes"),
        ({"flights_per_day": [4, -1]}, "row 1: flights_per_day"),
    ],
)
def test_errors_name_row_and_column(changes, said):
    with pytest.raises(InputError, match=said):
        air_network(airports(), flights(**changes))


def test_wrong_arguments():
    with pytest.raises(MissingColumnError, match="'minutes'"):
        air_network(airports(), flights().drop(columns="minutes"))
    with pytest.raises(EmptyInputError):
        air_network(airports(), flights().iloc[:0])
    with pytest.raises(InputTypeError, match="'flights'"):
        air_network(airports(), [("CKG", "KWE", 70)])  # type: ignore[arg-type]
    bare = gpd.GeoDataFrame({"iata": ["CKG"]}, geometry=[shapely.Point(106.6, 29.7)])
    with pytest.raises(MissingCRSError):
        air_network(bare, flights())
