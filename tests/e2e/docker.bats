#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker.bats - every verb on a real dockerd.
load docker
load registry

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

# host CONTAINER PATH: what docker itself says of it.
host() { docker_api GET "/containers/$1/json" | jq -c "$2"; }

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

@test "version and info say who answers" {
	expect 0 harpoon version
	has docker "API:" "Address:   $E2E/d.sock"
	expect 0 harpoon info
	has "engine:     docker" "containers: " "storage: "
}

@test "run passes output and exit status on, and says what is wrong by its code" {
	expect 7 harpoon run --rm "$IMG" sh -c 'echo out; echo err >&2; exit 7'
	has out err
	expect 127 harpoon run --rm "$IMG" no-such-program
	has "executable file not found"
	expect 126 harpoon run --rm "$IMG" /bin
	expect 125 harpoon run --rm --pull never no-such-image true
	has "No such image"
	expect 0 bash -c "echo in | harpoon run -i --rm $IMG cat"
	[ "$output" = in ]
	expect 0 harpoon ps -aq
	[ -z "$output" ]
}

@test "a spec comes to docker whole" {
	mkdir -p "$E2E/bind"
	harpoon create --name all -e A=b -l k=v -w /tmp -u app --hostname hh -i -t --init --read-only \
		--cap-add NET_ADMIN --cap-drop CHOWN --memory 64m --cpus 0.5 --cpu-shares 512 \
		--pids-limit 50 --ulimit nofile=100:200 --sysctl net.ipv4.ip_forward=0 --stop-signal USR1 \
		--stop-timeout 3 --tmpfs /run:size=1m --mount "type=bind,source=$E2E/bind,target=/b,readonly" \
		-v named:/n -v "$E2E/made:/m" --device /dev/null:/dev/zip --security-opt no-new-privileges \
		--security-opt seccomp=unconfined --network none --pid host --entrypoint /bin/echo \
		"$IMG" one two
	[ "$(host all '[.Config | .Hostname, .User, .WorkingDir, .Tty, .OpenStdin, .StopSignal,
		.StopTimeout, .Entrypoint[0], .Cmd[0], .Labels.k]')" = \
		'["hh","app","/tmp",true,true,"USR1",3,"/bin/echo","one","v"]' ]
	[ "$(host all '[.HostConfig | .Memory, .NanoCpus, .CpuShares, .PidsLimit, .Init, .ReadonlyRootfs,
		.NetworkMode, .PidMode, (.CapAdd[0] | ltrimstr("CAP_")), (.CapDrop[0] | ltrimstr("CAP_")),
		.Tmpfs["/run"], .Sysctls["net.ipv4.ip_forward"]]')" = \
		'[67108864,500000000,512,50,true,true,"none","host","NET_ADMIN","CHOWN","size=1m","0"]' ]
	[ "$(host all '[.HostConfig | .Ulimits[0].Soft, .Ulimits[0].Hard, .Devices[0].PathInContainer,
		(.SecurityOpt - ["label=disable"] | sort | join(" "))]')" = \
		'[100,200,"/dev/zip","no-new-privileges seccomp=unconfined"]' ]
	[ "$(host all '[.Mounts[] | .Destination + (if .RW then "" else ":ro" end)] | sort')" = \
		'["/b:ro","/m","/n"]' ]
	harpoon rm -v all
	docker_api DELETE /volumes/named
}

@test "what docker cannot do is refused, and nothing is left" {
	expect 125 harpoon create --snapshotter native "$IMG"
	has "snapshotter"
	expect 125 harpoon create -v "$E2E:/b:nosuid" "$IMG" true
	has "the option 'nosuid' is not supported"
	expect 125 harpoon create --mount "type=bind,source=/no/such,target=/b" "$IMG" true
	has "does not exist"
	expect 125 harpoon create --runtime none "$IMG" true
	expect 1 harpoon --namespace x ps
	has "namespaces are not supported by docker"
	expect 1 harpoon start "$(harpoon create --name nobody -u nobody-here "$IMG" true)"
	has "nobody-here"
	harpoon rm nobody
	expect 0 harpoon ps -aq
	[ -z "$output" ]
}

