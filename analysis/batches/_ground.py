"""What every part of a batch stands on besides its network: counties, and where people live; as data that travels."""

from __future__ import annotations

import hashlib
import io
import threading
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.crs import WGS84
from ...geo.networks import TransportNetwork
from ...geo.places import counties
from ..indicators import people_points, people_within

#: Of either rule of where in its county people live: the column of the results.
RULES: Final = ("people", "people_by_seat")

_lock = threading.Lock()
_frames: dict[str, gpd.GeoDataFrame] = {}


@dataclass(frozen=True)
class Units:
    """Counties: the name of embedded ones, or the bytes of a user's own, which workers elsewhere don't have.

    Attributes
    ----------
    source : str
        "tianditu" or "amap"; else the hash of `content`.
    content : bytes
        GeoParquet; empty where they are embedded.
    """

    source: str
    content: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, boundaries: str | gpd.GeoDataFrame) -> Units:
        """Return boundaries as data."""
        if isinstance(boundaries, str):
            return cls(boundaries)
        buffer = io.BytesIO()
        boundaries.to_parquet(buffer, index=False, compression="zstd", schema_version="1.0.0")
        return cls(hashlib.sha256(buffer.getvalue()).hexdigest(), buffer.getvalue())

    def frame(self) -> gpd.GeoDataFrame:
        """Return the counties; not to be changed. Those asked for last are kept."""
        with _lock:
            if self.source not in _frames:
                _frames.clear()
                found = gpd.read_parquet(io.BytesIO(self.content)) if self.content else counties(self.source)
                _frames[self.source] = found
            return _frames[self.source]


@dataclass(frozen=True, eq=False)
class Residents:
    """Where people live, by both rules: at the road's nodes of their county, and all at its seat.

    Attributes
    ----------
    at : tuple of ndarray of float64, shape (points, 3)
        Longitude, latitude and people, in the order of `RULES`.
    """

    at: tuple[NDArray[np.float64], NDArray[np.float64]]

    @classmethod
    def of(cls, known: gpd.GeoDataFrame, roads: TransportNetwork) -> Residents:
        """Return the people of counties, as `with_people` gives them.

        The nodes are those of the roads without any corridor, so that scenarios differ by their areas alone.
        """
        nodes = people_points(known, rule="nodes", network=roads)
        seats = people_points(known, rule="seat")
        columns = ["lon", "lat", "people"]
        return cls((nodes[columns].to_numpy(dtype=float), seats[columns].to_numpy(dtype=float)))

    @property
    def digest(self) -> str:
        """Hash of all of it."""
        return hashlib.sha256(b"".join(np.ascontiguousarray(one).tobytes() for one in self.at)).hexdigest()

    def within(self, areas: gpd.GeoDataFrame) -> pd.DataFrame:
        """Return how many live in each area, columns of `RULES` under the areas' index."""
        found = pd.DataFrame(0.0, index=areas.index, columns=list(RULES))
        west, south, east, north = areas.total_bounds
        for name, points in zip(RULES, self.at, strict=True):
            lon, lat, people = points.T
            near = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north) & (people > 0)
            if near.any():
                there = gpd.GeoDataFrame(
                    {"people": people[near]}, geometry=gpd.points_from_xy(lon[near], lat[near]), crs=WGS84
                )
                found[name] = people_within(areas[["geometry"]], there)["people"]
        return found
