"""Options from another program's settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.core.errors import InvalidPipeline
from buildtools.pipeline.plain import configured_by
from buildtools.steps.pack import Pack
from buildtools.steps.upload import Upload


def test_values_of_all_kinds_are_read_as_in_a_pipeline_file() -> None:
    options = {"archive": "a.tgz", "hosts": ["local:a", "local:b"], "keep": 3, "delta": False, "timeout": "5m",
               "strategy": {"canary": 1, "batch": "50%"}, "shared": "media/", "known-hosts": ("one",)}  # fmt: skip
    step = configured_by(Upload, options, name="upload", place="settings")
    assert isinstance(step, Upload)
    assert (step.hosts, step.keep, step.delta, step.timeout) == (("local:a", "local:b"), 3, False, 300.0)
    assert (step.strategy.canary, step.shared, step.known_hosts) == ("1", ("media/",), (Path("one"),))
    packing = configured_by(
        Pack, {"modes": {"a": 755}, "only-tracked": True, "include": None}, name="pack", place="settings"
    )
    assert isinstance(packing, Pack)
    assert (packing.modes, packing.only_tracked, packing.include) == ({"a": "755"}, True, ())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"archiv-dir": "x"}, r"settings: pack has no option 'archiv-dir'"),
        ({"only-tracked": "perhaps"}, r"settings: only-tracked"),
        ({"modes": ["755"]}, r"settings: modes"),
        ({"target": "../x"}, r"target: '\.\./x' is not a usable name"),
    ],
)
def test_problems_name_where_the_options_stand(options: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidPipeline, match=said):
        configured_by(Pack, options, name="pack", place="settings")
