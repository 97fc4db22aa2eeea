"""Conversations as the telephony and chat systems write them, to turns and what is known of them.

One reader a format: a JSON object in, a Conversation out, or None if it is not this format. Who of
the speakers is the customer does not belong here, nor do files (`transcripts`).

Sources of the formats: Amazon Connect Contact Lens "example output files", Amazon Transcribe Call
Analytics output and the post-call analytics sample solution, W3C WebVTT, ABCD and Harper Valley
for plain turns.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import webvtt

JsonObject = dict[str, Any]

_TURN_LISTS = (
    "turns", "messages", "original", "transcript", "conversation", "dialogue", "dialog",
    "utterances", "segments",
)  # fmt: skip
_ROLES = ("role", "speaker", "participant", "from", "sender", "author", "channel", "name")
_WORDS = ("text", "content", "message", "utterance", "body", "value", "transcript")
_TIMES = (
    "occurred_at", "started_at", "start_time", "start_time_ms", "start", "timestamp", "created_at",
    "date_time", "datetime", "date", "time",
)  # fmt: skip
_ENDS = ("ended_at", "end_time", "end_time_ms", "end")
_IDS = (
    "contact_id", "conversation_id", "convo_id", "call_id", "chat_id", "session_id", "sid", "guid",
    "id",
)  # fmt: skip
_FIELDS = {
    "queue": ("queue", "queue_name", "skill"),
    "outcome": ("outcome", "disposition", "resolution"),
    "language": ("language", "language_code", "lang"),
    "customer_id": ("customer_id", "customer", "account_id", "user_id"),
    "product": ("product", "plan", "service"),
    "region": ("region", "site"),
    "duration_seconds": ("duration_seconds", "duration"),
    "wait_seconds": ("wait_seconds", "queue_seconds", "wait"),
}
_PERSONAL = frozenset(
    (
        "customer_name", "caller_name", "agent_name", "first_and_last_name", "full_name",
        "first_name", "last_name", "name", "display_name", "email", "email_address", "phone",
        "phone_number", "username", "user_name", "street_address", "full_address", "address",
    )
)  # fmt: skip
_VOICE = re.compile(r"<v(?:\.[^\s>]{1,80})?[ \t]+([^>]{1,200})>")
_PREFIX = re.compile(r"^\s*([^\W\d_][\w .'-]{0,40}?)\s*:\s+(?=\S)")
_TAG = re.compile(r"</?[a-zA-Z][^>]{0,200}>")
_NOTHING = {"", "none", "null", "[pii]", "system_message"}
_DEEPEST = 4
_MOST_ATTRIBUTES = 30


@dataclass(frozen=True)
class Turn:
    """One speaker's words in a row."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Conversation:
    """What a format says of one conversation, in our words."""

    format: str
    turns: tuple[Turn, ...]
    contact_id: str | None = None
    occurred_at: datetime | None = None
    """Naive UTC."""
    fields: dict[str, str | float | None] = field(default_factory=dict)
    """Of MappedRecord: queue, outcome, language, customer_id, duration_seconds, ..."""
    known_values: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    received_at: datetime | None = None
    """When it could be known, if the payload says so; naive UTC."""


def read_conversation(content: JsonObject, kind: str, time_zone: str) -> Conversation | None:
    """The conversation of this format, or of the first that fits if `kind` is auto; else None."""
    kinds = _READERS if kind == "auto" else {kind: _READERS[kind]}
    for reader in kinds.values():
        found = reader(content, time_zone)
        if found is not None:
            return found
    return None


def is_turn(value: object) -> bool:
    """True for `[role, text]` and for an object with a role and words."""
    if isinstance(value, list):
        return len(value) == 2 and all(isinstance(part, str) for part in value)
    return isinstance(value, dict) and bool(_first(value, _ROLES)) and _words(value) is not None


def read_instant(value: object, time_zone: str) -> datetime | None:
    """ISO 8601, or seconds or milliseconds since 1970, as naive UTC; null if it is none."""
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if re.fullmatch(r"\d{9,13}(\.\d+)?", text):
        seconds = float(text) / (1000 if float(text) >= 1e11 else 1)
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    try:
        read = datetime.fromisoformat(text)
        zone = ZoneInfo(time_zone)
        return (
            (read if read.tzinfo else read.replace(tzinfo=zone))
            .astimezone(UTC)
            .replace(tzinfo=None)
        )
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        return None


