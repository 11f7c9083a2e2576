"""Edits of which files there are, where they lie, how old they are, and what surrounds them."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

from tests.differential import edits
from tests.differential.edits import Project

STANDARD = ("json", "logging", "types", "random", "string", "typing", "abc", "enum", "collections", "copy", "colorsys")
THIRD = """'''Stands for an installed package.'''
LIMIT = {value}


class Base:
    def run_{number}(self):
        return self

    def run(self, first{extra}):
        return {value}


def make():
    return Base()
"""
RCS = (
    "[FORMAT]\nmax-line-length={number}\n",
    "[MESSAGES CONTROL]\ndisable=C,unused-import\n",
    "[MESSAGES CONTROL]\nenable=useless-suppression,suppressed-message\n",
    "[SIMILARITIES]\nmin-similarity-lines={lines}\n",
    "[TYPECHECK]\nignored-modules=third\ngenerated-members=run.*\n",
    "[MAIN]\nignore-patterns=^_.*\n[DESIGN]\nmax-args=1\n",
    "",
)


def add_module(project: Project, rng: random.Random) -> str:
    """Add a module that imports others, the installed one at times; a later one may be its namesake."""
    folder = rng.choice(project.packages())
    file = folder / f"{rng.choice(('new', 'helper', 'third_user'))}_{rng.randrange(4)}.py"
    others = rng.sample(project.files(), k=min(2, len(project.files())))
    lines = [f"import {project.name(one)}\n" for one in others]
    lines += [f"from {project.name(file.parent / '__init__.py')} import new_{number}\n" for number in (0, 1)]
    lines += ["import third\nfrom third import Base, make\nfrom third.deep import thing\nimport absent_module\n"]
    lines += ["print(make().run(1), Base().run_1(), third.LIMIT.nothing, thing.part, absent_module.x)\n"]
    file.write_text("".join(rng.sample(lines, k=rng.randrange(1, len(lines) + 1))) + f"VALUE = {rng.randrange(9)}\n")
    return f"write {project.show(file)}"


def delete_module(project: Project, rng: random.Random) -> str:
    """Delete a file, which may be a package's `__init__.py`."""
    files = project.files(".py", ".pyi")
    if len(files) < 4:
        return ""
    file = rng.choice(files)
    file.unlink()
    return f"delete {project.show(file)}"


def shadow(project: Project, rng: random.Random) -> str:
    """Add a module that is found before another: of a standard name, of the installed one's, or a package's twin."""
    top = rng.choice([_top(project, file) for file in project.files()])
    file = edits.pick(project, rng, lambda one: one.stem != "__init__")
    places = [
        top / f"{rng.choice(STANDARD)}.py",
        rng.choice(project.packages()) / f"{rng.choice(STANDARD)}.py",
        top / "third.py",
        top / "third/__init__.py",
        top / "absent_module.py",
        project.root / f"{rng.choice(STANDARD)}.py",
    ]
    if file:
        places += [file.with_suffix("") / "__init__.py", file.with_suffix(".pyi")]
    place = rng.choice(places)
    if place.exists():
        place.unlink()
        return f"delete {project.show(place)}"
    if place.parent.is_file():
        return ""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"'''Shadows.'''\nLIMIT = {rng.choice(('1', repr('x')))}\n\n\nclass Base:\n    '''No run.'''\n")
    return f"write {project.show(place)}, which shadows"


def _top(project: Project, file: Path) -> Path:
    """Return the folder that pylint puts in front of the module path for a file."""
    folder = file.parent
    while (folder / "__init__.py").exists() and folder != project.root:
        folder = folder.parent
    return folder


def move_file(project: Project, rng: random.Random) -> str:
    """Move a file into another package."""
    file = edits.pick(project, rng, lambda one: one.stem != "__init__")
    if not file:
        return ""
    place = rng.choice(project.packages()) / rng.choice((file.name, f"moved_{project.next()}.py"))
    return "" if place.exists() else edits.move(project, file, place)


def rename_package(project: Project, rng: random.Random) -> str:
    """Rename a package's folder, or move it into another one."""
    tops = {project.root / folder for folder in project.folders}
    packages = [folder for folder in project.packages() if folder not in tops]
    if not packages:
        return ""
    folder = rng.choice(packages)
    new = folder.with_name(f"{folder.name.split('_of_')[0]}_of_{project.next()}")
    return edits.move(project, folder, new)


def case_only(project: Project, rng: random.Random) -> str:
    """Change nothing but the case of a file's name."""
    file = edits.pick(project, rng, lambda one: one.stem != "__init__" and one.name.swapcase() != one.name)
    if not file:
        return ""
    new = file.with_name(rng.choice((file.stem.capitalize(), file.stem.swapcase())) + file.suffix)
    return "" if new.exists() else edits.move(project, file, new)


