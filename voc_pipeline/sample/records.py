"""The sources whose records are rows: survey, tickets, reviews, posts, complaints, the call log.

One function a source: the acts of a scene in, records in the source's own columns out. What is
said, and when, is decided by the scene.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from voc_pipeline.sample.company import NOTE, TIME_ZONE
from voc_pipeline.sample.events import (
    VIRAL_POSTS,
    VIRAL_SHARE_OF_ONE_ACCOUNT,
    VIRAL_WEEK,
    problem_factor,
    release_at,
)
from voc_pipeline.sample.personal import Planted
from voc_pipeline.sample.scene import Act, Scene
from voc_pipeline.sample.texts import Plan
from voc_pipeline.sample.wording import Dice

WENT_WELL = "What went well?"
DO_BETTER = "What could we do better?"
_ZONE = ZoneInfo(TIME_ZONE)
_CALLS = 52


@dataclass
class Told:
    """Records of one source and week, and the truth of each: lists of the same length."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    def add(self, act: Act, row: dict[str, Any]) -> None:
        """One more record."""
        self.acts.append(act)
        self.rows.append({**row, "note": NOTE, "received_week": act.received_week})


def tell_survey(scene: Scene) -> Told:
    """Two rows a response, one a question; either may be left empty."""
    told = Told()
    for better in scene.plans():
        act = scene.act(better)
        response_id = f"R{act.external_id[1:]}"
        well = _went_well(scene)
        text, planted = scene.words(well)
        score = _nps(scene.dice, well, better)
        other = replace(act, external_id=scene.new_id(), plan=well, text=text, planted=planted)
        for question, answer in ((WENT_WELL, other), (DO_BETTER, act)):
            row = {
                "answer_id": answer.external_id,
                "response_id": response_id,
                "answered_at": act.occurred_at.isoformat(" "),
                "received_at": act.received_at.isoformat(" "),
                "customer_number": act.customer.customer_id,
                "segment": act.customer.segment,
                "region": act.customer.region,
                "yearly_value": act.customer.value,
                "product": _product(scene, better),
                "nps": score,
                "question": question,
                "answer": answer.text,
            }
            told.add(answer, row)
    return told


def tell_tickets(scene: Scene) -> Told:
    """One row a ticket that came by e-mail, with the score given when it was closed."""
    told = Told()
    for plan in scene.plans():
        act = _signed(scene.act(plan), scene.dice, 0.3)
        dice = scene.dice
        score = 0 if dice.chance(0.4) else _stars(dice, plan, kindness=0.25)
        row = {
            "ticket_id": act.external_id,
            "created_at": _offset(act.occurred_at),
            "received_at": _offset(act.received_at),
            "customer_id": act.customer.customer_id,
            "customer_name": act.customer.name,
            "customer_email": act.customer.email,
            "segment": act.customer.segment,
            "region": act.customer.region,
            "yearly_value": act.customer.value,
            "product": _product(scene, plan),
            "body": act.text,
            "csat": score,
        }
        told.add(act, row)
    return told


def tell_app_reviews(scene: Scene) -> Told:
    """One row a review in the app stores; nobody knows the customer."""
    told = Told()
    for plan in scene.plans():
        act = scene.act(plan)
        newest, before = release_at(scene.week)
        recent = plan.problems and plan.problems[0] in ("checkout_freeze", "face_login_loop")
        row = {
            "review_id": act.external_id,
            "submitted_at": utc(act.occurred_at).isoformat() + "Z",
            "received_at": utc(act.received_at).isoformat() + "Z",
            "stars": _stars(scene.dice, plan, kindness=0.12),
            "title": scene.catalogue.line("review_title", scene.dice),
            "body": act.text,
            "app_version": newest if recent or scene.dice.chance(0.65) else before,
            "store": scene.dice.pick(("Android", "Android", "iOS")),
            "country": "GB",
        }
        told.add(act, row)
    return told


def tell_social(scene: Scene) -> Told:
    """One row a post that names the company; in one week a text is pasted over and over."""
    told = Told()
    acts = [scene.act(plan) for plan in scene.plans()]
    if scene.week == VIRAL_WEEK:
        acts += _viral(scene)
    for act in acts:
        account = f"@{act.customer.email.split('@')[0].replace('.', '_')}"
        text = act.text
        if act.plan.kind != "viral" and scene.dice.chance(0.5):
            text = f"@HarbourHale {text}" if scene.dice.chance(0.7) else f"{text} #HarbourHale"
        row = {
            "post_id": act.external_id,
            "posted_at": utc(act.occurred_at),
            "received_at": utc(act.received_at),
            "account": account,
            "text": text,
            "likes": int(scene.dice.share() ** 6 * 400),
        }
        told.add(act, row)
    return told


