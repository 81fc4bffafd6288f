/* SPDX-License-Identifier: Apache-2.0 */
/* box.c - owns the machine and what is connected to its ports. */
#include "shim/box.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"

/* A cold boot takes some seconds without hardware virtualisation, and more on a busy host. */
#define HELLO_MS 60000
/* After the machine's end its ports close by themselves, unless somebody else holds them. */
#define CLOSE_MS 500
/* From the end of a port to that of its machine. */
#define DYING_MS 1000

struct hp_shim_box {
	struct hp_loop *loop;
	struct hp_shim_box_spec spec; /* the machine's, to start another */
	struct hp_machine *machine;
	struct hp_shim_guest *guest;
	struct hp_mux *mux;
	int files_fd;
	struct hp_shim_box_events events;
	void *data;
	bool machine_ended, guest_gone, mux_broken, ended;
	struct hp_error why; /* of the first thing that went wrong */
	struct hp_timer close, port_limit;
	/* What a pause or a resume is to tell. */
	hp_machine_done_fn done;
	void *done_data;
	bool resuming;
	struct hp_timer pretend;
};

static void note(struct hp_shim_box *b, const struct hp_error *why)
{
	if (why && b->why.code == HP_OK)
		b->why = *why;
}

/* Tell the end when the machine has ended and both ports have been read to theirs, so that exits
 * and output from just before are not lost. */
static void look_ended(struct hp_shim_box *b, bool at_once)
{
	if (b->ended || !b->machine_ended)
		return;
	if (!at_once && !(b->guest_gone && b->mux_broken))
		return;
	b->ended = true;
	hp_timer_stop(&b->close);
	if (b->why.code == HP_OK)
		hp_fail(&b->why, HP_EUNAVAILABLE, "the machine has ended");
	b->events.on_end(b->data, &b->why);
}

static void on_close_limit(void *data, uint32_t events)
{
	(void)events;
	look_ended(data, true);
}

static void end_machine(struct hp_shim_box *b, const struct hp_error *why)
{
	note(b, why);
	b->machine_ended = true;
	hp_timer_stop(&b->port_limit);
	if (!b->ended)
		hp_timer_start(b->loop, &b->close, CLOSE_MS, on_close_limit, b);
	look_ended(b, false);
}

static void on_machine_end(void *data, const struct hp_error *why)
{
	struct hp_shim_box *b = data;

	/* The VMM knows better what has happened than who found a port closed. */
	if (why)
		b->why = *why;
	end_machine(b, why);
}

static void on_port_limit(void *data, uint32_t events)
{
	struct hp_shim_box *b = data;

	(void)events;
	hp_machine_kill(b->machine);
}

static void port_closed(struct hp_shim_box *b)
{
	/* A machine that cannot be talked to is of no use. Most of the time it is dying, and says why
	 * in a moment, which it would not if it were killed now. */
	if (b->machine && !b->machine_ended && !b->port_limit.loop)
		hp_timer_start(b->loop, &b->port_limit, DYING_MS, on_port_limit, b);
	if (!b->machine && b->guest_gone && b->mux_broken)
		end_machine(b, NULL);
	look_ended(b, false);
}

static void on_guest_gone(void *data)
{
	struct hp_shim_box *b = data;

	b->guest_gone = true;
	port_closed(b);
}

static void on_mux_broken(void *data, uint32_t events)
{
	struct hp_shim_box *b = data;

	(void)events;
	b->mux_broken = true;
	port_closed(b);
}

static void on_guest_ready(void *data, const struct hp_error *why)
{
	struct hp_shim_box *b = data;

	b->events.on_ready(b->data, why);
}

static void on_guest_exit(void *data, uint32_t number, uint32_t status, int64_t unix_ns)
{
	struct hp_shim_box *b = data;

	b->events.on_exit(b->data, number, status, unix_ns);
}

static void on_guest_oom(void *data)
{
	struct hp_shim_box *b = data;

	b->events.on_oom(b->data);
}

static void on_guest_broken(void *data, const struct hp_error *why)
{
	struct hp_shim_box *b = data;

	note(b, why);
	hp_shim_box_kill(b);
}

static const struct hp_shim_guest_events guest_events = {
	.on_ready = on_guest_ready,
	.on_exit = on_guest_exit,
	.on_oom = on_guest_oom,
	.on_broken = on_guest_broken,
	.on_gone = on_guest_gone,
};

