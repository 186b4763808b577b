from ._best import best_corridors
from ._choices import BestCorridors
from ._critical import critical_links, critical_pairs
from ._missing import missing_links

__all__ = ["BestCorridors", "best_corridors", "critical_links", "critical_pairs", "missing_links"]
