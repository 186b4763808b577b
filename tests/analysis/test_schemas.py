"""Tables of results keep their columns and types, with rows and without."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from pandas.testing import assert_series_equal

from borderreach.analysis import schemas
from borderreach.geo.crs import WGS84

SCHEMAS = {name: value for name, value in vars(schemas).items() if name.isupper() and isinstance(value, dict)}
EXAMPLES = {
    "str": "重庆",
    "float64": 1,
    "int64": 500000,
    "bool": True,
    "geometry": shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]),
}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_empty_and_filled_tables_agree(name: str):
    schema = SCHEMAS[name]
    empty = schemas.empty(schema)
    filled = schemas.conform([{column: EXAMPLES[kind] for column, kind in schema.items()}], schema)
    assert list(empty.columns) == list(filled.columns) == list(schema)
    assert_series_equal(empty.dtypes, filled.dtypes)
    assert len(empty) == 0
    assert schemas.conform([], schema).equals(empty)
    if "geometry" in schema:
        for frame in (empty, filled):
            assert isinstance(frame, gpd.GeoDataFrame)
            assert frame.crs == WGS84


def test_keys_beyond_the_schema_are_left_out_and_order_is_the_schemas():
    row = {"distance_km": 2, "to_id": "b", "from_id": "a", "travel_time_min": 1, "note": "x"}
    table = schemas.conform([row], schemas.TRAVEL_TIMES)
    assert list(table.columns) == ["from_id", "to_id", "travel_time_min", "distance_km"]
    assert table.loc[0, "travel_time_min"] == 1.0
