"""What a data engineer asks of the pipeline in Dagster, on a real instance, without the page."""

import os
import shutil
import time
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from conftest import WEEKS
from filelock import FileLock
from homes import made_once, run, simulated_home, week

import assets.raw
from assets import lock
from assets.automation import failed_runs, failure_line
from assets.definitions import definitions_of
from assets.home import Home
from assets.launch import instance_of, run_weeks
from assets.partitions import weeks_of_run
from assets.retention import drop_old_logs
from models.errors import FatalSourceError, RetriableSourceError
from models.raw import SourceHealth

SOURCE = "app_reviews"


@pytest.fixture(scope="module")
def in_two_runs(tmp_path_factory) -> Home:
    """A home whose weeks 1 to 3 ran first, then week 4 with its late records."""
    return made_once(tmp_path_factory, "two_runs", _in_two_runs)


def _in_two_runs(folder: Path) -> Home:
    home = simulated_home(folder, weeks=4, scale=0.1)
    run(home, 1, 3)
    run(home, 4, 4)
    return home


def tiny_home(folder: Path, *, weeks: int = 1, changed: dict[str, str] | None = None) -> Home:
    home = simulated_home(folder, weeks=weeks, scale=0.05)
    settings = home.path / "settings.toml"
    text = settings.read_text(encoding="utf-8")
    for old, new in (changed or {}).items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    settings.write_text(text, encoding="utf-8")
    return Home(home.path)


def latest_events(home: Home, stage: str) -> dict[str, list[dg.EventLogRecord]]:
    """Every materialisation of a stage by partition, latest first."""
    found: dict[str, list[dg.EventLogRecord]] = {}
    with instance_of(home) as instance:
        for one in instance.fetch_materializations(dg.AssetKey(stage), limit=500).records:
            found.setdefault(one.partition_key, []).append(one)
    return found


def noted(record: dg.EventLogRecord) -> dict[str, object]:
    return {name: value.value for name, value in record.asset_materialization.metadata.items()}


def settle(instance: dg.DagsterInstance, home: Home, **tags: str) -> str:
    """A run that says it has started and of whose process nothing is known."""
    job = definitions_of(home).resolve_job_def("weekly")
    one = instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    return one.run_id


# ---------------------------------------------------------------------------------- schedule


def test_the_schedule_runs_the_week_just_closed_at_the_company_s_cutoff(tmp_path):
    home = tiny_home(
        tmp_path / "home",
        changed={
            'time_zone = "Europe/London"': 'time_zone = "America/New_York"',
            'end_week = "2025-W39"\n': "",
            "# cutoff_hour = 6": "cutoff_hour = 7",
        },
    )
    repository = definitions_of(home).get_repository_def()
    monday = repository.get_schedule_def("monday")
    assert monday.cron_schedule == "0 7 * * 1"
    assert monday.execution_timezone == "America/New_York"
    for day in ((2026, 11, 16), (2026, 3, 9)):  # the second follows the night the clocks change
        tick = datetime(*day, 7, tzinfo=ZoneInfo("America/New_York"))
        context = dg.build_schedule_context(
            scheduled_execution_time=tick, repository_def=repository
        )
        [request] = monday.evaluate_tick(context).run_requests
        asked = date.fromisoformat(request.partition_key)
        assert asked == home.latest_closed_week(tick.astimezone(UTC).replace(tzinfo=None))
        assert (tick.date() - asked).days == 7


def test_the_schedule_skips_weeks_after_a_history_that_is_over(tmp_path):
    home = tiny_home(tmp_path / "home")
    monday = definitions_of(home).get_repository_def().get_schedule_def("monday")
    after = datetime(2025, 10, 6, 6, tzinfo=ZoneInfo("Europe/London"))
    told = monday.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=after))
    assert not told.run_requests
    assert told.skip_message == "The history ends with 2025-W39."


