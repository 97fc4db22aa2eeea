"""The kind `call_records`: a telephony log, contacts without words that still count.

Conversations with words do not belong here (`transcripts`).
"""

import polars as pl

from connectors.base import Mapping
from connectors.files import TableFileSource
from connectors.mapping import map_rows


class CallRecordsConnector(TableFileSource):
    """A telephony log: outcome, queue, wait and duration of each contact, never a verbatim."""

    def to_feedback(self, raw: pl.DataFrame) -> Mapping:
        """One mapped row per raw row, in the same order, without words even if some are mapped."""
        columns = self._source.columns.model_copy(update={"verbatim": ()})
        return map_rows(raw, self._source, columns)
