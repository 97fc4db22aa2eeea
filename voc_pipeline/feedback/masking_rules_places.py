"""Rules for street addresses (a grammar of house number, street and unit) and postcodes.

Towns, regions and organisations are not personal and stay readable outside an address.
"""

import re
from collections.abc import Iterator

from voc_pipeline.feedback.masking_spans import Rule, Span, groups, is_business_number

_STATE = (
    r"(?:A[LKZRAEP]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|PR|RI"
    r"|S[CD]|T[NX]|UT|V[TAI]|W[AVIY])"
)
_UK = (
    r"(?:GIR ?0AA|(?:[A-PR-UWYZ][0-9]{1,2}|[A-PR-UWYZ][A-HK-Y][0-9]{1,2}|[A-PR-UWYZ][0-9][A-HJKPSTUW]"
    r"|[A-PR-UWYZ][A-HK-Y][0-9][ABEHMNPRVWXY]) ?[0-9][ABD-HJLNP-UW-Z]{2})"
)
_CA = r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][ -][0-9][ABCEGHJ-NPRSTV-Z][0-9]"
_UNIT = r"(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|building|bldg|lot|#)"
_WORD = r"[^\W\d_][\w'’.-]{0,24}"
_STREET = (
    r"(?:street|st|avenue|ave|av|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|terrace|ter"
    r"|square|sq|circle|cir|crescent|cres|close|way|parkway|pkwy|highway|hwy|trail|trl|alley|grove"
    r"|gardens|mews|row|walk|green|hill|park|plaza|loop|pike|turnpike|route|expressway|esplanade)"
)
_SURE_STREET = frozenset(
    "street st avenue ave road rd lane ln boulevard blvd crescent cres terrace parkway pkwy".split()
)
_TAIL = (
    rf"(?:,?[ \n]{{1,2}}{_UNIT}\b\.?[ #]{{0,2}}[A-Za-z]?\d{{0,5}}[A-Za-z]?(?![\w]))?"
    rf"(?:(?:[,\n ]{{1,3}}[A-ZÀ-Þ][\w'’.-]{{1,24}}){{1,3}},?[ \n]{{1,2}}{_STATE},?[ \n]{{1,2}}[0-9]{{5}}(?:-[0-9]{{4}})?(?!\d))?"
)
_ENGLISH = re.compile(
    rf"(?<![\w.,$€£#-])(?P<number>\d{{1,6}}[A-Za-z]?(?:[-/]\d{{1,4}})?),?[ ]{{1,2}}"
    rf"(?P<words>(?:{_WORD}[ ]{{1,2}}){{1,4}}?)(?P<type>{_STREET})\b\.?(?:[ ](?:NW|NE|SW|SE|[NSEW])\b\.?)?"
    + _TAIL,
    re.IGNORECASE,
)
_NUMBERED = re.compile(  # 845 5th Avenue, 12 E 42nd St
    rf"(?<![\w.,$€£#-])\d{{1,6}}[A-Za-z]?,?[ ]{{1,2}}(?:[NSEW]\.?[ ]|(?:north|south|east|west)[ ])?"
    rf"\d{{1,3}}(?:st|nd|rd|th)[ ]{{1,2}}(?:street|st|avenue|ave|road|rd|place|pl|court|ct|lane|ln)\b\.?"
    + _TAIL,
    re.IGNORECASE,
)
_WITH_UNIT = re.compile(  # 6750 Koskikatu 25 Apt. 864
    rf"(?<![\w.,$€£#-])\d{{1,6}}[A-Za-z]?,?[ ]{{1,2}}(?:[\w'’./-]{{1,25}}[ ,]{{1,2}}){{1,5}}?"
    rf"(?i:apt|apartment|suite|ste|flat)\b\.?[ ]{{1,2}}[A-Za-z]?\d{{1,5}}[A-Za-z]?(?!\w)"
)
_UNIT_LINE = re.compile(
    r"(?:(?<=\n)|(?<=\A)|(?<=, ))[ ]{0,8}(?:Apt|Apartment|Suite|Flat)\.?[ ]{1,2}\d{1,5}(?!\w)"
)
_CAPITAL = r"[A-ZÀ-ÞĀ-ŽΑ-ΩА-Я][\w'’.-]{0,24}"
_FOREIGN = re.compile(
    rf"(?<![\w.,-])(?:\d{{1,6}}[a-zA-Z]?,?[ ]{{1,2}}(?:bis[ ])?)?"
    rf"(?:(?:[Rr]ue|[Aa]venue|[Cc]hemin|[Aa]llée|[Qq]uai|[Cc]alle|[Aa]venida|[Cc]arrer|[Vv]ia|[Vv]iale"
    rf"|[Pp]iazza|[Cc]orso|[Rr]ua|[Rr]úa|ul\.|[Uu]lica|[Aa]l\.|[Ss]trada)[ ]{{1,2}}"
    rf"(?:(?:de|del|de la|de los|du|des|da|do|dos|di|della|la|le|el|al)[ ]{{1,2}})?"
    rf"{_CAPITAL}(?:[ ](?:(?:de|del|la|du|des|da|di|y|e)[ ])?{_CAPITAL}){{0,3}}(?P<after>,?[ ]{{1,2}}\d{{1,5}}[a-z]?(?!\w))?"
    rf"|{_CAPITAL[:-9]}[\w'’.-]{{1,24}}(?:straße|strasse|str\.|gasse|allee|platz|gatan|vägen|gata|vej|gade|katu"
    rf"|straat|laan|gracht|plein|utca|kuja|vegur|götu|gata)[ ]{{1,2}}(?P<house>\d{{1,5}}[a-zA-Z]?)(?!\w))"
)
_BOX = re.compile(
    r"\b(?:P\.?[ ]?O\.?[ ]?Box|PSC|Unit|CMR)[ ]{1,2}\d{1,8}(?:,?[ \n]{1,2}Box[ ]\d{1,6})?"
    r"(?:[ \n,]{1,2}(?:APO|FPO|DPO)[ ](?:AA|AE|AP)[ ]\d{5}(?:-\d{4})?)?\b|\b(?:APO|FPO|DPO)[ ](?:AA|AE|AP)[ ]\d{5}\b",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"\b(?:address(?:'s| is| was|:| to|es are)|(?:live|lives|lived|living|reside|resides|located|staying"
    r"|based) (?:at|in|on)|(?:deliver|delivered|ship|shipped|sent|send|moved|move|mail|mailed|post|posted)"
    r" (?:it |them |this |that |my order )?to|office is at|home is at|house is at|the corner of)"
    r"[\s:]{1,3}",
    re.IGNORECASE,
)
_CUED = re.compile(  # 5049 Harjukuja 54, Seinäjoki
    rf"\d{{1,6}}[A-Za-z]?(?:[-/]\d{{1,4}})?,?[ ]{{1,2}}(?:\d{{1,4}}[ ])?{_CAPITAL}"
    rf"(?:[ ]{{1,2}}(?:{_CAPITAL}|\d{{1,4}}[A-Za-z]?|de|la|del|di|da|ul\.)(?!\w)){{0,5}}"
    + _TAIL
)
_OWN_LINE = re.compile(
    rf"(?:(?<=\n)|(?<=\A))[ ]{{0,8}}\d{{2,6}}[ ]{{1,2}}{_CAPITAL}(?:[ ]{{1,2}}{_CAPITAL}){{0,3}}[ ]{{1,2}}\d{{1,4}}[A-Za-z]?[ ]{{0,2}}(?=[,\n]|\Z)"
)
_NO_STREET = frozenset(
    """a an the on in at of to for and or my our your his her their its this that these those is was are
    were be been i we you they he she it me us not no so very too only just more most less much many
    other another same every each all any some few several both new old great good bad nice big small
    minute minutes min mins hour hours hr hrs day days week weeks month months year years second seconds
    mile miles km kms meter meters metre metres block blocks foot feet ft inch inches gb tb mb kb percent
    dollar dollars euro euros pound pounds times time star stars people person customers items item
    lane lanes way from with by down up off out over under per than then when while after before
    going went walking walk drove driving parked staff hard flash disk thumb usb test""".split()
)

