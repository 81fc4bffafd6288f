/* SPDX-License-Identifier: Apache-2.0 */
/* root.c - what a container sees as its files. */
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

/* Make file or directory (@text NULL) @path below the guest's shares. */
static void put(struct world *w, const char *path, const char *text)
{
	AUTO_FREE char *whole = hp_sprintf("%s/shares/%s", w->dir, path);
	struct hp_error err = HP_ERROR_INIT;

	if (text)
		assert_int_equal(hp_file_write(whole, text, strlen(text), 0644, &err), 0);
	else
		assert_int_equal(hp_mkdirs(whole, 0755, &err), 0);
}

static void put_link(struct world *w, const char *path, const char *target)
{
	AUTO_FREE char *whole = hp_sprintf("%s/shares/%s", w->dir, path);

	assert_int_equal(symlink(target, whole), 0);
}

static void has_devices(void **state)
{
	struct box b;

	box_init(
		&b,
		"for d in null zero full random urandom tty; do"
		" stat -c '%t %T %a %n' /dev/$d; done;"
		"for l in fd stdin ptmx; do readlink /dev/$l; done; echo x >/dev/null; ls /run/harpoon 2>&1;"
		"ls /");
	suite_run(*state, &b, 0,
		  "1 3 666 /dev/null\n1 5 666 /dev/zero\n1 7 666 /dev/full\n"
		  "1 8 666 /dev/random\n1 9 666 /dev/urandom\n5 0 666 /dev/tty\n"
		  "/proc/self/fd\n/proc/self/fd/0\npts/ptmx\n"
		  "ls: /run/harpoon: No such file or directory\n"
		  "bin\ndev\netc\nhome\nproc\nroot\nsys\ntmp\nvar\n");
}

static void makes_the_devices_asked_for(void **state)
{
	Hp__Guest__Device d = HP__GUEST__DEVICE__INIT;
	Hp__Guest__Device *list[] = {&d};
	struct box b;

	box_init(&b, "stat -c '%F %t %T %a %u %g' /dev/deep/fuse");
	d.path = (char *)"/dev/deep/fuse";
	d.type = S_IFCHR;
	d.major = 10;
	d.minor = 229;
	d.mode = 0640;
	d.uid = 1;
	d.gid = 2;
	b.container.devices = list;
	b.container.n_devices = 1;
	suite_run(*state, &b, 0, "character special file a e5 640 1 2\n");
}

static void binds(void **state)
{
	struct world *w = *state;
	struct box b;

	put(w, "1", NULL);
	put(w, "1/here", "volume\n");
	put(w, "2", "file\n");
	box_init(
		&b,
		"cat /data/here /etc/one /data2/here; echo new >/data/written; cat /data/written;"
		"(echo x >/data2/no) 2>/dev/null || echo read-only;"
		"grep -c ' /data2 [^ ]* ro,nosuid,nodev,noexec' /proc/mounts");
	box_mount(&b, "/data", "bind", "1")->flags = MS_BIND | MS_REC;
	box_mount(&b, "/data2", "bind", "1")->flags =
		MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	box_mount(&b, "/etc/one", "bind", "2")->file = true;
	suite_run(w, &b, 0, "volume\nfile\nvolume\nnew\nread-only\n1\n");
}

/* The image says where its links lead, but not outside of it. */
static void keeps_links_inside(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *outside = hp_sprintf("%s/outside", w->dir);
	struct box b;

	put(w, "1", NULL);
	put(w, "1/here", "volume\n");
	put_link(w, "rootfs/escape", "../../../../../../../../tmp");
	put_link(w, "rootfs/absolute", "/not/there/yet");
	put_link(w, "rootfs/round", "round");
	box_init(&b, "cat /tmp/in/here /not/there/yet/in/here; ls -d /absolute/in");
	box_mount(&b, "/escape/in", "bind", "1");
	box_mount(&b, "/absolute/in", "bind", "1");
	suite_run(w, &b, 0, "volume\nvolume\n/absolute/in\n");
	assert_int_equal(access(outside, F_OK), -1);
	assert_int_equal(access("/not", F_OK), -1);
}

static void refuses_links_that_go_round(void **state)
{
	struct world *w = *state;
	struct box b;

	put(w, "1", NULL);
	put_link(w, "rootfs/round", "round");
	box_init(&b, "");
	box_mount(&b, "/round/in", "bind", "1");
	/* The rest of the words is the C library's. */
	box_refused(w, "Create", &b.request.base, HP_EINTERNAL,
		    "mount at '/round/in': open '/round/in' in its root: *");
}

static void refuses_shares_that_are_missing(void **state)
{
	struct world *w = *state;
	struct box b;

	box_init(&b, "");
	box_mount(&b, "/data", "bind", "7");
	box_refused(w, "Create", &b.request.base, HP_ENOTFOUND,
		    "mount at '/data': bind share '7': No such file or directory");
	b.mounts[3].source = (char *)"../rootfs";
	box_refused(w, "Create", &b.request.base, HP_EINVALID,
		    "Create: source of a bind mount '../rootfs'");
	b.container.rootfs = (char *)"nope";
	b.container.n_mounts = 3;
	box_refused(w, "Create", &b.request.base, HP_ENOTFOUND,
		    "bind share 'nope' as root: No such file or directory");
}

