"""The Leaflet map of a study's results, as a folium map."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from importlib import resources
from os import PathLike
from typing import Any, Final

import folium
import geopandas as gpd
from branca.element import Figure, MacroElement
from folium.template import Template

from ...geo.checks import require_choice, require_text
from ...geo.places import shows_china
from ...geo.text import closed
from ..classes import ClassChoice
from ..classes import gain_classes as classes_of_gains
from ..classes import minute_classes as classes_of_minutes
from ..layers import in_gcj02, map_layers
from ..protocols import MapResults
from ..wording import WORDS, Language, number_of
from ._base_maps import BaseMap
from ._base_maps import base_map as base_map_of
from ._content import page_content
from ._offline import offline_html
from ._rendering import texts_left_alone

_SCRIPTS: Final = (
    "decode.js", "gcj02.js", "split.js", "edges.js", "labels.js", "signs.js", "drawing.js", "backdrop.js", "reaches.js", "counties.js",
    "lines.js", "claim_signs.js", "scene.js", "search.js", "county.js", "claims.js", "legend.js", "tools.js", "view.js", "locator.js", "finding.js", "exports.js",
    "canvas.js", "whatif_ground.js", "whatif_network.js", "roads.js", "whatif_rides.js", "whatif_scenario.js", "whatif_search.js", "whatif_lines.js", "whatif_circle.js", "whatif_people.js",
    "whatif_canvas.js", "whatif_state.js", "whatif_files.js", "whatif_editor.js", "whatif_panel.js", "whatif.js",
    "years.js", "page.js",
)  # fmt: skip
_STYLES: Final = ("study_map.css", "whatif.css")
#: How the names of those begin that a page without the network around its study, or without years, has no use for.
_OF: Final = {"whatIf": "whatif", "years": "years"}
#: What shifts shapes that are computed on the page; a page needs it on a base map in that datum.
_SHIFT: Final = "gcj02"
#: Characters that would end a script element or a line of JavaScript, as JSON escapes.
_ESCAPES: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}  # fmt: skip
#: A comment over several lines.
_EXPLAINED: Final = re.compile(r"^\s*/\*\*.*?\*/", re.DOTALL | re.MULTILINE)
#: The type of something within a line of code.
_TYPED: Final = re.compile(r"/\*\* @type [^*]*\*/ ?")
#: A comment behind a line of code; nothing in it could end a text or a pattern.
_REMARK: Final = re.compile(r"(?<=[;,{}()\]]) // (?:[^\"'`/\\]|(?<=\w)'(?=\w))*$")
#: What Jinja would take for its own; in JSON it stands in texts only.
_TEMPLATE_SIGN: Final = re.compile(r"\{(?=[{%#])")


class StudyPage(Figure):
    """A page whose language is declared; folium's own page declares none."""

    _template = Template(
        "<!DOCTYPE html>\n"
        '<html lang="{{this.lang}}">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        "<title>{{this.title|e}}</title>\n"
        "{{this.header.render(**kwargs)}}\n"
        "</head>\n"
        "<body>\n{{this.html.render(**kwargs)}}\n"
        "<script>\n{{this.script.render(**kwargs)}}\n</script>\n"
        "</body>\n</html>\n"
    )

    def __init__(self, *, title: str, lang: str) -> None:
        super().__init__(title=title)
        self.lang = lang
        # The charset stands first in the head, where browsers look for it.
        del self.header._children["meta_http"]  # noqa: SLF001 (branca has no other way)

    def render(self, **kwargs: Any) -> str:
        """Return the page, also where folium itself saves or shows it, with texts left alone."""
        with texts_left_alone(self):
            return str(super().render(**kwargs))


class StudyMap(folium.Map):
    """A folium map with stable identifiers that a notebook shows without any request.

    Layers, tooltips and tiles of folium can be added to it as to any folium map.
    """

    def __init__(self, *, title: str, lang: str, base_map: BaseMap | None = None, **options: Any) -> None:
        super().__init__(tiles=None, prefer_canvas=True, zoom_control=False, **options)
        self.base_map = base_map
        # folium names elements at random, which makes every page differ from the one before.
        self._id = "study"
        StudyPage(title=title, lang=lang).add_child(self)

    def _repr_html_(self, **_kwargs: Any) -> str:
        page = html.escape(offline_html(self))
        return f'<iframe srcdoc="{page}" style="width:100%;height:640px;border:0" allowfullscreen></iframe>'


