"""The committed default home: made by the simulator, and by nothing else."""

import gzip
from pathlib import Path

import polars as pl

from models.settings import Settings, read_settings
from voc_pipeline.sample.__main__ import make_small_sample

DATA = Path(__file__).parents[1] / "data"


def test_committed_sample_is_what_the_command_makes(tmp_path: Path) -> None:
    make_small_sample(tmp_path)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(DATA) for path in (DATA / "sample").rglob("*") if path.is_file()}
    assert made == kept | {Path("settings.toml"), Path("glossary.toml")}
    assert sum((DATA / path).stat().st_size for path in made) <= 300_000
    for path in made:
        if path.suffix == ".parquet":
            assert pl.read_parquet(tmp_path / path).equals(pl.read_parquet(DATA / path))
        elif path.suffix == ".gz":
            contents = [gzip.decompress((top / path).read_bytes()) for top in (tmp_path, DATA)]
            assert contents[0] == contents[1]
        else:
            assert (tmp_path / path).read_bytes() == (DATA / path).read_bytes()
    assert isinstance(read_settings(DATA), Settings)
