"""Issues over many weeks: they converge, come apart, return, and are found late."""

from collections import Counter

import numpy as np
import polars as pl
from spoken_weeks import (
    CENTRES,
    LIFELIKE,
    SEED,
    STEADY,
    Company,
    around,
    said_around,
    speak,
    week,
)

from voc_pipeline.issues.register_options import RegisterOptions
from voc_pipeline.issues.vectors import unit_rows


def test_two_young_issues_that_converge_become_the_older_one():
    company = Company(
        RegisterOptions(model_id="test-1-32", founding_texts=150, merge_similarity=0.8)
    )
    for number in range(8):
        company.hear(number, speak(number, STEADY))
    for number in (8, 9):
        company.hear(number, speak(number, {**STEADY, 8: 14}))
    older = company.issue_of(8, 9)
    twin = company.issues.filter(pl.col("issue_id") == older).with_columns(
        issue_id=pl.lit("ISS-0099"), born_week=week(9)
    )
    company.issues = pl.concat([company.issues, twin])
    step = company.hear(10, speak(10, STEADY))
    merged = step.lineage.filter(pl.col("event") == "merged").row(0, named=True)
    assert (merged["issue_id"], merged["other_issue_id"]) == ("ISS-0099", older)
    state = dict(step.issues.select("issue_id", "state").iter_rows())
    assert state["ISS-0099"] == "merged"
    company.hear(11, speak(11, {**STEADY, 10: 14}))
    company.hear(12, speak(12, {**STEADY, 10: 14}))
    assert company.issue_of(10, 12) == "ISS-0100"


def test_an_issue_that_has_come_apart_is_split_and_no_mention_is_lost():
    """Two subjects that were one at the start part; the smaller gets an id of its own."""
    company = Company()
    between = unit_rows((CENTRES[6] + CENTRES[7])[None, :])[0]
    random = np.random.default_rng([SEED, 5])

    def told(number: int, centre, count: int, name: str) -> pl.DataFrame:
        said = said_around(speak(number, {11: count}), around(centre, count, random))
        return said.with_columns(pl.col("segment_id", "feedback_id", "voice_key", "text_key",
                                        "text_hash") + name)  # fmt: skip

    for number in range(4):
        company.hear(number, speak(number, STEADY), told(number, between, 8, "-both"))
    issue = company.current["000-11-0000-0-both"]
    assert issue is not None
    for number in range(4, 12):
        before = dict(company.current)
        step = company.hear(
            number,
            speak(number, STEADY),
            told(number, 0.6 * between + CENTRES[6], 12, "-one"),
            told(number, 0.6 * between + CENTRES[7], 9, "-two"),
        )
        splits = step.lineage.filter(pl.col("event") == "split").to_dicts()
        for row in splits:
            moved = [
                name
                for name, place in company.current.items()
                if place == row["other_issue_id"] and before.get(name) != place
            ]
            assert len(moved) >= row["mention_count"] > 0
        members = dict(company.issues.select("issue_id", "member_count").iter_rows())
        assigned = Counter(place for place in company.current.values() if place)
        assert members == {name: assigned.get(name, 0) for name in members}
    one, two = company.current["011-11-0000-0-one"], company.current["011-11-0000-0-two"]
    assert one != two


def test_issues_whose_wording_drifts_keep_their_ids():
    """Over twelve weeks a third of what each of six subjects means becomes something else.

    A user follows each under one id: it has most of what is said, in the last weeks too.
    """
    company = Company()
    random = np.random.default_rng([SEED, 11])
    for number in range(22):
        turned = 0.33 * max(0, number - 9) / 12
        centres = [(1 - turned) * CENTRES[at] + turned * CENTRES[at + 6] for at in STEADY]
        vectors = np.vstack([around(centre, 40, random, LIFELIKE) for centre in centres])
        company.hear(number, said_around(speak(number, STEADY), vectors))
    kept = np.array([
        [company.share_of(subject, number, company.issue_of(subject, 9)) for subject in STEADY]
        for number in range(10, 22)
    ])  # fmt: skip
    assert kept.mean() >= 0.75
    assert (kept[-3:].mean(axis=0) > 0.5).all()
    born = {event[2] for event in company.events if event[0] > 9 and event[1] == "born"}
    assert len(born) <= 9  # one beside each, mostly: what is new in words looks new


def test_a_season_that_returns_after_26_weeks_keeps_its_old_id():
    company = Company()
    thin = dict.fromkeys(range(5), 12)
    for number in range(4):
        company.hear(number, speak(number, {**thin, 5: 14, 7: 14, 8: 14, 9: 14, 10: 14}))
    name = company.issue_of(5, 3)
    assert name is not None
    quiet = {**thin, 7: 14, 8: 14, 9: 14, 10: 14}
    for number in range(4, 30):
        company.hear(number, speak(number, quiet))
    born = set(company.issues["issue_id"])
    for number in (30, 31):
        company.hear(number, speak(number, {**quiet, 5: 14}))
        assert company.issue_of(5, number) == name
    assert set(company.issues["issue_id"]) == born
    assert [event[1] for event in company.events if event[2] == name] == [
        "born", "dormant", "returned",
    ]  # fmt: skip


def test_a_small_steady_subject_that_the_start_missed_is_found_later():
    company = Company()
    for number in range(3):
        company.hear(number, speak(number, STEADY))
    for number in range(3, 20):
        company.hear(number, speak(number, {**STEADY, 9: 1}))
    assert company.issue_of(9, 19) is not None


def test_what_a_thin_start_has_put_together_is_found_apart_later():
    """As if four subjects of four texts a week had been found as one issue that holds all."""
    company = Company()
    for number in range(4):
        company.hear(number, speak(number, dict.fromkeys(range(4), 4)))
    widest = put_all_together(company)
    for number in range(4, 16):
        company.hear(number, speak(number, dict.fromkeys(range(4), 4)))
    places = {subject: company.issue_of(subject, 15) for subject in range(4)}
    assert None not in places.values()
    assert len(set(places.values())) >= 3
    came_from = [event for event in company.events if event[1] == "born" and event[3] == widest]
    assert sum(event[4] for event in came_from) > 0
    assert company.issues["member_count"].sum() == sum(
        place is not None for place in company.current.values()
    )


def put_all_together(company: Company) -> str:
    """The register as if all its issues had been found as the first; returns its id."""
    rows = company.issues.filter(pl.col("member_count") > 0).to_dicts()
    sums = [np.array(row["vector_sum"]) for row in rows]
    weight = sum(np.linalg.norm(one) / row["cohesion"] for one, row in zip(sums, rows, strict=True))
    total = np.sum(sums, axis=0)
    whole = rows[0] | {
        "vector_sum": total.tolist(),
        "cohesion": float(np.linalg.norm(total) / weight),
        "member_count": sum(row["member_count"] for row in rows),
        "threshold": 0.2,
    }
    company.issues = pl.DataFrame([whole], schema=company.issues.schema)
    company.current = {
        one: whole["issue_id"] if place else None for one, place in company.current.items()
    }
    return str(whole["issue_id"])
