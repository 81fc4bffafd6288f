#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# faults.bats - daemons that are away, die or lie; killed clients; full disks: clear errors, no litter.
load helper

setup_file() { e2e_up; }
teardown_file() { e2e_down; }

# held: what containerd holds in this namespace.
held() {
	what_is_held | sort
}

@test "no socket" {
	expect 1 harpoon --address /no/such.sock ps
	has /no/such.sock
	expect 125 harpoon --address /no/such.sock run "$IMG" true
}

@test "a socket that nobody listens on" {
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$E2E/dead.sock"
	expect 1 harpoon --address "$E2E/dead.sock" ps
	has "$E2E/dead.sock"
	rm "$E2E/dead.sock"
}

@test "permission denied" {
	expect 1 setpriv --reuid 65534 --regid 65534 --clear-groups harpoon ps
	has "$CONTAINERD_ADDRESS" "no access"
}

# listen SCRIPT: something else on $E2E/odd.sock for one connection.
listen() {
	python3 - "$E2E/odd.sock" "$1" 3>&- <<-'END' &
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen(8)
		s.settimeout(20)
		c, _ = s.accept()
		kind = sys.argv[2]
		if kind == "http":
		    c.recv(100)
		    c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
		elif kind == "noise":
		    c.sendall(bytes(range(256)) * 4000)
		elif kind == "close":
		    c.recv(10)
		elif kind == "silent":
		    time.sleep(6)
		c.close()
	END
	LISTENER=$!
	until_ok 10 test -S "$E2E/odd.sock"
}

@test "something else listening: HTTP, noise, one that closes" {
	local kind
	for kind in http noise close; do
		listen $kind
		expect 1 timeout 20 harpoon --address "$E2E/odd.sock" version
		has "$E2E/odd.sock"
		kill $LISTENER 2>/dev/null || true
		rm -f "$E2E/odd.sock"
	done
}

@test "one that never answers: the timeout holds" {
	listen silent
	SECONDS=0
	run timeout 20 harpoon --timeout 1s --address "$E2E/odd.sock" ps
	[ "$status" = 124 ] || [ "$status" = 1 ]
	has "$E2E/odd.sock" "said nothing within"
	[ $SECONDS -lt 5 ]
	kill $LISTENER 2>/dev/null || true
	rm -f "$E2E/odd.sock"
}

@test "the daemon is killed while a call waits: an error, and the next call works" {
	harpoon run -d --name survivor "$IMG" sh -c 'sleep 3; exit 17' >/dev/null
	harpoon events >/dev/null 2>"$BATS_TEST_TMPDIR/err" &
	local pid=$! rc=0
	sleep 0.3
	daemon_stop KILL
	wait $pid || rc=$?
	[ $rc != 0 ]
	[ -s "$BATS_TEST_TMPDIR/err" ]
	expect 1 harpoon ps
	daemon_start
	expect 0 harpoon ps -a
	has survivor
	expect 0 timeout 20 harpoon wait survivor
	[ "$output" = 17 ]
	harpoon rm survivor
}

@test "run in the foreground outlives a restart of the daemon" {
	harpoon run --name long "$IMG" sh -c 'echo a; sleep 3; echo b; exit 9' >"$BATS_TEST_TMPDIR/o" &
	local pid=$! rc=0
	until_ok 10 grep -q a "$BATS_TEST_TMPDIR/o"
	daemon_stop KILL
	daemon_start
	wait $pid || rc=$?
	[ "$(cat "$BATS_TEST_TMPDIR/o")" = $'a\nb' ]
	[ $rc = 9 ]
	harpoon rm long
}

@test "a container that dies while the daemon is away is seen as ended" {
	harpoon run -d --name alone "$IMG" sh -c 'sleep 1; exit 3' >/dev/null
	daemon_stop KILL
	sleep 1.5
	daemon_start
	state_is alone exited
	harpoon rm alone
}

