"""The pages of a complaint search: their shape, their order, and the proof that none is missing.

Pure: answers in, errors out. Asking for them belongs to `cfpb`.
"""

from dataclasses import dataclass, field
from typing import Self

from models.errors import FatalSourceError, RetriableSourceError


@dataclass(frozen=True)
class Page:
    """One answer of the search, its frame checked and its hits as they came."""

    hits: list[object]
    total: int
    is_total_exact: bool
    is_sound: bool
    """False while the source says of itself that its data has an issue."""

    @classmethod
    def read(cls, answer: dict[str, object], where: str) -> Self:
        """The page in an answer.

        Raises:
            FatalSourceError: the answer is not that of the complaint search.
        """
        outer = fields_of(answer.get("hits"))
        hits, told = outer.get("hits"), outer.get("total")
        total = told if isinstance(told, dict) else {"value": told}  # a bare number until 2021
        value = total.get("value")
        if not isinstance(hits, list) or not isinstance(value, int) or isinstance(value, bool):
            raise FatalSourceError(
                f"{where}: the answer holds no list hits.hits with a number hits.total.value; "
                "check that url is the complaint search, and whether its API has changed"
            )
        is_sound = fields_of(answer.get("_meta")).get("has_data_issue") is not True
        return cls(hits, value, total.get("relation", "eq") == "eq", is_sound)


@dataclass
class Paging:
    """How far a fetch has come, and the proof at its end that it holds everything."""

    where: str
    page_size: int
    page_cap: int
    after: str | None = None
    fetched: int = 0
    total: int | None = None
    pages: int = 0
    is_sound: bool = True
    """False once a page came from a source with an issue, or without an exact total."""
    seen: set[str] = field(default_factory=set)

    def take(self, page: Page) -> bool:
        """Count a page in; True if another one must follow.

        Raises:
            RetriableSourceError: the source changed while it was read, or gave less than it said.
            FatalSourceError: it repeats itself, cannot be paged, or has more than page_cap allows.
        """
        total = page.total if self.total is None else self.total
        if page.total != total:
            raise RetriableSourceError(
                f"{self.where}: the total went from {total} to {page.total} complaints while "
                "they were read, as if the source were being updated; run again later"
            )
        self.total = total
        self.pages += 1
        self.fetched += len(page.hits)
        self.is_sound &= page.is_sound and page.is_total_exact
        self._refuse_repeats(page)
        if page.hits and not (page.is_total_exact and self.fetched >= total):
            self._refuse_beyond_cap(total)
            return True
        if self.fetched < total or (page.is_total_exact and self.fetched != total):
            raise RetriableSourceError(
                f"{self.where}: the source says {total} complaints and handed over "
                f"{self.fetched}; nothing of it was loaded. Run again later"
            )
        return False

    def _refuse_repeats(self, page: Page) -> None:
        positions = [_position(hit) for hit in page.hits]
        known = [one for one in positions if one is not None]
        fresh = set(known)
        if len(fresh) < len(known) or fresh & self.seen:
            raise FatalSourceError(
                f"{self.where}: page {self.pages} repeats complaints that came before: the source "
                "does not go on with search_after; check url, and whether its API has changed"
            )
        self.seen |= fresh
        self.after = positions[-1] if positions else None

    def _refuse_beyond_cap(self, total: int) -> None:
        if self.after is None:
            raise FatalSourceError(
                f"{self.where}: the last complaint of page {self.pages} has no sort position, so "
                "the next page cannot be asked for; check whether the source's API has changed"
            )
        # Said at the first page that tells it, not after an hour of reading towards the cap.
        room = (self.page_cap - self.pages) * self.page_size
        if self.pages >= self.page_cap or total - self.fetched > room:
            raise FatalSourceError(
                f"{self.where}: {total} complaints do not fit page_cap {self.page_cap} pages of "
                f"{self.page_size} ({self.fetched} read in {self.pages}); nothing was loaded. "
                "Raise page_cap or page_size, lower lookback_days, or name the company"
            )


def fields_of(found: object) -> dict[str, object]:
    """The JSON object, or an empty one where something else stands."""
    return found if isinstance(found, dict) else {}


def _position(hit: object) -> str | None:
    """The hit's place in the source's order, as `search_after` takes it."""
    sort = fields_of(hit).get("sort")
    if not isinstance(sort, list) or len(sort) != 2:
        return None
    return f"{sort[0]}_{sort[1]}"
