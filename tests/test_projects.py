"""Programs of several files: each in ``projects``, faulty in ``bug`` and repaired in ``fix``, with what is right in it.

``# outcome: none`` stands at a request, and TensorFlow is asked whether it is so; ``# expect: TFG202`` at a finding of
``check .``; ``# alone: TFG202`` at what ``check`` of that file alone tells of a break in another one.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from processes import FAULTY, command, flake8, python

from tfgradlint.analysis.guarded import judge
from tfgradlint.analysis.results import place
from tfgradlint.notebooks import decode
from tfgradlint.project.resolver import Project

PROJECTS = Path(__file__).parent / "projects"
VERSIONS = sorted(path for path in PROJECTS.glob("*/*") if path.is_dir() and path.name in ("bug", "fix"))
ENTRIES = ("train.py", "main.py", "scripts/run.py", "tests/test_agents.py", "train.ipynb")
#: In which order the modules of a project make one file; of one that imports by name, with what that gives.
PASTED = {
    "abstract_agents": (
        "agents/base.py",
        "agents/critic.py",
        "make_agent = lambda name, *given: AGENT(*given)",
        "tests/test_agents.py",
    ),
    "beside_the_script": ("models.py", "metrics.py", "losses.py", "train.py"),
    "compiled": ("losses.py", "main.py"),
    "entry_decides": ("engine.py", "main.py"),
    "inherited": ("package/base.py", "package/helpers.py", "package/child.py", "main.py"),
    "namespace_package": ("lab/fields/grids.py", "lab/fields/heat.py", "src/solver/newton.py", "main.py"),
    "notebook": ("physics/losses.py", "train.ipynb"),
    "re_exports": ("shapes/units.py", "shapes/inner/terms.py", "shapes/area.py", "train.py"),
    "registry": ("code/toolbox/registry.py", "code/toolbox/terms.py", "code/toolbox/fitting.py", "scripts/run.py"),
}
_COMMENT = re.compile(r"# (outcome|expect|alone): (\w+)")


def entry(version: Path) -> str:
    return next(name for name in ENTRIES if (version / name).exists())


def comments(version: Path, kind: str) -> dict[str, str]:
    """What the comments of a kind say, by file and line."""
    return {
        f"{name}:{number}": word
        for name, text in sorted(texts(version))
        for number, line in enumerate(text.splitlines(), 1)
        for found, word in _COMMENT.findall(line)
        if found == kind
    }


def texts(version: Path) -> Iterator[tuple[str, str]]:
    """The texts of a project: its files, and the cells of its notebooks."""
    for path in version.rglob("*.py"):
        yield path.relative_to(version).as_posix(), path.read_text()
    for path in version.rglob("*.ipynb"):
        for number, cell in enumerate(json.loads(path.read_text())["cells"], 1):
            yield f"{path.relative_to(version).as_posix()}:cell {number}", "".join(cell["source"])


def at(told: Mapping[str, Any]) -> str:
    """Where something is told to be."""
    return f"{place(Path(told['path']).as_posix(), told.get('cell', 0))}:{told['line']}"


def checked(version: Path, *paths: str) -> dict[str, str]:
    run = command("check", "--no-cache", "--output-format", "json", *paths, cwd=version)
    return {at(each): each["code"] for each in json.loads(run.stdout)}


def ids(version: Path) -> str:
    return f"{version.parent.name}-{version.name}"


@pytest.fixture(scope="module")
def observed() -> Mapping[str, Mapping[str, str]]:
    pytest.importorskip("tensorflow")
    arguments = [part for version in VERSIONS for part in (str(version), entry(version))]
    run = python(PROJECTS / "observe.py", *arguments)
    found: Mapping[str, Mapping[str, str]] = json.loads(run.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("version", VERSIONS, ids=ids)
def test_tensorflow_gives_what_the_comments_of_a_project_say(
    version: Path, observed: Mapping[str, Mapping[str, str]]
) -> None:
    assert comments(version, "outcome")
    assert observed[str(version)] == comments(version, "outcome")


@pytest.mark.parametrize("version", VERSIONS, ids=ids)
def test_a_break_is_told_once_where_it_stands(version: Path) -> None:
    assert checked(version, ".") == comments(version, "expect")


@pytest.mark.parametrize("version", VERSIONS, ids=ids)
def test_every_request_of_a_project_is_predicted(version: Path) -> None:
    run = command("predict", "--no-cache", "--output-format", "json", ".", cwd=version)
    predicted = {at(each): each["verdict"] for each in json.loads(run.stdout)}
    assert predicted == comments(version, "outcome")


@pytest.mark.parametrize("version", [each for each in VERSIONS if comments(each, "alone")], ids=ids)
def test_the_file_that_asks_is_told_by_itself(version: Path) -> None:
    (step, code), *_ = comments(version, "alone").items()
    file, line = step.rsplit(":", 1)
    file = file.partition(":cell")[0]
    ((there, told),) = comments(version, "expect").items()
    assert checked(version, file) == {step: code == told and code}
    if file.endswith(".ipynb"):  # flake8 reads none
        return
    out = flake8("--select=TFG", file, cwd=version).stdout
    assert out.startswith(f"{file}:{line}:")
    assert f" in {there} " in out


@pytest.mark.parametrize("version", VERSIONS, ids=ids)
def test_a_project_pasted_into_one_file_says_the_same(version: Path) -> None:
    own = {part for path in version.rglob("*.py") for part in path.relative_to(version).with_suffix("").parts}
    order = PASTED[version.parent.name]
    parts = [part if " " in part else program(version / part) for part in order]
    text = "\n".join(ast.unparse(_Pasted(own).visit(ast.parse(part))) for part in parts)
    analysis = judge(text)
    assert {each.verdict for each in analysis.predictions} == set(comments(version, "outcome").values())
    assert {each.code for each in analysis.findings} == set(comments(version, "expect").values())


def program(path: Path) -> str:
    """The Python of a file; of a notebook that of its cells."""
    return decode(path.read_bytes(), path.name).text if path.suffix == ".ipynb" else path.read_text()


class _Pasted(ast.NodeTransformer):
    """Leaves out the imports of the program's own modules, and their names before those in them."""

    def __init__(self, own: set[str]) -> None:
        self._own = own

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        return None if any(alias.name.split(".")[0] in self._own for alias in node.names) else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if node.level or (node.module or "").split(".")[0] in self._own | {"toolbox"} else node

    def visit_Try(self, node: ast.Try) -> ast.AST | None:
        self.generic_visit(node)
        return node if node.body else None

    def visit_If(self, node: ast.If) -> ast.AST | None:
        self.generic_visit(node)
        return node if node.body else None

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in self._own:
            return ast.copy_location(ast.Name(node.attr, node.ctx), node)
        return node


