#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker-tls.bats - dockerd by TCP with TLS, and each certificate that is wrong.
load docker

setup_file() {
	export BATS_TEST_TIMEOUT=60
	docker_up none tls_settings
	unset DOCKER_HOST
}
teardown_file() {
	docker_down
}

# authority NAME: $E2E/tls/NAME.pem and NAME.key.
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-keyout "$E2E/tls/$1.key" -out "$E2E/tls/$1.pem" -subj "/CN=$1" 2>/dev/null
}

# certificate NAME AUTHORITY DAYS EXTENSION: the same, signed.
certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$E2E/tls/$1.key" \
		-out "$E2E/tls/$1.csr" -subj "/CN=$1" 2>/dev/null
	openssl x509 -req -in "$E2E/tls/$1.csr" -CA "$E2E/tls/$2.pem" -CAkey "$E2E/tls/$2.key" \
		-CAcreateserial -out "$E2E/tls/$1.pem" -days "$3" -extfile <(echo "$4") 2>/dev/null
}

tls_settings() {
	mkdir "$E2E/tls" "$E2E/certs"
	authority ca
	authority other
	certificate server ca 2 "subjectAltName=IP:127.0.0.1"
	certificate client ca 2 "extendedKeyUsage=clientAuth"
	certificate expired ca -1 "extendedKeyUsage=clientAuth"
	certificate foreign other 2 "extendedKeyUsage=clientAuth"
	cp "$E2E/tls/ca.pem" "$E2E/certs/ca.pem"
	cp "$E2E/tls/client.pem" "$E2E/certs/cert.pem"
	cp "$E2E/tls/client.key" "$E2E/certs/key.pem"
	PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	export PORT TLS_HOST=tcp://127.0.0.1:$PORT
	jq --arg port "$PORT" --arg dir "$E2E/tls" '.hosts += ["tcp://127.0.0.1:" + $port] |
		. + {tlsverify: true, tlscacert: ($dir + "/ca.pem"), tlscert: ($dir + "/server.pem"),
		tlskey: ($dir + "/server.key")}' "$E2E/daemon.json" >"$E2E/with-tls"
	mv "$E2E/with-tls" "$E2E/daemon.json"
}

# tls CERTIFICATE [CA]: the options for these.
tls() {
	printf '%s\n' --host "$TLS_HOST" --tlsverify --tlscacert "$E2E/tls/${2:-ca}.pem" \
		--tlscert "$E2E/tls/$1.pem" --tlskey "$E2E/tls/$1.key"
}

@test "all is well: by options, by variables, by https" {
	local good
	mapfile -t good < <(tls client)
	expect 0 harpoon "${good[@]}" run --rm "$IMG" echo hello
	[ "$output" = hello ]
	expect 0 env DOCKER_HOST="$TLS_HOST" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$E2E/certs" \
		harpoon version
	has "https://127.0.0.1:$PORT"
	expect 0 env DOCKER_HOST="$TLS_HOST" DOCKER_CERT_PATH="$E2E/certs" harpoon --tls ps
	expect 0 harpoon --host "https://127.0.0.1:$PORT" "${good[@]:3}" images
	has busybox
}

@test "streams go by TLS too, and stdin ends" {
	local good
	mapfile -t good < <(tls client)
	expect 0 bash -c 'head -c 3000000 /dev/zero | "$@"' - harpoon "${good[@]}" run -i --rm "$IMG" \
		sh -c 'wc -c; echo after'
	[ "$output" = $'3000000\nafter' ]
	harpoon "${good[@]}" run -d --name box "$IMG" sleep 1000
	expect 3 bash -c 'echo word | "$@"' - harpoon "${good[@]}" exec -i box sh -c 'cat; exit 3'
	[ "$output" = word ]
	expect 0 "$E2E_LIB/terminal.py" 'expect=# ' 'send=echo $((6*7))\r' 'expect=42' 'send=exit\r' -- \
		harpoon "${good[@]}" exec -it box sh
	expect 0 harpoon "${good[@]}" export -o "$E2E/out.tar" "$IMG"
	expect 0 harpoon "${good[@]}" import "$E2E/out.tar" localhost/again:1
	harpoon "${good[@]}" rmi localhost/again:1
	harpoon "${good[@]}" rm -f box
}

@test "the wrong authority, an expired, a foreign and a missing certificate each have their words" {
	local bad
	mapfile -t bad < <(tls client other)
	expect 1 harpoon "${bad[@]}" ps
	has "certificate is not trusted" "--tlscacert names the authority"
	mapfile -t bad < <(tls expired)
	expect 1 harpoon "${bad[@]}" ps
	has "client certificate '$E2E/tls/expired.pem' has expired"
	mapfile -t bad < <(tls foreign)
	expect 1 harpoon "${bad[@]}" ps
	has "client certificate '$E2E/tls/foreign.pem' is not accepted"
	expect 1 env HOME="$E2E" harpoon --host "$TLS_HOST" --tlsverify --tlscacert "$E2E/tls/ca.pem" ps
	has "a certificate of the client is wanted" "--tlscert"
	mapfile -t bad < <(tls nothing)
	expect 1 harpoon "${bad[@]}" ps
	has "$E2E/tls/nothing.pem"
}

@test "clear text where TLS is spoken, and the other way round" {
	expect 1 env HOME="$E2E" harpoon --host "$TLS_HOST" ps
	has "HTTPS"
	expect 1 env HOME="$E2E" harpoon --host tcp://127.0.0.1:2376 ps
	has "port 2376 is for TLS"
	plain_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	python3 -m http.server --bind 127.0.0.1 "$plain_port" >/dev/null 2>&1 3>&- &
	local server=$!
	until_ok 10 bash -c ": </dev/tcp/127.0.0.1/$plain_port"
	expect 1 env HOME="$E2E" harpoon --host "tcp://127.0.0.1:$plain_port" --tls ps
	has "does not speak TLS"
	expect 1 env HOME="$E2E" harpoon --host "tcp://127.0.0.1:$plain_port" ps
	has "does not speak docker's API"
	kill "$server"
}
