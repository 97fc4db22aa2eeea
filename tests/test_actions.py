"""The action register: read with its lines, changed letter by letter, known as of a week."""

from datetime import date

import polars as pl
import pytest

from models.action import Action, ActionChange, ActionEntry
from models.curation import DecisionRow, Rulings
from models.errors import ConfigurationError
from voc_pipeline.actions.editing import HEAD, checked_entry, checked_step, with_action, with_step
from voc_pipeline.actions.lineage import Register, best_named, best_successors, places_of
from voc_pipeline.actions.register import read_register, refuse_unknown_issues
from voc_pipeline.actions.states import Places, action_rows, known_by, step_rows
from voc_pipeline.sample import company_actions_toml, simulate_company
from voc_pipeline.sample.company import FUNCTIONS

FUNCTION_IDS = ["billing", "digital"]
ACTION = """\
# The register
[[action]]
id = "ACT-0001"  # the first
issue = "ISS-0042"
decision = "Mend the payment screen"
function = "digital"
owner = "P. Nair"
due = 2026-05-18
steps = [
    { on = 2026-04-27, by = "CCO", did = "asked", why = "Three weeks above its range" },
]
"""
SECOND = ACTION.replace("ACT-0001", "ACT-0002").replace("# The register\n", "\n")


def entry(*steps: dict[str, object], **told: object) -> ActionEntry:
    asked = {"on": date(2026, 4, 27), "by": "CCO", "did": "asked", "why": "High"}
    known = {
        "id": "ACT-0001", "issue": "ISS-0042", "decision": "Mend it", "function": "digital",
        "owner": "P. Nair", "due": date(2026, 5, 18), "steps": (asked, *steps),
    }  # fmt: skip
    return ActionEntry.model_validate(known | told)


DONE = {
    "on": date(2026, 5, 20), "by": "P. Nair", "did": "done", "effect": date(2026, 5, 13),
    "why": "8.2.2 is out",
}  # fmt: skip
MOVED = {
    "on": date(2026, 5, 4), "by": "P. Nair", "did": "moved", "due": date(2026, 5, 25),
    "why": "Release moved",
}  # fmt: skip


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        read_register(text, FUNCTION_IDS)
    return str(refused.value)


def test_an_empty_text_is_no_actions():
    assert read_register("", FUNCTION_IDS) == ()
    assert read_register(HEAD, FUNCTION_IDS) == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("digital", "digitl", 6, "unknown function 'digitl'; did you mean 'digital'?"),
        ("2026-05-18", "2026-04-20", 2, "due 2026-04-20 lies in the past of 2026-04-27"),
        ("2026-05-18", '"soon"', 8, "due"),
        ('"ISS-0042"', '"42"', 4, "issue"),
        ("owner = ", "ower = ", 7, "ower: unknown key"),
        ('"Mend the payment screen"', '" "', 5, "decision: is empty"),
        ('"Mend the payment screen"', f'"{"x" * 10_000}"', 5, "at most 300"),
        ("P. Nair", "P. \\u202Eriah", 7, "unseen character U+202E at 4"),
        ("P. Nair", "x\\u0000y", 7, "unseen character U+0000"),
        ("P. Nair", "N" * 10_000, 7, "at most 80"),
        ('did = "asked"', 'did = "done", effect = 2026-04-26', 2, "begins with 'asked'"),
        ('did = "asked"', 'did = "moved"', 10, "needs due"),
        ('did = "asked"', 'did = "asked", effect = 2026-04-27', 10, "has no effect"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(old, new, line, said):
    found = refusal(ACTION.replace(old, new))
    assert said in found
    assert f"line {line}: " in found
    assert len(found) < 1_000


def test_a_double_id_is_refused_with_the_second_s_line():
    found = refusal(ACTION + SECOND.replace("ACT-0002", "ACT-0001"))
    assert "line 14: ACT-0001: the id is used twice" in found


def test_broken_toml_is_refused_with_its_line():
    assert "line 3" in refusal(ACTION.replace('id = "ACT-0001"', 'id = "ACT-0001'))
    assert "begins with a line [[action]]" in refusal("action = 3")
    assert "actions: unknown" in refusal("[[actions]]\nid = 1\n")


def test_an_action_on_an_issue_that_never_was_is_refused_with_its_line():
    text = ACTION + SECOND.replace("ISS-0042", "ISS-0099")
    entries = read_register(text, FUNCTION_IDS)
    with pytest.raises(ConfigurationError, match=r"line 13: ACT-0002: .*no issue ISS-0099"):
        refuse_unknown_issues(text, entries, {"ISS-0042"})


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([DONE, DONE], "it is done, and nothing follows"),
        ([DONE, MOVED], "it is done"),
        ([DONE | {"on": date(2026, 4, 1), "effect": date(2026, 4, 1)}], "stands after"),
        ([{**DONE, "effect": date(2026, 5, 21)}], "lies after the day it was entered"),
        ([{**MOVED, "due": date(2026, 5, 1)}], "lies before the day it was set"),
        ([{**MOVED, "did": "asked", "due": None}], "asked twice"),
    ],
)
def test_a_wrong_order_of_steps_is_refused(steps, said):
    with pytest.raises(ValueError, match=said):
        entry(*steps)


