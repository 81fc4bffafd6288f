#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# updown.bats - harpoon up and down: a private containerd that comes, serves and goes without a trace.
load helper

setup_file() { e2e_up; }
teardown_file() { e2e_down; }

setup() {
	unset CONTAINERD_ADDRESS
	UP=(--root "$E2E/up/root" --state "$E2E/up/state")
	SOCK=$E2E/up/state/containerd.sock
	CTRD=$(command -v containerd)
}

teardown() {
	harpoon down "${UP[@]}" --force --purge 2>/dev/null || true
}

@test "up starts it and prints the address; up again says so; down ends it" {
	expect 0 harpoon up "${UP[@]}" --containerd "$CTRD"
	has "$SOCK"
	expect 0 harpoon --address "$SOCK" version
	expect 0 harpoon up "${UP[@]}"
	has already
	expect 0 harpoon down "${UP[@]}"
	[ ! -e "$SOCK" ]
	expect 1 harpoon --address "$SOCK" version
	[ -d "$E2E/up/root" ]
	expect 0 harpoon down "${UP[@]}"
	expect 0 harpoon down "${UP[@]}" --purge
	[ ! -e "$E2E/up/root" ]
}

@test "images outlive down and up" {
	harpoon up "${UP[@]}" >/dev/null
	harpoon --address "$SOCK" import "$E2E/rootfs.tar" "$IMG"
	harpoon down "${UP[@]}"
	harpoon up "${UP[@]}" >/dev/null
	expect 0 harpoon --address "$SOCK" run --rm "$IMG" echo kept
	[ "$output" = kept ]
	expect 0 harpoon down "${UP[@]}"
}

@test "down refuses while containers run, --force ends them" {
	harpoon up "${UP[@]}" >/dev/null
	harpoon --address "$SOCK" import "$E2E/rootfs.tar" "$IMG"
	harpoon --address "$SOCK" run -d --name busy "$IMG" sleep 100 >/dev/null
	expect 1 harpoon down "${UP[@]}"
	has busy || has running || has run
	expect 0 harpoon --address "$SOCK" ps
	has busy
	expect 0 harpoon down "${UP[@]}" --force
	expect 1 grep -F "$E2E/up/" /proc/self/mountinfo
	expect 1 pgrep -f "containerd.*$E2E/up/"
}

@test "up after a kill -9 of the daemon" {
	harpoon up "${UP[@]}" >/dev/null
	local pid
	pid=$(pgrep -f "containerd .*$E2E/up/" | head -n 1)
	kill -KILL "$pid"
	until_ok 10 sh -c "! test -d /proc/$pid"
	expect 0 harpoon up "${UP[@]}"
	expect 0 harpoon --address "$SOCK" version
	expect 0 harpoon down "${UP[@]}"
}

@test "a containerd that cannot start: its last words are shown" {
	printf '#!/bin/sh\necho my last words >&2\nexit 3\n' >"$BATS_TEST_TMPDIR/broken"
	chmod +x "$BATS_TEST_TMPDIR/broken"
	expect 1 timeout 30 harpoon up "${UP[@]}" --containerd "$BATS_TEST_TMPDIR/broken"
	has 'my last words'
	expect 1 harpoon up "${UP[@]}" --containerd /no/such/containerd
	has /no/such/containerd
}

@test "down never ends a process that up did not start" {
	mkdir -p "$E2E/up/state"
	sleep 100 3>&- &
	local pid=$!
	echo $pid >"$E2E/up/state/containerd.pid"
	run harpoon down "${UP[@]}"
	kill -0 $pid
	kill $pid
}