def _contact_lens(content: JsonObject, time_zone: str) -> Conversation | None:
    """Contact Lens, voice and chat; Transcribe Call Analytics writes the same turns."""
    items = content.get("Transcript")
    if not isinstance(items, list) or not (
        {"Participants", "JobStatus", "AccountId"} & content.keys()
    ):
        return None
    people = [one for one in content.get("Participants") or () if isinstance(one, dict)]
    roles = {one.get("ParticipantId"): one.get("ParticipantRole") for one in people}
    turns, times = [], []
    for item in (one for one in items if isinstance(one, dict)):
        times.append(read_instant(item.get("AbsoluteTime"), time_zone))
        person = item.get("ParticipantId")
        speaker = item.get("ParticipantRole") or roles.get(person) or person
        words = item.get("Content")
        if isinstance(words, str) and str(item.get("ContentType", "text/")).startswith("text/"):
            turns.append(Turn(str(speaker or ""), words))
    said = [one for one in times if one]
    features = _object(content.get("ConversationCharacteristics"))
    milliseconds = _number(features.get("TotalConversationDurationMillis"))
    duration = milliseconds / 1000 if milliseconds is not None else None
    if duration is None and said:
        duration = (max(said) - min(said)).total_seconds()
    metadata = _object(content.get("CustomerMetadata"))
    contact = _text(metadata.get("ContactId")) or _text(content.get("JobName"))
    categories = _object(content.get("Categories")).get("MatchedCategories")
    items_of_people = [one for one in items if isinstance(one, dict)] + people
    return Conversation(
        "contact_lens",
        tuple(turns),
        contact,
        min(said) if said else read_instant(content.get("ConversationTime"), time_zone),
        {
            "duration_seconds": duration,
            "language": _text(content.get("LanguageCode")),
            "queue": _text(_object(content.get("Queue")).get("Name")),
        },
        _distinct(_text(one.get("DisplayName")) for one in items_of_people),
        _texts(
            contact_id=contact,
            contact_channel=content.get("Channel"),
            categories=", ".join(map(str, categories)) if isinstance(categories, list) else None,
            job_status=content.get("JobStatus"),
        ),
    )


def _transcribe(content: JsonObject, time_zone: str) -> Conversation | None:
    """The post-call analytics of Transcribe, or its call analytics as such."""
    analytics, segments = content.get("ConversationAnalytics"), content.get("SpeechSegments")
    if not isinstance(analytics, dict) or not isinstance(segments, list):
        return _contact_lens(content, time_zone)
    labels = {
        one.get("Speaker"): one.get("DisplayText")
        for one in analytics.get("SpeakerLabels") or ()
        if isinstance(one, dict)
    }
    turns = []
    for segment in (one for one in segments if isinstance(one, dict)):
        speaker = segment.get("SegmentSpeaker")
        words = segment.get("DisplayText") or segment.get("OriginalText")
        if isinstance(words, str):
            turns.append(Turn(str(labels.get(speaker) or speaker or ""), words))
    spoken = analytics.get("ConversationTime")
    # Without a time of its own the call bears the time of its processing, which is UTC.
    is_local = spoken != analytics.get("ProcessTime")
    zone = (_text(analytics.get("ConversationLocation")) or time_zone) if is_local else "UTC"
    job = next(iter(_found(analytics.get("SourceInformation"), "transcriptionjobname")), None)
    contact = _text(analytics.get("GUID")) or _text(job)
    agent = _text(analytics.get("Agent"))
    categories = [
        str(one["Name"]) for one in analytics.get("CategoriesDetected") or ()
        if isinstance(one, dict) and one.get("Instances")
    ]  # fmt: skip
    return Conversation(
        "transcribe",
        tuple(turns),
        contact,
        read_instant(spoken, zone),
        {
            "duration_seconds": _number(analytics.get("Duration")),
            "language": _text(analytics.get("LanguageCode")),
            "customer_id": _text(analytics.get("Cust")),
        },
        _distinct([agent]),
        _texts(contact_id=contact, categories=", ".join(categories) or None),
    )


def _webvtt(content: JsonObject, time_zone: str) -> Conversation | None:  # noqa: ARG001 - as all
    text = content.get("webvtt")
    if not isinstance(text, str):
        return None
    try:
        captions = webvtt.from_string(text).captions
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError, ValueError):
        return None
    turns = [turn for caption in captions for turn in _caption_turns(caption.raw_text)]
    merged: list[Turn] = []
    for turn in turns:
        speaker = turn.speaker or (merged[-1].speaker if merged else "")
        if merged and merged[-1].speaker == speaker:
            merged[-1] = Turn(speaker, f"{merged[-1].text} {turn.text}")
        else:
            merged.append(Turn(speaker, turn.text))
    return (
        Conversation("webvtt", tuple(merged), fields={"duration_seconds": _clock(captions[-1].end)})
        if captions
        else None
    )