def test_a_week_is_open_until_its_cutoff_and_refused_by_every_run(tmp_path, monkeypatch):
    home = tiny_home(tmp_path / "home", weeks=2)
    monkeypatch.setattr(Home, "latest_closed_week", lambda _home, now=None: week(1))
    outcome = run_weeks(home, [week(1), week(2)])
    assert not outcome.succeeded
    assert "2025-W40 is still open" in outcome.failures[0]
    with home.warehouse() as warehouse:
        assert warehouse.latest_week("raw") is None


# ---------------------------------------------------------------------------------- retries


class Faulty:
    """A connector that fails so many times in a week, then goes on as the real one."""

    def __init__(self, real, errors):
        self.real, self.errors = real, errors

    def fetch(self, window, cursor):
        if self.errors:
            raise self.errors.pop()
        return self.real.fetch(window, cursor)

    def __getattr__(self, name):
        return getattr(self.real, name)


def break_source(monkeypatch, errors: list[Exception]) -> None:
    real = assets.raw.connect

    def connect(source, home, time_zone):
        made = real(source, home, time_zone)
        return Faulty(made, errors) if source.id == SOURCE else made

    monkeypatch.setattr(assets.raw, "connect", connect)
    monkeypatch.setattr("assets.stage.RETRY_SECONDS", 0)


def retried_steps(home: Home, run_id: str) -> list[str]:
    with instance_of(home) as instance:
        return [
            one.dagster_event.step_key
            for one in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_UP_FOR_RETRY)
        ]


def test_a_network_error_is_retried_once_and_then_only_that_source_is_missing(
    tmp_path, monkeypatch
):
    home = tiny_home(tmp_path / "home")
    errors = [RetriableSourceError(f"{SOURCE}: no answer; try later") for _ in range(5)]
    break_source(monkeypatch, errors)
    outcome = run_weeks(home, [week(1)])
    assert outcome.succeeded
    assert retried_steps(home, outcome.run_id) == ["raw"]
    assert len(errors) == 3
    assert SOURCE in outcome.warnings[0]
    with home.warehouse() as warehouse:
        health = warehouse.rows(SourceHealth)
    states = dict(health.select("source_id", "state").rows())
    assert states.pop(SOURCE) == "failed"
    assert "failed" not in states.values()


def test_a_required_source_blocks_for_any_week_of_the_run_and_is_not_retried(tmp_path, monkeypatch):
    home = tiny_home(
        tmp_path / "home",
        weeks=2,
        changed={f'id = "{SOURCE}"': f'id = "{SOURCE}"\nis_required = true'},
    )
    break_source(monkeypatch, [FatalSourceError(f"{SOURCE}: the folder is gone; restore it")])
    outcome = run_weeks(home, [week(1), week(2)])
    assert not outcome.succeeded
    assert retried_steps(home, outcome.run_id) == []
    told = next(line for line in outcome.failures if "raw/required_sources" in line)
    assert f"{SOURCE} (failed in 1 week, last 2025-W39" in told
    assert "the folder is gone; restore it" in told
    with home.warehouse() as warehouse:
        assert warehouse.latest_week("raw") == week(2)
        assert warehouse.latest_week("feedback") is None


# ---------------------------------------------------------------------------------- one at a time


def test_a_run_counts_as_alive_until_its_process_ends(in_two_runs):
    """Between its last step and the report of its success, nobody may take it for dead."""
    with instance_of(in_two_runs) as instance:
        latest = instance.get_runs(limit=1)[0]
    run(in_two_runs, 4, 4)
    with instance_of(in_two_runs) as instance:
        newest = instance.get_runs(limit=1)[0]
    alive = {path.name for path in (in_two_runs.dagster / "alive").iterdir()}
    assert newest.run_id in alive
    assert latest.run_id not in alive
    with pytest.raises(TimeoutError):
        FileLock(in_two_runs.dagster / "alive" / newest.run_id, thread_local=False).acquire(0)


