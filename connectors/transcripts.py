"""The kind `transcripts`: conversations in files, the customer's words apart from the agent's.

How a system writes a conversation does not belong here (`transcript_formats`).
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

import polars as pl

from connectors.base import FETCHED_SCHEMA, Mapping
from connectors.file_source import (
    FileContent,
    FileSource,
    FoundFile,
    decoded_text,
    payload_hashes,
    read_bytes,
)
from connectors.mapping import MAPPED_SCHEMA, SET_ASIDE_SCHEMA
from connectors.table_files import LONGEST_TAIL, STRAY_END, bounded, reject_rows
from connectors.transcript_formats import Conversation, is_turn, read_conversation, read_instant
from models.errors import ConfigurationError, FatalSourceError, RecordError, shortened
from models.source import SourceSettings, TranscriptsSource

_NO_SPEAKER = frozenset(
    ("system", "action", "event", "note", "ivr", "announcement", "system_message")
)
_SEVERAL = ("conversations", "dialogues", "calls", "chats", "contacts", "transcripts")


@dataclass(frozen=True)
class _Sides:
    """Who said what, and the names that only a speaker's label holds."""

    customer: str | None
    agent: str | None
    names: tuple[str, ...]


class TranscriptsConnector(FileSource):
    """Contact Lens, Transcribe post-call analytics, WebVTT and plain JSON turns."""

    def __init__(self, source: SourceSettings, home: Path, time_zone: str) -> None:
        if not isinstance(source, TranscriptsSource):
            raise ConfigurationError(f"source {source.id} holds no transcripts; mend its kind")
        super().__init__(source, home, time_zone)
        self._source = source
        try:
            self._pattern = re.compile(source.occurred_at_pattern or r"(?!)")
        except re.error as error:
            raise ConfigurationError(
                f"source {source.id}: occurred_at_pattern is no regular expression: {error}"
            ) from error
        self._default = read_instant(source.occurred_at, self._zone)
        if source.occurred_at and self._default is None:
            raise ConfigurationError(
                f"source {source.id}: occurred_at {shortened(source.occurred_at)} is no ISO 8601 "
                "instant; write e.g. 2026-11-09T10:00:00Z"
            )

    def read_file(self, file: FoundFile) -> FileContent:
        """All conversations of one file; one that cannot be used is a reject."""
        content = read_bytes(file)
        try:
            text = decoded_text(file, content, "utf-8")
        except FatalSourceError:
            words = bounded(content.decode("utf-8", "replace"))
            rejects = reject_rows([file.name], ["no UTF-8 text"], ["save it as UTF-8"], [words])
            return FileContent(1, FETCHED_SCHEMA.to_frame(), rejects)
        payloads, remainder = _split(text)
        records: list[dict[str, object]] = []
        wrong: list[tuple[str, str, str, str]] = []
        for number, payload in enumerate(payloads, start=1):
            origin = file.name if len(payloads) == 1 else f"{file.name}:{number}"
            try:
                records.append(self._record(file, origin, payload))
            except RecordError as error:
                reason, _, remedy = str(error).partition("; ")
                wrong.append((origin, reason, remedy, bounded(payload)))
        if remainder:
            wrong.append(
                (f"{file.name}:{len(payloads) + 1}", "the JSON breaks off or is no JSON",
                 "copy the whole file again", bounded(remainder))
            )  # fmt: skip
        frame = pl.DataFrame(records, schema=FETCHED_SCHEMA)
        frame = frame.with_columns(payload_hashes(frame["payload"]))
        count = len(payloads) + bool(remainder)
        if not wrong:
            return FileContent(count, frame)
        rejects = reject_rows(*(list(part) for part in zip(*wrong, strict=True)))
        return FileContent(count, frame, rejects, is_torn=bool(remainder))

    def to_feedback(self, raw: pl.DataFrame) -> Mapping:
        """One mapped row per raw row, in the same order; the turns of a side joined by line."""
        told = [self._told(payload) for payload in raw["payload"].to_list()]
        columns = {
            name: pl.Series(name, [row.get(name) for row in told], dtype=kind)
            for name, kind in MAPPED_SCHEMA.items()
            if name not in raw.columns
        }
        mapped = raw.with_columns(columns.values()).select(
            pl.col(name).cast(kind) for name, kind in MAPPED_SCHEMA.items()
        )
        return Mapping(mapped, SET_ASIDE_SCHEMA.to_frame())

    def _record(self, file: FoundFile, origin: str, payload: str) -> dict[str, object]:
        conversation = self._conversation(payload)
        if conversation is None:
            raise RecordError(
                "no conversation of a known format; set `format`, or leave the file out"
            )
        self._sides(conversation)
        occurred = conversation.occurred_at or self._instant_of_name(file) or self._default
        if occurred is None:
            raise RecordError(
                "neither the conversation nor the file name says when; "
                "set occurred_at_pattern, or occurred_at for all such files"
            )
        return {
            "external_id": conversation.contact_id or origin,
            "is_deleted": False,
            "occurred_at": occurred,
            "received_at": conversation.received_at,
            "origin": origin,
            "payload": payload,
        }

    def _told(self, payload: str) -> dict[str, object]:
        """The values of MappedRecord that the payload says."""
        told: dict[str, object] = {"channel": self._source.channel, "known_values": []}
        conversation = self._conversation(payload)
        if conversation is None:
            return told
        try:
            sides = self._sides(conversation)
        except RecordError:  # the roles in the settings changed since it was loaded
            sides = _Sides(None, None, ())
        language = str(conversation.fields.get("language") or "")[:2].lower()
        return {
            **told,
            **conversation.fields,
            "language": language if re.fullmatch("[a-z]{2}", language) else self._source.language,
            "verbatim": sides.customer,
            "agent_verbatim": sides.agent,
            "known_values": [*dict.fromkeys((*conversation.known_values, *sides.names))],
            "attributes": json.dumps(
                {"format": conversation.format, **conversation.attributes}, ensure_ascii=False
            ),
        }

    def _conversation(self, payload: str) -> Conversation | None:
        try:
            content = json.loads(payload, strict=False)
        except (ValueError, RecursionError):
            return None
        if not isinstance(content, dict):
            return None
        return read_conversation(content, self._source.format, self._zone)

    def _instant_of_name(self, file: FoundFile) -> datetime | None:
        match = self._pattern.search(PurePosixPath(file.name).name)
        return (
            read_instant(match[1] if match.re.groups else match[0], self._zone) if match else None
        )

    def _sides(self, conversation: Conversation) -> _Sides:
        """The words of either side.

        Raises:
            RecordError: a speaker is neither the customer nor the company.
        """
        speakers = dict.fromkeys(turn.speaker for turn in conversation.turns)
        side = {speaker: self._side(speaker) for speaker in speakers}
        heard = [speaker for speaker in speakers if side[speaker] != "aside"]
        unknown = [speaker for speaker in heard if side[speaker] == ""]
        if unknown and len(heard) == 2 and len(unknown) == 1:
            known = next(side[speaker] for speaker in heard if speaker not in unknown)
            side[unknown[0]] = "agent" if known == "customer" else "customer"
        elif unknown:
            raise RecordError(
                f"{len(unknown)} of {len(heard)} speakers are neither customer nor agent; name "
                "them in customer_roles or agent_roles of the source"
            )
        said = {"customer": [], "agent": [], "aside": []}  # type: dict[str, list[str]]
        for turn in conversation.turns:
            words = turn.text.replace("\x00", "").strip()
            if words:
                said[side[turn.speaker]].append(words)
        return _Sides(
            "\n".join(said["customer"]) or None, "\n".join(said["agent"]) or None, tuple(unknown)
        )

    def _side(self, speaker: str) -> str:
        """customer, agent, aside (no speaker of the conversation), or empty: unknown."""
        whole = speaker.strip().lower()
        for role in (whole, re.split(r"[\W\d_]+", whole, maxsplit=1)[0]):
            if role in self._source.customer_roles:
                return "customer"
            if role in self._source.agent_roles:
                return "agent"
            if role in _NO_SPEAKER:
                return "aside"
        return ""


