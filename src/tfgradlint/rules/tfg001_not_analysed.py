"""TFG001: what could not be analysed."""

from __future__ import annotations

from tfgradlint.rules.base import Break, Rule


class NotAnalysed(Rule):
    """A file, or one function of it, could not be analysed.

    ## What it does
    Reports that a file was not judged because Python's own parser or libcst's refuses it, or that the
    analysis of one function failed. The rest of the run goes on; where only one function failed, so
    does the rest of the file. Under flake8 a syntax error is told by flake8's own `E999` instead.

    ## Why it matters
    Silence means "no gradient is lost here" only where the code was looked at. Without this finding a
    file that was skipped would look like a file that is clean.

    ## Example
    The bracket is never closed, so there is nothing to judge:

    ```text
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(w * x - y)
    gradient = tape.gradient(loss, w)
    ```

    ## Use instead
    Mend what the message names:

    ```text
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(w * x - y))
    gradient = tape.gradient(loss, w)
    ```

    If the message speaks of a failed analysis instead, the fault is tfgradlint's: please report it with
    the function it names. Until it is mended, `# noqa: TFG001` on that line silences it.

    ## References
    - [`ast.parse`](https://docs.python.org/3/library/ast.html#ast.parse) decides what is a Python program.
    """

    code = "TFG001"
    name = "not-analysed"
    outcome = ""
    cause = None

    @staticmethod
    def about(reason: str) -> str:
        """The message for what was not judged, and why; ``reason`` is the middle of a sentence."""
        return f"not judged: {reason}; no gradient was checked here"

    @staticmethod
    def about_part(part: str, fault: str) -> str:
        """The message for a part of a program, such as a function, on which the analysis failed."""
        return f"{part} was not analysed: {fault}"

    def message(self, broken: Break) -> str:
        """A break is the opposite of what this rule is about; ``step`` stands for what failed."""
        return self.about(broken.step)
