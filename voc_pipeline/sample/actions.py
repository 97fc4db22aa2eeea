"""What the simulated company's leaders asked for: the demo's `actions.toml`.

Dates follow the planted events, never what the pipeline made of them. Issues are named by words of
their problem, as the ids that the register will give are not known here.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta

from models.week import ONE_WEEK
from voc_pipeline.sample.company import FUNCTIONS, SimulatedCompany

CHIEF = "H. Brandt, chief customer officer"
_HEAD = """\
# The action register: what was decided about which issue, who answers for it, and what came of it.
#
# One [[action]] a decision; every step since stands in `steps`, oldest first, a line each, and
# nothing is ever deleted: a decision taken back is a step `dropped`. Change it here, or with
# `uv run voc action add | done | drop | list`. A step counts from the end of its day on, so the
# report of a week knows what was entered up to its Sunday.
#
# THE ACTIONS BELOW ARE FICTIONAL, as the company is. `issue` is an id of the report (ISS-0042);
# the simulator does not know the ids to come and names issues by words of theirs with `about`.
"""


@dataclass(frozen=True)
class _Step:
    week: int
    did: str
    why: str
    more: str = ""
    """`due:22`: a date on the Friday of week 22; `effect:18`: the Monday of week 18."""
    by: str = ""


@dataclass(frozen=True)
class _Ask:
    about: str
    decision: str
    function: str
    due: int
    steps: tuple[_Step, ...]


_ASKS = (
    _Ask(
        "password reset", "Replace the password-reset flow", "digital", 18,
        (
            _Step(12, "asked", "Among the five largest issues since the start of the records."),
            _Step(18, "done", "The new flow is live for all customers.", "effect:18"),
        ),
    ),
    _Ask(
        "address form flat number", "Accept flat numbers in the address form", "digital", 23,
        (
            _Step(17, "asked", "Parcels come back because the flat is missing."),
            _Step(22, "moved", "The release was put off by a week.", "due:24"),
            _Step(24, "done", "The form has an optional field for the flat.", "effect:24"),
        ),
    ),
    _Ask(
        "payment screen freezes", "Mend the payment screen of app 8.2 on Android", "digital", 27,
        (
            _Step(23, "asked", "New, beyond chance, and it stops purchases.", by=CHIEF),
            _Step(27, "moved", "The cause lies in a library; its maker works on it.", "due:30"),
            _Step(30, "done", "Release 8.2.2 is out.", "effect:30"),
        ),
    ),
    _Ask(
        "waiting hold answer", "Fill the twelve open posts in the call centre", "call_centre", 36,
        (
            _Step(26, "asked", "Waits have grown for three months.", by=CHIEF),
            _Step(36, "moved", "Seven of twelve are hired.", "due:46"),
        ),
    ),
    _Ask(
        "delivered marked door", "Drivers take a photo at every delivery", "fulfilment", 33,
        (
            _Step(28, "asked", "Parcels marked as delivered are not there."),
            _Step(34, "done", "All depots take photos.", "effect:34"),
        ),
    ),
    _Ask(
        "website slow loading", "Move the site to faster machines", "digital", 50,
        (_Step(34, "asked", "Customers leave while pages load."),),
    ),
    _Ask(
        "reward points added", "Repair the ledger of loyalty points", "marketing", 48,
        (
            _Step(42, "asked", "The club's members notice first."),
            _Step(49, "done", "The ledger is repaired and old orders are credited.", "effect:49"),
        ),
    ),
    _Ask(
        "return label print", "Send the return label as a PDF", "post_sale", 57,
        (
            _Step(51, "asked", "It is the first thing a customer who returns meets."),
            _Step(57, "done", "The label comes as a PDF by e-mail.", "effect:57"),
        ),
    ),
    _Ask(
        "warranty claim rejected", "Give the reason with every rejected claim", "post_sale", 55,
        (
            _Step(49, "asked", "Customers write twice because they do not know why."),
            _Step(54, "dropped", "Legal asks for a review of the whole letter first."),
        ),
    ),
    _Ask(
        "charged twice", "Ask the payment provider for an end of repeated requests", "billing", 60,
        (_Step(59, "asked", "Double charges rise beyond chance.", by=CHIEF),),
    ),
    _Ask(
        "fingerprint face sign login", "Withdraw the new sign-in of app 8.4.0", "digital", 60,
        (_Step(59, "asked", "New since the release, and it grows every week.", by=CHIEF),),
    ),
)  # fmt: skip


def company_actions_toml(company: SimulatedCompany) -> str:
    """actions.toml of the simulated company: the asks of its simulated weeks, steps to come too.

    The text is the same however many weeks are simulated: a step counts when its day has come.
    """
    blocks = [_block(number, ask, company.first_week) for number, ask in enumerate(_ASKS, start=1)]
    return _HEAD + "".join("\n" + block for block in blocks)


def _block(number: int, ask: _Ask, first_week: date) -> str:
    owner = next(one.owner for one in FUNCTIONS if one.id == ask.function)
    lines = [
        "[[action]]",
        f'id = "ACT-{number:04d}"',
        f"about = {_quoted(ask.about)}",
        f"decision = {_quoted(ask.decision)}",
        f"function = {_quoted(ask.function)}",
        f"owner = {_quoted(owner)}",
        f"due = {_friday(first_week, ask.due)}",
        "steps = [",
        *(f"    {_step(step, owner, first_week)}," for step in ask.steps),
        "]",
    ]
    return "\n".join(lines) + "\n"


def _step(step: _Step, owner: str, first_week: date) -> str:
    """Asked on the Monday of the meeting, done on a Thursday; a day in the week `step.week`."""
    day = first_week + step.week * ONE_WEEK + timedelta(days=0 if step.did == "asked" else 3)
    parts = [f"on = {day}", f"by = {_quoted(step.by or _by(step, owner))}", f'did = "{step.did}"']
    if step.more:
        name, week = step.more.split(":")
        parts.append(f"{name} = {_date(name, int(week), first_week)}")
    return "{ " + ", ".join([*parts, f"why = {_quoted(step.why)}"]) + " }"


def _by(step: _Step, owner: str) -> str:
    return CHIEF if step.did in ("asked", "dropped") else owner


def _date(name: str, week: int, first_week: date) -> date:
    return _friday(first_week, week) if name == "due" else first_week + week * ONE_WEEK


def _friday(first_week: date, week: int) -> date:
    return first_week + week * ONE_WEEK + timedelta(days=4)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
