#!/usr/bin/python3 -u
# SPDX-License-Identifier: Apache-2.0
"""A registry that gives one OCI layout, and misbehaves as the repository's name says, for tests.

Usage: registry.py LAYOUT LOG

Prints its port. LOG gets a line a request: method, path, "auth" when it had an Authorization.
Repositories, each with the tag 1:
  good         all is well
  wrong-bytes  a layer's bytes are others
  wrong-size   a layer is shorter than the manifest says
  endless      a layer never ends
  drops        each layer breaks off in the middle, until it is asked for the rest
  slow         layers take long
  circle       layers are redirected in a circle
  elsewhere    layers are at another address, which wants no Authorization; both want a password
  busy         each path answers 429 first
  errors       layers answer 500
  huge         the manifest has no end
  token        wants a token, which /token gives to anybody
  private      wants a token, which /token gives to user "u" with password "p"
"""
import base64
import http.server
import json
import os
import sys
import threading
import time

LAYOUT, LOG = sys.argv[1:3]
BASIC = "Basic " + base64.b64encode(b"u:p").decode()


def blob(digest):
    path = os.path.join(LAYOUT, "blobs/sha256", os.path.basename(digest.split(":")[-1]))
    if not os.path.exists(path):
        return None
    with open(path, "rb") as f:
        return f.read()


with open(os.path.join(LAYOUT, "index.json"), encoding="utf-8") as index:
    ENTRY = json.load(index)["manifests"][0]
LAYERS = [x["digest"] for x in json.loads(blob(ENTRY["digest"]))["layers"]]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = set()
    lock = threading.Lock()

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, message, headers=()):
        self.reply(status, json.dumps({"errors": [{"code": "X", "message": message}]}).encode(),
                   headers)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        auth = self.headers.get("Authorization")
        with self.lock:
            first = self.path not in self.seen
            self.seen.add(self.path)
            with open(LOG, "a", encoding="utf-8") as log:
                print(self.command, self.path, "auth" if auth else "", file=log)
        try:
            self.route(auth, first)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def route(self, auth, first):
        if self.path.startswith("/token"):
            self.token(auth)
            return
        parts = self.path.split("/")
        if len(parts) < 5 or parts[1] != "v2":
            self.refuse(404, "no such page")
            return
        mode, kind, name = parts[2], parts[-2], parts[-1]
        if self.let_in(mode, auth):
            if mode == "busy" and first:
                self.refuse(429, "slow down", [("Retry-After", "1")])
            elif kind == "manifests":
                self.manifest(mode, name)
            else:
                self.blob(mode, name, auth)

    def token(self, auth):
        private = "private" in self.path
        if private and auth != BASIC:
            self.refuse(401, "who are you")
        else:
            self.reply(200, json.dumps({"token": "secret-" + ("p" if private else "t")}).encode())

    def let_in(self, mode, auth):
        wants = {"token": "Bearer secret-t", "private": "Bearer secret-p", "elsewhere": BASIC}
        if wants.get(mode) in (None, auth):
            return True
        challenge = 'Basic realm="x"'
        if mode != "elsewhere":
            challenge = 'Bearer realm="http://%s/token",service="%s"' % (self.headers["Host"], mode)
        self.refuse(401, "come back with credentials", [("WWW-Authenticate", challenge)])
        return False

    def manifest(self, mode, name):
        text = blob(ENTRY["digest"]) if name in ("1", ENTRY["digest"]) else None
        if text is None:
            self.refuse(404, "manifest unknown")
        elif mode == "huge":
            self.reply(200, b" " * (5 << 20))
        else:
            self.reply(200, text, [("Content-Type", ENTRY["mediaType"]),
                                   ("Docker-Content-Digest", ENTRY["digest"])])

    def blob(self, mode, name, auth):
        data = blob(name)
        if data is None:
            self.refuse(404, "blob unknown")
        elif name not in LAYERS:
            self.reply(200, data)
        else:
            self.layer(mode, name, data, auth)

    def layer(self, mode, name, data, auth):
        here = self.headers["Host"]
        if mode == "wrong-bytes":
            self.reply(200, data[:100] + bytes([data[100] ^ 1]) + data[101:])
        elif mode == "wrong-size":
            self.reply(200, data[:-5])
        elif mode == "circle":
            self.reply(307, b"", [("Location", self.path)])
        elif mode == "elsewhere":
            port = here.split(":")[1]
            self.reply(307, b"", [("Location", f"http://localhost:{port}/v2/there/x/blobs/{name}")])
        elif mode == "there" and auth:
            self.refuse(400, "a stranger was told a secret")
        elif mode == "errors":
            self.refuse(500, "out of order")
        elif mode in ("endless", "drops", "slow"):
            self.body(mode, data)
        else:
            self.reply(200, data)

    def body(self, mode, data):
        at = self.headers.get("Range", "bytes=0-")
        start = int(at[len("bytes="):-1])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if mode != "endless":
            self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if mode == "drops":
            self.wfile.write(data[start:start + max(1, (len(data) - start + 1) // 2)]
                             if start == 0 else data[start:])
            return
        for i in range(0, len(data), 1024):
            self.wfile.write(data[i:i + 1024])
            time.sleep(0.05 if mode == "slow" else 0)
        while mode == "endless":
            self.wfile.write(data)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1])
server.serve_forever()
