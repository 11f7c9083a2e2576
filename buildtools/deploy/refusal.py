"""What a host's script said no to, in words for people: where, why, and what to do."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from buildtools.core.errors import BuildtoolsError, Cancelled, StepError
from buildtools.deploy import owner
from buildtools.deploy.script import Reply

_AGAIN = "Run it again: what was left is cleared up then."

_TOLD = {
    "root": ("{words}", "Choose another `root`, or make that a folder."),
    "lockfile": ("{words} is there, but is no lock of buildtools", "Remove it."),
    "busy": ("another deployment's command has been at work for a minute", "Wait for it to end."),
    "moved": ("`current` is {release} by now, set by {by} since this deployment began", _AGAIN),
    "current": (
        "{folder}/current is not a link but a {words}, and is not replaced",
        "Move it away there once: mv {folder}/current {folder}/before-buildtools",
    ),
    "gone": ("the release {words} was removed by somebody else meanwhile", _AGAIN),
    "appeared": ("the release {words} was made by somebody else meanwhile", _AGAIN),
    "unpack": ("the archive could not be unpacked", _AGAIN),
    "text": ("the program's text was cut off on its way, so it was not run", _AGAIN),
    "running": (
        "a program that an interrupted deployment has started there is still at work",
        "Wait for its end, or see what it does; then run it again.",
    ),
    "shared": (
        "{folder}/shared/{words} is not there, and the release is to link to it",
        "Put it there, or write `{words}/` for a folder that may be made.",
    ),
    "shared-taken": ("`shared: {words}` could not be linked", "See that the release holds nothing of that name."),
    "verify": ("what arrived is not what the manifest says; nothing was switched", "Run the step `pack` again."),
    "base": ("{words} is not what it was, so nothing can be built upon it", _AGAIN),
    "twice": ("this is a host of the list by another name", "Name each host once in `hosts`."),
    "nothing": ("the release {words} is there no more, so there is nothing to go back to", "Deploy one that works."),
    "lost": (
        "the lock was lost to another deployment; nothing more was changed by this one",
        "Look at `buildtools releases` first: somebody else has taken over, whose work another run might undo.",
    ),
    "interrupted": ("interrupted", _AGAIN),
    "unreadable": ("{words} cannot be read by this login", "Log in as the user who deploys."),
    "hash": ("there is neither sha256sum nor shasum nor openssl to verify files by", "Install coreutils there."),
    "readback": ("the link {words} could not be read back after the switch", "Look at {folder} there."),
}
"""kind of refusal → what happened, and what to do"""

OVERTAKEN = ("moved", "gone", "appeared")
"""reasons that may be the work of a killed deployment's scripts, which run on for a moment"""


class Refusal(StepError):
    """A host's no, for a reason that its script calls `reason` (`moved`, `verify`), in the answer `reply`.

    `overtaken` says that what the probe saw is true no more, and that nobody alive did it: the scripts of a killed
    deployment run on for a moment. The thing to do then is to look again.
    """

    def __init__(self, message: str, *, remedy: str = "", reason: str = "", overtaken: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
        self.overtaken = overtaken
        self.reply = Reply(status=0)


class Unfit(StepError):
    """The release itself is bad: a program of the user failed on it, or it does not answer as it should.

    `brief` is the same without anything that a program said, or was told: for logs on hosts.
    """

    def __init__(self, message: str, brief: str) -> None:
        super().__init__(message)
        self.brief = brief


def brief(error: BuildtoolsError, host: str = "") -> str:
    """Return an error as one line for a host's log: of several, the one that is about this host."""
    if isinstance(error, Unfit):
        return error.brief
    lines = error.message.split("\n")
    return next((line for line in lines if host and line.startswith(f"{host}: ")), lines[0])


def refusal(host: str, folder: str, doing: str, reply: Reply) -> Refusal:
    """Return the error for a phase that did not end well; `folder` is ROOT/TARGET on the host, `doing` what went on."""
    refused = _refusal(host, folder, doing, reply)
    refused.reply = reply
    return refused


def _refusal(host: str, folder: str, doing: str, reply: Reply) -> Refusal:
    said = f": {reply.said}" if reply.said else ""
    kind, _, words = reply.first("error").partition(" ")
    if not kind:
        if reply.status == -1:
            return Refusal(f"{host}: the connection was lost while {doing}{said}", remedy=_AGAIN, reason="cut")
        return Refusal(f"{host}: {doing} ended with status {reply.status}{said}", remedy=_remedy(reply.said))
    if kind == "lock":
        return locked(host, words)
    why, remedy = _TOLD.get(kind, ("{kind} {words}", ""))
    release, _, by = words.removeprefix("releases/").partition(" ")
    values = {"kind": kind, "words": words, "folder": folder, "by": by or "somebody else"}
    values["release"] = "nothing" if release in ("", "-") else release
    differs = "".join(f"\n  {line}" for line in reply.all("differs"))
    more = said if kind in ("unpack", "shared-taken") else differs
    return Refusal(
        f"{host}: {why.format(**values)}{more}",
        remedy=_remedy(reply.said) or remedy.format(**values),
        reason=kind,
        overtaken=kind in OVERTAKEN and bool(reply.first("took")),
    )


def unshared(host: str, folder: str, path: str) -> Refusal:
    """Return the refusal of a shared path that must be there and is not."""
    return refusal(host, folder, "", Reply(status=1, stdout=f"@bt error shared {path}\n".encode()))


def together(failures: Sequence[BuildtoolsError]) -> BuildtoolsError:
    """Return one error for those of several hosts: with each one's message, and all remedies."""
    for error in failures:
        if len(failures) == 1 or isinstance(error, Cancelled):
            return error
    message = "\n".join(error.message for error in failures)
    if all(isinstance(error, Unfit) for error in failures):
        return Unfit(message, "; ".join(map(brief, failures)))
    refusals = [error for error in failures if isinstance(error, Refusal)]
    stale = len(refusals) == len(failures) and all(one.overtaken or one.reason in OVERTAKEN for one in refusals)
    return Refusal(
        message,
        remedy="\n".join(dict.fromkeys(error.remedy for error in failures if error.remedy)),
        overtaken=stale and any(error.overtaken for error in refusals),
    )


def locked(host: str, text: str) -> Refusal:
    """Return the refusal that names whoever holds the lock."""
    held = owner.parse(text)
    if held is None:
        return Refusal(
            f"{host}: locked, by {text or 'nobody who can be named'}",
            remedy="Look at .buildtools/lock there.",
            reason="lock",
        )
    until = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(held.expires))
    return Refusal(
        f"{host}: locked by {held.who} on {held.machine} until {until} (transaction {held.transaction})",
        remedy="Wait for that deployment. If it surely runs no more, take its lock over: by --steal-lock of `rollback`"
        " or `activate`, or by `steal-lock: true` of the step for one run.",
        reason="lock",
        overtaken=owner.is_dead(held),
    )


def _remedy(said: str) -> str:
    if "No space left" in said or "Disk quota" in said:
        return "Make room there, or keep fewer releases (`keep`)."
    if "I/O error" in said:  # what dash says when its own `printf` meets a full disk
        return "See whether there is room left there, and whether the disk is sound."
    if "Permission denied" in said or "Read-only" in said:
        return "Give the folder to the user who deploys, or choose another `root`."
    if re.search(r"mkdir: (cannot|can't) create directory", said):  # as below /proc, for root too
        return "Choose another `root`, where folders can be made."
    return ""
