"""Planted events, measured: of what the demo plants, what did the published weeks say, and when?

Reads a finished demo home: what was published (voc.duckdb, reports/*/report.json) beside the truth
of the simulator. An issue stands for the problem that most of its mentions truly are about. A flag
(NEW, SPIKING, RISING, an alarm) is held against the true course of that problem: its expected
share of all reports in the last six weeks over that of the half year before. Prints JSON.

    uv run --no-sync voc demo --home DIR
    uv run --no-sync python -m benchmarks.planted_events --home DIR [--again] [--table]

With --again the flags are not those published: the mentions known at each cutoff are judged anew by
the present `voc_pipeline.trends`, so that a change of it can be measured in seconds.
"""

import argparse
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.planted_home import Home

Row = dict[str, Any]
UP, DOWN = ("NEW", "SPIKING", "RISING"), ("DECLINING", "RESOLVED")
UP_KINDS = ("new_fault", "spike", "slow_rise", "seasonal_peak")
DOWN_KINDS = ("fix_works", "fix_recent", "slow_fall")
AFTER_WEEKS = {"slow_rise": 6, "seasonal_peak": 2}
"""Weeks after an event's course in which saying so still counts; 10 for all others."""
TRULY_UP, TRULY_DOWN = 1.1, 0.91


def events_found(home: Home) -> list[Row]:
    """One row per planted event and problem: when it was said, how late, or why not."""
    found = []
    for event in home.truth("events").filter(pl.col("problem_id").is_not_null()).to_dicts():
        wanted = _wanted(event["kind"], event["role"])
        about = {key: event[key] for key in ("event", "kind", "role", "problem_id")}
        about |= {"first_week": str(event["first_week"]), "last_week": str(event["last_week"])}
        issues = home.issues.filter(pl.col("problem_id") == event["problem_id"])
        about["issues"] = [
            f"{one['issue_id']} ({one['records']})" for one in issues.head(3).to_dicts()
        ]
        found.append(about | _first_said(home, event, issues, wanted))
    return found


def _wanted(kind: str, role: str) -> tuple[str, ...]:
    if kind in ("split", "merge"):
        return UP if role == "child" else DOWN
    if kind in ("spike", "slow_rise", "seasonal_peak"):
        return ("SPIKING", "RISING")  # a further issue of an old problem is not its rise
    return UP if kind in UP_KINDS else DOWN if kind in (*DOWN_KINDS, "fix_fails") else ()


def _first_said(home: Home, event: Row, issues: pl.DataFrame, wanted: tuple[str, ...]) -> Row:
    if issues.is_empty():
        return {"outcome": "missed: no issue holds it"}
    weeks = home.flags.join(issues.select("issue_id"), on="issue_id", how="semi")
    until = event["last_week"] + timedelta(weeks=AFTER_WEEKS.get(event["kind"], 10))
    during = weeks.filter(pl.col("week_start").is_between(event["first_week"], until))
    if not wanted:
        course = during.head(4).select("week_start", "feedback_count", "upper_bound", "verdict")
        return {"outcome": "counted as", "weeks": _plain(course)}
    said = during.filter(
        pl.col("verdict").is_in(wanted) | (pl.col("is_alarm") & ("SPIKING" in wanted))
    ).sort("week_start")
    if said.is_empty():
        is_none_right = {"fix_fails": "rightly nothing", "fix_recent": "nothing yet"}
        seen = ", ".join(sorted(set(during["verdict"]))) or "no published week"
        return {"outcome": is_none_right.get(event["kind"], f"missed: {seen} throughout")}
    first = said.row(0, named=True)
    late = (first["week_start"] - event["first_week"]).days // 7
    born = issues.filter(pl.col("issue_id") == first["issue_id"])["born_week"][0]
    return {
        "outcome": "false claim" if event["kind"] == "fix_fails" else "found",
        "said": first["verdict"] + (" (alarm)" if first["is_alarm"] else ""),
        "week": str(first["week_start"]),
        "weeks_late": late,
        "weeks_said": said["week_start"].n_unique(),
        "issue_id": first["issue_id"],
        "born_week": str(born),
    }


