"""What each built-in layer is given: parameters, inputs, and other values for each of its parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf

#: Why a class is not measured.
EXCLUDED = {
    "AbstractRNNCell": "it is a base class",
    "InputLayer": "it is called by nobody",
    "InputSpec": "it is no layer",
    "PreprocessingLayer": "it is a base class",
    "Lambda": "it calls back into the user's code, which the interpreter models",
    "Layer": "it is a base class",
    "Wrapper": "it is a base class",
    "FlaxLayer": "it runs another framework",
    "JaxLayer": "it runs another framework",
    "TorchModuleWrapper": "it runs another framework",
    "TFSMLayer": "it takes a file",
}
#: Layers that hold others: what they are made of is the others' matter.
WRAPPING = {
    "Bidirectional": "layer",
    "TimeDistributed": "layer",
    "SpectralNormalization": "layer",
    "RNN": "cell",
    "StackedRNNCells": "cells",
    "Pipeline": "layers",
    "DynamicLookup": "initial_vocabulary",
}
#: The kinds of points at which a layer is measured; a weight must be reached at all of them.
GENERIC, POSITIVE, NEGATIVE, SINGLE = "generic", "positive", "negative", "single"
#: Parameters of every layer: they are the same matter for all.
COMMON = frozenset({"name", "dtype", "trainable", "dynamic", "autocast"})

#: What must be given, by a pattern of the name; the first that fits.
_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Dense", {"units": 3}),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 3)}),
    ("(?:Reversible)?Embedding", {"input_dim": 5, "output_dim": 2}),
    ("(?:LSTM|GRU|SimpleRNN)(?:Cell)?", {"units": 3}),
    ("GroupNormalization", {"groups": 2}),
    ("RandomFourierFeatures", {"output_dim": 3}),
    ("Depthwise.*", {"kernel_size": 2}),
    ("Separable.*|Conv.*|LocallyConnected.*", {"filters": 2, "kernel_size": 2}),
    ("Reshape", {"target_shape": (4, 3)}),
    ("Permute", {"dims": (2, 1)}),
    ("RepeatVector", {"n": 2}),
    ("Rescaling", {"scale": 0.5}),
    ("Adaptive.*", {"output_size": 2}),
    ("(?:Average|Avg|Max)Pool.*", {"pool_size": 2}),
    ("Cropping2D", {"cropping": 1}),
    ("Dot", {"axes": 1}),
    ("(?:Spatial|Gaussian|Alpha)?Dropout.*", {"rate": 0.5}),
    ("GaussianNoise", {"stddev": 0.5}),
    ("Activation", {"activation": "tanh"}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}),
    ("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 2, "num_key_value_heads": 2}),
    ("Resizing|CenterCrop|RandomCrop", {"height": 5, "width": 5}),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.2}),
    ("RandomZoom", {"height_factor": 0.2}),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.3}),
    ("RandomColorJitter", {"brightness_factor": 0.2, "contrast_factor": 0.2}),
    ("RandomPosterization", {"factor": 4}),
    ("Random(?:Brightness|ColorDegeneration|Contrast|Hue|Rotation|Saturation|Sharpness)", {"factor": 0.2}),
    ("Random(?:Height|Width)", {"factor": 0.3}),
    ("Discretization", {"bin_boundaries": [0.5, 1.5]}),
    ("CategoryEncoding", {"num_tokens": 5}),
    ("Hashing|HashedCrossing", {"num_bins": 3}),
    ("IntegerLookup", {"vocabulary": [1, 2, 3]}),
    ("StringLookup|TextVectorization", {"vocabulary": ["a", "b"]}),
    ("MelSpectrogram", {"fft_length": 64, "sequence_stride": 32, "sequence_length": 64, "num_mel_bins": 8}),
    ("STFTSpectrogram", {"frame_length": 32}),
    ("MaxNumBoundingBoxes", {"max_number": 3, "bounding_box_format": "xyxy"}),
)
_IMAGES = re.compile(
    r"Random(?!Fourier).*|RandAugment|AugMix|AutoContrast|CenterCrop|Resizing|CutMix|MixUp|Equalization|Solarization"
    r"|ContrastLimited.*"
)
_SEQUENCES = re.compile(r"LSTM|GRU|SimpleRNN|RNN|Bidirectional|TimeDistributed|Permute|Masking|EinsumDense")
_STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}
_MERGING = re.compile(r"Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot")
_CELLS = re.compile(r"(?:LSTM|GRU|SimpleRNN)Cell|StackedRNNCells")

#: Other values of a parameter, by its name, or by the layer's and its own; a mapping brings companions. What is not
#: named here is told by the default.
_OTHERS: dict[str, tuple[Any, ...]] = {
    "activation": ("sigmoid",),
    "recurrent_activation": ("tanh",),
    "data_format": ("channels_first",),
    "strides": (2, 1),
    "pool_size": (3,),
    "dilation_rate": (2,),
    "groups": (2, 1),
    "depth_multiplier": (2,),
    "output_padding": ({"output_padding": 1, "strides": 2},),
    "axis": (1,),
    "rate": (0.25, 0.0),
    "stddev": (0.25, 0.0),
    "noise_shape": ((4, 1),),
    "seed": (1,),
    "units": (2,),
    "bias_axes": ("d",),
    "shared_axes": ((1,),),
    "input_dim": (7,),
    "output_dim": (3,),
    "lora_rank": (2,),
    "lora_alpha": (2.0,),
    "gptq_unpacked_column_size": (4,),
    "use_cudnn": (False, True),
    "implementation": (1, 2),
    "score_mode": ("concat",),
    "value_dim": (4,),
    "attention_axes": ((1,),),
    "sliding_window": (2,),
    "flash_attention": (False,),
    "logit_soft_cap": (3.0,),
    "reverse_dtype": ("float32",),
    "output_mode": ("int", "one_hot", "multi_hot", "count"),
    "num_bins": (4, {"num_bins": 4, "bin_boundaries": None}),
    "bin_boundaries": ([0.1, 0.2],),
    "max_tokens": (10,),
    "mask_token": (0, ""),
    "oov_token": (-2, "?"),
    "vocabulary_dtype": ("int32", {"vocabulary_dtype": "int64", "output_mode": "int"}),
    "salt": (7,),
    "encoding": ("utf-8",),
    "standardize": ("lower", None),
    "split": ("character", None),
    "ngrams": (2,),
    "output_sequence_length": (4,),
    "mean": ({"mean": 0.5, "variance": 2.0},),
    "variance": ({"mean": 0.5, "variance": 2.0},),
    "mask_value": (1,),
    "max_value": (0.5,),
    "width_factor": (0.3,),
    "interpolation": (
        "nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic",
    ),
    "fill_mode": ("constant", "nearest", "wrap", "reflect"),
    "RandomFlip.mode": ("horizontal", "vertical"),
    "STFTSpectrogram.mode": ("psd", "magnitude", "real", "imag", "angle", "stft"),
    "value_range": ((0, 300),),
    "brightness_factor": (0.4,),
    "contrast_factor": (0.4,),
    "saturation_factor": (0.4,),
    "hue_factor": (0.2,),
    "window": ("hamming",),
    "scaling": ("spectrum",),
    "frame_step": (8,),
    "fft_length": (128,),
    "sequence_length": (32,),
    "max_freq": (4000.0,),
    "input_length": (2,),
    "cropping": (0,),
    "oov_method": ("floormod", "farmhash"),
    "idf_weights": (
        {"idf_weights": [0.5, 0.6, 0.7], "output_mode": "tf_idf"},
        {"idf_weights": [0.5, 0.6], "output_mode": "tf_idf"},
    ),
    "renorm_momentum": (0.5,),
    "renorm_clipping": ({"renorm_clipping": {"rmax": 2.0}},),
    "weights": ([np.ones((5, 2), "float32")],),
    "output_shape": ((5,),),
    "merge_mode": ("sum", "mul", "ave", None),
    "scale": (),
}  # fmt: skip


def options(layers: ModuleType, path: str) -> dict[str, Any]:
    """What a layer has to be given."""
    name = path.rpartition(".")[2]
    if name in WRAPPING:
        wrapped: Mapping[str, Any] = {
            "Bidirectional": lambda: layers.LSTM(3),
            "TimeDistributed": lambda: layers.Dense(3),
            "SpectralNormalization": lambda: layers.Dense(3),
            "RNN": lambda: layers.LSTMCell(3),
            "StackedRNNCells": lambda: [layers.LSTMCell(3), layers.LSTMCell(2)],
            "Pipeline": lambda: [layers.Rescaling(0.5)],
        }
        return {WRAPPING[name]: wrapped[name]()}
    if name == "DenseFeatures":
        return {"feature_columns": [tf.feature_column.numeric_column("a", shape=(3,))]}
    return dict(next((found for pattern, found in _OPTIONS if re.fullmatch(pattern, name)), {}))


def others(layer: str, parameter: inspect.Parameter, given: Any) -> Iterator[dict[str, Any]]:
    """Other values of a layer's parameter than the one that is ``given``, or than its default; with what they need."""
    name, default = parameter.name, given if given is not None else parameter.default
    if name.endswith("_initializer"):
        yield {name: "ones"}
    elif name.endswith("_regularizer"):
        yield {name: "l2"}
    elif name.endswith("_constraint"):
        yield {name: "non_neg"}
    elif isinstance(default, bool):
        yield {name: not default}
        if name == "pad_to_max_tokens":
            yield {name: not default, "max_tokens": 10}
        if name == "sparse":
            yield {name: not default, "output_mode": "multi_hot"}
    elif name == "padding":
        yield {name: "same" if isinstance(default, str) else 2}
    elif (values := _OTHERS.get(f"{layer}.{name}", _OTHERS.get(name, ()))) or name in _OTHERS:
        for value in values:
            if isinstance(value, dict):
                yield value
            elif not isinstance(value, (str, bool, int, float, tuple)) or value != default:
                yield {name: value}
    elif isinstance(default, int):
        yield {name: default + 1}
    elif isinstance(default, float):
        yield {name: default * 0.5 + 0.1}
    elif isinstance(default, tuple) and all(isinstance(each, int) for each in default):
        yield {name: tuple(each + 1 for each in default)}


