#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# chaos-crash.bats - faults are undone whoever is killed: the run, the guard, the daemon, or all.
load chaos

setup_file() {
	export BATS_TEST_TIMEOUT=240
	chaos_up
}
teardown_file() { chaos_down; }

setup() {
	[ ! -d "$E2E/hp/chaos" ] || until_ok 10 no_entries
	harpoon run -d --name one "$IMG" sleep 100000 >/dev/null
	harpoon run -d --name two "$IMG" sleep 100000 >/dev/null
}

# begin ARGS...: a run in the background; its pid is in $run.
begin() {
	"$HARPOON" --data-root "$E2E/data" --state-root "$E2E/hp" chaos "$@" \
		>"$E2E/chaos.out" 2>&1 3>&- &
	run=$!
	disown
}

entries() { find "$E2E/hp/chaos" -name '*.json' 2>/dev/null; }
guards() { entries | xargs -r cat 2>/dev/null | jq -r .guard; }

# kill_all: the run and its guards, none of which sees another one die.
kill_all() {
	kill -STOP "$run"
	# shellcheck disable=SC2046 # several pids
	kill -KILL $(guards)
	kill -KILL "$run"
}

guards_are() { [ "$(guards | wc -l)" = "$1" ]; }
any_guard() { ! no_entries; }
no_entries() { [ -z "$(entries)" ]; }
gone() { [ ! -d "/proc/$1" ]; }

# all_are WORD: both containers are in that state.
all_are() { state_is one "$1" && state_is two "$1"; }

# within_a_second COMMAND...: it holds within about a second, on a machine that others use too.
within_a_second() { until_ok 2 "$@"; }

# Nothing is held any more, and both containers are as before.
all_is_well() { no_entries && all_are running; }

# What the death of a guard and its run has left is for recover; the rest undoes itself. A run that
# was killed before it had a guard may have stopped nothing yet.
settled() {
	harpoon chaos recover >/dev/null && all_is_well
}

# held WORD: both faults are applied, which is when both guards hold them.
held() {
	until_ok 10 all_are "$1"
	until_ok 5 guards_are 2
}

@test "an ordinary end, ^C, SIGTERM: undone, and only then the run ends" {
	local sig
	begin pause -d 2s one two
	held paused
	until_ok 10 gone "$run"
	all_is_well
	for sig in INT TERM; do
		begin pause -d 100s one two
		held paused
		kill -$sig "$run"
		until_ok 5 gone "$run"
		all_is_well
	done
}

@test "kill -9 of the run: its guards undo within a second" {
	begin pause -d 100s one two
	held paused
	kill -KILL "$run"
	within_a_second all_is_well
	begin stop -t 1 --restart -d 100s one two
	held exited
	kill -KILL "$run"
	# Starting a container is what takes its time here.
	until_ok 5 all_is_well
}

@test "kill -9 of a guard: the run undoes its fault, and says so" {
	begin pause -d 5s one two
	held paused
	guards | head -n 1 | xargs kill -KILL
	until_ok 1 grep -q 'was killed' "$E2E/chaos.out"
	within_a_second guards_are 1
	until_ok 15 gone "$run"
	all_is_well
}

@test "kill -9 of the run and of its guards: recover undoes" {
	begin pause -d 100s one two
	held paused
	kill_all
	sleep 0.2
	run -0 harpoon chaos status
	has 'left behind: 2'
	all_are paused
	until_ok 5 settled
	begin stop -t 1 --restart -d 100s one two
	held exited
	kill_all
	until_ok 5 settled
}

@test "recover leaves alone what is held, and what others have paused" {
	harpoon pause two
	begin pause -d 100s one
	until_ok 5 state_is one paused
	run -0 harpoon chaos recover
	all_are paused
	kill -KILL "$run"
	within_a_second state_is one running
	state_is two paused
	harpoon unpause two
}

@test "kill -9 of the daemon while faults are held: undone when it is back" {
	begin pause -d 3s one two
	held paused
	chaos_daemon_kill
	sleep 3.5
	guards_are 2
	chaos_daemon_start
	until_ok 10 all_is_well
	until_ok 5 gone "$run"
}

@test "kill -9 of daemon, run and guards: recover undoes when it is back" {
	begin pause -d 100s one two
	held paused
	chaos_daemon_kill
	kill_all
	expect 1 harpoon --timeout 2s chaos recover
	guards_are 2
	chaos_daemon_start
	until_ok 5 settled
}

