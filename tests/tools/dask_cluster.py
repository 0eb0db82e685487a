"""A cluster on this machine: a scheduler in the process of the test, and workers that may be killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import distributed


@contextmanager
def local_cluster(workers: int = 2, **options: Any) -> Iterator[distributed.LocalCluster]:
    """A scheduler in this process and workers that only this machine reaches."""
    local: Any = distributed.LocalCluster  # untyped
    with local(
        n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}, **options,  # off, but its port would be the usual one
    ) as cluster:  # fmt: skip
        yield cluster
