"""How well problems are told from praise and chatter, file by file; prints JSON.

`uv run python -m benchmarks.problems`. The weights of the lexicon were set by reading the
`training` half only; `held_out` is the figure to believe. Halves are drawn by a hash of the text,
so that duplicates never stand on both sides. A comment is called a problem if any segment is.

What counts as a problem: NHS comment sentiment 4 and 5 (negative, very negative), against 1 and 2;
3 is mixed ("staff were great but response was slow") and shown as a share of its own. Airline
tweets: negative against neutral and positive. Spotify: 1 and 2 stars against 4 and 5, a weak
label (many a five-star review names a fault), judged with and without the stars as score. Airport
comments as worded by coders: Negative against Positive. Skytrax lounges: overall 1 and 2 against 5
and, of the ten-point reviews, 8 to 10; weak, for long reviews praise and blame at once, and never
looked at when the lexicon was written. banking77 has no label: only the share.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from voc_pipeline.issues.problems import PROBLEM_THRESHOLD, judge
from voc_pipeline.issues.segments import spans_of

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
THRESHOLDS = (0.3, 0.4, PROBLEM_THRESHOLD, 0.6, 0.7)


@dataclass(frozen=True)
class Labelled:
    """One row per comment: text, score_share, question, is_problem (null: mixed or unlabelled)."""

    name: str
    comments: pl.DataFrame


def labelled(name: str, frame: pl.DataFrame, **columns: pl.Expr) -> Labelled:
    absent = {
        "score_share": pl.lit(None, pl.Float64),
        "question": pl.lit(None, pl.String),
        "is_problem": pl.lit(None, pl.Boolean),
    }
    comments = frame.select(**(absent | columns)).drop_nulls("text")
    return Labelled(name, comments.filter(pl.col("text") != "Did not answer"))


def sided(column: pl.Expr, *, bad: list[int], good: list[int]) -> pl.Expr:
    """True where the label is bad, false where it is good, null in between."""
    column = column.cast(pl.Int64)
    return pl.when(column.is_in(bad)).then(True).when(column.is_in(good)).then(False)


def nhs() -> Iterator[Labelled]:
    frame = pl.read_parquet(DATA / "surveys/nhs_fft_NEAS_labelled.parquet")
    answer = pl.col("FFT categorical answer")  # 1 very good to 5 very poor, 6 and 7 no opinion
    yield labelled(
        "nhs",
        frame.filter(pl.col("Comment sentiment").is_not_null()),
        text=pl.col("FFT answer"),
        score_share=pl.when(answer <= 5).then((5 - answer) / 4),
        question=pl.col("FFT question"),
        is_problem=sided(pl.col("Comment sentiment"), bad=[4, 5], good=[1, 2]),
    )


def tweets() -> Iterator[Labelled]:
    yield labelled(
        "airline_tweets",
        pl.read_parquet(DATA / "social/airline_tweets_2015-02.parquet"),
        text=pl.col("text"),
        is_problem=pl.col("airline_sentiment") == "negative",
    )


def spotify() -> Iterator[Labelled]:
    frame = pl.read_parquet(DATA / "social/spotify_play_1000.parquet")
    stars = pl.col("review_rating").cast(pl.Int64)
    label = sided(stars, bad=[1, 2], good=[4, 5])
    text = pl.col("review_text")
    yield labelled("spotify_text_only", frame, text=text, is_problem=label)
    yield labelled(
        "spotify_with_stars", frame, text=text, is_problem=label, score_share=(stars - 1) / 4
    )


def airport() -> Iterator[Labelled]:
    frame = pl.read_parquet(DATA / "surveys/sfo_2017_coded_comments.parquet")
    sentiment = pl.col("Sentiment")
    yield labelled(
        "airport_coded",
        frame.unique("Comment").sort("Comment"),
        text=pl.col("Comment"),
        is_problem=pl.when(sentiment != "Neutral").then(sentiment == "Negative"),
    )


def lounges() -> Iterator[Labelled]:
    frame = pl.read_parquet(DATA / "surveys/skytrax_lounge_reviews.parquet")
    rating = pl.col("overall_rating").cast(pl.Float64, strict=False).round()
    yield labelled(
        "skytrax_lounges",
        frame,
        text=pl.col("content"),
        is_problem=sided(rating, bad=[1, 2], good=[5, 8, 9, 10]),
    )


def banking() -> Iterator[Labelled]:
    frame = pl.read_parquet(DATA / "intents/banking77_train.parquet")
    yield labelled("banking77", frame, text=pl.col("text"))


READERS: list[Callable[[], Iterator[Labelled]]] = [
    nhs, tweets, spotify, airport, lounges, banking,
]  # fmt: skip


def is_held_out(text: str) -> bool:
    return blake2b(text.casefold().encode(), digest_size=2).digest()[0] % 2 == 1


def highest_scores(comments: pl.DataFrame) -> npt.NDArray[np.float64]:
    """The score of each comment's surest segment; 0 for a comment without any."""
    verbatims = comments["text"].to_list()
    owners = [row for row, text in enumerate(verbatims) for _ in spans_of(text)]
    texts = [text[start:end] for text in verbatims for start, end in spans_of(text)]
    segments = comments[owners]
    scores, _ = judge(
        texts,
        segments["score_share"].to_list(),
        segments["question"].to_list(),
        owners=owners,
    )
    highest = np.zeros(len(verbatims))
    np.maximum.at(highest, owners, scores)
    return highest


def figures(comments: pl.DataFrame) -> dict[str, object]:
    """Precision and recall at every threshold, and the share called a problem by label."""
    scores = highest_scores(comments)
    label = comments["is_problem"].cast(pl.Int8).fill_null(-1).to_numpy()
    called = scores >= PROBLEM_THRESHOLD
    found: dict[str, object] = {
        "comments": len(comments),
        "called_problem_share": round(float(called.mean()), 3),
    }
    if (label >= 0).any():
        found["problem_share"] = round(float((label == 1).sum() / (label >= 0).sum()), 3)
        found["precision_recall_by_threshold"] = {
            str(limit): precision_recall(scores >= limit, label) for limit in THRESHOLDS
        }
        if (label == -1).any():
            found["called_problem_share_of_mixed"] = round(float(called[label == -1].mean()), 3)
    return found


def precision_recall(called: npt.NDArray[np.bool_], label: npt.NDArray[np.int8]) -> list[float]:
    hits = int((called & (label == 1)).sum())
    judged = int((called & (label >= 0)).sum())
    return [round(hits / max(judged, 1), 3), round(hits / max(int((label == 1).sum()), 1), 3)]


def main() -> None:
    if not DATA.exists():
        print(json.dumps({"skipped": f"{DATA} is absent"}))
        return
    report: dict[str, object] = {"threshold": PROBLEM_THRESHOLD}
    began = time.perf_counter()
    for source in (source for reader in READERS for source in reader()):
        texts = source.comments["text"].to_list()
        held_out = pl.Series([is_held_out(text) for text in texts], dtype=pl.Boolean)
        report[source.name] = {
            "held_out": figures(source.comments.filter(held_out)),
            "training": figures(source.comments.filter(~held_out)),
        }
    report["seconds"] = round(time.perf_counter() - began, 1)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
