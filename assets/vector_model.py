"""The vector model that a setting or an option names: the wheel's, a folder, or one of the hub."""

from voc_pipeline.issues.vectors import VectorModel, load_model


def chosen_model(name: str) -> VectorModel:
    """The model of that name, ready to embed.

    Raises:
        ConfigurationError: there is no such model.
    """
    return load_model(name)
