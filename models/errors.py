"""Errors by remedy: the type says what to do next, the message says what, where and how.

A message never carries a customer's words.
"""

from collections.abc import Iterable


class VocError(Exception):
    """Base of every error this program raises on purpose."""


class ConfigurationError(VocError):
    """A setting is wrong: fix the setting and run again."""


class SourceError(VocError):
    """A source could not be read; the other sources still load."""


class RetriableSourceError(SourceError):
    """The source may answer later: try again (network, 429, 5xx, timeout)."""


class FatalSourceError(SourceError):
    """Trying again will not help: the source or its settings must change."""


class DeliveryError(VocError):
    """The report did not reach somebody; it lies in its folder all the same."""


class RetriableDeliveryError(DeliveryError):
    """It was not taken and may be later: try again (network, busy server)."""


class FatalDeliveryError(DeliveryError):
    """Trying again will not help: the settings or the address must change."""


class UncertainDeliveryError(DeliveryError):
    """It was handed over and no answer came: it may have arrived; ask before sending it again."""


class RecordError(VocError):
    """One record cannot be used: it is set aside with its reason and counted."""


class ContractError(VocError):
    """Our own table broke its promise: stop, and mend the program."""


class LockedError(VocError):
    """Another run holds this home: wait for it, or end it."""


class EndedError(VocError):
    """A process of ours was ended from outside: give it what it lacked and run again."""


def refuse(findings: Iterable[str]) -> None:
    """Raises ConfigurationError with every finding, a line each; does nothing if there is none."""
    told = list(findings)
    if told:
        raise ConfigurationError("\n".join(told))


def shortened(value: object, limit: int = 60) -> str:
    """A value for an error message, at most `limit` characters, control characters made visible."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
