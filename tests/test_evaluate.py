import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from assets.command_line import app
from benchmarks.identity import replay_table
from models.errors import ConfigurationError
from voc_pipeline.evaluate.identity import Replay, judge_identity, late_labels, replay
from voc_pipeline.evaluate.issues import FoundIssues, find_issues, judge_issues, stems
from voc_pipeline.evaluate.many_labels import judge_many
from voc_pipeline.issues.vectors import load_model

BANKING77 = Path("../shared/data/intents/banking77_train.parquet")
MONDAY = date(2025, 1, 6)
SAID = {
    "late_delivery": ("my parcel is late", "the delivery came {} days late", "where is my parcel"),
    "double_charge": ("i was charged twice", "you charged my card {} times", "a double charge"),
    "login_failure": ("i cannot log in", "login fails after {} tries", "my password is refused"),
    "cold_food": ("the food was cold", "cold meal at table {}", "my soup came cold"),
    "noisy_room": ("the room was noisy", "noise in room {} all night", "loud neighbours"),
}
ENDS = ("", " again", " today", ", please help", " and nobody answers", " since monday", " for us")


def labelled(times: int = 3) -> pl.DataFrame:
    rows = [
        (f"{text.format(number)}{end}", label)
        for label, texts in SAID.items()
        for text in texts
        for end in ENDS
        for number in range(times)
    ]
    return pl.DataFrame(rows, schema=["text", "label"], orient="row")


@pytest.fixture(scope="module")
def model():
    return load_model("wordllama")


def run(*arguments: object):
    return CliRunner().invoke(app, ["eval", *map(str, arguments)])


def figures(*arguments: object) -> dict:
    done = run(*arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.output)


def refusal(*arguments: object) -> str:
    done = run(*arguments)
    assert isinstance(done.exception, ConfigurationError), (done.output, done.exception)
    return str(done.exception)


def write(folder: Path, **columns: list) -> Path:
    path = folder / "labelled.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_issues_of_a_file_are_measured_against_its_labels(tmp_path, kind):
    path = tmp_path / f"set.{kind}"
    table = labelled()
    table.write_csv(path) if kind == "csv" else table.write_parquet(path)
    found = figures("issues", path, "--text", "text", "--label", "label")
    assert set(found) >= {
        "k", "ari", "ami", "v_measure", "homogeneity", "share_unassigned", "label_hit",
        "texts_per_second", "peak_memory_mb",
    }  # fmt: skip
    assert found["texts"] == found["texts_judged"] == len(table)
    assert found["labels"] == len(SAID)
    assert found["ari"] > 0.3
    assert found["homogeneity"] > 0.7
    assert found["texts_per_second"] > 0


def test_places_do_not_depend_on_the_order_of_the_file(model):
    texts = labelled()["text"].to_list()
    forward, backward = find_issues(texts, model), find_issues(texts[::-1], model)
    assert forward.places == backward.places[::-1]
    assert forward.labels == backward.labels


def test_above_the_sample_the_rest_joins_by_the_registers_rule(model, monkeypatch):
    table = labelled(times=8)
    monkeypatch.setattr("voc_pipeline.evaluate.issues._SAMPLE_TEXTS", 150)
    monkeypatch.setattr("voc_pipeline.evaluate.issues._BLOCK_TEXTS", 20)
    found = find_issues(table["text"].to_list(), model)
    assert len(found.places) == len(table)
    judged = judge_issues(found, table["label"].to_list())
    assert judged["homogeneity"] > 0.7
    assert judged["share_unassigned"] < 0.3


def test_a_perfect_finding_scores_one_and_an_unassigned_text_is_a_group_of_its_own():
    human = ["a fee"] * 10 + ["lost card"] * 10
    perfect = FoundIssues(["X"] * 10 + ["Y"] * 10, {"X": "Fees are wrong", "Y": "Where is it"})
    found = judge_issues(perfect, human)
    assert (found["ari"], found["ami"], found["v_measure"], found["k"]) == (1, 1, 1, 2)
    assert found["label_hit"] == 0.5
    partly = FoundIssues(["X"] * 8 + [None] * 2 + ["Y"] * 10, perfect.labels)
    assert judge_issues(partly, human)["share_unassigned"] == 0.1
    assert judge_issues(partly, human)["ari"] < 1
    none = FoundIssues([None] * 20, {})
    assert judge_issues(none, human)["ari"] == 0
    assert judge_issues(none, human)["k"] == 0