def test_dead_runs_end_with_their_slots_and_living_ones_do_not(in_two_runs, monkeypatch):
    home = in_two_runs
    monkeypatch.setattr(lock, "GRACE_SECONDS", -1.0)
    with instance_of(home) as instance:
        dead, living, starting = (settle(instance, home) for _ in range(3))
        storage = instance.event_log_storage
        assert storage.claim_concurrency_slot("duckdb_writer", dead, "issues").is_claimed
        assert not storage.claim_concurrency_slot("duckdb_writer", starting, "raw").is_claimed
        alive = home.dagster / "alive"
        (alive / dead).touch()
        with FileLock(alive / living, thread_local=False):
            assert set(lock.end_dead_runs(home, instance)) == {dead, starting}
            assert instance.get_run_by_id(living).status is dg.DagsterRunStatus.STARTED
        info = storage.get_concurrency_info("duckdb_writer")
        assert info.active_slot_count == 0
        assert info.pending_steps == []
        assert lock.end_dead_runs(home, instance) == [living]
        statuses = {instance.get_run_by_id(one).status for one in (dead, living, starting)}
    assert statuses == {dg.DagsterRunStatus.CANCELED}
    assert not (alive / dead).exists()


def test_slots_of_a_run_that_the_code_server_called_failed_are_freed_too(in_two_runs):
    with instance_of(in_two_runs) as instance:
        killed = settle(instance, in_two_runs)
        storage = instance.event_log_storage
        assert storage.claim_concurrency_slot("duckdb_writer", killed, "issues").is_claimed
        instance.report_run_failed(instance.get_run_by_id(killed))
        lock.end_dead_runs(in_two_runs, instance)
        assert storage.get_concurrency_info("duckdb_writer").active_slot_count == 0


def test_a_run_waits_for_living_runs_that_were_launched_before_it(in_two_runs):
    home = in_two_runs
    with instance_of(home) as instance:
        first = settle(instance, home, **{"dagster/backfill": "b"})
        second = settle(instance, home)
        third = settle(instance, home, **{"dagster/backfill": "b"})
        assert not lock._an_older_run_waits(home, instance, second)
        assert lock._an_older_run_waits(home, instance, third)
        (home.dagster / "alive" / first).touch()
        assert lock._an_older_run_waits(home, instance, second)
        assert not lock._an_older_run_waits(home, instance, first)
        for one in (first, second, third):
            instance.report_run_canceled(instance.get_run_by_id(one))


def test_the_queue_holds_no_run_back_for_a_slot_as_the_home_s_lock_orders_them(finished):
    with instance_of(finished) as instance:
        concurrency = instance.get_concurrency_config()
        assert not concurrency.run_queue_config.should_block_op_concurrency_limited_runs
        assert concurrency.run_queue_config.max_concurrent_runs == 10
        assert concurrency.pool_config.default_pool_limit == 1
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled


def test_output_of_runs_is_dropped_after_half_a_year_and_their_events_stay(in_two_runs):
    logs = in_two_runs.dagster / "logs"
    old, fresh = sorted(path for path in logs.iterdir() if path.is_dir())[:2]
    long_ago = time.time() - 181 * 24 * 60 * 60
    os.utime(old, (long_ago, long_ago))
    drop_old_logs(in_two_runs)
    assert not old.exists()
    assert fresh.exists()
    with instance_of(in_two_runs) as instance:
        assert instance.all_logs(old.name, of_type=dg.DagsterEventType.RUN_SUCCESS)


# ---------------------------------------------------------------------------------- what is noted


def test_late_records_are_materialisations_of_the_older_weeks_that_they_touch(in_two_runs):
    found = latest_events(in_two_runs, "feedback")
    last = week(4).isoformat()
    run_of_week_4 = found[last][-1].run_id
    touched = {
        key: next(one for one in events if one.run_id == run_of_week_4)
        for key, events in found.items()
        if key != last and any(one.run_id == run_of_week_4 for one in events)
    }
    assert touched
    with in_two_runs.warehouse() as warehouse:
        late = dict(
            warehouse.query(
                "SELECT week_start, count(*) FROM feedback "
                "WHERE received_week = ? AND week_start < received_week GROUP BY 1",
                [week(4)],
            ).rows()
        )
        sizes = dict(
            warehouse.query("SELECT received_week, count(*) FROM feedback GROUP BY 1").rows()
        )
    assert {date.fromisoformat(key) for key in touched} == set(late)
    for key, record in touched.items():
        metadata = noted(record)
        assert metadata["late_records"] == late[date.fromisoformat(key)]
        assert metadata["arrived_in"] == last
        assert metadata["dagster/partition_row_count"] == sizes[date.fromisoformat(key)]


