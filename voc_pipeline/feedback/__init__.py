"""FEEDBACK: mapped records in, one conformed and masked row per act of speaking out.

`mask_records` cleans, masks, keys and dates; `mark_duplicates` then compares with what was said
before. What a load does with fetched records is `intake`; what a source should have sent, `health`.
"""

from voc_pipeline.feedback.conform import (
    SET_ASIDE_SCHEMA,
    Conformed,
    ConformOptions,
    mask_records,
)
from voc_pipeline.feedback.customers import customer_key, key_fingerprint, read_key
from voc_pipeline.feedback.duplicates import EARLIER_SCHEMA, mark_duplicates
from voc_pipeline.feedback.masking import Masked, mask_text

__all__ = [
    "EARLIER_SCHEMA",
    "SET_ASIDE_SCHEMA",
    "ConformOptions",
    "Conformed",
    "Masked",
    "customer_key",
    "key_fingerprint",
    "mark_duplicates",
    "mask_records",
    "mask_text",
    "read_key",
]
