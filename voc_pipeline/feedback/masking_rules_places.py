# ruff: noqa: RUF001 (foreign letters and quotes are looked for)
"""Rules for street addresses (a grammar of house number, street and unit) and postcodes.

Towns, regions and organisations are not personal and stay readable outside an address.
"""

import re
from collections.abc import Iterator

from voc_pipeline.feedback.masking_spans import (
    Rule,
    Span,
    groups,
    is_business_number,
    packaged_words,
)

_STATE = (
    r"(?:A[LKZRAEP]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|PR|RI"
    r"|S[CD]|T[NX]|UT|V[TAI]|W[AVIY])"
)
_UK = (
    r"(?:GIR ?0AA|(?:[A-PR-UWYZ][0-9]{1,2}|[A-PR-UWYZ][A-HK-Y][0-9]{1,2}"
    r"|[A-PR-UWYZ][0-9][A-HJKPSTUW]"
    r"|[A-PR-UWYZ][A-HK-Y][0-9][ABEHMNPRVWXY]) ?[0-9][ABD-HJLNP-UW-Z]{2})"
)
_CA = r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][ -][0-9][ABCEGHJ-NPRSTV-Z][0-9]"
_CAPITAL = r"[A-ZÀ-ÞĀ-ŽΑ-ΩА-Я][\w'’.-]{0,24}"
_UNIT = r"(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|building|bldg|lot|#)"
_WORD = r"[^\W\d_][\w'’.-]{0,24}"
_STREET = (
    r"(?:street|st|avenue|ave|av|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|terrace"
    r"|ter"
    r"|square|sq|circle|cir|crescent|cres|close|way|parkway|pkwy|highway|hwy|trail|trl|alley|grove"
    r"|gardens|mews|row|walk|green|hill|park|plaza|loop|pike|turnpike|route|expressway|esplanade)"
)
_SURE_STREET = re.compile(
    r"(?:street|st|avenue|ave|road|rd|lane|ln|boulevard|blvd|crescent|cres|terrace|parkway|pkwy)",
    re.IGNORECASE,
)
_TAIL = (
    rf"(?:,?[ \n]{{1,2}}{_UNIT}\b\.?[ #]{{0,2}}[A-Za-z]?\d{{0,5}}[A-Za-z]?(?![\w]))?"
    rf"(?:(?:[,\n ]{{1,3}}[A-ZÀ-Þ][\w'’.-]{{1,24}}){{1,3}},?[ \n]{{1,2}}"
    rf"{_STATE},?[ \n]{{1,2}}[0-9]{{5}}(?:-[0-9]{{4}})?(?!\d))?"
)
_ENGLISH = re.compile(
    rf"(?<![\w.,$€£#-])(?P<number>\d{{1,6}}[A-Za-z]?(?:[-/]\d{{1,4}})?),?[ ]{{1,2}}"
    rf"(?:\d{{1,5}}[A-Za-z]?[ ]{{1,2}})?(?P<words>(?:{_WORD}[ ]{{1,2}}){{1,4}}?)(?:\d{{1,4}}[ ])?"
    rf"(?P<type>{_STREET})\b\.?(?:[ ](?:NW|NE|SW|SE|[NSEW])\b\.?)?" + _TAIL,
    re.IGNORECASE,
)
_NUMBERED = re.compile(  # 845 5th Avenue, 12 E 42nd St
    r"(?<![\w.,$€£#-])\d{1,6}[A-Za-z]?,?[ ]{1,2}(?:[NSEW]\.?[ ]|(?:north|south|east|west)[ ])?"
    r"\d{1,3}(?:st|nd|rd|th)[ ]{1,2}(?:street|st|avenue|ave|road|rd|place|pl|court|ct|lane"
    r"|ln)\b\.?" + _TAIL,
    re.IGNORECASE,
)
_WITH_UNIT = re.compile(  # 6750 Koskikatu 25 Apt. 864
    r"(?<![\w.,$€£#-])\d{1,6}[A-Za-z]?,?[ ]{1,2}(?:[\w'’./-]{1,25}[ ,]{1,2}){1,5}?"
    r"(?i:apt|apartment|suite|ste|flat)\b\.?[ ]{1,2}[A-Za-z]?\d{1,5}[A-Za-z]?(?!\w)"
)
_UNIT_LINE = re.compile(
    rf"(?:(?<=\n)|(?<=\A)|(?<=, ))[> ]{{0,8}}(?:Apt|Apartment|Suite|Flat)\.?[ ]{{1,2}}\d{{1,5}}"
    rf"(?!\w)"
    rf"(?:,?[\n> ]{{1,8}}(?:{_CAPITAL}[ ,\n>]{{1,8}}){{1,5}}\d{{4,5}}(?!\w))?"
)
_FOREIGN = re.compile(
    rf"(?<![\w.,-])(?:\d{{1,6}}[a-zA-Z]?,?[ ]{{1,2}}(?:bis[ ])?)?"
    rf"(?:(?:[Rr]ue|[Aa]venue|[Cc]hemin|[Aa]llée|[Qq]uai|[Cc]alle|[Aa]venida|[Cc]arrer|[Vv]ia"
    rf"|[Vv]iale"
    rf"|[Pp]iazza|[Cc]orso|[Rr]ua|[Rr]úa|ul\.|[Uu]lica|[Aa]l\.|[Ss]trada)[ ]{{1,2}}"
    rf"(?:(?:de|del|de la|de los|du|des|da|do|dos|di|della|la|le|el|al)[ ]{{1,2}})?"
    rf"{_CAPITAL}(?:[ ](?:(?:de|del|la|du|des|da|di|y|e)[ ])?{_CAPITAL}){{0,3}}"
    rf"(?P<after>,?[ ]{{1,2}}\d{{1,5}}[a-z]?(?!\w))?"
    rf"|{_CAPITAL[:-9]}[\w'’.-]{{1,24}}(?:straße|strasse|str\.|gasse|allee|platz|gatan|vägen|gata"
    rf"|vej|gade|katu"
    rf"|straat|laan|gracht|plein|utca|kuja|vegur|götu|gata)[ ]{{1,2}}(?P<house>\d{{1,5}}[a-zA-Z]?)"
    rf"(?!\w))"
)
_BOX = re.compile(
    r"\b(?:P\.?[ ]?O\.?[ ]?Box|PSC|Unit|CMR)[ ]{1,2}\d{1,8}(?:,?[ \n]{1,2}Box[ ]\d{1,6})?"
    r"(?:[ \n,]{1,2}(?:APO|FPO|DPO)[ ](?:AA|AE|AP)[ ]\d{5}(?:-\d{4})?)?\b|\b(?:APO|FPO|DPO)[ ]"
    r"(?:AA|AE|AP)[ ]\d{5}\b",
    re.IGNORECASE,
)
_CUE_HEAD = (
    r"\b(?:address(?:'s| is| was|:| to|es are)|(?:live|lives|lived|living|reside|resides|located"
    r"|staying"
    r"|based) (?:at|in|on)|(?:deliver|delivered|ship|shipped|sent|send|moved|move|mail|mailed|post"
    r"|posted)"
    r" (?:it |them |this |that |my order )?to|office is at|home is at|house is at|the corner of)"
    r"[\s:]{1,3}"
)
_CUE = re.compile(_CUE_HEAD, re.IGNORECASE)
_CUED = re.compile(  # 5049 Harjukuja 54, Seinäjoki
    rf"\d{{1,6}}[A-Za-z]?(?:[-/]\d{{1,4}})?,?[ ]{{1,2}}(?:\d{{1,4}}[ ])?{_CAPITAL}"
    rf"(?:[ ]{{1,2}}(?:{_CAPITAL}|\d{{1,4}}[A-Za-z]?|de|la|del|di|da|ul\.)(?!\w)){{0,5}}" + _TAIL
)
_OWN_LINE = re.compile(
    rf"(?:(?<=\n)|(?<=\A))[> ]{{0,8}}\d{{2,6}}[ ]{{1,2}}{_CAPITAL}"
    rf"(?:[ ]{{1,2}}{_CAPITAL}){{0,3}}[ ]{{1,2}}\d{{1,4}}[A-Za-z]?[ ]{{0,2}}(?=[,\n]|\Z)"
)

