"""Colours, line styles and classes, shared by the Leaflet map and the static figure.

Hues are those that readers with any common colour blindness tell apart (blue, vermilion, green
and purple of Okabe and Ito 2008); each sequence runs monotonously from dark to light, and what is
gained is hatched as well, so that a black-and-white print keeps the difference.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import pandas as pd

#: Upper bounds of the classes of minutes to a centre; the last class is open.
MINUTE_BREAKS: Final = (30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 240.0)
#: One more than the breaks: viridis, dark where the centre is near.
MINUTE_COLOURS: Final = (
    "#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725",
)  # fmt: skip
#: Upper bounds of the classes of minutes saved; up to half a minute counts as no change.
GAIN_BREAKS: Final = (0.5, 5.0, 15.0, 30.0, 60.0)
GAIN_COLOURS: Final = ("#f2f0eb", "#fdd9b0", "#fdae6b", "#f16913", "#c23f02", "#7f2704")
#: Of what is better the more there is of it: people in reach, potential.
LEVEL_COLOURS: Final = ("#f1f5e4", "#cde3b9", "#98c98c", "#57a468", "#22774a", "#0a4a30")
NO_VALUE_COLOUR: Final = "#cfcfcf"
#: What may fall as well as rise: purple for less, orange for more, and a pale middle for none; three classes on each side.
CHANGE_COLOURS: Final = ("#542788", "#998ec3", "#d8daeb", "#f7f7f7", "#fee0b6", "#f1a340", "#b35806")
#: From those who reach the least people to those who reach the most.
EQUITY_COLOURS: Final = ("#7a1f0b", "#d9792b", "#a9cfe0", "#f2f4ea")
#: In none of the circles missed, one, two or all three: the darker, the more are missed.
MISSED_COLOURS: Final = (
    "#f7f6f2", "#f5a3b5", "#cdf0a8", "#8accf2", "#8f9a20", "#c02a5c", "#2f4fc4", "#1d1a26",
)  # fmt: skip
#: Beside a core, on the way, in the sag, remote: from dark to light, in hues told apart by everybody.
TYPE_COLOURS: Final = ("#1f4e8c", "#3f9b8f", "#f2a65a", "#e3d5ea")

#: Fill of a circle by the rank of its cutoff, shortest first.
CIRCLE_FILLS: Final = ("#2f74b5", "#8fbfe3", "#bcd9ef", "#d9eaf7")
CIRCLE_LINE: Final = "#1b4f83"
SCENARIO_LINE: Final = "#9a3a00"
#: Hatching of what a circle gains, by the rank of its cutoff.
GAIN_LINES: Final = ("#8f3200", "#d55e00", "#e58a3c", "#f0b27a")
#: Circles where trains may be used, drawn below those by road.
RAIL_FILLS: Final = ("#c9a02c", "#ecd594", "#f3e5bd", "#f9f2de")
RAIL_LINE: Final = "#75590a"
ZONE_FILL: Final = "#009e73"
ZONE_SCENARIO_LINE: Final = "#00563e"

LAND: Final = "#f7f5ef"
SEA: Final = "#e8edf1"
PROVINCE_LINE: Final = "#8a8a8a"
PROVINCE_NAME: Final = "#6b6b6b"
GRATICULE: Final = "#c3c9ce"
#: Today's roads and railways on figures, below all that the study is about.
MOTORWAY_LINE: Final = "#c08a4a"
ROAD_LINE: Final = "#b4aca0"
RAILWAY_LINE: Final = "#3a3a3a"
COUNTY_LINE: Final = "#4a4a4a"
BORDER_LINE: Final = "#222222"
BORDER_HALO: Final = "#b9a3cf"
JUNCTION_FILL: Final = "#ffffff"
CENTRE_FILL: Final = "#111111"
STOP_FILL: Final = "#ffffff"
HIGHLIGHT: Final = "#000000"
CROSSING_FILL: Final = "#e69f00"
GAP_LINE: Final = "#b3261e"
#: Crossings as wide as their loss costs, and lines that are missing.
CRITICAL_LINE: Final = "#a50f15"
MISSING_LINE: Final = "#00695c"
#: Links between cities, across provinces and within.
LINK_LINES: Final = {"across": "#b3541e", "within": "#5b6f8f"}
#: Edges of circles on the roads of past years.
PAST_LINE: Final = "#4e342e"
#: Links closed or at another speed in a what-if.
CHANGE_LINE: Final = "#6a1b9a"
#: Fill of a claim's sign by its verdict; signs differ in shape as well.
VERDICT_FILLS: Final = {
    "holds": "#00795a", "holds_with": "#56b4e9", "differs": "#7a68a6", "undecided": "#d9a400", "fails": "#b3261e", "not_checkable": "#9a9a9a",
}  # fmt: skip
#: Lines of single centres' isochrones, one colour per centre.
CENTRE_LINES: Final = ("#0072b2", "#8c2d6f", "#5b4a00", "#00563e", "#333333")

#: Colour of a corridor by the mode it is planned for.
MODE_COLOURS: Final = {"road": "#8c2d6f", "rail": "#111111", "air": "#005f8f"}
#: Colours of several corridors of one mode, in their order; the first is the mode's own.
MODE_SHADES: Final = {
    "road": (MODE_COLOURS["road"], "#1b6e5a", "#b8860b", "#3f51b5", "#d0679d"),
    "rail": (
        MODE_COLOURS["rail"],
        "#1f4fa3",
        "#7a4a12",
        "#2f7d4f",
        "#6d6d6d",
        "#841cec",
        "#0e97b3",
        "#628d0b",
    ),
    "air": (MODE_COLOURS["air"], "#0a9396", "#7a4a12"),
}
OTHER_MODE_COLOUR: Final = "#5b4a00"
#: Dashes (in pixels) of a corridor by its status; none draws a solid line.
STATUS_DASHES: Final = {"open": "", "building": "14 4", "planned": "9 6", "proposed": "3 6"}
OTHER_STATUS_DASH: Final = "9 6"

#: Families tried for Chinese text, in this order, in the page and in figures.
CJK_FAMILIES: Final = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Noto Sans CJK JP",
    "Noto Sans CJK TC",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Source Han Serif SC",
    "SimSun",
    "STSong",
    "Songti SC",
    "Arial Unicode MS",
)


def class_of(value: float | None, breaks: Sequence[float]) -> int | None:
    """Return the class that a value falls into, or None where there is no value.

    A value equal to a break belongs to the class below it.

    Examples
    --------
    >>> class_of(30, MINUTE_BREAKS), class_of(30.1, MINUTE_BREAKS), class_of(999, MINUTE_BREAKS)
    (0, 1, 7)
    >>> class_of(float("nan"), MINUTE_BREAKS) is None
    True
    """
    if value is None or not math.isfinite(value):
        return None
    return bisect_left(breaks, value)


def class_labels(breaks: Sequence[float]) -> tuple[str, ...]:
    """Return one label per class, one more than the breaks.

    Examples
    --------
    >>> class_labels((30, 60))
    ('≤ 30', '30–60', '> 60')
    """
    if not breaks:
        return ("≥ 0",)
    return (
        f"≤ {breaks[0]:g}",
        *(f"{a:g}–{b:g}" for a, b in pairwise(breaks)),
        f"> {breaks[-1]:g}",
    )


def ranked(colours: Sequence[str], rank: int) -> str:
    """Return the colour of a rank; ranks beyond the sequence share its last colour."""
    return colours[min(rank, len(colours) - 1)]


def corridor_colours(corridors: pd.DataFrame) -> dict[str, str]:
    """Return the colour of each corridor by its id: those of one mode differ, as far as there are shades.

    Examples
    --------
    >>> corridor_colours(pd.DataFrame({"corridor_id": ["a", "b"], "mode": ["rail", "rail"]}))
    {'a': '#111111', 'b': '#1f4fa3'}
    """
    found: dict[str, str] = {}
    used: Counter[str] = Counter()
    for key, mode in zip(corridors["corridor_id"].astype(str), corridors["mode"].astype(str), strict=True):
        shades = MODE_SHADES.get(mode, (MODE_COLOURS.get(mode, OTHER_MODE_COLOUR),))
        found[key] = shades[used[mode] % len(shades)]
        used[mode] += 1
    return found


def page_style() -> dict[str, Any]:
    """Return colours and lines as the page's script reads them."""
    return {
        "noValue": NO_VALUE_COLOUR,
        "circleFills": CIRCLE_FILLS,
        "circleLine": CIRCLE_LINE,
        "scenarioLine": SCENARIO_LINE,
        "gainLines": GAIN_LINES,
        "railFills": RAIL_FILLS,
        "railLine": RAIL_LINE,
        "crossingFill": CROSSING_FILL,
        "gapLine": GAP_LINE,
        "criticalLine": CRITICAL_LINE,
        "missingLine": MISSING_LINE,
        "linkLines": LINK_LINES,
        "pastLine": PAST_LINE,
        "changeLine": CHANGE_LINE,
        "verdictFills": VERDICT_FILLS,
        "zoneFill": ZONE_FILL,
        "zoneScenarioLine": ZONE_SCENARIO_LINE,
        "land": LAND,
        "sea": SEA,
        "provinceLine": PROVINCE_LINE,
        "countyLine": COUNTY_LINE,
        "borderLine": BORDER_LINE,
        "borderHalo": BORDER_HALO,
        "junctionFill": JUNCTION_FILL,
        "centreFill": CENTRE_FILL,
        "stopFill": STOP_FILL,
        "highlight": HIGHLIGHT,
        "centreLines": CENTRE_LINES,
        "modes": MODE_COLOURS,
        "otherMode": OTHER_MODE_COLOUR,
        "dashes": STATUS_DASHES,
        "otherDash": OTHER_STATUS_DASH,
        "fonts": ", ".join(f'"{family}"' for family in CJK_FAMILIES) + ", sans-serif",
    }
