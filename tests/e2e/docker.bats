#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker.bats - every verb on a real dockerd.
load docker

setup_file() {
	export BATS_TEST_TIMEOUT=120
	docker_up bridge
}
teardown_file() { docker_down; }

# made NAME COMMAND...: a container made and started by the daemon's own means.
made() {
	local name=$1 body
	shift
	body=$(jq -n --arg image "$IMG" '{Image: $image, Labels: {"a.b": "c", bare: ""},
		Cmd: $ARGS.positional}' --args -- "$@")
	docker_api POST "/containers/create?name=$name" -H 'Content-Type: application/json' \
		-d "$body" | jq -er .Id >/dev/null
	docker_api POST "/containers/$name/start"
}

@test "lists, inspects, signals, freezes, stops, starts and removes what others have made" {
	made web sleep 1000
	[ "$(harpoon ps --format json | jq -r .Names,.State | xargs)" = "web running" ]
	pid=$(pid_of web)
	[ "$(readlink /proc/"$pid"/ns/net)" != "$(readlink /proc/self/ns/net)" ]
	harpoon pause web
	state_is web paused
	harpoon unpause web
	state_is web running
	harpoon restart -t 0 web
	[ "$(pid_of web)" != "$pid" ]
	harpoon kill web
	[ "$(harpoon wait web)" = 137 ]
	state_is web exited
	harpoon start web
	harpoon stop -t 1 web
	state_is web exited
	expect 1 harpoon pause web
	has "container 'web'" "is not running"
	harpoon rm web
	expect 1 harpoon inspect web
	has "no container and no image"
}
