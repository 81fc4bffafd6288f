#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-leaks.bats - run after run leaves the host as it was; ten at once do not disturb each other.
load vm

setup_file() {
	export BATS_TEST_TIMEOUT=240
	vm_up
	vm -- true
}
teardown_file() { vm_down; }

# census: what the host holds that a run might leave, a line each; those that others may change are
# told by what they have to do with this file.
census() {
	our_processes | grep -c . || true
	vm_machines | grep -c . || true
	grep -cF "$E2E" /proc/self/mountinfo || true
	grep -cF -e "$E2E" -e /run/containerd/s/ /proc/net/unix || true
	find "/proc/$(cat "$E2E/pid")/fd" -mindepth 1 | wc -l
	find "$E2E/run" "$E2E/state" -mindepth 1 ! -type d | wc -l
	find /sys/fs/cgroup -type d -path "*/$CONTAINERD_NAMESPACE*" | wc -l
}

# pool_rss: KiB that the pool has of its own.
pool_private() {
	local pid
	pid=$(vm_pool_pids | head -n 1)
	[ -n "$pid" ] && awk '/^Private_Dirty|^Private_Clean/ { s += $2 } END { print s + 0 }' \
		"/proc/$pid/smaps_rollup"
}

settled() { [ "$(census)" = "$1" ]; }

@test "fifty runs leave processes, mounts, sockets, descriptors, files and memory as before" {
	local before n pool
	for n in 1 2 3; do vm -- true; done
	sleep 1
	before=$(census)
	pool=$(pool_private)
	for n in {1..50}; do
		[ "$(vm -- echo "$n")" = "$n" ]
	done
	until_ok 10 settled "$before" || {
		diff <(echo "$before") <(census) >&2
		return 1
	}
	[ "$(pool_private)" -le $((pool + 1024)) ]
}

@test "ten at once, each with its own output, status and files" {
	local i pids=() rc t0=$EPOCHREALTIME
	for i in {1..10}; do
		ctr run --rm --runtime "$VM_RUNTIME" "$IMG" "at$i" \
			sh -c "echo $i >/mine; seq 1 300; cat /mine; exit $i" >"$BATS_TEST_TMPDIR/$i" 3>&- &
		pids+=($!)
	done
	for i in {1..10}; do
		rc=0
		wait "${pids[i - 1]}" || rc=$?
		[ $rc = "$i" ]
		[ "$(tail -n 1 "$BATS_TEST_TMPDIR/$i")" = "$i" ]
		[ "$(wc -l <"$BATS_TEST_TMPDIR/$i")" = 301 ]
	done
	echo "# ten at once: $(awk -v a="$t0" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s" >&3
}

@test "ten that run side by side: each is small, none waits for another" {
	local i
	for i in {1..10}; do vm_box "side$i"; done
	for i in 1 10; do
		[ "$(harpoon exec "side$i" echo "$i")" = "$i" ]
	done
	# Anonymous memory of the tenth: the machine, its shim, its file server.
	local kib=0 pid
	for pid in $(vm_shim_of side10) $(vm_machine_of side10) $(pid_of side10); do
		kib=$((kib + $(awk '/^Pss_Anon/ { print $2 }' "/proc/$pid/smaps_rollup")))
	done
	echo "# the tenth of ten has $((kib / 1024)) MiB" >&3
	[ $kib -lt $((64 * 1024)) ]
	harpoon ps -q | xargs harpoon rm -f >/dev/null
}

@test "containers that are made and never started leave nothing" {
	local i before
	sleep 1
	before=$(census)
	for i in {1..5}; do
		harpoon create --name "c$i" --runtime "$VM_RUNTIME" "$IMG" true >/dev/null
	done
	for i in {1..5}; do harpoon rm "c$i"; done
	for i in {1..5}; do
		run vm -- /no/such
	done
	until_ok 10 settled "$before"
}
