from ._batch import BatchSummary, run_batch
from ._job import BatchJob
from ._store import read_batch

__all__ = [
    "BatchJob",
    "BatchSummary",
    "read_batch",
    "run_batch",
]
