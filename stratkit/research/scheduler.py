"""`connected`: a client of the Dask scheduler at an address, or one clear reason why there is none."""

from __future__ import annotations

import asyncio
import logging
import pkgutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from stratkit.errors import RunError, UsageError, needs_extra
from stratkit.research.cluster_worker import READY

ANSWER_SECONDS: Final = 10.0  # in which a scheduler answers
WORKER_SECONDS: Final = 30.0  # in which a worker joins, or comes back after all are gone
_READY: Final = "stratkit.research.cluster_worker:READY"  # by name: a function of ours could not even be sent


def connected(address: str) -> Any:
    """Return a client; raise `UsageError` without the extra or for no address, `RunError` when nobody answers."""
    try:
        import distributed
    except ImportError:
        raise UsageError(needs_extra("cluster")) from None
    dask: Any = distributed  # typed in part
    try:
        dask.comm.get_address_host_port(address, strict=True)
    except (ValueError, OSError) as error:
        raise UsageError(
            "--cluster must be the address of a Dask scheduler, such as tcp://10.0.0.5:8786; "
            f"found {address!r}: {error}"
        ) from None
    # what goes wrong is said once, by us
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # asked before there is a client: one that cannot connect lives on and complains when it is thrown away
    with ThreadPoolExecutor(1) as thread:  # a notebook's own thread runs an event loop already
        problem = thread.submit(asyncio.run, _problem(address)).result()
    if problem is None:
        try:
            return dask.Client(address, timeout=ANSWER_SECONDS, set_as_default=False, name="stratkit")
        except OSError as error:  # gone since
            problem = str(error)
    raise RunError(
        f"a Dask scheduler must answer at {address} within {ANSWER_SECONDS:g} s; found {problem}: start one with "
        "`dask scheduler`, or check the address"
    )


def closed(client: Any) -> None:
    """Leave a scheduler; one that is gone itself is left in any case."""
    with suppress(TimeoutError):
        client.close(timeout=ANSWER_SECONDS)


def wait_for_worker(client: Any, address: str) -> None:
    """Wait until a worker is there; raise `RunError` when none joins."""
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except TimeoutError:
        raise RunError(
            f"the scheduler at {address} must have a worker; found none within {WORKER_SECONDS:g} s: start some with "
            f"`dask worker {address} --nthreads 1`"
        ) from None


def check_that_stratkit_is_there(client: Any) -> None:
    """Raise `RunError` when a worker cannot import what computes trials."""
    answers = client.run(pkgutil.resolve_name, _READY, on_error="return")
    for worker, answer in answers.items():
        if answer != READY:
            raise RunError(
                "every worker must have this version of stratkit installed; found that the one at "
                f"{worker} cannot import it: {answer}"
            )


async def _problem(address: str) -> str | None:
    """Return why no scheduler answers at an address, None when one does."""
    import distributed

    dask: Any = distributed  # typed in part
    arguments = dask.Security().get_connection_args("client")
    try:
        async with asyncio.timeout(ANSWER_SECONDS), dask.rpc(address, connection_args=arguments) as scheduler:
            identity = await scheduler.identity()
    except TimeoutError:
        return "no answer"
    except Exception as error:  # whatever listens there may send anything
        return f"{type(error).__name__}: {error}"
    kind = identity.get("type")
    return None if kind == "Scheduler" else f"a {kind}"
