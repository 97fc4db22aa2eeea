"""The settings file of the simulated company, which is also the template for a real one.

The text stands in settings_template.toml beside this module; `data/settings.toml` is made of it.
"""

import json
from pathlib import Path
from string import Template

from models.week import week_label
from voc_pipeline.sample.company import (
    COMPANY_ID,
    COMPANY_NAME,
    CURRENCY,
    FUNCTIONS,
    TIME_ZONE,
    SimulatedCompany,
)

_TEMPLATE = Path(__file__).with_name("settings_template.toml")
_GLOSSARY = Path(__file__).with_name("glossary.toml")


def company_settings_toml(company: SimulatedCompany, *, folder: str = ".") -> str:
    """settings.toml of a home; `folder`, relative to it, is where `write_company` wrote."""
    start = "" if folder == "." else folder.rstrip("/") + "/"
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        id=COMPANY_ID,
        name=COMPANY_NAME,
        time_zone=TIME_ZONE,
        currency=CURRENCY,
        start_week=week_label(company.first_week),
        end_week=week_label(company.last_week),
        functions=_functions(),
        sources=f"{start}sources",
    )


def company_glossary_toml() -> str:
    """glossary.toml of the simulated company, which is also the template for a real one."""
    return _GLOSSARY.read_text(encoding="utf-8")


def _functions() -> str:
    tables = []
    for one in FUNCTIONS:
        seeds = "\n".join(f"    {_quoted(seed)}," for seed in one.seeds)
        tables.append(
            f"[[functions]]\nid = {_quoted(one.id)}\nname = {_quoted(one.name)}\n"
            f"owner = {_quoted(one.owner)}\nseeds = [\n{seeds}\n]"
        )
    return "\n\n".join(tables)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
