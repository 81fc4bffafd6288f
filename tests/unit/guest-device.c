/* SPDX-License-Identifier: Apache-2.0 */
/* guest-device.c - tests of src/guest/device.c. */
#include "guest/device.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "scratch.h"

/* A root, whose /dev may have something in it already. */
struct root {
	char *dir, *dev;
	int fd;
};

static void root_open(struct root *r)
{
	struct hp_error err = HP_ERROR_INIT;

	r->dir = scratch_new();
	r->dev = hp_path_join(r->dir, "dev");
	assert_int_equal(hp_mkdirs(r->dev, 0755, &err), 0);
	r->fd = open(r->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(r->fd >= 0);
}

static void root_close(struct root *r)
{
	close(r->fd);
	scratch_free(r->dir);
	free(r->dev);
}

static void expect_device(const struct root *r, const char *path, mode_t mode, dev_t number)
{
	struct stat st;

	assert_int_equal(fstatat(r->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode, mode);
	assert_int_equal(st.st_rdev, number);
}

static void expect_link(const struct root *r, const char *path, const char *want)
{
	char target[64];
	ssize_t n = readlinkat(r->fd, path, target, sizeof(target) - 1);

	assert_true(n > 0);
	target[n] = '\0';
	assert_string_equal(target, want);
}

static void makes_what_every_container_has(void **state)
{
	const Hp__Guest__Container c = HP__GUEST__CONTAINER__INIT;
	mode_t before = umask(0);
	struct hp_error err = HP_ERROR_INIT;
	struct root r;

	(void)state;
	root_open(&r);
	assert_int_equal(hp_guest_devices_make(r.fd, &c, &err), 0);
	umask(before);
	expect_device(&r, "dev/null", S_IFCHR | 0666, makedev(1, 3));
	expect_device(&r, "dev/zero", S_IFCHR | 0666, makedev(1, 5));
	expect_device(&r, "dev/full", S_IFCHR | 0666, makedev(1, 7));
	expect_device(&r, "dev/random", S_IFCHR | 0666, makedev(1, 8));
	expect_device(&r, "dev/urandom", S_IFCHR | 0666, makedev(1, 9));
	expect_device(&r, "dev/tty", S_IFCHR | 0666, makedev(5, 0));
	expect_link(&r, "dev/fd", "/proc/self/fd");
	expect_link(&r, "dev/stdin", "/proc/self/fd/0");
	expect_link(&r, "dev/core", "/proc/kcore");
	expect_link(&r, "dev/ptmx", "pts/ptmx");
	root_close(&r);
}

static void makes_what_is_asked_for(void **state)
{
	Hp__Guest__Device fuse = HP__GUEST__DEVICE__INIT;
	Hp__Guest__Device *devices[] = {&fuse};
	Hp__Guest__Container c = HP__GUEST__CONTAINER__INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct stat st;
	struct root r;

	(void)state;
	root_open(&r);
	fuse.path = (char *)"/dev/deep/fuse";
	fuse.type = S_IFCHR;
	fuse.major = 10;
	fuse.minor = 229;
	fuse.mode = 0600;
	fuse.uid = 1000;
	fuse.gid = 1001;
	c.devices = devices;
	c.n_devices = 1;
	assert_int_equal(hp_guest_devices_make(r.fd, &c, &err), 0);
	expect_device(&r, "dev/deep/fuse", S_IFCHR | 0600, makedev(10, 229));
	assert_int_equal(fstatat(r.fd, "dev/deep/fuse", &st, 0), 0);
	assert_int_equal(st.st_uid, 1000);
	assert_int_equal(st.st_gid, 1001);
	root_close(&r);
}

/* What the image has stays, but a ptmx, which would be of another devpts. */
static void keeps_what_is_there(void **state)
{
	const Hp__Guest__Container c = HP__GUEST__CONTAINER__INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct root r;

	(void)state;
	root_open(&r);
	free(scratch_file(r.dev, "null", ""));
	free(scratch_file(r.dev, "ptmx", ""));
	assert_int_equal(symlinkat("elsewhere", r.fd, "dev/fd"), 0);
	assert_int_equal(hp_guest_devices_make(r.fd, &c, &err), 0);
	expect_device(&r, "dev/null", S_IFREG | 0644, 0);
	expect_link(&r, "dev/fd", "elsewhere");
	expect_link(&r, "dev/ptmx", "pts/ptmx");
	root_close(&r);
}

static void names_the_device_that_cannot_be(void **state)
{
	Hp__Guest__Device d = HP__GUEST__DEVICE__INIT;
	Hp__Guest__Device *devices[] = {&d};
	Hp__Guest__Container c = HP__GUEST__CONTAINER__INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct root r;

	(void)state;
	root_open(&r);
	free(scratch_file(r.dev, "file", ""));
	d.path = (char *)"/dev/file/below";
	d.type = S_IFCHR;
	c.devices = devices;
	c.n_devices = 1;
	assert_int_equal(hp_guest_devices_make(r.fd, &c, &err), -1);
	assert_int_equal(err.sys, ENOTDIR);
	assert_non_null(strstr(err.msg, "/dev/file/below"));
	root_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(makes_what_every_container_has),
		FDS_TEST(makes_what_is_asked_for),
		FDS_TEST(keeps_what_is_there),
		FDS_TEST(names_the_device_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
