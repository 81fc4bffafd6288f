#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# tty.bats - terminals: raw mode, size, detach and attach again, signals; settings put back always.
load helper

setup_file() { e2e_up; }
teardown_file() { e2e_down; }

term() { "$E2E_LIB/terminal.py" "$@"; }

@test "run -it: a shell that works as on a terminal" {
	expect 5 term 'expect=# ' 'send=tty\r' expect=/dev/pts 'send=echo $((40+2))\r' 'expect=\n42' \
		'send=exit 5\r' -- harpoon run -it --rm "$IMG" sh
}

@test "the terminal's size goes in, changes too" {
	expect 0 term resize=90x33 'expect=# ' 'send=stty size\r' 'expect=33 90' resize=120x44 sleep=0.3 \
		'send=stty size\r' 'expect=44 120' 'send=exit\r' -- harpoon run -it --rm "$IMG" sh
}

@test "Ctrl-C reaches the container, not the CLI" {
	expect 0 term 'expect=# ' 'send=sleep 100\r' sleep=0.5 'send=\x03' 'expect=# ' \
		'send=echo alive; exit 0\r' expect=alive -- harpoon run -it --rm "$IMG" sh
}

@test "Ctrl-D ends a shell" {
	expect 0 term 'expect=# ' 'send=\x04' -- harpoon run -it --rm "$IMG" sh
}

@test "detach keys leave it running; attach goes on where it was" {
	expect 0 term 'expect=# ' 'send=X=remembered\r' 'expect=# ' 'send=\x10\x11' -- \
		harpoon run -it --name det "$IMG" sh
	state_is det running
	expect 4 term sleep=0.5 'send=echo $X\r' 'expect=\nremembered' 'send=exit 4\r' -- \
		harpoon attach det
	harpoon rm det
}

@test "detach keys can be others" {
	harpoon run -d -it --name det2 "$IMG" sh >/dev/null
	expect 0 term sleep=0.5 'send=\x10\x11' 'send=echo still here\r' 'expect=\nstill here' 'send=\x01d' -- \
		harpoon attach --detach-keys ctrl-a,d det2
	state_is det2 running
	harpoon rm -f det2
}

@test "exec -it" {
	harpoon run -d --name box "$IMG" sleep 600 >/dev/null
	expect 3 term 'expect=# ' resize=70x20 sleep=0.3 'send=stty size\r' 'expect=20 70' 'send=exit 3\r' -- \
		harpoon exec -it box sh
	harpoon rm -f box
}

@test "a container with a terminal that is killed gives the terminal back" {
	( sleep 2; harpoon kill dies ) &
	expect 137 term 'expect=# ' -- harpoon run -it --name dies "$IMG" sh
	harpoon rm dies
}

@test "TERM to the CLI puts the terminal back" {
	run term 'expect=# ' signal=TERM sleep=0.5 -- harpoon run -it --name termed "$IMG" sh
	[ "$status" != 98 ] && [ "$status" != 99 ] || {
		# An interactive shell ignores TERM, so the container may go on: then HUP ends the CLI.
		harpoon rm -f termed
		run term 'expect=# ' signal=HUP -- harpoon run -it --name termed "$IMG" sh
		[ "$status" != 98 ]
		[ "$status" != 99 ]
	}
	harpoon rm -f termed
}

@test "-t without a terminal on stdin is refused for -i, and works without" {
	run bash -c 'harpoon run -it --rm "$IMG" true </dev/null'
	[ "$status" != 0 ]
	has TTY || has terminal || has tty
	expect 0 bash -c 'harpoon run -t --rm "$IMG" sh -c "test -t 1 && echo yes" </dev/null'
	has yes
}

@test "logs of a terminal hold what it showed" {
	harpoon run -d -t --name tl "$IMG" echo shown >/dev/null
	harpoon wait tl
	expect 0 harpoon logs tl
	has shown
	harpoon rm tl
}
