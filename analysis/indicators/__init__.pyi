from ._centrality import betweenness, closeness, daily_accessibility, day_return_reach, detour_factors
from ._city_links import city_links, linkage_totals
from ._competition import competing_centres, hinterlands, nearer_across_border, overlaps, shared_parts
from ._decay import Decay, ExponentialDecay, GaussianDecay, PowerDecay, StepDecay, weigh_minutes
from ._equity import (
    concentration_curve,
    concentration_index,
    constrained_accessibility,
    fgt_poverty,
    palma_ratio,
)
from ._floating_catchment import three_step_catchment, two_step_catchment
from ._generalised_costs import generalised_costs
from ._inequality import RankSize, gini, gini_by_group, rank_size, theil, theil_by_group
from ._market_access import market_access, market_access_change
from ._people import people, people_by_rule, people_points, people_within, with_people
from ._potential import (
    cumulative_opportunities,
    gravity,
    internal_time_min,
    market_potential,
    weighted_mean_time,
)
from ._transport_performance import (
    mean_by_region,
    rail_performance,
    transport_performance,
    waiting_from_frequency,
)

__all__ = [
    "Decay",
    "ExponentialDecay",
    "GaussianDecay",
    "PowerDecay",
    "RankSize",
    "StepDecay",
    "betweenness",
    "city_links",
    "closeness",
    "competing_centres",
    "concentration_curve",
    "concentration_index",
    "constrained_accessibility",
    "cumulative_opportunities",
    "daily_accessibility",
    "day_return_reach",
    "detour_factors",
    "fgt_poverty",
    "generalised_costs",
    "gini",
    "gini_by_group",
    "gravity",
    "hinterlands",
    "internal_time_min",
    "linkage_totals",
    "market_access",
    "market_access_change",
    "market_potential",
    "mean_by_region",
    "nearer_across_border",
    "overlaps",
    "palma_ratio",
    "people",
    "people_by_rule",
    "people_points",
    "people_within",
    "rail_performance",
    "rank_size",
    "shared_parts",
    "theil",
    "theil_by_group",
    "three_step_catchment",
    "transport_performance",
    "two_step_catchment",
    "waiting_from_frequency",
    "weigh_minutes",
    "weighted_mean_time",
    "with_people",
]
