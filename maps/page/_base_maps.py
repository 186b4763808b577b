"""Base maps that a reader may ask for: tiles of a service, of a template, or in a folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote, urlsplit

from ...geo.checks import require_choice, require_path, require_whole
from ...geo.errors import InputError, InputTypeError

Datum: TypeAlias = Literal["wgs84", "gcj02"]
DATUMS: Final = ("wgs84", "gcj02")

#: Stands in the page for the folder of local tiles, until the page's own folder is known.
TILE_FOLDER: Final = "tile-folder:"
_TILE_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".webp")
#: WMTS names of what a tile address needs, in RESTful templates.
_WMTS_NAMES: Final = {"{tilematrix}": "{z}", "{tilerow}": "{y}", "{tilecol}": "{x}"}
_HOST: Final = re.compile(r"([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
_TIANDITU: Final = {"tianditu": ("vec", "cva"), "tianditu-image": ("img", "cia"), "tianditu-terrain": ("ter", "cta")}  # fmt: skip


@dataclass(frozen=True)
class BaseMap:
    """Tiles under a map.

    Attributes
    ----------
    name : str
        Shown in the list of layers.
    addresses : tuple of str
        Of tiles, drawn one above the other, with ``{z}``, ``{x}``, ``{y}`` and, for several servers, ``{s}``.
    attribution : str
        Plain text, shown on the map.
    subdomains : str
        What ``{s}`` stands for, one character each.
    datum : {"wgs84", "gcj02"}
        What the tiles are in; CGCS2000 equals WGS 84 here. On GCJ-02 tiles the map's own shapes are
        shifted so that they fit.
    min_zoom, max_zoom : int
        Of the tiles; closer in, they are enlarged.
    tms : bool
        Whether rows are counted from the south.
    folder : pathlib.Path, optional
        Of local tiles, ``z/x/y`` and an ending.
    """

    name: str
    addresses: tuple[str, ...]
    attribution: str = ""
    subdomains: str = ""
    datum: Datum = "wgs84"
    min_zoom: int = 0
    max_zoom: int = 18
    tms: bool = False
    folder: Path | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Schemes and hosts that tiles are asked of; none where they lie in a folder.

        Raises
        ------
        InputError
            If an address has none that may stand in the page's policy.
        """
        if self.folder is not None:
            return ()
        subdomains = self.subdomains or " "
        found = [_host(each.replace("{s}", one.strip())) for each in self.addresses for one in subdomains]
        return tuple(dict.fromkeys(found))


def base_map(
    source: str | os.PathLike[str] | BaseMap,
    *,
    key: str | None = None,
    attribution: str | None = None,
    datum: Datum | None = None,
    tms: bool | None = None,
    max_zoom: int | None = None,
) -> BaseMap:
    """Describe the tiles to be drawn under a map.

    Parameters
    ----------
    source : str, path or BaseMap
        ``"osm"``; ``"tianditu"``, ``"tianditu-image"`` or ``"tianditu-terrain"``, which need your `key`;
        ``"gaode"``; a template of tile addresses, XYZ (``https://host/{z}/{x}/{y}.png``) or WMTS in Web
        Mercator tiles (``...&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}``, or ``{TileMatrix}`` and so on);
        or a folder of tiles, ``z/x/y.png`` (also .jpg and .webp).
    key : str, optional
        Of the service; put into the page, where everybody who has the page can read it.
    attribution : str, optional
        What the map says about the tiles; for a template or folder of your own.
    datum : {"wgs84", "gcj02"}, optional
        What the tiles are in; WGS 84 when left out, GCJ-02 for ``"gaode"``.
    tms : bool, optional
        Whether rows are counted from the south.
    max_zoom : int, optional
        Closest zoom that there are tiles for.

    Returns
    -------
    BaseMap

    Raises
    ------
    InputError
        If a key is missing, a template has no ``{z}``, ``{x}`` and ``{y}`` or no plain host, or a folder holds
        no tiles.
    InputTypeError
        If `source` is something else.

    Notes
    -----
    Terms of use are the services' own. Tiles of OpenStreetMap's servers are meant for light use.

    Examples
    --------
    >>> br.base_map("tianditu", key="0123").addresses[0][:62]
    'https://t{s}.tianditu.gov.cn/vec_w/wmts?SERVICE=WMTS&REQUEST=G'
    >>> br.base_map("https://tiles.example.org/{TileMatrix}/{TileRow}/{TileCol}.png").addresses
    ('https://tiles.example.org/{z}/{y}/{x}.png',)
    """
    if isinstance(source, BaseMap):
        found = source
    elif not isinstance(source, str | os.PathLike):
        raise InputTypeError(
            f"'base_map' should be a name, a template of tile addresses or a folder, got {source!r}"
        )
    elif isinstance(source, str) and (source in {"osm", "gaode"} or source in _TIANDITU):
        found = _service(source, key)
    elif isinstance(source, str) and "{" in source:
        found = _template(source)
    else:
        found = _folder(require_path(source, "base_map"))
    changes: dict[str, Any] = {
        "attribution": attribution,
        "datum": None if datum is None else require_choice(datum, "datum", DATUMS),
        "tms": tms,
        "max_zoom": None if max_zoom is None else require_whole(max_zoom, "max_zoom", maximum=24),
    }
    _ = found.hosts  # an address without a plain host is found out here
    return replace(found, **{name: value for name, value in changes.items() if value is not None})


