#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker-contract.bats - the engine contract suite, unchanged, against a real dockerd.
load docker

setup_file() {
	export BATS_TEST_TIMEOUT=240
	docker_up
}
teardown_file() { docker_down; }

@test "the contract holds" {
	HP_CONTRACT_ENGINE=docker HP_CONTRACT_ADDRESS=$DOCKER_HOST HP_CONTRACT_IMAGE=$IMG \
		run "${HP_CONTRACT:?is the folder of the contract suite}/engine-contract"
	[ "$status" = 0 ] && grep -q '^ok' <<<"$output" || {
		grep -v '^ok' <<<"$output" >&2
		return 1
	}
}