# -- what projects may be like

LOSSES = """\
import numpy as np
import tensorflow as tf


def loss(w):
    return tf.reduce_sum(np.square(w))
"""
TRAIN = """\
import tensorflow as tf
from losses import loss

w = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    value = loss(w)
gradient = tape.gradient(value, w)
"""


def verdicts(folder: Path, files: Mapping[str, str | bytes], main: str = "train.py") -> list[str]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    analysis = judge((folder / main).read_text("utf-8"), project=Project(str(folder / main), (str(folder),)))
    assert not [each for each in analysis.findings if each.code.startswith("TFG0")]
    return [each.verdict for each in analysis.predictions]


@pytest.mark.parametrize(
    ("losses", "verdict"),
    [
        (LOSSES, "none"),
        ("\ufeff" + LOSSES, "none"),
        (LOSSES.replace("\n", "\r\n"), "none"),
        ("# coding: latin-1\n# \xe9\n".encode("latin-1") + LOSSES.encode(), "none"),
        ("import losses\nfrom losses import loss as again\n" + LOSSES, "none"),
        ("import train\n" + LOSSES, "none"),
        ("def loss(:\n", "unknown"),
        (b"\xff\xfe\x00", "unknown"),
        (LOSSES + "#" * 5_000_000, "unknown"),
        (LOSSES + "x = " + "(" * 5000 + ")" * 5000, "unknown"),
        (LOSSES + "raise ImportError\n", "none"),
        ("x = 1\n", "unknown"),
    ],
    ids=range(12),
)
def test_what_a_module_may_be(tmp_path: Path, losses: str | bytes, verdict: str) -> None:
    assert verdicts(tmp_path, {"train.py": TRAIN, "losses.py": losses}) == [verdict]


