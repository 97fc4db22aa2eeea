"""From feedback to segments: one sentence-sized thought a row, with exact character offsets.

Here: where a thought begins and ends, and the assembly of the table. Not here: whether it tells
of a problem (problems), and anything that looks at more than one verbatim. Every pattern is
bounded and each character is looked at a fixed number of times, so a megabyte takes a second.
"""

import re
from collections.abc import Iterator
from datetime import date
from hashlib import blake2b

import polars as pl

from models.segment import Segment
from voc_pipeline.issues.problem_cues import MASK
from voc_pipeline.issues.problems import judge

MAX_WORDS = 60
MAX_CHARACTERS = 400
MIN_CLAUSE_WORDS = 3  # fewer cannot stand alone beside a "but"
LOOK_BACK = 200  # characters read to recognise an address or an abbreviation
ROWS_AT_ONCE = 100_000  # bounds memory; has no effect on the result

COLUMN_TYPES: dict[object, type[pl.DataType]] = {int: pl.Int64, float: pl.Float64, date: pl.Date}
SCHEMA = pl.Schema(
    {
        name: COLUMN_TYPES.get(field.annotation, pl.String)
        for name, field in Segment.model_fields.items()
    }
)

Span = tuple[int, int]

LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
PLAIN_ENDS = frozenset(["!", "?", "!!", "!!!"])  # most of them, told at a glance
FULL_STOPS = frozenset("\u3002\uff01\uff1f")  # of scripts without spaces
BULLETS = frozenset("\u2022\u2023\u25aa\u25cf\u25e6")
MARK = re.compile(
    r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029.!?;\u3002\uff01\uff1f\u2022\u2023\u25aa\u25cf\u25e6]+"
    r"[\"')\]\u201d\u2019]{0,3}"
)
ENTITY = re.compile(r"&#?\w{1,8}\Z")
CONTRASTS = (
    "but", "however", "although", "though", "whereas", "unfortunately", "except that", "sadly",
    "regrettably", "on the other hand", "the only thing",
)  # fmt: skip
JOINT = re.compile(rf",?\s(?=(?:{'|'.join(CONTRASTS)})\s)", re.IGNORECASE)
CONCESSIONS = (
    "although", "though", "even though", "while", "whilst", "despite", "apart from", "other than",
)  # fmt: skip
JOINS = re.compile(
    "but|however|though|where|unfort|except|sadly|regrett|other hand|only thing|whil|despite"
    "|apart|other than"
)
CONCESSION = re.compile(rf"\s*(?:{'|'.join(CONCESSIONS)})\s", re.IGNORECASE)
SOFT_CUT = re.compile(
    r"[,:)\]\u2026]\s|\s[-\u2013\u2014]\s|\s(?=(?:and|or|because|so|then|which|when|where|while|as|but)\s)",
    re.IGNORECASE,
)
NOT_CONTRASTIVE = frozenset(
    ["nothing", "anything", "all", "none", "everything", "everyone", "least", "help", "not", "no"]
)
ABBREVIATIONS = """
    a/c a.m acc acct al approx apr aug ca capt cf col corp dec dept dr e.g eg esq est ext feb fig
    fri gen hon hrs i.e ie inc jan jr jul jun lt ltd mar max messrs min mins mon mr mrs ms mt mx nov
    nr oct p.m prof ref rev sep sept sgt sr st tel thu thur thurs tue tues u.k u.s v viz vs
    wed"""
ABBREVIATED = frozenset(ABBREVIATIONS.split())
INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]\Z")
EDGE = re.compile(
    r"[\s\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff,;:\u2022\u2023\u25aa\u25cf\u25e6\u00b7\u2013\u2014*>|)\]}.!?-]*"
)
LIST_NUMBER = re.compile(r"(?:\(?\d{1,2}[.)]|[a-zA-Z]\))\s+")
TRAILING = "".join([" \t\x00\u00a0\u200b\u3000,;:", *sorted(LINE_BREAKS), *sorted(BULLETS)])
WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
LONG_WORD = re.compile(r"[^\W\d_]{6}")  # longer than any of these
FUNCTION_WORDS = """
    a also am an and are as at be been but by for from he her here his i i'm in is it it's its
    just me my of on or our she so that the their them then there these they this those to too us
    very was we were with you your"""
STOP_WORDS = frozenset(FUNCTION_WORDS.split())
COMBINING = re.compile(r"[\u0300-\u036f\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")


