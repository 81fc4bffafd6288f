#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-task.bats - what containerd asks of a task beside running it: states, limits, figures, events,
# restarts, and what is in its snapshot afterwards.
load vm

setup_file() { vm_up; }
teardown_file() { vm_down; }

task_is() { ctr tasks ls | grep -q "^$1 .*$2"; }

# ticks NAME: how many lines it has written.
ticks() { harpoon logs "$1" | wc -l; }

@test "pause stops it, resume lets it go on with the right time" {
	local n m
	vm_start p -- sh -c 'while :; do date +%s; sleep 0.05; done'
	until_ok 10 sh -c '[ $(harpoon logs p | wc -l) -gt 3 ]'
	ctr tasks pause p
	task_is p PAUSED
	state_is p paused
	sleep 0.2
	n=$(ticks p)
	sleep 2.2
	[ "$(ticks p)" = "$n" ]
	expect 1 ctr tasks exec --exec-id no p true
	# What is answered from memory needs no guest.
	under 1 ctr tasks ps p
	ctr tasks resume p
	task_is p RUNNING
	until_ok 5 sh -c "[ \$(harpoon logs p | wc -l) -gt $((n + 10)) ]"
	m=$(harpoon logs --tail 1 p)
	[ $(($(date +%s) - m)) -le 1 ]
	expect 0 ctr tasks exec --exec-id yes p true
}

@test "a paused container is killed, and pausing what cannot be is refused" {
	vm_box k
	ctr tasks pause k
	expect 1 ctr tasks pause k
	ctr tasks kill -s 9 k
	until_ok 6 task_is k STOPPED
	expect 1 ctr tasks pause k
	expect 1 ctr tasks resume k
	expect 1 ctr tasks kill k
	expect 0 harpoon wait k
	[ "$output" = 137 ]
}

@test "stop asks, waits, and kills" {
	vm_start asks -- sh -c 'trap "exit 12" TERM; echo ready; while :; do sleep 0.05; done'
	until_ok 10 logged asks ready
	harpoon stop asks
	expect 0 harpoon wait asks
	[ "$output" = 12 ]
	vm_start deaf -- sh -c 'trap "" TERM; echo ready; while :; do sleep 1; done'
	until_ok 10 logged deaf ready
	under 7 harpoon stop -t 1 deaf
	expect 0 harpoon wait deaf
	[ "$output" = 137 ]
}

@test "ls, ps, inspect: the process is there, in the container's network namespace" {
	local pid
	vm_box here
	pid=$(pid_of here)
	[ -d "/proc/$pid" ]
	[ "$(ctr tasks ls | sed -n 's/^here  *\([0-9]*\) .*/\1/p')" = "$pid" ]
	ctr tasks ps here | grep -q "^$pid "
	[ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]
	[ "$(nsenter -t "$pid" -n ls /sys/class/net | head -n 1)" != "" ]
	expect 0 harpoon top here || expect 0 ctr tasks ps here
}

@test "figures: memory and CPU time of the container" {
	vm_start busy --memory 64m -- sh -c 'head -c 8m /dev/zero >/dev/shm/x; i=0
		while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo ready; sleep 100'
	until_ok 20 logged busy ready
	expect 0 ctr tasks metrics busy
	[[ $output == *memory* ]] || [[ $output == *usage* ]]
	expect 0 harpoon stats --no-stream --format json busy
	[ "$(ctr tasks metrics --format json busy | grep -c .)" -gt 0 ]
	expect 0 harpoon stats --no-stream busy
	has 64MiB
}

@test "update: more memory is there at once, less processor time too" {
	vm_start grow --memory 24m --memory-swap 24m -- \
		sh -c 'while :; do read x <"/tmp/go" && break; sleep 0.1; done 2>/dev/null; dd if=/dev/zero bs=40M count=1 2>/dev/null | wc -c'
	harpoon update --memory 128m --memory-swap 128m grow
	harpoon exec grow sh -c 'echo x >/tmp/go'
	expect 0 harpoon wait grow
	[ "$output" = 0 ]
	logged grow 41943040
}

@test "events come in order: create, start, exec's, exit, delete" {
	ctr events >"$BATS_TEST_TMPDIR/ev" 3>&- &
	local pid=$! got
	sleep 0.3
	vm_start ev -- sh -c 'sleep 1.2; exit 6'
	ctr tasks exec --exec-id one ev sh -c 'exit 4' || true
	harpoon wait ev
	harpoon rm ev
	until_ok 5 grep -q /tasks/delete "$BATS_TEST_TMPDIR/ev"
	kill $pid
	got=$(grep -o '/tasks/[a-z-]*' "$BATS_TEST_TMPDIR/ev" | xargs)
	[ "$got" = '/tasks/create /tasks/start /tasks/exec-added /tasks/exec-started /tasks/exit /tasks/exit /tasks/delete' ] || {
		echo "$got" >&2
		return 1
	}
	[ "$(grep -c '"exit_status":[46]' "$BATS_TEST_TMPDIR/ev")" -ge 2 ]
}