def test_a_step_is_added_and_all_else_left_letter_by_letter():
    step = checked_step(DONE)
    changed = with_step(ACTION + SECOND, "ACT-0001", step, FUNCTION_IDS)
    lines = changed.splitlines()
    added = '    { on = 2026-05-20, by = "P. Nair", did = "done", effect = 2026-05-13, '
    assert lines[10] == added + 'why = "8.2.2 is out" },'
    assert lines[:10] + lines[11:] == (ACTION + SECOND).splitlines()
    assert [len(one.steps) for one in read_register(changed, FUNCTION_IDS)] == [2, 1]


def test_an_action_is_added_at_the_end_whatever_its_words_are():
    hostile = '=HYPERLINK("http://x","y") <script>alert(1)</script> [[action]] \\ 漢字 👩‍🔧'
    one = checked_entry({**entry().model_dump(), "id": "ACT-0002", "decision": hostile})
    changed = with_action(ACTION, one, FUNCTION_IDS)
    assert changed.startswith(ACTION)
    assert read_register(changed, FUNCTION_IDS)[1] == one
    assert read_register(with_action("", one, FUNCTION_IDS), FUNCTION_IDS) == (one,)


def test_a_step_for_an_unknown_or_closed_action_is_refused():
    with pytest.raises(ConfigurationError, match="no action 'ACT-0009'"):
        with_step(ACTION, "ACT-0009", checked_step(DONE), FUNCTION_IDS)
    closed = with_step(ACTION, "ACT-0001", checked_step(DONE), FUNCTION_IDS)
    with pytest.raises(ConfigurationError, match="line 2: ACT-0001: it is done"):
        with_step(closed, "ACT-0001", checked_step(DONE), FUNCTION_IDS)


def rows(one: ActionEntry, week: date, *places: str) -> dict[str, object]:
    known = known_by([one], week)
    found = action_rows(known, {one.id: Places(one.issue, places)}, week=week).to_dicts()
    assert len(found) <= 1
    for row in found:
        Action.model_validate(row)
    return found[0] if found else {}


def test_a_step_counts_from_the_week_whose_sunday_has_passed():
    one = entry(MOVED, DONE)
    assert rows(one, date(2026, 4, 20)) == {}
    asked, moved, done = (rows(one, date(2026, 4 + (day < 27), day)) for day in (27, 4, 18))
    assert (asked["status"], asked["due_on"], asked["moved_count"]) == (
        "open", date(2026, 5, 18), 0,
    )  # fmt: skip
    assert (moved["due_on"], moved["first_due_on"]) == (date(2026, 5, 25), date(2026, 5, 18))
    assert moved["changed_why"] == "Release moved"
    assert (done["status"], done["closed_on"]) == ("done", date(2026, 5, 20))
    assert done["took_effect_on"] == date(2026, 5, 13)
    assert moved["took_effect_on"] is None


def test_an_open_action_is_overdue_once_its_day_has_passed():
    one = entry(due=date(2026, 5, 3))
    assert not rows(one, date(2026, 4, 20))
    assert rows(one, date(2026, 4, 27))["overdue_days"] == 1
    late = rows(one, date(2026, 5, 4))
    assert (late["is_overdue"], late["overdue_days"]) == (True, 8)
    assert rows(entry(DONE, due=date(2026, 5, 3)), date(2026, 5, 18))["is_overdue"] is False


