"""How people put it: one text of a customer from a plan of what it is about.

What lives here: the order of sentences, manners of a channel, typing habits. Which problems are
mentioned, when and by whom is decided elsewhere. Personal data is added after the typing habits,
so that a planted value stands in the text letter by letter.
"""

import re
from dataclasses import dataclass
from typing import Literal

from voc_pipeline.sample.events import speaks_like
from voc_pipeline.sample.wording import Catalogue, Dice

PlanKind = Literal["problem", "mixed", "praise", "question", "empty", "viral"]
_WORD = re.compile(r"[a-z]{5,12}")
_CORE_SHARE = 0.62
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Plan:
    """What one text is about."""

    kind: PlanKind
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manner:
    """How people write in a channel: probabilities, each of one habit."""

    greeting: float = 0.0
    context: float = 0.2
    second_sentence: float = 0.2
    consequence: float = 0.3
    sign_off: float = 0.0
    lower_case: float = 0.1
    upper_case: float = 0.02
    typos: float = 0.2
    emoji: float = 0.05
    line_breaks: float = 0.0


MANNERS = {
    "survey": Manner(context=0.04, second_sentence=0.18, consequence=0.06),
    "tickets": Manner(
        greeting=0.75, context=0.25, second_sentence=0.45, consequence=0.18, sign_off=0.7,
        lower_case=0.05, emoji=0.01, line_breaks=0.6,
    ),
    "app_reviews": Manner(context=0.05, second_sentence=0.35, consequence=0.1, emoji=0.14),
    "social": Manner(
        context=0.04, second_sentence=0.12, consequence=0.1, lower_case=0.2, emoji=0.2
    ),
    "complaints": Manner(
        greeting=0.6, context=0.4, second_sentence=0.8, consequence=0.25, sign_off=0.5,
        lower_case=0.01, upper_case=0.04, typos=0.1, emoji=0.0, line_breaks=0.3,
    ),
    "chat": Manner(context=0.0, second_sentence=0.0, consequence=0.0, lower_case=0.35, typos=0.3),
    "recorded_calls": Manner(
        context=0.1, consequence=0.1, lower_case=1.0, typos=0.0, emoji=0.0, upper_case=0.0
    ),
}  # fmt: skip


def compose(plan: Plan, manner: Manner, catalogue: Catalogue, dice: Dice) -> str:
    """One text, without personal data."""
    if plan.kind == "empty":
        return catalogue.line("nothing", dice) if dice.chance(0.45) else ""
    sentences = _body(plan, manner, catalogue, dice)
    if dice.chance(manner.context):
        place = 0 if dice.chance(0.7) else len(sentences)
        sentences.insert(place, catalogue.line("context", dice))
    if plan.problems and dice.chance(manner.consequence):
        _append_consequence(sentences, catalogue.line("consequence", dice), dice)
    text = _joined(sentences, manner, dice)
    text = typed(text, manner, dice)
    if dice.chance(manner.emoji):
        mood = "problem_emoji" if plan.problems else "praise_emoji"
        text = f"{text} {catalogue.line(mood, dice)}"
    break_ = "\n" if dice.chance(manner.line_breaks) else " "
    if dice.chance(manner.greeting):
        text = f"{catalogue.line('greeting', dice)},{break_}{text}"
    if dice.chance(manner.sign_off):
        text = f"{text}{break_}{catalogue.line('sign_off', dice)}"
    return text


def problem_sentence(problem_id: str, catalogue: Catalogue, dice: Dice) -> str:
    """One sentence about a problem, without its full stop."""
    problem = catalogue.problems[speaks_like(problem_id, dice.share())]
    phrases = problem.core if dice.chance(_CORE_SHARE) else problem.frames
    said = " ".join(catalogue.say(dice.pick(phrases), dice).replace(" ,", ",").split())
    if dice.chance(0.12):
        said = f"{catalogue.line('opener', dice)} {said}"
    if dice.chance(0.07):
        said = f"{said} {catalogue.line('tail', dice)}"
    return said


def typed(text: str, manner: Manner, dice: Dice) -> str:
    """The text as this person types: slips, no capitals, or nothing but capitals."""
    if dice.chance(manner.typos):
        for _ in range(dice.number(1, 2)):
            text = _slip(text, dice)
    if dice.chance(manner.upper_case):
        return text.upper()
    if dice.chance(manner.lower_case):
        text = text.lower()
        return text.replace(".", "").replace("'", "") if dice.chance(0.4) else text
    return text


def _body(plan: Plan, manner: Manner, catalogue: Catalogue, dice: Dice) -> list[str]:
    if plan.kind == "question":
        return [catalogue.line("question", dice) + "?"]
    if plan.kind == "praise":
        count = dice.number(1, 2) if dice.chance(0.7) else 3
        return [catalogue.line("praise", dice) for _ in range(count)]
    first, *others = plan.problems
    sentences = [problem_sentence(first, catalogue, dice)]
    if plan.kind == "mixed":
        praise = catalogue.line("praise", dice)
        if dice.chance(0.5):
            sentences = [f"{praise}, {catalogue.line('but', dice)} {sentences[0]}"]
        else:
            sentences.insert(0 if dice.chance(0.6) else 1, praise)
    if dice.chance(manner.second_sentence):
        sentences.append(problem_sentence(first, catalogue, dice))
    for other in others:
        also = catalogue.line("also", dice)
        sentences.append(f"{also} {problem_sentence(other, catalogue, dice)}")
    return sentences


def _append_consequence(sentences: list[str], consequence: str, dice: Dice) -> None:
    if dice.chance(0.45) and not sentences[-1].endswith("?"):
        sentences[-1] = f"{sentences[-1]}{dice.pick((', ', ' - ', ' and ', ', '))}{consequence}"
    else:
        sentences.append(consequence)


def _joined(sentences: list[str], manner: Manner, dice: Dice) -> str:
    said = []
    for place, sentence in enumerate(sentences):
        end = dice.pick(("!", "!!", "...", "!!!")) if dice.chance(0.12) else "."
        if sentence.endswith(("?", "!")) or (place == len(sentences) - 1 and dice.chance(0.25)):
            end = ""
        start = sentence[0].upper() if dice.chance(0.92) else sentence[0]
        said.append(f"{start}{sentence[1:]}{end}")
    return ("\n" if dice.chance(manner.line_breaks / 2) else " ").join(said)


def _slip(text: str, dice: Dice) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    start, end = dice.pick(words).span()
    place = dice.number(start + 1, end - 2)
    match dice.number(1, 4):
        case 1:
            return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        case 2:
            return text[:place] + text[place + 1 :]
        case 3:
            return text[:place] + text[place] + text[place:]
        case _:
            return text[:place] + dice.pick(_LETTERS) + text[place + 1 :]
