"""Compare the trunk network's travel times with published road hours, speed by speed.

    python data/build/calibrate_trunk.py

Prints the mean and largest error of one speed for all roads against the hours from Zunyi in
data/zunyi_road_hours.csv, the error that leaving each city out in turn would predict for it, and the
table of cities at the speed in use.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from borderreach import data
from borderreach.analysis.times import travel_times
from borderreach.geo.networks import TRUNK_SPEED_KPH, trunk_network

SPEEDS_KPH = np.arange(76.0, 101.0)


def main() -> None:
    """Print the three tables."""
    known = pd.read_csv(data.path("zunyi_road_hours.csv"))
    modelled = pd.DataFrame(
        {speed: hours(speed, known["city"].tolist()) for speed in SPEEDS_KPH}, index=known["city"]
    )
    error = modelled.div(known["hours"].to_numpy(), axis=0) - 1
    print("speed km/h, mean error, bias, largest error")
    for speed in SPEEDS_KPH:
        e = error[speed]
        print(f"{speed:6.0f} {e.abs().mean():8.1%} {e.mean():8.1%} {e.abs().max():8.1%}")
    held_out = [
        abs(error.loc[city, error.drop(index=city).abs().mean().idxmin()]) for city in error.index
    ]
    print(f"leave-one-out mean error: {np.mean(held_out):.1%}")
    table = known.assign(
        modelled=modelled[TRUNK_SPEED_KPH].round(2).to_numpy(), error=error[TRUNK_SPEED_KPH].round(3).to_numpy()
    )
    print(f"at {TRUNK_SPEED_KPH:g} km/h\n{table.to_string(index=False)}")


def hours(speed_kph: float, cities: list[str]) -> list[float]:
    """Return modelled hours from Zunyi to cities."""
    times = travel_times(trunk_network(speed_kph=speed_kph), "遵义市", cities)
    return (times["travel_time_min"] / 60).tolist()


if __name__ == "__main__":
    main()
