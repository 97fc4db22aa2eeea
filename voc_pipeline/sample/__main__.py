"""`python -m voc_pipeline.sample data`: makes the small committed sample and its settings again.

Twelve weeks of the same company at a small scale. The demo is larger, and made by `voc demo`.
"""

import sys
from pathlib import Path

from models.glossary import GLOSSARY_FILE
from models.settings import SETTINGS_FILE
from voc_pipeline.sample import (
    DEFAULT_FIRST_WEEK,
    company_glossary_toml,
    company_settings_toml,
    simulate_company,
    write_company,
)

SEED, WEEKS, SCALE = 20, 12, 0.08


def make_small_sample(home: Path) -> None:
    """Writes the settings into the home, and the sources into its folder `sample`."""
    company = simulate_company(seed=SEED, weeks=WEEKS, scale=SCALE, first_week=DEFAULT_FIRST_WEEK)
    write_company(company, home / "sample")
    settings = company_settings_toml(company, folder="sample")
    (home / SETTINGS_FILE).write_text(settings, encoding="utf-8")
    (home / GLOSSARY_FILE).write_text(company_glossary_toml(), encoding="utf-8")


if __name__ == "__main__":
    make_small_sample(Path(sys.argv[1] if len(sys.argv) > 1 else "data"))
