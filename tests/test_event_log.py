"""Dagster's event log with open connections: nothing is lost, little stays open."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg

from assets.event_log import OPEN_SHARDS, PatientEventLog
from assets.home import Home
from assets.launch import instance_of


@dg.op
def says_nothing() -> None: ...


@dg.job
def small() -> None:
    says_nothing()


def run_small(instance: dg.DagsterInstance) -> str:
    return small.execute_in_process(instance=instance).run_id


def test_the_home_s_instance_keeps_the_events_of_every_run_and_few_files_open(tmp_path):
    with instance_of(Home(tmp_path)) as instance:
        storage = instance.event_log_storage
        assert isinstance(storage, PatientEventLog)
        runs = [run_small(instance) for _ in range(OPEN_SHARDS + 2)]
        assert len(storage._engines) == OPEN_SHARDS
        counts = {run: len(instance.all_logs(run)) for run in runs}
        assert len(set(counts.values())) == 1
        assert min(counts.values()) > 5
    with instance_of(Home(tmp_path)) as again:
        assert {run: len(again.all_logs(run)) for run in runs} == counts


KILLED = """
import os, signal, sys
from pathlib import Path
import dagster as dg
from assets.home import Home
from assets.launch import instance_of
with instance_of(Home(Path(sys.argv[1]))) as instance:
    for number in range(5):
        instance.report_runless_asset_event(dg.AssetMaterialization("told", partition=str(number)))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_no_event_it_had_told(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=Path.cwd(), env=os.environ
    )
    assert done.returncode == -signal.SIGKILL
    with instance_of(Home(tmp_path)) as instance:
        told = instance.get_materialized_partitions(dg.AssetKey("told"))
    assert told == {str(number) for number in range(5)}
