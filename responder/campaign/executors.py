"""Where the jobs of a campaign are done: processes of this machine, or a cluster."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from importlib import import_module
from typing import Any

from responder.campaign.work import begin_worker
from responder.errors import ConfigError, UnavailableError

_DASK = "dask://"
MakeExecutor = Callable[[], Executor]


class InlineExecutor(Executor):
    """Does each job at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
        return future


def executor_of(text: str, jobs: int) -> MakeExecutor:
    """What makes the executor that is meant; once more if one breaks down.

    Args:
        text: ``processes``, ``inline``, ``dask://HOST:PORT`` (of a scheduler), or
            ``module:function``, which gives any ``concurrent.futures.Executor``.
        jobs: how many processes.

    Raises:
        ConfigError: it names none.
        UnavailableError: Dask is not installed, or its scheduler does not answer.
    """
    if text == "inline":
        return InlineExecutor
    if text == "processes":
        return lambda: _processes(jobs)
    if text.startswith(_DASK):
        address = text.removeprefix(_DASK)
        return lambda: _dask(address)
    module, colon, name = text.partition(":")
    if not colon:
        reason = f"{text!r} is none of processes, inline, dask://HOST:PORT and MODULE:FUNCTION"
        raise ConfigError(reason, where="--executor")
    try:
        make: MakeExecutor = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(str(error), where="--executor") from None
    return make


def end_workers() -> None:
    """End the processes of this one that do jobs, in the middle of them if need be."""
    for process in multiprocessing.active_children():
        process.terminate()


def _processes(jobs: int) -> Executor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["responder.campaign.work"])
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=begin_worker)


def _dask(address: str) -> Executor:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        reason = "Dask is not installed: pip install 'spdm-responder[cluster]'"
        raise UnavailableError(reason) from None
    try:
        client: Any = Client(f"tcp://{address}", timeout=5)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError) as error:
        raise UnavailableError(f"{_DASK}{address}: {error}") from None
    executor: Executor = client.get_executor()
    return executor
