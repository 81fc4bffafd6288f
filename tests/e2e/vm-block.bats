#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-block.bats - roots that are images or block devices: the machine has them as its disk, the host
# mounts none of them. By containerd's snapshotter blockfile, which 1.6 does not have.
load vm

setup_file() {
	# shellcheck disable=SC2154 # set by helper.bash
	if "${CONTAINERD_BIN:-/usr/bin}/containerd" --version | grep -q ' v\?1\.6\.'; then
		CONTAINERD_BIN=$("$E2E_LIB/fetch-containerd" 1.7)
		export CONTAINERD_BIN
	fi
	export CONTAINERD_SNAPSHOTTER=blockfile
	e2e_up block_prepare
	harpoon vm template build --quiet --disk rw >/dev/null
}

block_prepare() {
	vm_prepare
	truncate -s 64M "$E2E/scratch.img"
	mkfs.ext4 -q "$E2E/scratch.img"
	cat >"$E2E/config.toml" <<-END
		version = 2
		root = "$E2E/root"
		state = "$E2E/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime",
		  "io.containerd.cri.v1.images", "io.containerd.snapshotter.v1.devmapper"]
		[grpc]
		  address = "$CONTAINERD_ADDRESS"
		[plugins."io.containerd.snapshotter.v1.blockfile"]
		  scratch_file = "$E2E/scratch.img"
		  fs_type = "ext4"
		  mount_options = []
	END
}

teardown_file() { vm_down; }

# image_of ID: the file that is the container's root.
image_of() {
	ctr snapshots mounts /m "$1" | grep -o "$E2E/root/[^ ]*blockfile/snapshots/[0-9]*" | head -n 1
}

# on_image FILE COMMAND...: run it in the image, mounted on the host, read-only.
on_image() {
	local at=$E2E/at rc=0
	mkdir -p "$at"
	mount -o loop,ro "$1" "$at"
	(cd "$at" && "${@:2}") || rc=$?
	umount "$at"
	return $rc
}

# clean IMAGE: its file system was unmounted, and has nothing wrong.
clean() { e2fsck -fn "$1" >&2 && ! dumpe2fs -h "$1" 2>/dev/null | grep -q needs_recovery; }

