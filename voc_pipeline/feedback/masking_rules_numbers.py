# ruff: noqa: RUF001 (typographic quotes are looked for)
"""Rules for numbers with a check: cards (Luhn), IBAN (mod 97, length by country), national ids.

Order, ticket and serial numbers are not personal: a cue before the number vetoes it. Dates of
birth are here because they are found by cue like the ids. Phone numbers: masking_rules_phone.
"""

import re
from collections.abc import Callable, Iterator

from voc_pipeline.feedback.masking_spans import Rule, Span, is_business_number

_CARD_RUN = re.compile(r"(?<![\d+])(?<!\d[ -])\d(?:[ -]?\d){11,47}")
_DIGIT_GROUP = re.compile(r"\d+")
_CARD_CUE = re.compile(
    r"\b(?:cards?|visa|master ?card|amex|american express|discover|maestro|credit|debit|cc)\b"
    r"[^\d]{0,30}$",
    re.IGNORECASE,
)
_CARD_CODE = re.compile(
    r"\b(?:cvv2?|cvc2?|security code)\b(?:[ ](?:number|code|is|was)){0,3}[\s:#=-]{0,3}"
    r"(?P<code>\d{3,4})(?!\d)",
    re.IGNORECASE,
)

_IBAN = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?=((?:[ -]?[A-Za-z0-9]){10,31}))")
_IBAN_CUE = re.compile(r"\biban\b[^\d]{0,20}$", re.IGNORECASE)
IBAN_LENGTH = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27,
    "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24,
    "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31,
    "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23,
    "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
"""Characters of an IBAN by country (ISO 13616 registry)."""