def test_several_labels_a_text_are_scored_by_the_label_an_issue_speaks_for():
    human = [frozenset({"late", "rude"})] * 10 + [frozenset({"late"})] * 10 + [frozenset()] * 5
    found = FoundIssues(["X"] * 10 + ["Y"] * 10 + ["Y"] * 5, {"X": "Rude", "Y": "Late"})
    judged = judge_many(found, human)
    assert (judged["texts_judged"], judged["ari"]) == (20, 1)  # against the rarest label of each
    assert (judged["labels_scored"], judged["labels_spoken_for"]) == (2, 2)
    assert judged["macro_f1"] == round((1 + 2 * 10 / 30) / 2, 4)
    assert judged["micro_f1"] == round(2 * 20 / (20 + 30), 4)


def test_labels_in_one_column_are_parted_by_the_separator(tmp_path):
    path = write(tmp_path, text=["a late parcel", "rude staff"], label=["late| rude", "rude"])
    found = figures("issues", path, "--text", "text", "--label", "label", "--separator", "|")
    assert (found["labels_scored"], found["macro_f1"]) == (0, 0)


def test_an_impure_issue_does_not_count_for_its_label():
    found = FoundIssues(["X"] * 4, {"X": "Card fee"})
    assert judge_issues(found, ["fee", "card", "loan", "rate"])["label_hit"] == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [("card_arrival", "Card arrived"), ("failed_transfer", "transfers"), ("exchange_rate", "Rates"),
     ("top_up_failed", "topping it, it fails"), ("cancelling", "cancelled")],
)  # fmt: skip
def test_inflected_words_share_a_stem(one, other):
    assert stems(one) & stems(other)


def test_common_words_share_nothing():
    assert not stems("why is my card not here") & stems("it is not on my phone")


def weekly(folder: Path, weeks: int = 12, hidden: int = 1) -> Path:
    table = labelled(times=12)
    made = replay_table(
        table["text"].to_list(), table["label"].to_list(), weeks=weeks, hidden=hidden, seed=3
    )
    path = folder / "replay.parquet"
    made.write_parquet(path)
    return path


def test_a_replay_tells_what_kept_its_id_and_what_was_born(tmp_path):
    path = weekly(tmp_path)
    asked = ("--text", "text", "--label", "label", "--week", "week")
    found = figures("identity", path, *asked)
    assert found["weeks"] == 12
    assert found["late_labels"] == 1
    assert found["id_constant"] > 0.9
    assert 0 < found["end_ari"] <= 1
    assert set(found) >= {"found", "weeks_late", "spurious_births", "fragments"}


def test_the_same_draw_is_the_same_replay_and_hides_its_labels():
    table = labelled()
    texts, labels = table["text"].to_list(), table["label"].to_list()
    one = replay_table(texts, labels, weeks=10, hidden=2, seed=5)
    assert one.equals(replay_table(texts, labels, weeks=10, hidden=2, seed=5))
    assert not one.equals(replay_table(texts, labels, weeks=10, hidden=2, seed=6))
    held = one.filter(pl.col("hidden_until").is_not_null())
    assert held["label"].n_unique() == 2
    assert (held["week"] >= held["hidden_until"]).all()


def test_births_are_counted_as_found_spurious_or_fragment():
    weeks = [MONDAY + timedelta(weeks=number) for number in (0, 8, 8, 9, 9)]
    human = ["old"] * 20 + ["new"] * 10 + ["new"] * 6 + ["old"] * 4 + ["new"] * 2
    at = [weeks[0]] * 20 + [weeks[1]] * 10 + [weeks[2]] * 6 + [weeks[3]] * 4 + [weeks[4]] * 2
    last = ["ISS-1"] * 20 + ["ISS-2"] * 10 + ["ISS-3"] * 6 + ["ISS-4"] * 4 + [None] * 2
    born = {"ISS-1": MONDAY, "ISS-2": weeks[1], "ISS-3": weeks[3], "ISS-4": weeks[3]}
    first = [*last[:-13], "ISS-1", *last[-12:]]
    found = judge_identity(Replay(first, last, born), human, at)
    assert late_labels(human, at) == {"new": weeks[1]}
    assert (found["found"], found["weeks_late"]) == (1, [0])
    assert (found["spurious_births"], found["fragments"]) == (1, 1)
    assert found["id_constant"] == round(39 / 40, 4)
    assert found["share_unassigned"] == round(2 / 42, 4)


