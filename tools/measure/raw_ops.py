"""The raw operations: how to call them follows from TensorFlow's own definition of each."""

from __future__ import annotations

import inspect
import re
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import kernels, op_def_registry

from tools.measure import synthesis
from tools.measure.handwritten import handwritten
from tools.measure.names import Parameter, Target, parameters

PREFIX = "tf.raw_ops."
_QUANTIZED = ("quint8", "qint8", "qint32")
#: What has effects beyond its result, or waits for somebody else.
_DANGEROUS = re.compile(
    r"Abort|.*(Dataset|Iterator|Queue|TPU|Collective|Nccl|Barrier|Stage|Unstage|Infeed|Outfeed|Session|Summary|Reader"
    r"|Checkpoint|File|Server|Mutex|SdcaOpt|BoostedTrees|Xla|Embeddings?Data|SparseCore|Minibatch).*"
    r"|Unbatch.*|(Save|Restore|Send|Recv|HostSend|HostRecv|Shutdown|Worker|Load|Debug|Copy|Print|Host|Rpc|Stats|Timestamp"
    r"|(Ordered)?Map(Clear|Peek|Size|Incomplete|Stage)|CudnnRNN|Remote|Delete|Destroy|Immutable|Placeholder).*"
)
#: What only oneDNN computes: the measurement turns that off, since it gives other numbers on other machines.
_OF_ONEDNN = re.compile(r"Quantized(Conv2D|DepthwiseConv2D|MatMul)(And|With|PerChannel).*|QuantizedDepthwiseConv2D")
_CALLS_BACK = re.compile(r"(Eager)?PyFunc(Stateless)?")
#: Tables, and what has no input.
_NO_TENSORS = re.compile(r"(Anonymous)?MutableDenseHashTable(V2)?|Const|AnonymousRandomSeedGenerator")
_OF_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "int": ("2", "1", "4"),
    "float": ("0.5",),
    "bool": ("True", "False"),
    "string": ("'a'",),
    "type": ("'float32'", "'int32'"),
    "shape": ("[4]", "[4, 4]", "[]"),
    "list(int)": ("[1, 2, 2, 1]", "[1, 1, 1, 1]", "[1, 2, 2, 2, 1]", "[1]", "[0, 1]"),
    "list(float)": ("[0.5]",),
    "list(string)": ("['a']",),
    "list(type)": ("['float32']", "['int64']"),
    "list(shape)": ("[[4]]", "[[]]"),
}
_OF_INTEGERS = ("[0, 2, 1, 3]", "0", "1", "2", "[1, 2]", "[[0, 1], [2, 3]]", "[4, 4]", "[[0, 0], [1, 1]]", "4", "[0]")
_OF_DTYPES: dict[str, tuple[str, ...]] = {
    "float": (synthesis.FLOAT, "f()", "f(4)", "f(4, 4)"),
    "int": _OF_INTEGERS,
    "bool": ("mask(4, 4)", "mask(4)", "True"),
    "string": ("strings('a', 'bc', 'd')", "'a'"),
    **{dtype: (f"quantized('{dtype}', 4, 4)", f"quantized('{dtype}', 1, 8, 8, 3)") for dtype in _QUANTIZED},
}


def _allowed(argument: Any, attributes: dict[str, Any]) -> tuple[str, ...]:
    """The dtypes an input may have, by name; none where it may have any."""
    if argument.type:
        return (tf.as_dtype(argument.type).name,)
    attribute = attributes[argument.type_attr or argument.type_list_attr]
    return tuple(tf.as_dtype(number).name for number in attribute.allowed_values.list.type)


def _kind(allowed: tuple[str, ...]) -> str:
    """One word for the dtypes allowed: what is likely, and what a gradient could come from, first."""
    if not allowed or set(allowed) & {"float32", "float64", "float16", "bfloat16", "complex64", "complex128"}:
        return "float"
    for word in ("resource", "variant", "bool", "string"):
        if word in allowed and not any("int" in name for name in allowed):
            return word
    return next((name for name in _QUANTIZED if name in allowed), "int")


def kinds(name: str) -> dict[str, str]:
    """The kind of every input: ``float`` stands for all through which a gradient could flow, where it may be one."""
    definition = op_def_registry.get(name)
    attributes = {attribute.name: attribute for attribute in definition.attr}
    return {argument.name: _kind(_allowed(argument, attributes)) for argument in definition.input_arg}


def takes_floats(name: str) -> bool:
    """Whether a callable may take a floating-point tensor: raw operations tell, of others it is taken for granted."""
    return not name.startswith(PREFIX) or "float" in kinds(name.removeprefix(PREFIX)).values()


