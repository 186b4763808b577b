"""What is compared, one contender per call, in a process of its own so that memory is its own.

    python contenders.py NAME INPUT.npz ORIGINS.json REPEATS

prints one line of JSON: preparation, first call and repeated calls in milliseconds, peak memory. Only
`borderreach_*` load borderreach; the others get the same arcs as arrays. `valhalla` runs on a Python
of its own and gets the folder of its tiles instead of arrays.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

CUTOFFS_MIN = (60, 120)


class Contender:
    """Prepares once and answers for one origin at a time."""

    node_of: Any  # where to start, as the contender wants it
    origins: list[list[float]]  # all of them, for those that prepare for a region

    def __init__(self, source: Path) -> None:
        import numpy as np

        self.np = np
        with np.load(source) as file:
            self.data = dict(file)
        self.n = len(self.data["lon"])

    def node(self, origin: list[float]) -> int:
        """Nearest node, the same for all."""
        lon, lat = origin
        scale = self.np.cos(self.np.radians(lat))
        far = ((self.data["lon"] - lon) * scale) ** 2 + (self.data["lat"] - lat) ** 2
        return int(far.argmin())


class Scipy(Contender):
    """scipy.sparse.csgraph.dijkstra with a limit; no polygon."""

    def prepare(self) -> None:
        from scipy.sparse import csr_array

        minutes = self.np.maximum(self.data["time_ms"], 1) / 60_000.0
        self.graph = csr_array((minutes, self.data["head"], self.data["start"]), shape=(self.n, self.n))

    def answer(self) -> Any:
        from scipy.sparse.csgraph import dijkstra

        return dijkstra(self.graph, indices=self.node_of, limit=CUTOFFS_MIN[-1])


class Igraph(Contender):
    """igraph distances from one vertex; it has no limit, so the whole graph is searched."""

    def prepare(self) -> None:
        import igraph

        self.graph = igraph.Graph(
            n=self.n, edges=self.np.column_stack([self.data["tail"], self.data["head"]]), directed=True
        )
        self.graph.es["minutes"] = self.data["time_ms"] / 60_000.0

    def answer(self) -> Any:
        return self.graph.distances(source=self.node_of, weights="minutes")


class Pandana(Contender):
    """pandana nodes_in_range; no polygon."""

    def prepare(self) -> None:
        import pandana
        import pandas as pd

        data = self.data
        minutes = pd.DataFrame({"minutes": self.np.maximum(data["time_ms"], 1) / 60_000.0})
        self.network = pandana.Network(
            pd.Series(data["lon"]), pd.Series(data["lat"]),
            pd.Series(data["tail"].astype("int64")), pd.Series(data["head"].astype("int64")),
            minutes, twoway=False,
        )  # fmt: skip

    def answer(self) -> Any:
        return self.network.nodes_in_range([self.node_of], CUTOFFS_MIN[-1])


class Networkx(Contender):
    """networkx single-source Dijkstra with a cutoff; no polygon."""

    def prepare(self) -> None:
        import networkx as nx

        self.graph = nx.MultiDiGraph()
        minutes = self.data["time_ms"] / 60_000.0
        for node, (lon, lat) in enumerate(zip(self.data["x"], self.data["y"], strict=True)):
            self.graph.add_node(node, x=lon, y=lat)
        for arc, (tail, head) in enumerate(
            zip(self.data["tail"].tolist(), self.data["head"].tolist(), strict=True)
        ):
            self.graph.add_edge(tail, head, minutes=float(minutes[arc]), arc=arc)

    def answer(self) -> Any:
        import networkx as nx

        return nx.single_source_dijkstra_path_length(
            self.graph, self.node_of, cutoff=CUTOFFS_MIN[-1], weight="minutes"
        )


class Osmnx(Contender):
    """The recipe of osmnx's examples (notebook 13), step by step: ego graph, frame of nodes, lines, union.

    The graph is a projected one as osmnx makes them, with `time` and `geometry` on its edges; both
    buffers are the reach off the network. 60 minutes only.
    """

    def prepare(self) -> None:
        import networkx as nx
        import shapely

        self.graph = nx.MultiDiGraph()
        self.graph.add_nodes_from(
            (k, {"x": x, "y": y}) for k, (x, y) in enumerate(zip(self.data["x"], self.data["y"], strict=True))
        )
        offset, coords = self.data["offset"], self.data["coords"]
        minutes = self.data["time_ms"] / 60_000.0
        for arc, (a, b) in enumerate(
            zip(self.data["tail"].tolist(), self.data["head"].tolist(), strict=True)
        ):
            link = self.data["link"][arc]
            line = coords[offset[link] : offset[link + 1]]
            own = {"geometry": shapely.LineString(line)} if len(line) > 2 else {}
            self.graph.add_edge(a, b, time=float(minutes[arc]), **own)

    def answer(self) -> Any:
        import geopandas as gpd
        import networkx as nx
        import shapely

        part = nx.ego_graph(self.graph, self.node_of, radius=CUTOFFS_MIN[0], distance="time")
        points = [shapely.Point(data["x"], data["y"]) for _, data in part.nodes(data=True)]
        nodes = gpd.GeoDataFrame({"id": list(part.nodes)}, geometry=points).set_index("id")
        lines = []
        for a, b in part.edges():
            straight = shapely.LineString([nodes.loc[a].geometry, nodes.loc[b].geometry])
            lines.append(self.graph.get_edge_data(a, b)[0].get("geometry", straight))
        reach = float(self.data["reach_m"])
        around = [*nodes.buffer(reach).geometry, *gpd.GeoSeries(lines).buffer(reach).geometry]
        return gpd.GeoSeries(around).union_all()


class OwnSearch:
    """borderreach's search alone: the way onto the network, and all nodes within 120 minutes."""

    node_of: Any
    origins: list[list[float]]

    def __init__(self, source: Path) -> None:
        self.source = source

    def prepare(self) -> None:
        from borderreach.analysis.isochrones._isochrones import prepare
        from borderreach.geo.timetables import open_network

        self.network = open_network(self.source.with_suffix(".network"))
        prepare(self.network)

    def node(self, origin: list[float]) -> Any:
        from borderreach.analysis.times._origins import origin_list

        return origin_list(tuple(origin))[0]

    def answer(self) -> Any:
        from borderreach.analysis.times._origins import enter, search

        return search(self.network, enter(self.network, self.node_of), limit_ms=CUTOFFS_MIN[-1] * 60_000)


