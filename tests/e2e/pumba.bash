# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets stderr
# SPDX-License-Identifier: Apache-2.0
# pumba.bash - the program by its other name, for files of tests that have a daemon up.

# pumba_up: put `pumba` in PATH. It has no option for where its state is.
pumba_up() {
	mkdir "$E2E/other"
	ln -s "${HARPOON:?}" "$E2E/other/pumba"
	printf '#!/bin/sh\nexec 3>&-\nexec %q "$@"\n' "$E2E/other/pumba" >"$E2E/bin/pumba"
	chmod +x "$E2E/bin/pumba"
	export HARPOON_DATA_ROOT=$E2E/data HARPOON_STATE_ROOT=$E2E/hp
	unset LOG_LEVEL LOG_JSON PUMBA_RUNTIME
}

# tells TEXT...: the log of the last run has each TEXT.
tells() {
	local text
	for text in "$@"; do
		[[ $stderr == *"$text"* ]] || {
			printf 'no "%s" in:\n%s\n' "$text" "$stderr" >&2
			return 1
		}
	done
}
