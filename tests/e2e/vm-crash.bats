#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-crash.bats - kill -9 of each part at each step of a container's life: the rest notices, what was
# begun can be removed, and nothing is left.
#
# HP_SEED repeats the random rounds of another run, HP_ROUNDS says how many there are.
load vm

setup_file() {
	export BATS_TEST_TIMEOUT=600
	vm_up
	vm -- true
}
teardown_file() { vm_down; }
teardown() { [ ! -e "$E2E/round" ] || recover "$(cat "$E2E/round")"; }

# begin ID: a task that waits, without streams.
begin() {
	ctr run -d --null-io --privileged --runtime "$VM_RUNTIME" "$IMG" "$1" sleep 600
}

# strike VICTIM ID: kill it, if it is there by now.
strike() {
	local pids=
	case $1 in
	shim) pids=$(vm_shim_of "$2") ;;
	machine) pids=$(vm_machine_of "$2") ;;
	files) pids=$(vm_files_of "$2") ;;
	containerd) daemon_stop KILL ;;
	guest)
		timeout 3 ctr tasks exec --exec-id "x$2" "$2" \
			sh -c "$PANIC" "$(uname -r)" >/dev/null 2>&1 || true
		;;
	esac
	# shellcheck disable=SC2086 # several pids
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
}

# removed ID: containerd knows no such task and no such container any more.
removed() {
	timeout 10 ctr tasks rm -f "$1" >/dev/null 2>&1 || true
	timeout 10 ctr containers rm "$1" >/dev/null 2>&1 || true
	# What ctr would have removed at its end, had its daemon been there.
	timeout 10 ctr snapshots rm "$1" >/dev/null 2>&1 || true
	timeout 10 ctr leases ls -q | xargs -r timeout 10 ctr leases rm >/dev/null 2>&1 || true
	! timeout 5 ctr containers ls -q | grep -qx "$1" && ! timeout 5 ctr tasks ls -q | grep -qx "$1"
}

# traces ID: what there is of it on the host.
traces() {
	vm_shim_of "$1"
	vm_machine_of "$1"
	vm_files_of "$1"
	grep -F "$E2E/state" /proc/self/mountinfo
	find "$E2E/state" -mindepth 3 -path '*runtime.v2.task*' 2>/dev/null
	find "$E2E/run" ! -type d ! -name 'pool.*' ! -name host.json 2>/dev/null
	return 0
}

clean() { [ -z "$(traces "$1")" ]; }

# recover ID: the daemon runs, the container can be removed, and then nothing is there.
recover() {
	rm -f "$E2E/round"
	ctr version >/dev/null 2>&1 || daemon_start
	until_ok 15 removed "$1" || return 1
	# FIFOs are the client's, and stay when it is killed, or its daemon.
	find /run/containerd/fifo -name "x$1-std*" -printf '%h\n' | sort -u | xargs -r rm -r
	until_ok 15 clean "$1" || {
		traces "$1" >&2
		return 1
	}
}

# round VICTIM STEP DELAY: begin a step, strike while it is under way, recover.
round() {
	local victim=$1 step=$2 delay=$3 id=k$RANDOM pid
	echo "$id" >"$E2E/round"
	case $step in
	create) ;;
	*) begin "$id" >/dev/null ;;
	esac
	case $step in
	create) begin "$id" >/dev/null 2>&1 3>&- & ;;
	run) sleep 0 & ;;
	exec) timeout 10 ctr tasks exec --exec-id "x$id" "$id" sh -c 'seq 1 1000; sleep 0.2' >/dev/null 2>&1 3>&- & ;;
	kill) timeout 10 ctr tasks kill -s 9 "$id" >/dev/null 2>&1 3>&- & ;;
	delete)
		ctr tasks kill -s 9 "$id"
		timeout 10 ctr tasks rm -f "$id" >/dev/null 2>&1 3>&- &
		;;
	esac
	pid=$!
	sleep "$delay"
	strike "$victim" "$id"
	local i
	for ((i = 0; i < 200; i++)); do
		kill -0 $pid 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL $pid 2>/dev/null && {
		echo "$victim at $step after $delay s: the client never ended" >&2
		return 1
	}
	recover "$id" || {
		echo "$victim at $step after $delay s" >&2
		return 1
	}
}

@test "the shim is killed at each step" {
	local step
	for step in create run exec kill delete; do round shim $step 0.05; done
	round shim create 0.15
	round shim create 0.3
}

@test "the machine is killed at each step" {
	local step
	for step in create run exec kill delete; do round machine $step 0.05; done
	round machine create 0.15
	round machine create 0.3
}

@test "the file server is killed at each step" {
	local step
	for step in create run exec kill delete; do round files $step 0.05; done
	round files create 0.2
}

@test "the guest panics at each step" {
	local step
	for step in run exec kill; do round guest $step 0.02; done
}

@test "the daemon is killed at each step" {
	local step
	for step in create run exec kill delete; do round containerd $step 0.05; done
	round containerd create 0.2
}

@test "random rounds" {
	local seed=${HP_SEED:-$((SRANDOM % 30000))} i victim step delay
	local victims=(shim machine files guest containerd) steps=(create run exec kill delete)
	echo "# HP_SEED=$seed" >&3
	RANDOM=$seed
	for ((i = 0; i < ${HP_ROUNDS:-40}; i++)); do
		victim=${victims[RANDOM % 5]} step=${steps[RANDOM % 5]}
		printf -v delay '0.%03d' $((RANDOM % 400))
		# Others use RANDOM too, and how often depends on the time.
		RANDOM=$((seed + i + 1))
		echo "$i: $victim at $step after $delay s"
		round "$victim" $step "$delay"
	done
	[ -d "/proc/$(cat "$E2E/pid")" ]
}
