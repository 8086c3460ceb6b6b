"""Runs code that nobody vouches for: bubblewrap on Linux, or not at all.

What runs sees read-only system folders, a private `/tmp`, no network, no process but its own and
no environment. The sandbox stands on the kernel's namespaces, limits and filter of system calls
(`core.system_calls`, on x86_64 and aarch64), so a hole in what is left would be a hole in it.
"""

import os
import random
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import IO, Literal

from core import system_calls
from core.pretence import pretended

End = Literal["done", "time", "cpu", "memory", "output"]
BEAT = 0.05
LINKS = ("bin", "sbin", "lib", "lib32", "lib64")
STRANGERS = range(61184, 65520)  # user ids that systems leave to short-lived services
ROOM = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


class NoSandbox(RuntimeError):
    """Code cannot be run safely here; the text says what is missing and what to do."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use at most. Sizes are in bytes.

    `seconds` bounds the whole run, `cpu` each process's time on a processor, `memory` each process
    and all of them together (pages shared after a fork count once for each process), `file` each
    file, `disk` everything in `/tmp`, `output` what is printed.
    """

    seconds: float = 10.0
    cpu: int = 10
    memory: int = 512 * 2**20
    processes: int = 32
    file: int = 16 * 2**20
    disk: int = 32 * 2**20
    output: int = 2**20


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended: by itself (`done`), or stopped at the limit that `end` names.

    `code` is the exit code, 128 + the signal's number when a signal ended it; None when it was
    stopped. `stdout` and `stderr` hold what was printed up to the limit, `crowded` says that as
    many processes ran as were allowed, `memory` is the most seen of all together.
    """

    end: End
    code: int | None
    stdout: str
    stderr: str
    seconds: float
    memory: int
    crowded: bool

    @property
    def well(self) -> bool:
        """Whether it ended by itself and without an error."""
        return self.end == "done" and self.code == 0

    def said(self) -> str:
        """How it ended, in words."""
        stops = {
            "time": f"stopped after {self.seconds:.1f} s: it took too long",
            "cpu": "stopped: it used too much processor time",
            "memory": "stopped: it used too much memory",
            "output": "stopped: it printed too much",
        }
        if self.end != "done":
            return stops[self.end]
        crowd = " (it ran as many processes as are allowed)" if self.crowded else ""
        return (f"ended with exit code {self.code}" if self.code else "ended well") + crowd


def python(
    code: str, *, files: Mapping[str, str] | None = None, stdin: str = "",
    limits: Limits = Limits(),
) -> Ran:  # fmt: skip
    """Run a Python program by itself, with only the standard library; see `run`."""
    command = ["", "-I", "-B", "/code/main.py"]
    return run(command, files={**(files or {}), "main.py": code}, stdin=stdin, limits=limits)


def run(
    command: Sequence[str], *, files: Mapping[str, str] | None = None, stdin: str = "",
    limits: Limits = Limits(),
) -> Ran:  # fmt: skip
    """How the command ended. `files` lie in `/code`, read-only; it starts in an empty `/tmp`.

    At most as many run at once as there are processors; the others wait. Everything that the
    command started is gone when this returns. An empty program is a Python that can be run there.
    In a rehearsal nothing is run. Raises `NoSandbox` where the platform has none.
    """
    lacking = missing()
    if lacking:
        raise NoSandbox(lacking)
    if pretended():
        return Ran("done", 0, "(what the code prints)", "", 0.0, 0, crowded=False)
    with ROOM:
        return _run([command[0] or _interpreter()[0], *command[1:]], files or {}, stdin, limits)


@cache
def missing() -> str:
    """Why nothing can be run safely here; '' when it can. Asked once: it runs a small program."""
    if sys.platform != "linux":
        return f"code is run only where bubblewrap is, on Linux; this is {sys.platform}"
    for program, package in (("bwrap", "bubblewrap"), ("prlimit", "util-linux")):
        if shutil.which(program) is None:
            return f"code is run only with {program}; install the package {package}, then go on"
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        return "this kernel does not list a process's children, so memory cannot be watched"
    return _interpreter()[1]


@cache
def _interpreter() -> tuple[str, str]:
    """A Python that can be run in the sandbox, or '' and the reason why there is none."""
    own = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    why = ""
    for candidate in dict.fromkeys([own, "/usr/bin/python3", "/usr/local/bin/python3"]):
        if not Path(candidate).exists():
            continue
        ran = _run([candidate, "-I", "-c", "print(6 * 7)"], {}, "", replace(Limits(), seconds=20))
        if ran.well and ran.stdout == "42\n":
            return candidate, ""
        why = why or ran.stderr.strip().partition("\n")[0][:200]
        if "No such file" not in ran.stderr and "Permission denied" not in ran.stderr:
            why = ran.stderr.strip().partition("\n")[0][:200]
    return "", (
        f"bubblewrap cannot run Python here ({why or 'no reason given'}); it needs version 0.8, "
        "user namespaces that ordinary users may make, and a Python that ordinary users may read"
    )


def _run(command: Sequence[str], files: Mapping[str, str], stdin: str, limits: Limits) -> Ran:
    with ExitStack() as stack:

        def lent(text: str | bytes) -> int:
            held = stack.enter_context(os.fdopen(os.memfd_create("given"), "wb+", buffering=0))
            held.write(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
            held.seek(0)
            return held.fileno()

        given = {name: lent(text) for name, text in files.items()}
        calls = system_calls.program()
        watch = [lent(calls)] if calls else []
        walls = _walls(command[0], given, limits)
        for descriptor in watch:
            walls += ["--seccomp", str(descriptor)]
        who = _stranger()
        process = subprocess.Popen(  # noqa: S603
            [*walls, "--", *_bounds(limits), *command], stdin=lent(stdin), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=(*given.values(), *watch), env={}, cwd="/",
            start_new_session=True, user=who, group=who, extra_groups=None if who is None else [],
        )  # fmt: skip
        stack.callback(_bury, process)
        return _Watch(process, limits).until_the_end()


def _stranger() -> int | None:
    """Whom root becomes first, since limits on processes do not bind root; None for others."""
    return random.choice(STRANGERS) if os.geteuid() == 0 else None  # noqa: S311


def _walls(program: str, files: Mapping[str, int], limits: Limits) -> list[str]:
    """What the command can see."""
    bwrap = shutil.which("bwrap") or "bwrap"
    found = [
        bwrap, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent",
        "--new-session", "--uid", "65534", "--gid", "65534", "--hostname", "sandbox",
        "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp",
        "--setenv", "LANG", "C.UTF-8", "--ro-bind", "/usr", "/usr",
        "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache",
    ]  # fmt: skip
    for name in LINKS:
        path = Path("/", name)
        if path.is_symlink():
            found += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            found += ["--ro-bind", str(path), str(path)]
    if Path(program).is_relative_to(sys.base_prefix) and not sys.base_prefix.startswith("/usr"):
        found += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    found += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--dir", "/code"]
    for name, descriptor in files.items():
        found += ["--perms", "0444", "--file", str(descriptor), f"/code/{name}"]
    size = str(limits.disk)
    return [*found, "--size", size, "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp"]


def _bounds(limits: Limits) -> list[str]:
    """What each process may use; set inside, where only the command's own processes count."""
    bounds = {
        "nproc": limits.processes, "as": limits.memory, "cpu": limits.cpu, "fsize": limits.file,
        "core": 0, "nofile": 128, "stack": 8 * 2**20, "memlock": 0, "msgqueue": 0,
    }  # fmt: skip
    return [
        shutil.which("prlimit") or "prlimit",
        *(f"--{name}={value}:{value}" for name, value in bounds.items()), "--",
    ]  # fmt: skip


