#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-io.bats - every byte between a process in a machine and its client, whatever the client does.
load vm

setup_file() { vm_up; }
teardown_file() { vm_down; }

term() { "$E2E_LIB/terminal.py" "$@"; }

# fifo_task NAME COMMAND...: started by a ctr that goes away; its FIFOs are links in $E2E/ff: in, out,
# err. Nobody has them open then.
fifo_task() {
	local f
	rm -rf "$E2E/ff"
	mkdir "$E2E/ff"
	# ctr passes the end of its stdin on, so that has none.
	mkfifo "$E2E/ff/hold"
	ctr run -d --fifo-dir "$E2E/ff" --runtime "$VM_RUNTIME" "$IMG" "$@" <>"$E2E/ff/hold" >/dev/null 2>&1
	for f in in out err; do
		ln -s "$(find "$E2E/ff" -name "*-std$f")" "$E2E/ff/$f"
	done
}

task_gone() {
	ctr tasks rm -f "$1" >/dev/null 2>&1 || true
	ctr containers rm "$1"
	rm -rf "$E2E/ff"
}

task_is() { ctr tasks ls | grep -q "^$1 .*$2"; }

@test "100 MiB through stdin and stdout arrive whole" {
	local want
	head -c 100M /dev/urandom >"$E2E/big"
	want=$(sha256sum <"$E2E/big")
	[ "$(vm -- cat <"$E2E/big" | sha256sum)" = "$want" ]
	rm "$E2E/big"
}

@test "8 MiB at the very end arrive whole, on both outputs" {
	local i
	for i in 1 2 3; do
		vm -- sh -c 'head -c 8m /dev/zero | tr "\0" o; head -c 8m /dev/zero | tr "\0" e >&2' \
			>"$E2E/o" 2>"$E2E/e"
		[ "$(tr -d o <"$E2E/o" | wc -c)" = 0 ] && [ "$(wc -c <"$E2E/o")" = 8388608 ]
		[ "$(tr -d e <"$E2E/e" | wc -c)" = 0 ] && [ "$(wc -c <"$E2E/e")" = 8388608 ]
	done
	rm "$E2E/o" "$E2E/e"
}

@test "stdout and stderr apart, in one container and from many" {
	local i pids=()
	for i in 1 2 3 4; do
		vm -- sh -c "for n in \$(seq 1 500); do echo o$i; echo e$i >&2; done" \
			>"$BATS_TEST_TMPDIR/o$i" 2>"$BATS_TEST_TMPDIR/e$i" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in 1 2 3 4; do
		[ "$(sort "$BATS_TEST_TMPDIR/o$i" | uniq -c | xargs)" = "500 o$i" ]
		[ "$(sort "$BATS_TEST_TMPDIR/e$i" | uniq -c | xargs)" = "500 e$i" ]
	done
}

@test "stdin ends when its client says so, and not before" {
	[ "$(printf 'a\nb\n' | vmh -i -- wc -l)" = 2 ]
	[ "$(vmh -i -- wc -c </dev/null)" = 0 ]
	# ctr forgets an end that comes before it has made the task.
	[ "$( (printf 'a\nb\n'; sleep 1.5) | vm -- wc -l)" = 2 ]
	fifo_task open sh -c 'while read -r x; do echo "got $x"; done; echo end'
	# Client after client opens the FIFO, writes and closes it: the process sees one stream.
	timeout 30 cat "$E2E/ff/out" >"$BATS_TEST_TMPDIR/o" 3>&- &
	timeout 5 sh -c 'echo one >"$E2E/ff/in"'
	until_ok 10 grep -q 'got one' "$BATS_TEST_TMPDIR/o"
	timeout 5 sh -c 'echo two >"$E2E/ff/in"'
	until_ok 10 grep -q 'got two' "$BATS_TEST_TMPDIR/o"
	sleep 0.3
	expect 1 grep -q end "$BATS_TEST_TMPDIR/o"
	task_gone open
}

@test "a client that attaches again goes on with stdin and output" {
	harpoon run -d -i --name cat --runtime "$VM_RUNTIME" "$IMG" \
		sh -c 'read x; echo "got $x"; read y; echo "got $y"; exit 3' >/dev/null
	run bash -c '(sleep 0.3; echo one; sleep 5) | timeout -s KILL 2 harpoon attach cat'
	has 'got one'
	expect 3 bash -c 'echo two | timeout 20 harpoon attach cat'
	has 'got two'
}

@test "a slow reader gets all, and delays nobody else" {
	vm_box other
	vm -- sh -c 'head -c 4m /dev/zero; echo end >&2' 2>"$BATS_TEST_TMPDIR/e" 3>&- |
		python3 -c 'import sys, time
n = 0
while True:
    d = sys.stdin.buffer.read1(65536)
    if not d: break
    n += len(d)
    time.sleep(0.01)
print(n)' >"$BATS_TEST_TMPDIR/n" 3>&- &
	local pid=$!
	under 1.5 harpoon exec other true
	wait $pid
	[ "$(cat "$BATS_TEST_TMPDIR/n")" = 4194304 ]
	[ "$(cat "$BATS_TEST_TMPDIR/e")" = end ]
}

