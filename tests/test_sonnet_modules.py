"""What is known of Sonnet's modules, held against Sonnet: each is built, called under a tape and differentiated."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from tfgradlint import check, predict
from tfgradlint.libraries.sonnet.modules import AT_ONCE, BLOCKING, MODULES, OPTIMIZERS, PASSING, RECURRENT, UNSURE

#: What a module has to be given.
OPTIONS: dict[str, dict[str, Any]] = {
    "Linear": {"output_size": 3},
    "Bias": {},
    "DepthwiseConv2D": {"kernel_shape": 2},
    "BatchNorm": {"create_scale": True, "create_offset": True},
    "InstanceNorm": {"create_scale": True, "create_offset": True},
    "LayerNorm": {"axis": -1, "create_scale": True, "create_offset": True},
    "GroupNorm": {"groups": 2},
    "Embed": {"vocab_size": 5, "embed_dim": 2},
    "LSTM": {"hidden_size": 3},
    "GRU": {"hidden_size": 3},
    "Flatten": {},
    "Reshape": {"output_shape": [-1]},
    "Dropout": {"rate": 0.4},
}
TRAINED = ("BatchNorm", "Dropout")


def options(name: str) -> dict[str, Any]:
    return OPTIONS.get(name, {"output_channels": 2, "kernel_shape": 2})


def sample(name: str) -> Any:
    tf.random.set_seed(7)
    if name == "Embed":
        return tf.constant([[1, 2], [3, 0]])
    for dimensions in (1, 2, 3):
        if f"{dimensions}D" in name:
            return tf.random.normal((2, *([6] * dimensions), 2))
    return tf.random.normal((4, 3, 6) if name.endswith("Norm") or name in ("Flatten", "Reshape") else (4, 6))


def called(name: str, module: Any, given: Any) -> Any:
    if name in RECURRENT:
        return module(given, module.initial_state(4))
    return module(given, is_training=True) if name in TRAINED else module(given)


def made(name: str, **more: Any) -> Any:
    return getattr(snt, name)(**{**options(name), **more})


def arrived(name: str, module: Any) -> tuple[bool, dict[str, bool]]:
    """Whether a gradient reaches the input, and each trained variable by its name."""
    snt.allow_empty_variables(module)
    given = sample(name)
    called(name, module, given)
    with tf.GradientTape() as tape:
        if given.dtype.is_floating:
            tape.watch(given)
        result = tf.nest.flatten(called(name, module, given))[0]
        target = tf.reduce_sum(result * tf.random.normal(tf.shape(result), seed=5))
    variables = module.trainable_variables
    gradients = tape.gradient(target, [given, *variables])
    reached = [each is not None and bool(np.any(tf.convert_to_tensor(each).numpy() != 0)) for each in gradients]
    words = [variable.name.rpartition("/")[2].partition(":")[0] for variable in variables]
    return reached[0], dict(zip(words, reached[1:], strict=True))


@pytest.mark.parametrize("name", sorted(MODULES))
def test_the_variables_are_those_of_the_table(name: str) -> None:
    of_input, of_variables = arrived(name, made(name))
    assert list(of_variables) == [variable for variable, _, _ in MODULES[name].names]
    assert of_input != (name in BLOCKING)
    assert {variable for variable, reached in of_variables.items() if not reached} <= UNSURE


@pytest.mark.parametrize("name", sorted(MODULES))
def test_other_variables_are_never_trained(name: str) -> None:
    module = made(name)
    arrived(name, module)
    assert bool(len(module.variables) - len(module.trainable_variables)) == MODULES[name].others


@pytest.mark.parametrize("name", sorted(name for name in MODULES if MODULES[name].names))
def test_variables_are_made_by_the_first_call(name: str) -> None:
    module = made(name)
    if name in AT_ONCE:
        assert module.trainable_variables
    else:
        with pytest.raises(ValueError, match="does not currently contain any trainable_variables"):
            _ = module.trainable_variables


SWITCHES = [
    (name, variable, switch) for name in sorted(MODULES) for variable, switch, _ in MODULES[name].names if switch
]


@pytest.mark.parametrize(("name", "variable", "switch"), SWITCHES)
def test_a_switch_takes_a_variable_away(name: str, variable: str, switch: str) -> None:
    _, of_variables = arrived(name, made(name, **{switch: False}))
    assert variable not in of_variables
    assert len(of_variables) == len(MODULES[name].names) - 1


@pytest.mark.parametrize("name", sorted(MODULES))
def test_the_leading_parameters_are_in_order(name: str) -> None:
    parameters = list(inspect.signature(getattr(snt, name).__init__).parameters)
    leading = MODULES[name].leading
    assert tuple(parameters[1 : 1 + len(leading)]) == leading


@pytest.mark.parametrize("name", sorted(name for name in MODULES if name not in RECURRENT))
def test_a_module_makes_a_new_tensor_unless_it_may_pass_its_input_on(name: str) -> None:
    given = sample(name)
    module = made(name)
    result = module(given, is_training=False) if name in TRAINED else module(given)
    assert (result is given) == (name in PASSING)


@pytest.mark.parametrize("name", sorted(RECURRENT))
def test_a_recurrent_core_returns_its_output_and_its_state(name: str) -> None:
    output, state = called(name, made(name), sample(name))
    fields = RECURRENT[name]
    assert (state._fields if fields else ()) == fields
    assert output is (getattr(state, fields[0]) if fields else state)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_an_optimizer_takes_the_updates_first_and_refuses_the_rest(name: str) -> None:
    optimizer = getattr(snt.optimizers, name)(0.1, **({"momentum": 0.9} if name == "Momentum" else {}))
    variables, gradients = [tf.Variable([1.0, 2.0])], [tf.constant([0.5, 0.5])]
    with pytest.raises(AttributeError):
        optimizer.apply(variables, gradients)
    with pytest.raises(ValueError, match="No updates provided"):
        optimizer.apply([None], variables)
    with pytest.raises(ValueError, match="cannot be empty"):
        optimizer.apply([], [])
    optimizer.apply(gradients, variables)
    assert variables[0].numpy().tolist() != [1.0, 2.0]


def test_a_module_of_tensorflow_lists_nothing_of_a_sonnet_module_that_was_not_called() -> None:
    holder = tf.Module()
    holder.layer = snt.Linear(2)
    assert holder.trainable_variables == ()


def test_variables_come_in_the_order_that_is_told() -> None:
    class Holder(snt.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.z = tf.Variable(1.0, name="z")
            self.listed = [snt.Linear(2, name="in_list")]
            self.a = snt.Linear(3, name="a")
            self.d = {"k": snt.Linear(1, name="in_dict"), "b": tf.Variable(2.0, name="b")}

        def __call__(self, x: Any) -> Any:
            return self.listed[0](x), self.a(x), self.d["k"](x)

    holder = Holder()
    holder(tf.ones((2, 3)))
    names = [variable.name.removeprefix("holder/").partition(":")[0] for variable in holder.trainable_variables]
    assert names == ["b", "z", "a/b", "a/w", "in_dict/b", "in_dict/w", "in_list/b", "in_list/w"]
    (prediction,) = predict(ORDER)
    assert [source.verdict for source in prediction.sources] == ["none", "none", *["flows"] * 2, *["none"] * 4]


ORDER = """import sonnet as snt
import tensorflow as tf


