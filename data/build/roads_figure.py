"""Draw the trunk roads by class, for docs/roads.md: the provinces that the table was made for.

    python data/build/roads_figure.py [YEAR]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from borderreach.geo.networks import trunk_network
from borderreach.geo.places import provinces
from matplotlib.collections import LineCollection

COLOURS = {"ordinary": ("#b8b8b8", 0.25), "unknown": ("#d9b26a", 0.35), "motorway": ("#a3122a", 0.7)}
EXTENTS = {"southwest": (100, 122, 22, 35)}
TARGET = Path(__file__).parent.parent.parent / "docs" / "images"


def main() -> None:
    """Write the PNG file."""
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
    for name, (west, east, south, north) in EXTENTS.items():
        figure, axes = plt.subplots(figsize=(12, 9), dpi=100)
        land.boundary.plot(ax=axes, color="#404040", linewidth=0.4)
        for kind, (colour, width) in COLOURS.items():
            wide = width * 1.8
            axes.add_collection(LineCollection(lines[names == kind], colors=colour, linewidths=wide, label=kind))
        axes.set(xlim=(west, east), ylim=(south, north), aspect=1.2)
        axes.set_axis_off()
        axes.legend(loc="lower left", frameon=False)
        axes.set_title(f"Trunk roads by class, end of {year}. Roads © OpenStreetMap contributors", fontsize=9)
        figure.savefig(TARGET / f"roads-{name}.png", bbox_inches="tight")
        plt.close(figure)


if __name__ == "__main__":
    main()