_ZIP = re.compile(rf"(?<!\w){_STATE}\.?,?[ \n]{{1,2}}(?P<code>[0-9]{{5}}(?:-[0-9]{{4}})?)(?![\w-])")
_ZIP4 = re.compile(r"(?<![\w.-])[0-9]{5}-[0-9]{4}(?![\w-])")
_UK_CODE = re.compile(rf"(?<![\w-]){_UK}(?![\w-])")
_CA_CODE = re.compile(rf"(?<![\w-]){_CA}(?![\w-])")
_CODE_CUE = re.compile(
    r"\b(?:zip(?:[ -]?code)?|post[ -]?code|postal code|plz|postleitzahl|code postal|código postal)\b"
    r"(?:[ ](?:is|was|of|number)|'s){0,2}[\s:=(-]{0,4}"
    r"(?P<code>(?=[A-Z0-9 ]{0,5}[0-9])[A-Z0-9]{2,5}(?:[ -](?=[A-Z]{0,2}[0-9])[A-Z0-9]{2,4})?)(?!\w)",
    re.IGNORECASE,
)


def _is_street(match: re.Match[str]) -> bool:
    words = match["words"].split()
    lower = [word.lower().strip(".,'’") for word in words]
    kind = match["type"]
    if any(word in _NO_STREET for word in lower):
        return False
    if all(word[0].isupper() or not word[0].isalpha() for word in words):
        return kind[0].isupper() or kind in _SURE_STREET
    return kind.lower() in _SURE_STREET and len(words) <= 3


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
        if not words & _NO_STREET:
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
        rf"(?i)\d[a-z]?,? {{1,2}}(?:\S+ {{1,2}}){{1,5}}{_STREET}\b|\bbox[ ]|\b(?:PSC|Unit|CMR|APO|FPO|DPO)[ ]"
        r"|\b(?:rue|avenue|chemin|allée|quai|calle|avenida|carrer|via|viale|piazza|corso|rua|rúa|ul\.|ulica|al\.|strada)[ ]"
        r"|(?:straße|strasse|str\.|gasse|allee|platz|gatan|vägen|gata|vej|gade|katu|straat|laan|gracht|plein|utca|kuja|vegur|götu)[ ]{1,2}\d",
        _streets,
    ),
    Rule("unit", r"(?i)\b(?:apt|apartment|suite|ste|flat)\b", _units),
    Rule(
        "cued_address",
        r"(?i)(?:address|live|living|reside|located|staying|based|deliver|ship|sen[dt]|move|mail|post|is at|corner)"
        r"[^0-9]{1,40}\d|(?m)^ {0,8}\d{2,6} ",
        _cued,
    ),
    Rule(
        "postcode",
        rf"\b{_STATE}\.?,?[ \n]{{1,2}}[0-9]{{5}}|[0-9]{{5}}-[0-9]{{4}}|[A-Z][0-9][0-9A-Z]{{0,2}} ?[0-9][A-Z]{{2}}"
        r"|[A-Z][0-9][A-Z][ -][0-9]|(?i:zip|post[ -]?code|postal|plz|postleit)",
        _postcodes,
    ),
)
