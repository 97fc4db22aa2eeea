"""Vectors by any sentence-transformers model in ONNX form, read from its folder.

The extra `quality` brings what runs it. A text is embedded alone, never in a batch with others: in
an int8 model the activations are quantised over the whole batch, so that what a text shares a batch
with would change its vector (by a cosine down to .974, measured on banking77), and the same text
must give the same bytes on every run.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError, shortened

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Matrix = npt.NDArray[np.float32]

_MODEL_PLACES = ("model.onnx", "onnx/model.onnx")
_LONGEST_TOKENS = 256
_LONGEST_TEXT = 20_000
_THREADS = 2
_BLOCK_TEXTS = 512
_DECIMALS = 6


class OnnxModel:
    """A folder with model.onnx (or onnx/model.onnx) and tokenizer.json.

    Mean over the tokens, or the first token where 1_Pooling/config.json says so; then unit length.
    """

    def __init__(self, folder: Path) -> None:
        """Open the model; nothing is downloaded.

        Raises:
            ConfigurationError: the extra or a file is missing, or the files are no such model.
        """
        if find_spec("onnxruntime") is None:
            raise ConfigurationError(
                f"vector model {shortened(str(folder))} needs the extra `quality`: "
                "run `uv sync --extra quality`"
            )
        weights = _weights(folder)
        tokens = folder / "tokenizer.json"
        self._longest = _longest(folder)
        self._first_token = _pools_first_token(folder)
        self._session, self._tokenizer = _opened(weights, tokens)
        self._inputs = {one.name for one in self._session.get_inputs()}
        self.dimension = int(self._run([0]).shape[0])
        digest = hashlib.blake2b(digest_size=6)
        digest.update(f"{self._longest} {self._first_token} {_DECIMALS}".encode())
        for path in (weights, tokens):
            digest.update(path.read_bytes())
        self.model_id = f"onnx-{digest.hexdigest()}-{self.dimension}"

    def embed(self, texts: Sequence[str]) -> Matrix:
        """One float32 unit row per text, from its first 256 tokens; zeros for an empty text."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        with ThreadPoolExecutor(_THREADS) as threads:
            for start in range(0, len(texts), _BLOCK_TEXTS):
                block = [text[:_LONGEST_TEXT] for text in texts[start : start + _BLOCK_TEXTS]]
                filled = [at for at, text in enumerate(block) if text.strip()]
                encoded = self._tokenizer.encode_batch([block[at] for at in filled])
                found = threads.map(self._run, [one.ids for one in encoded])
                for at, row in zip(filled, found, strict=True):
                    rows[start + at] = row
        return rows

    def _run(self, ids: Sequence[int]) -> Matrix:
        """The unit vector of one text."""
        tokens = np.array([ids], dtype=np.int64)
        fed = {"input_ids": tokens}
        for name, value in (("attention_mask", 1), ("token_type_ids", 0)):
            if name in self._inputs:
                fed[name] = np.full_like(tokens, value)
        hidden = np.asarray(self._session.run(None, fed)[0], dtype=np.float32)[0]
        pooled = hidden[0] if self._first_token else hidden.mean(axis=0)
        length = float(np.linalg.norm(pooled))
        unit: Matrix = (pooled / length if length > 0 else pooled).astype(np.float32)
        return unit.round(_DECIMALS)


def _weights(folder: Path) -> Path:
    if not folder.is_dir():
        raise ConfigurationError(
            f"vector model {shortened(str(folder))} is no folder: name one with model.onnx and "
            "tokenizer.json, a model of the hub (owner/name), or wordllama"
        )
    weights = [folder / place for place in _MODEL_PLACES if (folder / place).is_file()]
    if not weights or not (folder / "tokenizer.json").is_file():
        raise ConfigurationError(
            f"vector model {shortened(str(folder))} lacks "
            f"{'tokenizer.json' if weights else 'model.onnx'}: export it with "
            "sentence-transformers, backend onnx"
        )
    return weights[0]


def _opened(weights: Path, tokens: Path) -> "tuple[InferenceSession, Any]":
    """Session and tokenizer; one thread a run, so that no sum depends on how many there are."""
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
    )
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(weights), options, providers=["CPUExecutionProvider"]
        )
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf) as error:
        raise ConfigurationError(
            f"{weights} is no ONNX model that runs here ({type(error).__name__}): export it anew"
        ) from error
    names = {one.name for one in session.get_inputs()}
    ranks = [len(one.shape) for one in session.get_outputs()]
    if "input_ids" not in names or ranks[0] != 3:
        raise ConfigurationError(
            f"{weights} does not turn input_ids into one vector per token: it is no "
            "sentence-transformers encoder"
        )
    try:
        tokenizer = Tokenizer.from_file(str(tokens))
    except Exception as error:  # tokenizers raises nothing narrower
        raise ConfigurationError(f"{tokens} is no tokenizer: export the model anew") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=_longest(tokens.parent))
    return session, tokenizer


def _longest(folder: Path) -> int:
    """Tokens read of a text: what the model was trained for, 256 at most."""
    told = _config(folder / "sentence_bert_config.json").get("max_seq_length")
    return min(int(told), _LONGEST_TOKENS) if told else _LONGEST_TOKENS


def _pools_first_token(folder: Path) -> bool:
    told = _config(folder / "1_Pooling" / "config.json")
    return bool(told.get("pooling_mode_cls_token"))


def _config(path: Path) -> dict[str, Any]:
    """A small JSON file of the model's folder; empty if there is none.

    Raises:
        ConfigurationError: it is not JSON.
    """
    if not path.is_file():
        return {}
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: fetch the model anew") from error
    return read if isinstance(read, dict) else {}
