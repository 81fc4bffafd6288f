#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm-net.bats - the network of containers in machines of their own: what CNI plugins and others put
# into the container's namespace works in the machine, and is left as it was.
load vm

setup_file() {
	vm_up
	export NET=hpnet$$ SIDE=hpside$$ CNI=$E2E/cni CNI_BIN=${CNI_BIN:-/usr/lib/cni}
	# The bridge is in a namespace of its own, so that the host's firewall has no part in it.
	ip netns add "$NET"
	ip -n "$NET" link set lo up
	mkdir -p "$CNI"
	cat >"$CNI/10-test.conf" <<-END
		{"cniVersion": "0.4.0", "name": "test", "type": "bridge", "bridge": "br0", "isGateway": true,
		 "mtu": 1400, "ipam": {"type": "host-local", "dataDir": "$CNI/ipam", "ranges": [
		   [{"subnet": "10.88.77.0/24"}], [{"subnet": "fd00:88::/64"}]],
		  "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}}
	END
}

teardown_file() {
	local rc=0
	[ -z "$(ip -n "$NET" -o link show type veth)" ] || rc=1
	[ -z "$(ip netns pids "$NET")" ] || rc=1
	[ -z "$(ls "$CNI/ipam/test" | grep -v -e lock -e last_reserved)" ] || rc=1
	ip netns del "$NET"
	vm_down || rc=1
	return $rc
}

teardown() {
	local id
	for id in $(ctr tasks ls -q); do
		cni tasks kill -s 9 "$id" || true
	done
	until_ok 10 sh -c '[ -z "$(ctr tasks ls -q)$(ctr containers ls -q)" ]'
	ip netns del "$SIDE" 2>/dev/null || true
}

# cni ARG...: ctr with our network and plugins where it looks for them.
cni() {
	# shellcheck disable=SC2016 # for the inner shell
	nsenter --net="/run/netns/$NET" unshare -m --propagation private sh -c '
		set -e
		mount -t tmpfs none /etc && mkdir -p /etc/cni/net.d
		mount -t tmpfs none /opt && mkdir -p /opt/cni/bin && mount --bind "$CNI_BIN" /opt/cni/bin
		mount -t tmpfs none /var/lib
		cp "$CNI"/*.conf /etc/cni/net.d
		exec ctr "$@"' sh "$@"
}

# net [OPTION...] -- COMMAND...: a container on the bridge, removed at its end.
net() {
	local opts=()
	while [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	cni run --rm --cni --runtime "$VM_RUNTIME" "${opts[@]}" "$IMG" "n$RANDOM$RANDOM" "$@"
}

# net_start NAME COMMAND...: one that stays, its output in $BATS_TEST_TMPDIR/NAME; its address is in ADDRESS.
net_start() {
	local name=$1 out=$BATS_TEST_TMPDIR/$1
	shift
	cni run --rm --cni --runtime "$VM_RUNTIME" "$IMG" "$name" sh -c \
		"ip -4 -o addr show eth0 | sed 's/.*inet //; s,/.*,,; s/^/address /'; $*" >"$out" 2>&1 3>&- &
	until_ok 20 grep -q ^address "$out"
	ADDRESS=$(sed -n 's/^address //p' "$out")
}

# In a container's script: say "ready" when something listens at the port.
say_ready() { echo "until netstat -ltn | grep -q :$1; do sleep 0.05; done; echo ready"; }

# On the host's side of the bridge.
outside() { ip netns exec "$NET" busybox "$@"; }

# qdiscs NETNS: the kinds that "eth0" has there.
qdiscs() { tc -n "$1" qdisc show dev eth0 | cut -d' ' -f2; }

# side: a namespace that others keep, with eth0 and its other end, side0.
side() {
	ip netns add "$SIDE"
	ip -n "$NET" link add side0 type veth peer name eth0 netns "$SIDE"
	ip -n "$NET" addr add 10.88.78.1/24 dev side0
	ip -n "$NET" addr add fd00:78::1/64 dev side0 nodad
	ip -n "$NET" link set side0 up
	ip -n "$SIDE" link set lo up
	ip -n "$SIDE" link set eth0 up
	ip -n "$SIDE" addr add 10.88.78.2/24 dev eth0
	ip -n "$SIDE" addr add fd00:78::2/64 dev eth0 nodad
	ip -n "$SIDE" route add default via 10.88.78.1
}

side_vm() { vm --with-ns "network:/run/netns/$SIDE" "$@"; }

@test "the interface that a plugin has made, with its name, addresses, routes and MTU" {
	expect 0 net -- sh -c 'ip addr show eth0; ip route; ip -6 route; ls /sys/class/net'
	has 'inet 10.88.77.' '/24' 'inet6 fd00:88::' 'mtu 1400' 'UP' \
		'default via 10.88.77.1 dev eth0' 'default via fd00:88::1 dev eth0' $'eth0\nlo'
}

@test "the bridge answers, by IPv4 and IPv6" {
	expect 0 net -- sh -c 'ping -c 2 -W 3 10.88.77.1; ping -c 2 -W 3 fd00:88::1'
	[ "$(grep -c ' 0% packet loss' <<<"$output")" = 2 ]
}

@test "the host reaches the machine, and nobody else answers for it" {
	net_start srv "nc -l -p 7000 -e uname -r & $(say_ready 7000); sleep 60"
	until_ok 10 grep -q ready "$BATS_TEST_TMPDIR/srv"
	expect 0 outside ping -c 2 -W 3 "$ADDRESS"
	has ' 0% packet loss'
	expect 0 outside nc -w 5 "$ADDRESS" 7000
	[ "$output" != "$(uname -r)" ] && [ -n "$output" ]
	# The port is closed now: one reset, from the machine; a second answer would be the host's.
	expect 1 outside nc -w 5 "$ADDRESS" 7000
	has refused
	[ "$(ip -n "$NET" neigh show "$ADDRESS" | wc -l)" = 1 ]
}

@test "two machines reach each other" {
	net_start one "mkfifo /tmp/open; exec 4<>/tmp/open; nc -l -p 7000 >/tmp/f <&4 & $(say_ready 7000)
		wait; md5sum </tmp/f; sleep 60"
	local one=$ADDRESS
	until_ok 10 grep -q ready "$BATS_TEST_TMPDIR/one"
	expect 0 net -- sh -c "ping -c 3 -W 3 $one; head -c 300000 /dev/zero | nc -w 5 $one 7000"
	has ' 0% packet loss'
	until_ok 10 grep -q "$(head -c 300000 /dev/zero | md5sum)" "$BATS_TEST_TMPDIR/one"
}

@test "8 MiB arrive whole, in either direction" {
	local dir=$BATS_TEST_TMPDIR/www sum server
	mkdir "$dir"
	head -c 8M /dev/urandom >"$dir/data"
	sum=$(md5sum <"$dir/data")
	# Not by `outside`, whose shell would be killed in its place.
	ip netns exec "$NET" busybox httpd -f -p 7001 -h "$dir" 3>&- &
	server=$!
	net_start both 'mkdir /www; wget -q -O /www/f http://10.88.77.1:7001/data; md5sum </www/f
		httpd -f -p 7000 -h /www'
	until_ok 30 grep -q "$sum" "$BATS_TEST_TMPDIR/both"
	until_ok 10 outside wget -q -O "$dir/back" "http://$ADDRESS:7000/f"
	[ "$(md5sum <"$dir/back")" = "$sum" ]
	kill "$server"
}

@test "a namespace that others keep: it is used, and left as it was" {
	side
	expect 0 side_vm -- sh -c 'ping -c 2 -W 3 10.88.78.1; ping -c 2 -W 3 fd00:78::1; ip route; cat /sys/class/net/eth0/address'
	[ "$(grep -c ' 0% packet loss' <<<"$output")" = 2 ]
	has 'default via 10.88.78.1' "$(ip -n "$SIDE" -o link show eth0 | sed 's/.*ether //; s/ .*//')"
	[[ $(qdiscs "$SIDE") != *ingress* ]]
	[ "$(ip -n "$SIDE" -o link show | wc -l)" = 2 ]
	expect 0 outside ping -c 1 -W 3 10.88.78.2
}

@test "what shapes the interface shapes the machine" {
	local fetch free shaped
	fetch=(outside wget -q -O /dev/null http://10.88.78.2:7000/f)
	side
	ctr run -d --null-io --runtime "$VM_RUNTIME" --with-ns "network:/run/netns/$SIDE" "$IMG" slow \
		sh -c 'mkdir /www; head -c 2m /dev/zero >/www/f; httpd -f -p 7000 -h /www'
	until_ok 20 "${fetch[@]}"
	free=$(seconds "${fetch[@]}")
	tc -n "$SIDE" qdisc add dev eth0 root tbf rate 4mbit burst 32k latency 400ms
	shaped=$(seconds "${fetch[@]}")
	echo "without: $free s, with: $shaped s"
	awk -v a="$free" -v b="$shaped" 'BEGIN { exit !(b > 3.5 && b > 2 * a) }'
	ctr tasks kill -s 9 slow
	until_ok 10 ctr tasks rm slow
	ctr containers rm slow
	[[ $(qdiscs "$SIDE") == *tbf* && $(qdiscs "$SIDE") != *ingress* ]]
}

@test "a shim that was killed leaves no redirect behind" {
	side
	ctr run -d --null-io --runtime "$VM_RUNTIME" --with-ns "network:/run/netns/$SIDE" "$IMG" gone sleep 3600
	until_ok 10 outside ping -c 1 -W 1 10.88.78.2
	[[ $(qdiscs "$SIDE") == *ingress* ]]
	kill -9 "$(vm_shim_of gone)"
	# containerd finds out, and has the shim's program tidy up.
	until_ok 10 sh -c "! tc -n $SIDE qdisc show dev eth0 | grep -q ingress"
	expect 0 outside ping -c 1 -W 3 10.88.78.2
	ctr containers rm gone
}

@test "the host's network: said to be impossible, and not touched" {
	local before
	before=$(ip link; tc qdisc)
	expect 0 vm --net-host -- ls /sys/class/net
	[ "$output" = lo ]
	grep -q "cannot have the host's network" "$E2E/log"
	[ "$(ip link; tc qdisc)" = "$before" ]
}

@test "of two interfaces, the one with the default route; the other is named" {
	side
	ip -n "$NET" link add side1 type veth peer name eth1 netns "$SIDE"
	ip -n "$SIDE" link set eth1 up
	ip -n "$SIDE" addr add 10.88.79.2/24 dev eth1
	expect 0 side_vm -- sh -c 'ls /sys/class/net; ip addr show eth0'
	has $'eth0\nlo' 10.88.78.2
	grep -q "the interface 'eth1' is left out" "$E2E/log"
}
