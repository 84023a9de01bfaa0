"""Great Expectations' data docs, one page a source, that open offline.

GX's renderer links style sheets and scripts of content networks, and puts sampled values into the
page as they are. Here the values are escaped first, and the links give way to a small style sheet,
so that a page loads nothing and runs nothing.
"""

from __future__ import annotations

import copy
import html
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestration.landing.gate import Check

_REMOTE = re.compile(
    r'<link[^>]+href="https?://[^>]*>|<script\b.*?</script>|<img\b[^>]*>', re.DOTALL | re.IGNORECASE
)
_HIDDEN = re.compile(r"<(nav|footer)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
_STYLE = """<style>
body {font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem}
table {border-collapse: collapse; margin: .5rem 0 1.5rem}
td, th {border-bottom: 1px solid #ddd; padding: .3rem .8rem; text-align: left; vertical-align: top}
.failed {color: #b00020; font-weight: 600} .warned {color: #8a5a00} .passed {color: #1b5e20}
.collapse, .modal, .navbar, .fa-exclamation-triangle + a {display: none}
.fa-check-circle::before {content: "✔"; color: #1b5e20}
.fa-times::before {content: "✘"; color: #b00020}
.fa-exclamation-triangle::before {content: "!"; color: #8a5a00}
</style>"""


def write_page(
    docs_dir: Path, source: str, dataset: str, results: Sequence[Any], checks: Sequence[Check]
) -> Path:
    """Write (over) a source's page and the index; returns the page.

    Args:
        results: GX validation results of the suite, on the profile and on the sample.
        checks: the same, as judged.
    """
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    docs_dir.mkdir(parents=True, exist_ok=True)
    renderer, view = ValidationResultsPageRenderer(), DefaultJinjaPageView()
    bodies = [_body(view.render(renderer.render(_escaped(result)))) for result in results]
    page = docs_dir / f"{source}.html"
    title = html.escape(f"{source}: {dataset}")
    parts = [f"<h1>{title}</h1>", _table(checks), *bodies]
    page.write_text(_page(title, "<hr>".join(parts)), encoding="utf-8")
    summary = {
        "source": source,
        "dataset": dataset,
        "judged_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}",
        "passed": sum(check.success for check in checks),
        "warned": sum(not c.success and c.severity == "warn" for c in checks),
        "failed": sum(not c.success and c.severity == "refuse" for c in checks),
    }
    page.with_suffix(".json").write_text(json.dumps(summary), encoding="utf-8")
    _write_index(docs_dir)
    return page


def _table(checks: Sequence[Check]) -> str:
    """The checks in our own words, failures first; GX's detailed pages follow below it."""
    words = {"refuse": ("failed", "refused"), "warn": ("warned", "warns")}
    rows = []
    for check in checks:
        style, word = ("passed", "passed") if check.success else words[check.severity]
        cells = [
            check.check_name.replace("_", " "),
            check.expected or "",
            check.observed or "",
            ", ".join(check.failed_periods[:12]),
            check.detail,
        ]
        text = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr><td class="{style}">{word}</td>{text}</tr>')
    head = "<th>result<th>check<th>expected<th>found<th>periods<th>why"
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _write_index(docs_dir: Path) -> None:
    rows = []
    for file in sorted(docs_dir.glob("*.json")):
        text = {k: html.escape(str(v)) for k, v in json.loads(file.read_text("utf-8")).items()}
        rows.append(
            f'<tr><td><a href="{file.stem}.html">{text["source"]}</a></td>'
            f"<td>{text['dataset']}</td><td>{text['judged_at']}</td>"
            f'<td class="passed">{text["passed"]}</td><td class="warned">{text["warned"]}</td>'
            f'<td class="failed">{text["failed"]}</td></tr>'
        )
    head = "source</th><th>dataset</th><th>judged</th><th>passed</th><th>warned</th><th>refused"
    table = f"<h1>What the gate found</h1><table><tr><th>{head}</th></tr>{''.join(rows)}</table>"
    (docs_dir / "index.html").write_text(_page("What the gate found", table), encoding="utf-8")


def _page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"{_STYLE}</head><body>{body}</body></html>\n"
    )


def _body(page: str) -> str:
    """What GX put into a page's body, without links to the outside, scripts and its menus."""
    body = page.split("<body>", 1)[-1].split("</body>", 1)[0]
    return _HIDDEN.sub("", _REMOTE.sub("", body))


def _escaped(result: Any) -> Any:
    """A copy of a validation result whose values are safe inside HTML and GX's templates."""
    safe = copy.deepcopy(result)
    for found in safe.results:
        found.result = _escape(found.result)
    return safe


def _escape(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value[:200]).replace("$", "&#36;")
    if isinstance(value, dict):
        return {key: _escape(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_escape(part) for part in value)
    return value
