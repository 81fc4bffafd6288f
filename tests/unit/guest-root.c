/* SPDX-License-Identifier: Apache-2.0 */
/* guest-root.c - tests of src/guest/root.c, in a process for each that goes into its root. */
#include "guest/root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "apart.h"
#include "base/str.h"
#include "guest/boot.h"
#include "guest/terminal.h"

/* A container whose root is a share, with a /dev and a /proc. The directory that the test runs in is
 * in it too, at the same place. */
struct sample {
	Hp__Guest__Container c;
	Hp__Guest__Process process;
	Hp__Guest__Mount mounts[4], *list[4];
};

static Hp__Guest__Mount mount_of(const char *destination, const char *type, const char *source)
{
	Hp__Guest__Mount m = HP__GUEST__MOUNT__INIT;

	m.destination = (char *)(uintptr_t)destination;
	m.type = (char *)(uintptr_t)type;
	m.source = (char *)(uintptr_t)source;
	return m;
}

static void sample_init(struct sample *s, const char *cwd)
{
	*s = (struct sample){.c = HP__GUEST__CONTAINER__INIT,
			     .process = HP__GUEST__PROCESS__INIT};
	s->c.rootfs = (char *)"rootfs";
	s->c.hostname = (char *)"boxed";
	s->c.domainname = (char *)"example";
	s->c.process = &s->process;
	s->process.cwd = (char *)"/srv/made";
	s->mounts[0] = mount_of("/proc", "proc", "proc");
	s->mounts[1] = mount_of("/dev", "tmpfs", "tmpfs");
	s->mounts[1].data = (char *)"mode=755";
	s->mounts[2] = mount_of("/dev/pts", "devpts", "devpts");
	s->mounts[2].data = (char *)"newinstance,ptmxmode=0666";
	s->mounts[3] = mount_of(cwd, "bind", "cwd");
	s->mounts[3].flags = MS_BIND;
	for (size_t i = 0; i < HP_ARRAY_LEN(s->list); i++)
		s->list[i] = &s->mounts[i];
	s->c.mounts = s->list;
	s->c.n_mounts = HP_ARRAY_LEN(s->list);
}

static int with_shares(int (*fn)(void *arg))
{
	static const char *const dirs[] = {"rootfs/etc", "rootfs/secrets", "cwd"};
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_error err = HP_ERROR_INIT;

	for (size_t i = 0; i < HP_ARRAY_LEN(dirs); i++) {
		AUTO_FREE char *path = hp_path_join(dir, dirs[i]);

		assert_int_equal(hp_mkdirs(path, 0755, &err), 0);
	}
	free(scratch_file(dir, "rootfs/etc/secret", "of the image"));
	free(scratch_file(dir, "rootfs/secrets/one", "of the image"));
	return apart(fn, dir);
}

/* As init of a machine: shares are there, and the working directory is one. */
static int begin(const char *dir, struct sample *s, char **ret_cwd)
{
	AUTO_FREE char *share = hp_path_join(dir, "cwd");
	char *cwd = getcwd(NULL, 0);
	struct hp_error err = HP_ERROR_INIT;

	APART_CHECK(cwd && mount(cwd, share, NULL, MS_BIND, NULL) == 0);
	APART_DONE(hp_guest_boot_inside(dir, &err), &err);
	sample_init(s, cwd);
	*ret_cwd = cwd;
	return 0;
}

static bool reads(const char *path, const char *want)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_file_read(path, 4096, &buf, &err) < 0)
		return false;
	AUTO_FREE char *text = hp_buf_take_str(&buf);
	return hp_str_eq(text, want);
}

static int write_at(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? errno : 0;
}

static int enters(void *dir)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *cwd = NULL;
	char name[64] = "";
	struct sample s;
	struct stat st;

	APART_CHECK(begin(dir, &s, &cwd) == 0);
	APART_DONE(hp_guest_root_enter(&s.c, &err), &err);
	APART_CHECK(gethostname(name, sizeof(name)) == 0 && hp_str_eq(name, "boxed"));
	APART_CHECK(getdomainname(name, sizeof(name)) == 0 && hp_str_eq(name, "example"));
	APART_CHECK(reads("/etc/secret", "of the image"));
	APART_CHECK(!scratch_has("/run/harpoon") && !scratch_has(dir));
	APART_CHECK(stat("/srv/made", &st) == 0 && S_ISDIR(st.st_mode));
	APART_CHECK(stat("/dev/null", &st) == 0 && st.st_rdev == makedev(1, 3));
	APART_CHECK(scratch_has("/proc/self/status"));
	APART_CHECK(chdir(cwd) == 0 && scratch_has("/dev/pts/ptmx"));
	return 0;
}

static void goes_into_its_root(void **state)
{
	(void)state;
	assert_int_equal(with_shares(enters), 0);
}

