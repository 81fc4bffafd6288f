/* SPDX-License-Identifier: Apache-2.0 */
/* http_peer.c - take one request a connection, answer it from the table, close. */
#include "http_peer.h"

#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"

#define ENDLESS_TIMES 4096
#define LOG_MAX       ((size_t)1 << 20)

static const struct http_answer nothing = {.status = "404 Not Found"};

static const struct http_answer *find(struct http_peer *p, const char *path, const char *head)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct http_answer *a = &p->answers[i];
		if (strcmp(a->path, path) != 0 || (a->times && p->used[i] >= a->times) ||
		    (a->wants && !strstr(head, a->wants)))
			continue;
		p->used[i]++;
		return a;
	}
	return &nothing;
}

static bool send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void answer(int fd, const struct http_answer *a, const char *head)
{
	const char *body = a->body ? a->body : "";
	const char *range = a->ranges ? strstr(head, "Range: bytes=") : NULL;
	const size_t all = a->len ? a->len : strlen(body);
	const size_t from = range ? strtoul(range + strlen("Range: bytes="), NULL, 10) : 0;
	const size_t len = from < all ? all - from : 0;
	AUTO_FREE char *length =
		a->endless ? hp_strdup("") : hp_sprintf("Content-Length: %zu\r\n", len);
	AUTO_FREE char *part =
		range ? hp_sprintf("Content-Range: bytes %zu-%zu/%zu\r\n", from, all - 1, all)
		      : hp_strdup("");
	AUTO_FREE char *text = hp_sprintf("HTTP/1.1 %s\r\n%s%s%sConnection: close\r\n\r\n",
					  range ? "206 Partial Content" : a->status, length,
					  part, a->headers ? a->headers : "");

	if (!send_all(fd, text, strlen(text)) || strncmp(head, "HEAD ", 5) == 0)
		return;
	if (!send_all(fd, body + from, a->cut && a->cut < len ? a->cut : len))
		return;
	for (int i = 0; a->endless && i < ENDLESS_TIMES; i++)
		if (!send_all(fd, body, all))
			return;
}

/* The request's head, as long as it fits; what is after it is not read. */
static void read_head(int fd, char *head, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && !strstr(head, "\r\n\r\n")) {
		const ssize_t got = recv(fd, head + n, size - 1 - n, 0);
		if (got <= 0)
			return;
		n += (size_t)got;
		head[n] = 0;
	}
}

static void serve(struct http_peer *p, int fd)
{
	char head[32768] = "";
	char path[4096] = "";
	struct hp_error ignored = HP_ERROR_INIT;
	char rest[256];

	read_head(fd, head, sizeof(head));
	if (sscanf(head, "%*s %4095s", path) != 1)
		return;
	pthread_mutex_lock(&p->lock);
	if (hp_buf_add(&p->log, head, strlen(head), &ignored) < 0)
		abort();
	const struct http_answer *a = find(p, path, head);
	pthread_mutex_unlock(&p->lock);
	answer(fd, a, head);
	/* Closing with unread bytes would reset the connection before the answer is read. */
	shutdown(fd, SHUT_WR);
	const struct timeval wait = {.tv_sec = 2};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	while (recv(fd, rest, sizeof(rest), 0) > 0)
		;
}

static void *run(void *arg)
{
	struct http_peer *p = arg;

	for (;;) {
		struct pollfd fds[] = {{.fd = p->listener, .events = POLLIN},
				       {.fd = p->stop[0], .events = POLLIN}};
		if (poll(fds, 2, -1) < 0 || fds[1].revents)
			return NULL;
		const int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		serve(p, fd);
		close(fd);
	}
}

void http_peer_start(struct http_peer *p, const struct http_answer *answers, size_t count)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	*p = (struct http_peer){.answers = answers, .count = count};
	assert(count <= HP_ARRAY_LEN(p->used));
	hp_buf_init(&p->log, LOG_MAX);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->listener < 0 || bind(p->listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(p->listener, 16) < 0 ||
	    getsockname(p->listener, (struct sockaddr *)&at, &len) < 0 ||
	    pipe2(p->stop, O_CLOEXEC) < 0)
		abort();
	snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%d", ntohs(at.sin_port));
	pthread_mutex_init(&p->lock, NULL);
	if (pthread_create(&p->thread, NULL, run, p) != 0)
		abort();
}

void http_peer_stop(struct http_peer *p)
{
	close(p->stop[1]);
	pthread_join(p->thread, NULL);
	pthread_mutex_destroy(&p->lock);
	close(p->stop[0]);
	close(p->listener);
	hp_buf_free(&p->log);
}

size_t http_peer_saw(struct http_peer *p, const char *text)
{
	const size_t len = strlen(text);
	size_t n = 0;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i + len <= p->log.len; i++)
		n += memcmp(p->log.data + i, text, len) == 0;
	pthread_mutex_unlock(&p->lock);
	return n;
}
