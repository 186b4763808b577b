"""Charts of a study's results: minutes and who gains, people over minutes, how evenly, centre to centre, before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Final, Literal, Protocol, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ..analysis.indicators import gini
from ..analysis.levels import levels_of
from ..geo.checks import require_choice, require_number, require_text
from ..geo.crs import local_crs
from ..geo.errors import InputError, InputTypeError
from . import style
from .drawing import HALO, own_settings, require_figure_path, save_figure, sized
from .fonts import drawable, font_for, require_font
from .wording import Language, number_of, publication_line

ChartKind: TypeAlias = Literal["gains", "minutes", "people", "lorenz", "centres", "maps", "years"]

_WORDS: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "base": "现状",
        "after": "规划后",
        "saved": "省下的时间（分钟）",
        "to": "{county}（至{centre}）",
        "nearest": "至最近中心的时间（分钟）",
        "mean": "至各中心的平均时间（分钟）",
        "counties": "毗邻区县（个）",
        "share_people": "毗邻区县人口的累计比例（%）",
        "share_reached": "可达人口的累计比例（%）",
        "equal": "完全均等",
        "gini": "基尼系数",
        "to_centre": "到达",
        "from_centre": "出发",
        "minutes": "分钟",
        "none": "不可达",
        "across": "到省界对侧（分钟）",
    },
    "en": {
        "base": "today",
        "after": "with corridors",
        "saved": "Minutes saved",
        "to": "{county} (to {centre})",
        "nearest": "Minutes to the nearest centre",
        "mean": "Mean minutes to the centres",
        "counties": "Border counties",
        "share_people": "Cumulative share of border counties' people (%)",
        "share_reached": "Cumulative share of people reached (%)",
        "equal": "evenly spread",
        "gini": "Gini",
        "to_centre": "to",
        "from_centre": "from",
        "minutes": "min",
        "none": "no way",
        "across": "Minutes across",
    },
}
_BASE: Final = "#0072b2"
_AFTER: Final = "#d55e00"
#: More bars than this can't be read; the rest stands in the workbook.
_MOST_BARS: Final = 25
#: Beyond so many centres a matrix is told by colours alone.
_MOST_NUMBERS: Final = 12
#: With so many centres at most a map shows the mean minutes to all of them, with more those to the nearest.
_FEW_CENTRES: Final = 4
#: A narrower figure has smaller type and fewer columns, inches.
_NARROW_IN: Final = 4.5
#: So many borders have a panel, those whose sides came nearest.
_MOST_PANELS: Final = 12
_CM: Final = 1 / 2.54


class ChartResults(Protocol):
    """What charts read of a study's results; `StudyResults` has it all."""

    # ruff: noqa: D102  (they are the frames of the results)
    @property
    def study(self) -> Any: ...
    @property
    def provinces(self) -> gpd.GeoDataFrame: ...
    @property
    def border_counties(self) -> gpd.GeoDataFrame: ...
    @property
    def centres(self) -> gpd.GeoDataFrame: ...
    @property
    def county_times(self) -> pd.DataFrame: ...
    @property
    def pair_times(self) -> pd.DataFrame: ...
    @property
    def indicators(self) -> pd.DataFrame: ...
    @property
    def scenario_names(self) -> Any: ...


