from ._people import people, people_points, people_within, with_people
from ._potential import cumulative_opportunities, internal_time_min, market_potential

__all__ = [
    "cumulative_opportunities",
    "internal_time_min",
    "market_potential",
    "people",
    "people_points",
    "people_within",
    "with_people",
]
