# SPDX-License-Identifier: Apache-2.0
# races.bats - clients that work on one container at once, or die while they do.
# shellcheck disable=SC2086,SC2154 # lists of pids are words; bats sets status and output
load helper

setup_file() { e2e_up; }
teardown_file() { e2e_down; }

# ended PID...: wait for them, whatever they say; a plain wait would wait for the daemon too.
ended() {
	local pid
	for pid; do wait "$pid" || true; done
}

log_has() { harpoon logs "$1" | grep -q "$2"; }

@test "of many clients that start one container, one does, and it runs with its log" {
	local i pids=
	harpoon create --name once "$IMG" sh -c 'echo started; sleep 600' >/dev/null
	for i in 1 2 3 4 5 6; do
		harpoon start once >"$BATS_TEST_TMPDIR/$i" 2>&1 && echo won >>"$BATS_TEST_TMPDIR/$i" &
		pids+=" $!"
	done
	ended $pids
	[ "$(cat "$BATS_TEST_TMPDIR"/[1-6] | grep -c '^won$')" = 1 ]
	[ "$(cat "$BATS_TEST_TMPDIR"/[1-6] | grep -c 'is running already')" = 5 ]
	state_is once running
	until_ok 5 log_has once started
	harpoon rm -f once
}

@test "create, start and rm of one name at once leave a whole container or none" {
	local i verb pids
	for i in 1 2 3; do
		pids=
		for verb in "create --name mix $IMG sleep 600" "start mix" "rm -f mix" \
			"create --name mix $IMG sleep 600"; do
			harpoon $verb >/dev/null 2>&1 &
			pids+=" $!"
		done
		ended $pids
		[ -z "$(harpoon ps -aq --filter name=mix)" ] || harpoon rm -f mix
	done
	nothing_on_host
}

@test "kill -9 of the CLI at any moment of start: the next start works" {
	local ms
	for ms in 5 20 35 50 65 80; do
		harpoon create --name again "$IMG" sleep 600 >/dev/null
		timeout -s KILL "0.0$(printf %02d "$ms")" harpoon start again >/dev/null 2>&1 || true
		harpoon start again >/dev/null 2>"$BATS_TEST_TMPDIR/err" ||
			grep 'is running already' "$BATS_TEST_TMPDIR/err" || {
			cat "$BATS_TEST_TMPDIR/err" >&2
			return 1
		}
		[ "$(harpoon exec again echo alive)" = alive ]
		harpoon rm -f again
	done
	nothing_on_host
}

@test "rm of a container that is named as its namespace ends no other" {
	harpoon run -d --name other "$IMG" sleep 600
	harpoon create --name "$CONTAINERD_NAMESPACE" "$IMG" true
	harpoon rm -f "$CONTAINERD_NAMESPACE"
	[ "$(harpoon exec other echo alive)" = alive ]
	harpoon rm -f other
}

@test "an anonymous volume of a create that failed is not left" {
	harpoon create --name taken "$IMG" true
	expect 125 harpoon create --name taken -v /data "$IMG" true
	has "is taken"
	[ -z "$(find "$E2E"/data/*/volumes -mindepth 2 2>/dev/null)" ]
	harpoon rm taken
}
