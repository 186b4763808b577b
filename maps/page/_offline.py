"""Write a folium map as one file that asks for nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from os import PathLike
from pathlib import Path
from typing import Final

import folium
from branca.element import Element
from xstatic.pkg import leaflet as leaflet_files

from ...geo.errors import InputTypeError, OutputError
from ..files import write_atomically
from ._base_maps import TILE_FOLDER, BaseMap, folder_address
from ._rendering import rendered

#: Libraries that folium loads by default and that the page needs only where its script says so.
_ON_DEMAND: Final = {
    "jquery": re.compile(r"(?<![\w.$])(\$|jQuery)\s*\("),
    "bootstrap": re.compile(r"\bbootstrap\.\w"),
    "awesome_markers": re.compile(r"\bAwesomeMarkers\b"),
    "bootstrap_css": None,
    "glyphicons_css": None,
    "awesome_markers_font_css": re.compile(r"\bAwesomeMarkers\b"),
    "awesome_markers_css": None,
    "awesome_rotate_css": None,
}
_REFERENCES: Final = {
    "audio": ("src",),
    "embed": ("src",),
    "feimage": ("href", "xlink:href"),
    "frame": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src", "href", "xlink:href"),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`', re.DOTALL)
_CSS_URL: Final = re.compile(r"""url\(\s*["']?([^"')]*)|@import\s+["']([^"']*)""", re.IGNORECASE)


def save_map(m: folium.Map, path: str | PathLike[str], *, offline: bool = True) -> Path:
    """Write a folium map to an HTML file.

    Parameters
    ----------
    m : folium.Map
        From `study_map`, or any other folium map.
    path : path
        Of the file; folders on the way are made. A file already there is replaced whole, or not
        touched at all.
    offline : bool
        True puts Leaflet and its pictures into the file, leaves out libraries that the page doesn't
        use, and adds a content security policy, so that a browser opens it without a network and
        sends no request. Tiles in a local folder are named by their path from the file, so that both
        can be moved together. False allows what lies outside: of a `study_map` with a base map, its
        tiles and nothing else; of other maps everything that folium links to on servers abroad.

        Texts in the map are never taken for templates or scripts, see Notes.

    Returns
    -------
    pathlib.Path
        Of the file.

    Raises
    ------
    InputTypeError
        If `m` isn't a folium map.
    OutputError
        If the file can't be written, or, with `offline`, if the page needs something from outside:
        tiles, a plugin's script, a picture.

    Notes
    -----
    folium's own ``save`` compiles what the elements of a map give as a Jinja template once more, so that a
    layer's name or tooltip with ``{{ }}`` in it is executed; here it isn't. Tooltips and popups are HTML, as
    folium has it: pass names through `html.escape`. A text given to `branca.element.Element` or
    `folium.IFrame` is HTML, too, and no template.

    Examples
    --------
    >>> results = br.run_study("yuqian")
    >>> br.save_map(br.study_map(results), "map.html").name
    'map.html'
    """
    if not isinstance(m, folium.Map):
        raise InputTypeError(f"'m' should be a folium.Map, got {type(m).__name__}; call study_map(results)")
    try:
        target = Path(path)
    except TypeError as error:
        raise InputTypeError(f"'path' should be a path, got {path!r}") from error
    page = offline_html(m, path=target) if offline else _online_html(m, path=target)
    return write_atomically(path, page.encode("utf-8"))


def offline_html(m: folium.Map, *, path: Path | None = None) -> str:
    """Return a folium map as a page that needs nothing from outside.

    Parameters
    ----------
    m : folium.Map
    path : pathlib.Path, optional
        Where the page will lie, for the way from there to local tiles.

    Raises
    ------
    OutputError
        If the page needs something from outside; the message says what.
    """
    base = _base_map(m)
    tiles = [*(base.hosts if base else ()), *_tile_addresses(m)]
    if tiles:
        raise OutputError(
            f"the map has tiles from {tiles[0]!r}, which need a network; make it without a base map (or with "
            "a folder of tiles), or save it with offline=False"
        )
    page = rendered(m)
    lacking = _lacking(page, m)
    if lacking:
        raise OutputError(
            f"something added to the map needs {lacking[0]} (its script says {lacking[1]!r}), which isn't put "
            "into the page; use a folium.Tooltip and folium.CircleMarker instead of a folium.Popup or an "
            "icon marker, or save it with offline=False"
        )
    page = _inline_leaflet(page, m)
    references = external_references(page)
    if references:
        raise OutputError(
            f"the page loads {', '.join(map(repr, references))} from outside; leave out what needs it, "
            "or save it with offline=False"
        )
    return _finished(page, base, path)


def _online_html(m: folium.Map, *, path: Path) -> str:
    """Return a page that loads the tiles of its base map, and what else somebody added to the map."""
    page = rendered(m)
    base = _base_map(m)
    if base is None or _lacking(page, m) or any(_tile_addresses(m)):
        return _with_folder(page, base, path)
    inlined = _inline_leaflet(page, m)
    return _with_folder(page, base, path) if external_references(inlined) else _finished(inlined, base, path)


def _base_map(m: folium.Map) -> BaseMap | None:
    found = getattr(m, "base_map", None)
    return found if isinstance(found, BaseMap) else None


def _finished(page: str, base: BaseMap | None, path: Path | None) -> str:
    sources = base.hosts if base else ()
    if base and base.folder:
        sources = ("'self'", "file:")
    return _with_policy(_with_folder(page, base, path).replace("\r\n", "\n"), images=sources)


def _with_folder(page: str, base: BaseMap | None, path: Path | None) -> str:
    if base is None or base.folder is None:
        return page
    # In the page's data, where no text can hold such a quotation mark.
    address = f'"addresses":["{TILE_FOLDER}'
    return page.replace(address, address.removesuffix(TILE_FOLDER) + folder_address(base.folder, path), 1)


def external_references(page: str) -> list[str]:
    """Return every address outside the page itself that its tags and styles load.

    Hyperlinks that a reader follows don't count. Requests that a script would make aren't seen
    here; the content security policy stops them.

    Examples
    --------
    >>> external_references('<img src="https://example.org/a.png"><a href="https://example.org">x</a>')
    ['https://example.org/a.png']
    """
    reader = _ReferenceReader()
    reader.feed(page)
    reader.close()
    return list(dict.fromkeys(reader.found))


class _ReferenceReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if value is None:
                continue
            if name in _REFERENCES.get(tag, ()):
                parts = value.split(",") if name == "srcset" and "data:" not in value else [value]
                self.found += [p.split()[0] for p in parts if p.split() and _is_outside(p)]
            elif name == "style":
                self._style(value)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 (the base class's signature)
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._style(data)

    def _style(self, text: str) -> None:
        for match in _CSS_URL.finditer(text):
            address = match.group(1) or match.group(2) or ""
            if _is_outside(address):
                self.found.append(address)


def _is_outside(address: str) -> bool:
    address = address.strip().lower()
    return bool(address) and not address.startswith(("data:", "about:", "blob:", "#"))


def _tile_addresses(element: Element) -> Iterator[str]:
    # Tiles, WMS and pictures of folium carry their address in one of these attributes.
    for child in element._children.values():  # noqa: SLF001 (branca has no other way)
        for attribute in ("tiles", "url"):
            address = getattr(child, attribute, None)
            if isinstance(address, str) and re.match(r"(https?:)?//", address):
                yield address
        yield from _tile_addresses(child)


def _lacking(page: str, m: folium.Map) -> tuple[str, str] | None:
    """Return a library that the page's scripts use and that isn't put into the page, and how they use it."""
    # What stands between quotation marks is data, such as the properties of shapes.
    scripts = _QUOTED.sub('""', "\n".join(re.findall(r"<script>(.*?)</script>", page, re.DOTALL)))
    for name, address in (*m.default_js, *m.default_css):
        needed = _ON_DEMAND.get(name)
        found = needed.search(scripts) if needed and _tag_of(page, address) else None
        if found:
            return name, found.group(0)
    return None


def _inline_leaflet(page: str, m: folium.Map) -> str:
    for name, address in (*m.default_js, *m.default_css):
        tag = _tag_of(page, address)
        if tag is None:
            continue
        if name == "leaflet":
            page = page.replace(tag, f"<script>{_leaflet_js()}</script>", 1)
        elif name == "leaflet_css":
            page = page.replace(tag, f"<style>{_leaflet_css()}</style>", 1)
        elif name in _ON_DEMAND:
            page = page.replace(tag, "", 1)
    return page


def _tag_of(page: str, address: str) -> str | None:
    quoted = re.escape(address)
    found = re.search(rf'<script src="{quoted}"></script>|<link rel="stylesheet" href="{quoted}"/>', page)
    return found.group(0) if found else None


@cache
def _leaflet_js() -> str:
    text = _leaflet_file("leaflet.js").decode("utf-8")
    text = re.sub(r"//# sourceMappingURL=.*", "", text).strip()
    return text.replace("</script", "<\\/script")


@cache
def _leaflet_css() -> str:
    def embed(match: re.Match[str]) -> str:
        address = match.group(1)
        if address.startswith(("data:", "#")):
            return match.group(0)
        data = base64.b64encode(_leaflet_file(address)).decode("ascii")
        return f"url(data:image/png;base64,{data})"

    text = _leaflet_file("leaflet.css").decode("utf-8")
    return re.sub(r"""url\(\s*["']?([^"')]+)["']?\s*\)""", embed, text)


def _leaflet_file(name: str) -> bytes:
    file = Path(leaflet_files.BASE_DIR) / name
    try:
        return file.read_bytes()
    except OSError as error:
        raise OutputError(
            f"the package XStatic-Leaflet lacks {name!r} ({error}); reinstall it: pip install xstatic-leaflet"
        ) from error


def _with_policy(page: str, *, images: Iterable[str] = ()) -> str:
    """Add a policy under which a browser runs this page's scripts and loads nothing but these images."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = sorted(
        {
            "'sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode() + "'"
            for text in scripts
        }
    )
    policy = (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; "
        f"img-src {' '.join(('data:', 'blob:', *images))}; font-src data:; base-uri 'none'; form-action 'none'"
    )
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    # Before the first script, and after the charset, which has to come within the first kilobyte.
    start = re.search(r"<head>\s*(<meta charset=[^>]*>)?", page)
    if start is None:
        raise OutputError("the page has no head; was the map rendered by folium?")
    return f"{page[: start.end()]}\n{tag}{page[start.end() :]}"
