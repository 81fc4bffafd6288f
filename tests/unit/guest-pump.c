/* SPDX-License-Identifier: Apache-2.0 */
/* guest-pump.c - tests of src/guest/pump.c, in place of the kernel on its one side and of the host on
 * the other. */
#include "guest/pump.h"

#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "apart.h"
#include "base/child.h"
#include "links.h"

/* The kernel's device gives and takes whole messages, as such a socket does. */
struct pumped {
	pid_t pid;
	int fuse, port, ready;
};

static void pumped_open(struct pumped *p)
{
	struct hp_error err = HP_ERROR_INIT;
	int fuse[2], port[2], ready[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fuse), 0);
	links_pair(port);
	assert_int_equal(hp_pipe(ready, &err), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		close(STDERR_FILENO);
		close(fuse[1]);
		close(port[1]);
		hp_guest_pump_run(fuse[0], port[0], ready[1]);
	}
	close(fuse[0]);
	close(port[0]);
	close(ready[1]);
	p->fuse = fuse[1];
	p->port = port[1];
	p->ready = ready[0];
}

static int pumped_end(struct pumped *p)
{
	struct hp_error err = HP_ERROR_INIT;
	int status = -1;

	assert_int_equal(hp_child_wait(p->pid, PATIENCE_MS, &status, &err), 0);
	close(p->fuse);
	if (p->port >= 0)
		close(p->port);
	close(p->ready);
	return status;
}

/* An answer of @len bytes to request @unique. */
static void answer_make(uint8_t *into, uint32_t len, uint64_t unique)
{
	const struct fuse_out_header h = {.len = len, .unique = unique};

	memset(into, (int)unique, len);
	memcpy(into, &h, sizeof(h));
}

/* The next message that the kernel is given. */
static void expect_answer(const struct pumped *p, uint32_t len, uint64_t unique)
{
	AUTO_FREE uint8_t *got = hp_alloc(1 << 20);
	struct hp_error err = HP_ERROR_INIT;
	struct fuse_out_header h;

	assert_true(hp_fd_poll(p->fuse, POLLIN, PATIENCE_MS, &err) > 0);
	assert_int_equal(read(p->fuse, got, 1 << 20), len);
	memcpy(&h, got, sizeof(h));
	assert_int_equal(h.len, len);
	assert_int_equal(h.unique, unique);
	if (len > sizeof(h))
		assert_int_equal(got[len - 1], (uint8_t)unique);
}

static void carries_requests(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct pumped p;
	char got[32];

	(void)state;
	pumped_open(&p);
	assert_int_equal(write(p.fuse, "one request", 11), 11);
	assert_int_equal(write(p.fuse, "another", 7), 7);
	for (size_t n = 0; n < 18;) {
		assert_true(hp_fd_poll(p.port, POLLIN, PATIENCE_MS, &err) > 0);
		ssize_t more = read(p.port, got + n, sizeof(got) - n);

		assert_true(more > 0);
		n += (size_t)more;
	}
	assert_memory_equal(got, "one requestanother", 18);
	close(TAKE_FD(p.port));
	assert_int_equal(pumped_end(&p), 0);
}

static void puts_answers_together(void **state)
{
	AUTO_FREE uint8_t *bytes = hp_alloc(200000);
	struct hp_error err = HP_ERROR_INIT;
	struct pumped p;
	char byte;

	(void)state;
	pumped_open(&p);
	/* Two at once, and the beginning of a third. */
	answer_make(bytes, 16, 1);
	answer_make(bytes + 16, 100, 2);
	answer_make(bytes + 116, 100000, 3);
	assert_int_equal(hp_fd_write_all(p.port, bytes, 120, &err), 0);
	expect_answer(&p, 16, 1);
	expect_answer(&p, 100, 2);
	assert_int_equal(read(p.ready, &byte, 1), 1);
	/* That the files answer is told once. */
	assert_int_equal(read(p.ready, &byte, 1), 0);
	assert_int_equal(hp_fd_write_all(p.port, bytes + 120, 50000, &err), 0);
	assert_int_equal(hp_fd_write_all(p.port, bytes + 50120, 49996, &err), 0);
	expect_answer(&p, 100000, 3);
	close(TAKE_FD(p.port));
	assert_int_equal(pumped_end(&p), 0);
}

static void expect_refused(uint32_t len)
{
	const struct fuse_out_header h = {.len = len};
	struct hp_error err = HP_ERROR_INIT;
	struct pumped p;

	pumped_open(&p);
	assert_int_equal(hp_fd_write_all(p.port, &h, sizeof(h), &err), 0);
	assert_int_equal(pumped_end(&p), 1);
}

static void ends_at_what_cannot_be_an_answer(void **state)
{
	(void)state;
	expect_refused(4);
	expect_refused(64 * 1024 * 1024);
}

/* Half of a pump is none. */
static void ends_when_there_are_no_requests_any_more(void **state)
{
	struct pumped p;

	(void)state;
	pumped_open(&p);
	assert_int_equal(shutdown(p.fuse, SHUT_RDWR), 0);
	assert_int_equal(pumped_end(&p), 1);
}

/* A real mount: the kernel asks for the version first. */
static int mounts(void *where)
{
	struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = 4096};
	struct fuse_out_header out = {.len = sizeof(out) + sizeof(init)};
	struct fuse_in_header in;
	struct hp_error err = HP_ERROR_INIT;
	uint8_t request[256];
	int ports[2];
	int ready = -1;
	int status = -1;
	pid_t pid = -1;
	ssize_t n;

	APART_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ports) == 0);
	APART_DONE(hp_guest_pump_start(ports[0], where, &pid, &ready, &err), &err);
	close(ports[0]);
	n = read(ports[1], request, sizeof(request));
	APART_CHECK(n >= (ssize_t)sizeof(in));
	memcpy(&in, request, sizeof(in));
	APART_CHECK(in.opcode == FUSE_INIT && in.len == n);
	APART_CHECK(hp_fd_poll(ready, POLLIN, 0, &err) == 0);
	out.unique = in.unique;
	memcpy(request, &out, sizeof(out));
	memcpy(request + sizeof(out), &init, sizeof(init));
	APART_DONE(hp_fd_write_all(ports[1], request, out.len, &err), &err);
	APART_CHECK(hp_fd_poll(ready, POLLIN, PATIENCE_MS, &err) > 0);
	close(ports[1]);
	APART_DONE(hp_child_wait(pid, PATIENCE_MS, &status, &err), &err);
	APART_CHECK(status == 0);
	return 0;
}

static int cannot_mount(void *where)
{
	struct hp_error err = HP_ERROR_INIT;
	int ready = -1;
	pid_t pid = -1;

	APART_CHECK(hp_guest_pump_start(0, where, &pid, &ready, &err) < 0);
	APART_CHECK(err.code == HP_ENOTFOUND && strstr(err.msg, where));
	APART_CHECK(pid == -1 && ready == -1);
	return 0;
}

static void mounts_the_hosts_files(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();

	(void)state;
	assert_int_equal(apart(mounts, dir), 0);
	assert_int_equal(apart(cannot_mount, (void *)(uintptr_t) "/no/such"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(carries_requests),
		FDS_TEST(puts_answers_together),
		FDS_TEST(ends_at_what_cannot_be_an_answer),
		FDS_TEST(ends_when_there_are_no_requests_any_more),
		FDS_TEST(mounts_the_hosts_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
