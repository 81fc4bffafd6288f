/* SPDX-License-Identifier: Apache-2.0 */
/* fake.c - run the guest's init without a machine, in namespaces of its own, for tests. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "vm/images.h"
#include "vm/vmm_impl.h"

#define FIRST_PORT 3
#define ROUNDS     8 /* in which processes may be made while others are stopped */
#define NAMESPACES                                                                             \
	(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |             \
	 CLONE_NEWCGROUP)

struct fake {
	struct hp_vmm base;
	struct hp_timer up;
};

static struct fake *fake_of(struct hp_vmm *v)
{
	return container_of(v, struct fake, base);
}

static int join_cgroup(int cgroup_fd)
{
	int fd;
	ssize_t n;

	if (cgroup_fd < 0)
		return 0;
	fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write(fd, "0", 1);
	close(fd);
	return n < 0 ? -1 : 0;
}

/* Put the ports to 3 and on, and the console to 1 and 2, whatever numbers they have now. */
static int place_fds(const struct hp_vmm_spawn *s)
{
	int wanted[FIRST_PORT + HP_PORTS];
	const int n = FIRST_PORT + HP_PORTS;

	wanted[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	wanted[1] = wanted[2] = s->console_fd;
	for (int i = 0; i < HP_PORTS; i++)
		wanted[FIRST_PORT + i] = s->ports[i];
	for (int i = 0; i < n; i++) {
		wanted[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, n);
		if (wanted[i] < 0)
			return -1;
	}
	for (int i = 0; i < n; i++)
		if (dup2(wanted[i], i) < 0)
			return -1;
	return close_range((unsigned)n, ~0u, 0);
}

/* In the child, the first process of its namespace. */
static _Noreturn void become_init(const struct hp_vmm_spawn *s, char *const *argv)
{
	char *const env[] = {NULL};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0 ||
	    join_cgroup(s->cgroup_fd) < 0 || place_fds(s) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
		dprintf(STDERR_FILENO, "fake: prepare init: %s\n", strerror(errno));
		_exit(126);
	}
	execve(argv[0], argv, env);
	dprintf(STDERR_FILENO, "fake: execute '%s': %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void on_up(void *data, uint32_t events)
{
	struct fake *f = data;

	(void)events;
	if (f->base.events && f->base.events->on_up)
		f->base.events->on_up(f->base.data);
}

static int fake_spawn(struct hp_loop *l, const struct hp_vmm_spawn *s, struct hp_vmm **ret,
		      struct hp_error *err)
{
	AUTO_FREE char *init = NULL;
	AUTO_FREE char *ports =
		hp_sprintf("%d,%d,%d", FIRST_PORT, FIRST_PORT + 1, FIRST_PORT + 2);
	struct fake *f;
	pid_t pid;

	if (hp_vm_find_init(s->config, &init, err) < 0)
		return -1;

	char *const argv[] = {init, (char[]){"--ports"}, ports, NULL};
	/* As fork(2), with namespaces. */
	pid = (pid_t)syscall(SYS_clone, NAMESPACES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		return hp_fail_errno(err, errno, "start '%s' in namespaces of its own", init);
	if (pid == 0)
		become_init(s, argv);
	f = hp_alloc(sizeof(*f));
	f->base.pid = pid;
	hp_timer_start(l, &f->up, 0, on_up, f);
	*ret = &f->base;
	return 0;
}

static void fake_free(struct hp_vmm *v)
{
	struct fake *f = fake_of(v);

	hp_timer_stop(&f->up);
	free(f);
}

/* The parent of process @pid; 0: it is gone. From: proc(5), /proc/[pid]/stat. */
static pid_t parent_of(pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/stat", (int)pid);
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_error ignored = HP_ERROR_INIT;
	int parent = 0;

	if (hp_file_read(path, 4096, &text, &ignored) < 0)
		return 0;

	AUTO_FREE char *line = hp_buf_take_str(&text);
	/* The program's name may have anything in it, but ends with the last parenthesis. */
	const char *end = strrchr(line, ')');
	if (!end || sscanf(end, ") %*c %d", &parent) != 1)
		return 0;
	return parent;
}

static bool is_below(pid_t pid, pid_t top)
{
	for (int i = 0; i < 64 && pid > 1; i++) {
		if (pid == top)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

/* Returns: how many processes were signalled. */
static int signal_tree(pid_t top, int sig, struct hp_error *err)
{
	DIR *dir = opendir("/proc");
	const struct dirent *e;
	int n = 0;

	if (!dir)
		return hp_fail_errno(err, errno, "open '/proc'");
	while ((e = readdir(dir))) {
		const pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid > 1 && is_below(pid, top) && kill(pid, sig) == 0)
			n++;
	}
	closedir(dir);
	return n;
}

/* Until all that there are have been stopped: some may have been made meanwhile. */
static void fake_pause(struct hp_vmm *v, bool paused, hp_machine_done_fn done, void *data)
{
	struct hp_error why = HP_ERROR_INIT;
	int before = -1;
	int n = 0;

	for (int i = 0; i < ROUNDS && n >= 0 && n != before; i++) {
		before = n;
		n = signal_tree(v->pid, paused ? SIGSTOP : SIGCONT, &why);
	}
	if (n == 0)
		hp_fail(&why, HP_ESTATE, "init does not run");
	done(data, why.code == HP_OK ? NULL : &why);
}

static const char *fake_words(struct hp_vmm *v)
{
	(void)v;
	return "";
}

const struct hp_vmm_ops hp_vmm_fake = {
	.name = "fake",
	.spawn = fake_spawn,
	.free = fake_free,
	.pause = fake_pause,
	.words = fake_words,
};
