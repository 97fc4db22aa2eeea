"""The simulated company: what it promises to the demo and to the tests of identity and trends."""

import gzip
import io
import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from models.errors import ConfigurationError
from models.settings import read_settings
from models.source import CfpbSource, TranscriptsSource
from models.week import ONE_WEEK, as_of, week_start
from voc_pipeline.sample import (
    DEFAULT_FIRST_WEEK,
    SimulatedCompany,
    company_settings_toml,
    simulate_company,
    write_company,
)
from voc_pipeline.sample.company import FUNCTIONS
from voc_pipeline.sample.events import EVENTS, VIRAL_WEEK
from voc_pipeline.sample.personal import KINDS
from voc_pipeline.sample.wording import read_catalogue

SCALE = 0.25
KEYS = {
    "survey": "answer_id", "tickets": "ticket_id", "app_reviews": "review_id", "social": "post_id",
    "complaints": "Reference", "chat": "conversation_id", "recorded_calls": "file_name",
    "call_log": "call_id",
}  # fmt: skip
TEXTS = {"survey": "answer", "tickets": "body", "app_reviews": "body", "social": "text",
         "complaints": "Complaint", "recorded_calls": "body"}  # fmt: skip


@pytest.fixture(scope="module")
def company() -> SimulatedCompany:
    return simulate_company(seed=11, weeks=60, scale=SCALE, first_week=DEFAULT_FIRST_WEEK)


