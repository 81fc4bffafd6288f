/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.c - asks the kernel by netlink: a request, and its verdict or the dump that answers it. */
#include "net/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/fault.h"

#define REPLY_MAX      ((size_t)32 * 1024) /* the kernel packs a dump in pieces of at most this */
#define ANSWER_S       5 /* it answers at once: this is for a kernel that is ill */
#define DUMP_TRIES     8
#define DRAIN_MAX      4096 /* pieces */
#define WORDS_MAX      160
#define BATCH_MAX      ((size_t)4 * 1024 * 1024)
#define SENDS_AS_IT_IS ((size_t)64 * 1024)
#define VERDICT_SIZE   1024 /* that one takes of a socket's buffer, at most */

int hp_netlink_open(struct hp_netlink *n, struct hp_error *err)
{
	return hp_netlink_open_for(n, NETLINK_ROUTE, err);
}

int hp_netlink_open_for(struct hp_netlink *n, int protocol, struct hp_error *err)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct timeval patience = {.tv_sec = ANSWER_S};
	int on = 1;
	AUTO_CLOSE int fd =
		HP_SYS("socket", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));

	if (fd < 0 && errno == EPROTONOSUPPORT)
		return hp_fail(err, HP_EUNSUPPORTED, "this kernel has no netlink of kind %d",
			       protocol);
	if (fd < 0)
		return hp_fail_errno(err, errno, "open a netlink socket");
	/* Connected, it takes nothing from other programs. */
	if (HP_SYS("connect", connect(fd, (struct sockaddr *)&kernel, sizeof(kernel))) < 0)
		return hp_fail_errno(err, errno, "connect a netlink socket");
	if (HP_SYS("setsockopt",
		   setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))) < 0)
		return hp_fail_errno(err, errno, "set a netlink socket's patience");
	/* Words in verdicts, short verdicts and filtered dumps are welcome and not needed. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	*n = (struct hp_netlink){.fd = TAKE_FD(fd)};
	return 0;
}

void hp_netlink_close(struct hp_netlink *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

static int send_bytes(struct hp_netlink *n, struct hp_bytes message, struct hp_error *err)
{
	ssize_t sent;

	do
		sent = HP_SYS("send", send(n->fd, message.data, message.len, 0));
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return hp_fail_errno(err, errno, "send to netlink");
	return 0;
}

static int send_request(struct hp_netlink *n, struct hp_netlink_request *r, uint16_t flags,
			struct hp_error *err)
{
	struct hp_bytes message = hp_netlink_end(r, flags, ++n->number);

	if (r->too_long)
		return hp_fail(err, HP_EINVALID, "a netlink request is over %d bytes",
			       HP_NETLINK_REQUEST_MAX);
	return send_bytes(n, message, err);
}

/* One datagram, whole. */
static ssize_t receive(struct hp_netlink *n, void *data, size_t size, struct hp_error *err)
{
	ssize_t len;

	do
		len = HP_SYS("recv", recv(n->fd, data, size, MSG_TRUNC));
	while (len < 0 && errno == EINTR);
	if (len < 0 && errno == EAGAIN)
		return hp_fail(err, HP_ETIMEOUT, "netlink has not answered for %d s", ANSWER_S);
	if (len < 0)
		return hp_fail_errno(err, errno, "receive from netlink");
	if (len == 0 || (size_t)len > size)
		return hp_fail(err, HP_EPROTO, "a netlink answer of %zd bytes", len);
	return len;
}

/* Fail as the verdict says, or not at all. */
static int apply_verdict(const struct hp_netlink_message *m, struct hp_error *err)
{
	char words[WORDS_MAX];
	int sys;

	if (hp_netlink_verdict(m, &sys, words, sizeof(words), err) < 0)
		return -1;
	if (sys == 0)
		return 0;
	if (words[0] == '\0')
		return hp_fail_errno(err, sys, "the kernel says");
	return hp_fail_errno(err, sys, "the kernel says '%s'", words);
}

/* Receive until a verdict on the message of number @last, or on one after @before, says no. What
 * comes before a verdict is appended to @ret, if that is not NULL. */
static int receive_verdicts(struct hp_netlink *n, uint32_t before, uint32_t last,
			    struct hp_buf *ret, struct hp_error *err)
{
	uint8_t reply[REPLY_MAX];

	for (;;) {
		struct hp_netlink_message m;
		ssize_t len = receive(n, reply, sizeof(reply), err);

		if (len < 0)
			return -1;

		struct hp_bytes in = HP_BYTES(reply, (size_t)len);

		if (hp_netlink_next(&in, &m, err) < 0)
			return -1;
		/* Another number is of a request whose answer did not come in time. */
		if (m.number - before > last - before || m.number == before)
			continue;
		if (ret && m.type != NLMSG_ERROR) {
			if (hp_buf_add(ret, reply, (size_t)len, err) < 0)
				return -1;
			continue;
		}
		if (apply_verdict(&m, err) < 0)
			return -1;
		if (m.number == last)
			return 0;
	}
}

int hp_netlink_ask(struct hp_netlink *n, struct hp_netlink_request *r, struct hp_error *err)
{
	return hp_netlink_get(n, r, NULL, err);
}

