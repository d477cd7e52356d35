"""What is known of Keras' own layers, held against Keras: each is built, called under a tape and differentiated."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgradlint.libraries.keras_layers import (
    ACTIVATIONS,
    BLOCKING,
    FLOWING,
    PASSING,
    STATES,
    UNSURE,
    UNSURE_INPUT,
    WEIGHTLESS,
    WEIGHTS,
)

#: What a layer has to be given, by the start of its name, and the shape of an input.
OPTIONS: dict[str, dict[str, Any]] = {
    "Dense": {"units": 3},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 3},
    "Embedding": {"input_dim": 5, "output_dim": 2},
    "LSTM": {"units": 3},
    "GRU": {"units": 3},
    "SimpleRNN": {"units": 3},
    "GroupNormalization": {"groups": 2},
    "Conv": {"filters": 2, "kernel_size": 2},
    "Depthwise": {"kernel_size": 2},
    "Separable": {"filters": 2, "kernel_size": 2},
    "Reshape": {"target_shape": (3, 2)},
    "Permute": {"dims": (2, 1)},
    "RepeatVector": {"n": 2},
    "Rescaling": {"scale": 0.5},
    "AveragePooling": {"pool_size": 2},
    "AvgPool": {"pool_size": 2},
    "Dot": {"axes": 1},
    "Dropout": {"rate": 0.5},
    "SpatialDropout": {"rate": 0.5},
    "GaussianDropout": {"rate": 0.5},
    "AlphaDropout": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.5},
    "Activation": {"activation": "tanh"},
    "Resizing": {"height": 3, "width": 3},
    "CenterCrop": {"height": 3, "width": 3},
    "RandomCrop": {"height": 3, "width": 3},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "RandomFlip": {},
    "RandomErasing": {},
    "RandomElasticTransform": {},
    "RandomGaussianBlur": {},
    "RandomGrayscale": {},
    "RandomInvert": {},
    "RandomPerspective": {},
    "RandomShear": {},
    "RandomColorJitter": {},
    "RandomPosterization": {"factor": 4},
    "Random": {"factor": 0.1},
    "Discretization": {"bin_boundaries": [0.5, 1.5]},
    "CategoryEncoding": {"num_tokens": 5},
    "Hashing": {"num_bins": 3},
    "IntegerLookup": {"vocabulary": [1, 2, 3]},
}
SEQUENCES = ("LSTM", "GRU", "SimpleRNN", "Permute", "Masking")
MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
NAMES = sorted(name for name in dir(keras.layers) if name[0].isupper())
FLOWING_NAMES = [name for name in NAMES if FLOWING.match(name)]
WEIGHTLESS_NAMES = [name for name in NAMES if WEIGHTLESS.match(name)]
PASSING_NAMES = [name for name in NAMES if PASSING.match(name)]


def made(name: str, **more: Any) -> Any:
    options = next((OPTIONS[start] for start in OPTIONS if name.startswith(start)), {})
    return getattr(keras.layers, name)(**options, **more)


def sample(name: str) -> Any:
    keras.utils.set_random_seed(7)
    if name == "Embedding":
        return tf.constant([[1, 2], [3, 0]])
    for dimensions in (1, 2, 3):
        if f"{dimensions}D" in name:
            return tf.random.normal((2, *([6] * dimensions), 2))
    shape = (3, 4, 6) if name in SEQUENCES else (4, 6)
    if name in MERGING:
        return [tf.random.normal(shape), tf.random.normal(shape)]
    return tf.random.normal(shape)


def reached(layer: Any, given: Any, **options: Any) -> tuple[list[bool], dict[str, bool]]:
    """Whether a gradient reaches each input, and each trained weight by the last word of its path."""
    layer(given)
    inputs = given if isinstance(given, list) else [given]
    with tf.GradientTape() as tape:
        for each in inputs:
            if each.dtype.is_floating:
                tape.watch(each)
        results = tf.nest.flatten(layer(given, **options))
        target = tf.add_n([tf.reduce_sum(each * tf.random.normal(tf.shape(each), seed=5)) for each in results])
    gradients = tape.gradient(target, [*inputs, *layer.trainable_variables])
    arrived = [
        gradient is not None and bool(np.any(tf.convert_to_tensor(gradient).numpy() != 0)) for gradient in gradients
    ]
    words = [weight.path.rpartition("/")[2] for weight in layer.trainable_variables]
    return arrived[: len(inputs)], dict(zip(words, arrived[len(inputs) :], strict=True))


def known_weights(name: str, **options: Any) -> list[str]:
    """The names that the table gives a layer's weights under these options."""
    return [
        weight.removeprefix("cell.")
        for weight, switch, present in WEIGHTS[name].names
        if bool(options.get(switch, present))
    ]


