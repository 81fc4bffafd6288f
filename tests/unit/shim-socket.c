/* SPDX-License-Identifier: Apache-2.0 */
/* shim-socket.c - tests of src/shim/socket.c. */
#include "shim/socket.h"

#include "scratch.h"

static void names_sockets_as_containerd_does(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *same = NULL;
	AUTO_FREE char *other = NULL;

	(void)state;
	/* From: sha256sum of "/run/containerd/containerd.sock/default/web". */
	assert_int_equal(hp_shim_socket_path(HP_SHIM_SOCKET_ROOT,
					     "/run/containerd/containerd.sock", "default",
					     "web", &path, &err),
			 0);
	assert_string_equal(path,
			    "/run/containerd/s/"
			    "2cde4450fa38c74f53603e01d2afd903b315a27a596f12a151414cd59897d883");
	assert_int_equal(hp_shim_socket_path(HP_SHIM_SOCKET_ROOT,
					     "/run//containerd/containerd.sock", "default",
					     "web", &same, &err),
			 0);
	assert_string_equal(path, same);
	assert_int_equal(hp_shim_socket_path(HP_SHIM_SOCKET_ROOT, "/run/c.sock", "default",
					     "web", &other, &err),
			 0);
	assert_string_not_equal(path, other);
}

static void refuses_a_root_that_is_too_long(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char *path = NULL;

	(void)state;
	assert_int_equal(
		hp_shim_socket_path("/a-root-of-more-than-forty-two-bytes-which-is-too/"
				    "long",
				    "/c", "n", "i", &path, &err),
		-1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_null(path);
}

static void listens_once(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "s/socket");
	struct stat st;
	int fd = -1;
	int second = -1;

	(void)state;
	assert_int_equal(hp_shim_socket_listen(path, &fd, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(hp_shim_socket_listen(path, &second, &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
	hp_error_clear(&err);
	/* One that is answered stays. */
	hp_shim_socket_remove(path);
	assert_true(scratch_has(path));
	close(fd);
	assert_int_equal(hp_shim_socket_listen(path, &fd, &err), 0);
	close(fd);
	hp_shim_socket_remove(path);
	assert_false(scratch_has(path));
	hp_shim_socket_remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(names_sockets_as_containerd_does),
		FDS_TEST(refuses_a_root_that_is_too_long),
		FDS_TEST(listens_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
