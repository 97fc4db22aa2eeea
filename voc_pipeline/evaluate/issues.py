"""How well issues are found in one batch: against the labels that people gave the same texts."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    homogeneity_completeness_v_measure,
)

from voc_pipeline.evaluate.texts import FIRST_WEEK, as_segments, spoken_keys, text_hash
from voc_pipeline.issues.discovery import DiscoveryOptions
from voc_pipeline.issues.register_options import RegisterOptions
from voc_pipeline.issues.registry import advance_register
from voc_pipeline.issues.standing import NOWHERE, match, read_standings
from voc_pipeline.issues.stopwords import STOP_WORDS
from voc_pipeline.issues.vectors import VectorModel

_SAMPLE_TEXTS = 25_000
_BLOCK_TEXTS = 20_000
_LEAST_PURITY = 0.5
_WORD = re.compile(r"[^\W\d_]+")
_ENDINGS = (
    "ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "ions", "ion", "ers", "er",
    "als", "al", "ed", "es", "s", "e", "y",
)  # fmt: skip
_LEAST_STEM = 3


@dataclass(frozen=True, slots=True)
class FoundIssues:
    """What was found in a batch: an issue id or None for every text, a label for every issue."""

    places: list[str | None]
    labels: dict[str, str]


def find_issues(texts: Sequence[str | None], model: VectorModel) -> FoundIssues:
    """The register's first week on these texts: what it finds, names and leaves unassigned.

    The file is taken for the whole, so that the cut is the clusterer's usual one; a company's
    register starts with a finer cut, as it sees a few weeks only.

    Above 25,000 distinct texts the issues are found in those with the smallest hashes, and the
    rest joins them by the register's own rule, block by block, so that memory stays bounded.
    """
    keys = spoken_keys(texts)
    hashes = {key: text_hash(key) for key in set(keys)}
    sample = set(sorted(hashes, key=hashes.__getitem__)[:_SAMPLE_TEXTS])
    chosen = [at for at, key in enumerate(keys) if key in sample]
    first = sorted(sample, key=hashes.__getitem__)
    rows = dict(zip(first, model.embed(first), strict=True))
    vectors = np.array([rows[keys[at]] for at in chosen], dtype=np.float32)
    window = as_segments(
        [texts[at] for at in chosen],
        [keys[at] for at in chosen],
        [FIRST_WEEK] * len(chosen),
        vectors.reshape(len(chosen), model.dimension),
    ).with_columns(current_issue_id=pl.lit(None, dtype=pl.String))
    options = RegisterOptions(
        model_id=model.model_id, founding_texts=0, discovery=DiscoveryOptions()
    )
    step = advance_register(pl.DataFrame(), window, week=FIRST_WEEK, options=options)
    place = dict(zip(step.assignments["segment_id"], step.assignments["issue_id"], strict=True))
    found: dict[str, str | None] = {
        keys[at]: place[f"{number:09d}"] for number, at in enumerate(chosen)
    }
    found |= _rest(step.issues, sorted(set(keys) - sample, key=hashes.__getitem__), model)
    return FoundIssues(
        [found[key] for key in keys],
        dict(step.issues.select("issue_id", "label").iter_rows()),
    )


def _rest(issues: pl.DataFrame, keys: list[str], model: VectorModel) -> dict[str, str | None]:
    """The place of every text that was not in the sample."""
    standings = read_standings(issues)
    found: dict[str, str | None] = {}
    for start in range(0, len(keys), _BLOCK_TEXTS):
        block = keys[start : start + _BLOCK_TEXTS]
        place = match(standings, model.embed(block))[0]
        for key, at in zip(block, place.tolist(), strict=True):
            found[key] = None if at == NOWHERE else standings[at].issue_id
    return found


def judge_issues(found: FoundIssues, human: Sequence[str | None]) -> dict[str, float | int]:
    """Figures of what was found against people's labels; texts without a label are not judged.

    A text left unassigned counts as a group of its own, so that leaving out what is hard to place
    does not pay. `label_hit` is the share of issues of purity .5 or more whose label has a word
    stem of the name of their commonest human label.
    """
    judged = [at for at, label in enumerate(human) if label]
    labels = [str(human[at]) for at in judged]
    groups = [found.places[at] or f"unassigned {at}" for at in judged]
    homogeneity, _, v_measure = homogeneity_completeness_v_measure(labels, groups)
    inside: dict[str, Counter[str]] = {}
    for label, at in zip(labels, judged, strict=True):
        issue = found.places[at]
        if issue is not None:
            inside.setdefault(issue, Counter())[label] += 1
    return {
        "texts": len(human),
        "texts_judged": len(judged),
        "labels": len(set(labels)),
        "k": len({issue for issue in found.places if issue is not None}),
        "ari": round(float(adjusted_rand_score(labels, groups)), 4),
        "ami": round(float(adjusted_mutual_info_score(labels, groups)), 4),
        "v_measure": round(float(v_measure), 4),
        "homogeneity": round(float(homogeneity), 4),
        "share_unassigned": round(found.places.count(None) / max(len(found.places), 1), 4),
        "label_hit": round(_label_hit(inside, found.labels), 4),
    }


def _label_hit(inside: dict[str, Counter[str]], names: dict[str, str]) -> float:
    hits = []
    for issue, counts in inside.items():
        label, count = max(counts.items(), key=lambda one: (one[1], one[0]))
        if count >= _LEAST_PURITY * counts.total():
            hits.append(bool(stems(label) & stems(names[issue])))
    return sum(hits) / len(hits) if hits else 0.0


def stems(name: str) -> set[str]:
    """Word stems of a name: its words without stop words, ends of inflection cut off."""
    words = {word for word in _WORD.findall(name.lower().replace("_", " ")) if len(word) > 1}
    return {_stem(word) for word in words - STOP_WORDS}


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            stem = word[: -len(ending)]
            doubled = stem[-1] == stem[-2] and stem[-1] not in "aeiou"
            return stem[:-1] if doubled else stem
    return word
