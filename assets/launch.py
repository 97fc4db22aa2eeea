"""Runs the weekly job in this process, on the same instance that the Dagster UI shows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from assets.automation import JOB, failure_line
from assets.definitions import definitions_of
from assets.home import ROOT, Home
from assets.stage import ProgressListener, progress_listener

COMMAND_LINE_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    run_id: str
    succeeded: bool
    failures: tuple[str, ...]
    """One text per failed step or check: what, where, the remedy."""
    warnings: tuple[str, ...]


@contextmanager
def instance_of(home: Home) -> Iterator[dg.DagsterInstance]:
    """The home's Dagster instance: the root's dagster.yaml with the home's own folder."""
    with dg.DagsterInstance.from_config(str(prepare_instance(home))) as instance:
        yield instance


def prepare_instance(home: Home) -> str:
    """Write the instance's dagster.yaml into the home; returns its folder."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    text = (ROOT / "dagster.yaml").read_text(encoding="utf-8")
    (home.dagster / "dagster.yaml").write_text(
        text.replace("data/dagster", home.dagster.as_posix()), encoding="utf-8"
    )
    return str(home.dagster)


def run_weeks(
    home: Home, weeks: Sequence[date], listener: ProgressListener | None = None
) -> Outcome:
    """Run every stage for the weeks, oldest first, holding the home.

    Raises:
        LockedError: another run holds the home.
        ConfigurationError: the settings are wrong.
    """
    job = definitions_of(home).resolve_job_def(JOB)
    tags = {
        ASSET_PARTITION_RANGE_START_TAG: weeks[0].isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: weeks[-1].isoformat(),
        "voc/started_by": "command line",
    }
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    token = progress_listener.set(listener)
    try:
        with home.lock("voc run", COMMAND_LINE_PATIENCE_SECONDS), instance_of(home) as instance:
            result = job.execute_in_process(
                instance=instance, tags=tags, run_config=quiet, raise_on_error=False
            )
            return _outcome(result)
    finally:
        progress_listener.reset(token)


def _outcome(result: dg.ExecuteInProcessResult) -> Outcome:
    failures = [line for event in result.all_events if (line := failure_line(event))]
    warnings: list[str] = []
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            blocks = evaluation.severity == dg.AssetCheckSeverity.ERROR
            found = f"{evaluation.asset_key.to_user_string()}/{evaluation.check_name}"
            target = failures if blocks else warnings
            target.append(f"{found}: {evaluation.description or 'not passed'}")
    return Outcome(result.run_id, result.success, tuple(failures), tuple(warnings))
