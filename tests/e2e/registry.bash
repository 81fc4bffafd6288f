# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# registry.bash - Debian's docker-registry for tests, below $E2E.

# registry_start plain|auth|tls: docker-registry on a free port, which is in $E2E/NAME.port.
registry_start() {
	local port auth='' tls=''
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	if [ "$1" = auth ]; then
		htpasswd -Bbc "$E2E/htpasswd" u p 2>/dev/null
		auth="auth: {htpasswd: {realm: test, path: $E2E/htpasswd}}"
	elif [ "$1" = tls ]; then
		certificates
		tls=", tls: {certificate: $E2E/cert.pem, key: $E2E/key.pem}"
	fi
	cat >"$E2E/$1.yml" <<-END
		version: 0.1
		log: {level: error}
		storage: {filesystem: {rootdirectory: $E2E/registry-$1}}
		$auth
		http: {addr: "127.0.0.1:$port"$tls}
	END
	docker-registry serve "$E2E/$1.yml" >"$E2E/$1.log" 2>&1 3>&- &
	echo $! >"$E2E/$1.pid"
	disown
	until_ok 10 bash -c ": </dev/tcp/127.0.0.1/$port"
	echo "$port" >"$E2E/$1.port"
}

# certificates: an authority, and a certificate for 127.0.0.1 that it signed.
certificates() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$E2E/ca.key" -out "$E2E/ca.pem" \
		-days 2 -subj /CN=test-ca 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -keyout "$E2E/key.pem" -out "$E2E/cert.csr" \
		-subj /CN=127.0.0.1 2>/dev/null
	openssl x509 -req -in "$E2E/cert.csr" -CA "$E2E/ca.pem" -CAkey "$E2E/ca.key" \
		-CAcreateserial -out "$E2E/cert.pem" -days 2 \
		-extfile <(echo subjectAltName=IP:127.0.0.1) 2>/dev/null
}

# registry_stop NAME...
registry_stop() {
	local name
	for name in "$@"; do
		kill "$(cat "$E2E/$name.pid")" 2>/dev/null
	done
	return 0
}
