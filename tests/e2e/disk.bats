#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# disk.bats - a disk that fills up during import and unpack: a clear error, and nothing left.
load helper

setup_file() {
	# The daemon's root is a file system of 24 MiB, made before the daemon starts.
	E2E_ROOT=$(mktemp -d /tmp/hpdisk.XXXXXX)
	mount -t tmpfs -o size=24m,mode=700 none "$E2E_ROOT"
	export E2E_ROOT CONTAINERD_SNAPSHOTTER=native
	e2e_up
}

teardown_file() {
	local rc=0
	e2e_down || rc=$?
	umount -l "$E2E_ROOT"
	rmdir "$E2E_ROOT"
	return $rc
}

@test "a layer larger than the disk: out of space, nothing left, and the next import works" {
	local before used
	before=$(what_is_held | sort)
	head -c 40M /dev/urandom >"$BATS_TEST_TMPDIR/big"
	tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/big.tar" big
	used=$(df --output=used "$E2E_ROOT" | tail -n 1)
	expect 1 harpoon import "$BATS_TEST_TMPDIR/big.tar" localhost/big:1
	has space || has full
	[ "$(what_is_held | sort)" = "$before" ]
	until_ok 10 sh -c "[ \$(df --output=used '$E2E_ROOT' | tail -n 1) -lt $((used + 2000)) ]"
	expect 0 harpoon run --rm "$IMG" echo fine
}

@test "a layer that fits packed but not unpacked" {
	local before
	before=$(what_is_held | sort)
	head -c 40M /dev/zero >"$BATS_TEST_TMPDIR/zeros"
	tar -C "$BATS_TEST_TMPDIR" -czf "$BATS_TEST_TMPDIR/zeros.tar.gz" zeros
	expect 1 harpoon import "$BATS_TEST_TMPDIR/zeros.tar.gz" localhost/zeros:1
	has space || has full
	[ "$(what_is_held | sort)" = "$before" ]
	expect 0 harpoon run --rm "$IMG" echo fine
}
