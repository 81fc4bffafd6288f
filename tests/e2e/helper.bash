# shellcheck shell=bash
# shellcheck disable=SC2119,SC2120,SC2154 # bats sets status and output; arguments come from tests
# SPDX-License-Identifier: Apache-2.0
# helper.bash - a private containerd for one file of tests, and the proof that nothing of it is left.
#
# From outside: HARPOON is the program to test; CONTAINERD_BIN the folder of containerd's programs
# (the system's without it). Every test may take BATS_TEST_TIMEOUT seconds.
bats_require_minimum_version 1.5.0
BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-60}
E2E_LIB=${BATS_TEST_DIRNAME:?}/../lib
export IMG=localhost/busybox:latest

# e2e_up [COMMAND...]: start the daemon, put `harpoon` in PATH, import the image. Call it in
# setup_file. COMMAND prepares what the daemon shall find when it starts.
e2e_up() {
	local bin=${CONTAINERD_BIN:-/usr/bin}
	: "${HARPOON:?is the program to test}"
	# A socket's path may have 107 bytes only, so stay short.
	E2E=$(mktemp -d /tmp/hpe2e.XXXXXX)
	E2E_PATH=$PATH
	mkdir "$E2E/bin"
	printf '#!/bin/sh\nexec 3>&-\nexec %q --data-root %q --state-root %q "$@"\n' \
		"$HARPOON" "$E2E/data" "$E2E/hp" >"$E2E/bin/harpoon"
	chmod -R go+rX "$E2E" && chmod +x "$E2E/bin/harpoon"
	PATH=$E2E/bin:$bin:$PATH
	CONTAINERD_ADDRESS=$E2E/c.sock
	CONTAINERD_NAMESPACE=t$RANDOM$RANDOM
	export E2E E2E_LIB E2E_PATH PATH CONTAINERD_ADDRESS CONTAINERD_NAMESPACE
	stale_shim_sockets >"$E2E/stale.before"
	fifos_elsewhere >"$E2E/fifos.before"
	crun_for_hybrid
	"$@"
	daemon_start
	"$E2E_LIB/rootfs" "$E2E/rootfs.tar"
	# Each file imports anew: cheap, and a broken import shows everywhere.
	harpoon import "$E2E/rootfs.tar" "$IMG" >/dev/null
}

# After each test: what a failed one left may not make the next one fail.
teardown() {
	harpoon ps -aq | xargs -r harpoon rm -f >/dev/null
}

# crun refuses cgroups where version 2 has controllers beside version 1. Where a host is made so,
# let it see version 1 only, in a mount namespace of its own.
crun_for_hybrid() {
	grep -q . /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null || return 0
	printf '#!/bin/sh\nexec unshare -m sh -c %s crun "$@"\n' \
		"'mount -t tmpfs none /sys/fs/cgroup/unified && exec /usr/bin/crun \"\$@\"'" >"$E2E/bin/crun"
	chmod +x "$E2E/bin/crun"
}

# e2e_down: remove all, and fail when something had been left or stays. Call it in teardown_file.
e2e_down() {
	local rc=0
	# A setup that failed at once has made nothing.
	[ -n "${E2E:-}" ] || return 1
	harpoon ps -aq | xargs -r harpoon rm -f -v >/dev/null || rc=1
	harpoon images --no-trunc -q | sort -u | xargs -r harpoon rmi -f >/dev/null || rc=1
	nothing_held || rc=1
	daemon_stop
	nothing_on_host || rc=1
	e2e_sweep
	return $rc
}

# daemon_start: containerd with its root, state and socket below $E2E.
daemon_start() {
	local i
	if [ ! -f "$E2E/config.toml" ]; then
		cat >"$E2E/config.toml" <<-END
			version = 2
			root = "${E2E_ROOT:-$E2E/root}"
			state = "$E2E/state"
			disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime",
			  "io.containerd.cri.v1.images", "io.containerd.snapshotter.v1.devmapper"]
			[grpc]
			  address = "$CONTAINERD_ADDRESS"
		END
	fi
	containerd -c "$E2E/config.toml" >>"$E2E/log" 2>&1 3>&- &
	echo $! >"$E2E/pid"
	disown
	for ((i = 0; i < 200; i++)); do
		ctr version >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "containerd did not come up:" >&2
	tail -n 20 "$E2E/log" >&2
	return 1
}

# daemon_stop [SIGNAL]: end the daemon, its shims stay.
daemon_stop() {
	local pid i
	pid=$(cat "$E2E/pid")
	kill -"${1:-TERM}" "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 200; i++)); do
		[ -d "/proc/$pid" ] && [ "$(proc_state "$pid")" != Z ] || return 0
		sleep 0.05
	done
	kill -KILL "$pid"
}

proc_state() {
	sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null
}

# The processes, each "PID COMMAND", that work for this daemon or for this program's state.
our_processes() {
	local p line
	for p in /proc/[0-9]*; do
		line=$({ tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null) || continue
		case $line in
		*"$E2E/"*) [ "${p#/proc/}" = "$(cat "$E2E/pid")" ] || case $line in
			*containerd-shim* | *harpoon*) echo "${p#/proc/} $line" ;;
			esac ;;
		esac
	done
}

