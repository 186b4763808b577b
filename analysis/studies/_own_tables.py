"""Tables of a study's own: people and railways, where it doesn't take the embedded ones."""

from __future__ import annotations

import geopandas as gpd

from ...geo.errors import ConfigError
from ...geo.networks import LineNetwork, gtfs_rail_network, rail_network
from ..indicators import people, with_people
from ..study_file import Study
from ._indicators import people_of


def study_people(chosen: Study, counties: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the counties whose people are known, with them: from the study's own table, or the census.

    Raises
    ------
    ConfigError
        If the study's table has no county of these.
    """
    if not chosen.people_file:
        return people_of(counties)
    known = with_people(counties, people(chosen.folder / chosen.people_file), missing="report")
    found = known[known["people"].notna()].reset_index(drop=True)
    if found.empty:
        raise ConfigError(
            f"{chosen.where}: 'people_file': {chosen.people_file} has the code of no county of the boundaries; codes are "
            "six digits such as 500110"
        )
    return found


def study_rail(chosen: Study) -> LineNetwork:
    """Return today's railways: from the study's own tables or feed, or the embedded ones."""
    if chosen.gtfs:
        return gtfs_rail_network(chosen.folder / chosen.gtfs)
    if chosen.rail_sections:
        stations, through = (
            chosen.folder / name if name else None for name in (chosen.rail_stations, chosen.rail_through)
        )
        return rail_network(stations=stations, sections=chosen.folder / chosen.rail_sections, through=through)
    return rail_network()
