"""Issues against texts that people gave several labels each.

An issue has one place for a text, people had room for many: here is how the two are compared.
"""

from collections import Counter
from collections.abc import Sequence

from voc_pipeline.evaluate.issues import FoundIssues, judge_issues

_LEAST_TEXTS = 10


def judge_many(found: FoundIssues, human: Sequence[frozenset[str]]) -> dict[str, float | int]:
    """Figures against several labels a text; a text without any is not judged.

    The usual figures are those of `judge_issues` against each text's rarest label, which says most
    of it. An issue speaks for the label that it matches best by F1; a label's texts are then those
    of all issues that speak for it. `macro_f1` is the mean F1 over labels of ten texts or more, a
    label that no issue speaks for counting 0; `micro_f1` counts pairs of text and label.
    """
    sizes = Counter(label for labels in human for label in labels)
    rarest = [min(labels, key=lambda one: (sizes[one], one), default=None) for labels in human]
    inside: dict[str, Counter[str]] = {}
    members: Counter[str] = Counter()
    for labels, issue in zip(human, found.places, strict=True):
        if issue is not None and labels:
            members[issue] += 1
            inside.setdefault(issue, Counter()).update(labels)
    hits: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for issue, counts in inside.items():
        label = max(counts, key=lambda one: (counts[one] / (members[issue] + sizes[one]), one))
        hits[label] += counts[label]
        told[label] += members[issue]
    scored = [label for label, size in sizes.items() if size >= _LEAST_TEXTS]
    macro = [2 * hits[label] / (told[label] + sizes[label]) for label in scored]
    return judge_issues(found, rarest) | {
        "labels_scored": len(scored),
        "labels_spoken_for": sum(hits[label] > 0 for label in scored),
        "macro_f1": round(sum(macro) / max(len(macro), 1), 4),
        "micro_f1": round(2 * hits.total() / max(told.total() + sizes.total(), 1), 4),
    }
