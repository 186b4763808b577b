from ._border_effect import BORDER_EFFECT, border_effect, border_effect_on, efficiency_across_borders
from ._crossings import BORDER_CROSSINGS, CROSSINGS, border_crossings, crossings, with_border_penalty
from ._gaps import GAPS, close_gaps, gaps
from ._typology import TYPES, TypologyRule, classify_counties
from ._uncertainty import calibration_error, chances, inside_probability, rail_error, trunk_error
from ._yardsticks import YARDSTICKS, yardsticks

__all__ = [
    "BORDER_CROSSINGS",
    "BORDER_EFFECT",
    "CROSSINGS",
    "GAPS",
    "TYPES",
    "YARDSTICKS",
    "TypologyRule",
    "border_crossings",
    "border_effect",
    "border_effect_on",
    "calibration_error",
    "chances",
    "classify_counties",
    "close_gaps",
    "crossings",
    "efficiency_across_borders",
    "gaps",
    "inside_probability",
    "rail_error",
    "trunk_error",
    "with_border_penalty",
    "yardsticks",
]
