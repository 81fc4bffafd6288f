#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec.bats - a further process in a running container.
load helper

setup_file() {
	e2e_up
	harpoon run -d --name box --env INIT=yes "$IMG" sleep 3600 >/dev/null
}
teardown_file() { e2e_down; }
# The box stays from test to test.
teardown() { :; }

@test "exec gives output and exit status" {
	expect 0 harpoon exec box echo hi
	[ "$output" = hi ]
	expect 42 harpoon exec box sh -c 'exit 42'
	expect 137 harpoon exec box sh -c 'kill -9 $$'
}

@test "exec of a missing program is 127, of one that cannot run 126" {
	expect 127 harpoon exec box /no/such
	expect 126 harpoon exec box /etc/passwd
}

@test "exec keeps stdout and stderr apart" {
	harpoon exec box sh -c 'echo o; echo e >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	[ "$(cat "$BATS_TEST_TMPDIR/o")" = o ]
	[ "$(cat "$BATS_TEST_TMPDIR/e")" = e ]
}

@test "exec -i passes stdin on, with its end" {
	run bash -c 'printf "a\nb\n" | harpoon exec -i box wc -l'
	[ "$output" = 2 ]
	run bash -c 'printf "a\nb\n" | harpoon exec box wc -l'
	[ "$output" = 0 ]
}

@test "exec -e -w -u --privileged" {
	expect 0 harpoon exec -e A=1 -w /tmp -u app box sh -c 'echo $A $INIT; pwd; id -u'
	[ "$output" = $'1 yes\n/tmp\n1000' ]
	expect 0 harpoon exec --privileged box sh -c 'grep CapEff /proc/self/status'
	has "$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)"
	expect 0 harpoon exec box sh -c 'grep CapEff /proc/self/status'
	has 00000000a80425fb
}

@test "exec -d comes back at once and the process goes on" {
	SECONDS=0
	expect 0 harpoon exec -d box sh -c 'sleep 1; echo done >/flag'
	[ $SECONDS -lt 5 ]
	until_ok 10 harpoon exec box grep -q done /flag
}

@test "exec -t has a terminal" {
	expect 0 "$E2E_LIB/terminal.py" expect=rows -- harpoon exec -t box sh -c 'tty; stty size; echo rows'
	has /dev/pts '24 80'
}

@test "exec in what does not run, or is not there, is refused" {
	harpoon create --name cold "$IMG" true >/dev/null
	expect 125 harpoon exec cold true
	has cold
	harpoon rm cold
	expect 125 harpoon exec no-such true
	has no-such
	expect 125 harpoon exec
}

@test "many execs at once" {
	local i pids=() rc
	for i in 1 2 3 4 5 6 7 8; do
		harpoon exec box sh -c "echo $i; exit $i" >"$BATS_TEST_TMPDIR/$i" &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6 7 8; do
		rc=0
		wait "${pids[i - 1]}" || rc=$?
		[ $rc = $i ]
		[ "$(cat "$BATS_TEST_TMPDIR/$i")" = $i ]
	done
}

@test "kill -9 of the CLI leaves no process of an exec behind" {
	harpoon exec box sh -c 'echo up; sleep 2' >"$BATS_TEST_TMPDIR/o" &
	local pid=$!
	until_ok 10 grep -q up "$BATS_TEST_TMPDIR/o"
	kill -KILL $pid
	until_ok 15 sh -c '! harpoon exec box sh -c "grep -l \"^sleep.2$\" /proc/[0-9]*/cmdline"'
}
