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
	vm_qemus | sort >"$E2E/qemus.before"
}

# What a shell in a privileged container does to panic its kernel, given the name of the host's,
# which it spares.
export PANIC='[ "$(uname -r)" = "$0" ] || echo c >/proc/sysrq-trigger'

# vm_config [JSON]: write the settings, with those of JSON over ours. Every shim that starts from
# now on reads them.
vm_config() {
	jq -n --arg init "$HP_INIT" --arg state "$HP_VM_STATE" --arg run "$E2E/run" \
		"{init: \$init, state_dir: \$state, run_dir: \$run} + ${1:-{\}}" >"$E2E/vm.json"
}

# vm_down: remove all, and fail when something had been left or stays. Call it in teardown_file.
vm_down() {
	[ -n "${E2E:-}" ] || return 1
	vm_config
	vm_pool_stop
	e2e_down
}

# vm_of_us PATTERN: processes whose program fits it and that have the settings of this file of tests,
# each "PID COMMAND".
vm_of_us() {
	local p exe
	for p in /proc/[0-9]*; do
		exe=$(readlink "$p/exe" 2>/dev/null) || continue
		# shellcheck disable=SC2053 # a pattern
		[[ ${exe##*/} == $1 ]] || continue
		vm_is_ours "${p#/proc/}" &&
			echo "${p#/proc/} $({ tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null)"
	done
	return 0
}

# vm_is_ours PID: it has the settings of this file of tests.
vm_is_ours() {
	{ tr '\0' '\n' <"/proc/$1/environ"; } 2>/dev/null | grep -qxF "HARPOON_VM_CONFIG=$E2E/vm.json"
}

# vm_qemus: the machines of this file of tests, and those that nobody looks after, "PID NAME". Their
# environment is empty, so it is their parents' that tells.
vm_qemus() {
	local p line parent
	for p in /proc/[0-9]*; do
		line=$({ tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null) || continue
		[[ $line =~ ^[^\ ]*qemu-system-[^\ ]*\ -name\ (harpoon-[^\ ]*) ]] || continue
		line=${BASH_REMATCH[1]}
		parent=$(sed -n 's/^PPid:[[:space:]]*//p' "$p/status" 2>/dev/null)
		[ "${parent:-1}" = 1 ] || vm_is_ours "$parent" || continue
		echo "${p#/proc/} $line"
	done
}

# Machines that have come since this file of tests began; those of templates are the pool's.
vm_come() { vm_qemus | sort | comm -13 "$E2E/qemus.before" -; }
vm_machines() { vm_come | grep -v ' harpoon-template$' || true; }

# The process that holds the templates of this file's run_dir; it outlives containers by design.
vm_pool_pids() { vm_of_us harpoon | sed -n 's/^\([0-9]*\) .* vm pool .*/\1/p'; }

vm_pool_stop() {
	local pid
	for pid in $(vm_pool_pids); do
		kill "$pid" 2>/dev/null || continue
		until_ok 10 sh -c "! kill -0 $pid"
	done
}

# What machines may not leave, for helper.bash.
vm_left() {
	vm_come
	find "$E2E/run" ! -type d ! -name "*.lock" ! -name host.json 2>/dev/null
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

# vm_shim_of ID, vm_files_of ID, vm_machine_of ID: the processes behind a container. The file server
# was forked by the shim and has its words.
vm_shim_of() { vm_shims "$1" first; }
vm_files_of() { vm_shims "$1" forked; }

# vm_shims ID first|forked
vm_shims() {
	local pid rest parent
	vm_of_us 'containerd-shim-harpoon-v1' | grep -F -- "-id $1 " | while read -r pid rest; do
		parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
		if [[ $(readlink "/proc/$parent/exe" 2>/dev/null) == */containerd-shim-harpoon-v1 ]]; then
			[ "$2" = first ] || echo "$pid"
		else
			[ "$2" = forked ] || echo "$pid"
		fi
	done
	return 0
}

vm_machine_of() {
	local shim
	for shim in $(vm_shim_of "$1"); do pgrep -P "$shim" qemu-system; done
	return 0
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
