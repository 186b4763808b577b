from ._base_maps import base_map
from ._border_maps import require_own_border_maps, save_border_maps
from ._leaflet import study_map
from ._offline import save_map

__all__ = [
    "base_map",
    "require_own_border_maps",
    "save_border_maps",
    "save_map",
    "study_map",
]
