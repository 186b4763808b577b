"""The legend of a figure: an entry for all that it shows, and for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from . import style
from .fonts import drawable
from .layers import MapLayers, Reach
from .measures import Shades

#: More corridors are told by what they are alone.
_MOST_CORRIDORS: Final = 6
#: Letters of an entry; more don't fit.
MOST_LETTERS: Final = 90


def corridor_look(mode: str, status: str) -> dict[str, Any]:
    """Return how a corridor's line is drawn: by what it is for, and how far it has come."""
    dashes = [float(part) for part in style.STATUS_DASHES.get(status, style.OTHER_STATUS_DASH).split()]
    return {
        "color": style.MODE_COLOURS.get(mode, style.OTHER_MODE_COLOUR),
        "linewidth": 1.8,
        "linestyle": (0, [part / 3.2 for part in dashes]) if dashes else "solid",
    }


def legend_entries(
    layers: MapLayers, words: dict[str, str], shades: Shades | None, *, ways: Sequence[str]
) -> tuple[list[Any], list[str]]:
    """Return what the legend shows and says, without an entry for anything that the map hasn't."""
    handles: list[Any] = []
    labels: list[str] = []

    def entry(handle: Any, label: str) -> None:
        handles.append(handle)
        shown = drawable(label, most=MOST_LETTERS)
        # matplotlib leaves out entries that begin with an underscore.
        labels.append(f" {shown}" if shown.startswith("_") else shown)

    for rank, reach in enumerate(layers.circles):
        circle = words["circle_of"].format(minutes=f"{reach.cutoff_min:g}")
        entry(
            Patch(facecolor=style.ranked(style.CIRCLE_FILLS, rank), edgecolor=style.CIRCLE_LINE, alpha=0.8),
            f"{circle} · {words['base']}{_km2(reach.base_km2)}",
        )
        if not reach.gained.is_empty and _gain(reach) != " +0 km²":
            colour = style.ranked(style.GAIN_LINES, rank)
            entry(
                Patch(facecolor="none", edgecolor=colour, hatch="/////", linewidth=0.6),
                f"{circle} · {words['gained']}{_gain(reach)}",
            )
    if any(not reach.edge.is_empty for reach in layers.circles):
        dashed = Line2D([], [], color=style.SCENARIO_LINE, linewidth=1, linestyle=(0, (4, 2.5)))
        name = f" ({layers.scenario_name})" if layers.scenario_name and words["base"] == "现状" else ""
        entry(dashed, words["after"] + name)
    if len(layers.corridors) <= _MOST_CORRIDORS:
        for row in layers.corridors.itertuples():
            status = words.get(f"status_{row.status}", str(row.status))
            entry(Line2D([], [], **corridor_look(str(row.mode), str(row.status))), f"{row.name} ({status})")
    else:
        for (mode, status), rows in layers.corridors.groupby(["mode", "status"], sort=False):
            label = words["corridors_of"].format(
                mode=words.get(f"mode_{mode}", mode),
                status=words.get(f"status_{status}", status),
                n=len(rows),
            )
            entry(Line2D([], [], **corridor_look(str(mode), str(status))), label)
    for there, word, look in (
        ("motorway" in ways, "motorways", {"color": style.MOTORWAY_LINE}),
        ("rail" in ways, "railways", {"color": style.RAILWAY_LINE, "linestyle": (0, (3.5, 1.5))}),
    ):
        if there:
            entry(Line2D([], [], linewidth=0.8, **look), words[word])
    if len(layers.borders):
        dashdot = Line2D([], [], color=style.BORDER_LINE, linewidth=0.9, linestyle=(0, (7, 2.5, 1.5, 2.5)))
        entry(dashdot, words["border"])
    if len(layers.counties):
        entry(
            Patch(facecolor="none", edgecolor=style.COUNTY_LINE),
            f"{words['counties']} {len(layers.counties)}",
        )
    if len(layers.junctions):
        dot = Line2D([], [], linestyle="none", marker="o", markersize=4, markerfacecolor=style.JUNCTION_FILL,
                     markeredgecolor=style.BORDER_LINE)  # fmt: skip
        entry(dot, words["junctions"])
    if shades is not None:
        entry(Patch(facecolor="none", edgecolor="none"), f"{words['counties']}：{shades.title}")
        for number, label in enumerate(shades.labels):
            count = sum(each == number for each in shades.class_of.values())
            fill = Patch(facecolor=shades.classes.colours[number], edgecolor=style.COUNTY_LINE, linewidth=0.5)
            entry(fill, f"{label} ({count})")
    return handles, labels


def _km2(area: float | None) -> str:
    return "" if area is None else f" {area:,.0f} km²"


def _gain(reach: Reach) -> str:
    if reach.base_km2 is None or reach.scenario_km2 is None:
        return ""
    return f" {reach.scenario_km2 - reach.base_km2:+,.0f} km²"
