# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets status and output
# SPDX-License-Identifier: Apache-2.0
# vm.bash - what tests of containers in machines of their own need beside helper.bash.
#
# From outside: HARPOON as in helper.bash; HP_SHIM and HP_INIT, the shim and the guest's init (those
# of the same build without them). Templates are kept between files of tests, for each takes seconds
# to make: HP_VM_STATE says where (build/vm of the tree).
load helper

VM_TREE=${HARPOON%/src/cmd/harpoon}
HP_SHIM=${HP_SHIM:-$VM_TREE/src/shim/containerd-shim-harpoon-v1}
HP_INIT=${HP_INIT:-$VM_TREE/src/guest/harpoon-init}
HP_VM_STATE=${HP_VM_STATE:-$(realpath -m "$BATS_TEST_DIRNAME/../../build/vm")}
# Another runtime here tells what a test asks of any, such as runc.
export VM_RUNTIME=${VM_RUNTIME:-io.containerd.harpoon.v1}

# vm_up: a private containerd that finds the shim, and the image. Call it in setup_file.
vm_up() { e2e_up vm_prepare; }

vm_prepare() {
	mkdir -p "$HP_VM_STATE" "$E2E/run"
	# A link: the shim shall see the build tree as the place that it is started from.
	ln -s "$HP_SHIM" "$E2E/bin/containerd-shim-harpoon-v1"
	export HARPOON_VM_CONFIG=$E2E/vm.json
	vm_config
}

# vm_config [JSON]: write the settings, with those of JSON over ours. Every shim that starts from
# now on reads them.
vm_config() {
	jq -n --arg init "$HP_INIT" --arg state "$HP_VM_STATE" --arg run "$E2E/run" \
		"{init: \$init, state_dir: \$state, run_dir: \$run} + ${1:-{\}}" >"$E2E/vm.json"
}

# vm_down: remove all, and fail when something had been left or stays. Call it in teardown_file.
vm_down() {
	vm_config
	vm_pool_stop
	e2e_down
}

# The process that holds the templates of this file's run_dir outlives containers by design.
vm_pool_stop() {
	local pid file
	for file in "$E2E"/run/*.pid; do
		[ -e "$file" ] || continue
		pid=$(cat "$file")
		kill "$pid" 2>/dev/null || continue
		until_ok 10 sh -c "! kill -0 $pid"
	done
}

# Machines of this file's containers, each "PID COMMAND".
vm_machines() {
	local p
	for p in /proc/[0-9]*; do
		[[ $(readlink "$p/exe") == */qemu-system-* ]] || continue
		{ tr '\0' '\n' <"$p/environ"; tr '\0' '\n' <"$p/cmdline"; } 2>/dev/null |
			grep -qF "$E2E/" && echo "${p#/proc/} $(tr '\0' ' ' <"$p/cmdline")"
	done 2>/dev/null
	return 0
}

# What machines may not leave, for helper.bash.
vm_left() {
	vm_machines
	find "$E2E/run" -mindepth 1 ! -name '*.lock' 2>/dev/null
	return 0
}

# vm [OPTION...] -- COMMAND...: ctr runs it in a container of its own and removes that.
vm() {
	local opts=()
	while [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	ctr run --rm --runtime "$VM_RUNTIME" "${opts[@]}" "$IMG" "v$RANDOM$RANDOM" "$@"
}

# vmh [OPTION...] -- COMMAND...: the same by harpoon, which has more options.
vmh() {
	local opts=()
	while [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	harpoon run --rm --runtime "$VM_RUNTIME" "${opts[@]}" "$IMG" "$@"
}

# vm_start NAME [OPTION...] -- COMMAND...: in the background, by harpoon, which keeps its output.
vm_start() {
	local name=$1
	shift
	vmh_opts=()
	while [ "$1" != -- ]; do
		vmh_opts+=("$1")
		shift
	done
	shift
	harpoon run -d --name "$name" --runtime "$VM_RUNTIME" "${vmh_opts[@]}" "$IMG" "$@" >/dev/null
}

# vm_box [NAME]: a container that waits.
vm_box() { vm_start "${1:-box}" "${@:2}" -- sleep 3600; }

# logged NAME TEXT: its output has this text by now.
logged() { harpoon logs "$1" 2>&1 | grep -qF -- "$2"; }

# vm_shim_of NAME, vm_machine_of NAME: the processes behind a container.
vm_shim_of() {
	local id p
	id=$(harpoon inspect -f '{{.Id}}' "$1")
	for p in /proc/[0-9]*; do
		{ tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null | grep -qF -- "-id $id " || continue
		[[ $(readlink "$p/exe") == */containerd-shim-* ]] || continue
		# The file server has the same words, and the shim as its parent.
		[ "$(readlink "/proc/$(sed -n 's/^PPid:[[:space:]]*//p' "$p/status")/exe")" = \
			"$(readlink "$p/exe")" ] || echo "${p#/proc/}"
	done
}

vm_machine_of() {
	local shim
	shim=$(vm_shim_of "$1")
	[ -n "$shim" ] && pgrep -P "$shim" qemu-system
}

# seconds COMMAND...: run it, print how long it took, with milliseconds.
seconds() {
	local t0 t1
	t0=$EPOCHREALTIME
	"$@" >/dev/null 2>&1 || true
	t1=$EPOCHREALTIME
	echo "$t0 $t1" | awk '{ printf "%.3f\n", $2 - $1 }'
}

# under SECONDS COMMAND...: it takes less than that.
under() {
	local took
	took=$(seconds "${@:2}")
	awk -v a="$took" -v b="$1" 'BEGIN { exit !(a < b) }' || {
		echo "took $took s and not under $1: ${*:2}" >&2
		return 1
	}
}
