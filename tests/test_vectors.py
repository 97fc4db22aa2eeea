from datetime import date

import numpy as np
import polars as pl
import pytest

from models.errors import ConfigurationError
from models.segment import Vector
from voc_pipeline.issues.vectors import embed_segments, load_model

WEEK = date(2026, 1, 5)


@pytest.fixture(scope="module")
def model():
    return load_model("wordllama")


def segments(*texts: str) -> pl.DataFrame:
    hashes = [" ".join(text.casefold().split()) for text in texts]
    return pl.DataFrame({"text_hash": hashes, "segment_text": list(texts)})


def test_a_vector_is_a_unit_row_named_after_its_model(model):
    rows = model.embed(["the app crashes", "where is my parcel"])
    assert rows.dtype == np.float32
    assert rows.shape == (2, model.dimension)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert model.model_id.startswith("wordllama-")
    assert model.model_id.endswith(f"-{model.dimension}")


def test_a_text_without_a_token_has_a_vector_of_zeros(model):
    assert not model.embed(["", "   "])[0].any()
    assert model.embed([]).shape == (0, model.dimension)


def test_a_text_has_the_same_vector_in_every_batch(model):
    texts = [f"order {number} came broken " + "and late " * (number % 7) for number in range(3_000)]
    whole = model.embed(texts)
    assert (model.embed(texts[::-1])[::-1] == whole).all()
    assert (np.vstack([model.embed([text]) for text in texts[:20]]) == whole[:20]).all()


def test_hostile_texts_are_embedded_in_bounded_time(model):
    hostile = ["a" * 1_000_000, "\x00\x07", "\u202egnp.exe", "é" * 500_000, "🙂" * 9, "\ud7ff"]
    assert np.isfinite(model.embed(hostile)).all()


def test_similar_complaints_are_nearer_than_others(model):
    parcel, late, password = model.embed(
        ["my parcel never arrived", "the delivery is late", "i cannot reset my password"]
    )
    assert parcel @ late > parcel @ password


def test_only_unknown_hashes_are_embedded_and_in_hash_order(model):
    rows = embed_segments(segments("b two", "a one", "c three"), ["a one"], model, WEEK)
    assert rows["text_hash"].to_list() == ["b two", "c three"]
    assert rows.columns == list(Vector.model_fields)
    assert set(rows["received_week"]) == {WEEK}
    assert embed_segments(segments(), [], model, WEEK).is_empty()


def test_the_vector_of_a_hash_does_not_depend_on_the_spelling_that_came_first(model):
    upper = embed_segments(segments("APP  Crashes\ton login", "x"), [], model, WEEK)
    lower = embed_segments(segments("x", "app crashes on login"), [], model, WEEK)
    assert upper.equals(lower)


def test_masks_do_not_make_texts_alike(model):
    masked = embed_segments(segments("[NAME] parcel late"), [], model, WEEK)["vector"]
    plain = embed_segments(segments("parcel late"), [], model, WEEK)["vector"]
    assert masked.to_list() == plain.to_list()


def test_what_a_published_source_blacked_out_does_not_make_texts_alike(model):
    blacked = segments("XXXX XXXX opened an account XX/XX/2023")
    vectors = embed_segments(blacked, [], model, WEEK)["vector"]
    plain = embed_segments(segments("opened an account"), [], model, WEEK)["vector"]
    assert vectors.to_list() == plain.to_list()


def test_whom_a_post_is_addressed_to_does_not_make_texts_alike(model):
    posted = embed_segments(segments("@Airline #late flight https://t.co/x"), [], model, WEEK)
    plain = embed_segments(segments("late flight"), [], model, WEEK)
    assert posted["vector"].to_list() == plain["vector"].to_list()


def test_an_unknown_model_is_refused_with_the_remedy():
    with pytest.raises(ConfigurationError, match="write wordllama"):
        load_model("bert")
