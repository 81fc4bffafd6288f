#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-posix.bats - what programs expect of files holds in a machine: only what the host's own overlayfs
# refuses may fail.
load vm

setup_file() {
	export PROBE=${HP_PROBE:-$VM_TREE/tests/probe/posix-probe}
	vm_up
	mkdir "$E2E/host" "$E2E/volume"
	"$PROBE" "$E2E/host" >"$E2E/plain.want" || true
	overlay_probe >"$E2E/overlay.want" || true
}
teardown_file() { vm_down; }

# overlay_probe: the same on an overlayfs of the host, in a mount namespace that goes with it.
overlay_probe() {
	mkdir "$E2E"/o{lower,upper,work,merged}
	# shellcheck disable=SC2016 # the inner shell's
	unshare -m sh -c 'mount -t overlay overlay \
		-o "lowerdir=$0/olower,upperdir=$0/oupper,workdir=$0/owork" "$0/omerged" &&
		"$PROBE" "$0/omerged"' "$E2E"
}

# refused FILE: the checks that failed, a name each.
refused() { sed -n 's/^not ok \([^ :]*\).*/\1/p' "$1" | sort; }

# no_worse WANT GOT [MORE]: what fails in GOT fails in WANT too, or MORE names it.
no_worse() {
	local extra
	grep -q '^ok' "$2"
	[ "$(grep -c . "$1")" = "$(grep -c . "$2")" ]
	extra=$(comm -13 <(refused "$1") <(refused "$2") | grep -vxE "${3:-none}" || true)
	[ -z "$extra" ] || {
		echo "fails in the machine only: $extra" >&2
		grep '^not ok' "$2" >&2
		return 1
	}
}

# probe_in OPTION...: run it in a machine on /t.
probe_in() {
	run vm --privileged --mount "type=bind,src=$PROBE,dst=/posix-probe,options=bind:ro" "$@" -- \
		sh -c 'mkdir -p /t && /posix-probe /t; rc=$?; rm -rf /t/posix-probe.*; exit $rc'
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/got"
}

@test "the root file system" {
	probe_in
	no_worse "$E2E/overlay.want" "$BATS_TEST_TMPDIR/got"
}

@test "a root file system by the native snapshotter" {
	probe_in --snapshotter native
	no_worse "$E2E/plain.want" "$BATS_TEST_TMPDIR/got" temporary-files
}

@test "a volume" {
	probe_in --mount "type=bind,src=$E2E/volume,dst=/t,options=rbind:rw"
	no_worse "$E2E/plain.want" "$BATS_TEST_TMPDIR/got" temporary-files
}

@test "nothing of it is left in the volume, and the host sees no strange files" {
	[ -z "$(find "$E2E/volume" -mindepth 1)" ]
}
