"""Secrets: in no output, log, report, event or message of any command, in whatever form and however cut."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Iterator

import pytest

from buildtools.reports.ansi import tame
from buildtools.reports.kinds import RENDERERS
from tests.conftest import MakeProject
from tests.e2e.running import FINE, clear, refused
from tests.support.project import Outcome

SECRET = 'S3cr&t/+ p\u00e4§w<or>d"x'

TALKER = """\
    import base64, os, sys, time, urllib.parse
    secret = os.environ["T"]
    raw = secret.encode()
    print("plain", secret, secret + secret)
    print("base64", base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode())
    for lead in (b"u:", b"us:", b"use:"):
        print("basic", base64.b64encode(lead + raw + b":more").decode())
    print("url", urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret))
    for stream in (sys.stdout.buffer, sys.stderr.buffer):
        for byte in b"slow " + raw + b" end\\n":
            stream.write(bytes([byte]))
            stream.flush()
            time.sleep(0.004)
    def torn(stream):
        for tear in (b"\\x1b[1;31m", b"\\x1b]0;title\\x07\\x1b[m", b"\\x00\\r\\xc2\\x9b"):
            for piece in (b"torn " + raw[:4] + tear[:1], tear[1:] + raw[4:9] + tear, raw[9:] + b" whole\\n"):
                stream.write(piece)
                stream.flush()
                time.sleep(0.02)
    torn(sys.stderr.buffer)
    sys.stdout.buffer.write(b"x" * 65530 + raw + b"y" * 70000 + raw + b"\\n")
    torn(sys.stdout.buffer)
    sys.exit(1)
    """

LEAKY = """\
    from buildtools.plugin import (
        Artifact, Cause, Finding, Metric, Status, Step, StepError, StepResult, TestCase
    )
    class Leaky(Step, frozen=True):
        "Say the text wherever something can be said."
        text: str = ""
        how: str = "result"
        def check_options(self):
            if self.how == "options":
                yield "text", f"I do not like {self.text}"
            if self.how == "raise-options":
                raise RuntimeError(self.text)
        def run(self, ctx):
            t = self.text
            ctx.output(f"words {t[:5]}"); ctx.output(t[5:] + "\\n" + t + "\\n")
            ctx.warn(t); ctx.progress(1, 2, t)
            if self.how == "raise":
                raise RuntimeError(t)
            if self.how == "error":
                raise StepError(t, remedy=t)
            if self.how == "tool":
                ctx.run([t])
            if self.how == "malformed":
                return t
            return StepResult(
                status=Status.FAILED, reason=t, remedy=t, warnings=(t,), outputs={"o": t, t: "o"},
                findings=(Finding(path=t, line=1, message=t, rule=t, symbol=t, tool=t),),
                cases=(TestCase(name=t, classname=t, file=t, status=Status.FAILED, message=t, details=t, stdout=t),),
                metrics=(Metric(name=t, value=1.0),), artifacts=(Artifact(name=t, path=t),),
            )
    """

EVERYWHERE = """\
    name: n ${secret.TOKEN}
    properties: {via: "x${secret.TOKEN}y"}
    env: {T: "${secret.TOKEN}"}
    steps:
      talk: {uses: shell, description: "d ${secret.TOKEN}", tags: ["${via}"], with: {run: [PYTHON, talk.py]}}
      l1: {uses: leaky, needs: [], with: {text: "${secret.TOKEN}"}}
      l2: {uses: leaky, needs: [], with: {text: "${secret.TOKEN}", how: raise}}
      l3: {uses: leaky, needs: [], with: {text: "${secret.TOKEN}", how: error}}
      l4: {uses: leaky, needs: [], with: {text: "${via}", how: tool}}
      l5: {uses: leaky, needs: [], with: {text: "${secret.TOKEN}", how: malformed}}
      s1: {uses: shell, needs: [], with: {run: ["/no/${secret.TOKEN}"]}}
      s2: {uses: shell, needs: [], cwd: "${secret.TOKEN}", with: {run: "true"}}
      s3: {uses: shell, needs: [], when: {env: {WHO: "${secret.TOKEN}"}}, with: {run: "true"}}
      s4: {uses: shell, needs: [], when: {property: {via: no}}, with: {run: "true"}}
    """


def forms(secret: str) -> Iterator[str]:
    """All the shapes in which a secret could be read."""
    raw = secret.encode()
    yield from (secret, html.escape(secret), html.escape(secret, quote=False), repr(secret)[1:-1])
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret))
    yield from (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode())
    yield from (base64.b64encode(lead + raw + b":more").decode()[8:-8] for lead in (b"u:", b"us:", b"use:"))
    yield "".join(char if char.isalnum() or char in "/+ " else f"&#{ord(char)};" for char in secret)
    yield secret[:12]


def hidden(outcome: Outcome, secret: str = SECRET, *, but: tuple[str, ...] = ()) -> None:
    """Assert that no output and no file of the project holds the secret."""
    texts = {"stdout": outcome.stdout, "stderr": outcome.stderr}
    for path in outcome.project.root.rglob("*"):
        name = str(path.relative_to(outcome.project.root))
        if path.is_file() and name not in but:
            texts[name] = path.read_text("utf-8", "replace")
    for name, text in texts.items():
        shown = tame(text.replace("\\u001b", "\x1b").replace("\\u0000", ""), color=False)
        for form in forms(secret):
            assert form not in text, f"{name} holds {form!r}"
            assert form not in shown, f"{name} shows {form!r}"


@pytest.mark.parametrize("mode", ["plain", "jsonl", "live"])
def test_a_secret_is_in_no_output_log_report_or_event(project: MakeProject, mode: str) -> None:
    import sys

    made = project({"pipeline.yaml": EVERYWHERE.replace("PYTHON", sys.executable)})
    made.write({"talk.py": TALKER, "steps/leaky.py": LEAKY})
    reports = [f"--report={kind}=reports/{kind}" for kind in RENDERERS]
    said = made.run("-k", "-v", "--output", mode, *reports, env={"TOKEN": SECRET, "PYTHONUTF8": "1"})
    assert said.code == 5, said
    assert "***" in said.stdout
    hidden(said)
    for kind in RENDERERS:
        masked = (made.root / "reports" / kind).read_text("utf-8")
        assert any(mask in masked for mask in ("***", "&#42;&#42;&#42;")), kind
    (record,) = (made.root / ".buildtools/runs").iterdir()
    for path in (made.root / "reports/junit", made.root / "build/reports/report.html", record / "events.jsonl"):
        assert path.read_text("utf-8").count("torn *** whole") >= 3, path
    assert said.status("talk") == said.status("l1") == "failed"
    (log,) = (made.root / ".buildtools/runs").glob("*/logs/*talk.log")
    assert log.read_text().count("slow ***") == 2
    assert log.read_text().count("torn *** whole") == 6
    # What stderr said last may have come between, on a busy machine.
    rest = log.read_text().translate(dict.fromkeys(map(ord, " end\n")))
    assert "x***" + "y" * 70000 + "***" in rest


@pytest.mark.parametrize("words", ["list", "list --json", "graph", "graph --format json", "graph --format dot",
                                   "graph --format mermaid", "run -n", "validate"])  # fmt: skip
def test_a_secret_is_in_no_other_command(project: MakeProject, words: str) -> None:
    made = project({"pipeline.yaml": EVERYWHERE, "steps/leaky.py": LEAKY})
    said = made.call(*words.split(), env={"TOKEN": SECRET})
    clear(said, 0)
    hidden(said)
    assert "***" in said.stdout or words in ("validate", "graph --format mermaid")


def test_a_secret_is_in_no_message_about_the_file(project: MakeProject) -> None:
    text = """\
        properties: {p: "${secret.TOKEN}"}
        steps:
          a: {uses: pylint, with: {fail-under: "${secret.TOKEN}"}}
          b: {uses: shell, timeout: "${secret.TOKEN}", with: {run: x, check: "${p}"}}
          c: {uses: leaky, with: {text: "${secret.TOKEN}", how: options}}
          d: {uses: leaky, with: {text: "${secret.TOKEN}", how: raise-options}}
          e: {uses: shell, matrix: {x: ["${secret.TOKEN}/"]}, with: {run: x}}
        """
    made = project({"pipeline.yaml": text, "steps/leaky.py": LEAKY})
    for secret in (SECRET, "long-" * 30, "two lines of a key\nand the second one"):
        said = made.run(env={"TOKEN": secret})
        refused(said, 3, "fail-under: expected a number, found '***", "I do not like ***")
        hidden(said, secret)


def test_a_secret_that_is_used_only_when_its_step_starts(project: MakeProject) -> None:
    plugin = """\
        from buildtools.plugin import Step, StepResult
        class Make(Step, frozen=True):
            "Make an output."
            provides = ("o",)
            def run(self, ctx):
                return StepResult(outputs={"o": "made"})
        """
    text = """\
        properties: {via: "p ${secret.T2}"}
        steps:
          m: {uses: make}
          a: {uses: shell, needs: [m], with: {run: 'echo "${secret.T1} ${steps.m.o}"'}}
          b: {uses: shell, needs: [m], env: {A: '${steps.m.o} ${via}'}, with: {run: 'echo "$A"'}}
          c: {uses: shell, needs: [m], with: {run: 'echo "${nope:-${secret.T3}} ${steps.m.o}"'}}
          d: {uses: pylint, needs: [m], with: {fail-under: '${secret.T4} ${steps.m.o}'}}
        """
    made = project({"pipeline.yaml": text, "steps/make.py": plugin})
    secrets = {f"T{n}": f"{word}-secret" for n, word in enumerate(("first", "second", "third", "fourth"), 1)}
    said = made.run("-k", env=secrets)
    clear(said, 5, "*** made", "made p ***", "found '*** made'")
    for secret in secrets.values():
        hidden(said, secret)


def test_a_secrets_file_is_hidden_whole(project: MakeProject) -> None:
    made = project({"pipeline.yaml": "secrets-file: s.yaml\n" + FINE.replace("echo fine", "cat s.yaml")})
    made.write({"s.yaml": "used-or-not: hidden-value\nlines: |\n  first line of it\n  second line of it\n"})
    (made.root / "s.yaml").chmod(0o600)
    said = made.run()
    clear(said, 0, "used-or-not: ***")
    for secret in ("hidden-value", "first line of it", "second line of it"):
        hidden(said, secret, but=("s.yaml",))


def test_a_secret_on_the_command_line_is_not_repeated(project: MakeProject) -> None:
    text = "steps: {a: {uses: shell, with: {run: 'exit 1; ${secret.TOKEN} ${p}'}}}"
    said = project({"pipeline.yaml": text}).run("-P", f"p={SECRET}", env={"TOKEN": SECRET})
    clear(said, 1, "run it alone: buildtools run -P ")
    hidden(said)


def test_a_short_or_empty_secret_does_not_hide_the_world(project: MakeProject) -> None:
    text = "steps: {a: {uses: shell, with: {run: 'echo [${secret.A}] fine'}}}"
    said = project({"pipeline.yaml": text}).run(env={"A": "   "})
    assert said.code in (0, 3), said
    assert "fine" in said.text or "is not set" in said.text
