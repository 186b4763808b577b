"""Street networks from OpenStreetMap through osmnx: downloads, graphs and GraphML files."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx as ox
import requests
import shapely
from osmnx._errors import InsufficientResponseError, ResponseStatusCodeError
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from ..checks import (
    require_choice,
    require_crs,
    require_flag,
    require_lonlat,
    require_number,
    require_path,
    require_text,
)
from ..crs import WGS84, to_ecef
from ..downloads import user_cache
from ..errors import (
    DataFileError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    UnknownPlaceError,
)
from ..networks import TransportNetwork, fitted_line
from ._pbf import MODES
from ._roads import KEEP, OSM_LICENCE, road_network
from ._speeds import MAX_FERRY_KPH, SpeedTable, speed_table
from ._tags import ASKED_CLASSES, CARRIERS, NODE_KEYS, ROAD_CLASSES, WAY_KEYS, Road, read_node, read_road
from ._ways import Kind, NodeCosts, Ways, require_area

OVERPASS_URL: Final = "https://overpass-api.de/api"

_FILTERS: Final = [
    f'["highway"~"^({"|".join(ROAD_CLASSES)})$"]["area"!~"yes"]',
    f'["highway"~"^({"|".join(ASKED_CLASSES)})$"][~"^(motorcar|motor_vehicle|vehicle)"~"yes|permissive|designated"]',
    f'["route"~"^({"|".join(CARRIERS)})$"]',
]
_settings_lock = threading.Lock()  # osmnx has one set of settings for the whole process


def osm_network(
    where: Any,
    *,
    mode: str = "drive",
    speeds: SpeedTable | str | Path | Mapping[str, float] | None = None,
    keep: str = "largest",
    access_speed_kph: float = 5.0,
    max_access_km: float = 2.0,
    overpass_urls: str | Sequence[str] = OVERPASS_URL,
    nominatim_url: str = "https://nominatim.openstreetmap.org/",
    cache_folder: str | Path | None = None,
    timeout_s: float = 180.0,
    rate_limit: bool = True,
) -> TransportNetwork:
    """Build a street network from OpenStreetMap, downloaded with osmnx or given as its graph.

    Downloads need the network; `pbf_network` does without, and honours turn restrictions, which
    osmnx doesn't fetch. What is downloaded once is kept in the cache and not asked for again.

    Parameters
    ----------
    where : str, polygon, tuple, path or networkx.MultiDiGraph
        A place's name (looked up with Nominatim); a shapely polygon or a GeoDataFrame of
        polygons; (west, south, east, north) in degrees; the path of a ``.graphml`` file that
        osmnx saved; or an osmnx graph, simplified or not. A graph's arcs are taken as they are;
        of an edge that stands for several ways the mean of their limits counts, and the first of
        any other tag.
    mode : {"drive"}
        By car.
    speeds : SpeedTable, str, path, mapping or None
        See `speed_table`; by default the table for the place. A graph's own ``travel_time`` isn't
        used: give such graphs to `network_from_geodataframes`.
    keep : {"largest", "all"}
        As in `pbf_network`.
    access_speed_kph, max_access_km : float
        Speed and reach off the network.
    overpass_urls : str or sequence of str
        Overpass servers, tried in this order.
    nominatim_url : str
        Server that finds places by name.
    cache_folder : path, optional
        By default "borderreach/osmnx" in the user's cache folder.
    timeout_s : float
        For each request.
    rate_limit : bool
        Whether to wait for a slot as the server's status asks.

    Returns
    -------
    TransportNetwork

    Raises
    ------
    UnknownPlaceError
        If no place has the name.
    DataFileError
        If no server answers, or a GraphML file is missing or damaged.
    EmptyInputError
        If there is no road.
    InputError, InputTypeError, GeometryTypeError, MissingCRSError

    Examples
    --------
    A graph that osmnx made needs no download:

    >>> import networkx as nx
    >>> graph = nx.MultiDiGraph(crs="EPSG:4326", simplified=True)
    >>> graph.add_nodes_from([(1, {"x": -1.30, "y": 50.69}), (2, {"x": -1.29, "y": 50.69})])
    >>> street = {"osmid": 7, "length": 706.0, "highway": "primary", "maxspeed": "30 mph", "oneway": False}
    >>> keys = graph.add_edges_from([(1, 2, street), (2, 1, street)])
    >>> br.osm_network(graph)
    <TransportNetwork road: 2 nodes, 1 links, 2 arcs, 1 km>
    """
    require_choice(mode, "mode", MODES)
    require_choice(keep, "keep", KEEP)
    timeout_s = require_number(timeout_s, "timeout_s", unit="seconds", above=0, maximum=3600)
    provenance = {"source": "OpenStreetMap through osmnx", "licence": OSM_LICENCE}
    if isinstance(where, nx.Graph):
        graph = _require_graph(where)
        provenance["area"] = "the graph given"
    elif isinstance(where, Path) and where.suffix.lower() != ".graphml" and _names_a_file(str(where)):
        raise InputError(_no_place(str(where)))
    elif isinstance(where, Path) or (isinstance(where, str) and where.lower().endswith(".graphml")):
        graph = _require_graph(_load_graphml(Path(where)))
        provenance["file"] = Path(where).name
    elif isinstance(where, str) and _names_a_file(where):
        raise InputError(_no_place(where))
    else:
        server = _Server(
            urls=_require_urls(overpass_urls),
            nominatim_url=nominatim_url,
            cache_folder=user_cache("osmnx")
            if cache_folder is None
            else require_path(cache_folder, "cache_folder"),
            timeout_s=timeout_s,
            rate_limit=require_flag(rate_limit, "rate_limit"),
        )
        graph = server.download(where)
        provenance["area"] = where if isinstance(where, str) else "the area given"
        provenance["server"] = server.used
    provenance["date"] = str(graph.graph.get("created_date", "not stated"))[:10]
    provenance["turn_restrictions"] = "none: osmnx doesn't fetch them"
    nodes = _Nodes.of(graph)
    middle = float(np.median(nodes.lon)), float(np.median(nodes.lat))
    table = speed_table(speeds, near=middle)
    return road_network(
        _ways(graph, nodes, table),
        table,
        keep=keep,
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        provenance=provenance,
    )


def _no_place(name: str) -> str:
    """Say who reads a file that was given as a place."""
    drawn = Path(name).suffix.lower() in {
        ".shp",
        ".gpkg",
        ".geojson",
        ".kml",
        ".kmz",
        ".ovkml",
        ".gpx",
        ".fgb",
    }
    reads = (
        f"br.network_from_lines({name!r}) reads roads that somebody drew, br.pbf_network"
        if drawn
        else f"br.pbf_network({name!r}) reads"
    )
    return (
        f"'where' is {name!r}, a file rather than a place: {reads} .osm.pbf, .osm and Overpass' .json; osm_network takes a "
        "place's name, a polygon, a .graphml or an osmnx graph"
    )


def _names_a_file(where: str) -> bool:
    """Tell the path of OpenStreetMap data from a place's name."""
    endings = (".osm", ".pbf", ".osm.gz", ".osm.bz2", ".xml", ".json", ".geojson", ".shp", ".gpkg", ".zip")
    return where.lower().endswith(endings)


