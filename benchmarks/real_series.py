"""Real series replayed: known events, false alarms where nothing can have happened, a flood.

`uv run python -m benchmarks.real_series [--shuffles 20] [--seed 3]` prints JSON. Reads
`../shared/data` only. Beside our method stand two rules in use: *z > 2*, more than two standard
deviations (at least one) above the mean of the eight weeks before; and *obsei*, the spike rule of
obsei 1.1.1: at least 5, two standard deviations (of the whole seven weeks before, at least one)
above their mean, and twice the week before.

nyc_311: 33 complaint types, weeks from Thursdays, shares as counts out of 10,000.
stream: comments of an ambulance service (an issue is a person's label) and app reviews (an issue is
a list of words), each in order of time and dealt 100 and 20 to a week: 50 weeks of 120 texts.
as_dated: the comments by their own dates, 1 to 470 a week, three services as sources.
shuffled: weeks relabelled at random within each source: what alarms then is false.
flood: one source brings nine times more texts in a week, drawn from those of its last nine weeks,
where nothing but the volume changed, or from all its texts, which may tell of other things.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from voc_pipeline.evaluate.trends import judge_series
from voc_pipeline.evaluate.weekly_series import SeriesColumns, read_series
from voc_pipeline.feedback.health import judge_sources
from voc_pipeline.trends.counts import weekly_counts
from voc_pipeline.trends.verdicts import judge_weeks

DATA = Path(__file__).parents[2] / "shared" / "data"
BEGIN = date(2024, 1, 1)
HISTORY = 8
EVENTS = {
    "Street Condition": date(2015, 3, 12),
    "Water System": date(2016, 8, 11),
    "Damaged Tree": date(2016, 7, 14),
    "Broken Muni Meter": date(2016, 5, 5),
}
WORDS = {
    "adverts": r"\bads?\b|advert|commercial",
    "premium": r"premium|subscri",
    "crashes": r"crash|freez|glitch|\bbugs?\b|stops? working|not working|won'?t open",
    "account": r"log ?in|password|account|sign",
    "offline": r"download|offline",
    "shuffle": r"shuffle",
    "lyrics": r"lyric",
    "playlists": r"playlist",
    "price": r"price|expensive|\bpay|money|free",
    "update": r"update",
    "podcasts": r"podcast",
    "search": r"search|find",
    "connection": r"connect|internet|bluetooth|\bcar\b",
    "skips": r"skip",
}
LEAST_TEXTS = 15

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """Texts: text, source_id, week_start; told: text and issue_id."""

    texts: pl.DataFrame
    told: pl.DataFrame

    @property
    def weeks(self) -> list[date]:
        """Every week from the first text to the last."""
        first, last = self.texts["week_start"].min(), self.texts["week_start"].max()
        assert isinstance(first, date)
        assert isinstance(last, date)
        return [first + timedelta(days=day) for day in range(0, (last - first).days + 1, 7)]

    def shuffled(self, seed: int) -> "Stream":
        """Weeks dealt anew among the texts of each source: its volumes stay as they were."""
        return Stream(
            self.texts.with_columns(
                pl.col("week_start").shuffle(seed=seed).over("source_id", order_by="text")
            ),
            self.told,
        )

    def flooded(self, source: str, week: date, seed: int, *, is_recent: bool) -> "Stream":
        """Nine times more texts of a source in a week, drawn from its texts."""
        own = self.texts.filter(pl.col("source_id") == source)
        size = 9 * own.filter(pl.col("week_start") == week).height
        if is_recent:
            own = own.filter(pl.col("week_start").is_between(week - timedelta(days=56), week))
        drawn = own.sample(size, with_replacement=True, seed=seed).rename({"text": "like"})
        first = int(self.texts["text"].max() or 0) + 1  # type: ignore[arg-type]
        drawn = drawn.with_columns(
            week_start=pl.lit(week), text=pl.int_range(first, first + size, dtype=pl.Int64)
        )
        told = drawn.join(self.told.rename({"text": "like"}), on="like").select("text", "issue_id")
        return Stream(
            pl.concat([self.texts, drawn.select(self.texts.columns)]), pl.concat([self.told, told])
        )

    def alarms(self) -> dict[str, NDArray[np.bool_]]:
        """(weeks, issues) by rule; nothing in the first eight weeks."""
        weeks, key = self.weeks, pl.col("text").cast(pl.String)
        mentions = self.told.join(self.texts, on="text").with_columns(voice_key=key, text_key=key)
        volumes = self.texts.group_by("week_start", "source_id").agg(
            feedback_count=pl.len().cast(pl.Int64)
        )
        counts = weekly_counts(mentions, volumes, first_week=weeks[0], last_week=weeks[-1])
        judged = judge_weeks(counts, pl.DataFrame(), pl.DataFrame(), weeks=weeks[HISTORY:])
        issues = self.told["issue_id"].unique().sort().to_list()
        place = {issue: number for number, issue in enumerate(issues)}
        step = {week: number for number, week in enumerate(weeks)}
        table = np.zeros((len(weeks), len(issues)))
        for issue, week, count in counts.select(
            "issue_id", "week_start", "feedback_count"
        ).iter_rows():
            table[step[week], place[issue]] = count
        ours = np.zeros(table.shape, dtype=bool)
        for issue, week in judged.filter("is_alarm").select("issue_id", "week_start").iter_rows():
            ours[step[week], place[issue]] = True
        return {"voc": ours, "obsei": obsei(table), "z_above_2": z_above_2(table)}


def obsei(table: Matrix) -> NDArray[np.bool_]:
    """(weeks, issues) alarms of obsei's rule."""
    found = np.zeros(table.shape, dtype=bool)
    for step in range(HISTORY, len(table)):
        before, now = table[step - 7 : step], table[step]
        z = (now - before.mean(axis=0)) / np.maximum(before.std(axis=0), 1.0)
        found[step] = (now >= 5) & (z >= 2) & (now >= 2 * np.maximum(before[-1], 1))
    return found


