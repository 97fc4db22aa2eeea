"""The sources whose records are conversations: chats as turns in JSON, recorded calls as WebVTT.

The customer's problem is spread over turns, between the agent's phrases and small talk.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from voc_pipeline.sample.company import NOTE
from voc_pipeline.sample.personal import Planted, plant
from voc_pipeline.sample.records import Told, utc
from voc_pipeline.sample.scene import Scene
from voc_pipeline.sample.texts import MANNERS, Plan, problem_sentence, typed


class Turn(NamedTuple):
    """One thing said."""

    speaker: str
    text: str


def tell_chat(scene: Scene) -> Told:
    """One row a chat on the web site."""
    told = Told()
    for plan in scene.plans():
        act = scene.act(plan)
        turns, planted = _converse(scene, plan)
        row = {
            "conversation_id": act.external_id,
            "started_at": utc(act.occurred_at).isoformat() + "Z",
            "received_at": utc(act.received_at).isoformat() + "Z",
            "customer_id": act.customer.customer_id,
            "turns": [turn._asdict() for turn in turns],
        }
        told.add(replace(act, text=_customer_words(turns), planted=planted), row)
    return told


def tell_recorded_calls(scene: Scene) -> Told:
    """One row a recorded call: a WebVTT file, its day in the file's name."""
    told = Told()
    for plan in scene.plans():
        act = scene.act(plan)
        # The day is all that the file says: the call is known on its day, never late.
        turns, planted = _converse(scene, plan)
        day = act.occurred_at.date().isoformat()
        name = f"simulated_call_{day}_{act.external_id}.vtt"
        # A file without an id of its own is known by its path under the home.
        path = f"sources/recorded_calls/{name}"
        act = replace(act, external_id=path, text=_customer_words(turns), planted=planted)
        told.add(act, {"file_name": name, "body": _web_vtt(scene, turns)})
    return told


CONVERSATION_SOURCES: dict[str, Callable[[Scene], Told]] = {
    "chat": tell_chat,
    "recorded_calls": tell_recorded_calls,
}


def _converse(scene: Scene, plan: Plan) -> tuple[list[Turn], tuple[Planted, ...]]:
    dice, catalogue = scene.dice, scene.catalogue
    manner = MANNERS[scene.profile.source_id]
    opening, planted = scene.words(plan)
    if dice.chance(0.4):
        opening = f"{catalogue.line('greeting', dice).lower()} {opening}"
    turns = [Turn("agent", catalogue.line("agent_open", dice)), Turn("customer", opening)]
    for number in range(dice.number(1, 3)):
        turns.append(Turn("agent", catalogue.line("agent_probe", dice)))
        said = catalogue.line("customer_filler", dice)
        if number == 0 and plan.problems and dice.chance(0.35):
            said = problem_sentence(plan.problems[0], catalogue, dice)
        elif not planted and dice.chance(0.03):
            said, value = plant(said, catalogue, dice)
            planted = (value,)
            turns.append(Turn("customer", said))
            continue
        turns.append(Turn("customer", typed(said, manner, dice)))
    turns.append(Turn("agent", catalogue.line("agent_close", dice)))
    if dice.chance(0.7):
        turns.append(Turn("customer", catalogue.line("customer_close", dice)))
    return turns, planted


def _customer_words(turns: list[Turn]) -> str:
    return "\n".join(turn.text for turn in turns if turn.speaker == "customer")


def _web_vtt(scene: Scene, turns: list[Turn]) -> str:
    lines = ["WEBVTT", "", f"NOTE {NOTE} call", ""]
    start = timedelta(seconds=scene.dice.number(1, 4))
    for turn in turns:
        end = start + timedelta(seconds=2 + len(turn.text) // 14)
        lines += [
            f"{_clock(start)} --> {_clock(end)}",
            f"<v {turn.speaker.capitalize()}>{turn.text}",
            "",
        ]
        start = end + timedelta(seconds=1)
    return "\n".join(lines)


def _clock(moment: timedelta) -> str:
    seconds = int(moment.total_seconds())
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000"
