/* SPDX-License-Identifier: Apache-2.0 */
/* net-bell.c - tests of src/net/bell.c. */
#include "net/bell.h"

#include <sys/socket.h>

#include "peer.h"

static void rings_on_demand(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bell bell = HP_BELL_INIT;

	(void)state;
	hp_bell__ring(&bell, true); /* nothing to ring yet */
	assert_int_equal(hp_bell__open(&bell, &err), 0);
	int fd = bell.fd;
	assert_int_equal(hp_bell__open(&bell, &err), 0);
	assert_int_equal(bell.fd, fd);

	assert_false(fd_rings(bell.fd, 0));
	hp_bell__ring(&bell, true);
	hp_bell__ring(&bell, true);
	assert_true(fd_rings(bell.fd, 0));
	assert_true(fd_rings(bell.fd, 0));
	hp_bell__ring(&bell, false);
	assert_false(fd_rings(bell.fd, 0));
	hp_bell__close(&bell);
	assert_int_equal(bell.fd, -1);
	hp_bell__close(&bell);
}

static void watches_a_socket(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bell bell = HP_BELL_INIT;
	int socks[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
	assert_int_equal(hp_bell__open(&bell, &err), 0);
	assert_int_equal(hp_bell__watch(&bell, socks[0], false, &err), 0);
	assert_false(fd_rings(bell.fd, 0));
	hp_bell__set_writing(&bell, socks[0], true);
	assert_true(fd_rings(bell.fd, 0));
	hp_bell__set_writing(&bell, socks[0], false);
	assert_false(fd_rings(bell.fd, 0));
	assert_int_equal(write(socks[1], "x", 1), 1);
	assert_true(fd_rings(bell.fd, 0));
	hp_bell__unwatch(&bell, socks[0]);
	assert_false(fd_rings(bell.fd, 0));
	hp_bell__unwatch(&bell, socks[0]);

	assert_int_equal(hp_bell__watch(&bell, -1, false, &err), -1);
	assert_true(err.code != HP_OK);
	hp_bell__close(&bell);
	close(socks[0]);
	close(socks[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(rings_on_demand),
		FDS_TEST(watches_a_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