@test "a reader that stops stops its stream only: exec, state and kill go on" {
	fifo_task stuck sh -c 'trap "exit 9" TERM; (yes | head -c 20m) & while :; do sleep 0.1; done'
	# It is open, and nobody reads.
	timeout 20 sleep 60 <>"$E2E/ff/out" 3>&- &
	local reader=$!
	sleep 0.5
	[ "$(ctr tasks exec --exec-id e1 stuck echo quick)" = quick ]
	under 1.5 ctr tasks exec --exec-id e2 stuck true
	task_is stuck RUNNING
	ctr tasks kill -s 9 stuck
	until_ok 5 task_is stuck STOPPED
	kill $reader
	task_gone stuck
}

@test "nobody has the output open: the container goes on, ends and is deleted" {
	fifo_task alone sh -c 'seq 1 100; echo done >/tmp/flag; while :; do sleep 0.1; done'
	until_ok 10 ctr tasks exec --exec-id f alone grep -q done /tmp/flag
	ctr tasks kill -s 9 alone
	until_ok 5 task_is alone STOPPED
	under 5 task_gone alone
	fifo_task full sh -c 'head -c 10m /dev/zero; exit 0'
	sleep 0.5
	ctr tasks kill -s 9 full || true
	until_ok 5 task_is full STOPPED
	under 5 task_gone full
}

@test "what comes late is read late: a reader after the end of the process" {
	fifo_task late sh -c 'seq 1 1000; echo e >&2'
	sleep 0.8
	timeout 5 cat "$E2E/ff/out" >"$BATS_TEST_TMPDIR/o" 3>&- || true
	# Nobody promises what was written without a reader; but if it comes, it comes whole.
	[ ! -s "$BATS_TEST_TMPDIR/o" ] || [ "$(tail -n 1 "$BATS_TEST_TMPDIR/o")" = 1000 ]
	until_ok 5 task_is late STOPPED
	task_gone late
}

@test "closed descriptors of the client harm nothing" {
	vm -- sh -c 'echo hi; echo e >&2' >/dev/null 2>&1 <&-
	expect 0 vm --null-io -- sh -c 'echo x; echo e >&2; cat'
	[ -z "$output" ]
	# When the reader goes away, so does the container.
	timeout 20 harpoon run --rm --runtime "$VM_RUNTIME" "$IMG" yes | head -n 1 | grep -qx y
}

@test "file:// takes both outputs, and goes on where it was" {
	local i
	for i in 1 2; do
		ctr run --rm --log-uri "file://$E2E/log.txt" --runtime "$VM_RUNTIME" "$IMG" "file$i" \
			sh -c "echo out$i; echo err$i >&2"
	done
	until_ok 5 grep -q err2 "$E2E/log.txt"
	[ "$(sort "$E2E/log.txt" | xargs)" = 'err1 err2 out1 out2' ]
}

@test "binary:// starts a logger with its arguments and descriptors, and waits for it" {
	cat >"$E2E/logger" <<-END
		#!/bin/sh
		echo "\$CONTAINER_NAMESPACE \$*" >"$E2E/logged.\$CONTAINER_ID"
		exec 5>&-
		cat <&3 >"$E2E/logged.out" &
		cat <&4 >"$E2E/logged.err"
		wait
	END
	chmod +x "$E2E/logger"
	ctr run --rm --log-uri "binary://$E2E/logger?key=value" --runtime "$VM_RUNTIME" "$IMG" lgr \
		sh -c 'echo one; echo two >&2; seq 1 2000'
	until_ok 5 grep -qx 2000 "$E2E/logged.out"
	until_ok 5 grep -qx two "$E2E/logged.err"
	grep -q "$CONTAINERD_NAMESPACE.*key.*value" "$E2E/logged.lgr"
	[ "$(wc -l <"$E2E/logged.out")" = 2001 ]
	[ "$(wc -l <"$E2E/logged.err")" = 1 ]
}

@test "a logger that is not there is named, and nothing stays" {
	expect 1 ctr run --rm --log-uri "binary:///no/logger" --runtime "$VM_RUNTIME" "$IMG" nolog true
	has /no/logger
	expect 1 ctr run --rm --log-uri "file:///etc/passwd/log" --runtime "$VM_RUNTIME" "$IMG" nofile true
	has /etc/passwd
	[ -z "$(ctr tasks ls -q)" ]
}

@test "a terminal: raw bytes, its size at once and later, Ctrl-C, exit status" {
	expect 5 term resize=90x33 'expect=# ' 'send=tty; stty size\r' expect=/dev/ 'expect=33 90' \
		resize=120x44 sleep=0.3 'send=stty size\r' 'expect=44 120' \
		'send=sleep 100\r' sleep=0.5 'send=\x03' 'expect=# ' 'send=exit 5\r' -- \
		ctr run --rm -t --runtime "$VM_RUNTIME" "$IMG" tty sh
}

@test "a terminal: detach keys leave it running, attach goes on" {
	expect 0 term 'expect=# ' 'send=X=remembered\r' 'expect=# ' 'send=\x10\x11' -- \
		harpoon run -it --name det --runtime "$VM_RUNTIME" "$IMG" sh
	state_is det running
	expect 4 term sleep=0.5 'send=echo $X\r' 'expect=\nremembered' 'send=exit 4\r' -- \
		harpoon attach det
}

@test "a terminal's output is whole when it ends at once" {
	[ "$(harpoon run -t --rm --runtime "$VM_RUNTIME" "$IMG" seq 1 20000 | wc -l)" = 20000 ]
}
