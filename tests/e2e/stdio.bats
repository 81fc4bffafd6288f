#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# stdio.bats - attach, stdin, large output, and logs that outlive the CLI.
load helper

setup_file() { e2e_up; }
teardown_file() { e2e_down; }

@test "run -i: stdin reaches the container, its end too" {
	run bash -c 'printf "one\ntwo\n" | harpoon run -i --rm "$IMG" cat'
	[ "$output" = $'one\ntwo' ]
	run bash -c 'harpoon run -i --rm "$IMG" cat </dev/null'
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "without -i the container's stdin is empty" {
	run bash -c 'echo no | harpoon run --rm "$IMG" cat'
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "a closed stdin, stdout or stderr of the CLI harms nothing" {
	harpoon run --rm "$IMG" echo hi <&- >"$BATS_TEST_TMPDIR/o"
	[ "$(cat "$BATS_TEST_TMPDIR/o")" = hi ]
	harpoon run -i --rm "$IMG" cat <&-
	harpoon run --rm "$IMG" echo hi >&- || true
	harpoon run --rm "$IMG" sh -c 'echo e >&2' 2>&-
}

@test "a reader of stdout that goes away ends quietly" {
	run bash -c 'harpoon run --rm --name yes "$IMG" yes | head -n 1'
	[ "${lines[0]}" = y ]
	harpoon rm -f yes 2>/dev/null || true
}

@test "100 MiB through stdin and stdout arrive whole" {
	local want got
	head -c 100M /dev/urandom >"$BATS_TEST_TMPDIR/big"
	want=$(sha256sum <"$BATS_TEST_TMPDIR/big")
	got=$(harpoon run -i --rm --log-driver none "$IMG" cat <"$BATS_TEST_TMPDIR/big" | sha256sum)
	rm "$BATS_TEST_TMPDIR/big"
	[ "$got" = "$want" ]
}

@test "64 MiB of output is complete when the container ends at once" {
	[ "$(harpoon run --rm --log-driver none "$IMG" head -c 64m /dev/zero | wc -c)" = 67108864 ]
}

@test "the same bytes are in the log and on the terminal" {
	harpoon run --name both "$IMG" sh -c 'for i in $(seq 1 5000); do echo line $i; done' \
		>"$BATS_TEST_TMPDIR/o"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/o")" = 5000 ]
	harpoon logs both | cmp - "$BATS_TEST_TMPDIR/o"
	harpoon rm both
}

@test "logs: stdout and stderr apart, --tail, --since, --until, -t" {
	harpoon run -d --name l "$IMG" sh -c 'echo one; echo two >&2; sleep 2; echo three' >/dev/null
	harpoon wait l
	harpoon logs l >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	[ "$(cat "$BATS_TEST_TMPDIR/o")" = $'one\nthree' ]
	[ "$(cat "$BATS_TEST_TMPDIR/e")" = two ]
	expect 0 harpoon logs --tail 1 l
	[ "$output" = three ]
	expect 0 harpoon logs --tail 0 l
	[ -z "$output" ]
	expect 0 harpoon logs --tail all l
	[ ${#lines[@]} = 3 ]
	expect 0 harpoon logs -t --tail 1 l
	[[ $output =~ ^20[0-9-]+T[0-9:.]+Z\ three$ ]]
	local when=${output%% *}
	expect 0 harpoon logs --since "$when" l
	[ "$output" = three ]
	expect 0 harpoon logs --until "$when" l
	[[ $output != *three* ]] || [ ${#lines[@]} = 3 ]
	expect 0 harpoon logs --since 1h l
	[ ${#lines[@]} = 3 ]
	expect 1 harpoon logs no-such
	harpoon rm l
}

@test "logs -f follows until the container ends, though the CLI that ran it is gone" {
	harpoon run --name f "$IMG" sh -c 'for i in 1 2 3 4 5 6; do echo t$i; sleep 0.4; done' \
		>/dev/null &
	local pid=$!
	until_ok 10 sh -c 'harpoon logs f | grep -q t1'
	kill -KILL $pid
	expect 0 timeout 20 harpoon logs -f f
	[ "$output" = $'t1\nt2\nt3\nt4\nt5\nt6' ]
	expect 0 timeout 20 harpoon logs -f --tail 2 f
	[ "$output" = $'t5\nt6' ]
	harpoon rm f
}

@test "attach joins a running container and takes its exit status" {
	harpoon run -d --name a "$IMG" sh -c 'sleep 1; echo later; sleep 0.5; exit 21' >/dev/null
	expect 21 timeout 20 harpoon attach a
	[ "$output" = later ]
	expect 125 harpoon attach a
	harpoon rm a
}

@test "attach sends stdin to a container that was run with -i" {
	harpoon run -d -i --name cat "$IMG" sh -c 'read x; echo "got $x"; exit 3' >/dev/null
	run bash -c '(sleep 0.3; echo word; sleep 5) | timeout 20 harpoon attach cat'
	has 'got word'
	expect 0 harpoon wait cat
	[ "$output" = 3 ]
	harpoon rm cat
}

@test "two clients attached see the same" {
	harpoon run -d --name pair "$IMG" sh -c 'sleep 1; seq 1 1000' >/dev/null
	harpoon attach pair >"$BATS_TEST_TMPDIR/1" &
	local one=$!
	harpoon attach pair >"$BATS_TEST_TMPDIR/2"
	wait $one
	[ "$(wc -l <"$BATS_TEST_TMPDIR/1")" = 1000 ]
	cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/2"
	harpoon rm pair
}

@test "a container is not stopped by an attached client that was killed" {
	harpoon run -d --name calm "$IMG" sh -c 'while :; do echo x; sleep 0.05; done' >/dev/null
	harpoon attach calm >"$BATS_TEST_TMPDIR/o" &
	local pid=$!
	until_ok 10 test -s "$BATS_TEST_TMPDIR/o"
	kill -KILL $pid
	sleep 0.3
	state_is calm running
	local n
	n=$(harpoon logs calm | wc -l)
	until_ok 10 sh -c "[ \$(harpoon logs calm | wc -l) -gt $n ]"
	harpoon rm -f calm
}

@test "binary output and lines without an end are kept in the log" {
	harpoon run --name odd "$IMG" sh -c 'printf "no end"' >/dev/null
	[ "$(harpoon logs odd)" = "no end" ]
	harpoon rm odd
	harpoon run --name long "$IMG" sh -c 'head -c 100000 /dev/zero | tr "\0" x; echo' >/dev/null
	[ "$(harpoon logs long | wc -c)" = 100001 ]
	harpoon rm long
}
