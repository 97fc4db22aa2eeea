"""Do issues keep their ids over weeks, and are new ones found, and only those?

A labelled file with weeks is replayed through the register, one week after the other, empty weeks
included; the figures compare what stands at the end, and what was born when, with people's labels.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl
from sklearn.metrics import adjusted_rand_score

from models.week import ONE_WEEK, weeks_between
from voc_pipeline.evaluate.texts import as_segments, spoken_keys
from voc_pipeline.issues.register_options import RegisterOptions
from voc_pipeline.issues.registry import advance_register
from voc_pipeline.issues.vectors import VectorModel

_FOUND_SHARE = 0.3
_FOUND_PURITY = 0.5
_LEAST_LATE_TEXTS = 6
_FIRST_WEEKS = 3


@dataclass
class Replay:
    """What a replay leaves: per text its first and last issue, and every issue's birth."""

    first: list[str | None]
    last: list[str | None]
    born: dict[str, date]
    events: Counter[str] = field(default_factory=Counter)


def replay(
    texts: Sequence[str | None],
    weeks: Sequence[date],
    model: VectorModel,
    *,
    sources: Sequence[str] | None = None,
    options: RegisterOptions | None = None,
) -> Replay:
    """Run the register over every week from the first to the last of `weeks` (Mondays).

    Args:
        texts: one per row of the set; an absent one says nothing.
        weeks: the Monday in which each text is received.
        model: what embeds.
        sources: where each text came from; one source if left out.
        options: the register's own if left out.
    """
    options = options or RegisterOptions(model_id=model.model_id)
    keys = spoken_keys(texts)
    distinct = sorted(set(keys))
    number = {key: at for at, key in enumerate(distinct)}
    vectors = model.embed(distinct)[[number[key] for key in keys]]
    frame = as_segments(texts, keys, weeks, vectors)
    if sources is not None:
        frame = frame.with_columns(source_id=pl.Series(list(sources), dtype=pl.String))
    issues = pl.DataFrame()
    current: dict[str, str | None] = {}
    first: dict[str, str | None] = {}
    done = Replay([], [], {})
    for week in weeks_between(min(weeks), max(weeks)):
        oldest = week - timedelta(weeks=options.window_weeks - 1)
        window = frame.filter(pl.col("received_week").is_between(oldest, week))
        held = [current.get(one) for one in window["segment_id"]]
        window = window.with_columns(pl.Series("current_issue_id", held, dtype=pl.String))
        step = advance_register(issues, window, week=week, options=options)
        issues = step.issues
        for segment, issue in step.assignments.select("segment_id", "issue_id").iter_rows():
            current[segment] = issue
            if first.get(segment) is None:
                first[segment] = issue
        _follow_merges(step.lineage, current)
        done.events.update(step.lineage["event"].to_list())
        for issue, born in issues.select("issue_id", "born_week").iter_rows():
            done.born.setdefault(issue, born)
    ids = frame["segment_id"].to_list()
    done.first, done.last = [first.get(one) for one in ids], [current.get(one) for one in ids]
    return done


def _follow_merges(lineage: pl.DataFrame, current: dict[str, str | None]) -> None:
    """Texts older than the window move with their issue too, as they do in the warehouse."""
    merged = lineage.filter(pl.col("event") == "merged")
    into = dict(merged.select("issue_id", "other_issue_id").iter_rows())
    if into:
        for segment, issue in current.items():
            if issue is not None and issue in into:
                current[segment] = _survivor(issue, into)


def _survivor(issue: str, into: dict[str, str]) -> str:
    while issue in into:
        issue = into[issue]
    return issue


def late_labels(human: Sequence[str | None], weeks: Sequence[date]) -> dict[str, date]:
    """Labels with at least six texts that are first heard after the third week, and that week."""
    first: dict[str, date] = {}
    for label, week in zip(human, weeks, strict=True):
        if label:
            first[label] = min(first.get(label, week), week)
    sizes = Counter(label for label in human if label)
    start = min(weeks) + ONE_WEEK * _FIRST_WEEKS
    return {
        label: week
        for label, week in sorted(first.items())
        if week >= start and sizes[label] >= _LEAST_LATE_TEXTS
    }


def judge_identity(
    done: Replay, human: Sequence[str | None], weeks: Sequence[date]
) -> dict[str, object]:
    """Figures of one replay; texts without a label are replayed and not judged.

    A late label is found if an issue born after it appeared holds at least 30 % of its texts at
    purity .5. A birth is spurious if its majority is a label known before, and a fragment if it is
    a further one with the majority of a late label. Births of the weeks in which the register
    starts are neither.
    """
    judged = [at for at, label in enumerate(human) if label]
    labels = [str(human[at]) for at in judged]
    places = [done.last[at] for at in judged]
    groups = [place or f"unassigned {at}" for place, at in zip(places, judged, strict=True)]
    late = late_labels(human, weeks)
    found, spurious, fragments = _births(labels, places, done.born, late)
    kept = [done.first[at] == place for at, place in zip(judged, places, strict=True) if place]
    return {
        "texts": len(human),
        "texts_judged": len(judged),
        "weeks": len(list(weeks_between(min(weeks), max(weeks)))),
        "issues": len({place for place in places if place}),
        "end_ari": round(float(adjusted_rand_score(labels, groups)), 4),
        "id_constant": round(float(np.mean(kept)), 4) if kept else None,
        "late_labels": len(late),
        "found": len(found),
        "weeks_late": sorted(found.values()),
        "spurious_births": spurious,
        "fragments": fragments,
        "share_unassigned": round(places.count(None) / max(len(places), 1), 4),
        "events": dict(sorted(done.events.items())),
    }


def _births(
    labels: list[str],
    places: list[str | None],
    born: dict[str, date],
    late: dict[str, date],
) -> tuple[dict[str, int], int, int]:
    """Weeks each late label was found after its first; spurious births; fragments."""
    inside: dict[str, Counter[str]] = {}
    for label, place in zip(labels, places, strict=True):
        if place is not None:
            inside.setdefault(place, Counter())[label] += 1
    sizes = Counter(labels)
    founded = min(born.values(), default=date.max)
    found: dict[str, int] = {}
    spurious = fragments = 0
    for issue in sorted(inside, key=lambda one: (born[one], one)):
        if born[issue] <= founded:
            continue
        counts = inside[issue]
        label, count = max(counts.items(), key=lambda one: (one[1], one[0]))
        first = late.get(label)
        holds = count >= _FOUND_SHARE * sizes[label] and count >= _FOUND_PURITY * counts.total()
        if first is None or born[issue] < first:
            spurious += 1
        elif label not in found and holds:
            found[label] = (born[issue] - first).days // 7
        else:
            fragments += 1
    return found, spurious, fragments