# Sockets of shims that nobody listens on: containerd has one folder of them for all daemons.
stale_shim_sockets() {
	local s
	for s in /run/containerd/s/*; do
		[ -S "$s" ] && ! grep -qF "$s" /proc/net/unix && echo "$s"
	done
	return 0
}

# FIFOs where ctr and containerd's clients have them by default.
fifos_elsewhere() {
	find /run/containerd/fifo -type p 2>/dev/null || true
	return 0
}

# nothing_held: the daemon holds no container, task, snapshot, content, lease or image in the
# namespace. Containerd collects in the background, so give it a moment.
nothing_held() {
	local i left=
	for ((i = 0; i < 100; i++)); do
		left=$(what_is_held)
		[ -n "$left" ] || return 0
		sleep 0.1
	done
	printf 'left in containerd:\n%s\n' "$left" >&2
	return 1
}

what_is_held() {
	ctr containers ls -q
	ctr tasks ls -q
	ctr snapshots --snapshotter overlayfs ls | sed 1d
	ctr snapshots --snapshotter native ls | sed 1d
	ctr content ls -q
	ctr content active | sed 1d
	ctr leases ls -q
	ctr images ls -q
}

# nothing_on_host: no process, mount, socket, FIFO, cgroup or state file is left on the host.
nothing_on_host() {
	local end=$((SECONDS + 11)) left=
	while [ $SECONDS -lt $end ]; do
		left=$(what_is_on_host)
		[ -n "$left" ] || return 0
		sleep 0.1
	done
	printf 'left on the host:\n%s\n' "$left" >&2
	return 1
}

what_is_on_host() {
	our_processes
	grep -F " $E2E/" /proc/self/mountinfo | grep -vF "${E2E_MOUNT:- none }"
	find "$E2E/state" "$E2E/hp" \( -type s -o -type p \) ! -path "$E2E/state/*.ttrpc" 2>/dev/null
	find "$E2E/data" -type f ! -path '*/keep/*' ! -name '*.lock' 2>/dev/null
	find "$E2E/hp" -mindepth 3 2>/dev/null
	find /sys/fs/cgroup -type d -path "*/$CONTAINERD_NAMESPACE/*" 2>/dev/null
	stale_shim_sockets | comm -13 <(sort "$E2E/stale.before") <(stale_shim_sockets | sort)
	comm -13 <(sort "$E2E/fifos.before") <(fifos_elsewhere | sort)
	! declare -F vm_left >/dev/null || vm_left
	return 0
}

# e2e_sweep: end and remove all there may be, so that a failed test disturbs nobody.
e2e_sweep() {
	local pid rest m
	find /sys/fs/cgroup -path "*/$CONTAINERD_NAMESPACE/*" -name cgroup.procs -exec cat {} + \
		2>/dev/null | sort -u | xargs -r kill -KILL 2>/dev/null
	while read -r pid rest; do
		kill -KILL "$pid" 2>/dev/null
	done < <(our_processes)
	grep -F " $E2E/" /proc/self/mountinfo | cut -d' ' -f5 | sort -r | while read -r m; do
		umount -l "$m"
	done
	find /sys/fs/cgroup -depth -type d -path "*/$CONTAINERD_NAMESPACE*" -exec rmdir {} + \
		2>/dev/null
	stale_shim_sockets | sort | comm -13 <(sort "$E2E/stale.before") - | xargs -r rm -f
	rm -rf --one-file-system "$E2E"
}

# until_ok SECONDS COMMAND...: try again until it succeeds.
until_ok() {
	local end=$((SECONDS + $1 + 1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || {
			echo "never succeeded: $*" >&2
			return 1
		}
		sleep 0.05
	done
}

# state_is CONTAINER WORD, pid_of CONTAINER: what inspect says.
state_is() {
	[ "$(harpoon ps -a --filter "name=$1" --format json | jq -r .State)" = "$2" ]
}

pid_of() {
	harpoon inspect "$1" | jq -r '.[0].State.Pid'
}

# expect CODE COMMAND...: run it; fail with its output unless it ends with that status.
expect() {
	local code=$1
	shift
	run "-$code" "$@" || {
		printf 'from: %s\n%s\n' "$*" "$output" >&2
		return 1
	}
}

# has TEXT...: the output of the last run holds each TEXT.
has() {
	local text
	for text in "$@"; do
		[[ $output == *"$text"* ]] || {
			printf 'no "%s" in:\n%s\n' "$text" "$output" >&2
			return 1
		}
	done
}

# cgroup_file CONTAINER CONTROLLER FILE_V1 FILE_V2: print its limit as this host's cgroups say it.
cgroup_file() {
	local pid path
	pid=$(pid_of "$1")
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
		cat "/sys/fs/cgroup$path/$4"
	else
		path=$(sed -n "s/^[0-9]*:\([^:]*,\)\?$2\(,[^:]*\)\?://p" "/proc/$pid/cgroup")
		cat "/sys/fs/cgroup/$2$path/$3"
	fi
}
