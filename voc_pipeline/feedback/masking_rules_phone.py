# ruff: noqa: RUF001 (dashes of all kinds are looked for)
"""Rules for phone numbers, written in figures or spelled out digit by digit.

Formats that are phone numbers anywhere, and looser ones that need a cue such as "call me at".
"""

import re
from collections.abc import Iterator

from voc_pipeline.feedback.masking_spans import Rule, Span, is_business_number

_END = r"(?:[ ,]{0,2}(?:x|ext\.?|extension)[ .:]{0,2}\d{1,6})?(?!\d)"
_START = r"(?<![^\W_])(?<!\d[.,:/-])(?<![$€£#@=&+])"
_STRONG = (
    re.compile(  # +44 20 7946 0958, 0046 (0)8 928 571 38
        r"(?<![\w+])(?:\+[ ]?|00(?=[1-9]))\d(?:[ .()\-–/]{0,3}\d){7,14}" + _END, re.IGNORECASE
    ),
    re.compile(  # 905-674-3793, 1.905.674.3793x12
        _START + r"(?:1[ .-])?(?:\(\d{3}\)[ .-]{0,2}|\d{3}[.-])\d{3}[ .-]\d{4}" + _END,
        re.IGNORECASE,
    ),
    re.compile(_START + r"(?:1 )?[2-9]\d{2} [2-9]\d{2}[ -]\d{4}" + _END, re.IGNORECASE),
    re.compile(  # (08) 8747 6301
        r"(?<![^\W_])\(\d{2,5}\)[ -]?\d{2,4}(?:[ -]\d{2,4}){1,3}" + _END, re.IGNORECASE
    ),
    re.compile(_START + r"0[1-9]\d{0,3}(?:[ .\-/]\d{2,8}){1,4}" + _END, re.IGNORECASE),
    re.compile(_START + r"0[1-9]\d{7,9}" + _END, re.IGNORECASE),
    re.compile(_START + r"\d{2,4}(?:-\d{2,4}){2,4}" + _END + r"(?!-)", re.IGNORECASE),
    re.compile(_START + r"1?[2-9]\d{2}[2-9]\d{6}" + _END, re.IGNORECASE),
)
_RUN = re.compile(r"\d(?:[ ().\-–/]{0,3}\d){6,60}")
_LONGEST_EXTENSION = 24
_LOOSE = re.compile(_START + r"\(?\d(?:[ ().\-–/]{0,3}\d){5,14}" + _END, re.IGNORECASE)
_CUE = re.compile(
    r"\b(?:phone|tel|telephone|mobile|cell|cellphone|fax|call|called|calling|texted|whatsapp|sms"
    r"|reach|contact|ring|dial|landline|hotline|desk|office|voicemail|callback|call ?back"
    r"|(?:my|her|his|the|registered|home|work|contact|whose) number|answering at"
    r"|registered|messages? (?:to|on))\b[^\d]{0,30}$",
    re.IGNORECASE,
)
_AFTER = re.compile(r"[ ]?[-–(\\,]{0,3}[ ]?(?:office|fax|mobile|cell|home|work|desk|phone)\b", re.I)
_DATE = re.compile(
    r"\(?(?:(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2})"
    r"(?!\d)"
    r"|\(?(?:19|20)\d{2}[ -/–]{1,3}(?:19|20)\d{2}(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2}(?![./-]?\d)"
)
_ZIP4 = re.compile(r"\d{5}-\d{4}$")
_DECIMALS = re.compile(r"\d{1,4}\.\d{1,2}(?:[ /-]{1,3}|$)")

_DIGIT_WORD = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_SPELLED = re.compile(rf"\b{_DIGIT_WORD}(?:[\s,.-]{{1,3}}{_DIGIT_WORD}){{3,31}}\b", re.IGNORECASE)
_SPELLED_CUE = re.compile(
    r"\b(?:number|phone|cell|mobile|card|account|pin|code|zip|social|ssn|digits|ending|reach"
    r"|call)\b"
    r"[^\d]{0,30}$",
    re.IGNORECASE,
)


def _digit_count(text: str) -> int:
    return sum(sign.isdigit() for sign in text)


def _is_phone(text: str, match: re.Match[str]) -> bool:
    number = match[0]
    return (
        7 <= _digit_count(number) <= 21
        and not any(pattern.match(number) for pattern in (_DATE, _DECIMALS, _ZIP4))
        and not is_business_number(text, match.start())
    )


def _phones(text: str) -> Iterator[Span]:
    for run in _RUN.finditer(text):
        yield from _phones_in(text, run.start(), run.end())


def _phones_in(text: str, start: int, end: int) -> Iterator[Span]:
    """Phone numbers of one run of digits; looking at the run alone makes it six times faster."""
    reach = (max(0, start - 3), min(len(text), end + _LONGEST_EXTENSION))
    for pattern in _STRONG:
        for match in pattern.finditer(text, *reach):
            if match.start() < end and _is_phone(text, match):
                yield (*match.span(), "PHONE")
    for match in _LOOSE.finditer(text, *reach):
        if match.start() >= end:
            break
        cued = _CUE.search(text[max(0, match.start() - 44) : match.start()]) or _AFTER.match(
            text, match.end()
        )
        if cued and _is_phone(text, match):
            yield (*match.span(), "PHONE")


def _spelled(text: str) -> Iterator[Span]:
    for match in _SPELLED.finditer(text):
        count = len(re.findall(_DIGIT_WORD, match[0], re.IGNORECASE))
        cued = _SPELLED_CUE.search(text[max(0, match.start() - 44) : match.start()])
        if (count >= 7 or cued) and not is_business_number(text, match.start()):
            token = "CARD" if count >= 13 else "PHONE" if count >= 7 else "ID"
            yield (*match.span(), token)


_S = r"[ ().\-–/]"
_CUE_WORDS = (
    r"phone|tel|mobile|cell|fax|call|texted|whatsapp|sms|reach|contact|ring|dial|landline|hotline"
    r"|desk|office|voicemail|callback|number|answering|home|work|registered|message"
)
_TRIGGER = (  # nine digits, seven with a sign between them, or a cue with a shorter run
    rf"\d{{9}}|\d(?:{_S}{{0,3}}\d){{3}}{_S}{{1,3}}\d|\d{_S}{{1,3}}\d(?:{_S}{{0,3}}\d){{3}}"
    rf"|(?i:{_CUE_WORDS})\D{{0,31}}\d{{7}}|\d{{7}}(?i:[ ]?[-–(\\,]{{0,3}}[ ]?(?:{_CUE_WORDS}))"
    r"|\d{7}[ ,]{0,2}(?i:x|ext)"
)

PHONE_RULES = (
    Rule("phone", _TRIGGER, _phones),
    Rule(
        "spelled_digits",
        rf"(?i){_DIGIT_WORD}[\s,.-]{{1,3}}{_DIGIT_WORD}[\s,.-]{{1,3}}{_DIGIT_WORD}",
        _spelled,
    ),
)
