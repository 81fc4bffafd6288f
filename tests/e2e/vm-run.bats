#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-run.bats - containers in machines of their own, run by ctr and by harpoon: what the container sees.
load vm

setup_file() { vm_up; }
teardown_file() { vm_down; }

# field NAME: a field of /proc/self/status in the last output.
field() { sed -n "s/^$1:[[:space:]]*//p" <<<"$output"; }

@test "hello, from a kernel of its own" {
	expect 0 vm -- sh -c 'echo hello; uname -r; cat /proc/1/comm'
	[ "${lines[0]}" = hello ]
	[ "${lines[1]}" != "$(uname -r)" ]
	# The shell has become the last command or not, but nothing else is there.
	[[ ${lines[2]} == sh || ${lines[2]} == cat ]]
}

@test "exit codes" {
	local code
	for code in 0 1 42 126 127 137 255; do
		expect $code vm -- sh -c "exit $code"
	done
}

@test "a program that is not there, or is none: docker's words, and nothing is left" {
	expect 1 vm -- /no/such
	has 'no such file or directory'
	expect 1 vm -- nosuch
	has 'executable file not found in $PATH'
	expect 1 vm -- /etc/passwd
	has 'permission denied'
	expect 127 vmh -- nosuch
	expect 126 vmh -- /etc/passwd
	[ -z "$(ctr tasks ls -q)" ]
}

@test "a working directory that is no directory is named" {
	run vm --cwd /etc/passwd -- true
	[ "$status" != 0 ]
	has /etc/passwd
}

@test "signals reach the container's init by number and by name" {
	local n
	vm_start sig -- sh -c '
		for n in $(seq 1 64); do
			case $n in 9 | 17 | 19 | 32 | 33) continue ;; esac
			trap "echo got $n" $n
		done
		trap "echo got 15; exit 15" 15
		echo ready
		while :; do sleep 0.02; done'
	until_ok 10 logged sig ready
	for n in 1 2 3 10 12 18 28 34 50 64; do
		ctr tasks kill -s $n sig
		until_ok 5 logged sig "got $n"
	done
	ctr tasks kill -s SIGTERM sig
	expect 0 harpoon wait sig
	[ "$output" = 15 ]
}

@test "SIGKILL ends it with 137, whatever it ignores" {
	vm_start deaf -- sh -c 'trap "" TERM INT; echo ready; while :; do sleep 1; done'
	until_ok 10 logged deaf ready
	ctr tasks kill -s 15 deaf
	ctr tasks kill -s 9 deaf
	expect 0 harpoon wait deaf
	[ "$output" = 137 ]
}

@test "arguments, environment and working directory arrive as they were given" {
	expect 0 vm --env "A=x  y" --env EMPTY= --env 'Q="$HOME"' --cwd /tmp -- \
		sh -c 'echo "$A|$EMPTY|$Q|$PWD"; printf "<%s>" "$@"' sh 'a b' '' 'ü' $'new\nline'
	[ "$output" = $'x  y||"$HOME"|/tmp\n<a b><><ü><new\nline>' ]
}

@test "user, groups, capabilities, limits and no_new_privs" {
	expect 0 vmh --user app --ulimit nofile=123:456 --cap-drop ALL --cap-add NET_BIND_SERVICE \
		--security-opt no-new-privileges -- \
		sh -c 'id; ulimit -Sn; ulimit -Hn; cat /proc/self/status'
	has 'uid=1000(app)' 'gid=1001(app)' '50(staff)' $'\n123\n456\n'
	[ "$(field CapBnd)" = 0000000000000400 ]
	[ "$(field NoNewPrivs)" = 1 ]
	expect 0 vm -- cat /proc/self/status
	[ "$(field CapEff)" = "$(field CapPrm)" ]
	[ "$(field CapEff)" = 00000000a80425fb ]
}

