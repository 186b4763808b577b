"""A study's and a batch's own boundaries, people and railways, where they don't take the embedded ones."""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path

import geopandas as gpd

from ...geo.errors import BorderReachError, ConfigError
from ...geo.networks import LineNetwork, TransportNetwork, rail_network
from ...geo.places import SOURCES, counties
from ...geo.timetables import Timetable, gtfs_rail_network, timetable, timetable_network
from ..corridors import embedded_railways, with_railways
from ..indicators import people, with_people
from ..study_file import BoundaryKeys, PeopleKeys, RailKeys, Study
from ._indicators import people_of


def own_boundaries(keys: BoundaryKeys, source: str, *, key: str) -> str | gpd.GeoDataFrame:
    """Return the boundaries that a study or a batch takes: the name of embedded ones, or counties from its own file.

    Parameters
    ----------
    keys : BoundaryKeys
    source : str
        ``"tianditu"``, ``"amap"``, or the path of a file.
    key : str
        What the source is called in the file that names it, for messages.

    Raises
    ------
    ConfigError
        If the file isn't there or can't be read as counties, or keys for a file go with embedded boundaries.
    """
    where = f"{keys.where}: " if keys.where else ""
    if source in SOURCES:
        if keys.boundary_columns or keys.boundary_crs:
            raise ConfigError(
                f"{where}'boundary_columns' and 'boundary_crs' are for a file; '{key}' is {source!r}, which needs neither"
            )
        return source
    path = keys.folder / source
    if not path.exists():
        raise ConfigError(
            f"{where}'{key}' should be 'tianditu', 'amap' or a file of counties, got {source!r}; there is no file {path}"
        )
    stamp = path.stat()
    try:
        return _units(
            path,
            (stamp.st_mtime_ns, stamp.st_size),
            tuple(sorted(keys.boundary_columns.items())),
            keys.boundary_crs or None,
        ).copy()
    except BorderReachError as error:
        raise ConfigError(
            f"{where}'{key}': {_in_words_of_a_file(str(error))}",
        ) from error


@functools.lru_cache(maxsize=2)
def _units(
    path: Path, stamp: tuple[int, int], columns: tuple[tuple[str, str], ...], crs: str | None
) -> gpd.GeoDataFrame:
    """Return the counties in a file; kept, because map, figure and tables each ask for them."""
    del stamp  # another file under the same name isn't the same
    return counties(path, columns=dict(columns), crs=crs)


def _in_words_of_a_file(message: str) -> str:
    """Say what remedies are called in a study or job file."""
    return (
        message.removeprefix("'source': ")
        .replace("columns=", "boundary_columns = ")
        .replace("crs=", "boundary_crs = ")
    )


def study_boundaries(chosen: Study) -> str | gpd.GeoDataFrame:
    """Return a study's boundaries: the name of embedded ones, or counties from its own file.

    Raises
    ------
    ConfigError
        See `own_boundaries`.
    """
    if chosen.boundary_levels and chosen.boundary_source in SOURCES:
        raise ConfigError(
            f"{f'{chosen.where}: ' if chosen.where else ''}'boundary_levels' is for a file; 'boundary_source' is "
            f"{chosen.boundary_source!r}, whose levels are counties and provinces"
        )
    return own_boundaries(chosen, chosen.boundary_source, key="boundary_source")


def study_people(chosen: PeopleKeys, counties: gpd.GeoDataFrame, *, needed: bool = False) -> gpd.GeoDataFrame:
    """Return the counties whose people are known, with them: from a table of one's own, or the census.

    Parameters
    ----------
    chosen : PeopleKeys
    counties : geopandas.GeoDataFrame
    needed : bool
        Whether the census has to have some of them, as a table of one's own does.

    Raises
    ------
    ConfigError
        If the table has no county of these.
    """
    if not chosen.people_file:
        known = people_of(counties)
        if needed and known.empty:
            raise ConfigError(
                f"{f'{chosen.where}: ' if chosen.where else ''}people are to be counted, but no county of the boundaries is "
                "in the census of 2020; give 'people_file', a table with their codes and people"
            )
        return known
    known = with_people(
        counties, people(chosen.folder / chosen.people_file, units=counties), missing="report"
    )
    found = known[known["people"].notna()].reset_index(drop=True)
    if found.empty:
        raise ConfigError(
            f"{chosen.where}: 'people_file': {chosen.people_file} has the code of no county of the boundaries; codes are "
            "six digits such as 500110, or those of the file of boundaries"
        )
    return found


def study_rail(chosen: RailKeys, *, date: str | None = None) -> LineNetwork:
    """Return today's railways: from tables or a feed of one's own, or the embedded ones.

    Parameters
    ----------
    chosen : RailKeys
    date : str, optional
        Leave out what opened after this day, where tables say so; a feed knows no such days.
    """
    if chosen.gtfs:
        return gtfs_rail_network(chosen.folder / chosen.gtfs)
    if chosen.rail_sections:
        stations, through, direct = (
            chosen.folder / name if name else None
            for name in (chosen.rail_stations, chosen.rail_through, chosen.rail_direct)
        )
        return rail_network(
            stations=stations,
            sections=chosen.folder / chosen.rail_sections,
            through=through,
            direct=direct,
            date=date,
        )
    return embedded_railways(None if date is None else dt.date.fromisoformat(date))


def study_timetable(chosen: RailKeys) -> Timetable | None:
    """Return today's trains as they run, where a timetable is named."""
    return timetable(chosen.folder / chosen.gtfs) if chosen.gtfs else None


def roads_and_trains(
    chosen: RailKeys, roads: TransportNetwork, *, rail: LineNetwork | None, trains: Timetable | None
) -> TransportNetwork:
    """Return roads with today's trains: as a timetable says where there is one, by their number a day else.

    Parameters
    ----------
    chosen : RailKeys
        Of which the statistic and window of departures are taken.
    roads : TransportNetwork
    rail : LineNetwork, optional
        Where there is no timetable.
    trains : Timetable, optional
        As `study_timetable` returns it.
    """
    if trains is None:
        return with_railways(roads, rail=rail)
    return timetable_network(roads, trains, statistic=chosen.statistic, window=chosen.departures)
