"""A home: everything one deployment owns, under one folder; its lock, its key, its identity."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from filelock import FileLock, Timeout

from models.action import ACTIONS_FILE
from models.errors import ConfigurationError, LockedError
from models.settings import Settings, read_settings
from models.week import ONE_WEEK, as_of, last_closed_week, week_label, week_opens, weeks_between
from voc_pipeline.feedback.customers import key_fingerprint, read_key
from voc_pipeline.warehouse import Warehouse, open_warehouse

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_HOME = ROOT / "data"
HOME_VARIABLE = "VOC_HOME"
SIMULATED_KEY = "the key of a company without real customers"


@dataclass(frozen=True)
class Home:
    """The folder of one deployment."""

    path: Path

    @classmethod
    def chosen(cls, given: Path | None = None) -> "Home":
        """The home named on the command line, else by VOC_HOME, else `data` of this checkout."""
        named = os.environ.get(HOME_VARIABLE)
        return cls((given or (Path(named) if named else DEFAULT_HOME)).resolve())

    @cached_property
    def settings(self) -> Settings:
        """Read once, when first asked for."""
        return read_settings(self.path)

    @property
    def reports(self) -> Path:
        """Where the weeks' report folders lie."""
        return self.path / "reports"

    @property
    def actions_text(self) -> str:
        """The action register as people keep it; empty if there is none."""
        path = self.path / ACTIONS_FILE
        try:
            return path.read_text(encoding="utf-8") if path.exists() else ""
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{path} is no UTF-8 text: save it as UTF-8") from error

    @property
    def dagster(self) -> Path:
        """Where Dagster keeps its runs and logs."""
        return self.path / "dagster"

    @cached_property
    def pseudonym_key(self) -> bytes:
        """The key of the customer keys; a simulated company's is no secret."""
        company = self.settings.company
        if company.is_simulated:
            return SIMULATED_KEY.encode()
        variable = company.pseudonym_key_variable
        return read_key(os.environ.get(variable), variable)

    def as_of(self, week: date) -> datetime:
        """The instant that closes a week, naive UTC."""
        company = self.settings.company
        return as_of(week, company.time_zone, company.cutoff_hour)

    @property
    def history_start(self) -> datetime:
        """First instant of the first week, naive UTC."""
        company = self.settings.company
        return week_opens(company.first_week, company.time_zone)

    def latest_closed_week(self, now: datetime | None = None) -> date:
        """The last week that can be judged: by the clock, or the last of a history that is over."""
        company = self.settings.company
        moment = now or datetime.now(UTC).replace(tzinfo=None)
        closed = last_closed_week(moment, company.time_zone, company.cutoff_hour)
        return min(closed, company.final_week) if company.final_week else closed

    def today(self, now: datetime | None = None) -> date:
        """The day in the company's time zone; of a history that is over, the day it closed."""
        company = self.settings.company
        closed = self.closing_day(now)
        if company.final_week and closed > company.final_week:
            return closed
        moment = now or datetime.now(UTC).replace(tzinfo=None)
        return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(company.time_zone)).date()

    def closing_day(self, now: datetime | None = None) -> date:
        """The Monday on which the last closed week closed: due dates are judged by it."""
        return self.latest_closed_week(now) + ONE_WEEK

    def refuse_open_week(self, week: date) -> None:
        """Raises ConfigurationError for a week before the first or not closed yet."""
        first, last = self.settings.company.first_week, self.latest_closed_week()
        if not first <= week <= last:
            raise ConfigurationError(
                f"week {week_label(week)} is not one of the closed weeks {week_label(first)} to "
                f"{week_label(last)} of {self.path}: an open week is never judged, and the first "
                "is company.start_week"
            )

    def weeks_to(self, last: date) -> list[date]:
        """Every week of the history up to `last`."""
        return list(weeks_between(self.settings.company.first_week, last))

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """The open warehouse. Raises ConfigurationError for a home made by other settings."""
        company = self.settings.company
        identity = {
            "company.id": company.id,
            "company.time_zone": company.time_zone,
            "company.cutoff_hour": str(company.cutoff_hour),
            "company.start_week": week_label(company.first_week),
            "company.is_simulated": str(company.is_simulated),
            "fingerprint of the pseudonym key": key_fingerprint(self.pseudonym_key),
        }
        with open_warehouse(self.path, identity) as warehouse:
            yield warehouse

    @contextmanager
    def lock(self, holder: str, patience_seconds: float) -> Iterator[None]:
        """Hold the home; a process that holds it may take it again.

        Raises:
            LockedError: another run still holds it after `patience_seconds`.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / ".voc.lock", is_singleton=True, thread_local=False)
        try:
            lock.acquire(timeout=patience_seconds, poll_interval=0.2)
        except Timeout as error:
            raise LockedError(
                f"{self.path} is held by {self.lock_holder() or 'another run'}: wait until it "
                "ends, or stop it, and run again"
            ) from error
        note = self.path / ".voc.lock.holder"
        try:
            if lock.lock_counter == 1:
                note.write_text(json.dumps({"holder": holder, "pid": os.getpid()}))
            yield
        finally:
            if lock.lock_counter == 1:
                note.unlink(missing_ok=True)
            lock.release()

    @property
    def is_held_here(self) -> bool:
        """True if this process holds the lock."""
        return FileLock(self.path / ".voc.lock", is_singleton=True, thread_local=False).is_locked

    def lock_holder(self) -> str | None:
        """Who holds the lock now, in words; None if nobody does."""
        path = self.path / ".voc.lock"
        if not path.exists():
            return None
        probe = FileLock(path, thread_local=False)
        try:
            with probe.acquire(timeout=0):
                return None
        except Timeout:
            try:
                noted = json.loads((self.path / ".voc.lock.holder").read_text())
            except (OSError, ValueError):
                return "another run"
            return f"{noted['holder']} (process {noted['pid']})"
