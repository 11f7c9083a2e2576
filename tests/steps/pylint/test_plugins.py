"""Plugins: pylint's own extensions, those for Django and pytest, and one's own."""

# ruff: noqa: E501, ISC004 - each file in one string

from __future__ import annotations

import pytest

from tests.differential.projects import plugins
from tests.steps.pylint.conftest import Compared

CODE = '''"""Doc."""
import typing
from typing import Dict, List, Optional, Union
import pathlib._local
from os import _exit as leave

VALUE = 0  #


def documented(a, b, *args, c=None, **kwargs):
    """Do.

    :param a: the first
    :param x: no such one
    :raises KeyError: never
    """
    if a == 1 or a == 2:
        raise ValueError
    elif a in ["x", "y"]:
        b = 5
        b = "text"
    else:
        if a:
            return None
    result = []
    for item in range(3):
        result.append(item)
    while (value := a.read()):
        print(value)
    if not len(result):
        pass
    if a == "":
        pass
    if b == 0:
        pass
    try:
        return c if c else None
    except Exception:
        raise
    return result


def annotated(a: Optional[int], b: Union[int, None], d: Dict[str, List[int]], e: typing.Any) -> "None":
    """Do."""
    x: int = 1
    x = "s"
    big = 1000000000
    more = 1.5e10
    return [e for e in d if e] and {k: v for k, v in d.items()} or x or big or more or dict() or (lambda: a)


class One:
    """Do."""

    @staticmethod
    def __dunder_misspelt__():
        """Do."""

    def _check_all(self, first, second):
        import re
        for number in range(10):
            if number > 5:
                if first:
                    while second:
                        if re:
                            continue
        return eval("1") and self.__class__ == One


def setter(): return property(lambda self: None)
'''

DJANGO = {
    "site/__init__.py": "",
    "site_settings.py": "SECRET_KEY = 'x'\nINSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth', 'shop']\nUSE_TZ = True\n"
    "DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'\n",
    "shop/__init__.py": "",
    "shop/models.py": "from django.db import models\nfrom django.contrib.auth.models import User\n\n\nclass Owner(models.Model):\n"
    "    name = models.CharField(max_length=3, null=True)\n    user = models.ForeignKey('auth.User', on_delete=models.CASCADE)\n\n"
    "    def __unicode__(self):\n        return self.name.nothing\n\n\nclass Good(models.Model):\n"
    "    owner = models.ForeignKey('shop.Owner', on_delete=models.CASCADE, related_name='goods')\n"
    "    other = models.ForeignKey('Owner', on_delete=models.CASCADE)\n    price = models.DecimalField()\n\n"
    "    class Meta:\n        ordering = ['price']\n\n    def total(self):\n"
    "        return self.owner.name.upper() + self.owner.missing + self.id + self.pk + self.goods_set + User.objects.all()\n",
    "shop/views.py": "import json\nfrom django.http import HttpResponse\nfrom django.views.generic import TemplateView\n"
    "from .models import Good, Owner\n\n\ndef index(request):\n    goods = Good.objects.filter(price__gt=1)\n"
    "    for owner in Owner.objects.all():\n        owner.goods.all()\n        owner.nothing()\n"
    "    return HttpResponse(json.dumps({'n': goods.count(), 'm': Good.DoesNotExist, 'x': Good.NoSuch}))\n\n\n"
    "class Page(TemplateView):\n    def get(self, request, *args, **kwargs):\n        return request.user.name\n",
    "shop/forms.py": "from django import forms\nfrom shop.models import Good\n\n\nclass GoodForm(forms.ModelForm):\n"
    "    class Meta:\n        model = Good\n        exclude = ['price']\n\n    def clean(self):\n        return self.cleaned_data['x']\n",
    "shop/urls.py": "from django.urls import path\nfrom . import views\nurlpatterns = [path('', views.index), path('p', views.Page.as_view())]\n",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": "from django.db import migrations, models\nclass Migration(migrations.Migration):\n"
    "    dependencies = []\n    operations = [migrations.AddField('good', 'x', models.IntegerField(default=1)), "
    "migrations.RunPython(lambda a, b: None)]\n",
    "shop/tests.py": "from django.test import TestCase\n\n\nclass GoodTest(TestCase):\n    def test_it(self):\n"
    "        self.assertEqual(self.client.get('/').status_code, 200)\n        self.client.nothing()\n",
}