def test_modules_of_the_same_text_are_told_apart(tmp_path: Path) -> None:
    shrink = "def shrink(x):\n    return x.numpy() * 0.5\n"
    for name, text in {
        "one/helpers.py": shrink,
        "other/helpers.py": shrink,
        "train.py": "import tensorflow as tf\nimport one.helpers\nimport other.helpers\n\nw = tf.Variable(2.0)\n"
        "print(one.helpers.shrink(w))\nwith tf.GradientTape() as tape:\n    loss = other.helpers.shrink(w * 2.0)\n"
        "print(tape.gradient(loss, w))\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    analysis = judge((tmp_path / "train.py").read_text(), project=Project(str(tmp_path / "train.py")))
    assert [Path(each.path).as_posix() for each in analysis.elsewhere] == ["other/helpers.py"]


def test_a_missing_module_is_not_known(tmp_path: Path) -> None:
    assert verdicts(tmp_path, {"train.py": TRAIN}) == ["unknown"]
    (tmp_path / "losses.py").mkdir()
    assert verdicts(tmp_path, {"train.py": TRAIN}) == ["unknown"]


def test_modules_that_import_each_other(tmp_path: Path) -> None:
    one = "from two import helper\n" + LOSSES
    two = "import losses\n\ndef helper(w):\n    return losses.loss(w)\n"
    train = TRAIN.replace("from losses import loss", "from two import helper as loss")
    assert verdicts(tmp_path, {"train.py": train, "losses.py": one, "two.py": two}) == ["none"]


def test_a_name_of_the_standard_library_is_the_file_beside_a_script(tmp_path: Path) -> None:
    train = TRAIN.replace("from losses", "from random")
    assert verdicts(tmp_path, {"train.py": train, "random.py": LOSSES}) == ["none"]
    assert verdicts(tmp_path, {"train.py": train.replace("from random", "from os"), "os.py": LOSSES}) == ["unknown"]
    package = {"p/__init__.py": "", "p/train.py": train, "p/random.py": LOSSES}
    (tmp_path / "random.py").unlink()
    assert verdicts(tmp_path, package, "p/train.py") == ["unknown"]


def test_of_two_that_may_be_meant_none_is_taken(tmp_path: Path) -> None:
    files = {"p/__init__.py": "", "p/train.py": TRAIN, "p/losses.py": LOSSES}
    assert verdicts(tmp_path, files, "p/train.py") == ["none"]
    assert verdicts(tmp_path, {**files, "losses.py": LOSSES}, "p/train.py") == ["unknown"]


def test_a_module_that_is_imported_in_a_branch_stays_imported(tmp_path: Path) -> None:
    train = TRAIN.replace("from losses import loss\n", "import os\nif os.environ:\n    import losses\nimport losses\n")
    train = train.replace("= loss(w)", "= losses.loss(w)")
    assert verdicts(tmp_path, {"train.py": train, "losses.py": LOSSES}) == ["none"]


def test_what_another_module_changes_is_seen(tmp_path: Path) -> None:
    settings = "import tensorflow as tf\n\nuse = tf.square\n"
    losses = LOSSES.replace("import numpy as np", "import settings").replace("np.square", "settings.use")
    train = TRAIN.replace("w = tf", "import settings\nsettings.use = tf.round\nw = tf")
    assert verdicts(tmp_path, {"train.py": train, "losses.py": losses, "settings.py": settings}) == ["none"]
    changed = TRAIN.replace("w = tf", "import patch\nw = tf")
    patch = "import settings\nimport tensorflow as tf\n\nsettings.use = tf.round\n"
    files = {"train.py": changed, "losses.py": losses, "settings.py": settings, "patch.py": patch}
    assert verdicts(tmp_path, files) == ["none"]


def test_noqa_silences_what_stands_on_its_line(tmp_path: Path) -> None:
    silenced = LOSSES.replace("(np.square(w))", "(np.square(w))  # noqa: TFG202")
    for name, text in {"train.py": TRAIN, "losses.py": silenced}.items():
        (tmp_path / name).write_text(text)
    assert checked(tmp_path, ".") == {}
    assert checked(tmp_path, "train.py") == {"train.py:6": "TFG202"}


def test_the_cache_hears_of_a_module_that_changes(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAIN)
    told = [command("check", "train.py", cwd=tmp_path, cache=True).stdout]
    for text in (LOSSES, LOSSES.replace("np.square", "tf.square"), LOSSES):
        (tmp_path / "losses.py").write_text(text)
        told.append(command("check", "train.py", cwd=tmp_path, cache=True).stdout)
    (tmp_path / "losses.py").unlink()
    told.append(command("check", "train.py", cwd=tmp_path, cache=True).stdout)
    assert ["TFG202" in each for each in told] == [False, True, False, True, False]


def test_folders_of_src_are_looked_into(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "lib" / "losses.py").write_text(LOSSES)
    (tmp_path / "scripts" / "train.py").write_text(TRAIN)
    assert checked(tmp_path, "scripts") == {}
    (tmp_path / "pyproject.toml").write_text('[tool.tfgradlint]\nsrc = ["lib"]\n')
    assert checked(tmp_path, "scripts") == {"scripts/train.py:6": "TFG202"}
    assert "losses.py:6" in flake8("--select=TFG", "scripts/train.py", cwd=tmp_path).stdout


def test_parallel_runs_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "losses.py").write_text(LOSSES)
    for number in range(40):
        (tmp_path / f"train_{number}.py").write_text(TRAIN + "# a line that takes some room\n" * 200)
    one, two = (
        command("check", "--no-cache", "--jobs", jobs, ".", cwd=tmp_path, apart=True).stdout for jobs in ("1", "2")
    )
    assert one == two
    assert one.count("TFG202") == 1


