/* SPDX-License-Identifier: Apache-2.0 */
/* pump.c - owns the two threads between /dev/fuse and the port of files. */
#include "guest/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"

/* The largest request or answer: 256 pages and its headers. From: Linux fs/fuse/fuse_i.h,
 * FUSE_MAX_MAX_PAGES. */
#define MESSAGE_MAX    (1024 * 1024 + 4096)
/* A virtio port gives one of its buffers, a page, to each read; readv(2) asks for many at once.
 * From: Linux drivers/char/virtio_console.c, fill_queue(). */
#define PORT_PAGE      4096
#define VECTORS_MAX    64
/* Before other processes of the machine: each file operation waits for this one. */
#define PUMP_NICE      (-20)
/* Programs are read as they are executed, in pieces of this size: each costs as much as a hundred
 * pages do. The kernel's own 128 KiB is meant for disks. */
#define READ_AHEAD_KIB 512
/* Above all that init has open when it starts this process. */
#define FDS_FIRST      512

/* What an answer begins with. From: Linux include/uapi/linux/fuse.h, struct fuse_out_header. */
struct answer_header {
	uint32_t len; /* of all of the answer */
	int32_t error;
	uint64_t unique;
};

/* The way to the host, with its own thread, so that a host that is slow to read keeps no answers
 * off. Neither thread ever waits for the other. */
struct requests {
	int fuse_fd;
	int port;
};

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* An interrupted or withdrawn request is none to be carried; all else means that it is over. */
static bool may_retry(int sys)
{
	return sys == EINTR || sys == EAGAIN || sys == ENOENT;
}

/* End the process. What it says is the last that is known of the machine. */
static _Noreturn void die(const char *what, int sys)
{
	fprintf(stderr, "harpoon-files: %s: %s\n", what, strerror(sys));
	_exit(1);
}

static void *carry_requests(void *data)
{
	const struct requests *r = data;
	uint8_t *buffer = hp_alloc(MESSAGE_MAX);
	ssize_t n;

	do {
		n = read(r->fuse_fd, buffer, MESSAGE_MAX);
		if (n > 0 && write_all(r->port, buffer, (size_t)n) < 0)
			break;
	} while (n > 0 || (n < 0 && may_retry(errno)));
	/* Half of a pump is none: its process ends, and with it the machine. */
	die("requests", errno);
}

/* What has come of answers, and is not yet with the kernel. */
struct answers {
	uint8_t *buffer; /* MESSAGE_MAX */
	size_t len;
	uint64_t handed; /* answers that are with the kernel */
};

/* How long the answer at the front is; 0 when that is not known yet. */
static size_t wanted(const struct answers *a)
{
	struct answer_header header;

	if (a->len < sizeof(header))
		return 0;
	memcpy(&header, a->buffer, sizeof(header));
	return header.len;
}

/* Read more: just the rest of an answer that has begun, or what there is. */
static ssize_t read_more(struct answers *a, int port, size_t whole)
{
	size_t left = whole ? whole - a->len : PORT_PAGE;
	struct iovec vectors[VECTORS_MAX];
	size_t at = a->len;
	int n = 0;

	for (; left > 0 && n < VECTORS_MAX; n++) {
		size_t part = left < PORT_PAGE ? left : PORT_PAGE;

		vectors[n] = (struct iovec){.iov_base = a->buffer + at, .iov_len = part};
		at += part;
		left -= part;
	}
	return readv(port, vectors, n);
}

/* Hand all whole answers to the kernel. Returns: -1 when one cannot be an answer. */
static int hand_over(struct answers *a, int fuse_fd)
{
	size_t whole;

	while ((whole = wanted(a)) > 0 && whole <= a->len) {
		if (whole < sizeof(struct answer_header))
			return -1;
		/* ENOENT: nobody waits any more. EINVAL: the one who waits is told nothing. */
		if (write(fuse_fd, a->buffer, whole) < 0 && errno == ENODEV)
			return -1;
		a->handed++;
		a->len -= whole;
		memmove(a->buffer, a->buffer + whole, a->len);
	}
	return whole > MESSAGE_MAX ? -1 : 0;
}

