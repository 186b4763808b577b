from ._contours import Edge, as_multipolygon, polygons_in_degrees
from ._decisive import decisive_sources
from ._dominance import FLAT
from ._quadtree import Drawn, draw, draw_sources
from ._root_squares import DRAW, SKIP, TAKE, Frame, far_from_root, levels_of, root_side_m, sort_sources
from ._tapers import SHAPE, capped_field_of_row, prepare_tapers
from ._triangles import cell_pieces, crossed

__all__ = [
    "DRAW",
    "FLAT",
    "SHAPE",
    "SKIP",
    "TAKE",
    "Drawn",
    "Edge",
    "Frame",
    "as_multipolygon",
    "capped_field_of_row",
    "cell_pieces",
    "crossed",
    "decisive_sources",
    "draw",
    "draw_sources",
    "far_from_root",
    "levels_of",
    "polygons_in_degrees",
    "prepare_tapers",
    "root_side_m",
    "sort_sources",
]
