#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run.bats - run: how it ends, what the image says, names, environment, removal, refusals.
load helper

setup_file() { e2e_up; }
teardown_file() { e2e_down; }

@test "run passes the container's exit status on: 0, 1, 42" {
	expect 0 harpoon run --rm "$IMG" true
	expect 1 harpoon run --rm "$IMG" false
	expect 42 harpoon run --rm "$IMG" sh -c 'exit 42'
}

@test "run of a missing program is 127, of a file that cannot run 126" {
	expect 127 harpoon run --rm "$IMG" /no/such/program
	has /no/such/program
	expect 126 harpoon run --rm "$IMG" /etc/passwd
	has /etc/passwd
}

@test "a container killed by a signal ends with 128 and its number" {
	harpoon run -d --name term "$IMG" sleep 60 >/dev/null
	harpoon kill -s KILL term
	expect 0 harpoon wait term
	[ "$output" = 137 ]
	harpoon rm term
}

@test "TERM to the CLI goes to the container: 143" {
	harpoon run --name fwd "$IMG" sh -c 'trap "exit 143" TERM; echo ready; while :; do sleep 0.1; done' \
		>"$BATS_TEST_TMPDIR/out" &
	local pid=$! rc=0
	until_ok 10 grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -TERM $pid
	wait $pid || rc=$?
	[ $rc = 143 ]
	harpoon rm fwd
}

@test "what run itself gets wrong is 125, and says why" {
	expect 125 harpoon run --no-such-option "$IMG" true
	has no-such-option
	expect 125 harpoon run --rm nowhere/none:1 true
	has nowhere/none:1
	expect 125 harpoon run
	expect 125 harpoon run --memory many "$IMG" true
	has many
	expect 125 harpoon run --name '../evil' "$IMG" true
	expect 125 harpoon run --rm --user nobody-here "$IMG" true
	has nobody-here
}

@test "errors go to stderr, as text or as JSON" {
	harpoon run nowhere/none:1 true 2>"$BATS_TEST_TMPDIR/err" >"$BATS_TEST_TMPDIR/out" || true
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	grep -q '^harpoon' "$BATS_TEST_TMPDIR/err"
	harpoon --log-format json run nowhere/none:1 true 2>"$BATS_TEST_TMPDIR/err" || true
	jq -e . "$BATS_TEST_TMPDIR/err" >/dev/null
}

@test "stdout and stderr stay apart" {
	harpoon run --rm "$IMG" sh -c 'echo out; echo err >&2' >"$BATS_TEST_TMPDIR/o" \
		2>"$BATS_TEST_TMPDIR/e"
	[ "$(cat "$BATS_TEST_TMPDIR/o")" = out ]
	[ "$(cat "$BATS_TEST_TMPDIR/e")" = err ]
}

@test "a name is taken only once, and is free again after rm" {
	harpoon create --name once "$IMG" true >/dev/null
	expect 125 harpoon run --name once "$IMG" true
	has once
	harpoon rm once
	expect 0 harpoon run --rm --name once "$IMG" true
}

@test "run -d prints the id, and the container goes on" {
	local id
	id=$(harpoon run -d "$IMG" sleep 60)
	[[ $id =~ ^[0-9a-f]{64}$ ]]
	expect 0 harpoon ps -q --no-trunc
	[ "$output" = "$id" ]
	harpoon rm -f "${id:0:12}"
	expect 0 harpoon run -d --name bg "$IMG" sleep 60
	[ "$output" = bg ]
	state_is bg running
	expect 1 harpoon rm bg
	harpoon rm -f bg
	expect 1 harpoon inspect bg
}

@test "run -d --rm removes the container when it ends" {
	harpoon run -d --rm --name gone "$IMG" sleep 1 >/dev/null
	until_ok 15 sh -c '! harpoon inspect gone'
}

@test "run -d --rm is removed when it is stopped from elsewhere" {
	harpoon run -d --rm --name gone2 "$IMG" sleep 60 >/dev/null
	harpoon kill gone2
	until_ok 15 sh -c '! harpoon inspect gone2'
}

@test "a container id can be used by its beginning" {
	local id
	id=$(harpoon create "$IMG" true)
	expect 0 harpoon inspect "${id:0:12}"
	harpoon rm "${id:0:6}"
	expect 1 harpoon inspect "$id"
}

@test "--env, --env-file and the caller's environment" {
	printf '# a comment\nONE=1\nTWO=a b = c\n\nFROM_CALLER\n' >"$BATS_TEST_TMPDIR/env"
	FROM_CALLER=yes FROM_TOO=also run harpoon run --rm --env-file "$BATS_TEST_TMPDIR/env" \
		-e THREE=3 --env FROM_TOO -e ONE=uno "$IMG" env
	[ "$status" = 0 ]
	has ONE=uno 'TWO=a b = c' THREE=3 FROM_CALLER=yes FROM_TOO=also PATH=/ HOSTNAME=
	expect 125 harpoon run --rm --env-file /no/such/file "$IMG" true
	has /no/such/file
	printf 'BAD KEY=1\n' >"$BATS_TEST_TMPDIR/env"
	expect 125 harpoon run --rm --env-file "$BATS_TEST_TMPDIR/env" "$IMG" true
}

