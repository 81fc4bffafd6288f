/* SPDX-License-Identifier: Apache-2.0 */
/* world.c - start a guest's init in namespaces, and talk to it. */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/fd.h"
#include "machine.h"

#define PATIENCE_MS  30000
#define STREAM_BYTES (64 * 1024 * 1024)
#define FIRST_PORT   10
#define BUSYBOX_MAX  (16 * 1024 * 1024)

static void expect(int rc, const struct hp_error *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

static const char *need(const char *variable)
{
	const char *value = getenv(variable);

	if (!value)
		fail_msg("$%s is not set", variable);
	return value;
}

/* What the tests' scripts use. Busybox does each of them by its name. */
static const char *const applets[] = {
	"cat",  "chown", "cmp",  "cut",   "env",  "false", "grep",     "head", "hostname",
	"id",   "kill",  "ls",   "mkdir", "ps",   "pwd",   "readlink", "sh",   "sleep",
	"stat", "stty",  "test", "tr",    "true", "tty",   "wc",
};

static void put(const char *dir, const char *name, struct hp_bytes text, mode_t mode)
{
	AUTO_FREE char *path = hp_sprintf("%s/%s", dir, name);
	struct hp_error err = HP_ERROR_INIT;

	expect(hp_file_write(path, text.data, text.len, mode, &err), &err);
}

/* A root of busybox, in a share of its own. */
static void make_files(struct world *w)
{
	static const char *const dirs[] = {"bin",  "dev", "etc", "home/app", "proc",
					   "root", "sys", "tmp", "var"};
	char scratch[] = "/tmp/hp-guest-test.XXXXXX";
	AUTO_FREE char *root = NULL;
	AUTO_FREE char *home = NULL;
	AUTO(hp_buf_free) struct hp_buf busybox = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_non_null(mkdtemp(scratch));
	w->dir = hp_strdup(scratch);
	root = hp_sprintf("%s/shares/rootfs", scratch);
	for (size_t i = 0; i < HP_ARRAY_LEN(dirs); i++) {
		AUTO_FREE char *dir = hp_sprintf("%s/%s", root, dirs[i]);

		expect(hp_mkdirs(dir, 0755, &err), &err);
	}
	expect(hp_file_read("/bin/busybox", BUSYBOX_MAX, &busybox, &err), &err);
	put(root, "bin/busybox", hp_buf_bytes(&busybox), 0755);
	put(root, "etc/passwd",
	    hp_bytes_str("root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:\n"), 0644);
	put(root, "etc/group", hp_bytes_str("root:x:0:\napp:x:1001:\n"), 0644);
	for (size_t i = 0; i < HP_ARRAY_LEN(applets); i++) {
		AUTO_FREE char *path = hp_sprintf("%s/bin/%s", root, applets[i]);

		assert_int_equal(symlink("busybox", path), 0);
	}
	home = hp_sprintf("%s/home/app", root);
	assert_int_equal(chown(home, 1000, 1001), 0);
}

/* Version 2 may be beside version 1, or be all there is. */
static void make_cgroup(struct world *w)
{
	static const char *const parents[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};

	for (size_t i = 0; i < HP_ARRAY_LEN(parents) && !w->cgroup; i++) {
		AUTO_FREE char *procs = hp_sprintf("%s/cgroup.procs", parents[i]);
		AUTO_FREE char *dir = hp_sprintf("%s/hp-guest-%d", parents[i], getpid());

		if (access(procs, F_OK) == 0 && mkdir(dir, 0755) == 0)
			w->cgroup = TAKE(dir);
	}
}

static _Noreturn void run_init(const struct world *w, const int *ports)
{
	AUTO_FREE char *shares = hp_sprintf("%s/shares", w->dir);
	AUTO_FREE char *numbers = hp_sprintf("%d,%d", FIRST_PORT, FIRST_PORT + 1);
	const char *argv[] = {
		getenv("HP_TEST_INIT"),        "--ports", numbers, "--shares", shares,
		w->cgroup ? "--cgroup" : NULL, w->cgroup, NULL};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < 2; i++)
		if (dup2(ports[i], FIRST_PORT + i) < 0)
			_exit(126);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static void start_init(struct world *w, const int *ports)
{
	struct clone_args args = {
		.flags =
			CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET,
		.exit_signal = SIGCHLD,
	};

	w->init = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	assert_true(w->init >= 0);
	if (w->init == 0)
		run_init(w, ports);
}

static void on_gone(void *data, uint32_t events)
{
	(void)events;
	((struct world *)data)->gone = true;
}

/* In namespaces: our ends of its ports go to @ret_ports. */
static void open_inside(struct world *w, int ret_ports[2])
{
	int control[2], streams[2];

	make_cgroup(w);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, streams), 0);
	start_init(w, (int[]){control[1], streams[1]});
	close(control[1]);
	close(streams[1]);
	ret_ports[0] = control[0];
	ret_ports[1] = streams[0];
}

void world_open(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int ports[2];

	*w = (struct world){0};
	need("HP_TEST_INIT");
	make_files(w);
	expect(hp_loop_new(&w->loop, &err), &err);
	if (getenv("HP_TEST_MACHINE"))
		w->machine = machine_open(w->loop, w->dir, ports);
	else
		open_inside(w, ports);
	expect(hp_ttrpc_client_new(w->loop, ports[0], on_gone, w, &w->client, &err), &err);
	expect(hp_mux_new(w->loop, ports[1], on_gone, w, &w->mux, &err), &err);
}

