"""``tfgradlint op``: what it tells of a callable, as a page and as JSON."""

from __future__ import annotations

import json
import re

import pytest
from processes import python

from tfgradlint import cli
from tfgradlint.knowledge import load, load_probability, versions
from tfgradlint.knowledge.layers import load_layers
from tfgradlint.knowledge.lookup import look_up, look_up_layers, nearest
from tfgradlint.knowledge.objects import look_up_objects
from tfgradlint.reports import layer_page, object_page, operation

NEWEST = "--tensorflow-version=2.21"


def op(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main(["op", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def shown(*names: str, width: int = 100) -> list[str]:
    found, unknown = look_up(names, "2.21")
    assert not unknown
    return list(operation.pages(found, width))


def cells(lines: list[str], header: str) -> list[list[str]]:
    """The rows of the table below a header, as lists of cells by the columns of the header."""
    start = next(number for number, line in enumerate(lines) if line.startswith(header))
    columns = [found.start() for found in re.finditer(r"(?:(?<=  )|^)\S", lines[start])]
    rows = []
    for line in lines[start + 1 :]:
        if not line:
            break
        rows.append([line[a:b].strip() for a, b in zip(columns, [*columns[1:], None], strict=True)])
    return rows


def test_a_page_tells_names_parameters_versions_and_gradients() -> None:
    lines = shown("tf.reduce_mean")
    assert lines[0].startswith("tf.math.reduce_mean in TensorFlow 2.21.")
    assert any(line.startswith("also ") and "tf.reduce_mean" in line for line in lines)
    assert "takes     input_tensor, axis=None, keepdims=False, name=None" in lines
    assert "versions  the same gradients in 2.15, 2.16, 2.18, 2.20, 2.21" in lines
    assert cells(lines, "is ") == [["tensor of input_tensor's dtype", "input_tensor", "flows", "none"]]


def test_outputs_have_rows_of_their_own() -> None:
    (values, indices) = cells(shown("tf.math.top_k"), "output ")
    assert values[0] == "values"
    assert values[2:] == ["input", "flows", "none"]
    assert indices[:2] == ["indices", "int32 tensor"]


def test_conditions_have_tables_of_their_own() -> None:
    lines = shown("tf.image.resize")
    area = next(number for number, line in enumerate(lines) if line.startswith("Where method='area'"))
    assert cells(lines[area:], "is ") == [["float32 tensor", "images", "raises LookupError"]]


def test_a_call_that_raises_is_told() -> None:
    assert "The call raises RuntimeError." in shown("tf.Variable.__isub__")


def test_what_takes_no_gradient_is_told_in_a_sentence() -> None:
    lines = shown("tf.Variable.assign")
    assert "It returns: None." in lines[lines.index("Where read_value=False:") :]


def test_indexed_slices_are_told() -> None:
    assert cells(shown("tf.gather"), "is ") == [
        ["tensor of params's dtype", "params", "flows, may be IndexedSlices", "none"]
    ]


def test_what_holds_for_the_whole_call_is_told() -> None:
    assert "No tape comes to watch a variable that is given as input." in shown("tf.stop_gradient")
    assert "Where inputs is a list of one tensor, that very tensor is returned." in shown("tf.add_n")
    assert not any("No tape" in line for line in shown("tf.identity"))


def test_other_versions_are_told_where_they_differ() -> None:
    text = " ".join(" ".join(shown("tf.quantization.fake_quant_with_min_max_args_gradient")).split())
    assert "2.15: gradient with respect to gradients and inputs" in text
    assert "raises LookupError instead of none" in text
    text = " ".join(" ".join(shown("keras.ops.mean")).split())
    assert "the same gradients in 2.16, 2.18, 2.20, 2.21 2.15: nothing is known of it" in text


def test_no_line_is_wider_than_the_terminal() -> None:
    found, _ = look_up(list(load("2.21").names())[::5], "2.21")
    for width in (20, 40, 60, 80, 110, 400):
        for line in operation.pages(found, width):
            unbreakable = max(map(len, line.split()), default=0) > 28
            assert len(line) <= min(max(width, 40), 110) or unbreakable, line


def test_several_names_and_any_spelling(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = op(capsys, "tensorflow.round", "np.square", "tf.Tensor.__mod__", NEWEST)
    assert (status, err) == (0, "")
    headings = [line.split()[0] for line in out.splitlines() if " in TensorFlow 2.21." in line]
    assert headings == ["tf.math.round", "numpy.square", "tf.Tensor.__mod__"]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = op(capsys, "--output-format", "json", "tf.reduce_mean", "tf.linalg.svd", NEWEST)
    assert (status, err) == (0, "")
    mean, svd = json.loads(out)
    assert (mean["asked"], mean["name"]) == ("tf.reduce_mean", "tf.math.reduce_mean")
    assert "tf.reduce_mean" in mean["aliases"]
    assert mean["parameters"][1] == {"name": "axis", "kind": "positional", "required": False, "default": "None"}
    (case,) = mean["cases"]
    assert (case["when"], case["returns"]) == ({}, "single")
    assert case["outputs"][0]["gradient"] == {"input_tensor": "flows"}
    assert case["outputs"][0]["second_derivative"] == {"input_tensor": "none"}
    assert (case["outputs"][0]["indexed_slices"], case["unwatched"], case["single"]) == ([], [], "")
    assert [one["tensorflow"] for one in mean["versions"]] == list(map(versions.name, versions.available()))
    assert all(one["known"] and not one["changes"] for one in mean["versions"])
    assert {"compute_uv": [False]} in [
        {name: wanted for name, wanted in one["when"].items() if name == "compute_uv"} for one in svd["cases"]
    ]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("tf.reduce_maen", "tf.reduce_mean"),
        ("reduce_mean", "tf.reduce_mean"),
        ("tf.math.softplus_", "tf.math.softplus"),
        ("tf.nn.square", "tf.square"),
        ("keras.ops.meen", "keras.ops.mean"),
        ("Tensor.__mod__", "tf.Tensor.__mod__"),
    ],
)
def test_an_unknown_name_gets_the_nearest(capsys: pytest.CaptureFixture[str], name: str, near: str) -> None:
    status, out, err = op(capsys, name, NEWEST)
    assert (status, out) == (2, "")
    assert err.startswith(f"tfgradlint: nothing is known of {name!r}; the nearest known names are ")
    assert near in err.rstrip().partition(" are ")[2].split(", ")


def test_what_is_known_is_told_beside_what_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = op(capsys, "tf.round", "tf.no_such_thing", NEWEST)
    assert status == 2
    assert out.startswith("tf.math.round ")
    assert "'tf.no_such_thing'" in err


def test_why_nothing_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = op(capsys, "tf.map_fn", NEWEST)
    assert "it calls back into the user's code" in err
    _, _, err = op(capsys, "keras.ops.mean", "--tensorflow-version", "2.15")
    assert "in TensorFlow 2.15.1; there is in 2.16, 2.18, 2.20, 2.21" in err


def test_nothing_near_is_no_suggestion() -> None:
    assert nearest("ελληνικά", ["tf.round"]) == []


def test_the_process_keeps_to_the_width_of_the_terminal() -> None:
    program = (
        "import os, sys; os.environ['COLUMNS'] = '50'; from tfgradlint.cli import main; "
        f"sys.exit(main(['op', 'tf.math.round', {NEWEST!r}]))"
    )
    run = python("-c", program)
    assert run.returncode == 0
    assert max(map(len, run.stdout.splitlines())) <= 50


def test_a_layer_has_a_page_of_its_weights_and_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = op(capsys, "tf.keras.layers.Dense", NEWEST)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert re.match(r"keras\.layers\.Dense in Keras 3\.\S+ with TensorFlow 2\.21\.", lines[0])
    assert cells(lines, "gradient towards ") == [
        ["inputs", "input", "", "flows", "flows"],
        ["kernel", "weight", "always", "flows", "flows"],
        ["bias", "weight", "with use_bias", "flows", "flows"],
    ]
    assert "It has other weights with: lora_rank." in lines


def test_a_layer_trains_in_another_way_than_it_infers(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = op(capsys, "keras.layers.BatchNormalization", NEWEST)
    rows = cells(out.splitlines(), "gradient towards ")
    assert rows[0] == ["inputs", "input", "", "flows", "arrives"]
    assert [row[:2] for row in rows[3:]] == [["moving_mean", "frozen weight"], ["moving_variance", "frozen weight"]]


def test_what_a_layer_does_besides(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = op(capsys, "keras.layers.LSTM", "keras.layers.Dropout", "keras.layers.MaxPool1D", NEWEST)
    lines = out.splitlines()
    assert "With return_state it returns: 3 tensors." in lines
    assert "It returns its very input in inference." in lines
    assert "It keeps 1 state of random numbers, with rate." in lines
    assert "also      keras.layers.MaxPool1D" in lines


def test_layers_of_keras_2_are_those_of_keras_2(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = op(capsys, "tf_keras.layers.LocallyConnected1D", NEWEST)
    assert re.match(r"keras\.layers\.LocallyConnected1D in Keras 2\.", out)
    status, _, err = op(capsys, "keras.layers.LocallyConnected1D", NEWEST)
    assert (status, "nothing is known" in err) == (2, True)
    _, out, _ = op(capsys, "keras.layers.Dense", "--tensorflow-version", "2.15")
    assert out.startswith("keras.layers.Dense in Keras 2.15.")


def test_layers_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = op(capsys, "--output-format", "json", "tf.round", "keras.layers.Embedding", NEWEST)
    _, layer = json.loads(out)
    assert (layer["asked"], layer["name"]) == ("keras.layers.Embedding", "keras.layers.Embedding")
    assert layer["inputs"] == {"inputs": {"inference": "none", "training": "none"}}
    assert layer["weights"] == [
        {"name": "embeddings", "gradient": {"inference": "flows", "training": "flows"}, "switch": None}
    ]


def test_why_a_layer_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = op(capsys, "keras.layers.Lambda", NEWEST)
    assert err == (
        "tfgradlint: nothing is known of 'keras.layers.Lambda': "
        "it calls back into the user's code, which the interpreter models\n"
    )


def test_no_page_of_a_layer_is_wider_than_the_terminal() -> None:
    names = [f"keras.layers.{name}" for name in load_layers(3, (2, 21)).names()]
    found, rest = look_up_layers(names, "2.21")
    assert (len(found), rest) == (len(names), [])
    for width in (20, 80, 110):
        for line in layer_page.pages(found, width):
            unbreakable = max(map(len, line.split()), default=0) > 28
            assert len(line) <= min(max(width, 40), 110) or unbreakable, line


def test_a_distribution_has_a_page_of_its_methods(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = op(capsys, "tfp.distributions.Normal", NEWEST)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert re.match(
        r"tfp\.distributions\.Normal in TensorFlow Probability 0\.\d+\.\d+ with TensorFlow 2\.21\.", lines[0]
    )
    assert "takes     loc, scale, validate_args=False, allow_nan_stats=True, name='Normal'" in lines
    assert "reads     loc, scale: whenever a method is called" in lines
    rows = cells(lines, "method ")
    start = next(number for number, row in enumerate(rows) if row[0] == "entropy")
    assert rows[start : start + 2] == [
        ["entropy", "float tensor", "loc", "none", ""],
        ["", "", "scale", "flows", "flows"],
    ]
    assert ["log_prob of its draw", "float tensor", "scale", "flows", "flows"] in rows


def test_what_is_read_when_a_bijector_is_made_and_what_it_remembers(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = op(capsys, "tfb.Shift", NEWEST)
    text = " ".join(out.split())
    assert "reads shift: whenever a method is called has shift: the very tensors or variables" in text
    assert "another tape may get no gradient towards its parameters and the value." in text
    _, out, _ = op(capsys, "tfp.distributions.MultivariateNormalFullCovariance", NEWEST)
    assert "covariance_matrix: when it is made" in out


def test_a_method_of_a_distribution_has_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = op(capsys, "tf.round", "tensorflow_probability.distributions.Bernoulli.sample", NEWEST)
    lines = out.splitlines()
    assert lines[0].startswith("tf.math.round ")
    usual = lines.index("Where dtype is absent:")
    assert cells(lines[usual:], "is ") == [["int32 tensor", "logits", "none"], ["", "probs", "none"]]
    assert "Nothing is known of arguments that are not listed." in lines


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("tfp.distributions.Normall", "tfp.distributions.Normal"),
        ("tfd.Norm.log_prob", "tfp.distributions.Normal.log_prob"),
        ("tfb.Shifft", "tfp.bijectors.Shift"),
        ("Poisson", "tfp.distributions.Poisson"),
    ],
)
def test_an_unknown_name_gets_the_nearest_of_probability(
    capsys: pytest.CaptureFixture[str], name: str, near: str
) -> None:
    status, out, err = op(capsys, name, NEWEST)
    assert (status, out) == (2, "")
    assert near in err.rstrip().partition(" are ")[2].split(", ")


def test_why_a_method_or_a_class_of_probability_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = op(capsys, "tfp.distributions.Normal", "tfd.Normal.covariance", "tfd.JointDistribution", NEWEST)
    assert "covariance was not measured: NotImplementedError: covariance is not implemented: Normal" in " ".join(
        out.split()
    )
    assert err.splitlines() == [
        "tfgradlint: nothing is known of 'tfd.Normal.covariance': "
        "NotImplementedError: covariance is not implemented: Normal",
        "tfgradlint: nothing is known of 'tfd.JointDistribution': the measuring program has no recipe to make one",
    ]


def test_distributions_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = op(capsys, "--output-format", "json", "tfd.Normal", "tfd.Normal.entropy", NEWEST)
    made, method = json.loads(out)
    assert (made["asked"], made["name"]) == ("tfd.Normal", "tfp.distributions.Normal")
    assert (made["reads"], made["cases"]) == ({"loc": "later", "scale": "later"}, [])
    assert made["methods"]["entropy"] == method["cases"]
    assert made["unmeasured"]["covariance"].startswith("NotImplementedError: ")
    assert method["cases"][0]["outputs"][0]["gradient"] == {"loc": "none", "scale": "flows"}


def test_no_page_of_a_distribution_is_wider_than_the_terminal() -> None:
    names = [name for name in load_probability().names() if name.count(".") == 2]
    found, rest = look_up_objects(names)
    assert (len(found), rest) == (len(names), [])
    for width in (20, 80, 110):
        for line in object_page.pages(found, width):
            unbreakable = max(map(len, line.split()), default=0) > 28
            assert len(line) <= min(max(width, 40), 110) or unbreakable, line
