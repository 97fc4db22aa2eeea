# ruff: noqa: RUF001 (dashes of all kinds are looked for)
"""Making a received text safe to read: no control characters, NFC, a bounded length, null if void.

Nothing is masked here, and nothing is lower-cased: masking needs the capitals.
"""

import polars as pl

_UNSAFE = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab, line feed, return
    "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"  # invisible and bidi marks
)
_VOID = (
    "n/a", "na", "n.a", "none", "null", "nil", "nan", "no comment", "no comments", "no answer",
    "did not answer", "not applicable", "not answered", "",
)  # fmt: skip
_WORD_GAP = 200


def clean_text(column: str) -> pl.Expr:
    """The column without unsafe characters, in NFC, blanks at both ends cut off."""
    text = pl.col(column)
    return (
        pl.when(text.str.contains(r"[^ -~\n]"))
        .then(
            text.str.normalize("NFC")
            .str.replace_all("\r\n?", "\n")
            .str.replace_all(_UNSAFE, "")
            .str.normalize("NFC")
        )
        .otherwise(text)
        .str.strip_chars()
        .alias(column)
    )


def void_to_null(column: str) -> pl.Expr:
    """Null where the text says nothing: empty, n/a, none, a dash or a dot."""
    bare = pl.col(column).str.slice(0, 40).str.to_lowercase().str.strip_chars(" .-–—_\t\n")
    says_something = ~bare.is_in(_VOID) | (pl.col(column).str.len_bytes() >= 40)
    return pl.when(says_something).then(pl.col(column)).alias(column)


def cut_text(column: str, longest: int) -> pl.Expr:
    """At most `longest` characters, cut at a blank so that no word or number is halved."""
    text = pl.col(column)
    head = text.str.slice(0, longest)
    at_blank = head.str.replace(r"\s\S{0," + str(_WORD_GAP) + r"}$", "")
    return pl.when(text.str.len_chars() > longest).then(at_blank).otherwise(text).alias(column)
