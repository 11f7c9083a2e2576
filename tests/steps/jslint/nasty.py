"""Files that linters stumble over, made by code; each with what must become of it, on either engine.

`CLEAN`: no finding. `FOUND`: findings, and JSLint came to the end. `STOPPED`: JSLint gave up, and says so. `HARD`: more
than an engine may be able to do; a time-out, a death or a crash of JSLint's own is in order, a silent pass is not.
Anything else is the rule of the one finding by which the file is refused.
"""

from __future__ import annotations

import os
from pathlib import Path

CLEAN, FOUND, STOPPED, HARD = "clean", "found", "stopped", "hard"

GOOD = "/*jslint browser*/\nfunction first(list) {\n    return list[0];\n}\nwindow.first = first;\n"
"""A file in which no edition since 2020 finds anything."""

_DEEP = 10_000
_LONG = 200_000

TEXTS: dict[str, tuple[str, str | bytes]] = {
    # How a text is stored.
    "bom.js": (CLEAN, "\ufeff" + GOOD),
    "bom-only.js": (CLEAN, "\ufeff"),
    "two-boms.js": (CLEAN, "\ufeff\ufeff" + GOOD),
    "crlf.js": (CLEAN, GOOD.replace("\n", "\r\n")),
    "cr-only.js": (CLEAN, GOOD.replace("\n", "\r")),
    "mixed-ends.js": (CLEAN, GOOD.replace("\n", "\r\n", 2).replace("\n", "\r", 1)),
    "no-final-newline.js": (CLEAN, GOOD.rstrip("\n")),
    "utf16le.js": ("not-utf-8", b"\xff\xfe" + GOOD.encode("utf-16-le")),
    "utf16be.js": ("not-utf-8", b"\xfe\xff" + GOOD.encode("utf-16-be")),
    "utf16-without-bom.js": (STOPPED, GOOD.encode("utf-16-le")),
    "utf32.js": ("not-utf-8", GOOD.encode("utf-32")),
    "latin1.js": ("not-utf-8", "// caf\xe9\n".encode("latin-1")),
    "cut-character.js": ("not-utf-8", "// \N{GRINNING FACE}".encode()[:-1]),
    "overlong.js": ("not-utf-8", b"// \xc0\x80\n"),
    "stored-surrogate.js": ("not-utf-8", "// \ud800\n".encode("utf-8", "surrogatepass")),
    "beyond-unicode.js": ("not-utf-8", b"// \xf4\x90\x80\x80\n"),
    "gzip.js": ("not-utf-8", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"),
    # Hardly anything in it.
    "empty.js": (CLEAN, ""),
    "newline.js": (CLEAN, "\n"),
    "spaces.js": (FOUND, " \t \n\n\n   "),
    "shebang-only.js": (CLEAN, "#!/usr/bin/env node"),
    "shebang.js": (CLEAN, "#!/usr/bin/env node\n/*jslint node*/\nconsole.log(1);\n"),
    "late-shebang.js": (STOPPED, "\n#!/usr/bin/env node\n"),
    "comment-only.js": (CLEAN, "// nothing\n"),
    "block-comment-only.js": (CLEAN, "/*\n * nothing\n */\n"),
    "semicolon.js": (FOUND, ";\n"),
    "one-character.js": (STOPPED, "@"),
    # Characters.
    "nul.js": (STOPPED, "let a = 1;\0\n"),
    "nul-in-string.js": (CLEAN, 'let a = "\0";\n'),
    "controls.js": (STOPPED, "".join(map(chr, range(1, 32))) + "\n"),
    "delete.js": (STOPPED, "let a = 1;\x7f\n"),
    "line-separators.js": (STOPPED, 'const a = "\u2028\u2029";\n'),
    "separators-as-ends.js": (STOPPED, GOOD.replace("\n", "\u2028")),
    "next-line.js": (STOPPED, "let a = 1;\x85let b = 2;\n"),
    "zero-width.js": (STOPPED, "let a\u200b = 1;\n"),
    "no-break-space.js": (CLEAN, "let\xa0a = 1;\n"),
    "bidi.js": (CLEAN, "// \u202e;a tel\u202c\nlet a = 1;\n"),
    "astral-name.js": (STOPPED, "const \N{MATHEMATICAL BOLD SMALL A} = 1;\n"),
    "astral-string.js": (CLEAN, 'const a = "\N{GRINNING FACE}";\n'),
    "combining.js": (STOPPED, "let e\u0301 = 1;\n"),
    "lone-surrogate-escapes.js": (CLEAN, 'const a = "\\ud800 \\udc00\\ud800";\n'),
    "lone-surrogate-pieces.js": (STOPPED, "let \\ud800 = '\\u{D800}';\n"),
    "noncharacters.js": (CLEAN, "// \ufffe\uffff\ufdd0\n"),
    "escaped-name.js": (STOPPED, "let \\u0061b = 1;\n"),
    # Never closed.
    "open-comment.js": (STOPPED, "/* no end\n"),
    "open-string.js": (STOPPED, 'let a = "no end\n'),
    "open-template.js": (STOPPED, "let a = `no end\n"),
    "open-template-value.js": (STOPPED, "let a = `${`${1\n"),
    "open-regexp.js": (STOPPED, "let a = /no end\n"),
    "open-class-in-regexp.js": (STOPPED, "let a = /[no end/;\n"),
    "open-bracket.js": (STOPPED, "let a = [1, 2\n"),
    "open-brace.js": (STOPPED, "function f() {\n"),
    "open-parenthesis.js": (STOPPED, "f(1,\n"),
    "open-directive.js": (STOPPED, "/*jslint node\n"),
    "only-closed.js": (HARD, ")]}\n"),
    # Long, deep and many.
    "long-comment.js": (FOUND, "// " + "x" * 30_000 + "\n"),
    "long-name.js": (FOUND, "let " + "x" * 5_000 + " = 1;\n"),
    "long-line.js": (HARD, "let a = " + "+".join(["1"] * (_LONG // 2)) + ";\n"),
    "long-string.js": (FOUND, 'let a = "' + "x" * _LONG + '";\n'),
    "long-sum.js": (FOUND, "let a = " + " + ".join(["1"] * 300) + ";\n"),
    "deep-brackets.js": (HARD, "let a = " + "[" * _DEEP + "]" * _DEEP + ";\n"),
    "deep-parentheses.js": (HARD, "let a = " + "(" * _DEEP + "1" + ")" * _DEEP + ";\n"),
    "deep-blocks.js": (STOPPED, "{\n" * _DEEP + "}\n" * _DEEP),
    "deep-unary.js": (HARD, "let a = " + "!" * _DEEP + "1;\n"),
    "deep-typeof.js": (HARD, "let a = " + "typeof " * _DEEP + "1;\n"),
    "deep-else.js": (HARD, "if (a) {\n}" + " else if (b) {\n}" * _DEEP + "\n"),
    "deep-calls.js": (HARD, "a" + "()" * _DEEP + ";\n"),
    "deep-json.js": (HARD, "[" * _DEEP + "]" * _DEEP + "\n"),
    "giant-regexp.js": (CLEAN, "let a = /" + "(?:a|b)*" * 5_000 + "/;\n"),
    "deep-regexp.js": (FOUND, "let a = /" + "(" * 3_000 + ")" * 3_000 + "/;\n"),
    "many-lines.js": (CLEAN, "\n" * 20_000),
    "many-warnings.js": (FOUND, "a = 'x'\n" * 1_500),
    "many-at-one-place.js": (FOUND, "let a = typeof b === 'undefined';\n\t" * 60 + "// " + "x" * 99 + "\n"),
    "more-than-are-listed.js": (FOUND, "a = 'x'\n" * 3_000),
    # Other languages, and newer ones than the reader may know.
    "page.js": (STOPPED, "<!DOCTYPE html>\n<html><script>let a;</script></html>\n"),
    "script-end.js": (CLEAN, 'const a = "</script><!-- -->";\n'),
    "html-comment.js": (STOPPED, "<!-- let a = 1;\n-->\n"),
    "data.js": (CLEAN, '{"a": [1, 2, {"b": null}]}\n'),
    "broken-data.js": (STOPPED, '{"a": [1, 2\n'),
    "data-twice.js": (FOUND, '{"a": 1, "a": 2}\n'),
    "jsx.js": (STOPPED, "const a = <p>{name}</p>;\n"),
    "typescript.js": (STOPPED, "interface A { b: string; }\nlet a: A = c as A;\n"),
    "module.js": (CLEAN, 'import a from "./a.js";\nexport default Object.freeze(a);\n'),
    "module-of-everything.js": (STOPPED, 'export * as b from "./b.js";\nimport * as c from "./c.js";\n'),
    "dynamic-import.js": (FOUND, 'import("z").then(console.log);\n'),
    "class-fields.js": (STOPPED, "class A extends B {\n    #x = 1;\n    static { y(); }\n}\n"),
    "await.js": (STOPPED, "for await (const x of y) {}\n"),
    "generators.js": (STOPPED, "function* f() {\n    yield* g();\n}\nf();\n"),
    "regexp-flags.js": (FOUND, "const a = /(?<x>a)[/\\/(]/dgimsuvy;\n"),
    "labels.js": (FOUND, "a: while (b) {\n    break a;\n}\n"),
    "with.js": (STOPPED, "with (a) {\n    b();\n}\n"),
    "conflict.js": (STOPPED, "<<<<<<< HEAD\nlet a = 1;\n=======\nlet a = 2;\n>>>>>>> b\n"),
    "binary-numbers.js": (STOPPED, "let a = [0b11, 0o17, 0xFF, 1_000, 10n, .5, 017, 1e999];\n"),
    # Directives, of both dialects.
    "directives.js": (FOUND, "/*jslint node, nosuch*/\n/*global jQuery*/\n/*property a*/\njQuery.b();\n"),
    "old-directive.js": (STOPPED, "/*jslint node: true, indent: 4 */\nvar a;\n"),
    "old-boolean-directive.js": (FOUND, "/*jslint node: true*/\nvar a;\n"),
    "jshint.js": (CLEAN, "/* jshint node: true */\n/* eslint-disable */\nvar a;\n"),
    "ignored-line.js": (CLEAN, GOOD.replace("list[0];", "list[0]; //jslint-ignore-line")),
    "disabled.js": (STOPPED, "/*jslint-disable*/\nwhatever(\n"),
    "disabled-and-enabled.js": (CLEAN, "/*jslint-disable*/\nwhatever(\n/*jslint-enable*/\n"),
    "empty-directive.js": (CLEAN, "/*jslint*/\n/*global*/\n/*property*/\n"),
    "proto-directive.js": (CLEAN, "/*global __proto__, constructor, toString*/\nconstructor();\n"),
    # Names that objects have by themselves.
    "proto.js": (FOUND, "const a = {__proto__: null, constructor: 1, hasOwnProperty: 2};\na.__proto__ = a;\n"),
    "proto-variables.js": (CLEAN, "let constructor = 1;\nlet hasOwnProperty = constructor;\nlet __proto__ = 1;\n"),
    "proto-labels.js": (FOUND, "toString: while (valueOf) {\n    break toString;\n}\n"),
    "proto-data.js": (FOUND, '{"__proto__": 1, "constructor": {"toString": 2}}\n'),
}

NAMES = (
    "a b.js",
    "it's.js",
    'say "x".js',
    "line\nbreak.js",
    "tab\t.js",
    "-rf.js",
    "--help.js",
    "$HOME.js",
    "%s%d{0}.js",
    "#!.js",
    "a\\b.js",
    "ünï.js",
    "u\u0308ni.js",
    "\N{GRINNING FACE}.js",
    "\u202egnp.js",
    " .js",
    ".js",
    "x" * 252 + ".js",
    "__proto__.js",
    "https:/a.js",
)
"""File names, each of a good file."""

BROKEN_NAME = os.fsdecode(b"caf\xe9 \xff.js")
"""A name that is not UTF-8; not every file system takes it."""


def strange_places(folder: Path) -> dict[str, str]:
    """Make what is no plain file under names that look like one; return what must become of those that count."""
    (folder / "folder.js").mkdir(parents=True)
    (folder / "folder.js/inside.js").write_text(GOOD)
    os.mkfifo(folder / "pipe.js")
    (folder / "link.js").symlink_to("folder.js/inside.js")
    (folder / "dangling.js").symlink_to("nowhere.js")
    (folder / "itself.js").symlink_to("itself.js")
    (folder / "round").symlink_to(".")
    (folder / "null.js").symlink_to("/dev/null")
    (folder / "failing.js").symlink_to("/proc/self/mem")  # can be opened; reading fails, for root too
    with (folder / "giant.js").open("wb") as file:
        file.truncate(33 * 1024 * 1024)
    return {
        "folder.js/inside.js": CLEAN,
        "link.js": CLEAN,
        "dangling.js": "unreadable",
        "itself.js": "unreadable",
        "giant.js": "too-large",
        "failing.js": "unreadable",
    }
