"""What the page shows of counties: their minutes to each centre, gains, zones and indicators."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..layers import MapLayers, km_range, number
from ..measures import Measure
from ..shapes import pack, pack_numbers
from ._places import at


def counties_content(layers: MapLayers, figures: Sequence[Measure]) -> dict[str, Any]:
    """Return the counties, and the centres that their minutes refer to by number."""
    centres, times = _times_by_county(layers.county_times)
    members = _members_by_zone(layers.zone_counties)
    gains = _gains_by_county(layers)
    indicators = _indicators_by_county(layers.indicators, figures)
    rows = []
    for row in layers.counties.itertuples():
        adcode = int(row.adcode)
        rows.append(
            {
                "adcode": adcode,
                "name": str(row.name),
                "city": str(row.city),
                "province": str(row.province),
                "neighbours": str(row.neighbour_provinces),
                "km": km_range(row, "border"),
                "at": at(row),
                "shape": pack(row.geometry),
                "times": times.get(adcode, ""),
                "gains": gains.get(str(adcode), []),
                "members": members.get(str(adcode), {}),
                "figures": indicators.get(adcode),
            }
        )
    return {"timeCentres": centres, "counties": rows}


def _times_by_county(frame: pd.DataFrame) -> tuple[list[dict[str, str]], dict[int, str]]:
    """Return the centres, and per county a text of packed numbers, five for each centre.

    They are the number of the centre, tenths of minutes before, after and between, and five bits: inside
    before, inside after, and whether each of the three figures is known.
    """
    numbers, centres = pd.factorize(frame["centre_id"].astype(str))
    names = frame["centre_name"].astype(str).to_numpy()
    first = {int(number): str(names[i]) for i, number in reversed(list(enumerate(numbers)))}
    figures = frame[["base_min", "scenario_min", "delta_min"]].to_numpy(dtype=float)
    known = np.isfinite(figures)
    # Rounded as Python does it, so that the page shows what a table with one decimal shows.
    tenths = np.rint(np.round(np.where(known, figures, 0.0), 1) * 10).astype(np.int64)
    inside = frame[["base_inside", "scenario_inside"]].to_numpy(dtype=bool)
    bits = np.column_stack([inside, known]) @ (1 << np.arange(5))
    rows = np.column_stack([numbers, tenths, bits])
    places = frame.groupby(frame["adcode"].astype("int64")).indices
    times = {int(str(code)): pack_numbers(rows[place].ravel()) for code, place in places.items()}
    return [{"id": str(each), "name": first[i]} for i, each in enumerate(centres)], times


def _gains_by_county(layers: MapLayers) -> dict[str, list[float | None]]:
    """Return what each corridor contributes to a county's mean minutes, in the order of the corridors."""
    frame = layers.gains_by_corridor
    columns = [f"contribution_{corridor}_min" for corridor in layers.corridors["corridor_id"]]
    if not columns or not set(columns) <= set(frame.columns):
        return {}
    wanted = frame[frame["origin_id"].astype(str).isin(layers.counties["adcode"].astype(str))]
    return {
        str(identifier): [number(value) for value in values]
        for identifier, values in zip(wanted["origin_id"], wanted[columns].to_numpy(dtype=float), strict=True)
    }


def _indicators_by_county(frame: pd.DataFrame, figures: Sequence[Measure]) -> dict[int, dict[str, Any]]:
    """Return residents, efficiency, and of each measure, today's figures, those with corridors and the change."""
    found: dict[int, dict[str, Any]] = {}
    for row in frame.itertuples():
        adcode = int(str(row.adcode))
        values: dict[str, Any] = {
            each.key: [
                *(number(side.get(adcode, math.nan), 0) for side in (each.base, each.scenario)),
                number(each.change.get(adcode, math.nan), 2),
            ]
            for each in figures
        }
        efficiency = [number(row.efficiency, 4), number(row.scenario_efficiency, 4)]
        found[adcode] = {"people": number(row.people, 0), "efficiency": efficiency, **values}
    return found


def _members_by_zone(frame: pd.DataFrame) -> dict[str, dict[str, list[str]]]:
    """Names of the counties that belong to each centre's zone, per scenario."""
    members: dict[str, dict[str, list[str]]] = {}
    for row in frame[frame["belongs"].astype(bool)].itertuples():
        members.setdefault(str(row.centre_id), {}).setdefault(str(row.scenario), []).append(str(row.name))
    return members