def split_segments(feedback: pl.DataFrame) -> pl.DataFrame:
    """One row per sentence-sized span of a feedback revision's masked verbatim, by segment_id.

    Deleted revisions, null verbatims and spans without a telling word give no row. Each row
    carries its kind and problem score, judged with the score, question and language beside it.

    Args:
        feedback: columns of models.feedback.Feedback.
    """
    spoken = feedback.filter(~pl.col("is_deleted") & pl.col("verbatim").is_not_null())
    parts = [segments_of(part) for part in spoken.iter_slices(ROWS_AT_ONCE)]
    table = pl.concat(parts) if parts else SCHEMA.to_frame()
    return table.select(SCHEMA.names()).sort("segment_id")


def segments_of(feedback: pl.DataFrame) -> pl.DataFrame:
    """Segments of some feedback that all have words, unsorted."""
    known: dict[str, list[Span]] = {}
    rows: list[int] = []
    ordinals: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    texts: list[str] = []
    for row, verbatim in enumerate(feedback["verbatim"].to_list()):
        spans = known.get(verbatim)
        if spans is None:
            spans = known[verbatim] = list(spans_of(verbatim))
        for ordinal, (start, end) in enumerate(spans):
            rows.append(row)
            ordinals.append(ordinal)
            starts.append(start)
            ends.append(end)
            texts.append(verbatim[start:end])
    sources = feedback.select(
        "feedback_id", "revision", "source_id", "week_start", "received_week",
        "score_share", "question", "language", "channel",
    )[rows]  # fmt: skip
    scores, kinds = judge(
        texts,
        sources["score_share"].to_list(),
        sources["question"].to_list(),
        sources["language"].to_list(),
        sources["channel"].to_list(),
        rows,
    )
    hashes = {text: text_hash(text) for text in set(texts)}
    table = sources.with_columns(
        ordinal=pl.Series(ordinals, dtype=pl.Int64),
        start_offset=pl.Series(starts, dtype=pl.Int64),
        end_offset=pl.Series(ends, dtype=pl.Int64),
        segment_text=pl.Series(texts, dtype=pl.String),
        text_hash=pl.Series([hashes[text] for text in texts], dtype=pl.String),
        kind=pl.Series(kinds.tolist(), dtype=pl.String),
        problem_score=pl.Series(scores, dtype=pl.Float64),
    ).with_columns(
        segment_id=pl.concat_str(["feedback_id", "revision", "ordinal"], separator="-"),
    )
    return table.select(SCHEMA.names()).cast(SCHEMA)


def text_hash(text: str) -> str:
    """BLAKE2b-128 of the case-folded text with white space collapsed, hexadecimal."""
    folded = " ".join(text.casefold().split())
    return blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def spans_of(text: str) -> Iterator[Span]:
    """The spans of a verbatim, in order and apart from one another, each with a telling word."""
    lowered = text.lower()
    may_join = JOINS.search(lowered) is not None
    for sentence in sentences_of(text):
        for clause in clauses_of(text, sentence) if may_join else (sentence,):
            is_short = clause[1] - clause[0] < 2 * MAX_WORDS
            for piece in (clause,) if is_short else pieces_of(text, clause):
                start, end = trimmed(text, piece)
                if tells(text[start:end]):
                    yield start, end


def sentences_of(text: str) -> Iterator[Span]:
    """Spans between sentence ends, line breaks, bullets and semicolons."""
    start = 0
    for mark in MARK.finditer(text):
        if mark.end() < len(text) and parts(text, start, mark):
            yield start, mark.end()
            start = mark.end()
    yield start, len(text)


def parts(text: str, start: int, mark: re.Match[str]) -> bool:
    """True if this run of marks ends a thought that began at `start`."""
    run = mark.group()
    is_plain = run in PLAIN_ENDS and text[mark.end()].isspace()
    if is_plain or not LINE_BREAKS.isdisjoint(run) or not FULL_STOPS.isdisjoint(run):
        return True
    following = text[mark.end() : mark.end() + 2]
    if not BULLETS.isdisjoint(run):
        return following[:1].isspace()
    before = text[max(start, mark.start() - LOOK_BACK) : mark.start()]
    if following and not following[0].isspace():
        return len(run) == 1 and run != ";" and is_glued(before, following)
    if run[0] == ";":
        return not ENTITY.search(before[-10:])
    stop = run.rstrip("\"')]\u201d\u2019")
    if set(stop) != {"."}:
        return True
    return len(stop) == 1 and not is_abbreviated(before, text[mark.end() : mark.end() + 2])