def _require_urls(given: object) -> list[str]:
    """Return the servers named as a list, or raise."""
    if isinstance(given, str):
        given = [given]
    urls = list(given) if isinstance(given, Iterable) else []
    if not urls or not all(isinstance(url, str) and url for url in urls):
        raise InputError(f"'overpass_urls' should name at least one server, got {given!r}")
    return urls


@dataclass
class _Server:
    """Where and how osmnx fetches."""

    urls: list[str]
    nominatim_url: str
    cache_folder: Path
    timeout_s: float
    rate_limit: bool
    used: str = field(default="", init=False)

    def download(self, where: Any) -> nx.MultiDiGraph:
        area = _place_or_area(where)
        if isinstance(area, str):
            with self._settings(self.urls[0], rate_limit=self.rate_limit):
                area = self._geocode(area)
        failures = []
        for url in self.urls:
            # A server that is down can still have its answer in the cache; don't wait for its slots.
            with self._settings(url, rate_limit=self.rate_limit and self._answers(url)):
                try:
                    graph = ox.graph_from_polygon(
                        area, custom_filter=_FILTERS, simplify=False, retain_all=True
                    )
                except InsufficientResponseError as error:
                    raise EmptyInputError(f"OpenStreetMap has no roads in {where!r}: {error}") from error
                except (requests.RequestException, ResponseStatusCodeError) as error:
                    failures.append(f"{url}: {error}")
                    continue
                self.used = url
                return graph
        raise DataFileError(
            "no Overpass server could be reached; give others in 'overpass_urls', or read a "
            f"downloaded extract with pbf_network ({'; '.join(failures)})"
        )

    def _geocode(self, place: str) -> BaseGeometry:
        try:
            return ox.geocode_to_gdf(place).geometry.union_all()
        except (InsufficientResponseError, TypeError) as error:  # TypeError: a point, not an area
            raise UnknownPlaceError(
                f"Nominatim knows no area called {place!r}; write it as 'City, Country', or give a polygon"
            ) from error
        except (requests.RequestException, ResponseStatusCodeError) as error:
            raise DataFileError(
                f"can't look up {place!r} at {self.nominatim_url}: {error}; give a polygon instead"
            ) from error

    def _answers(self, url: str) -> bool:
        try:
            requests.get(f"{url.rstrip('/')}/status", timeout=min(self.timeout_s, 10.0))
        except requests.RequestException:
            return False
        return True

    @contextlib.contextmanager
    def _settings(self, url: str, *, rate_limit: bool) -> Iterator[None]:
        """Set osmnx's global settings for one download, and put them back."""
        wanted = {
            "overpass_url": url,
            "nominatim_url": self.nominatim_url,
            "overpass_rate_limit": rate_limit,
            "requests_timeout": self.timeout_s,
            "cache_folder": str(self.cache_folder),
            "use_cache": True,
            "cache_only_mode": False,
            "all_oneway": False,
            "doh_url_template": None,  # ask nobody but the system for addresses
            "useful_tags_way": list(WAY_KEYS),
            "useful_tags_node": list(NODE_KEYS),
        }
        with _settings_lock:
            before = {name: getattr(ox.settings, name) for name in wanted}
            resolve = socket.getaddrinfo  # osmnx pins it to the server's address
            try:
                for name, value in wanted.items():
                    setattr(ox.settings, name, value)
                yield
            finally:
                for name, value in before.items():
                    setattr(ox.settings, name, value)
                socket.getaddrinfo = resolve


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Nodes of a graph, with the numbers they get here."""

    number: dict[Any, int]
    lon: np.ndarray[Any, np.dtype[np.float64]]
    lat: np.ndarray[Any, np.dtype[np.float64]]

    @classmethod
    def of(cls, graph: nx.MultiDiGraph) -> _Nodes:
        lonlat = [
            require_lonlat(tags["x"], tags["y"], f"the node {node!r} of the graph given")
            for node, tags in graph.nodes(data=True)
        ]
        xy = np.array(lonlat, dtype=float).reshape(-1, 2)
        return cls({node: i for i, node in enumerate(graph.nodes)}, xy[:, 0], xy[:, 1])


@dataclass
class _Arcs:
    """One road of a graph: its nodes along the line, in one direction or both."""

    nodes: list[int]
    road: Road
    kph: float
    back_kph: float = 0.0
    osmid: int = -1


def _ways(graph: nx.MultiDiGraph, nodes: _Nodes, table: SpeedTable) -> Ways:
    """Turn a graph's arcs into ways, two that run against each other into one."""
    lon, lat = nodes.lon.tolist(), nodes.lat.tolist()
    arcs: list[_Arcs] = []
    waiting: dict[tuple[Any, ...], list[_Arcs]] = {}
    ferry_m: dict[int, float] = {}
    for u, v, data in graph.edges(data=True):
        tags = _tags(data, table)
        backwards = data.get("reversed") is True
        if backwards and tags.get("highway") == "motorway" and tags.get("oneway") not in {"no", "-1"}:
            continue  # osmnx doesn't know that motorways are one-way
        # The graph has an arc for each direction; what osmnx doesn't read may still close one of them.
        tags["oneway"] = "no"
        road = read_road(tags)
        kph = None if road is None else table.speeds_kph(tags, road.road_class)
        if road is None or kph is None or not (road.backward if backwards else road.forward):
            continue
        osmid = data.get("osmid", -1)
        own = osmid if isinstance(osmid, int) and 0 <= osmid < 2**63 else -1
        line = _line(data, u, v)
        same = (str(osmid), _rounded(data.get("length")))
        partners = waiting.get((v, u, *same))
        if partners:  # the arc the other way
            partner = partners.pop()
            partner.road = replace(partner.road, backward=True)
            partner.back_kph = kph[1] if backwards else kph[0]
            continue
        inner: list[int] = []
        if line is not None:
            start, stop = ((lon[nodes.number[n]], lat[nodes.number[n]]) for n in (u, v))
            for x, y in fitted_line(line, start, stop, f"the edge from {u} to {v}")[1:-1].tolist():
                inner.append(len(lon))
                lon.append(x)
                lat.append(y)
        arc = _Arcs(
            [nodes.number[u], *inner, nodes.number[v]],
            replace(road, forward=True, backward=False),
            kph[1] if backwards else kph[0],
            osmid=own,
        )
        arcs.append(arc)
        waiting.setdefault((u, v, *same), []).append(arc)
        if road.road_class in CARRIERS:
            xyz = to_ecef([lon[node] for node in arc.nodes], [lat[node] for node in arc.nodes])
            ferry_m[own] = ferry_m.get(own, 0.0) + float(
                np.sqrt((np.diff(xyz, axis=0) ** 2).sum(axis=1)).sum()
            )
    kinds: dict[Kind, int] = {}
    number = np.zeros(len(arcs), dtype=np.int32)
    for i, arc in enumerate(arcs):
        # A ferry's duration belongs to its whole way, of which an arc may be a part.
        pace = ferry_m.get(arc.osmid, 0.0) / arc.road.duration_s * 3.6
        if arc.osmid >= 0 and 0 < pace <= MAX_FERRY_KPH:
            arc.kph, arc.back_kph = pace, pace
        kind = Kind(arc.road, arc.kph, arc.back_kph)
        number[i] = kinds.setdefault(kind, len(kinds))
    tagged = [(nodes.number[node], data) for node, data in graph.nodes(data=True)]
    meanings = [
        read_node({k: str(data[k]) for k in NODE_KEYS if isinstance(data.get(k), str)}) for _, data in tagged
    ]
    costs = NodeCosts.of(
        len(lon), np.array([i for i, _ in tagged], dtype=np.int64), np.arange(len(tagged)), meanings, table
    )
    return Ways(
        offset=np.concatenate([[0], np.cumsum([len(arc.nodes) for arc in arcs])]).astype(np.int64),
        nodes=np.array([node for arc in arcs for node in arc.nodes], dtype=np.int32),
        way_id=np.array([arc.osmid for arc in arcs], dtype=np.int64),
        kind=number,
        kinds=list(kinds),
        lon=np.array(lon),
        lat=np.array(lat),
        **costs.__dict__,
    )


