# SPDX-License-Identifier: Apache-2.0
"""Call a containerd shim's task service over ttrpc, with nothing but Python's own library.

Messages are lists of (field number, value): an int becomes a varint, text and bytes a length and
what they are, a list a message in the message. Answers come back as {number: [values]}.
"""
import socket
import struct
import threading

SERVICE = "containerd.task.v2.Task"


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def encode(fields):
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
            continue
        if isinstance(value, str):
            value = value.encode()
        elif isinstance(value, list):
            value = encode(value)
        out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def decode(data):
    fields, at = {}, 0

    def number():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return n

    while at < len(data):
        key = number()
        if key & 7 == 0:
            value = number()
        elif key & 7 == 2:
            size = number()
            value = data[at:at + size]
            at += size
        else:
            raise ValueError("wire type %d" % (key & 7))
        fields.setdefault(key >> 3, []).append(value)
    return fields


class Failure(Exception):
    """The shim's answer is a status: .code as gRPC has them, .text."""

    def __init__(self, code, text):
        super().__init__("%d: %s" % (code, text))
        self.code = code
        self.text = text


class Shim:
    """One connection. Calls may be under way at once, from several threads."""

    def __init__(self, address, seconds=30):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(seconds)
        self.sock.connect(address[7:] if address.startswith("unix://") else address)
        self.sock.settimeout(None)
        self.seconds = seconds
        self.lock = threading.Lock()
        self.stream = -1
        self.waiting = {}
        threading.Thread(target=self.read, daemon=True).start()

    def close(self):
        self.sock.close()

    def shut(self):
        """Close it, also for the thread that reads."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    def take(self, size):
        data = b""
        while len(data) < size:
            piece = self.sock.recv(size - len(data))
            if not piece:
                raise EOFError("the shim has closed the connection")
            data += piece
        return data

    def read(self):
        try:
            while True:
                size, stream, _, _ = struct.unpack(">IIBB", self.take(10))
                payload = self.take(size)
                self.waiting.pop(stream).put(payload)
        except (EOFError, OSError, KeyError) as why:
            for slot in list(self.waiting.values()):
                slot.put(why)

    def begin(self, method, fields, service=SERVICE):
        """Send a request. Returns what finish() takes."""
        return self.begin_frame(encode([(1, service), (2, method), (3, encode(fields))]))

    def begin_frame(self, payload, kind=1, flags=0):
        """Send whatever it is as the next stream's first frame."""
        with self.lock:
            slot = self.expect_next()
            self.sock.sendall(
                struct.pack(">IIBB", len(payload), self.stream, kind, flags) + payload)
        return slot

    def expect_next(self):
        slot = Slot()
        self.stream += 2
        self.waiting[self.stream] = slot
        return slot

    def finish(self, slot):
        answer = decode(slot.get(self.seconds))
        status = decode(answer[1][0]) if 1 in answer else {}
        if status.get(1, [0])[0]:
            raise Failure(status[1][0], status.get(2, [b""])[0].decode())
        return decode(answer.get(2, [b""])[0])

    def call(self, method, fields, service=SERVICE):
        return self.finish(self.begin(method, fields, service))


class Slot:
    def __init__(self):
        self.event = threading.Event()
        self.value = None

    def put(self, value):
        self.value = value
        self.event.set()

    def get(self, seconds):
        if not self.event.wait(seconds):
            raise TimeoutError("no answer within %d seconds" % seconds)
        if isinstance(self.value, Exception):
            raise self.value
        return self.value
