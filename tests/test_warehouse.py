from datetime import date, datetime

import duckdb
import polars as pl
import pytest

from models.errors import ConfigurationError, ContractError
from models.issue import IssueLineage
from models.ledger import Cursor
from models.raw import RawRecord
from models.trend import PublishedFigure, Restatement
from voc_pipeline.warehouse import open_warehouse, soundness
from voc_pipeline.warehouse.publish import publish
from voc_pipeline.warehouse.schema import TABLES, column_type, columns, polars_schema
from voc_pipeline.warehouse.store import frame_hash

ACME = {"company.id": "acme"}
WEEK = date(2026, 1, 5)


def lineage(*issue_ids):
    rows = [
        {
            "week_start": WEEK,
            "event": "born",
            "issue_id": one,
            "other_issue_id": "",
            "mention_count": 3,
        }
        for one in issue_ids
    ]
    return pl.DataFrame(rows, schema=polars_schema(IssueLineage))


def test_a_partition_is_replaced_and_its_neighbour_stays(tmp_path):
    other = lineage("ISS-0009").with_columns(week_start=pl.lit(date(2026, 1, 12)))
    with open_warehouse(tmp_path, ACME) as warehouse:
        warehouse.append(IssueLineage, other)
        for issue_ids in (("ISS-0001", "ISS-0002"), ("ISS-0003",)):
            stage = warehouse.stage("issues", WEEK, version=1, inputs={"n": str(issue_ids)})
            stage.write({IssueLineage: lineage(*issue_ids)})
        assert warehouse.rows(IssueLineage)["issue_id"].to_list() == ["ISS-0003", "ISS-0009"]


def test_a_stage_is_current_until_its_input_settings_or_code_change(tmp_path):
    with open_warehouse(tmp_path, ACME) as warehouse:
        made = {"version": 1, "inputs": {"raw": "x"}, "settings": "s"}
        warehouse.stage("issues", WEEK, **made).write({IssueLineage: lineage("ISS-0001")})
        assert warehouse.stage("issues", WEEK, **made).is_current
        for change in ({"version": 2}, {"inputs": {"raw": "y"}}, {"settings": "t"}):
            assert not warehouse.stage("issues", WEEK, **{**made, **change}).is_current


def test_row_order_does_not_change_the_output_hash(tmp_path):
    with open_warehouse(tmp_path, ACME) as warehouse:
        found = set()
        for frame in (lineage("ISS-0001", "ISS-0002"), lineage("ISS-0002", "ISS-0001")):
            warehouse.stage("issues", WEEK, version=1, inputs={}).write({IssueLineage: frame})
            found.add(warehouse.output_hash("issues", WEEK))
        assert len(found) == 1


def test_equal_frames_have_one_hash_however_they_were_made():
    words = ["a" * (number % 40) + str(number) for number in range(300)] + [None] * 5
    made = pl.DataFrame({"text": words, "number": [*range(300), *[None] * 5]})
    sliced = pl.concat([made.clear(), made[:100], made[100:]])
    computed = made.with_columns(
        pl.when(pl.col("text").is_not_null()).then(pl.col("text") + ""),
        pl.when(pl.col("number").is_not_null()).then(pl.col("number").fill_null(7)),
    )
    assert computed.equals(made)
    assert frame_hash(made) == frame_hash(sliced) == frame_hash(computed)
    lists = pl.DataFrame({"list": [[1.5], [], None, [2.5, 3.5]]})
    shifted = pl.DataFrame({"list": [[1.5, 2.5], [], None, [3.5]]})
    empty_last = pl.DataFrame({"list": [[1.5], None, [], [2.5, 3.5]]})
    assert len({frame_hash(one) for one in (lists, shifted, empty_last, lists.clear())}) == 4
    assert frame_hash(made.reverse()) != frame_hash(made)


