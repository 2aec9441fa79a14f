"""Tables of a job: the numbers of its events, whatever the kind, queued or stored."""

import io

import pandas as pd
import pytest

from core.metrics.curves import CurvePoint
from core.studies.scoring import ScoresReady
from dashboard.explain.one_picture.job import EXPLANATION
from dashboard.jobs.kinds import KINDS
from dashboard.jobs.session import find, sample_of
from dashboard.jobs.tables import as_file, records
from dashboard.server import find_features

find_features()


def test_a_table_has_the_numbers_of_its_events(finished_run):
    curves = finished_run.table("curves")
    [point] = finished_run.events(CurvePoint)
    assert curves.to_dict("records") == [
        {"method": "gradient", "order": "mif", "fraction": 0.5, "value": 0.25, "low": None, "high": None}
    ]
    assert (curves["value"][0], curves["fraction"][0]) == (point.value, point.fraction)


def test_further_scores_stand_beside_the_fidelity_of_their_method(finished_run, ended):
    further = ScoresReady("gradient", {"gini": 0.75, "deletion": None})
    run = ended(EXPLANATION, finished_run.request, finished_run.inputs(), [*finished_run.events(object), further])
    [row] = run.table("scores").to_dict("records")
    assert (row["method"], row["fidelity"], row["chance_up_to"], row["gini"]) == ("gradient", 0.4, 0.05, 0.75)
    assert row["verdict"] == "finds it"  # as the page says it
    assert pd.isna(row["deletion"])


def test_every_kind_with_results_has_a_table():
    assert [kind.name for kind in KINDS.values() if not kind.saved and kind.name != "toy"] == []


NOT_ASKED_FOR = {"roar": ["probes"], "single_patch": ["differences"]}
"""Tables of what a sample's request leaves out: it probes no map, and has one network."""


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if sample_of(kind)])
def test_every_table_of_a_sample_has_rows(name):
    sample = find(f"sample-{name}")
    tables = {table: sample.table(table) for table in sample.kind.saved}
    assert [table for table, rows in tables.items() if rows.empty] == NOT_ASKED_FOR.get(name, [])
    assert all(rows.map(lambda cell: not isinstance(cell, list | dict)).all(axis=None) for rows in tables.values())


def test_the_samples_curves_are_those_that_its_messages_tell():
    sample = sample_of(EXPLANATION)
    points = sample.messages(CurvePoint)
    assert records(CurvePoint)(sample)["value"].tolist() == [point["value"] for point in points]


def test_a_picture_whose_name_is_a_formula_is_text_in_csv_and_itself_in_parquet():
    frame = pd.DataFrame({"picture": ["=1+1.png"], "score": [-0.5]})
    assert as_file(frame, "csv").decode().splitlines() == ["picture,score", "'=1+1.png,-0.5"]
    assert pd.read_parquet(io.BytesIO(as_file(frame, "parquet")))["picture"][0] == "=1+1.png"