def test_texts_of_a_merged_issue_follow_it_beyond_the_window(model):
    table = labelled()
    weeks = [MONDAY + timedelta(weeks=at % 4) for at in range(len(table))]
    done = replay(table["text"].to_list(), weeks, model)
    assert set(done.last) - {None} <= set(done.born)


def test_weeks_may_be_dates_labels_or_numbers_and_may_be_empty(tmp_path):
    table = labelled()
    numbers = [0 if at % 3 else 6 for at in range(len(table))]
    mondays = [MONDAY + timedelta(weeks=number) for number in numbers]
    forms = {
        "numbers": numbers,
        "dates": [monday + timedelta(days=2) for monday in mondays],
        "labels": [f"2025-W{2 + number:02d}" for number in numbers],
        "texts": [f"{monday} 10:00:00" for monday in mondays],
    }
    path = tmp_path / "forms.parquet"
    table.with_columns(**{name: pl.Series(values) for name, values in forms.items()}).write_parquet(
        path
    )
    asked = ("identity", path, "--text", "text", "--label", "label", "--week")
    seen = [figures(*asked, name) for name in forms]
    for one in seen:
        del one["texts_per_second"], one["peak_memory_mb"]
        assert one == seen[0]
    assert seen[0]["weeks"] == 7


BAD_TEXTS = {
    "one text": ["my card is late"],
    "a thousand identical texts": ["my card is late"] * 1000,
    "empty texts": ["", " ", "\t"] * 40,
    "absent texts": [None] * 60,
    "stop words": ["it is", "and the", "of"] * 40,
    "emoji": ["🙂", "🙂🙂", "🎉"] * 40,
    "one long text": ["late parcel " * 90_000, "my card"],
    "other scripts": [f"配送が遅い{n}" for n in range(60)]
    + [f"الطرد متأخر {n}" for n in range(60)],
    "hostile": ["<script>\x00\u202e", "=cmd|'/c calc'!A0", "\x1b[31m"] * 30,
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_bad_texts_give_figures_and_no_crash(tmp_path, name):
    texts = BAD_TEXTS[name]
    path = write(
        tmp_path,
        text=texts,
        label=[f"label {at % 2}" for at in range(len(texts))],
        week=[at % 4 for at in range(len(texts))],
    )
    found = figures("issues", path, "--text", "text", "--label", "label")
    assert found["texts"] == len(texts)
    assert 0 <= found["share_unassigned"] <= 1
    over = figures("identity", path, "--text", "text", "--label", "label", "--week", "week")
    assert over["texts"] == len(texts)


def test_texts_without_a_label_take_part_but_are_not_judged(tmp_path):
    table = labelled().with_columns(
        label=pl.when(pl.int_range(pl.len()) % 4 > 0).then("label").otherwise(pl.lit(" "))
    )
    path = write(tmp_path, **table.to_dict(as_series=False))
    found = figures("issues", path, "--text", "text", "--label", "label")
    assert found["texts"] == len(table)
    assert found["texts_judged"] == (table["label"] != " ").sum()
    assert found["labels"] == len(SAID)


def test_files_and_columns_that_are_not_there_are_refused(tmp_path):
    path = write(tmp_path, text=["a"], label=[None], week=["soon"], label2=["x"], none=[None])
    assert "no file" in refusal("issues", tmp_path / "no.csv", "--text", "a", "--label", "b")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"not parquet")
    assert "Parquet" in refusal("issues", broken, "--text", "text", "--label", "label")
    assert "no column 'words'" in refusal("issues", path, "--text", "words", "--label", "label")
    assert "no label" in refusal("issues", path, "--text", "text", "--label", "label")
    assert "different" in refusal("issues", path, "--text", "text", "--label", "text")
    asked = ("identity", path, "--text", "text", "--label", "label2", "--week")
    assert "2026-W46" in refusal(*asked, "week")
    assert "have no week" in refusal(*asked, "none")