def study_chart(
    results: ChartResults,
    kind: ChartKind,
    path: str | PathLike[str] | None = None,
    *,
    language: Language = "zh",
    width_cm: float = 16.0,
    review_number: str = "",
    font: str | PathLike[str] | None = None,
) -> Figure:
    """Draw a chart of a study's results and save it where a path is given.

    Parameters
    ----------
    results : StudyResults
        What `run_study` returns.
    kind : {"gains", "minutes", "people", "lorenz", "centres", "maps", "years"}
        Minutes that border counties save to the centre to which they save most; how their minutes to the nearest
        centre are distributed; the share of their people who have a centre within so many minutes; the Lorenz curve of
        the people that they reach, with the Gini coefficient; the minutes between centres; maps of the mean minutes to
        the centres (to the nearest, where there are many) before and after; how near
        the two sides of each border are, year by year.
    path : path, optional
        Ending in .png (300 dpi), .svg or .pdf; folders on the way are made. The file is replaced whole or not touched.
    language : {"zh", "en"}
        Language of axes and legend; names stay as the data has them.
    width_cm : float
        Between 6 and 40; journals set one column at some 8.5 cm and two at 17.5.
    review_number : str
        As `study_figure` takes it; on maps alone.
    font : str or path, optional
        As `study_figure` takes it.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    InputError, InputTypeError
        If an option can't be used, or the results have nothing that such a chart could show (`charts_of`).
    OutputError
        If the ending isn't one of the three or the file can't be written.
    DataFileError
        If the package's own font is missing or damaged.

    References
    ----------
    Lorenz, M. O. (1905). Methods of measuring the concentration of wealth. *Publications of the American Statistical
    Association*, 9(70), 209-219.

    Examples
    --------
    >>> results = br.run_study("yuqian")
    >>> br.charts_of(results)
    ('minutes', 'people', 'gains', 'maps', 'lorenz', 'years')
    >>> figure = br.study_chart(results, "gains", "gains.pdf", width_cm=8.5, language="en")
    """
    require_choice(kind, "kind", _KINDS)
    require_choice(language, "language", _WORDS)
    width_cm = require_number(width_cm, "width_cm", minimum=6, maximum=40)
    review_number = number_of(require_text(review_number, "review_number"), results)
    suffix = None if path is None else require_figure_path(path)
    if font is not None:
        require_font(font)
    if kind not in charts_of(results):
        raise InputError(
            f"'kind' {kind!r} has nothing to show in these results, which have {', '.join(charts_of(results)) or 'no chart'}"
        )
    say = levels_of(results)
    words = {key: say(word) for key, word in _WORDS[language].items()}
    words["publication"] = publication_line(language, drawable(review_number, most=60), results=results)
    texts = [*words.values(), *_names(results), "0123456789.,%−-"]
    sheet = _Sheet(words=words, width=width_cm * _CM, font=font_for("".join(texts), font=font))
    with own_settings():
        figure = _KINDS[kind](results, sheet)
    if path is not None and suffix is not None:
        save_figure(figure, path, suffix)
    return figure


def charts_of(results: ChartResults) -> tuple[ChartKind, ...]:
    """Return the kinds of charts that results have something to show in.

    Parameters
    ----------
    results : StudyResults

    Returns
    -------
    tuple of str
        Kinds that `study_chart` draws of them.

    Raises
    ------
    InputTypeError
        If these aren't the results of a study.

    Examples
    --------
    >>> results = br.run_study("yuqian")
    >>> "lorenz" in br.charts_of(results)
    True
    """
    for name in ("study", "county_times", "pair_times", "indicators", "border_counties", "scenario_names"):
        if not hasattr(results, name):
            raise InputTypeError(
                f"'results' should be the results of a study, got {type(results).__name__} without "
                f"'{name}'; pass what run_study returns"
            )
    found: list[ChartKind] = []
    if np.isfinite(results.county_times["base_min"]).any():
        found += ["minutes", "people"]
        if (results.county_times["delta_min"] <= -_NO_GAIN).any():
            found.append("gains")
        found.append("maps")
    reached = results.indicators
    if len(reached) > 1 and reached["people"].sum() > 0 and reached["base_people_reached"].sum() > 0:
        found.append("lorenz")
    if results.pair_times.loc[results.pair_times["scenario"] == "base", "from_id"].nunique() > 2:
        found.append("centres")
    if len(getattr(results, "panel_borders", ())):
        found.append("years")
    return tuple(found)


#: Minutes saved up to this count as none.
_NO_GAIN: Final = style.GAIN_BREAKS[0]


@dataclass(frozen=True)
class _Sheet:
    """What a chart is drawn on: words, width in inches, font."""

    words: dict[str, str]
    width: float
    font: FontProperties

    def figure(self, high: float) -> tuple[Figure, Axes]:
        """Return an empty figure of a height in inches, with axes."""
        figure = Figure(figsize=(self.width, high), facecolor="white", layout="constrained")
        return figure, figure.add_subplot()

    def type(self, size: float = 8.5) -> FontProperties:
        """Return the font in a size that is smaller on narrow figures."""
        return sized(self.font, size if self.width > _NARROW_IN else size - 1)

    def finish(self, axes: Axes, x: str, y: str, *, legend: bool = True) -> None:
        """Name the axes, draw the legend, take away what says nothing."""
        axes.set_xlabel(x, fontproperties=self.type())
        axes.set_ylabel(y, fontproperties=self.type())
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(self.type(8))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        if legend:
            axes.legend(prop=self.type(), frameon=False)


def _names(results: ChartResults) -> list[str]:
    columns = (results.border_counties["name"], results.centres["origin_name"], results.provinces["name"])
    return [drawable(str(name), most=40) for column in columns for name in column]


