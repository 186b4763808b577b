"""A road network from what a user names: the embedded roads, files of any kind, or regions to fetch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from ..checks import require_choice, require_flag, require_number, require_path
from ..crs import WGS84, local_crs
from ..errors import EmptyInputError, InputError, InputTypeError
from ..networks import TransportNetwork, network_from_lines, trunk_network
from ..osm import KEEP, MAIN_ACCESS_SPEED_KPH, MAIN_MAX_ACCESS_KM, pbf_network, require_area
from ._kept import kept_network, saved_network
from ._kinds import Kind, kind_of
from ._simplifying import simplified

#: The name of the embedded roads.
TRUNK: Final = "trunk"
#: Lines of main roads may be so far off the ground, metres, where a country's are kept.
_MAIN_LINES_M: Final = 10.0


def read_network(
    roads: str | Path | Sequence[str | Path],
    *,
    main_roads: bool = False,
    area: Any = None,
    margin_km: float = 0.0,
    speeds: str | Path | Mapping[str, float] | None = None,
    keep: str = "largest",
    speed_kph: str | float | Mapping[str, float] | None = None,
    road_class: str | None = None,
    oneway: str | None = None,
    access_speed_kph: float | None = None,
    max_access_km: float | None = None,
    folder: str | Path = "",
    cache_folder: str | Path | None = None,
    progress: bool = False,
) -> TransportNetwork:
    """Read a road network from what is at hand, and keep it for the next time.

    What was read from extracts, graphs and lines is kept in the user's cache under a key of the files' content, the
    options and the package's version: the same call opens it in a moment. What a large one is prepared for (isochrones,
    matrices) is kept there, too, once it was asked for; so it is for a saved one.

    Parameters
    ----------
    roads : str, path or sequence of them
        ``"trunk"`` for the embedded roads; a file: an extract of OpenStreetMap (`pbf_network`), a saved network
        (`open_network`), osmnx's ``.graphml`` (`osm_network`), drawn lines (`network_from_lines`); or a region whose
        extract is fetched where it isn't here (`fetch`), such as ``"guizhou"``. Several extracts and regions are joined
        at their seam.
    main_roads : bool
        Of extracts, motorway to secondary alone, with simplified lines: the network of a whole country.
    area : shapely polygon or GeoDataFrame, optional
        Of extracts, only the roads inside; cut at its edge.
    margin_km : float
        So much is added around `area`.
    speeds : str, path, mapping or None
        Of extracts and graphs; see `speed_table`.
    keep : {"largest", "all"}
        Of extracts and graphs; see `pbf_network`.
    speed_kph, road_class, oneway
        Of drawn lines; see `network_from_lines`.
    access_speed_kph, max_access_km : float, optional
        Speed and reach off the network. When left out 5 km/h within 2 km on all streets, 35 km/h within 10 km where main
        roads stand alone, and what a saved network says.
    folder : str or path
        What relative paths start from; the working folder when left out.
    cache_folder : str or path, optional
        Where networks are kept; "borderreach/networks" in the user's cache when left out.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    TransportNetwork

    Raises
    ------
    InputError
        If a name is neither a file of a kind that is read nor a region, kinds don't go together, or an option is given
        that isn't for what is read.
    DataFileError, EmptyInputError, InputTypeError, GeometryTypeError, MissingCRSError, ConfigError
        See the functions named above.

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
    >>> br.read_network("street.osm", cache_folder="kept")
    <TransportNetwork road: 2 nodes, 1 links, 2 arcs, 1 km>
    """
    names = _names(roads)
    require_choice(keep, "keep", KEEP)
    main = require_flag(main_roads, "main_roads")
    margin = require_number(margin_km, "margin_km", unit="km", minimum=0, maximum=1000)
    if margin and area is None:
        raise InputError(f"margin_km={margin:g} is added around 'area', which is missing")
    within = None if area is None else _grown(require_area(area), margin)
    access: dict[str, Any] = {
        name: value
        for name, value in (("access_speed_kph", access_speed_kph), ("max_access_km", max_access_km))
        if value is not None
    }
    for name, value in access.items():
        require_number(value, name, minimum=0)
    kept = None if cache_folder is None else require_path(cache_folder, "cache_folder")
    base = Path() if isinstance(folder, str) and not folder else require_path(folder, "folder")
    given: dict[str, Any] = {
        "main_roads": main or None,
        "area": within,
        "speeds": speeds,
        "keep": None if keep == KEEP[0] else keep,
        "speed_kph": speed_kph,
        "road_class": road_class,
        "oneway": oneway,
    }
    if names == [TRUNK]:
        _require_unused(given, "the embedded roads", "roads")
        return trunk_network(**access)
    kinds = {name: kind_of(name, require_path(base / name, "roads")) for name in names}
    kind = _one_kind(kinds)
    if kind == "saved":
        _require_unused(given, "a saved network, which is as it was made", names[0])
        found = saved_network(base / names[0], folder=kept)
        return found.with_access(**access) if access else found
    files = [
        _fetched(name, progress=progress) if found == "region" else base / name
        for name, found in kinds.items()
    ]
    if kind == "extract":
        _require_unused({k: given[k] for k in ("speed_kph", "road_class", "oneway")}, "extracts", names[0])
        off = {"access_speed_kph": MAIN_ACCESS_SPEED_KPH, "max_access_km": MAIN_MAX_ACCESS_KM} if main else {}
        table = base / speeds if isinstance(speeds, (str, Path)) and str(speeds).endswith(".toml") else speeds

        def read() -> TransportNetwork:
            found = pbf_network(
                files, roads="main" if main else "all", area=within, speeds=table, keep=keep, progress=progress,
                **off | access,
            )  # fmt: skip
            return simplified(found, metres=_MAIN_LINES_M) if main else found

    elif kind == "graphml":
        _require_unused({k: v for k, v in given.items() if k not in ("speeds", "keep")}, "a graph", names[0])
        table = base / speeds if isinstance(speeds, (str, Path)) and str(speeds).endswith(".toml") else speeds

        def read() -> TransportNetwork:
            from ..osm import osm_network  # noqa: PLC0415 - osmnx, which everything else does without

            return osm_network(files[0], speeds=table, keep=keep, **access)

    else:
        own = ("speed_kph", "road_class", "oneway")
        _require_unused({k: v for k, v in given.items() if k not in own}, "drawn lines", names[0])
        how: dict[str, Any] = {name: given[name] for name in own if given[name] is not None}
        return network_from_lines(files[0], provenance={"file": files[0].name}, **how, **access)
    more = [table] if isinstance(table, Path) else []
    options = {
        **{name: value for name, value in given.items() if name != "speeds"},
        "area": None if within is None else within.wkb_hex,
        "speeds": None if isinstance(table, Path) else dict(table) if isinstance(table, Mapping) else table,
        **access,
    }
    return kept_network([*files, *more], options, read, folder=kept)


def _fetched(name: str, *, progress: bool) -> Path:
    """Return the extract of a region, downloaded if it isn't here."""
    from ..downloads import fetch  # noqa: PLC0415 - files do without what downloads

    return fetch(name, progress=progress)


