#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-errors.bats - what is missing, broken or killed: the cause and the remedy in a line, nothing left.
load vm

setup_file() { vm_up; }
teardown_file() { vm_down; }
teardown() {
	vm_config
	harpoon ps -aq | xargs -r harpoon rm -f >/dev/null
}

task_is() { ctr tasks ls | grep -q "^$1 .*$2"; }

# refused TEXT...: a run fails, with these words in one line, within ten seconds; nothing is left.
refused() {
	local line text
	run timeout 10 ctr run --rm --runtime "$VM_RUNTIME" "$IMG" refused true
	[ "$status" = 1 ] || {
		printf 'ended with %s: %s\n' "$status" "$output" >&2
		return 1
	}
	line=$(grep -F -- "$1" <<<"$output" | head -n 1)
	for text; do
		[[ $line == *"$text"* ]] || {
			printf 'no "%s" in the line of "%s":\n%s\n' "$text" "$1" "$output" >&2
			return 1
		}
	done
	[ -z "$(ctr tasks ls -q)" ]
	[ -z "$(ctr containers ls -q)" ]
	! ls "$E2E"/state/io.containerd.runtime.v2.task/*/refused 2>/dev/null || return 1
	[ -z "$(vm_machines)" ]
}

@test "no kernel" {
	vm_config '{kernel: "/no/such/vmlinuz"}'
	refused /no/such/vmlinuz
}

@test "a kernel that is none" {
	head -c 100k /dev/urandom >"$E2E/junk"
	vm_config "{kernel: \"$E2E/junk\", state_dir: \"$E2E/state-dir\"}"
	refused "$E2E/junk" modules vm.json
	vm_config "{kernel: \"$E2E/junk\", state_dir: \"$E2E/state-dir\",
		modules: \"$(find /var/lib/harpoon/kernel/*/lib/modules -maxdepth 1 -mindepth 1 | head -n 1)\"}"
	refused "$E2E/junk" bzImage
	vm_pool_stop
	rm -rf "$E2E/junk" "$E2E/state-dir"
}

@test "no QEMU" {
	vm_config '{qemu: "/no/such/qemu"}'
	refused /no/such/qemu 'apt-get install qemu-system'
	vm_config '{qemu: "no-such-qemu"}'
	refused no-such-qemu 'apt-get install qemu-system'
}

@test "a QEMU that ends at once: its own words are told" {
	printf '#!/bin/sh\necho "qemu: the moon is wrong" >&2\nexit 1\n' >"$E2E/qemu-odd"
	chmod 755 "$E2E/qemu-odd"
	vm_config "{qemu: \"$E2E/qemu-odd\", state_dir: \"$E2E/state-dir\"}"
	refused 'the moon is wrong'
	vm_pool_stop
	rm -rf "$E2E/qemu-odd" "$E2E/state-dir"
}

@test "no init for the guest" {
	vm_config '{init: "/no/such/init"}'
	refused /no/such/init
}

@test "settings that are wrong name the file and the word" {
	echo '{"colour": "red"}' >"$E2E/vm.json"
	refused vm.json colour
	echo 'no json' >"$E2E/vm.json"
	refused vm.json
	echo '{"memory": "lots"}' >"$E2E/vm.json"
	refused vm.json memory
	echo '{"accel": "magic"}' >"$E2E/vm.json"
	refused vm.json magic
}

@test "a broken template is made anew, or done without" {
	local file copy
	vm -- true
	until_ok 60 sh -c "ls '$HP_VM_STATE'/templates/*/memory"
	mkdir "$E2E/state-dir"
	cp -r --sparse=always "$HP_VM_STATE"/. "$E2E/state-dir"
	vm_pool_stop
	# Cut one file, fill the other with noise.
	find "$E2E/state-dir/templates" -name memory -exec truncate -s 1M {} +
	for file in "$E2E"/state-dir/templates/*/state; do
		[ -f "$file" ]
		head -c 50k /dev/urandom >"$file"
	done
	vm_config "{state_dir: \"$E2E/state-dir\"}"
	expect 0 timeout 40 ctr run --rm --runtime "$VM_RUNTIME" "$IMG" mended echo fine
	has fine
	vm_pool_stop
	# The state alone: it loads into no machine.
	for file in "$HP_VM_STATE"/templates/*/; do
		copy=$E2E/state-dir/templates/$(basename "$file")
		rm -rf "$copy"
		cp -r --sparse=always "$file" "$copy"
		head -c 50k /dev/urandom >"$copy/state"
	done
	run timeout 50 ctr run --rm --runtime "$VM_RUNTIME" "$IMG" mended echo fine
	vm_pool_stop
	rm -rf "$E2E/state-dir"
	[ "$status" = 0 ]
	has fine
}

