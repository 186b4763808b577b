"""How the GeoPackage of a study opens in QGIS: its layers' order, styles, labels, and what columns are called."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pandas as pd

from ..maps import style
from ..maps.wording import WORDS
from ._dictionary import column_words


@dataclass(frozen=True)
class Symbol:
    """A symbol of a layer.

    Attributes
    ----------
    label : str
        What the legend says.
    where : str
        QGIS' expression for the rows that have it; empty for all.
    fill, line : str
        Colours as ``#rrggbb``; empty for none. A point's are of its disc and its edge.
    wide : float
        Width of the line or size of the point, mm.
    dashed : bool
    opacity : float
    """

    label: str
    where: str = ""
    fill: str = ""
    line: str = style.COUNTY_LINE
    wide: float = 0.26
    dashed: bool = False
    opacity: float = 1.0


@dataclass(frozen=True)
class Layer:
    """A layer as QGIS shows it: what it is, its symbols (the first that fits a row), the column that names it."""

    title: str
    symbols: tuple[Symbol, ...]
    named_by: str = ""


_ZH: Final = WORDS["zh"]


def _circles(column: str, *, both: bool = True) -> tuple[Symbol, ...]:
    found = [
        Symbol(f"{low}–{high} 分钟圈，现状" if low else f"{high} 分钟圈，现状",
               f"\"scenario\" = 'base' AND \"{column}\" > {low} AND \"{column}\" <= {high}",
               style.CIRCLE_FILLS[rank], style.CIRCLE_LINE, 0.2, opacity=0.6)
        for rank, (low, high) in enumerate(((0, 60), (60, 120), (120, 180), (180, 100_000)))
    ]  # fmt: skip
    after = Symbol("规划后的边", "\"scenario\" <> 'base'", "", style.SCENARIO_LINE, 0.4, dashed=True)
    return (*found, after) if both else tuple(found)


def _verdicts() -> tuple[Symbol, ...]:
    return tuple(
        Symbol(_ZH[f"verdict_{key}"], f"\"verdict\" = '{key}'", colour, colour, 0.5, opacity=0.5)
        for key, colour in style.VERDICT_FILLS.items()
    )


def _corridors() -> tuple[Symbol, ...]:
    return tuple(
        Symbol(_ZH[f"mode_{mode}"] + ending, f"\"mode\" = '{mode}' AND \"status\" {sign} 'open'", "", colour, 0.9,
               dashed=dashed)
        for mode, colour in style.MODE_COLOURS.items()
        for ending, sign, dashed in (("，已开通", "=", False), ("，未开通", "<>", True))
    )  # fmt: skip


def _point(label: str, fill: str, wide: float) -> tuple[Symbol, ...]:
    return (Symbol(label, "", fill, style.BORDER_LINE, wide),)


#: Layers that matter, the one on top first; tables that aren't here come after them, in the results' order.
LAYERS: Final[Mapping[str, Layer]] = {
    "centres": Layer("中心", _point("中心", style.CENTRE_FILL, 3.2), "origin_name"),
    "junctions": Layer("多省交界点", _point("多省交界点", style.JUNCTION_FILL, 2.0)),
    "crossings": Layer("跨省通道", _point("跨省通道", style.CROSSING_FILL, 1.6)),
    "corridor_stops": Layer("廊道的站点", _point("站点", style.STOP_FILL, 1.8), "stop_name"),
    "critical_links": Layer("跨省通道中断的损失", (
        Symbol("一千万人·分钟以上", '"cost_person_min" >= 1e7', "", style.CRITICAL_LINE, 2.2),
        Symbol("一百万至一千万人·分钟", '"cost_person_min" >= 1e6 AND "cost_person_min" < 1e7', "", style.CRITICAL_LINE, 1.2),
        Symbol("不到一百万人·分钟", '"cost_person_min" < 1e6', "", style.CRITICAL_LINE, 0.5),
    ), "name"),
    "missing_links": Layer("缺失的线路", (Symbol("缺失的线路", "", "", style.MISSING_LINE, 0.8, dashed=True),)),
    "gaps": Layer("断头路", (Symbol("断头路", "", "", style.GAP_LINE, 0.8),)),
    "changes": Layer("线路中断或变速", (Symbol("中断或变速", "", "", style.CHANGE_LINE, 1.0),), "name"),
    "corridors": Layer("廊道", _corridors(), "name"),
    "borders": Layer("省界", (Symbol("省界", "", "", style.BORDER_LINE, 0.5, dashed=True),)),
    "border_counties": Layer("毗邻区县", (Symbol("毗邻区县", "", "", style.COUNTY_LINE, 0.3),), "name"),
    "circles": Layer("时间圈", _circles("cutoff_min")),
    "road_circles": Layer("时间圈，只走公路", _circles("cutoff_min")),
    "isochrones": Layer("单个中心的时间圈", _circles("cutoff_min")),
    "zones": Layer("一小时通勤圈", (
        Symbol("通勤圈，现状", "\"scenario\" = 'base'", style.ZONE_FILL, style.ZONE_SCENARIO_LINE, 0.2, opacity=0.25),
        Symbol("通勤圈，规划后", "\"scenario\" <> 'base'", "", style.ZONE_SCENARIO_LINE, 0.3, dashed=True),
    ), "centre_name"),
    "claims": Layer("文中论断", _verdicts()),
    "provinces": Layer("省级行政区", (Symbol("省级行政区", "", style.LAND, style.PROVINCE_LINE, 0.4),), "name"),
    "counties": Layer("区县", (Symbol("区县", "", "", "#bbbbbb", 0.15),)),
}  # fmt: skip


def ordered(tables: Iterable[tuple[str, pd.DataFrame]]) -> list[tuple[str, pd.DataFrame]]:
    """Return tables that hold anything, those that matter first."""
    order = {name: at for at, name in enumerate(LAYERS)}
    held = [(name, table) for name, table in tables if len(table)]
    return sorted(held, key=lambda each: order.get(each[0], len(order)))


def title_of(name: str) -> str:
    """Return what a layer is called; empty where it has no other name than its own."""
    return LAYERS[name].title if name in LAYERS else ""


def add_styles(
    path: Path, tables: Iterable[tuple[str, pd.DataFrame]], *, say: Callable[[str], str] = str
) -> None:
    """Add to a GeoPackage of a study how QGIS draws its layers, and what its columns are called and mean.

    `say` gives the package's words as the study has them (`analysis.levels`).
    """
    held = list(tables)
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA synchronous = OFF")  # of a draft; see `write_geopackage`
        file.execute(_STYLES_TABLE)
        file.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', '2000-01-01T00:00:00.000Z')"
        )
        file.execute(_COLUMNS_TABLE)
        file.execute(_EXTENSIONS_TABLE)
        file.execute(
            "INSERT INTO gpkg_extensions VALUES ('gpkg_data_columns', NULL, 'gpkg_schema', "
            "'http://www.geopackage.org/spec121/#extension_schema', 'read-write')"
        )
        geometry = dict(file.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        for name, table in held:
            words = {
                column: (say(head), say(meaning)) for column, (head, meaning) in column_words(table).items()
            }
            seen: set[str] = set()
            for column, (head, meaning) in words.items():
                # Names of columns are unique in their table.
                if head not in seen:
                    seen.add(head)
                    file.execute(
                        "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)",
                        (name, column, head, head, meaning),
                    )
            if name in LAYERS and name in geometry:
                layer = _said(LAYERS[name], say)
                file.execute(
                    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                    "styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
                    "VALUES ('', '', ?, ?, ?, ?, '', 1, ?, '', NULL, '2000-01-01T00:00:00.000Z')",
                    (name, geometry[name], name, qml(layer, table, words), layer.title),
                )


def _said(layer: Layer, say: Callable[[str], str]) -> Layer:
    symbols = tuple(replace(each, label=say(each.label)) for each in layer.symbols)
    return replace(layer, title=say(layer.title), symbols=symbols)


#: As QGIS makes it.
_STYLES_TABLE: Final = (
    "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), "
    "f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), "
    "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), "
    "update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"
)
#: As the standard has them (OGC 12-128r18, annexes F.9 and D.2).
_COLUMNS_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, "
    "title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT, "
    "CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))"
)
_EXTENSIONS_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, "
    "definition TEXT NOT NULL, scope TEXT NOT NULL, "
    "CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"
)
_CLASSES: Final = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}


def qml(layer: Layer, table: pd.DataFrame, words: Mapping[str, tuple[str, str]]) -> str:
    """Return a layer's style as QGIS reads it: a symbol per rule, labels, and columns by their names."""
    root = ET.Element("qgis", version="3.28.0", styleCategories="Symbology|Labeling|Fields",
                      labelsEnabled="1" if layer.named_by else "0")  # fmt: skip
    renderer = ET.SubElement(root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0",
                             enableorderby="0", referencescale="-1")  # fmt: skip
    rules = ET.SubElement(renderer, "rules", key="{root}")
    symbols = ET.SubElement(renderer, "symbols")
    for at, symbol in enumerate(layer.symbols):
        rule = ET.SubElement(rules, "rule", key=f"{{rule-{at}}}", symbol=str(at), label=symbol.label)
        if symbol.where:
            rule.set("filter", symbol.where)
        _symbol(symbols, str(at), symbol, _kind(table))
    if layer.named_by:
        _labels(root, layer.named_by)
    aliases = ET.SubElement(root, "aliases")
    for at, (column, (head, _)) in enumerate(words.items()):
        ET.SubElement(aliases, "alias", index=str(at), field=column, name=head)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(
        root, encoding="unicode"
    )


