# ruff: noqa: RUF001 (typographic quotes and dashes are looked for)
"""Rules for names of persons: titles, cue phrases, sign-offs, first names with a capital.

A cue is needed, or a first name of the packaged list (US Census 1990 first names, public
domain, and frequent first names of other languages, without those that are words or towns).
"""

import re
from collections.abc import Iterator

from voc_pipeline.feedback.masking_spans import Rule, Span, packaged_words

_WORD = re.compile(r"(?<!\w)[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_])){0,30}(?!\w)")
_GAP = re.compile(r"\.?[ \u00a0]{1,2}")
_PARTICLES = packaged_words("name_particles.txt")
_LONGEST_RUN = 4

_TITLE = re.compile(
    r"\b(?:(?i:mr|mrs|ms|mx|dr)\b\.?|(?:Miss|Prof|Professor|Doctor|Herr|Frau|Madame|Monsieur|Mme"
    r"|Mlle"
    r"|Señora?|Sra|Signora?|Sir|Dame|Nurse|Officer|Captain|Pastor|Rev|Reverend|Rabbi|Imam)\b\.?)"
    r"[ \u00a0]{1,2}"
)
_STRONG = re.compile(
    r"\b(?:(?:my|his|her|their|the|whose|full|first|last|sur|maiden|middle|given|customer|contact"
    r"|agent|patient|guest|caller)[ ]?(?:full |first |last |given |maiden |middle )?names?(?:'s|’s"
    r"| is| was|:)"
    r"|names?(?: is|'s|:)"
    r"|name on (?:the|my) (?:card|account|order|booking)(?: is|:)|named|by the name of"
    r"|in the name of"
    r"|under the name(?: of)?|i am called|i'm called|go by|goes by|attn:?|c/o"
    r"|je m'appelle|mein name ist|ich hei(?:ß|ss)e|me llamo|mi nombre es|mi chiamo|il mio nome è"
    r"|meu nome é|ik heet|mijn naam is|nazywam się|jag heter|jeg he[dt]d?er"
    r"|names?(?: on (?:the|your) \w{1,12})?\?(?: {0,2}\n?(?:user|customer|caller|client"
    r"|me):)?)\s{1,2}",
    re.IGNORECASE,
)
_WEAK_CUE = (
    r"(?:i am|i'm|i’m|this is|(?:speaking|spoke|speak|spoken|talk|talked|talking|chat|chatted"
    r"|chatting|dealt|dealing|met) (?:with|to)|(?:served|helped|assisted|seen|treated|greeted"
    r"|signed|answered|handled) by|ask(?:ed)? for|agent|rep|representative|manager|supervisor"
    r"|advis[eo]r|driver|technician|engineer|waiter|waitress|server|cashier|receptionist|assistant"
    r"|colleague|doctor|nurse|consultant|associate|operator|wife|husband|son|daughter|mother|father"
    r"|brother|sister|mum|mom|dad|partner|friend|boyfriend|girlfriend|boss|neighbou?r"
    r"|thanks|thank you|hi|hello|hey|dear|(?:man|woman|lady|guy|gentleman) called),?[ \u00a0]{1,2}"
)
_WEAK = re.compile(r"\b" + _WEAK_CUE, re.IGNORECASE)
_SELF = re.compile(r"\b(?:this is|i am|i'm|i’m|it is|it's)[ \u00a0]{1,2}", re.IGNORECASE)
_SELF_END = re.compile(r",?[ \u00a0]{1,2}(?:writing|speaking|here)\b", re.IGNORECASE)
_SIGN_OFF = re.compile(
    r"(?:regards|sincerely|cheers|best wishes|yours truly|yours faithfully|faithfully|many thanks"
    r"|kind wishes|respectfully|love),?[ \u00a0]{0,2}(?:\n{1,3}[ ]{0,4}|,[ ]|[-–—]{1,2}[ ]?)",
    re.IGNORECASE,
)


def _is_common(word: str) -> bool:
    return word in packaged_words("common_words.txt") or word in packaged_words("no_names.txt")


def _is_capital(word: str) -> bool:
    return word[0].isupper()


def _bare(word: str) -> str:
    """The word in lower case without a possessive ending."""
    lower = word.lower().replace("’", "'")
    return lower.removesuffix("'s")


def _run_words(text: str, start: int) -> list[tuple[int, int, str]]:
    """The capitalised words from `start`, joined by blanks, particles between them included."""
    words: list[tuple[int, int, str]] = []
    particles: list[tuple[int, int, str]] = []
    position = start
    while len(words) < _LONGEST_RUN:
        match = _WORD.match(text, position)
        if match is None:
            break
        word = _bare(match[0])
        span = (match.start(), match.start() + len(word), word)
        is_initial = len(word) == 1 and text[match.end() : match.end() + 1] == "."
        if _is_capital(match[0]) and (is_initial or word not in packaged_words("no_names.txt")):
            words += [*particles, span]
            particles = []
        elif word in _PARTICLES and len(particles) < 2:
            particles.append(span)
        else:
            break
        gap = _GAP.match(text, match.end())
        if gap is None or (gap[0][0] == "." and len(word) > 1) or len(word) < len(match[0]):
            break
        position = gap.end()
    return words


