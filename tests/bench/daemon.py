# SPDX-License-Identifier: Apache-2.0
"""A private containerd with an image, for what is measured here; and medians."""
import os
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
IMAGE = "localhost/busybox:latest"
CONFIG = """version = 2
root = "%(dir)s/root"
state = "%(dir)s/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime",
  "io.containerd.cri.v1.images"]
[grpc]
  address = "%(dir)s/c.sock"
"""


class Daemon:
    def __init__(self, harpoon):
        self.dir = tempfile.mkdtemp(prefix="hpbench.", dir="/tmp")
        # Machines run as nobody.
        os.chmod(self.dir, 0o755)
        self.harpoon = [harpoon, "--data-root", self.dir + "/data", "--state-root",
                        self.dir + "/hp"]
        self.snapshotter = os.environ.get("CONTAINERD_SNAPSHOTTER", "overlayfs")
        self.measure = self.dir + "/measure"
        self.address = self.dir + "/c.sock"
        os.environ["CONTAINERD_ADDRESS"] = self.address
        os.environ["CONTAINERD_NAMESPACE"] = "bench"
        self.process = None

    def start(self):
        with open(self.dir + "/config.toml", "w") as f:
            f.write(CONFIG % {"dir": self.dir})
        with open(self.dir + "/log", "w") as log:
            self.process = subprocess.Popen(["containerd", "-c", self.dir + "/config.toml"],
                                            stdout=log, stderr=log)
        for _ in range(200):
            if subprocess.run(["ctr", "version"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0:
                break
            time.sleep(0.05)
        self.call(["cc", "-D_GNU_SOURCE", "-O2", "-o", self.measure, HERE + "/measure.c"])
        self.call([HERE + "/../lib/rootfs", self.dir + "/rootfs.tar"])
        self.call(self.harpoon + ["import", self.dir + "/rootfs.tar", IMAGE])

    def stop(self):
        ids = subprocess.run(self.harpoon + ["ps", "-aq"], stdout=subprocess.PIPE, text=True,
                             check=False).stdout.split()
        while ids:
            subprocess.run(self.harpoon + ["rm", "-f"] + ids[:100], stdout=subprocess.DEVNULL,
                           check=False)
            ids = ids[100:]
        if self.process:
            self.process.terminate()
            self.process.wait(20)
        shutil.rmtree(self.dir, ignore_errors=True)

    def call(self, argv):
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True, timeout=300)

    def once(self, argv):
        """Returns (milliseconds, peak KiB) of one run."""
        done = subprocess.run([self.measure] + argv, stdout=subprocess.PIPE, text=True, check=True,
                              timeout=300)
        wall, peak, status = done.stdout.split()
        if int(status):
            raise SystemExit("%s ended with %s" % (" ".join(argv), status))
        return float(wall), int(peak)


def median(values):
    return statistics.median(values) if values else float("nan")