def test_every_step_keeps_who_when_and_why():
    found = step_rows(known_by([entry(MOVED, DONE)], date(2026, 5, 18)), week=date(2026, 5, 18))
    for row in found.to_dicts():
        ActionChange.model_validate(row)
    assert found["did"].to_list() == ["asked", "moved", "done"]
    assert found["changed_by"].to_list() == ["CCO", "P. Nair", "P. Nair"]
    assert found["due_on"].to_list() == [date(2026, 5, 18), date(2026, 5, 25), None]


def decision(number: int, action: str, issue: str, other: str) -> DecisionRow:
    return DecisionRow(
        decision_id=f"D-{number:04d}", position=number, is_in_force=True, action=action,
        issue_id=issue, written_issue_id=issue, other_issue_id=other, value=None, words=[],
        like=[], unlike=[], made_by="a", made_on=date(2026, 1, 1), why="b",
    )  # fmt: skip


def register(*decisions: DecisionRow, merges=None, rebuilt=None, sizes=None) -> Register:
    return Register(
        issue_ids=frozenset({"ISS-0001", "ISS-0002", "ISS-0003"}),
        sizes=sizes or {},
        rebuilt=rebuilt or {},
        rulings=Rulings(decisions, merges or {}),
        split_ids=tuple(one.decision_id for one in decisions if one.action == "split"),
    )


def test_an_action_follows_its_issue_through_merges_splits_and_rebuilds():
    split = decision(1, "split", "ISS-0001", "ISS-0001.D-0001")
    assert register().places("ISS-0001") == ("ISS-0001",)
    assert register(merges={"ISS-0001": "ISS-0002"}).places("ISS-0001") == ("ISS-0002",)
    merged = decision(1, "merge", "ISS-0001", "ISS-0003")
    assert register(merged).places("ISS-0001") == ("ISS-0003",)
    sizes = {"ISS-0001": 4, "ISS-0001.D-0001": 9}
    assert register(split, sizes=sizes).places("ISS-0001") == ("ISS-0001.D-0001", "ISS-0001")
    assert register(split, sizes=sizes).places("ISS-0001.D-0001") == ("ISS-0001.D-0001",)
    assert register().places("ISS-0001.D-0001") == ("ISS-0001",)
    rebuilt = {"ISS-0090": "ISS-0080", "ISS-0080": "ISS-0003"}
    assert register(rebuilt=rebuilt).places("ISS-0090") == ("ISS-0003",)
    assert register().places("ISS-0090") == ()


def test_a_rebuild_hands_an_action_to_the_issue_with_most_of_its_mentions():
    crosswalk = pl.DataFrame(
        {
            "rebuild_number": [1, 1, 1, 2],
            "old_issue_id": ["ISS-0001", "ISS-0001", "", "ISS-0011"],
            "new_issue_id": ["ISS-0011", "ISS-0012", "ISS-0012", "ISS-0021"],
            "mention_count": [3, 9, 50, 4],
        }
    )
    assert best_successors(crosswalk) == {"ISS-0001": "ISS-0012", "ISS-0011": "ISS-0021"}


def test_words_name_the_issue_that_holds_most_of_them_in_the_first_register_that_has_one():
    names = pl.DataFrame(
        {
            "register_week": [date(2026, 4, 20), date(2026, 4, 27), date(2026, 5, 4)],
            "issue_id": ["ISS-0001", "ISS-0002", "ISS-0003"],
            "label": ["Payment screen freezes", "Late delivery", "Payment screen freezes"],
            "terms": [["app"], ["late"], ["checkout"]],
            "member_count": [90, 5, 7],
        }
    )
    one = entry(issue=None, about="payment screen freeze")
    found = places_of(known_by([one], date(2026, 5, 4)), names, register())
    assert found["ACT-0001"] == Places("ISS-0003", ("ISS-0003",))
    earlier = names.filter(pl.col("register_week") < date(2026, 5, 4))
    assert places_of([one], earlier, register())["ACT-0001"] == Places(None, ())
    assert best_named("late parcel delivery", names) == "ISS-0002"
    assert best_named("parcel stolen", names) is None


def test_the_simulated_company_s_register_is_valid_and_the_same_text_for_any_weeks():
    text = company_actions_toml(simulate_company(seed=7, weeks=1, first_week=date(2025, 9, 22)))
    entries = read_register(text, [one.id for one in FUNCTIONS])
    assert len(entries) >= 10
    assert {one.steps[-1].did for one in entries} >= {"asked", "moved", "done", "dropped"}
    longer = simulate_company(seed=7, weeks=2, scale=0.1, first_week=date(2025, 9, 22))
    assert company_actions_toml(longer) == text
