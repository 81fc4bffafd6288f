#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-cgroup.bats - where on the host the processes of a container with a machine are counted.
load vm

setup_file() {
	export BATS_TEST_TIMEOUT=180
	vm_up
}
teardown_file() { vm_down; }

# dirs PATH: it, in each hierarchy.
dirs() { find /sys/fs/cgroup -type d -path "*$1"; }

# in_it PATH: the processes that are there, the same in each hierarchy.
in_it() {
	local dir lists
	lists=$(dirs "$1" | while read -r dir; do sort -n "$dir/cgroup.procs" | paste -sd ' '; done | sort -u)
	[ "$(wc -l <<<"$lists")" = 1 ] || {
		echo "not the same everywhere: $lists" >&2
		return 1
	}
	echo "$lists"
}

# all_of ID: its shim, file server and machine.
all_of() {
	{
		harpoon vm ls --format json | jq -r --arg id "$1" 'select(.ID == $id) | .ShimPid, .VmmPid'
		pid_of "$1"
	} | sort -n | paste -sd ' '
}

# all_in ID PATH
all_in() {
	local all
	all=$(all_of "$1")
	[[ $all =~ ^[0-9]+\ [0-9]+\ [0-9]+$ ]] && [ "$(in_it "$2")" = "$all" ]
}

# pid_in ID KEY
pid_in() { harpoon vm ls --format json | jq -r --arg id "$1" "select(.ID == \$id) | .$2"; }

# gone PATH
gone() { [ -z "$(dirs "$1")" ]; }

# start ID [OPTION...]
start() { ctr run -d --null-io --runtime "$VM_RUNTIME" "${@:2}" "$IMG" "$1" sleep 3600; }

# The memory of the host that PATH has in use, in bytes.
memory_of() {
	cat "/sys/fs/cgroup/memory$1/memory.usage_in_bytes" 2>/dev/null ||
		cat "/sys/fs/cgroup$1/memory.current"
}

@test "shim, machine and file server are in the cgroup of the spec, which goes with them" {
	local path=/$CONTAINERD_NAMESPACE/one pid
	start one
	all_in one "$path"
	[ "$(memory_of "$path")" -gt 1000000 ]
	# Who keeps templates for all belongs to nobody's.
	for pid in $(vm_pool_pids); do
		! grep -qF "$path" "/proc/$pid/cgroup"
	done
	ctr task exec --exec-id e one true
	all_in one "$path"
	ctr task kill -s KILL one
	until_ok 10 ctr task rm one
	gone "$path"
	ctr container rm one
}

@test "systemd's form of the path" {
	local id=hp$RANDOM
	local path=/hpt.slice/hpt-a.slice/ctr-$id.scope
	start two --cgroup "hpt-a.slice:ctr:$id"
	all_in two "$path"
	harpoon rm -f two
	gone "$path"
	find /sys/fs/cgroup -depth -type d \( -path "*/hpt.slice/hpt-a.slice" -o -path "*/hpt.slice" \) \
		-exec rmdir {} +
}

@test "it is gone after the shim was killed, and after the machine was" {
	local path=/$CONTAINERD_NAMESPACE/three
	start three
	all_in three "$path"
	kill -9 "$(pid_in three ShimPid)"
	until_ok 10 gone "$path"
	harpoon rm -f three

	start three
	all_in three "$path"
	kill -9 "$(pid_in three VmmPid)"
	until_ok 10 state_is three exited
	harpoon rm -f three
	gone "$path"
}

@test "one that never ran leaves none" {
	local path=/$CONTAINERD_NAMESPACE/four
	run ctr run --rm --null-io --runtime "$VM_RUNTIME" "$IMG" four /no/such
	[ "$status" = 1 ]
	until_ok 10 gone "$path"
	ctr container rm four 2>/dev/null || true
}

@test "a path that cannot be is told, and keeps nobody" {
	start five --cgroup /
	harpoon exec five true
	grep -F 'root of all cgroups' "$E2E/log"
	harpoon rm -f five
}
