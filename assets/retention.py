"""How long the output of runs is kept. What a run did (its events, counts, checks) stays."""

import time
from shutil import rmtree

from assets.home import Home

LOG_DAYS = 180


def drop_old_logs(home: Home) -> None:
    """Remove the captured output of runs older than `LOG_DAYS`; dagster.yaml purges the ticks."""
    oldest = time.time() - LOG_DAYS * 24 * 60 * 60
    for folder in (home.dagster / "logs").glob("*/"):
        if folder.stat().st_mtime < oldest:
            rmtree(folder, ignore_errors=True)