@test "options after the image belong to the container" {
	expect 0 harpoon run --rm "$IMG" echo --rm -it --name x
	[ "$output" = "--rm -it --name x" ]
}

@test "--entrypoint replaces and clears" {
	expect 0 harpoon run --rm --entrypoint /bin/echo "$IMG" hi
	[ "$output" = hi ]
	expect 0 harpoon run --rm --entrypoint= "$IMG" echo hello
	[ "$output" = hello ]
}

@test "--cidfile holds the id" {
	harpoon run -d --name cid --cidfile "$BATS_TEST_TMPDIR/cid" "$IMG" sleep 60 >/dev/null
	[ "$(harpoon inspect cid | jq -r '.[0].Id')" = "$(cat "$BATS_TEST_TMPDIR/cid")" ]
	harpoon rm -f cid
}

@test "the image's config is honoured: entrypoint, cmd, env, user, workdir, stop signal" {
	cat >"$BATS_TEST_TMPDIR/c.json" <<-'END'
		{"Entrypoint": ["/bin/sh", "-c", "echo $0 $*; id -u; pwd; echo $COLOUR; trap 'exit 9' USR1; while [ $1 = wait ]; do sleep 0.1; done"],
		 "Cmd": ["zero", "one"], "Env": ["PATH=/bin", "COLOUR=green"], "User": "app",
		 "WorkingDir": "/home/app", "StopSignal": "SIGUSR1", "Labels": {"from": "image"}}
	END
	"$E2E_LIB/archives.py" oci-tar "$BATS_TEST_TMPDIR/i.tar" localhost/conf:1 \
		"$BATS_TEST_TMPDIR/c.json" "$E2E/rootfs.tar"
	harpoon import "$BATS_TEST_TMPDIR/i.tar"
	expect 0 harpoon run --rm localhost/conf:1
	[ "$output" = $'zero one\n1000\n/home/app\ngreen' ]
	expect 0 harpoon run --rm -e COLOUR=red -w /tmp -u 7 localhost/conf:1 a b
	[ "$output" = $'a b\n7\n/tmp\nred' ]
	harpoon run -d --name sig localhost/conf:1 a wait >/dev/null
	until_ok 10 sh -c 'harpoon logs sig | grep -q green'
	harpoon stop -t 20 sig
	expect 0 harpoon wait sig
	[ "$output" = 9 ]
	harpoon rm sig
	harpoon rmi localhost/conf:1
}

@test "user names come from the image and never from the host's files" {
	printf 'evil:x:0:0::/:/bin/sh\n' >"$BATS_TEST_TMPDIR/passwd"
	mkdir "$BATS_TEST_TMPDIR/rootfs"
	tar -xf "$E2E/rootfs.tar" -C "$BATS_TEST_TMPDIR/rootfs"
	ln -sf "$BATS_TEST_TMPDIR/passwd" "$BATS_TEST_TMPDIR/rootfs/etc/passwd"
	tar -C "$BATS_TEST_TMPDIR/rootfs" -cf "$BATS_TEST_TMPDIR/evil.tar" .
	harpoon import "$BATS_TEST_TMPDIR/evil.tar" localhost/evil:1
	expect 125 harpoon run --rm --user evil localhost/evil:1 true
	ln -sf ../../../../../../../../../../"$BATS_TEST_TMPDIR/passwd" \
		"$BATS_TEST_TMPDIR/rootfs/etc/passwd"
	tar -C "$BATS_TEST_TMPDIR/rootfs" -cf "$BATS_TEST_TMPDIR/evil.tar" .
	harpoon import "$BATS_TEST_TMPDIR/evil.tar" localhost/evil:2
	expect 125 harpoon run --rm --user evil localhost/evil:2 true
	# A link that stays inside is followed.
	mv "$BATS_TEST_TMPDIR/rootfs/etc/passwd" "$BATS_TEST_TMPDIR/gone"
	printf 'kind:x:77:78::/:/bin/sh\n' >"$BATS_TEST_TMPDIR/rootfs/etc/real"
	ln -s /etc/real "$BATS_TEST_TMPDIR/rootfs/etc/passwd"
	tar -C "$BATS_TEST_TMPDIR/rootfs" -cf "$BATS_TEST_TMPDIR/evil.tar" .
	harpoon import "$BATS_TEST_TMPDIR/evil.tar" localhost/evil:3
	expect 0 harpoon run --rm --user kind localhost/evil:3 id -u
	[ "$output" = 77 ]
	harpoon rmi localhost/evil:1 localhost/evil:2 localhost/evil:3
}

@test "several containers at once do not disturb each other" {
	local i pids=() rc=0
	for i in 1 2 3 4 5 6; do
		harpoon run --rm "$IMG" sh -c "echo $i; exit $i" >"$BATS_TEST_TMPDIR/$i" &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6; do
		rc=0
		wait "${pids[i - 1]}" || rc=$?
		[ $rc = $i ]
		[ "$(cat "$BATS_TEST_TMPDIR/$i")" = $i ]
	done
}
