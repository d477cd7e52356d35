"""``isinstance``, where the kind of a value is known."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import is_dense
from tfgradlint.flow.values.base import FALSE, TRUE, Array, Composite, Const, Scalar, Symbol, Tensor, Value, Variable
from tfgradlint.flow.values.containers import DictObject, Items, ListObject, View
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.libraries.python.enum import Enumerated
from tfgradlint.libraries.python.virtual import derives
from tfgradlint.libraries.session import keras_name


def isinstance_(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) != 2:
        return None
    kinds = args[1].items if isinstance(args[1], Items) else (args[1],)
    answers = [_instance_of(args[0], kind) for kind in kinds]
    if True in answers:
        return TRUE
    return FALSE if all(answer is False for answer in answers) else Scalar(interp.recorder.leaf(), "bool")


_NUMBER = "numbers.Number numbers.Complex"
_REAL = f"{_NUMBER} numbers.Real"
_INTEGER = f"{_REAL} numbers.Rational numbers.Integral builtins.int"
_FLOATING = "numpy.generic numpy.number numpy.floating"
_ITERABLE, _SIZED = "Iterable", "Iterable Sized Container Collection"


def _types(certain: str = "", of_containers: str = "", depends: str = "") -> dict[str, bool | None]:
    """The types that a kind of value always is of, and those of which it depends."""
    names = [*certain.split(), *(f"collections.abc.{name}" for name in of_containers.split())]
    return {**dict.fromkeys(depends.split()), **dict.fromkeys(names, True)}


#: What ``isinstance`` gave under TensorFlow 2.21 with Keras 3 and 2.15 with Keras 2, for the types that a value
#: of the kind may be of: True where it always is, None where it depends. It is of no other of those asked for.
_TYPES: dict[str, dict[str, bool | None]] = {
    # Sparse and ragged ones, slices and symbolic ones of Keras 3 are no tf.Tensor.
    "tensor": _types(
        depends="tf.Tensor tf.IndexedSlices tf.SparseTensor tf.sparse.SparseTensor tf.RaggedTensor "
        "collections.abc.Iterable collections.abc.Sized"
    ),
    "IndexedSlices": _types("tf.IndexedSlices"),
    "SparseTensor": _types("tf.SparseTensor tf.sparse.SparseTensor"),
    "RaggedTensor": _types("tf.RaggedTensor"),
    "dense tensor": _types("tf.Tensor", _ITERABLE, "collections.abc.Sized"),
    "variable of tf": _types("tf.Variable", depends="collections.abc.Iterable collections.abc.Sized"),
    "variable of tf_keras": _types("tf.Variable", depends="collections.abc.Iterable collections.abc.Sized"),
    "variable of keras": _types(depends="collections.abc.Iterable collections.abc.Sized"),
    # Of NumPy, float64 is a float, all scalars are numbers, and no scalar is an array.
    "array": _types(
        depends=f"numpy.ndarray builtins.float {_INTEGER.removesuffix('builtins.int')} "
        "collections.abc.Iterable collections.abc.Sized collections.abc.Container collections.abc.Collection "
        "collections.abc.Sequence collections.abc.Reversible numpy.generic numpy.number numpy.floating numpy.integer"
    ),
    "array of numpy": _types("numpy.ndarray", _SIZED),
    "float64 of numpy": _types(f"{_REAL} builtins.float {_FLOATING}"),
    "float of numpy": _types(f"{_REAL} {_FLOATING}"),
    "int of numpy": _types(f"{_INTEGER.removesuffix('builtins.int')} numpy.generic numpy.number numpy.integer"),
    "dict": _types("builtins.dict", f"{_SIZED} Mapping MutableMapping Reversible"),
    "list": _types("builtins.list", f"{_SIZED} Sequence MutableSequence Reversible"),
    "tuple": _types("builtins.tuple", f"{_SIZED} Sequence Reversible"),
    "view": _types(
        "",
        f"{_SIZED} Reversible",
        "collections.abc.Set collections.abc.KeysView collections.abc.ValuesView collections.abc.ItemsView "
        "collections.abc.MappingView",
    ),
    "set": _types("", f"{_SIZED} Set", "collections.abc.MutableSet"),
    "function": _types("", "Callable"),
    "bool": _types(f"{_INTEGER} builtins.bool"),
    "int": _types(_INTEGER),
    "float": _types(f"{_REAL} builtins.float"),
    "str": _types("builtins.str", f"{_SIZED} Sequence Reversible"),
    "bytes": _types("", f"{_SIZED} Sequence Reversible"),
    "complex": _types(_NUMBER),
    "NoneType": {},
    "member": {},
}
_KINDS: dict[type, str] = {Tensor: "tensor", Array: "array", DictObject: "dict", Function: "function"}
_TESTED = frozenset(
    "tf.Tensor tf.Variable numpy.ndarray builtins.dict builtins.list builtins.tuple builtins.float builtins.int "
    "builtins.str builtins.bool tf.GradientTape".split()
) | {name for types in _TYPES.values() for name in types}


def _instance_of(value: Value, kind: Value) -> bool | None:
    if isinstance(value, Const) and isinstance(value.value, Enumerated):
        lineage = list(value.value.cls.lineage())
        if kind in lineage or any(isinstance(kind, Symbol) and kind.same_as(each) for each in lineage):
            return True
    if isinstance(value, Instance) and isinstance(kind, Class):
        lineage = list(value.cls.lineage())
        if kind in lineage or derives(value.cls, kind):
            return True
        if value.open or any(_asks_back(each) for each in kind.lineage()):
            return None
        # Classes of a library do not derive from those of the module.
        return False if all(isinstance(each, Class) or _of_keras(each) is not None for each in lineage) else None
    if isinstance(value, (Layer, Instance)):
        return _layer_of(value, kind)
    path = kind.path.replace("typing.", "collections.abc.") if isinstance(kind, Symbol) else ""
    if path not in _TESTED:
        return None
    types = _TYPES.get(_kind(value))
    return None if types is None else types.get(path, False)


def derives_from(cls: Value, kind: Value) -> bool | None:
    """Whether a class certainly derives from another, or certainly does not."""
    if isinstance(kind, Items):
        answers = [derives_from(cls, each) for each in kind.items]
        return True if True in answers else None if None in answers else False
    if not isinstance(cls, Class) or not isinstance(kind, Class):
        return True if isinstance(cls, Symbol) and cls.same_as(kind) else None
    lineage = list(cls.lineage())
    if kind in lineage or derives(cls, kind):
        return True
    if any(_asks_back(each) for each in kind.lineage()):
        return None
    return False if all(isinstance(each, Class) or _of_keras(each) is not None for each in lineage) else None


def _asks_back(base: Value) -> bool:
    """Whether what does not derive from a class may be of it all the same: by registering, or by its methods."""
    if isinstance(base, Class):
        return base.customised or bool(base.node.keywords)
    return not isinstance(base, Symbol) or base.path in ("abc.ABC", "typing.Protocol")


def _kind(value: Value) -> str:
    """The row of the table for a value; a name that it does not have where the value is of no kind in it."""
    if isinstance(value, Composite):
        return value.form
    if isinstance(value, Tensor) and is_dense(value.node):
        return "dense tensor"
    if isinstance(value, Const):
        return _mixed_in(value.value) if isinstance(value.value, Enumerated) else type(value.value).__name__
    if isinstance(value, Array) and value.form:
        dtype = (value.node.dtype or "").rstrip("0123456789")
        kind = "float64" if value.node.dtype == "float64" else dtype
        return f"{'array' if value.form == 'array' else kind} of numpy"
    if isinstance(value, ListObject):
        return str(value.fields["content"].type)
    if isinstance(value, View):
        return "view"
    if isinstance(value, Items):
        return value.type if value.type == "tuple" else ""  # a view of a dictionary, an iterator
    if isinstance(value, Variable):
        return f"variable of {value.library}"
    return _KINDS.get(type(value), "")


def _mixed_in(member: Enumerated) -> str:
    """The type of Python's that members of an enumeration are of as well."""
    bases = {each.path for each in member.cls.lineage() if isinstance(each, Symbol)}
    mixed = {_MIXED[path] for path in bases if path in _MIXED}
    if len(mixed) > 1 or not bases <= _OF_ENUMERATIONS:
        return "?"
    return mixed.pop() if mixed else "member"


