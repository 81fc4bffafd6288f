/* SPDX-License-Identifier: Apache-2.0 */
/* guest-world.h - what tests of the guest share: a guest in this process, and the host at the other
 * ends of its ports. */
#pragma once
#include <fcntl.h>

#include "guest-call.h"
#include "guest/news.h"
#include "guest/service.h"

/* A guest without a machine, its loop also that of the host. */
struct guest_world {
	struct hp_guest g;
	struct guest_host host;
	struct hp_mux *streams; /* the host's */
};

static inline void guest_world_broken(void *data, uint32_t events)
{
	(void)events;
	*(bool *)data = true;
}

static inline void guest_world_open(struct guest_world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_guest *g = &w->g;
	int control[2], io[2];

	*w = (struct guest_world){.g = {.cgroup = {.fd = -1},
					.init_pidfd = -1,
					.oom_fd = -1,
					.files_fd = -1,
					.signal_fd = -1,
					.devices = HP_NETLINK_INIT}};
	g->loop = links_loop();
	g->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	g->own_pid_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	assert_true(g->null_fd >= 0 && g->own_pid_ns >= 0);
	links_pair(control);
	links_pair(io);
	g->server = hp_ttrpc_server_new(g->loop, hp_guest_service(), g);
	assert_int_equal(hp_ttrpc_server_serve(g->server, control[0], NULL, NULL, &err), 0);
	assert_int_equal(
		hp_mux_new(g->loop, io[0], guest_world_broken, &g->broken, &g->mux, &err), 0);
	guest_host_open(&w->host, g->loop, control[1]);
	w->host.here = g;
	assert_int_equal(
		hp_mux_new(g->loop, io[1], guest_world_broken, &g->broken, &w->streams, &err),
		0);
}

static inline void guest_world_close(struct guest_world *w)
{
	struct hp_guest *g = &w->g;

	hp_guest_process_free_all(g);
	guest_host_close(&w->host);
	hp_ttrpc_server_free(g->server);
	hp_guest_news_free(g);
	hp_mux_free(w->streams);
	hp_mux_free(g->mux);
	close(g->null_fd);
	close(g->own_pid_ns);
	hp_loop_free(g->loop);
}

/* What the host hears of a stream. */
struct guest_heard {
	struct hp_mux_stream *stream;
	struct hp_buf got;
	bool marked, ended;
};

static inline size_t guest_heard_data(void *data, struct hp_bytes bytes)
{
	struct guest_heard *h = data;
	struct hp_error err = HP_ERROR_INIT;

	assert_false(h->ended);
	assert_int_equal(hp_buf_add(&h->got, bytes.data, bytes.len, &err), 0);
	return bytes.len;
}

static inline void guest_heard_mark(void *data)
{
	((struct guest_heard *)data)->marked = true;
}

static inline void guest_heard_end(void *data)
{
	((struct guest_heard *)data)->ended = true;
}

static inline void guest_hear(struct guest_world *w, struct guest_heard *h, uint32_t id)
{
	static const struct hp_mux_events events = {.on_data = guest_heard_data,
						    .on_mark = guest_heard_mark,
						    .on_end = guest_heard_end};
	struct hp_error err = HP_ERROR_INIT;

	*h = (struct guest_heard){.stream = NULL};
	hp_buf_init(&h->got, 1 << 20);
	assert_int_equal(hp_mux_stream_open(w->streams, id, &events, h, &h->stream, &err), 0);
}

static inline void guest_heard_text(struct guest_heard *h, const char *want)
{
	AUTO_FREE char *text = hp_strndup((const char *)h->got.data, h->got.len);

	assert_string_equal(text, want);
	hp_buf_free(&h->got);
}
