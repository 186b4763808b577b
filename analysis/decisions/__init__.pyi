from ._critical import critical_links, critical_pairs

__all__ = ["critical_links", "critical_pairs"]