def flags_judged(home: Home) -> Row:
    """Every flag held against an event or the true course of its problem; what is neither."""
    told = home.flags.join(
        home.issues.select("issue_id", "problem_id", "label"), on="issue_id", how="left"
    ).join(home.true_ratio, on=["issue_id", "week_start"], how="left")
    judged = told.with_columns(
        matches_event=pl.struct("problem_id", "week_start").map_elements(
            lambda key: _in_event(home, key["problem_id"], key["week_start"]),
            return_dtype=pl.Boolean,
        )
    )
    ratio = pl.col("true_ratio")
    kinds = {
        "alarm": pl.col("is_alarm"),
        **{verdict: pl.col("verdict") == verdict for verdict in (*UP, *DOWN)},
    }
    right = {"RISING": ratio > TRULY_UP, "DECLINING": ratio < TRULY_DOWN, "RESOLVED": ratio < 0.5}
    result: Row = {}
    wrong = []
    for kind, is_one in kinds.items():
        flagged = judged.filter(is_one)
        fine = right.get(kind, pl.lit(value=False)).fill_null(value=False)
        # An event may have any kind of flag; a direction must also be true in its week.
        accepted = fine if kind in right else pl.col("matches_event")
        bad = flagged.filter(~accepted)
        runs = _runs(bad)
        result[kind] = {
            "issue_weeks": flagged.height,
            "not_true": bad.height,
            "not_true_runs": len(runs),
        }
        wrong += [{"kind": kind, **one} for one in runs]
    weeks = judged.filter(pl.col("verdict") != "INSUFFICIENT_HISTORY")
    result["judged_issue_weeks"] = weeks.height
    result["judged_weeks"] = weeks["week_start"].n_unique()
    inside = pl.col("feedback_count").is_between(pl.col("lower_bound"), pl.col("upper_bound"))
    result["range_held"] = round(weeks.select(inside.mean()).item(), 4)
    above = pl.col("feedback_count") > pl.col("upper_bound")
    result["above_range"] = round(weeks.select(above.mean()).item(), 4)
    calm = weeks.filter(~pl.col("matches_event"))
    result["range_held_without_events"] = round(calm.select(inside.mean()).item(), 4)
    result["longest_runs"] = _longest_runs(judged)
    return result | {"wrong_runs": wrong}


def _in_event(home: Home, problem_id: str | None, week: date) -> bool:
    if problem_id is None:
        return False
    events = home.truth("events").filter(pl.col("problem_id") == problem_id)
    return any(
        first <= week <= last + timedelta(weeks=10)
        for first, last in events.select("first_week", "last_week").iter_rows()
    )


def _runs(flagged: pl.DataFrame) -> list[Row]:
    """Flags of one issue in weeks one after another, as one run each."""
    found: list[Row] = []
    for row in flagged.sort("issue_id", "week_start").to_dicts():
        last = found[-1] if found else {}
        if last.get("issue_id") == row["issue_id"] and row["week_start"] - last["to"] == timedelta(
            weeks=1
        ):
            last["to"], last["weeks"] = row["week_start"], last["weeks"] + 1
            continue
        ratio = row["true_ratio"]
        found.append(
            {
                "issue_id": row["issue_id"],
                "label": row["label"],
                "problem_id": row["problem_id"],
                "from": row["week_start"],
                "to": row["week_start"],
                "weeks": 1,
                "true_ratio_at_first": None if ratio is None else round(ratio, 2),
            }
        )
    return found


def _longest_runs(judged: pl.DataFrame) -> list[Row]:
    runs = []
    for verdict in (*UP, *DOWN):
        for run in _runs(judged.filter(pl.col("verdict") == verdict)):
            runs.append({"verdict": verdict, **run})
    return sorted(runs, key=lambda run: (-run["weeks"], run["issue_id"]))[:8]


