#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# lifecycle.bats - every verb on a container's way from create to rm, and what lists say meanwhile.
load helper

setup_file() { e2e_up; }
teardown_file() { e2e_down; }

@test "version and info tell client and daemon" {
	expect 0 harpoon --version
	has harpoon
	expect 0 harpoon version
	has "$(containerd --version | sed 's/.* \(v\?[0-9][^ ]*\) .*/\1/')"
	expect 0 harpoon version --format json
	jq -e . <<<"$output" >/dev/null
	expect 0 harpoon info
	has "$CONTAINERD_ADDRESS" "$CONTAINERD_NAMESPACE"
	expect 0 harpoon info --format json
	jq -e . <<<"$output" >/dev/null
}

@test "create, start, wait, logs, rm" {
	expect 0 harpoon create --name one "$IMG" sh -c 'echo worked; exit 4'
	state_is one created
	expect 0 harpoon ps -q
	[ -z "$output" ]
	expect 0 harpoon start one
	expect 0 harpoon wait one
	[ "$output" = 4 ]
	state_is one exited
	expect 0 harpoon logs one
	[ "$output" = worked ]
	expect 4 harpoon start -a one
	harpoon rm one
	expect 1 harpoon start one
	has one
}

@test "logs keep the order of both outputs, and say when they cannot be written" {
	harpoon run -d --name both "$IMG" sh -c 'for i in 1 2 3 4; do echo o$i; sleep 0.1; echo e$i >&2; sleep 0.1; done' \
		>/dev/null
	harpoon wait both
	expect 0 harpoon logs both
	[ "$output" = $'o1\ne1\no2\ne2\no3\ne3\no4\ne4' ]
	expect 1 sh -c 'harpoon logs both 2>/dev/null >/dev/full'
	harpoon rm both
	harpoon run -d --name long "$IMG" sh -c 'yes | head -n 20000' >/dev/null
	harpoon wait long
	expect 1 sh -c 'harpoon logs long >/dev/full'
	has 'No space left'
	harpoon rm long
}

@test "start -a gives output and exit status" {
	harpoon create --name att "$IMG" sh -c 'echo hi; exit 6' >/dev/null
	expect 6 harpoon start -a att
	[ "$output" = hi ]
	harpoon rm att
}

@test "starting what runs succeeds and changes nothing; what is paused is refused" {
	harpoon run -d --name twice "$IMG" sleep 60 >/dev/null
	expect 0 harpoon inspect -f '{{.State.Pid}}' twice
	pid=$output
	expect 0 harpoon start twice
	expect 0 harpoon inspect -f '{{.State.Pid}}' twice
	[ "$output" = "$pid" ]
	harpoon pause twice
	expect 1 harpoon start twice
	has twice paused
	harpoon rm -f twice
}

@test "relative roots are taken from the working directory" {
	cd "$E2E"
	harpoon --data-root rel/data --state-root rel/state run -d --name rel "$IMG" echo logged
	cd /
	harpoon wait rel
	expect 0 harpoon logs rel
	[ "$output" = logged ]
	cd "$E2E"
	harpoon --data-root rel/data --state-root rel/state rm rel
	rm -r rel
}

@test "stop asks, then kills; stopping what is stopped succeeds" {
	harpoon run -d --name deaf "$IMG" sh -c 'trap "" TERM; sleep 60' >/dev/null
	harpoon stop -t 1 deaf
	state_is deaf exited
	expect 0 harpoon stop deaf
	expect 0 harpoon inspect deaf
	[ "$(jq -r '.[0].State.ExitCode' <<<"$output")" = 137 ]
	harpoon rm deaf
	harpoon run -d --name hears "$IMG" sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done' >/dev/null
	until_ok 10 sh -c 'harpoon logs hears | grep -q ready'
	harpoon stop -t 30 hears
	expect 0 harpoon wait hears
	[ "$output" = 3 ]
	harpoon rm hears
}

@test "kill by name and number; unknown signals are refused" {
	harpoon run -d --name sig "$IMG" \
		sh -c 'trap "echo one" USR1; trap "exit 8" USR2; echo ready; while :; do sleep 0.1; done' >/dev/null
	until_ok 10 sh -c 'harpoon logs sig | grep -q ready'
	harpoon kill -s SIGUSR1 sig
	until_ok 10 sh -c 'harpoon logs sig | grep -q one'
	expect 1 harpoon kill -s NONSENSE sig
	has NONSENSE
	expect 1 harpoon kill -s 99 sig
	harpoon kill --signal 12 sig
	expect 0 harpoon wait sig
	[ "$output" = 8 ]
	expect 1 harpoon kill sig
	has sig
	harpoon rm sig
}

@test "pause freezes, unpause thaws" {
	harpoon run -d --name ice "$IMG" sh -c 'while :; do echo tick; sleep 0.05; done' >/dev/null
	until_ok 10 sh -c 'harpoon logs ice | grep -q tick'
	harpoon pause ice
	state_is ice paused
	sleep 0.2
	local before
	before=$(harpoon logs ice | wc -l)
	sleep 0.4
	[ "$(harpoon logs ice | wc -l)" = "$before" ]
	expect 0 harpoon pause ice
	harpoon unpause ice
	state_is ice running
	until_ok 10 sh -c "[ \$(harpoon logs ice | wc -l) -gt $before ]"
	harpoon pause ice
	harpoon rm -f ice
	expect 1 harpoon pause ice
}