_ZIP = re.compile(rf"(?<!\w){_STATE}\.?,?[ \n]{{1,2}}(?P<code>[0-9]{{5}}(?:-[0-9]{{4}})?)(?![\w-])")
_ZIP4 = re.compile(r"(?<![\w.-])[0-9]{5}-[0-9]{4}(?![\w-])")
_UK_CODE = re.compile(rf"(?<![\w-]){_UK}(?![\w-])")
_CA_CODE = re.compile(rf"(?<![\w-]){_CA}(?![\w-])")
_CODE_CUE = re.compile(
    r"\b(?:zip(?:[ -]?code)?|post[ -]?code|postal code|plz|postleitzahl|code postal"
    r"|código postal)\b"
    r"(?:[ ](?:is|was|of|number)|'s){0,2}[\s:=(-]{0,4}"
    r"(?P<code>(?=[A-Z0-9 ]{0,5}[0-9])[A-Z0-9]{2,5}(?:[ -](?=[A-Z]{0,2}[0-9])[A-Z0-9]{2,4})?)"
    r"(?!\w)",
    re.IGNORECASE,
)


def _is_street(match: re.Match[str]) -> bool:
    words = match["words"].split()
    lower = [word.lower().strip(".,'’") for word in words]
    kind = match["type"]
    if any(word in packaged_words("no_streets.txt") for word in lower):
        return False
    if all(word[0].isupper() or not word[0].isalpha() for word in words):
        return kind[0].isupper() or _SURE_STREET.fullmatch(kind) is not None
    return len(words) <= 3 and _SURE_STREET.fullmatch(kind) is not None