def _name_end(words: list[tuple[int, int, str]]) -> int:
    """Where the name ends: a capitalised common word after the first name is no surname."""
    end = words[0][1]
    for _, stop, word in words[1:]:
        if _is_common(word) and word not in _PARTICLES:
            break
        if word not in _PARTICLES:
            end = stop
    return end


def _titled(text: str) -> Iterator[Span]:
    for cue in _TITLE.finditer(text):
        words = _run_words(text, cue.end())
        if words:
            yield words[0][0], _name_end(words), "NAME"
        elif cue[0][0].islower():
            yield from _lower_case(text, cue.end(), most=1)


def _lower_case(text: str, start: int, *, most: int) -> Iterator[Span]:
    """A name typed without capitals after a strong cue: its words must be no common words."""
    position, end = start, start
    for place in range(most):
        match = _WORD.match(text, position)
        word = _bare(match[0]) if match else ""
        known = word in packaged_words("first_names.txt")
        if match is None or (not known and (_is_common(word) or len(word) < 3)):
            break
        if place == 0 and not known and word.endswith(("ed", "ing", "ly")):
            break
        end = match.start() + len(word)
        gap = _GAP.match(text, end)
        if gap is None or gap[0][0] == ".":
            break
        position = gap.end()
    if end > start:
        yield start, end, "NAME"


def _introduced(text: str) -> Iterator[Span]:
    for cue in _STRONG.finditer(text):
        words = _run_words(text, cue.end())
        if words and not (_is_common(words[0][2]) and len(words) == 1):
            yield words[0][0], _name_end(words), "NAME"
        elif not words:
            yield from _lower_case(text, cue.end(), most=2)


def _introduced_by_themselves(text: str) -> Iterator[Span]:
    """`This is Charlotte Pemberton writing`: also a first name that is a town or a word."""
    for cue in _SELF.finditer(text):
        words = _run_words(text, cue.end())
        is_name = len(words) > 1 and not all(_is_common(word) for *_, word in words)
        if is_name and _SELF_END.match(text, words[-1][1]):
            yield words[0][0], words[-1][1], "NAME"


def _mentioned(text: str) -> Iterator[Span]:
    """A known first name in any case, or two capitalised words that are no common words."""
    for cue in _WEAK.finditer(text):
        match = _WORD.match(text, cue.end())
        known = match is not None and _bare(match[0]) in packaged_words("first_names.txt")
        words = _run_words(text, cue.end())
        if words and (known or (len(words) > 1 and not any(_is_common(w) for *_, w in words))):
            yield words[0][0], _name_end(words), "NAME"
        elif known:
            yield from _lower_case(text, cue.end(), most=1)


def _signed(text: str) -> Iterator[Span]:
    for cue in _SIGN_OFF.finditer(text):
        words = _run_words(text, cue.end())
        if words and not _is_common(words[0][2]):
            rest = text[words[-1][1] : words[-1][1] + 2].lstrip(" .!")
            if not rest or rest[0] == "\n":
                yield words[0][0], words[-1][1], "NAME"


def _first_names(text: str) -> Iterator[Span]:
    names = packaged_words("first_names.txt")
    for match in _WORD.finditer(text):
        word = match[0]
        bare = _bare(word) if _is_capital(word) else ""
        if bare not in names or word[: len(bare)] != bare.title():
            continue
        if match.start() and text[match.start() - 1] in "@#_/.":
            continue
        words = _run_words(text, match.start())
        if words:
            yield words[0][0], _name_end(words), "NAME"


def _any_first_name(*, capital: bool) -> str:
    """An alternation of the list; an ASCII boundary would not see the edge of an accented name."""
    names = sorted(packaged_words("first_names.txt"))
    plain = "|".join(name.title() if capital else name for name in names if name.isascii())
    accented = "|".join(name.title() if capital else name for name in names if not name.isascii())
    return rf"(?:\b(?:{plain})\b|{accented})"


PEOPLE_RULES = (
    Rule(
        "titled_name",
        r"(?i)\b(?:mr|mrs|ms|mx|dr|miss|prof|professor|doctor|herr|frau|madame|monsieur|mme|mlle"
        r"|señora?"
        r"|sra|signora?|sir|dame|nurse|officer|captain|pastor|rev|reverend|rabbi|imam)[. \u00a0]",
        _titled,
    ),
    Rule(
        "introduced_name",
        r"(?i)names?(?:'s|’s| is| was|:| on |\?)|named|name of|under the name|called|goe?s? by"
        r"|attn|c/o"
        r"|m'appelle|\bich hei|me llamo|mi nombre|mi chiamo|mio nome|meu nome|ik heet|naam is"
        r"|nazywam"
        r"|jag heter|jeg he",
        _introduced,
    ),
    Rule(
        "self_introduced_name",
        r"(?i)\b(?:this is|i am|i'm|i’m|it is|it's)[ \u00a0]{1,2}(?-i:\p{Lu})",
        _introduced_by_themselves,
    ),
    Rule(
        "mentioned_name",
        rf"(?i)\b{_WEAK_CUE}(?:(?-i:\p{{Lu}})|{_any_first_name(capital=False)})",
        _mentioned,
    ),
    Rule(
        "signed_name",
        r"(?i)(?:regards|sincerely|cheers|wishes|truly|faithfully|thanks|respectfully"
        r"|love),? {0,2}[\n,–—-]",
        _signed,
    ),
    Rule(
        "first_name",
        _any_first_name(capital=True),
        _first_names,
    ),
)
