/* SPDX-License-Identifier: Apache-2.0 */
/* guest-boot.c - tests of src/guest/boot.c. */
#include "guest/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "apart.h"
#include "base/clock.h"
#include "base/str.h"

/* A machine's ports: a directory of names, and one of devices. */
struct ports {
	char *dir, *class_dir, *dev_dir;
};

static void ports_open(struct ports *p)
{
	struct hp_error err = HP_ERROR_INIT;

	p->dir = scratch_new();
	p->class_dir = hp_path_join(p->dir, "class");
	p->dev_dir = hp_path_join(p->dir, "dev");
	assert_int_equal(hp_mkdirs(p->class_dir, 0755, &err), 0);
	assert_int_equal(hp_mkdirs(p->dev_dir, 0755, &err), 0);
}

static void ports_close(struct ports *p)
{
	scratch_free(p->dir);
	free(p->class_dir);
	free(p->dev_dir);
}

static void add_name(const struct ports *p, const char *device, const char *name)
{
	AUTO_FREE char *dir = hp_path_join(p->class_dir, device);
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_mkdirs(dir, 0755, &err), 0);
	free(scratch_file(dir, "name", name));
}

/* A FIFO can be opened both ways, as a port can. Returns: its path, owned by the caller. */
static char *add_device(const struct ports *p, const char *device)
{
	char *path = hp_path_join(p->dev_dir, device);

	assert_int_equal(mkfifo(path, 0600), 0);
	return path;
}

static void expect_path(int fd, const char *want)
{
	AUTO_FREE char *link = hp_sprintf("/proc/self/fd/%d", fd);
	char target[512];
	ssize_t n = readlink(link, target, sizeof(target) - 1);

	assert_true(n > 0);
	target[n] = '\0';
	assert_string_equal(target, want);
}

static void finds_ports_by_name(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *control = NULL;
	AUTO_FREE char *files = NULL;
	AUTO_CLOSE int fd = -1;
	struct ports p;

	(void)state;
	ports_open(&p);
	control = add_device(&p, "vport0p1");
	files = add_device(&p, "vport0p2");
	add_name(&p, "vport0p1", "harpoon.control\n");
	add_name(&p, "vport0p2", "harpoon.files\n");
	assert_int_equal(
		hp_guest_boot_port(p.class_dir, p.dev_dir, "harpoon.files", 1000, &fd, &err),
		0);
	expect_path(fd, files);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ports_close(&p);
}

static void waits_for_ports_to_come(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *device = NULL;
	AUTO_CLOSE int fd = -1;
	struct ports p;
	pid_t pid;

	(void)state;
	ports_open(&p);
	device = add_device(&p, "vport0p1");
	pid = fork();
	if (pid == 0) {
		hp_clock_sleep_ms(50);
		add_name(&p, "vport0p1", "harpoon.stdio\n");
		_exit(0);
	}
	assert_int_equal(
		hp_guest_boot_port(p.class_dir, p.dev_dir, "harpoon.stdio", 20000, &fd, &err),
		0);
	expect_path(fd, device);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	ports_close(&p);
}

static void names_the_port_that_is_missing(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct ports p;
	int fd = -1;

	(void)state;
	ports_open(&p);
	assert_int_equal(
		hp_guest_boot_port(p.class_dir, p.dev_dir, "harpoon.stdio", 10, &fd, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_string_equal(err.msg, "port 'harpoon.stdio' has not come");
	hp_error_clear(&err);

	/* Its name is there, but no device. */
	add_name(&p, "vport0p3", "harpoon.stdio\n");
	assert_int_equal(
		hp_guest_boot_port(p.class_dir, p.dev_dir, "harpoon.stdio", 10, &fd, &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_non_null(strstr(err.msg, "vport0p3"));
	assert_int_equal(fd, -1);
	ports_close(&p);
}

static void may_have_no_modules(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *list = scratch_file(dir, "load", "\n\n");
	AUTO_FREE char *none = hp_path_join(dir, "none");
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_guest_boot_modules(none, &err), 0);
	assert_int_equal(hp_guest_boot_modules(list, &err), 0);
}

static void names_the_module_that_is_none(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *junk = scratch_file(dir, "junk.ko", "this is no module");
	AUTO_FREE char *text = hp_sprintf("%s\n%s/missing.ko\n", junk, dir);
	AUTO_FREE char *list = scratch_file(dir, "load", text);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_guest_boot_modules(list, &err), -1);
	assert_non_null(strstr(err.msg, "load module"));
	assert_non_null(strstr(err.msg, "junk.ko"));
	assert_true(scratch_has(junk));
	hp_error_clear(&err);
	free(scratch_file(dir, "load", text + strlen(junk) + 1));
	assert_int_equal(hp_guest_boot_modules(list, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "missing.ko"));
}

static int makes_do(void *arg)
{
	struct hp_error err = HP_ERROR_INIT;

	APART_DONE(hp_guest_boot_inside(arg, &err), &err);
	APART_CHECK(scratch_has("/run/harpoon/shares/rootfs/hello"));
	APART_CHECK(scratch_has("/run/harpoon/root"));
	APART_CHECK(scratch_has("/proc/self/exe"));
	APART_CHECK(umask(0) == 022);
	return 0;
}

static int needs_its_shares(void *arg)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)arg;
	APART_CHECK(hp_guest_boot_inside("/there/is/none", &err) < 0);
	APART_CHECK(err.code == HP_ENOTFOUND);
	return 0;
}

static void makes_do_inside_of_another_machine(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *rootfs = hp_path_join(dir, "rootfs");
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_mkdirs(rootfs, 0755, &err), 0);
	free(scratch_file(rootfs, "hello", ""));
	assert_int_equal(apart(makes_do, dir), 0);
	assert_int_equal(apart(needs_its_shares, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_ports_by_name),
		FDS_TEST(waits_for_ports_to_come),
		FDS_TEST(names_the_port_that_is_missing),
		FDS_TEST(may_have_no_modules),
		FDS_TEST(names_the_module_that_is_none),
		FDS_TEST(makes_do_inside_of_another_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
