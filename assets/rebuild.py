"""`voc rebuild`: the register made anew from a week on, in order (weeks.md 5 and 8)."""

from datetime import date

import polars as pl

from assets.home import Home
from assets.launch import COMMAND_LINE_PATIENCE_SECONDS, Outcome, run_weeks
from assets.stage import ProgressListener
from assets.vector_model import chosen_model
from models.errors import ConfigurationError, VocError
from models.week import week_label, weeks_between
from voc_pipeline.warehouse.publish import publish
from voc_pipeline.warehouse.rebuild import forget_register, write_crosswalk

_MODEL_BEFORE = "rebuild.model_before"


def rebuild_register(
    home: Home, first: date, listener: ProgressListener | None = None
) -> tuple[Outcome, pl.DataFrame]:
    """Run the stages again from `first` to the latest week that has run; returns the crosswalk.

    The warehouse remembers every rebuild: its week, and the vector models before and after it.

    Raises:
        ConfigurationError: nothing has run, or a new model does not start at the first week.
    """
    start = home.settings.company.first_week
    with home.lock("voc rebuild", COMMAND_LINE_PATIENCE_SECONDS):
        with home.warehouse() as warehouse:
            latest = warehouse.latest_week("raw")
            if latest is None or not start <= first <= latest:
                raise ConfigurationError(
                    f"week {week_label(first)} has not run: there is nothing to rebuild from it on"
                )
            model_id = chosen_model(home.settings.engine.vector_model, home.path).model_id
            before = warehouse.recall("register.model_id") or warehouse.recall(_MODEL_BEFORE)
            if before not in (None, model_id) and first > start:
                raise ConfigurationError(
                    f"a new vector model starts at the first week: `voc rebuild --from "
                    f"{week_label(start)}`"
                )
            warehouse.remember(_MODEL_BEFORE, before or model_id)
            forget_register(warehouse, first)
        outcome = run_weeks(home, list(weeks_between(first, latest)), listener)
        if not outcome.succeeded:
            raise VocError(
                "the rebuild stopped; run it again to go on:\n" + "\n".join(outcome.failures)
            )
        with home.warehouse() as warehouse:
            crosswalk = write_crosswalk(warehouse, first)
            number = max(crosswalk["rebuild_number"].to_list(), default=0)
            warehouse.remember(
                f"rebuild.{number}", f"from {week_label(first)}, {before or model_id} to {model_id}"
            )
            publish(warehouse, latest)
        return outcome, crosswalk