def inputs(path: str, call: inspect.Signature, kind: str) -> tuple[dict[str, Any], ...]:
    """What a layer is called with, by the parameters of ``call``: one or more ways."""
    name = path.rpartition(".")[2]
    first = next(name for name in call.parameters if name != "self")
    many = 1 if kind == SINGLE else 4

    def floats(*shape: int, scale: float = 1.0, stream: int = 0) -> Any:
        values = np.random.default_rng((stream, *shape)).normal(size=shape).astype("float32") * scale
        if kind == POSITIVE:
            values = np.abs(values)
        elif kind == NEGATIVE:
            values = -np.abs(values)
        return tf.constant(values)

    dimensions = next((number for number in (1, 2, 3) if f"{number}D" in name), 0)
    steps = 1 if kind == SINGLE else 3
    if name.startswith("ConvLSTM"):
        return ({first: floats(2 if many > 1 else 1, steps, *([3] * dimensions), 4)},)
    if dimensions:
        return ({first: floats(2 if many > 1 else 1, *([6] * dimensions), 4)},)
    if name == "Embedding" or name == "ReversibleEmbedding":
        return {first: tf.constant([[1, 2], [3, 0]])}, {first: tf.constant([[1.0, 2.0], [3.0, 0.0]])}
    if name in ("CategoryEncoding", "Hashing", "IntegerLookup"):
        return {first: tf.constant([[1, 2], [3, 0]])}, {first: tf.constant([[1.0, 2.0], [3.0, 0.0]])}
    if name in ("StringLookup", "TextVectorization"):
        return ({first: tf.constant(["a", "b"])},)
    if name == "HashedCrossing":
        return ({first: (tf.constant([1, 2]), tf.constant([3, 4]))},)
    if name == "MaxNumBoundingBoxes":
        boxes = {"boxes": floats(2, 5, 4), "labels": floats(2, 5, stream=1)}
        return ({first: {"images": floats(2, 8, 8, 3), "bounding_boxes": boxes}},)
    if name == "DenseFeatures":
        return ({first: {"a": floats(many, 3)}},)
    if name in ("MelSpectrogram", "STFTSpectrogram"):
        shape = (many, 256) if name == "MelSpectrogram" else (many, 256, 1)
        return ({first: floats(*shape)},)
    if name in ("CutMix", "MixUp"):
        images = tf.abs(floats(many, 8, 8, 3, scale=60.0)) + 20.0
        return ({first: {"images": images, "labels": tf.abs(floats(many, 3))}},)
    if _IMAGES.fullmatch(name):
        return ({first: tf.minimum(tf.abs(floats(many, 8, 8, 3, scale=60.0)) + 20.0, 250.0)},)
    if name in ("Attention", "AdditiveAttention"):
        return ({first: [floats(many, steps, 4, stream=stream) for stream in range(3)]},)
    if name in ("MultiHeadAttention", "GroupQueryAttention"):
        names = ("query", "value", "key")
        return ({word: floats(many, steps, 4, stream=stream) for stream, word in enumerate(names)},)
    if _CELLS.fullmatch(name):
        states = [floats(many, 3), floats(many, 3, stream=1)][: 2 if name == "LSTMCell" else 1]
        if name == "StackedRNNCells":
            states = [[floats(many, size, stream=stream) for stream in (1, 2)] for size in (3, 2)]
        return ({first: floats(many, 6), "states": states},)
    if name in _STATES:
        states = [floats(many, 3, stream=stream) for stream in range(_STATES[name])]
        return {first: floats(many, steps, 4)}, {first: floats(many, steps, 4), "initial_state": states}
    if _SEQUENCES.fullmatch(name):
        return ({first: floats(many, steps, 4)},)
    if _MERGING.fullmatch(name):
        return ({first: [floats(many, 6), floats(many, 6, stream=1)]},)
    if name == "Reshape":
        return ({first: floats(many, 3, 4)},)
    return ({first: floats(many, 6)},)