static int open_ports(struct hp_shim_box *b, const int ports[HP_PORTS], struct hp_error *err)
{
	const struct hp_shim_guest_spec guest = {.control_fd = ports[HP_PORT_CONTROL],
						 .hostname = b->spec.hostname,
						 .limit_ms = HELLO_MS,
						 .events = &guest_events,
						 .data = b};
	AUTO_CLOSE int stdio = ports[HP_PORT_STDIO];

	b->files_fd = ports[HP_PORT_FILES];
	if (hp_shim_guest_new(b->loop, &guest, &b->guest, err) < 0)
		return -1;
	if (hp_mux_new(b->loop, TAKE_FD(stdio), on_mux_broken, b, &b->mux, err) < 0)
		return hp_wrap(err, "the machine's stdio port");
	return 0;
}

static int start_machine(struct hp_shim_box *b, struct hp_error *err)
{
	const struct hp_machine_events machine_events = {.data = b, .on_end = on_machine_end};
	int ports[HP_PORTS];

	if (hp_machine_start(b->loop, b->spec.config, &b->spec.machine, &machine_events,
			     &b->machine, err) < 0)
		return -1;
	for (int i = 0; i < HP_PORTS; i++)
		ports[i] = hp_machine_take_port(b->machine, (enum hp_port)i);
	return open_ports(b, ports, err);
}

int hp_shim_box_open(struct hp_loop *l, const struct hp_shim_box_spec *spec,
		     struct hp_shim_box **ret, struct hp_error *err)
{
	AUTO(hp_shim_box_free) struct hp_shim_box *b = hp_alloc(sizeof(*b));

	b->loop = l;
	b->spec = *spec;
	b->spec.ports = NULL;
	b->events = *spec->events;
	b->data = spec->data;
	b->files_fd = -1;
	if ((spec->ports ? open_ports(b, spec->ports, err) : start_machine(b, err)) < 0)
		return -1;
	*ret = TAKE(b);
	return 0;
}

/* Let go of the machine and of all that is connected to it. */
static void stop_machine(struct hp_shim_box *b)
{
	hp_timer_stop(&b->close);
	hp_timer_stop(&b->port_limit);
	hp_timer_stop(&b->pretend);
	hp_shim_guest_free(TAKE(b->guest));
	hp_mux_free(TAKE(b->mux));
	hp_machine_free(TAKE(b->machine));
	if (b->files_fd >= 0)
		close(TAKE_FD(b->files_fd));
}

int hp_shim_box_give_disk(struct hp_shim_box *b, const struct hp_machine_disk *disk,
			  struct hp_error *err)
{
	int rc;

	if (!b->machine)
		return 0;
	stop_machine(b);
	b->guest_gone = b->mux_broken = false;
	b->spec.machine.disk = disk;
	rc = start_machine(b, err);
	b->spec.machine.disk = NULL;
	return rc < 0 ? -1 : 1;
}

void hp_shim_box_free(struct hp_shim_box *b)
{
	if (!b)
		return;
	stop_machine(b);
	free(b);
}

struct hp_shim_guest *hp_shim_box_guest(struct hp_shim_box *b)
{
	return b->guest;
}

struct hp_mux *hp_shim_box_mux(struct hp_shim_box *b)
{
	return b->mux;
}

int hp_shim_box_take_files(struct hp_shim_box *b)
{
	return TAKE_FD(b->files_fd);
}

const struct hp_machine *hp_shim_box_machine(const struct hp_shim_box *b)
{
	return b->machine;
}

bool hp_shim_box_ended(const struct hp_shim_box *b)
{
	return b->ended;
}

static void on_pretend_kill(void *data, uint32_t events)
{
	(void)events;
	end_machine(data, NULL);
	look_ended(data, true);
}

void hp_shim_box_kill(struct hp_shim_box *b)
{
	if (b->ended || b->machine_ended)
		return;
	if (b->machine)
		hp_machine_kill(b->machine);
	else
		hp_timer_start(b->loop, &b->pretend, 0, on_pretend_kill, b);
}

static void on_changed(void *data, const struct hp_error *why)
{
	struct hp_shim_box *b = data;

	if (!why && b->resuming)
		hp_shim_guest_set_clock(b->guest);
	b->done(b->done_data, why);
}

static void on_pretend(void *data, uint32_t events)
{
	(void)events;
	on_changed(data, NULL);
}

static void change(struct hp_shim_box *b, bool resume, hp_machine_done_fn done, void *data)
{
	b->done = done;
	b->done_data = data;
	b->resuming = resume;
	if (!b->machine)
		hp_timer_start(b->loop, &b->pretend, 0, on_pretend, b);
	else if (resume)
		hp_machine_resume(b->machine, on_changed, b);
	else
		hp_machine_pause(b->machine, on_changed, b);
}

void hp_shim_box_pause(struct hp_shim_box *b, hp_machine_done_fn done, void *data)
{
	change(b, false, done, data);
}

void hp_shim_box_resume(struct hp_shim_box *b, hp_machine_done_fn done, void *data)
{
	change(b, true, done, data);
}