def _caption_turns(text: str) -> Iterator[Turn]:
    """The words of one caption, by `<v Agent>` or by `Agent: ` at the start of a line."""
    pieces = _VOICE.split(text)
    voices = [("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    for speaker, words in voices:
        for line in _TAG.sub("", words).splitlines():
            prefix = None if speaker else _PREFIX.match(line)
            said = line[prefix.end() :] if prefix else line
            if said.strip():
                yield Turn(prefix[1] if prefix else speaker.strip(), said.strip())


def _plain_turns(content: JsonObject, time_zone: str) -> Conversation | None:
    """Plain turns under any of the usual names; or the metadata of a call without its words."""
    flat = {_key(key): value for key, value in content.items()}
    lists = (flat[name] for name in _TURN_LISTS if isinstance(flat.get(name), list))
    listed: list[Any] = next((found for found in lists if any(map(is_turn, found))), [])
    start = read_instant(_first(flat, _TIMES), time_zone)
    end = read_instant(_first(flat, _ENDS), time_zone)
    if start is None and listed and isinstance(listed[0], dict):
        start = read_instant(_first({_key(k): v for k, v in listed[0].items()}, _TIMES), time_zone)
    if not listed and start is None:
        return None
    fields: dict[str, str | float | None] = {}
    for name, keys in _FIELDS.items():
        given = _first(flat, keys)
        fields[name] = _number(given) if name.endswith("_seconds") else _text(given)
    if fields["duration_seconds"] is None and start and end and end >= start:
        fields["duration_seconds"] = (end - start).total_seconds()
    contact = _text(_first(flat, _IDS))
    return Conversation(
        "turns",
        tuple(_turn(one) for one in listed if is_turn(one)),
        contact,
        start,
        fields,
        _distinct(_text(value) for value in _personal(content)),
        _metadata(content),
        received_at=read_instant(flat.get("received_at"), time_zone),
    )


_READERS: dict[str, Callable[[JsonObject, str], Conversation | None]] = {
    "webvtt": _webvtt,
    "transcribe": _transcribe,
    "contact_lens": _contact_lens,
    "turns": _plain_turns,
}


def _turn(value: list[str] | JsonObject) -> Turn:
    if isinstance(value, list):
        return Turn(*value)
    return Turn(str(_first(value, _ROLES)), _words(value) or "")


def _words(turn: JsonObject) -> str | None:
    given = _first(turn, _WORDS)
    if isinstance(given, list):
        parts = [one.get("text") if isinstance(one, dict) else one for one in given]
        return "\n".join(part for part in parts if isinstance(part, str))
    return given if isinstance(given, str) else None


def _metadata(content: JsonObject) -> dict[str, str]:
    """Plain values of the conversation and of the objects just below it, persons left out."""
    told: dict[str, str] = {}
    for key, value in content.items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        for name, one in inner:
            is_person = _key(name or key) in _PERSONAL
            if isinstance(one, str | int | float) and not is_person and len(str(one)) <= 200:
                told[f"{key}.{name}" if name else key] = str(one)
    return dict(list(told.items())[:_MOST_ATTRIBUTES])


def _personal(value: object, depth: int = 0) -> Iterator[object]:
    """Values under keys that name persons, wherever they stand."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if _key(key) in _PERSONAL and isinstance(inner, str):
                yield inner
            else:
                yield from _personal(inner, depth + 1)


def _found(value: object, key: str, depth: int = 0) -> Iterator[object]:
    """Values under this key, wherever they stand."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            if _key(name) == key:
                yield inner
            yield from _found(inner, key, depth + 1)
    elif isinstance(value, list):
        for inner in value[:20]:
            yield from _found(inner, key, depth + 1)


def _first(values: JsonObject, names: tuple[str, ...]) -> object:
    return next((values[name] for name in names if values.get(name) not in (None, "")), None)


def _key(name: object) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(name)[:80].lower()).strip("_")


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    return None if text.lower() in _NOTHING else text


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < 1e9 else None


def _clock(text: str) -> float | None:
    """`00:01:02.500` in seconds."""
    seconds = 0.0
    for part in text.split(":"):
        seconds = seconds * 60 + (_number(part) or 0.0)
    return _number(seconds)


def _texts(**values: object) -> dict[str, str]:
    return {name: text for name, value in values.items() if (text := _text(value))}


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value and len(value) > 2))
