"""A published report without the words of customers who were erased; its figures stay."""

from collections.abc import Collection
from typing import Any

from models.report import WeeklyReport


def without_quotes(report: WeeklyReport, segment_ids: Collection[str]) -> WeeklyReport | None:
    """The report without the quotes of these segments; None if it has none of them."""
    content = report.model_dump(mode="json")
    left = _left(content, frozenset(segment_ids))
    return None if left == content else WeeklyReport.model_validate(left)


def _left(value: Any, gone: frozenset[str]) -> Any:  # noqa: ANN401 (a JSON value)
    if isinstance(value, dict):
        if value.get("segment_id") in gone:
            return None
        return {name: _left(one, gone) for name, one in value.items()}
    if isinstance(value, list):
        kept = [(_left(one, gone), one) for one in value]
        return [now for now, was in kept if now is not None or was is None]
    return value
