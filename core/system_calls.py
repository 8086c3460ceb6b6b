"""Which system calls a sandboxed program may not make, as a filter for the kernel.

Namespaces and limits keep a program in its room; the filter keeps it from the parts of the kernel
that no ordinary program needs and that holes are found in: tracing, mounts, namespaces, keys, BPF,
io_uring, page faults in user space, modules, and sockets of other families than local and internet.
"""

import errno
import platform
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LOAD, EQUAL, LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24
NAMESPACES = 0x7E020000  # every CLONE_NEW flag that clone() takes
FAMILIES = (1, 2, 10)  # local, IPv4, IPv6
TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into somebody's terminal
X32 = 0x40000000

Step = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor as the kernel names it, and the numbers of its calls."""

    architecture: int
    clone: int
    socket: int
    ioctl: int
    refused: Mapping[str, int]


SAME = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "pidfd_getfd": 438, "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447,
    "open_tree_attr": 467,
}  # fmt: skip
NAMES = (
    "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "mount", "umount2", "pivot_root",
    "chroot", "swapon", "swapoff", "reboot", "kexec_load", "kexec_file_load", "init_module",
    "finit_module", "delete_module", "bpf", "perf_event_open", "keyctl", "add_key", "request_key",
    "userfaultfd", "unshare", "setns", "open_by_handle_at", "name_to_handle_at", "syslog", "acct",
    "quotactl", "personality", "fanotify_init", "vmsplice", "move_pages", "migrate_pages",
)  # fmt: skip
INTEL = (101, 310, 311, 312, 165, 166, 155, 161, 167, 168, 169, 246, 320, 175, 313, 176, 321,
         298, 250, 248, 249, 323, 272, 308, 304, 303, 103, 163, 179, 135, 300, 278, 279,
         256)  # fmt: skip
ARM = (117, 270, 271, 272, 40, 39, 41, 51, 224, 225, 142, 104, 294, 105, 273, 106, 280, 241,
       219, 217, 218, 282, 97, 268, 265, 264, 116, 89, 60, 92, 262, 75, 239, 238)  # fmt: skip
CLONE3 = 435
MACHINES = {
    "x86_64": Machine(0xC000003E, clone=56, socket=41, ioctl=16, refused={
        **dict(zip(NAMES, INTEL, strict=True)), **SAME,
        "modify_ldt": 154, "iopl": 172, "ioperm": 173,
    }),
    "aarch64": Machine(0xC00000B7, clone=220, socket=198, ioctl=29, refused={
        **dict(zip(NAMES, ARM, strict=True)), **SAME,
    }),
}  # fmt: skip


def program(machine: str = "") -> bytes:
    """The filter for a machine ('' for this one) as the kernel reads it; b'' where there is none.

    Refused calls fail with EPERM, sockets of other families with EAFNOSUPPORT; clone3, whose flags
    no filter can see, is said not to exist, so that libraries fall back to clone. A program that
    makes calls for another architecture is ended.
    """
    known = MACHINES.get(machine or platform.machine())
    if known is None:
        return b""
    return b"".join(struct.pack("=HBBI", *step) for step in _steps(known))


def _steps(machine: Machine) -> Iterator[Step]:
    yield LOAD, 0, 0, ARCHITECTURE
    yield EQUAL, 1, 0, machine.architecture
    yield RETURN, 0, 0, KILL
    yield LOAD, 0, 0, NUMBER
    yield LEAST, 0, 1, X32
    yield _refusal(errno.ENOSYS)
    for number in sorted(machine.refused.values()):
        yield EQUAL, 0, 1, number
        yield _refusal(errno.EPERM)
    yield EQUAL, 0, 1, CLONE3
    yield _refusal(errno.ENOSYS)
    yield EQUAL, 0, 4, machine.clone
    yield LOAD, 0, 0, FIRST
    yield ANY_BIT, 0, 1, NAMESPACES
    yield _refusal(errno.EPERM)
    yield RETURN, 0, 0, ALLOW
    yield EQUAL, 0, 3 + len(FAMILIES), machine.socket
    yield LOAD, 0, 0, FIRST
    for place, family in enumerate(FAMILIES):
        yield EQUAL, len(FAMILIES) - place, 0, family
    yield _refusal(errno.EAFNOSUPPORT)
    yield RETURN, 0, 0, ALLOW
    yield EQUAL, 0, 1 + len(TERMINAL), machine.ioctl
    yield LOAD, 0, 0, SECOND
    for place, request in enumerate(TERMINAL):
        yield EQUAL, len(TERMINAL) - place, 0, request
    yield RETURN, 0, 0, ALLOW
    yield _refusal(errno.EPERM)


def _refusal(reason: int) -> Step:
    return RETURN, 0, 0, REFUSE | reason