def is_glued(before: str, following: str) -> bool:
    """True where a new sentence begins without a space ("late.Then"), not inside an address."""
    if not (before[-2:].islower() and before[-2:].isalpha() and len(before) > 1):
        return False
    word = before.rsplit(None, 1)[-1]
    begins = following[0].isupper() and (following[1:].islower() or following[1:].isspace())
    return begins and not any(sign in word for sign in ("://", "www", "@", "/"))


def is_abbreviated(before: str, following: str) -> bool:
    """True if the single stop behind these words belongs to a short form, initial or number."""
    words = before.rsplit(None, 1)
    word = words[-1].lstrip("([\"'") if words else ""
    if word.lower() == "no":
        return following.strip().isdigit()
    is_list_number = word.isdigit() and len(word) <= 2 and len(words) == 1
    is_initial = len(word) == 1 and word.isupper() and word != "I"
    return (
        is_list_number
        or is_initial
        or word.lower() in ABBREVIATED
        or INITIALS.match(word) is not None
    )


def clauses_of(text: str, sentence: Span) -> Iterator[Span]:
    """The sentence cut at its contrastive joints, where both sides can stand alone."""
    start, end = sentence
    opening = CONCESSION.match(text, start, end)
    if opening:
        comma = text.find(",", opening.end(), end)
        if comma > 0 and stands_alone(text, start, comma) and stands_alone(text, comma, end):
            yield start, comma + 1
            start = comma + 1
    for joint in JOINT.finditer(text, start, end):
        left = text[max(start, joint.start() - LOOK_BACK) : joint.start()].lower()
        words = WORD.findall(left)
        if len(words) < MIN_CLAUSE_WORDS or words[-1] in NOT_CONTRASTIVE or "not only" in left:
            continue
        if stands_alone(text, joint.end(), end, MIN_CLAUSE_WORDS + 1):
            yield start, joint.end()
            start = joint.end()
    yield start, end


def stands_alone(text: str, start: int, end: int, words: int = MIN_CLAUSE_WORDS) -> bool:
    """True if the span has at least so many words near its start."""
    near = min(end, start + LOOK_BACK)
    return sum(1 for _ in WORD.finditer(text, start, near)) >= words


def pieces_of(text: str, clause: Span) -> Iterator[Span]:
    """The clause itself, or pieces of at most MAX_WORDS and MAX_CHARACTERS if it is longer."""
    start, end = clause
    while (limit := longest_end(text, start, end)) < end:
        cut = best_cut(text, start, limit)
        yield start, cut
        start = cut
    yield start, end


def longest_end(text: str, start: int, end: int) -> int:
    """The farthest end of a piece that starts here."""
    limit = min(end, start + MAX_CHARACTERS)
    for count, word in enumerate(WORD.finditer(text, start, limit), 1):
        if count > MAX_WORDS:
            return word.start()
    return limit


def best_cut(text: str, start: int, limit: int) -> int:
    """The last comma or conjunction of the second half; else a space; else a whole character."""
    half = start + (limit - start) // 2
    cut = max((mark.end() for mark in SOFT_CUT.finditer(text, half, limit)), default=0)
    if cut > start:
        return cut
    space = max(text.rfind(sign, half, limit) for sign in " \t\u00a0\u3000")
    if space > start:
        return space + 1
    while limit > half and (COMBINING.match(text, limit) or text[limit - 1] == "\u200d"):
        limit -= 1
    return limit


def trimmed(text: str, piece: Span) -> Span:
    """The piece without white space and controls at its ends, bullets and joints at its start."""
    start, end = piece
    if not text[start : start + 2].isalpha():
        for edge in (EDGE, LIST_NUMBER):
            found = edge.match(text, start, end)
            start = found.end() if found else start
    return start, start + len(text[start:end].rstrip(TRAILING))


def tells(segment: str) -> bool:
    """True if a word remains that is neither a number, a mask nor a function word."""
    if "[" in segment:
        segment = MASK.sub(" ", segment)
    if LONG_WORD.search(segment):
        return True
    return any(
        word.lower().replace("\u2019", "'") not in STOP_WORDS and not word.isdigit()
        for word in WORD.findall(segment)
    )
