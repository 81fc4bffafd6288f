/* SPDX-License-Identifier: Apache-2.0 */
/* shim-served.h - a root that is served by a played file server, which tells through its port what it
 * was given, then does as it is told. */
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "files/files.h"
#include "shim-bundle.h"
#include "shim/network.h"
#include "shim/rootfs.h"

struct served {
	struct hp_loop *loop;
	char *dir, *bundle,
		*source; /* source: what is to be the root; it has a file "marker" */
	struct hp_shim_network *network;
	struct hp_shim_rootfs *rootfs;
	int port;
	bool ready, ended;
	struct hp_error ready_why, end_why;
};

static const struct hp_files_share *served_share(const struct hp_files_share *s, size_t n,
						 const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s[i].name, name) == 0)
			return &s[i];
	return NULL;
}

/* The played server. A byte from the port: 'w' writes "made" into the share "1", 'f' fails, 'd' dies;
 * the end of the port is the end. */
int hp_files_serve(int port, const struct hp_files_share *shares, size_t n, unsigned workers,
		   struct hp_error *err)
{
	char order;

	(void)workers;
	for (size_t i = 0; i < n; i++)
		dprintf(port, "%s%s%s marker=%d;", shares[i].name,
			shares[i].read_only ? " ro" : "", shares[i].shared ? " shared" : "",
			faccessat(shares[i].fd, "marker", F_OK, 0) == 0);
	dprintf(port, "/marker=%d\n", access("/marker", F_OK) == 0);
	while (read(port, &order, 1) == 1) {
		const struct hp_files_share *one = served_share(shares, n, "1");

		if (order == 'w')
			dprintf(port, "%d\n",
				one ? openat(one->fd, "made", O_CREAT, 0600) : -1);
		if (order == 'f')
			return hp_fail(err, HP_EPROTO, "told to fail");
		if (order == 'd')
			abort();
	}
	return 0;
}

static inline void served_on_ready(void *data, const struct hp_error *why)
{
	struct served *s = data;

	assert_false(s->ready);
	s->ready = true;
	if (why)
		s->ready_why = *why;
}

static inline void served_on_end(void *data, const struct hp_error *why)
{
	struct served *s = data;

	assert_false(s->ended);
	s->ended = true;
	if (why)
		s->end_why = *why;
}

static const struct hp_shim_rootfs_events served_events = {.on_ready = served_on_ready,
							   .on_end = served_on_end};

static inline void served_set_up(struct served *s)
{
	struct hp_error err = HP_ERROR_INIT;

	*s = (struct served){.dir = scratch_new(), .port = -1};
	s->bundle = hp_path_join(s->dir, "bundle");
	s->source = hp_path_join(s->dir, "source");
	assert_int_equal(hp_mkdirs(s->bundle, 0700, &err), 0);
	assert_int_equal(hp_mkdirs(s->source, 0755, &err), 0);
	free(scratch_file(s->source, "marker", "x"));
	assert_int_equal(hp_loop_new(&s->loop, &err), 0);
	assert_int_equal(hp_shim_network_open("new", &s->network, &err), 0);
}

/* Start it with what @spec says besides the bundle and the port; wait until it is ready, or not. */
static inline void served_start(struct served *s, struct hp_shim_rootfs_spec spec)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	spec.bundle = s->bundle;
	spec.files_fd = fds[1];
	s->port = fds[0];
	if (hp_shim_rootfs_serve(s->loop, &spec, &served_events, s, &s->rootfs, &err) < 0)
		fail_msg("%s", err.msg);
	close(fds[1]);
	assert_false(s->ready);
	turn_until(s->loop, &s->ready);
}

/* Start it with the source bound as its root. */
static inline void served_start_bound(struct served *s, struct hp_shim_rootfs_spec spec)
{
	const char *const options[] = {"rbind", "rw", NULL};
	const struct hp_shim_mount mount = {
		.type = "bind", .source = s->source, .options = options};

	spec.mounts = &mount;
	spec.n_mounts = 1;
	served_start(s, spec);
	if (s->ready_why.code != HP_OK)
		fail_msg("%s", s->ready_why.msg);
}

/* The next line that the server says. Owns: the caller. */
static inline char *served_line(struct served *s)
{
	char line[1024];
	size_t n = 0;

	while (n < sizeof(line) - 1 && read(s->port, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	return hp_strdup(line);
}

/* A file below /proc of the server. Owns: the caller. */
static inline char *served_proc(const struct served *s, const char *name)
{
	return hp_sprintf("/proc/%d/%s", (int)hp_shim_rootfs_pid(s->rootfs), name);
}

static inline void served_tear_down(struct served *s)
{
	hp_shim_rootfs_free(s->rootfs);
	hp_shim_network_free(s->network);
	hp_loop_free(s->loop);
	if (s->port >= 0)
		close(s->port);
	free(s->bundle);
	free(s->source);
	scratch_free(s->dir);
}
