"""Every setting with its meaning and default, read off the models, so that it is never stale."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from models.settings import Settings


def described_settings() -> Iterator[tuple[str, str, str]]:
    """Key as written in settings.toml, default or 'required', meaning; in reading order."""
    for name, found in Settings.model_fields.items():
        for model in _models_in(found.annotation):
            is_list = get_origin(found.annotation) is tuple
            yield from _fields(model, f"[[{name}]]" if is_list else f"[{name}]")


def _fields(model: type[BaseModel], table: str) -> Iterator[tuple[str, str, str]]:
    kind = model.model_fields.get("kind")
    named = f"{table} kind = {get_args(kind.annotation)[0]!r}" if kind else table
    yield named, "", " ".join((model.__doc__ or "").split())
    for name, found in model.model_fields.items():
        if name == "kind":
            continue
        inner = _models_in(found.annotation)
        if inner:
            for one in inner:
                yield from _fields(one, f"{table}.{name}")
            continue
        if found.default is PydanticUndefined:
            default = "required" if found.is_required() else "none"
        else:
            default = _shown(found.default)
        yield name, default, found.description or ""


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401
    """The settings classes inside an annotation, whatever wraps them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    wrappers = (Annotated, Union, types.UnionType, tuple)
    if get_origin(annotation) in wrappers or get_origin(annotation) is Literal:
        return [model for part in get_args(annotation) for model in _models_in(part)]
    return []


def _shown(default: object) -> str:
    if default is None:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return "[" + ", ".join(_shown(one) for one in default) + "]"
    return f'"{default}"' if isinstance(default, str) else str(default)
