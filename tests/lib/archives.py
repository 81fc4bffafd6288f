#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make image archives out of rootfs tars, without any of Harpoon's code, to import in tests.

Usage: archives.py oci-dir|oci-tar|docker OUT NAME CONFIG.json LAYER.tar...

CONFIG.json is the "config" object of an image config ({} is fine); LAYER_FORMAT in the environment
is plain, gzip or zstd. NAME "" makes an archive without a name.
"""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

MEDIA = {"plain": "", "gzip": "+gzip", "zstd": "+zstd"}


def digest(data):
    return hashlib.sha256(data).hexdigest()


def pack(data, form):
    if form == "gzip":
        return gzip.compress(data, 1, mtime=0)
    if form == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE,
                              check=True).stdout
    return data


def as_json(value):
    return json.dumps(value).encode()


def image_config(config, layers):
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    return as_json({"architecture": arch, "os": "linux", "created": "2024-01-02T03:04:05Z",
                    "config": config,
                    "rootfs": {"type": "layers",
                               "diff_ids": ["sha256:" + digest(x) for x in layers]}})


def oci_files(name, config, layers):
    form = os.environ.get("LAYER_FORMAT", "plain")
    packed = [pack(x, form) for x in layers]
    conf = image_config(config, layers)
    kind = "application/vnd.oci.image."
    manifest = as_json({
        "schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
        "config": {"mediaType": kind + "config.v1+json", "digest": "sha256:" + digest(conf),
                   "size": len(conf)},
        "layers": [{"mediaType": kind + "layer.v1.tar" + MEDIA[form],
                    "digest": "sha256:" + digest(x), "size": len(x)} for x in packed]})
    entry = {"mediaType": kind + "manifest.v1+json", "digest": "sha256:" + digest(manifest),
             "size": len(manifest)}
    if name:
        entry["annotations"] = {"io.containerd.image.name": name,
                                "org.opencontainers.image.ref.name": name.rsplit(":", 1)[-1]}
    files = {"oci-layout": as_json({"imageLayoutVersion": "1.0.0"}),
             "index.json": as_json({"schemaVersion": 2, "manifests": [entry]})}
    for blob in packed + [conf, manifest]:
        files["blobs/sha256/" + digest(blob)] = blob
    return files


def docker_files(name, config, layers):
    conf = image_config(config, layers)
    files = {}
    for i, layer in enumerate(layers):
        files["%064x/layer.tar" % i] = layer
    files[digest(conf) + ".json"] = conf
    files["manifest.json"] = as_json([{"Config": digest(conf) + ".json",
                                       "RepoTags": [name] if name else None,
                                       "Layers": ["%064x/layer.tar" % i
                                                  for i in range(len(layers))]}])
    return files


def write_dir(out, files):
    for path, data in files.items():
        os.makedirs(os.path.dirname(os.path.join(out, path)), exist_ok=True)
        with open(os.path.join(out, path), "wb") as f:
            f.write(data)


def write_tar(out, files):
    with tarfile.open(out, "w") as tar:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def main(argv):
    kind, out, name, config_path = argv[1:5]
    with open(config_path) as f:
        config = json.load(f)
    layers = [open(p, "rb").read() for p in argv[5:]]
    if kind == "docker":
        write_tar(out, docker_files(name, config, layers))
    elif kind == "oci-tar":
        write_tar(out, oci_files(name, config, layers))
    else:
        write_dir(out, oci_files(name, config, layers))


if __name__ == "__main__":
    main(sys.argv)
