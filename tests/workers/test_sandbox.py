"""Code that means harm is stopped within its limit and reported, and we live on."""

import errno
import json
import os
import platform
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core import sandbox, system_calls
from core.sandbox import Limits, NoSandbox, python, run
from core.settings import ROOT
from tests.conftest import missing

TIGHT = Limits(seconds=1.5, cpu=3, memory=256 * 2**20, processes=12, output=100_000)
SECRET = "a secret of the app"


@pytest.fixture(autouse=True, scope="module")
def _a_sandbox():
    lacking = sandbox.missing()
    if lacking:
        missing(f"the sandbox: {lacking}")


def test_a_program_runs_by_itself():
    ran = python("print(input()[::-1])", stdin="abc")
    assert ran.well and ran.stdout == "cba\n" and ran.said() == "ended well"
    assert run(["/code/x"], files={"x": ""}).code != 0, "files are to be read, not to be started"


def test_it_sees_its_files_and_nothing_else(monkeypatch, tmp_path):
    monkeypatch.setenv("CONCORD_SECRET", SECRET)
    (tmp_path / "secret").write_text(SECRET)
    ran = python(
        "import os, pathlib\n"
        "print(sorted(os.listdir('/code')), os.listdir('/tmp'), sorted(os.environ), os.getuid())\n"
        "print(sorted(p for p in os.listdir('/proc') if p.isdigit()))",
        files={"data.txt": "7"},
    )
    names, processes = ran.stdout.splitlines()
    assert names.startswith("['data.txt', 'main.py'] []") and names.endswith("65534")
    assert "CONCORD" not in names and len(processes.split()) <= 3
    for path in (tmp_path / "secret", "/etc/shadow", "/etc/passwd", ROOT / "app.py", "/root",
                 f"/proc/{os.getpid()}/environ"):  # fmt: skip
        ran = python(f"import os\np = {str(path)!r}\nprint(os.path.exists(p), open(p).read())")
        assert ran.code == 1 and SECRET not in ran.stdout + ran.stderr
        assert "False" in ran.stdout or "Error" in ran.stderr


def test_an_endless_loop_is_stopped():
    ran = python("while True: pass", limits=TIGHT)
    assert ran.end == "time" and ran.code is None and "too long" in ran.said()
    ran = python("while True: pass", limits=replace(TIGHT, cpu=1, seconds=30))
    assert ran.end == "cpu"


def test_one_that_closes_its_output_is_stopped_too():
    ran = python("import os\nos.close(1)\nos.close(2)\nwhile True: pass", limits=TIGHT)
    assert ran.end == "time"


def test_endless_output_is_cut():
    ran = python("while True: print('x' * 1000)", limits=TIGHT)
    assert ran.end == "output" and len(ran.stdout) == TIGHT.output
    ran = python("import sys\nwhile True: sys.stderr.write('x' * 1000)", limits=TIGHT)
    assert ran.end == "output" and len(ran.stderr) == TIGHT.output


def test_a_fork_bomb_goes_off_in_its_own_room():
    code = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
    ran = python(code, limits=TIGHT)
    assert ran.end in {"time", "memory"} and ran.crowded
    assert python("print('still here')").stdout == "still here\n"


def test_a_memory_bomb_is_stopped_alone_and_in_company():
    slow = replace(TIGHT, seconds=30)
    ran = python("x = []\nwhile True: x.append(bytearray(10**7))", limits=slow)
    assert ran.end == "memory" or "MemoryError" in ran.stderr
    assert ran.memory < 2 * TIGHT.memory
    many = (
        "import os, time\nfor _ in range(3): os.fork()\n"
        "x = bytearray(b'x') * 80_000_000\ntime.sleep(60)"
    )
    ran = python(many, limits=replace(TIGHT, seconds=50))
    assert ran.end == "memory" and "memory" in ran.said()


def test_there_is_no_network():
    ran = python(
        "import socket\n"
        "for where in (('127.0.0.1', 22), ('192.0.2.1', 80)):\n"
        "  try: socket.create_connection(where, 1)\n"
        "  except OSError as error: print(type(error).__name__)\n"
        "try: print(socket.getaddrinfo('example.org', 80))\n"
        "except OSError as error: print(type(error).__name__)"
    )
    assert ran.well and ran.stdout.split() == ["ConnectionRefusedError", "OSError", "gaierror"]


