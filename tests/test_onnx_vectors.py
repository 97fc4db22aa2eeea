import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from assets.command_line import app
from assets.vector_model import chosen_model
from connectors.model_hub import fetch_model, is_hub_name
from models.errors import ConfigurationError
from voc_pipeline.issues.onnx_vectors import OnnxModel

MINILM = Path("../shared/models/minilm-l6-v2-int8").resolve()
here = pytest.mark.skipif(not MINILM.is_dir(), reason=f"{MINILM} is not here")
TEXTS = ["my parcel never arrived", "the delivery is late", "i cannot reset my password", "ok"]


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return OnnxModel(MINILM)


@here
def test_a_vector_is_a_unit_row_and_alike_texts_are_near(model):
    rows = model.embed(TEXTS)
    assert rows.dtype == np.float32
    assert rows.shape == (4, model.dimension) == (4, 384)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


@here
def test_a_text_has_the_same_bytes_in_every_batch_and_order(model):
    texts = [f"order {number} came broken " + "and late " * (number % 9) for number in range(40)]
    whole = model.embed(texts)
    assert (model.embed(texts[::-1])[::-1] == whole).all()
    assert (np.vstack([model.embed([text]) for text in texts[:6]]) == whole[:6]).all()


@here
def test_empty_and_hostile_texts_are_embedded(model):
    rows = model.embed(["", " \t", "late " * 200_000, "🙂", "\x00\u202e", "配送が遅い", "\ud7ff"])
    assert not rows[:2].any()
    assert np.allclose(np.linalg.norm(rows[2:], axis=1), 1, atol=1e-5)
    assert model.embed([]).shape == (0, 384)


@here
def test_the_id_follows_the_content_and_not_the_place(model, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(MINILM, copy)
    assert chosen_model("copy", tmp_path).model_id == model.model_id
    (copy / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 64}))
    assert OnnxModel(copy).model_id != model.model_id


@here
def test_the_layout_of_the_hub_is_read_too(model, tmp_path):
    (tmp_path / "onnx").mkdir()
    shutil.copy(MINILM / "model.onnx", tmp_path / "onnx" / "model.onnx")
    shutil.copy(MINILM / "tokenizer.json", tmp_path)
    assert OnnxModel(tmp_path).model_id == model.model_id


@here
def test_first_token_pooling_is_followed_where_the_folder_says_so(model, tmp_path):
    folder = tmp_path / "cls"
    shutil.copytree(MINILM, folder)
    (folder / "1_Pooling").mkdir()
    told = {"pooling_mode_cls_token": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(told))
    other = OnnxModel(folder)
    assert other.model_id != model.model_id
    assert not np.allclose(other.embed(TEXTS), model.embed(TEXTS), atol=0.01)


def test_what_is_no_model_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(ConfigurationError, match="is no folder"):
        chosen_model("./nowhere", tmp_path)
    with pytest.raises(ConfigurationError, match=r"lacks model\.onnx"):
        chosen_model(str(tmp_path), Path())
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(ConfigurationError, match=r"lacks tokenizer\.json"):
        OnnxModel(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="no ONNX model"):
        OnnxModel(tmp_path)


@here
def test_a_broken_tokenizer_or_config_is_refused(tmp_path):
    shutil.copy(MINILM / "model.onnx", tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="no tokenizer"):
        OnnxModel(tmp_path)
    (tmp_path / "sentence_bert_config.json").write_text("{")
    with pytest.raises(ConfigurationError, match="not JSON"):
        OnnxModel(tmp_path)


def test_without_the_extra_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("voc_pipeline.issues.onnx_vectors.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="--extra quality"):
        OnnxModel(tmp_path)
    monkeypatch.setattr("connectors.model_hub.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="--extra quality"):
        fetch_model("owner/name")


def test_hub_names_are_told_from_folders():
    assert is_hub_name("sentence-transformers/all-MiniLM-L6-v2")
    assert is_hub_name("owner/name@main")
    for name in ("../models/minilm", "/models/minilm", "./minilm", "minilm", "a/b/c"):
        assert not is_hub_name(name)


def test_a_hub_model_that_is_not_to_be_had_is_refused(monkeypatch, tmp_path):
    pytest.importorskip("huggingface_hub")
    asked = []

    def missing(name, *, local_files_only, **rest):
        from huggingface_hub.errors import LocalEntryNotFoundError

        asked.append((name, local_files_only, rest["revision"]))
        raise LocalEntryNotFoundError("not here")

    monkeypatch.setattr("huggingface_hub.snapshot_download", missing)
    with pytest.raises(ConfigurationError, match="neither a folder here nor"):
        chosen_model("owner/name@v2", tmp_path)
    assert asked == [("owner/name", True, "v2"), ("owner/name", False, "v2")]


@here
def test_a_hub_model_is_opened_from_its_copy(monkeypatch, model, tmp_path):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(MINILM))
    assert chosen_model("owner/name", tmp_path).model_id == model.model_id


@here
def test_an_evaluation_can_use_a_folder(tmp_path):
    path = tmp_path / "set.csv"
    rows = "\n".join(f"{text},label {at}" for at, text in enumerate(TEXTS))
    path.write_text(f"text,label\n{rows}\n")
    arguments = ["eval", "issues", str(path), "--text", "text", "--label", "label"]
    done = CliRunner().invoke(app, [*arguments, "--vectors", str(MINILM)])
    assert json.loads(done.output)["vectors"].startswith("onnx-")
