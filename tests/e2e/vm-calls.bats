#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-calls.bats - the task service over ttrpc, without containerd between: calls in odd orders, at odd
# moments, and bytes that are none.
load vm

setup_file() {
	vm_up
	export HP_SHIM ROOTFS=$E2E/rootfs
	"$E2E_LIB/rootfs" "$ROOTFS"
	harpoon vm template build --quiet --disk ro >/dev/null
}
teardown_file() { vm_down; }

calls() { PYTHONDONTWRITEBYTECODE=1 timeout 55 python3 "$E2E_LIB/task_calls.py" "$1" 3>&-; }

@test "a task that is deleted before it was started" { calls deleted_before_start; }
@test "CloseIO before Start" { calls input_closed_before_start; }
@test "ResizePty before Start" { calls size_before_start; }
@test "Kill before Start" { calls killed_before_start; }
@test "Exec before Create and Start, twice, waited for before it starts" { calls exec_out_of_turn; }
@test "Start twice, one after the other and at once" { calls started_once; }
@test "Wait by 400 on 20 connections" { calls waited_for_by_many; }
@test "State, Connect, Pids while the machine is paused" { calls answered_while_paused; }
@test "State, Connect, Pids while the machine is wedged" { calls answered_while_wedged; }
@test "Create on a wedged machine is given up by Delete" { calls created_while_wedged; }
@test "unknown fields, options, methods and services" { calls unknown_things; }
@test "task services v2 and v3 on one socket" { calls both_versions; }
@test "Checkpoint is not implemented" { calls checkpoint; }
@test "frames too large, broken, odd, and in pieces" { calls frames_that_are_odd; }
@test "more connections than it takes" { calls many_connections; }
@test "signals 1 to 64 to init and to all" { calls signals_to_init; }
@test "signals 1 to 64 to execs" { calls signals_to_execs; }
@test "exec beside a container's own cgroups with controllers" { calls exec_beside_controllers; }
@test "hooks of the host, in their order" { calls hooks_in_their_order; }
@test "Kill while poststart hooks run" { calls killed_while_hooks_run; }
@test "a read-only disk, for several machines" { calls read_only_disk; }
@test "calls of eight clients at once" { calls concurrent_calls; }
