#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# validate.bats - harpoon validate proves the lifecycle, and cleans up whatever happens.
load helper

setup_file() {
	BATS_TEST_TIMEOUT=180
	e2e_up
}
teardown_file() { e2e_down; }

# checked: the last output is validate's JSON, and all of it passed.
checked() {
	jq -e '.pass == true' <<<"$output" >/dev/null || {
		printf '%s\n' "$output" >&2
		return 1
	}
}

@test "validate passes with runc" {
	run --separate-stderr harpoon validate --json
	checked
	[ "$status" = 0 ]
}

@test "validate passes with crun" {
	run --separate-stderr harpoon validate --runtime crun --json --cycles 30
	checked
	[ "$status" = 0 ]
}

@test "validate prints a table for people" {
	expect 0 harpoon validate --cycles 10
	has PASS
	[[ $output != *FAIL* ]]
}

@test "validate fails, and says where, with a runtime that does not exist" {
	expect 1 harpoon validate --runtime io.containerd.nothing.v9
	has FAIL nothing
	[ -z "$(harpoon ps -aq)" ]
}

@test "validate fails without a daemon" {
	expect 1 harpoon --address /no/such.sock validate
	has /no/such.sock
}

@test "Ctrl-C of validate cleans up" {
	local after
	for after in 0.3 1 2; do
		run "$E2E_LIB/terminal.py" "sleep=$after" 'send=\x03' -- harpoon validate
		[ "$status" != 0 ] && [ "$status" -lt 98 ] || [ "$status" = 130 ]
		[ -z "$(harpoon ps -aq)" ]
	done
	nothing_on_host_now
}

# The daemon runs, so only what belongs to containers may not be there.
nothing_on_host_now() {
	local i
	for ((i = 0; i < 50; i++)); do
		[ -n "$(our_processes)" ] || return 0
		sleep 0.1
	done
	our_processes >&2
	return 1
}
