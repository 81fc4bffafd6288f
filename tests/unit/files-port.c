/* SPDX-License-Identifier: Apache-2.0 */
/* files-port.c - tests of src/files/port.c. */
#include "files/port.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "fds.h"
#include "wire/fuse.h"

struct pair {
	int peer;
	int fd;
	struct hp_files_port port;
	uint8_t *message;
	size_t len;
};

static void open_pair(struct pair *p)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*p = (struct pair){.peer = ends[0], .fd = ends[1]};
	p->message = hp_alloc(HP_FUSE_MESSAGE_MAX);
	hp_files__port_init(&p->port, p->fd);
}

static void close_pair(struct pair *p)
{
	hp_files__port_free(&p->port);
	free(p->message);
	if (p->peer >= 0)
		close(p->peer);
	close(p->fd);
}

static void say(struct pair *p, const void *data, size_t len)
{
	assert_int_equal(send(p->peer, data, len, 0), (ssize_t)len);
}

static int receive(struct pair *p)
{
	struct hp_error err = HP_ERROR_INIT;
	int rc = hp_files__port_receive(&p->port, p->message, &p->len, &err);

	assert_true(rc >= 0 || err.code == HP_EPROTO);
	return rc;
}

/* A message of @len bytes that ends with @mark. Owns: the caller. */
static uint8_t *make(uint32_t len, uint8_t mark)
{
	uint8_t *m = hp_alloc(len);

	memcpy(m, &len, sizeof(len));
	m[len - 1] = mark;
	return m;
}

static void takes_messages_apart(void **state)
{
	AUTO_FREE uint8_t *a = make(40, 1);
	AUTO_FREE uint8_t *b = make(100, 2);
	struct pair p;

	(void)state;
	open_pair(&p);
	say(&p, a, 40);
	say(&p, b, 100);
	say(&p, a, 40);
	assert_int_equal(receive(&p), HP_PORT_MESSAGE);
	assert_int_equal(p.len, 40);
	assert_int_equal(receive(&p), HP_PORT_MESSAGE);
	assert_int_equal(p.len, 100);
	assert_int_equal(p.message[99], 2);
	assert_int_equal(receive(&p), HP_PORT_MESSAGE);
	assert_int_equal(p.len, 40);
	assert_false(hp_files__port_has_more(&p.port));
	close_pair(&p);
}

static void puts_pieces_together(void **state)
{
	AUTO_FREE uint8_t *m = make(60000, 7);
	struct pair p;

	(void)state;
	open_pair(&p);
	/* Each piece is there before it is asked for, save that the last ones are more than the
	 * buffer holds. */
	say(&p, m, 2);
	say(&p, m + 2, 37);
	say(&p, m + 39, 60000 - 39);
	assert_int_equal(receive(&p), HP_PORT_MESSAGE);
	assert_int_equal(p.len, 60000);
	assert_memory_equal(p.message, m, 60000);
	close_pair(&p);
}

static void tells_when_nothing_comes(void **state)
{
	AUTO_FREE uint8_t *m = make(40, 1);
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_int_equal(receive(&p), HP_PORT_IDLE);
	assert_true(p.port.patient);
	say(&p, m, 40);
	assert_int_equal(receive(&p), HP_PORT_MESSAGE);
	assert_false(p.port.patient);
	close_pair(&p);
}

static void tells_the_end(void **state)
{
	AUTO_FREE uint8_t *m = make(40, 1);
	struct pair p;

	(void)state;
	open_pair(&p);
	say(&p, m, 40);
	say(&p, m, 39);
	close(p.peer);
	p.peer = -1;
	assert_int_equal(receive(&p), HP_PORT_MESSAGE);
	assert_int_equal(receive(&p), HP_PORT_CLOSED);
	/* Sending into the void is no failure, and no signal. */
	hp_files__port_send(&p.port, m, 40);
	close_pair(&p);
}

static void refuses_what_is_no_message(void **state)
{
	static const uint32_t lens[] = {0, 39, HP_FUSE_MESSAGE_MAX + 1, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(lens); i++) {
		struct pair p;

		open_pair(&p);
		say(&p, &lens[i], sizeof(lens[i]));
		assert_int_equal(receive(&p), -1);
		close_pair(&p);
	}
}

static void sends_all(void **state)
{
	AUTO_FREE uint8_t *m = make(50000, 9);
	AUTO_FREE uint8_t *seen = hp_alloc(50000);
	struct pair p;

	(void)state;
	open_pair(&p);
	hp_files__port_send(&p.port, m, 50000);
	assert_int_equal(recv(p.peer, seen, 50000, MSG_WAITALL), 50000);
	assert_memory_equal(seen, m, 50000);
	close_pair(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(takes_messages_apart),       FDS_TEST(puts_pieces_together),
		FDS_TEST(tells_when_nothing_comes),   FDS_TEST(tells_the_end),
		FDS_TEST(refuses_what_is_no_message), FDS_TEST(sends_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
