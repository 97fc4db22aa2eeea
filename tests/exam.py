"""What an exam is made of: a case, whom it is for, and the words in which cases are written.

`exam_cases` and `exam_faults` hold the cases themselves.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, get_args

import polars as pl
from connector_stands import FIRST, Stand, Told

from connectors import REGISTRY
from connectors.base import (
    FETCHED_SCHEMA,
    REJECT_SCHEMA,
    Batch,
    Capability,
    Connector,
    Window,
)
from models.source import Source, SourceSettings


@dataclass(frozen=True)
class Case:
    """A promise, and the capabilities of the connectors that make it."""

    run: Callable[[Any], None]
    needs: frozenset[Capability]
    settings: type[SourceSettings] = SourceSettings
    setting: str = "id"

    @property
    def name(self) -> str:
        return self.run.__name__

    def is_for(self, kind: str) -> bool:
        """Whether the kind's connector and settings make this promise; nothing else decides."""
        settings = SETTINGS[kind]
        return (
            self.needs <= REGISTRY[kind].capabilities
            and issubclass(settings, self.settings)
            and self.setting in settings.model_fields
        )


CASES: list[Case] = []
SETTINGS: dict[str, type[SourceSettings]] = {
    get_args(one.model_fields["kind"].annotation)[0]: one for one in get_args(get_args(Source)[0])
}
"""The settings class of each kind, read off the union itself."""


Run = Callable[[Any], None]


def needs(
    *capabilities: Capability,
    settings: type[SourceSettings] = SourceSettings,
    setting: str = "id",
) -> Callable[[Run], Run]:
    """Enter the function as a case of the exam, for the kinds that have all this."""

    def enter(run: Run) -> Run:
        CASES.append(Case(run, frozenset(capabilities), settings, setting))
        return run

    return enter


def fetched(connector: Connector, window: Window = FIRST, cursor: str | None = None) -> list[Batch]:
    """All batches of a fetch, each balanced, the frames of the promised columns."""
    batches = list(connector.fetch(window, cursor))
    assert batches, "a fetch hands over at least one batch, so that a cursor can be stored"
    for batch in batches:
        assert batch.fetched_count == batch.records.height + batch.rejects.height
        assert batch.records.schema == FETCHED_SCHEMA
        assert batch.rejects.schema == REJECT_SCHEMA
        assert batch.records.drop("received_at").null_count().sum_horizontal().item() == 0
        for reason, remedy in batch.rejects.select("reason", "remedy").iter_rows():
            assert reason
            assert remedy
    assert all(batch.complete_over is None for batch in batches[:-1])
    return batches


def records(batches: list[Batch]) -> pl.DataFrame:
    return pl.concat([batch.records for batch in batches])


def rejects(batches: list[Batch]) -> pl.DataFrame:
    return pl.concat([batch.rejects for batch in batches])


def hashes(batches: list[Batch]) -> dict[str, str]:
    """external_id -> content_hash; the ids must be distinct."""
    rows = records(batches).select("external_id", "content_hash").rows()
    assert len(dict(rows)) == len(rows), "a record came twice, or two records share an id"
    return dict(rows)


def heard(stand: Stand, batches: list[Batch]) -> dict[str, str]:
    """What each record says once mapped, by external id."""
    mapped = stand.map(stand.connector(), records(batches)).mapped
    return dict(mapped.select("external_id", stand.heard_in).rows())


def is_said(batches: list[Batch], stand: Stand, *expected: Told) -> bool:
    """Whether exactly these records came, each once and with its words."""
    said = Counter(heard(stand, batches).values())
    return said == Counter(one.words for one in expected) and len(hashes(batches)) == len(expected)


def only(found: Collection[Any]) -> Any:
    """The one that there is."""
    assert len(found) == 1, f"{len(found)} where one belongs"
    return next(iter(found))


def deleted(known: list[Batch], now: list[Batch]) -> set[str]:
    """The known records that a load would take for deleted."""
    span = now[-1].complete_over
    if span is None:
        return set()
    inside = records(known).filter(pl.col("occurred_at").is_between(*span))
    return set(inside["external_id"]) - set(records(now)["external_id"])
