from ._claims import VERDICT_NAMES, VERDICTS, audit_claims, claim_paragraphs, claim_sentences, verdict_name
from ._files import read_claims
from ._groups import (
    CIRCLE_OVERLAP,
    NEAREST_GROUP,
    circle_overlap,
    group_cohesion,
    group_times,
    groups,
    nearest_group,
)

__all__ = [
    "CIRCLE_OVERLAP",
    "NEAREST_GROUP",
    "VERDICTS",
    "VERDICT_NAMES",
    "audit_claims",
    "circle_overlap",
    "claim_paragraphs",
    "claim_sentences",
    "group_cohesion",
    "group_times",
    "groups",
    "nearest_group",
    "read_claims",
    "verdict_name",
]
