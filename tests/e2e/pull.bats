#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pull.bats - images from registries: Debian's docker-registry, and one that misbehaves.
load helper
load registry

setup_file() {
	e2e_up
	export DOCKER_CONFIG=$E2E/docker NO_PROXY='*'
	mkdir "$DOCKER_CONFIG" "$E2E/layers"
	echo '{"Cmd": ["echo", "pulled"]}' >"$E2E/conf.json"
	echo '{"Cmd": ["echo", "the other"]}' >"$E2E/conf2.json"
	head -c 200000 /dev/urandom >"$E2E/layers/noise"
	tar -C "$E2E/layers" -cf "$E2E/noise.tar" noise
	LAYER_FORMAT=gzip "$E2E_LIB/archives.py" oci-dir "$E2E/oci" x:1 "$E2E/conf.json" \
		"$E2E/rootfs.tar" "$E2E/noise.tar"
	LAYER_FORMAT=zstd "$E2E_LIB/archives.py" oci-dir "$E2E/oci2" x:1 "$E2E/conf2.json" \
		"$E2E/rootfs.tar"
	registry_start plain
	registry_start auth
	registry_start tls
	PLAIN=127.0.0.1:$(cat "$E2E/plain.port")
	AUTHED=127.0.0.1:$(cat "$E2E/auth.port")
	TLS=127.0.0.1:$(cat "$E2E/tls.port")
	DIGEST=$("$E2E_LIB/registry-push.py" "$E2E/oci" "http://$PLAIN" test/box 1)
	INDEX=$("$E2E_LIB/registry-push.py" "$E2E/oci" "http://$PLAIN" test/many 1 \
		"s390x=$E2E/oci2")
	AUTH=u:p "$E2E_LIB/registry-push.py" "$E2E/oci" "http://$AUTHED" test/box 1 >/dev/null
	CA=$E2E/ca.pem "$E2E_LIB/registry-push.py" "$E2E/oci" "https://$TLS" test/box 1 >/dev/null
	"$E2E_LIB/registry.py" "$E2E/oci" "$E2E/requests" >"$E2E/bad.port" 2>"$E2E/bad.log" 3>&- &
	echo $! >"$E2E/bad.pid"
	disown
	until_ok 10 test -s "$E2E/bad.port"
	BAD=127.0.0.1:$(cat "$E2E/bad.port")
	export PLAIN AUTHED TLS DIGEST INDEX BAD
}

teardown_file() {
	local name
	for name in plain auth tls bad; do
		kill "$(cat "$E2E/$name.pid")" 2>/dev/null
	done
	e2e_down
}

setup() {
	rm -f "$DOCKER_CONFIG/config.json"
	: >"$E2E/requests"
	# What a failed test left may not spare the next one its work.
	ctr images ls -q | grep -v "^$IMG" | xargs -r ctr images rm --sync >/dev/null
}

# login HOST USER PASSWORD: what docker login would write.
login() {
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$1" "$(printf %s "$2:$3" | base64)" \
		>"$DOCKER_CONFIG/config.json"
}

held() {
	what_is_held | sort
}

# settled BEFORE: held() is that again, within some seconds.
settled() {
	local i
	for ((i = 0; i < 100; i++)); do
		[ "$(held)" != "$1" ] || return 0
		sleep 0.1
	done
	diff <(echo "$1") <(held) >&2
}

# refused CODE TEXT IMAGE [OPTION...]: the pull fails so, and nothing of it stays.
refused() {
	local code=$1 text=$2 before
	shift 2
	before=$(held)
	expect "$code" harpoon pull "$@"
	has "$text"
	settled "$before"
}

@test "a pulled image runs; once more there is nothing to do; rmi takes all of it" {
	local before
	before=$(held)
	expect 0 harpoon pull "$PLAIN/test/box:1"
	has "Digest: $DIGEST" "Downloaded newer image" "$PLAIN/test/box:1" fetched unpacked
	expect 0 harpoon run --rm "$PLAIN/test/box:1"
	[ "$output" = pulled ]
	expect 0 harpoon run --rm "$PLAIN/test/box:1" wc -c /noise
	has 200000
	expect 0 harpoon pull "$PLAIN/test/box:1"
	has "Image is up to date"
	[[ $output != *fetch* ]]
	# Garbage collection keeps it, as ctr sees it.
	ctr content ls | grep -F "containerd.io/distribution.source.$PLAIN=test/box"
	expect 0 harpoon rmi "$PLAIN/test/box:1"
	settled "$before"
}

