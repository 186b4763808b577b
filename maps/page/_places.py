"""Where things stand on the page: latitude before longitude, as Leaflet has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from ...geo.places import stem

#: Units whose names say which peoples live there, at more length than a map has room for.
_AUTONOMOUS: Final = ("自治县", "自治旗", "自治州")


def at(row: Any) -> Sequence[float]:
    """Return where a row's place lies, lat then lon."""
    return [round(float(row.lat), 5), round(float(row.lon), 5)]


def sign_at(geometry: BaseGeometry) -> Sequence[float]:
    """Return where a shape's sign stands, lat then lon, to ten metres: on it, and inside where it is an area."""
    point = geometry.representative_point()
    return [round(float(point.y), 4), round(float(point.x), 4)]


def parts_of(geometry: BaseGeometry | None) -> list[BaseGeometry]:
    """Return the single shapes of a geometry."""
    if geometry is None or geometry.is_empty:
        return []
    if not hasattr(geometry, "geoms"):
        return [geometry]
    return [part for each in geometry.geoms for part in parts_of(each)]


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return what stands on the map for names that are too long for it: 彭水县 for 彭水苗族土家族自治县, where no other is called so."""
    found = {name: stem(name) + name[-1] if name.endswith(_AUTONOMOUS) else name for name in names}
    alike = Counter(found.values())
    return {name: short for name, short in sorted(found.items()) if short != name and alike[short] == 1}


def core_of(
    points: Sequence[BaseGeometry], lines: Sequence[BaseGeometry], areas: Sequence[BaseGeometry]
) -> BaseGeometry:
    """Return what stands for a claim's place: its largest area, the middle of its longest line, a point."""
    if areas:
        return max(areas, key=lambda area: float(area.area))
    if lines:
        return max(lines, key=lambda line: float(line.length)).interpolate(0.5, normalized=True)
    return shapely.MultiPoint(list(points))
