/* SPDX-License-Identifier: Apache-2.0 */
/* keeper-world.h - a directory with FIFOs, and the real harpoon-keeper at work on it. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/child.h"
#include "base/clock.h"
#include "keeper-output.h"
#include "keeper/keeper.h"
#include "scratch.h"

/* pid: of the keeper, 0 when it has ended. writers: our ends of the FIFOs, as a shim has them. */
struct world {
	char *dir;
	char *log;
	pid_t pid;
	int writers[2];
};

static inline const char *keeper_path(void)
{
	const char *path = getenv("HP_TEST_KEEPER");

	assert_non_null(path);
	return path;
}

static inline void world_make(struct world *w)
{
	w->dir = scratch_new();
	w->log = hp_path_join(w->dir, "log");
	w->pid = 0;
	w->writers[0] = w->writers[1] = -1;
	for (int i = 0; i < 2; i++) {
		AUTO_FREE char *path = hp_path_join(w->dir, i ? "stderr" : "stdout");
		assert_int_equal(mkfifo(path, 0600), 0);
	}
}

/* Start the keeper with @args after --dir, and return what it says on the ready pipe. */
static inline char *world_start(struct world *w, const char *const *args)
{
	const char *argv[16] = {"harpoon-keeper", "--dir", w->dir};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf said;
	int ready[2];
	size_t n = 3;

	while (*args)
		argv[n++] = *args++;
	assert_int_equal(hp_pipe(ready, &err), 0);
	struct hp_child child = {.path = keeper_path(),
				 .argv = argv,
				 .fds = (const int[]){-1, -1, STDERR_FILENO, ready[1]},
				 .n_fds = 4,
				 .parent_death_signal = SIGKILL};
	if (hp_child_start(&child, &w->pid, &err) < 0)
		fail_msg("%s", err.msg);
	close(ready[1]);
	hp_buf_init(&said, 1000);
	assert_int_equal(hp_fd_read_all(ready[0], &said, &err), 0);
	close(ready[0]);
	return hp_buf_take_str(&said);
}

#define WORLD_START(w, ...)                                                                    \
	do {                                                                                   \
		AUTO_FREE char *said_ =                                                        \
			world_start(w, (const char *const[]){__VA_ARGS__, NULL});              \
		assert_string_equal(said_, "1");                                               \
	} while (0)

/* Open our end of FIFO @i for writing, as the shim does. */
static inline void world_write_end(struct world *w, int i)
{
	AUTO_FREE char *path = hp_path_join(w->dir, i ? "stderr" : "stdout");

	w->writers[i] = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(w->writers[i] >= 0);
}

static inline void world_say(struct world *w, int i, const char *data, size_t len)
{
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_fd_write_all(w->writers[i], data, len, &err), 0);
}

static inline void world_end(struct world *w, int i)
{
	if (w->writers[i] >= 0)
		close(TAKE_FD(w->writers[i]));
}

/* Wait for the keeper's end. Returns: its exit status. */
static inline int world_wait(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int status = -1;

	if (hp_child_wait(w->pid, PATIENCE_MS, &status, &err) < 0)
		fail_msg("%s", err.msg);
	w->pid = 0;
	return status;
}

static inline void world_free(struct world *w)
{
	world_end(w, 0);
	world_end(w, 1);
	if (w->pid) {
		kill(w->pid, SIGKILL);
		world_wait(w);
	}
	free(w->log);
	scratch_free(w->dir);
}
HP_AUTO_VALUE(struct world, world_free);

/* Connect to the keeper and send @ask with @n_fds descriptors. Returns: the connection. */
static inline int world_ask(struct world *w, char ask, const int *fds, size_t n_fds)
{
	AUTO_FREE char *path = hp_path_join(w->dir, HP_KEEPER_SOCKET);
	struct hp_error err = HP_ERROR_INIT;
	int sock = -1;

	if (hp_unix_connect(path, &sock, &err) < 0 ||
	    hp_fd_send(sock, &ask, 1, fds, n_fds, &err) < 0)
		fail_msg("%s", err.msg);
	return sock;
}

/* Attach. ret_fds: read ends of our pipes. Returns: whether the keeper said yes. */
static inline bool world_attach(struct world *w, int ret_fds[2])
{
	struct hp_error err = HP_ERROR_INIT;
	int ends[2];
	char answer = 0;

	for (int i = 0; i < 2; i++) {
		int fds[2];
		assert_int_equal(hp_pipe(fds, &err), 0);
		ret_fds[i] = fds[0];
		ends[i] = fds[1];
	}
	AUTO_CLOSE int sock = world_ask(w, HP_KEEPER_ATTACH, ends, 2);
	close(ends[0]);
	close(ends[1]);
	assert_true(hp_fd_poll(sock, POLLIN, PATIENCE_MS, &err) & POLLIN);
	return read(sock, &answer, 1) == 1 && answer == HP_KEEPER_OK;
}