@pytest.fixture(scope="module")
def home(company: SimulatedCompany, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_company(company, folder)
    (folder / "settings.toml").write_text(company_settings_toml(company), encoding="utf-8")
    return folder


def texts(company: SimulatedCompany) -> pl.DataFrame:
    """source_id, external_id, text of every record with words."""
    frames = [
        company.sources[source].select(
            source_id=pl.lit(source),
            external_id=pl.lit("sources/recorded_calls/" if source == "recorded_calls" else "")
            + pl.col(KEYS[source]),
            text=pl.col(column),
        )
        for source, column in TEXTS.items()
    ]
    said = pl.element().struct.field("text")
    frames.append(
        company.sources["chat"].select(
            source_id=pl.lit("chat"),
            external_id="conversation_id",
            text=pl.col("turns").list.eval(said).list.join("\n"),
        )
    )
    return pl.concat(frames)


def weekly(company: SimulatedCompany, problem: str, source: str | None = None) -> list[int]:
    """Mentions of a problem by week of speaking."""
    found = company.truth["mentions"].filter(problem_id=problem)
    found = found.filter(source_id=source) if source else found
    weeks = found.with_columns(
        (pl.col("week_start") - company.first_week).dt.total_days().alias("days")
    )
    counts = [0] * company.weeks
    for days in weeks["days"]:
        counts[days // 7] += 1
    return counts


def test_same_seed_gives_the_same_company(company: SimulatedCompany) -> None:
    again = simulate_company(seed=11, weeks=6, scale=SCALE, first_week=DEFAULT_FIRST_WEEK)
    twice = simulate_company(seed=11, weeks=6, scale=SCALE, first_week=DEFAULT_FIRST_WEEK)
    other = simulate_company(seed=12, weeks=6, scale=SCALE, first_week=DEFAULT_FIRST_WEEK)
    for source, records in again.sources.items():
        assert records.equals(twice.sources[source])
        assert not records.equals(other.sources[source])
    assert all(frame.equals(twice.truth[name]) for name, frame in again.truth.items())


def test_more_weeks_only_add_files(company: SimulatedCompany, home: Path, tmp_path: Path) -> None:
    shorter = simulate_company(seed=11, weeks=20, scale=SCALE, first_week=DEFAULT_FIRST_WEEK)
    write_company(shorter, tmp_path)
    written = [path.relative_to(tmp_path) for path in (tmp_path / "sources").rglob("*.*")]
    assert len(written) > 20 * 7
    assert all((tmp_path / path).read_bytes() == (home / path).read_bytes() for path in written)
    limit = shorter.last_week
    for name in ("mentions", "feedback"):
        whole = company.truth[name].filter(pl.col("received_week") <= limit)
        assert whole.equals(shorter.truth[name])


def test_unchanged_files_are_left_alone(tmp_path: Path) -> None:
    small = simulate_company(seed=3, weeks=2, scale=0.05, first_week=DEFAULT_FIRST_WEEK)
    write_company(small, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    write_company(small, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_truth_has_each_record_of_the_files_once(company: SimulatedCompany) -> None:
    truth = company.truth["feedback"]
    for source, records in company.sources.items():
        ids = records[KEYS[source]]
        if source == "recorded_calls":
            ids = "sources/recorded_calls/" + ids
        told = truth.filter(source_id=source)
        assert ids.n_unique() == len(ids)
        assert sorted(ids) == sorted(told["external_id"])
        by_file = records.group_by("received_week").len().sort("received_week")
        assert by_file.equals(told.group_by("received_week").len().sort("received_week"))
    assert truth.height == sum(records.height for records in company.sources.values())


def test_mentions_and_personal_values_belong_to_records(company: SimulatedCompany) -> None:
    key = ["source_id", "external_id"]
    truth = company.truth
    for name in ("mentions", "pii"):
        assert truth[name].join(truth["feedback"], on=key, how="anti").is_empty()
    assert truth["mentions"].select(*key, "problem_id").is_duplicated().sum() == 0
    assert set(truth["mentions"]["problem_id"]) <= set(truth["issues"]["problem_id"])
    with_problem = truth["feedback"].filter(pl.col("kind").is_in(["problem", "mixed", "viral"]))
    mentioned = truth["mentions"].select(key).unique()
    assert mentioned.sort(key).equals(with_problem.select(key).sort(key))


def test_weekly_volume_is_that_of_the_scale(company: SimulatedCompany) -> None:
    totals = company.truth["feedback"].group_by("week_start").len().sort("week_start")
    assert totals.height == 60
    ordinary = totals["len"].median()
    assert isinstance(ordinary, float)
    assert 600 * SCALE < ordinary < 750 * SCALE
    assert 40_000 * SCALE < totals["len"].sum() < 45_000 * SCALE


def test_counts_follow_the_planted_rates(company: SimulatedCompany) -> None:
    rates = company.truth["rates"]
    mentions = company.truth["mentions"].filter(pl.col("source_id") != "social")
    seen = mentions.group_by("problem_id").len()
    sums = rates.group_by("problem_id").agg(pl.col("expected_count").sum())
    both = sums.join(seen, on="problem_id")
    assert both.height == company.truth["issues"].height
    ratio = both["len"].sum() / both["expected_count"].sum()
    # Social posts left out, second mentions and "what went well" on top.
    assert 0.85 < ratio < 1.15


@pytest.mark.parametrize(
    ("problem", "before", "after", "low", "high"),
    [
        ("checkout_freeze", range(20), range(22, 30), 99.0, None),
        ("checkout_freeze", range(22, 30), range(33, 45), 0.0, 0.08),
        ("face_login_loop", range(56), range(57, 60), 99.0, None),
        ("hold_time", range(14), range(45, 60), 1.9, 3.6),
        ("password_reset", range(18), range(22, 60), 0.15, 0.45),
        ("address_form", range(24), range(25, 60), 0.6, 1.6),
        ("app_slow", range(36), range(51, 60), 0.2, 0.65),
        ("points_missing", range(49), range(52, 60), 0.0, 0.15),
        ("double_charge", range(50, 58), range(58, 60), 1.6, 4.5),
        ("late_delivery", range(8), range(9, 14), 1.7, 4.5),
        ("wrong_item", range(30), range(30, 60), 0.75, 1.35),
    ],
)
def test_each_course_of_events_is_visible_in_the_truth(
    company: SimulatedCompany, problem: str, before: range, after: range, low: float,
    high: float | None,
) -> None:  # fmt: skip
    counts = weekly(company, problem)
    was = sum(counts[week] for week in before) / len(before)
    is_ = sum(counts[week] for week in after) / len(after)
    if high is None:
        assert was == 0
        assert is_ > 2
    else:
        assert low <= is_ / was <= high


def test_a_split_ends_the_parent_and_begins_two_children(company: SimulatedCompany) -> None:
    parent = weekly(company, "delivered_not_received")
    children = [weekly(company, child) for child in ("photo_wrong_door", "left_in_open")]
    assert sum(parent[:34]) > 60
    assert sum(parent[34:]) == 0
    for child in children:
        assert sum(child[:34]) == 0
        assert sum(child[34:]) > 20


def test_a_merge_ends_two_parents_and_begins_one_child(company: SimulatedCompany) -> None:
    for parent in ("gift_card", "promo_rejected"):
        counts = weekly(company, parent)
        assert sum(counts[:40]) > 40
        assert sum(counts[40:]) == 0
    child = weekly(company, "wallet_credit")
    assert sum(child[:40]) == 0
    assert sum(child[40:]) > 60


def test_a_silent_source_hands_over_nothing_for_two_weeks(
    company: SimulatedCompany, home: Path
) -> None:
    files = {path.name for path in (home / "sources" / "social").iterdir()}
    silent = [company.first_week + week * ONE_WEEK for week in (25, 26)]
    assert len(files) == 58
    assert not files & {f"simulated_social_{week}.parquet" for week in silent}
    assert not set(silent) & set(company.sources["social"]["received_week"])


def test_a_text_is_pasted_by_one_account_and_many_others(company: SimulatedCompany) -> None:
    viral = company.truth["feedback"].filter(kind="viral")
    week = company.first_week + VIRAL_WEEK * ONE_WEEK
    assert viral.height == pytest.approx(500 * SCALE, rel=0.05)
    assert set(viral["week_start"]) == {week}
    accounts = viral["customer_id"].value_counts(sort=True)
    assert 0.7 < accounts["count"][0] / viral.height < 0.8
    assert accounts.height > 15
    pasted = company.sources["social"].filter(post_id=viral["external_id"][0])["text"][0]
    assert (company.sources["social"]["text"] == pasted).sum() == viral.height


def test_some_records_arrive_one_to_four_weeks_late(company: SimulatedCompany) -> None:
    truth = company.truth["feedback"].with_columns(
        weeks=(pl.col("received_week") - pl.col("week_start")).dt.total_days() // 7
    )
    tickets = truth.filter(source_id="tickets")
    assert 0.02 < (tickets["weeks"] > 0).mean() < 0.07
    assert set(tickets["weeks"]) <= {0, 1, 2, 3, 4}
    assert truth.filter(source_id="chat")["weeks"].max() == 0
    strike = truth.filter(source_id="complaints", week_start=company.first_week + 26 * ONE_WEEK)
    assert (strike["weeks"] == 2).mean() > 0.4


def test_a_volume_jump_leaves_the_shares_as_they_are(company: SimulatedCompany) -> None:
    survey = company.truth["feedback"].filter(source_id="survey")
    week = (pl.col("week_start") - company.first_week).dt.total_days() // 7
    jump = survey.filter(week.is_between(46, 48)).height / 3
    usual = survey.filter(week.is_between(36, 45)).height / 10
    assert 1.7 < jump / usual < 2.8
    shares = []
    for first, last in ((43, 45), (46, 48)):
        mentions = company.truth["mentions"].filter(
            week.is_between(first, last), source_id="survey"
        )
        share = (mentions["problem_id"] == "hold_time").mean()
        shares.append(share)
    assert abs(shares[0] - shares[1]) < 0.12


def test_planted_personal_values_stand_in_the_texts(company: SimulatedCompany) -> None:
    planted = company.truth["pii"].join(texts(company), on=["source_id", "external_id"], how="left")
    assert planted["text"].null_count() == 0
    assert planted.filter(~pl.col("text").str.contains(pl.col("value"), literal=True)).is_empty()
    assert set(planted["kind"]) == set(KINDS)
    assert planted.filter(cue="known").height > 100


def test_events_of_the_truth_are_those_that_began(company: SimulatedCompany) -> None:
    events = company.truth["events"]
    assert {event.name for event in EVENTS} <= set(events["event"])
    assert {"christmas_2025"} == set(events["event"]) - {event.name for event in EVENTS}
    fewer = simulate_company(seed=1, weeks=15, scale=0.02, first_week=DEFAULT_FIRST_WEEK)
    assert set(fewer.truth["events"]["event"]) == {"hold_rise", "christmas_2025"}


def test_settings_describe_the_files_that_were_written(home: Path) -> None:
    settings = read_settings(home)
    assert settings.company.is_simulated
    assert settings.company.final_week == date(2026, 11, 9)
    assert [one.id for one in settings.functions] == [one.id for one in FUNCTIONS]
    assert {source.id for source in settings.sources} == set(KEYS)
    for source in settings.sources:
        assert not isinstance(source, CfpbSource)
        files = list(home.glob(source.paths[0]))
        assert files
        assert all(file.name.startswith("simulated_") for file in files)
        if isinstance(source, TranscriptsSource):
            continue
        named = [value for _, value in source.columns if value]
        wanted = {
            name for value in named for name in ([value] if isinstance(value, str) else value)
        }
        assert wanted <= set(read_columns(files[0]))


def read_columns(path: Path) -> list[str]:
    content = path.read_bytes()
    if path.suffix == ".parquet":
        return pl.read_parquet_schema(io.BytesIO(content)).names()
    if path.suffix == ".csv":
        return re.split("[,;]", content.splitlines()[0].decode())
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    return list(json.loads(content.splitlines()[0]))


def test_each_record_says_that_it_is_simulated_but_not_in_its_words(
    company: SimulatedCompany,
) -> None:
    for source, records in company.sources.items():
        assert (records["note"] == "simulated").all()
        if source != "recorded_calls":
            continue
        assert records["body"].str.contains("NOTE simulated").all()
    spoken = texts(company).filter(pl.col("source_id") != "recorded_calls")
    assert not spoken["text"].str.contains("(?i)simulat").any()


def test_files_hold_what_the_load_of_their_week_brings(home: Path) -> None:
    settings = read_settings(home)
    for path in sorted((home / "sources" / "tickets").iterdir())[20:40]:
        week = date.fromisoformat(path.name[-19:-9])
        zone, hour = settings.company.time_zone, settings.company.cutoff_hour
        opens, closes = as_of(week - ONE_WEEK, zone, hour), as_of(week, zone, hour)
        for line in gzip.decompress(path.read_bytes()).splitlines():
            row = json.loads(line)
            occurred = datetime.fromisoformat(row["created_at"])
            received = datetime.fromisoformat(row["received_at"])
            assert occurred < received
            known = received.replace(tzinfo=None) - (received.utcoffset() or timedelta(0))
            assert opens < known <= closes
            assert week_start(occurred.date()) <= week


def test_complaints_are_written_as_the_old_desk_does(home: Path) -> None:
    path = min((home / "sources" / "complaints").iterdir())
    text = path.read_bytes().decode("cp1252")
    assert text.startswith("Reference;Date;Registered;")
    whole = b"".join(one.read_bytes() for one in (home / "sources" / "complaints").iterdir())
    assert b"\xa3" in whole  # a pound sign, one byte in this encoding
    assert re.search(r"H\d{6};\d{2}/\d{2}/\d{4};", text)


def test_letters_are_registered_before_their_week_is_closed(company: SimulatedCompany) -> None:
    letters = company.sources["complaints"].with_columns(
        pl.col("Date", "Registered").str.to_date("%d/%m/%Y")
    )
    assert (letters["Date"] <= letters["Registered"]).all()
    # Dates are midnights: that of the next Monday still lies before the cutoff, that of this
    # Monday would be known to the week before.
    days = (letters["Registered"] - letters["received_week"]).dt.total_days()
    assert set(days) == set(range(1, 8))


def test_a_survey_response_has_two_questions_and_one_score(company: SimulatedCompany) -> None:
    by_response = company.sources["survey"].group_by("response_id").agg(
        pl.len(), pl.col("question").n_unique().alias("questions"),
        pl.col("nps").n_unique().alias("scores"),
    )  # fmt: skip
    assert (by_response["len"] == 2).all()
    assert (by_response["questions"] == 2).all()
    assert (by_response["scores"] == 1).all()


def test_wording_is_varied(company: SimulatedCompany) -> None:
    catalogue = read_catalogue()
    assert 35 <= len(catalogue.problems) <= 50
    assert {one.function for one in catalogue.problems.values()} == {one.id for one in FUNCTIONS}
    frames = [frame for one in catalogue.problems.values() for frame in set(one.frames)]
    assert len(frames) == len(set(frames))
    assert min(len(set(one.frames)) for one in catalogue.problems.values()) >= 25
    assert min(len(one.core) for one in catalogue.problems.values()) >= 3
    words = texts(company).join(company.truth["feedback"], on=["source_id", "external_id"])
    problems = words.filter(pl.col("kind").is_in(["problem", "mixed"]))
    key = pl.col("text").str.to_lowercase().str.replace_all("[^a-z]+", " ")
    keys = problems.select(key)["text"]
    assert keys.n_unique() / len(keys) > 0.94


@pytest.mark.parametrize("wrong", [{"weeks": 0}, {"scale": 0.0}, {"seed": -1}])
def test_a_simulation_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="at least one week"):
        simulate_company(**({"seed": 1, "first_week": DEFAULT_FIRST_WEEK} | wrong))  # type: ignore[arg-type]


def test_any_day_of_the_first_week_will_do() -> None:
    midweek = simulate_company(
        seed=1, weeks=1, scale=0.02, first_week=DEFAULT_FIRST_WEEK + timedelta(days=3)
    )
    assert midweek.first_week == DEFAULT_FIRST_WEEK
    assert midweek.orders.height == 1
    assert midweek.customers["customer_id"].n_unique() == midweek.customers.height
