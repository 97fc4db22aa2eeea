# ruff: noqa: RUF001 (typographic quotes are looked for)
"""Masking what the record itself says about its customer, wherever it stands in the text.

The whole value in any case, and each word of three letters or more of a name that is no common
word. Patterns and cues: masking_rules_*.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from voc_pipeline.feedback.masking_spans import Span, packaged_words

_LONGEST_VALUE = 200
_MOST_VALUES = 64
_PART = re.compile(r"[^\W\d_]{3,}(?:['’-][^\W\d_]+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u2e80-\u9fff\uac00-\ud7af]")


def known_terms(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What to look for, as (term, token): values and their telling words, longest first."""
    terms: dict[str, str] = {}
    for value in values[:_MOST_VALUES]:
        clean = unicodedata.normalize("NFC", " ".join(value.split()))[:_LONGEST_VALUE].strip()
        if (
            len(clean) < 2
            or clean.casefold() in packaged_words("no_values.txt")
            or not any(map(str.isalnum, clean))
        ):
            continue
        token = _token(clean)
        terms.setdefault(clean, token)
        if token == "NAME":  # noqa: S105
            for part in _PART.findall(clean):
                if part.casefold() not in packaged_words("no_values.txt") and not _is_common(part):
                    terms.setdefault(part, token)
        elif token == "EMAIL":  # noqa: S105
            local = clean.partition("@")[0]
            if len(local) >= 5:
                terms.setdefault(local, "NAME")
    return tuple(sorted(terms.items(), key=lambda term: (-len(term[0]), term[0])))


def _is_common(word: str) -> bool:
    return word.casefold() in packaged_words("common_words.txt")


def _token(value: str) -> str:
    digits = sum(sign.isdigit() for sign in value)
    if "@" in value:
        return "EMAIL"
    if digits >= 4 and digits * 2 >= len(value):
        return "PHONE" if value[0] in "+(0" else "ID"
    return "NAME"


def _pattern(term: str) -> re.Pattern[str]:
    """The term with any blanks between its words, not inside a longer word.

    A common word is matched as it is written only, so that a Mr Will keeps "will" readable.
    """
    body = r"\s{1,4}".join(re.escape(word) for word in term.split())
    inside_words = _UNSPACED.search(term) or (
        len(term) >= 6 and any(sign.isdigit() or sign == "@" for sign in term)
    )
    if not inside_words:
        body = rf"(?<![^\W_]){body}(?![^\W_])"
    flags = 0 if _is_common(term) or len(term) < 3 else re.IGNORECASE
    return re.compile(body, flags)


def known_spans(text: str, terms: Sequence[tuple[str, str]]) -> Iterator[Span]:
    """Where the terms stand in the text."""
    plain = text.lower() if text.isascii() else None
    for term, token in terms:
        # Most terms are not there: cheaper to see than to compile a pattern for each.
        if plain is not None and term.isascii() and term.split()[0].lower() not in plain:
            continue
        for match in _pattern(term).finditer(text):
            yield (*match.span(), token)