PYTEST = {
    "conftest.py": "import pytest\n\n\n@pytest.fixture\ndef given():\n    return 1\n\n\n@pytest.fixture('module')\ndef old():\n    yield 2\n",
    "fixtures.py": "import pytest\n\n\n@pytest.fixture\ndef other(given):\n    return given\n\n\n@pytest.mark.slow\n@pytest.fixture()\n"
    "def marked():\n    pass\n",
    "test_a.py": "from fixtures import other, marked\nimport pytest\n\n\n@pytest.fixture\ndef mine(given):\n    return given\n\n\n"
    "def test_one(given, mine, other):\n    assert mine\n\n\n@pytest.mark.usefixtures('given')\ndef test_two(unknown):\n    pass\n\n\n"
    "class TestThem:\n    @pytest.fixture(autouse=True)\n    def prepare(self, given):\n        self.value = given\n\n"
    "    def test_it(self):\n        assert self.value.nothing\n",
    "test_b.py": "from fixtures import other\nimport os\n\n\ndef test_three(given):\n    assert os\n",
    "plain.py": "import os\nfrom fixtures import other\n",
}


def symbols(ran: object) -> set[str]:
    return {message["symbol"] for message in ran.messages}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "more", [(), ("--enable=all",), ("--enable=all", "--max-complexity=1", "--accept-no-param-doc=n")]
)
def test_all_of_pylints_extensions(compare: Compared, more: tuple[str, ...]) -> None:
    compare.write(
        {"pkg/__init__.py": "", "pkg/a.py": CODE, "pkg/b.py": CODE.replace("One", "Two"), "pkg/c.py": "#\n\n\n#\n"}
    )
    ran = compare(plugins(), *more, "pkg")
    assert (ran.workers, ran.plain) == (2, "")
    assert {"consider-using-any-or-all", "missing-param-doc", "else-if-used", "too-complex"} & symbols(ran)


@pytest.mark.parametrize("way", ["option", "variable", "none", "wrong"])
def test_django(compare: Compared, way: str) -> None:
    pytest.importorskip("pylint_django")
    compare.write(DJANGO)
    options = {"option": ("--django-settings-module=site_settings",), "wrong": ("--django-settings-module=absent",)}
    env = {"PYTHONPATH": ".", **({"DJANGO_SETTINGS_MODULE": "site_settings"} if way == "variable" else {})}
    ran = compare("--load-plugins=pylint_django", *options.get(way, ()), "shop", "site_settings.py", **env)
    assert ran.workers == 2 or ran.plain
    assert "modelform-uses-exclude" in symbols(ran)
    if way == "none":
        assert "django-not-configured" in symbols(ran)
    if way == "variable":
        compare(
            "--load-plugins=pylint_django,pylint_django.checkers.migrations",
            "--enable=all",
            "--recursive=y",
            ".",
            **env,
        )


def test_pytest(compare: Compared) -> None:
    pytest.importorskip("pylint_pytest")
    ran = compare.write(PYTEST)("--load-plugins=pylint_pytest", "--recursive=y", ".")
    assert ran.workers == 2 or ran.plain
    assert "deprecated-positional-argument-for-pytest-fixture" in symbols(
        ran
    ) or "cannot-enumerate-pytest-fixtures" in symbols(ran)


MINE = """
from pylint.checkers import BaseChecker, BaseRawFileChecker, BaseTokenChecker


class Mine({base}):
    name = "mine"
    msgs = {{"R9901": ("Mine %s", "mine-found", "Doc.")}}
{body}


def register(linter):
    linter.register_checker(Mine(linter))
"""