def reason(name: str) -> str | None:
    """Why an operation is left out, ``None`` where it is measured."""
    definition = op_def_registry.get(name)
    if handwritten(PREFIX + name):
        return None
    if any(argument.is_ref for argument in definition.input_arg):
        return "it takes a reference to a variable, which graphs of TensorFlow 1 have only"
    if any(attribute.type in ("func", "list(func)") for attribute in definition.attr) or _CALLS_BACK.fullmatch(name):
        return "it calls back into the user's code, which the interpreter models"
    if 0 < definition.deprecation.version <= tf.version.GRAPH_DEF_VERSION:
        return "TensorFlow has withdrawn it"
    if _DANGEROUS.fullmatch(name):
        return "it touches files, devices or the process"
    found = kinds(name).values()
    if "resource" in found or "variant" in found:
        return "it takes a handle"
    if _OF_ONEDNN.fullmatch(name):
        return "only oneDNN computes it, which is off while this is measured"
    if _NO_TENSORS.fullmatch(name):
        return "it does not compute with tensors"
    if definition.is_stateful and "float" not in found and "Random" not in name and "Normal" not in name:
        return "it does not compute with tensors"
    if not any(
        kernel.device_type == "CPU" and not kernel.label
        for kernel in kernels.get_registered_kernels_for_op(name).kernel
    ):
        return "it does not run on a CPU"
    return None


def _by_name(name: str, kind: str) -> tuple[str, ...]:
    """What the name of an input or attribute suggests, in the form that raw operations take."""
    found = next((texts for pattern, texts in synthesis.BY_NAME if pattern.fullmatch(name)), ())
    if kind == "float":
        return tuple(text for text in found if text in (synthesis.FLOAT, synthesis.FLOATS) or text.startswith("f("))
    if kind == "bool":
        return tuple(text for text in found if text.startswith(("mask", "bools")))
    if kind not in ("int", "list(int)"):
        return ()
    # Not tensors: those would have to be of the one width that the operation takes.
    plain = (re.sub(r"^(ints|longs)\((.*)\)$", r"\2", text) for text in found)
    form = r"\[[-\d\[\], ]+" if kind == "list(int)" else r"[-\d\[\], ]+"
    return tuple(text for text in plain if re.fullmatch(form, text))


def _of_input(argument: Any, kind: str) -> tuple[str, ...]:
    texts = tuple(dict.fromkeys((*_by_name(argument.name, kind), *_OF_DTYPES.get(kind, ()))))
    if argument.number_attr or argument.type_list_attr:
        listed = (synthesis.FLOATS,) if kind == "float" else tuple(f"[{text}, {text}]" for text in texts)
        return tuple(dict.fromkeys((*listed, *(f"[{text}]" for text in texts if "FLOAT" not in text))))
    return tuple(text for text in texts if text != synthesis.FLOATS)


def _strings(attribute: Any) -> tuple[str, ...]:
    return tuple(repr(value.decode()) for value in attribute.allowed_values.list.s)


def _of_attribute(attribute: Any) -> tuple[str, ...]:
    allowed = tuple(repr(tf.as_dtype(number).name) for number in attribute.allowed_values.list.type)
    preferred = tuple(text for text in ("'float32'", "'int32'") if text in allowed)
    usual = _OF_ATTRIBUTES.get(attribute.type, ())
    if allowed and attribute.type == "list(type)":
        return tuple(f"[{text}]" for text in (*preferred, *allowed))
    return _strings(attribute) or preferred or allowed or (*_by_name(attribute.name, attribute.type), *usual)


def _target(name: str, function: Any) -> Target:
    definition = op_def_registry.get(name)
    attributes = {attribute.name: attribute for attribute in definition.attr}
    found = kinds(name)
    candidates = {a.name: _of_input(a, found[a.name]) for a in definition.input_arg}
    own = parameters(function) or ()
    candidates.update({p.name: _of_attribute(attributes[p.name]) for p in own if p.name in attributes})
    choices = {a: _strings(attribute) for a, attribute in attributes.items() if _strings(attribute)}
    keywords = tuple(Parameter(p.name, "keyword", p.default, p.value) for p in own)
    return Target(PREFIX + name, function, keywords, inspect.getdoc(function) or "", set(), candidates, choices)


def discover() -> tuple[list[Target], dict[str, str]]:
    """A target for every operation that can be called by itself, and the reasons for those left out."""
    targets: list[Target] = []
    left_out: dict[str, str] = {}
    for name in sorted(vars(tf.raw_ops)):
        if name.startswith("_") or op_def_registry.get(name) is None:
            continue
        why = reason(name)
        if why:
            left_out[PREFIX + name] = why
        else:
            targets.append(_target(name, getattr(tf.raw_ops, name)))
    return targets, left_out