def test_without_a_path_nothing_is_followed() -> None:
    assert [each.verdict for each in judge(TRAIN).predictions] == ["unknown"]
    assert [each.verdict for each in judge(FAULTY).predictions] == ["none"]


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        ('import_module("losses").loss', "none"),
        ('import_module(name="losses").loss', "none"),
        ('__import__("losses").loss', "none"),
        ('import_module("inner.losses").loss', "none"),
        ('import_module(".losses", "inner").loss', "none"),
        ('import_module(f".{NAME}", package="inner").loss', "none"),
        ('__import__("inner.losses").losses.loss', "none"),
        ('__import__("inner.losses", fromlist=["loss"]).loss', "none"),
        ('import_module("..losses", "inner").loss', "unknown"),
        ("import_module(input()).loss", "unknown"),
        ('import_module("tensorflow").reduce_sum', "flows"),
    ],
)
def test_modules_are_imported_by_name(tmp_path: Path, call: str, verdict: str) -> None:
    imports = f'from importlib import import_module\n\nNAME = "losses"\nloss = {call}'
    files = {"inner/__init__.py": "", "inner/losses.py": LOSSES, "losses.py": LOSSES}
    train = TRAIN.replace("from losses import loss", imports)
    assert verdicts(tmp_path, {"train.py": train, **files}) == [verdict]


def test_a_module_that_nobody_names_may_register_what_it_defines(tmp_path: Path) -> None:
    known = (
        "import tensorflow as tf\n\nKNOWN = {'loss': tf.reduce_sum}\n\ndef add(name, loss):\n    KNOWN[name] = loss\n"
    )
    train = TRAIN.replace(
        "from losses import loss\n", "import importlib\nimport known\nimportlib.import_module(input())\n"
    )
    train = train.replace("loss(w)", "known.KNOWN['loss'](w)")
    assert verdicts(tmp_path, {"train.py": train, "known.py": known}) == ["unknown"]


def test_a_comment_is_used_if_any_view_needs_it(tmp_path: Path) -> None:
    """flake8 and ``check`` of one file tell of the step, ``check`` of both of the break: TFG901 asks for none to go."""
    silenced = {
        "train.py": TRAIN.replace("loss(w)", "loss(w)  # noqa: TFG202"),
        "losses.py": LOSSES.replace("(np.square(w))", "(np.square(w))  # noqa: TFG202"),
    }
    for name, text in silenced.items():
        (tmp_path / name).write_text(text)
    flags = ("--select", "TFG,TFG901")
    for paths in ((".",), ("train.py",), ("losses.py",)):
        assert command("check", *flags, *paths, cwd=tmp_path).stdout == ""
        assert flake8("--select=TFG,TFG901", *paths, cwd=tmp_path).stdout == ""
    (tmp_path / "losses.py").write_text(LOSSES)
    assert [line.split()[1] for line in command("check", *flags, ".", cwd=tmp_path).stdout.splitlines()] == ["TFG202"]
    (tmp_path / "losses.py").write_text(silenced["losses.py"].replace("np.square", "tf.square"))
    assert "losses.py:6:49: TFG901" in command("check", *flags, ".", cwd=tmp_path).stdout
    (tmp_path / "train.py").unlink()
    assert "losses.py:6:49: TFG901" in command("check", *flags, "losses.py", cwd=tmp_path).stdout


