"""Work of a backfill's weeks in other processes, while this one reads and writes the tables."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar

from models.errors import EndedError

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

    Raises:
        EndedError: somebody else ended one of the processes.
    """
    if weeks < WORTH_PROCESSES:
        yield from (work(*one) for one in inputs)
        return
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(work)) for _ in range(PROCESSES)]
        busy: deque[_Worker] = deque()
        for number, one in enumerate(inputs):
            worker = workers[number % PROCESSES]
            if len(busy) < PROCESSES:
                worker.give(one)
                busy.append(worker)
                continue
            result = busy.popleft().result()
            worker.give(one)
            busy.append(worker)
            yield result
        for worker in busy:
            yield worker.result()


class _Worker(NamedTuple):
    """This end of a process at work."""

    process: BaseProcess
    line: Connection

    def give(self, one: tuple[Any, ...]) -> None:
        try:
            self.line.send(one)
        except OSError:
            raise self._ended() from None  # the run tells of what lies deepest

    def result(self) -> Any:  # noqa: ANN401
        try:
            found = self.line.recv()
        except (EOFError, OSError):
            raise self._ended() from None  # the run tells of what lies deepest
        if isinstance(found, Exception):
            raise found
        return found

    def _ended(self) -> EndedError:
        self.process.join()
        return EndedError(
            f"a process that worked for this run was ended from outside (exit code "
            f"{self.process.exitcode}; -9 is mostly the system's, short of memory): weeks that "
            f"were finished stand. Free some memory and run again, or run fewer than "
            f"{WORTH_PROCESSES} weeks at a time, which need no such process"
        )


@contextmanager
def _worker(work: Callable[..., Any]) -> Iterator[_Worker]:
    """A process that takes one input, then gives its result, before it takes the next."""
    context = get_context("spawn")  # a fork would copy the locks of polars and DuckDB
    ours, theirs = context.Pipe()
    process = context.Process(target=_work_on, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _Worker(process, ours)
    finally:
        ours.close()
        process.join()


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
