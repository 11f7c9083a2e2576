from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtools.system.git import GitError, Repository

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    def run(*words: str) -> str:
        given = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(given, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "-q", "-b", "main")
    return run


def test_no_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    for question in ("top", "revision", "branch", "tags", "dirty", "subject"):
        with pytest.raises(GitError, match="not a git repository"):
            getattr(repository, question)


def test_no_commit_yet(tmp_path: Path, git: Git) -> None:
    repository = Repository(tmp_path)
    assert repository.branch == "main"
    with pytest.raises(GitError, match="has no commit yet"):
        _ = repository.revision


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitError, match="git: not found"):
        _ = Repository(tmp_path).top


def test_a_commit(tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/ä b").write_text("x")
    (tmp_path / "c").write_text("x")
    git("add", ".")
    git("commit", "-q", "-m", "Überschrift\n\nbody")
    # As within a hook of another repository.
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent")
    repository = Repository(tmp_path)
    assert repository.top.samefile(tmp_path)
    assert len(repository.revision) == 40
    assert repository.revision.startswith(repository.short)
    assert repository.subject == "Überschrift"
    assert not repository.dirty
    assert repository.tracked() == (Path("c"), Path("sub/ä b"))
    assert Repository(tmp_path / "sub").tracked() == (Path("ä b"),)
    (tmp_path / "new").touch()
    assert Repository(tmp_path).dirty


def test_changes(tmp_path: Path, git: Git) -> None:
    for name in ("a", "b", "sub/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / ".gitignore").write_text("ignored\n")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    repository = Repository(tmp_path)
    assert repository.default_base(("origin/nowhere",)) == "main"
    assert repository.changed("main") == (".gitignore", "a", "b", "sub/c")
    git("checkout", "-q", "-b", "topic")
    git("mv", "a", "moved")
    git("commit", "-q", "-am", "two")
    (tmp_path / "b").unlink()
    (tmp_path / "new").touch()
    (tmp_path / "ignored").touch()
    (tmp_path / "sub/c").write_text("changed")
    assert Repository(tmp_path).changed("main") == ("a", "b", "moved", "new", "sub/c")
    assert Repository(tmp_path / "sub").changed("main") == ("c",)
    with pytest.raises(GitError):
        Repository(tmp_path).changed("nowhere")


def test_names_that_look_like_options(tmp_path: Path, git: Git) -> None:
    git("commit", "-q", "--allow-empty", "-m", "one")
    assert not Repository(tmp_path).has("--all")
    with pytest.raises(GitError):
        Repository(tmp_path).changed("--output=x")
