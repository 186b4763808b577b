from ._isochrones import terrain_isochrones

__all__ = [
    "terrain_isochrones",
]
