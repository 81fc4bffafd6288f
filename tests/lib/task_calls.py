#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls of a task service in orders that containerd does not make every day. Usage: task_calls.py NAME"""
import hashlib
import os
import signal
import struct
import subprocess
import sys
import threading
import time

from shim import Failure, SERVICE, Shim, encode
from task import (CREATED, EXHAUSTED, INVALID, NOT_FOUND, PAUSED, RUNNING, STATE, STOPPED,
                  UNIMPLEMENTED, Task, quick, refused, until)

V3 = "containerd.task.v3.Task"


def deleted_before_start():
    t = Task("unborn", ["sleep", "100"])
    refused(NOT_FOUND, t.state)
    refused(NOT_FOUND, t.delete)
    t.create()
    assert t.status() == CREATED
    assert t.delete() == 0
    refused(NOT_FOUND, t.state)
    refused(NOT_FOUND, t.start)
    t.end()


def input_closed_before_start():
    t = Task("closed", ["cat"])
    stdin, out = t.fifo("in"), t.fifo("out")
    stdin.write(b"all there is")
    t.create(stdin=stdin.path, stdout=out.path)
    t.call("CloseIO", (3, 1))
    # Without the word it is nothing.
    t.call("CloseIO")
    t.start()
    out.wait(b"all there is")
    # The end comes when nobody has it open, and this was the last one.
    stdin.close()
    assert t.wait() == 0
    t.call("CloseIO", (3, 1))
    t.end()


def size_before_start():
    t = Task("sized", ["sh", "-c", "stty size; read x; stty size"], terminal=True)
    stdin, out = t.fifo("in"), t.fifo("out")
    t.create(stdin=stdin.path, stdout=out.path)
    t.call("ResizePty", (3, 100), (4, 40))
    t.start()
    out.wait(b"40 100")
    t.call("ResizePty", (3, 101), (4, 41))
    stdin.write(b"\n")
    out.wait(b"41 101")
    assert t.wait() == 0
    t.call("ResizePty", (3, 1), (4, 1))
    t.end()


def killed_before_start():
    t = Task("early", ["sleep", "100"])
    t.create()
    t.kill(signal.SIGKILL)
    assert t.wait() == 137
    assert t.status() == STOPPED
    refused(STATE, t.start)
    refused(NOT_FOUND, t.kill, signal.SIGKILL)
    assert t.delete() == 137
    t.end()


def exec_out_of_turn():
    t = Task("turns", ["sleep", "100"])
    refused(NOT_FOUND, t.exec, "e", ["true"])
    t.create()
    refused(STATE, t.exec, "e", ["true"])
    t.start()
    t.exec("e", ["sh", "-c", "exit 3"])
    refused(6, t.exec, "e", ["true"])
    refused(STATE, t.kill, 9, "e")
    # Its end can be waited for before it has begun.
    slot = t.shim.begin("Wait", [(1, t.id), (2, "e")])
    t.start("e")
    assert t.shim.finish(slot)[1] == [3]
    refused(STATE, t.start, "e")
    assert t.delete("e") == 3
    refused(NOT_FOUND, t.state, "e")
    # One that never ran is forgotten as well.
    t.exec("f", ["true"])
    assert t.delete("f") == 0
    refused(INVALID, t.exec, "../g", ["true"])
    refused(INVALID, t.call, "Exec", (2, "h"))
    t.end()
    refused_after_end(t)


def refused_after_end(t):
    try:
        Shim(t.address)
    except OSError:
        return
    raise AssertionError("somebody listens at %s" % t.address)


def started_once():
    t = Task("twice", ["sleep", "100"])
    refused(NOT_FOUND, t.start)
    t.create()
    slots = [t.connect().begin("Start", [(1, t.id)]) for _ in range(8)]
    good = 0
    for slot in slots:
        try:
            t.shim.finish(slot)
            good += 1
        except Failure as why:
            assert why.code == STATE, why
    assert good == 1, good
    refused(STATE, t.start)
    refused(6, t.create)
    refused(STATE, t.delete)
    t.end()


def waited_for_by_many():
    t = Task("waited", ["sh", "-c", "read x; exit 42"])
    stdin = t.fifo("in")
    t.create(stdin=stdin.path)
    slots = [(c, c.begin("Wait", [(1, t.id)])) for c in [t.connect() for _ in range(20)]
             for _ in range(20)]
    t.start()
    # Some do not wait for the answer.
    for c in [slots[0][0], slots[399][0]]:
        c.close()
    stdin.write(b"go\n")
    for c, slot in slots[20:380]:
        assert c.finish(slot)[1] == [42]
    assert t.wait() == 42
    t.end()