def _line(data: Mapping[str, Any], u: Any, v: Any) -> BaseGeometry | None:
    """Return an edge's geometry, or None if it runs straight."""
    line = data.get("geometry")
    if line is None:
        return None
    if not isinstance(line, BaseGeometry) or line.geom_type not in {"LineString", "MultiLineString"}:
        got = line.geom_type if isinstance(line, BaseGeometry) else repr(line)
        raise GeometryTypeError(f"the edge from {u} to {v} has {got} for its geometry; give a LineString")
    return line


def _rounded(length: object) -> str:
    """Word a length so that the two directions of an edge agree; it tells edges apart, nothing else."""
    try:
        return f"{float(length):.1f}"  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return str(length)


def _tags(data: Mapping[str, Any], table: SpeedTable) -> dict[str, str]:
    """Tags of an arc as OSM writes them; osmnx makes lists of several and bools of one-ways."""
    merged = isinstance(data.get("osmid"), list)
    tags = {}
    for key in WAY_KEYS:
        value = data.get(key)
        if isinstance(value, (list, tuple, set)):
            several = [str(v) for v in value]
            limits = [kph for v in several if (kph := table.limit_kph(v)) is not None]
            value = several[0] if several else None
            if key.startswith("maxspeed") and limits:
                value = f"{sum(limits) / len(limits):.6f}"
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        tags[key] = {True: "yes", False: ""}.get(value, str(value)) if isinstance(value, bool) else str(value)
    if merged:
        # Only a part of such an arc may be the bridge.
        tags.pop("tunnel", None)
        tags.pop("bridge", None)
    return tags


