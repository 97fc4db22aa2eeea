"""The settings of one home: the company, its functions, its sources, the engine's few choices."""

import tomllib
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator

from models.delivery import DeliverySettings
from models.errors import ConfigurationError, shortened
from models.exposure import ExposureSettings
from models.source import (
    CallRecordsSource,
    CfpbSource,
    ColumnMapping,
    FilesSource,
    ScoreSettings,
    Source,
    TranscriptsSource,
)
from models.table import Contract
from models.trend import TrendMethod
from models.week import parse_week

SETTINGS_FILE = "settings.toml"
DateLanguage = Literal["en", "de", "es", "fr", "it", "nl", "pt"]
WeekNaming = Literal["number", "first_day", "last_day"]


class CompanySettings(Contract):
    """Whose customers these are; a home belongs to one company for good."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,60}$", description="Short, stable name.")
    name: str = Field(description="As printed on the report.")
    time_zone: str = Field("UTC", description="IANA name; weeks begin at its Monday midnight.")
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")
    start_week: str = Field(description="First week of the history: 2026-W01 or a date in it.")
    end_week: str | None = Field(
        None, description="Last week, for a history that is over; left out: still running."
    )
    cutoff_hour: int = Field(6, ge=0, le=23, description="Local hour on Monday that closes a week.")
    date_language: DateLanguage = Field("en", description="Language of the report's dates.")
    week_naming: WeekNaming = Field(
        "number",
        description="How the report names a week: by its ISO number, its Monday or its Sunday.",
    )
    is_simulated: bool = Field(False, description="True if no real customer is in it.")
    pseudonym_key_variable: str = Field(
        "VOC_PSEUDONYM_KEY",
        description="Environment variable with the key of the customer keys (16 characters up).",
    )

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone; write e.g. Europe/London") from error
        return value

    @field_validator("start_week", "end_week")
    @classmethod
    def _week_is_a_week(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                parse_week(value)
            except ConfigurationError as error:
                raise ValueError(str(error)) from error
        return value

    @property
    def first_week(self) -> date:
        """Monday of the first week."""
        return parse_week(self.start_week)

    @property
    def final_week(self) -> date | None:
        """Monday of the last week of a history that is over, else None."""
        return parse_week(self.end_week) if self.end_week else None


class FunctionSettings(Contract):
    """A part of the company that owns issues."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$", description="Short, stable name.")
    name: str = Field(description="As printed on the report.")
    owner: str = Field("", description="The person who answers for it.")
    seeds: tuple[str, ...] = Field(
        (), description="Phrases typical of its issues; an issue goes to the most similar function."
    )


class EventSettings(Contract):
    """Something the company did or met on a day: the report marks it on long series."""

    happened_on: date = Field(description="The day, e.g. 2026-10-17.")
    what: str = Field(description="As printed, e.g. App 8.2.0 released.")
    function: str | None = Field(
        None, description="Shown with this function's issues only (its id); left out: with all."
    )


class MaskingSettings(Contract):
    """What masking must know of this company."""

    allowed_names: tuple[str, ...] = Field(
        (), description="Brands and products that look like names of persons and stay readable."
    )


class NamingSettings(Contract):
    """An OpenAI-compatible endpoint that words the names of issues; off without a url."""

    url: str | None = Field(
        None, description="Base address, e.g. https://host/v1; left out: nothing is ever sent."
    )
    model: str = Field("", description="The model to ask for.")
    key_variable: str = Field(
        "VOC_NAMING_KEY", description="Environment variable with the key; none is sent if unset."
    )
    timeout_seconds: float = Field(20.0, gt=0, le=300, description="For one answer.")

    @field_validator("url")
    @classmethod
    def _is_private_on_its_way(cls, value: str | None) -> str | None:
        near = ("http://127.0.0.1", "http://localhost", "http://[::1]")
        if value is not None and not value.startswith(("https://", *near)):
            raise ValueError("write https://..., or http:// to this machine")
        return value


