#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# cri.bats - the verbs on CRI: containers that are made here, in pods of their own, and those of kubelet's
# making, of which the runtime's own client plays the part.
load cri

setup_file() { cri_up; }
teardown_file() { cri_down; }

# box NAME [COMMAND...]: a container that runs.
box() {
	local name=$1
	shift
	[ $# -gt 0 ] || set -- sleep 3600
	hcri create --name "$name" "$IMG" "$@" >/dev/null
	hcri start "$name" >/dev/null
}

# kube WORDS...: what kubelet does.
kube() { "$E2E_LIB/cri.py" "$CONTAINERD_ADDRESS" "$@"; }

# hcri_json NAME FILTER: what inspect says.
hcri_json() { hcri inspect "$1" | jq -er ".[0] | $2"; }

@test "version and info tell of the runtime" {
	expect 0 hcri version
	has "$(containerd --version | sed 's/.* v\?\([0-9][^ ]*\) .*/\1/')" v1
	expect 0 hcri info
	has RuntimeReady "$CONTAINERD_ADDRESS"
	expect 0 hcri --address "$CONTAINERD_ADDRESS" version
	expect 0 hcri --address "unix://$CONTAINERD_ADDRESS" version
	expect 1 hcri --address "$E2E/none.sock" version
	has "$E2E/none.sock"
	expect 1 hcri --address tcp://127.0.0.1:1 version
}

@test "a daemon without CRI is told from one with it" {
	expect 0 hcri version
	sed 's/"io.containerd.snapshotter.v1.devmapper"/&, "io.containerd.grpc.v1.cri"/' \
		"$E2E/config.toml" | sed "s|$CONTAINERD_ADDRESS|$E2E/x.sock|; s|$E2E/root|$E2E/xroot|
		s|$E2E/state|$E2E/xstate|" >"$E2E/x.toml"
	containerd -c "$E2E/x.toml" >"$E2E/x.log" 2>&1 3>&- &
	local pid=$!
	until_ok 10 ctr --address "$E2E/x.sock" version
	run hcri --address "$E2E/x.sock" version
	kill "$pid"
	wait "$pid" || true
	[ "$status" = 1 ]
	has CRI
}

@test "create, start, ps, inspect, logs, stop, rm" {
	box one sh -c 'echo hello; echo oops >&2; trap "exit 7" TERM; while :; do sleep 0.1; done'
	until_ok 10 sh -c 'harpoon --engine cri logs one | grep -q hello'
	expect 0 hcri ps
	has one "$IMG" Up
	expect 0 hcri logs one
	has hello oops
	[ "$(hcri_json one .State.Status)" = running ]
	grep -q "$(hcri_json one .Id)" "/proc/$(hcri_json one .State.Pid)/cgroup"
	expect 1 hcri rm one
	has running
	expect 0 hcri stop -t 20 one
	[ "$(hcri_json one .State.ExitCode)" = 7 ]
	expect 1 hcri start one
	has one kubelet
	expect 1 hcri restart one
	has restart cri
	expect 0 hcri rm one
	expect 1 hcri inspect one
	[ -z "$(ctr containers ls -q)" ]
}

@test "run in the foreground gives all of the output and the status" {
	expect 5 hcri run --rm "$IMG" sh -c 'echo first; echo last; exit 5'
	[ "$output" = $'first\nlast' ]
	expect 0 sh -c "seq 2000 | harpoon --engine cri run --rm -i $IMG sh -c 'cat; echo end'"
	[ "$output" = "$(seq 2000)"$'\nend' ]
	expect 127 hcri run --rm "$IMG" no-such-program
	has no-such-program
	[ -z "$(hcri ps -aq)" ]
}

@test "exec: output, status, stdin, a missing program" {
	box ex
	expect 3 hcri exec ex sh -c 'echo out; echo err >&2; exit 3'
	has out err
	expect 0 sh -c 'seq 20000 | harpoon --engine cri exec -i ex sh -c "wc -l"'
	[ "$output" = 20000 ]
	expect 127 hcri exec ex no-such-program
	has no-such-program
	expect 126 hcri exec ex /etc/passwd
	expect 125 hcri exec -d ex true
	has cri
	expect 125 hcri exec -u app ex true
	has cri
}

@test "exec with a terminal has its size" {
	box term
	expect 9 "$E2E_LIB/terminal.py" expect=ready resize=111x33 sleep=0.5 'send=go\n' -- \
		harpoon --engine cri exec -it term sh -c 'echo ready; read x; stty size; exit 9'
	has "33 111"
}

@test "run with a terminal: what is typed is seen, and its size is told" {
	expect 6 "$E2E_LIB/terminal.py" sleep=2 'send=echo mark-$((40+2))\n' expect=mark-42 \
		resize=99x22 sleep=1 'send=stty size\n' 'expect=22 99' 'send=exit 6\n' -- \
		harpoon --engine cri run --rm -it "$IMG" sh
}

@test "signals: only to the container's own init" {
	box sig sh -c 'trap "echo usr1" USR1; trap "exit 8" TERM; echo ready; while :; do sleep 0.1; done'
	until_ok 10 sh -c 'harpoon --engine cri logs sig | grep -q ready'
	hcri kill -s USR1 sig
	until_ok 10 sh -c 'harpoon --engine cri logs sig | grep -q usr1'
	hcri kill -s TERM sig
	expect 0 hcri wait sig
	[ "$output" = 8 ]
	expect 1 hcri kill sig
	has sig
	box gone
	hcri kill gone
	expect 0 hcri wait gone
	[ "$output" = 137 ]
}

@test "a pid that is not the container's is left alone" {
	local id pid
	box mine
	id=$(hcri_json mine .Id)
	# Seen from another PID namespace, the pid that the runtime tells is somebody else's, or nobody's.
	expect 1 unshare --pid --fork --mount-proc sh -c "
		for i in 1 2 3 4 5 6 7 8; do sleep 60 & done
		harpoon --engine cri kill -s TERM mine; rc=\$?
		kill \$(jobs -p); exit \$rc"
	has "only KILL"
	[ "$(hcri_json mine .State.Status)" = running ]
	expect 0 unshare --pid --fork --mount-proc harpoon --engine cri kill -s KILL mine
	expect 0 hcri wait mine
	[ "$output" = 137 ]
}

@test "stop has the signal and the time that were asked for" {
	hcri create --name own --stop-signal USR2 --stop-timeout 30 "$IMG" sh -c \
		'trap "exit 4" USR2; echo ready; while :; do sleep 0.1; done' >/dev/null
	hcri start own
	until_ok 10 sh -c 'harpoon --engine cri logs own | grep -q ready'
	hcri stop own
	[ "$(hcri_json own .State.ExitCode)" = 4 ]
}

@test "stats and update" {
	hcri create --name busy --memory 64m "$IMG" sleep 3600 >/dev/null
	hcri start busy
	expect 0 hcri stats --no-stream --format json busy
	jq -e . <<<"$output"
	has busy
	hcri update --memory 96m --memory-swap 96m --cpus 0.25 busy
	[ "$(pid=$(hcri_json busy .State.Pid); cri_limit "$pid")" = 100663296 ]
	expect 1 hcri update --pids-limit 10 busy
	has cri
}

# cri_limit PID: the memory limit of its cgroup.
cri_limit() {
	local path
	path=$(sed -n 's/^[0-9]*:memory://p; s/^0:://p' "/proc/$1/cgroup" | head -n 1)
	cat "/sys/fs/cgroup/memory$path/memory.limit_in_bytes" "/sys/fs/cgroup$path/memory.max" \
		2>/dev/null
}

@test "images: listed, refused while in use, pulled from nowhere, removed" {
	expect 0 hcri images
	has localhost/busybox localhost/pause
	box user
	expect 1 hcri rmi "$IMG"
	has user
	expect 1 hcri pull 127.0.0.1:1/nothing:v1
	has 127.0.0.1:1/nothing
	harpoon import --quiet "$E2E/rootfs.tar" localhost/other:v1 >/dev/null
	until_ok 10 has_image localhost/other:v1
	expect 0 hcri rmi localhost/other:v1
	expect 1 hcri rmi localhost/other:v1
}

@test "what CRI cannot do says so" {
	box cannot
	local verb
	for verb in pause unpause; do
		expect 1 hcri $verb cannot
		has "not supported" cri
	done
	expect 1 hcri tag "$IMG" localhost/x:1
	has "not supported"
	expect 125 hcri run --rm --network none "$IMG" true
	has "not supported"
	expect 125 hcri run --rm -v name:/mnt "$IMG" true
	has volume
	expect 125 hcri run --rm --mount "type=bind,src=$E2E/none,dst=/x" "$IMG" true
	has "$E2E/none"
	[ ! -e "$E2E/none" ]
	[ -z "$(hcri ps -aq --filter name=true)" ]
}

@test "a pod of kubelet's: named by namespace, pod and container, and left as it is" {
	local pod container
	pod=$(kube pod web shop)
	container=$(kube container "$pod" web shop front "$IMG" 0 sleep 3600)
	expect 0 hcri ps -a
	has shop/web/front
	[ "$(hcri_json shop/web/front .Id)" = "$container" ]
	[ "$(hcri_json shop/web/front .Detail.pod.id)" = "$pod" ]
	[ "$(hcri_json shop/web/front .Namespace)" = shop ]
	expect 0 hcri start shop/web/front
	expect 0 hcri exec shop/web/front echo here
	[ "$output" = here ]
	expect 0 hcri ps -q --filter label=io.kubernetes.pod.name=web
	[ "${#lines[@]}" = 1 ]
	expect 0 hcri stop -t 0 shop/web/front
	# A second attempt has the same name, and is the one that is meant.
	kube container "$pod" web shop front "$IMG" 1 sleep 3600
	hcri start shop/web/front
	[ "$(hcri_json shop/web/front .State.Status)" = running ]
	hcri rm -f shop/web/front
	expect 0 hcri rm shop/web/front
	# The pod is kubelet's.
	[ "$(kube pods)" = "$pod" ]
	kube remove "$pod"
}

@test "events: a life" {
	hcri events --format json >"$BATS_TEST_TMPDIR/events" &
	local pid=$!
	sleep 1
	box seen sh -c 'sleep 1; exit 6'
	expect 0 hcri wait seen
	hcri rm seen
	until_ok 10 grep -q destroy "$BATS_TEST_TMPDIR/events"
	kill $pid
	wait $pid || true
	local what
	for what in create start die destroy; do
		grep -q "\"$what\"" "$BATS_TEST_TMPDIR/events"
	done
	grep -q '"6"' "$BATS_TEST_TMPDIR/events"
}
