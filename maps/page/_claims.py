"""What the page shows of claims."""

from __future__ import annotations

from typing import Any

import shapely

from ..layers import MapLayers, number
from ..shapes import REACH_QUANTUM_DEG, pack
from ._places import core_of, parts_of, sign_at


def claims_content(layers: MapLayers) -> list[dict[str, Any]]:
    """Return the claims in the table's order, which is the report's; those without a place have no ``at``."""
    rows = []
    for row in layers.claims.itertuples():
        parts = parts_of(row.geometry)
        points = [part for part in parts if part.geom_type == "Point"]
        lines = [part for part in parts if part.geom_type in ("LineString", "LinearRing")]
        areas = [part for part in parts if part.geom_type == "Polygon"]
        rows.append(
            {
                "id": str(row.claim_id),
                "words": str(row.words),
                "reading": str(row.reading),
                "verdict": str(row.verdict),
                "text": str(row.verdict_text),
                "value": number(row.value),
                "unit": str(row.unit),
                "compare": str(row.compare),
                "limit": number(row.limit),
                "with": number(row.value_with),
                "flip": str(row.flip),
                "method": str(row.method),
                "at": sign_at(core_of(points, lines, areas)) if parts else None,
                "points": [sign_at(part) for part in points],
                "lines": pack(shapely.MultiLineString(lines), REACH_QUANTUM_DEG),
                "areas": pack(shapely.MultiPolygon(areas), REACH_QUANTUM_DEG),
            }
        )
    return rows
