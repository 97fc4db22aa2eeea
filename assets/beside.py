"""Work of a backfill's weeks in a second process, while the first reads and writes its tables."""

from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")
WORTH_A_PROCESS = 6
"""Weeks from which on the start of a process, some two seconds, is won back."""


def beside(work: Callable[..., T], inputs: Iterable[tuple[Any, ...]], *, weeks: int) -> Iterator[T]:
    """`work(*one)` of each input, in order; of many weeks in a process of its own.

    There the next input is read before the result of the one before is given, so inputs must not
    depend on what is done with results.

    Args:
        work: a pure function of a module.
        inputs: its arguments; they and the results must be such as can be sent.
        weeks: how many there are.
    """
    if weeks < WORTH_A_PROCESS:
        yield from (work(*one) for one in inputs)
        return
    context = get_context("spawn")  # a fork would copy the locks of polars and DuckDB
    ours, theirs = context.Pipe()
    process = context.Process(target=_work_on, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        is_working = False
        for one in inputs:
            if is_working:
                result = _received(ours)
                ours.send(one)
                yield result
            else:
                ours.send(one)
                is_working = True
        if is_working:
            yield _received(ours)
    finally:
        ours.close()
        process.join()


def _received(process: Connection) -> Any:  # noqa: ANN401
    found = process.recv()
    if isinstance(found, Exception):
        raise found
    return found


def _work_on(work: Callable[..., Any], inputs: Connection) -> None:
    """Work until the other end closes, also by being killed."""
    while True:
        try:
            one = inputs.recv()
        except EOFError:
            return
        try:
            inputs.send(work(*one))
        except Exception as error:  # noqa: BLE001 (raised again where the run is)
            inputs.send(error)