@test "an exit at once has its start before it" {
	ctr events >"$BATS_TEST_TMPDIR/ev" 3>&- &
	local pid=$!
	sleep 0.3
	vm -- true
	until_ok 5 grep -q /tasks/delete "$BATS_TEST_TMPDIR/ev"
	kill $pid
	[ "$(grep -o '/tasks/[a-z]*' "$BATS_TEST_TMPDIR/ev" | xargs)" = \
		'/tasks/create /tasks/start /tasks/exit /tasks/delete' ]
}

@test "a container that has ended keeps its status until it is deleted" {
	vm_start kept -- sh -c 'exit 23'
	expect 0 harpoon wait kept
	[ "$output" = 23 ]
	expect 0 harpoon wait kept
	[ "$output" = 23 ]
	task_is kept STOPPED
	expect 0 harpoon start kept
	expect 0 harpoon wait kept
	[ "$output" = 23 ]
}

@test "the daemon is killed and comes back: containers go on, exits are not lost" {
	local pid
	vm_start on -- sh -c 'i=0; while :; do i=$((i + 1)); echo tick $i; sleep 0.2; done'
	vm_start off -- sh -c 'sleep 1.5; exit 33'
	pid=$(pid_of on)
	daemon_stop KILL
	sleep 2
	daemon_start
	[ "$(pid_of on)" = "$pid" ]
	task_is on RUNNING
	task_is off STOPPED
	expect 0 harpoon wait off
	[ "$output" = 33 ]
	[ "$(harpoon exec on echo alive)" = alive ]
	local n
	n=$(ticks on)
	until_ok 5 sh -c "[ \$(harpoon logs on | wc -l) -gt $n ]"
	ctr tasks pause on
	daemon_stop TERM
	daemon_start
	task_is on PAUSED
	ctr tasks resume on
	ctr tasks kill -s 9 on
	until_ok 5 task_is on STOPPED
	expect 0 harpoon wait on
	[ "$output" = 137 ]
	harpoon rm on off
}

# changes RUNTIME: what a container of it leaves in its snapshot, one line a member of the layer.
changes() {
	local id=d$RANDOM ref=r$RANDOM
	ctr run --runtime "$1" "$IMG" "$id" sh -c '
		set -e
		mkdir -p /new/deep /opq; echo text >/new/deep/file; chmod 4750 /new/deep/file; chown 11:22 /new/deep/file
		ln /new/deep/file /new/hard; ln -s deep/file /new/soft; mkfifo -m 600 /new/fifo
		mknod -m 640 /new/null c 1 3; head -c 9k /dev/zero >/new/zeros
		echo app2:x:7:7::/: >>/etc/passwd; rm /etc/group; mv /etc/passwd /etc/passwd2
		rm -r /home; mkdir /home; echo h >/home/fresh; chmod 700 /var; touch -d 2020-02-02 /tmp/dated; rm -r /sys || :' \
		>/dev/null 2>&1
	ctr snapshots diff --ref "$ref" "$id" | gzip -dc 2>/dev/null | tar --numeric-owner -tvf - |
		sed -E 's/20[0-9]{2}-[0-9-]+ [0-9]{2}:[0-9]{2}/DATE/; s/^(.*)DATE/\1/' | sort
	ctr containers rm "$id" >&2
}

@test "what it changed is in its snapshot, as with runc" {
	changes io.containerd.runc.v2 >"$BATS_TEST_TMPDIR/want"
	changes "$VM_RUNTIME" >"$BATS_TEST_TMPDIR/got"
	grep -q new/deep/file "$BATS_TEST_TMPDIR/want"
	grep -q '\.wh\.group' "$BATS_TEST_TMPDIR/want"
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" >&2
}

@test "written data is on the host when the container has ended" {
	local dir=$BATS_TEST_TMPDIR/data
	mkdir "$dir"
	vmh -v "$dir:/data" -- sh -c 'head -c 3m /dev/urandom | tee /data/file | sha256sum >/data/sum'
	[ "$(sha256sum <"$dir/file")" = "$(cat "$dir/sum")" ]
}
