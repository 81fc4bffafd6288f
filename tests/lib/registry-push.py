#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Push an OCI layout directory to a registry, without any of Harpoon's code, for tests of pull.

Usage: registry-push.py LAYOUT URL REPOSITORY TAG [ARCH=LAYOUT...]

URL is such as http://127.0.0.1:5000. With ARCH=LAYOUT an index is pushed under TAG: of LAYOUT, for
this machine, and of the others for their architectures. CA in the environment names a certificate
to trust, AUTH is "user:password". Prints the digest that TAG points to.
"""
import base64
import hashlib
import json
import os
import ssl
import sys
import urllib.parse
import urllib.request

KIND = "application/vnd.oci.image."


def request(method, url, data=None, kind=None):
    r = urllib.request.Request(url, data=data, method=method)
    if kind:
        r.add_header("Content-Type", kind)
    if os.environ.get("AUTH"):
        r.add_header("Authorization",
                     "Basic " + base64.b64encode(os.environ["AUTH"].encode()).decode())
    handlers = [urllib.request.ProxyHandler({})]
    if os.environ.get("CA"):
        handlers.append(urllib.request.HTTPSHandler(
            context=ssl.create_default_context(cafile=os.environ["CA"])))
    return urllib.request.build_opener(*handlers).open(r, timeout=30)


def push_blob(base, layout, d):
    with open(os.path.join(layout, "blobs/sha256", d["digest"].split(":")[1]), "rb") as f:
        data = f.read()
    where = request("POST", base + "/blobs/uploads/", b"").headers["Location"]
    where = urllib.parse.urljoin(base, where)
    where += ("&" if "?" in where else "?") + "digest=" + d["digest"]
    request("PUT", where, data, "application/octet-stream")


def push_manifest(base, text, kind, name):
    request("PUT", base + "/manifests/" + name, text, kind)
    return "sha256:" + hashlib.sha256(text).hexdigest()


def push_layout(base, layout, name):
    """Push what the layout's index names first; return its descriptor."""
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as f:
        entry = json.load(f)["manifests"][0]
    with open(os.path.join(layout, "blobs/sha256", entry["digest"].split(":")[1]), "rb") as f:
        text = f.read()
    manifest = json.loads(text)
    for d in [manifest["config"]] + manifest["layers"]:
        push_blob(base, layout, d)
    push_manifest(base, text, entry["mediaType"], name or entry["digest"])
    return {"mediaType": entry["mediaType"], "digest": entry["digest"], "size": len(text)}


def main():
    layout, url, repository, tag = sys.argv[1:5]
    base = url + "/v2/" + repository
    if len(sys.argv) == 5:
        print(push_layout(base, layout, tag)["digest"])
        return
    here = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    entries = []
    for pair in [here + "=" + layout] + sys.argv[5:]:
        arch, path = pair.split("=", 1)
        entry = push_layout(base, path, None)
        entries.append(dict(entry, platform={"os": "linux", "architecture": arch}))
    text = json.dumps({"schemaVersion": 2, "mediaType": KIND + "index.v1+json",
                       "manifests": entries}).encode()
    print(push_manifest(base, text, KIND + "index.v1+json", tag))


main()
