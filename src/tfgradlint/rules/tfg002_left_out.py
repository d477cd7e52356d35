"""TFG002 (opt-in): what was not judged in full."""

from __future__ import annotations

from tfgradlint.rules.base import Break, Rule


class LeftOut(Rule):
    """A statement of the module, or one function, takes more steps than the analysis allows.

    ## What it does
    Reports each statement of the module and each function that was not followed to its end: it takes more steps than
    the budget allows, or its expressions are nested too deeply. What it asks for is `unknown`, what it could have
    changed may be anything behind it, and the rest of the file is judged. The budget grows with the file; each
    statement of the module, and each function that nothing calls, has steps of its own besides.

    Off unless it is selected (`--select TFG,TFG002` or `--extend-select TFG002`): it tells of no gradient that is
    lost. Without it `check` says the same in a note that is no finding, and so does the language server.

    ## Why it matters
    Silence means "no gradient is lost here" only where the code was looked at. A project that wants to be sure of that
    selects this code, and has exit status 1 where a part was left out.

    ## Example
    Each helper calls the one before it twice, so that the last one stands for a trillion calls:

    ```text
    def scaled_40(x):
        return scaled_39(x) + scaled_39(x)

    with tf.GradientTape() as tape:
        loss = scaled_40(w)
    gradient = tape.gradient(loss, w)
    ```

    ## Use instead
    Call once what is needed twice; where many loops are nested, write one over `itertools.product()`.

    ```text
    def scaled_40(x):
        return 2.0 * scaled_39(x)

    with tf.GradientTape() as tape:
        loss = scaled_40(w)
    gradient = tape.gradient(loss, w)
    ```

    ## References
    - [`itertools.product`](https://docs.python.org/3/library/itertools.html#itertools.product) stands for nested loops.
    """

    code = "TFG002"
    name = "left-out"
    outcome = ""
    cause = None

    @staticmethod
    def about(part: str, why: str) -> str:
        """The message for a part of the program, such as a function, and why it was not followed to its end."""
        return f"{part} was not judged in full: {why}; gradients that it asks for may be lost unseen"

    def message(self, broken: Break) -> str:
        """A break is not what this rule is about; ``step`` stands for the part."""
        return self.about(broken.step, "it was not followed to its end")
