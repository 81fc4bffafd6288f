/* SPDX-License-Identifier: Apache-2.0 */
/* clients.c - owns the pipes of attached clients and what waits to go through them. */
#include "keeper/clients.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"

/* What waits at most: the limit, one read, and what a SIGTERM makes us take in haste. */
#define PENDING_CAP (4u * 1024 * 1024)

static void close_pipe(struct hp_keeper_pipe *p)
{
	if (p->fd >= 0)
		close(TAKE_FD(p->fd));
	hp_buf_free(&p->pending);
}

int hp_keeper__clients_add(struct hp_keeper_clients *c, const int take_fds[HP_KEEPER_CHANNELS],
			   struct hp_error *err)
{
	if (c->count == HP_KEEPER_CLIENTS_MAX) {
		for (int i = HP_KEEPER_STDOUT; i < HP_KEEPER_CHANNELS; i++)
			if (take_fds[i] >= 0)
				close(take_fds[i]);
		return hp_fail(err, HP_EEXHAUSTED, "%d clients are attached already",
			       HP_KEEPER_CLIENTS_MAX);
	}
	struct hp_keeper_client *client = &c->items[c->count++];
	for (int i = HP_KEEPER_STDOUT; i < HP_KEEPER_CHANNELS; i++) {
		client->pipes[i] = (struct hp_keeper_pipe){.fd = take_fds[i]};
		hp_buf_init(&client->pipes[i].pending, PENDING_CAP);
		struct hp_error ignored = HP_ERROR_INIT;
		if (take_fds[i] >= 0 && hp_fd_set_nonblock(take_fds[i], true, &ignored) < 0)
			close_pipe(&client->pipes[i]);
	}
	return 0;
}

/* Write without waiting. Returns: bytes taken; the pipe is closed when its reader is gone. */
static size_t write_pipe(struct hp_keeper_pipe *p, const uint8_t *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(p->fd, data + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			close_pipe(p);
			return len;
		}
		done += (size_t)n;
	}
	return done;
}

void hp_keeper__clients_give(struct hp_keeper_clients *c, enum hp_keeper_channel channel,
			     const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < c->count; i++) {
		struct hp_keeper_pipe *p = &c->items[i].pipes[channel];
		struct hp_error error = HP_ERROR_INIT;
		if (p->fd < 0)
			continue;
		size_t done = p->pending.len ? 0 : write_pipe(p, data, len);
		if (done < len && hp_buf_add(&p->pending, data + done, len - done, &error) < 0)
			close_pipe(p);
	}
}

static void send_pending(struct hp_keeper_pipe *p)
{
	if (p->fd >= 0 && p->pending.len) {
		size_t n = write_pipe(p, p->pending.data, p->pending.len);
		if (p->fd >= 0)
			hp_buf_drop(&p->pending, n);
	}
	if (p->fd < 0 || p->pending.len)
		return;
	hp_buf_free(&p->pending);
	if (p->last)
		close_pipe(p);
}

static bool is_gone(const struct hp_keeper_client *client)
{
	return client->pipes[HP_KEEPER_STDOUT].fd < 0 && client->pipes[HP_KEEPER_STDERR].fd < 0;
}

static void forget_gone(struct hp_keeper_clients *c)
{
	for (size_t i = c->count; i-- > 0;)
		if (is_gone(&c->items[i]))
			c->items[i] = c->items[--c->count];
}

void hp_keeper__clients_end(struct hp_keeper_clients *c, enum hp_keeper_channel channel)
{
	for (size_t i = 0; i < c->count; i++) {
		c->items[i].pipes[channel].last = true;
		send_pending(&c->items[i].pipes[channel]);
	}
	forget_gone(c);
}

void hp_keeper__clients_clear(struct hp_keeper_clients *c)
{
	for (; c->count; c->count--)
		for (int i = HP_KEEPER_STDOUT; i < HP_KEEPER_CHANNELS; i++)
			close_pipe(&c->items[c->count - 1].pipes[i]);
}

bool hp_keeper__clients_full(const struct hp_keeper_clients *c, enum hp_keeper_channel channel)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i].pipes[channel].pending.len > HP_KEEPER_PENDING_MAX)
			return true;
	return false;
}

size_t hp_keeper__clients_watch(const struct hp_keeper_clients *c, struct pollfd *fds)
{
	size_t n = 0;

	/* Without events, poll(2) still tells that the reader has gone. */
	for (size_t i = 0; i < c->count; i++)
		for (int j = HP_KEEPER_STDOUT; j < HP_KEEPER_CHANNELS; j++)
			fds[n++] = (struct pollfd){
				.fd = c->items[i].pipes[j].fd,
				.events = c->items[i].pipes[j].pending.len ? POLLOUT : 0,
			};
	return n;
}

void hp_keeper__clients_serve(struct hp_keeper_clients *c, const struct pollfd *fds)
{
	for (size_t i = 0; i < c->count * HP_KEEPER_CHANNELS; i++) {
		struct hp_keeper_pipe *p =
			&c->items[i / HP_KEEPER_CHANNELS].pipes[i % HP_KEEPER_CHANNELS];
		if (fds[i].fd < 0 || p->fd != fds[i].fd || !fds[i].revents)
			continue;
		if (fds[i].revents & (POLLERR | POLLNVAL))
			close_pipe(p);
		else
			send_pending(p);
	}
	forget_gone(c);
}
