#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-validate.bats - what any runtime must pass: validate's lifecycle and cycles, and the contract.
load vm

setup_file() {
	export BATS_TEST_TIMEOUT=300
	vm_up
}
teardown_file() { vm_down; }

@test "validate passes, with a hundred cycles" {
	run --separate-stderr harpoon validate --runtime "$VM_RUNTIME" --json --cycles 100
	jq -e '.pass == true' <<<"$output" >/dev/null || {
		printf '%s\n%s\n' "$output" "$stderr" >&2
		return 1
	}
	[ "$status" = 0 ]
}

@test "the contract of engines holds" {
	local program=${HP_CONTRACT:?is the folder of the contract suite}/engine-contract
	HP_CONTRACT_ENGINE=containerd HP_CONTRACT_ADDRESS=$CONTAINERD_ADDRESS \
		HP_CONTRACT_IMAGE=$IMG HP_CONTRACT_RUNTIME=$VM_RUNTIME \
		HP_CONTRACT_SNAPSHOTTER=${CONTAINERD_SNAPSHOTTER:-overlayfs} \
		HP_CONTRACT_LIBEXEC=$HP_CONTRACT/../../src/keeper run "$program"
	grep -q '^ok' <<<"$output"
	[ "$status" = 0 ] || {
		grep -v '^ok' <<<"$output" >&2
		return 1
	}
}
