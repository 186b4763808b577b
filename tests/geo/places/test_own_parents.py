"""Provinces and cities that counties of a user's own make up: those of the embedded tables, from their counties."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from borderreach.geo.places import cities, counties, provinces


@pytest.mark.parametrize("read", [provinces, cities])
def test_they_are_those_of_the_embedded_tables(read):
    every = counties()
    east = every[every["province_adcode"].isin((500000, 520000, 460000, 710000))].reset_index(drop=True)
    known = read()
    column = "adcode" if read is provinces else "province_adcode"
    known = known[known[column].isin(east["province_adcode"])].reset_index(drop=True)
    found = read(east)
    assert list(found.columns) == list(known.columns)
    assert found.drop(columns="geometry").equals(known.drop(columns="geometry"))
    apart = shapely.area(
        shapely.symmetric_difference(found.geometry.to_numpy(), known.geometry.to_numpy(), grid_size=1e-6)
    )
    assert np.all(apart < 1e-3 * shapely.area(known.geometry.to_numpy()))


def test_cities_of_one_province_of_ones_own():
    own = counties(provinces=("贵州", "重庆"))
    assert cities(own, provinces="贵州")["name"].tolist() == cities(provinces="贵州")["name"].tolist()
