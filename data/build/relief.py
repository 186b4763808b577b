"""Derive data/roads/relief.npz, how hilly the land is at each junction of the trunk roads, from the PyPI wheel pvlib.

The wheel holds the world's altitude on a grid of 5 arc minutes in steps of 28 m (BSD-3-Clause; see the
credits in ``pvlib.location.lookup_altitude``). Relief is the standard deviation of the altitudes in the
3 by 3 cells around a junction, some 28 by 24 km, written in steps of 10 m and cut at 300 m.

    python data/build/relief.py [--wheel pvlib-0.16.1-py3-none-any.whl]

It needs h5py, which the package doesn't. Without --wheel, pip downloads pvlib from the configured index.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

WHEEL = "pvlib-0.16.1-py3-none-any.whl"
WHEEL_SHA256 = "4e61b5228a13f782413d7cf8cc48eb6e62e7bf55d155958fa9fd72420b63603d"
GRID = "pvlib/data/Altitude.h5"
#: Altitude is code times this minus the base, m; the last code means the sea.
STEP_M, BASE_M, NO_DATA = 28.0, 450.0, 255
RELIEF_STEP_M, RELIEF_MAX_M = 10.0, 300.0
DATA = Path(__file__).parent.parent


def main() -> None:
    """Read the grid, take the relief at the junctions, write the archive."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="path of the downloaded wheel")
    wheel = parser.parse_args().wheel
    with tempfile.TemporaryDirectory() as folder:
        relief = relief_m(read_altitude(wheel or download(Path(folder))))
    with np.load(DATA / "trunk_network.npz") as file:
        lon, lat = file["lon"] / 1000, file["lat"] / 1000
    row = np.clip(np.floor((90 - lat) * 12), 0, relief.shape[0] - 1).astype(int)
    column = np.clip(np.floor((lon + 180) * 12), 0, relief.shape[1] - 1).astype(int)
    steps = np.rint(np.minimum(relief[row, column], RELIEF_MAX_M) / RELIEF_STEP_M).astype(np.uint8)
    np.savez_compressed(DATA / "roads" / "relief.npz", relief_10m=steps)
    share = [float((steps * RELIEF_STEP_M >= limit).mean()) for limit in (40, 80, 120)]
    print(f"{len(steps):,} junctions; relief from 40, 80, 120 m: {share[0]:.0%}, {share[1]:.0%}, {share[2]:.0%}")


def download(folder: Path) -> Path:
    """Fetch the pinned wheel from the package index."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", str(folder)]
    subprocess.run([*command, "pvlib==0.16.1"], check=True)
    return folder / WHEEL


def read_altitude(wheel: Path) -> NDArray[np.float64]:
    """Return the grid of altitudes, m, from north to south and west to east, after checking the wheel's hash."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        sys.exit(f"{wheel} has sha256 {digest}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(wheel) as archive, h5py.File(io.BytesIO(archive.read(GRID))) as file:
        code = file["Altitude"][:]
    return np.where(code == NO_DATA, 0.0, np.maximum(code * STEP_M - BASE_M, 0.0))


def relief_m(altitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviation of the altitudes in the 3 by 3 cells around each cell, m."""
    mean = uniform_filter(altitude, 3)
    return np.sqrt(np.maximum(uniform_filter(altitude**2, 3) - mean**2, 0.0))


if __name__ == "__main__":
    main()
