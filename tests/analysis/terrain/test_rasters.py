"""People in population rasters, on small GeoTIFFs whose sums are known."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from borderreach.analysis.terrain import _rasters as rasters
from borderreach.analysis.terrain._rasters import people_in_raster
from borderreach.geo.crs import WGS84
from borderreach.geo.errors import DataFileError, InputError, MissingCRSError, MissingDependencyError

rasterio = pytest.importorskip("rasterio")
pytestmark = pytest.mark.filterwarnings(
    "ignore::rasterio.errors.NotGeoreferencedWarning",
    "ignore:Use `@` matmul:PendingDeprecationWarning",  # rasterio's own use of affine
)

#: Ten by ten cells of a tenth of a degree from (106, 30) down to (107, 29), with people 0 to 99.
VALUES = np.arange(100.0).reshape(10, 10)


@pytest.fixture
def write(tmp_path):
    def write(values=VALUES, *, crs=WGS84, nodata=-99999.0, transform=None):
        file = tmp_path / "people.tif"
        with rasterio.open(
            file,
            "w",
            driver="GTiff",
            width=values.shape[1],
            height=values.shape[0],
            count=1,
            dtype="float64",
            crs=crs,
            nodata=nodata,
            transform=transform or rasterio.transform.from_origin(106, 30, 0.1, 0.1),
        ) as raster:
            raster.write(values, 1)
        return file

    return write


def areas(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": range(len(shapes))}, geometry=list(shapes), crs=WGS84)


def test_sums_by_hand(write):
    result = people_in_raster(
        areas(
            shapely.box(106, 29, 107, 30),
            shapely.box(106, 29.8, 106.2, 30),
            shapely.box(106.9, 29, 107, 29.1),
        ),
        write(),
    )
    assert result["people"].tolist() == [4950, 0 + 1 + 10 + 11, 99]
    assert result["n_cells"].tolist() == [100, 4, 1]
    assert result["raster_cover"].tolist() == [1, 1, 1]


def test_small_windows_give_the_same(write, monkeypatch: pytest.MonkeyPatch):
    shape = shapely.Point(106.5, 29.5).buffer(0.4)
    whole = people_in_raster(areas(shape), write())
    monkeypatch.setattr(rasters, "_BLOCK_CELLS", 20)
    assert people_in_raster(areas(shape), write())["people"].tolist() == whole["people"].tolist()


def test_nodata_is_nobody_and_is_reported(write):
    values = VALUES.copy()
    values[0, 0], values[0, 1] = -99999, np.nan
    result = people_in_raster(areas(shapely.box(106, 29.8, 106.2, 30)), write(values))
    assert result["people"].tolist() == [21]
    assert result["n_cells"].tolist() == [2]
    assert result["raster_cover"].tolist() == [0.5]


def test_an_area_half_beside_the_raster(write):
    result = people_in_raster(areas(shapely.box(106.8, 29.9, 107.2, 30)), write())
    assert result["people"].tolist() == [8 + 9]
    assert result["raster_cover"].tolist() == [0.5]


def test_an_area_without_any_value_among_others(write):
    result = people_in_raster(areas(shapely.box(106, 29, 107, 30), shapely.box(50, 10, 51, 11)), write())
    assert result["people"][0] == 4950
    assert np.isnan(result["people"][1])
    assert result["n_cells"][1] == 0


def test_another_projection(write):
    # GHSL's Mollweide; a square of 100 km in it, drawn in degrees
    crs = "ESRI:54009"
    transform = rasterio.transform.from_origin(9.0e6, 3.6e6, 10_000, 10_000)
    file = write(np.ones((10, 10)), crs=crs, transform=transform)
    square = gpd.GeoDataFrame(geometry=[shapely.box(9.0e6, 3.5e6, 9.1e6, 3.6e6)], crs=crs)
    fine = square.set_geometry(square.geometry.segmentize(1000)).to_crs(WGS84)
    result = people_in_raster(fine, file)
    assert result["people"].tolist() == [100]
    part = gpd.GeoDataFrame(geometry=[shapely.box(9.02e6, 3.52e6, 9.05e6, 3.54e6).segmentize(1000)], crs=crs)
    assert people_in_raster(part, file)["people"].tolist() == [6]


def test_no_crs(write):
    with pytest.raises(MissingCRSError, match=r"people\.tif has no coordinate reference system"):
        people_in_raster(areas(shapely.box(106, 29, 107, 30)), write(crs=None))
    with pytest.raises(MissingCRSError, match="'areas' has no coordinate"):
        people_in_raster(gpd.GeoDataFrame(geometry=[shapely.box(106, 29, 107, 30)]), write())


@pytest.mark.parametrize("shape", [shapely.box(106, 29, 107, 30), shapely.box(50, 10, 51, 11)])
def test_nodata_everywhere(write, shape):
    with pytest.raises(InputError, match="no value anywhere in the areas"):
        people_in_raster(areas(shape), write(np.full((10, 10), -99999.0)))


def test_nodata_that_isnt_marked(write):
    values = VALUES.copy()
    values[3, 3] = -200
    with pytest.raises(InputError, match=r"holds -200, which isn't a number of people.*-a_nodata -200"):
        people_in_raster(areas(shapely.box(106, 29, 107, 30)), write(values))


def test_files_that_cannot_be_read(write, tmp_path):
    here = areas(shapely.box(106, 29, 107, 30))
    with pytest.raises(DataFileError, match=r"there is no file .*no\.tif"):
        people_in_raster(here, tmp_path / "no.tif")
    text = tmp_path / "text.tif"
    text.write_text("people")
    with pytest.raises(DataFileError, match="can't be read"):
        people_in_raster(here, text)
    with pytest.raises(InputError, match="'band' should be a whole number from 1 to 1"):
        people_in_raster(here, write(), band=2)
    with pytest.raises(InputError, match="is rotated"):
        people_in_raster(here, write(transform=rasterio.Affine(0.1, 0.01, 106, 0.01, -0.1, 30)))


def test_no_areas(write):
    result = people_in_raster(areas().set_crs(WGS84), write())
    assert len(result) == 0
    assert {"people", "n_cells", "raster_cover"} <= set(result.columns)


def test_without_rasterio_the_error_names_the_extra(write, monkeypatch: pytest.MonkeyPatch):
    file = write()
    monkeypatch.setitem(__import__("sys").modules, "rasterio", None)
    with pytest.raises(MissingDependencyError, match=r"borderreach\[raster\]"):
        people_in_raster(areas(shapely.box(106, 29, 107, 30)), file)