def _split(text: str) -> tuple[list[str], str]:
    """The conversations of a file as JSON objects, and what is left of a file that breaks off.

    WebVTT becomes the object `{"webvtt": text}`; a file that is one list of turns becomes
    `{"turns": list}`. Stray brackets after the end are no loss.
    """
    if text.lstrip().startswith("WEBVTT"):
        return [json.dumps({"webvtt": text.lstrip()}, ensure_ascii=False)], ""
    decoder = json.JSONDecoder(strict=False)
    payloads: list[str] = []
    position = len(text) - len(text.lstrip())
    while position < len(text):
        try:
            parsed, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            if payloads and STRAY_END.fullmatch(text, position):
                break
            leading, rest = _leading_objects(text, position)
            return [*payloads, *leading], rest
        payloads += _conversations(parsed, text[position:end])
        position = re.compile(r"[\s,]*").match(text, end).end()  # type: ignore[union-attr]
    return payloads, ""


def _conversations(parsed: object, text: str) -> list[str]:
    if isinstance(parsed, dict):
        several = next(
            (parsed[name] for name in _SEVERAL if _is_list_of_objects(parsed.get(name))), None
        )
        return [text] if several is None else [_dumped(one) for one in several]
    if isinstance(parsed, list) and parsed and all(map(is_turn, parsed)):
        return [f'{{"turns": {text}}}']
    if isinstance(parsed, list):
        return [_dumped(one) for one in parsed]
    return [text]


def _leading_objects(text: str, position: int) -> tuple[list[str], str]:
    """The whole objects at the start of a list that breaks off, and the rest."""
    found: list[str] = []
    decoder = json.JSONDecoder(strict=False)
    between = re.compile(r"[\s,]*")
    start = position
    if text[position] != "[":
        return found, text[position:]
    position = between.match(text, position + 1).end()  # type: ignore[union-attr]
    while text[position : position + 1] == "{":
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        found.append(text[position:end])
        position = between.match(text, end).end()  # type: ignore[union-attr]
    return found, text[position:] or text[start:][-LONGEST_TAIL:]


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