def from_memory(t, status):
    for _ in range(5):
        assert quick(t.status) == status
        assert quick(t.shim_pids)[0] == t.shim_pid
        assert len(quick(t.pids)) >= 1


def answered_while_paused():
    t = Task("paused", ["sleep", "100"]).run_it()
    t.call("Pause")
    from_memory(t, PAUSED)
    refused(STATE, t.call, "Pause")
    refused(STATE, t.exec, "e", ["true"])
    quick(t.kill, signal.SIGUSR1)
    quick(t.call, "ResizePty", (3, 8), (4, 9))
    quick(t.call, "CloseIO", (3, 1))
    slot = t.shim.begin("Wait", [(1, t.id)])
    t.call("Resume")
    from_memory(t, RUNNING)
    refused(STATE, t.call, "Resume")
    t.kill(signal.SIGKILL)
    assert t.shim.finish(slot)[1] == [137]
    t.end()


def answered_while_wedged():
    t = Task("wedged", ["sleep", "100"]).run_it()
    os.kill(t.machine_pid(), signal.SIGSTOP)
    from_memory(t, RUNNING)
    # What needs the guest does not keep the rest from being answered.
    t.exec("e", ["true"])
    t.shim.begin("Start", [(1, t.id), (2, "e")])
    t.shim.begin("Stats", [(1, t.id)])
    t.shim.begin("Kill", [(1, t.id), (3, 15)])
    waits = [t.shim.begin("Wait", [(1, t.id)]) for _ in range(10)]
    from_memory(t, RUNNING)
    begin = time.monotonic()
    t.kill(signal.SIGKILL)
    for slot in waits:
        assert t.shim.finish(slot)[1] == [137]
    assert time.monotonic() - begin < 5
    t.end()


def created_while_wedged():
    t = Task("stuck", ["sleep", "100"])
    os.kill(t.machine_pid(), signal.SIGSTOP)
    slot = t.shim.begin("Create", [(1, t.id), (2, t.bundle)])
    for _ in range(5):
        quick(t.shim_pids)
        refused(NOT_FOUND, quick, t.state)
    refused(NOT_FOUND, t.delete)
    refused(1, t.shim.finish, slot)
    t.end()


def unknown_things():
    t = Task("unknown", ["sleep", "100"])
    odd = [(77, 5), (78, "text"), (90, [(1, "deep")]), (536870911, 1)]
    options = (10, [(1, "example.com/no.such.Options"), (2, b"\x08\xff\xff\x01junk")])
    t.create(options, *odd)
    t.call("Start", *odd)
    assert t.call("State", *odd)[4] == [RUNNING]
    assert len(t.call("Pids", *odd)[1]) == 1
    refused(UNIMPLEMENTED, t.call, "Defrost")
    refused(UNIMPLEMENTED, t.call, "State", service="containerd.task.v9.Task")
    refused(INVALID, t.shim.finish, raw_call(t.shim, "State", b"\x0a\xff"))
    # Metadata and deadlines in the request, and what nobody has thought of yet.
    payload = encode([(1, SERVICE), (2, "State"), (3, encode([(1, t.id)])), (4, 10 ** 10),
                      (5, [(1, "key"), (2, "value")]), (9, "new")])
    assert t.shim.finish(raw_frame(t.shim, payload))[4] == [RUNNING]
    t.end()


def raw_frame(shim, payload, kind=1, flags=0):
    """Send any payload as the next stream's request. Returns what finish() takes."""
    return shim.begin_frame(payload, kind, flags)


def raw_call(shim, method, request):
    return raw_frame(shim, encode([(1, SERVICE), (2, method), (3, request)]))


def both_versions():
    t = Task("versions", ["sleep", "100"])
    t.call("Create", (2, t.bundle), service=V3)
    t.start()
    assert t.call("State", service=V3)[4] == t.call("State")[4] == [RUNNING]
    assert t.call("Connect", service=V3)[1] == t.call("Connect")[1]
    slot = t.shim.begin("Wait", [(1, t.id)], V3)
    t.kill(9)
    assert t.shim.finish(slot)[1] == [137]
    assert t.call("Delete", service=V3)[2] == [137]
    t.end()


def checkpoint():
    t = Task("frozen", ["sleep", "100"]).run_it()
    for service in SERVICE, V3:
        assert "not supported" in refused(UNIMPLEMENTED, t.call, "Checkpoint", (2, "/x"),
                                          service=service)
    assert t.status() == RUNNING
    t.end()


