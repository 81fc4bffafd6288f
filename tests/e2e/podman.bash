# shellcheck shell=bash
# shellcheck disable=SC2119,SC2120,SC2154 # bats sets status and output; arguments come from tests
# SPDX-License-Identifier: Apache-2.0
# podman.bash - a private podman service for one file of tests, and the proof that nothing of it is left.
#
# From outside: HARPOON as in helper.bash. `harpoon` talks to this service without further words.
load helper

# podman_up: start the service, put `harpoon` in PATH, bring the image in. Call it in setup_file.
podman_up() {
	: "${HARPOON:?is the program to test}"
	E2E=$(mktemp -d /tmp/hppm.XXXXXX)
	E2E_PATH=$PATH
	mkdir "$E2E/bin"
	printf '#!/bin/sh\nexec 3>&-\nexec %q --data-root %q --state-root %q "$@"\n' \
		"$HARPOON" "$E2E/data" "$E2E/hp" >"$E2E/bin/harpoon"
	chmod -R go+rX "$E2E" && chmod +x "$E2E/bin/harpoon"
	PATH=$E2E/bin:$PATH
	HARPOON_ENGINE=podman
	CONTAINER_HOST=unix://$E2E/p.sock
	CONTAINERS_CONF=$E2E/containers.conf
	CONTAINERS_STORAGE_CONF=$E2E/storage.conf
	export E2E E2E_LIB E2E_PATH PATH HARPOON_ENGINE CONTAINER_HOST CONTAINERS_CONF
	export CONTAINERS_STORAGE_CONF
	unset CONTAINERD_ADDRESS CONTAINERD_NAMESPACE DOCKER_HOST PODMAN_SOCK
	podman_cgroups | sort >"$E2E/cgroups.before"
	podman_config
	podman_start
	"$E2E_LIB/rootfs" "$E2E/rootfs.tar"
	podman_api POST "/images/create?fromSrc=-&repo=${IMG%:*}&tag=${IMG##*:}" \
		--upload-file "$E2E/rootfs.tar" | grep -q sha256:
}

# Limits that need no more rights than this host may have, and nothing of the system's journal.
podman_config() {
	local driver=overlay
	[ "${CONTAINERD_SNAPSHOTTER:-}" != native ] || driver=vfs
	cat >"$E2E/containers.conf" <<-END
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
		cgroups = "enabled"
		log_driver = "k8s-file"
		[engine]
		events_logger = "file"
		cgroup_manager = "cgroupfs"
		exit_command_delay = 1
		runtime = "runc"
		[network]
		network_config_dir = "$E2E/networks"
	END
	printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' \
		"$driver" "$E2E/root" "$E2E/run" >"$E2E/storage.conf"
}

# podman_api METHOD PATH [CURL_OPTION...]: a call of the service that is none of harpoon's.
podman_api() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 60 --unix-socket "$E2E/p.sock" -X "$method" "$@" "http://podman$path"
}

# With CONTAINER_HOST podman would be a client.
podman_start() {
	local i
	env -u CONTAINER_HOST podman --root "$E2E/root" --runroot "$E2E/run" --tmpdir "$E2E/tmp" \
		--cgroup-manager cgroupfs --log-level warn \
		system service --time 0 "unix://$E2E/p.sock" >>"$E2E/log" 2>&1 3>&- &
	echo $! >"$E2E/pid"
	disown
	for ((i = 0; i < 400; i++)); do
		[ "$(podman_api GET /_ping 2>/dev/null)" != OK ] || return 0
		[ -d "/proc/$(cat "$E2E/pid")" ] || break
		sleep 0.05
	done
	echo "podman did not come up:" >&2
	tail -n 20 "$E2E/log" >&2
	return 1
}

# podman_stop [SIGNAL]: end the service; its containers go on by themselves.
podman_stop() {
	local pid i
	pid=$(cat "$E2E/pid")
	kill -"${1:-TERM}" "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 400; i++)); do
		[ -d "/proc/$pid" ] && [ "$(proc_state "$pid")" != Z ] || return 0
		sleep 0.05
	done
	kill -KILL "$pid"
}

# podman_down: remove all, and fail when something had been left or stays. Call it in teardown_file.
podman_down() {
	local rc=0 left
	[ -n "${E2E:-}" ] || return 1
	harpoon ps -aq | xargs -r harpoon rm -f -v >/dev/null || rc=1
	harpoon images --no-trunc -q | sort -u | xargs -r harpoon rmi -f >/dev/null || rc=1
	left=$(podman_api GET /v4.0.0/libpod/containers/json?all=true | jq -r '.[].Names[]'
		podman_api GET /v4.0.0/libpod/images/json | jq -r '.[].Id'
		podman_api GET /v4.0.0/libpod/volumes/json | jq -r '.[].Name')
	[ -z "$left" ] || {
		printf 'left in podman:\n%s\n' "$left" >&2
		rc=1
	}
	podman_stop
	podman_nothing_on_host || rc=1
	podman_sweep
	return $rc
}

# The processes, each "PID COMMAND", that belong to this service.
podman_processes() {
	local p line
	for p in /proc/[0-9]*; do
		line=$({ tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null) || continue
		case $line in
		*"$E2E/"*) case $line in
			*conmon* | *podman* | *runc* | *harpoon*) echo "${p#/proc/} $line" ;;
			esac ;;
		esac
	done
}

# Podman keeps its own storage mounted on itself; everything below that is a container's.
podman_on_host() {
	podman_processes
	grep -F " $E2E/" /proc/self/mountinfo | grep -vF " $E2E/root/overlay "
	find "$E2E/run" "$E2E/hp" \( -type s -o -type p \) 2>/dev/null
	podman_cgroups | sort | comm -13 "$E2E/cgroups.before" -
	return 0
}

# Those of all of this host's podman services are in one place; that of their conmons stays there.
podman_cgroups() {
	find /sys/fs/cgroup -mindepth 2 -maxdepth 3 -type d -path '*/libpod_parent/*' \
		! -path '*/libpod_parent/conmon' 2>/dev/null
	return 0
}

podman_nothing_on_host() {
	local end=$((SECONDS + 11)) left=
	while [ $SECONDS -lt $end ]; do
		left=$(podman_on_host)
		[ -n "$left" ] || return 0
		sleep 0.1
	done
	printf 'left on the host:\n%s\n' "$left" >&2
	return 1
}

# podman_sweep: end and remove all there may be, so that a failed test disturbs nobody.
podman_sweep() {
	local pid rest m
	while read -r pid rest; do
		kill -KILL "$pid" 2>/dev/null
	done < <(podman_processes)
	grep -F " $E2E/" /proc/self/mountinfo | cut -d' ' -f5 | sort -r | while read -r m; do
		umount -l "$m"
	done
	# Where another service is at work, these are not empty.
	find /sys/fs/cgroup -depth -maxdepth 3 -type d \
		\( -name libpod_parent -o -path '*/libpod_parent/conmon' \) -exec rmdir {} + 2>/dev/null
	rm -rf --one-file-system "$E2E"
}
