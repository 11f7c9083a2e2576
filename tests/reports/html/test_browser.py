"""The page as people see it: in a real Chromium, with and without its script and style."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from buildtools.reports.html.page import render
from tests.reports.html import samples
from tests.support import runs
from tests.support.browser import Browser

READY = "html[data-ready=yes]"
WIDE = {"width": 1180, "height": 900}
NARROW = {"width": 400, "height": 850}


def test_it_opens_filters_and_expands(browser: Browser, tmp_path: Path) -> None:
    url = samples.page(tmp_path).as_uri()
    browser.open(url, wait=READY, viewport=WIDE)
    assert browser.text("#verdict h2") == "Failed"
    assert "buildtools run pipeline.yaml lint" in browser.text(".first .command")
    assert "9 | TOKEN = '***'" in browser.text(".first .source")

    # A failure, expanded: its attempts are tabs, the last one is open, arrows move.
    browser.call("click", "#tests-list tr.is-failed summary")
    assert "said this" in browser.text("#tests-list .told")
    assert browser.js("document.querySelectorAll('#tests-list [role=tab]').length") == 2
    browser.call("click", "#tests-list [role=tab][aria-selected=true]")
    browser.call("press", "#tests-list [role=tab][aria-selected=true]", "ArrowLeft")
    assert "no answer at first" in browser.text("#tests-list [role=tabpanel]:not([hidden])")

    # Filtered, with the state in the address; opened again from there, it is the same.
    browser.call("fill", "input[type=search]", "unused import re")
    browser.until("document.querySelectorAll('#findings-list li').length === 1")
    assert "2 steps" not in browser.text("#bar output")
    assert browser.js("document.querySelectorAll('article.step:not([hidden])').length") == 1
    browser.call("selectOption", "#findings select", "rule")
    hash_ = browser.js("location.hash")
    assert hash_ == "#text=unused+import+re&by=rule"
    browser.open(url + hash_, wait=READY)
    assert browser.js("document.querySelectorAll('#findings-list li').length") == 1
    assert browser.text("#findings-list h3").startswith("W0611 unused-import")
    browser.call("selectOption", "label:has-text('Show') select", "new")
    assert "None that the filters let through." in browser.text("#findings-list")
    browser.call("selectOption", "label:has-text('Show') select", "")
    browser.call("click", "button:has-text('Clear')")
    browser.call("selectOption", "label:has-text('Status') select", "flaky")
    assert browser.js("document.querySelector('article.step:not([hidden])').dataset.step") == "fetch"
    assert browser.js("location.hash") == "#status=flaky&by=rule"

    # A link to a step that the filter hides shows and opens it.
    browser.call("click", ".first .to-step")
    assert browser.js(
        "document.querySelector('#step-lint > details').open && !document.querySelector('#step-lint').hidden"
    )
    assert "at=step-lint" in browser.js("location.hash")
    assert browser.heard == []


def test_keys_lead_through_the_failures_and_the_run_is_saved(browser: Browser, tmp_path: Path) -> None:
    browser.open(samples.page(tmp_path).as_uri(), wait=READY)
    where = "document.activeElement.closest('article, tr')"
    browser.call("press", "body", "j")
    assert browser.js(f"{where}.id") == "step-lint"
    browser.call("press", "*:focus", "j")
    browser.call("press", "*:focus", "j")
    assert browser.js(f"{where}.className") == "is-failed"
    browser.call("press", "*:focus", "/")
    assert browser.js("document.activeElement.type") == "search"
    # In the filter they are letters; where single keys are not wanted, they do nothing.
    browser.call("press", "*:focus", "j")
    assert browser.js("document.activeElement.value") == "j"
    browser.call("press", "*:focus", "Escape")
    assert browser.js("document.activeElement.value") == ""
    browser.call("click", ".keys summary")
    browser.call("click", ".keys input")
    browser.call("press", ".keys summary", "j")
    assert browser.js("document.activeElement.closest('.keys') !== null")

    browser.js(
        "URL.createObjectURL = (blob) => { blob.text().then((text) => { window.saved = text; }); return '#saved'; }"
    )
    browser.call("click", "#footer button")
    browser.until("window.saved")
    saved = json.loads(browser.js("window.saved"))
    assert saved["exit_code"] == 1
    assert [step["id"] for step in saved["steps"]] == ["lint", "unit", "fetch", "upload"]
    assert browser.heard == []


def test_both_schemes_a_narrow_screen_and_accessibility(browser: Browser, tmp_path: Path) -> None:
    url = samples.page(tmp_path).as_uri()
    papers = set()
    for scheme in ("light", "dark"):
        for viewport in (WIDE, NARROW):
            browser.open(url, wait=READY, viewport=viewport, colorScheme=scheme)
            browser.js("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            assert browser.js("document.documentElement.scrollWidth") <= viewport["width"]
            if (scheme, viewport) != ("dark", NARROW):  # each scheme and each width once, as it takes its time
                assert browser.barriers == []
            papers.add((scheme, browser.js("getComputedStyle(document.body).backgroundColor")))
            assert browser.heard == []
    assert len(papers) == 2
    # The choice on the page wins over the system's.
    browser.call("selectOption", "label:has-text('Colours') select", "light")
    assert ("light", browser.js("getComputedStyle(document.body).backgroundColor")) in papers


def test_every_outcome_and_hostile_text(browser: Browser, tmp_path: Path) -> None:
    for name, run in (("every", runs.every_outcome()), ("hostile", runs.hostile()), ("line", runs.endless_line())):
        file = tmp_path / f"{name}.html"
        file.write_bytes(render(run))
        browser.open(file.as_uri(), wait=READY, viewport=NARROW)
        browser.js("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert browser.js("document.documentElement.scrollWidth") <= NARROW["width"], name
        assert browser.js("document.querySelectorAll('script').length") == 3, "what a step said became a script"
        assert browser.heard == [], name
        assert name != "every" or browser.barriers == []


def test_it_prints_with_everything_open(browser: Browser, tmp_path: Path) -> None:
    browser.open(samples.page(tmp_path).as_uri(), wait=READY, colorScheme="dark")
    # What the browser does around printing, which a PDF does not let one look into.
    browser.js("dispatchEvent(new Event('beforeprint'))")
    browser.call("emulateMedia", {"media": "print"})
    assert browser.js("document.querySelector('#tests-list details').open")
    assert browser.js("document.querySelectorAll('[role=tabpanel][hidden]').length") == 0
    assert browser.js("getComputedStyle(document.querySelector('#bar')).display") == "none"
    assert browser.js("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    browser.js("dispatchEvent(new Event('afterprint'))")
    assert not browser.js("document.querySelector('#tests-list details').open")
    pdf = tmp_path / "page.pdf"
    browser.call("pdf", {"path": str(pdf), "format": "A4"})
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert browser.heard == []


def test_a_policy_that_blocks_script_and_style_leaves_a_page_to_read(browser: Browser, tmp_path: Path) -> None:
    with served(samples.page(tmp_path).read_bytes()) as url:
        browser.open(url, viewport=NARROW)
        shown = browser.text("body")
        assert browser.js("document.styleSheets.length") == 0
        assert browser.js("document.documentElement.dataset.ready === undefined")
        for words in (
            "Failed",
            "The gate is closed (exit 1).",
            "First failure",
            "buildtools run pipeline.yaml lint",
            "9 | TOKEN = '***'",
            "Unused import re",
            "no answer at first",
            "last words",
            "lines 6, 9",
            "84.5 %",
        ):
            assert words in shown or words in browser.js("document.body.textContent"), words
        # Nothing that only the script could work stands there.
        assert browser.js("document.querySelectorAll('button, input, select, [role=tab]').length") == 0
        assert browser.js("document.querySelector('#step-lint > details').open")
        assert not browser.js("document.querySelector('#step-fetch > details').open")


def test_a_great_run_stays_small_and_can_be_worked_with(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "large.html"
    file.write_bytes(render(runs.large(50_000, 20_000)))
    assert file.stat().st_size < 10_000_000
    browser.open(file.as_uri(), wait=READY)
    assert browser.text("#findings-list .pager span") == "1–50 of 50,000"
    assert browser.text("#tests-list .pager span") == "1–50 of 20,000"
    browser.call("click", "#findings-list .pager button:has-text('Next')")
    assert browser.text("#findings-list .pager span") == "51–100 of 50,000"
    assert browser.js("location.hash") == "#findings=2&at=findings"
    browser.call("fill", "input[type=search]", "module17.py")
    browser.until("document.querySelector('#bar output').textContent.includes('100 findings, 100 tests')")
    browser.call("fill", "input[type=search]", "no such thing")
    browser.until("document.querySelector('#findings-list').textContent.startsWith('None')")
    assert browser.js("document.querySelectorAll('*').length") < 5_000
    assert browser.heard == []


@contextmanager
def served(page: bytes) -> Iterator[str]:
    """Serve a page on the loopback interface under the policy that Jenkins serves artifacts with."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            policy = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';"
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/report.html"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