class EngineSettings(Contract):
    """The few choices of the engine; each has a default that was measured."""

    vector_model: str = Field(
        "wordllama",
        description="wordllama, the model in the wheel; or, with the extra quality, a folder with "
        "model.onnx and tokenizer.json, or owner/name on the hub. Changed by voc rebuild.",
    )
    longest_verbatim: int = Field(
        20_000, ge=100, description="Characters kept of a verbatim; the payload keeps them all."
    )
    false_births_per_week: float = Field(
        0.1, gt=0, le=5, description="New issues that chance alone may give in a week."
    )
    alarm_level: float = Field(
        0.1, gt=0, lt=1, description="Nominal false discovery rate of a week's alarms."
    )
    trend_method: TrendMethod = Field(
        "voc",
        description="Where ranges, chances and alarms of weeks to come are from: voc; or, to "
        "compare, farrington, ears_c1, ears_c2, ears_c3, which leave empty what they do not know.",
    )


class Settings(Contract):
    """Everything one home is told. Secrets appear only as names of environment variables."""

    company: CompanySettings
    functions: tuple[FunctionSettings, ...] = ()
    masking: MaskingSettings = Field(default_factory=MaskingSettings)
    engine: EngineSettings = Field(default_factory=EngineSettings)
    naming: NamingSettings = Field(default_factory=NamingSettings)
    sources: tuple[Source, ...] = Field(min_length=1)
    events: tuple[EventSettings, ...] = ()
    exposure: ExposureSettings | None = None
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "Settings":
        for what, ids in (
            ("source", [source.id for source in self.sources]),
            ("function", [function.id for function in self.functions]),
        ):
            twice = sorted({one for one in ids if ids.count(one) > 1})
            if twice:
                raise ValueError(f"{what} id {twice[0]!r} is used twice; ids must differ")
        known = {function.id for function in self.functions}
        lost = sorted(set(self.delivery.function_recipients) - known)
        if lost:
            raise ValueError(
                f"delivery.function_recipients names the function {shortened(lost[0])}: "
                f"one of {', '.join(sorted(known)) or 'none that is set'} was expected"
            )
        for event in self.events:
            if event.function is not None and event.function not in known:
                raise ValueError(
                    f"event {shortened(event.what)} names the function {event.function!r}: "
                    f"one of {', '.join(sorted(known)) or 'none that is set'} was expected"
                )
        return self


def _finding(found: dict[str, Any], content: dict[str, Any]) -> str:
    """One line on one wrong key: where it stands, what is wrong, what may have been meant."""
    place = [str(part) for part in found["loc"]]
    if found["type"] == "too_short" and place == ["sources"] and content.get("sources"):
        return ""  # follows from the source's own error
    if place[:1] == ["sources"] and len(place) > 1:
        number = int(place[1])
        name = content["sources"][number].get("id", f"number {number + 1}")
        place = [f"source {name}", *place[3:]]
    line = f"  {'.'.join(place)}: " if place else "  "
    if found["type"] == "extra_forbidden":
        meant = get_close_matches(place[-1], _known_keys(), n=1)
        return line + "unknown key" + (f"; did you mean {meant[0]!r}?" if meant else "")
    if found["type"] == "missing":
        return line + "missing; it has no default"
    if not place:  # of the settings as a whole, which are too much to repeat
        return line + str(found["msg"])
    return f"{line}{found['msg']} (found {shortened(found['input'])})"


def _known_keys() -> list[str]:
    models = (
        Settings, CompanySettings, FunctionSettings, EventSettings, MaskingSettings,
        ExposureSettings, EngineSettings, FilesSource, TranscriptsSource, CallRecordsSource,
        CfpbSource, ColumnMapping, ScoreSettings, DeliverySettings,
    )  # fmt: skip
    return sorted({name for model in models for name in model.model_fields})


def read_settings(home: Path) -> Settings:
    """The settings of a home.

    Raises:
        ConfigurationError: the file is missing, is no TOML, or a key is unknown, missing or wrong.
    """
    path = home / SETTINGS_FILE
    if not path.is_file():
        raise ConfigurationError(
            f"no settings at {path}: copy data/settings.toml there and describe your sources, "
            "or run `voc demo`"
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no valid TOML: {error}") from error
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        lines = [_finding(dict(found), content) for found in error.errors()]
        lines = [line for line in lines if line]
        raise ConfigurationError(
            f"{path} does not fit, {len(lines)} to mend:\n" + "\n".join(lines) + "\n"
            "Every key is described by `uv run voc settings`"
        ) from error
