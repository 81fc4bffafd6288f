/* SPDX-License-Identifier: Apache-2.0 */
/* boot.c - owns the way from the kernel to a machine that can hold a container. */
#include "guest/boot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "guest/network.h"
#include "guest/root.h"

#define LIST_BYTES_MAX  (64 * 1024)
#define NAME_BYTES_MAX  256
#define PORT_TIMEOUT_MS 10000
#define PORT_POLL_MS    2
/* Of open files: as many as the kernel lets anybody have without being asked.
 * From: Linux proc/sys/fs/nr_open. */
#define FILES_MAX       1048576

struct fs {
	const char *source, *where, *type;
	unsigned long flags;
	const char *data;
};

/* clang-format off: one row a file system */
static const struct fs machine_fs[] = {
	{"proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL},
	{"sysfs", "/sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL},
	{"devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755"},
	{"devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
	 "mode=0620,gid=5,ptmxmode=0666"},
	{"tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"},
	{"tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"},
	{"cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL},
};

static const struct fs inner_fs[] = {
	{"proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL},
	{"tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"},
};
/* clang-format on */

static int mount_one(const struct fs *f, struct hp_error *err)
{
	if (hp_mkdirs(f->where, 0755, err) < 0)
		return -1;
	if (mount(f->source, f->where, f->type, f->flags, f->data) < 0)
		return hp_fail_errno(err, errno, "mount %s at '%s'", f->type, f->where);
	return 0;
}

static int mount_all(const struct fs *rows, size_t n, struct hp_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (mount_one(&rows[i], err) < 0)
			return -1;
	if (hp_mkdirs(HP_GUEST_SHARES, 0755, err) < 0 ||
	    hp_mkdirs(HP_GUEST_ROOT, 0755, err) < 0)
		return -1;
	return 0;
}

/* The kernel's own root has nothing below it, and so cannot be left by pivot_root(2): put it, as a
 * bind mount, on itself. From: Linux Documentation/filesystems/ramfs-rootfs-initramfs.rst. */
static int make_root_movable(struct hp_error *err)
{
	static const char where[] = "/root";

	if (hp_mkdirs(where, 0755, err) < 0)
		return -1;
	if (mount("/", where, NULL, MS_BIND, NULL) < 0 || chdir(where) < 0 ||
	    mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return hp_fail_errno(err, errno, "put the root on itself");
	return 0;
}

/* What is said goes to the kernel's log, and from there to the console and to the host. */
static int take_streams(struct hp_error *err)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (null_fd < 0 || log_fd < 0)
		return hp_fail_errno(err, errno, "open '/dev/null' and '/dev/kmsg'");
	if (dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(log_fd, 2) < 0)
		return hp_fail_errno(err, errno, "take standard streams");
	if (null_fd > 2)
		close(null_fd);
	if (log_fd > 2)
		close(log_fd);
	return 0;
}

static int load_module(const char *path, struct hp_error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return hp_fail_errno(err, errno, "open module '%s'", path);
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
		return hp_fail_errno(err, errno, "load module '%s'", path);
	/* It has been copied, and its file is memory too. */
	unlink(path);
	return 0;
}

int hp_guest_boot_modules(const char *list, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO_FREE char *lines = NULL;
	char *rest, *line;

	/* A kernel may have all that is needed built in. */
	if (access(list, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (hp_file_read(list, LIST_BYTES_MAX, &text, err) < 0)
		return -1;
	lines = rest = hp_buf_take_str(&text);
	while ((line = strsep(&rest, "\n")))
		if (*line && load_module(line, err) < 0)
			return -1;
	return 0;
}

static void close_dir(DIR *const *dir)
{
	if (*dir)
		closedir(*dir);
}

/* Is file @path one with the line @name? */
static bool is_named(const char *path, const char *name)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO_FREE char *line = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_file_read(path, NAME_BYTES_MAX, &text, &ignored) < 0)
		return false;
	line = hp_buf_take_str(&text);
	line[strcspn(line, "\n")] = '\0';
	return hp_str_eq(line, name);
}

/* The device of the port named @name; NULL when there is none yet. Owns: the caller. */
static char *find_port(const char *class_dir, const char *dev_dir, const char *name)
{
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(class_dir);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		AUTO_FREE char *path = hp_sprintf("%s/%s/name", class_dir, entry->d_name);

		if (entry->d_name[0] != '.' && is_named(path, name))
			return hp_path_join(dev_dir, entry->d_name);
	}
	return NULL;
}

/* A port whose other end is not known to be there yet would look like one that was closed. */
static bool is_connected(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP);
}

int hp_guest_boot_port(const char *class_dir, const char *dev_dir, const char *name,
		       int64_t timeout_ms, int *ret_fd, struct hp_error *err)
{
	int64_t deadline = hp_deadline_in(timeout_ms);
	AUTO_CLOSE int fd = -1;

	while (fd < 0 || !is_connected(fd)) {
		AUTO_FREE char *path = fd < 0 ? find_port(class_dir, dev_dir, name) : NULL;

		if (path)
			fd = open(path, O_RDWR | O_CLOEXEC);
		if (path && fd < 0)
			return hp_fail_errno(err, errno, "open port '%s', '%s'", name, path);
		if (hp_deadline_left_ms(deadline) == 0)
			return hp_fail(err, HP_ENOTFOUND, "port '%s' has not %s", name,
				       fd < 0 ? "come" : "been connected");
		if (!path)
			hp_clock_sleep_ms(PORT_POLL_MS);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int open_ports(struct hp_guest_ports *ret, struct hp_error *err)
{
	struct {
		const char *name;
		int *fd;
	} const rows[] = {
		{"harpoon.control", &ret->control},
		{"harpoon.stdio", &ret->stdio},
		{"harpoon.files", &ret->files},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if (hp_guest_boot_port("/sys/class/virtio-ports", "/dev", rows[i].name,
				       PORT_TIMEOUT_MS, rows[i].fd, err) < 0)
			return -1;
	return 0;
}

/* Nothing of what runs beside it may take it down, read its memory or have it wait for memory. */
static int protect(struct hp_error *err)
{
	AUTO_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "-1000", 5) < 0)
		return hp_fail_errno(err, errno, "set oom_score_adj");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return hp_fail_errno(err, errno, "keep memory to itself");
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		return hp_fail_errno(err, errno, "keep memory in place");
	return 0;
}

int hp_guest_boot(struct hp_guest_ports *ret, struct hp_error *err)
{
	const struct rlimit files = {.rlim_cur = FILES_MAX, .rlim_max = FILES_MAX};

	umask(022);
	if (make_root_movable(err) < 0 ||
	    mount_all(machine_fs, HP_ARRAY_LEN(machine_fs), err) < 0 || take_streams(err) < 0 ||
	    protect(err) < 0)
		return -1;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return hp_fail_errno(err, errno, "set the limit of files");
	if (hp_guest_boot_modules(HP_GUEST_MODULES, err) < 0 ||
	    hp_guest_network_leave(&ret->devices, err) < 0)
		return -1;
	return open_ports(ret, err);
}

int hp_guest_boot_inside(const char *shares, struct hp_error *err)
{
	/* Before /run is hidden. */
	AUTO_CLOSE int shares_fd = shares ? open(shares, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	char source[32];

	if (shares && shares_fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", shares);
	umask(022);
	if (mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return hp_fail_errno(err, errno, "keep mounts private");
	if (mount_all(inner_fs, HP_ARRAY_LEN(inner_fs), err) < 0)
		return -1;
	snprintf(source, sizeof(source), "/proc/self/fd/%d", shares_fd);
	if (shares && mount(source, HP_GUEST_SHARES, NULL, MS_BIND | MS_REC, NULL) < 0)
		return hp_fail_errno(err, errno, "bind '%s'", shares);
	return 0;
}
