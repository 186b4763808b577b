"""Made-up units, points and lines in the forms in which people hold them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import geopandas as gpd
import shapely

_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
{sheets}</Types>"""
_SHEET_TYPE = (
    '<Override PartName="/xl/worksheets/sheet{n}.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
)
_RELS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{0}</Relationships>"""
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def write_xlsx(path: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> Path:
    """Write a workbook as spreadsheets do: numbers as numbers, text inline, one part per sheet."""

    def cell(value: Any) -> str:
        if value is None:
            return "<c/>"
        if isinstance(value, (int, float)):
            return f"<c><v>{value!r}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    names = list(sheets)
    with zipfile.ZipFile(path, "w") as archive:
        kinds = "".join(_SHEET_TYPE.format(n=n) for n in range(1, len(names) + 1))
        archive.writestr("[Content_Types].xml", _CONTENT.format(sheets=kinds))
        one = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        archive.writestr("_rels/.rels", _RELS.format(one))
        listed = "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1)
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        )
        ties = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(names) + 1)
        )
        archive.writestr("xl/_rels/workbook.xml.rels", _RELS.format(ties))
        for n, name in enumerate(names, 1):
            rows = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in sheets[name])
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
            )
    return path


def write_text(
    path: Path, rows: Iterable[Sequence[Any]], *, encoding: str = "utf-8", between: str = ","
) -> Path:
    """Write a table of text."""
    lines = [between.join("" if value is None else str(value) for value in row) for row in rows]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


def write_geojson(path: Path, features: Iterable[tuple[dict[str, Any], Any]], **members: Any) -> Path:
    """Write GeoJSON as maps hand it out: no member ``crs``; a geometry may be None."""
    listed = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
        }
        for properties, shape in features
    ]
    text = json.dumps({"type": "FeatureCollection", "features": listed, **members}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def squares(size: float = 0.5) -> gpd.GeoDataFrame:
    """Four made-up units of Jiangxi and Hunan, in two rows of two; the provinces meet along 113.5 E."""
    return gpd.GeoDataFrame(
        {
            "adcode": [360399, 360398, 430299, 430298],
            "name": ["东山区", "东河县", "西山区", "西河县"],
        },
        geometry=[
            shapely.box(113.5, 27.0, 113.5 + size, 27.0 + size),
            shapely.box(113.5, 27.0 + size, 113.5 + size, 27.0 + 2 * size),
            shapely.box(113.5 - size, 27.0, 113.5, 27.0 + size),
            shapely.box(113.5 - size, 27.0 + size, 113.5, 27.0 + 2 * size),
        ],
        crs=4326,
    )


def kml(body: str) -> str:
    """Return a KML document."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    return f"{head}{body}</Document></kml>"


def placemark(name: str, shape: Any, *, datum: str = "") -> str:
    """Return a placemark with a point or a line; with 奥维's mark of its datum."""
    kind = {"Point": "Point", "LineString": "LineString"}[shape.geom_type]
    text = " ".join(f"{lon},{lat},0" for lon, lat in shape.coords)
    said = f"<OvCoordType>{datum}</OvCoordType>" if datum else ""
    return (
        f"<Placemark><name>{name}</name>{said}<{kind}><coordinates>{text}</coordinates></{kind}></Placemark>"
    )