@test "a state directory that cannot be written: the directory is named, or it works without" {
	vm_pool_stop
	touch "$E2E/file"
	vm_config "{state_dir: \"$E2E/file/dir\"}"
	refused "$E2E/file"
	vm_pool_stop
	rm "$E2E/file"
}

@test "a root that is not there" {
	expect 1 ctr run --rm --runtime "$VM_RUNTIME" --rootfs /no/such/root noroot true
	has /no/such/root
	[ -z "$(ctr tasks ls -q)" ]
}

@test "a root without anything in it" {
	mkdir "$E2E/empty"
	expect 1 ctr run --rm --runtime "$VM_RUNTIME" --rootfs "$E2E/empty" emptyroot /bin/true
	has 'no such file'
	[ -z "$(ctr tasks ls -q)" ]
	rm -rf "$E2E/empty"
}

@test "a volume that is not there is named" {
	expect 1 vm --mount type=bind,src=/no/such/volume,dst=/v,options=rbind:ro -- true
	has /no/such/volume
	[ -z "$(ctr tasks ls -q)" ]
}

@test "the guest's kernel panics: the container has ended, its last words are in the log" {
	vm_start panic --privileged -- sh -c "echo up; sleep 0.3; $PANIC; sleep 60" "$(uname -r)"
	expect 0 timeout 15 harpoon wait panic
	[ "$output" = 137 ] || [ "$output" = 255 ]
	task_is panic STOPPED
	logged panic up
	grep -q -i 'panic' "$E2E/log"
	[ -z "$(vm_machines)" ]
	harpoon rm panic
}

@test "QEMU is killed: the container has ended, and says so at once" {
	ctr events >"$BATS_TEST_TMPDIR/ev" 3>&- &
	local pid=$!
	sleep 0.3
	vm_box q
	kill -KILL "$(vm_machine_of q)"
	expect 0 timeout 5 harpoon wait q
	[ "$output" = 137 ] || [ "$output" = 255 ]
	until_ok 5 grep -q /tasks/exit "$BATS_TEST_TMPDIR/ev"
	kill $pid
	expect 1 ctr tasks exec --exec-id e q true
	harpoon rm q
}

@test "QEMU is killed while a client waits for an exec: both end" {
	local rc=0
	vm_box q
	ctr tasks exec --exec-id e q sh -c 'echo up; sleep 60' >"$BATS_TEST_TMPDIR/o" 3>&- &
	local pid=$!
	until_ok 10 grep -q up "$BATS_TEST_TMPDIR/o"
	kill -KILL "$(vm_machine_of q)"
	wait $pid || rc=$?
	[ $rc != 0 ]
	expect 0 timeout 5 harpoon wait q
	harpoon rm q
}

@test "QEMU stands still: state is answered, and kill -9 works within five seconds" {
	vm_box still
	kill -STOP "$(vm_machine_of still)"
	under 1 ctr tasks ls
	task_is still RUNNING
	under 5 sh -c 'ctr tasks kill -s 9 still; timeout 5 harpoon wait still'
	task_is still STOPPED
	under 5 harpoon rm still
}

@test "the shim is killed: containerd notices, nothing of it is left" {
	local shim machine
	vm_box s
	shim=$(vm_shim_of s)
	machine=$(vm_machine_of s)
	timeout 20 harpoon wait s >"$BATS_TEST_TMPDIR/status" 2>&1 3>&- &
	local pid=$!
	sleep 0.3
	kill -KILL "$shim"
	until_ok 5 sh -c "! kill -0 $machine"
	# Who waits is told, whether containerd has noticed the end or the loss first.
	wait $pid || true
	grep -qxE '137|255|.*the shim of .s. was killed.*' "$BATS_TEST_TMPDIR/status"
	harpoon rm -f s
	[ -z "$(vm_of_us 'containerd-shim-*')" ]
	[ -z "$(vm_machines)" ]
}

@test "the file server is killed: the container ends, and is removed" {
	local server
	vm_box f
	server=$(pid_of f)
	kill -KILL "$server"
	expect 0 timeout 10 harpoon wait f
	[ "$output" = 137 ] || [ "$output" = 255 ]
	under 5 harpoon rm f
}

@test "the container's first process is killed from outside of it, in the guest" {
	vm_box in
	expect 0 timeout 20 harpoon vm debug in sh -c true || true
	ctr tasks kill -s 9 in
	expect 0 timeout 10 harpoon wait in
	[ "$output" = 137 ]
	harpoon rm in
}

@test "memory that the host does not have" {
	vm_config '{memory: "512g"}'
	run timeout 60 ctr run --rm --runtime "$VM_RUNTIME" "$IMG" huge true
	[ "$status" = 0 ] || has memory
	[ -z "$(ctr tasks ls -q)" ]
	find "$HP_VM_STATE/templates" -name memory -size +100G -exec dirname {} + | xargs -r rm -rf
}
