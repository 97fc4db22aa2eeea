"""The weekly job, its Monday schedule, and what happens when a run fails."""

from datetime import UTC

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster_shared.error import SerializableErrorInfo

from models.settings import CompanySettings
from models.week import last_closed_week, week_label

JOB = "weekly"


def weekly_job() -> UnresolvedAssetJobDefinition:
    """All stages for the asked weeks, in one process."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        description="Every stage, from the sources to the report and the analysts' file.",
        tags={"dagster/max_runtime": str(6 * 60 * 60)},
    )


def monday_schedule(
    job: UnresolvedAssetJobDefinition, company: CompanySettings
) -> dg.ScheduleDefinition:
    """Monday at the company's cutoff, for the week just closed."""

    @dg.schedule(
        name="monday",
        job=job,
        cron_schedule=f"0 {company.cutoff_hour} * * 1",
        execution_timezone=company.time_zone,
        description="Runs the week that has just closed, at its cutoff. Off until switched on here "
        "(Running); `voc run` on the command line runs every closed week not run yet.",
    )
    def monday(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        tick = context.scheduled_execution_time.astimezone(UTC).replace(tzinfo=None)
        week = last_closed_week(tick, company.time_zone, company.cutoff_hour)
        if company.final_week and week > company.final_week:
            return dg.SkipReason(f"The history ends with {week_label(company.final_week)}.")
        return dg.RunRequest(run_key=week.isoformat(), partition_key=week.isoformat())

    return monday


@dg.run_failure_sensor(
    name="failed_runs",
    description="Says in the daemon's log and its own tick which run failed, where and why.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """One line a failed step: stage, error, remedy as the error states it."""
    events = context.get_step_failure_events() or [context.failure_event]
    for line in [line for event in events if (line := failure_line(event))]:
        context.log.error(f"run {context.dagster_run.run_id} failed at {line}")


def failure_line(event: dg.DagsterEvent) -> str | None:
    """`stage: message` of the first error behind a failed step or run: ours, with its remedy."""
    error: SerializableErrorInfo | None = None
    if event.is_step_failure:
        error = event.step_failure_data.error
    elif event.is_failure:
        error = event.job_failure_data.error
    if error is None:
        return None
    while error.cause is not None:
        error = error.cause
    return f"{event.step_key or 'run'}: {error.message.strip()}"
