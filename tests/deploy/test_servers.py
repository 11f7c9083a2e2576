"""What docs/deploy.md says to write into the configuration of a server, tried with that server."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from buildtools.deploy.health import Check
from buildtools.plugin import Status, StepResult
from buildtools.steps.pack import Pack
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext
from tests.support.project import CHECKOUT
from tests.support.releases import pack, upload, write
from tests.support.servers import Server, answering, page, serving
from tests.support.sshd import SSHD, Sshd, free_port

PAGE = (CHECKOUT / "docs/deploy.md").read_text(encoding="utf-8")
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
NGINX = shutil.which("nginx", path=PATH)
APACHE = shutil.which("apache2", path=PATH) or shutil.which("httpd", path=PATH)
SITE = {
    ".htaccess": "",
    ".well-known/x": "y",
    "index.html": "first",
    "app.0123abcd.css": "x",
    "sub/index.html": "in",
    "info.php": "<?php",
}


def shown(language: str, number: int = 0) -> str:
    return str(re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[number])


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


@contextmanager
def running(words: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        ends = time.monotonic() + 20
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
                break
            if process.poll() is not None or time.monotonic() > ends:
                process.kill()
                pytest.fail(f"{words[0]} does not start: {process.communicate()[0].decode()[-2000:]}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


def get(port: int, path: str) -> tuple[int, str, str]:
    """Return status, Cache-Control and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": "www.example.org"})
    answer = connection.getresponse()
    found = answer.status, answer.getheader("Cache-Control", ""), answer.read().decode()
    connection.close()
    return found


def fastcgi(server: Server, wire: socket.socket) -> None:
    """Answer one request by FastCGI with two of its parameters."""
    stream, params, over = wire.makefile("rb"), b"", 0
    while over < 2:
        head = stream.read(8)
        data = stream.read(int.from_bytes(head[4:6], "big"))
        stream.read(head[6])
        if head[1] == 4:
            params += data
        over += head[1] in (4, 5) and not data
    text = b"Status: 200 OK\r\n\r\n" + b"\n".join(
        _params(params)[name] for name in (b"SCRIPT_FILENAME", b"DOCUMENT_ROOT")
    )
    wire.sendall(_record(6, text) + _record(6, b"") + _record(3, bytes(8)))


def _record(kind: int, data: bytes) -> bytes:
    return bytes((1, kind, 0, 1)) + len(data).to_bytes(2, "big") + b"\0\0" + data


def _params(data: bytes) -> dict[bytes, bytes]:
    found = {}
    while data:
        sizes = []
        for _ in range(2):
            long = data[0] > 127
            sizes.append(int.from_bytes(data[:4], "big") & 0x7FFFFFFF if long else data[0])
            data = data[4 if long else 1 :]
        found[data[: sizes[0]]] = data[sizes[0] : sum(sizes)]
        data = data[sum(sizes) :]
    return found


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx(tmp_path: Path) -> None:
    assert NGINX
    port = free_port()
    folder = tmp_path / "nginx"
    folder.mkdir()
    (folder / "fastcgi_params").write_text("fastcgi_param REQUEST_METHOD $request_method;\n")
    write(tmp_path, {"site/demo/shared/.env": "SECRET=1"})
    upload(tmp_path, pack(tmp_path, SITE), shared=(".env",))
    with serving(fastcgi) as php:
        block = changed(
            shown("nginx"),
            ("listen 80;", f"listen 127.0.0.1:{port};"),
            ("/srv/www/", f"{tmp_path}/site/"),
            ("unix:/run/php/php-fpm.sock", f"127.0.0.1:{php.port}"),
        )
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        lines = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
        user = "user root;\n" if os.getuid() == 0 else ""
        head = f"daemon off;\nerror_log stderr;\npid {folder}/pid;\n{user}events {{}}\n"
        (folder / "nginx.conf").write_text(f"{head}http {{\naccess_log off;\n{lines}{block}}}\n")
        with running([NGINX, "-c", f"{folder}/nginx.conf", "-e", "stderr", "-p", str(folder)], port):
            assert get(port, "/") == (200, "no-cache", "first")
            assert get(port, "/sub/") == (200, "no-cache", "in")
            assert get(port, "/app.0123abcd.css") == (200, "public, max-age=31536000, immutable", "x")
            assert get(port, "/.env")[0] == get(port, "/.htaccess")[0] == 404
            assert get(port, "/.well-known/x")[2] == "y"
            assert get(port, "/nothing")[0] == get(port, "/nothing.php")[0] == 404
            first = tmp_path / "site/demo/releases/1.0.r1"
            assert get(port, "/info.php")[::2] == (200, f"{first}/info.php\n{first}")
            upload(tmp_path, pack(tmp_path, {**SITE, "index.html": "other"}, revision="r2"))
            assert get(port, "/")[2] == "other"
            second = tmp_path / "site/demo/releases/1.0.r2"
            assert get(port, "/info.php")[2] == f"{second}/info.php\n{second}"


