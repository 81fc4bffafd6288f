#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# images.bats - import of every kind, export, tag, rmi, and what containerd's GC makes of them.
load helper

setup_file() {
	e2e_up
	echo '{"Cmd": ["echo", "from config"]}' >"$E2E/conf.json"
}
teardown_file() { e2e_down; }

# held: everything that containerd holds in this namespace, to compare.
held() {
	what_is_held | sort
}

# settled BEFORE: held() is that again, within some seconds.
settled() {
	until_ok 10 sh -c : && local i
	for ((i = 0; i < 100; i++)); do
		[ "$(held)" != "$1" ] || return 0
		sleep 0.1
	done
	diff <(echo "$1") <(held) >&2
}

# works NAME: a container of that image runs; then it is removed with all that came with it.
works() {
	expect 0 harpoon run --rm "$1" echo runs
	[ "$output" = runs ]
}

@test "images lists names, ids and sizes" {
	expect 0 harpoon images
	has REPOSITORY TAG 'IMAGE ID' SIZE localhost/busybox latest
	expect 0 harpoon images -q
	[[ ${lines[0]} =~ ^[0-9a-f]{12}$ ]]
	expect 0 harpoon images --format json
	jq -e . <<<"$output" >/dev/null
	expect 0 harpoon images --digests
	has sha256:
	expect 0 harpoon images -q --no-trunc
	has sha256:
}

@test "a rootfs tar, plain, gzip, zstd, and from stdin" {
	local before kind
	before=$(held)
	gzip -1 -c "$E2E/rootfs.tar" >"$E2E/r.tar.gz"
	zstd -q -c "$E2E/rootfs.tar" >"$E2E/r.tar.zst"
	for kind in gz zst; do
		expect 0 harpoon import "$E2E/r.tar.$kind" "localhost/$kind:1"
		works "localhost/$kind:1"
	done
	expect 0 bash -c 'harpoon import - localhost/stdin:1 <"$E2E/rootfs.tar"'
	works localhost/stdin:1
	expect 0 harpoon rmi localhost/gz:1 localhost/zst:1 localhost/stdin:1
	settled "$before"
}

@test "a rootfs with what its containers shall run" {
	expect 0 harpoon import --entrypoint /bin/echo --cmd hello --env A=b --workdir /tmp --user app \
		"$E2E/rootfs.tar" localhost/conf:1
	expect 0 harpoon run --rm localhost/conf:1
	[ "$output" = hello ]
	expect 0 harpoon run --rm --entrypoint /bin/sh localhost/conf:1 -c 'id -u; pwd; echo $A'
	[ "$output" = $'1000\n/tmp\nb' ]
	harpoon rmi localhost/conf:1
}

@test "an OCI layout: folder and tar, plain, gzip and zstd layers" {
	local form before
	before=$(held)
	for form in plain gzip zstd; do
		LAYER_FORMAT=$form "$E2E_LIB/archives.py" oci-dir "$E2E/oci-$form" "localhost/dir-$form:1" \
			"$E2E/conf.json" "$E2E/rootfs.tar"
		LAYER_FORMAT=$form "$E2E_LIB/archives.py" oci-tar "$E2E/oci-$form.tar" "localhost/tar-$form:1" \
			"$E2E/conf.json" "$E2E/rootfs.tar"
		expect 0 harpoon import "$E2E/oci-$form"
		expect 0 harpoon import "$E2E/oci-$form.tar"
		works "localhost/dir-$form:1"
		works "localhost/tar-$form:1"
		expect 0 harpoon rmi "localhost/dir-$form:1" "localhost/tar-$form:1"
	done
	settled "$before"
}

@test "a docker archive, also compressed as a whole" {
	local before
	before=$(held)
	"$E2E_LIB/archives.py" docker "$E2E/docker.tar" localhost/docker:1 "$E2E/conf.json" "$E2E/rootfs.tar"
	expect 0 harpoon import "$E2E/docker.tar"
	expect 0 harpoon run --rm localhost/docker:1
	[ "$output" = "from config" ]
	gzip -1 "$E2E/docker.tar"
	expect 0 harpoon import "$E2E/docker.tar.gz" localhost/renamed:2
	works localhost/renamed:2
	expect 0 harpoon rmi localhost/docker:1 localhost/renamed:2
	settled "$before"
}

@test "layers: a file replaced, a file removed, a folder made opaque" {
	local d=$BATS_TEST_TMPDIR/l before
	before=$(held)
	mkdir -p "$d/1/dir" "$d/2/dir" "$d/3/dir"
	echo old >"$d/1/file"
	touch "$d/1/dir/a" "$d/1/gone"
	echo new >"$d/2/file"
	touch "$d/2/.wh.gone" "$d/3/dir/.wh..wh..opq" "$d/3/dir/b"
	local n
	for n in 1 2 3; do tar -C "$d/$n" -cf "$d/$n.tar" .; done
	"$E2E_LIB/archives.py" oci-tar "$d/i.tar" localhost/layers:1 "$E2E/conf.json" "$E2E/rootfs.tar" \
		"$d/1.tar" "$d/2.tar" "$d/3.tar"
	expect 0 harpoon import "$d/i.tar"
	expect 0 harpoon run --rm localhost/layers:1 sh -c 'cat /file; ls /dir; test ! -e /gone && echo gone'
	[ "$output" = $'new\nb\ngone' ]
	harpoon rmi localhost/layers:1
	settled "$before"
}

