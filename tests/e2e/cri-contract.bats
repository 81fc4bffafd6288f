#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# cri-contract.bats - the engine contract suite, unchanged, against the CRI plugin of a real containerd.
load cri

setup_file() {
	export BATS_TEST_TIMEOUT=600
	cri_up
}
teardown_file() { cri_down; }

@test "the contract holds on CRI" {
	local program=${HP_CONTRACT:?is the folder of the contract suite}/engine-contract
	HP_CONTRACT_ENGINE=cri HP_CONTRACT_ADDRESS=$CONTAINERD_ADDRESS HP_CONTRACT_IMAGE=$IMG \
		run "$program"
	[ "$status" = 0 ] && grep -q '^ok' <<<"$output" || {
		grep -v '^ok' <<<"$output" >&2
		return 1
	}
}
