/* SPDX-License-Identifier: Apache-2.0 */
/* guest-mount.c - tests of src/guest/mount.c, in a mount namespace for each. */
#include "guest/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "apart.h"
#include "base/str.h"

/* In the directory @dir: a root, and shares. */
struct place {
	char *root, *shares;
	int fd;
};

static void place_clear(struct place *p)
{
	close(p->fd);
	free(p->root);
	free(p->shares);
}
HP_AUTO_VALUE(struct place, place_clear);

static struct place place_in(const char *dir)
{
	struct place p = {.root = hp_path_join(dir, "root"),
			  .shares = hp_path_join(dir, "shares")};

	p.fd = open(p.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return p;
}

static int with_place(int (*fn)(void *arg))
{
	static const char *const dirs[] = {"root/etc/sub", "shares/1", "shares/2"};
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_error err = HP_ERROR_INIT;

	for (size_t i = 0; i < HP_ARRAY_LEN(dirs); i++) {
		AUTO_FREE char *path = hp_path_join(dir, dirs[i]);

		assert_int_equal(hp_mkdirs(path, 0755, &err), 0);
	}
	free(scratch_file(dir, "root/etc/passwd", "root"));
	free(scratch_file(dir, "shares/1/data", "shared"));
	free(scratch_file(dir, "shares/3", "a file"));
	return apart(fn, dir);
}

static bool is_of(const struct place *p, const char *path, unsigned long type)
{
	AUTO_FREE char *whole = hp_path_join(p->root, path);
	struct statfs st;

	return statfs(whole, &st) == 0 && (unsigned long)st.f_type == type;
}

static bool has_flags(const struct place *p, const char *path, unsigned long flags)
{
	AUTO_FREE char *whole = hp_path_join(p->root, path);
	struct statvfs st;

	return statvfs(whole, &st) == 0 && (st.f_flag & flags) == flags;
}

/* Returns: errno of making a file there, 0 when it was made. */
static int write_at(const struct place *p, const char *path)
{
	AUTO_CLOSE int fd = openat(p->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? errno : 0;
}

static bool reads(const struct place *p, const char *path, const char *want)
{
	AUTO_FREE char *whole = hp_path_join(p->root, path);
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_file_read(whole, 4096, &buf, &err) < 0)
		return false;
	AUTO_FREE char *text = hp_buf_take_str(&buf);
	return hp_str_eq(text, want);
}

static Hp__Guest__Mount mount_of(const char *destination, const char *type, const char *source)
{
	Hp__Guest__Mount m = HP__GUEST__MOUNT__INIT;

	m.destination = (char *)(uintptr_t)destination;
	m.type = (char *)(uintptr_t)type;
	m.source = (char *)(uintptr_t)source;
	return m;
}

static int file_systems(void *dir)
{
	AUTO(place_clear) struct place p = place_in(dir);
	Hp__Guest__Mount m = mount_of("/mnt/deep", "tmpfs", "tmpfs");
	struct hp_error err = HP_ERROR_INIT;
	struct stat st;

	m.flags = MS_NOSUID | MS_RDONLY;
	m.data = (char *)"size=64k,mode=711";
	APART_DONE(hp_guest_mount(p.fd, p.shares, &m, &err), &err);
	APART_CHECK(is_of(&p, "mnt/deep", TMPFS_MAGIC));
	APART_CHECK(has_flags(&p, "mnt/deep", ST_NOSUID | ST_RDONLY));
	APART_CHECK(fstatat(p.fd, "mnt/deep", &st, 0) == 0 && (st.st_mode & 07777) == 0711);
	APART_CHECK(write_at(&p, "mnt/deep/x") == EROFS);
	/* Devices are still to be made in this one. */
	m.destination = (char *)"/dev";
	APART_DONE(hp_guest_mount(p.fd, p.shares, &m, &err), &err);
	APART_CHECK(write_at(&p, "dev/x") == 0);
	/* Machines have one version of cgroups, by both names. */
	m = mount_of("/cg", "cgroup", "cgroup");
	m.data = (char *)"name=systemd,xattr";
	APART_DONE(hp_guest_mount(p.fd, p.shares, &m, &err), &err);
	APART_CHECK(is_of(&p, "cg", CGROUP2_SUPER_MAGIC));
	m = mount_of("/none", "nofs", "");
	APART_CHECK(hp_guest_mount(p.fd, p.shares, &m, &err) < 0);
	APART_CHECK(err.sys == ENODEV &&
		    hp_str_starts(err.msg, "mount at '/none': mount nofs"));
	return 0;
}

static void mounts_file_systems(void **state)
{
	(void)state;
	assert_int_equal(with_place(file_systems), 0);
}

static int binds(void *dir)
{
	AUTO(place_clear) struct place p = place_in(dir);
	Hp__Guest__Mount m = mount_of("/data", "bind", "1");
	struct hp_error err = HP_ERROR_INIT;

	m.flags = MS_BIND | MS_REC;
	APART_DONE(hp_guest_mount(p.fd, p.shares, &m, &err), &err);
	APART_CHECK(reads(&p, "data/data", "shared"));
	APART_CHECK(write_at(&p, "data/more") == 0);
	m.destination = (char *)"/ro";
	m.flags |= MS_RDONLY | MS_NODEV;
	APART_DONE(hp_guest_mount(p.fd, p.shares, &m, &err), &err);
	APART_CHECK(has_flags(&p, "ro", ST_RDONLY | ST_NODEV));
	APART_CHECK(write_at(&p, "ro/x") == EROFS);
	m = mount_of("/etc/hosts", "bind", "3");
	m.flags = MS_BIND;
	m.file = true;
	APART_DONE(hp_guest_mount(p.fd, p.shares, &m, &err), &err);
	APART_CHECK(reads(&p, "etc/hosts", "a file"));
	m = mount_of("/gone", "bind", "9");
	APART_CHECK(hp_guest_mount(p.fd, p.shares, &m, &err) < 0);
	APART_CHECK(hp_str_eq(err.msg, "mount at '/gone': bind share '9': "
				       "No such file or directory"));
	return 0;
}

static void binds_shares(void **state)
{
	(void)state;
	assert_int_equal(with_place(binds), 0);
}

static int copies_up(void *dir)
{
	AUTO(place_clear) struct place p = place_in(dir);
	Hp__Guest__Mount m = mount_of("/etc", "tmpfs", "tmpfs");
	struct hp_error err = HP_ERROR_INIT;

	m.copy_up = true;
	m.flags = MS_RDONLY;
	APART_DONE(hp_guest_mount(p.fd, p.shares, &m, &err), &err);
	APART_CHECK(is_of(&p, "etc", TMPFS_MAGIC) && is_of(&p, "etc/sub", TMPFS_MAGIC));
	APART_CHECK(reads(&p, "etc/passwd", "root"));
	APART_CHECK(write_at(&p, "etc/x") == EROFS);
	return 0;
}

static void fills_a_tmpfs_with_what_it_hides(void **state)
{
	(void)state;
	assert_int_equal(with_place(copies_up), 0);
}

static int propagates(void *dir)
{
	AUTO(place_clear) struct place p = place_in(dir);
	Hp__Guest__Mount m = mount_of("/data", "bind", "1");
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	AUTO_FREE char *where = hp_sprintf("%s/data ", p.root);
	struct hp_error err = HP_ERROR_INIT;
	const char *line;

	m.flags = MS_BIND;
	m.propagation = MS_SHARED;
	APART_DONE(hp_guest_mount(p.fd, p.shares, &m, &err), &err);
	APART_DONE(hp_file_read("/proc/self/mountinfo", 1 << 20, &buf, &err), &err);
	AUTO_FREE char *text = hp_buf_take_str(&buf);
	line = strstr(text, where);
	APART_CHECK(line);
	AUTO_FREE char *rest = hp_strndup(line, strcspn(line, "\n"));
	APART_CHECK(strstr(rest, " shared:"));
	return 0;
}

static void sets_the_propagation(void **state)
{
	(void)state;
	assert_int_equal(with_place(propagates), 0);
}

static int makes_read_only(void *dir)
{
	AUTO(place_clear) struct place p = place_in(dir);
	AUTO_FREE char *path = hp_path_join(p.root, "mnt");
	Hp__Guest__Mount m = mount_of("/mnt", "tmpfs", "tmpfs");
	struct hp_error err = HP_ERROR_INIT;

	m.flags = MS_NOSUID | MS_NOEXEC;
	APART_DONE(hp_guest_mount(p.fd, p.shares, &m, &err), &err);
	APART_CHECK(write_at(&p, "mnt/x") == 0);
	APART_DONE(hp_guest_mount_read_only(path, &err), &err);
	APART_CHECK(has_flags(&p, "mnt", ST_RDONLY | ST_NOSUID | ST_NOEXEC));
	APART_CHECK(write_at(&p, "mnt/y") == EROFS);
	APART_CHECK(hp_guest_mount_read_only("/no/such", &err) < 0);
	APART_CHECK(err.code == HP_ENOTFOUND);
	return 0;
}

static void stays_as_hard_as_it_was(void **state)
{
	(void)state;
	assert_int_equal(with_place(makes_read_only), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(mounts_file_systems),
		FDS_TEST(binds_shares),
		FDS_TEST(fills_a_tmpfs_with_what_it_hides),
		FDS_TEST(sets_the_propagation),
		FDS_TEST(stays_as_hard_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