@test "export and import again give the same image" {
	local id
	id=$(harpoon images -q --no-trunc | head -n 1)
	expect 0 harpoon export "$IMG" -o "$E2E/out.tar"
	tar -tf "$E2E/out.tar" | grep -q '^oci-layout$'
	tar -xOf "$E2E/out.tar" index.json | jq -e .manifests[0].digest
	expect 0 harpoon import "$E2E/out.tar" localhost/back:1
	[ "$(harpoon images -q --no-trunc | sort -u)" = "$id" ]
	works localhost/back:1
	harpoon export "$IMG" | cmp - "$E2E/out.tar"
	expect 0 harpoon rmi localhost/back:1
	expect 1 harpoon export localhost/none:1 -o "$E2E/none.tar"
	[ ! -s "$E2E/none.tar" ]
}

@test "tag gives a further name; the image stays until its last name goes" {
	local before
	before=$(held)
	expect 0 harpoon tag "$IMG" localhost/other:2
	works localhost/other:2
	expect 0 harpoon rmi localhost/other:2
	works "$IMG"
	expect 1 harpoon tag localhost/none:1 localhost/x:1
	has localhost/none:1
	expect 1 harpoon tag "$IMG" 'NOT/Allowed:1'
	settled "$before"
}

@test "rmi refuses an image in use, and an unknown one" {
	harpoon create --name user "$IMG" true >/dev/null
	expect 1 harpoon rmi "$IMG"
	has user || has use
	harpoon rm user
	expect 1 harpoon rmi localhost/none:1
	has localhost/none:1
}

@test "containerd's GC removes nothing that is in use, and all that is not" {
	local before during
	before=$(held)
	gzip -9 -c "$E2E/rootfs.tar" >"$E2E/g.tar.gz"
	harpoon import "$E2E/g.tar.gz" localhost/gc:1
	harpoon create --name kept localhost/gc:1 echo still >/dev/null
	during=$(held)
	# A synchronous removal runs the collector to its end.
	ctr leases create --id probe >/dev/null
	ctr leases rm --sync probe
	[ "$(held)" = "$during" ]
	expect 0 harpoon start -a kept
	[ "$output" = still ]
	harpoon rm kept
	harpoon rmi localhost/gc:1
	settled "$before"
}

@test "what is no image is refused, and nothing is left of it" {
	local before f
	before=$(held)
	head -c 100000 /dev/urandom >"$E2E/noise"
	: >"$E2E/empty"
	head -c 300000 "$E2E/rootfs.tar" >"$E2E/cut.tar"
	gzip -1 -c "$E2E/rootfs.tar" | head -c 200000 >"$E2E/cut.tar.gz"
	zstd -q -c "$E2E/rootfs.tar" | head -c 200000 >"$E2E/cut.tar.zst"
	for f in noise empty cut.tar cut.tar.gz cut.tar.zst no-such-file; do
		expect 1 harpoon import "$E2E/$f" localhost/bad:1
		has "$f"
	done
	expect 1 harpoon import "$E2E/rootfs.tar"
	expect 1 harpoon import "$E2E/rootfs.tar" 'BAD NAME'
	settled "$before"
}

@test "a layout whose blobs lie about their digests is refused" {
	local before blob
	before=$(held)
	# Not a layer that the daemon has already: that one need not be in the archive.
	head -c 900000 /dev/urandom >"$BATS_TEST_TMPDIR/own"
	tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/l.tar" own
	"$E2E_LIB/archives.py" oci-dir "$E2E/lies" localhost/lies:1 "$E2E/conf.json" "$BATS_TEST_TMPDIR/l.tar"
	blob=$(find "$E2E/lies/blobs" -type f -size +500k)
	printf x | dd of="$blob" bs=1 seek=5000 conv=notrunc status=none
	expect 1 harpoon import "$E2E/lies"
	has sha256
	rm "$blob"
	expect 1 harpoon import "$E2E/lies"
	settled "$before"
}

@test "a layer cannot write outside the root filesystem" {
	local before
	before=$(held)
	python3 - "$BATS_TEST_TMPDIR/e.tar" "$E2E" <<-'END'
		import io, sys, tarfile
		t = tarfile.open(sys.argv[1], "w")
		def add(name, data=b"", **kw):
		    i = tarfile.TarInfo(name)
		    i.size = len(data)
		    for k, v in kw.items():
		        setattr(i, k, v)
		    t.addfile(i, io.BytesIO(data))
		add("../../../../../../../../../../" + sys.argv[2] + "/escaped", b"x")
		add("link", type=tarfile.SYMTYPE, linkname=sys.argv[2])
		add("link/escaped", b"x")
		t.close()
	END
	run harpoon import "$BATS_TEST_TMPDIR/e.tar" localhost/escape:1
	[ ! -e "$E2E/escaped" ]
	harpoon rmi localhost/escape:1 || true
	settled "$before"
}
