from __future__ import annotations

from dataclasses import replace

import pytest

from borderreach.geo.osm._speeds import speed_table


@pytest.fixture
def table():
    """No delays, so that times are lengths over speeds."""
    return replace(speed_table("default"), delays=dict.fromkeys(speed_table("default").delays, 0.0))