def _service(name: str, key: str | None) -> BaseMap:
    if name == "osm":
        return BaseMap(
            "OpenStreetMap",
            ("https://tile.openstreetmap.org/{z}/{x}/{y}.png",),
            "© OpenStreetMap contributors (ODbL)",
            max_zoom=19,
        )
    if name == "gaode":
        address = (
            "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}"
        )
        return BaseMap("高德地图", (address,), "© 高德软件 AutoNavi", "1234", "gcj02", min_zoom=3)
    if not key:
        raise InputError(
            f"the base map {name!r} needs your own key: base_map({name!r}, key=...); one is given free of "
            "charge at https://console.tianditu.gov.cn"
        )
    addresses = tuple(
        f"https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
        "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"
        f"&tk={quote(key, safe='')}"
        for layer in _TIANDITU[name]
    )
    return BaseMap("天地图", addresses, "© 国家地理信息公共服务平台 天地图", "01234567", min_zoom=1)


def _template(address: str) -> BaseMap:
    plain = re.sub(r"\{\w+\}", lambda match: _WMTS_NAMES.get(match.group().lower(), match.group()), address)
    missing = [part for part in ("{z}", "{x}", "{y}") if part not in plain.replace("{-y}", "{y}")]
    if missing or not re.match(r"https?://[^/{]*(\{s\})?[^/]*/", plain):
        raise InputError(
            f"'base_map' should be an address such as 'https://host/{{z}}/{{x}}/{{y}}.png', got {address!r}"
            + (f", which lacks {', '.join(missing)}" if missing else "")
        )
    unknown = set(re.findall(r"\{[^}]*\}", plain)) - {"{z}", "{x}", "{y}", "{-y}", "{s}", "{r}"}
    if unknown:
        raise InputError(
            f"'base_map' has {', '.join(sorted(unknown))} in {address!r}, which nothing stands for; write the "
            "layer, style and tile matrix set of a WMTS into the address"
        )
    flipped = "{-y}" in plain
    _host(plain.replace("{s}", "a"))
    host = urlsplit(plain.replace("{s}", "a")).netloc
    return BaseMap(host, (plain.replace("{-y}", "{y}").replace("{r}", ""),), host, "abc", tms=flipped)


def _host(address: str) -> str:
    """Return scheme and host as a content security policy names them: nothing else in it can be misread."""
    try:
        parts = urlsplit(address)
        host = parts.netloc.encode("idna").decode("ascii")
    except (UnicodeError, ValueError):
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"", "http", "https"} or not _HOST.fullmatch(host):
        raise InputError(
            f"'base_map' should have addresses such as 'https://host/{{z}}/{{x}}/{{y}}.png' with a plain host "
            f"(letters, digits, dots and hyphens, then perhaps a port), got {address!r}"
        )
    return f"{parts.scheme or 'https'}://{host}"


def _folder(folder: Path) -> BaseMap:
    if not folder.is_dir():
        raise InputError(
            f"'base_map' is neither osm, gaode or {', '.join(_TIANDITU)}, nor an address with {{z}}, {{x}} and "
            f"{{y}}, nor a folder that exists: {str(folder)!r}"
        )
    levels = sorted(int(path.name) for path in folder.iterdir() if path.is_dir() and path.name.isdecimal())
    for level in levels:
        for tile in sorted((folder / str(level)).glob("*/*")):
            if tile.suffix.lower() in _TILE_ENDINGS and tile.stem.isdecimal():
                return BaseMap(
                    folder.name,
                    (TILE_FOLDER + "/{z}/{x}/{y}" + tile.suffix,),
                    min_zoom=levels[0],
                    max_zoom=levels[-1],
                    folder=folder.resolve(),
                )
    raise InputError(
        f"'base_map' is a folder without tiles: {str(folder)!r}; they should lie in it as z/x/y.png "
        f"(or {', '.join(_TILE_ENDINGS[1:])})"
    )


def folder_address(folder: Path, page: Path | None) -> str:
    """Return the address of a folder as a page in `page`'s folder names it: relative where possible."""
    if page is not None:
        try:
            relative = os.path.relpath(folder, page.resolve().parent)
        except ValueError:  # another drive of Windows
            return folder.as_uri()
        return quote(Path(relative).as_posix())
    return folder.as_uri()
