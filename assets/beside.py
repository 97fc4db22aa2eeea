"""Work of a backfill's weeks in other processes, while this one reads and writes the tables."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")
PROCESSES = 2
WORTH_PROCESSES = 6
"""Weeks from which on the start of the processes, some two seconds, is won back."""


def beside(work: Callable[..., T], inputs: Iterable[tuple[Any, ...]], *, weeks: int) -> Iterator[T]:
    """`work(*one)` of each input, in order; of many weeks in processes of their own.

    There the next inputs are read before the result of the one before is given, so inputs must not
    depend on what is done with results.

    Args:
        work: a pure function of a module; a process imports what that module does.
        inputs: its arguments; they and the results must be such as can be sent.
        weeks: how many there are.
    """
    if weeks < WORTH_PROCESSES:
        yield from (work(*one) for one in inputs)
        return
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(work)) for _ in range(PROCESSES)]
        busy: deque[Connection] = deque()
        for number, one in enumerate(inputs):
            worker = workers[number % PROCESSES]
            if len(busy) < PROCESSES:
                worker.send(one)
                busy.append(worker)
                continue
            result = _received(busy.popleft())
            worker.send(one)
            busy.append(worker)
            yield result
        yield from map(_received, busy)


@contextmanager
def _worker(work: Callable[..., Any]) -> Iterator[Connection]:
    """A process that takes one input, then gives its result, before it takes the next."""
    context = get_context("spawn")  # a fork would copy the locks of polars and DuckDB
    ours, theirs = context.Pipe()
    process = context.Process(target=_work_on, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join()


def _received(worker: Connection) -> Any:  # noqa: ANN401
    found = worker.recv()
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