def swap(project: Project, rng: random.Random) -> str:
    """Exchange the contents of two files."""
    one, two = rng.sample(project.files(), k=2)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    return f"swap {project.show(one)} and {project.show(two)}"


def exchange(project: Project, rng: random.Random) -> str:
    """Exchange two files themselves, times and all."""
    one, two = rng.sample(project.files(), k=2)
    other = one.with_name("exchanged")
    one.rename(other)
    two.rename(one)
    other.rename(two)
    return f"exchange {project.show(one)} and {project.show(two)}"


def touch(project: Project, rng: random.Random) -> str:
    """Make files younger, or older, and nothing else."""
    files = rng.sample(project.files(), k=min(rng.choice((1, 5, 50)), len(project.files())))
    seconds = rng.choice((5, -5000, 1e6))
    for file in files:
        edits.set_time(file, seconds)
    return f"touch {len(files)} files, {seconds:g} s"


def same_time(project: Project, rng: random.Random) -> str:
    """Change a file to one of the same length, and set its time back to what it was."""
    file = edits.pick(project, rng, lambda one: b"import " in one.read_bytes() or b"self" in one.read_bytes())
    if not file:
        return ""
    was = file.stat()
    old, new = rng.choice(
        ((b"self", b"sefl"), (b"import ", b"imp\\\nrt "), (b"return", b"retrun"), (b"(self", b"(slef"))
    )
    file.write_bytes(file.read_bytes().replace(old, new, rng.choice((1, 3))))
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    return f"{project.show(file)}: {new!r} for {old!r}, with the old time"


def installed(project: Project, rng: random.Random) -> str:
    """Change the installed package: its code, a module that was missing, or take it away."""
    package = project.third / "third"
    how = rng.random()
    if how < 0.15 and package.exists():
        shutil.rmtree(package)
        return "uninstall the package"
    package.mkdir(parents=True, exist_ok=True)
    number, value = rng.randrange(3), rng.choice(("1", "'x'", "[]", "None"))
    (package / "__init__.py").write_text(THIRD.format(number=number, value=value, extra=rng.choice(("", ", second"))))
    if how < 0.5:
        deep = rng.choice((package / "deep.py", package / "deep/__init__.py", package / "deep/thing.py"))
        if deep.exists():
            deep.unlink()
        elif not deep.parent.is_file() and not (package / "deep.py").is_dir():
            deep.parent.mkdir(exist_ok=True)
            deep.write_text(f"part = {value}\nclass thing:\n    part = 1\n")
    if how > 0.9:
        # Nothing that pylint itself imports: it would be broken, and tell us nothing.
        alone = project.third / rng.choice(("absent_module.py", "colorsys.py", "new_1.py"))
        alone.unlink() if alone.exists() else alone.write_text("x = 1\n")
    return f"change the installed package: {number}, {value}"


def configure(project: Project, rng: random.Random) -> str:
    """Change a configuration file, of the project or of a folder in it."""
    file = rng.choice((project.root, project.root, rng.choice(project.packages()))) / ".pylintrc"
    content = rng.choice(RCS).format(number=rng.choice((40, 60, 79, 120)), lines=rng.choice((3, 4, 8)))
    if content:
        file.write_text(content)
    elif file.exists():
        file.unlink()
    return f"{project.show(file)}: {content!r}"


def package_or_not(project: Project, rng: random.Random) -> str:
    """Make a folder a package, or a namespace of one."""
    folder = rng.choice(project.packages())
    file = folder / "__init__.py"
    if file.exists():
        file.unlink()
        return f"delete {project.show(file)}"
    file.write_text("'''A package now.'''\nfrom typing import Any\n\n\ndef typed(a: Any, b: os):\n    '''Doc.'''\n")
    return f"write {project.show(file)}"


def link(project: Project, rng: random.Random) -> str:
    """Put a symbolic link to another in a file's place."""
    file = edits.pick(project, rng, lambda one: not one.is_symlink() and one.stem != "__init__")
    other = edits.pick(project, rng, lambda one: one != file and not one.is_symlink())
    if not (file and other):
        return ""
    file.unlink()
    file.symlink_to(os.path.relpath(other, file.parent))
    return f"{project.show(file)} is a link to {project.show(other)} now"


def revert(project: Project, rng: random.Random) -> str:
    """Go back to an earlier state."""
    if not project.past:
        return ""
    number = rng.randrange(len(project.past))
    project.restore(project.past[number])
    return f"revert to the state after step {number}"


ALL: tuple[edits.Edit, ...] = (
    add_module,
    add_module,
    delete_module,
    shadow,
    shadow,
    move_file,
    rename_package,
    case_only,
    swap,
    exchange,
    touch,
    same_time,
    installed,
    installed,
    configure,
    package_or_not,
    link,
    revert,
    revert,
)
