"""The way to a host, read from an ssh configuration: against what `ssh -G` makes of the same one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from buildtools.deploy.layout import Address, address
from buildtools.deploy.route import Hop, route
from buildtools.deploy.sshconfig import read_config
from buildtools.plugin import StepError

USER = "a-user"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "me"
    (folder / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("LOGNAME", USER)
    return folder


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def way(home: Path, config: str, host: str = "web", **env: str) -> tuple[Hop, ...]:
    (home / ".ssh/config").write_text(config)
    place = address(host)
    assert isinstance(place, Address)
    return route(place, read_config(), env)


def logins(home: Path, config: str, host: str = "web") -> list[str]:
    return [hop.login for hop in way(home, config, host)]


def test_invoke_is_loaded_for_match_exec_alone(home: Path) -> None:
    (home / ".ssh/config").write_text(
        'Match exec "test %n = web"\n Port 8\nMatch exec "exit 3"\n Port 9\n User nobody\n'
    )
    code = (
        "import sys\nfrom buildtools.deploy.sshconfig import read_config\n"
        "config = read_config()\nprint('invoke' in sys.modules)\n"
        "print(config.lookup('web')['port'])\nprint('invoke' in sys.modules)"
    )
    words = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False", "8", "True"]


def test_another_thread_may_use_invoke_meanwhile() -> None:
    code = (
        "import sys, threading, time\nfrom buildtools.deploy.sshconfig import read_config\n"
        "thread = threading.Thread(target=read_config)\nthread.start()\n"
        "while 'invoke' not in sys.modules: time.sleep(0.0005)\n"
        "from invoke import run\nfrom invoke.context import Context\nimport invoke\nthread.join()\n"
        "print(callable(run), sys.modules['invoke'].run is run, invoke.Context is Context)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "True True True\n"


@pytest.mark.parametrize(
    "config",
    [
        "Host web\n HostName 10.0.0.1\n Port 2222\n User d\n",
        "Host *\n User all\nHost web\n User d\n",
        "User = all\nHost !web *\n Port 1\nHost w?b\n Port 2\n",
        'Host "web" other\n HostName %h.example.org\n',
        "Match host web\n User matched\n Port 7\n",
        "Match originalhost w*\n HostName WEB.example.org\n",
        "Host web\n HostKeyAlias other\n IdentitiesOnly yes\n",
        "Include SUB/*.conf\nHost web\n User late\n",
        'Include "SUB/one.conf" SUB/two.conf /nonexistent/x\nPort 99\n',
        "Host other\n Port 5\nHost *\n Include SUB/plain\n User u\n",
        "Host other\n Include SUB/plain\nHost web\n User u\n",
        "Host web\n Include=SUB/plain\n User u\n",
    ],
)
def test_the_configuration_is_read_as_ssh_reads_it(home: Path, config: str) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("ssh is not installed")
    sub = home / ".ssh/sub"
    write(sub, {"one.conf": "Host nobody\n User wrong\nHost web\n HostName in.example.org\n", "plain": "Port 2020\n"})
    write(sub, {"two.conf": f"Host web\n Include {sub}/plain\nHost last\n Port 4\n"})
    (hop,) = way(home, config.replace("SUB", str(sub)))
    words = ["ssh", "-G", "-F", str(home / ".ssh/config"), "web"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    user = hop.user if hop.user == USER else told["user"]  # ssh asks the system, not the environment
    assert (hop.host.lower(), str(hop.port), hop.user) == (told["hostname"], told["port"], user)
    assert hop.known_as == told.get("hostkeyalias", "")
    assert hop.only == (told["identitiesonly"] == "yes")


def test_relative_names_of_included_files_start_at_the_users_own_folder(home: Path) -> None:
    write(home / ".ssh/sub", {"plain": "Port 2020\n"})
    assert logins(home, "Include sub/*\n Include ~/.ssh/none\n") == [f"{USER}@web:2020"]


def test_what_the_address_says_comes_first(home: Path) -> None:
    config = "Host web\n HostName 10.0.0.1\n Port 2222\n User d\n"
    assert logins(home, config) == ["d@10.0.0.1:2222"]
    assert logins(home, config, "e@web:22") == ["e@10.0.0.1:22"]
    assert logins(home, "", "[::1]:44") == [f"{USER}@[::1]:44"]


def test_gateways_are_passed_in_the_order_in_which_they_are_written(home: Path) -> None:
    config = "Host web\n ProxyJump a,x@b:2\nHost a\n User one\nHost b\n HostName b.example.org\n ProxyJump never\n"
    assert logins(home, config) == ["one@a:22", "x@b.example.org:2", f"{USER}@web:22"]


def test_a_gateway_may_have_a_gateway(home: Path) -> None:
    config = "Host web\n ProxyJump a\nHost a\n ProxyJump ssh://u@b:3/\n"
    assert logins(home, config) == ["u@b:3", f"{USER}@a:22", f"{USER}@web:22"]


def test_a_gateway_for_all_is_not_reached_through_itself(home: Path) -> None:
    assert logins(home, "Host *\n ProxyJump gate\n") == [f"{USER}@gate:22", f"{USER}@web:22"]
    assert logins(home, "Host *\n ProxyJump gate\n", "gate") == [f"{USER}@gate:22"]
    # Another port of the same machine is another login.
    same = "Host gate\n HostName 127.0.0.1\n Port 1\nHost web\n HostName 127.0.0.1\n Port 2\n ProxyJump gate\n"
    assert logins(home, same) == [f"{USER}@127.0.0.1:1", f"{USER}@127.0.0.1:2"]


def test_no_gateway(home: Path) -> None:
    assert logins(home, "Host web\n ProxyJump none\nHost *\n ProxyJump gate\n") == [f"{USER}@web:22"]


def test_a_program_may_make_the_connection_unless_there_is_a_gateway(home: Path) -> None:
    assert way(home, "Host web\n ProxyCommand nc %h %p\n Port 9\n")[0].command == "nc web 9"
    assert way(home, "Host web\n ProxyCommand none\n")[0].command == ""
    assert [hop.command for hop in way(home, "Host web\n ProxyJump a\nHost *\n ProxyCommand nc %h %p\n")] == [
        "nc a 22", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ("Host web\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n ProxyJump web\n", "leads in a circle"),
        ("Host web\n ProxyJump a b\n", "ProxyJump names no host: 'a b'"),
        ("Host web\n ProxyJump -oX\n", "ProxyJump names no host"),
        ("Host web\n Port many\n", "names no port: 'many'"),
        ("Host web\n Port 0\n", "names no port"),
        ("Host web\n  what?\n", r"config: the ssh configuration is wrong: Unparsable line"),
        ("Host web\n Match\n", r"the ssh configuration is wrong"),
        ("Include config\n", "includes itself"),
        ("Host web\n Include ~/.ssh/with-sections\n", "from the section 'Host web'"),
    ],
)
def test_a_configuration_that_leads_nowhere(home: Path, config: str, problem: str) -> None:
    (home / ".ssh/with-sections").write_text("Host x\n Port 1\n")
    with pytest.raises(StepError, match=problem):
        way(home, config)


def test_files_and_the_agent_come_from_the_configuration_and_the_environment(home: Path) -> None:
    (hop,) = way(home, "Host x\n", SSH_AUTH_SOCK="/run/agent")
    assert (hop.agent, hop.identity, hop.only) == ("/run/agent", (), False)
    assert hop.known_hosts[:2] == (home / ".ssh/known_hosts", home / ".ssh/known_hosts2")
    assert Path("/etc/ssh/ssh_known_hosts") in hop.known_hosts
    config = (
        "Host web\n IdentityFile ~/one\n IdentityFile %d/two\n IdentityAgent {}\n UserKnownHostsFile ~/a /b\n"
        " GlobalKnownHostsFile none\n"
    )
    (hop,) = way(home, config.format("none"), SSH_AUTH_SOCK="/run/agent")
    assert (hop.agent, hop.identity) == ("", (home / "one", home / "two"))
    assert hop.known_hosts == (home / "a", Path("/b"))
    assert way(home, config.format("~/sock"))[0].agent == str(home / "sock")
    assert way(home, config.format("$OTHER"), OTHER="/run/other")[0].agent == "/run/other"
    assert way(home, config.format("SSH_AUTH_SOCK"))[0].agent == ""