_ID_HEAD = (
    r"\b(?P<cue>ssn|social security|social|passport|driver'?s?’?s? licen[cs]e|driving licen[cs]e"
    r"|licen[cs]e"
    r"|national insurance|nino|nhs|tax(?:payer)? id|tin|itin|national id|identity card|id card"
    r"|aadhaar|pan card|medicare|medicaid|dni|nie|cpf|cnpj|steuer-?id(?:nummer)?|ausweis(?:nummer)?"
    r"|bsn|pesel|curp|codice fiscale|bank account|account|acct|routing|sort code|pin|sin)\b"
    r"(?:\s{1,2}(?:number|numbers|no|num|nr|id|code|card|ending|is|was|are|of|it's)\b\.?){0,4}"
    r"[\s:#=(-]{0,4}[A-Za-z]{0,4}\d"
)
_ID_CUE = re.compile(
    _ID_HEAD.replace("[A-Za-z]{0,4}\\d", "(?P<value>[A-Za-z]{0,4}\\d")
    + r"[A-Za-z0-9]{0,23}(?:[ .-](?=[A-Za-z]{0,3}\d)[A-Za-z0-9]{1,12}){0,5}(?: [A-D]\b)?)",
    re.IGNORECASE,
)
_PASSWORD = re.compile(
    r"\b(?:password|passcode|pass phrase|pwd)\b(?:\s{1,2}is\b|\s{0,2}[:=])\s{0,2}[\"']?"
    r"(?P<value>(?=[^\s\[\]]{0,63}\d)[^\s\[\]]{4,64})",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_BIRTH = re.compile(
    r"\b(?:born(?: on)?|date of birth|d\.?o\.?b\.?|birth ?date|birthday)\b(?:\s{1,2}(?:is|was"
    r"|on)\b){0,2}"
    r"[\s:=(-]{0,4}(?:the )?"
    rf"(?P<date>\d{{1,4}}[-./ ]\d{{1,2}}[-./ ]\d{{1,4}}(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\.?,?\s\d{{2,4}}(?!\d)"
    rf"|{_MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{2,4}}(?!\d))",
    re.IGNORECASE,
)


def luhn(digits: str) -> bool:
    """The check of card numbers (ISO/IEC 7812-1): one wrong digit or a swap of two fails it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban_checks(iban: str) -> bool:
    """True if length and check digits fit the country (ISO 13616, mod 97)."""
    if len(iban) != IBAN_LENGTH.get(iban[:2], 0) or not iban.isascii() or not iban.isalnum():
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def _cards(text: str) -> Iterator[Span]:
    for run in _CARD_RUN.finditer(text):
        cued = _CARD_CUE.search(text[max(0, run.start() - 48) : run.start()]) is not None
        if not cued and is_business_number(text, run.start()):
            continue
        spans = [match.span() for match in _DIGIT_GROUP.finditer(text, *run.span())]
        yield from _card_windows(text, spans, cued=cued)
    for match in _CARD_CODE.finditer(text):
        yield (*match.span("code"), "CARD")


def _card_windows(text: str, spans: list[tuple[int, int]], *, cued: bool) -> Iterator[Span]:
    """Runs of whole digit groups that are a card number, also when a date or code follows."""
    first = 0
    while first < len(spans):
        digits = ""
        found = None
        for last in range(first, len(spans)):
            digits += text[slice(*spans[last])]
            if len(digits) > 19:
                break
            sparse = len(digits) < 2 * (last - first + 1)
            if (
                len(digits) >= 12
                and digits[0] in "123456"
                and luhn(digits)
                and (cued or not sparse)
            ):
                found = last
        if found is None and cued and first == 0 and 13 <= len(digits) <= 19:
            found = len(spans) - 1  # a mistyped number that the customer calls a card
        if found is None:
            first += 1
        else:
            yield spans[first][0], spans[found][1], "CARD"
            first = found + 1


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        length = IBAN_LENGTH.get(match[0][:2].upper())
        if length is None:
            continue
        signs = ""
        end = match.start()
        while end < match.end(1) and len(signs) < length:
            signs += text[end].upper() if text[end].isalnum() else ""
            end += 1
        runs_on = end < len(text) and text[end].isalnum()
        cued = _IBAN_CUE.search(text[max(0, match.start() - 28) : match.start()])
        if len(signs) == length and not runs_on and (cued or iban_checks(signs)):
            yield match.start(), end, "IBAN"


def _is_dni(value: str) -> bool:
    number = value.upper().replace("-", "").translate(str.maketrans("XYZ", "012", ""))
    letter = value[-1].upper()
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number[:-1]) % 23] == letter


def _is_ssn(value: str) -> bool:
    area, group, serial = re.split(r"[ -]", value)
    return area not in {"000", "666"} and group != "00" and serial != "0000"


def _is_nhs_number(value: str) -> bool:
    digits = [int(sign) for sign in value if sign.isdigit()]
    return (11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11) % 11 == (
        digits[9]
    )


def _always(_: str) -> bool:
    return True


NATIONAL_IDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("US SSN", re.compile(r"(?<![\w-])(?<!\d[ .])\d{3}([ -])\d{2}\1\d{4}(?![\w-])"), _is_ssn),
    (
        "UK NINO",
        re.compile(
            r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"
            r"(?!\w)",
            re.IGNORECASE,
        ),
        _always,
    ),
    ("UK NHS", re.compile(r"(?<![\w-])[0-9]{3} [0-9]{3} [0-9]{4}(?![\w-])"), _is_nhs_number),
    ("ES DNI", re.compile(r"(?<!\w)[0-9]{8}-?[A-HJ-NP-TV-Z](?!\w)"), _is_dni),
    ("ES NIE", re.compile(r"(?<!\w)[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z](?!\w)"), _is_dni),
    (
        "IT codice fiscale",
        re.compile(
            r"(?<!\w)[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z](?!\w)", re.IGNORECASE
        ),
        _always,
    ),
    ("BR CPF", re.compile(r"(?<![\w.])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?!\w)"), _always),
    ("IN PAN", re.compile(r"(?<!\w)[A-Z]{3}P[A-Z][0-9]{4}[A-Z](?!\w)"), _always),
    (
        "US MBI",
        re.compile(r"(?<!\w)[1-9][A-Z][A-Z0-9][0-9]-[A-Z][A-Z0-9][0-9]-[A-Z]{2}[0-9]{2}(?!\w)"),
        _always,
    ),
    ("FR NIR", re.compile(r"(?<!\w)[12](?: [0-9]{2}){3}(?: [0-9]{3}){2} [0-9]{2}(?!\w)"), _always),
)  # fmt: skip
"""Ids whose form alone tells them from other numbers, each with its check."""


def _national_ids(text: str) -> Iterator[Span]:
    for _, pattern, checks in NATIONAL_IDS:
        for match in pattern.finditer(text):
            if checks(match[0]) and not is_business_number(text, match.start()):
                yield (*match.span(), "ID")


def _cued_ids(text: str) -> Iterator[Span]:
    for match in _ID_CUE.finditer(text):
        least = 4 if match["cue"].lower() in {"pin", "ssn", "social security"} else 6
        if sum(sign.isdigit() for sign in match["value"]) >= least:
            yield (*match.span("value"), "ID")
    for match in _PASSWORD.finditer(text):
        yield (*match.span("value"), "ID")


def _births(text: str) -> Iterator[Span]:
    for match in _BIRTH.finditer(text):
        yield (*match.span("date"), "DOB")


NUMBER_RULES = (
    Rule("card", r"\d(?:[ -]?\d){11}|(?i:cv[vc]|security code)", _cards),
    Rule("iban", r"[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){10}", _ibans),
    Rule(
        "national_id",
        r"\d{3}[ -]\d{2}[ -]\d{4}|[A-Za-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]"
        r"|[0-9]{3} [0-9]{3} [0-9]{4}|[0-9]{7}-?[A-Z]|[A-Za-z]{6}[0-9]{2}[A-Za-z]"
        r"|\.[0-9]{3}-[0-9]{2}"
        r"|[A-Z]{5}[0-9]{4}[A-Z]|-[A-Z]{2}[0-9]{2}|[12] [0-9]{2} [0-9]{2} [0-9]{2} [0-9]{3}",
        _national_ids,
    ),
    Rule("cued_id", rf"(?i){_ID_HEAD}|pass ?(?:word|code|phrase)|pwd", _cued_ids),
    Rule("birth", r"(?i)born|birth|d\.?o\.?b", _births),
)
