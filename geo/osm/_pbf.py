"""Street networks from OpenStreetMap files: ``.osm.pbf`` and ``.osm`` extracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..checks import require_choice
from ..errors import DataFileError, EmptyInputError, InputTypeError
from ..networks import TransportNetwork
from ._extract import read_extracts
from ._gathering import OsmExtract
from ._roads import KEEP, OSM_LICENCE, road_network
from ._speeds import SpeedTable, speed_table
from ._ways import clip_ways, require_area, ways_of

#: Means of transport that a street network can be read for.
MODES: Final = ("drive",)
#: Which roads are read: all of them, or those of `MAIN_ROADS`.
ROADS: Final = ("all", "main")
#: Classes of the main roads of a country.
MAIN_ROADS: Final = tuple(
    f"{road}{link}" for road in ("motorway", "trunk", "primary", "secondary") for link in ("", "_link")
)

#: Movement off the main roads stands for all smaller ones; see ``docs/osm.md``.
MAIN_ACCESS_SPEED_KPH: Final = 35.0
MAIN_MAX_ACCESS_KM: Final = 10.0


def pbf_network(
    path: str | Path | Sequence[str | Path],
    *,
    roads: str = "all",
    area: Any = None,
    mode: str = "drive",
    speeds: SpeedTable | str | Path | Mapping[str, float] | None = None,
    keep: str = "largest",
    access_speed_kph: float = 5.0,
    max_access_km: float = 2.0,
    progress: bool = False,
) -> TransportNetwork:
    """Read the street network of an OpenStreetMap file, or of several as one.

    Ways are cut at junctions, and joined again at the nodes between two that agree in class,
    speeds, directions and exits; their bends are kept. Closed barriers cut them, restrictions
    (``no_*`` and ``only_*``, at a node or over ways) are honoured. Which ways count as roads is
    said in ``docs/osm.md``, how fast they are in ``data/speeds.toml``. Of an object that stands in
    the file several times, as in merged extracts, the newest version counts.

    Several files are joined at their seam: a node or way that stands in more than one of them is the
    same, a road that one file cuts goes on in the next, and restrictions hold whose ways lie in
    different ones. So extracts of neighbouring provinces give the network of the two together.

    Parameters
    ----------
    path : str, path or sequence of them
        ``.osm.pbf`` or ``.osm`` (also ``.osm.gz``, ``.osm.bz2``), such as Geofabrik's extracts or
        what editors save; what Overpass answers in XML or JSON (``.json``).
    roads : {"all", "main"}
        "main" reads motorways, trunk, primary and secondary roads with their links, and ferries,
        alone: the network of a whole country, in little memory. What lies off it then stands for
        the smaller roads: give a higher speed and a longer reach there (``docs/osm.md``).
    area : shapely polygon or GeoDataFrame, optional
        Only the roads inside; cut at its edge.
    mode : {"drive"}
        By car.
    speeds : SpeedTable, str, path, mapping or None
        See `speed_table`; by default the table for the place.
    keep : {"largest", "all"}
        Whether only the largest strongly connected part of the network stays, so that every
        node can be reached from every other, or everything. What is left out is logged and
        stated in ``provenance["components"]``.
    access_speed_kph, max_access_km : float
        Speed and reach off the network.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    TransportNetwork
        Classes are OSM's ``highway`` values, "ferry", and "turn" for the links without length
        that stand for the allowed turns at restricted junctions.

    Raises
    ------
    DataFileError
        If the file is missing, damaged or cut short, or lacks the places of its roads.
    EmptyInputError
        If it holds no roads, or none inside `area`.
    InputError, InputTypeError, GeometryTypeError, MissingCRSError, ConfigError

    References
    ----------
    OpenStreetMap's wiki: Key:access, Key:oneway, Key:maxspeed, Relation:restriction.

    Examples
    --------
    >>> from pathlib import Path
    >>> written = Path("street.osm").write_text(
    ...     '''<osm version="0.6">
    ...     <node id="1" lat="50.69" lon="-1.30"/>
    ...     <node id="2" lat="50.69" lon="-1.29"/>
    ...     <way id="3"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
    ...     </osm>'''
    ... )
    >>> br.pbf_network("street.osm")
    <TransportNetwork road: 2 nodes, 1 links, 2 arcs, 1 km>
    """
    require_choice(mode, "mode", MODES)
    require_choice(keep, "keep", KEEP)
    classes = MAIN_ROADS if require_choice(roads, "roads", ROADS) == "main" else None
    paths = _require_paths(path)
    named = " and ".join(map(str, paths))
    polygon = None if area is None else require_area(area)
    given = None if speeds is None or isinstance(speeds, Mapping) else speed_table(speeds)
    extract = read_extracts(paths, road_classes=classes, progress=progress)
    known = np.isfinite(extract.lon)
    if not known.any():
        if len(extract.way_id):
            raise DataFileError(
                f"{named} holds {len(extract.way_id):,} roads, but not where their nodes lie; ask for the nodes, "
                "too (Overpass: 'out body; >; out skel qt;' or 'out body geom;')"
            )
        kind = "roads for cars" if classes is None else "main roads (motorway to secondary)"
        raise EmptyInputError(
            f"{named} holds no {kind}; check the file, or take an extract of another region"
        )
    middle = float(np.median(extract.lon[known])), float(np.median(extract.lat[known]))
    if polygon is not None:
        point = polygon.representative_point()
        middle = point.x, point.y
    table = speed_table(speeds, near=middle) if given is None else given
    ways = ways_of(extract, table)
    if polygon is not None:
        ways = clip_ways(ways, polygon)
    restrictions, node_id = extract.restrictions, extract.node_id
    provenance = _provenance(paths, extract, clipped=polygon is not None, main=classes is not None)
    del extract  # what is left to do needs room
    return road_network(
        ways,
        table,
        keep=keep,
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        provenance=provenance,
        restrictions=restrictions,
        node_id=node_id,
    )


def _require_paths(path: object) -> list[Path]:
    """Return one file or several as a list, or raise."""
    several = isinstance(path, Sequence) and not isinstance(path, (str, bytes))
    listed: list[object] = list(path) if isinstance(path, Sequence) and several else [path]
    if not listed:
        raise EmptyInputError("'path' names no file; give the path of an .osm.pbf or .osm file, or several")
    for one in listed:
        if not isinstance(one, (str, Path)):
            raise InputTypeError(
                f"'path' should be the path of an .osm.pbf or .osm file, or several, got {one!r}"
            )
    return list(dict.fromkeys(Path(str(one)) for one in listed))


def _provenance(paths: Sequence[Path], extract: OsmExtract, *, clipped: bool, main: bool) -> dict[str, str]:
    missing = int(np.isnan(extract.lon).sum())
    more = {"roads": f"only {', '.join(MAIN_ROADS[::2])} and their links, and ferries"} if main else {}
    if extract.n_located_by_ways:
        more["located_by_ways"] = (
            f"{extract.n_located_by_ways:,} nodes lie where their ways say; barriers and signals on them aren't in the file"
        )
    if extract.remark:
        more["remark"] = extract.remark
    return {
        "source": "OpenStreetMap",
        "licence": OSM_LICENCE,
        "file": " + ".join(path.name for path in paths),
        "date": extract.timestamp or "not stated in the file",
        "area": "clipped to a polygon"
        if clipped
        else "the whole file"
        if len(paths) == 1
        else "the whole files, joined",
        "missing_nodes": f"{missing:,} nodes of roads lie outside the file; roads end before them",
        "conditional": f"{extract.n_conditional:,} roads are open or one-way at some hours or to some vehicles; "
        "taken as they are outside these conditions",
        **more,
    }
