"""A study's table: its frames, and files that hold all of it or are not there."""

import json
from dataclasses import fields
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from core.metrics.statistics import Score, Summary
from core.studies.table import Table, write_rows


@pytest.fixture
def table() -> Table:
    made = Table({"source": Path("photos"), "methods": ["gradient"], "limit": None}, seed=3)
    made.add([Score("b.png", "gradient", "fidelity", 0.1), Score("b.png", "random", "fidelity", 1 / 3)])
    made.add([Score("a, “é”.png", "gradient", "fidelity", nan), Score("a, “é”.png", "random", "fidelity", -0.2)])
    made.refuse("broken.png", "This is not a picture.")
    made.refuse_method("deeplift", "It needs ReLU.")
    return made


def test_the_frame_has_a_row_a_score_by_picture(table):
    assert list(table.frame.columns) == ["picture", "method", "metric", "score"]
    assert table.frame["picture"].tolist() == ["a, “é”.png", "a, “é”.png", "b.png", "b.png"]
    assert table.frame["score"].tolist()[1:] == [-0.2, 0.1, 1 / 3]
    assert table.frame["score"].isna().tolist() == [True, False, False, False]


def test_the_summary_has_the_tallys_columns_and_the_studys_seed(table):
    table.add(Score(f"{number}.png", "gradient", "fidelity", number**2) for number in range(9))
    assert list(table.summary().columns) == [field.name for field in fields(Summary)]
    expected = pd.DataFrame(table.tally.summary(seed=3))
    pd.testing.assert_frame_equal(table.summary(), expected)
    assert table.summary()["low"][0] != pd.DataFrame(table.tally.summary(seed=4))["low"][0]


def test_the_ranking_is_the_tallys(table):
    table.add([Score("c.png", "gradient", "fidelity", 0.4), Score("c.png", "random", "fidelity", 0.3)])
    assert table.ranking("fidelity").ranks == {"gradient": 1.5, "random": 1.5}


def test_files_bring_back_every_score_to_the_bit(table, tmp_path):
    table.write(tmp_path / "new" / "folder")
    folder = tmp_path / "new" / "folder"
    assert {file.name for file in folder.iterdir()} == {"scores.csv", "scores.parquet", "summary.csv", "study.json"}
    pd.testing.assert_frame_equal(pd.read_csv(folder / "scores.csv"), table.frame, check_exact=True)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "scores.parquet"), table.frame, check_exact=True)
    pd.testing.assert_frame_equal(pd.read_csv(folder / "summary.csv"), table.summary(), check_exact=True)
    assert "\nb.png,gradient,fidelity,0.1\n" in (folder / "scores.csv").read_text(encoding="utf-8")


def test_files_say_what_was_asked_and_what_was_refused(table, tmp_path):
    table.write(tmp_path)
    told = json.loads((tmp_path / "study.json").read_text(encoding="utf-8"))
    assert told["asked"] == {"source": "photos", "methods": ["gradient"], "limit": None}
    assert told["refused_pictures"] == {"broken.png": "This is not a picture."}
    assert told["refused_methods"] == {"deeplift": "It needs ReLU."}
    assert pd.read_parquet(tmp_path / "scores.parquet").attrs == told
    assert pq.read_schema(tmp_path / "scores.parquet").names == ["picture", "method", "metric", "score"]


@pytest.mark.parametrize("writing", ["to_csv", "to_parquet"])
def test_a_write_that_fails_leaves_the_file_as_it_was(table, tmp_path, monkeypatch, writing):
    file = tmp_path / "scores"
    getattr(table, writing)(file)
    before = file.read_bytes()

    def half(_, draft, **__):
        Path(draft).write_text("half")
        raise OSError("No space left on device")

    monkeypatch.setattr(pd.DataFrame, writing, half)
    with pytest.raises(OSError, match="No space"):
        getattr(table, writing)(file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_an_empty_table_is_written_with_its_columns(tmp_path):
    Table().write(tmp_path)
    assert (tmp_path / "scores.csv").read_text(encoding="utf-8") == "picture,method,metric,score\n"
    assert pd.read_parquet(tmp_path / "scores.parquet").empty
    assert (tmp_path / "summary.csv").read_text(encoding="utf-8").startswith("method,metric,mean,low,high,n,")


def test_the_published_interval_takes_the_two_areas_as_if_they_were_of_different_pictures():
    rng = np.random.default_rng(0)
    sure = rng.uniform(size=40)
    table = Table()
    for number, value in enumerate(sure):
        areas = {"lif_area": value, "mif_area": value - 0.1, "fidelity": 0.1 + 0.001 * (number % 2)}
        table.add(Score(f"{number}", "gradient", metric, score) for metric, score in areas.items())
    (row,) = table.as_published().to_dict("records")
    assert row["method"] == "gradient"
    assert row["mean"] == pytest.approx(0.1)
    width = 2 * 1.959964 * (2 * sure.var(ddof=1) / 40) ** 0.5
    assert row["high"] - row["low"] == pytest.approx(width, rel=1e-4)
    paired = table.summary().set_index("metric").loc["fidelity"]
    assert paired["high"] - paired["low"] < width / 100


def test_rows_are_written_as_they_are_and_what_is_not_known_is_an_empty_field(tmp_path):
    rows = [["a, b", 3, 1 / 3, True], ("c", None, nan, 1e-9)]
    write_rows(rows, ["name", "n", "mean", "other"], tmp_path / "rows.csv")
    told = (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()
    assert told == ["name,n,mean,other", '"a, b",3,0.3333333333333333,True', "c,,,1e-09"]
    write_rows([], ["name", "n"], tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text(encoding="utf-8") == "name,n\n"


def test_no_text_of_a_csv_is_a_formula_while_numbers_and_parquet_stay_as_they_are(tmp_path):
    names = ["=1+1.png", "+x.png", "-x.png", "@x.png", "a=b.png"]
    table = Table()
    table.add(Score(name, "gradient", "fidelity", -0.5) for name in names)
    table.write(tmp_path)
    cells = [line.split(",") for line in (tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert {cell[0] for cell in cells} == {"'=1+1.png", "'+x.png", "'-x.png", "'@x.png", "a=b.png"}
    assert {cell[-1] for cell in cells} == {"-0.5"}
    assert set(pd.read_parquet(tmp_path / "scores.parquet")["picture"]) == set(names)
