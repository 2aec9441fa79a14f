"""What a retraining study is asked for, and its file."""

import pytest

import core
from core.retraining.masks import FORMS, Form
from core.retraining.outcomes import FRACTIONS
from core.retraining.spec import CONTROLS, RetrainingSpec

UNUSUAL = RetrainingSpec(
    methods=("gradient", "occlusion"),
    data='a "quoted" folder/größe',
    forms=("kar",),
    leak=False,
    fractions=(0.25,),
    unit="region",
    training_pictures=50,
    peak=2e-3,
    settings={"occlusion": {"window": 3, "stride": 2}},
    fill="noisy_linear",
    probes=("dilate", "blur"),
    stop_early=True,
)
BEFORE_OPTIONS = """
methods = ["gradient"]
data = "fashion_mnist"
labels = "folders"
picture_side = 32
forms = ["roar", "kar"]
leak = true
fractions = [0.5]
unit = "pixel"
side = 4
seeds = 3
network = "batch_norm_cnn"
epochs = 3
peak = 0.008
seed = 0
"""
"""As a folder kept it before there were fills, probes and early stops."""


@pytest.mark.parametrize("spec", [RetrainingSpec(), UNUSUAL])
def test_a_file_asks_for_the_same_study(spec):
    assert RetrainingSpec.from_toml(spec.to_toml()) == spec


def test_what_a_file_leaves_out_is_heatcheck_s_default_with_the_paper_s_shares():
    spec = RetrainingSpec.from_toml("seeds = 5\n")
    assert (spec.seeds, spec.fractions, spec.forms, spec.unit) == (5, FRACTIONS, FORMS, "pixel")
    assert FRACTIONS == (0.1, 0.3, 0.5, 0.7, 0.9)
    forms: tuple[Form, ...] = ("roar", "kar")
    assert forms == FORMS


def test_the_paper_s_two_controls_are_always_included_once():
    assert RetrainingSpec(methods=("gradient", "random")).request.methods == ("gradient", "random", "sobel")
    assert set(CONTROLS) == {"random", "sobel"}


def test_a_folder_of_pictures_is_found_from_where_the_file_lies(tmp_path):
    (tmp_path / "birds").mkdir()
    file = tmp_path / "birds.toml"
    file.write_text('data = "birds"\n')
    assert RetrainingSpec.read(file).data == str((tmp_path / "birds").resolve())
    for bundled in ("fashion_mnist", "torchvision/FashionMNIST"):  # a folder of that name changes nothing
        (tmp_path / bundled).mkdir(parents=True)
        file.write_text(f'data = "{bundled}"')
        assert RetrainingSpec.read(file).data == bundled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeds = ", "not valid TOML"),
        ("sedes = 3", "has no 'sedes'; it has data, epochs"),
        ("seeds = 0", "seeds must be a number from 1 to 1,000, not 0"),
        ("seeds = true", "seeds must be a number from 1 to 1,000, not True"),
        ('methods = "gradient"', "methods must be a list of names, not 'gradient'"),
        ("fractions = [0.5, 1.0]", "between 0 and 1"),
        ("fractions = []", "between 0 and 1"),
        ("fractions = [0.5, 0.5]", "may stand once"),
        ('forms = ["road"]', "roar and kar, not road"),
        ('unit = "square"', "pixel, feature, region, not 'square'"),
        ("leak = 1", "leak must be true or false"),
        ("peak = 0.0", "peak must be a number above 0"),
        ("peak = inf", "peak must be a number above 0"),
        ("settings = 3", "a table for each method"),
        ("settings = [3]", "a table for each method"),
        ("[settings]\ngradient = 3", r"a table for each method, as \[settings.smoothgrad\]"),
        ("[[settings.gradient]]", "a table for each method"),
        ('fill = "blur"', "fill must be one of mean, noisy_linear, not 'blur'"),
        ("fill = 1", "fill must be a text, not 1"),
        ('probes = ["erode"]', "probes are among blur and dilate, not erode"),
        ('probes = "blur"', "probes must be a list of names, not 'blur'"),
        ('probes = ["blur", "blur"]', "may stand once"),
        ("test_pictures = 0", "test_pictures must be a number from 1, not 0"),
        ("methods = []", "Name at least one method"),
        ('network = "resnet"', "Did you mean resnet18_32"),
        ('network = "torchvision/resnet81"', "no network of torchvision 'resnet81'"),
        ('unit = "region"\nside = 40', "from 1 to 28 pixels here, not 40"),
        ('data = "torchvision/CIFAR10"\nunit = "region"\nside = 40', "from 1 to 32 pixels here, not 40"),
        ('data = "torchvision/CIFAR10"\npicture_side = 4', "at least 8 pixels wide"),
        (
            "fractions = [0.0001]",
            r"0.0100 % of 784 places is none or all of them. Choose shares from 0.13 % to 99.87 %",
        ),
        ("fractions = [0.9999]", "is none or all of them"),
        ("stop_early = 1", "stop_early must be true or false, not 1"),
    ],
)
def test_a_mistake_in_a_file_is_a_sentence(text, said):
    with pytest.raises(ValueError, match=said):
        RetrainingSpec.from_toml(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('# mine\n\nmethods = [\n  "gradient",\n]\nseeds = 0', 6),
        ('methods = ["gradient"]\nsedes = 3', 2),
        ("leak = true\nseeds = 1\nfractions = [\n  0.5,\n  1.0,\n]\nepochs = 3", 3),
        ('seeds = 1\nnetwork = "resnet"', 2),
        ('seeds = 1\n\nunit = "region"\nside = 40', 4),
    ],
)
def test_a_mistake_names_its_line(text, line):
    with pytest.raises(ValueError, match=rf"^Line {line}: "):
        RetrainingSpec.from_toml(text)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[settings.smoothgrd]", "Did you mean smoothgrad"),
        ("[settings.smoothgrad]\nsample = 3", "smoothgrad has no setting 'sample'; its settings: samples"),
        ('[settings.smoothgrad]\nsamples = "many"', "samples must be a whole number"),
        ("[settings.smoothgrad]\nsamples = [3, 4]", "samples must be a whole number"),
    ],
)
def test_a_wrong_setting_of_a_method_is_a_sentence_before_anything_is_written(table, said, tmp_path):
    spec = RetrainingSpec.from_toml(f'methods = ["smoothgrad"]\n{table}')
    with pytest.raises(ValueError, match=said):
        core.stream_retraining(spec, tmp_path / "study", "cpu")
    assert not (tmp_path / "study").exists()


def test_a_study_begun_before_there_were_options_is_the_same_study_with_the_same_text():
    spec = RetrainingSpec.from_toml(BEFORE_OPTIONS)
    assert (spec.fill, spec.probes, spec.stop_early) == ("mean", (), False)
    assert spec.to_toml().strip() == BEFORE_OPTIONS.strip(), "its folder is named by its text"


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"gone\.toml cannot be read"):
        RetrainingSpec.read(tmp_path / "gone.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="no text"):
        RetrainingSpec.read(tmp_path / "bytes.toml")
