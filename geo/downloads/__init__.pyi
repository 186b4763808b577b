from ._datasets import dataset, datasets, fetch
from ._downloads import user_cache
from ._locks import lock_file

__all__ = [
    "dataset",
    "datasets",
    "fetch",
    "lock_file",
    "user_cache",
]
