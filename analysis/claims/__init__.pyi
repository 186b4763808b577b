from ._claims import audit_claims, claim_paragraphs
from ._files import claims_of, read_claims
from ._groups import (
    CIRCLE_OVERLAP,
    NEAREST_GROUP,
    circle_overlap,
    group_cohesion,
    group_times,
    groups,
    nearest_group,
)
from ._sentences import VERDICT_NAMES, claim_sentences, verdict_name

__all__ = [
    "CIRCLE_OVERLAP",
    "NEAREST_GROUP",
    "VERDICT_NAMES",
    "audit_claims",
    "circle_overlap",
    "claim_paragraphs",
    "claim_sentences",
    "claims_of",
    "group_cohesion",
    "group_times",
    "groups",
    "nearest_group",
    "read_claims",
    "verdict_name",
]
