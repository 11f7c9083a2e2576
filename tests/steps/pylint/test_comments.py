"""Comments to pylint, and what is said about them."""

# ruff: noqa: E501 - each file in one string

from __future__ import annotations

import pytest

from tests.steps.pylint.conftest import Compared

SOURCES = {
    "skipped.py": "# pylint: skip-file\nimport os\n",
    "skipped_late.py": "import os\n# pylint: skip-file\nimport sys\n",
    "skipped_in_text.py": '"""# pylint: skip-file"""\nimport os\n',
    "everything.py": "# pylint: disable=all\nimport os\n",
    "file_old.py": "# pylint: disable-msg=unused-import\nimport os\n# pylint: disable-all\n",
    "next_line.py": "# pylint: disable-next=unused-import\nimport os\nimport sys\n# pylint: disable-next=W0611,no-such\nimport re\n",
    "next_nothing.py": "# pylint: disable-next=unused-import\nX = 1\n\n# pylint: disable-next=invalid-name\n",
    "useless.py": '"""Doc."""\n# pylint: disable=unused-import, E1101\nimport os\nX = 1  # pylint: disable=invalid-name\n'
    "# pylint: disable=R0801,cyclic-import\n# pylint: enable=unused-import\nimport sys\n",
    "odd.py": "# pylint: disable=no-such\n# pylint: nonsense\n# pylint: disable\n# pylint: disable=\n# pylint:disable = W0611 , E9999\n"
    "import os # pylint: disable=unused-import # pylint: disable=x\n#pylint:disable=C0114;enable=C0114\n# pylint: enable=all\n",
    "inner.py": "def f(a):\n    # pylint: disable=unused-argument\n    def g(b):\n        # pylint: enable=unused-argument\n"
    "        import os\n        return 1\n    return g\n\n\nclass A:  # pylint: disable=too-few-public-methods\n"
    "    # pylint: disable=missing-docstring\n    def f(self, x):\n        return x\n    def g(self, y): # pylint: disable=C,R\n"
    "        return 1\n",
    "by_category.py": "# pylint: disable=C, W\nimport os\nx=1;y=2\ndef f(): return g\n",
    "by_checker.py": "# pylint: disable=imports,format\nimport os,sys\nx=1;y=2\n",
    "enabled.py": "# pylint: enable=use-implicit-booleaness-not-comparison-to-zero,locally-disabled\nX = 1\nif X == 0:\n    pass\n",
    "fixme.py": "# TODO: this\n# FIXME\nX = 1  # XXX: that\n# todo no\n",
    "over_lines.py": "def f(\n    a,  # pylint: disable=unused-argument\n    b,\n):\n    pass\n\n\nf(  # pylint: disable=no-value-for-parameter\n"
    "    1\n)\nif f:  # pylint: disable=using-constant-test\n    pass\nelif f:\n    pass\nelse:  # pylint: disable=pointless-statement\n"
    "    1\ntry:  # pylint: disable=broad-except\n    f()\nexcept Exception:\n    pass\n",
    "deleted.py": "# pylint: disable=bad-continuation,no-self-use,old-ne-operator,bad-whitespace\nX = 1\n# pylint: disable=useless-suppression\n",
    "suppressed.py": "import os  # pylint: disable=unused-import\n# pylint: disable=suppressed-message,I0021\nimport sys  # pylint: disable=W0611\n",
    "by_id.py": "import os  # pylint: disable=W0611,C0103,unused-import\n# pylint: enable=W0611\n",
}


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--enable=all",),
        (
            "--disable=all",
            "--enable=useless-suppression,suppressed-message,locally-disabled,file-ignored,unused-import",
        ),
        ("--enable=useless-suppression", "--fail-on=useless-suppression", "--fail-under=-100"),
        ("--enable=use-symbolic-message-instead,deprecated-pragma", "--notes=TODO,XXX", "--disable=W0611"),
    ],
    ids=["default", "all", "about", "useless", "symbolic"],
)
def test_comments(compare: Compared, options: tuple[str, ...]) -> None:
    ran = compare.write(SOURCES)(*options, "--recursive=y", ".")
    assert ran.workers == 2
    found = {message["symbol"] for message in ran.messages}
    if "--enable=all" in options:
        expected = {
            "useless-suppression",
            "suppressed-message",
            "locally-disabled",
            "file-ignored",
            "deprecated-pragma",
        }
        assert expected <= found
        assert {"use-symbolic-message-instead", "bad-inline-option", "unrecognized-inline-option"} <= found