static int finishes(void *dir)
{
	char *masked[] = {(char *)"/etc/secret", (char *)"/secrets", (char *)"/no/such"};
	char *kept[] = {(char *)"/proc/sys", (char *)"/no/such"};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *cwd = NULL;
	struct sample s;

	APART_CHECK(begin(dir, &s, &cwd) == 0);
	s.mounts[1].flags = MS_RDONLY;
	s.c.rootfs_readonly = true;
	s.c.rootfs_propagation = MS_PRIVATE | MS_REC;
	s.c.masked_paths = masked;
	s.c.n_masked_paths = HP_ARRAY_LEN(masked);
	s.c.readonly_paths = kept;
	s.c.n_readonly_paths = HP_ARRAY_LEN(kept);
	APART_DONE(hp_guest_root_enter(&s.c, &err), &err);
	APART_CHECK(write_at("/before") == 0 && write_at("/dev/before") == 0);
	APART_DONE(hp_guest_root_finish(&s.c, &err), &err);
	APART_CHECK(write_at("/after") == EROFS && write_at("/dev/after") == EROFS);
	APART_CHECK(write_at("/proc/sys/kernel/domainname") == EROFS);
	APART_CHECK(reads("/etc/secret", ""));
	APART_CHECK(scratch_has("/secrets") && !scratch_has("/secrets/one"));
	APART_CHECK(write_at("/secrets/two") == EROFS);
	return 0;
}

static void hides_and_protects(void **state)
{
	(void)state;
	assert_int_equal(with_shares(finishes), 0);
}

static int has_console(void *dir)
{
	struct hp_guest_terminal t = {.master_fd = -1, .slave_fd = -1};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *cwd = NULL;
	struct stat console, slave;
	struct sample s;

	APART_CHECK(begin(dir, &s, &cwd) == 0);
	APART_DONE(hp_guest_root_enter(&s.c, &err), &err);
	APART_DONE(hp_guest_terminal_open(80, 24, &t, &err), &err);
	APART_DONE(hp_guest_root_console(t.path, &err), &err);
	APART_CHECK(stat("/dev/console", &console) == 0 && stat(t.path, &slave) == 0);
	APART_CHECK(console.st_rdev == slave.st_rdev && S_ISCHR(console.st_mode));
	APART_CHECK(hp_guest_root_console("/dev/pts/77", &err) < 0);
	APART_CHECK(strstr(err.msg, "/dev/pts/77"));
	hp_guest_terminal_close(&t);
	return 0;
}

static void gives_it_a_console(void **state)
{
	(void)state;
	assert_int_equal(with_shares(has_console), 0);
}

static int is_refused(void *dir)
{
	Hp__Guest__Block block = HP__GUEST__BLOCK__INIT;
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *cwd = NULL;
	struct sample s;

	APART_CHECK(begin(dir, &s, &cwd) == 0);
	s.c.rootfs = (char *)"nothing";
	APART_CHECK(hp_guest_root_enter(&s.c, &err) < 0);
	APART_CHECK(hp_str_starts(err.msg, "bind share 'nothing' as root"));
	hp_error_clear(&err);
	block.slot = 25;
	block.type = (char *)"ext4";
	block.data = (char *)"";
	s.c.root_block = &block;
	APART_CHECK(hp_guest_root_enter(&s.c, &err) < 0);
	APART_CHECK(hp_str_starts(err.msg, "mount it as 'ext4': "));
	hp_error_clear(&err);
	block.type = (char *)"nofs";
	APART_CHECK(hp_guest_root_enter(&s.c, &err) < 0);
	APART_CHECK(err.code == HP_EUNSUPPORTED);
	APART_CHECK(hp_str_starts(err.msg, "the machine's kernel has no file system 'nofs'"));
	return 0;
}

/* The machine's own /dev, bound, is whole as it is. */
static int keeps_dev(void *dir)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *cwd = NULL;
	struct sample s;

	APART_CHECK(begin(dir, &s, &cwd) == 0);
	s.mounts[1] = mount_of("/dev", "bind", "rootfs/etc");
	s.mounts[1].flags = MS_BIND;
	s.mounts[2] = mount_of("/tmp", "tmpfs", "tmpfs");
	APART_DONE(hp_guest_root_enter(&s.c, &err), &err);
	APART_CHECK(scratch_has("/dev/secret") && !scratch_has("/dev/null"));
	return 0;
}

static void names_the_root_that_is_missing(void **state)
{
	(void)state;
	assert_int_equal(with_shares(is_refused), 0);
}

static void makes_no_devices_in_one_that_is_bound(void **state)
{
	(void)state;
	assert_int_equal(with_shares(keeps_dev), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(goes_into_its_root),
		FDS_TEST(hides_and_protects),
		FDS_TEST(gives_it_a_console),
		FDS_TEST(names_the_root_that_is_missing),
		FDS_TEST(makes_no_devices_in_one_that_is_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
