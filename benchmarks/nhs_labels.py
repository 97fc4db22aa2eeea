"""Writes the NHS survey for `voc eval issues`: a comment a row, its human labels in one column.

    uv run python -m benchmarks.nhs_labels nhs.parquet [--data ../shared/data]
    uv run voc eval issues nhs.parquet --text text --label labels --separator "|"

Left out are rows whose labels say that there is nothing to label. Prints what it wrote as JSON.
"""

import argparse
import json
from pathlib import Path

import polars as pl

SURVEY = "surveys/nhs_fft_NEAS_labelled.parquet"
FIRST_LABEL = "Not assigned"
NO_LABEL = ("Not assigned", "Labelling not possible")


def labelled_comments(survey: pl.DataFrame) -> pl.DataFrame:
    """One row per comment with a label: text, and its labels parted by `|`."""
    names = survey.columns[survey.columns.index(FIRST_LABEL) :]
    marked = [pl.when(pl.col(one).fill_null(0) > 0).then(pl.lit(one)) for one in names
              if one not in NO_LABEL]  # fmt: skip
    labels = pl.concat_str(marked, separator="|", ignore_nulls=True)
    return survey.select(text="FFT answer", labels=labels).filter(
        (pl.col("labels") != "") & pl.col("text").is_not_null()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    made = labelled_comments(pl.read_parquet(asked.data / SURVEY))
    made.write_parquet(asked.out)
    several = int((made["labels"].str.contains("|", literal=True)).sum())
    print(json.dumps({"texts": made.height, "with_several_labels": several}))


if __name__ == "__main__":
    main()
