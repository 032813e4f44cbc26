#!/usr/bin/python3
"""What Python programs need from a worker, one item per run; see run.

usage: cases.py ITEM        in an empty folder; the environment has UPSTREAM (an allowed name),
FINGERPRINT (SHA-256 of its certificate), REFUSED (a name that is not allowed)
"""
import asyncio
import ctypes
import hashlib
import multiprocessing
import multiprocessing.shared_memory
import os
import pty
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

UPSTREAM = os.environ["UPSTREAM"]


def threads():
    numbers, lock = [], threading.Lock()

    def add(n):
        with lock:
            numbers.append(n)
    all_threads = [threading.Thread(target=add, args=(n,)) for n in range(16)]
    for thread in all_threads:
        thread.start()
    for thread in all_threads:
        thread.join(5)
    assert sorted(numbers) == list(range(16)), numbers
    woken = threading.Event()
    threading.Timer(0.05, woken.set).start()
    assert woken.wait(5)


def subprocesses():
    out = subprocess.run("cat | rev", shell=True, input="abc\n", text=True, capture_output=True,
                         check=True).stdout
    assert out == "cba\n", out
    assert subprocess.run(["false"], check=False).returncode == 1
    started = subprocess.Popen(["sleep", "100"], start_new_session=True)
    assert os.getsid(started.pid) == started.pid
    started.terminate()
    assert started.wait(5) == -15
    try:
        subprocess.run(["sleep", "100"], timeout=0.1, check=False)
        assert False, "no timeout"
    except subprocess.TimeoutExpired:
        pass


def put_square(queue, n):
    queue.put(n * n)


def processes():
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            assert pool.map(abs, [-1, -2, 3]) == [1, 2, 3], method
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=put_square, args=(queue, 12))
    process.start()
    assert queue.get(timeout=5) == 144
    process.join(5)
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=1 << 20)
    memory.buf[-1] = 1
    memory.close()
    memory.unlink()


def loop():
    async def main():
        async def echo(reader, writer):
            writer.write(await reader.read(100))
            writer.close()
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"echo")
        assert await reader.read(100) == b"echo"
        writer.close()
        child = await asyncio.create_subprocess_exec("echo", "x", stdout=subprocess.PIPE)
        assert (await child.communicate())[0] == b"x\n"
        server.close()
    asyncio.run(main())


def files():
    with sqlite3.connect("db") as db:
        db.execute("pragma journal_mode = wal")
        db.execute("create table t (a)")
        db.execute("insert into t values (1)")
    assert sqlite3.connect("db").execute("select a from t").fetchall() == [(1,)]
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(1 << 20)
        os.posix_fallocate(file.fileno(), 0, 4096)
    os.mkfifo("fifo")
    with open("/proc/self/status", encoding="ascii") as status:
        assert "NoNewPrivs:\t1" in status.read()


def terminal():
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("stty", ["stty", "-a"])
    shown = b""
    try:
        while data := os.read(fd, 1000):
            shown += data
    except OSError:  # EIO: the other side is closed
        pass
    assert b"speed" in shown, shown
    assert os.waitpid(pid, 0)[1] == 0


def callbacks():
    """A C function made at run time: memory that is written, then run."""
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                               ctypes.POINTER(ctypes.c_int))(lambda a, b: a[0] - b[0])
    numbers = (ctypes.c_int * 4)(3, 1, 4, 2)
    ctypes.CDLL(None).qsort(numbers, 4, 4, compare)
    assert list(numbers) == [1, 2, 3, 4]


def venv():
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "env"], check=True)
    prefix = subprocess.run(["env/bin/python", "-c", "import sys; print(sys.prefix)"], text=True,
                            capture_output=True, check=True).stdout.strip()
    assert prefix == os.path.realpath("env"), prefix


def install():
    """pip puts a wheel from the index into an environment of its own, and it runs there."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "env"], check=True)
    subprocess.run([sys.executable, "-m", "pip", "--python", "env/bin/python", "install",
                    "--no-cache-dir", "--disable-pip-version-check", "--index-url",
                    f"https://{UPSTREAM}/files/simple/", "tinywheel"], check=True)
    out = subprocess.run(["env/bin/python", "-c", "import tinywheel; print(tinywheel.answer())"],
                         text=True, capture_output=True, check=True).stdout
    assert out == "42\n", out


def certificate():
    with socket.create_connection((UPSTREAM, 443), 5) as plain:
        with ssl.create_default_context().wrap_socket(plain, server_hostname=UPSTREAM) as secure:
            seen = hashlib.sha256(secure.getpeercert(binary_form=True)).hexdigest()
            assert seen == os.environ["FINGERPRINT"].replace(":", "").lower(), seen
            secure.sendall(f"GET /python HTTP/1.1\r\nHost: {UPSTREAM}\r\n\r\n".encode())
            assert b'"path": "/python"' in secure.recv(4096)


def refused_name():
    try:
        socket.getaddrinfo(os.environ["REFUSED"], 443)
        assert False, "it has an address"
    except socket.gaierror as e:
        assert e.errno == socket.EAI_NONAME, e


def refused_address():
    for address in ("198.51.100.11", "198.51.100.53", "10.99.0.1"):
        started = time.monotonic()
        try:
            socket.create_connection((address, 443), 10)
            assert False, f"{address} is reached"
        except OSError as e:
            assert not isinstance(e, TimeoutError), f"{address}: no answer instead of an error"
        assert time.monotonic() - started < 5


if __name__ == "__main__":
    globals()[sys.argv[1]]()