def z_above_2(table: Matrix) -> NDArray[np.bool_]:
    """(weeks, issues) alarms of the plain rule."""
    found = np.zeros(table.shape, dtype=bool)
    for step in range(HISTORY, len(table)):
        before, now = table[step - 8 : step], table[step]
        z = (now - before.mean(axis=0)) / np.maximum(before.std(axis=0, ddof=1), 1.0)
        found[step] = z > 2
    return found


def nhs() -> tuple[pl.DataFrame, list[str]]:
    """Dated comments with their labels, in order of time."""
    table = pl.read_parquet(DATA / "surveys" / "nhs_fft_NEAS_labelled.parquet")
    labels = table.columns[table.columns.index("Not assigned") + 1 :]
    labels = [one for one in labels if (table[one].sum() or 0) >= LEAST_TEXTS]
    dated = table.drop_nulls("Date").with_columns(pl.col("Date").dt.date())
    return dated.sort("Date", "Comment ID"), labels


def as_dated() -> Stream:
    """The ambulance service's comments by their own weeks."""
    table, labels = nhs()
    texts = table.select(
        text=pl.int_range(pl.len(), dtype=pl.Int64),
        source_id=pl.col("Service type 1").fill_null("none"),
        week_start=pl.col("Date").dt.truncate("1w"),
    )
    return Stream(texts, _labelled(table, labels))


def _labelled(table: pl.DataFrame, labels: list[str]) -> pl.DataFrame:
    parts = [
        table.select(text=pl.int_range(pl.len(), dtype=pl.Int64), on=pl.col(label) == 1)
        .filter("on")
        .select("text", issue_id=pl.lit(label))
        for label in labels
    ]
    return pl.concat(parts)