def test_signals_reach_nobody_outside():
    ran = python(
        "import os, signal\n"
        f"for pid in (os.getppid(), 1, {os.getpid()}, {os.getppid()}):\n"
        "  try: os.kill(pid, signal.SIGKILL)\n"
        "  except OSError: pass\n"
        "try: os.kill(-1, signal.SIGKILL)\nexcept OSError: pass\n"
        "print('alive')"
    )
    assert ran.stdout in {"alive\n", ""}
    assert os.getpid() and time.monotonic() > 0


def test_nothing_is_written_outside():
    for place in ("/x", "/usr/x", "/code/x", "/dev/x", "/dev/shm/x", "/etc/x", "/proc/sys/x",
                  "/tmp/../x", "/bin/x"):  # fmt: skip
        assert python(f"open({place!r}, 'w')").code == 1, place
    ran = python("open('/tmp/x', 'w').write('y')\nprint(open('x').read())")
    assert ran.stdout == "y\n" and not Path("/tmp/x").exists()
    big = f"f = open('/tmp/x', 'wb')\nfor _ in range(99): f.write(b'x' * {2**20})"
    assert "File too large" in python(big).stderr
    many = f"for n in range(99): open(f'/tmp/{{n}}', 'wb').write(b'x' * {2**20})"
    assert "No space left" in python(many).stderr


def test_it_cannot_gain_rights():
    ran = python(
        "import ctypes, os\nlibc = ctypes.CDLL(None)\n"
        "print(libc.unshare(0x10000000), libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0))\n"
        "for call in (lambda: os.setuid(0), lambda: os.chroot('/tmp')):\n"
        "  try: call(); print('gained')\n"
        "  except OSError: pass"
    )
    assert ran.well and ran.stdout == "-1 -1\n"


def test_what_no_program_needs_is_refused_by_the_kernel():
    """Each call is made for real; none may succeed, whatever rights the caller has."""
    numbers = system_calls.MACHINES[platform.machine()].refused
    ran = python(
        "import ctypes, json, sys\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "for name, number in json.load(sys.stdin).items():\n"
        "  ctypes.set_errno(0)\n"
        "  print(name, libc.syscall(number, 0, 0, 0, 0, 0), ctypes.get_errno())",
        stdin=json.dumps(numbers),
    )
    lines = ran.stdout.splitlines()
    assert ran.well and [line.split()[0] for line in lines] == list(numbers)
    assert {line.partition(" ")[2] for line in lines} == {f"-1 {errno.EPERM}"}


def test_new_rooms_and_odd_sockets_are_refused():
    clone = system_calls.MACHINES[platform.machine()].clone
    ran = python(
        "import ctypes, os, signal, socket\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "def call(*a):\n"
        "  ctypes.set_errno(0)\n  found = libc.syscall(*a)\n"
        "  if found == 0: os._exit(0)\n"
        "  return 'made' if found > 0 else ctypes.get_errno()\n"
        f"print(call({clone}, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0))\n"
        f"print(call({clone}, signal.SIGCHLD, 0, 0, 0, 0), call(435, 0, 0))\n"
        "for family in (16, 17, 38, 40):\n"
        "  try: socket.socket(family, socket.SOCK_RAW if family < 38 else socket.SOCK_STREAM)\n"
        "  except OSError as error: print(error.errno)\n"
        "for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6): socket.socket(family)\n"
        "import subprocess, threading\n"
        "threading.Thread(target=print, args=('a thread',)).start()\n"
        "print(subprocess.run(['/bin/echo', 'a child'], capture_output=True).stdout)"
    )
    refused, plain, *families, thread, child = ran.stdout.splitlines()
    assert ran.well and refused == str(errno.EPERM) and plain == f"made {errno.ENOSYS}"
    assert families == [str(errno.EAFNOSUPPORT)] * 4
    assert thread == "a thread" and child == "b'a child\\n'"


