"""TFG901: a comment that silences nothing."""

from __future__ import annotations

from tfgradlint.rules.base import Break, Rule


class UnusedNoqa(Rule):
    """A `# noqa` comment names one of our codes and silences no finding.

    ## What it does
    Reports each code of this linter in a `# noqa` comment for which there is no finding on that line. It is off
    by default; `extend-select` of `TFG901` switches it on, in the command and in flake8.

    No finding: a bare `# noqa`, which may be there for other linters; codes of other linters; codes that are not
    selected in this run; anything in a file with `# flake8: noqa`.

    ## Why it matters
    The comment was written for a finding that is gone, or stands on the wrong line. It would silence the next
    finding of that kind on the line, which nobody has looked at.

    ## Example
    Nothing is lost on this line any more:

    ```text
    loss = tf.reduce_mean(tf.square(w * x - y))  # noqa: TFG202
    ```

    ## Use instead
    Take the code away, and the comment if it was the only one:

    ```text
    loss = tf.reduce_mean(tf.square(w * x - y))
    ```

    ## References
    - [Selecting and ignoring violations](https://flake8.pycqa.org/en/latest/user/violations.html) in flake8's
      documentation.
    """

    code = "TFG901"
    name = "unused-noqa"
    outcome = ""
    cause = None

    @staticmethod
    def about(code: str) -> str:
        """The message for a code that silences nothing."""
        return f"# noqa: {code} silences nothing on this line; take {code} out of the comment"

    def message(self, broken: Break) -> str:
        """A break is what this rule is not about; ``step`` stands for the code."""
        return self.about(broken.step)
