"""The literature's measures of accessibility, on long tables of travel times: `br.indicators`.

Gravity and market potential, floating catchments, the transport performance of the European Commission,
centrality, competing centres, inequality. What they take are tables as `borderreach.travel_times` and
`borderreach.od_matrix` give them, or tables of one's own with the same columns.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__package__, __file__)