@test "a spec of one's own: umask, oom_score_adj, host name, groups, a root by path" {
	"$E2E_LIB/rootfs" "$E2E/rootfs"
	ctr oci spec | jq --arg root "$E2E/rootfs" '.root = {path: $root, readonly: true}
		| .hostname = "ship" | .process.umask = null | .process.user = {uid: 7, gid: 8,
		  additionalGids: [9, 10], umask: 63} | .process.oomScoreAdj = 321
		| .linux.sysctl = {"kernel.msgmax": "4096", "net.ipv4.ip_forward": "1"}
		| .process.env = ["PATH=/bin"] | .process.args = ["sh", "-c", "hostname; id -u; id -g; id -G; umask;
		   cat /proc/self/oom_score_adj /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward;
		   touch /x 2>&1"]' >"$E2E/spec.json"
	run ctr run --rm --runtime "$VM_RUNTIME" --config "$E2E/spec.json" own
	[ "$status" = 1 ]
	has $'ship\n7\n8\n8 9 10\n0077\n321\n4096\n1\n' 'Read-only file system'
	rm -rf "$E2E/rootfs"
}

@test "a read-only root; /proc and /sys are masked; /dev has what it shall" {
	expect 1 vm --read-only -- touch /file
	has Read-only
	expect 0 vm -- sh -c 'ls /dev; cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c
		touch /sys/x 2>&1; (echo 1 >/proc/sys/kernel/panic) 2>&1
		echo x >/dev/full 2>&1 || echo full; head -c 4 /dev/zero | wc -c; readlink /dev/fd
		test -c /dev/ptmx && echo ptmx; df -t tmpfs /dev/shm | wc -l'
	has fd full null ptmx pts random shm stderr stdin stdout tty urandom zero
	has $'\n0\n' /proc/self/fd 'Read-only'
}

@test "seccomp: the default profile, one's own, and death by it" {
	expect 0 vm --seccomp -- cat /proc/self/status
	[ "$(field Seccomp)" = 2 ]
	expect 0 vm -- cat /proc/self/status
	[ "$(field Seccomp)" = 0 ]
	run vm --seccomp -- unshare -U true
	[ "$status" != 0 ]
	has 'not permitted'
	cat >"$BATS_TEST_TMPDIR/p.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		  {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
		  {"names": ["chroot"], "action": "SCMP_ACT_KILL_PROCESS"}]}
	END
	expect 31 vmh --security-opt "seccomp=$BATS_TEST_TMPDIR/p.json" -- \
		sh -c 'mkdir /d; chroot /; exit $(($? - 128))'
	has 'Permission denied'
}

@test "devices: one of the spec is there and works" {
	expect 0 vmh --device /dev/null:/dev/nothing -- \
		sh -c 'test -c /dev/nothing && cat /dev/nothing && echo x >/dev/nothing && echo fine'
	[ "$output" = fine ]
	expect 0 vm --privileged -- sh -c 'mount -t tmpfs none /tmp && echo mounted'
	[ "$output" = mounted ]
}

@test "a directory of the host, writable: changes show on both sides" {
	local dir=$BATS_TEST_TMPDIR/shared
	mkdir -p "$dir/sub"
	echo one >"$dir/file"
	expect 0 vm --mount "type=bind,src=$dir,dst=/data,options=rbind:rw" -- \
		sh -c 'cat /data/file; echo two >/data/sub/answer; mv /data/file /data/moved; chown 12:34 /data/moved
			ln -s moved /data/link; mkfifo /data/fifo; chmod 4711 /data/moved'
	[ "$output" = one ]
	[ "$(cat "$dir/sub/answer")" = two ]
	[ "$(stat -c '%u %g %a' "$dir/moved")" = '12 34 4711' ]
	[ "$(readlink "$dir/link")" = moved ]
	[ -p "$dir/fifo" ]
}

@test "what the host changes in a volume is seen in the container soon" {
	local dir=$BATS_TEST_TMPDIR/live
	mkdir "$dir"
	echo old >"$dir/file"
	vm_start live -v "$dir:/data" -- sh -c 'cat /data/file; while ! grep -q new /data/file; do sleep 0.1; done
		until test -e /data/later; do sleep 0.1; done; ls /data; echo seen'
	until_ok 10 logged live old
	echo new >"$dir/file.tmp"
	mv "$dir/file.tmp" "$dir/file"
	touch "$dir/later"
	until_ok 8 logged live seen
	expect 0 harpoon logs live
	has $'file\nlater\nseen'
}