@test "exec: status, output, stdin, environment, terminal" {
	harpoon run -d --name box -e INIT=yes "$IMG" sleep 1000
	expect 3 harpoon exec -e A=1 -w /tmp -u app box sh -c 'echo $A $INIT; pwd; id -u; exit 3'
	[ "$output" = $'1 yes\n/tmp\n1000' ]
	expect 127 harpoon exec box no-such-program
	expect 126 harpoon exec box /bin
	expect 0 bash -c 'head -c 1000000 /dev/zero | harpoon exec -i box wc -c'
	[ "$output" = 1000000 ]
	expect 0 "$E2E_LIB/terminal.py" expect=rows -- harpoon exec -t box sh -c 'sleep 0.5; stty size; echo rows'
	has '24 80'
	harpoon exec -d box sh -c 'echo done >/flag'
	until_ok 10 harpoon exec box grep -q done /flag
	expect 125 harpoon exec nothing true
	harpoon pause box
	expect 125 harpoon exec box true
	harpoon rm -f box
}

@test "a terminal: keys to detach, attach again, its size" {
	expect 0 "$E2E_LIB/terminal.py" 'expect=# ' 'send=X=remembered\r' 'expect=# ' 'send=\x10\x11' -- \
		harpoon run -it --name det "$IMG" sh
	state_is det running
	expect 4 "$E2E_LIB/terminal.py" sleep=0.5 'send=echo $X\r' 'expect=\nremembered' \
		'send=exit 4\r' -- harpoon attach det
	harpoon rm det
}

@test "logs: outputs apart, tail, times, following" {
	harpoon run --name log "$IMG" sh -c 'echo one; echo two >&2; sleep 0.2; echo three'
	[ "$(harpoon logs log 2>/dev/null)" = $'one\nthree' ]
	[ "$(harpoon logs log 2>&1 >/dev/null)" = two ]
	[ "$(harpoon logs --tail 1 log)" = three ]
	[[ $(harpoon logs -t --tail 1 log) =~ ^20[0-9T:.-]*Z\ three$ ]]
	harpoon rm log
	harpoon run -d --name flw "$IMG" sh -c 'echo a; sleep 1; echo b'
	[ "$(harpoon logs -f flw)" = $'a\nb' ]
	harpoon rm flw
	expect 1 harpoon logs "$(harpoon create --name none --log-driver none "$IMG" true)"
	harpoon rm none
}

@test "events, figures and limits" {
	harpoon events --format json >"$E2E/events" 3>&- &
	local watcher=$!
	until_ok 10 sh -c "harpoon run --rm $IMG true; grep -q destroy $E2E/events"
	kill "$watcher"
	jq -r .Action "$E2E/events" | xargs | grep -q 'create .*start .*die .*destroy'
	harpoon run -d --name fig --memory 64m "$IMG" sleep 1000
	expect 0 harpoon stats --no-stream --format json fig
	[[ $output == *64MiB* ]]
	harpoon update --memory 96m --pids-limit 33 fig
	[ "$(cgroup_file fig memory memory.limit_in_bytes memory.max)" = 100663296 ]
	[ "$(cgroup_file fig pids pids.max pids.max)" = 33 ]
	harpoon rm -f fig
}

@test "containers on the bridge reach each other" {
	harpoon run -d --name srv "$IMG" sh -c 'while true; do echo hello | nc -l -p 80; done'
	local ip
	ip=$(host srv .NetworkSettings.IPAddress | tr -d '"')
	until_ok 20 sh -c "harpoon run --rm $IMG nc -w 2 $ip 80 | grep -q hello"
	harpoon rm -f srv
}

@test "ps has filters, and a server-side one for labels" {
	made one sleep 1000
	harpoon create --name two -l a.b=d "$IMG" true
	[ "$(harpoon ps -aq --filter label=a.b=c | wc -l)" = 1 ]
	[ "$(harpoon ps -aq --filter label=a.b | wc -l)" = 2 ]
	[ "$(harpoon ps -q | wc -l)" = 1 ]
	harpoon rm -f one two
}