void world_close(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int status = 0;

	hp_ttrpc_client_free(w->client);
	/* The end of the control channel is the end of it, within a moment. */
	if (w->machine)
		machine_wait(w->machine, w->loop);
	else
		expect(hp_child_wait(w->init, PATIENCE_MS, &status, &err), &err);
	hp_mux_free(w->mux);
	machine_free(w->machine);
	for (size_t i = 0; i < HP_ARRAY_LEN(w->streams); i++)
		hp_buf_free(&w->streams[i].got);
	if (w->news)
		protobuf_c_message_free_unpacked(&w->news->base, NULL);
	hp_loop_free(w->loop);
	expect(hp_remove_tree(w->dir, &err), &err);
	if (w->cgroup) {
		AUTO_FREE char *container = hp_sprintf("%s/container", w->cgroup);
		AUTO_FREE char *below = hp_sprintf("%s/init", container);

		/* A container may have made this one. */
		for (int i = 0; i < 100 && rmdir(below) < 0 && errno == EBUSY; i++)
			hp_clock_sleep_ms(10);
		for (int i = 0; i < 100 && rmdir(container) < 0 && errno == EBUSY; i++)
			hp_clock_sleep_ms(10);
		assert_int_equal(rmdir(w->cgroup), 0);
	}
	free(w->cgroup);
	free(w->dir);
	assert_int_equal(status, 0);
}

void world_wait(struct world *w, const bool *flag)
{
	int64_t deadline = hp_deadline_in(PATIENCE_MS);
	struct hp_error err = HP_ERROR_INIT;

	while (!*flag) {
		int64_t left = hp_deadline_left_ms(deadline);

		if (left == 0)
			fail_msg("nothing has come for %d s", PATIENCE_MS / 1000);
		if (hp_loop_once(w->loop, left, &err) < 0)
			fail_msg("%s", err.msg);
	}
}

/* One call under way. */
struct call {
	bool done;
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *response;
	struct hp_error *err;
};

static void on_done(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct call *c = data;

	c->done = true;
	if (why)
		*c->err = *why;
	else
		c->response =
			protobuf_c_message_unpack(c->type, NULL, payload.len, payload.data);
}

void *world_call(struct world *w, const char *method, const ProtobufCMessage *request,
		 const ProtobufCMessageDescriptor *response, struct hp_error *err)
{
	size_t len = protobuf_c_message_get_packed_size(request);
	AUTO_FREE uint8_t *packed = hp_alloc(len);
	struct call c = {.type = response, .err = err};
	const struct hp_ttrpc_outgoing o = {
		.service = "harpoon.guest.v1.Guest",
		.method = method,
		.payload = HP_BYTES(packed, len),
		.timeout_ms = PATIENCE_MS,
	};

	protobuf_c_message_pack(request, packed);
	hp_ttrpc_call(w->client, &o, on_done, &c);
	world_wait(w, &c.done);
	return c.response;
}

static size_t on_data(void *data, struct hp_bytes bytes)
{
	struct world_stream *s = data;
	struct hp_error err = HP_ERROR_INIT;

	assert_false(s->ended);
	if (s->paused)
		return 0;
	expect(hp_buf_add(&s->got, bytes.data, bytes.len, &err), &err);
	return bytes.len;
}

static void on_mark(void *data)
{
	((struct world_stream *)data)->marked = true;
}

/* What has ended is whole, also when no mark can come any more. */
static void on_end(void *data)
{
	struct world_stream *s = data;

	s->marked = s->ended = true;
}

void world_streams(struct world *w, uint32_t number)
{
	static const struct hp_mux_events events = {
		.on_data = on_data, .on_mark = on_mark, .on_end = on_end};
	struct hp_error err = HP_ERROR_INIT;

	for (uint32_t i = number * 4; i < number * 4 + 3; i++) {
		struct world_stream *s = &w->streams[i];

		hp_buf_init(&s->got, STREAM_BYTES);
		expect(hp_mux_stream_open(w->mux, i, &events, s, &s->mux, &err), &err);
	}
}

/* @awaited: the process that this is about, for who reads of a failure. */
static void hear_news(struct world *w, uint32_t awaited)
{
	Hp__Guest__WatchRequest request = HP__GUEST__WATCH_REQUEST__INIT;
	struct hp_error err = HP_ERROR_INIT;

	if (w->news)
		protobuf_c_message_free_unpacked(&w->news->base, NULL);
	w->news = world_call(w, "Watch", &request.base, &hp__guest__watch_response__descriptor,
			     &err);
	if (!w->news)
		fail_msg("the end of process %u: %s", awaited, err.msg);
	w->oom = w->oom || w->news->oom;
	for (size_t i = 0; i < w->news->n_exits; i++) {
		const Hp__Guest__Exit *e = w->news->exits[i];

		assert_true(e->unix_ns > 0);
		assert_true(e->number < HP_ARRAY_LEN(w->exited));
		assert_false(w->exited[e->number]);
		w->exited[e->number] = true;
		w->status[e->number] = e->status;
	}
}

void world_news(struct world *w)
{
	hear_news(w, 0);
}

uint32_t world_exit(struct world *w, uint32_t number)
{
	while (!w->exited[number])
		hear_news(w, number);
	return w->status[number];
}

void world_expect(struct world *w, uint32_t id, const char *text)
{
	struct world_stream *s = &w->streams[id];
	int64_t deadline = hp_deadline_in(PATIENCE_MS);
	struct hp_error err = HP_ERROR_INIT;

	while (s->got.len < strlen(text) && hp_deadline_left_ms(deadline) > 0)
		expect(hp_loop_once(w->loop, hp_deadline_left_ms(deadline), &err), &err);
	assert_int_equal(s->got.len, strlen(text));
	assert_memory_equal(s->got.data, text, strlen(text));
}

char *world_output(struct world *w, uint32_t number, uint32_t stream)
{
	struct world_stream *s = &w->streams[number * 4 + stream];

	world_wait(w, &s->marked);
	return hp_strndup((const char *)s->got.data, s->got.len);
}