@test "--quiet prints the name only, and stdout has no progress" {
	expect 0 harpoon pull -q "$PLAIN/test/box:1"
	[ "$output" = "$PLAIN/test/box:1" ]
	harpoon rmi "$PLAIN/test/box:1"
	run -0 --separate-stderr harpoon pull "$PLAIN/test/box:1"
	[ "${#lines[@]}" = 3 ]
	harpoon rmi "$PLAIN/test/box:1"
}

@test "a terminal gets a bar for each layer" {
	expect 0 script -qec "harpoon pull $PLAIN/test/box:1" /dev/null </dev/null
	has "[==" "unpacked" "Digest: $DIGEST"
	harpoon rmi "$PLAIN/test/box:1"
}

@test "by digest, alone and beside a tag" {
	expect 0 harpoon pull "$PLAIN/test/box@$DIGEST"
	has "$PLAIN/test/box@$DIGEST"
	expect 0 harpoon run --rm "$PLAIN/test/box@$DIGEST"
	[ "$output" = pulled ]
	refused 1 404 "$PLAIN/test/box@sha256:$(printf %064d 0)"
	harpoon rmi "$PLAIN/test/box@$DIGEST"
}

@test "an index gives this machine's image, or another one's" {
	expect 0 harpoon pull "$PLAIN/test/many:1"
	has "Digest: $INDEX"
	expect 0 harpoon run --rm "$PLAIN/test/many:1"
	[ "$output" = pulled ]
	expect 0 harpoon pull --platform linux/s390x "$PLAIN/test/many:1"
	[[ $output != *"$INDEX"* ]]
	expect 0 harpoon run --rm "$PLAIN/test/many:1"
	[ "$output" = "the other" ]
	refused 1 "nothing for linux/mips" --platform linux/mips "$PLAIN/test/many:1"
	refused 1 "is not of the form" --platform linux/ "$PLAIN/test/many:1"
	harpoon rmi "$PLAIN/test/many:1"
}

@test "TLS with an authority of our own" {
	expect 0 harpoon pull --tls-ca "$E2E/ca.pem" "$TLS/test/box:1"
	expect 0 harpoon run --rm "$TLS/test/box:1"
	[ "$output" = pulled ]
	harpoon rmi "$TLS/test/box:1"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out "$E2E/other.pem" -days 2 \
		-subj /CN=other 2>/dev/null
	refused 1 "not trusted" --tls-ca "$E2E/other.pem" "$TLS/test/box:1"
	refused 1 /no/such/file --tls-ca /no/such/file "$TLS/test/box:1"
}

@test "a password, from config.json and from a helper" {
	refused 1 "wants a user and a password" "$AUTHED/test/box:1"
	login "$AUTHED" u wrong
	refused 1 401 "$AUTHED/test/box:1"
	login "$AUTHED" u p
	expect 0 harpoon pull "$AUTHED/test/box:1"
	harpoon rmi "$AUTHED/test/box:1"
	printf '{"credHelpers": {"%s": "e2e"}}' "$AUTHED" >"$DOCKER_CONFIG/config.json"
	# shellcheck disable=SC2016 # for the helper's own shell
	printf '#!/bin/sh\nread -r host\n[ "$1 $host" = "get %s" ] || exit 1\n%s\n' "$AUTHED" \
		'echo "{\"Username\":\"u\",\"Secret\":\"p\"}"' >"$E2E/bin/docker-credential-e2e"
	chmod +x "$E2E/bin/docker-credential-e2e"
	expect 0 harpoon pull "$AUTHED/test/box:1"
	harpoon rmi "$AUTHED/test/box:1"
	rm "$E2E/bin/docker-credential-e2e"
	refused 1 docker-credential-e2e "$AUTHED/test/box:1"
}

