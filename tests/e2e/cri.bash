# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets status and output
# SPDX-License-Identifier: Apache-2.0
# cri.bash - what tests of CRI need beside helper.bash: containerd's CRI plugin with a CNI network of
# its own, a pause image made here, and the proof that neither pods nor networks are left.
load helper

# What the suite's network can be told by, on the host and in CNI's state.
CRI_NET=hpcri

# cri_up: a private containerd with CRI, and the images. Call it in setup_file.
cri_up() {
	e2e_up cri_prepare
	harpoon import --quiet --cmd '/bin/sleep 2147483647' "$E2E/rootfs.tar" localhost/pause:1 >/dev/null
	# The plugin hears of new images by events.
	until_ok 10 has_image localhost/pause:1
	until_ok 10 has_image "$IMG"
}

has_image() { hcri images --format json | jq -es --arg n "$1" 'any(.[]; .Repository + ":" + .Tag == $n)'; }

# CRI keeps everything in one namespace of containerd. Its subnet is for benchmarks, and routed nowhere.
cri_prepare() {
	export CONTAINERD_NAMESPACE=k8s.io CRI_SUBNET=198.19.$((RANDOM % 250)).0/24
	export CONTAINER_RUNTIME_ENDPOINT=unix://$CONTAINERD_ADDRESS
	mkdir -p "$E2E/cni"
	cat >"$E2E/cni/10-test.conflist" <<-END
		{"cniVersion": "0.4.0", "name": "$CRI_NET", "plugins": [{"type": "ptp", "ipMasq": false,
		  "ipam": {"type": "host-local", "dataDir": "$E2E/ipam",
		    "ranges": [[{"subnet": "$CRI_SUBNET"}]]}}]}
	END
	cat >"$E2E/config.toml" <<-END
		version = 2
		root = "${E2E_ROOT:-$E2E/root}"
		state = "$E2E/state"
		disabled_plugins = ["io.containerd.snapshotter.v1.devmapper"]
		[grpc]
		  address = "$CONTAINERD_ADDRESS"
		[plugins."io.containerd.nri.v1.nri"]
		  disable = true
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "localhost/pause:1"
		  stream_server_address = "127.0.0.1"
		  stream_server_port = "0"
		  disable_hugetlb_controller = true
		  restrict_oom_score_adj = true
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "/usr/lib/cni"
		    conf_dir = "$E2E/cni"
		  [plugins."io.containerd.grpc.v1.cri".containerd]
		    snapshotter = "${CONTAINERD_SNAPSHOTTER:-overlayfs}"
		    default_runtime_name = "runc"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		      runtime_type = "io.containerd.runc.v2"
	END
	cri_traces | sort >"$E2E/traces.before"
}

# hcri ARGS...: harpoon on the CRI engine.
hcri() { harpoon --engine cri "$@"; }

# What pods leave outside of containerd: network namespaces, links, CNI's state, empty cgroups.
cri_traces() {
	find /run/netns /var/run/netns -mindepth 1 -name 'cni-*' 2>/dev/null
	ip -o link show type veth 2>/dev/null | sed 's/^[0-9]*: \([^:@]*\).*/veth \1/'
	ip route show root "${CRI_SUBNET:-198.19.0.0/24}" | sed 's/^/route /'
	find /var/lib/cni -type f -name "*$CRI_NET*" 2>/dev/null
	find /run/nri -type s 2>/dev/null
	return 0
}

# After each test: what a failed one left may not make the next one fail.
teardown() { hcri ps -aq | xargs -r harpoon --engine cri rm -f >/dev/null; }

# cri_down: remove all, and fail when something had been left or stays. Call it in teardown_file.
cri_down() {
	local rc=0 left
	[ -n "${E2E:-}" ] || return 1
	teardown || rc=1
	hcri images --no-trunc -q | sort -u | xargs -r harpoon --engine cri rmi -f >/dev/null || rc=1
	left=$(ctr containers ls -q)
	[ -z "$left" ] || {
		printf 'left in the runtime:\n%s\n' "$left" >&2
		rc=1
	}
	left=$(find "$E2E/ipam" -name '[0-9]*' 2>/dev/null)
	left+=$(cri_traces | sort | comm -13 "$E2E/traces.before" -)
	[ -z "$left" ] || {
		printf 'left of networks:\n%s\n' "$left" >&2
		rc=1
	}
	e2e_down || rc=1
	# What runc made for all of CRI's cgroups; a daemon of somebody else's may be using it.
	find /sys/fs/cgroup -maxdepth 3 -type d -name k8s.io -exec rmdir {} + 2>/dev/null
	return $rc
}
