#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# options.bats - each option of run, observed from inside the container or in the kernel's files.
load helper

setup_file() { e2e_up; }
teardown_file() { e2e_down; }

# inside OPTION... -- COMMAND...: run with options, take the output.
inside() {
	local opts=()
	while [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	expect 0 harpoon run --rm "${opts[@]}" "$IMG" "$@"
}

# limited NAME OPTION...: start a container that waits.
limited() {
	local name=$1
	shift
	harpoon run -d --name "$name" "$@" "$IMG" sleep 60 >/dev/null
}

# field NAME: a field of /proc/self/status in the last output.
field() {
	sed -n "s/^$1:[[:space:]]*//p" <<<"$output"
}

@test "--workdir, also one that does not exist yet" {
	inside -w /tmp -- pwd
	[ "$output" = /tmp ]
	inside --workdir /made/for/it -- pwd
	[ "$output" = /made/for/it ]
}

@test "--user by name, number and with a group" {
	inside --user app -- id
	has 'uid=1000(app)' 'gid=1001(app)' '50(staff)'
	inside -u 12:34 -- id
	has uid=12 gid=34
	inside -u app:staff -- id -g
	[ "$output" = 50 ]
}

@test "--hostname" {
	inside --hostname ship -- hostname
	[ "$output" = ship ]
}

@test "--label, also without a value, and --annotation" {
	limited lab --label a=1 --label b=two --label empty --annotation k=v
	expect 0 harpoon inspect -f '{{.Config.Labels.empty}}' lab
	[ -z "$output" ]
	expect 0 harpoon ps -q --filter label=empty
	[ ${#lines[@]} = 1 ]
	expect 0 harpoon inspect lab
	[ "$(jq -r '.[0].Config.Labels.a' <<<"$output")" = 1 ]
	[ "$(jq -r '.[0].Config.Labels.b' <<<"$output")" = two ]
	expect 0 harpoon ps -q --filter label=a=1
	[ ${#lines[@]} = 1 ]
	expect 0 harpoon ps -q --filter label=a=2
	[ -z "$output" ]
	[ "$(ctr containers info lab | jq -r .Spec.annotations.k)" = v ]
	harpoon rm -f lab
}

@test "--volume: a host folder, read-only, and made when it is missing" {
	echo hello >"$BATS_TEST_TMPDIR/file"
	inside -v "$BATS_TEST_TMPDIR:/data" -- sh -c 'cat /data/file; echo back >/data/answer'
	[ "$output" = hello ]
	[ "$(cat "$BATS_TEST_TMPDIR/answer")" = back ]
	expect 1 harpoon run --rm -v "$BATS_TEST_TMPDIR:/data:ro" "$IMG" touch /data/no
	has Read-only
	inside -v "$BATS_TEST_TMPDIR/new/dir:/data" -- true
	[ -d "$BATS_TEST_TMPDIR/new/dir" ]
}

@test "--volume: a named volume keeps what it holds" {
	inside -v keep:/v -- sh -c 'echo kept >/v/f'
	inside -v keep:/v -- cat /v/f
	[ "$output" = kept ]
	[ "$(find "$E2E/data" -path '*/keep/*' -name f -exec cat {} +)" = kept ]
}

@test "--mount: bind, tmpfs, and refused when the source is missing" {
	inside --mount "type=bind,source=$BATS_TEST_TMPDIR,target=/m,readonly" -- grep ' /m ' /proc/mounts
	has ro,
	inside --mount type=tmpfs,target=/t -- grep ' /t ' /proc/mounts
	has tmpfs
	expect 125 harpoon run --rm --mount type=bind,source=/no/such,target=/m "$IMG" true
	has /no/such
	expect 125 harpoon run --rm --mount type=wrong,target=/m "$IMG" true
	has wrong
}

@test "--tmpfs with options" {
	inside --tmpfs /t:size=64k,mode=700 -- grep ' /t ' /proc/mounts
	has tmpfs size=64k mode=700
}

@test "--device: the node is there and usable; others are not" {
	inside --device /dev/loop-control -- sh -c 'test -c /dev/loop-control && : </dev/loop-control' ||
		inside --device /dev/kmsg -- sh -c 'test -c /dev/kmsg'
	inside --device /dev/null:/dev/nothing:r -- sh -c 'test -c /dev/nothing && cat /dev/nothing'
	expect 1 harpoon run --rm "$IMG" sh -c 'mknod /tmp/k c 1 11 && cat </tmp/k'
	expect 125 harpoon run --rm --device /dev/no-such "$IMG" true
}

@test "--memory and --memory-swap" {
	limited mem --memory 64m --memory-swap 64m
	[ "$(cgroup_file mem memory memory.limit_in_bytes memory.max)" = 67108864 ]
	harpoon rm -f mem
}

@test "a container over its memory is killed by the kernel, and events say so" {
	harpoon events --format json >"$BATS_TEST_TMPDIR/events" &
	local pid=$!
	sleep 0.3
	run harpoon run --name oom --memory 16m --memory-swap 16m "$IMG" tail -c 190m /dev/zero
	[ "$status" = 137 ]
	expect 0 harpoon inspect oom
	[ "$(jq '.[0].State.OOMKilled' <<<"$output")" = true ]
	[ "$(jq -r '.[0].State.ExitCode' <<<"$output")" = 137 ]
	until_ok 10 grep -q '"oom"' "$BATS_TEST_TMPDIR/events"
	kill $pid
	harpoon rm oom
}

@test "--cpus, --cpu-shares, --cpuset-cpus, --pids-limit" {
	limited cpu --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 --pids-limit 33
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		[ "$(cgroup_file cpu cpu - cpu.max)" = "50000 100000" ]
		[ "$(cgroup_file cpu cpu - cpu.weight)" = 20 ]
	else
		[ "$(cgroup_file cpu cpu cpu.cfs_quota_us -)" = 50000 ]
		[ "$(cgroup_file cpu cpu cpu.cfs_period_us -)" = 100000 ]
		[ "$(cgroup_file cpu cpu cpu.shares -)" = 512 ]
	fi
	[ "$(cgroup_file cpu cpuset cpuset.cpus cpuset.cpus)" = 0 ]
	[ "$(cgroup_file cpu pids pids.max pids.max)" = 33 ]
	harpoon rm -f cpu
}

@test "--pids-limit stops a container that forks without end" {
	run harpoon run --rm --pids-limit 8 "$IMG" \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done; wait'
	has fork
}

@test "--ulimit" {
	inside --ulimit nofile=123:456 -- sh -c 'ulimit -Sn; ulimit -Hn'
	[ "$output" = $'123\n456' ]
	expect 125 harpoon run --rm --ulimit nothing=1 "$IMG" true
	has nothing
}

@test "--sysctl" {
	inside --sysctl kernel.msgmax=4096 -- cat /proc/sys/kernel/msgmax
	[ "$output" = 4096 ]
}

@test "--cap-add and --cap-drop" {
	inside -- cat /proc/self/status
	[ "$(field CapEff)" = 00000000a80425fb ]
	inside --cap-drop ALL --cap-add NET_BIND_SERVICE -- cat /proc/self/status
	[ "$(field CapEff)" = 0000000000000400 ]
	inside --cap-add CAP_SYS_TIME -- cat /proc/self/status
	[ "$(field CapEff)" = 00000000aa0425fb ]
	expect 125 harpoon run --rm --cap-add NO_SUCH "$IMG" true
	has NO_SUCH
}

@test "--privileged: all capabilities, no seccomp, the host's devices" {
	inside --privileged -- cat /proc/self/status
	[ "$(field CapEff)" = "$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)" ]
	[ "$(field Seccomp)" = 0 ]
	inside --privileged -- sh -c 'test -c /dev/kmsg && mount -t tmpfs none /tmp && echo mounted'
	[ "$output" = mounted ]
}

@test "--read-only" {
	expect 1 harpoon run --rm --read-only "$IMG" touch /file
	has Read-only
	inside --read-only --tmpfs /t -- touch /t/file
}

@test "--security-opt: seccomp by default, unconfined, a profile; no-new-privileges" {
	inside -- cat /proc/self/status
	[ "$(field Seccomp)" = 2 ]
	inside --security-opt seccomp=unconfined -- cat /proc/self/status
	[ "$(field Seccomp)" = 0 ]
	inside --security-opt no-new-privileges -- cat /proc/self/status
	[ "$(field NoNewPrivs)" = 1 ]
	cat >"$BATS_TEST_TMPDIR/p.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls":
		  [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
	END
	expect 1 harpoon run --rm --security-opt "seccomp=$BATS_TEST_TMPDIR/p.json" "$IMG" mkdir /d
	has 'not permitted'
	expect 0 harpoon run --rm --security-opt apparmor=unconfined "$IMG" true
	expect 125 harpoon run --rm --security-opt seccomp=/no/such.json "$IMG" true
	expect 125 harpoon run --rm --security-opt wrong=1 "$IMG" true
}

@test "the default seccomp profile refuses what docker's refuses" {
	expect 1 harpoon run --rm "$IMG" unshare -U true
	has 'not permitted'
}

@test "--network none has loopback only, host has the host's" {
	inside -- sh -c 'ls /sys/class/net'
	[ "$output" = lo ]
	inside --network none -- sh -c 'ip addr show lo'
	has 'UP' 127.0.0.1
	inside --network host -- readlink /proc/self/ns/net
	[ "$output" = "$(readlink /proc/self/ns/net)" ]
	expect 125 harpoon run --rm --network bridge "$IMG" true
	has bridge
}

@test "--network container:NAME and ns:PATH join what is there" {
	local pid
	harpoon run -d --name first "$IMG" sleep 1000 >/dev/null
	pid=$(pid_of first)
	inside --network container:first -- readlink /proc/self/ns/net
	[ "$output" = "$(readlink "/proc/$pid/ns/net")" ]
	inside --network "ns:/proc/$pid/ns/net" -- readlink /proc/self/ns/net
	[ "$output" = "$(readlink "/proc/$pid/ns/net")" ]
	expect 125 harpoon run --rm --network container:nobody "$IMG" true
	has nobody
	expect 125 harpoon run --rm --network ns:/no/such/file "$IMG" true
	has /no/such/file
	harpoon kill first
	expect 125 harpoon run --rm --network container:first "$IMG" true
	has 'does not run'
	[ "$(harpoon ps -aq | wc -l)" = 1 ]
}

@test "--pid, --ipc and --uts of the host" {
	local kind
	for kind in pid ipc uts; do
		inside "--$kind" host -- readlink "/proc/self/ns/$kind"
		[ "$output" = "$(readlink "/proc/self/ns/$kind")" ]
		inside -- readlink "/proc/self/ns/$kind"
		[ "$output" != "$(readlink "/proc/self/ns/$kind")" ]
	done
}

@test "--runtime crun, and one that does not exist" {
	inside --runtime crun -- echo by crun
	[ "$output" = "by crun" ]
	expect 125 harpoon run --rm --runtime io.containerd.nothing.v9 "$IMG" true
	has nothing
}

@test "--snapshotter native" {
	inside --snapshotter native -- echo native
	[ "$output" = native ]
	expect 125 harpoon run --rm --snapshotter no-such "$IMG" true
	has no-such
}

@test "--stop-signal and --stop-timeout" {
	harpoon run -d --name stop --stop-signal USR2 --stop-timeout 30 "$IMG" \
		sh -c 'trap "exit 12" USR2; echo ready; while :; do sleep 0.1; done' >/dev/null
	until_ok 10 sh -c 'harpoon logs stop | grep -q ready'
	harpoon stop stop
	expect 0 harpoon wait stop
	[ "$output" = 12 ]
	harpoon rm stop
	harpoon run -d --name deaf --stop-timeout 1 "$IMG" sh -c 'trap "" TERM; sleep 60' >/dev/null
	SECONDS=0
	harpoon stop deaf
	[ $SECONDS -ge 1 ] && [ $SECONDS -lt 8 ]
	expect 0 harpoon wait deaf
	[ "$output" = 137 ]
	harpoon rm deaf
}

@test "--log-driver none keeps nothing" {
	harpoon run -d --name quiet --log-driver none "$IMG" echo hush >/dev/null
	harpoon wait quiet
	expect 1 harpoon logs quiet
	has 'keeps no log'
	harpoon rm quiet
	expect 125 harpoon run --log-driver syslog "$IMG" true
}

@test "--init reaps orphans and forwards signals" {
	harpoon run -d --name ini --init "$IMG" sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done' >/dev/null
	until_ok 10 sh -c 'harpoon logs ini | grep -q ready'
	expect 0 harpoon exec ini sh -c 'tr "\0" " " </proc/1/cmdline'
	[[ $output != sh* ]]
	harpoon exec ini sh -c 'sleep 0.2 & exit 0'
	sleep 0.6
	expect 1 harpoon exec ini sh -c 'grep -l "^State:.Z" /proc/[0-9]*/status'
	harpoon stop -t 20 ini
	expect 0 harpoon wait ini
	[ "$output" = 5 ]
	harpoon rm ini
}

@test "/proc and /sys are masked, /dev has docker's nodes" {
	inside -- sh -c 'ls /dev'
	has full null ptmx pts random shm tty urandom zero
	inside -- sh -c 'cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c'
	[ "$output" = 0 ]
	inside -- sh -c 'touch /sys/x 2>&1 || :'
	has Read-only
	inside -- sh -c '(echo 1 >/proc/sys/kernel/panic) 2>&1 || :'
	has Read-only
}
