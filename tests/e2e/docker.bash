# shellcheck shell=bash
# shellcheck disable=SC2119,SC2120,SC2154 # bats sets status and output; arguments come from tests
# SPDX-License-Identifier: Apache-2.0
# docker.bash - a private dockerd for one file of tests, and the proof that nothing of it is left.
#
# From outside: HARPOON as in helper.bash; DOCKER_BIN, the folder of dockerd (/usr/sbin without it) and
# of the containerd, shim and runc that it starts. `harpoon` talks to this daemon without further words.
load helper

# docker_up [BRIDGE [COMMAND]]: start the daemon, put `harpoon` in PATH, bring the image in. Call it in setup_file.
# With the word "bridge" containers get a network of this daemon's own, with a bridge in the host's
# namespace and no firewall rule; without it they have the networks "none" and "host" only. With
# DOCKER_LIVE=true containers outlive the daemon.
docker_up() {
	: "${HARPOON:?is the program to test}"
	E2E=$(mktemp -d /tmp/hpdk.XXXXXX)
	E2E_PATH=$PATH
	mkdir "$E2E/bin"
	printf '#!/bin/sh\nexec 3>&-\nexec %q --data-root %q --state-root %q "$@"\n' \
		"$HARPOON" "$E2E/data" "$E2E/hp" >"$E2E/bin/harpoon"
	chmod -R go+rX "$E2E" && chmod +x "$E2E/bin/harpoon"
	PATH=$E2E/bin:${DOCKER_BIN:-/usr/sbin}:$PATH
	HARPOON_ENGINE=docker
	DOCKER_HOST=unix://$E2E/d.sock
	DOCKER_CONFIG=$E2E/config
	# Cgroups and the bridge are found again by it; a bridge's name has 15 letters at most.
	DOCKER_TAG=hpd$RANDOM$RANDOM
	export E2E E2E_LIB E2E_PATH PATH HARPOON_ENGINE DOCKER_HOST DOCKER_CONFIG DOCKER_TAG
	unset CONTAINERD_ADDRESS CONTAINERD_NAMESPACE DOCKER_TLS_VERIFY DOCKER_CERT_PATH
	stale_shim_sockets >"$E2E/stale.before"
	docker_config "${1:-none}"
	"${@:2}"
	dockerd_start
	"$E2E_LIB/rootfs" "$E2E/rootfs.tar"
	docker_image
}

# The image, by the daemon's own means.
docker_image() {
	docker_api POST "/images/create?fromSrc=-&repo=${IMG%:*}&tag=${IMG##*:}" \
		--upload-file "$E2E/rootfs.tar" | grep -q sha256:
}

# docker_api METHOD PATH [CURL_OPTION...]: a call of the daemon that is none of harpoon's.
docker_api() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 60 --unix-socket "$E2E/d.sock" -X "$method" "$@" "http://docker$path"
}

docker_config() {
	local network='"bridge": "none"' driver=overlay2
	[ "${CONTAINERD_SNAPSHOTTER:-}" != native ] || driver=vfs
	if [ "$1" = bridge ]; then
		docker_bridge
		network="\"bridge\": \"$DOCKER_TAG\""
	fi
	cat >"$E2E/daemon.json" <<-END
		{
		  "data-root": "$E2E/root", "exec-root": "$E2E/exec", "pidfile": "$E2E/d.pid",
		  "hosts": ["unix://$E2E/d.sock"], "cgroup-parent": "/$DOCKER_TAG",
		  "storage-driver": "$driver", $network,
		  "live-restore": ${DOCKER_LIVE:-false}, "iptables": false, "ip6tables": false, "ip-forward": false, "ip-masq": false,
		  "userland-proxy": false, "shutdown-timeout": 5,
		  "exec-opts": ["native.cgroupdriver=cgroupfs"]
		}
	END
}

# A bridge with a network that nobody else on this host has.
docker_bridge() {
	local net i
	for ((i = 0; i < 50; i++)); do
		net=10.$((RANDOM % 100 + 100)).$((RANDOM % 256))
		ip -4 route show to match "$net.1" | grep -vq ^default || break
	done
	ip link add "$DOCKER_TAG" type bridge
	ip addr add "$net.1/24" dev "$DOCKER_TAG"
	ip link set "$DOCKER_TAG" up
}

# dockerd_start [OPTION...]: the daemon with all it has below $E2E, its containerd too.
dockerd_start() {
	local i
	dockerd --config-file "$E2E/daemon.json" "$@" >>"$E2E/log" 2>&1 3>&- &
	echo $! >"$E2E/pid"
	disown
	for ((i = 0; i < 400; i++)); do
		[ "$(docker_api GET /_ping 2>/dev/null)" != OK ] || return 0
		[ -d "/proc/$(cat "$E2E/pid")" ] || break
		sleep 0.05
	done
	echo "dockerd did not come up:" >&2
	tail -n 20 "$E2E/log" >&2
	return 1
}