_MIXED = {
    **dict.fromkeys(("builtins.str", "enum.StrEnum"), "str"),
    **dict.fromkeys(("builtins.int", "enum.IntEnum", "enum.IntFlag"), "int"),
    "builtins.float": "float",
}
_OF_ENUMERATIONS = {*_MIXED, "enum.Enum", "enum.Flag"}

#: The layers of Keras that derive from another one of its layers, whichever Keras it is.
_DERIVED = {
    **dict.fromkeys("ConvLSTM1D ConvLSTM2D ConvLSTM3D GRU LSTM SimpleRNN".split(), "RNN"),
    **dict.fromkeys("SpatialDropout1D SpatialDropout2D SpatialDropout3D".split(), "Dropout"),
    **dict.fromkeys("SpectralNormalization TimeDistributed".split(), "Wrapper"),
}
#: Those that derive from another one in Keras 2 or in Keras 3 only.
_PERHAPS_DERIVED = {
    **{f"Conv{number}DTranspose": f"Conv{number}D" for number in "123"},
    "Bidirectional": "Wrapper",
    "AdditiveAttention": "Attention",
    "FlaxLayer": "JaxLayer",
    "ReversibleEmbedding": "Embedding",
}
#: Names that stand for others.
_SPELLINGS = (("AvgPool", "AveragePooling"), ("MaxPooling", "MaxPool"), ("Convolution", "Conv"))


