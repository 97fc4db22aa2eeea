"""Decisions of people: the file, what they mean for mentions, what they change and restore."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.curation import DecisionRow, Rulings, decision_lines, parse_decisions
from models.errors import ConfigurationError
from voc_pipeline.issues.curation import concerned, has_words, read_rulings, split_members
from voc_pipeline.issues.vectors import load_model

MADE = 'by = "ana", on = 2026-11-22, why = "same fault"'
KNOWN = ("ISS-0001", "ISS-0002", "ISS-0003", "ISS-0007", "ISS-0012")


def file(*lines: str) -> str:
    body = "\n".join(f"  {{ {line}, {MADE} }}," for line in lines)
    return f"# decided on Mondays\ndecisions = [\n{body}\n]\n"


def rulings_of(text: str, merges: dict[str, str] | None = None) -> Rulings:
    return Rulings([DecisionRow(**row) for row in rows_of(text).to_dicts()], merges or {})


def rows_of(text: str, **more) -> pl.DataFrame:
    return rows_and_aside(text, **more)[0]


def rows_and_aside(
    text: str, *, known=KNOWN, crosswalk=None, before=None, **more
) -> tuple[pl.DataFrame, list[str]]:
    given = {"functions": {"billing"}, "themes": set(), **more}
    empty = pl.DataFrame(
        schema={
            "rebuild_number": pl.Int64, "old_issue_id": pl.String, "new_issue_id": pl.String,
            "mention_count": pl.Int64,
        }
    )  # fmt: skip
    return read_rulings(
        parse_decisions(text),
        known=set(known),
        crosswalk=empty if crosswalk is None else crosswalk,
        before=pl.DataFrame() if before is None else before,
        **given,
    )


MERGE = 'id = "D-0001", do = "merge", issue = "ISS-0012", into = "ISS-0007"'
SPLIT = 'id = "D-0002", do = "split", issue = "ISS-0007", name = "Refund late", words = ["refund"]'


def test_every_decision_is_found_with_its_line():
    written = parse_decisions(file(MERGE, SPLIT))
    assert [(one.line, one.decision.id) for one in written] == [(3, "D-0001"), (4, "D-0002")]
    assert written[0].decision.on == date(2026, 11, 22)
    assert written[1].decision.part == "ISS-0007.D-0002"


def test_comments_and_braces_in_reasons_do_not_move_a_line():
    text = (
        "decisions = [  # {\n\n  # { id = 1 }\n"
        f'  {{ {MERGE}, by = "{{x}}", on = 2026-01-05, why = "a }}, {{ b" }}, # {{ yes }}\n]\n'
    )
    assert [one.line for one in parse_decisions(text)] == [4]
    assert len(decision_lines(text)) == 1


def test_no_file_and_an_empty_one_decide_nothing(tmp_path):
    from models.curation import read_decisions

    assert read_decisions(tmp_path) == ()
    assert parse_decisions("") == parse_decisions("decisions = []") == ()


RENAME = 'id = "D-0003", do = "rename", issue = "ISS-0002", name = "Late parcels"'
WRONG = {
    "twice the id": (file(MERGE, SPLIT.replace("D-0002", "D-0001")), "line 4: D-0001 stands on li"),
    "merged away before": (
        file(MERGE, RENAME.replace("ISS-0002", "ISS-0012")),
        r"line 4: D-0003 names ISS-0012, which D-0001 on line 3 merged into ISS-0007",
    ),
    "into itself": (file(MERGE.replace("ISS-0007", "ISS-0012")), "line 3: .* into itself"),
    "two names": (file(RENAME, RENAME.replace("D-0003", "D-0004")), "line 4: .*contradicts D-0003"),
    "muted and pinned": (
        file(
            'id = "D-0001", do = "mute", issue = "ISS-0002"',
            'id = "D-0002", do = "pin", issue = "ISS-0002"',
        ),
        "line 4: D-0002 contradicts D-0001 on line 3",
    ),
    "a part nobody split": (
        file('id = "D-0001", do = "mute", issue = "ISS-0002.D-0009"'),
        "line 3: .*no line above splits ISS-0002 by D-0009",
    ),
    "no such action": (file('id = "D-0001", do = "burn", issue = "ISS-0002"'), "line 3: .*do"),
    "no reason": (
        file('id = "D-0001", do = "mute", issue = "ISS-0002"').replace(", why", " #"),
        "no valid TOML",
    ),
    "what another action takes": (file(MERGE + ', name = "x"'), "line 3: .*merge takes no 'name'"),
    "a split by nothing": (
        file('id = "D-0001", do = "split", issue = "ISS-0002", name = "x"'),
        "line 3: .*needs 'words'",
    ),
    "a control character": (file(RENAME.replace("Late", r"Late\u0007")), "line 3: .*name"),
    "two on a line": (
        f"decisions = [ {{ {MERGE}, {MADE} }}, {{ {SPLIT}, {MADE} }} ]",
        "number 1 .* does not stand on a line of its own",
    ),
    "not TOML": ("decisions = [\n { id = }\n]", "no valid TOML: .*line 2"),
    "an unknown key": ("decision = []", "unknown key 'decision'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_with_its_line(case):
    text, message = WRONG[case]
    with pytest.raises(ConfigurationError, match=message):
        parse_decisions(text)


def test_unknown_issues_functions_and_themes_are_refused_with_their_line():
    with pytest.raises(ConfigurationError, match="line 3: D-0001: ISS-0012 is not in the register"):
        rows_of(file(MERGE), known=("ISS-0007",))
    assign = 'id = "D-0001", do = "assign", issue = "ISS-0002", function = "sales"'
    with pytest.raises(ConfigurationError, match="line 3: D-0001: function 'sales'"):
        rows_of(file(assign))
    move = 'id = "D-0001", do = "move", issue = "ISS-0002", theme = "delivery"'
    with pytest.raises(ConfigurationError, match="line 3: D-0001: theme 'delivery'"):
        rows_of(file(move), themes={"refunds"})
    assert rows_of(file(move))["value"][0] == "delivery"


def test_an_id_is_never_used_for_another_decision():
    before = rows_of(file(MERGE)).with_columns(is_in_force=pl.lit(value=False))
    assert rows_of(file(MERGE), before=before).height == 1
    with pytest.raises(ConfigurationError, match=r"line 3: D-0001: .*never used again"):
        rows_of(file(SPLIT.replace("D-0002", "D-0001")), before=before)


CROSSWALK = pl.DataFrame(
    {
        "rebuild_number": [1, 1, 1, 1],
        "old_issue_id": ["ISS-0012", "ISS-0012", "ISS-0013", "ISS-0013"],
        "new_issue_id": ["ISS-0031", "", "ISS-0032", "ISS-0033"],
        "mention_count": [9, 3, 5, 6],
    }
)


def test_a_decision_follows_a_rebuild_or_is_refused_with_where_the_mentions_went():
    after = ("ISS-0007", "ISS-0031", "ISS-0032", "ISS-0033")
    rows = rows_of(file(MERGE), known=after, crosswalk=CROSSWALK)
    assert rows.select("issue_id", "written_issue_id").row(0) == ("ISS-0031", "ISS-0012")
    split = SPLIT.replace("ISS-0007", "ISS-0012")
    rows = rows_of(file(split), known=after, crosswalk=CROSSWALK)
    assert rows.select("issue_id", "other_issue_id").row(0) == ("ISS-0031", "ISS-0012.D-0002")
    thirds = {"new_issue_id": ["ISS-0033", "ISS-0032", "ISS-0034"], "mention_count": [5, 4, 4]}
    apart = pl.DataFrame({"rebuild_number": [1] * 3, "old_issue_id": ["ISS-0013"] * 3, **thirds})
    with pytest.raises(ConfigurationError, match=r"line 3: .*ISS-0033 \(5\), ISS-0032 \(4\)"):
        rows_of(file(MERGE.replace("ISS-0012", "ISS-0013")), known=after, crosswalk=apart)


def test_a_decision_whose_issue_a_rebuild_took_apart_is_set_aside_and_said():
    rename = 'id = "D-0001", do = "rename", issue = "ISS-0013", name = "Late refund"'
    split = SPLIT.replace("ISS-0007", "ISS-0013")
    leans = 'id = "D-0003", do = "mute", issue = "ISS-0013.D-0002"'
    other = 'id = "D-0004", do = "mute", issue = "ISS-0007"'
    text = file(rename, split, leans, other)
    made = rows_of(text, known=(*KNOWN, "ISS-0013"))
    assert made["is_in_force"].all()
    thirds = {"new_issue_id": ["ISS-0033", "ISS-0032", "ISS-0034"], "mention_count": [5, 4, 4]}
    apart = pl.DataFrame({"rebuild_number": [1] * 3, "old_issue_id": ["ISS-0013"] * 3, **thirds})
    after = ("ISS-0007", "ISS-0032", "ISS-0033", "ISS-0034")
    rows, said = rows_and_aside(text, known=after, crosswalk=apart, before=made)
    assert rows.select("decision_id", "is_in_force").rows() == [
        ("D-0001", False), ("D-0002", False), ("D-0003", False), ("D-0004", True),
    ]  # fmt: skip
    assert "line 3: D-0001 is set aside" in said[0]
    assert "ISS-0033 (5), ISS-0032 (4)" in said[0]
    assert "D-0002 is set aside" in said[2]
    assert len(said) == 3
    unmade = made.filter(pl.col("decision_id") != "D-0003")
    with pytest.raises(ConfigurationError, match=r"line 5: D-0003: .*D-0002 is set aside"):
        rows_of(text, known=after, crosswalk=apart, before=unmade)


def test_of_two_names_for_what_a_rebuild_made_one_issue_that_of_the_larger_part_holds():
    large = 'id = "D-0001", do = "rename", issue = "ISS-0012", name = "Refund is late"'
    small = 'id = "D-0002", do = "rename", issue = "ISS-0014", name = "Where is my money"'
    owner = 'id = "D-0003", do = "assign", issue = "ISS-0014", function = "billing"'
    one = {"rebuild_number": [1, 1], "old_issue_id": ["ISS-0012", "ISS-0014"]}
    crosswalk = pl.DataFrame(one | {"new_issue_id": ["ISS-0031"] * 2, "mention_count": [9, 4]})
    for lines in ((large, small, owner), (small, large, owner)):
        rows, said = rows_and_aside(file(*lines), known=("ISS-0031",), crosswalk=crosswalk)
        held = rows.filter("is_in_force")["decision_id"].to_list()
        assert sorted(held) == ["D-0001", "D-0003"]
        assert len(said) == 1
        assert "D-0002 is set aside: a rebuild put ISS-0014 into ISS-0031, and D-0001" in said[0]
    anew = 'id = "D-0004", do = "rename", issue = "ISS-0031", name = "Refunds"'
    rows, said = rows_and_aside(file(large, anew), known=("ISS-0031",), crosswalk=crosswalk)
    assert rows.filter("is_in_force")["decision_id"].to_list() == ["D-0004"]


def test_a_part_is_there_once_the_issue_that_it_is_split_from_is():
    rows = rows_of(file(MERGE, SPLIT))
    rulings = rulings_of(file(MERGE, SPLIT))
    assert concerned(["ISS-0001"], rows, rulings) == []
    assert concerned(["ISS-0001", "ISS-0007"], rows, rulings) == ["ISS-0007", "ISS-0007.D-0002"]


def test_merges_and_splits_are_followed_in_the_order_of_the_file():
    first_merged = rulings_of(file(MERGE, SPLIT))
    assert first_merged.issue_of("ISS-0012", frozenset({"D-0002"})) == "ISS-0007.D-0002"
    assert first_merged.issue_of("ISS-0012", frozenset()) == "ISS-0007"
    first_split = rulings_of(file(SPLIT, MERGE))
    assert first_split.issue_of("ISS-0012", frozenset({"D-0002"})) == "ISS-0007"
    assert first_split.issue_of("ISS-0007", frozenset({"D-0002"})) == "ISS-0007.D-0002"


def test_a_decision_outranks_what_the_register_merges_later():
    told = rulings_of(file(MERGE), {"ISS-0012": "ISS-0003"})
    assert told.issue_of("ISS-0012", frozenset()) == "ISS-0007"
    against = rulings_of(file(MERGE), {"ISS-0007": "ISS-0012"})
    assert against.issue_of("ISS-0007", frozenset()) == "ISS-0007"
    assert against.issue_of("ISS-0012", frozenset()) == "ISS-0007"
    on = rulings_of(file(MERGE), {"ISS-0007": "ISS-0001", "ISS-0001": "ISS-0002"})
    assert on.issue_of("ISS-0012", frozenset()) == "ISS-0002"
    part = rulings_of(file(SPLIT), {"ISS-0007": "ISS-0001"})
    assert part.issue_of("ISS-0007", frozenset({"D-0002"})) == "ISS-0007.D-0002"
    assert part.issue_of("ISS-0007", frozenset()) == "ISS-0001"


ISSUES = st.sampled_from(KNOWN)


@given(st.dictionaries(ISSUES, ISSUES), st.lists(st.tuples(ISSUES, ISSUES)), st.booleans())
def test_every_mention_ends_in_one_issue_whatever_was_merged(merges, pairs, taken):
    lines, gone = [], set()
    for number, (issue, into) in enumerate(pairs, start=1):
        if issue != into and not {issue, into} & gone:
            lines.append(f'id = "D-{number:04d}", do = "merge", issue = "{issue}", into = "{into}"')
            gone.add(issue)
    told = rulings_of(file(*lines), merges)
    ends = {one: told.issue_of(one, frozenset({"D-0002"} if taken else ())) for one in KNOWN}
    assert set(ends) == set(KNOWN)
    assert not set(ends.values()) & gone
    assert {told.issue_of(end, frozenset()) for end in ends.values()} <= set(KNOWN)


def test_words_are_whole_and_a_star_takes_their_beginnings():
    texts = pl.DataFrame(
        {
            "text": [
                "Where is my REFUND?",
                "refunded, finally",
                "money-back please",
                "can\u2019t pay",
            ]
        }
    )
    found = texts.select(
        has_words(pl.col("text"), ["refund"]).alias("whole"),
        has_words(pl.col("text"), ["refund*"]).alias("begins"),
        has_words(pl.col("text"), ["money back"]).alias("phrase"),
        has_words(pl.col("text"), ["can't", "a.*"]).alias("mark"),
    )
    assert found["whole"].to_list() == [True, False, False, False]
    assert found["begins"].to_list() == [True, True, False, False]
    assert found["phrase"].to_list() == [False, False, True, False]
    assert found["mark"].to_list() == [False, False, False, True]


def test_a_split_by_likeness_takes_each_text_by_itself():
    model = load_model("wordllama")
    texts = ["the refund is late", "still no refund", "the parcel is late", "no parcel came", "🙂"]
    candidates = pl.DataFrame(
        {
            "segment_id": [f"s{at}" for at in range(len(texts))],
            "segment_text": texts,
            "vector": list(model.embed(texts)),
        }
    )
    rule = 'id = "D-0001", do = "split", issue = "ISS-0007", name = "Refunds", '
    rows = rows_of(file(rule + 'like = ["refund not paid"], unlike = ["parcel not delivered"]'))
    taken = split_members(rows, candidates, model)
    assert taken["segment_id"].to_list() == ["s0", "s1"]
    for at in range(len(texts)):
        alone = split_members(rows, candidates[[at]], model)["segment_id"].to_list()
        assert alone == taken.filter(pl.col("segment_id") == f"s{at}")["segment_id"].to_list()
    assert split_members(rows, candidates.clear(), model).is_empty()