class OwnKernel(OwnSearch):
    """borderreach's search from one node, as its rivals do it, on the network as it is."""

    def node(self, origin: list[float]) -> int:
        import numpy as np

        lon, lat = origin
        far = ((self.network.node_lon - lon) * np.cos(np.radians(lat))) ** 2 + (
            self.network.node_lat - lat
        ) ** 2
        return int(far.argmin())

    def answer(self) -> Any:
        import numpy as np

        from borderreach.analysis.times._search import UNREACHED, bucketed_times

        network = self.network
        times = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
        bucketed_times(
            network.arc_start, network.arc_head, network.arc_time_ms,
            np.array([self.node_of]), np.array([0]), CUTOFFS_MIN[-1] * 60_000, times,
        )  # fmt: skip
        return times


class OwnPrepared(OwnKernel):
    """The same after setting dead ends and chains aside, which many searches share."""

    def prepare(self) -> None:
        from borderreach.analysis.times._prepared import prepared
        from borderreach.geo.timetables import open_network

        self.network = open_network(self.source.with_suffix(".network"))
        self.ready = prepared(self.network)

    def answer(self) -> Any:
        import numpy as np

        return self.ready.times(np.array([self.node_of]), np.array([0]), limit_ms=CUTOFFS_MIN[-1] * 60_000)


