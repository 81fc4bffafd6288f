#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# chaos-iptables.bats - chaos iptables loss on a container: rules as the host's tools list them in its
# namespace, packets that are counted where they arrive, and nothing left, however it ends.
load chaos

setup_file() {
	export BATS_TEST_TIMEOUT=$((240 + ${HP_ROUNDS:-0})) NET=hpnet$$ SIDE=hpside$$
	ip netns add "$NET"
	ip netns add "$SIDE"
	ip -n "$SIDE" link add side0 type veth peer name eth0 netns "$NET"
	ip -n "$NET" link set lo up
	ip -n "$NET" addr add 10.88.79.2/24 dev eth0
	ip -n "$NET" addr add fd00:79::2/64 dev eth0 nodad
	ip -n "$NET" link set eth0 up
	ip -n "$SIDE" addr add 10.88.79.1/24 dev side0
	ip -n "$SIDE" addr add fd00:79::1/64 dev side0 nodad
	ip -n "$SIDE" link set side0 up
	chaos_up
}

teardown_file() {
	local rc=0
	[ -z "$(ip netns pids "$NET")" ] || rc=1
	ip netns del "$NET"
	ip netns del "$SIDE"
	chaos_down || rc=1
	return $rc
}

setup() {
	ctr run -d --null-io --with-ns "network:/run/netns/$NET" "$IMG" web sleep 100000
	before=$(all_rules)
	[ -z "$before" ]
}

# What a failed test has left must not make the next one fail.
teardown() {
	[ -z "${run:-}" ] || kill -KILL "$run" 2>/dev/null || true
	until_ok 5 no_entries || harpoon chaos recover
	harpoon ps -aq | xargs -r harpoon rm -f >/dev/null
}

# What every tool says of the namespace, without what is counted in it.
all_rules() {
	ip netns exec "$NET" sh -c 'iptables-save; ip6tables-save; nft list ruleset' | grep -v '^#'
	return 0
}
no_rules() { [ -z "$(all_rules)" ]; }

# listed PROGRAM: its lines of our rules.
listed() { ip netns exec "$NET" "$1" -nvxL INPUT | grep harpoon:; }
is_listed() { listed iptables >/dev/null; }

# loss ARGS...: chaos iptables with options of both.
loss() { harpoon chaos iptables "$@"; }

# begin ARGS...: the same in the background; its pid is in $run.
begin() {
	"$HARPOON" --data-root "$E2E/data" --state-root "$E2E/hp" chaos iptables "$@" \
		>"$E2E/chaos.out" 2>&1 3>&- &
	run=$!
	disown
	until_ok 10 is_listed
}

# arrived COUNT ADDRESS PORT: send so many packets of UDP, and print how many came.
arrived() {
	local was
	was=$(received)
	ip netns exec "$SIDE" bash -c 'for ((i = 0; i < $1; i++)); do
		echo x >"/dev/udp/$2/$3"; done' bash "$@" 2>/dev/null
	echo $(($(received) - was))
}

# No socket takes them, which the kernel counts.
received() {
	ip netns exec "$NET" cat /proc/net/snmp /proc/net/snmp6 |
		awk '/^Udp: [0-9]/ {n += $3} /^Udp6NoPorts/ {n += $2} END {print n}'
}

entries() { find "$E2E/hp/chaos" -name '*.json' 2>/dev/null; }
no_entries() { [ -z "$(entries)" ]; }
guard() { entries | xargs jq -r .guard; }
gone() { [ ! -d "/proc/$1" ]; }
all_is_well() { no_entries && no_rules; }

@test "all packets, of both families, counted by iptables and told at the end" {
	[ "$(arrived 20 10.88.79.2 4000)" = 20 ]
	[ "$(arrived 20 fd00:79::2 4000)" = 20 ]
	begin -d 100s -p udp --dport 4000 loss --probability 1 web
	[ "$(arrived 20 10.88.79.2 4000)" = 0 ]
	[ "$(arrived 20 fd00:79::2 4000)" = 0 ]
	[ "$(arrived 20 10.88.79.2 4001)" = 20 ]
	listed iptables | awk '{exit !($1 == 20 && $3 == "DROP" && $6 == "eth0")}'
	listed ip6tables | awk '{exit !($1 == 20 && $3 == "DROP")}'
	kill -INT "$run"
	until_ok 5 gone "$run"
	all_is_well
	[ "$(arrived 20 10.88.79.2 4000)" = 20 ]
}

@test "a share of packets, and each nth" {
	local n
	begin -d 100s -i eth0 -p udp --dport 4000 loss --probability 0.25 web
	n=$(arrived 400 10.88.79.2 4000)
	# Six times the deviation, which is 9.
	[ "$n" -gt 246 ] && [ "$n" -lt 354 ]
	kill -TERM "$run"
	until_ok 5 gone "$run"
	all_is_well
	begin -d 100s -s 10.88.79.0/24 loss --mode nth --every 4 --packet 1 web
	[ "$(arrived 40 10.88.79.2 4000)" = 30 ]
	[ "$(arrived 40 fd00:79::2 4000)" = 40 ]
	kill -TERM "$run"
	until_ok 5 gone "$run"
	all_is_well
}

