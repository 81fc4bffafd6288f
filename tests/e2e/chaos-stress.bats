#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# chaos-stress.bats - chaos stress on a container: what the kernel counts in its cgroups, on which side
# of its limits, and nothing left, however it ends.
load chaos

setup_file() {
	export BATS_TEST_TIMEOUT=$((240 + ${HP_ROUNDS:-0}))
	chaos_up
}
teardown_file() { chaos_down; }

setup() {
	harpoon run -d --name web --memory 64m "$IMG" sleep 100000 >/dev/null
	pid=$(pid_of web)
	place=$(sed -n 's/^[0-9]*:memory:\|^0:://p' "/proc/$pid/cgroup" | head -n 1)
	before=$(all_cgroups)
}

# What a failed test has left must not make the next one fail.
teardown() {
	[ -z "${run:-}" ] || kill -KILL "$run" 2>/dev/null || true
	until_ok 5 no_entries || harpoon chaos recover
	harpoon ps -aq | xargs -r harpoon rm -f >/dev/null
}

# Every cgroup of the container, with who is in it.
all_cgroups() {
	find /sys/fs/cgroup -type d -path "*$place*" -print -exec cat {}/cgroup.procs \; 2>/dev/null
}

# dirs: of faults, in every hierarchy.
dirs() { find /sys/fs/cgroup -type d -path "*$place/harpoon-*"; }

# in_it: the processes that are in cgroups of a fault.
in_it() { dirs | while read -r d; do cat "$d/cgroup.procs"; done | sort -u; }
has_workers() { [ "$(in_it | wc -l)" -ge "$1" ]; }
beside() { cgroup_procs | grep -vx "$pid"; }
cgroup_procs() { find /sys/fs/cgroup -path "*$place/cgroup.procs" -exec cat {} + | sort -u; }

# begin ARGS...: a run in the background; its pid is in $run. Without the host's stress-ng, if it has one.
begin() {
	PATH=$E2E/bin:/usr/sbin:/sbin:$E2E/plain "$HARPOON" --data-root "$E2E/data" \
		--state-root "$E2E/hp" chaos stress "$@" >"$E2E/chaos.out" 2>&1 3>&- &
	run=$!
	disown
}

entries() { find "$E2E/hp/chaos" -name '*.json' 2>/dev/null; }
no_entries() { [ -z "$(entries)" ]; }
guard() { entries | xargs jq -r .guard; }
gone() { [ ! -d "/proc/$1" ]; }
all_is_well() { no_entries && [ "$(all_cgroups)" = "$before" ] && state_is web running; }
# ended_by SIGNAL: the run, and all that it has begun.
ended_by() {
	kill "-$1" "$run"
	until_ok 5 gone "$run"
	all_is_well
}

# cpu_us PATH: processor time that the kernel has counted there.
cpu_us() {
	local d=/sys/fs/cgroup/cpuacct$1
	if [ -f "$d/cpuacct.usage" ]; then
		echo $(($(cat "$d/cpuacct.usage") / 1000))
	else
		sed -n 's/^usage_usec //p' "/sys/fs/cgroup$1/cpu.stat"
	fi
}
busy() { [ "$(cpu_us "$1")" -gt "$2" ]; }

@test "the processor, counted in a cgroup below the container's, and in the container's" {
	local was child
	was=$(cpu_us "$place")
	begin -d 100s --stressors="--cpu 2" web
	until_ok 10 has_workers 3
	child=$place/$(basename "$(dirs | head -n 1)")
	until_ok 10 busy "$child" 300000
	busy "$place" $((was + 300000))
	[ -z "$(beside)" ]
	ended_by INT
}

@test "in the container's own cgroup" {
	local was
	was=$(cpu_us "$place")
	begin -d 100s --inject-cgroup --stressors="--cpu 1" web
	until_ok 10 busy "$place" $((was + 200000))
	[ -z "$(dirs)" ]
	[ "$(beside | wc -l)" = 2 ]
	ended_by TERM
}

