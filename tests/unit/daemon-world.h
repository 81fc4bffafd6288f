/* SPDX-License-Identifier: Apache-2.0 */
/* daemon-world.h - a daemon on a unix socket that is played by the test itself: what it says fits in
 * the socket, so that one thread can be both sides. */
#pragma once
#include <sys/socket.h>

#include "net/conn.h"
#include "scratch.h"

struct daemon_world {
	char *dir;
	char *path;
	int listen_fd;
	int fd;               /* the daemon's end */
	struct hp_conn *conn; /* the client's; NULL once it was handed over */
};

static inline struct daemon_world daemon_new(void)
{
	struct daemon_world w = {.dir = scratch_new(), .listen_fd = -1, .fd = -1};
	struct hp_error err = HP_ERROR_INIT;

	w.path = hp_path_join(w.dir, "sock");
	assert_int_equal(hp_unix_listen(w.path, 0600, &w.listen_fd, &err), 0);
	assert_int_equal(hp_conn_unix(w.path, &w.conn, &err), 0);
	w.fd = accept4(w.listen_fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(w.fd >= 0);
	return w;
}

static inline void daemon_hang_up(struct daemon_world *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

static inline void daemon_free(struct daemon_world *w)
{
	daemon_hang_up(w);
	close(w->listen_fd);
	hp_conn_free(w->conn);
	free(w->path);
	scratch_free(w->dir);
}
HP_AUTO_VALUE(struct daemon_world, daemon_free);

static inline void daemon_says(const struct daemon_world *w, const char *text)
{
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_fd_write_all(w->fd, text, strlen(text), &err), 0);
}

/* What the client has said until now. Owns: the caller. */
static inline char *daemon_heard(const struct daemon_world *w)
{
	char *text = hp_alloc(65536);
	const ssize_t n = recv(w->fd, text, 65535, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}
