#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-exec.bats - further processes in a machine that runs a container.
load vm

setup_file() {
	vm_up
	vm_box box -e INIT=yes
}
teardown_file() { vm_down; }
# The box stays from test to test.
teardown() { harpoon ps -aq --no-trunc | grep -vx box | xargs -r harpoon rm -f >/dev/null; }

# ex COMMAND...: ctr executes it in the box.
ex() { ctr tasks exec --exec-id "e$RANDOM$RANDOM" box "$@"; }

term() { "$E2E_LIB/terminal.py" "$@"; }

@test "output, exit status, and both outputs apart" {
	local code
	for code in 0 1 42 126 127 137 255; do
		expect $code ex sh -c "exit $code"
	done
	ex sh -c 'echo o; echo e >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	[ "$(cat "$BATS_TEST_TMPDIR/o")" = o ]
	[ "$(cat "$BATS_TEST_TMPDIR/e")" = e ]
}

@test "stdin arrives with its end" {
	[ "$(printf 'a\nb\n' | harpoon exec -i box wc -l)" = 2 ]
	[ "$(harpoon exec -i box wc -c </dev/null)" = 0 ]
	# ctr forgets an end that comes before it has made the process.
	[ "$( (head -c 3000000 /dev/zero; sleep 0.7) | ex wc -c)" = 3000000 ]
}

@test "it is in the container: files, processes, host name, environment by the spec" {
	ex sh -c 'echo mark >/mark'
	[ "$(ex cat /mark)" = mark ]
	expect 0 ex sh -c 'tr "\0" " " </proc/1/cmdline'
	has 'sleep 3600'
	expect 0 harpoon exec -e A=1 -w /tmp -u app box sh -c 'echo $A $INIT; pwd; id -u; id -G'
	[ "$output" = $'1 yes\n/tmp\n1000\n1001 50' ] || [ "$output" = $'1 yes\n/tmp\n1000\n1001' ]
	expect 0 ctr tasks exec --exec-id as --cwd /home --user app box sh -c 'pwd; id -u; id -g'
	[ "$output" = $'/home\n1000\n1001' ]
	expect 0 harpoon exec --privileged box grep CapEff /proc/self/status
	local all=$output
	expect 0 harpoon exec box grep CapEff /proc/self/status
	has 00000000a80425fb
	[ "$all" != "$output" ]
}

@test "a program that is not there, or is none: docker's words, at once" {
	expect 1 ex /no/such
	has 'no such file or directory'
	expect 1 ex nosuch
	has 'executable file not found in $PATH'
	expect 1 ex /etc/passwd
	has 'permission denied'
	expect 127 harpoon exec box nosuch
	expect 126 harpoon exec box /etc/passwd
	under 1 ex /no/such
	# It is no process, so its name is free again.
	expect 1 ctr tasks exec --exec-id again box /no/such
	expect 0 ctr tasks exec --exec-id again box true
	expect 0 ctr tasks exec --exec-id again box true
}

@test "death by a signal is 128 and its number" {
	local n
	for n in 1 2 4 6 8 9 11 13 14 15 31 34 64; do
		expect $((128 + n)) ex sh -c "kill -$n \$\$; sleep 5"
	done
	# A process begins without a signal that is ignored or blocked.
	expect 0 ex grep -E 'Sig(Ign|Blk)' /proc/self/status
	[ "$(grep -c 0000000000000000 <<<"$output")" = 2 ]
	# What nobody dies of.
	expect 3 ex sh -c 'kill -17 $$; kill -18 $$; kill -28 $$; exit 3'
}

