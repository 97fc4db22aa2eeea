"""All masking rules in one list; a new rule is written, and listed, in the module of its kind."""

from voc_pipeline.feedback.masking_rules_contact import CONTACT_RULES
from voc_pipeline.feedback.masking_rules_numbers import NUMBER_RULES
from voc_pipeline.feedback.masking_rules_people import PEOPLE_RULES
from voc_pipeline.feedback.masking_rules_phone import PHONE_RULES
from voc_pipeline.feedback.masking_rules_places import PLACE_RULES
from voc_pipeline.feedback.masking_spans import Rule

RULES: tuple[Rule, ...] = (
    *CONTACT_RULES,
    *NUMBER_RULES,
    *PHONE_RULES,
    *PLACE_RULES,
    *PEOPLE_RULES,
)
