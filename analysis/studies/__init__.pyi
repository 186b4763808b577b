from ._indicators import circle_people, county_indicators, people_of
from ._reach import MEASURES, Ground, Reach
from ._results import StudyResults

__all__ = [
    "MEASURES",
    "Ground",
    "Reach",
    "StudyResults",
    "circle_people",
    "county_indicators",
    "people_of",
]