/* Returns: true once the first answer, that to the mount, is with the kernel. */
static bool tell_ready(const struct answers *a, int ready_fd)
{
	return a->handed > 0 && write(ready_fd, "", 1) == 1 && close(ready_fd) == 0;
}

static void carry_answers(int fuse_fd, int port, int ready_fd)
{
	struct answers a = {.buffer = hp_alloc(MESSAGE_MAX + PORT_PAGE)};
	bool ready = false;

	for (;;) {
		ssize_t n = read_more(&a, port, wanted(&a));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			break;
		if (n < 0)
			die("answers", errno);
		a.len += (size_t)n;
		if (hand_over(&a, fuse_fd) < 0)
			die("an answer that is none", EPROTO);
		ready = ready || tell_ready(&a, ready_fd);
	}
	free(a.buffer);
}

_Noreturn void hp_guest_pump_run(int fuse_fd, int port, int ready_fd)
{
	struct requests r = {.fuse_fd = fuse_fd, .port = port};
	pthread_t thread;

	int sys = pthread_create(&thread, NULL, carry_requests, &r);

	if (sys)
		die("start a thread", sys);
	carry_answers(fuse_fd, port, ready_fd);
	/* The other thread waits in a system call: the process ends without it. */
	_exit(0);
}

/* Memory may be short because of what this process is to write out: it gets the last of it, and is
 * not asked to write. From: prctl(2), PR_SET_IO_FLUSHER. */
static void protect(void)
{
	prctl(PR_SET_NAME, "harpoon-files");
	prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
	setpriority(PRIO_PROCESS, 0, PUMP_NICE);
	/* As it is touched: the buffers are for large files, which not each container has. */
	mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

/* The ports of others are none of its business. What it keeps moves out of the way first. */
static int let_go(int *fds, int n)
{
	for (int i = 0; i < n; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FDS_FIRST + i);
		if (fds[i] != FDS_FIRST + i)
			return -1;
	}
	if (syscall(SYS_close_range, 3, FDS_FIRST - 1, 0) < 0)
		return -1;
	return (int)syscall(SYS_close_range, FDS_FIRST + n, ~0U, 0);
}

/* Without it files are slower, and right. */
static void read_ahead_more(const char *where)
{
	FILE *table = fopen("/proc/self/mountinfo", "re");
	char line[4096], device[32], point[256], path[128];

	while (table && fgets(line, sizeof(line), table)) {
		if (sscanf(line, "%*d %*d %31s %*s %255s", device, point) != 2 ||
		    strcmp(point, where) != 0)
			continue;
		snprintf(path, sizeof(path), "/sys/class/bdi/%s/read_ahead_kb", device);

		FILE *setting = fopen(path, "we");
		if (setting) {
			fprintf(setting, "%d", READ_AHEAD_KIB);
			fclose(setting);
		}
	}
	if (table)
		fclose(table);
}

static int mount_files(int fuse_fd, const char *where, struct hp_error *err)
{
	char options[128];

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other",
		 fuse_fd);
	if (mount("harpoon", where, "fuse", 0, options) < 0)
		return hp_fail_errno(err, errno, "mount the host's files at '%s'", where);
	return 0;
}

int hp_guest_pump_start(int port, const char *where, pid_t *ret_pid, int *ret_ready_fd,
			struct hp_error *err)
{
	AUTO_CLOSE int fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int ready_fd = -1;
	int pair[2];
	pid_t pid;

	if (fuse_fd < 0)
		return hp_fail_errno(err, errno, "open '/dev/fuse'");
	/* Nothing of it goes to the host yet but INIT, which nobody here waits for. */
	if (mount_files(fuse_fd, where, err) < 0 || hp_pipe(pair, err) < 0)
		return -1;
	read_ahead_more(where);
	ready_fd = pair[1];
	pid = fork();
	if (pid == 0) {
		int kept[] = {fuse_fd, port, ready_fd};

		protect();
		if (let_go(kept, HP_ARRAY_LEN(kept)) < 0)
			die("let go of descriptors", errno);
		hp_guest_pump_run(kept[0], kept[1], kept[2]);
	}
	if (pid < 0) {
		close(pair[0]);
		return hp_fail_errno(err, errno, "fork");
	}
	*ret_pid = pid;
	*ret_ready_fd = pair[0];
	return 0;
}