@pytest.mark.parametrize("name", sorted(WEIGHTS))
def test_the_weights_are_those_of_the_table(name: str) -> None:
    inputs, weights = reached(made(name), sample(name))
    assert list(weights) == known_weights(name)
    assert all(arrived for weight, arrived in weights.items() if not {weight, f"cell.{weight}"} & UNSURE)
    assert all(inputs) or name in UNSURE_INPUT | BLOCKING


@pytest.mark.parametrize(
    ("name", "options"),
    [(name, {switch: not present}) for name in sorted(WEIGHTS) for _, switch, present in WEIGHTS[name].names if switch],
)
def test_a_switch_adds_or_takes_away_a_weight(name: str, options: dict[str, Any]) -> None:
    options = {switch: "c" if value and switch == "bias_axes" else value for switch, value in options.items()}
    _, weights = reached(made(name, **options), sample(name))
    assert list(weights) == known_weights(name, **options)


@pytest.mark.parametrize("name", sorted(WEIGHTS))
def test_the_leading_parameters_are_in_order(name: str) -> None:
    code = getattr(keras.layers, name).__init__.__code__
    leading = WEIGHTS[name].leading
    assert code.co_varnames[1 : 1 + len(leading)] == leading


@pytest.mark.parametrize("name", sorted(STATES))
def test_states_stand_behind_the_output(name: str) -> None:
    given = sample(name)
    results = made(name, return_state=True)(given)
    assert len(results) == 1 + STATES[name]


@pytest.mark.parametrize("name", FLOWING_NAMES)
def test_a_layer_without_weights_makes_a_new_tensor_and_lets_the_gradient_through(name: str) -> None:
    layer, given = made(name), sample(name)
    inputs, weights = reached(layer, given)
    assert all(inputs)
    assert not weights
    assert not layer.weights
    assert not any(layer(given) is each for each in tf.nest.flatten(given))


@pytest.mark.parametrize("name", PASSING_NAMES)
def test_a_layer_that_passes_its_input_on_lets_the_gradient_through(name: str) -> None:
    layer, given = made(name), sample(name)
    assert layer(given) is given
    for options in ({}, {"training": True}) if "Dropout" in name or "Noise" in name else ({},):
        inputs, weights = reached(layer, given, **options)
        assert all(inputs)
        assert not weights


def test_the_patterns_name_layers_that_there_are() -> None:
    assert len(FLOWING_NAMES) > 40
    assert len(PASSING_NAMES) >= 8
    assert not [name for name in NAMES if name in WEIGHTS and (FLOWING.match(name) or PASSING.match(name))]
    assert not [name for name in NAMES if WEIGHTLESS.match(name) and (FLOWING.match(name) or PASSING.match(name))]
    assert set(WEIGHTS) <= set(NAMES)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_an_activation_lets_the_gradient_through(name: str) -> None:
    inputs, weights = reached(keras.layers.Dense(3, activation=name), sample("Dense"))
    assert all(inputs)
    assert all(weights.values())


@pytest.mark.parametrize("name", sorted(BLOCKING))
def test_no_gradient_reaches_the_input_of_a_layer_that_looks_up(name: str) -> None:
    layer, given = made(name), tf.constant([[1.0, 2.0, 3.0]])
    with tf.GradientTape() as tape:
        tape.watch(given)
        result = tf.cast(layer(given), tf.float32)
    assert tape.gradient(result, given) is None


@pytest.mark.parametrize("name", [name for name in WEIGHTLESS_NAMES if name not in BLOCKING])
def test_other_layers_without_weights_train_nothing(name: str) -> None:
    layer = made(name)
    layer(tf.random.uniform((2, 6, 6, 3)))
    assert layer.built
    assert not layer.trainable_variables