def test_settings_of_a_file_are_those_for_what_is_told_in_it(tmp_path: Path) -> None:
    for name, text in {"train.py": TRAIN, "losses.py": LOSSES}.items():
        (tmp_path / name).write_text(text)
    table = tmp_path / "pyproject.toml"
    table.write_text('[tool.tfgradlint.per-file-ignores]\n"losses.py" = ["TFG202"]\n')
    assert checked(tmp_path, ".") == {}
    assert checked(tmp_path, "train.py") == {"train.py:6": "TFG202"}
    table.write_text('[tool.tfgradlint.per-file-ignores]\n"train.py" = ["TFG202"]\n')
    assert checked(tmp_path, ".") == {"losses.py:6": "TFG202"}
    assert checked(tmp_path, "train.py") == {}


def test_installed_packages_are_read_where_they_are_named(tmp_path: Path) -> None:
    site = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    (site / "mylib" / "parts").mkdir(parents=True)
    (site / "mylib" / "__init__.py").write_text("from mylib.parts.losses import loss\n")
    (site / "mylib" / "parts" / "losses.py").write_text(LOSSES)
    (tmp_path / "train.py").write_text(TRAIN.replace("from losses", "from mylib"))
    assert checked(tmp_path, ".") == {}
    table = tmp_path / "pyproject.toml"
    table.write_text('[tool.tfgradlint]\nfollow = ["mylib"]\n')
    assert checked(tmp_path, ".") == {"train.py:6": "TFG202"}
    assert "mylib/parts/losses.py:6" in flake8("--select=TFG", "train.py", cwd=tmp_path).stdout
    table.write_text("[tool.tfgradlint]\n")
    assert "TFG202" in command("check", "--follow", "mylib", "--", "train.py", cwd=tmp_path).stdout
    for wrong, why in {"tensorflow": "is known", "a.b": "no name of a package", "json": "is known"}.items():
        table.write_text(f'[tool.tfgradlint]\nfollow = ["{wrong}"]\n')
        assert why in command("check", ".", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    "begins",
    [
        "values = [loss(w) for w in (tf.Variable([1.0]),)]\n",
        "assert loss(tf.Variable([1.0])) is None\n",
        "for start in ([1.0], [2.0]):\n    print(loss(tf.Variable(start)))\n",
        "if loss(tf.Variable([1.0])) is None:\n    pass\n",
    ],
)
def test_a_program_begins_with_any_call_of_its_module(tmp_path: Path, begins: str) -> None:
    slope = "import numpy as np\nimport tensorflow as tf\n\n\ndef loss(w):\n    with tf.GradientTape() as tape:\n"
    slope += "        y = tf.reduce_sum(w + np.square(w))\n    return tape.gradient(y, w)\n"
    (tmp_path / "slope.py").write_text(slope)
    (tmp_path / "run.py").write_text(f"import tensorflow as tf\nfrom slope import loss\n\n{begins}")
    text = (tmp_path / "run.py").read_text()
    (found,) = judge(text, project=Project(str(tmp_path / "run.py"))).predicted_elsewhere
    assert (found.path, found.prediction.entered) == ("slope.py", True)


def test_a_module_may_ask_for_keras_2(tmp_path: Path) -> None:
    (tmp_path / "env.py").write_text("import os\n\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\n")
    train = "import env\nimport tensorflow as tf\n\nw = tf.Variable(1.0)\nopt = tf.keras.optimizers.SGD()\n"
    train += "opt.minimize(lambda: w * w, [w])\n"
    for text, count in ((train, 0), (train.replace("import env\n", ""), 1)):
        analysis = judge(text, project=Project(str(tmp_path / "train.py")), version="2.18", keras=3)
        assert [each.code for each in analysis.findings] == ["TFG408"] * count


def test_repairs_tell_what_is_left_over_files(tmp_path: Path) -> None:
    asks = "\n\nv = tf.Variable([1.0])\nwith tf.GradientTape() as tape:\n    y = np.square(v)\n"
    losses = LOSSES + asks + "print(tape.gradient(y, v))\n"
    for name, text in {"train.py": TRAIN, "losses.py": losses}.items():
        (tmp_path / name).write_text(text)
    assert checked(tmp_path, ".") == {"losses.py:6": "TFG202", "losses.py:11": "TFG202"}
    run = command("check", "--fix", "--unsafe-fixes", ".", cwd=tmp_path)
    assert "y = tf.square(v)" in (tmp_path / "losses.py").read_text()
    assert (tmp_path / "train.py").read_text() == TRAIN
    assert run.returncode == 1
    assert [line.split(":")[1] for line in run.stdout.splitlines()] == ["6"]
    assert "1 finding fixed in 1 file, 1 left" in run.stderr
