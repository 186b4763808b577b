"""Write a folium map as one file that asks for nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from os import PathLike
from pathlib import Path
from typing import Final

import folium
from branca.element import Element
from xstatic.pkg import leaflet as leaflet_files

from ..geo.errors import InputTypeError, OutputError
from .files import write_atomically

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
        sends no request. False keeps folium's links to servers abroad.

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
    """
    if not isinstance(m, folium.Map):
        raise InputTypeError(f"'m' should be a folium.Map, got {type(m).__name__}; call study_map(results)")
    page = offline_html(m) if offline else str(m.get_root().render())
    return write_atomically(path, page.encode("utf-8"))


def offline_html(m: folium.Map) -> str:
    """Return a folium map as a page that needs nothing from outside.

    Parameters
    ----------
    m : folium.Map

    Raises
    ------
    OutputError
        If the page needs something from outside; the message says what.
    """
    tiles = list(_tile_addresses(m))
    if tiles:
        raise OutputError(
            f"the map has tiles from {tiles[0]!r}, which need a network; make it with tiles=None, "
            "or save it with offline=False"
        )
    page = str(m.get_root().render())
    page = _inline_leaflet(page, m)
    references = external_references(page)
    if references:
        raise OutputError(
            f"the page loads {', '.join(map(repr, references))} from outside; leave out what needs it, "
            "or save it with offline=False"
        )
    return _with_policy(page.replace("\r\n", "\n"))


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


def _inline_leaflet(page: str, m: folium.Map) -> str:
    scripts = "\n".join(re.findall(r"<script>(.*?)</script>", page, re.DOTALL))
    for name, address in (*m.default_js, *m.default_css):
        tag = _tag_of(page, address)
        if tag is None:
            continue
        if name == "leaflet":
            page = page.replace(tag, f"<script>{_leaflet_js()}</script>")
        elif name == "leaflet_css":
            page = page.replace(tag, f"<style>{_leaflet_css()}</style>")
        elif name in _ON_DEMAND:
            needed = _ON_DEMAND[name]
            found = needed.search(scripts) if needed else None
            if found:
                raise OutputError(
                    f"something added to the map needs {name} (its script says {found.group(0)!r}), which "
                    "isn't put into the page; use a folium.Tooltip and folium.CircleMarker instead of a "
                    "folium.Popup or an icon marker, or save it with offline=False"
                )
            page = page.replace(tag, "")
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


def _with_policy(page: str) -> str:
    """Add a policy under which a browser runs this page's scripts and loads nothing else."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = sorted(
        {
            "'sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode() + "'"
            for text in scripts
        }
    )
    policy = (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    )
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    # Before the first script, and after the charset, which has to come within the first kilobyte.
    start = re.search(r"<head>\s*(<meta charset=[^>]*>)?", page)
    if start is None:
        raise OutputError("the page has no head; was the map rendered by folium?")
    return f"{page[: start.end()]}\n{tag}{page[start.end() :]}"
