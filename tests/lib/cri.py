#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Play kubelet's part before a container runtime: make and remove pods and containers of CRI.

Usage: cri.py SOCKET pod NAME NAMESPACE                        prints the pod's id
       cri.py SOCKET container POD NAME NAMESPACE CONTAINER IMAGE ATTEMPT [ARG...]
       cri.py SOCKET remove POD
       cri.py SOCKET pods                                      prints the ids of all pods

Calls go out by curl, so that nothing of Harpoon's is needed.
From: kubernetes/cri-api pkg/apis/runtime/v1/api.proto; grpc/grpc doc/PROTOCOL-HTTP2.md.
"""
import subprocess
import sys


def number(value):
    """A varint of protobuf."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(tag, value):
    """One field: a text, the bytes of a message, or a number."""
    if isinstance(value, int):
        return number(tag << 3) + number(value)
    data = value.encode() if isinstance(value, str) else value
    return number(tag << 3 | 2) + number(len(data)) + data


def fields(data):
    """The texts and messages in the bytes of a message, as (tag, bytes)."""
    at, found = 0, []

    def take():
        nonlocal at
        shift = value = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = take()
        value = take()
        if key & 7 == 2:
            found.append((key >> 3, data[at:at + value]))
            at += value
    return found


def call(socket, method, message):
    """A unary call. Returns: the answer's message."""
    frame = b"\0" + len(message).to_bytes(4, "big") + message
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "30", "--http2-prior-knowledge", "--unix-socket", socket,
         "-D", "/dev/stderr", "-H", "content-type: application/grpc", "-H", "te: trailers",
         "--data-binary", "@-", "http://localhost/runtime.v1.RuntimeService/" + method],
        input=frame, capture_output=True, check=False)
    if done.returncode or b"grpc-status: 0" not in done.stderr:
        sys.exit(f"cri.py: {method}: {done.stderr.decode()}")
    return done.stdout[5:]


def labels(tag, pairs):
    return b"".join(field(tag, field(1, key) + field(2, value)) for key, value in pairs.items())


def pod_config(name, namespace):
    metadata = field(1, name) + field(2, f"uid-{name}") + field(3, namespace)
    return (field(1, metadata) + field(2, name) +
            labels(6, {"io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": namespace}) +
            field(8, field(2, field(1, field(2, 1)))))


def main():
    socket, what, *rest = sys.argv[1:]
    if what == "pod":
        reply = call(socket, "RunPodSandbox", field(1, pod_config(*rest)))
        print(dict(fields(reply))[1].decode())
    elif what == "container":
        pod, name, namespace, container, image, attempt, *args = rest
        config = (field(1, field(1, container) + field(2, int(attempt))) +
                  field(2, field(1, image)) + b"".join(field(4, arg) for arg in args) +
                  labels(9, {"io.kubernetes.pod.name": name,
                             "io.kubernetes.pod.namespace": namespace,
                             "io.kubernetes.container.name": container}) +
                  field(15, field(2, field(3, field(2, 1)))))
        reply = call(socket, "CreateContainer", field(1, pod) + field(2, config) +
                     field(3, pod_config(name, namespace)))
        print(dict(fields(reply))[1].decode())
    elif what == "remove":
        call(socket, "StopPodSandbox", field(1, rest[0]))
        call(socket, "RemovePodSandbox", field(1, rest[0]))
    else:
        for _, pod in fields(call(socket, "ListPodSandbox", b"")):
            print(dict(fields(pod))[1].decode())


main()