@test "it ends when its time is over" {
	expect 0 loss -d 300ms loss --probability 1 web
	all_is_well
}

@test "kill -9 of the run: undone within a second" {
	begin -d 100s loss --probability 0.5 web
	kill -KILL "$run"
	until_ok 1 all_is_well
}

@test "kill -9 of the guard: the run undoes it; of both: recover does" {
	begin -d 100s loss --probability 0.5 web
	kill -KILL "$(guard)"
	until_ok 2 all_is_well
	until_ok 5 gone "$run"
	begin -d 100s loss --probability 0.5 web
	kill -STOP "$run"
	kill -KILL "$(guard)" "$run"
	is_listed
	expect 0 harpoon chaos recover
	all_is_well
}

@test "two runs on one target leave each other's rules alone" {
	local first
	begin -d 100s -p udp --dport 4000 loss --probability 1 web
	first=$run
	begin -d 100s -p udp --dport 4000 loss --probability 1 web
	until_ok 5 sh -c "[ \$(find '$E2E/hp/chaos' -name '*.json' | wc -l) = 2 ]"
	[ "$(listed iptables | wc -l)" = 2 ]
	kill -INT "$first"
	until_ok 5 gone "$first"
	[ "$(listed iptables | wc -l)" = 1 ]
	[ "$(arrived 10 10.88.79.2 4000)" = 0 ]
	kill -INT "$run"
	until_ok 5 gone "$run"
	all_is_well
}

@test "a target that dies meanwhile: rules in a namespace that lives on are removed all the same" {
	begin -d 100s loss --probability 0.5 web
	ctr tasks kill -s KILL web
	kill -INT "$run"
	until_ok 5 gone "$run"
	all_is_well
	# And when all who could undo it have been killed, too.
	ctr tasks rm web
	ctr tasks start -d --null-io web
	begin -d 100s loss --probability 0.5 web
	ctr tasks kill -s KILL web
	kill -STOP "$run"
	kill -KILL "$(guard)" "$run"
	is_listed
	expect 0 harpoon chaos recover
	all_is_well
}

@test "what others have set is as it was, and stays" {
	ip netns exec "$NET" sh -c 'iptables -A INPUT -p tcp --dport 9 -j DROP; ip6tables -N mine'
	before=$(all_rules)
	expect 0 loss -d 300ms loss --probability 1 web
	[ "$(all_rules)" = "$before" ]
	ip netns exec "$NET" sh -c 'nft delete table ip filter; nft delete table ip6 filter'
}

@test "what cannot be is said" {
	expect 1 loss -d 1s -i eth7 loss --probability 1 web
	has "no network interface 'eth7'" 'eth0'
	all_is_well
	harpoon run -d --name plain --network host "$IMG" sleep 1000 >/dev/null
	expect 1 loss -d 1s -i lo loss --probability 0 plain
	has 'host' '--allow-host'
	no_entries
}

@test "a dry run says which commands would do it, and they do" {
	expect 0 harpoon chaos --dry-run iptables -d 1s -p udp --dport 4000 loss --probability 1 web
	has 'iptables -w -I INPUT -i eth0 -p udp --dport 4000 -m statistic' 'ip6tables -w -D INPUT'
	all_is_well
}

# HP_ROUNDS of them; 1000 take some minutes.
@test "rounds of all kinds leave nothing" {
	local i runs links options=(
		"loss --probability 0.3" "-p tcp --sport 1,2,3-9 loss --mode nth --every 3"
		"-s 10.0.0.0/8 -s fd00::/8 loss --probability 0.01" "-p icmp loss --probability 1"
		"--match-all -p udp -s 10.88.0.0/16 --dport 80,90 loss --probability 0.5")
	links=$(ip -n "$NET" -o link; tc -n "$NET" qdisc)
	for ((i = 0; i < ${HP_ROUNDS:-12}; i += 3)); do
		runs=()
		for _ in 1 2 3; do
			# shellcheck disable=SC2086 # several words
			"$HARPOON" --data-root "$E2E/data" --state-root "$E2E/hp" chaos iptables \
				-d "$((RANDOM % 200 + 20))ms" ${options[RANDOM % 5]} web \
				>>"$E2E/rounds.out" 2>&1 3>&- &
			runs+=($!)
		done
		# Some are ended before their time, one way or another.
		[ $((RANDOM % 4)) -gt 0 ] || kill -INT "${runs[0]}" 2>/dev/null || true
		[ $((RANDOM % 4)) -gt 0 ] || kill -KILL "${runs[1]}" 2>/dev/null || true
		wait "${runs[@]}" || true
		until_ok 20 all_is_well
	done
	[ "$(ip -n "$NET" -o link; tc -n "$NET" qdisc)" = "$links" ]
}
