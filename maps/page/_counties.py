"""What the page shows of counties: their minutes to each centre, gains, zones and indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ..layers import MapLayers, km_range, number
from ..measures import Measure
from ..shapes import milliseconds, pack, pack_numbers
from ._places import at


def counties_content(layers: MapLayers, figures: Sequence[Measure]) -> dict[str, Any]:
    """Return the counties, and the centres that their minutes refer to by number."""
    centres, times = _times_by_county(layers.county_times)
    members = _members_by_zone(layers.zone_counties)
    gains = _gains_by_county(layers)
    indicators = _indicators_by_county(layers.indicators, figures)
    cities, circles = _circles_by_county(layers)
    ends, ways = _ways_by_county(layers)
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
                "figures": indicators.get(adcode, ""),
                "circles": circles.get(adcode, ""),
                **({"ways": ways[adcode]} if adcode in ways else {}),
            }
        )
    return {"timeCentres": centres, "cities": cities, "wayEnds": ends, "counties": rows}


def _times_by_county(frame: pd.DataFrame) -> tuple[list[dict[str, str]], dict[int, str]]:
    """Return the centres, and per county a text of packed numbers, four for each centre.

    They are the number of the centre, milliseconds before and after, and four bits: inside before, inside after,
    and whether each of the two figures is known.
    """
    numbers, centres = pd.factorize(frame["centre_id"].astype(str))
    names = frame["centre_name"].astype(str).to_numpy()
    first = {int(number): str(names[i]) for i, number in reversed(list(enumerate(numbers)))}
    figures = frame[["base_min", "scenario_min"]].to_numpy(dtype=float)
    known = np.isfinite(figures)
    inside = frame[["base_inside", "scenario_inside"]].to_numpy(dtype=bool)
    bits = np.column_stack([inside, known]) @ (1 << np.arange(4))
    rows = np.column_stack([numbers, milliseconds(figures), bits])
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


def _indicators_by_county(frame: pd.DataFrame, figures: Sequence[Measure]) -> dict[int, str]:
    """Return per county a text of packed numbers, each one more than it is, or 0 where nothing is known.

    They are its people, thousandths of its efficiency today and with corridors, and for each measure today's figure,
    what is added to it with corridors, and hundredths of the change.
    """
    found: dict[int, str] = {}
    for row in frame.itertuples():
        adcode = int(str(row.adcode))
        values = [
            number(row.people, 0),
            *_pair(number(row.efficiency, 3), number(row.scenario_efficiency, 3), 1e3),
        ]
        for each in figures:
            base, after = (
                number(side[adcode], 0) if adcode in side else None for side in (each.base, each.scenario)
            )
            change = number(each.change[adcode], 2) if adcode in each.change else None
            values += [*_pair(base, after), None if change is None else round(change * 100)]
        found[adcode] = _known(values)
    return found


def _pair(base: float | None, after: float | None, per: float = 1.0) -> tuple[float | None, float | None]:
    """Return a figure and what is added to it, in whole numbers; where the first is unknown, the second as it is."""
    one, other = (None if value is None else round(value * per) for value in (base, after))
    return one, None if other is None else other - (one or 0)


def _known(values: Sequence[float | None]) -> str:
    """Return whole numbers that may be unknown as one text: those from 0 on are one more, and 0 is unknown."""
    whole = [0 if value is None else int(value) + (value >= 0) for value in values]
    return pack_numbers(np.array(whole, dtype=np.int64))


#: The cities of the national circles, as columns of `yardsticks` name them.
_CITIES: Final = ("own_city", "across_city", "main_city")


def _circles_by_county(layers: MapLayers) -> tuple[list[str], dict[int, str]]:
    """Return names of cities, and per county a text of packed numbers: the city of each national circle and the milliseconds to it.

    Those of today come first, then those with corridors; where there is no city, both are unknown (`_known`).
    """
    table = layers.answers.get("yardsticks")
    if table is None:
        return [], {}
    shown = table[table["adcode"].isin(layers.counties["adcode"])]
    names = sorted({str(name) for column in _CITIES for name in shown[column] if name})
    place: Mapping[str, int] = {name: at for at, name in enumerate(names)}
    found: dict[int, list[float | None]] = {}
    for scenario in ("base", "all"):
        for row in shown[shown["scenario"] == scenario].itertuples():
            values = found.setdefault(int(str(row.adcode)), [])
            for column in _CITIES:
                minutes = float(str(getattr(row, f"{column}_min")))
                known = np.isfinite(minutes) and getattr(row, column) in place
                values += [place[getattr(row, column)], int(milliseconds(minutes))] if known else [None, None]
    return names, {code: _known(values) for code, values in found.items()}


#: The ways of `way_costs`, in the order in which the page names them.
_WAYS: Final = ("road", "free", "rail", "after")


def _ways_by_county(layers: MapLayers) -> tuple[list[str], dict[int, str]]:
    """Return names of centres, and per county a text of packed numbers: the centre, then four numbers for each way to it.

    They are which way it is, and whole minutes, yuan and generalised yuan, as the page shows them.
    """
    table = layers.answers.get("way_costs")
    if table is None:
        return [], {}
    shown = table[table["from_id"].isin(layers.counties["adcode"].astype(str))]
    ends = sorted(set(shown["to_name"].astype(str)))
    found: dict[int, list[int]] = {}
    for row in shown.itertuples():
        values = found.setdefault(int(str(row.from_id)), [ends.index(str(row.to_name))])
        figures = (row.minutes, row.yuan, row.generalised_yuan)
        values += [_WAYS.index(str(row.option)), *(round(float(str(each))) for each in figures)]
    return ends, {code: pack_numbers(np.array(values, dtype=np.int64)) for code, values in found.items()}


def _members_by_zone(frame: pd.DataFrame) -> dict[str, dict[str, list[str]]]:
    """Names of the counties that belong to each centre's zone, per scenario."""
    members: dict[str, dict[str, list[str]]] = {}
    for row in frame[frame["belongs"].astype(bool)].itertuples():
        members.setdefault(str(row.centre_id), {}).setdefault(str(row.scenario), []).append(str(row.name))
    return members