@test "signals reach an exec alone, or all" {
	harpoon exec box true
	ctr tasks exec --exec-id one box sh -c 'trap "echo hup; exit 7" HUP; echo up; while :; do sleep 0.05; done' \
		>"$BATS_TEST_TMPDIR/o" 3>&- &
	local pid=$! rc=0
	until_ok 10 grep -q up "$BATS_TEST_TMPDIR/o"
	expect 1 ctr tasks exec --exec-id one box true
	has exists
	ctr tasks kill --exec-id one -s HUP box
	wait $pid || rc=$?
	[ $rc = 7 ]
	grep -q hup "$BATS_TEST_TMPDIR/o"
	state_is box running
	vm_start all -- sh -c 'trap "echo usr" USR1; while :; do sleep 0.05; done'
	ctr tasks exec --exec-id two all sh -c 'trap "exit 8" USR1; echo up; while :; do sleep 0.05; done' \
		>"$BATS_TEST_TMPDIR/o" 3>&- &
	pid=$! rc=0
	until_ok 10 grep -q up "$BATS_TEST_TMPDIR/o"
	ctr tasks kill -a -s USR1 all
	wait $pid || rc=$?
	[ $rc = 8 ]
	until_ok 5 logged all usr
}

@test "a terminal: its size at once and later, Ctrl-C, its end" {
	expect 4 term resize=90x33 'expect=# ' 'send=tty; stty size\r' expect=/dev/pts 'expect=33 90' \
		resize=120x44 sleep=0.3 'send=stty size\r' 'expect=44 120' \
		'send=sleep 100\r' sleep=0.4 'send=\x03' 'expect=# ' 'send=exit 4\r' -- \
		ctr tasks exec -t --exec-id tty box sh
	expect 0 term 'expect=# ' 'send=\x04' -- harpoon exec -it box sh
}

@test "a terminal's output is whole when it ends at once" {
	local n
	n=$(harpoon exec -t box seq 1 20000 | wc -l)
	[ "$n" = 20000 ]
}

@test "twenty at once, each with its own output and status" {
	local i pids=() rc
	for i in {1..20}; do
		ctr tasks exec --exec-id "m$i" box sh -c "seq 1 200; echo $i; exit $i" \
			>"$BATS_TEST_TMPDIR/$i" 3>&- &
		pids+=($!)
	done
	for i in {1..20}; do
		rc=0
		wait "${pids[i - 1]}" || rc=$?
		[ $rc = "$i" ]
		[ "$(tail -n 1 "$BATS_TEST_TMPDIR/$i")" = "$i" ]
		[ "$(wc -l <"$BATS_TEST_TMPDIR/$i")" = 201 ]
	done
}

@test "execs end with their container, and there are none in one that has ended" {
	local rc=0
	vm_start ends -- sh -c 'read x </dev/null; sleep 1.5; exit 5'
	ctr tasks exec --exec-id long ends sh -c 'echo up; sleep 60' >"$BATS_TEST_TMPDIR/o" 3>&- &
	local pid=$!
	until_ok 10 grep -q up "$BATS_TEST_TMPDIR/o"
	wait $pid || rc=$?
	[ $rc = 137 ]
	expect 0 harpoon wait ends
	[ "$output" = 5 ]
	expect 1 ctr tasks exec --exec-id late ends true
	harpoon rm ends
	expect 1 ctr tasks exec --exec-id late ends true
}

@test "an exec that goes on by itself outlives its client" {
	harpoon exec -d box sh -c 'sleep 0.5; echo done >/flag'
	until_ok 10 harpoon exec box grep -q done /flag
}

@test "a killed client of an exec leaves the container alone" {
	harpoon exec box sh -c 'echo up; sleep 30' >"$BATS_TEST_TMPDIR/o" 3>&- &
	local pid=$!
	until_ok 10 grep -q up "$BATS_TEST_TMPDIR/o"
	kill -KILL $pid
	expect 0 ex true
	state_is box running
}

@test "a hundred execs one after the other leave no process and no descriptor" {
	local shim before listed i
	shim=$(vm_shim_of box)
	ex true
	listed=$(ctr tasks ps box | wc -l)
	before=$(find "/proc/$shim/fd" -mindepth 1 | wc -l)
	for i in {1..100}; do
		ctr tasks exec --exec-id "h$i" box /bin/true
	done
	[ "$(find "/proc/$shim/fd" -mindepth 1 | wc -l)" -le "$before" ]
	[ "$(ctr tasks ps box | wc -l)" -le "$listed" ]
}
