"""The pages that are written by hand say what is true, and the site holds together."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from processes import command

from tfgradlint.reports.rule_page import SITE, link
from tfgradlint.rules import all_rules

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
HAND_WRITTEN = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), DOCS / "rules" / "index.md"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
SVG = "{http://www.w3.org/2000/svg}"


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MkDocs both make them."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def marked(page: str, mark: str, language: str) -> list[str]:
    """The code blocks of a page that follow a mark."""
    text = (DOCS / page).read_text("utf-8")
    return re.findall(rf"^<!-- {mark} -->\n```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: page.name)
def test_links_between_pages_lead_to_a_page_and_a_heading(page: Path) -> None:
    broken = []
    for written in LINK.findall(prose(page)):
        if "://" in written:
            continue
        name, _, anchor = written.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(written)
    assert broken == []


def test_every_page_is_in_the_navigation_and_the_navigation_has_no_other() -> None:
    site = (ROOT / "mkdocs.yml").read_text("utf-8")
    named = re.findall(r"[\w/-]+\.md$", site.partition("\nnav:\n")[2], re.MULTILINE)
    assert sorted(named) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def test_the_address_of_the_site_is_one() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'[project.urls]\nDocumentation = "{SITE}"\n' in project
    assert f"\nsite_url: {SITE}\n" in (ROOT / "mkdocs.yml").read_text("utf-8")
    assert SITE.startswith("https://")
    assert SITE.endswith("/")


def test_every_rule_has_its_page_where_its_findings_lead() -> None:
    assert "use_directory_urls" not in (ROOT / "mkdocs.yml").read_text("utf-8")
    for rule in all_rules():
        assert link(rule.code).startswith(SITE)
        page = DOCS / f"{link(rule.code).removeprefix(SITE).removesuffix('/')}.md"
        assert f"# {rule.name} ({rule.code})\n" in page.read_text("utf-8")


def test_the_publisher_builds_the_site_with_what_it_needs() -> None:
    publisher = (ROOT / ".readthedocs.yaml").read_text("utf-8")
    for line in ("version: 2", "  configuration: mkdocs.yml", "  fail_on_warning: true"):
        assert f"\n{line}\n" in publisher
    (extra,) = re.findall(r"extra_requirements: \[(\w+)\]$", publisher, re.MULTILINE)
    assert re.search(rf"^{extra} = \[.*\"mkdocs>=", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)


def test_a_rule_is_told_with_the_address_of_its_page() -> None:
    told = command("rule", "TFG202").stdout
    assert told.startswith("# numpy-function (TFG202)\n")
    assert told.rstrip("\n").endswith(f"\n\n{SITE}rules/TFG202/")
    assert re.findall(rf"^{re.escape(SITE)}rules/(\w+)/$", command("rule", "--all").stdout, re.MULTILINE) == [
        rule.code for rule in all_rules()
    ]


def test_the_first_file_gives_what_is_shown(tmp_path: Path) -> None:
    (program,) = marked("getting-started.md", "file: step.py", "python")
    (tmp_path / "step.py").write_text(program)
    for name in ("check", "predict"):
        (shown,) = marked("getting-started.md", f"output: {name}", "text")
        assert command(name, "step.py", cwd=tmp_path).stdout == shown
    repaired = program.replace("np.square", "tf.square")
    (tmp_path / "step.py").write_text(repaired)
    assert command("check", "step.py", cwd=tmp_path).returncode == 0


def test_the_finding_on_the_first_page_is_a_real_one() -> None:
    (shown,) = re.findall(r"^```text\n(.*?)^```$", (DOCS / "index.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert shown in (ROOT / "examples" / "expected.txt").read_text("utf-8").splitlines(keepends=True)


def test_what_is_quoted_of_the_code_stands_in_its_files() -> None:
    page = (DOCS / "contributing.md").read_text("utf-8")
    quoted = re.findall(r"^<!-- lines: (\S+) -->\n```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(quoted) == page.count("<!-- lines: ") > 0
    for path, lines in quoted:
        text = (ROOT / path).read_text("utf-8")
        assert [line for line in lines.splitlines() if line not in text] == []
    for path in re.findall(r"`((?:tests|tools|docs)/[\w./-]*)`", page):
        assert (ROOT / path).exists()


def test_what_is_shown_of_the_unknown_is_real(tmp_path: Path) -> None:
    (tmp_path / "step.py").write_text(
        "import tensorflow as tf\nfrom mylib import blur\n\nw = tf.Variable([1.0])\n"
        "with tf.GradientTape() as tape:\n    loss = tf.reduce_sum(blur(w))\ngradient = tape.gradient(loss, w)\n"
    )
    run = command("predict", "--verbose", "step.py", cwd=tmp_path)
    page = (DOCS / "false-alarms.md").read_text("utf-8")
    assert f"```text\n{run.stdout}{run.stderr}```" in page
    assert "w: flows" in command("predict", "--gradients", "mylib.blur=flows", "step.py", cwd=tmp_path).stdout


def test_the_picture_shows_one_break_between_what_was_recorded_and_what_was_not() -> None:
    picture = ElementTree.parse(DOCS / "flow-graph.svg").getroot()
    legend = 1
    kinds = [line.get("class") for line in picture.iter(f"{SVG}line")]
    assert kinds.count("broken") == 1 + legend
    assert kinds.count("flows") == 3 + legend
    boxes = [rect.get("class") for rect in picture.iter(f"{SVG}rect")]
    assert (boxes.count("box variable"), boxes.count("box recorded")) == (1, 3)
    (broken,) = [line for line in picture.iter(f"{SVG}line") if line.get("class") == "broken"][:1]
    words = {text.text for text in picture.iter(f"{SVG}text")}
    assert {"np.sum(a * b, axis=-1)", "a * b"} <= words
    above, below = float(broken.get("y1", "0")), float(broken.get("y2", "0"))
    places = {text.text: float(text.get("y", "0")) for text in picture.iter(f"{SVG}text")}
    assert places["a * b"] < above < below < places["np.sum(a * b, axis=-1)"]
