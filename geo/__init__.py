"""The ground: places, boundaries and borders, downloads, transport networks, OpenStreetMap.

Each room says in its `__init__` what it is for; from the bottom up they stand in `tests/test_architecture.py`.
"""

from .deprecation import moved_modules as _moved_modules

_moved_modules(
    __name__,
    {
        "air": "networks._air",
        "borders": "places._borders",
        "boundaries": "places._boundaries",
        "datasets": "downloads._datasets",
        "exit_lines": "networks._exit_lines",
        "gtfs": "timetables._gtfs",
        "joining": "networks._joining",
        "locks": "downloads._locks",
        "names": "places._names",
        "network": "networks._network",
        "osm_extract": "osm._extract",
        "osm_tags": "osm._tags",
        "pbf": "osm._pbf",
        "pbf_blocks": "osm._pbf_blocks",
        "rail": "networks._rail",
        "roads": "osm._roads",
        "shared_lines": "places._shared_lines",
        "speeds": "osm._speeds",
        "storage": "networks._storage",
        "topology": "osm._topology",
        "trunk": "networks._trunk",
        "vector_files": "files._vectors",
    },
    removed_in="0.2.0",
)