class Holder(snt.Module):
    def __init__(self):
        super().__init__()
        self.z = tf.Variable(1.0)
        self.listed = [snt.Linear(2)]
        self.a = snt.Linear(3)
        self.d = {"k": snt.Linear(1), "b": tf.Variable(2.0)}

    def __call__(self, x):
        return self.listed[0](x), self.a(x), self.d["k"](x)


holder = Holder()
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(holder(tf.ones((2, 3)))[1])
tape.gradient(loss, holder.trainable_variables)
"""

UNKNOWN = {
    "somebody else calls the module": "import lib\nm = snt.Linear(2)\nlib.warm_up(m)\n",
    "an object that is passed on holds the module": (
        "import lib\nclass A:\n    pass\na = A()\na.m = m = snt.Linear(2)\nlib.warm_up(a)\n"
    ),
    "nothing is known of the module": "m = snt.nets.ResNet50(10)\n",
    "it depends on an option": "import lib\nm = snt.Linear(2, with_bias=lib.flag)\n",
    "its arguments are unpacked": "import lib\nm = snt.Linear(*lib.sizes)\n",
    "a vocabulary is given": "m = snt.Embed(existing_vocab=tf.ones([4, 2]))\n",
    "it was called in one of two branches": "import lib\nm = snt.Linear(2)\nif lib.flag:\n    m(tf.ones([2, 3]))\n",
}


@pytest.mark.parametrize("start", UNKNOWN.values(), ids=UNKNOWN)
def test_nothing_is_said_of_variables_that_may_be_there(start: str) -> None:
    program = "import sonnet as snt\nimport tensorflow as tf\n" + start
    program += (
        "variables = m.trainable_variables\n"
        "with tf.GradientTape() as tape:\n"
        "    loss = tf.reduce_sum(m(tf.ones([2, 3])) ** 2)\n"
        "print(tape.gradient(loss, variables))\n"
    )
    assert check(program) == []
    (prediction,) = predict(program)
    assert {source.verdict for source in prediction.sources} <= {"unknown"}


#: How a module is made, with what its list gives before the first call.
LISTED = {
    "m = snt.Linear(2)\nsnt.build(m, tf.TensorSpec([None, 3]))\n": ["flows", "flows"],
    "m = snt.allow_empty_variables(snt.Linear(2))\n": [],
}


@pytest.mark.parametrize("start", LISTED)
def test_what_is_listed_before_the_first_call_is_known(start: str) -> None:
    program = "import sonnet as snt\nimport tensorflow as tf\n" + start + "variables = m.trainable_variables\n"
    scope: dict[str, Any] = {}
    exec(program, scope)
    assert len(scope["variables"]) == len(LISTED[start])
    program += (
        "with tf.GradientTape() as tape:\n"
        "    loss = tf.reduce_sum(m(tf.ones([2, 3])) ** 2)\n"
        "print(tape.gradient(loss, variables))\n"
    )
    (prediction,) = predict(program)
    assert [source.verdict for source in prediction.sources] == LISTED[start]
    assert [finding.code for finding in check(program)] == ([] if LISTED[start] else ["TFG404"])
