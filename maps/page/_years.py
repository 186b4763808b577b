"""What the page shows of the years of a panel: the circle of each, and the minutes of every county in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ...analysis.corridors import Corridor
from ...geo.networks import TRUNK_YEARS
from ..layers import MapLayers, number
from ..protocols import MapResults
from ..shapes import milliseconds, pack, pack_numbers

#: With more counties the years are left to the tables: a page of the whole country has no room for them.
MOST_COUNTIES: Final = 500


def years_content(results: MapResults, layers: MapLayers) -> dict[str, Any] | None:
    """Return the years of the panel with what each is about; None where there are none, or no room for them.

    ``minutes`` has a text of packed numbers for each county of the page, in their order: for each year the number of the
    centre that is nearest and the milliseconds to it, both -1 where none is reached.
    """
    table = getattr(results, "panel_counties", None)
    if table is None or table["year"].nunique() < 2 or years_left_out(results, layers):
        return None
    years = sorted(int(year) for year in table["year"].unique())
    shown = table[table["adcode"].isin(layers.counties["adcode"])]
    centres = list(dict.fromkeys(name for name in shown["centre_name"] if name))
    by_year = shown.groupby("year")
    return {
        "years": years,
        "today": TRUNK_YEARS[1],
        "openings": _openings(results),
        "centres": centres,
        "minutes": _minutes(shown, list(layers.counties["adcode"]), years, centres),
        "mean": [number(by_year["travel_time_min"].mean().get(year, np.nan), 0) for year in years],
        "inside": [int(by_year["inside"].sum().get(year, 0)) for year in years],
        "people": [number(by_year["people_reached"].mean().get(year, np.nan), 0) for year in years],
        "circles": {
            str(row.year): {"area": number(row.area_km2), "people": number(row.people, 0), "shape": pack(row.geometry)}
            for row in layers.panel.itertuples()
        },
    }  # fmt: skip


def years_left_out(results: MapResults, layers: MapLayers) -> bool:
    """Return whether there are years, but so many counties that the page has no room for them."""
    return len(layers.counties) > MOST_COUNTIES and len(getattr(results, "panel_counties", ())) > 0


def _minutes(
    table: pd.DataFrame, codes: Sequence[int], years: Sequence[int], centres: Sequence[str]
) -> list[str]:
    """Return for each county its nearest centre and the milliseconds to it, year by year, as packed numbers."""
    place = {name: at for at, name in enumerate(centres)}
    found = {
        (int(str(row.adcode)), int(str(row.year))): (
            (place[str(row.centre_name)], int(milliseconds(float(str(row.travel_time_min)))))
            if str(row.centre_name) in place and np.isfinite(float(str(row.travel_time_min)))
            else (-1, -1)
        )
        for row in table.itertuples()
    }
    return [
        pack_numbers(
            np.array([found.get((int(code), year), (-1, -1)) for year in years], dtype=np.int64).ravel()
        )
        for code in codes
    ]


def _openings(results: MapResults) -> dict[str, int]:
    """Return the year from which each corridor counts, by its id; those of which nobody has said when aren't in it."""
    given = getattr(results, "parameters", {}).get("corridors") or []
    years = {one.id: one.first_year for one in map(Corridor.model_validate, given)}
    return {name: year for name, year in years.items() if year is not None}