class StudyOverlay(MacroElement):
    """Everything the package draws and controls on the page: data, style and scripts."""

    _template = Template(
        "{% macro header(this, kwargs) %}<style>\n{{this.css}}</style>{% endmacro %}"
        "{% macro html(this, kwargs) %}"
        '<script type="application/json" id="study-data">{{this.data}}</script>'
        "{% endmacro %}"
        "{% macro script(this, kwargs) %}{{this.js}}\n"
        "borderreach.start({{this._parent.get_name()}}, "
        'JSON.parse(document.getElementById("study-data").textContent));'
        "{% endmacro %}"
    )

    def __init__(self, content: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "StudyOverlay"
        self._id = "study"
        self.content = content
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # Should somebody put the map into a page of another kind, nothing in the data is a template there either.
        self.data = _TEMPLATE_SIGN.sub(r"\\u007b", text.translate(_ESCAPES))
        left_out = tuple(prefix for key, prefix in _OF.items() if content.get(key) is None)
        tiles = content.get("baseMap")
        if tiles is None or tiles["datum"] != _SHIFT:
            left_out += (_SHIFT,)
        code, self.css = (
            "\n".join(_lean(_asset(name)) for name in names if not name.startswith(left_out))
            for names in (_SCRIPTS, _STYLES)
        )
        # One scope for all scripts, so that a script added to the page may call its own things what it likes.
        self.js = f"const borderreach = (() => {{\n{code}\nreturn br;\n}})();"


def study_map(
    results: MapResults,
    *,
    context: gpd.GeoDataFrame | None = None,
    language: Language = "zh",
    base_map: str | PathLike[str] | BaseMap | None = None,
    minute_classes: ClassChoice = None,
    gain_classes: ClassChoice = None,
    n_classes: int = 6,
    review_number: str = "",
) -> folium.Map:
    """Draw the results of a study as a Leaflet map.

    Without a base map, the map asks for nothing from outside once saved with `save_map`. It shows
    provinces, borders, junctions, border counties with their minutes before and after, circles
    and commuting zones before and after with what is gained, corridors, centres, a legend and the
    sources. A swipe sets before beside after, a slider moves the circle from 30 to 180 minutes, a
    link brings back what is seen. Names are inserted as text, never as HTML.

    Parameters
    ----------
    results : StudyResults
        What `run_study` returns; all geometry in EPSG:4326.
    context : GeoDataFrame, optional
        Polygons with a `name`, such as all provinces; those near the study are drawn as pale
        outlines around it.
    language : {"zh", "en"}
        Language that the page opens in; readers can switch.
    base_map : str, path or BaseMap, optional
        Tiles under the map: what `base_map` takes, or what it returns. Tiles of a service come from
        outside, so that the map is then saved with ``save_map(m, path, offline=False)``. On tiles in
        GCJ-02 (``"gaode"``) all shapes are shifted so that they fit, and the map says so.
    minute_classes, gain_classes : str, sequence of float or None
        Classes of minutes and of minutes saved that border counties are coloured by: a scheme of
        mapclassify (``"quantiles"``, ``"natural_breaks"``, ``"equal_interval"``, ``"pretty_breaks"``,
        ``"head_tail"``) or upper bounds. `study_figure` takes the same and gives the same classes.
    n_classes : int
        Number of classes that a scheme is asked for.
    review_number : str
        The 审图号 of the reviewed base map that it is published on, shown among the sources; that of the study's file
        when left out.

    Returns
    -------
    folium.Map
        Further folium layers may be added before it is saved.

    Raises
    ------
    InputError, InputTypeError, MissingColumnError, MissingCRSError, GeometryTypeError
        If a table of the results has another shape than documented; the message names it.
    MissingDependencyError
        If a scheme is asked for and mapclassify isn't installed.

    See Also
    --------
    save_map : Write the map to one file that needs no network.

    Notes
    -----
    Shapes on the map are simplified: boundaries by about 50 m, travel-time areas by about 110 m, or
    by more where these would have too many vertices (`maps.layers`). The page states the tolerances.
    Figures shown are those of the tables.

    Examples
    --------
    >>> results = br.run_study("yuqian")
    >>> page = br.study_map(results, language="en")
    >>> br.save_map(page, "map.html").name
    'map.html'
    """
    language = require_choice(language, "language", WORDS)  # type: ignore[assignment]
    tiles = None if base_map is None else base_map_of(base_map)
    layers = map_layers(results, context=context)
    classes = {
        "minute": classes_of_minutes(layers.county_times, minute_classes, n_classes=n_classes),
        "gain": classes_of_gains(layers.county_times, gain_classes, n_classes=n_classes),
    }
    if tiles is not None and tiles.datum == "gcj02":
        layers = in_gcj02(layers)
    title = closed(str(results.study.title))
    west, south, east, north = layers.provinces.total_bounds
    m = StudyMap(
        title=title,
        lang="zh-CN" if language == "zh" else "en",
        base_map=tiles,
        location=((south + north) / 2, (west + east) / 2),
        zoom_start=7,
        min_zoom=3,
        max_zoom=14 if tiles is None else 18,
        zoom_snap=0.25,
        attribution_control=True,
    )
    m.add_child(
        StudyOverlay(
            page_content(
                results,
                layers,
                language,
                tiles=tiles,
                classes=classes,
                china=shows_china(context),
                review_number=number_of(require_text(review_number, "review_number"), results),
            )
        )
    )
    return m


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _lean(code: str) -> str:
    """Return a script without the lines that only explain it and without indentation: a page is read by a browser."""
    untyped = _TYPED.sub("", _EXPLAINED.sub("", code))
    lines = (_REMARK.sub("", line.strip()) for line in untyped.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))
