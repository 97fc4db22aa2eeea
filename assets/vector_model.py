"""The vector model that a setting or an option names: the wheel's, a folder's, one of the hub."""

from pathlib import Path

from connectors.model_hub import fetch_model, is_hub_name
from voc_pipeline.issues.onnx_vectors import OnnxModel
from voc_pipeline.issues.vectors import WHEEL_MODEL, VectorModel, load_model


def chosen_model(name: str, base: Path) -> VectorModel:
    """The model of that name, ready to embed; a relative folder lies under `base`.

    Raises:
        ConfigurationError: there is no such model, or its extra is missing.
    """
    if name == WHEEL_MODEL:
        return load_model(name)
    folder = base / Path(name).expanduser()
    if not folder.is_dir() and is_hub_name(name):
        folder = fetch_model(name)
    return OnnxModel(folder)
