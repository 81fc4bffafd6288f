#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker-chaos.bats - pumba on a real dockerd, as scripts call it: what each lifecycle command does to
# containers, seen from outside, and the log lines that Docker's names are in.
load docker
load pumba

setup_file() {
	docker_up
	pumba_up
}
teardown_file() { docker_down; }

# Pumba finds Docker by itself.
pumba_here() { env -u HARPOON_ENGINE pumba "$@"; }

# up NAME [LABEL...]: a container that sleeps.
up() {
	local name=$1 label args=()
	shift
	for label in "$@"; do args+=(--label "$label"); done
	harpoon run -d --name "$name" "${args[@]}" "$IMG" sh -c 'trap "exit 7" USR1; while :; do sleep 0.1; done' >/dev/null
}

@test "kill: names, the slash of Docker's own, labels, and who is never meant" {
	up web tier=web
	up db tier=db
	up itself com.gaiaadm.pumba=true
	up helper com.gaiaadm.pumba.skip=true
	run --separate-stderr -0 pumba_here -l info kill web
	tells 'msg="killing container"' 'name=/web' 'signal=SIGKILL' 'dryrun=false'
	until_ok 20 state_is web exited
	harpoon start web
	pumba_here kill 're2:^/web$'
	until_ok 20 state_is web exited
	harpoon start web
	pumba_here --label tier=db kill 're2:.*'
	until_ok 20 state_is db exited
	state_is web running
	pumba_here kill re2:
	until_ok 20 state_is web exited
	state_is itself running
	state_is helper running
	run --separate-stderr -0 pumba_here kill nobody
	tells 'no containers found'
}

@test "the engine by every name that it has, for all commands" {
	up any
	expect 0 env -u HARPOON_ENGINE PUMBA_RUNTIME=docker harpoon ps --format '{{.Names}}'
	has any
	expect 0 env -u HARPOON_ENGINE -u DOCKER_HOST harpoon -R docker -H "$DOCKER_HOST" ps --format '{{.Names}}'
	has any
	# By harpoon's own options, and by those of chaos.
	expect 0 env -u HARPOON_ENGINE -u DOCKER_HOST harpoon --engine docker --address "$DOCKER_HOST" \
		chaos --dry-run kill any
	has 'plan: kill container any'
	expect 0 env -u HARPOON_ENGINE -u DOCKER_HOST harpoon chaos --host "$DOCKER_HOST" --dry-run kill any
	has 'plan: kill container any'
}

@test "stop: the label's signal, and started again after the duration" {
	up st com.gaiaadm.pumba.stop-signal=SIGUSR1
	pumba_here stop --time 20 st
	until_ok 20 state_is st exited
	[ "$(harpoon inspect st | jq '.[0].State.ExitCode')" = 7 ]
	harpoon start st
	pumba_here stop --restart --duration 1s st
	until_ok 20 state_is st running
}

@test "pause: frozen from outside, and thawed, by a signal too" {
	up pz
	env -u HARPOON_ENGINE pumba pause --duration 60s pz 3>&- &
	until_ok 20 state_is pz paused
	[ "$(docker_api GET /containers/pz/json | jq .State.Paused)" = true ]
	kill -TERM $!
	until_ok 20 state_is pz running
	wait $! || true
	pumba_here pause --duration 300ms pz
	state_is pz running
}

@test "restart, exec, rm" {
	local before
	up ex
	before=$(pid_of ex)
	pumba_here restart ex
	[ "$(pid_of ex)" != "$before" ]
	run --separate-stderr -0 pumba_here -l info exec --command 'echo two words' ex
	tells 'msg="exec container"' 'msg="two words"' 'name=/ex'
	# Pumba's default, which cannot work on Docker there: the first process is asked to end.
	run --separate-stderr -0 pumba_here --json -l info exec ex
	jq -es 'map(select(.msg == "exec container")) | .[0].command == "kill 1"' <<<"$stderr"
	run --separate-stderr -1 pumba_here exec --command false ex
	tells 'running exec: error running chaos command' 'exit code 1'
	run --separate-stderr -0 pumba_here -l info rm ex
	tells 'msg="removing container"' 'force=true' 'links=false' 'volumes=true'
	[ -z "$(harpoon ps -aq --filter name=ex)" ]
}