def _names(roads: object) -> list[str]:
    """Return what is named as a list without repeats, or raise."""
    listed = list(roads) if isinstance(roads, (list, tuple)) else [roads]
    for one in listed:
        if not isinstance(one, (str, Path)) or not str(one).strip():
            raise InputTypeError(
                f"'roads' should be 'trunk', a file, a region, or several of these, got {one!r}"
            )
    if not listed:
        raise EmptyInputError("'roads' names nothing; give 'trunk', a file or a region")
    names = list(dict.fromkeys(str(one) for one in listed))
    if TRUNK in names and len(names) > 1:
        raise InputError(
            f"'roads' names the embedded roads, 'trunk', beside {', '.join(n for n in names if n != TRUNK)}; they can't be "
            "joined: give one or the other"
        )
    return names


def _one_kind(kinds: Mapping[str, Kind]) -> Kind:
    """Return the kind of all that is named, regions as extracts; only these can be several."""
    found: dict[str, Kind] = {name: "extract" if kind == "region" else kind for name, kind in kinds.items()}
    if len(found) > 1 and set(found.values()) != {"extract"}:
        other = next(name for name, kind in found.items() if kind != "extract")
        raise InputError(
            f"'roads' names {len(found)} files, of which {other!r} isn't an extract of OpenStreetMap; only extracts know "
            "which of their roads are the same, and can be joined: give one file, or the extracts"
        )
    (kind,) = set(found.values())
    return kind


def _require_unused(given: Mapping[str, Any], what: str, name: str) -> None:
    """Raise where an option is given that isn't for what is read."""
    for option, value in given.items():
        if value is not None:
            raise InputError(f"{option!r} isn't for {what} ({name}); leave it out")


def _grown(area: BaseGeometry, margin_km: float) -> BaseGeometry:
    """Return an area with a margin around it."""
    if not margin_km:
        return area
    middle = area.representative_point()
    shapes = gpd.GeoSeries([area], crs=WGS84).to_crs(local_crs(lon=middle.x, lat=middle.y))
    return shapes.buffer(margin_km * 1000).to_crs(WGS84).iloc[0]
