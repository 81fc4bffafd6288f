# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# chaos.bash - a daemon of the engine that CHAOS_ENGINE names (containerd without it), for tests of
# chaos that are the same on each. Whichever it is, `harpoon` talks to it without further words.
case ${CHAOS_ENGINE:=containerd} in
containerd)
	load helper
	chaos_up() {
		e2e_up
		export HARPOON_ENGINE=containerd
	}
	chaos_down() { e2e_down; }
	chaos_daemon_start() { daemon_start; }
	chaos_daemon_kill() { daemon_stop KILL; }
	;;
docker)
	load docker
	chaos_up() {
		export DOCKER_LIVE=true
		docker_up "$@"
	}
	chaos_down() { docker_down; }
	chaos_daemon_start() { dockerd_start; }
	# The containerd that it has started dies with it, but a moment later; a new dockerd that
	# still finds it would wait for it without end.
	chaos_daemon_kill() {
		local containerd
		containerd=$(cat "$E2E/exec/containerd/containerd.pid")
		dockerd_stop KILL
		until_ok 10 test ! -d "/proc/$containerd"
	}
	# What a killed dockerd has made, and its successor does not take for its own.
	docker_after_stop() {
		umount "$E2E/root" 2>/dev/null || true
		rm -f "$E2E"/exec/libnetwork/*.sock
	}
	;;
*)
	echo "no chaos on '$CHAOS_ENGINE'" >&2
	return 1
	;;
esac