@test "kill -9 of the CLI at any moment of run leaves nothing that rm cannot remove" {
	local before ms pid id
	before=$(held)
	for ms in 0.00 0.01 0.02 0.03 0.04 0.06 0.08 0.10 0.15 0.20 0.30; do
		harpoon run --rm "$IMG" true >/dev/null 2>&1 &
		pid=$!
		sleep $ms
		kill -KILL $pid 2>/dev/null || true
		wait $pid || true
	done
	# The daemon undoes what was cut off in its own time, and then --rm's guards remove it.
	sleep 2
	for id in $(harpoon ps -aq); do harpoon rm -f "$id"; done
	[ -z "$(harpoon ps -aq)" ]
	# Leases of killed creates end by themselves, after their time; so end them for the test.
	ctr leases ls -q | xargs -r ctr leases rm --sync
	local i
	for ((i = 0; i < 50; i++)); do
		[ "$(held)" != "$before" ] || return 0
		sleep 0.1
	done
	diff <(echo "$before") <(held) >&2
}

@test "run --rm holds when its CLI is killed: the container ends in its time and is removed" {
	local i pid
	harpoon run --rm --name orphan "$IMG" sleep 2 >/dev/null 2>&1 &
	pid=$!
	for ((i = 0; i < 100; i++)); do
		[ "$(harpoon ps -q --filter name=orphan)" = "" ] || break
		sleep 0.05
	done
	state_is orphan running
	kill -KILL $pid
	wait $pid || true
	state_is orphan running
	for ((i = 0; i < 100; i++)); do
		[ "$(harpoon ps -aq --filter name=orphan)" != "" ] || return 0
		sleep 0.1
	done
	harpoon ps -a >&2
	return 1
}

@test "kill -9 of an import leaves nothing once its lease has ended" {
	local before pid ms
	before=$(held)
	head -c 60M /dev/urandom >"$BATS_TEST_TMPDIR/big"
	tar -C "$BATS_TEST_TMPDIR" -cf "$E2E/big.tar" big
	for ms in 0.02 0.1 0.2; do
		harpoon import "$E2E/big.tar" localhost/big:1 >/dev/null 2>&1 &
		pid=$!
		sleep $ms
		kill -KILL $pid 2>/dev/null || true
		wait $pid || true
		harpoon rmi localhost/big:1 2>/dev/null || true
	done
	expect 0 harpoon import "$E2E/big.tar" localhost/big:1
	harpoon rmi localhost/big:1
	ctr leases ls -q | xargs -r ctr leases rm --sync
	rm "$E2E/big.tar" "$BATS_TEST_TMPDIR/big"
	local i
	for ((i = 0; i < 50; i++)); do
		[ "$(held)" != "$before" ] || return 0
		sleep 0.1
	done
	diff <(echo "$before") <(held) >&2
}

@test "Ctrl-C of an import leaves nothing" {
	local before pid
	before=$(held)
	mkfifo "$BATS_TEST_TMPDIR/slow"
	(head -c 500000 "$E2E/rootfs.tar"; sleep 20) >"$BATS_TEST_TMPDIR/slow" 3>&- &
	local feeder=$!
	harpoon import - localhost/slow:1 <"$BATS_TEST_TMPDIR/slow" &
	pid=$!
	sleep 0.5
	# A background job of a script ignores INT; TERM means the same to the CLI.
	kill -TERM $pid
	local rc=0
	wait $pid || rc=$?
	kill $feeder 2>/dev/null || true
	[ $rc != 0 ]
	expect 1 harpoon inspect localhost/slow:1
	ctr leases ls -q | xargs -r ctr leases rm --sync
	[ "$(held)" = "$before" ]
}

@test "a container that is gone is not found, whatever the verb" {
	local verb
	for verb in stop kill pause unpause restart rm wait logs inspect; do
		expect 1 harpoon $verb ghost
		has ghost
	done
	run harpoon start ghost
	[ "$status" = 1 ] || [ "$status" = 125 ]
	expect 125 harpoon attach ghost
	expect 1 harpoon update --memory 64m ghost
	expect 125 harpoon exec ghost true
	expect 1 harpoon stats --no-stream ghost
}

@test "a failed start of run removes what it made" {
	local before
	before=$(held)
	expect 127 harpoon run --rm "$IMG" /no/such
	expect 125 harpoon run --rm --runtime io.containerd.nothing.v9 "$IMG" true
	expect 125 harpoon run --rm --network host --sysctl no.such.thing=1 "$IMG" true
	[ -z "$(harpoon ps -aq)" ]
	[ "$(held)" = "$before" ]
}
