"""Pseudonyms: keyed hashes of customers and responses, and the key they need.

The key comes in as bytes; where it is kept is the caller's affair. Nothing here reads a table.
"""

import hashlib

import polars as pl

from models.errors import ConfigurationError

_LEAST_KEY_CHARACTERS = 16
SEPARATOR = "\x1f"


def read_key(value: str | None, variable_name: str) -> bytes:
    """The pseudonym key from the value of an environment variable.

    Raises:
        ConfigurationError: the variable is missing, or its value is too short to be secret.
    """
    if not value:
        raise ConfigurationError(
            f"environment variable {variable_name} is not set: set it to the secret key of the "
            f"customer keys, {_LEAST_KEY_CHARACTERS} characters or more, the same for every run"
        )
    if len(value) < _LEAST_KEY_CHARACTERS:
        raise ConfigurationError(
            f"environment variable {variable_name} has {len(value)} characters: a key needs "
            f"{_LEAST_KEY_CHARACTERS} or more; set a longer one before the first run"
        )
    return value.encode("utf-8")


def key_fingerprint(key: bytes) -> str:
    """Tells a changed key from the same one without giving the key away (16 hex digits)."""
    return hashlib.blake2b(
        b"voc key fingerprint", key=_shortened_key(key), digest_size=8
    ).hexdigest()


def customer_key(customer_id: str, key: bytes) -> str:
    """The keyed hash of a customer's id, whatever source, case and blanks it came in."""
    return keyed_hashes([customer_id.strip().casefold()], key)[0]


def keyed_hashes(texts: list[str], key: bytes) -> list[str]:
    """BLAKE2b-128 of every text under the key, hexadecimal."""
    blake, short = hashlib.blake2b, _shortened_key(key)
    return [blake(text.encode("utf-8"), key=short, digest_size=16).hexdigest() for text in texts]


def _shortened_key(key: bytes) -> bytes:
    """BLAKE2b takes keys of at most 64 bytes."""
    return key if len(key) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(key).digest()


def customer_keys(ids: pl.Series, key: bytes) -> pl.Series:
    """The customer key of every id; null where the id is null or blank."""
    folded = pl.DataFrame({"id": ids}).with_columns(pl.col("id").str.strip_chars().alias("clean"))
    distinct = folded["clean"].drop_nulls().unique().to_list()
    named = [one for one in distinct if one]
    keys = pl.DataFrame(
        {"clean": named, "customer_key": keyed_hashes([one.casefold() for one in named], key)},
        schema={"clean": pl.String, "customer_key": pl.String},
    )
    joined = folded.join(keys, on="clean", how="left", maintain_order="left")
    return joined["customer_key"]


def hashes(texts: pl.Series) -> pl.Series:
    """BLAKE2b-128 of every text, hexadecimal; null stays null."""
    blake = hashlib.blake2b
    return pl.Series(
        texts.name,
        [
            None if text is None else blake(text.encode("utf-8"), digest_size=16).hexdigest()
            for text in texts.to_list()
        ],
        dtype=pl.String,
    )
