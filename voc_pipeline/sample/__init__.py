"""The fictional company behind `voc demo` and the identity and trend tests.

What lives here: a simulator of a retailer's customers, channels and planted events, the truth
about what it planted, and the files in the formats of its sources. What must not: any code that
finds issues or judges weeks, or that reads what the pipeline made of the files. No real person,
number or address: names are put together at random, telephone numbers and mail domains are those
reserved for fiction.

Reading order: `wording` (phrases and dice), `events` (what is planted, and when), `texts` (how
people put it), `personal`, `company`, `scene`, `records` and `conversations` (the sources),
`simulate`, `write`, `settings`, `actions`. `python -m voc_pipeline.sample FOLDER` makes the small
sample.

Every record says that it is simulated, and never in the customer's words, which would teach
discovery a phrase that no customer says: each record carries note = "simulated", every file name
begins with `simulated_`, recorded calls have a NOTE, a SIMULATED.txt stands beside the files, and
the company is called "Harbour & Hale (simulated)".
"""

from voc_pipeline.sample.actions import company_actions_toml
from voc_pipeline.sample.company import DEFAULT_FIRST_WEEK, SimulatedCompany
from voc_pipeline.sample.settings import company_glossary_toml, company_settings_toml
from voc_pipeline.sample.simulate import simulate_company
from voc_pipeline.sample.write import write_company

__all__ = [
    "DEFAULT_FIRST_WEEK",
    "SimulatedCompany",
    "company_actions_toml",
    "company_glossary_toml",
    "company_settings_toml",
    "simulate_company",
    "write_company",
]