def _layer_of(value: Layer | Instance, kind: Value) -> bool | None:
    """Whether a layer or model is one of a class of Keras, or of the module."""
    bases = [Symbol(value.path)] if isinstance(value, Layer) else list(value.cls.lineage())
    own = [_of_keras(each) for each in bases if not isinstance(each, Class)]
    if not own:
        return None
    if isinstance(kind, Class):
        known = isinstance(value, Layer) and _is_class(own[0] or "")
        return False if known else None
    asked = _of_keras(kind)
    if asked is None:
        return None
    answers = [None if each is None else _of_class(each, asked) for each in own]
    return True if True in answers else None if None in answers else False


def _is_class(name: str) -> bool:
    """Whether a name of Keras is that of a layer, or of a model whose class is known."""
    family, _, last = name.rpartition(".")
    return name in ("Model", "Sequential") or (family == "layers" and last[:1].isupper())


def _of_class(own: str, asked: str) -> bool | None:
    """Whether what is made by one name of Keras, or derives from it, is of the class of another one."""
    if own.startswith("applications."):
        own = "Model"
    if asked in (own, "Layer", "layers.Layer"):
        return True
    if not (_is_class(own) or own == "Layer") or not _is_class(asked):
        return None
    own, asked = own.removeprefix("layers."), asked.removeprefix("layers.")
    if _PERHAPS_DERIVED.get(own) == asked:
        return None
    return asked == ("Model" if own == "Sequential" else _DERIVED.get(own))


def _of_keras(kind: object) -> str | None:
    """The name below the root of Keras, in one spelling."""
    name = keras_name(kind.path) if isinstance(kind, Symbol) else None
    if name is None:
        return None
    family, _, last = name.rpartition(".")
    if family == "models":
        return last
    for spelling, same in _SPELLINGS:
        last = last.replace(spelling, same)
    return f"{family}.{last}" if family else last
