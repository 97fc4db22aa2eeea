"""Loads of real files into a real warehouse: every record somewhere, nothing twice or lost."""

from datetime import date
from pathlib import Path

import pytest

from assets.feedback import feedback
from assets.home import Home
from assets.raw import raw
from assets.stage import WeekRun
from models.errors import FatalSourceError
from models.feedback import Feedback
from models.raw import Load, RawRecord, Reject, SourceHealth
from voc_pipeline.feedback.customers import customer_key
from voc_pipeline.warehouse import knowledge, soundness

FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 12)
SETTINGS = """
[company]
id = "shop"
name = "Shop (simulated)"
start_week = "2026-W02"
is_simulated = true

[[sources]]
id = "reviews"
kind = "files"
channel = "review"
is_snapshot = true
paths = ["reviews*.csv"]
columns.external_id = ["id"]
columns.occurred_at = ["day"]
columns.verbatim = ["words"]
columns.customer_id = "who"
score = {{ column = "stars", metric = "rating", minimum = 1, maximum = 5, non_answers = ["0"] }}

[[sources]]
id = "letters"
kind = "files"
channel = "letter"
paths = ["letters.csv"]
columns.occurred_at = ["{day}"]
columns.verbatim = ["words"]
"""
HEAD = "id,day,words,who,stars\n"
ROWS = {
    "1": "1,2026-01-06,The app crashes when I pay,ann,1\n",
    "2": "2,2026-01-07,Delivery was late again,bob,2\n",
    "3": "3,2026-01-08,Lovely shop,cy,5\n",
}


@pytest.fixture
def shop(tmp_path) -> Home:
    write(tmp_path, *ROWS.values())
    (tmp_path / "letters.csv").write_text("day,words\n2026-01-06,I wrote a letter\n")
    (tmp_path / "settings.toml").write_text(SETTINGS.format(day="day"))
    return Home(tmp_path)


def write(folder: Path, *rows: str) -> None:
    (folder / "reviews.csv").write_text(HEAD + "".join(rows))


def load(home: Home, week: date) -> dict:
    """Run both stages for a week; returns the latest load of the reviews."""
    with home.warehouse() as warehouse:
        for name, body in (("raw", raw), ("feedback", feedback)):
            body(WeekRun(name, home, warehouse, [week], lambda _: None, attempt=1))
        assert soundness.unbalanced_loads(warehouse).is_empty()
        found = warehouse.rows(Load, "source_id = 'reviews' AND received_week = ?", week)
    return {
        name.removesuffix("_count"): count
        for name, count in found.row(-1, named=True).items()
        if name.endswith("_count") and count
    }


def current(home: Home, week: date):
    with home.warehouse() as warehouse:
        rows = knowledge.current_feedback(warehouse, week)
    return rows.filter(rows["source_id"] == "reviews")


def test_a_changed_record_is_a_revision_that_replaces_the_first(shop):
    assert load(shop, FIRST) == {"fetched": 3, "loaded": 3}
    write(shop.path, ROWS["1"], ROWS["2"].replace("late", "two days late"), ROWS["3"])
    assert load(shop, SECOND) == {"fetched": 3, "revised": 1, "duplicate": 2}
    now, before = current(shop, SECOND), current(shop, FIRST)
    assert now.height == before.height == 3
    assert "two days late" in "".join(now["verbatim"])
    assert "two days late" not in "".join(before["verbatim"])


def test_a_record_gone_from_a_snapshot_is_deleted_and_its_payload_stays(shop):
    load(shop, FIRST)
    write(shop.path, ROWS["1"], ROWS["3"])
    assert load(shop, SECOND) == {"fetched": 3, "deleted": 1, "duplicate": 2}
    assert current(shop, FIRST)["external_id"].sort().to_list() == ["1", "2", "3"]
    assert current(shop, SECOND)["external_id"].sort().to_list() == ["1", "3"]
    with shop.warehouse() as warehouse:
        kept = warehouse.rows(RawRecord, "external_id = '2'")
    assert kept["is_deleted"].to_list() == [False, True]
    assert "Delivery" in kept["payload"][0]


def test_other_settings_prove_no_deletion(shop):
    load(shop, FIRST)
    (shop.path / "settings.toml").write_text(
        SETTINGS.format(day="day").replace('paths = ["reviews*.csv"]', 'paths = ["reviews2.csv"]')
    )
    (shop.path / "reviews2.csv").write_text(HEAD + ROWS["1"])
    assert load(Home(shop.path), SECOND) == {"fetched": 1, "duplicate": 1}


