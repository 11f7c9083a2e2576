from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.deploy.strategy import Strategy
from buildtools.plugin import StepError
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext
from tests.support.releases import pack, upload


def preview(root: Path, archive: Path, *hosts: str) -> list[str]:
    step = Upload(archive=archive, hosts=hosts or ("local:",), root="site", strategy=Strategy(canary="1", batch="2"))
    return list(step.preview(LoneContext(root)))


def test_what_would_be_done_on_each_host(tmp_path: Path) -> None:
    first, second = (pack(tmp_path, {"a": text}, revision=text) for text in ("r1", "r2"))
    assert preview(tmp_path, first) == ["local: current -> 1.0.r1 (now nothing), which would be sent"]
    assert not (tmp_path / "site").exists()
    upload(tmp_path, first)
    assert preview(tmp_path, first) == ["local: 1.0.r1 is current already"]
    before = sorted((tmp_path / "site").rglob("*"))
    assert preview(tmp_path, second, "local:", "local:b", "local:c") == [
        "local: current -> 1.0.r2 (now 1.0.r1), which would be sent",
        "local:b: current -> 1.0.r2 (now nothing), which would be sent",
        "local:c: current -> 1.0.r2 (now nothing), which would be sent",
        "in 2 batches: local | local:b, local:c",
    ]
    assert preview(tmp_path, first, "local:", "local:b", "local:c")[-1] == "in 2 batches: local:b | local:c"
    assert sorted((tmp_path / "site").rglob("*")) == before
    upload(tmp_path, second)
    assert preview(tmp_path, first) == ["local: current -> 1.0.r1 (now 1.0.r2), which stands there already"]


def test_what_would_be_refused_is(tmp_path: Path) -> None:
    archive = pack(tmp_path, {"a": "1"})
    (tmp_path / "site/demo/current").mkdir(parents=True)
    with pytest.raises(StepError, match="current is not a link but a folder"):
        preview(tmp_path, archive)
    step = Upload(archive=archive, hosts=("local:a", "local:b"), root="site", shared=("media/", ".env", "a b"))
    with pytest.raises(StepError, match=r"site/demo/shared/\.env is not there") as caught:
        list(step.preview(LoneContext(tmp_path)))
    assert caught.value.message.count(" is not there, and the release is to link to it") == 4
    assert not (tmp_path / "a").exists()
    with pytest.raises(StepError, match=r"none\.tgz is not there"):
        preview(tmp_path, Path("none.tgz"))