def frames_that_are_odd():
    t = Task("frames", ["sleep", "100"]).run_it()
    over = 4 * 1024 * 1024 + 1
    # Over the limit: it is refused, and what follows is heard.
    assert "limit" in refused(EXHAUSTED, t.shim.finish, raw_frame(t.shim, bytes(over)))
    assert t.status() == RUNNING
    # As large as may be.
    pad = encode([(1, t.id), (50, bytes(4 * 1024 * 1024 - 200))])
    assert t.shim.finish(raw_call(t.shim, "State", pad))[4] == [RUNNING]
    # No protobuf, no service, a kind of frame that there is none of.
    for payload in b"", b"\xff" * 40, encode([(2, "State")]):
        try:
            t.shim.finish(raw_frame(t.shim, payload))
        except Failure as why:
            assert why.code in (INVALID, UNIMPLEMENTED, 13), why
    t.shim.sock.sendall(struct.pack(">IIBB", 3, 2, 77, 0) + b"odd")
    assert t.status() == RUNNING
    # Half a frame and no more; a stream of noise; a size that nobody has.
    for data in (struct.pack(">IIBB", 100, 1, 1, 0) + b"x", os.urandom(100000),
                 b"\xff" * 10 + bytes(1000)):
        c = t.connect()
        try:
            c.sock.sendall(data)
        except OSError:
            continue  # It has closed the connection, as it may.
        c.close()
        assert quick(t.status) == RUNNING
    # One byte at a time.
    c = t.connect()
    payload = encode([(1, SERVICE), (2, "State"), (3, encode([(1, t.id)]))])
    slot = c.expect_next()
    for byte in struct.pack(">IIBB", len(payload), c.stream, 1, 0) + payload:
        c.sock.sendall(bytes([byte]))
    assert c.finish(slot)[4] == [RUNNING]
    t.end()


def many_connections():
    t = Task("many", ["sleep", "100"]).run_it()
    more = [t.connect() for _ in range(250)]
    for c in more:
        assert t.call("State", on=c)[4] == [RUNNING]
    # Over its limit others are cut off, and these stay.
    extra = []
    for _ in range(50):
        c = Shim(t.address)
        extra.append(c)
        try:
            t.call("State", on=c)
        except (EOFError, OSError):
            continue
    assert t.call("State", on=more[0])[4] == [RUNNING]
    for c in more + extra:
        c.shut()
    t.connections = [t.shim]
    until(5, lambda: connects(t), bool)
    t.end()


def connects(t):
    c = Shim(t.address)
    try:
        return t.call("State", on=c)[4] == [RUNNING]
    except (EOFError, OSError):
        return False
    finally:
        c.shut()


# Those that a shell can catch; 32 and 33 are the C library's own.
CAUGHT = [n for n in range(1, 65) if n not in (9, 19, 32, 33)]
TRAPS = 'for n in %s; do trap "echo got $n." $n; done; echo ready; while :; do read x; done' % (
    " ".join(map(str, CAUGHT)))
STOPS_OR_NOT = (17, 18, 19, 20, 21, 22, 23, 28)  # what does not end a process by itself


def signals_to_init():
    t = Task("signals", ["sh", "-c", TRAPS])
    stdin, out = t.fifo("in"), t.fifo("out")
    t.run_it(stdin=stdin.path, stdout=out.path)
    out.wait(b"ready")
    t.exec("e", ["sh", "-c", TRAPS.replace("got", "e")], out.path)
    t.start("e")
    until(20, out.read, lambda text: text.count(b"ready") == 2)
    for number in CAUGHT:
        t.kill(number)
        out.wait(b"got %d." % number)
    assert b"e 1." not in out.read()
    refused(INVALID, t.kill, 65)
    refused(INVALID, t.kill, 2 ** 31)
    refused(INVALID, t.kill, 0)
    for number in CAUGHT:
        out.text = b""
        t.kill(number, everyone=True)
        out.wait(b"got %d." % number)
        out.wait(b"e %d." % number)
    t.kill(9, everyone=True)
    assert t.wait("e") == t.wait() == 137
    t.end()


def signals_to_execs():
    t = Task("ends", ["sleep", "1000"]).run_it()
    for number in range(1, 65):
        name = "e%d" % number
        t.exec(name, ["sleep", "1000"])
        t.start(name)
        t.kill(number, name)
        if number in STOPS_OR_NOT:
            assert t.status(name) == RUNNING
            t.kill(9, name)
            assert t.wait(name) == 137
        else:
            assert t.wait(name) == 128 + number, number
        assert t.delete(name) in (137, 128 + number)
    assert t.status() == RUNNING
    t.end()