@test "a token, for anybody and for who has a password" {
	expect 0 harpoon pull "$BAD/token/box:1"
	harpoon rmi "$BAD/token/box:1"
	refused 1 "wants credentials" "$BAD/private/box:1"
	login "$BAD" u wrong
	refused 1 "refuses our credentials" "$BAD/private/box:1"
	login "$BAD" u p
	expect 0 harpoon pull "$BAD/private/box:1"
	harpoon rmi "$BAD/private/box:1"
}

@test "who a redirect leads to is told no password" {
	login "$BAD" u p
	expect 0 harpoon pull "$BAD/elsewhere/box:1"
	grep '/there/' "$E2E/requests"
	! grep -E '/there/.* auth' "$E2E/requests"
	harpoon rmi "$BAD/elsewhere/box:1"
}

@test "a connection that breaks goes on where it broke" {
	expect 0 harpoon pull "$BAD/drops/box:1"
	expect 0 harpoon run --rm "$BAD/drops/box:1" wc -c /noise
	has 200000
	# Twice each layer.
	[ "$(grep -c /blobs/ "$E2E/requests")" = 5 ]
	harpoon rmi "$BAD/drops/box:1"
}

@test "a registry that is busy is asked again" {
	expect 0 harpoon pull "$BAD/busy/box:1"
	harpoon rmi "$BAD/busy/box:1"
}

@test "a registry that lies or fails leaves nothing" {
	refused 1 "its digest is" "$BAD/wrong-bytes/box:1"
	refused 1 "should have" "$BAD/wrong-size/box:1"
	refused 1 "longer than" "$BAD/endless/box:1"
	refused 1 "redirects" "$BAD/circle/box:1"
	refused 1 "out of order" "$BAD/errors/box:1"
	refused 1 "longer than" "$BAD/huge/box:1"
	refused 1 "manifest '2': the registry answers 404" "$BAD/good/box:2"
	refused 1 "connect" "127.0.0.1:1/good/box:1"
	refused 1 "in no registry" localhost/box:1
}

@test "Ctrl-C ends a pull in order" {
	local before rc=0
	before=$(held)
	harpoon pull "$BAD/slow/box:1" >"$E2E/out" 2>&1 3>&- &
	until_ok 10 grep -q fetching "$E2E/out"
	kill -INT $!
	wait $! || rc=$?
	[ $rc = 130 ]
	grep -q canceled "$E2E/out"
	settled "$before"
}

@test "kill -9 in the middle: the next pull completes, and nothing is left over" {
	local before
	before=$(held)
	harpoon pull "$BAD/slow/box:1" >"$E2E/out" 2>&1 3>&- &
	until_ok 10 grep -q fetching "$E2E/out"
	sleep 0.5
	kill -KILL $!
	! wait $!
	expect 0 harpoon pull "$BAD/good/box:1"
	expect 0 harpoon run --rm "$BAD/good/box:1"
	[ "$output" = pulled ]
	harpoon rmi "$BAD/good/box:1"
	settled "$before"
}

@test "run pulls what is missing, when its name says from where" {
	expect 0 harpoon run --rm "$PLAIN/test/box:1" true
	has fetched
	expect 0 harpoon run --rm "$PLAIN/test/box:1"
	[ "$output" = pulled ]
	harpoon rmi "$PLAIN/test/box:1"
	expect 125 harpoon run --rm --pull never "$PLAIN/test/box:1" true
	has "no image" "harpoon pull"
	expect 125 harpoon run --rm "$PLAIN/test/none:1" true
	has 404
	expect 125 harpoon run --rm --pull missing localhost/none:1 true
	has "no image"
	expect 125 harpoon run --rm no-such-image true
	has "no image"
	expect 0 harpoon run --rm --pull always "$PLAIN/test/box:1" true
	expect 0 harpoon create --name c1 --pull always "$PLAIN/test/box:1"
	harpoon rm c1
	harpoon rmi "$PLAIN/test/box:1"
}

@test "two pulls of one image at the same time" {
	harpoon pull -q "$PLAIN/test/box:1" >"$E2E/out1" 2>&1 3>&- &
	local first=$!
	expect 0 harpoon pull -q "$PLAIN/test/box:1"
	wait "$first"
	expect 0 harpoon run --rm "$PLAIN/test/box:1"
	[ "$output" = pulled ]
	harpoon rmi "$PLAIN/test/box:1"
}
