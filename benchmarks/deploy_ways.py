"""The ways onto a host that `deploy.py` measures: ours, `rsync`, and what a plain Fabric script does."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.deploy_site import make_site
from tests.support.sshd import Sshd

SUBSYSTEM = "Subsystem sftp internal-sftp\nMaxStartups 200\n"
FABRIC = """
import sys
from fabric import Connection
port, key, tree, archive, root, name = sys.argv[1:]
host = Connection("127.0.0.1", port=int(port), connect_kwargs={"key_filename": key, "allow_agent": False})
host.local(f"tar czf {archive} -C {tree} .")
host.run(f"mkdir -p {root}/{name}")
host.put(archive, f"{root}/{name}.tgz")
host.run(f"cd {root}/{name} && tar xzf ../{name}.tgz && rm ../{name}.tgz")
host.run(f"cd {root} && rm -f current && ln -s {name} current")
"""


class Took(NamedTuple):
    """Seconds by the clock, and of all processors."""

    wall: float
    cpu: float


class Bench:
    """A site, a server, and the ways to get the one onto the other. All below `folder`."""

    def __init__(self, folder: Path, size: int, rounds: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.missed: list[str] = []
        self.project = folder / "project"
        self.tree = self.project / "site"
        make_site(self.tree, size * 10**6, size * 40)
        self.server = Sshd(folder / "sshd", config=SUBSYSTEM)
        self.script = folder / "script.py"
        self.script.write_text(FABRIC, encoding="utf-8")
        # As after an installation: compiled modules are kept; and nobody's settings.
        left = ("PYTHONDONTWRITEBYTECODE", "SSH_AUTH_SOCK")
        self.env = {name: value for name, value in os.environ.items() if name not in left}

    def timed(self, argv: Sequence[str | Path]) -> Took:
        """Run a program, which must succeed, and return its seconds and, with it, those that the server took for it."""
        os.sync()
        before, started = self._cpu(), time.perf_counter()
        done = subprocess.run(argv, cwd=self.project, env=self.env, capture_output=True, check=False)
        wall = time.perf_counter() - started
        if done.returncode:
            raise SystemExit(f"{argv} failed:\n{(done.stdout + done.stderr).decode(errors='replace')}")
        time.sleep(0.1)  # until the server has taken leave of its sessions
        return Took(wall, self._cpu() - before)

    def _cpu(self) -> float:
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        server = Path(f"/proc/{self.server._process.pid}/stat").read_text().rpartition(")")[2].split()[11:15]
        return own.ru_utime + own.ru_stime + sum(map(int, server)) / os.sysconf("SC_CLK_TCK")

    def pipeline(self, steps: Mapping[str, Mapping[str, object]]) -> list[str | Path]:
        """Return the command that runs these steps."""
        name = "-".join(steps)
        written = {step: {"uses": step, "with": options} for step, options in steps.items()}
        path = self.project / f"{name}.yaml"
        path.write_text(json.dumps({"name": name, "steps": written}), encoding="utf-8")  # JSON is YAML
        return [buildtools(), "run", path, "--output", "plain"]

    def packing(self, revision: str) -> dict[str, object]:
        """Return the options of `pack`."""
        return {"release-dir": "site", "target": "demo", "version": "1", "revision": revision}

    def rsync(self, *options: str, port: int = 0) -> list[str | Path]:
        """Return the command that copies the site as it is, to a folder that is not there yet."""
        server, target = self.server, self.fresh("rsync")
        target.mkdir(parents=True)
        known = f"-oHostKeyAlias=bench -oUserKnownHostsFile={self.folder / 'bench_hosts'}"
        (self.folder / "bench_hosts").write_text(f"bench {server.host_key}\n", encoding="utf-8")
        shell = f"ssh -F none -p {port or server.port} -i {server.key} {known} -oBatchMode=yes"
        return ["rsync", *options, "-e", shell, f"{self.tree}/", f"{server.user}@127.0.0.1:{target}/"]

    def uploading(self, revision: str, *, port: int = 0, root: Path | None = None) -> dict[str, object]:
        """Return the options of `upload`."""
        known = self.folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port or self.server.port} {self.server.host_key}\n", encoding="utf-8")
        return {
            "archive": f"build/dist/demo.1.{revision}.tgz",
            "hosts": [f"{self.server.user}@127.0.0.1:{port or self.server.port}"],
            "root": str(root or self.folder / "hosts" / "ours"),
            "known-hosts": [str(known)],
            "identity": [str(self.server.key)],
            "keep": 2,
        }

    def fabric(self, name: str, *, port: int = 0) -> list[str | Path]:
        """Return the command that packs and deploys by the plain script."""
        root = self.folder / "hosts" / "fabric"
        port_text = str(port or self.server.port)
        return [sys.executable, self.script, port_text, self.server.key, self.tree, self.folder / "f.tgz", root, name]

    def fresh(self, name: str) -> Path:
        """Return a host's folder that is not there yet."""
        path = self.folder / "hosts" / name
        shutil.rmtree(path, ignore_errors=True)
        path.parent.mkdir(exist_ok=True)
        return path

    def judge(self, what: str, found: float, limit: float, *, least: bool = False, cpu: float = 0.0) -> None:
        """Print a ratio beside its target (0: none), and remember a miss; `cpu` is that of the processors' times."""
        good = not limit or (found >= limit if least else found <= limit)
        if not good:
            self.missed.append(what)
        target = f"target: at {'least' if least else 'most'} {limit:g}" if limit else ""
        print(f"  {what:<50} {found:8.4g} {f'({cpu:.3g})' if cpu else '':<8} {target}{'' if good else '   MISSED'}")

    def slower(self, found: Mapping[str, list[Took]], one: str, other: str, limit: float = 0.0) -> None:
        """Print how many times the other's time the one takes."""
        wall, cpu = ratios(found[one], found[other])
        self.judge(f"{one}, of the time of {other}", wall, limit, cpu=cpu)

    def faster(self, found: Mapping[str, list[Took]], one: str, other: str, limit: float = 0.0) -> None:
        """Print how many times the one's time the other takes."""
        wall, cpu = ratios(found[other], found[one])
        self.judge(f"{one}, times as fast as {other}", wall, limit, cpu=cpu, least=True)


def rounds(count: int, ways: Mapping[str, Callable[[], Took]], *, warm: bool = True) -> dict[str, list[Took]]:
    """Measure each way in turn, the first round for warmth alone if there is to be one, and print the medians."""
    found: dict[str, list[Took]] = {name: [] for name in ways}
    for number in range(count + warm):
        for name, way in ways.items():
            took = way()
            if number or not warm:
                found[name].append(took)
    for name, values in found.items():
        wall, cpu = (median(took[kind] for took in values) for kind in (0, 1))
        print(f"  {name:<28} {wall:8.3f} s  (best {min(values).wall:.3f}, processors {cpu:.2f})")
    return found


def ratios(one: Sequence[Took], other: Sequence[Took]) -> tuple[float, float]:
    """Return the medians of the rounds' own ratios, by the clock and of the processors' times."""
    pairs = list(zip(one, other, strict=True))
    return median(a.wall / b.wall for a, b in pairs), median(a.cpu / b.cpu for a, b in pairs)


def buildtools() -> str:
    """Return how a user starts it: the console script of this Python."""
    path = shutil.which("buildtools", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if path is None:
        raise SystemExit("buildtools is not installed: pip install -e .")
    return path
