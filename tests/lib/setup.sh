# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh - what quickstart and check both do before their own work: packages, build, host probes.

# shellcheck disable=SC2034 # those who read this file use them
HP_BUILD_PACKAGES=(
	gcc libc6-dev pkg-config meson ninja-build python3 libnghttp2-dev libprotobuf-c-dev
	protobuf-c-compiler libjson-c-dev libarchive-dev nettle-dev zlib1g-dev libzstd-dev
	libcmocka-dev libcurl4-gnutls-dev libpcre2-dev libseccomp-dev musl-tools
)
# shellcheck disable=SC2034
HP_RUN_PACKAGES=(
	containerd runc crun busybox-static ca-certificates libcurl4 libseccomp2
	"qemu-system-$(dpkg --print-architecture 2>/dev/null | sed 's/^arm64$/arm/; t; s/.*/x86/')"
)
# shellcheck disable=SC2034
HP_TEST_PACKAGES=(
	apache2-utils bats clang-format-14 codespell containernetworking-plugins curl docker-registry
	docker.io e2fsprogs iproute2 iptables jq libasan8 libubsan1 nftables openssl podman procps scdoc shellcheck stress-ng tini util-linux zstd
)

# setup_fail TEXT...: say what went wrong and what to do, and end.
setup_fail() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

setup_need_root() {
	[ "$(id -u)" = 0 ] || setup_fail "must be run as root: it installs packages, mounts and" \
		"starts containers. Try: sudo $0"
}

# setup_missing PACKAGE...: print those that are not installed.
setup_missing() {
	local p
	for p in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
			printf '%s\n' "$p"
	done
}

# setup_apt ARGS...: apt-get that waits for other users of its locks, and tries again.
setup_apt() {
	local try
	for try in 1 2 3 4; do
		DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 \
			-o Acquire::Retries=3 -o APT::Update::Post-Invoke-Success= "$@" \
			</dev/null && return 0
		[ "$try" = 4 ] || sleep $((try * 5))
	done
	return 1
}

# Debian's containerd starts a daemon when it is installed; ours is private, so forbid that.
setup_forbid_services() {
	[ ! -e /usr/sbin/policy-rc.d ] || return 0
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	SETUP_POLICY=/usr/sbin/policy-rc.d
}

setup_allow_services() {
	[ -z "${SETUP_POLICY:-}" ] || rm -f "$SETUP_POLICY"
	SETUP_POLICY=
}

# setup_packages LOG PACKAGE...: install what is missing, apt's words go to LOG.
setup_packages() {
	local log=$1 missing rc=0
	shift
	mapfile -t missing < <(setup_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || setup_fail "this is no Debian: install by hand: ${missing[*]}"
	# One broken source of the machine's must not end it, so only the install decides.
	setup_apt update >>"$log" 2>&1 || true
	trap setup_allow_services EXIT
	setup_forbid_services
	setup_apt install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 || rc=$?
	setup_allow_services
	trap - EXIT
	[ "$rc" = 0 ] || {
		tail -n 15 "$log" >&2
		setup_fail "apt-get could not install: ${missing[*]} (all of it: $log)"
	}
}

# setup_build SOURCE BUILD LOG TARGETS MESON_OPTION...: configure once, build; "all" for TARGETS
# is everything.
setup_build() {
	local source=$1 build=$2 log=$3 targets=$4
	shift 4
	[ -f "$build/build.ninja" ] || rm -rf "$build"
	[ -d "$build" ] || meson setup "$build" "$source" "$@" >>"$log" 2>&1 || {
		tail -n 25 "$log" >&2
		setup_fail "meson could not configure $build (all of it: $log)"
	}
	# shellcheck disable=SC2086 # several targets
	ninja -C "$build" $targets >>"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		setup_fail "the build in $build failed (all of it: $log)"
	}
}

# setup_overlay_works DIR: whether overlayfs can be mounted with its upper layer below DIR; it
# cannot on another overlayfs, as in a container.
setup_overlay_works() {
	local d rc=1
	mkdir -p "$1" && d=$(mktemp -d "$1/probe.XXXXXX") || return 1
	mkdir "$d/lower" "$d/upper" "$d/work" "$d/merged"
	if mount -t overlay overlay \
		-o "lowerdir=$d/lower,upperdir=$d/upper,workdir=$d/work" "$d/merged" 2>/dev/null; then
		umount "$d/merged" && rc=0
	fi
	rm -rf "$d"
	return $rc
}
