/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_child.c - owns the process that serves a container's files, from its fork to its end. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "shim/rootfs_parts.h"

#define NAME      "harpoon-files" /* what ps(1) shows; at most 15 bytes */
#define FILES_FD  3
#define REPORT_FD 4

/* What file operations for others take. SETPCAP is for the securebits of threads, SYS_ADMIN for
 * trusted.* attributes, which overlays are made of. From: capabilities(7). */
#define KEPT_CAPS                                                                              \
	(1ull << CAP_CHOWN | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_DAC_READ_SEARCH |          \
	 1ull << CAP_FOWNER | 1ull << CAP_FSETID | 1ull << CAP_KILL | 1ull << CAP_LEASE |      \
	 1ull << CAP_LINUX_IMMUTABLE | 1ull << CAP_MKNOD | 1ull << CAP_SETFCAP |               \
	 1ull << CAP_SETGID | 1ull << CAP_SETPCAP | 1ull << CAP_SETUID |                       \
	 1ull << CAP_SYS_ADMIN | 1ull << CAP_SYS_RESOURCE)

/* Keep nothing of the shim's but the two descriptors and stderr. */
static int place_fds(int files_fd, int report_fd, struct hp_error *err)
{
	int files = fcntl(files_fd, F_DUPFD_CLOEXEC, REPORT_FD + 1);
	int report = fcntl(report_fd, F_DUPFD_CLOEXEC, REPORT_FD + 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (files < 0 || report < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup3(files, FILES_FD, O_CLOEXEC) < 0 ||
	    dup3(report, REPORT_FD, O_CLOEXEC) < 0)
		return hp_fail_errno(err, errno, "place descriptors");
	if (close_range(REPORT_FD + 1, ~0u, 0) < 0)
		return hp_fail_errno(err, errno, "close descriptors");
	return 0;
}

static void set_up_process(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	struct rlimit limit;
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &action, NULL);
	/* The end of the machine is no reason to die by. */
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	prctl(PR_SET_NAME, NAME);
	umask(0);
	/* Each file that the guest knows of is a descriptor. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int drop_caps(struct hp_error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return hp_fail_errno(err, errno, "get capabilities");
	for (int i = 0; i < 2; i++) {
		uint32_t kept = (uint32_t)(KEPT_CAPS >> (32 * i));

		data[i].permitted &= kept;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return hp_fail_errno(err, errno, "drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return hp_fail_errno(err, errno, "forgo new privileges");
	return 0;
}

/* Nothing that is mounted from here on is seen outside, and nothing from outside is seen here: what
 * the host unmounts must not stay because of us. */
static int leave_mounts(struct hp_error *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return hp_fail_errno(err, errno, "make a mount namespace");
	if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return hp_fail_errno(err, errno, "make its mounts private");
	return 0;
}

/* An empty root, of which nothing is to be had: the machine has its own. */
static int mount_none(const char *root, struct hp_error *err)
{
	if (mount("none", root, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "mode=755,size=4k") < 0)
		return hp_fail_errno(err, errno, "mount an empty root at '%.200s'", root);
	return 0;
}

static int mount_root(const struct hp_shim_rootfs_spec *spec, char **ret_root,
		      struct hp_error *err)
{
	AUTO_FREE char *root = NULL;

	if (spec->n_mounts == 0) {
		root = hp_strdup(spec->root);
		/* A root must be a mount. */
		if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0)
			return hp_fail_errno(err, errno, "root '%.200s'", root);
		*ret_root = TAKE(root);
		return 0;
	}
	root = hp_path_join(spec->bundle, "rootfs");
	if (mkdir(root, 0711) < 0 && errno != EEXIST)
		return hp_fail_errno(err, errno, "make '%.200s'", root);
	if (spec->on_disk && mount_none(root, err) < 0)
		return -1;
	if (!spec->on_disk &&
	    hp_shim__rootfs_mounts(root, spec->mounts, spec->n_mounts, err) < 0)
		return hp_wrap(err, "mount '%.200s'", root);
	*ret_root = TAKE(root);
	return 0;
}

/* Be where /proc/PID/root is to lead, and let go of all that the host has mounted. */
static int enter_root(const char *root, struct hp_error *err)
{
	/* Onto itself, and then the upper one away: as no directory for the old one is needed. From:
	 * pivot_root(2), "pivot_root(".", ".")". */
	if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return hp_fail_errno(err, errno, "make '%.200s' the root", root);
	return 0;
}

static int prepare(const struct hp_shim_rootfs_spec *spec, struct hp_files_share *shares,
		   struct hp_error *err)
{
	AUTO_FREE char *root = NULL;

	if (hp_shim__rootfs_network(spec->netns, err) < 0 || leave_mounts(err) < 0 ||
	    mount_root(spec, &root, err) < 0 ||
	    hp_shim__rootfs_shares(root, spec, shares, err) < 0 || enter_root(root, err) < 0)
		return -1;
	return drop_caps(err);
}

static void report(const struct hp_error *what)
{
	struct hp_error ignored = HP_ERROR_INIT;

	/* Without a reader there is no shim, and then the kernel ends us. */
	if (hp_fd_write_all(REPORT_FD, what, sizeof(*what), &ignored) < 0)
		_exit(1);
}

_Noreturn void hp_shim__rootfs_child(const struct hp_shim_rootfs_spec *spec, int report_fd,
				     pid_t parent)
{
	struct hp_files_share *shares = hp_alloc_array(spec->n_shares + 1, sizeof(*shares));
	struct hp_error err = HP_ERROR_INIT;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before the line above. */
	if (getppid() != parent || place_fds(spec->files_fd, report_fd, &err) < 0)
		_exit(1);
	set_up_process();
	if (prepare(spec, shares, &err) < 0) {
		report(&err);
		_exit(1);
	}
	report(&err);
	if (hp_files_serve(FILES_FD, shares, spec->n_shares + 1, 0, &err) < 0) {
		report(&err);
		_exit(1);
	}
	/* Its mounts go with the last process that has them: this one. */
	_exit(0);
}
