#!/usr/bin/python3
"""System calls that a worker is refused, one item per run; see run.

usage: refused.py ITEM

Where it can be had, a call's arguments are such that a kernel without the filter would take it, or
refuse it with another error: then EPERM is the filter's answer, not that of missing privileges.
"""
import ctypes
import errno
import mmap
import os
import platform
import signal
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = {  # x86_64, aarch64
    "clone3": (435, 435), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425), "add_key": (248, 217), "keyctl": (250, 219),
    "request_key": (249, 218), "mount": (165, 40), "umount2": (166, 39), "setns": (308, 268),
    "unshare": (272, 97), "personality": (135, 92), "ptrace": (101, 117), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438), "kcmp": (312, 272),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "fsopen": (430, 430),
    "open_tree": (428, 428), "move_mount": (429, 429), "chroot": (161, 51),
    "clone": (56, 220),
}
CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET = 0x10000000, 0x00020000, 0x40000000
BAD = ctypes.c_void_p(1)  # no address: EFAULT from whoever reads it


def call(name, *arguments):
    number = NUMBERS[name][platform.machine() == "aarch64"]
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[
        a if isinstance(a, ctypes.c_void_p) else ctypes.c_long(a) for a in arguments])
    return result, errno.errorcode.get(ctypes.get_errno(), "no error")


def refused(want, name, *arguments):
    result, error = call(name, *arguments)
    assert result == -1 and error == want, f"{name}: {result} {error}, not {want}"


def namespaces():
    for flag in (CLONE_NEWUSER, CLONE_NEWUSER | CLONE_NEWNS, CLONE_NEWUSER | CLONE_NEWNET, 1 << 9):
        refused("EPERM", "unshare", flag)
    refused("EPERM", "clone", CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0)
    refused("ENOSYS", "clone3", BAD, 88)
    refused("EPERM", "setns", -1, 0)


def mounts():
    refused("EPERM", "mount", BAD, BAD, BAD, 0, 0)
    refused("EPERM", "umount2", BAD, 0)
    refused("EPERM", "fsopen", BAD, 0)
    refused("EPERM", "open_tree", -1, BAD, 1 << 12)
    refused("EPERM", "move_mount", -1, BAD, -1, BAD, 0)
    refused("EPERM", "chroot", BAD)


def keys():
    session = -3
    refused("EPERM", "keyctl", 0, session, 0)
    refused("EPERM", "add_key", BAD, BAD, 0, 0, session)
    refused("EPERM", "request_key", BAD, BAD, 0, session)


def io_uring():
    refused("ENOSYS", "io_uring_setup", 1, BAD)
    refused("ENOSYS", "io_uring_enter", -1, 0, 0, 0, 0, 0)
    refused("ENOSYS", "io_uring_register", -1, 0, 0, 0)


def sockets():
    # Families: 38 crypto, 17 packet, 40 vsock, 31 bluetooth, 29 can, 44 xdp; netlink 12 netfilter
    for family, kind, protocol in ((38, 5, 0), (17, 3, 0x300), (17, 2, 0), (40, 1, 0), (31, 3, 1),
                                   (29, 3, 1), (44, 3, 0), (2, 3, 1), (10, 3, 58), (2, 2, 1),
                                   (16, 3, 12), (2, 1, 132), (2, 1, 262)):
        try:
            socket.socket(family, kind, protocol).close()
            assert False, f"socket({family}, {kind}, {protocol}) opens"
        except PermissionError:
            pass


def trace():
    """A child of the same user, which a kernel lets its parent trace and read."""
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    attach, seize = 16, 0x4206
    try:
        refused("EPERM", "ptrace", attach, child, 0, 0)
        refused("EPERM", "ptrace", seize, child, 0, 0)
        refused("EPERM", "ptrace", 0, 0, 0, 0)
        refused("EPERM", "process_vm_readv", child, 0, 0, 0, 0, 0)
        refused("EPERM", "process_vm_writev", child, 0, 0, 0, 0, 0)
        refused("EPERM", "kcmp", child, child, 1, 0, 0)
        refused("EPERM", "pidfd_getfd", os.pidfd_open(child), 0, 0)
    finally:  # traced, it would stay stopped and keep our output open
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def personality():
    no_randomize, query = 0x0040000, 0xFFFFFFFF
    refused("EPERM", "personality", no_randomize)
    refused("EPERM", "personality", 8)  # PER_LINUX32
    assert call("personality", query)[0] == 0, "the query is harmless and used"


def kernel_surface():
    refused("EPERM", "bpf", 0, BAD, 0)
    refused("EPERM", "perf_event_open", BAD, 0, -1, -1, 0)
    refused("EPERM", "userfaultfd", 1)
    refused("EPERM", "open_by_handle_at", -1, BAD, 0)
    refused("EPERM", "name_to_handle_at", -1, BAD, BAD, BAD, 0)


def foreign_calls():
    """The 32-bit entry and the x32 numbers of an x86_64 kernel: other tables than those filtered."""
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes.fromhex("b814000000" "cd80" "c3"))  # mov eax, 20 (getpid); int 0x80; ret
    entry = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    child = os.fork()
    if child == 0:
        os._exit(1 if entry() == os.getpid() else 0)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) in (signal.SIGSYS, signal.SIGSEGV), status
    else:
        assert os.WEXITSTATUS(status) == 0, "int 0x80 answers"
    for number in (39, 20):  # getpid; writev, as x32 numbers it
        child = os.fork()
        if child == 0:
            os._exit(1 if libc.syscall(ctypes.c_long(0x40000000 + number), 0, 0, 0) >= 0 else 0)
        status = os.waitpid(child, 0)[1]
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"x32 call {number} answers"


if __name__ == "__main__":
    globals()[sys.argv[1]]()