int hp_netlink_get(struct hp_netlink *n, struct hp_netlink_request *r, struct hp_buf *ret,
		   struct hp_error *err)
{
	if (send_request(n, r, NLM_F_ACK, err) < 0)
		return -1;
	return receive_verdicts(n, n->number - 1, n->number, ret, err);
}

void hp_netlink_batch_init(struct hp_netlink_batch *b)
{
	*b = (struct hp_netlink_batch){.count = 0};
	hp_buf_init(&b->bytes, BATCH_MAX);
}

void hp_netlink_batch_free(struct hp_netlink_batch *b)
{
	hp_buf_free(&b->bytes);
}

int hp_netlink_batch_add(struct hp_netlink_batch *b, struct hp_netlink *n,
			 struct hp_netlink_request *r, struct hp_error *err)
{
	struct hp_bytes message = hp_netlink_end(r, 0, ++n->number);

	if (r->too_long)
		return hp_fail(err, HP_EINVALID, "a netlink request is over %d bytes",
			       HP_NETLINK_REQUEST_MAX);
	b->last = b->bytes.len;
	if (b->count++ == 0)
		b->first = n->number;
	return hp_buf_add(&b->bytes, message.data, message.len, err);
}

void hp_netlink_batch_ack(struct hp_netlink_batch *b)
{
	uint8_t *place = b->bytes.data + b->last;
	struct nlmsghdr header;

	memcpy(&header, place, sizeof(header));
	header.nlmsg_flags |= NLM_F_ACK;
	memcpy(place, &header, sizeof(header));
	b->acked = header.nlmsg_seq;
}

int hp_netlink_batch_send(struct hp_netlink *n, const struct hp_netlink_batch *b,
			  struct hp_error *err)
{
	int room = (int)b->bytes.len * 2;
	int answers = (int)b->count * VERDICT_SIZE;

	/* The kernel takes no message that is over the socket's buffer, and each message in it may
	 * be one that fails. A buffer that may not be made bigger fails when it is too small. */
	if (b->bytes.len > SENDS_AS_IT_IS) {
		(void)setsockopt(n->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
		(void)setsockopt(n->fd, SOL_SOCKET, SO_RCVBUFFORCE, &answers, sizeof(answers));
	}
	if (send_bytes(n, hp_buf_bytes(&b->bytes), err) < 0)
		return -1;
	return receive_verdicts(n, b->first - 1, b->acked, NULL, err);
}

/* NLMSG_DONE begins with whether the dump went well. Returns: 1, -1. */
static int apply_done(const struct hp_netlink_message *m, struct hp_error *err)
{
	int32_t status = 0;

	if (m->body.len >= sizeof(status))
		memcpy(&status, m->body.data, sizeof(status));
	if (status < 0 && status > INT32_MIN)
		return hp_fail_errno(err, -status, "the kernel says");
	return 1;
}

/* Look through the messages of a datagram, which all answer one request.
 * Returns: 1 - it ends the dump, 0 - more will come, -1. */
static int check_piece(struct hp_bytes in, bool *disturbed, struct hp_error *err)
{
	struct hp_netlink_message m;
	int rc;

	while ((rc = hp_netlink_next(&in, &m, err)) > 0) {
		if (m.flags & NLM_F_DUMP_INTR)
			*disturbed = true;
		if (m.type == NLMSG_ERROR)
			return apply_verdict(&m, err) < 0 ? -1 : 1;
		if (m.type == NLMSG_DONE)
			return apply_done(&m, err);
	}
	return rc;
}

static bool is_of(struct hp_bytes datagram, uint32_t number)
{
	struct hp_error ignored = HP_ERROR_INIT;
	struct hp_netlink_message m;

	return hp_netlink_next(&datagram, &m, &ignored) <= 0 || m.number == number;
}

static int receive_dump(struct hp_netlink *n, struct hp_buf *ret, bool *disturbed,
			struct hp_error *err)
{
	int done = 0;

	while (done == 0) {
		uint8_t *room = hp_buf_reserve(ret, REPLY_MAX, err);
		ssize_t len = room ? receive(n, room, REPLY_MAX, err) : -1;

		if (len < 0)
			return -1;
		/* What is left of a dump that failed half-way is passed over. */
		if (!is_of(HP_BYTES(room, len), n->number))
			continue;
		done = check_piece(HP_BYTES(room, len), disturbed, err);
		ret->len += (size_t)len;
	}
	return done < 0 ? -1 : 0;
}

/* The kernel begins no dump while another has not been received to its end. */
static void drain(struct hp_netlink *n)
{
	uint8_t piece[REPLY_MAX];

	for (int i = 0; i < DRAIN_MAX; i++)
		if (recv(n->fd, piece, sizeof(piece), MSG_DONTWAIT) <= 0)
			return;
}

int hp_netlink_dump(struct hp_netlink *n, struct hp_netlink_request *r, struct hp_buf *ret,
		    struct hp_error *err)
{
	bool disturbed = true;

	for (int i = 0; i < DUMP_TRIES && disturbed; i++) {
		disturbed = false;
		ret->len = 0;
		if (send_request(n, r, NLM_F_DUMP, err) < 0)
			return -1;
		if (receive_dump(n, ret, &disturbed, err) < 0) {
			drain(n);
			return -1;
		}
	}
	if (disturbed)
		return hp_fail(err, HP_EABORTED,
			       "the network changes faster than it can be read");
	return 0;
}