def sources_said(home: Home) -> list[Row]:
    """One row per planted event of a source: its health, the notices, the flags."""
    found = []
    events = home.truth("events").filter(pl.col("source_id").is_not_null())
    for event in events.to_dicts():
        span = (event["first_week"], event["last_week"] + timedelta(weeks=2))
        health = home.table(
            "SELECT week_start, state, expected_count, arrived_count, late_count FROM source_health"
            " WHERE source_id = ? ORDER BY week_start",
            event["source_id"],
        ).filter(pl.col("week_start").is_between(*span))
        flags = home.flags.filter(pl.col("week_start").is_between(*span))
        before = home.flags.filter(
            pl.col("week_start").is_between(
                span[0] - timedelta(weeks=4), span[0] - timedelta(weeks=1)
            )
        )
        found.append(
            {
                "event": event["event"],
                "weeks": f"{event['first_week']} to {event['last_week']}",
                "health": _plain(health),
                "notices": _notices(home, *span),
                "flags_by_week": _per_week(flags),
                "flags_by_week_before": _per_week(before),
            }
        )
    return found


def _per_week(flags: pl.DataFrame) -> Row:
    counts = {
        "alarms": pl.col("is_alarm").sum(),
        "up": pl.col("verdict").is_in(UP).sum(),
        "down": pl.col("verdict").is_in(DOWN).sum(),
    }
    weeks = max(flags["week_start"].n_unique(), 1)
    row = flags.select(**counts).row(0, named=True)
    return {name: round(count / weeks, 2) for name, count in row.items()}


