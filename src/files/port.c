/* SPDX-License-Identifier: Apache-2.0 */
/* port.c - owns the channel to the guest: where messages begin, and that answers do not mix. */
#include "files/port.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/alloc.h"
#include "wire/fuse.h"

static void set_patience(struct hp_files_port *p, bool patient)
{
	struct timeval tv = {.tv_sec = patient ? 0 : HP_PORT_IDLE_S};

	if (setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0)
		p->patient = patient;
}

void hp_files__port_init(struct hp_files_port *p, int fd)
{
	*p = (struct hp_files_port){.fd = fd, .in = hp_alloc(HP_PORT_BUFFER), .patient = true};
	pthread_mutex_init(&p->sending, NULL);
	set_patience(p, false);
}

void hp_files__port_free(struct hp_files_port *p)
{
	set_patience(p, true);
	pthread_mutex_destroy(&p->sending);
	free(p->in);
}

bool hp_files__port_has_more(const struct hp_files_port *p)
{
	return p->len > 0;
}

/* Receive up to @room bytes. Returns: bytes, 0 when closed, -1 with errno. */
static ssize_t receive(const struct hp_files_port *p, uint8_t *to, size_t room)
{
	ssize_t n;

	do
		n = recv(p->fd, to, room, 0);
	while (n < 0 && errno == EINTR);
	/* A peer that ends with something of ours unread is gone all the same. */
	return n < 0 && errno == ECONNRESET ? 0 : n;
}

/* Take more into the buffer. Returns: as hp_files__port_receive(), HP_PORT_MESSAGE for some. */
static int receive_more(struct hp_files_port *p, struct hp_error *err)
{
	ssize_t n;

	memmove(p->in, p->in + p->pos, p->len);
	p->pos = 0;
	n = receive(p, p->in + p->len, HP_PORT_BUFFER - p->len);
	if (n == 0)
		return HP_PORT_CLOSED;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return HP_PORT_IDLE;
	if (n < 0)
		return hp_fail_errno(err, errno, "receive a file request");
	p->len += (size_t)n;
	if (p->patient)
		set_patience(p, false);
	return HP_PORT_MESSAGE;
}

/* Receive the @left bytes of a message whose beginning was in the buffer. */
static int receive_rest(const struct hp_files_port *p, uint8_t *to, size_t left,
			struct hp_error *err)
{
	while (left > 0) {
		ssize_t n = receive(p, to, left);

		if (n == 0)
			return HP_PORT_CLOSED;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			return hp_fail_errno(err, errno, "receive a file request");
		if (n > 0) {
			to += n;
			left -= (size_t)n;
		}
	}
	return HP_PORT_MESSAGE;
}

int hp_files__port_receive(struct hp_files_port *p, uint8_t *to, size_t *ret_len,
			   struct hp_error *err)
{
	size_t len = 0;
	size_t here;
	int rc = 0;

	while (rc == 0) {
		rc = hp_fuse_message_len(HP_BYTES(p->in + p->pos, p->len), &len, err);
		/* A header is taken in whole, as most requests are little more. */
		if (rc < 0 || (rc > 0 && p->len >= sizeof(struct fuse_in_header)))
			break;
		rc = receive_more(p, err);
		/* Half a message is no end of one, however long the rest takes. */
		if (rc == HP_PORT_IDLE && p->len > 0)
			rc = HP_PORT_MESSAGE;
		if (rc == HP_PORT_IDLE)
			set_patience(p, true);
		if (rc != HP_PORT_MESSAGE)
			return rc;
	}
	if (rc < 0)
		return -1;
	here = len < p->len ? len : p->len;
	memcpy(to, p->in + p->pos, here);
	p->pos += here;
	p->len -= here;
	rc = receive_rest(p, to + here, len - here, err);
	if (rc == HP_PORT_MESSAGE)
		*ret_len = len;
	return rc;
}

void hp_files__port_send(struct hp_files_port *p, const void *message, size_t len)
{
	const uint8_t *at = message;

	pthread_mutex_lock(&p->sending);
	while (len > 0) {
		ssize_t n = send(p->fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	pthread_mutex_unlock(&p->sending);
}