def test_the_room_has_no_second_door(monkeypatch, tmp_path):
    """Links, the kernel's own files and sockets without a name lead nowhere outside."""
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("CONCORD_SECRET", SECRET)
    with socket.socket(socket.AF_UNIX) as outside:
        outside.bind(f"\0concord-{os.getpid()}")
        outside.listen()
        ran = python(
            "import os, socket\n"
            f"for n, p in enumerate(({str(tmp_path / 'secret')!r}, '/etc/shadow',\n"
            f"    '/proc/1/environ', '/proc/{os.getpid()}/environ', '/proc/1/root/etc/shadow',\n"
            f"    '/proc/self/root/{tmp_path}/secret', '/proc/1/cwd{tmp_path}/secret')):\n"
            "  os.symlink(p, f'/tmp/{n}')\n"
            "  try: print(n, open(f'/tmp/{n}', 'rb').read())\n"
            "  except OSError as error: print(n, type(error).__name__)\n"
            "for p, words in (('sys/kernel/core_pattern', '|/tmp/x'), ('self/uid_map', '0 0 1'),\n"
            "    ('sysrq-trigger', 'b'), ('sys/user/max_user_namespaces', '9'),\n"
            "    ('sys/vm/drop_caches', '3'), ('1/oom_score_adj', '-1000')):\n"
            "  try: os.write(os.open('/proc/' + p, os.O_WRONLY), words.encode()); print(p)\n"
            "  except OSError: pass\n"
            "try: os.link('/usr/bin/env', '/tmp/env'); print('linked')\n"
            "except OSError: pass\n"
            f"try: socket.socket(socket.AF_UNIX).connect('\\0concord-{os.getpid()}')\n"
            "except OSError as error: print(type(error).__name__)",
        )
    assert ran.well and SECRET not in ran.stdout, ran.stderr
    *read, door = ran.stdout.splitlines()
    assert door == "ConnectionRefusedError" and len(read) == 7
    for line in read:
        number, _, found = line.partition(" ")
        assert found.endswith("Error") or (number == "2" and b"root" not in found.encode()), line


def test_a_huge_file_with_holes_is_refused():
    ran = python(
        "f = open('/tmp/x', 'wb')\n"
        "for size in (2**40, 2**62):\n"
        "  try: f.truncate(size); print('grown')\n"
        "  except OSError as error: print(error.strerror)\n"
        "  try: f.seek(size); f.write(b'x'); f.flush(); print('written')\n"
        "  except OSError as error: print(error.strerror)"
    )
    assert ran.stdout.splitlines()[:4] == ["File too large"] * 4


def test_the_filter_knows_both_processors_and_no_others():
    assert system_calls.program("riscv64") == b""
    assert system_calls.program("x86_64") != system_calls.program("aarch64") != b""
    for machine, known in system_calls.MACHINES.items():
        assert len(system_calls.program(machine)) % 8 == 0
        assert len(set(known.refused.values())) == len(known.refused)


def test_children_left_behind_are_gone():
    mark = f"left-{os.getpid()}"
    code = (
        "import os, time\n"
        "for _ in range(3):\n"
        "  if os.fork() == 0:\n"
        "    os.setsid()\n"
        f"    os.execv('/usr/bin/sleep', ['{mark}', '30'])\n"
        "time.sleep(0.2)\nprint('parent done')"
    )
    ran = python(code)
    assert ran.end == "done" and ran.stdout == "parent done\n"
    alive = [p for p in Path("/proc").glob("[0-9]*/cmdline") if mark.encode() in _read(p)]
    assert alive == []


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_no_file_stays_open_and_no_zombie_stays_behind():
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        python("print(1)", files={"a": "b"})
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert not [p for p in children if "Z (zombie)" in Path(f"/proc/{p}/status").read_text()]


def test_where_there_is_no_sandbox_nothing_runs(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("core.sandbox.missing", sandbox.missing.__wrapped__)
    with pytest.raises(NoSandbox, match="install the package bubblewrap"):
        python("print(1)")
    with pytest.raises(NoSandbox):
        run(["/bin/true"])
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "only where bubblewrap is" in sandbox.missing()


def test_root_gives_its_rights_away_before_anything_runs(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert sandbox._stranger() in sandbox.STRANGERS
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert sandbox._stranger() is None


def test_an_ordinary_user_has_it_too():
    if os.geteuid() != 0 or not Path("/usr/bin/python3").exists():
        pytest.skip("run as root with a system Python, it is tried as another user too")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from core import sandbox\n"
        "print(sandbox.python('import os; print(os.getuid())').stdout)"
    )
    done = subprocess.run(
        ["/usr/bin/python3", "-B", "-c", code], user=65534, group=65534, extra_groups=[], cwd="/",
        env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Permission denied" in done.stderr or "No module named" in done.stderr:
        pytest.skip("another user may not read this folder")
    assert done.stdout.strip() == "65534", done.stderr
