"""Themes: the coarse level above issues, from a company's glossary, or found among the issues.

Here issues are placed; what they are stays. A theme of the glossary has the issues most like its
seed phrases, and what fits none has none. Without a glossary issues are grouped by likeness, and a
group, once made, keeps its issues and its name: an issue that comes later joins the nearest group
or begins one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from models.glossary import ThemeSettings
from voc_pipeline.issues.curation import centres_of
from voc_pipeline.issues.evidence import Matrix
from voc_pipeline.issues.phrases import sentence
from voc_pipeline.issues.vectors import VectorModel, spoken, unit_rows

LEAST_SIMILARITY = 0.3
"""Below it an issue is under no theme of the glossary."""
_NAME_WEIGHT = 0.5
_GROUP_WORDS = 2
_DECIMALS = 6
THEME_SCHEMA: dict[str, pl.DataType] = {
    "theme": pl.String(), "theme_id": pl.String(), "definition": pl.String(),
    "function": pl.String(), "is_found": pl.Boolean(),
}  # fmt: skip


def place_under_themes(
    issues: pl.DataFrame,
    glossary: Sequence[ThemeSettings],
    previous: Mapping[str, str],
    model: VectorModel,
) -> pl.DataFrame:
    """One row per issue as given, with `found_theme`, `theme` and `function` filled.

    Args:
        issues: rows of `curate_issues`: theme is the one a person moved it to (an id of the
            glossary, or any name without one), or null.
        glossary: themes that people keep; of equals the first has an issue.
        previous: found_theme by issue of the week before, which issues keep without a glossary.
        model: the vector model of the register.

    Returns:
        theme is a name; a theme's function owns its issues unless the glossary names none for it
        or a person assigned another (null `assigned` otherwise).
    """
    if issues.is_empty():
        return issues.with_columns(pl.lit(None, dtype=pl.String).alias("found_theme"))
    vectors = _named_centres(issues, model)
    found = (
        _most_like(vectors, glossary, model)
        if glossary
        else _grouped(issues, vectors, dict(previous))
    )
    names = {one.id: one.name for one in glossary}
    owner = {one.name: one.function for one in glossary}
    moved = [names.get(theme, theme) for theme in issues["theme"].to_list()]
    themes = [person or own for person, own in zip(moved, found, strict=True)]
    owned = pl.Series([owner.get(theme or "") for theme in themes], dtype=pl.String)
    return issues.with_columns(
        pl.Series("found_theme", found, dtype=pl.String),
        pl.Series("theme", themes, dtype=pl.String),
        pl.coalesce("assigned", owned, "function").alias("function"),
    )


def theme_rows(issues: pl.DataFrame, glossary: Sequence[ThemeSettings]) -> pl.DataFrame:
    """One row per theme (models.glossary.Theme): the glossary's, then others that issues have."""
    kept = [(one.name, one.id, one.definition, one.function, False) for one in glossary]
    names = {one.name for one in glossary}
    others = (
        issues.filter(pl.col("theme").is_not_null() & ~pl.col("theme").is_in(sorted(names)))
        .group_by("theme")
        .agg(pl.col("issue_id").min())
        .sort("theme")
    )
    kept += [(theme, first, "", None, True) for theme, first in others.iter_rows()]
    return pl.DataFrame(kept, schema=THEME_SCHEMA, orient="row").sort("theme")


def _named_centres(issues: pl.DataFrame, model: VectorModel) -> Matrix:
    """Unit row per issue: its centre, and half as much its name and terms."""
    named = [
        spoken(" ".join([label, *terms]))
        for label, terms in issues.select("label", "terms").iter_rows()
    ]
    return unit_rows(centres_of(issues) + np.float32(_NAME_WEIGHT) * model.embed(named))


def _most_like(
    vectors: Matrix, glossary: Sequence[ThemeSettings], model: VectorModel
) -> list[str | None]:
    """The theme with the most similar seed phrase, or none."""
    seeds = [(one.name, phrase) for one in glossary for phrase in one.seeds]
    phrases = model.embed([spoken(phrase) for _, phrase in seeds])
    likeness = (vectors @ phrases.T).round(_DECIMALS)
    best = likeness.argmax(axis=1)
    return [
        seeds[at][0] if likeness[row, at] >= LEAST_SIMILARITY else None
        for row, at in enumerate(best)
    ]


def _grouped(issues: pl.DataFrame, vectors: Matrix, kept: dict[str, str]) -> list[str | None]:
    """The group of every issue: as before, else the nearest, else one of its own.

    The first groups are cut from an average-linkage tree at about twice the square root of the
    number of issues, so that neither level is long.
    """
    ids = issues["issue_id"].to_list()
    if not any(name in kept for name in ids):
        kept = _first_groups(issues, vectors)
    groups = sorted({kept[name] for name in ids if name in kept})
    for row, name in enumerate(ids):
        if name in kept:
            continue
        member = np.array([[kept.get(one) == group for one in ids] for group in groups])
        centres = unit_rows(member.astype(np.float32) @ vectors)
        likeness = (centres @ vectors[row]).round(_DECIMALS)
        inside = [float(vectors[at] @ centres[groups.index(kept[one])]) for at, one in
                  enumerate(ids) if one in kept]  # fmt: skip
        if likeness.max() >= np.quantile(inside, 0.1):
            kept[name] = groups[int(likeness.argmax())]
        else:
            kept[name] = _group_name(issues[[row]], set(groups))
            groups = sorted({*groups, kept[name]})
    return [kept[name] for name in ids]


def _first_groups(issues: pl.DataFrame, vectors: Matrix) -> dict[str, str]:
    """Group names by issue, of issues that none of them has a group yet."""
    ids = issues["issue_id"].to_list()
    size = len(ids)
    if size < 3:
        return dict.fromkeys(ids, _group_name(issues, set()))
    distance = np.clip(1 - (vectors @ vectors.T).astype(np.float64).round(_DECIMALS), 0, 2)
    distance = (distance + distance.T) / 2
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    code = fcluster(tree, max(2, round(2 * size**0.5)), "maxclust")
    names: dict[int, str] = {}
    for one in dict.fromkeys(code.tolist()):
        names[one] = _group_name(issues.filter(pl.Series(code == one)), set(names.values()))
    return {name: names[one] for name, one in zip(ids, code.tolist(), strict=True)}


def _group_name(issues: pl.DataFrame, taken: set[str]) -> str:
    """The terms that most of a group's issues share, and that no other group is called by."""
    count: Counter[str] = Counter()
    for terms in issues["terms"].to_list():
        for rank, term in enumerate(terms):
            count[term] += 6 - min(rank, 5)
    words = [term for term, _ in sorted(count.items(), key=lambda one: (-one[1], one[0]))]
    for start in range(max(len(words) - 1, 1)):
        name = sentence(", ".join(words[start : start + _GROUP_WORDS]))
        if name and name not in taken:
            return name
    return str(issues["issue_id"].min())
