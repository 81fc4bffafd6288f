/* SPDX-License-Identifier: Apache-2.0 */
/* stress_worker.c - uses up processor, memory and disk, in a child for each worker. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "chaos/stress.h"

#define TEMP_PATH  "/var/tmp"
#define SLICE_US   100000 /* of a load: so long it is busy and idle once */
#define CHUNK      ((size_t)64 * 1024)
#define PAGE       ((size_t)4096)
#define AGAIN_MS   100 /* after which one that was killed for memory is started again */
#define LOOK_MS    20
#define BUSY_TURNS 20000

enum { STATUS_OK = 0, STATUS_FAILED = 1 };

struct work {
	const struct hp_stress *s;
	size_t vm_bytes; /* of one worker */
};

typedef void (*worker_fn)(const struct work *w);

/* Something that the compiler cannot leave out. */
static void be_busy(void)
{
	volatile double x = 1;

	for (int i = 1; i < BUSY_TURNS; i++)
		x = x / i + i * 0.5;
}

static void work_cpu(const struct work *w)
{
	const int64_t busy_ns = w->s->cpu_load * SLICE_US * 10;
	const int64_t slice_ns = (int64_t)SLICE_US * 1000;

	for (;;) {
		int64_t begin = hp_clock_ns();

		while (hp_clock_ns() - begin < busy_ns)
			be_busy();

		int64_t left_ms = (slice_ns - (hp_clock_ns() - begin)) / 1000000;

		if (w->s->cpu_load < 100 && left_ms > 0)
			hp_clock_sleep_ms(left_ms);
	}
}

/* Hold it, and touch each page again and again. */
static void work_vm(const struct work *w)
{
	uint8_t *memory = mmap(NULL, w->vm_bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		_exit(STATUS_FAILED);
	for (uint8_t turn = 1;; turn++)
		for (size_t i = 0; i < w->vm_bytes; i += PAGE)
			memory[i] = turn;
}

/* A file without a name, so that nothing is left whatever ends us. */
static int open_temp(const struct work *w)
{
	int fd = open(w->s->temp_path ? w->s->temp_path : TEMP_PATH,
		      O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		_exit(STATUS_FAILED);
	return fd;
}

static void put_chunk(int fd, const uint8_t *chunk, off_t at)
{
	ssize_t n = pwrite(fd, chunk, CHUNK, at);

	/* A full disk is what was wanted, and room may come. */
	if (n < 0 && errno != ENOSPC && errno != EINTR && errno != EDQUOT)
		_exit(STATUS_FAILED);
	if (n < 0)
		hp_clock_sleep_ms(LOOK_MS);
}

static void work_io(const struct work *w)
{
	AUTO_FREE uint8_t *chunk = hp_alloc(CHUNK);
	int fd = open_temp(w);

	for (uint8_t turn = 1;; turn++) {
		memset(chunk, turn, CHUNK);
		put_chunk(fd, chunk, 0);
		(void)fdatasync(fd);
	}
}

static void work_hdd(const struct work *w)
{
	AUTO_FREE uint8_t *chunk = hp_alloc(CHUNK);
	int fd = open_temp(w);

	for (uint8_t turn = 1;; turn++) {
		memset(chunk, turn, CHUNK);
		for (off_t at = 0; at < w->s->hdd_bytes; at += (off_t)CHUNK)
			put_chunk(fd, chunk, at);
		(void)fdatasync(fd);
		if (ftruncate(fd, 0) < 0)
			_exit(STATUS_FAILED);
	}
}

struct child {
	pid_t pid;
	worker_fn fn;
	int64_t began_ms;
};

/* When the kernel kills for memory, workers go first, as stress-ng has it; and never the one that
 * starts them again, also in the moment when there is nobody else. */
#define FIRST_TO_GO "1000"
#define NEVER       "-1000"
static void rank_for_oom(const char *score)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_cgroup_put("/proc/self", "oom_score_adj", score, &ignored) < 0)
		hp_error_clear(&ignored);
}

/* Returns: 0, or -1 when there may be no more processes, which is a limit's effect, too. */
static int start(struct child *c, const struct work *w)
{
	const pid_t parent = getpid();

	c->began_ms = hp_clock_ms();
	c->pid = fork();
	if (c->pid != 0)
		return c->pid < 0 ? -1 : 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(STATUS_FAILED);
	rank_for_oom(FIRST_TO_GO);
	c->fn(w);
	_exit(STATUS_FAILED);
}

static size_t count_of(int64_t asked)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (asked != 0)
		return asked > 0 ? (size_t)asked : 0;
	return processors > 0 ? (size_t)processors : 1;
}

static size_t memory_of_one(const struct hp_stress *s, uint64_t memory_bytes)
{
	const size_t workers = count_of(s->vm);
	uint64_t bytes = (uint64_t)s->vm_bytes;

	if (s->vm_pct > 0) {
		if (memory_bytes == 0)
			memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) *
				       (uint64_t)sysconf(_SC_PAGESIZE);
		bytes = memory_bytes / 100 * (uint64_t)s->vm_pct;
	}
	bytes /= workers ? workers : 1;
	return bytes > PAGE ? bytes : PAGE;
}

/* One that has ended is started again when it was killed, as the kernel does for memory; one that
 * gives up could not work at all. Returns: 0, or -1 to give up, too. */
static int tend(struct child *c, const struct work *w)
{
	int status = 0;

	if (c->pid > 0 && waitpid(c->pid, &status, WNOHANG) != c->pid)
		return 0;
	if (c->pid > 0 && WIFEXITED(status))
		return -1;
	/* One that could not be forked has no pid, and is tried again as well. */
	if (hp_clock_ms() - c->began_ms < AGAIN_MS)
		hp_clock_sleep_ms(AGAIN_MS);
	if (start(c, w) < 0)
		c->pid = 0;
	return 0;
}

int hp_stress_work(const struct hp_stress *s, uint64_t memory_bytes)
{
	const struct {
		int64_t asked;
		worker_fn fn;
	} kinds[] = {
		{s->cpu, work_cpu}, {s->vm, work_vm}, {s->io, work_io}, {s->hdd, work_hdd}};
	const struct work w = {.s = s, .vm_bytes = memory_of_one(s, memory_bytes)};
	const int64_t end_ms = s->timeout_ms ? hp_clock_ms() + s->timeout_ms : INT64_MAX;
	struct child *children = NULL;
	size_t count = 0;

	rank_for_oom(NEVER);
	for (size_t k = 0; k < HP_ARRAY_LEN(kinds); k++)
		for (size_t i = count_of(kinds[k].asked); i > 0; i--) {
			children = hp_realloc_array(children, count + 1, sizeof(*children));
			children[count] = (struct child){.fn = kinds[k].fn};
			if (start(&children[count++], &w) < 0)
				children[count - 1].pid = 0;
		}
	while (hp_clock_ms() < end_ms) {
		for (size_t i = 0; i < count; i++)
			if (tend(&children[i], &w) < 0)
				return STATUS_FAILED; /* our end is the others' */
		hp_clock_sleep_ms(LOOK_MS);
	}
	free(children);
	return STATUS_OK;
}
