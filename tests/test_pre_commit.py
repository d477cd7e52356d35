"""The hook, installed from this checkout by the real pre-commit, in a repository of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from processes import FAULTY, REPAIRED, TIMEOUT

ROOT = Path(__file__).resolve().parent.parent
#: What a checkout needs for pip to build the package.
PARTS = ("pyproject.toml", "README.md", "LICENSE", "src", ".pre-commit-hooks.yaml")

GUIDE = (ROOT / "docs" / "pre-commit.md").read_text("utf-8")


def configuration(checkout: Path, revision: str) -> str:
    """Both configurations that the guide shows, as one.

    The hook comes from a checkout here, and so do the plugin and, instead of from its repository, flake8's hook.
    """
    first, second = re.findall(r"^<!-- configuration: \w+ -->\n```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    ours = first.replace("ADDRESS", str(checkout)).replace("REVISION", revision)
    theirs = re.sub(r"repo: https.*\n.*rev: .*", "repo: local", second.removeprefix("repos:\n"))
    theirs = theirs.replace("[tfgradlint]", f'[flake8, "{checkout}"]')
    return ours + theirs + FLAKE8


#: What flake8's own repository says of its hook.
FLAKE8 = """\
        name: flake8
        entry: flake8 --isolated --select TFG
        language: python
        types: [python]
"""


class Repository:
    """A git repository in which a user works."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"), os.devnull),
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "somebody"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "somebody@example.org"),
            "PRE_COMMIT_HOME": str(home),
            "PRE_COMMIT_COLOR": "never",
        }
        self.git("init", "--quiet")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def git(self, *arguments: str) -> str:
        run = self.run("git", *arguments)
        assert run.returncode == 0, run.stdout
        return run.stdout.strip()

    def pre_commit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "pre_commit", *arguments)

    def commit(self, name: str, text: str) -> tuple[bool, str]:
        """Write a file and commit it: whether that was allowed, and what was said."""
        (self.folder / name).write_text(text)
        self.git("add", name)
        run = self.run("git", "commit", "--message", name)
        if run.returncode:
            self.git("rm", "--quiet", "--force", name)
        return run.returncode == 0, run.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre_commit")


@pytest.fixture(scope="module")
def checkout(folder: Path) -> Repository:
    """The repository that the hooks come from."""
    checkout = Repository(folder / "checkout", folder / "home")
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(ROOT / part, checkout.folder / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, checkout.folder)
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message", "checkout")
    return checkout


@pytest.fixture(scope="module")
def project(folder: Path, checkout: Repository) -> Repository:
    """A project that uses the hooks, installed."""
    project = Repository(folder / "project", folder / "home")
    text = configuration(checkout.folder, checkout.git("rev-parse", "HEAD"))
    (project.folder / ".pre-commit-config.yaml").write_text(text)
    installed = project.pre_commit("install", "--install-hooks")
    assert installed.returncode == 0, installed.stdout
    return project


def passed(told: str, hook: str) -> bool:
    """What pre-commit says of a hook in its line."""
    (line,) = [line for line in told.splitlines() if line.startswith(f"{hook}...")]
    return line.endswith("Passed")


def test_the_manifest_is_what_pre_commit_expects(project: Repository) -> None:
    run = project.pre_commit("validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))
    assert (run.returncode, run.stdout) == (0, "")


def test_a_faulty_file_is_refused_and_the_findings_are_shown(project: Repository) -> None:
    allowed, told = project.commit("faulty.py", FAULTY)
    assert not allowed
    assert not passed(told, "tfgradlint")
    assert not passed(told, "flake8")
    assert told.count("faulty.py:7:26: TFG202 np.square() leaves TensorFlow") == 2


def test_a_clean_file_is_accepted(project: Repository) -> None:
    allowed, told = project.commit("repaired.py", REPAIRED)
    assert allowed
    assert passed(told, "tfgradlint")
    assert passed(told, "flake8")


def test_a_notebook(project: Repository) -> None:
    def notebook(*sources: str) -> str:
        cells = [
            {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
            for source in sources
        ]
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    allowed, told = project.commit("faulty.ipynb", notebook("%matplotlib inline", FAULTY))
    assert not allowed
    assert "faulty.ipynb:cell 2:7:26: TFG202 np.square() leaves TensorFlow" in told
    allowed, told = project.commit("repaired.ipynb", notebook("%matplotlib inline", REPAIRED))
    assert allowed
    assert passed(told, "tfgradlint")


def test_the_hook_that_repairs(folder: Path, checkout: Repository) -> None:
    project = Repository(folder / "repaired", folder / "home")
    text = configuration(checkout.folder, checkout.git("rev-parse", "HEAD")).partition("  - repo: local")[0]
    (project.folder / ".pre-commit-config.yaml").write_text(text.replace("id: tfgradlint", "id: tfgradlint-fix"))
    installed = project.pre_commit("install", "--install-hooks")
    assert installed.returncode == 0, installed.stdout
    (project.folder / "faulty.py").write_text(FAULTY)
    project.git("add", "faulty.py")
    run = project.run("git", "commit", "--message", "faulty")
    assert run.returncode != 0
    assert "files were modified by this hook" in run.stdout
    assert (project.folder / "faulty.py").read_text() == REPAIRED
    allowed, told = project.commit("faulty.py", REPAIRED)
    assert allowed
    assert passed(told, "tfgradlint --fix")


def test_where_no_file_of_python_is_staged(project: Repository) -> None:
    allowed, told = project.commit("notes.txt", FAULTY)
    assert allowed
    assert told.count("(no files to check)Skipped") == 2
    run = project.pre_commit("run", "--all-files")
    assert run.returncode == 0, run.stdout
