#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-contract.bats - the machines' contract suite, unchanged, against QEMU with a kernel.
load vm

setup_file() {
	export BATS_TEST_TIMEOUT=300
	vm_up
}
teardown_file() { vm_down; }

@test "the contract of machines holds with QEMU" {
	HP_CONTRACT_VMM=qemu run "$VM_TREE/tests/contract/vmm-contract"
	[ "$status" = 0 ] || {
		echo "$output" >&2
		return 1
	}
}