class OwnPolygons(OwnSearch):
    """borderreach's isochrones() of one origin, both cutoffs, from coordinates to a GeoDataFrame."""

    cutoffs: tuple[int, ...] = CUTOFFS_MIN

    def prepare(self) -> None:
        """Prepare the search, and the full-reach edges that the origins' isochrones share."""
        from borderreach.analysis.isochrones._drawings import default_cell_m
        from borderreach.analysis.isochrones._full_reach import fixed_plane, full_reach_edge_of

        super().prepare()
        for minutes in self.cutoffs:
            for lon, lat in self.origins:
                plane = fixed_plane(self.network, lon, lat, minutes * 60_000)
                if plane is not None:
                    full_reach_edge_of(self.network, plane, default_cell_m(self.network, minutes * 60_000))

    def node(self, origin: list[float]) -> Any:
        return tuple(origin)

    def answer(self) -> Any:
        from borderreach.analysis.isochrones._isochrones import isochrones

        return isochrones(self.network, self.node_of, cutoffs_min=self.cutoffs)


class OwnPolygons60(OwnPolygons):
    """The same with 60 minutes alone."""

    cutoffs = CUTOFFS_MIN[:1]


class Valhalla:
    """Valhalla's isochrone, both cutoffs as polygons, nothing left out or simplified; GeoJSON text."""

    node_of: str

    def __init__(self, source: Path) -> None:
        self.source = source

    def prepare(self) -> None:
        import valhalla

        config = json.loads((self.source / "valhalla.json").read_text(encoding="utf-8"))
        limits = config["service_limits"].setdefault("isochrone", {})
        limits.update({"max_time_contour": 240, "max_contours": 4, "max_distance": 1e6})
        self.actor = valhalla.Actor(config)

    def node(self, origin: list[float]) -> str:
        return json.dumps(
            {
                "locations": [{"lon": origin[0], "lat": origin[1]}],
                "costing": "auto",
                "contours": [{"time": minutes} for minutes in CUTOFFS_MIN],
                "polygons": True,
                "denoise": 0,
                "generalize": 0,
            }
        )

    def answer(self) -> Any:
        return self.actor.isochrone(self.node_of)


CONTENDERS: dict[str, Callable[[Path], Any]] = {
    "borderreach_kernel": OwnKernel,
    "borderreach_prepared": OwnPrepared,
    "borderreach_search": OwnSearch,
    "borderreach_polygons": OwnPolygons,
    "borderreach_polygons_60": OwnPolygons60,
    "scipy": Scipy,
    "igraph": Igraph,
    "pandana": Pandana,
    "networkx": Networkx,
    "osmnx": Osmnx,
    "valhalla": Valhalla,
}


def peak_mb() -> float:
    """Largest memory of this process so far, MB."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would count the parent's memory before exec, too
        line = next(x for x in status.read_text(encoding="ascii").splitlines() if x.startswith("VmHWM"))
        return float(line.split()[1]) / 1e3
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # bytes on macOS


def main() -> None:
    """Measure one contender."""
    warnings.simplefilter("ignore")
    name, source, origins, repeats = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])
    contender = CONTENDERS[name](source)
    contender.origins = origins
    start = time.perf_counter()
    contender.prepare()
    prepared = time.perf_counter() - start
    first = None
    rounds: list[list[float]] = []
    for origin in origins:
        contender.node_of = contender.node(origin)
        took = []
        for turn in range(repeats + 1 if repeats > 1 else 1):
            start = time.perf_counter()
            contender.answer()
            ms = (time.perf_counter() - start) * 1000
            if first is None:
                first = ms
            if turn or repeats == 1:  # the first of each origin warms caches, unless there's but one
                took.append(ms)
        rounds.append(took)
    medians = [statistics.median(took) for took in rounds]
    print(
        json.dumps(
            {
                "contender": name,
                "prepare_ms": prepared * 1000,
                "first_ms": first,
                "mean_of_medians_ms": statistics.mean(medians),
                "least_ms": statistics.mean(min(took) for took in rounds),
                "medians_ms": medians,
                "peak_mb": peak_mb(),
            }
        )
    )


if __name__ == "__main__":
    main()
