"""Fabric tasks for a `fabfile.py`: `from buildtools.fabric import pack, upload, rollback`.

What to pack and where to deploy it comes, for each of the two steps, from the settings that Fabric has read
(`buildtools: {pack: …, upload: …}` in fabric.yaml, with the options of the steps of these names), else from the
pipeline file, else it is the default. Arguments and `fab -H HOST,HOST` win over that.

With `-H`, Fabric calls a task for one host after the other. The first call does the work for all of them, together, and
the others nothing: they return no outputs. Where a program of one's own stands in for `fab`, or a task of one's own has
`hosts`, each host is a deployment of its own.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fabric import Connection, task
from invoke.context import Context
from invoke.exceptions import Exit

if TYPE_CHECKING:
    from buildtools.aim import Aim
    from buildtools.core.results import RunResult, StepResult
    from buildtools.engine.plan import Plan
    from buildtools.pipeline.model import Pipeline
    from buildtools.steps.pack import Pack

F = TypeVar("F", bound=Callable[..., Any])

_PLACE = "Fabric's settings"
_NAMES = ["target", "version", "revision", "release_dir"]
_HELP = {
    "target": "What is deployed.",
    "version": "Its version.",
    "revision": "Its revision.",
    "release-dir": "The folder to pack.",
}


def _task(**words: Any) -> Callable[[F], F]:
    decorator: Callable[[F], F] = task(**words)
    return decorator


@_task(positional=_NAMES, help=_HELP)
def pack(c: Context, target: str, version: str, revision: str, release_dir: str) -> dict[str, str]:
    """Pack a folder into TARGET.VERSION.REVISION.tgz, reproducibly, with its manifest."""
    with _told():
        from buildtools.aim import plan_packing

        if _follows(c):
            return {}
        pipeline, step = _packing(c, (target, version, revision, release_dir))
        return _done(plan_packing(pipeline, step)).outputs


@_task(positional=_NAMES, help=_HELP)
def upload(c: Context, target: str, version: str, revision: str, release_dir: str) -> dict[str, str]:
    """Pack a folder and deploy it to all hosts, in one transaction: all of them switch, or none."""
    with _told():
        from buildtools.aim import plan_packing

        if _follows(c):
            return {}
        pipeline, step = _packing(c, (target, version, revision, release_dir))
        return _done(plan_packing(pipeline, step, _aim(c, target))).outputs


@_task(
    positional=["target"],
    help={"target": "What is deployed.", "to": "The release to go back to.", "dry-run": "Say what would be switched."},
)
def rollback(c: Context, target: str, to: str | None = None, dry_run: bool = False) -> dict[str, str]:
    """Go back to the release before the current one on all hosts, or to the one that is named; nothing is sent."""
    with _told():
        from buildtools.core.errors import UsageProblem
        from buildtools.session import plan_within
        from buildtools.steps.activate import Activate

        if _follows(c):
            return {}
        if to == "":
            raise UsageProblem("--to is empty", remedy="Name a release, or leave --to out.")
        aim = _aim(c, target)
        step = Activate(upload=aim.upload, target=aim.target, release=to, rollback=True, dry_run=dry_run)
        return _done(plan_within(aim.pipeline, "rollback", aim.around(step))).outputs


@contextmanager
def _told() -> Iterator[None]:
    """Turn our errors into Fabric's: a message and an exit code."""
    from buildtools.core.errors import BuildtoolsError

    try:
        yield
    except BuildtoolsError as error:
        raise Exit(str(error), code=int(error.exit_code)) from None


def _done(plan: Plan) -> StepResult:
    """Execute the plan, and return what its last step did; leave with the exit code of a run that did not pass."""
    result = _shown(plan)
    if result.exit_code:
        raise Exit(code=int(result.exit_code))
    return result.steps[-1].result


def _shown(plan: Plan) -> RunResult:
    from buildtools.cli.showing import output_choice
    from buildtools.session import perform

    flags = {"output": "auto", "color": "auto", "quiet": False, "verbose": False}
    return perform(plan, output_choice(flags, rerun=lambda _step: shlex.join(["fab", *sys.argv[1:]])))