def test_weeks_of_one_run_keep_what_touched_them_beside_their_own_counts(finished):
    with finished.warehouse() as warehouse:
        late = dict(
            warehouse.query(
                "SELECT week_start, count(*) FROM feedback "
                "WHERE week_start < received_week GROUP BY 1"
            ).rows()
        )
    found = latest_events(finished, "feedback")
    for monday, count in late.items():
        metadata = noted(found[monday.isoformat()][0])
        assert metadata["late_records"] == count
        assert metadata["dagster/partition_row_count"] > 0
        assert "sources" in metadata


def test_a_week_that_was_skipped_keeps_its_row_counts(finished, tmp_path):
    shutil.copytree(finished.path, tmp_path / "home", symlinks=True)
    home = Home(tmp_path / "home")
    before = {stage: latest_events(home, stage) for stage in ("feedback", "trends", "report")}
    run(home, WEEKS, WEEKS)
    key = week(WEEKS).isoformat()
    for stage, events in before.items():
        metadata = noted(latest_events(home, stage)[key][0])
        assert metadata["unchanged"] is True
        was = noted(events[key][0])["dagster/partition_row_count"]
        assert metadata["dagster/partition_row_count"] == was


def test_a_stage_alone_is_refused_for_a_week_that_nothing_was_loaded_for(tmp_path):
    home = tiny_home(tmp_path / "home")
    job = definitions_of(home).resolve_job_def("weekly")
    with instance_of(home) as instance:
        result = job.execute_in_process(
            instance=instance,
            partition_key=week(1).isoformat(),
            asset_selection=[dg.AssetKey("trends")],
            raise_on_error=False,
        )
        [line] = [failure_line(one) for one in result.get_step_failure_events()]
        assert "curation has not run for this week" in line
        assert "2025-W39" in line
        logged = sensed_failure(instance, result)
    assert "curation has not run" in logged
    with home.warehouse() as warehouse:
        assert warehouse.latest_week("trends") is None


def sensed_failure(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> str:
    """What the run-failure sensor logs."""
    context = dg.build_run_status_sensor_context(
        sensor_name=failed_runs.name,
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        dagster_event=result.get_run_failure_event(),
    ).for_run_failure()
    lines: list[str] = []
    context.log.error = lines.append  # type: ignore[method-assign]
    failed_runs(context)
    [line] = lines
    return line


def test_columns_and_grain_of_a_stage_s_table_stand_beside_it(finished):
    graph = definitions_of(finished).resolve_asset_graph()
    metadata = graph.get(dg.AssetKey("feedback")).metadata
    assert metadata["grain"].value == "feedback_id, revision"
    columns = {one.name: one for one in metadata["dagster/column_schema"].value.columns}
    assert columns["occurred_at"].type == "TIMESTAMP"
    assert all(one.description for one in columns.values())
    assert "    " not in graph.get(dg.AssetKey("feedback")).description


@pytest.mark.parametrize(
    ("tags", "weeks"),
    [
        ({}, []),
        ({"dagster/partition": "2025-09-29"}, [week(2)]),
        (
            {
                "dagster/asset_partition_range_start": "2025-09-22",
                "dagster/asset_partition_range_end": "2025-10-06",
            },
            [week(1), week(2), week(3)],
        ),
    ],
)
def test_the_weeks_of_a_run_are_read_from_its_tags(tags, weeks):
    assert weeks_of_run(tags) == weeks