def _bury(process: "subprocess.Popen[bytes]") -> None:
    """End the first process: the kernel then ends all that stand below it."""
    with suppress(ProcessLookupError):
        process.kill()
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


class _Watch:
    """Reads what a run prints, and stops it at its limits."""

    def __init__(self, process: "subprocess.Popen[bytes]", limits: Limits) -> None:
        self.process, self.limits = process, limits
        self.begun, self.beat = time.monotonic(), 0.0
        self.most, self.crowded = 0, False
        self.printed: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}

    def until_the_end(self) -> Ran:
        with selectors.DefaultSelector() as ready:
            for name, pipe in (("stdout", self.process.stdout), ("stderr", self.process.stderr)):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
                ready.register(pipe, selectors.EVENT_READ, name)
            end = self._end(ready)
        if end is not None:
            self.process.kill()
        code = self.process.wait()
        spent = time.monotonic() - self.begun
        killed = code in {128 + signal.SIGXCPU, 128 + signal.SIGKILL}
        if end is None and killed and spent >= self.limits.cpu * 0.9:
            end = "cpu"
        stdout, stderr = (
            bytes(text[: self.limits.output]).decode("utf-8", "replace")
            for text in self.printed.values()
        )
        return Ran(
            end or "done", None if end else code, stdout, stderr, spent, self.most, self.crowded,
        )  # fmt: skip

    def _end(self, ready: selectors.BaseSelector) -> End | None:
        """The limit that was reached; None when the run ended by itself."""
        while ready.get_map() or self.process.poll() is None:
            if not ready.get_map():
                time.sleep(BEAT / 5)
            for key, _ in ready.select(BEAT) if ready.get_map() else ():
                self._read(ready, key)
            if sum(map(len, self.printed.values())) > self.limits.output:
                return "output"
            now = time.monotonic()
            if now - self.begun > self.limits.seconds:
                return "time"
            if now - self.beat >= BEAT:
                self.beat = now
                self._weigh()
                if self.most > self.limits.memory:
                    return "memory"
        return None

    def _read(self, ready: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        pipe: IO[bytes] = key.fileobj  # type: ignore[assignment]
        found = os.read(pipe.fileno(), 65536)
        if found:
            self.printed[key.data] += found
        else:
            ready.unregister(pipe)

    def _weigh(self) -> None:
        """Count the processes below ours, and the memory that they hold together."""
        below, held, page = [self.process.pid], 0, os.sysconf("SC_PAGE_SIZE")
        for pid in below:
            with suppress(OSError, ValueError, IndexError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    below += [int(p) for p in (task / "children").read_text().split()]
                _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
                held += (int(resident) - int(shared)) * page
        self.most = max(self.most, held)
        self.crowded |= len(below) > self.limits.processes
