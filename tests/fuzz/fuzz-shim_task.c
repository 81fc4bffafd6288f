/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-shim_task.c - a shim whose client and whose guest are both hostile. The input is a list of
 * steps: what kind it is, how long it is, and its bytes. A step is a call of a method, bytes from
 * the guest on the control port, or bytes from it on the stdio port. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "fuzz.h"
#include "net/ttrpc_client.h"
#include "shim/shim.h"

#define STEPS_MAX  64
#define ROUNDS_MAX 200
#define CONFIG                                                                                 \
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/\","       \
	"\"user\":{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"},\"linux\":{}}"

/* All but Start, which opens files and starts loggers by the names that it is given; Create is
 * refused, as there is a task. */
static const char *const methods[] = {
	"State", "Create",    "Delete",  "Pids",   "Pause", "Resume", "Checkpoint", "Kill",
	"Exec",  "ResizePty", "CloseIO", "Update", "Wait",  "Stats",  "Connect",    "Shutdown",
};

struct world {
	struct hp_shim shim;
	struct hp_ttrpc_client *client;
	int control_fd, stdio_fd, files_fd; /* the guest's ends */
};

static void pair(int fds[2])
{
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) ==
		   0);
}

static void on_finish(void *data)
{
	struct world *w = data;

	hp_shim_pending_done(TAKE(w->shim.shutdown));
}

/* A spec must come from a file. */
static void read_spec(struct hp_shim *s)
{
	char dir[] = "/tmp/harpoon-fuzz.XXXXXX";
	struct hp_error err = HP_ERROR_INIT;

	FUZZ_CHECK(mkdtemp(dir));
	AUTO_FREE char *path = hp_path_join(dir, "config.json");
	FUZZ_CHECK(hp_file_write(path, CONFIG, strlen(CONFIG), 0600, &err) == 0);
	FUZZ_CHECK(hp_shim_spec_read(dir, &s->spec, &err) == 0);
	FUZZ_CHECK(hp_remove_tree(dir, &err) == 0);
}

static void open_box(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int ports[HP_PORTS];
	int fds[2];
	const struct hp_shim_box_spec spec = {
		.ports = ports, .hostname = "box", .events = hp_shim_news(), .data = &w->shim};

	pair(fds);
	ports[HP_PORT_CONTROL] = fds[0];
	w->control_fd = fds[1];
	pair(fds);
	ports[HP_PORT_STDIO] = fds[0];
	w->stdio_fd = fds[1];
	pair(fds);
	ports[HP_PORT_FILES] = fds[0];
	w->files_fd = fds[1];
	FUZZ_CHECK(hp_shim_box_open(w->shim.loop, &spec, &w->shim.box, &err) == 0);
}

/* A container that runs, and an exec that does. */
static void add_processes(struct hp_shim *s)
{
	const char *const ids[] = {"", "e1"};

	for (size_t i = 0; i < HP_ARRAY_LEN(ids); i++) {
		const struct hp_shim_stdio_spec none = {.container = "web", .ns = "ns"};
		struct hp_shim_process *p = hp_shim_process_new(s, ids[i]);
		struct hp_error err = HP_ERROR_INIT;

		p->in = hp_strdup("");
		p->out = hp_strdup("");
		p->err = hp_strdup("");
		p->stage = HP_SHIM_RUNNING;
		p->pid = 7;
		FUZZ_CHECK(hp_shim_stdio_open(s->loop, &none, &p->io, &err) == 0);
		FUZZ_CHECK(hp_shim_stdio_attach(p->io, hp_shim_box_mux(s->box), p->number,
						&err) == 0);
	}
}

static void world_open(struct world *w)
{
	struct hp_shim *s = &w->shim;
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	FUZZ_CHECK(hp_loop_new(&s->loop, &err) == 0);
	s->id = hp_strdup("web");
	s->ns = hp_strdup("ns");
	s->bundle = hp_strdup("/dev/null/bundle");
	s->finish = on_finish;
	s->finish_data = w;
	read_spec(s);
	s->events = hp_shim_events_new(s->loop, "", "ns", NULL);
	s->server = hp_ttrpc_server_new(s->loop, hp_shim_methods(), s);
	pair(fds);
	FUZZ_CHECK(hp_ttrpc_server_serve(s->server, fds[0], NULL, NULL, &err) == 0);
	FUZZ_CHECK(hp_ttrpc_client_new(s->loop, fds[1], NULL, NULL, &w->client, &err) == 0);
	open_box(w);
	add_processes(s);
}

static void turn(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int rc = 1;

	for (int i = 0; rc > 0 && i < ROUNDS_MAX; i++)
		rc = hp_loop_once(w->shim.loop, 0, &err);
	FUZZ_CHECK(rc >= 0);
}

static void on_answer(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	(void)data;
	(void)payload;
	(void)why;
}

static void step(struct world *w, uint8_t kind, struct hp_bytes bytes)
{
	struct hp_ttrpc_outgoing o = {.service = "containerd.task.v3.Task", .payload = bytes};
	ssize_t n = 0;

	if (kind % 3 == 0) {
		o.method = methods[kind / 3 % HP_ARRAY_LEN(methods)];
		hp_ttrpc_call(w->client, &o, on_answer, NULL);
	} else {
		n = send(kind % 3 == 1 ? w->control_fd : w->stdio_fd, bytes.data, bytes.len,
			 MSG_NOSIGNAL);
	}
	/* A port that is closed by now takes nothing. */
	if (n >= 0)
		turn(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = {0};

	world_open(&w);
	turn(&w);
	for (size_t at = 0, steps = 0; at + 2 <= size && steps < STEPS_MAX; steps++) {
		size_t len = data[at + 1];

		if (len > size - at - 2)
			len = size - at - 2;
		step(&w, data[at], HP_BYTES(data + at + 2, len));
		at += 2 + len;
	}
	hp_ttrpc_client_free(w.client);
	close(w.control_fd);
	close(w.stdio_fd);
	close(w.files_fd);
	hp_shim_clear(&w.shim);
	return 0;
}
