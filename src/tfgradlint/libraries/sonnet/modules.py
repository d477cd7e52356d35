"""What Sonnet's own modules are made of and do to a gradient, as measured on Sonnet 2.0 with TensorFlow 2.21.

The tests build every module named here, and hold the table against it.
"""

from __future__ import annotations

from typing import NamedTuple


class Made(NamedTuple):
    """``leading`` are the positional parameters up to the last one that matters; ``names`` are the trained variables
    in Sonnet's order, each with the parameter that switches it on or off and whether it is there by default (None:
    the parameter is always given); ``others`` says that there are variables besides that are never trained.
    """

    leading: tuple[str, ...]
    names: tuple[tuple[str, str, bool | None], ...]
    others: bool = False


def _made(leading: str, names: str, others: bool = False) -> Made:
    """``name?switch``: there unless ``switch`` is False; ``name!switch``: the switch has no default."""
    rows: list[tuple[str, str, bool | None]] = []
    for word in names.split():
        if "!" in word:
            name, _, switch = word.partition("!")
            rows.append((name, switch, None))
        else:
            name, _, switch = word.partition("?")
            rows.append((name, switch, True))
    return Made(tuple(leading.split()), tuple(rows), others)


_CONV = "output_channels kernel_shape stride rate padding with_bias"
_TRANSPOSED = "output_channels kernel_shape output_shape stride rate padding with_bias"
_BIASED = "b?with_bias w"
_NORMED = "offset!create_offset scale!create_scale"

#: The modules whose variables are known one by one.
MODULES = {
    "Linear": _made("output_size with_bias", _BIASED),
    "Bias": _made("output_size bias_dims", "b"),
    **{f"Conv{size}D": _made(_CONV, _BIASED) for size in (1, 2, 3)},
    **{f"Conv{size}DTranspose": _made(_TRANSPOSED, _BIASED) for size in (1, 2, 3)},
    "DepthwiseConv2D": _made("kernel_shape channel_multiplier stride rate padding with_bias", _BIASED),
    "BatchNorm": _made("create_scale create_offset", _NORMED, True),
    "LayerNorm": _made("axis create_scale create_offset", _NORMED),
    "InstanceNorm": _made("create_scale create_offset", _NORMED),
    "GroupNorm": _made("groups axis create_scale create_offset", "offset?create_offset scale?create_scale"),
    "Embed": _made("vocab_size embed_dim", "embeddings"),
    "LSTM": _made("hidden_size", "w_h w_i b"),
    "GRU": _made("hidden_size", "w_h w_i b"),
    "Flatten": _made("preserve_dims", ""),
    "Reshape": _made("output_shape preserve_dims", ""),
    "Dropout": _made("rate noise_shape", ""),
}

#: Modules that take a state besides their input, and the fields of the state; none where it is one tensor.
RECURRENT: dict[str, tuple[str, ...]] = {"LSTM": ("hidden", "cell"), "GRU": ()}

#: Variables that a gradient need not reach: the state before the first step is zero.
UNSURE = frozenset({"w_h"})

#: Modules that make their variables when they are made; all others wait for their first call.
AT_ONCE = frozenset({"Embed"})

#: Modules that look places up: no gradient reaches their input.
BLOCKING = frozenset({"Embed"})

#: Modules that may hand their very input on.
PASSING = frozenset({"Dropout"})

#: Arguments under which the variables are others than those above.
UNUSUAL = frozenset({"existing_vocab", "trainable", "projection_size", "**"})

OPTIMIZERS = frozenset({"SGD", "Momentum", "RMSProp", "Adam"})