@test "restart gives a new process and keeps the files" {
	harpoon run -d --name again "$IMG" sh -c 'echo x >>/count; sleep 60' >/dev/null
	until_ok 10 harpoon exec again test -s /count
	local pid
	pid=$(pid_of again)
	harpoon restart -t 1 again
	[ "$(pid_of again)" != "$pid" ]
	until_ok 10 sh -c '[ "$(harpoon exec again cat /count | wc -l)" = 2 ]'
	harpoon stop -t 0 again
	harpoon restart again
	state_is again running
	harpoon rm -f again
}

@test "rm refuses what runs, rm -f removes it, several go on after an error" {
	harpoon run -d --name r1 "$IMG" sleep 60 >/dev/null
	harpoon create --name r2 "$IMG" true >/dev/null
	expect 1 harpoon rm r1 no-such r2
	has r1 no-such
	expect 1 harpoon inspect r2
	harpoon rm --force r1
	expect 1 harpoon rm r1
}

@test "wait prints a status for each, and waits for a running one" {
	harpoon run -d --name w1 "$IMG" sh -c 'sleep 1; exit 11' >/dev/null
	harpoon run -d --name w2 "$IMG" sh -c 'exit 12' >/dev/null
	expect 0 harpoon wait w1 w2
	[ "$output" = $'11\n12' ]
	harpoon rm w1 w2
}

@test "ps: table, all, quiet, filters, JSON" {
	harpoon run -d --name p1 --label tier=web "$IMG" sleep 60 >/dev/null
	harpoon create --name p2 "$IMG" true >/dev/null
	expect 0 harpoon ps
	has 'CONTAINER ID' IMAGE COMMAND p1 "$IMG"
	[[ $output != *p2* ]]
	expect 0 harpoon ps -a
	has p1 p2
	expect 0 harpoon ps -a -q --filter name=p2
	[ ${#lines[@]} = 1 ]
	expect 0 harpoon ps -a -q --filter status=created
	[ ${#lines[@]} = 1 ]
	expect 0 harpoon ps -a --format json
	[ "$(jq -s length <<<"$output")" = 2 ]
	expect 0 harpoon ps --no-trunc
	has "sleep 60"
	harpoon rm -f p1 p2
	expect 0 harpoon ps -a -q
	[ -z "$output" ]
}

@test "inspect shows id, name, state, image and process" {
	harpoon run -d --name look --memory 64m "$IMG" sleep 60 >/dev/null
	expect 0 harpoon inspect look
	jq -e '.[0] | (.Name | endswith("look")) and .State.Status == "running" and .State.Pid > 1' <<<"$output"
	[ "$(tr '\0' ' ' <"/proc/$(pid_of look)/cmdline")" = "sleep 60 " ]
	expect 1 harpoon inspect look no-such
	has no-such
	harpoon rm -f look
}

@test "stats shows what a container uses" {
	harpoon run -d --name busy --memory 64m "$IMG" sh -c 'while :; do :; done' >/dev/null
	sleep 0.5
	expect 0 harpoon stats --no-stream busy
	has CPU MEM PIDS busy
	expect 0 harpoon stats --no-stream --format json busy
	jq -e . <<<"$output" >/dev/null
	run timeout --preserve-status -s INT 3 harpoon stats busy
	[ "$(grep -c '^CONTAINER ID' <<<"$output")" -ge 2 ]
	harpoon rm -f busy
	expect 1 harpoon stats --no-stream busy
}

@test "update changes the limits of a running container" {
	harpoon run -d --name up --memory 64m "$IMG" sleep 60 >/dev/null
	harpoon update --memory 96m --memory-swap 96m --pids-limit 44 --cpus 0.25 up
	[ "$(cgroup_file up memory memory.limit_in_bytes memory.max)" = 100663296 ]
	[ "$(cgroup_file up pids pids.max pids.max)" = 44 ]
	expect 2 harpoon update --memory nonsense up
	has nonsense
	harpoon rm -f up
}

@test "events tell of create, start, die and destroy" {
	harpoon events --format json >"$BATS_TEST_TMPDIR/events" &
	local pid=$!
	sleep 0.5
	expect 5 harpoon run --rm --name seen "$IMG" sh -c 'exit 5'
	until_ok 10 grep -q destroy "$BATS_TEST_TMPDIR/events"
	kill $pid
	wait $pid || true
	local what
	for what in create start die destroy; do
		grep -q "\"$what\"" "$BATS_TEST_TMPDIR/events"
	done
	jq -es 'map(.. | strings | select(. == "5")) | length > 0' "$BATS_TEST_TMPDIR/events"
}

@test "namespaces do not see each other" {
	harpoon create --name mine "$IMG" true >/dev/null
	expect 0 harpoon --namespace other ps -aq
	[ -z "$output" ]
	expect 1 harpoon -n other inspect mine
	expect 1 harpoon --namespace 'bad/name' ps
	harpoon rm mine
}

@test "usage errors are 2, help is there for each command" {
	expect 2 harpoon no-such-command
	has no-such-command
	expect 2 harpoon ps --no-such-option
	expect 0 harpoon help
	has run exec validate
	local cmd
	for cmd in run create start stop kill pause unpause restart rm exec attach wait logs ps inspect \
		stats update events version info images import export rmi tag up down validate; do
		expect 0 harpoon "$cmd" --help
		has "$cmd"
	done
}

@test "completion is printed and parses" {
	expect 0 harpoon completion bash
	bash -n <<<"$output"
	expect 0 harpoon completion zsh
	expect 0 harpoon completion fish
}
