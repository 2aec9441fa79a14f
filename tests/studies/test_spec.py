"""What a study is asked for, and its file."""

import pytest

from core.studies.spec import StudySpec

UNUSUAL = StudySpec(
    models=("squeezenet1_1", "fashion_cnn"),
    data='a "quoted" folder/größe',
    limit=3,
    labels="names",
    explained="labelled",
    methods=("smoothgrad",),
    metrics=("fidelity", "pointing_game"),
    seeds=(3, 1),
    settings={"smoothgrad": {"samples": 3, "level": 0.2}},
    reduction="max_abs",
    imputer="blur",
    unit="region",
    side=4,
    y="relative_logit",
    steps=5,
    maps=True,
)


@pytest.mark.parametrize("spec", [StudySpec(), UNUSUAL])
def test_a_file_asks_for_the_same_study(spec):
    assert StudySpec.from_toml(spec.to_toml()) == spec


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limit = ", r"not valid TOML: .*line 1"),
        ("limit = 3\nsede = 3", "Line 2: A study has no 'sede'; it has data, explained"),
        ("\n\nseeds = 3", r"Line 3: seeds must be a list of whole numbers, not 3"),
        ("limit = 3\nseeds = [1, 1]", "Line 2: Each of the seeds may stand once"),
        ("limit = 0", "Line 1: limit must be a number from 1, not 0"),
        ("limit = 1\nmethods = []", "Line 2: methods must name at least one"),
        ('limit = 1\nmethods = [\n"gradient",\n"gradeint",\n]', "Line 2: .*'gradeint'. Did you mean gradient"),
        ('# all\nmetrics = ["fidelty"]', "Line 2: .*Did you mean fidelity"),
        ('metrics = ["leak"]', "Line 1: leak is only known over all pictures"),
        ('imputer = "gray"', "Line 1: .*Did you mean grey"),
        ('unit = "square"', "Line 1: unit must be one of pixel, .* not 'square'"),
        ('limit = 1\nunit = "region"\nmetrics = ["ceiling_share"]', "Line 2: The ceiling is known for pixels only"),
        ('limit = 1\nexplained = "labelled"', "Line 2: .*give labels"),
        ('y = "odds"', "Line 1: y must be one of probability"),
        ('reduction = "mean"', "Line 1: reduction must be one of sum, abs_sum, max_abs, not 'mean'"),
        ("maps = 1", "Line 1: maps must be true or false"),
        ("limit = 1\n[settings]\nsmoothgrad = 3", r"Line 2: .*a table for each method"),
        ("limit = 1\n[settings.smoothgrd]\nsamples = 3", "Line 2: .*Did you mean smoothgrad"),
        ("[settings.smoothgrad]\nlevel = 0.1\nsample = 3", "Line 3: smoothgrad has no setting 'sample'"),
        (
            "[settings.smoothgrad]\nlevel = 0.1\nsamples = 0",
            "Line 3: smoothgrad: samples must be a whole number",
        ),
    ],
)
def test_a_mistake_in_a_file_is_a_sentence_with_its_line(text, said):
    with pytest.raises(ValueError, match=said):
        StudySpec.from_toml(text)


def test_pictures_and_labels_are_found_from_where_the_file_lies(tmp_path):
    (tmp_path / "birds").mkdir()
    (tmp_path / "birds.csv").write_text("file,label\n")
    file = tmp_path / "birds.toml"
    file.write_text('data = "birds"\nlabels = "birds.csv"\n')
    spec = StudySpec.read(file)
    assert (spec.data, spec.labels) == (str((tmp_path / "birds").resolve()), str((tmp_path / "birds.csv").resolve()))
    (tmp_path / "gallery").mkdir()  # a folder of that name changes nothing
    file.write_text('data = "gallery"')
    assert StudySpec.read(file).data == "gallery"