def _kind(table: Any) -> str:
    kinds = set(table.geometry.dropna().geom_type)
    if kinds <= {"Point", "MultiPoint"}:
        return "marker"
    return "line" if kinds <= {"LineString", "MultiLineString"} else "fill"


def _symbol(symbols: ET.Element, name: str, symbol: Symbol, kind: str) -> None:
    made = ET.SubElement(symbols, "symbol", type=kind, name=name, alpha=f"{symbol.opacity:g}", clip_to_extent="1",
                         force_rhr="0")  # fmt: skip
    layer = ET.SubElement(
        made, "layer", {"class": _CLASSES[kind], "enabled": "1", "pass": "0", "locked": "0"}
    )
    pen = "dash" if symbol.dashed else "solid"
    if kind == "line":
        values = {"line_color": _rgba(symbol.line), "line_width": f"{symbol.wide:g}", "line_width_unit": "MM",
                  "line_style": pen, "capstyle": "flat", "joinstyle": "round"}  # fmt: skip
    elif kind == "marker":
        values = {"color": _rgba(symbol.fill), "outline_color": _rgba(symbol.line), "outline_width": "0.3",
                  "outline_width_unit": "MM", "name": "circle", "size": f"{symbol.wide:g}",
                  "size_unit": "MM"}  # fmt: skip
    else:
        values = {"color": _rgba(symbol.fill), "style": "solid" if symbol.fill else "no",
                  "outline_color": _rgba(symbol.line), "outline_width": f"{symbol.wide:g}",
                  "outline_width_unit": "MM", "outline_style": pen}  # fmt: skip
    options = ET.SubElement(layer, "Option", type="Map")
    for key, value in values.items():
        ET.SubElement(options, "Option", type="QString", name=key, value=value)
    for key, value in values.items():  # as QGIS before 3.26 reads them
        ET.SubElement(layer, "prop", k=key, v=value)


def _labels(root: ET.Element, column: str) -> None:
    labeling = ET.SubElement(root, "labeling", type="simple")
    settings = ET.SubElement(labeling, "settings", calloutType="simple")
    text = ET.SubElement(settings, "text-style", fieldName=column, isExpression="0", fontSize="9",
                         fontSizeUnit="Point", fontFamily="Noto Sans CJK SC", textColor="0,0,0,255",
                         textOpacity="1")  # fmt: skip
    ET.SubElement(text, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM",
                  bufferColor="255,255,255,255", bufferOpacity="1")  # fmt: skip


def _rgba(colour: str) -> str:
    if not colour:
        return "255,255,255,0"
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"