def _nearest(results: ChartResults, column: str) -> pd.Series[float]:
    """Minutes of each border county to its nearest centre, by code."""
    found: pd.Series[float] = results.county_times.groupby("adcode")[column].min()
    return found


def _has_after(results: ChartResults) -> bool:
    return "all" in results.scenario_names


def _gains(results: ChartResults, sheet: _Sheet) -> Figure:
    times = results.county_times
    saved = times.assign(saved=-times["delta_min"])
    saved = saved[saved["saved"] >= _NO_GAIN].sort_values(
        ["saved", "adcode", "centre_id"], ascending=[False, True, True]
    )
    saved = saved.drop_duplicates("adcode").head(_MOST_BARS)
    labels = [
        sheet.words["to"].format(county=drawable(str(county), most=24), centre=drawable(str(centre), most=16))
        for county, centre in zip(saved["name"], saved["centre_name"], strict=True)
    ]
    figure, axes = sheet.figure(0.7 + 0.21 * len(saved))
    places = np.arange(len(saved))
    axes.barh(places, saved["saved"], color=_AFTER, height=0.7)
    for place, value in zip(places, saved["saved"], strict=True):
        axes.annotate(
            f"{value:.0f}" if value >= 10 else f"{value:.1f}", (value, place), xytext=(3, 0),
            textcoords="offset points", va="center", fontproperties=sheet.type(7.5),
        )  # fmt: skip
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    sheet.finish(axes, sheet.words["saved"], "", legend=False)
    return figure


