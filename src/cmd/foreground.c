/* SPDX-License-Identifier: Apache-2.0 */
/* foreground.c - the rules around staying with a process in a container. */
#include "cmd/foreground.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/fd.h"

int hp_foreground_check(const struct hp_foreground_args *args, bool tty, bool use_stdin,
			struct hp_detach *ret_keys, struct hp_error *err)
{
	const char *keys = args->detach_keys ? args->detach_keys : HP_DETACH_DEFAULT;

	if (tty && use_stdin && !isatty(STDIN_FILENO))
		return hp_fail(err, HP_EUSAGE,
			       "-i and -t together need a terminal, and stdin is none");
	return hp_detach_parse(keys, ret_keys, err);
}

void hp_foreground_traits(const struct hp_container *c, struct hp_traits *ret)
{
	*ret = (struct hp_traits){
		.tty = c->tty,
		.use_stdin = c->stdin_open,
		.remove = hp_labels_get(&c->labels, "harpoon/auto-remove"),
	};
}

int hp_foreground_guard(const struct hp_cli *cli, const char *id, int *ret_guard_fd,
			struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	int ends[2];
	pid_t pid = 0;

	hp_strv_add(&words, "harpoon");
	hp_cli_words(cli, &words);
	hp_strv_add(&words, "reap");
	hp_strv_add(&words, id);
	if (hp_pipe(ends, err) < 0)
		return -1;

	AUTO_CLOSE int read_end = ends[0];
	AUTO_CLOSE int write_end = ends[1];
	const int fds[] = {-1, -1, -1, read_end};
	struct hp_child child = {
		.path = cli->program,
		.argv = hp_strv_view(&words),
		.fds = fds,
		.n_fds = HP_ARRAY_LEN(fds),
		.cwd = "/",
		.detach = true,
	};
	if (hp_child_start(&child, &pid, err) < 0)
		return hp_wrap(err, "start what removes the container at its end");
	*ret_guard_fd = TAKE_FD(write_end);
	return 0;
}

void hp_foreground_release(int take_guard_fd)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (take_guard_fd < 0)
		return;
	/* A guard that is gone needs no telling; one that is not told finds nothing to remove. */
	if (hp_fd_write_all(take_guard_fd, "1", 1, &ignored) < 0)
		hp_error_clear(&ignored);
	close(take_guard_fd);
}

int hp_foreground_remove(struct hp_engine *engine, const char *id, int take_guard_fd,
			 const struct hp_console_end *end, struct hp_error *err)
{
	AUTO_CLOSE int guard = take_guard_fd;

	if (end->how == HP_CONSOLE_DETACHED)
		return 0;
	/* Whoever left by a signal or closed our stdout is gone for good, so it is killed. Its
	 * anonymous volumes go too, as with docker. */
	if (hp_engine_remove(engine, id, true, true, err) < 0 && err->code != HP_ENOTFOUND)
		return -1;
	hp_error_clear(err);
	hp_foreground_release(TAKE_FD(guard));
	return 0;
}
