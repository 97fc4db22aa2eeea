"""Fetches a vector model of the Hugging Face hub, once; later runs read the local copy."""

import re
from importlib.util import find_spec
from pathlib import Path

import httpx

from models.errors import ConfigurationError, shortened

_NAME = re.compile(r"^[\w.-]{1,96}/[\w.-]{1,96}(@[\w.-]{1,96})?$")
_FILES = [
    "model.onnx", "onnx/model.onnx", "tokenizer.json", "sentence_bert_config.json",
    "1_Pooling/config.json",
]  # fmt: skip


def is_hub_name(name: str) -> bool:
    """Whether a name can be a model of the hub: owner/name, or owner/name@revision."""
    return bool(_NAME.match(name)) and not name.startswith(".")


def fetch_model(name: str) -> Path:
    """The folder of a hub model; fetched where no copy is here yet.

    Raises:
        ConfigurationError: the extra is missing, or the hub does not have or give the model.
    """
    if find_spec("huggingface_hub") is None:
        raise ConfigurationError(
            f"vector model {shortened(name)} needs the extra `quality`: "
            "run `uv sync --extra quality`"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    owner_and_name, _, revision = name.partition("@")
    for only_local in (True, False):
        try:
            return Path(
                snapshot_download(
                    owner_and_name,
                    revision=revision or None,
                    allow_patterns=_FILES,
                    local_files_only=only_local,
                )
            )
        except (httpx.HTTPError, OSError, ValueError) as error:
            if only_local and isinstance(error, LocalEntryNotFoundError):
                continue
            raise ConfigurationError(
                f"vector model {shortened(name)} is neither a folder here nor to be had from the "
                f"hub ({type(error).__name__}): name a folder with model.onnx and tokenizer.json"
            ) from error
    raise AssertionError("unreachable")
