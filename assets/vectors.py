"""vectors: the numeric form of each problem's text, made once per text and model."""

from assets.stage import WeekRun
from assets.vector_model import chosen_model
from models.segment import Segment, Vector
from voc_pipeline.issues.vectors import embed_segments
from voc_pipeline.warehouse import knowledge

VERSION = 1


def vectors(run: WeekRun) -> None:
    """One unit vector per distinct problem text and model: a week embeds only what is new."""
    model = chosen_model(run.settings.engine.vector_model, run.home.path)
    for week in run.weeks:
        stage = run.warehouse.stage(
            "vectors",
            week,
            version=VERSION,
            inputs={"segments": run.warehouse.output_hash("segments", week)},
            settings=model.model_id,
        )
        if stage.is_current:
            continue
        rows = run.warehouse.rows(Segment, "received_week = ? AND kind = 'problem'", week)
        known = knowledge.known_vectors(run.warehouse, rows["text_hash"], model.model_id)
        fresh = embed_segments(rows, known, model, week)
        with run.warehouse.transaction():
            run.warehouse.append(Vector, fresh)
            stage.record({Vector: fresh})
        run.note(week, fresh.height, model=model.model_id, texts_known=rows.height - fresh.height)
