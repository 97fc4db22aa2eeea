"""Terms: words, and pairs of words, that are new in an issue's texts of one week.

A term's voices of this week are held against those of the 26 weeks before by Fisher's exact test
(one-sided), adjusted for all terms tried. Words that everybody always uses rise in no week, so no
list of them is needed. Masked texts in, single terms of several voices out.
"""

from datetime import date, timedelta

import polars as pl
from scipy import stats

from models.place import IssueNewTerm
from voc_pipeline.trends.multiplicity import benjamini_hochberg
from voc_pipeline.trends.tables import as_frame

EARLIER_WEEKS = 26
LEVEL = 0.05
LEAST_VOICES = 3
LEAST_EARLIER_VOICES = 10
LEAST_RATIO = 2.0
MOST_TERMS = 5
LONGEST_TERM = 30
_MASK = r"\[[A-Z]{2,}\]"
_WORD = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’.\-][\p{L}\p{M}\p{N}]+)*"  # noqa: RUF001
_BREAK = r"[\n,;:!?()\"]"
_KEY = ("issue_id", "term")


def find_new_terms(texts: pl.DataFrame, *, week: date) -> pl.DataFrame:
    """One row per issue and new term, at most five an issue (models.place.IssueNewTerm).

    An issue with fewer than 10 earlier voices has no rows: all its words are new.

    Args:
        texts: issue_id, week_start, voice_key, segment_text (masked) of the flagged issues, of the
            week and the 26 weeks before it; other weeks are passed over.
        week: Monday of the week.
    """
    span = pl.col("week_start").is_between(week - timedelta(weeks=EARLIER_WEEKS), week)
    used = _used_terms(texts.filter(span))
    voices = ["issue_id", "week_start", "voice_key"]
    is_now = pl.col("week_start") == week
    sizes = (
        texts.filter(span)
        .select(voices)
        .unique()
        .group_by("issue_id")
        .agg(of_voices=is_now.sum(), earlier_of_voices=(~is_now).sum())
        .filter(pl.col("earlier_of_voices") >= LEAST_EARLIER_VOICES)
    )
    counted = (
        used.group_by(_KEY)
        .agg(voice_count=is_now.sum(), earlier_voice_count=(~is_now).sum())
        .filter(pl.col("voice_count") >= LEAST_VOICES)
        .join(sizes, on="issue_id")
        .sort(_KEY)
    )
    if counted.is_empty():
        return as_frame(IssueNewTerm, [])
    now, earlier = pl.col("voice_count"), pl.col("earlier_voice_count")
    ratio = (now / pl.col("of_voices")) / ((earlier + 0.5) / (pl.col("earlier_of_voices") + 1))
    judged = (
        counted.with_columns(p_value=pl.Series(_chances(counted)))
        .with_columns(
            pl.col("p_value")
            .map_batches(lambda one: pl.Series(benjamini_hochberg(one.to_numpy())))
            .over("issue_id")
            .alias("q_value")
        )
        .filter(pl.col("q_value") <= LEVEL, ratio >= LEAST_RATIO)
    )
    return as_frame(IssueNewTerm, _ranked(judged).with_columns(week_start=pl.lit(week)))


def _used_terms(texts: pl.DataFrame) -> pl.DataFrame:
    """One row per issue, week, voice and term: a voice counts once however often it says it."""
    words = (
        texts.with_row_index("text")
        .with_columns(
            word=pl.col("segment_text")
            .str.replace_all(_MASK, "\n")
            .str.to_lowercase()
            .str.extract_all(rf"{_WORD}|{_BREAK}")
        )
        .drop("segment_text")
        .explode("word", empty_as_null=False)
        .filter(pl.col("word").str.len_chars() <= LONGEST_TERM)
    )
    following = pl.col("word").shift(-1).over("text")
    is_word, goes_on = (~one.str.contains(_BREAK) for one in (pl.col("word"), pl.col("following")))
    keys = ["issue_id", "week_start", "voice_key"]
    single = words.filter(is_word & (pl.col("word").str.len_chars() >= 3))
    pairs = words.with_columns(following=following).filter(is_word, goes_on)
    return pl.concat(
        [
            single.select(*keys, term="word"),
            pairs.select(*keys, term=pl.col("word") + " " + pl.col("following")),
        ]
    ).unique()


def _chances(counted: pl.DataFrame) -> list[float]:
    """Fisher's exact test, one-sided: so many of this week's voices or more, by chance."""
    now, earlier, of_now, of_earlier = (
        counted[name].cast(pl.Int64).to_numpy()
        for name in ("voice_count", "earlier_voice_count", "of_voices", "earlier_of_voices")
    )
    chance = stats.hypergeom.sf(now - 1, of_now + of_earlier, now + earlier, of_now)
    return [float(one) for one in chance]


def _ranked(judged: pl.DataFrame) -> pl.DataFrame:
    """The most distinctive terms, each told once.

    A pair of a new word and an old one is left out, the word tells it; a pair of two new words
    stands for those of its words that the same voices used.
    """
    is_pair = pl.col("term").str.contains(" ")
    single, words = judged.filter(~is_pair), pl.col("term").str.split(" ")
    new = single.select("issue_id", word="term", is_new=pl.lit(value=True))
    parts = (
        judged.filter(is_pair)
        .with_columns(word=words)
        .explode("word")
        .join(new, on=["issue_id", "word"], how="left")
    )
    kept = parts.filter(pl.col("is_new").count().over(*_KEY) != 1)
    held = kept.select("issue_id", "voice_count", term="word").unique()
    return (
        pl.concat(
            [
                single.join(held, on=["issue_id", "voice_count", "term"], how="anti"),
                judged.join(kept.select(_KEY), on=_KEY, how="semi"),
            ]
        )
        .sort("issue_id", "p_value", ~is_pair, "term")
        .with_columns(term_rank=pl.int_range(1, pl.len() + 1).over("issue_id"))
        .filter(pl.col("term_rank") <= MOST_TERMS)
    )
