from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.core.errors import InvalidPipeline
from buildtools.pipeline.find import find_file, root_of


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["pipeline.yaml", "pipeline.yml", "pipelines/a.yaml"], "pipeline.yaml"),
        (["pipeline.yml", ".config/pipeline.yaml"], "pipeline.yml"),
        ([".config/pipeline.yaml", "pipelines/a.yaml"], ".config/pipeline.yaml"),
        (
            ["pipelines/a.yaml", "pipelines/pipeline.local.yaml", "pipelines/x.properties.yaml", "pipelines/n.txt"],
            "pipelines/a.yaml",
        ),
        (["pipelines/a.yml"], "pipelines/a.yml"),
    ],
)
def test_from_the_folder_upwards(tmp_path: Path, names: list[str], found: str) -> None:
    touch(tmp_path, *names)
    below = tmp_path / "src/deep"
    below.mkdir(parents=True)
    assert find_file(tmp_path) == tmp_path / found
    assert find_file(below) == tmp_path / found
    assert root_of(tmp_path / found) == tmp_path


def test_the_nearest_wins(tmp_path: Path) -> None:
    touch(tmp_path, "pipeline.yaml", "sub/pipelines/a.yaml")
    assert find_file(tmp_path / "sub") == tmp_path / "sub/pipelines/a.yaml"


def test_several_in_pipelines(tmp_path: Path) -> None:
    touch(tmp_path, "pipelines/b.yaml", "pipelines/a.yaml")
    with pytest.raises(InvalidPipeline, match=r"holds several files: .*a\.yaml, .*b\.yaml"):
        find_file(tmp_path)


def test_none(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").mkdir()
    with pytest.raises(InvalidPipeline, match="no pipeline file in") as caught:
        find_file(tmp_path)
    assert caught.value.exit_code == 3


def test_the_root_of_a_link_is_where_the_link_stands(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/p.yaml")
    (tmp_path / "project").mkdir()
    (tmp_path / "project/pipeline.yaml").symlink_to("../elsewhere/p.yaml")
    assert root_of(tmp_path / "project/pipeline.yaml") == tmp_path / "project"
