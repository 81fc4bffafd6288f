/* SPDX-License-Identifier: Apache-2.0 */
/* h2_peer.c - the socket and the thread of the fake peer. */
#include "h2_peer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "h2_script.h"

struct h2_peer {
	pthread_t thread;
	char *path;
	int listen_fd;
	atomic_int conn_fd; /* -1 when there is none; shut down, not closed, by others */
	atomic_bool stopping;
	struct h2_counts counts;
	bool raw;
	struct hp_bytes text;
	bool hold;
};

static bool send_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t done = send(fd, data, len, MSG_NOSIGNAL);

		if (done <= 0)
			return false;
		data += done;
		len -= (size_t)done;
	}
	return true;
}

/* Send all that the session has to say. */
static bool speak(struct h2_served *served, int fd)
{
	const uint8_t *data = NULL;
	ssize_t len = 0;

	while ((len = nghttp2_session_mem_send(served->session, &data)) > 0)
		if (!send_all(fd, data, (size_t)len))
			return false;
	return len == 0;
}

static void serve(struct h2_peer *p, int fd)
{
	struct h2_served served;
	uint8_t data[16 * 1024];
	bool alive = true;

	h2_served_init(&served, &p->counts);
	alive = speak(&served, fd);
	while (alive && !served.drop) {
		ssize_t len = recv(fd, data, sizeof(data), 0);

		alive = len > 0 &&
			nghttp2_session_mem_recv(served.session, data, (size_t)len) == len &&
			speak(&served, fd);
	}
	h2_served_clear(&served);
}

static void serve_raw(struct h2_peer *p, int fd)
{
	uint8_t data[1024];

	if (!send_all(fd, p->text.data, p->text.len) || !p->hold)
		return;
	while (recv(fd, data, sizeof(data), 0) > 0)
		continue;
}

static void *run(void *user)
{
	struct h2_peer *p = user;

	while (!atomic_load(&p->stopping)) {
		AUTO_CLOSE int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			break;
		atomic_fetch_add(&p->counts.connections, 1);
		atomic_store(&p->conn_fd, fd);
		if (atomic_load(&p->stopping))
			break;
		if (p->raw)
			serve_raw(p, fd);
		else
			serve(p, fd);
		atomic_store(&p->conn_fd, -1);
	}
	return NULL;
}

static struct h2_peer *start(struct h2_peer *p, const char *path)
{
	struct hp_error err = HP_ERROR_INIT;

	p->path = hp_strdup(path);
	atomic_store(&p->conn_fd, -1);
	if (hp_unix_listen(path, 0600, &p->listen_fd, &err) < 0 ||
	    pthread_create(&p->thread, NULL, run, p) != 0) {
		fprintf(stderr, "fake peer on '%s': %s\n", path, err.msg);
		abort();
	}
	return p;
}

struct h2_peer *h2_peer_start(const char *path)
{
	return start(hp_alloc(sizeof(struct h2_peer)), path);
}

struct h2_peer *h2_peer_start_raw(const char *path, struct hp_bytes text, bool hold)
{
	struct h2_peer *p = hp_alloc(sizeof(*p));

	p->raw = true;
	p->text = text;
	p->hold = hold;
	return start(p, path);
}

void h2_peer_stop(struct h2_peer *p)
{
	if (!p)
		return;
	atomic_store(&p->stopping, true);
	shutdown(p->listen_fd, SHUT_RDWR);

	int fd = atomic_load(&p->conn_fd);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listen_fd);
	unlink(p->path);
	free(p->path);
	free(p);
}

int h2_peer_connections(const struct h2_peer *p)
{
	return atomic_load(&p->counts.connections);
}

int h2_peer_cancels(const struct h2_peer *p)
{
	return atomic_load(&p->counts.cancels);
}
