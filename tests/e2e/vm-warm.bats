#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-warm.bats - containers whose machines stood ready before they were asked for.
load vm

setup_file() {
	export BATS_TEST_TIMEOUT=240
	vm_up
	vm_config '{warm: 1}'
}
teardown_file() { vm_down; }

# machine NAME KEY: what `vm ls` says of its machine.
machine() {
	local id
	id=$(harpoon ps -aq --no-trunc --filter "name=$1")
	harpoon vm ls --format json | jq -r --arg id "$id" "select(.ID == \$id) | .$2"
}

# warm_box NAME: a container that waits, on a machine that stood ready.
warm_box() {
	local try
	for try in 1 2 3 4 5 6 7 8; do
		vm_box "$1"
		[ "$(machine "$1" Origin)" = warm ] && return 0
		harpoon rm -f "$1" >/dev/null
		# The next one is made when the host has been left alone for a moment.
		sleep 5
	done
	echo "no machine stood ready" >&2
	return 1
}

# waiting: the machines that stand ready, a process number each.
waiting() { vm_machines | sed -n 's/ harpoon-warm$//p' | grep .; }

# pool_kill: kill the pool, but not those who hold a machine of it each.
pool_kill() {
	local pid
	for pid in $(vm_pool_pids); do
		[ "$(cat "/proc/$pid/comm")" = harpoon-holder ] || kill -9 "$pid"
	done
}

@test "a machine that stood ready is like any other" {
	warm_box ready
	run harpoon exec ready sh -c 'echo "$(hostname) $(cat /proc/sys/kernel/random/boot_id | wc -c)"; date +%s'
	[ "$status" = 0 ]
	# Its clock has stood still, and does not show it.
	local now
	now=$(date +%s)
	[ $((now - ${lines[1]})) -le 5 ]
	run harpoon exec ready sh -c 'exit 42'
	[ "$status" = 42 ]
}

@test "two of them have nothing in common" {
	warm_box one
	harpoon exec one cat /proc/sys/kernel/random/uuid >"$BATS_TEST_TMPDIR/one"
	warm_box two
	harpoon exec two cat /proc/sys/kernel/random/uuid >"$BATS_TEST_TMPDIR/two"
	! cmp -s "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
}

@test "a machine that was handed over outlives the pool" {
	warm_box stays
	pool_kill
	run harpoon exec stays echo still here
	[ "$output" = "still here" ]
}

@test "a machine ends with its shim" {
	warm_box falls
	local id vmm
	id=$(harpoon ps -aq --no-trunc --filter name=falls)
	vmm=$(machine falls VmmPid)
	kill -0 "$vmm"
	kill -9 $(vm_shim_of "$id")
	until_ok 10 sh -c "! kill -0 $vmm 2>/dev/null"
}

@test "machines that wait end with the pool" {
	warm_box last
	harpoon rm -f last >/dev/null
	until_ok 30 waiting
	local pid pids
	pids=$(waiting)
	pool_kill
	for pid in $pids; do
		until_ok 10 sh -c "! kill -0 $pid 2>/dev/null"
	done
	# And the next container has a pool again.
	vm_box again
}
