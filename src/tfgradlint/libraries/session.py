"""What holds for one run: the versions to go by, and which Keras a name stands for."""

from __future__ import annotations

from tfgradlint.flow.machine.machine import Machine
from tfgradlint.knowledge import OperationFacts, load
from tfgradlint.knowledge.layers import Layers, keras_of, load_layers
from tfgradlint.knowledge.versions import NOT_IN_TF_KERAS, ONLY_KERAS_3, choose
from tfgradlint.libraries.tensorflow.first_version import same_in_both

_KERAS = ("keras", "tf.keras", "tf_keras")
_WITH_KERAS_2 = "2.15"
_SAME_MODULES = (
    ("tf.compat.v2.", "tf."),
    ("tf._api.v2.", "tf."),
    ("tf.python.keras.", "tf.keras."),
    ("tf.optimizers.", "tf.keras.optimizers."),
    ("tf.losses.", "tf.keras.losses."),
    ("tf.metrics.", "tf.keras.metrics."),
    ("tf.initializers.", "tf.keras.initializers."),
    ("tfp.python.", "tfp."),
)


class Session:
    """The versions of one run, and what was measured under them.

    Args:
        version: the TensorFlow to go by, the one installed here where none is given.
        asks_for_keras_2: the program asks TensorFlow for Keras 2.
        numpy_behavior: tensors may have been given the methods of arrays.

    Raises:
        VersionError: ``version`` is none.
    """

    def __init__(
        self, version: str | None = None, asks_for_keras_2: bool = False, numpy_behavior: bool = False
    ) -> None:
        self._knowledge = load(version)
        self._version = choose(version)
        self.ask_for_keras(2 if asks_for_keras_2 else 3)
        #: Whether the program imports Keras 2 under its own name: its variables are TensorFlow's.
        self.imports_tf_keras = False
        self.numpy_behavior = numpy_behavior
        #: Whether a module was imported of which nothing is known: it may have told TensorFlow to work otherwise.
        self.others_ran = False

    def ask_for_keras(self, major: int) -> None:
        """The program asks TensorFlow for Keras 2, or for the one that it brings."""
        brought = keras_of("keras.", self._version)
        self._keras = 2 if major == 2 else brought
        #: Whether ``tf.keras`` is Keras 2 beside a TensorFlow that has come without it.
        self.beside_keras_2 = major == 2 and brought > 2

    @property
    def legacy_keras(self) -> bool:
        """Whether ``keras`` means Keras 2."""
        return self.keras_of("keras") < 3

    def keras_of(self, path: str) -> int:
        """The major version of Keras that a name stands for."""
        return 2 if self._keras == 2 else keras_of(path, self._version)

    def lacks(self, path: str, name: str) -> bool:
        """Whether the module is Keras 2, and has no such name as Keras 3 has; or TensorFlow's way to Keras 3."""
        if path in ("tf.keras.losses", "tf.keras.metrics") and name in NOT_IN_TF_KERAS:
            return self.keras_of(f"{path}.") == 3
        return path in _KERAS and name in ONLY_KERAS_3 and self.keras_of(f"{path}.") == 2

    def layers(self, path: str) -> Layers:
        """The layers of the Keras that a name stands for."""
        return load_layers(self.keras_of(path), self._version)

    def known(self, path: str) -> OperationFacts | None:
        """What was measured of a callable; None where nothing was."""
        name = keras_name(path) if self.beside_keras_2 or path.startswith("tf_keras.") else None
        if name is not None:
            # Keras 2 beside a newer TensorFlow: measured as part of the last one that brought it.
            return load(_WITH_KERAS_2).get(f"tf.keras.{name}")
        return self._knowledge.get(path)


def session_of(machine: Machine) -> Session:
    """The session of a run."""
    return machine.of(Session)


def keras_name(path: str) -> str | None:
    """The name below the root of Keras, None for other libraries: ``layers.Dense``."""
    for root in _KERAS:
        if path.startswith(f"{root}."):
            return path[len(root) + 1 :]
    return None


def canonical_path(path: str) -> str:
    """One spelling for each public name."""
    path = same_in_both(path)
    for spelling, same in _SAME_MODULES:
        if path.startswith(spelling):
            path = same + path[len(spelling) :]
    return path
