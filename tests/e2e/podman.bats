#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# podman.bats - the verbs on a real podman service, and where it is looked for.
load podman

setup_file() { podman_up; }
teardown_file() { podman_down; }

# box NAME [COMMAND...]: a container that runs.
box() {
	local name=$1
	shift
	[ $# -gt 0 ] || set -- sleep 3600
	harpoon run -d --network none --name "$name" "$IMG" "$@" >/dev/null
}

@test "version and info tell of podman, and of whose it is" {
	expect 0 harpoon version
	has podman "$(podman --version | sed 's/.* //')"
	expect 0 harpoon info --format json
	[ "$(jq -r .rootless <<<"$output")" = false ]
	has "$E2E/p.sock"
}

@test "the service is found as variables say, and an explicit address alone counts" {
	unset CONTAINER_HOST
	expect 0 env CONTAINER_HOST="unix://$E2E/p.sock" harpoon version
	expect 0 env CONTAINER_HOST="$E2E/p.sock" harpoon version
	expect 0 env PODMAN_SOCK="$E2E/p.sock" harpoon version
	expect 1 env PODMAN_SOCK="$E2E/p.sock" CONTAINER_HOST="$E2E/none" harpoon version
	has "$E2E/none"
	expect 1 env CONTAINER_HOST="$E2E/p.sock" harpoon --address "$E2E/none" version
	has "$E2E/none"
	mkdir -p "$E2E/xdg/podman"
	ln -sf "$E2E/p.sock" "$E2E/xdg/podman/podman.sock"
	[ -e /run/podman/podman.sock ] ||
		expect 0 env XDG_RUNTIME_DIR="$E2E/xdg" harpoon version
	expect 0 harpoon --address "$E2E/p.sock" version
}

@test "create, start, ps, inspect, logs, stop, rm" {
	box one sh -c 'echo hello; echo oops >&2; trap "exit 7" TERM; while :; do sleep 0.1; done'
	until_ok 10 sh -c 'harpoon logs one | grep -q hello'
	expect 0 harpoon ps
	has one "$IMG" Up
	expect 0 harpoon logs one
	has hello oops
	state_is one running
	grep -q "$(harpoon inspect one | jq -r '.[0].Id')" "/proc/$(pid_of one)/cgroup"
	expect 1 harpoon rm one
	expect 0 harpoon stop -t 20 one
	expect 0 harpoon wait one
	[ "$output" = 7 ]
	harpoon start one
	state_is one running
	harpoon restart -t 0 one
	state_is one running
	harpoon rm -f one
	expect 1 harpoon inspect one
}

@test "run in the foreground gives all of the output and the status" {
	expect 5 harpoon run --rm --network none "$IMG" sh -c 'echo first; echo last; exit 5'
	[ "$output" = $'first\nlast' ]
	expect 0 sh -c "seq 2000 | harpoon run --rm --network none -i $IMG sh -c 'cat; echo end'"
	[ "$output" = "$(seq 2000)"$'\nend' ]
	expect 127 harpoon run --rm --network none "$IMG" no-such-program
}

@test "exec: output, status, stdin, user, a terminal" {
	box ex
	expect 3 harpoon exec ex sh -c 'echo out; echo err >&2; exit 3'
	has out err
	expect 0 sh -c 'seq 20000 | harpoon exec -i ex wc -l'
	[ "$output" = 20000 ]
	expect 0 harpoon exec -u app -w /tmp -e A=b ex sh -c 'echo $(id -un) $(pwd) $A'
	[ "$output" = 'app /tmp b' ]
	expect 9 "$E2E_LIB/terminal.py" expect=ready 'send=go\n' -- \
		harpoon exec -it ex sh -c 'echo ready; read x; exit 9'
}

@test "kill, pause, unpause, and stop of what is paused" {
	box sig sh -c 'trap "echo usr1" USR1; trap "exit 8" TERM; echo ready; while :; do sleep 0.1; done'
	until_ok 10 sh -c 'harpoon logs sig | grep -q ready'
	harpoon kill -s USR1 sig
	until_ok 10 sh -c 'harpoon logs sig | grep -q usr1'
	harpoon pause sig
	state_is sig paused
	harpoon unpause sig
	state_is sig running
	harpoon pause sig
	harpoon stop -t 20 sig
	expect 0 harpoon wait sig
	[ "$output" = 8 ]
	expect 1 harpoon kill sig
}

@test "stats, tag, rmi, and a directory that is missing" {
	harpoon run -d --network none --name busy --memory 64m --pids-limit 44 "$IMG" sleep 3600 >/dev/null
	expect 0 harpoon stats --no-stream --format json busy
	jq -e . <<<"$output"
	[ "$(cgroup_file busy memory memory.limit_in_bytes memory.max)" = 67108864 ]
	harpoon tag "$IMG" localhost/other:v1
	expect 0 harpoon images
	has localhost/other
	harpoon rmi localhost/other:v1
	expect 125 harpoon run --rm --network none --mount "type=bind,src=$E2E/none,dst=/x" "$IMG" true
	has "$E2E/none"
	[ ! -e "$E2E/none" ]
	expect 1 harpoon update --memory 96m busy
	has "not supported"
}

@test "events: a life" {
	harpoon events --format json >"$BATS_TEST_TMPDIR/events" &
	local pid=$!
	sleep 1
	box seen sh -c 'exit 6'
	expect 0 harpoon wait seen
	harpoon rm seen
	until_ok 10 grep -q destroy "$BATS_TEST_TMPDIR/events"
	kill $pid
	wait $pid || true
	local what
	for what in create start die destroy; do
		grep -q "\"$what\"" "$BATS_TEST_TMPDIR/events"
	done
	grep -q '"6"' "$BATS_TEST_TMPDIR/events"
}
