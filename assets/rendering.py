"""Renders reports in a second process while the first one reads the next week's tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Protocol

from models.report import WeeklyReport
from voc_pipeline.report import render_forms

WORTH_A_PROCESS = 6
"""Weeks from which on the start of a process, some two seconds, is won back."""


class Renderer(Protocol):
    """Takes one report, then gives its forms, before it takes the next."""

    def send(self, report: WeeklyReport) -> None:
        """Begin to render."""

    def receive(self) -> dict[str, bytes]:
        """The forms of the report sent."""


class _Here:
    """Renders when asked for the forms."""

    def send(self, report: WeeklyReport) -> None:
        self._report = report

    def receive(self) -> dict[str, bytes]:
        return render_forms(self._report)


class _Beside:
    """Renders in the process at the other end."""

    def __init__(self, process: Connection) -> None:
        self._process = process

    def send(self, report: WeeklyReport) -> None:
        self._process.send(report)

    def receive(self) -> dict[str, bytes]:
        found = self._process.recv()
        if isinstance(found, Exception):
            raise found
        forms: dict[str, bytes] = found
        return forms


@contextmanager
def renderer(reports: int) -> Iterator[Renderer]:
    """A renderer for so many reports: here, or for a backfill in a process of its own."""
    if reports < WORTH_A_PROCESS:
        yield _Here()
        return
    context = get_context("spawn")  # a fork would copy the locks of polars and DuckDB
    ours, theirs = context.Pipe()
    process = context.Process(target=_render_all, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _Beside(ours)
    finally:
        ours.close()
        process.join()


def _render_all(reports: Connection) -> None:
    """Render until the other end closes, also by being killed."""
    while True:
        try:
            report = reports.recv()
        except EOFError:
            return
        try:
            reports.send(render_forms(report))
        except Exception as error:  # noqa: BLE001 (raised again where the run is)
            reports.send(error)
