"""The data on Keras' own layers is what Keras does: each is made, called under a tape and differentiated afresh."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tfgradlint.knowledge import versions
from tfgradlint.knowledge.layers import LayerFacts, load_layers

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # tools/ is not installed

from tools.measure.layers import samples
from tools.measure.layers.facts import measure_layer
from tools.measure.layers.probing import KINDS, MODES, Probe, find, probe
from tools.measure.layers.recording import activations, classes, installed
from tools.measure.layers.writing import stored

MAJOR, KERAS = next(installed())
VERSION = versions.choose()
LAYERS = load_layers(MAJOR, VERSION)
NAMES = sorted(LAYERS.names())
#: Of these every parameter is tried again.
THOROUGHLY = (
    "Attention",
    "BatchNormalization",
    "Dense",
    "Dropout",
    "EinsumDense",
    "Embedding",
    "GRUCell",
    "PReLU",
    "Reshape",
    "LayerNormalization",
    "SpectralNormalization",
    "UpSampling2D",
)


def fresh(name: str) -> Probe:
    return probe(KERAS, name, samples.options(KERAS.layers, name), KINDS)


def usual_weights(facts: LayerFacts) -> list[str]:
    """The weights that the data says to be there where only what is needed is given."""
    defaults = {param.name: param.default for param in facts.params}
    found = []
    for weight in facts.weights:
        switch = weight.switch
        if switch is None or (switch.value is None and defaults[switch.param] == str(not switch.reverse)):
            found.append(weight.name)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_is_what_the_data_says(name: str) -> None:
    facts = LAYERS.get(name)
    assert facts is not None
    found = fresh(name)
    # cells of one kind may go by one name
    assert list(dict.fromkeys(found.weights)) == usual_weights(facts)
    assert found.frozen == list(facts.frozen)
    assert found.returns == facts.returns.get("", "tensor")
    assert (found.dtype, found.alias) == (facts.dtype, facts.passes)
    told = {weight.name: weight.words for weight in facts.weights} | dict(facts.inputs)
    for (key, mode), word in found.words.items():
        assert word == told[key][MODES.index(mode)], (key, mode)
    assert {key for key, _ in found.words} == {*found.weights, *facts.inputs}


@pytest.mark.parametrize("name", THOROUGHLY)
def test_every_parameter_does_what_the_data_says(name: str) -> None:
    assert measure_layer(KERAS, name) == stored(MAJOR)[VERSION]["layers"][name]


def test_every_class_is_measured_or_told_to_be_not() -> None:
    names, aliases = classes(KERAS)
    assert sorted({*LAYERS.names(), *LAYERS.unmeasured}) == names
    assert not set(LAYERS.names()) & LAYERS.unmeasured.keys()
    for alias, name in aliases.items():
        assert find(KERAS, alias) is find(KERAS, name)
        assert LAYERS.get(alias) == LAYERS.get(name)


def test_few_classes_are_not_measured() -> None:
    assert len(NAMES) > 100
    assert set(LAYERS.unmeasured) <= samples.EXCLUDED.keys()


def test_an_activation_does_what_the_data_says() -> None:
    assert activations(KERAS) == LAYERS.activations