static void fills_tmpfs(void **state)
{
	struct world *w = *state;
	Hp__Guest__Mount *m;
	struct box b;

	put(w, "rootfs/etc/deep/er", NULL);
	put(w, "rootfs/etc/deep/er/text", "copied\n");
	put_link(w, "rootfs/etc/deep/link", "er/text");
	box_init(&b,
		 "cat /etc/deep/link /etc/group | head -n 2; stat -c %u /home/app;"
		 "(echo x >/etc/deep/x) 2>/dev/null || echo read-only; grep -c ' /etc tmpfs ro'"
		 " /proc/mounts; echo y >/home/y; cat /home/y; stat -c %a /fresh; ls /fresh");
	m = box_mount(&b, "/etc", "tmpfs", "tmpfs");
	m->copy_up = true;
	m->flags = MS_RDONLY;
	box_mount(&b, "/home", "tmpfs", "tmpfs")->copy_up = true;
	box_mount(&b, "/fresh", "tmpfs", "tmpfs")->data = (char *)"mode=0700,size=1m";
	suite_run(w, &b, 0, "copied\nroot:x:0:\n1000\nread-only\n1\ny\n700\n");
	put(w, "rootfs/etc/deep/x", "the share has stayed as it was");
}

static void protects(void **state)
{
	static char *masked[] = {(char *)"/proc/version", (char *)"/proc/acpi", (char *)"/etc",
				 (char *)"/nope"};
	static char *readonly[] = {(char *)"/proc/sys", (char *)"/home", (char *)"/nope"};
	struct box b;

	box_init(
		&b,
		"cat /proc/version | wc -c; ls /etc; (echo x >/home/x) 2>/dev/null || echo home;"
		"(echo 1 >/proc/sys/kernel/domainname) 2>/dev/null || echo sys;"
		"grep -c ' /proc/sys proc ro,nosuid,nodev,noexec' /proc/mounts;"
		"mkdir /x 2>/dev/null || echo root; echo x >/dev/shm/x && echo shm");
	b.container.masked_paths = masked;
	b.container.n_masked_paths = 4;
	b.container.readonly_paths = readonly;
	b.container.n_readonly_paths = 3;
	b.container.rootfs_readonly = true;
	box_mount(&b, "/dev/shm", "tmpfs", "shm");
	suite_run(*state, &b, 0, "0\nhome\nsys\n1\nroot\nshm\n");
}

static void sets_sysctls(void **state)
{
	Hp__Guest__Sysctl a = HP__GUEST__SYSCTL__INIT, c = HP__GUEST__SYSCTL__INIT;
	Hp__Guest__Sysctl *list[] = {&a, &c};
	struct box b;

	box_init(&b, "cat /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_default_ttl;"
		     "cat /proc/sys/kernel/domainname");
	a.key = (char *)"kernel.shmmni";
	a.value = (char *)"123";
	c.key = (char *)"net/ipv4/ip_default_ttl";
	c.value = (char *)"33";
	b.container.sysctls = list;
	b.container.n_sysctls = 2;
	b.container.domainname = (char *)"box.test";
	suite_run(*state, &b, 0, "123\n33\nbox.test\n");
}

static void mounts_what_there_is(void **state)
{
	struct box b;

	box_init(
		&b,
		"ls -d /sys/class /sys/fs/cgroup/cgroup.procs; cat /proc/self/cgroup |"
		"grep -c '^0::/$'; grep -c ' /dev/mqueue mqueue ' /proc/mounts;"
		/* The shell, itself and a line above them; not what a pipe would start beside. */
		"ps >/tmp/ps; wc -l </tmp/ps");
	box_mount(&b, "/sys", "sysfs", "sysfs")->flags = MS_RDONLY;
	box_mount(&b, "/sys/fs/cgroup", "cgroup", "cgroup")->data = (char *)"nsdelegate,none";
	box_mount(&b, "/dev/mqueue", "mqueue", "mqueue");
	suite_run(*state, &b, 0, "/sys/class\n/sys/fs/cgroup/cgroup.procs\n1\n1\n3\n");
}

const struct CMUnitTest suite_root[] = {
	GUEST_TEST(has_devices),
	GUEST_TEST(makes_the_devices_asked_for),
	GUEST_TEST(binds),
	GUEST_TEST(keeps_links_inside),
	GUEST_TEST(refuses_links_that_go_round),
	GUEST_TEST(refuses_shares_that_are_missing),
	GUEST_TEST(fills_tmpfs),
	GUEST_TEST(protects),
	GUEST_TEST(sets_sysctls),
	GUEST_TEST(mounts_what_there_is),
};
const size_t suite_root_count = HP_ARRAY_LEN(suite_root);
