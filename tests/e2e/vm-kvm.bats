#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-kvm.bats - machines by KVM. Few hosts of tests have one that works, so all of it happens once in a
# machine that does, see kvm-lab; the tests look at what was said there.
load vm

# The lab has a containerd of its own; nothing of it is on this host.
teardown() { :; }

setup_file() {
	export KVM_LAB_SECONDS=480 LAB=$BATS_FILE_TMPDIR/said
	processes >"$BATS_FILE_TMPDIR/before"
	cat >"$BATS_FILE_TMPDIR/script" <<-'END'
		said() { sed "s/^/$1: /"; }
		mkdir -p /etc/harpoon
		echo '{"accel": "auto", "memory": "512m", "warm": 1}' >/etc/harpoon/vm.json
		containerd >/tmp/log 2>&1 &
		harpoon vm template build 2>&1 | said build
		echo "$(cat /run/harpoon/vm/host.json)" | said host
		harpoon vm template ls | said templates
		export CONTAINERD_NAMESPACE=lab
		harpoon import /lab/rootfs.tar localhost/busybox:latest >/dev/null 2>&1
		set -- --runtime io.containerd.harpoon.v1 localhost/busybox:latest
		ctr run -d "$@" box sh -c 'i=0; while sleep 0.1; do i=$((i + 1)); echo $i >/count; done'
		harpoon vm ls --format '{{.ID}} {{.Status}} {{.Origin}} {{.Accel}}' | said list
		wc -l </sys/fs/cgroup/lab/box/cgroup.procs | said cgroup
		grep -c '[1-9]' /sys/fs/cgroup/lab/box/memory.current | said cgroup
		ctr task exec --exec-id one box sh -c 'echo $((6 * 7)); uname -r; exit 3' 2>&1 | said exec
		ctr task exec --exec-id two box sh -c 'exit 3' 2>/dev/null
		echo "exec status: $?"
		ps -o user,args | grep '[q]emu-system' | said vmm
		ctr task pause box
		ctr task ls | said paused
		ctr task resume box
		ctr task exec --exec-id three box cat /count | said before
		sleep 3
		ctr task exec --exec-id four box cat /count | said after
		ctr task kill -s KILL box
		harpoon wait box | said killed
		ctr container rm box
		ctr run --rm "$@" once sh -c 'exit 7'
		echo "run status: $?"
		ctr run --rm "$@" twice sh -c 'echo $0 to you' hello 2>&1 | said run
		# The next one is made when the host has been left alone for a moment.
		for i in 1 2 3 4 5 6; do
			sleep 5
			ctr run -d --null-io "$@" warm$i sleep 1000
			origin=$(harpoon vm ls --format '{{.Origin}} {{.Accel}}')
			[ "${origin% *}" != warm ] || ctr task exec --exec-id five warm$i date +%s | said clock
			[ "${origin% *}" != warm ] || date +%s | said clock
			ctr task kill -s KILL warm$i
			harpoon rm -f warm$i
			[ "${origin% *}" != warm ] || break
		done
		echo "origin: $origin"
		echo '{"memory": "512m"}' >/etc/harpoon/vm.json
		# Nobody wants machines that stand ready any more.
		for i in 1 2 3 4 5 6 7 8 9 10; do
			! ps -o args | grep -q '[q]emu-system' || sleep 1
		done
		ps -o args | grep '[q]emu-system' | said left
		find /sys/fs/cgroup/lab -mindepth 1 -type d | said left
		grep -o 'accel=[a-z]* origin=[a-z]*' /tmp/log | said log
	END
	"$E2E_LIB/kvm-lab" "$VM_TREE" "$BATS_FILE_TMPDIR/script" >"$LAB" 2>"$BATS_FILE_TMPDIR/errors" || {
		cat "$LAB" "$BATS_FILE_TMPDIR/errors" >&2
		return 1
	}
}

# The lab's processes on this host.
processes() { pgrep -f '^qemu-system-x86_64 .*/hp-lab\.' | sort; }

# said ABOUT: what the lab's script said about it.
said() { sed -n "s/^$1: //p" "$LAB"; }

# is ABOUT TEXT: it is this, and nothing else.
is() {
	[ "$(said "$1")" = "$2" ] || {
		printf '%s is not "%s" in:\n' "$1" "$2" >&2
		cat "$LAB" >&2
		return 1
	}
}

@test "the probe says that KVM works" {
	[[ $(said host | tr -d ' ,') == *$'"kvm":true\n"kvm_why":""\n'* ]]
}

@test "a template is made by KVM" {
	run said build
	[[ ${lines[-1]} =~ ^[0-9a-f]{16}$ ]]
	[[ $(said templates | tail -n 1) =~ ^${lines[-1]}\ .*\ kvm\ +512 ]]
}

@test "a container runs in its clone" {
	is list 'box running clone kvm'
	[[ $(said log) == 'accel=kvm origin=clone'* ]]
	! said log | grep -v '^accel=kvm origin='
	[[ $(said vmm) == *'65534 '*' -accel kvm -cpu host '* ]]
}

@test "its processes are in its cgroup, of version 2, and are counted there" {
	is cgroup $'3\n1'
}

@test "an exec in it" {
	[ "$(said exec | head -n 1)" = 42 ]
	[[ $(said exec | tail -n 1) == *-cloud-amd64 ]]
	is 'exec status' 3
}

@test "it is paused and goes on" {
	[[ $(said paused | tail -n 1) == box*PAUSED* ]]
	[ "$(said after)" -gt "$(said before)" ]
}

@test "it is killed, and others run" {
	is killed 137
	is 'run status' 7
	is run 'hello to you'
}

@test "a machine stands ready, and its clock does not show it" {
	local clock
	is origin 'warm kvm'
	mapfile -t clock < <(said clock)
	[ $((clock[1] - clock[0])) -le 20 ]
	[ $((clock[1] - clock[0])) -ge 0 ]
}

@test "nothing is left, there and here" {
	is left ''
	diff "$BATS_FILE_TMPDIR/before" <(processes)
	! compgen -G '/tmp/hp-lab.*'
}
