"""The common language: `glossary.toml` of a home names the themes under which issues stand.

A theme is kept by people: an id that lasts, a name, what it means, who owns it, and phrases that
customers use of it. Issues are placed under the theme they are most like; without a glossary the
register's issues are grouped by likeness alone.
"""

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import ClassVar

from pydantic import Field, ValidationError, model_validator

from models.errors import ConfigurationError, refuse, shortened
from models.table import Contract, TableRow

GLOSSARY_FILE = "glossary.toml"


class ThemeSettings(Contract):
    """A coarse group of issues that the whole company calls by one name."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$", description="Short, stable name.")
    name: str = Field(min_length=1, max_length=80, description="As printed.")
    definition: str = Field("", max_length=500, description="What belongs to it and what does not.")
    function: str | None = Field(None, description="Id of the function that owns it.")
    seeds: tuple[str, ...] = Field(
        min_length=1, description="Phrases of its problems, as customers say them; five or more."
    )


class Glossary(Contract):
    """The themes of a home; empty without a file."""

    themes: tuple[ThemeSettings, ...] = ()

    @model_validator(mode="after")
    def _ids_and_names_are_unique(self) -> "Glossary":
        for what in ("id", "name"):
            known = [getattr(one, what) for one in self.themes]
            twice = sorted({one for one in known if known.count(one) > 1})
            if twice:
                raise ValueError(f"theme {what} {twice[0]!r} is used twice; they must differ")
        return self


class Theme(TableRow):
    """One row per theme: the glossary's, or without one the groups found among the issues."""

    table: ClassVar[str] = "themes"
    grain: ClassVar[tuple[str, ...]] = ("theme",)

    theme: str = Field(description="Its name, as in issues.theme.")
    theme_id: str = Field(description="Its id in glossary.toml; of a found group, its first issue.")
    definition: str = Field(description="What belongs to it, as people wrote it; may be empty.")
    function: str | None = Field(description="The function that owns it.")
    is_found: bool = Field(description="True if no person defined it: found among the issues.")


def read_glossary(home: Path, functions: Collection[str] | None = None) -> Glossary:
    """The glossary of a home; an empty one without a file.

    Args:
        home: the home's folder.
        functions: ids of the settings' functions, to refuse a theme owned by any other.

    Raises:
        ConfigurationError: the file is no TOML, a key is unknown, missing or wrong, or a function
            is not there; the message has the line.
    """
    path = home / GLOSSARY_FILE
    if not path.is_file():
        return Glossary()
    try:
        text = path.read_text(encoding="utf-8")
        glossary = Glossary.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no valid TOML: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(
                f"{path}{_line_of(text, found['loc'])}: {'.'.join(map(str, found['loc']))}: "
                f"{found['msg'].removeprefix('Value error, ')} (found {shortened(found['input'])})"
                for found in error.errors()
            )
        ) from error
    refuse(
        f"{path}{_line_of(text, ('themes', at, 'function'))}: theme {theme.id!r} has function "
        f"{theme.function!r}, which is not in settings.toml: add it there, or name another"
        for at, theme in enumerate(glossary.themes)
        if functions is not None and theme.function not in (None, *functions)
    )
    return glossary


def _line_of(text: str, place: tuple[int | str, ...]) -> str:
    """` line 12`, where a theme, or a key of it, stands; nothing where it cannot be told."""
    if len(place) < 2 or place[0] != "themes" or not isinstance(place[1], int):
        return ""
    lines = text.splitlines()
    starts = [at for at, one in enumerate(lines) if one.replace(" ", "").startswith("[[themes]]")]
    if place[1] >= len(starts):
        return ""
    first, after = starts[place[1]], [*starts, len(lines)][place[1] + 1]
    key = str(place[2]) if len(place) > 2 else ""
    told = [at for at in range(first, after) if lines[at].split("=")[0].strip() == key]
    return f" line {(told or [first])[0] + 1}"
