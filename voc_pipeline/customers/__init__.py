"""CUSTOMERS. What customers answer when they are asked for a score, and what goes with it.

Reading order: `responses` (feedback rows -> one row per survey and response, its score as a point
from 0 to 1), `intervals` (95 % intervals of means, shares and differences that hold for few
responses), `scores` (the score of each week, survey and cell; the registry of surveys), `drivers`
(issues whose mentions go with higher or lower scores).
"""
