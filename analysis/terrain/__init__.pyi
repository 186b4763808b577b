from ._isochrones import terrain_isochrones
from ._rasters import people_in_raster

__all__ = [
    "people_in_raster",
    "terrain_isochrones",
]
