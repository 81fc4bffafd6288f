/* SPDX-License-Identifier: Apache-2.0 */
/* shim-rootfs_network.c - tests of src/shim/rootfs_network.c. */
#include <fcntl.h>

#include "shim-apart.h"
#include "shim/rootfs_parts.h"

static ino_t network_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static int enters_one(void *arg)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/ns/net", (int)getppid());
	const ino_t theirs = network_of(path);
	struct hp_error err = HP_ERROR_INIT;

	(void)arg;
	APART_CHECK(unshare(CLONE_NEWNET) == 0);
	APART_CHECK(network_of("/proc/self/ns/net") != theirs);
	APART_CHECK(hp_shim__rootfs_network(path, &err) == 0);
	APART_CHECK(network_of("/proc/self/ns/net") == theirs);
	return 0;
}

static int stays(void *arg)
{
	const ino_t before = network_of("/proc/self/ns/net");
	struct hp_error err = HP_ERROR_INIT;

	(void)arg;
	APART_CHECK(hp_shim__rootfs_network("host", &err) == 0);
	APART_CHECK(hp_shim__rootfs_network(NULL, &err) == 0);
	APART_CHECK(network_of("/proc/self/ns/net") == before);
	return 0;
}

static void is_where_it_is_told(void **state)
{
	(void)state;
	assert_int_equal(apart(enters_one, NULL), 0);
	assert_int_equal(apart(stays, NULL), 0);
}

static void refuses_what_is_none(void **state)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim__rootfs_network("/nonexistent", &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	assert_int_equal(hp_shim__rootfs_network("/dev/null", &err), -1);
	assert_non_null(strstr(err.msg, "/dev/null"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(is_where_it_is_told),
		FDS_TEST(refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