# dockerd_stop [SIGNAL]: end the daemon and wait for it and for the containerd that it has started.
dockerd_stop() {
	local pid i
	pid=$(cat "$E2E/pid")
	kill -"${1:-TERM}" "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 400; i++)); do
		[ -d "/proc/$pid" ] && [ "$(proc_state "$pid")" != Z ] || return 0
		sleep 0.05
	done
	kill -KILL "$pid"
}

# dockerd_clear: remove what a dockerd that was killed has left, its mount of its own root among it.
dockerd_clear() {
	umount "$E2E/root"
	rm -f "$E2E/d.pid" "$E2E"/exec/containerd/*.pid "$E2E"/exec/libnetwork/*.sock
}

# docker_down: remove all, and fail when something had been left or stays. Call it in teardown_file.
docker_down() {
	local rc=0
	[ -n "${E2E:-}" ] || return 1
	docker_each /containers/json?all=1 .Id "/containers/%s?force=1&v=1" || rc=1
	docker_each /images/json .Id "/images/%s?force=1" || rc=1
	docker_holds_nothing || rc=1
	dockerd_stop
	! declare -F docker_after_stop >/dev/null || docker_after_stop
	docker_nothing_on_host || rc=1
	docker_sweep
	return $rc
}

# docker_each LIST KEY PATH: remove each thing of a list.
docker_each() {
	local id
	docker_api GET "$1" | jq -r ".[]$2" | sort -u | while read -r id; do
		# shellcheck disable=SC2059 # a pattern of ours
		docker_api DELETE "$(printf "$3" "$id")" >/dev/null
	done
}

docker_holds_nothing() {
	local i left=
	for ((i = 0; i < 100; i++)); do
		left=$(docker_api GET /containers/json?all=1 | jq -r '.[].Names[]'
			docker_api GET /images/json | jq -r '.[].Id'
			docker_api GET /volumes | jq -r '.Volumes // [] | .[].Name')
		[ -n "$left" ] || return 0
		sleep 0.1
	done
	printf 'left in dockerd:\n%s\n' "$left" >&2
	return 1
}

# The processes, each "PID COMMAND", that belong to this daemon.
docker_processes() {
	local p line
	for p in /proc/[0-9]*; do
		line=$({ tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null) || continue
		case $line in
		*"$E2E/"*) case $line in
			*dockerd* | *containerd* | *docker-proxy* | *runc* | *harpoon*)
				echo "${p#/proc/} $line"
				;;
			esac ;;
		esac
	done
}

docker_on_host() {
	docker_processes
	# Network namespaces too: docker mounts them below its exec-root.
	grep -F " $E2E/" /proc/self/mountinfo
	find "$E2E/exec" "$E2E/hp" \( -type s -o -type p \) ! -path '*/containerd/*' 2>/dev/null
	find /sys/fs/cgroup -mindepth 2 -type d -path "*/$DOCKER_TAG/*" 2>/dev/null
	stale_shim_sockets | sort | comm -13 <(sort "$E2E/stale.before") -
	# Links that stay belong to containers: the bridge itself is ours, and goes at the end.
	ip -o link show master "$DOCKER_TAG" 2>/dev/null
	return 0
}

# docker_nothing_on_host: no process, mount, socket, cgroup, network namespace or link is left.
docker_nothing_on_host() {
	local end=$((SECONDS + 11)) left=
	while [ $SECONDS -lt $end ]; do
		left=$(docker_on_host)
		[ -n "$left" ] || return 0
		sleep 0.1
	done
	printf 'left on the host:\n%s\n' "$left" >&2
	return 1
}

# docker_sweep: end and remove all there may be, so that a failed test disturbs nobody.
docker_sweep() {
	local pid rest m
	find /sys/fs/cgroup -path "*/$DOCKER_TAG/*" -name cgroup.procs -exec cat {} + 2>/dev/null |
		sort -u | xargs -r kill -KILL 2>/dev/null
	while read -r pid rest; do
		kill -KILL "$pid" 2>/dev/null
	done < <(docker_processes)
	grep -F " $E2E/" /proc/self/mountinfo | cut -d' ' -f5 | sort -r | while read -r m; do
		umount -l "$m"
	done
	find /sys/fs/cgroup -depth -type d -path "*/$DOCKER_TAG*" -exec rmdir {} + 2>/dev/null
	stale_shim_sockets | sort | comm -13 <(sort "$E2E/stale.before") - | xargs -r rm -f
	ip link del "$DOCKER_TAG" 2>/dev/null
	rm -rf --one-file-system "$E2E"
}
