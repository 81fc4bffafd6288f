#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# contract.bats - the engine contract suite, unchanged, against a real containerd.
load helper

setup_file() {
	export BATS_TEST_TIMEOUT=240
	e2e_up
}
teardown_file() { e2e_down; }

# contract RUNTIME: run the suite, show what failed.
contract() {
	local program=${HP_CONTRACT:?is the folder of the contract suite}/engine-contract
	HP_CONTRACT_ENGINE=containerd HP_CONTRACT_ADDRESS=$CONTAINERD_ADDRESS \
		HP_CONTRACT_IMAGE=$IMG HP_CONTRACT_RUNTIME=$1 \
		HP_CONTRACT_SNAPSHOTTER=${CONTAINERD_SNAPSHOTTER:-overlayfs} \
		HP_CONTRACT_LIBEXEC=$HP_CONTRACT/../../src/keeper run "$program"
	[ "$status" = 0 ] && grep -q '^ok' <<<"$output" || {
		grep -v '^ok' <<<"$output" >&2
		return 1
	}
}

@test "the contract holds with runc" {
	contract runc
}

@test "the contract holds with crun" {
	contract crun
}