def stream() -> Stream:
    """Comments and reviews, dealt 100 and 20 to a week in order of time."""
    table, labels = nhs()
    reviews = pl.read_parquet(DATA / "social" / "spotify_play_1000.parquet").sort(
        "review_timestamp", "review_id"
    )
    reviews = reviews.with_columns(text=pl.int_range(pl.len(), dtype=pl.Int64) + table.height)
    words = [
        reviews.filter(pl.col("review_text").str.to_lowercase().str.contains(pattern)).select(
            "text", issue_id=pl.lit(f"app: {name}")
        )
        for name, pattern in WORDS.items()
    ]
    dealt = []
    for source, first, size, a_week in (
        ("comments", 0, table.height, 100),
        ("reviews", table.height, reviews.height, 20),
    ):
        number = np.arange(min(size, 50 * a_week))
        week = [BEGIN + timedelta(days=7 * int(one)) for one in number // a_week]
        dealt.append(
            pl.DataFrame({"text": number + first, "week_start": week}).with_columns(
                source_id=pl.lit(source)
            )
        )
    texts = pl.concat(dealt).select("text", "source_id", "week_start")
    weeks = min(one["week_start"].max() for one in dealt)  # type: ignore[type-var]
    texts = texts.filter(pl.col("week_start") <= weeks)
    told = pl.concat([_labelled(table, labels), *words])
    return Stream(texts, told.join(texts, on="text", how="semi"))


def nyc_311() -> dict[str, Any]:
    """The four events, and every other alarm."""
    table = pl.read_parquet(DATA / "counts" / "nyc311_weekly_share_2015_2016.parquet")
    table = table.with_columns(
        count=(pl.col("share") * 10_000).round(), exposure=pl.lit(10_000), week="week_start"
    )
    series = read_series(table, SeriesColumns("complaint_type", "week", "count", "exposure"))
    rows = series.rows.sort("week_start", "series")
    names = rows["series"].unique().sort().to_list()
    counts = rows["count"].to_numpy().reshape(-1, len(names)).astype(np.float64)
    weeks = rows["week_start"].unique().sort().to_list()
    judged = judge_series(series)
    found: dict[str, Any] = {"series": len(names), "judged_weeks": len(weeks) - HISTORY}
    alarms = {
        "voc": _flags(judged, weeks, names),
        "ears_c1": _flags(judge_series(series, method="ears_c1"), weeks, names),
        "obsei": obsei(counts),
        "z_above_2": z_above_2(counts),
    }
    for rule, flags in alarms.items():
        events = {
            name: bool(flags[weeks.index(day), names.index(name)]) for name, day in EVENTS.items()
        }
        found[rule] = {
            "events_found_in_their_week": sum(events.values()),
            "missed": [name for name, seen in events.items() if not seen],
            "other_alarms": int(flags[HISTORY:].sum()) - sum(events.values()),
            "other_new_alarms": int(_new(flags)[HISTORY:].sum())
            - sum(int(_new(flags)[weeks.index(day), names.index(n)]) for n, day in EVENTS.items()),
        }
    chosen = judged.filter(
        pl.any_horizontal(
            (pl.col("series") == name) & (pl.col("week_start") == day)
            for name, day in EVENTS.items()
        )
    )
    found["events"] = [
        row | {"week_start": str(row["week_start"])}
        for row in chosen.select(
            "series", "week_start", "observed_count", "expected_count", "upper_bound", "q_value",
            "verdict", "is_alarm",
        ).iter_rows(named=True)
    ]  # fmt: skip
    others = judged.filter("is_alarm")["series"].value_counts().sort("count", "series")
    found["alarms_by_series"] = dict(others.reverse().iter_rows())
    return found


def _flags(judged: pl.DataFrame, weeks: list[date], names: list[str]) -> NDArray[np.bool_]:
    flags = np.zeros((len(weeks), len(names)), dtype=bool)
    for name, week in judged.filter("is_alarm").select("series", "week_start").iter_rows():
        flags[weeks.index(week), names.index(name)] = True
    flags[:HISTORY] = False
    return flags


def _new(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Alarms of issues that did not alarm the week before."""
    before = np.vstack([np.zeros((1, flags.shape[1]), dtype=bool), flags[:-1]])
    return flags & ~before


def false_alarms(real: Stream, shuffles: int, seed: int) -> dict[str, Any]:
    """Alarms a week as it was, and with the weeks shuffled within source."""
    judged = len(real.weeks) - HISTORY
    found: dict[str, Any] = {
        "texts": real.texts.height,
        "issues": real.told["issue_id"].n_unique(),
        "judged_weeks": judged,
        "as_it_was": {
            rule: round(float(_new(flags).sum()) / judged, 3)
            for rule, flags in real.alarms().items()
        },
    }
    totals: dict[str, list[float]] = {}
    for number in range(shuffles):
        for rule, flags in real.shuffled(seed + number).alarms().items():
            totals.setdefault(rule, []).append(float(_new(flags).sum()) / judged)
    found["shuffled"] = {
        rule: {
            "new_alarms_a_week": round(float(np.mean(rates)), 3),
            "error": round(float(np.std(rates, ddof=1) / np.sqrt(len(rates))), 3),
        }
        for rule, rates in totals.items()
    }
    return found


def flood(real: Stream, shuffles: int, seed: int) -> dict[str, Any]:
    """New alarms and notices when one source brings ten times its texts."""
    weeks = real.weeks
    chosen = weeks[HISTORY + 4 :: max(1, (len(weeks) - HISTORY - 4) // max(1, shuffles // 2))]
    cases = [
        (source, week)
        for source in real.texts["source_id"].unique().sort()
        for week in chosen
        if real.texts.filter(source_id=source, week_start=week).height
    ]
    base, found = real.alarms(), {}
    for name, is_recent in (("texts_of_its_last_weeks", True), ("texts_of_all_weeks", False)):
        new: dict[str, list[int]] = {rule: [] for rule in base}
        notices = []
        for number, (source, week) in enumerate(cases):
            flooded = real.flooded(source, week, seed + number, is_recent=is_recent)
            step = weeks.index(week)
            for rule, flags in flooded.alarms().items():
                new[rule].append(int((flags[step] & ~base[rule][step]).sum()))
            notices.append(_notices(flooded, week))
        found[name] = {
            "floods": len(cases),
            "new_alarms_a_flood": {
                rule: {"mean": round(float(np.mean(one)), 2), "most": max(one)}
                for rule, one in new.items()
            },
            "floods_with_a_notice_of_a_surge": sum(one > 0 for one in notices),
        }
    return found


def _notices(real: Stream, week: date) -> int:
    """Sources named as odd in the week."""
    arrivals = (
        real.texts.filter(pl.col("week_start") <= week)
        .group_by("source_id", received_week="week_start")
        .agg(arrived_count=pl.len())
        .with_columns(
            late_count=pl.lit(0),
            rejected_count=pl.lit(0),
            last_seen_at=pl.col("received_week").cast(pl.Datetime("us")),
        )
    )
    sources = (
        real.texts.select("source_id")
        .unique()
        .with_columns(channel=pl.lit("survey"), is_required=pl.lit(value=False))
    )
    states = judge_sources(sources, arrivals, {}, week=week)["state"]
    return int((states == "surge").sum())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shuffles", type=int, default=20)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    if not DATA.is_dir():
        print("no ../shared/data here", file=sys.stderr)
        return 1
    told: dict[str, Any] = {"shuffles": options.shuffles, "nyc_311": nyc_311()}
    for name, real in (("stream", stream()), ("as_dated", as_dated())):
        told[name] = false_alarms(real, options.shuffles, options.seed)
        told[name]["flood"] = flood(real, options.shuffles, options.seed)
        print(f"{name} done", file=sys.stderr)
    print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
