#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-cli.bats - harpoon vm: what it shows of machines, what it does in them, and templates.
load vm

setup_file() {
	# Machines boot here, on hosts of any speed.
	export BATS_TEST_TIMEOUT=180
	vm_up
	vm_start web -- sleep 3600
	ctr run -d --null-io --runtime "$VM_RUNTIME" "$IMG" other sleep 3600
}
teardown_file() { vm_down; }

# The machines are for all of these tests.
teardown() { :; }

# id_of NAME
id_of() { harpoon ps -q --no-trunc --filter "name=$1"; }

@test "ls: a row for each machine, as a table, as JSON, by a template" {
	expect 0 harpoon vm ls
	[ ${#lines[@]} = 3 ]
	[[ ${lines[0]} =~ ^NAMESPACE\ +CONTAINER\ +STATUS\ +START\ +BY\ +KERNEL\ +MEMORY\ +CPUS\ +SHIM\ +VMM ]]
	expect 0 harpoon vm ls --format json
	jq -es 'map(select(.ID == "other" and .Status == "running" and .CPUs == 1)) | length == 1' <<<"$output"
	expect 0 harpoon vm ls --format '{{.ID}} {{.VmmPid}}'
	has "other $(vm_machine_of other)" "$(id_of web) $(vm_machine_of "$(id_of web)")"
	expect 0 harpoon --namespace nobody vm ls --format json
	[ -z "$output" ]
}

@test "a machine is found by an id, the beginning of one, and a name" {
	local id
	id=$(id_of web)
	expect 0 harpoon vm timings "$id"
	expect 0 harpoon vm timings "${id:0:10}"
	expect 0 harpoon vm timings web
	expect 0 harpoon vm timings other
	expect 1 harpoon vm timings nothing
	has "no container 'nothing' runs in a machine of its own"
	expect 1 harpoon --namespace nobody vm timings web
	# No containerd is asked where none is needed.
	expect 0 harpoon --address /nowhere vm timings "$id"
	expect 2 harpoon vm timings
}

@test "timings: phases in milliseconds, the last is the start" {
	expect 0 harpoon vm timings web
	[[ ${lines[0]} =~ ^\ +MS\ +PHASE$ ]]
	[[ ${lines[-1]} =~ ^\ +[0-9]+\.[0-9]{2}\ +started$ ]]
}

@test "console: what the kernel said" {
	expect 0 harpoon vm console web
	expect 0 harpoon vm console --kernel web
	has 'Linux version'
}

@test "debug: a program beside the container, with its status" {
	expect 3 harpoon vm debug web /run/harpoon/shares/rootfs/bin/busybox sh -c 'echo "$$ $(ls /run/harpoon/shares)"; exit 3'
	has rootfs
	expect 0 harpoon vm debug other <<<'echo from $0'
	has 'from sh'
	expect 125 harpoon vm debug web /no/such
	has 'no such file'
	expect 125 harpoon vm debug nothing
}

@test "templates: made once, listed, removed" {
	local key
	vm_config "{state_dir: \"$E2E/state.vm\", memory: \"1g\"}"
	expect 0 harpoon vm template ls
	[ ${#lines[@]} = 1 ]
	expect 0 harpoon vm template build --quiet -m 130m
	key=$output
	[[ $key =~ ^[0-9a-f]{16}$ ]]
	expect 0 harpoon vm template build -m 130m
	[ "${lines[-1]}" = "$key" ]
	[[ $output != *booting* ]]
	expect 0 harpoon vm template ls
	[[ ${lines[1]} =~ ^$key\ .*\ 130\.0\ MiB\ +1\ +yes ]]
	expect 1 harpoon vm template rm 0123456789abcdef
	expect 2 harpoon vm template rm
	expect 0 harpoon vm template rm "$key"
	[ "$output" = "$key" ]
	expect 0 harpoon vm template rm --all
	[ -z "$output" ]
	rm -r "$E2E/state.vm"
	vm_config
}

@test "settings that are changed count at once, and those that are wrong are named" {
	vm_config '{memory: "256m"}'
	expect 0 vm -- sh -c 'awk "/MemTotal/ { exit !(\$2 < 262144) }" /proc/meminfo'
	vm_config '{memory: "1m"}'
	expect 1 vm -- true
	has "'memory' is 1048576"
	expect 1 harpoon vm template ls
	has "'memory' is 1048576"
	vm_config
	expect 0 vm -- sh -c 'awk "/MemTotal/ { exit !(\$2 > 262144) }" /proc/meminfo'
}
