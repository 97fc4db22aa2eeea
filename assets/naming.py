"""Names of issues from an endpoint, where the settings have one: asked once, then remembered."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import polars as pl

from connectors.naming import NamingClient
from models.curation import IssueName
from models.errors import SourceError
from models.settings import NamingSettings
from voc_pipeline.warehouse import Warehouse
from voc_pipeline.warehouse.schema import polars_schema
from voc_pipeline.warehouse.store import digest


class Namer:
    """Puts the endpoint's names in place of issues' own; changes nothing else.

    What an issue is called by itself and its words are the subject; a subject is named once, so a
    run again gives the same bytes without asking. After one failure the run asks no more.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        client: NamingClient | None,
        model: str,
        say: Callable[[str], None],
    ) -> None:
        self.model = model
        self._warehouse, self._client, self._say = warehouse, client, say

    def named(
        self, issues: pl.DataFrame, quotes: pl.DataFrame, decisions: pl.DataFrame
    ) -> pl.DataFrame:
        """The issues with `label` from the endpoint, but where a person named them.

        Args:
            issues: rows with issue_id, label, terms, state.
            quotes: issue_id, quote_rank, quote: masked words.
            decisions: rows in force (models.curation.DecisionRow).
        """
        if not self.model:
            return issues
        by_people = decisions.filter(pl.col("action").is_in(["rename", "split"]))
        kept = {*by_people["issue_id"], *by_people["other_issue_id"].drop_nulls()}
        known = dict(self._warehouse.rows(IssueName).select("subject_hash", "name").iter_rows())
        words = {
            str(key[0]): rows.sort("quote_rank")["quote"].to_list()
            for key, rows in quotes.group_by("issue_id")
        }
        labels = issues["label"].to_list()
        for at, row in enumerate(issues.to_dicts()):
            if row["issue_id"] in kept or row["state"] not in ("active", "dormant"):
                continue
            name = self._name(row, words.get(row["issue_id"], []), known)
            if name and name not in labels:
                labels[at] = name
        return issues.with_columns(pl.Series("label", labels, dtype=pl.String))

    def _name(
        self, row: Mapping[str, object], quotes: list[str], known: dict[str, str]
    ) -> str | None:
        """The name remembered for the issue's words, or asked for; None keeps its own."""
        label, terms = str(row["label"]), [str(one) for one in row["terms"]]  # type: ignore[attr-defined]
        subject = digest(self.model, label, *terms)
        if subject not in known and self._client is not None:
            try:
                known[subject] = self._client.name(label, terms, quotes)
            except SourceError as error:
                self._say(f"warning: {error}")
                self._client = None
                return None
            fresh = {
                "subject_hash": subject,
                "sent_hash": digest(self.model, label, *terms, "", *quotes),
                "name": known[subject],
            }
            with self._warehouse.transaction():
                self._warehouse.append(
                    IssueName, pl.DataFrame([fresh], schema=polars_schema(IssueName))
                )
        return known.get(subject)


@contextmanager
def namer_of(
    settings: NamingSettings, warehouse: Warehouse, say: Callable[[str], None]
) -> Iterator[Namer]:
    """The namer of a home; without a url it names nothing and nothing is sent."""
    if settings.url is None:
        yield Namer(warehouse, None, "", say)
        return
    with NamingClient(settings, os.environ.get(settings.key_variable)) as client:
        yield Namer(warehouse, client, settings.model or "default", say)