def test_a_failing_write_leaves_the_partition_as_it_was(tmp_path):
    with open_warehouse(tmp_path, ACME) as warehouse:
        stage = warehouse.stage("issues", WEEK, version=1, inputs={})
        stage.write({IssueLineage: lineage("ISS-0001")})
        broken = lineage("ISS-0002").with_columns(event=pl.lit(None, pl.String))
        with pytest.raises(ContractError, match="issue_lineage"):
            stage.write({IssueLineage: broken})
        assert warehouse.rows(IssueLineage)["issue_id"].to_list() == ["ISS-0001"]


def test_a_frame_with_other_columns_breaks_the_contract(tmp_path):
    with (
        open_warehouse(tmp_path, ACME) as warehouse,
        pytest.raises(ContractError, match="mention_count"),
    ):
        warehouse.append(IssueLineage, lineage("ISS-0001").drop("mention_count"))


def test_another_company_s_home_is_refused(tmp_path):
    with open_warehouse(tmp_path, ACME):
        pass
    with (
        pytest.raises(ConfigurationError, match=r"company\.id"),
        open_warehouse(tmp_path, {"company.id": "other"}),
    ):
        pass


def test_a_newer_schema_is_refused_and_an_older_one_keeps_what_is_true(tmp_path):
    cursor = pl.DataFrame(
        [
            {
                "source_id": "s",
                "cursor": None,
                "window_end": datetime(2026, 1, 1),
                "settings_hash": "",
            }
        ],
        schema=polars_schema(Cursor),
    )
    with open_warehouse(tmp_path, ACME) as warehouse:
        warehouse.append(IssueLineage, lineage("ISS-0001"))
        warehouse.append(Cursor, cursor)
        warehouse.remember("schema_version", "0")
    with open_warehouse(tmp_path, ACME) as warehouse:
        assert warehouse.rows(IssueLineage).is_empty()
        assert warehouse.rows(Cursor).height == 1
        warehouse.remember("schema_version", "99")
    with pytest.raises(ConfigurationError, match="newer program"), open_warehouse(tmp_path, ACME):
        pass


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.table)
def test_every_table_states_its_grain_and_describes_every_column(model):
    assert model.comment().startswith("One row per")
    assert set(model.grain) <= set(columns(model))
    for name in columns(model):
        assert (model.model_fields[name].description or "").endswith((".", "..."))
        assert column_type(model, name)[0]


def test_the_published_file_carries_comments_and_no_private_column(tmp_path):
    with open_warehouse(tmp_path, ACME) as warehouse:
        publish(warehouse, WEEK)
    with duckdb.connect(str(tmp_path / "voc.duckdb"), read_only=True) as analyst:
        uncommented = analyst.sql(
            "SELECT table_name, column_name FROM duckdb_columns() "
            "WHERE NOT internal AND coalesce(comment, '') = ''"
        ).fetchall()
        names = {
            row[0] for row in analyst.sql("SELECT column_name FROM duckdb_columns()").fetchall()
        }
        described = analyst.sql("SELECT * FROM meta.data_dictionary").pl().height
    assert uncommented == []
    assert not names & {"payload", "vector_sum", "vector"}
    assert described > 100


def test_raw_is_never_published():
    assert not RawRecord.is_published


def test_a_figure_that_is_otherwise_now_needs_a_restatement_also_one_to_nothing(tmp_path):
    monday, at = date(2026, 11, 9), datetime(2026, 11, 16, 6)
    told = {"week_start": monday, "issue_id": "ISS-0001", "figure": "feedback_count", "as_of": at}
    published = pl.DataFrame(
        [told | {"value": 5.0, "value_text": None}], schema=polars_schema(PublishedFigure)
    )
    restated = told | {"was_value": "5", "is_value": None, "reason": "rebuilt"}
    with open_warehouse(tmp_path, ACME) as warehouse:
        warehouse.append(PublishedFigure, published)
        assert soundness.unexplained_figures(warehouse).height == 1
        for as_of_week, is_value, unexplained in ((9, None, 0), (16, "3", 1), (23, None, 0)):
            row = restated | {"as_of_week": date(2026, 11, as_of_week), "is_value": is_value}
            warehouse.append(Restatement, pl.DataFrame([row], schema=polars_schema(Restatement)))
            assert soundness.unexplained_figures(warehouse).height == unexplained
