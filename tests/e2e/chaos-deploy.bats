#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# chaos-deploy.bats - what deploy/ tells people to run is what this program takes.
load helper

DEPLOY=$BATS_TEST_DIRNAME/../../deploy

setup_file() {
	e2e_up
	export HARPOON_ENGINE=containerd
}
teardown_file() { e2e_down; }

setup() {
	harpoon run -d --name one "$IMG" sleep 100000 >/dev/null
	harpoon run -d --name two "$IMG" sleep 100000 >/dev/null
}

both_run() { state_is one running && state_is two running; }

@test "the DaemonSet's words are taken, and its label names Kubernetes' containers" {
	local words
	harpoon run -d --label io.kubernetes.pod.namespace=shop --label io.kubernetes.pod.name=cart-1 \
		--label io.kubernetes.container.name=app "$IMG" sleep 1000 >/dev/null
	mapfile -t words < <(sed -n '/^ *args:$/,/securityContext/s/^ *- "\(.*\)"$/\1/p' \
		"$DEPLOY/kubernetes/daemonset.yaml" | grep -v '^--json$\|^--containerd-namespace')
	[ ${#words[@]} -ge 6 ]
	run -0 harpoon chaos --dry-run --count 1 "${words[@]}"
	has 'shop/cart-1/app'
	[ "$(grep -c '^plan:' <<<"$output")" = 1 ]
}

@test "the systemd unit's example is taken" {
	local words
	words=$(sed -n 's/^# *CHAOS=//p' "$DEPLOY/systemd/harpoon-chaos@.service")
	words=${words/--runtime docker/--runtime containerd}
	words=${words/--label chaos=yes/--count 1}
	# shellcheck disable=SC2086 # as systemd splits it
	run -0 harpoon chaos --dry-run $words
	has plan:
	run -0 harpoon chaos recover
}

@test "pause-each" {
	PAUSE=200ms run -0 "$DEPLOY/examples/pause-each" one two
	[ "$output" = $'one is back\ntwo is back' ]
	PAUSE=200ms run -1 "$DEPLOY/examples/pause-each" nobody
	both_run
}

@test "lossy-hour" {
	ip netns add "$CONTAINERD_NAMESPACE"
	ip -n "$CONTAINERD_NAMESPACE" link set lo up
	harpoon run -d --name three --network "ns:/run/netns/$CONTAINERD_NAMESPACE" "$IMG" sleep 1000 \
		>/dev/null
	INTERFACE=lo SPELL=500ms EVERY=1s TOTAL=2500ms REPORT=$BATS_TEST_TMPDIR/r.html \
		run -0 "$DEPLOY/examples/lossy-hour" three
	grep -q '<svg' "$BATS_TEST_TMPDIR/r.html"
	[ -z "$(ip netns exec "$CONTAINERD_NAMESPACE" iptables-save | grep -- '-A')" ]
	harpoon rm -f three
	ip netns del "$CONTAINERD_NAMESPACE"
}

@test "game-day, to its end and interrupted" {
	local pid
	SPELL=1s run -0 "$DEPLOY/examples/game-day" one two
	both_run
	SPELL=100s "$DEPLOY/examples/game-day" one two 3>&- &
	pid=$!
	until_ok 10 paused_one
	kill -TERM "$pid"
	until_ok 10 test ! -d "/proc/$pid"
	until_ok 5 both_run
	[ -z "$(find "$E2E/hp/chaos" -name '*.json')" ]
}

paused_one() { harpoon ps --format '{{.Status}}' | grep -q Paused; }
