# SPDX-License-Identifier: Apache-2.0
"""A container that is asked for without containerd: its bundle, its shim, and calls by their names.

From outside: E2E, a directory for bundles; HP_SHIM, the program; CONTAINERD_ADDRESS and
CONTAINERD_NAMESPACE as in helper.bash; ROOTFS, a directory with busybox, which is copied.
"""
import json
import os
import select
import shutil
import signal
import subprocess
import time

from shim import Failure, Shim, SERVICE

CREATED, RUNNING, STOPPED, PAUSED = 1, 2, 3, 4
INVALID, NOT_FOUND, EXISTS, EXHAUSTED, STATE, UNIMPLEMENTED = 3, 5, 6, 8, 9, 12
PROCESS_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Process"


def process(args, terminal=False, caps=()):
    return {"args": args, "cwd": "/", "user": {"uid": 0, "gid": 0}, "terminal": terminal,
            "env": ["PATH=/bin"], "capabilities": {k: list(caps) for k in (
                "bounding", "effective", "permitted")}}


def config(args, terminal=False, **more):
    def mount(where, kind, *options):
        return {"destination": where, "type": kind, "source": kind, "options": list(options)}

    cgroup = more.pop("cgroup", False)
    linux = {"namespaces": [{"type": t} for t in ("pid", "ipc", "uts", "mount", "network")],
             "cgroupsPath": "/hp-task"}
    linux.update(more.pop("linux", {}))
    spec = {"ociVersion": "1.0.2", "process": process(args, terminal),
            "root": {"path": "rootfs"}, "hostname": "task", "linux": linux,
            "mounts": [mount("/proc", "proc"), mount("/dev", "tmpfs", "mode=755"),
                       mount("/dev/pts", "devpts", "newinstance", "ptmxmode=0666"),
                       mount("/sys", "sysfs")]}
    if cgroup:
        spec["mounts"].append(mount("/sys/fs/cgroup", "cgroup", "rw"))
        linux["namespaces"].append({"type": "cgroup"})
    spec.update(more)
    return spec


def until(seconds, what, fits):
    """Ask until @fits is content, and return what it was content with."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if fits(value):
            return value
        if time.monotonic() > end:
            raise AssertionError("still %r after %s s" % (value, seconds))
        time.sleep(0.02)


def refused(code, call, *args, **named):
    """The call fails with that code; returns its words."""
    try:
        got = call(*args, **named)
    except Failure as why:
        assert why.code == code, why
        return why.text
    raise AssertionError("not refused: %r" % got)


def quick(call, *args):
    """It is answered from memory: at once, also on a busy host."""
    begin = time.monotonic()
    value = call(*args)
    took = time.monotonic() - begin
    assert took < 1, "took %.3f s" % took
    return value


class Fifo:
    """Both ends of one, so that nobody finds it without the other."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.text = b""

    def write(self, data):
        os.write(self.fd, data)

    def read(self):
        while select.select([self.fd], [], [], 0)[0]:
            self.text += os.read(self.fd, 65536)
        return self.text

    def wait(self, want, seconds=20):
        until(seconds, self.read, lambda text: want in text)

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


class Task:
    """One container's shim. The machine is under way when this is made."""
    all = []

    def __init__(self, name, args, terminal=False, rootfs=True, **more):
        self.id = name
        self.bundle = os.path.join(os.environ["E2E"], "tasks", name)
        self.fifos = []
        self.connections = []
        os.makedirs(os.path.join(self.bundle, "rootfs"))
        if rootfs:
            shutil.copytree(os.environ["ROOTFS"], os.path.join(self.bundle, "rootfs"),
                            symlinks=True, dirs_exist_ok=True)
        with open(os.path.join(self.bundle, "config.json"), "w") as f:
            json.dump(config(args, terminal, **more), f)
        self.terminal = terminal
        self.address = self.run("start").stdout.decode()
        self.shim = self.connect()
        self.shim_pid = self.shim_pids()[0]
        Task.all.append(self)

    def run(self, action, *flags):
        env = dict(os.environ, TTRPC_ADDRESS=os.environ["CONTAINERD_ADDRESS"] + ".ttrpc")
        return subprocess.run(
            [os.environ["HP_SHIM"], "-namespace", os.environ["CONTAINERD_NAMESPACE"],
             "-address", os.environ["CONTAINERD_ADDRESS"], "-id", self.id, *flags, action],
            cwd=self.bundle, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            check=True, timeout=20)

    def connect(self):
        shim = Shim(self.address)
        self.connections.append(shim)
        return shim

    def fifo(self, name):
        fifo = Fifo(os.path.join(self.bundle, name))
        self.fifos.append(fifo)
        return fifo

    def call(self, method, *fields, on=None, service=SERVICE):
        return (on or self.shim).call(method, [(1, self.id), *fields], service)

    def create(self, *fields, stdin="", stdout="", stderr="", mounts=()):
        rootfs = [(3, [(1, m["type"]), (2, m["source"])] + [(4, o) for o in m["options"]])
                  for m in mounts]
        return self.call("Create", (2, self.bundle), *rootfs, (4, int(self.terminal)),
                         (5, stdin), (6, stdout), (7, stderr), *fields)

    def start(self, exec_id=""):
        return self.call("Start", (2, exec_id))

    def exec(self, exec_id, args, stdout="", terminal=False):
        return self.call("Exec", (2, exec_id), (3, int(terminal)), (5, stdout),
                         (7, [(1, PROCESS_TYPE), (2, json.dumps(process(args, terminal)))]))

    def kill(self, number, exec_id="", everyone=False):
        return self.call("Kill", (2, exec_id), (3, number), (4, int(everyone)))

    def wait(self, exec_id=""):
        return self.call("Wait", (2, exec_id)).get(1, [0])[0]

    def delete(self, exec_id=""):
        return self.call("Delete", (2, exec_id)).get(2, [0])[0]

    def state(self, exec_id=""):
        return self.call("State", (2, exec_id))

    def status(self, exec_id=""):
        return self.state(exec_id)[4][0]

    def pids(self):
        return self.call("Pids")[1]

    def shim_pids(self):
        return self.call("Connect")[1]

    def machine_pid(self):
        """Of QEMU, a child of the shim."""
        def find():
            for pid in os.listdir("/proc"):
                try:
                    with open("/proc/%s/stat" % pid) as f:
                        name, rest = f.read().rsplit(")", 1)
                except (OSError, ValueError):
                    continue
                if "qemu" in name and int(rest.split()[1]) == self.shim_pid:
                    return int(pid)
            return 0

        return until(10, find, bool)

    def run_it(self, **how):
        self.create(**how)
        self.start()
        return self

    @classmethod
    def end_all(cls):
        """Of what has failed: its machine dies with its shim."""
        for task in cls.all:
            try:
                os.kill(task.shim_pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def end(self):
        """Take it away, in whatever state it is; nothing of it stays."""
        try:
            if self.status() != STOPPED:
                self.kill(signal.SIGKILL)
                self.wait()
            self.delete()
        except Failure as why:
            assert why.code in (NOT_FOUND, STATE), why
        self.call("Shutdown", (2, 1))
        until(5, lambda: os.path.exists("/proc/%d" % self.shim_pid), lambda there: not there)
        for each in self.connections + self.fifos:
            each.close()
        self.run("delete", "-bundle", self.bundle)
        shutil.rmtree(self.bundle)
        Task.all.remove(self)