def _minutes(results: ChartResults, sheet: _Sheet) -> Figure:
    base = _nearest(results, "base_min").to_numpy(float)
    after = _nearest(results, "scenario_min").to_numpy(float)
    most = max(np.nanmax(each[np.isfinite(each)]) for each in (base, after) if np.isfinite(each).any())
    step = 15.0 if most <= 240 else 30.0 if most <= 600 else 60.0
    edges = np.arange(0, most + step, step)
    figure, axes = sheet.figure(2.3)
    both = _has_after(results)
    wide = step * (0.42 if both else 0.85)
    middle = edges[:-1] + step / 2
    axes.bar(
        middle - (wide / 2 if both else 0), np.histogram(base[np.isfinite(base)], edges)[0], width=wide,
        color=_BASE, label=sheet.words["base"],
    )  # fmt: skip
    if both:
        axes.bar(
            middle + wide / 2, np.histogram(after[np.isfinite(after)], edges)[0], width=wide, color=_AFTER,
            label=sheet.words["after"], hatch="////", edgecolor="white", linewidth=0,
        )  # fmt: skip
    axes.set_xticks(edges[:: max(1, len(edges) // 12)])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _circle_line(axes, results, sheet)
    sheet.finish(axes, sheet.words["nearest"], sheet.words["counties"])
    return figure


def _circle_line(axes: Axes, results: ChartResults, sheet: _Sheet) -> None:
    """Mark the minutes of the study's circle."""
    limit = float(results.study.circle_min)
    axes.axvline(limit, color="#444444", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.annotate(
        f"{limit:g} {sheet.words['minutes']}", (limit, 1), xycoords=("data", "axes fraction"), xytext=(3, -2),
        textcoords="offset points", va="top", fontproperties=sheet.type(7.5), path_effects=HALO,
    )  # fmt: skip


def _weights(results: ChartResults, codes: pd.Index[Any]) -> NDArray[np.float64]:
    """People of border counties; one each where nobody is counted."""
    if len(results.indicators) == 0 or results.indicators["people"].sum() <= 0:
        return np.ones(len(codes))
    people = results.indicators.set_index("adcode")["people"]
    return people.reindex(codes).fillna(0.0).to_numpy(float)


def _people(results: ChartResults, sheet: _Sheet) -> Figure:
    figure, axes = sheet.figure(2.3)
    columns: list[tuple[str, str, str, Any]] = [("base_min", _BASE, "base", "-")]
    if _has_after(results):
        columns.append(("scenario_min", _AFTER, "after", (0, (5, 2))))
    for column, colour, word, line in columns:
        near = _nearest(results, column)
        minutes, people = near.to_numpy(float), _weights(results, near.index)
        order = np.argsort(minutes, kind="stable")
        order = order[np.isfinite(minutes[order])]
        share = np.concatenate([[0.0], np.cumsum(people[order])]) / people.sum() * 100
        axes.step(
            np.concatenate([[0.0], minutes[order]]), share, where="post", color=colour, linestyle=line,
            linewidth=1.5, label=sheet.words[word],
        )  # fmt: skip
    axes.set(ylim=(0, 102), xlim=(0, None))
    axes.grid(color="#dddddd", linewidth=0.5)
    _circle_line(axes, results, sheet)
    sheet.finish(axes, sheet.words["nearest"], sheet.words["share_people"])
    return figure


def _lorenz(results: ChartResults, sheet: _Sheet) -> Figure:
    figure, axes = sheet.figure(min(sheet.width, 3.6))
    known = results.indicators[["base_people_reached", "scenario_people_reached"]].notna().all(axis=1)
    table = results.indicators[known & (results.indicators["people"] > 0)]
    axes.plot([0, 100], [0, 100], color="#888888", linewidth=0.8, label=sheet.words["equal"])
    columns: list[tuple[str, str, str, Any]] = [("base_people_reached", _BASE, "base", "-")]
    if _has_after(results):
        columns.append(("scenario_people_reached", _AFTER, "after", (0, (5, 2))))
    people = table["people"].to_numpy(float)
    for column, colour, word, line in columns:
        values = table[column].to_numpy(float)
        order = np.argsort(values, kind="stable")
        x = np.concatenate([[0.0], np.cumsum(people[order])]) / people.sum() * 100
        held = values[order] * people[order]
        y = np.concatenate([[0.0], np.cumsum(held)]) / held.sum() * 100
        label = f"{sheet.words[word]}（{sheet.words['gini']} {gini(values, people):.3f}）"
        axes.plot(x, y, color=colour, linestyle=line, linewidth=1.5, label=label)
    axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
    sheet.finish(axes, sheet.words["share_people"], sheet.words["share_reached"])
    return figure


def _centres(results: ChartResults, sheet: _Sheet) -> Figure:
    base = results.pair_times[results.pair_times["scenario"] == "base"]
    names = {
        str(row.origin_id): drawable(str(row.origin_name), most=12) for row in results.centres.itertuples()
    }
    ids = list(names)
    matrix = base.pivot_table(index="from_id", columns="to_id", values="travel_time_min").reindex(
        index=ids, columns=ids
    )
    n = len(ids)
    figure, axes = sheet.figure(min(max(0.9 + 0.36 * n, 2.0), sheet.width * 1.05))
    values = matrix.to_numpy(float)
    finite = np.where(np.isfinite(values), values, np.nan)
    image = axes.imshow(finite, cmap="YlOrRd")
    if n <= _MOST_NUMBERS:
        middle = np.nanmean(finite)
        for i, j in np.ndindex(n, n):
            if i != j:
                shown = f"{finite[i, j]:.0f}" if np.isfinite(finite[i, j]) else sheet.words["none"]
                dark = np.isfinite(finite[i, j]) and finite[i, j] > 1.2 * middle
                axes.text(
                    j, i, shown, ha="center", va="center", fontproperties=sheet.type(8),
                    color="white" if dark else "black",
                )  # fmt: skip
    axes.set_xticks(range(n), list(names.values()), rotation=90 if n > 5 else 0)
    axes.set_yticks(range(n), list(names.values()))
    bar = figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.set_label(sheet.words["minutes"], fontproperties=sheet.type())
    for label in bar.ax.get_yticklabels():
        label.set_fontproperties(sheet.type(7.5))
    sheet.finish(axes, sheet.words["to_centre"], sheet.words["from_centre"], legend=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return figure


def _maps(results: ChartResults, sheet: _Sheet) -> Figure:
    few = len(results.centres) <= _FEW_CENTRES
    panels = [("base_min", "base"), *([("scenario_min", "after")] if _has_after(results) else [])]
    by_county = results.county_times.groupby("adcode")
    minutes = {column: by_county[column].mean() if few else by_county[column].min() for column, _ in panels}
    classes = {
        column: {
            int(str(code)): style.class_of(float(value), style.MINUTE_BREAKS) for code, value in each.items()
        }
        for column, each in minutes.items()
    }
    west, south, east, north = results.border_counties.total_bounds
    crs = local_crs(lon=(west + east) / 2, lat=(south + north) / 2)
    counties, provinces, centres = (
        frame.to_crs(crs) for frame in (results.border_counties, results.provinces, results.centres)
    )
    bounds = _framed(gpd.GeoSeries([*counties.geometry, *centres.geometry], crs=crs).total_bounds)
    shape = (bounds[3] - bounds[1]) / (bounds[2] - bounds[0])
    labels = style.class_labels(style.MINUTE_BREAKS)
    seen = sorted({k for each in classes.values() for k in each.values() if k is not None})
    handles: list[Any] = [Patch(facecolor=style.MINUTE_COLOURS[k], label=labels[k]) for k in seen]
    handles.append(Line2D([], [], marker="o", linestyle="", color=style.CENTRE_FILL, markersize=3,
                          label=_centre_word(results)))  # fmt: skip
    columns = 5 if sheet.width > _NARROW_IN else 3
    below = 0.45 + 0.19 * -(-len(handles) // columns)
    map_high = sheet.width / len(panels) * shape
    high = map_high + below + 0.25
    figure = Figure(figsize=(sheet.width, high), facecolor="white")
    for at, (column, word) in enumerate(panels):
        wide = 1 / len(panels)
        axes = figure.add_axes((at * wide + 0.005, below / high, wide - 0.01, map_high / high))
        fills = [
            style.NO_VALUE_COLOUR if k is None else style.MINUTE_COLOURS[k]
            for k in (classes[column].get(int(code)) for code in counties["adcode"])
        ]
        provinces.plot(
            ax=axes, aspect=None, facecolor=style.LAND, edgecolor=style.PROVINCE_LINE, linewidth=0.6
        )
        counties.plot(ax=axes, aspect=None, color=fills, edgecolor="white", linewidth=0.2)
        provinces.boundary.plot(ax=axes, aspect=None, color=style.BORDER_LINE, linewidth=0.7)
        axes.plot(centres.geometry.x, centres.geometry.y, "o", color=style.CENTRE_FILL, markersize=3.5,
                  markeredgecolor="white", markeredgewidth=0.6)  # fmt: skip
        axes.set(xlim=(bounds[0], bounds[2]), ylim=(bounds[1], bounds[3]), xticks=[], yticks=[], xlabel="",
                 ylabel="", aspect="equal")  # fmt: skip
        axes.set_title(sheet.words[word], fontproperties=sheet.type(9), pad=3)
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, below / high), ncols=columns, frameon=False,
        prop=sheet.type(7.5), title=sheet.words["mean" if few else "nearest"], borderaxespad=0.2,
        title_fontproperties=sheet.type(8),
    )  # fmt: skip
    figure.text(0.5, 0.04 / high, sheet.words["publication"], ha="center", va="bottom", color="#444444",
                fontproperties=sheet.type(6.5))  # fmt: skip
    return figure


def _years(results: Any, sheet: _Sheet) -> Figure:
    table = results.panel_borders
    by_border = table.groupby(["province_a", "province_b"])["across_min"]
    nearer = (by_border.last() - by_border.first()).sort_values(kind="stable").index[:_MOST_PANELS]
    columns = min(len(nearer), 4 if sheet.width > _NARROW_IN else 2)
    rows = -(-len(nearer) // columns)
    figure = Figure(figsize=(sheet.width, 0.5 + 1.6 * rows), facecolor="white", layout="constrained")
    for at, (a, b) in enumerate(nearer):
        axes = figure.add_subplot(rows, columns, at + 1)
        own = table[(table["province_a"] == a) & (table["province_b"] == b)]
        axes.plot(own["year"], own["across_min"], color=_BASE, marker="o", markersize=3, linewidth=1.4)
        axes.set_title(drawable(f"{a}–{b}", most=24), fontproperties=sheet.type(8), pad=3)
        axes.set_ylim(0, 1.08 * np.nanmax(table["across_min"]))
        axes.set_xticks(own["year"].iloc[:: -(-len(own) // (6 if columns == 1 else 3))])
        axes.grid(color="#dddddd", linewidth=0.5)
        sheet.finish(axes, "", "" if at % columns else sheet.words["across"], legend=False)
    return figure


def _centre_word(results: ChartResults) -> str:
    names = [drawable(str(name), most=12) for name in results.centres["origin_name"]]
    return "、".join(names) if len(names) <= 3 else f"{'、'.join(names[:2])}…（{len(names)}）"


def _framed(bounds: NDArray[np.float64]) -> tuple[float, float, float, float]:
    west, south, east, north = bounds
    pad = 0.04 * max(east - west, north - south)
    return west - pad, south - pad, east + pad, north + pad


_KINDS: Final[dict[str, Callable[[Any, _Sheet], Figure]]] = {
    "gains": _gains,
    "minutes": _minutes,
    "people": _people,
    "lorenz": _lorenz,
    "centres": _centres,
    "maps": _maps,
    "years": _years,
}