BODIES = {
    "raw": (
        "BaseRawFileChecker",
        "    def process_module(self, node):\n        with node.stream() as stream:\n            for number, line in enumerate(stream):\n"
        "                if b'import' in line:\n                    self.add_message('mine-found', line=number + 1, args=(line,))\n",
        "",
    ),
    "tokens": (
        "BaseTokenChecker",
        "    def process_tokens(self, tokens):\n        for token in tokens:\n            if token.string == 'import':\n"
        "                self.add_message('mine-found', line=token.start[0], col_offset=token.start[1], args=(token.type,))\n",
        "",
    ),
    "reads a file": (
        "BaseChecker",
        "    def visit_import(self, node):\n        with open('words.txt') as stream:\n            self.add_message('mine-found', node=node, args=(stream.read(),))\n",
        "",
    ),
    "map and reduce": (
        "BaseChecker",
        "    def open(self):\n        self.names = []\n    def visit_import(self, node):\n        self.names += [n for n, _ in node.names]\n"
        "    def get_map_data(self):\n        return self.names\n    def reduce_map_data(self, linter, data):\n"
        "        self.names = [n for part in data for n in part]\n        self.close()\n"
        "    def close(self):\n        for name in sorted(set(self.names)):\n            if self.names.count(name) > 1:\n"
        "                self.add_message('mine-found', args=(name,))\n",
        "",
    ),
    "counts": (
        "BaseChecker",
        "    def __init__(self, linter):\n        super().__init__(linter)\n        self.count = 0\n    def visit_import(self, node):\n"
        "        self.count += 1\n        self.add_message('mine-found', node=node, args=(self.count,))\n",
        "keeps count",
    ),
    "judges at the end": (
        "BaseChecker",
        "    seen = set()\n    def visit_import(self, node):\n        self.seen.add(node.names[0][0])\n"
        "    def close(self):\n        self.add_message('mine-found', args=(sorted(self.seen),))\n",
        "judges all files together",
    ),
    "crashes": (
        "BaseChecker",
        "    def visit_import(self, node):\n        if node.names[0][0] == 'sys':\n            raise KeyError('mine')\n"
        "        self.add_message('mine-found', node=node, args=(1,))\n",
        "",
    ),
    "changes the linter": (
        "BaseChecker",
        "    def visit_import(self, node):\n        if node.names[0][0] == 'sys':\n            self.linter.disable('mine-found')\n"
        "        self.add_message('mine-found', node=node, args=(1,))\n",
        "",
    ),
    "changes the configuration": (
        "BaseChecker",
        "    def visit_import(self, node):\n        if node.names[0][0] == 'sys':\n            self.linter.config.max_line_length = 10\n"
        "        self.add_message('mine-found', node=node, args=(self.linter.config.max_line_length,))\n",
        "",
    ),
    "asks for others": (
        "BaseChecker",
        "    def visit_import(self, node):\n        import astroid\n        other = astroid.MANAGER.ast_from_module_name('pkg.c')\n"
        "        self.add_message('mine-found', node=node, args=(len(other.body), len(astroid.MANAGER.astroid_cache) > 0,))\n",
        "",
    ),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_checker_of_ones_own(compare: Compared, kind: str) -> None:
    base, body, said = BODIES[kind]
    compare.write(
        {
            "mine.py": MINE.format(base=base, body=body),
            "words.txt": "some words",
            "pkg/__init__.py": "import os\n",
            "pkg/a.py": "import sys\nimport json\nVALUE = 'a line that is longer than ten'\n",
            "pkg/b.py": "import re\nimport os\n\n\nimport json\n",
            "pkg/c.py": "import json\n",
        }
    )
    if kind == "asks for others":
        body = body.replace(", len(astroid.MANAGER.astroid_cache) > 0,", ",")
        compare.write({"mine.py": MINE.format(base=base, body=body)})
    ran = compare("--load-plugins=mine", "--enable=all", "pkg", PYTHONPATH=".")
    assert "mine-found" in symbols(ran)
    if said:
        assert said in ran.plain
        assert ran.workers == 0
    else:
        assert ran.workers == 2 or ran.plain
    if kind == "crashes":
        assert "astroid-error" in symbols(ran)
