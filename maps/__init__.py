"""What people look at: Leaflet maps and static figures."""

from ..geo.deprecation import moved_modules as _moved_modules

_moved_modules(
    __name__,
    {
        "base_maps": "page._base_maps",
        "border_maps": "page._border_maps",
        "leaflet": "page._leaflet",
        "offline": "page._offline",
        "rendering": "page._rendering",
    },
    removed_in="0.2.0",
)