def _notices(home: Home, first: date, last: date) -> list[str]:
    found = []
    for path in sorted((home.path / "reports").glob("2*/report.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        if str(first) <= report["week_start"] <= str(last):
            found += [f"{report['week_start']}: {notice['text']}" for notice in report["notices"]]
    return found


def late_records(home: Home) -> Row:
    """What late records did to published weeks: counts they raised, verdicts they changed."""
    figures = home.table(
        "SELECT count(*) AS issue_weeks, sum((w.feedback_count > p.value)::INT) AS counts_raised, "
        "sum(p.value) / sum(w.feedback_count) AS published_share_of_final "
        "FROM published_figures p JOIN issue_weekly w USING (issue_id, week_start) "
        "WHERE p.figure = 'feedback_count'"
    ).row(0, named=True)
    changed = home.table(
        "SELECT p.value_text || ' to ' || w.verdict AS change, count(*) AS issue_weeks "
        "FROM published_figures p JOIN issue_weekly w USING (issue_id, week_start) "
        "WHERE p.figure = 'verdict' AND p.value_text <> w.verdict GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    return {
        "issue_weeks": figures["issue_weeks"],
        "counts_raised": int(figures["counts_raised"]),
        "published_share_of_final": round(figures["published_share_of_final"], 4),
        "verdicts_changed": dict(changed.iter_rows()),
        "falls_said_for_lag": _plain(_falls_for_lag(home)),
    }


def _falls_for_lag(home: Home) -> pl.DataFrame:
    """Falls published that are none now that all records are there, with what was true."""
    found = home.table(
        "SELECT week_start, issue_id, p.value_text AS published, w.verdict AS known_now "
        "FROM published_figures p JOIN issue_weekly w USING (issue_id, week_start) "
        "WHERE p.figure = 'verdict' AND list_contains(?, p.value_text) "
        "AND NOT list_contains(?, w.verdict) ORDER BY ALL",
        list(DOWN),
        list(DOWN),
    )
    return found.join(home.true_ratio, on=["issue_id", "week_start"], how="left")


def personal_data(home: Home) -> Row:
    """Planted values that survive anywhere a text is published; any is a fault."""
    texts = {
        "feedback": "SELECT concat_ws(' ', verbatim, agent_verbatim, question, touchpoint, "
        "outcome, attributes::VARCHAR) AS text FROM feedback",
        "segments": "SELECT segment_text AS text FROM segments",
        "quotes": "SELECT quote AS text FROM issue_quotes",
        "issues": "SELECT concat_ws(' ', label, terms::VARCHAR) AS text FROM issues",
    }
    values = home.truth("pii").select("kind", value=pl.col("value").str.to_lowercase()).unique()
    planted = values["value"].unique().sort().to_list()
    result: Row = {"planted_values": len(planted)}
    for name, sql in texts.items():
        text = home.table(sql)["text"].drop_nulls().str.to_lowercase()
        hits = text.str.extract_many(planted, overlapping=True).explode().drop_nulls()
        left = values.filter(pl.col("value").is_in(hits.unique().to_list()))
        result[name] = {
            "survivals": len(hits),
            "values": left.height,
            "by_kind": dict(left.group_by("kind").agg(pl.len()).sort("kind").iter_rows()),
        }
    return result


def measure(home: Home) -> Row:
    """All figures of one home."""
    issues = home.issues
    held = issues.filter(pl.col("problem_id").is_not_null())
    # What a record of the truth says nothing of: praise, questions, small talk.
    chatter = issues.filter(pl.col("problem_id").is_null())
    best = held.group_by("problem_id").agg(pl.col("coverage").max(), issues=pl.len())
    known = home.truth("mentions")["problem_id"].unique()
    lost = sorted(set(known) - set(held["problem_id"]))
    held_rows = held.select("issue_id", "label", "problem_id", "records", "purity", "coverage")
    return {
        "issues": {
            "count": issues.height,
            "problems_with_an_issue": best.height,
            "problems_without": lost,
            "problems_in_several_issues": best.filter(pl.col("issues") > 1).height,
            "median_purity": held["purity"].median(),
            "median_best_coverage": best["coverage"].median(),
            "chatter": _plain(chatter.select("issue_id", "label", "state", "records", "purity")),
            "all": _plain(held_rows),
        },
        "events": events_found(home),
        "flags": flags_judged(home),
        "sources": sources_said(home),
        "late_records": late_records(home),
        "personal_data": personal_data(home),
        "headlines": home.table("SELECT week_label, headline FROM reports ORDER BY 1").rows(),
    }


def _plain(frame: pl.DataFrame) -> list[Row]:
    return frame.to_dicts()


def told(found: Row) -> str:
    """The events and the flags that match none, as the Markdown tables of docs/trends.md."""
    lines = ["| event | problem | its weeks | said | weeks late |", "|---|---|---|---|---|"]
    for event in found["events"]:
        said = event["outcome"]
        if "weeks" in event:
            verdicts = ", ".join(sorted({week["verdict"] for week in event["weeks"]}))
            said = f"{event['kind'].replace('_', ' ')}: {verdicts}"
        elif "said" in event:
            said = f"{event['said']} {event['week']}"
        what = event["kind"] + ("" if event["role"] == "subject" else f", {event['role']}")
        course = f"{event['first_week']} to {event['last_week']}"
        late = event.get("weeks_late", "")
        lines.append(f"| {what} | {event['problem_id']} | {course} | {said} | {late} |")
    lines += ["", "| flag | issue weeks | match nothing | which |", "|---|---|---|---|"]
    for kind, counts in found["flags"].items():
        if isinstance(counts, dict):
            runs = [run for run in found["flags"]["wrong_runs"] if run["kind"] == kind]
            names = "; ".join(
                f"{run['problem_id']} {run['from']}"
                + (f" ({run['weeks']} weeks)" if run["weeks"] > 1 else "")
                + f", in truth {run['true_ratio_at_first']} times"
                for run in runs
            )
            flag = f"{kind} | {counts['issue_weeks']} | {counts['not_true']}"
            lines.append(f"| {flag} | {names} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--table", action="store_true", help="the tables of docs/trends.md instead")
    chosen = parser.parse_args()
    home = Home(chosen.home, chosen.again)
    found = measure(home)
    print(told(found) if chosen.table else json.dumps(found, indent=1, default=str))
    survived = sum(
        found["personal_data"][name]["survivals"]
        for name in ("feedback", "segments", "quotes", "issues")
    )
    if survived:
        raise SystemExit(f"{survived} planted personal values survive in voc.duckdb")


if __name__ == "__main__":
    main()
