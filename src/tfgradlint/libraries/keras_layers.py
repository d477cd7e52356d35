"""What Keras' own layers are made of and do to a gradient, as measured on Keras 3.15 with TensorFlow 2.21.

The tests build every layer named here and hold the table against it.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Weights(NamedTuple):
    """``leading`` are the positional parameters up to the last one that matters; ``names`` are the trained weights in
    Keras' order, each with the parameter that switches it off and whether it is there by default; ``frozen`` are the
    names of those behind them that are never trained.
    """

    leading: tuple[str, ...]
    names: tuple[tuple[str, str, bool], ...]
    frozen: tuple[str, ...] = ()


def _weights(leading: str, names: str, frozen: str = "") -> Weights:
    """``name?switch``: there unless ``switch=False``; ``name?=switch``: there if ``switch`` is given."""
    rows = []
    for word in names.split():
        name, _, switch = word.partition("?")
        rows.append((name, switch.lstrip("="), not switch.startswith("=")))
    return Weights(tuple(leading.split()), tuple(rows), tuple(frozen.split()))


_CONV = "filters kernel_size strides padding data_format dilation_rate groups activation use_bias"
_TRANSPOSED = "filters kernel_size strides padding output_padding data_format dilation_rate activation use_bias"
_TRANSPOSED_3D = "filters kernel_size strides padding data_format output_padding dilation_rate activation use_bias"
_SEPARABLE = "filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias"
_DEPTHWISE = "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias"
_BIASED = "kernel bias?use_bias"
_CELL = "cell.kernel cell.recurrent_kernel cell.bias?use_bias"
_SCALED = "gamma?scale beta?center"

#: The layers whose weights are known one by one.
WEIGHTS = {
    "Dense": _weights("units activation use_bias", _BIASED),
    "EinsumDense": _weights("equation output_shape activation bias_axes", "kernel bias?=bias_axes"),
    "Embedding": _weights("input_dim output_dim", "embeddings"),
    "LSTM": _weights("units activation recurrent_activation use_bias", _CELL),
    "GRU": _weights("units activation recurrent_activation use_bias", _CELL),
    "SimpleRNN": _weights("units activation use_bias", _CELL),
    "BatchNormalization": _weights("axis momentum epsilon center scale", _SCALED, "moving_mean moving_variance"),
    "LayerNormalization": _weights("axis epsilon center scale", _SCALED),
    "GroupNormalization": _weights("groups axis epsilon center scale", _SCALED),
    "RMSNormalization": _weights("axis epsilon", "scale"),
    "PReLU": _weights("alpha_initializer alpha_regularizer alpha_constraint shared_axes", "alpha"),
    "SeparableConv1D": _weights(_SEPARABLE, "depthwise_kernel pointwise_kernel bias?use_bias"),
    "SeparableConv2D": _weights(_SEPARABLE, "depthwise_kernel pointwise_kernel bias?use_bias"),
    "DepthwiseConv1D": _weights(_DEPTHWISE, _BIASED),
    "DepthwiseConv2D": _weights(_DEPTHWISE, _BIASED),
    **{name: _weights(_CONV, _BIASED) for name in ("Conv1D", "Conv2D", "Conv3D")},
    **{name: _weights(_CONV, _BIASED) for name in ("Convolution1D", "Convolution2D", "Convolution3D")},
    **{name: _weights(_TRANSPOSED, _BIASED) for name in ("Conv1DTranspose", "Conv2DTranspose")},
    "Conv3DTranspose": _weights(_TRANSPOSED_3D, _BIASED),
}

#: Options under which the weights are others than those above.
UNUSUAL = frozenset({"lora_rank", "quantization_config", "dtype", "weights", "renorm", "**"})

#: How many states each returns behind its output with ``return_state=True``.
STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}

#: Weights and inputs that a gradient need not reach: the state before the first step is zero, and what the training
#: flag decides.
UNSURE = frozenset({"cell.recurrent_kernel", "alpha"})
UNSURE_INPUT = frozenset({"BatchNormalization"})

#: Layers that make whole numbers, or places in a table, of their input: no gradient reaches it.
BLOCKING = frozenset({"Embedding", "Discretization", "CategoryEncoding", "Hashing", "IntegerLookup"})

#: Activations by name through which a gradient flows.
ACTIVATIONS = frozenset(
    "celu elu exponential gelu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid "
    "log_softmax mish relu relu6 selu sigmoid silu softmax softplus softsign squareplus swish tanh "
    "tanh_shrink".split()
)

#: Layers without weights through which a gradient flows; each makes a new tensor.
FLOWING = re.compile(
    r"^(?:Flatten|Reshape|Permute|RepeatVector|ReLU|LeakyReLU|ELU|Softmax|UnitNormalization|Rescaling"
    r"|Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot"
    r"|(?:ZeroPadding|UpSampling|Cropping|MaxPooling|AveragePooling)[123]D|(?:MaxPool|AvgPool)[123]D"
    r"|Global(?:Max|Average)Pooling[123]D|Global(?:Max|Avg)Pool[123]D)$"
)

#: Layers without weights that hand their input through, always or unless the model is being trained.
PASSING = re.compile(
    r"^(?:Dropout|SpatialDropout[123]D|GaussianNoise|GaussianDropout|AlphaDropout|Identity|ActivityRegularization)$"
)

#: Layers without weights of which no more is known.
WEIGHTLESS = re.compile(
    r"^(?:Activation|Resizing|CenterCrop|Masking|Random.*|Discretization|CategoryEncoding|Hashing|IntegerLookup)$"
)

#: Layers that keep the state of the random numbers they draw among their variables.
DRAWING = re.compile(r"^(?:Dropout|SpatialDropout[123]D|GaussianNoise|GaussianDropout|AlphaDropout|Random.*)$")

#: Functions that make a layer of the same name and call it.
MERGING = frozenset("add subtract multiply average maximum minimum concatenate dot".split())
