import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from voc_pipeline.issues.discovery import (
    DiscoveryOptions,
    centroids,
    discover,
    nearest,
    neighbour_graph,
    without_small,
)
from voc_pipeline.issues.emergence import EmergenceOptions, Stream, emergent_groups
from voc_pipeline.issues.vectors import load_model, unit_rows

BANKING77 = Path(os.environ.get("VOC_SHARED_DATA", "../shared/data")) / (
    "intents/banking77_train.parquet"
)


def blobs(sizes: list[int], seed: int = 0, spread: float = 0.35, dimension: int = 32):
    """Unit vectors around random centres, and the centre each belongs to."""
    random = np.random.default_rng(seed)
    centres = unit_rows(random.normal(size=(len(sizes), dimension)).astype(np.float32))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    noise = random.normal(size=(len(truth), dimension)) * spread / dimension**0.5
    return unit_rows((centres[truth] + noise).astype(np.float32)), truth


def test_separate_groups_are_found_without_telling_their_number():
    vectors, truth = blobs([70] * 12)
    found = discover(vectors)
    assert found.max() + 1 == 12
    assert adjusted_rand_score(truth, found) > 0.99


def test_clusters_are_the_same_in_any_order():
    vectors, _ = blobs([40, 60, 80, 25, 9], spread=1.2)
    order = np.random.default_rng(3).permutation(len(vectors))
    assert (discover(vectors[order]) == discover(vectors)[order]).all()


def test_rows_loaded_twice_change_nothing():
    vectors, _ = blobs([40, 60, 80], spread=1.0)
    twice = discover(np.vstack([vectors, vectors]))
    assert (twice[: len(vectors)] == discover(vectors)).all()
    assert (twice[: len(vectors)] == twice[len(vectors) :]).all()


def test_above_the_sample_size_the_rest_joins_the_nearest_centre():
    vectors, truth = blobs([200] * 6)
    found = discover(vectors, DiscoveryOptions(sample_size=300))
    assert adjusted_rand_score(truth, found) > 0.99


@pytest.mark.parametrize("rows", [0, 1, 2, 5, 17])
def test_few_rows_get_numbers_from_zero(rows):
    vectors, _ = blobs([rows])
    found = discover(vectors)
    assert len(found) == rows
    assert set(found.tolist()) == set(range(int(found.max(initial=-1)) + 1))


def test_rows_of_zeros_belong_to_no_cluster():
    vectors, _ = blobs([30, 30])
    vectors[::7] = 0
    found = discover(vectors)
    assert (found[::7] == -1).all()
    assert (np.delete(found, np.s_[::7]) >= 0).all()
    assert (discover(np.zeros((5, 8), dtype=np.float32)) == -1).all()


def test_a_thousand_identical_rows_are_one_cluster():
    assert set(discover(np.tile(blobs([1])[0], (1_000, 1)))) == {0}


def test_small_groups_join_the_nearest_large_one():
    vectors, truth = blobs([50, 50, 2])
    assert np.bincount(without_small(vectors, truth, 4)).tolist().count(0) == 0
    assert without_small(vectors, truth, 4).max() == 1


def test_links_weigh_common_neighbours_and_lead_both_ways():
    vectors, truth = blobs([30, 30])
    graph = neighbour_graph(vectors, 8)
    first, second = graph.nonzero()
    assert abs(graph - graph.T).max() == 0
    assert graph.diagonal().sum() == 0
    assert (graph.data > 0).all()
    assert (graph.data <= 1).all()
    assert (truth[first] == truth[second]).mean() > 0.99


def test_a_row_is_nearest_to_its_own_centre():
    vectors, truth = blobs([30, 40, 50])
    place, score = nearest(vectors, centroids(vectors, truth))
    assert (place == truth).all()
    assert (score <= 1.000001).all()


@pytest.mark.skipif(not BANKING77.exists(), reason=f"{BANKING77} is not here")
def test_a_sixth_of_banking77_is_cut_as_people_cut_it():
    table = pl.read_parquet(BANKING77)[::6]
    vectors = load_model("wordllama").embed(table["text"].str.to_lowercase().to_list())
    found = discover(vectors)
    labels = table["category"].to_list()
    assert 40 <= found.max() + 1 <= 150
    assert adjusted_rand_score(labels, found) > 0.38
    assert adjusted_mutual_info_score(labels, found) > 0.6


def stream(steady: list[int], outbreak: int, *, weeks: int = 20, seed: int = 0) -> Stream:
    """Groups spoken of in every week, and one that is only spoken of in the last two."""
    vectors, truth = blobs([*steady, outbreak], seed=seed, spread=1.0)
    random = np.random.default_rng(seed)
    week = random.integers(0, weeks, len(truth))
    is_late = truth == len(steady)
    week[is_late] = weeks - 1 - np.arange(is_late.sum()) % 2
    age = np.select([week == weeks - 1, week >= weeks - 3], [0, 1], 2)
    size = len(truth)
    return Stream(
        vectors=vectors, feedback=np.arange(size), source=np.zeros(size, np.int64), age=age
    )


def test_a_group_without_a_past_emerges_and_nothing_else_does():
    one = stream([150] * 8, 14)
    groups = emergent_groups(one, false_births=0.1, seed=1, options=EmergenceOptions())
    assert len(groups) == 1
    assert set(groups[0]) <= set(range(1200, 1214))
    assert len(groups[0]) >= 12


def test_chance_gives_no_more_births_than_stated():
    births = [
        len(emergent_groups(stream([60] * 10, 0, seed=seed), false_births=0.1, seed=seed,
                            options=EmergenceOptions()))
        for seed in range(10)
    ]  # fmt: skip
    assert sum(births) <= 3


def test_a_source_that_enters_is_no_news():
    old, entering = stream([150] * 6, 0), blobs([40] * 3, seed=9, spread=1.0)[0]
    size = len(old.vectors) + len(entering)
    is_new = np.arange(size) >= len(old.vectors)
    both = Stream(
        vectors=np.vstack([old.vectors, entering]),
        feedback=np.arange(size),
        source=is_new.astype(np.int64),
        age=np.concatenate([old.age, np.zeros(len(entering), np.int64)]),
    )
    assert not emergent_groups(both, false_births=0.1, seed=1, options=EmergenceOptions())


def test_many_segments_of_one_feedback_are_one_voice():
    one = stream([150] * 8, 14)
    feedback = one.feedback.copy()
    feedback[1200:] = 1200
    same = Stream(vectors=one.vectors, feedback=feedback, source=one.source, age=one.age)
    assert not emergent_groups(same, false_births=0.1, seed=1, options=EmergenceOptions())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 5))
def test_every_filled_row_gets_a_cluster_and_numbers_fall_in_size(sizes, seed):
    vectors, _ = blobs(sizes, seed=seed, spread=1.0, dimension=6)
    counts = np.bincount(discover(vectors))
    assert counts.sum() == len(vectors)
    assert (np.diff(counts) <= 0).all()
