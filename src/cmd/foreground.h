/* SPDX-License-Identifier: Apache-2.0 */
/* foreground.h - what run, exec, attach and start -a share: staying with a process. */
#pragma once
#include "cmd/cli.h"
#include "cmd/console.h"

struct hp_foreground_args {
	const char *detach_keys;
	bool sig_proxy;
};

/* The rows for a member @m of type struct hp_foreground_args in the arguments @s. */
/* clang-format off: one row an option */
#define HP_FOREGROUND_OPTS(s, m)                                                               \
	HP_OPT_STR(0, "detach-keys", s, m.detach_keys, "KEYS",                                 \
		   "what leaves the terminal (" HP_DETACH_DEFAULT ")"),                        \
		HP_OPT_FLAG_ON(0, "sig-proxy", s, m.sig_proxy,                                 \
			       "pass signals on, when it has no terminal (true)")
/* clang-format on */

/* Check the keys, and that a terminal is ours to give when both -i and -t are asked for. */
int hp_foreground_check(const struct hp_foreground_args *args, bool tty, bool use_stdin,
			struct hp_detach *ret_keys, struct hp_error *err) MUST_CHECK;

/* Was this container made with a terminal, a stdin, and to be removed when it ends? */
struct hp_traits {
	bool tty;
	bool use_stdin;
	bool remove;
};
void hp_foreground_traits(const struct hp_container *container, struct hp_traits *ret);

/* Start a process of its own that, once *ret_guard_fd is closed, waits for the end of container
 * @id and removes it: so --rm holds however we end, kill -9 included. */
int hp_foreground_guard(const struct hp_cli *cli, const char *id, int *ret_guard_fd,
			struct hp_error *err) MUST_CHECK;
/* Tell it that the container has been removed, and close the descriptor; -1 is fine. */
void hp_foreground_release(int take_guard_fd);

/* What --rm means after a console came to @end: the container is removed, or by the guard when it
 * ends after all. */
int hp_foreground_remove(struct hp_engine *engine, const char *id, int take_guard_fd,
			 const struct hp_console_end *end, struct hp_error *err) MUST_CHECK;
