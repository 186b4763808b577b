"""A study's roads: the embedded ones, or those that it names; and whether they, and its trains, lie where it does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ...geo.checks import require_path
from ...geo.errors import BorderReachError, ConfigError, InputTypeError
from ...geo.files import read_vector_file
from ...geo.networks import LineNetwork, TransportNetwork
from ...geo.sources import read_network
from ..study_file import NetworkKeys, Study
from ..times import within_reach
from ._reach import Ground

#: Trains whose stations all lie farther than this from the study's counties are somewhere else, degrees of latitude.
_ELSEWHERE_DEG = 1.0


def study_network(chosen: Study, ground: Ground, *, progress: bool = False) -> TransportNetwork:
    """Return a study's roads, which lie where its boundaries do.

    Parameters
    ----------
    chosen : Study
    ground : Ground
        Its boundaries and centres.
    progress : bool
        Whether to show a progress bar while a file is read for the first time.

    Raises
    ------
    ConfigError
        If what it names can't be read, or doesn't cover the study.
    """
    keys = chosen.network
    network = roads_of(
        keys,
        where=_where(chosen),
        study=lambda: shapely.union_all(ground.counties.geometry.to_numpy()),
        progress=progress,
    )
    require_roads_alone(network, where=_where(chosen))
    if not keys.is_embedded:
        require_covered(chosen, network, ground)
    return network


def require_roads_alone(network: TransportNetwork, *, where: str = "") -> None:
    """Raise where a study's roads come with the trains of a timetable, to which those of other years can't be joined.

    Raises
    ------
    ConfigError
    """
    if network.is_scheduled:
        raise ConfigError(
            f"{where}'network': it has the trains of a timetable already; give its roads alone, and the timetable as 'gtfs'"
        )


def roads_of(
    keys: NetworkKeys, *, where: str, study: Callable[[], Any] | None = None, progress: bool = False
) -> TransportNetwork:
    """Return the roads that a table ``[network]`` names, as they are.

    Parameters
    ----------
    keys : NetworkKeys
    where : str
        What errors begin with.
    study : callable, optional
        Returns the area that ``area = "study"`` means.
    progress : bool
        Whether to show a progress bar while a file is read for the first time.

    Raises
    ------
    ConfigError
    """
    try:
        return read_network(
            list(keys.named),
            main_roads=keys.main_roads,
            area=_area(keys, study),
            margin_km=keys.margin_km,
            speeds=keys.speeds or None,
            keep=keys.keep,
            speed_kph=keys.speed_kph,
            road_class=keys.road_class or None,
            oneway=keys.oneway or None,
            access_speed_kph=keys.access_speed_kph,
            max_access_km=keys.max_access_km,
            folder=keys.folder,
            progress=progress,
        )
    except BorderReachError as error:
        raise ConfigError(f"{where}'network': {error}") from error


def with_roads(chosen: Study, roads: Any) -> Study:
    """Return a study on other roads than its file names; paths start from the working folder.

    Parameters
    ----------
    chosen : Study
    roads : str, path or sequence of them
        As `read_network` takes them.

    Raises
    ------
    InputTypeError, InputError
        If they are no names, or one can't be a path.
    """
    names = road_names(roads)
    keys = chosen.network.model_copy(update={"roads": names[0] if len(names) == 1 else names})
    return chosen.model_copy(update={"network": keys})


def road_names(roads: Any) -> tuple[str, ...]:
    """Return what names roads as texts that mean the same from any folder.

    Parameters
    ----------
    roads : str, path or sequence of them

    Raises
    ------
    InputTypeError, InputError
        If they are no names, or one can't be a path.
    """
    listed = list(roads) if isinstance(roads, (list, tuple)) else [roads]
    if not listed or not all(isinstance(one, (str, Path)) and str(one).strip() for one in listed):
        raise InputTypeError(
            "'network' should be a TransportNetwork, 'trunk', a file, a region, or several of these, got "
            f"{type(roads).__name__ if not listed or not isinstance(roads, (str, list, tuple)) else roads!r}"
        )
    paths = [require_path(one, "network") for one in listed]
    return tuple(str(one.absolute()) if one.suffix or one.exists() else str(one) for one in paths)


def _where(chosen: Study) -> str:
    where = chosen.network.where or chosen.where
    return f"{where}: " if where else ""


def _area(keys: NetworkKeys, study: Callable[[], Any] | None) -> Any:
    """Return the polygon that roads are cut to; None for all of them."""
    if not keys.area:
        return None
    if keys.area == "study" and study is not None:
        return study()
    if isinstance(keys.area, str):
        return read_vector_file(keys.folder / keys.area, argument="area")
    west, south, east, north = keys.area
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ConfigError(f"'area' should be [west, south, east, north] in degrees, got {list(keys.area)}")
    return shapely.box(west, south, east, north)


def require_covered(chosen: Study, network: TransportNetwork, ground: Ground) -> None:
    """Raise where a network doesn't lie where the study does, or leaves a province or a centre of it out.

    Raises
    ------
    ConfigError
        With the key, the places and the remedy.
    """
    named = " and ".join(chosen.network.named)
    start = f"{_where(chosen)}'network.roads': {named}"
    reach = f"{network.max_access_km:g} km"
    own = _box(network.node_lon, network.node_lat)
    there = tuple(float(value) for value in ground.counties.total_bounds)
    grown = network.max_access_km / 111
    if (
        own[0] > there[2] + 2 * grown
        or own[2] < there[0] - 2 * grown
        or own[1] > there[3] + grown
        or own[3] < there[1] - grown
    ):
        raise ConfigError(
            f"{start} lies at {_shown(own)} (west, south, east, north), the study's counties at {_shown(there)}: boundaries "
            "and network are in different places; give the network of this region, or check 'boundary_crs'"
        )
    off = ground.centres[~within_reach(network, ground.centres)]
    if len(off):
        raise ConfigError(
            f"{start} comes nowhere within {reach} of {'、'.join(off['origin_name'])}, centres of the study; add the extract "
            "that they lie in, name others under 'centres', or give a longer 'max_access_km'"
        )
    places = ground.border_counties
    seen = within_reach(network, places)
    reached = set(places.loc[seen, "province"])
    missing = [name for name in dict.fromkeys(places["province"]) if name not in reached]
    if missing:
        raise ConfigError(
            f"{start} comes nowhere within {reach} of any border county of {'、'.join(missing)}; add the extract of what is "
            'missing, such as roads = ["guizhou.osm.pbf", "chongqing.osm.pbf"], or a network of the whole study'
        )


def require_rail_near(chosen: Study, rail: LineNetwork, ground: Ground) -> None:
    """Raise where all stations of a study's own railways lie elsewhere.

    Raises
    ------
    ConfigError
        With the key, the places and the remedy.
    """
    lon, lat = np.asarray(rail.node_lon), np.asarray(rail.node_lat)
    there = tuple(float(value) for value in ground.counties.total_bounds)
    wide = _ELSEWHERE_DEG / max(0.1, float(np.cos(np.radians((there[1] + there[3]) / 2))))
    near = (lon >= there[0] - wide) & (lon <= there[2] + wide)
    near &= (lat >= there[1] - _ELSEWHERE_DEG) & (lat <= there[3] + _ELSEWHERE_DEG)
    if near.any():
        return
    key, file = ("gtfs", chosen.gtfs) if chosen.gtfs else ("rail_sections", chosen.rail_sections)
    where = f"{chosen.where}: " if chosen.where else ""
    raise ConfigError(
        f"{where}'{key}': the {len(lon):,} stations of {file} lie at {_shown(_box(lon, lat))} (west, south, east, north), the "
        f"study's counties at {_shown(there)}; give the trains of this region, or leave '{key}' out"
    )


def _box(lon: Any, lat: Any) -> tuple[float, float, float, float]:
    return float(np.min(lon)), float(np.min(lat)), float(np.max(lon)), float(np.max(lat))


def _shown(box: tuple[float, ...]) -> str:
    return f"({', '.join(f'{value:.2f}' for value in box)})"