# blk NAME [OPTION...] -- COMMAND...: in the background; its output goes to $E2E/log.NAME.
blk() {
	local name=$1 opts=()
	shift
	while [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	rm -f "$E2E/log.$name"
	ctr run -d --log-uri "file://$E2E/log.$name" --runtime "$VM_RUNTIME" "${opts[@]}" "$IMG" "$name" "$@"
}

task_is() { ctr tasks ls | grep -q "^$1 .*$2"; }

# ended NAME: wait until it has.
ended() { until_ok 20 task_is "$1" STOPPED; }

said() { grep -qF -- "$2" "$E2E/log.$1"; }

in_it() { ctr tasks exec --exec-id "x$RANDOM$RANDOM" "$@"; }

teardown() {
	local id
	for id in $(ctr tasks ls -q); do ctr tasks rm -f "$id" || true; done
	for id in $(ctr containers ls -q); do ctr containers rm "$id" || true; done
}

@test "a container on an image: the root is the machine's disk" {
	expect 0 vm -- sh -c 'grep " / " /proc/mounts; cat /etc/group; uname -r'
	has "/dev/vda / ext4 rw" root
	[[ $output != *"$(uname -r)"* ]]
	expect 1 grep -F "$E2E/root" /proc/mounts
	expect 0 losetup -a
	[[ $output != *"$E2E"* ]]
}

@test "what it writes is in the image, whole and clean, when it has ended" {
	local image sum
	blk w -- sh -c 'head -c 9m /dev/urandom >/big; sha256sum </big; mkdir /d; ln -s x /d/l
		echo hidden >/d/f; chown 11:22 /d/f; chmod 4750 /d/f; rm /etc/group'
	ended w
	image=$(image_of w)
	[ -f "$image" ]
	clean "$image"
	sum=$(cat "$E2E/log.w")
	[ "$(on_image "$image" sha256sum big | cut -d' ' -f1)" = "${sum%% *}" ]
	[ "$(on_image "$image" stat -c '%a %u %g' d/f)" = '4750 11 22' ]
	[ "$(on_image "$image" readlink d/l)" = x ]
	expect 1 on_image "$image" test -e etc/group
}

@test "exec works, a volume as well, and processes see each other's files" {
	local dir=$BATS_TEST_TMPDIR/v
	mkdir "$dir"
	blk e --mount "type=bind,src=$dir,dst=/v,options=rbind:rw" -- sleep 100
	expect 0 in_it e sh -c 'echo a >/a; echo b >/v/b; cat /a'
	[ "$output" = a ]
	expect 0 in_it e cat /a
	[ "$output" = a ]
	[ "$(cat "$dir/b")" = b ]
	expect 0 in_it e sh -c 'head -c 5m /dev/zero >/x && sync && rm /x'
	ctr tasks kill -s 9 e
	ended e
	clean "$(image_of e)"
}

@test "a container starts again on what it has left" {
	blk again -- sh -c 'n=$(cat /n 2>/dev/null || echo 0); echo $((n + 1)) | tee /n'
	ended again
	ctr tasks rm again
	expect 0 ctr tasks start again
	[ "$output" = 2 ]
}

@test "a killed machine leaves an image that the next one recovers" {
	blk dies -- sh -c 'if [ -f /kept ]; then cat /kept; exit; fi
		echo kept >/kept; sync; echo ready; while :; do echo x >>/loop; done'
	until_ok 10 said dies ready
	kill -KILL "$(vm_machine_of dies)"
	ended dies
	ctr tasks rm dies
	expect 0 ctr tasks start dies
	[ "$output" = kept ]
	clean "$(image_of dies)"
}

@test "containerd's diff sees what has changed" {
	ctr run --runtime "$VM_RUNTIME" "$IMG" d1 sh -c 'mkdir /new; echo text >/new/f; rm /etc/group'
	ctr snapshots diff --ref r1 d1 | gzip -dc >"$E2E/diff.tar"
	tar -tf "$E2E/diff.tar" | grep -qx new/f
	tar -tf "$E2E/diff.tar" | grep -qx etc/.wh.group
	[ "$(tar -xOf "$E2E/diff.tar" new/f)" = text ]
	rm "$E2E/diff.tar"
}

@test "what was committed is there in the next snapshot" {
	ctr run --runtime "$VM_RUNTIME" "$IMG" c1 sh -c 'echo from-c1 >/mark'
	ctr snapshots commit done1 c1
	ctr snapshots prepare next1 done1 >/dev/null
	[ "$(on_image "$(image_of next1)" cat mark)" = from-c1 ]
	ctr containers rm c1
	ctr snapshots rm next1
	ctr snapshots rm done1
}

@test "an image with no such file system: the cause and the remedy in a line" {
	local image
	ctr containers create --runtime "$VM_RUNTIME" "$IMG" broken true
	image=$(image_of broken)
	head -c 64m /dev/urandom >"$image"
	expect 1 ctr tasks start broken
	[ "$(grep -c . <<<"$output")" = 1 ]
	has "$image" "no file system 'ext4' on it" 'fsck.ext4'
	rm "$image"
	expect 1 ctr tasks start broken
	has "$image" 'No such file'
	[ -z "$(ctr tasks ls -q)" ]
	[ -z "$(vm_machines)" ]
}

@test "an image that another machine writes to is refused" {
	local image
	blk one -- sleep 100
	image=$(image_of one)
	ctr containers create --runtime "$VM_RUNTIME" "$IMG" two true
	ln -f "$image" "$(image_of two)"
	expect 1 ctr tasks start two
	has "$(image_of two)" "another machine uses it"
	expect 0 in_it one sh -c 'echo alive >/x; cat /x'
	[ "$output" = alive ]
	ctr tasks kill -s 9 one
	ended one
	clean "$image"
}

@test "the descriptor that QEMU has is all it has of the image" {
	local pid
	blk fd -- sleep 100
	pid=$(vm_machine_of fd)
	tr '\0' '\n' <"/proc/$pid/cmdline" >"$E2E/words"
	grep -q 'filename=/dev/fdset/' "$E2E/words"
	expect 1 grep -F "$E2E/root" "$E2E/words"
	[ "$(stat -c %u "/proc/$pid")" != 0 ]
	expect 0 sh -c "readlink /proc/$pid/fd/*"
	has "$(image_of fd)"
	rm "$E2E/words"
}
