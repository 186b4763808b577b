from ._indicators import circle_people, county_indicators
from ._own_tables import own_boundaries, study_boundaries, study_people, study_rail
from ._rail_coverage import RailCoverage, rail_coverage
from ._reach import MEASURES, Ground, Reach
from ._results import StudyResults

__all__ = [
    "MEASURES",
    "Ground",
    "RailCoverage",
    "Reach",
    "StudyResults",
    "circle_people",
    "county_indicators",
    "own_boundaries",
    "rail_coverage",
    "study_boundaries",
    "study_people",
    "study_rail",
]