@test "read-only volumes, a single file, a volume in a volume" {
	local dir=$BATS_TEST_TMPDIR/ro
	mkdir -p "$dir/in"
	echo text >"$dir/file"
	expect 0 vm --mount "type=bind,src=$dir,dst=/ro,options=rbind:ro" \
		--mount "type=bind,src=$dir/file,dst=/etc/one,options=bind:ro" \
		--mount "type=bind,src=$dir/file,dst=/etc/two,options=bind:rw" \
		--mount "type=bind,src=$dir/in,dst=/ro/in,options=rbind:rw" -- \
		sh -c 'cat /ro/file /etc/one; touch /ro/x 2>&1; echo y 2>&1 >/etc/one; touch /ro/in/x && echo more >>/etc/two
			rm /etc/one 2>&1; cat /etc/one'
	has $'text\ntext\n' 'Read-only' $'text\nmore'
	[ "$(grep -c 'Read-only' <<<"$output")" = 2 ]
	[ "$(cat "$dir/file")" = $'text\nmore' ]
	[ -e "$dir/in/x" ] && [ ! -e "$dir/x" ]
}

@test "tmpfs has the size that it was given, and nothing of it is on the host" {
	expect 0 vmh --tmpfs /t:size=64k,mode=700 -- \
		sh -c 'grep " /t " /proc/mounts; stat -c %a /t; head -c 100k /dev/zero 2>/dev/null >/t/f; wc -c </t/f'
	has tmpfs size=64k 700 65536
}

@test "over its memory it is killed, and events say so" {
	ctr events >"$BATS_TEST_TMPDIR/events" 3>&- &
	local pid=$!
	sleep 0.3
	expect 137 vm --memory-limit 33554432 -- tail -c 190m /dev/zero
	until_ok 5 grep -q /tasks/oom "$BATS_TEST_TMPDIR/events"
	until_ok 5 grep -q '/tasks/exit.*137' "$BATS_TEST_TMPDIR/events"
	kill $pid
}

@test "limits of processes and of CPU time hold" {
	run vmh --pids-limit 6 -- sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 0.2 & done; wait'
	has fork
	# A fifth of a processor: half a second of work takes over a second.
	expect 0 vmh --cpus 0.2 -- sh -c 'read a b </proc/uptime; i=0
		while [ "$(cut -d. -f1 /proc/uptime)" -lt $((${a%.*} + 3)) ]; do i=$((i + 1)); done
		awk "{ print (\$14 + \$15) / 100 < 1.5 ? \"throttled\" : \"free\", \$14 + \$15 }" /proc/self/stat
		cat /proc/$$/stat | awk "{ print (\$14 + \$15 + \$16 + \$17) < 150 ? \"throttled\" : \"free\" }"'
	[[ ${lines[1]} == throttled ]]
}

@test "clones are not alike: clock, entropy, identity" {
	local now
	expect 0 vm -- sh -c 'date +%s; cat /proc/sys/kernel/random/boot_id; head -c 16 /dev/urandom | md5sum'
	now=$(date +%s)
	local first=("${lines[@]}")
	[ $((now - lines[0])) -le 2 ] && [ $((lines[0] - now)) -le 1 ]
	expect 0 vm -- sh -c 'date +%s; cat /proc/sys/kernel/random/boot_id; head -c 16 /dev/urandom | md5sum'
	[ "${lines[2]}" != "${first[2]}" ]
	[ "${lines[1]}" != "${first[1]}" ]
}

@test "the network namespace has loopback, up, and no more" {
	expect 0 vm -- sh -c 'ls /sys/class/net; ip addr show lo; ping -c 1 -W 2 127.0.0.1'
	[ "${lines[0]}" = lo ]
	has UP 127.0.0.1 '0% packet loss'
}

@test "processes are in namespaces of their own, and orphans are reaped" {
	expect 0 vm -- sh -c 'ls -d /proc/[0-9]* | wc -l; (sleep 0.1 & exit 0); sleep 0.4
		grep -l "^State:.Z" /proc/[0-9]*/status; echo end'
	[ "${lines[0]}" -le 4 ]
	[ "${lines[${#lines[@]} - 1]}" = end ]
}

@test "the native snapshotter, and a root that is a directory" {
	expect 0 vm --snapshotter native -- sh -c 'echo native >/file; cat /file'
	[ "$output" = native ]
	"$E2E_LIB/rootfs" "$E2E/rootfs"
	expect 0 ctr run --rm --runtime "$VM_RUNTIME" --rootfs "$E2E/rootfs" dir /bin/sh -c 'echo dir >/file; /bin/cat /file'
	[ "$output" = dir ]
	[ "$(cat "$E2E/rootfs/file")" = dir ]
	rm -rf "$E2E/rootfs"
}

@test "a name of 76 characters" {
	local name
	name=$(printf 'n%.0s' {1..76})
	expect 0 ctr run --rm --runtime "$VM_RUNTIME" "$IMG" "$name" echo long
	[ "$output" = long ]
}