def _streets(text: str) -> Iterator[Span]:
    for match in _ENGLISH.finditer(text):
        if _is_street(match):
            yield (*match.span(), "ADDRESS")
    yield from groups(_NUMBERED, text, "ADDRESS")
    for match in _FOREIGN.finditer(text):
        if match["after"] or match["house"] or match[0][0].isdigit():
            yield (*match.span(), "ADDRESS")
    yield from groups(_BOX, text, "ADDRESS")


def _units(text: str) -> Iterator[Span]:
    for match in _WITH_UNIT.finditer(text):
        words = {word.strip(".,").lower() for word in match[0].split()}
        if not words & packaged_words("no_streets.txt"):
            yield (*match.span(), "ADDRESS")
    yield from groups(_UNIT_LINE, text, "ADDRESS")


def _cued(text: str) -> Iterator[Span]:
    for cue in _CUE.finditer(text):
        match = _CUED.match(text, cue.end())
        if match:
            yield (*match.span(), "ADDRESS")
    yield from groups(_OWN_LINE, text, "ADDRESS")


def _postcodes(text: str) -> Iterator[Span]:
    yield from groups(_ZIP, text, "POSTCODE", "code")
    for pattern in (_ZIP4, _UK_CODE, _CA_CODE):
        for match in pattern.finditer(text):
            if not is_business_number(text, match.start()):
                yield (*match.span(), "POSTCODE")
    yield from groups(_CODE_CUE, text, "POSTCODE", "code")


PLACE_RULES = (
    Rule(
        "street",
        rf"(?i)\d[a-z]?,? {{1,2}}(?:\S+ {{1,2}}){{1,5}}{_STREET}\b|\b(?:box|PSC|Unit|CMR) {{1,2}}\d"
        r"|\b[AFD]PO A"
        r"|\b(?:rue|avenue|chemin|allée|quai|calle|avenida|carrer|via|viale|piazza|corso|rua|rúa"
        r"|ul\.|ulica|al\.|strada)[ ]"
        r"|(?:straße|strasse|str\.|gasse|allee|platz|gatan|vägen|gata|vej|gade|katu|straat|laan"
        r"|gracht|plein|utca|kuja|vegur|götu)[ ]{1,2}\d",
        _streets,
    ),
    Rule("unit", r"(?i)\b(?:apt|apartment|suite|ste|flat)\b", _units),
    Rule(
        "cued_address",
        rf"(?i){_CUE_HEAD}\d|(?m)^[> ]{{0,8}}\d{{2,6}} ",
        _cued,
    ),
    Rule(
        "postcode",
        rf"\b{_STATE}\.?,?[ \n]{{1,2}}[0-9]{{5}}|[0-9]{{5}}-[0-9]{{4}}"
        rf"|[A-Z][0-9][0-9A-Z]{{0,2}} ?[0-9][A-Z]{{2}}"
        r"|[A-Z][0-9][A-Z][ -][0-9]|(?i:zip|post[ -]?code|postal|plz|postleit)",
        _postcodes,
    ),
)
