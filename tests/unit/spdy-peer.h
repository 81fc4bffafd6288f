/* SPDX-License-Identifier: Apache-2.0 */
/* spdy-peer.h - a server of kubelet's streaming protocol for tests: it does what a function says. */
#pragma once
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "wire/spdy.h"

/* Nothing in these tests takes longer, unless it is broken. */
#define PATIENCE_MS 20000

#define UPGRADED                                                                               \
	"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"     \
	"X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"

/* What has come and was not looked at. */
struct spdy_side {
	int fd;
	struct hp_buf in;
};

struct spdy_peer {
	int listen_fd;
	pthread_t thread;
	char url[64];
	const char *answer;
	void (*serve)(struct spdy_side *side);
	char request[1024]; /* what was asked, once it has answered */
};

static inline bool side_read(struct spdy_side *s)
{
	struct hp_error err = HP_ERROR_INIT;
	uint8_t *room = hp_buf_reserve(&s->in, 65536, &err);
	ssize_t n = room ? recv(s->fd, room, 65536, 0) : -1;

	if (n > 0)
		s->in.len += (size_t)n;
	return n > 0;
}

/* The next frame; its payload, if any, as a string that the caller owns. false: the client has gone. */
static inline bool side_frame(struct spdy_side *s, struct hp_spdy_frame *f, char **ret_text)
{
	struct hp_error err = HP_ERROR_INIT;
	ssize_t used = 0;

	while ((used = hp_spdy_frame_next(hp_buf_bytes(&s->in), f, &err)) == 0)
		if (!side_read(s))
			return false;
	if (used < 0)
		return false;
	*ret_text = hp_strndup((const char *)f->payload.data, f->payload.len);
	hp_buf_drop(&s->in, (size_t)used);
	return true;
}

/* Wait until the client has opened @n streams. */
static inline void side_opened(struct spdy_side *s, int n)
{
	for (int i = 0; i < n; i++) {
		struct hp_spdy_frame f;
		AUTO_FREE char *text = NULL;

		if (!side_frame(s, &f, &text))
			return;
	}
}

static inline void side_send(struct spdy_side *s, const struct hp_buf *out)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_fd_write_all(s->fd, out->data, out->len, &err) < 0)
		hp_error_clear(&err); /* the client has gone, which its test has seen to */
}

static inline void side_data(struct spdy_side *s, uint32_t stream, const char *text, bool fin)
{
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_error err = HP_ERROR_INIT;

	hp_buf_init(&out, HP_SPDY_PAYLOAD + 64);
	if (hp_spdy_put_data(&out, stream, hp_bytes_str(text), fin, &err) == 0)
		side_send(s, &out);
}

static inline void *spdy_peer_main(void *arg)
{
	struct spdy_peer *p = arg;
	struct spdy_side side = {.fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC)};
	size_t len = 0;

	hp_buf_init(&side.in, 8u << 20);
	while (side.fd >= 0 && len < sizeof(p->request) - 1 &&
	       !strstr(p->request, "\r\n\r\n")) {
		ssize_t n = recv(side.fd, p->request + len, 1, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (side.fd >= 0 && send(side.fd, p->answer, strlen(p->answer), MSG_NOSIGNAL) >= 0 &&
	    p->serve)
		p->serve(&side);
	if (side.fd >= 0)
		close(side.fd);
	hp_buf_free(&side.in);
	return NULL;
}

/* Serve one client on loopback. */
static inline struct spdy_peer *spdy_peer_new(const char *answer,
					      void (*serve)(struct spdy_side *side))
{
	struct spdy_peer *p = hp_alloc(sizeof(*p));
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	p->answer = answer;
	p->serve = serve;
	p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->listen_fd < 0 || bind(p->listen_fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(p->listen_fd, 1) < 0 ||
	    getsockname(p->listen_fd, (struct sockaddr *)&at, &len) < 0 ||
	    pthread_create(&p->thread, NULL, spdy_peer_main, p) != 0)
		abort();
	snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%u/exec/token", ntohs(at.sin_port));
	return p;
}

/* Call it when the client has gone. */
static inline void spdy_peer_free(struct spdy_peer *p)
{
	shutdown(p->listen_fd, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listen_fd);
	free(p);
}
HP_AUTO_PTR(struct spdy_peer, spdy_peer_free);