def test_the_same_load_again_writes_no_second_ledger_row(shop):
    load(shop, FIRST)
    load(shop, FIRST)
    with shop.warehouse() as warehouse:
        assert warehouse.rows(Load, "source_id = 'reviews'").height == 1
        assert warehouse.rows(Feedback).height == 4


def test_bad_rows_are_set_aside_with_reason_and_payload_and_the_rest_loads(shop):
    bad = ("4,,no day,dan,3\n", "5,2026-01-09,eleven stars,eve,11\n", "6,1970-01-01,old,flo,1\n")
    write(shop.path, *ROWS.values(), *bad)
    found = load(shop, FIRST)
    assert found == {"fetched": 6, "loaded": 4, "rejected": 1, "outside_window": 1}
    with shop.warehouse() as warehouse:
        rejects = warehouse.rows(Reject).sort("scope")
    assert rejects["scope"].to_list() == ["record", "score"]
    assert all(rejects["remedy"])
    assert "no day" in rejects["payload"][0]
    assert "no day" not in rejects["reason"][0]
    eleven = current(shop, FIRST).filter(current(shop, FIRST)["external_id"] == "5")
    assert eleven["score"].to_list() == [None]
    assert eleven["verbatim"].to_list() == ["eleven stars"]


def test_a_reject_read_again_is_a_duplicate_and_loads_once_it_is_mended(shop):
    write(shop.path, *ROWS.values(), "4,,no day,dan,3\n")
    assert load(shop, FIRST)["rejected"] == 1
    write(shop.path, *ROWS.values(), "4,,no day,dan,3\n", "7,2026-01-13,new,gil,3\n")
    assert load(shop, SECOND) == {"fetched": 5, "loaded": 1, "duplicate": 4}
    write(shop.path, *ROWS.values(), "4,2026-01-14,no day,dan,3\n", "7,2026-01-13,new,gil,3\n")
    assert load(shop, SECOND)["loaded"] == 1


def test_an_erased_customer_is_counted_and_never_stored(shop):
    with shop.warehouse() as warehouse:
        key = customer_key("ann", shop.pseudonym_key)
        warehouse.execute("INSERT INTO suppressed_customers VALUES (?)", [key])
    assert load(shop, FIRST) == {"fetched": 3, "loaded": 2, "suppressed": 1}
    with shop.warehouse() as warehouse:
        payloads = "".join(warehouse.rows(RawRecord)["payload"])
    assert "crashes" not in payloads


def test_a_source_that_fails_is_named_and_the_others_load(shop):
    (shop.path / "settings.toml").write_text(SETTINGS.format(day="date"))
    assert load(Home(shop.path), FIRST)["loaded"] == 3
    with shop.warehouse() as warehouse:
        health = warehouse.rows(SourceHealth, "source_id = 'letters'").row(0, named=True)
        assert warehouse.rows(Load, "source_id = 'letters'").is_empty()
    assert health["state"] == "failed"
    assert "date" in health["message"]
    assert "day" in health["message"]


def test_what_was_missed_by_a_failed_week_comes_with_the_next(shop):
    (shop.path / "settings.toml").write_text(SETTINGS.format(day="date"))
    load(Home(shop.path), FIRST)
    (shop.path / "settings.toml").write_text(SETTINGS.format(day="day"))
    load(Home(shop.path), SECOND)
    with shop.warehouse() as warehouse:
        rows = warehouse.rows(RawRecord, "source_id = 'letters'")
    assert rows["received_week"].to_list() == [SECOND]


def test_a_kill_in_the_middle_of_a_load_leaves_nothing_of_it(shop, monkeypatch):
    import assets.raw

    def dies(*arguments):
        raise FatalSourceError("the last page did not come")

    with monkeypatch.context() as patch:
        patch.setattr(assets.raw.intake, "store_cursor", dies)
        with shop.warehouse() as warehouse:
            with pytest.raises(FatalSourceError, match="no source could be read"):
                raw(WeekRun("raw", shop, warehouse, [FIRST], lambda _: None, attempt=1))
            assert warehouse.rows(RawRecord).is_empty()
            assert warehouse.rows(Load).is_empty()
    assert load(shop, FIRST) == {"fetched": 3, "loaded": 3}


def test_a_first_load_of_which_nothing_can_be_used_stops_the_run_and_says_why(shop):
    write(shop.path, "1,06.01.2026,a,ann,1\n", "2,07.01.2026,b,bob,2\n")
    (shop.path / "letters.csv").unlink()
    (shop.path / "letters.csv").write_text("day,words\nlast week,hello\nthis week,hello\n")
    with (
        shop.warehouse() as warehouse,
        pytest.raises(FatalSourceError, match="reviews: all 2 records were set aside"),
    ):
        raw(WeekRun("raw", shop, warehouse, [FIRST], lambda _: None, attempt=1))
