"""The numeric form of a text: one small interface over embedding models, and its use on segments.

Here live the models that ship with the program and the rule that a text is embedded once. What is
done with vectors (finding, naming, assigning) lives beside this file, never in it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from models.errors import ConfigurationError, shortened

Matrix = npt.NDArray[np.float32]

WHEEL_MODEL = "wordllama"
_LONGEST_TEXT = 20_000
_BATCH_TEXTS = 1_024
_BATCH_CHARACTERS = 200_000
_DECIMALS = 6
_UNSPOKEN = re.compile(
    r"\[[a-z_]{2,30}\]|\bx{2,}(?:[/-][x\d]{2,4}){0,2}\b|(?<![\w@])@\w{1,60}|https?://\S{1,500}|#"
)
"""Masks, ours and the XX/XX/2023 of a published source, handles, links."""
VECTOR_SCHEMA: dict[str, pl.DataType] = {
    "text_hash": pl.String(),
    "model_id": pl.String(),
    "received_week": pl.Date(),
    "vector": pl.List(pl.Float32()),
}


class VectorModel(Protocol):
    """Texts in, unit rows out; the same text gives the same row in any batch."""

    @property
    def model_id(self) -> str:
        """Name, version and dimension; part of the key under which vectors are kept."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """One float32 unit row per text; a text without a token gets a row of zeros."""


class WordllamaModel:
    """The static token vectors of the wordllama wheel (MIT), averaged: nothing is downloaded.

    The two resource files are read without importing the package, whose import takes seconds and
    sets up logging for the whole program.
    """

    def __init__(self) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        spec = find_spec("wordllama")
        if spec is None or spec.origin is None:
            raise ConfigurationError("the package wordllama is missing: run `uv sync`")
        folder = Path(spec.origin).parent
        tensors = load_file(folder / "weights" / "l2_supercat_256.safetensors")
        self._tokens = next(iter(tensors.values())).astype(np.float32)
        self._tokenizer = Tokenizer.from_file(
            str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
        )
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.dimension = int(self._tokens.shape[1])
        self.model_id = f"wordllama-{version('wordllama')}-{self.dimension}"

    def embed(self, texts: Sequence[str]) -> Matrix:
        """One float32 unit row per text, from its first 20,000 characters."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for start, end in _batches(texts):
            batch = [text[:_LONGEST_TEXT] for text in texts[start:end]]
            encoded = self._tokenizer.encode_batch(batch, add_special_tokens=False)
            for row, one in enumerate(encoded, start=start):
                if one.ids:
                    ids = np.minimum(one.ids, len(self._tokens) - 1)
                    rows[row] = self._tokens[ids].mean(axis=0)
        return unit_rows(rows).round(_DECIMALS)


def _batches(texts: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Ranges of texts, bounded in number and in characters, so that memory is."""
    start = size = 0
    for position, text in enumerate(texts):
        if position > start and (
            position - start >= _BATCH_TEXTS or size + len(text) > _BATCH_CHARACTERS
        ):
            yield start, position
            start, size = position, 0
        size += min(len(text), _LONGEST_TEXT)
    if start < len(texts):
        yield start, len(texts)


def unit_rows(rows: Matrix) -> Matrix:
    """Rows scaled to length one; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Matrix = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return scaled


def spoken(text: str) -> str:
    """The text as a model is shown it: case-folded, with single spaces, and only its own words.

    Masks, links and whom a post is addressed to tell of no problem and would make texts alike.
    """
    return " ".join(_UNSPOKEN.sub(" ", text.casefold()).split())


def load_model(name: str) -> VectorModel:
    """The vector model that ships with the program; others are opened by `onnx_vectors`.

    Raises:
        ConfigurationError: there is no such model.
    """
    if name != WHEEL_MODEL:
        raise ConfigurationError(
            f"engine.vector_model {shortened(name)} is unknown: write wordllama"
        )
    return WordllamaModel()


def embed_segments(
    segments: pl.DataFrame,
    known_hashes: Iterable[str],
    model: VectorModel,
    week: date,
) -> pl.DataFrame:
    """One row per text hash of `segments` not yet known to this model, sorted by hash.

    Args:
        segments: needs text_hash and segment_text.
        known_hashes: text hashes that have a vector of this model already.
        model: what embeds; it is shown `spoken(text)`, so that a hash has one vector whichever
            spelling came first, and masks do not make texts alike.
        week: Monday of the week that needs them, written as received_week.
    """
    known = pl.Series("known", list(known_hashes), dtype=pl.String)
    new = (
        segments.select("text_hash", "segment_text")
        .filter(~pl.col("text_hash").is_in(known.implode()))
        .unique("text_hash", keep="any")
        .sort("text_hash")
    )
    texts = [spoken(text) for text in new["segment_text"].to_list()]
    return pl.DataFrame(
        {
            "text_hash": new["text_hash"],
            "model_id": pl.Series([model.model_id] * len(new), dtype=pl.String),
            "received_week": pl.Series([week] * len(new), dtype=pl.Date),
            "vector": list(model.embed(texts)),
        },
        schema=VECTOR_SCHEMA,
    )
