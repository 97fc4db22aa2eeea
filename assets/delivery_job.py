"""The job that sends the report of the week just closed, and the sensor that starts it.

Only in homes with `automatic = true` under [delivery]. It is a run of its own after the weekly
one: a mail server that is away makes this run fail, in sight, and never the report.
"""

from datetime import date

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.delivery import deliver
from assets.home import Home
from assets.partitions import weeks_of_run
from models.week import week_label

OP = "send_report"


@dg.op(
    name=OP,
    config_schema={"week": str},
    required_resource_keys={"home"},
    description="Sends a week's report to everyone who has not got it.",
)
def send_report(context: dg.OpExecutionContext) -> None:
    """Everyone of the settings, once; fails if somebody did not get it, and says who and why."""
    home: Home = context.resources.home.home
    week = date.fromisoformat(context.op_config["week"])
    lines = list(deliver(home, week))
    missed = [line for line in lines if line.state != "sent"]
    context.add_output_metadata(
        {"week": week_label(week), "sent": len(lines) - len(missed), "missed": len(missed)}
    )
    if missed:
        told = "\n".join(f"{one.way} {one.recipient}: {one.message}" for one in missed)
        raise dg.Failure(
            f"{len(missed)} of {len(lines)} did not get the report of {week_label(week)}; it lies "
            f"in its folder, and `voc deliver --send` tries again:\n{told}"
        )


@dg.job(
    name="deliver",
    executor_def=dg.in_process_executor,
    description="Sends the week's report by e-mail and webhook.",
)
def delivery_job() -> None:
    """One step."""
    send_report()


def delivery_sensor(home: Home, weekly: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """Starts the delivery when a run of the week just closed has succeeded; once a week."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[weekly],
        request_job=delivery_job,
        name="report_is_there",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends the report of the week just closed; never that of an older week.",
    )
    def report_is_there(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        latest = home.latest_closed_week()
        if latest not in weeks_of_run(context.dagster_run.tags):
            return dg.SkipReason(f"The run was not of {week_label(latest)}.")
        config = {"ops": {OP: {"config": {"week": latest.isoformat()}}}}
        return dg.RunRequest(run_key=f"deliver {latest.isoformat()}", run_config=config)

    return report_is_there
