from ._batch import BatchSummary, run_batch
from ._job import BatchJob, read_job
from ._store import read_batch

__all__ = [
    "BatchJob",
    "BatchSummary",
    "read_batch",
    "read_job",
    "run_batch",
]