@test "memory up to the container's limit, which kills workers and not the container" {
	begin -d 100s --stressors="--vm 1 --vm-bytes 200m" web
	until_ok 20 sh -c "grep -qs '^oom_kill [1-9]' /sys/fs/cgroup/memory$place/harpoon-*/memory.oom_control \
		/sys/fs/cgroup$place/memory.events /sys/fs/cgroup/memory$place/memory.oom_control"
	[ "$(pid_of web)" = "$pid" ]
	ended_by INT
}

@test "it ends when its own time is over, and when that of the command is" {
	local begun=$SECONDS
	begin -d 100s --stressors="--cpu 1 --timeout 1s" web
	until_ok 20 gone "$run"
	[ $((SECONDS - begun)) -lt 20 ]
	all_is_well
	begin -d 500ms --stressors="--cpu 1 --timeout 100s" web
	until_ok 10 gone "$run"
	all_is_well
}

@test "what a run says of its effects" {
	PATH=$E2E/bin:$PATH run -0 harpoon chaos --output ndjson stress -d 1s \
		--stressors="--cpu 1 --timeout 100s" web
	has target_cpu_ms
	all_is_well
}

@test "kill -9 of the run: ended within a second" {
	begin -d 100s --stressors="--cpu 1" web
	until_ok 10 has_workers 2
	kill -KILL "$run"
	until_ok 1 all_is_well
}

@test "kill -9 of the guard ends all at once, and the rest is the run's, or recover's" {
	local option
	for option in --inject-cgroup=false --inject-cgroup; do
		begin -d 100s "$option" --stressors="--cpu 1" web
		until_ok 10 busy "$place" $(($(cpu_us "$place") + 50000))
		kill -KILL "$(guard)"
		until_ok 2 all_is_well
		until_ok 5 gone "$run"
		begin -d 100s "$option" --stressors="--cpu 1" web
		until_ok 10 busy "$place" $(($(cpu_us "$place") + 50000))
		kill -STOP "$run"
		kill -KILL "$(guard)" "$run"
		expect 0 harpoon chaos recover
		all_is_well
	done
}

@test "two runs on one target, and a target that dies" {
	local first
	begin -d 100s --stressors="--cpu 1" web
	first=$run
	begin -d 100s --stressors="--cpu 1" web
	until_ok 10 has_workers 4
	kill -INT "$first"
	until_ok 5 gone "$first"
	has_workers 2
	harpoon kill web
	kill -INT "$run"
	until_ok 5 gone "$run"
	no_entries
	[ -z "$(dirs)" ]
}

@test "what only stress-ng can is said" {
	begin -d 1s --stressors="--matrix 1" web
	until_ok 5 gone "$run"
	grep -q "no '--matrix' without stress-ng: install stress-ng" "$E2E/chaos.out"
	all_is_well
}

@test "the host's stress-ng does it, with all its words" {
	command -v stress-ng
	PATH=$PATH:/usr/bin "$HARPOON" --data-root "$E2E/data" --state-root "$E2E/hp" chaos stress \
		-d 100s --stressors="--matrix 1 --timeout 100s" web >"$E2E/chaos.out" 2>&1 3>&- &
	run=$!
	disown
	until_ok 10 sh -c "grep -hq stress-ng /proc/*/comm"
	until_ok 10 has_workers 2
	in_it | while read -r p; do tr '\0' ' ' <"/proc/$p/cmdline"; done | grep -q matrix
	ended_by INT
}

# HP_ROUNDS of them; 1000 take some minutes.
@test "rounds of all kinds leave nothing" {
	local i words=("--cpu 1" "--cpu 1 --cpu-load 30" "--vm 1 --vm-bytes 8m" "--io 1")
	for ((i = 0; i < ${HP_ROUNDS:-10}; i++)); do
		begin -d "$((RANDOM % 200 + 20))ms" "--inject-cgroup=$((RANDOM % 2))" \
			--stressors="${words[RANDOM % 4]}" web
		[ $((RANDOM % 4)) -gt 0 ] || kill -INT "$run" 2>/dev/null || true
		[ $((RANDOM % 4)) -gt 0 ] || kill -KILL "$run" 2>/dev/null || true
		until_ok 5 gone "$run"
		# Writing to a busy disk takes what it takes.
		until_ok 20 all_is_well || {
			entries | xargs -r cat
			diff <(echo "$before") <(all_cgroups)
			cat "$E2E/chaos.out"
			return 1
		} >&2
	done
}