def tell_complaints(scene: Scene) -> Told:
    """One row a letter or web form, as the complaints desk exports it: dates without times."""
    told = Told()
    for plan in scene.plans():
        act = _signed(scene.act(plan), scene.dice, 0.6)
        occurred = act.occurred_at.date()
        registered = act.received_at.date()
        if act.received_week == scene.monday:
            next_monday = scene.monday + timedelta(days=7)
            registered = min(occurred + timedelta(days=scene.dice.number(1, 3)), next_monday)
        row = {
            "Reference": act.external_id,
            "Date": occurred.strftime("%d/%m/%Y"),
            "Registered": registered.strftime("%d/%m/%Y"),
            "Customer": act.customer.customer_id,
            "Name": act.customer.name,
            "Region": act.customer.region,
            "Product": _product(scene, plan),
            "Complaint": act.text,
        }
        told.add(act, row)
    return told


def tell_call_log(scene: Scene) -> Told:
    """One row a call, without a word of it; waits grow with the hold-time problem."""
    told = Told()
    slowness = problem_factor("hold_time", scene.week, scene.monday)
    for _ in range(scene.dice.poisson(_CALLS * scene.volume())):
        act = scene.act(Plan("empty"))
        wait = scene.dice.gamma(380 * slowness, 0.7)
        gave_up = scene.dice.chance(min(0.6, wait / 3600))
        row = {
            "call_id": act.external_id,
            "started_at": act.occurred_at.strftime("%d/%m/%Y %H:%M:%S"),
            "received_at": act.received_at.strftime("%d/%m/%Y %H:%M:%S"),
            "customer_number": act.customer.customer_id,
            "queue": scene.dice.pick(("orders", "delivery", "delivery", "billing", "returns")),
            "outcome": "abandoned" if gave_up else scene.dice.pick(_OUTCOMES),
            "wait_seconds": round(wait),
            "talk_seconds": 0 if gave_up else round(scene.dice.gamma(320, 0.5)),
        }
        told.add(act, row)
    return told


ROW_SOURCES: dict[str, Callable[[Scene], Told]] = {
    "survey": tell_survey,
    "tickets": tell_tickets,
    "app_reviews": tell_app_reviews,
    "social": tell_social,
    "complaints": tell_complaints,
    "call_log": tell_call_log,
}
_OUTCOMES = ("answered", "answered", "answered", "answered", "transferred", "voicemail")


def utc(local: datetime) -> datetime:
    """A local time of the company as naive UTC."""
    return local.replace(tzinfo=_ZONE).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def _offset(local: datetime) -> str:
    return local.replace(tzinfo=_ZONE).isoformat()


def _product(scene: Scene, plan: Plan) -> str:
    if plan.problems and scene.dice.chance(0.8):
        return scene.catalogue.problems[plan.problems[0]].product
    return scene.dice.pick(("shop", "website", "app", "store"))


def _went_well(scene: Scene) -> Plan:
    draw = scene.dice.share()
    if draw < 0.06:
        return scene.problem_plan()
    return Plan("praise") if draw < 0.66 else Plan("empty")


def _nps(dice: Dice, well: Plan, better: Plan) -> int:
    if dice.chance(0.03):
        return 99
    if better.problems or well.problems:
        # Half of those who name a problem are content on the whole.
        return (
            dice.number(6, 10)
            if dice.chance(0.35 + 0.2 * (well.kind == "praise"))
            else dice.number(0, 6)
        )
    return dice.number(8, 10) if dice.chance(0.85) else dice.number(5, 8)


def _stars(dice: Dice, plan: Plan, kindness: float) -> int:
    if plan.kind == "problem":
        return dice.number(3, 5) if dice.chance(kindness) else dice.number(1, 2)
    if plan.kind == "mixed":
        return dice.number(2, 4)
    return dice.number(4, 5) if dice.chance(0.9) else dice.number(2, 4)


def _signed(act: Act, dice: Dice, probability: float) -> Act:
    if not dice.chance(probability):
        return act
    name = act.customer.name
    regards = dice.pick(("Regards", "Kind regards", "Yours sincerely", "Thanks"))
    planted = (*act.planted, Planted("person", name, "known"))
    return replace(act, text=f"{act.text}\n{regards},\n{name}", planted=planted)


def _viral(scene: Scene) -> list[Act]:
    plan = Plan("viral", (scene.catalogue.viral_problem,))
    count = max(1, round(VIRAL_POSTS * min(1.0, scene.scale)))
    acts = []
    for number in range(count):
        act = replace(
            scene.act(Plan("empty")), plan=plan, text=scene.catalogue.viral_text, planted=()
        )
        if number < count * VIRAL_SHARE_OF_ONE_ACCOUNT:
            act = replace(act, customer=scene.customers[0])
        acts.append(act)
    return acts