def _require_graph(graph: Any) -> nx.MultiDiGraph:
    if not isinstance(graph, nx.MultiDiGraph):
        raise InputTypeError(
            f"'where' should be an osmnx graph (networkx.MultiDiGraph), got {type(graph).__name__}; "
            "osmnx.convert.to_undirected loses the directions"
        )
    if not graph.number_of_edges():
        raise EmptyInputError("the graph given has no edges")
    if not all("x" in tags and "y" in tags for _, tags in graph.nodes(data=True)):
        raise InputError("the graph given has nodes without 'x' and 'y'; it isn't one of osmnx's")
    for node, tags in graph.nodes(data=True):
        for axis in ("x", "y"):
            require_number(tags[axis], f"{axis} of the node {node!r} of the graph")
    crs = graph.graph.get("crs")
    if crs is None:
        raise InputError(
            f"the graph given has no 'crs'; set graph.graph['crs'] = '{WGS84}' if x and y are degrees"
        )
    given = require_crs(crs, "the graph's crs")
    return graph if given == CRS(WGS84) else ox.project_graph(graph, to_latlong=True)


def _load_graphml(path: Path) -> nx.MultiDiGraph:
    if not path.is_file():
        raise DataFileError(f"there is no file {path}")
    try:
        return ox.load_graphml(path)
    except Exception as error:  # parsers of XML, networkx and osmnx raise what they like
        raise DataFileError(f"{path} isn't a GraphML file that osmnx saved: {error}") from error


def _place_or_area(where: Any) -> Any:
    if isinstance(where, str):
        if not where.strip():
            raise InputError("'where' is an empty name; give a place such as 'Zunyi, China'")
        return require_text(where, "where")
    if isinstance(where, (BaseGeometry, gpd.GeoDataFrame, gpd.GeoSeries)):
        return require_area(where, "where")
    if (
        isinstance(where, (tuple, list))
        and len(where) == 4
        and all(isinstance(value, Real) for value in where)
    ):
        west, south = require_lonlat(where[0], where[1], "where")
        east, north = require_lonlat(where[2], where[3], "where")
        if not (west < east and south < north):
            raise InputError(f"'where' should be (west, south, east, north), got {tuple(where)!r}")
        return shapely.box(west, south, east, north)
    raise InputTypeError(
        "'where' should be a place's name, a polygon, (west, south, east, north), an osmnx graph or the "
        f"path of a .graphml file, got {where!r}"
    )