# A daemon that hangs holds a guard in the middle of a step.
@test "kill -9 in the middle of applying and of undoing" {
	local daemon who
	daemon=$(cat "$E2E/pid")
	for who in run guards both; do
		kill -STOP "$daemon"
		begin pause -d 100s one two
		# Listing hangs as well, so nothing is journalled until it goes on.
		sleep 0.2
		kill -CONT "$daemon"
		until_ok 5 any_guard
		kill -STOP "$daemon"
		sleep 0.1
		case $who in
		run) kill -KILL "$run" ;;
		guards) guards | xargs kill -KILL ;;
		both) kill_all ;;
		esac
		kill -CONT "$daemon"
		[ "$who" != both ] || until_ok 5 settled
		[ "$who" != guards ] || until_ok 10 gone "$run"
		until_ok 10 all_is_well
	done
	for who in run guards both; do
		begin pause -d 100s one two
		held paused
		kill -STOP "$daemon"
		kill -INT "$run"
		sleep 0.2
		case $who in
		run) kill -KILL "$run" ;;
		guards) guards | xargs kill -KILL ;;
		both) kill_all ;;
		esac
		kill -CONT "$daemon"
		[ "$who" != both ] || until_ok 5 settled
		until_ok 10 all_is_well
		until_ok 10 gone "$run"
	done
}

@test "a second ^C ends the run at once, and the undo is done nevertheless" {
	local daemon
	daemon=$(cat "$E2E/pid")
	begin pause -d 100s one two
	held paused
	kill -STOP "$daemon"
	kill -INT "$run"
	sleep 0.3
	! gone "$run"
	kill -INT "$run"
	until_ok 2 gone "$run"
	guards_are 2
	kill -CONT "$daemon"
	until_ok 10 all_is_well
}

@test "two runs on one target: the last one to end undoes" {
	local i first second
	# Both must choose while it runs, so that both hold it, which takes luck.
	for ((i = 0; i < 10; i++)); do
		kill -STOP "$(cat "$E2E/pid")"
		begin pause -d 100s one
		first=$run
		begin pause -d 100s one
		second=$run
		sleep 1
		kill -CONT "$(cat "$E2E/pid")"
		! until_ok 3 guards_are 2 2>/dev/null || break
		kill -TERM "$first" "$second" 2>/dev/null || true
		until_ok 10 all_is_well
	done
	until_ok 3 guards_are 2
	until_ok 5 state_is one paused
	kill -KILL "$first"
	until_ok 5 guards_are 1
	state_is one paused
	kill -KILL "$second"
	within_a_second state_is one running
	no_entries
}

@test "a target that goes meanwhile is no failure" {
	begin pause -d 4s one two
	held paused
	harpoon rm -f two
	until_ok 15 gone "$run"
	no_entries
	state_is one running
	[ ! -s "$E2E/chaos.out" ]
}

@test "random rounds of kills leave nothing" {
	local i kinds=(pause "stop -t 1 --restart") victims=(run guard both daemon)
	local rounds=${HP_ROUNDS:-20} kind victim seed=${HP_SEED:-$RANDOM}
	# A dockerd that is killed at a bad moment takes containers with it, without any chaos; the
	# tests above kill it at moments that it survives.
	[ "$CHAOS_ENGINE" != docker ] || victims=(run guard both run)
	RANDOM=$seed
	for ((i = 0; i < rounds; i++)); do
		kind=${kinds[RANDOM % 2]}
		victim=${victims[RANDOM % 4]}
		# shellcheck disable=SC2086 # several words
		begin $kind -d 500ms one two
		sleep "0.$(printf %03d $((RANDOM % 600)))"
		strike "$victim"
		until_ok 20 gone "$run" && until_ok 20 settled || {
			echo "round $i of HP_SEED=$seed: $kind, $victim" >&2
			harpoon ps -a >&2
			entries >&2
			return 1
		}
	done
}

# strike VICTIM: some of them have ended already.
strike() {
	case $1 in
	run) kill -KILL "$run" 2>/dev/null || true ;;
	guard) guards | xargs -r kill -KILL 2>/dev/null || true ;;
	both) kill_all 2>/dev/null || true ;;
	daemon)
		chaos_daemon_kill
		chaos_daemon_start
		;;
	esac
}
