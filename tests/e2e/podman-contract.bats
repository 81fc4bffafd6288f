#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# podman-contract.bats - the engine contract suite, unchanged, against a real podman service.
load podman

setup_file() {
	export BATS_TEST_TIMEOUT=600
	podman_up
}
teardown_file() { podman_down; }

@test "the contract holds on podman" {
	local program=${HP_CONTRACT:?is the folder of the contract suite}/engine-contract
	HP_CONTRACT_ENGINE=podman HP_CONTRACT_ADDRESS=$E2E/p.sock HP_CONTRACT_IMAGE=$IMG \
		run "$program"
	[ "$status" = 0 ] && grep -q '^ok' <<<"$output" || {
		grep -v '^ok' <<<"$output" >&2
		return 1
	}
}