def modules() -> Path | None:
    """Where Apache's modules are."""
    prefix = Path(APACHE or "/").parents[1]
    places = [prefix / "lib/apache2/modules", prefix / "lib64/httpd/modules", prefix / "lib/httpd/modules"]
    return next((place for place in places if place.is_dir()), None)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may look into, as Apache's workers must when it is started by root."""
    with tempfile.TemporaryDirectory(prefix="buildtools-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def apache(folder: Path, port: int, block: str, *names: str) -> list[str]:
    """Return the words that start Apache with these modules."""
    base = ("mpm_event", "authz_core", "dir", "mime")
    loads = "".join(f"LoadModule {name}_module {modules()}/mod_{name}.so\n" for name in (*base, *names))
    (folder / "types").write_text("text/html html\n")
    user, group = (65_534, 65_534) if os.getuid() == 0 else (os.getuid(), os.getgid())
    file = folder / "apache.conf"
    file.write_text(
        f"ServerRoot {folder}\nDefaultRuntimeDir {folder}\nPidFile {folder}/pid\nMutex file:{folder}\n"
        f"{loads}TypesConfig {folder}/types\nErrorLog {folder}/errors\nListen 127.0.0.1:{port}\n"
        f"ServerName localhost\nUser #{user}\nGroup #{group}\n{block}"
    )
    return [str(APACHE), "-f", str(file), "-DFOREGROUND"]


@pytest.mark.skipif(APACHE is None or modules() is None, reason="Apache is not installed")
def test_apache(open_folder: Path) -> None:
    port = free_port()
    write(open_folder, {"site/demo/shared/.env": "SECRET=1"})
    upload(open_folder, pack(open_folder, SITE), shared=(".env",))
    block = changed(shown("apache"), ("*:80", f"127.0.0.1:{port}"), ("/srv/www/", f"{open_folder}/site/"))
    with running(apache(open_folder, port, f"DirectoryIndex index.html\n{block}", "headers"), port):
        assert get(port, "/") == (200, "no-cache", "first")
        assert get(port, "/sub/")[2] == "in"
        assert get(port, "/.env")[0] == get(port, "/.htaccess")[0] == 403
        assert get(port, "/.well-known/x")[2] == "y"
        own = {"index.html": "other", ".htaccess": "ErrorDocument 404 missing\n"}
        upload(open_folder, pack(open_folder, own, revision="r2"))
        assert get(port, "/")[2] == "other"
        assert get(port, "/nothing")[::2] == (404, "missing")


PROGRAM = """#!{python}
import os, socket
def record(kind, data):
    return bytes((1, kind, 0, 1)) + len(data).to_bytes(2, "big") + bytes(2) + data
text = open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "version"), "rb").read()
listener = socket.socket(fileno=0)
while True:
    wire, _ = listener.accept()
    stream, over = wire.makefile("rb"), 0
    while over < 2 and len(head := stream.read(8)) == 8:
        data = stream.read(int.from_bytes(head[4:6], "big") + head[6])
        over += head[1] in (4, 5) and head[4:6] == bytes(2)
    wire.sendall(record(6, b"Status: 200 OK\\r\\n\\r\\n" + text) + record(6, b"") + record(3, bytes(8)))
    stream.close()
    wire.close()
"""
"""answers every request by FastCGI with what its release holds in `version`, read once"""


@pytest.mark.skipif(
    APACHE is None or not ((modules() or Path()) / "mod_fcgid.so").exists(),
    reason="Apache's mod_fcgid is not installed",
)
def test_a_program_by_fastcgi_needs_no_reload(open_folder: Path) -> None:
    port = free_port()
    block = (
        f"FcgidIPCDir {open_folder}/ipc\nFcgidProcessTableFile {open_folder}/table\n"
        f"DocumentRoot {open_folder}/site/demo/current\n<Directory {open_folder}/site/demo>\nRequire all granted\n"
        "Options FollowSymLinks ExecCGI\nAddHandler fcgid-script .fcgi\nAllowOverride All\n</Directory>\n"
    )
    usual = [path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if Path(path).exists()]
    # Root's own interpreter may lie where its workers may not look.
    program = PROGRAM.replace("{python}", sys.executable if os.getuid() or not usual else usual[0])

    def deploy(version: str) -> None:
        files = {"fcgi.htaccess": shown("apache", 1), "index.fcgi": program, "version": version, "logo.txt": "logo"}
        options = {"rename": {"fcgi.htaccess": ".htaccess"}, "modes": {"index.fcgi": "755"}}
        source = write(open_folder / version, files)
        step = Pack(release_dir=source, target="demo", release_version="1.0", revision=version, **options)  # type: ignore[arg-type]
        upload(open_folder, open_folder / step.run(LoneContext(open_folder)).outputs["archive"])

    deploy("first")
    with running(apache(open_folder, port, block, "rewrite", "fcgid"), port):
        for version in ("first", "other", "first"):
            deploy(version)
            assert get(port, "/some/page?x=1")[2] == version
            assert get(port, "/logo.txt")[2] == "logo"


def test_sshd(tmp_path: Path) -> None:
    if SSHD is None or shutil.which("ssh-keygen") is None:
        pytest.skip("OpenSSH's sshd is not installed")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    file = tmp_path / "sshd_config"
    file.write_text(f"HostKey {key}\n{shown('sshd-config')}")
    words = [SSHD, "-T", "-f", str(file), "-C", "user=deploy,host=localhost,addr=127.0.0.1"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {
        "passwordauthentication no", "authenticationmethods publickey", "permittty no", "allowtcpforwarding no",
        "allowagentforwarding no", "x11forwarding no", "permittunnel no",
    } <= set(said)  # fmt: skip


def test_sudoers(tmp_path: Path) -> None:
    visudo = shutil.which("visudo", path=PATH)
    if visudo is None:
        pytest.skip("visudo is not installed")
    file = tmp_path / "sudoers"
    file.write_text(shown("sudoers"))
    file.chmod(0o440)
    done = subprocess.run([visudo, "-c", "-f", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done


def restricted(server: Sshd, options: str) -> None:
    """Lay options upon the key that the server lets in."""
    keys = server.folder / "authorized_keys"
    key = server.key.with_name(f"{server.key.name}.pub").read_text(encoding="utf-8")
    keys.write_text(f"{options} {key}", encoding="utf-8")


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    (tmp_path / "home").mkdir()
    server = Sshd(tmp_path / "sshd", home=tmp_path / "home")
    yield server
    server.stop()


def test_a_restricted_login_deploys_and_a_permitted_port_is_asked_through_it(tmp_path: Path, sshd: Sshd) -> None:
    current = tmp_path / "home/site/demo/current"

    def deploy(archive: Path, check: Check) -> StepResult:
        reach = {"hosts": (sshd.address,), "identity": (sshd.key,), "known_hosts": (sshd.known_hosts,)}
        return Upload(archive=archive, root="site", health=(check,), **reach).run(LoneContext(tmp_path))

    with serving(answering(page("1.0.r1"))) as site:
        check = Check(url=f"http://127.0.0.1:{site.port}/", expect="{release}", via="host", retries=0)
        restricted(sshd, "restrict")
        result = deploy(pack(tmp_path, SITE), check)
        assert result.status is Status.FAILED
        assert "AllowTcpForwarding, PermitOpen" in result.reason
        assert not current.is_symlink()
        restricted(sshd, f'restrict,port-forwarding,permitopen="127.0.0.1:{site.port}"')
        result = deploy(pack(tmp_path, SITE), check)
        assert result.status is Status.PASSED, result.reason
        assert (current / "index.html").read_text() == "first"
        old = deploy(pack(tmp_path, SITE, revision="r2"), check)
        assert old.status is Status.FAILED
        assert "'1.0.r2' does not stand in the answer, which begins with '1.0.r1'" in old.reason
    # Permitted still, but nobody listens any more.
    result = deploy(pack(tmp_path, SITE, revision="r3"), check)
    assert result.status is Status.FAILED
    assert "nothing answers at 127.0.0.1" in result.reason
    assert current.readlink() == Path("releases/1.0.r1")