@test "images: import of each kind, export, tag, rmi" {
	echo '{"Cmd": ["echo", "from config"]}' >"$E2E/conf.json"
	local form kind
	for form in plain gzip; do
		for kind in oci-dir oci-tar docker; do
			LAYER_FORMAT=$form "$E2E_LIB/archives.py" $kind "$E2E/a.$form.$kind" \
				"localhost/$kind:$form" "$E2E/conf.json" "$E2E/rootfs.tar"
			expect 0 harpoon import "$E2E/a.$form.$kind"
			has "localhost/$kind:$form"
			[ "$(harpoon run --rm "localhost/$kind:$form")" = "from config" ]
			harpoon rmi "localhost/$kind:$form"
		done
	done
	gzip -c "$E2E/rootfs.tar" >"$E2E/r.tgz"
	harpoon import --cmd echo --env A=b "$E2E/r.tgz" localhost/root:1
	harpoon tag localhost/root:1 localhost/other:2
	expect 0 harpoon export -o "$E2E/out.tar" localhost/other:2
	harpoon rmi localhost/root:1 localhost/other:2
	tar -tf "$E2E/out.tar" | grep -q '^oci-layout'
	expect 0 harpoon import "$E2E/out.tar"
	[ "$(harpoon run --rm localhost/other:2 echo runs)" = runs ]
	harpoon create --name user localhost/other:2 true
	expect 1 harpoon rmi localhost/other:2
	harpoon rm user
	harpoon rmi localhost/other:2
	expect 1 harpoon import /dev/null localhost/none:1
	expect 0 harpoon images --format '{{.Name}}'
	[ "$output" = "$IMG" ]
}

@test "pull: by docker, with credentials, and from a registry that docker does not trust" {
	registry_start plain
	registry_start auth
	registry_start tls
	local digest plain authed tls
	plain=127.0.0.1:$(cat "$E2E/plain.port") authed=127.0.0.1:$(cat "$E2E/auth.port")
	tls=127.0.0.1:$(cat "$E2E/tls.port")
	echo '{"Cmd": ["echo", "pulled"]}' >"$E2E/conf.json"
	LAYER_FORMAT=gzip "$E2E_LIB/archives.py" oci-dir "$E2E/oci" x:1 "$E2E/conf.json" "$E2E/rootfs.tar"
	digest=$("$E2E_LIB/registry-push.py" "$E2E/oci" "http://$plain" test/box 1)
	AUTH=u:p "$E2E_LIB/registry-push.py" "$E2E/oci" "http://$authed" test/box 1 >/dev/null
	CA=$E2E/ca.pem "$E2E_LIB/registry-push.py" "$E2E/oci" "https://$tls" test/box 1 >/dev/null

	expect 0 harpoon pull "$plain/test/box:1"
	has "Digest: $digest" "Downloaded newer image" "$plain/test/box:1"
	[ "$(harpoon run --rm "$plain/test/box:1")" = pulled ]
	expect 0 harpoon pull "$plain/test/box:1"
	has "Image is up to date"
	expect 1 harpoon pull "$plain/test/box:2"
	expect 1 harpoon pull "$authed/test/box:1"
	mkdir -p "$DOCKER_CONFIG"
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$authed" "$(printf u:p | base64)" \
		>"$DOCKER_CONFIG/config.json"
	expect 0 harpoon pull "$authed/test/box:1"
	expect 0 harpoon pull --tls-ca "$E2E/ca.pem" "$tls/test/box:1"
	[ "$(harpoon run --rm "$tls/test/box:1")" = pulled ]
	harpoon rmi "$plain/test/box:1" "$authed/test/box:1" "$tls/test/box:1"
	registry_stop plain auth tls
}

@test "a dead daemon, a stale socket and no socket each say what to do" {
	expect 1 harpoon --address "$E2E/nothing" ps
	has "there is no socket" "is docker running"
	expect 1 harpoon --address "unix://$E2E/rootfs.tar" ps
	has "is not a socket"
	expect 1 env DOCKER_HOST=tcp://127.0.0.1:1 "$E2E/bin/harpoon" ps
	has "tcp://127.0.0.1:1" "is it running"
	expect 1 harpoon --address ssh://host ps
	has "ssh is not spoken"
	expect 1 harpoon --address nonsense ps
	has "unix:///run/docker.sock"
	chmod 711 "$E2E"
	chmod 600 "$E2E/d.sock"
	expect 1 setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$HARPOON" --address "$E2E/d.sock" ps
	has "no access to the socket"
	kill -STOP "$(cat "$E2E/pid")"
	expect 124 harpoon --timeout 300ms ps
	kill -CONT "$(cat "$E2E/pid")"
	expect 0 harpoon ps
}

@test "a daemon that is killed is said to be gone, and is spoken to again when it is back" {
	harpoon create --name sur "$IMG" sleep 1000
	dockerd_stop KILL
	expect 1 harpoon ps
	has "$E2E/d.sock"
	until_ok 10 sh -c 'harpoon ps 2>&1 | grep "nobody listens on the socket"'
	dockerd_clear
	dockerd_start
	expect 0 harpoon ps -aq --filter name=sur
	[ -n "$output" ]
	harpoon rm -f sur
}
