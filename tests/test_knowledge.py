"""The measured knowledge: its loader, facts that are known independently of it, and a sample measured afresh."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfgradlint.knowledge import Case, OperationFacts, load

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "src" / "tfgradlint" / "knowledge"
sys.path.insert(0, str(ROOT))  # tools/ is not installed

#: (callable, argument, output, effect): from separate experiments with tapes, not from the measuring program.
EFFECTS = [
    ("tf.round", "x", 0, "none"),
    ("tf.floor", "x", 0, "none"),
    ("tf.math.ceil", "x", 0, "none"),
    ("tf.math.rint", "x", 0, "none"),
    ("tf.argmax", "input", 0, "none"),
    ("tf.greater", "x", 0, "none"),
    ("tf.math.equal", "x", 0, "none"),
    ("tf.searchsorted", "values", 0, "none"),
    ("tf.random.categorical", "logits", 0, "none"),
    ("tf.random.shuffle", "value", 0, "none"),
    ("tf.linalg.matrix_rank", "a", 0, "none"),
    ("tf.math.polygamma", "a", 0, "none"),
    ("tf.stop_gradient", "input", 0, "none"),
    ("tf.image.hsv_to_rgb", "images", 0, "none"),
    ("tf.image.rgb_to_hsv", "images", 0, "flows"),
    ("tf.sign", "x", 0, "zero"),
    ("tf.unique", "x", 0, "raises:LookupError"),
    ("tf.random.poisson", "lam", 0, "raises:LookupError"),
    ("tf.image.adjust_hue", "image", 0, "raises:LookupError"),
    ("tf.image.adjust_contrast", "images", 0, "raises:LookupError"),
    ("tf.linalg.lu", "input", 0, "raises:LookupError"),
    ("tf.linalg.logm", "input", 0, "raises:LookupError"),
    ("tf.truncatemod", "x", 0, "raises:LookupError"),
    ("tf.sort", "values", 0, "flows"),
    ("tf.math.top_k", "input", 0, "flows"),
    ("tf.math.floormod", "x", 0, "flows"),
    ("tf.math.nextafter", "x1", 0, "flows"),
    ("tf.random.normal", "mean", 0, "flows"),
    ("tf.random.normal", "stddev", 0, "flows"),
    ("tf.random.uniform", "maxval", 0, "flows"),
    ("tf.random.gamma", "alpha", 0, "flows"),
    ("tf.linalg.eigvals", "tensor", 0, "flows"),
    ("tf.linalg.cholesky", "input", 0, "flows"),
    ("tf.linalg.pinv", "a", 0, "flows"),
    ("tf.gather", "params", 0, "flows"),
    ("tf.boolean_mask", "tensor", 0, "flows"),
    ("tf.scatter_nd", "updates", 0, "flows"),
    ("tf.linspace", "start", 0, "flows"),
    ("tf.range", "start", 0, "none"),
    ("tf.nn.relu", "features", 0, "flows"),
    ("tf.nn.conv2d", "filters", 0, "flows"),
    ("tf.math.igamma", "a", 0, "flows"),
    ("tf.math.betainc", "a", 0, "none"),
    ("tf.Tensor.__mod__", "self", 0, "flows"),
    ("tf.Tensor.__floordiv__", "self", 0, "none"),
    ("tf.Tensor.__gt__", "self", 0, "none"),
    ("tf.Tensor.__getitem__", "self", 0, "flows"),
    ("tf.Tensor.numpy", "self", 0, "none"),
    ("tf.Variable.assign", "value", 0, "none"),
    ("tf.Variable.assign_sub", "delta", 0, "none"),
    ("tf.Variable.read_value", "self", 0, "flows"),
    ("tf.Variable.value", "self", 0, "flows"),
    ("numpy.mean", "a", 0, "none"),
    ("numpy.multiply", "x1", 0, "none"),
    ("numpy.flip", "m", 0, "flows"),
    ("math.sqrt", "x", 0, "none"),
    ("builtins.float", "x", 0, "none"),
    ("builtins.abs", "x", 0, "flows"),
    ("numpy.linalg.norm", "x", 0, "none"),
    ("numpy.array", "object", 0, "none"),
    ("numpy.square", "x", 0, "none"),
    ("builtins.sum", "iterable", 0, "flows"),
    ("builtins.int", "x", 0, "none"),
    ("tf.clip_by_value", "t", 0, "flows"),
    ("tf.pad", "constant_values", 0, "none"),
    ("tf.linalg.diag", "padding_value", 0, "none"),
    ("tf.linalg.logdet", "matrix", 0, "flows"),
    ("tf.math.reduce_std", "input_tensor", 0, "flows"),
    ("tf.math.cumprod", "x", 0, "flows"),
    ("tf.math.is_nan", "x", 0, "raises:LookupError"),
    ("tf.argsort", "values", 0, "zero"),
    ("tf.quantization.fake_quant_with_min_max_vars", "inputs", 0, "flows"),
    ("tf.sparse.add", "a", 0, "flows"),
    ("tf.sparse.concat", "sp_inputs", 0, "none"),
    ("tf.sparse.reduce_max", "sp_input", 0, "raises:LookupError"),
    ("tf.sparse.maximum", "sp_a", 0, "raises:TypeError"),
    ("tf.signal.rfft", "input_tensor", 0, "flows"),
    ("tf.signal.rfft3d", "input_tensor", 0, "raises:LookupError"),
    ("tf.histogram_fixed_width", "values", 0, "raises:LookupError"),
    ("keras.ops.unique", "x", 0, "raises:LookupError"),
    ("keras.ops.median", "x", 0, "flows"),
    ("keras.losses.mean_squared_error", "y_pred", 0, "flows"),
    ("tf.experimental.numpy.mean", "a", 0, "flows"),
]


def known(name: str) -> OperationFacts:
    found = load().get(name)
    assert found is not None, f"{name} is not in the data"
    return found


def usual(name: str) -> Case:
    """The case of a call with the required arguments only: it stands last."""
    return known(name).cases[-1]


@pytest.mark.parametrize(("name", "argument", "output", "effect"), EFFECTS, ids=lambda value: str(value))
def test_effect_is_the_one_seen_in_separate_experiments(name: str, argument: str, output: int, effect: str) -> None:
    assert usual(name).outputs[output].effects.get(argument) == effect


def test_cast_is_decided_by_the_dtype() -> None:
    cast = known("tf.cast")
    found = {}
    for dtype in ("float16", "float64", "int32", "bool", "complex64"):
        case = cast.case({"dtype": dtype}, ["x", "dtype"])
        assert case is not None
        found[dtype] = case.outputs[0].dtype, case.outputs[0].effects["x"]
    assert found == {
        "float16": ("float16", "flows"),
        "float64": ("float64", "flows"),
        "int32": ("int32", "none"),
        "bool": ("bool", "none"),
        "complex64": ("complex64", "flows"),
    }
    assert cast.case({}, ["x", "dtype"]) is None, "an unknown dtype decides"
    assert cast.case({"dtype": "no such"}, ["x", "dtype"]) is None


def test_where_is_decided_by_the_number_of_arguments() -> None:
    three = known("tf.where").case({}, ["condition", "x", "y"])
    one = known("tf.where").case({}, ["condition"])
    assert three is not None
    assert one is not None
    assert three.outputs[0].effects["x"] == three.outputs[0].effects["y"] == "flows"
    assert one.outputs[0].dtype == "int64"
    assert known("tf.where").case({}, ["condition", "x"]) is None


def test_combinations_of_options_are_measured_and_not_made_up() -> None:
    resize = known("tf.image.resize")

    def second(**options: object) -> str:
        case = resize.case(options, ["images", "size", *options])
        assert case is not None
        return case.outputs[0].second["images"]

    # ResizeNearestNeighbor is linear; antialias=True takes another operation, but not for the nearest neighbour.
    assert second(method="nearest") == "none"
    assert second(antialias=True) == "raises:LookupError"
    assert resize.case({"antialias": True, "method": "nearest"}, ["images", "size", "antialias", "method"]) is None


def test_a_gradient_may_not_be_differentiable_in_the_one_from_above() -> None:
    resize = known("tf.image.resize")

    def above(method: str) -> str:
        case = resize.case({"method": method}, ["images", "size", "method"])
        assert case is not None
        return case.outputs[0].above["images"]

    assert above("bilinear") == "none"
    assert above("nearest") == "raises:LookupError"
    assert usual("tf.sparse.segment_sum").outputs[0].above == {"data": "raises:LookupError"}
    assert not usual("tf.matmul").outputs[0].above


def test_a_length_that_crops_leaves_the_gradient_open() -> None:
    spectrum = known("tf.signal.stft")
    plain = spectrum.case({}, ["signals", "frame_length", "frame_step"])
    cropped = spectrum.case({}, ["signals", "frame_length", "frame_step", "fft_length"])
    assert plain is not None
    assert cropped is not None
    assert plain.outputs[0].effects == {"signals": "flows"}
    assert cropped.outputs[0].effects == {}


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("tf.gather", "params"),
        ("tf.nn.embedding_lookup", "params"),
        ("keras.ops.take", "x"),
        ("tf.Variable.sparse_read", "self"),
    ],
)
def test_gradients_that_may_come_as_indexed_slices(name: str, argument: str) -> None:
    assert argument in usual(name).outputs[0].slices


def test_gradients_that_are_dense() -> None:
    for name in ("tf.reshape", "tf.slice", "tf.matmul", "tf.Tensor.__getitem__", "tf.boolean_mask"):
        assert usual(name).outputs[0].slices == (), name


def test_what_no_tape_comes_to_watch() -> None:
    assert usual("tf.stop_gradient").unwatched == ("input",)
    assert usual("keras.ops.stop_gradient").unwatched == ("variable",)
    assert usual("tf.raw_ops.ReadVariableOp").unwatched == ("resource",), "whoever reads by it watches by hand"
    for name in ("tf.identity", "tf.round", "tf.zeros_like", "tf.shape"):
        assert usual(name).unwatched == (), name


def test_what_hands_the_one_element_of_a_list_through() -> None:
    assert usual("tf.add_n").single == "inputs"
    assert usual("tf.concat").single == usual("tf.stack").single == ""


def test_a_look_up_in_a_table_has_no_gradient() -> None:
    for name in ("tf.lookup.StaticHashTable.lookup", "tf.lookup.experimental.DenseHashTable.lookup"):
        assert usual(name).outputs[0].effects["self"] == "none"


def test_what_a_call_returns() -> None:
    top = usual("tf.math.top_k")
    assert (top.returns, top.fields) == ("namedtuple", ("values", "indices"))
    assert [output.dtype for output in top.outputs] == ["=input", "int32"]
    assert usual("tf.split").returns == "sequence"
    assert usual("tf.nn.moments").returns == "tuple"
    values = known("tf.linalg.svd").case({"compute_uv": False}, ["tensor", "compute_uv"])
    assert values is not None
    assert values.returns == "single"
    assert usual("numpy.mean").outputs[0].kind == "array"
    assert usual("math.sqrt").outputs[0].kind == "python"
    assert usual("tf.Tensor.shape").outputs[0].kind == "python"
    assert usual("tf.Variable.assign").outputs[0].kind == "variable"
    assert usual("tf.Variable.assign").outputs[0].alias == "", "another object, which stands for the variable"
    assert usual("tf.Variable.__isub__").returns == "raises:RuntimeError"
    assert usual("builtins.round").returns == "raises:AttributeError"


def test_aliases() -> None:
    assert usual("tf.convert_to_tensor").outputs[0].alias == "value"
    assert usual("tf.cast").outputs[0].alias == "x"
    assert usual("builtins.abs").outputs[0].alias == ""
    assert usual("tf.identity").outputs[0].alias == ""
    data = load()
    assert data.canonical("tf.reduce_mean") == data.canonical("tf.math.reduce_mean") == "tf.math.reduce_mean"
    assert data.canonical("tensorflow.reduce_mean") == data.canonical("tf.compat.v2.reduce_mean")
    assert data.get("tf.reduce_mean") is data.get("tf.math.reduce_mean")
    assert data.canonical("tf.keras.losses.mse") == data.canonical("keras.losses.mean_squared_error")
    assert data.canonical("tf.no_such_thing") is None
    assert data.get("tf.no_such_thing") is None


def test_constants_of_variables_and_of_tensors_differ() -> None:
    output = usual("tf.constant").outputs[0]
    assert output.effects["value"] == "flows"
    assert output.of_variable["value"] == "none"


def test_the_imaginary_part_has_a_gradient_for_complex_tensors_only() -> None:
    output = usual("tf.math.imag").outputs[0]
    assert "input" not in output.effects
    assert output.of_complex == {"input": "flows"}


def test_an_option_that_is_not_known_decides_nothing() -> None:
    resize = known("tf.image.resize")
    area = resize.case({"method": "area"}, ["images", "size", "method"])
    plain = resize.case({}, ["images", "size"])
    assert area is not None
    assert plain is not None
    assert area.outputs[0].effects["images"] == "raises:LookupError"
    assert plain.outputs[0].effects["images"] == "flows"
    assert resize.case({}, ["images", "size", "method"]) is None
    assert resize.case({"method": "no such"}, ["images", "size", "method"]) is None
    solve = known("tf.linalg.lstsq").case({"fast": False}, ["matrix", "rhs", "fast"])
    assert solve is not None
    assert solve.outputs[0].effects["matrix"] == "raises:ValueError"
    largest = known("builtins.max")
    one, several = largest.case({}, ["iterable"]), largest.case({}, ["iterable", "args"])
    assert one is not None
    assert several is not None
    assert one.outputs[0].effects["iterable"] == "flows"
    assert several.outputs[0].effects == {}, "which of several is the largest decides"


def test_named_dtypes_are_those_of_the_output() -> None:
    zeros = known("tf.zeros_like")
    for dtype in ("float16", "float32", "float64", "int32", "bool"):
        case = zeros.case({"dtype": dtype}, ["input", "dtype"])
        assert case is not None
        assert case.outputs[0].dtype == dtype
    same = zeros.case({}, ["input"])
    assert same is not None
    assert same.outputs[0].dtype == "=input"
    drawn = known("tf.random.normal").case({"dtype": "float64"}, ["shape", "mean", "dtype"])
    assert drawn is not None
    assert (drawn.outputs[0].dtype, drawn.outputs[0].effects["mean"]) == ("float64", "flows")


def test_second_derivatives() -> None:
    assert usual("tf.math.reduce_mean").outputs[0].second["input_tensor"] == "none"
    assert usual("tf.math.exp").outputs[0].second["x"] == "flows"
    assert usual("tf.matmul").outputs[0].second["a"] == "none"
    assert usual("tf.nn.local_response_normalization").outputs[0].second["input"] == "raises:LookupError"


def _words() -> Iterator[tuple[str, str]]:
    for name in load().names():
        for case in known(name).cases:
            for output in case.outputs:
                of_variable = (word for word in output.of_variable.values() if word != "array")
                for word in (*output.effects.values(), *output.second.values(), *of_variable):
                    yield name, word


def test_every_entry_is_well_formed() -> None:
    plain = {"flows", "none", "zero", "nonfinite"}
    assert not [(name, word) for name, word in _words() if word not in plain and not word.startswith("raises:")]
    for name in load().names():
        own = {param.name for param in known(name).params}
        for case in known(name).cases:
            assert set(case.when) <= own, name
            assert all(set(output.effects) <= own for output in case.outputs), name
            assert not any(output.dtype.startswith("=") and output.dtype[1:] not in own for output in case.outputs), (
                name
            )


def test_enough_is_known() -> None:
    own = [
        name for name in load().names() if name.startswith("tf.") and name.split(".")[1] not in ("Tensor", "Variable")
    ]
    assert len(own) >= 400


def test_files_are_json_sorted_and_one_line_a_callable() -> None:
    for path in FOLDER.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        data = json.loads(text)
        assert list(data["callables"]) == sorted(data["callables"])
        assert set(data["aliases"].values()) <= set(data["callables"])
        assert not set(data["aliases"]) & set(data["callables"])
        lines = text.split("\n")
        assert all(any(line.startswith(f'"{name}": ') for line in lines) for name in list(data["callables"])[:5])
        assert "tensorflow" in data["versions"]


def test_every_written_call_is_of_a_measured_callable() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tools" / "measure").glob("calls*.txt")]
    lines = [line for text in texts for line in text.splitlines()]
    names = {line.partition(": ")[0] for line in lines if line and not line.startswith("#")}
    unmeasured = (FOLDER / "unmeasured.txt").read_text(encoding="utf-8")
    listed = {line.partition(": ")[0] for line in unmeasured.splitlines()}
    assert len(names) > 500
    assert not {name for name in names if load().get(name) is None} - listed


def test_loading_imports_neither_tensorflow_nor_numpy() -> None:
    program = (
        "import sys; from tfgradlint.knowledge import load; load().get('tf.reduce_mean'); "
        "print(sorted({'tensorflow', 'numpy', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_measured_afresh_the_data_is_the_same() -> None:
    from tools.measure.supervising import afresh, sample

    names = sample(100)  # python -m tools.measure --check 300 tries more
    assert len(names) == 100, "this TensorFlow was not measured: python -m tools.measure"
    seen = afresh(names)
    assert {name: new for name, (stored, new) in seen.items() if new != stored} == {}