def _packing(c: Context, names: tuple[str, str, str, str]) -> tuple[Pipeline, Pack]:
    """Return the step `pack` for these names, and the pipeline among whose values it works."""
    import msgspec

    from buildtools.aim import pack_step
    from buildtools.core.errors import UsageProblem
    from buildtools.pipeline.plain import configured_by
    from buildtools.steps.pack import Pack

    pipeline, settings = _pipeline(), _settings(c, "pack")
    step = pack_step(pipeline) if settings is None else configured_by(Pack, settings, name="pack", place=_PLACE)
    assert isinstance(step, Pack)
    target, version, revision, folder = names
    step = msgspec.structs.replace(
        step, target=target, release_version=version, revision=revision, release_dir=Path.cwd() / folder
    )
    for option, problem in step.check_options():
        raise UsageProblem(f"{option}: {problem}")
    return pipeline, step


def _aim(c: Context, target: str) -> Aim:
    """Return what to deploy to: the hosts of `fab -H`, else those of the settings, else those of the pipeline file."""
    from buildtools.aim import aim_by_file, aim_by_step, upload_steps
    from buildtools.core.errors import UsageProblem
    from buildtools.pipeline.plain import configured_by
    from buildtools.steps.upload import Upload

    pipeline, settings = _pipeline(), _settings(c, "upload")
    given = _connection(c) if isinstance(c, Connection) else {}
    secrets = [text for name, text in given.items() if name in ("password", "passphrase") and isinstance(text, str)]
    if settings is None and upload_steps(pipeline):
        return aim_by_file(pipeline, None, target, given, secrets)
    options = {"archive": "-", **(settings or {}), **given}
    if "hosts" not in options:
        raise UsageProblem(
            "there is no host to deploy to",
            remedy="Name one: fab -H HOST; or several as `buildtools: {upload: {hosts: […]}}` in fabric.yaml, or in the"
            " step `upload` of a pipeline.yaml.",
        )
    step = configured_by(Upload, options, name="upload", place=_PLACE)
    assert isinstance(step, Upload)
    return aim_by_step(step, pipeline, target, {}, secrets)


def _pipeline() -> Pipeline:
    """Return the project's pipeline, without steps if it has no file."""
    from buildtools.pipeline.model import Pipeline
    from buildtools.session import open_pipeline, project_of

    file, root = project_of(None)
    return open_pipeline(file, {}) if file else Pipeline(name="", file=Path(), root=root, steps=())


def _settings(c: Context, step: str) -> dict[str, object] | None:
    """Return what Fabric's settings have under `buildtools` for a step; `None` if nothing."""
    ours = _plain(c.config.get("buildtools", {}))
    found = ours.get(step) if isinstance(ours, dict) else None
    return found if isinstance(found, dict) else None


def _plain(value: Any) -> object:
    """Return a setting without invoke's wrapping."""
    if hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _peers(c: Connection) -> list[Connection]:
    """Return the hosts of `fab -H`, this one among them; else this one alone."""
    from fabric.main import program

    core = getattr(program, "core", None)
    text = core[0].args.hosts.value if core else ""
    peers = [Connection(name, config=c.config) for name in (text or "").split(",") if name]
    return peers if c in peers else [c]


def _follows(c: Context) -> bool:
    """Whether the work is done by now, together with that for another host."""
    return isinstance(c, Connection) and _peers(c)[0] != c


def _address(c: Connection) -> str:
    host = f"[{c.original_host}]" if ":" in c.original_host else c.original_host
    return f"{c.user}@{host}:{c.port}"


def _connection(c: Connection) -> dict[str, str | list[str]]:
    """Return the options of `upload` that say what a Fabric connection, and those to its peers, say."""
    from buildtools.core.errors import UsageProblem

    for setting, remedy in (
        ("gateway", "Write it as ProxyJump into ~/.ssh/config."),
        ("ssh_config_path", "Write what it says into ~/.ssh/config."),
    ):
        if c.config.get(setting) is not None:
            raise UsageProblem(f"`{setting}` of Fabric's settings is not used here", remedy=remedy)
    if getattr(c.config, "_runtime_ssh_path", None) is not None:
        raise UsageProblem("fab -S is not used here", remedy="Write what the file says into ~/.ssh/config.")
    given: dict[str, str | list[str]] = {"hosts": [_address(peer) for peer in _peers(c)]}
    known: Mapping[str, Any] = c.connect_kwargs
    keys = known.get("key_filename") or []
    configured = c.ssh_config.get("identityfile", [])
    if own := [
        str(Path(key).expanduser()) for key in ([keys] if isinstance(keys, str) else keys) if key not in configured
    ]:
        given["identity"] = own
    given |= {name: str(known[name]) for name in ("password", "passphrase") if known.get(name)}
    if c.connect_timeout:
        given["connect-timeout"] = str(c.connect_timeout)
    return given
