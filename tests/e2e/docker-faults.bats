#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker-faults.bats - pumba's iptables and stress on a real dockerd, on containers with a network of
# their own: packets between two of them, rules as the host's tools list them, cgroups' counters.
load docker

setup_file() {
	export BATS_TEST_TIMEOUT=180
	docker_up bridge
	mkdir "$E2E/other"
	ln -s "$HARPOON" "$E2E/other/pumba"
	export HARPOON_DATA_ROOT=$E2E/data HARPOON_STATE_ROOT=$E2E/hp
	unset LOG_LEVEL LOG_JSON PUMBA_RUNTIME
}
teardown_file() { docker_down; }

setup() {
	local name
	for name in web peer; do
		harpoon run -d --name "$name" "$IMG" sleep 100000 >/dev/null
	done
	pid=$(pid_of web)
	address=$(nsenter -t "$pid" -n ip -4 -o addr show eth0 | sed 's/.*inet //; s,/.*,,')
	before=$(all_rules)
}

# What a failed test has left must not make the next one fail.
teardown() {
	[ -z "${run:-}" ] || kill -KILL "$run" 2>/dev/null || true
	until_ok 5 no_entries || harpoon chaos recover
	harpoon ps -aq | xargs -r harpoon rm -f >/dev/null
}

all_rules() {
	nsenter -t "$pid" -n sh -c 'iptables-save; ip6tables-save; nft list ruleset' | grep -v '^#'
	return 0
}
listed() { nsenter -t "$pid" -n iptables -nvxL INPUT | grep harpoon:; }

# begin ARGS...: pumba in the background; its pid is in $run.
begin() {
	PATH=/usr/sbin:/sbin "$E2E/other/pumba" -l info "$@" >"$E2E/chaos.out" 2>&1 3>&- &
	run=$!
	disown
}
entries() { find "$E2E/hp/chaos" -name '*.json' 2>/dev/null; }
no_entries() { [ -z "$(entries)" ]; }
gone() { [ ! -d "/proc/$1" ]; }
all_is_well() { no_entries && [ "$(all_rules)" = "$before" ]; }

# answered COUNT: how many echo requests of the other container are answered.
answered() {
	harpoon exec peer ping -c "$1" -i 0.1 -W 1 "$address" | sed -n 's/.*, \([0-9]*\) packets received.*/\1/p'
}

@test "iptables loss between two containers, and nothing of it afterwards" {
	[ "$(answered 8)" = 8 ]
	begin iptables -d 100s -p icmp loss --mode nth --every 4 web
	until_ok 10 listed
	[ "$(answered 8)" = 6 ]
	listed | awk '{exit !($1 == 2 && $3 == "DROP")}'
	kill -INT "$run"
	until_ok 5 gone "$run"
	grep -q 'msg="running iptables on container".*name=/web' "$E2E/chaos.out"
	grep -q 'packets_dropped=2' "$E2E/chaos.out"
	all_is_well
	[ "$(answered 8)" = 8 ]
	begin iptables -d 100s loss --probability 1 web
	until_ok 10 listed
	[ "$(answered 2)" = 0 ]
	kill -KILL "$run"
	until_ok 1 all_is_well
}

@test "stress in a cgroup below the container's" {
	local dir
	begin stress -d 100s --stressors="--cpu 1" web
	until_ok 10 sh -c "find /sys/fs/cgroup -path '*/$DOCKER_TAG/*/harpoon-*' -type d | grep -q ."
	dir=$(find /sys/fs/cgroup -path "*/$DOCKER_TAG/*/harpoon-*" -type d | head -n 1)
	until_ok 10 sh -c "[ \$(wc -l <'$dir/cgroup.procs') = 2 ]"
	sleep 0.5
	kill -TERM "$run"
	until_ok 5 gone "$run"
	grep -q 'target_cpu_ms=[1-9]' "$E2E/chaos.out"
	[ ! -e "$dir" ]
	all_is_well
	state_is web running
}
