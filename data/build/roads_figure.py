"""Draw the trunk roads by class, for docs/roads.md: the south-west at large, and every province by itself.

python data/build/roads_figure.py [YEAR]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from borderreach.geo.networks import trunk_network
from borderreach.geo.places import provinces, stem
from borderreach.maps.fonts import font_for

COLOURS = {"ordinary": ("#b8b8b8", 0.25), "unknown": ("#d9b26a", 0.35), "motorway": ("#a3122a", 0.7)}
EXTENTS = {"southwest": (100, 122, 22, 35)}
#: Sheets of provinces, by adcode, and how many stand in a row.
SHEETS = {
    "north": (11, 12, 13, 14, 15, 21, 22, 23, 37, 41),
    "east": (31, 32, 33, 34, 35, 36, 42, 43, 44, 46),
    "west": (45, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65),
}
COLUMNS = 4
TARGET = Path(__file__).parent.parent.parent / "docs" / "images"


def main() -> None:
    """Write the PNG files."""
    year = int(sys.argv[1]) if len(sys.argv) > 1 else 2025
    network = trunk_network(year=year)
    tail, head = network.link_ends
    names = np.empty(network.n_links, dtype=object)
    names[network.arc_link] = np.array(network.classes, dtype=object)[network.arc_class]
    lines = np.stack(
        [
            np.stack([network.node_lon[tail], network.node_lat[tail]], axis=1),
            np.stack([network.node_lon[head], network.node_lat[head]], axis=1),
        ],
        axis=1,
    )
    land = provinces(source="tianditu")
    title = f"Trunk roads by class, end of {year}. Roads © OpenStreetMap contributors"
    for name, (west, east, south, north) in EXTENTS.items():
        figure, axes = plt.subplots(figsize=(12, 9), dpi=100)
        land.boundary.plot(ax=axes, color="#404040", linewidth=0.4)
        draw(axes, lines, names)
        axes.set(xlim=(west, east), ylim=(south, north), aspect=1.2)
        axes.set_axis_off()
        axes.legend(loc="lower left", frameon=False)
        axes.set_title(title, fontsize=9)
        figure.savefig(TARGET / f"roads-{name}.png", bbox_inches="tight")
        plt.close(figure)
    middle = lines.mean(axis=1)
    for sheet, codes in SHEETS.items():
        rows = -(-len(codes) // COLUMNS)
        figure, panels = plt.subplots(rows, COLUMNS, figsize=(4 * COLUMNS, 4 * rows), dpi=80)
        for axes in panels.flat:
            axes.set_axis_off()
        for axes, code in zip(panels.flat, codes, strict=False):
            one = land[land["adcode"] // 10_000 == code]
            shape = one.geometry.iloc[0]
            shapely.prepare(shape)
            inside = shapely.contains_xy(shape, *middle.T)
            one.boundary.plot(ax=axes, color="#404040", linewidth=0.5)
            draw(axes, lines[inside], names[inside], factor=1.4)
            largest = max(shapely.get_parts(shape), key=lambda part: part.area)  # without far islands
            west, south, east, north = largest.bounds
            axes.set(
                xlim=(west, east), ylim=(south, north), aspect=1 / np.cos(np.radians((south + north) / 2)),
            )  # fmt: skip
            name = stem(one["name"].iloc[0])
            axes.set_title(name, fontproperties=font_for(name))
        figure.suptitle(title, fontsize=11, y=0.995)
        figure.tight_layout()
        figure.savefig(TARGET / f"roads-{sheet}.png", bbox_inches="tight")
        plt.close(figure)


def draw(axes: Axes, lines: NDArray[np.float64], names: NDArray[np.object_], factor: float = 1.8) -> None:
    """Draw links by class, expressways last."""
    for kind, (colour, width) in COLOURS.items():
        axes.add_collection(
            LineCollection(lines[names == kind], colors=colour, linewidths=width * factor, label=kind)
        )


if __name__ == "__main__":
    main()