def exec_beside_controllers():
    t = Task("leaf", ["sh", "-c", """cd /sys/fs/cgroup && mkdir init && echo $$ >init/cgroup.procs &&
        echo +pids >cgroup.subtree_control && echo ready; read x; rmdir gone; echo $?"""],
             cgroup=True)
    stdin, out = t.fifo("in"), t.fifo("out")
    t.run_it(stdin=stdin.path, stdout=out.path)
    out.wait(b"ready")
    t.exec("e", ["sh", "-c", "cat /proc/self/cgroup /sys/fs/cgroup/cgroup.subtree_control"], out.path)
    t.start("e")
    assert t.wait("e") == 0
    assert out.read().split()[-2:] == [b"0::/init", b"pids"], out.text
    t.exec("f", ["sleep", "100"])
    t.start("f")
    t.kill(9, everyone=True)
    assert t.wait("f") == t.wait() == 137
    t.end()


def hooks_in_their_order():
    def hook(words):
        return {"path": "/bin/sh", "args": ["sh", "-c", words]}

    seen = os.path.join(os.environ["E2E"], "hooks-seen")
    tell = "echo %%s $(grep -o '\"status\":\"[a-z]*\"\\|\"pid\":[0-9]*' | tr '\\n' ' ') >>%s" % seen
    kinds = ("prestart", "createRuntime", "poststart", "poststop")
    hooks = {kind: [hook(tell % kind)] for kind in kinds}
    hooks["poststart"].insert(0, hook("exit 5"))
    hooks["poststop"].insert(0, hook("exit 6"))
    t = Task("hooked", ["true"], hooks=hooks)
    pid = t.create()[1][0]
    t.start()
    with open(seen) as f:
        assert len(f.readlines()) == 3
    assert t.wait() == 0
    t.end()
    with open(seen) as f:
        lines = [line.split() for line in f]
    os.unlink(seen)
    assert [line[0] for line in lines] == list(kinds), lines
    assert [sorted(line[1:]) for line in lines] == [
        ['"pid":%d' % pid, '"status":"creating"'], ['"pid":%d' % pid, '"status":"creating"'],
        ['"pid":%d' % pid, '"status":"running"'], ['"status":"stopped"']], lines


def killed_while_hooks_run():
    t = Task("slow", ["sleep", "100"], hooks={"poststart": [
        {"path": "/bin/sleep", "args": ["sleep", "1.5"]}]})
    t.create()
    slot = t.shim.begin("Start", [(1, t.id)])
    time.sleep(0.5)
    quick(t.status)
    refused(STATE, t.delete)
    t.kill(9)
    t.shim.finish(slot)
    assert t.wait() == 137
    t.end()


def read_only_disk():
    image = os.path.join(os.environ["E2E"], "disk.img")
    subprocess.run(["mkfs.ext4", "-q", "-d", os.environ["ROOTFS"], image, "64M"], check=True)
    with open(image, "rb") as f:
        before = hashlib.sha256(f.read()).hexdigest()
    mount = [{"type": "ext4", "source": image, "options": ["ro", "loop"]}]
    tasks = []
    # Several read it at once.
    for name in "ro1", "ro2":
        t = Task(name, ["sh", "-c", "cat /etc/group; touch /x; cat /sys/block/vda/ro; read x"],
                 rootfs=False)
        stdin, out = t.fifo("in"), t.fifo("out")
        t.run_it(stdin=stdin.path, stdout=out.path, mounts=mount)
        out.wait(b"\n1\n")
        assert b"staff" in out.text and b"vda" not in out.text
        fd = [f for f in os.listdir("/proc/%d/fd" % t.machine_pid())
              if os.readlink("/proc/%d/fd/%s" % (t.machine_pid(), f)) == image]
        for f in fd:
            with open("/proc/%d/fdinfo/%s" % (t.machine_pid(), f)) as info:
                flags = [int(line.split()[1], 8) for line in info if line.startswith("flags")]
            assert flags[0] & os.O_ACCMODE == os.O_RDONLY
        assert fd
        tasks.append(t)
    w = Task("rw", ["true"], rootfs=False)
    assert "another machine" in refused(STATE, w.create, mounts=[dict(mount[0], options=["rw"])])
    for t in [w] + tasks:
        t.end()
    with open(image, "rb") as f:
        assert hashlib.sha256(f.read()).hexdigest() == before
    os.unlink(image)


def concurrent_calls():
    t = Task("crowd", ["sleep", "1000"]).run_it()
    wrong = []

    def one(n):
        c = t.connect()
        try:
            for i in range(5):
                name = "c%d-%d" % (n, i)
                t.call("State", on=c)
                t.exec(name, ["sh", "-c", "exit %d" % (n + 1)])
                t.call("Start", (2, name), on=c)
                if t.call("Wait", (2, name), on=c)[1] != [n + 1]:
                    wrong.append(name)
                t.call("Delete", (2, name), on=c)
        except Exception as why:  # told by the thread that waits
            wrong.append(why)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong
    t.end()


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]]()
    except BaseException:
        Task.end_all()
        raise
