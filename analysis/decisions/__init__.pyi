from ._best import best_corridors
from ._borders import (
    CRITICAL_CROSSING_PAIRS,
    CRITICAL_CROSSINGS,
    MENDED_WITHIN_KM,
    NEAR_BORDER_KM,
    PAIRED,
    TRIPS_HALVE_MIN,
    ClosedCrossings,
    missing_at_borders,
)
from ._choices import MOST_ENUMERATED, BestCorridors
from ._critical import critical_links, critical_pairs
from ._missing import MISSING_LINKS, missing_links
from ._order import (
    ACCESS_CHANGES,
    BUILD_FRONT,
    BUILD_ORDER,
    BUILD_PAIRS,
    EQUITY,
    access_changes,
    building_order,
    equity_of,
)
from ._way_costs import WAY_COSTS, ways_between

__all__ = [
    "ACCESS_CHANGES",
    "BUILD_FRONT",
    "BUILD_ORDER",
    "BUILD_PAIRS",
    "CRITICAL_CROSSINGS",
    "CRITICAL_CROSSING_PAIRS",
    "EQUITY",
    "MENDED_WITHIN_KM",
    "MISSING_LINKS",
    "MOST_ENUMERATED",
    "NEAR_BORDER_KM",
    "PAIRED",
    "TRIPS_HALVE_MIN",
    "WAY_COSTS",
    "BestCorridors",
    "ClosedCrossings",
    "access_changes",
    "best_corridors",
    "building_order",
    "critical_links",
    "critical_pairs",
    "equity_of",
    "missing_at_borders",
    "missing_links",
    "ways_between",
]
