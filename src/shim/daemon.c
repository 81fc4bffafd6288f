/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.c - owns the shim's loop and what lives in it: it starts the machine before anybody has
 * asked for it, serves the socket, and takes everything down at the end. */
#include "shim/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "shim/shim.h"

/* containerd calls Create right after `start`; whoever does not within this time is dead. */
#define IDLE_MS   120000
/* And when the connection goes before Create has come: only who has made it would have asked. */
#define ALONE_MS  100
#define EVENTS_MS 1000 /* containerd gives Shutdown three seconds */
#define FINISH_MS 500
/* From SIGTERM on: to tell of the container's end. */
#define TERM_MS   2000
#define HOSTNAME  "harpoon" /* of a machine whose container has none */

struct daemon {
	struct hp_shim shim;
	struct hp_vm_config config;
	struct hp_timer idle;
	struct hp_watch signals;
	int signal_fd;
	struct hp_timer term;
	bool ending;
};

static void on_finished(void *data, uint32_t events)
{
	struct daemon *d = data;

	(void)events;
	hp_loop_stop(d->shim.loop);
}

static void on_drained(void *data, uint32_t events)
{
	struct daemon *d = data;

	(void)events;
	hp_shim_pending_done(TAKE(d->shim.shutdown));
	hp_ttrpc_server_finish(d->shim.server, FINISH_MS, on_finished, d);
}

/* Let events leave, then answers, then end. */
static void finish(void *data)
{
	struct daemon *d = data;

	if (d->ending)
		return;
	d->ending = true;
	hp_shim_events_drain(d->shim.events, EVENTS_MS, on_drained, d);
}

static void on_idle(void *data, uint32_t events)
{
	struct daemon *d = data;

	(void)events;
	if (d->shim.first || d->shim.times.create)
		return;
	hp_shim_log(d->shim.log, HP_LOG_WARN, "nobody has asked for the container: giving up");
	finish(d);
}

static void on_alone(void *data, uint32_t events)
{
	struct daemon *d = data;

	(void)events;
	if (!d->shim.first && !d->shim.times.create)
		hp_timer_start(d->shim.loop, &d->idle, ALONE_MS, on_idle, d);
}

static void on_term(void *data, uint32_t events)
{
	(void)events;
	finish(data);
}

static void on_signal(void *data, uint32_t events)
{
	struct daemon *d = data;
	struct signalfd_siginfo info;

	(void)events;
	if (read(d->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	hp_shim_log(d->shim.log, HP_LOG_WARN, "ending by signal %u of process %u",
		    info.ssi_signo, info.ssi_pid);
	if (d->shim.box)
		hp_shim_box_kill(d->shim.box);
	hp_timer_start(d->shim.loop, &d->term, TERM_MS, on_term, d);
}

static int watch_signals(struct daemon *d, struct hp_error *err)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return hp_fail_errno(err, errno, "block signals");
	d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signal_fd < 0)
		return hp_fail_errno(err, errno, "make a descriptor for signals");
	return hp_watch_start(d->shim.loop, &d->signals, d->signal_fd, EPOLLIN, on_signal, d,
			      err);
}

static int start_box(struct daemon *d, struct hp_error *err)
{
	struct hp_shim *s = &d->shim;
	const char *hostname = hp_shim_spec_hostname(s->spec);
	struct hp_shim_box_spec spec = {.config = &d->config,
					.hostname = *hostname ? hostname : HOSTNAME,
					.events = hp_shim_news(),
					.data = s};

	if (hp_vm_config_load(&d->config, err) < 0)
		return -1;
	s->memory_bytes = hp_shim_spec_memory(s->spec);
	s->cpus = hp_shim_spec_cpus(s->spec);
	if (hp_shim_network_open(hp_shim_spec_netns(s->spec), &s->network, err) < 0)
		return -1;
	spec.machine = (struct hp_machine_spec){.id = s->id,
						.memory_bytes = hp_shim_spec_memory(s->spec),
						.cpus = s->cpus,
						.tap_fd = hp_shim_network_tap_fd(s->network),
						.cgroup_fd = -1};
	if (s->memory_bytes == 0)
		s->memory_bytes = d->config.memory_bytes;
	if (s->cpus == 0)
		s->cpus = d->config.cpus;
	return hp_shim_box_open(s->loop, &spec, &s->box, err);
}

static void log_warnings(const struct hp_shim *s)
{
	const struct hp_strv *lines = hp_shim_spec_warnings(s->spec);

	for (size_t i = 0; i < lines->count; i++)
		hp_shim_log(s->log, HP_LOG_WARN, "%s", lines->items[i]);
}

/* What goes wrong here is kept for Create. */
static void start_machine(struct daemon *d)
{
	struct hp_shim *s = &d->shim;

	if (hp_shim_spec_read(s->bundle, &s->spec, &s->spec_why) < 0)
		return;
	log_warnings(s);
	if (start_box(d, &s->box_why) < 0) {
		hp_wrap(&s->box_why, "container '%s'", s->id);
		hp_shim_log(s->log, HP_LOG_ERROR, "%s", s->box_why.msg);
		return;
	}
}

static void write_record(struct daemon *d, const char *socket)
{
	struct hp_shim *s = &d->shim;
	struct hp_error err = HP_ERROR_INIT;

	s->record.id = hp_strdup(s->id);
	s->record.ns = hp_strdup(s->ns);
	s->record.socket = hp_strdup(socket);
	s->record.shim = hp_shim_pid_of(getpid());
	s->record.hooks_done = true; /* none has been run */
	if (d->config.run_dir)
		s->record.link = hp_shim_record_link(d->config.run_dir, s->ns, s->id);
	hp_shim_save(s);
	if (s->record.link && hp_shim_record_publish(s->bundle, &s->record, &err) < 0)
		hp_shim_log(s->log, HP_LOG_WARN, "%s", err.msg);
}

static int open_all(struct daemon *d, const struct hp_shim_daemon_spec *spec,
		    struct hp_error *err)
{
	struct hp_shim *s = &d->shim;
	AUTO_CLOSE int listen_fd = spec->listen_fd;

	s->id = hp_strdup(spec->id);
	s->ns = hp_strdup(spec->ns);
	s->bundle = hp_strdup(spec->bundle);
	s->config = &d->config;
	s->finish = finish;
	s->finish_data = d;
	s->times.executed = spec->executed_ns;
	s->times.listening = hp_clock_ns();
	s->log = hp_shim_log_new(spec->bundle, spec->id, spec->debug);
	if (hp_loop_new(&s->loop, err) < 0 || watch_signals(d, err) < 0)
		return -1;
	s->events = hp_shim_events_new(s->loop, spec->ttrpc_address, spec->ns, s->log);
	s->server = hp_ttrpc_server_new(s->loop, hp_shim_methods(), s);
	hp_ttrpc_server_on_alone(s->server, on_alone, d);
	return hp_ttrpc_server_listen(s->server, TAKE_FD(listen_fd), err);
}

static void close_all(struct daemon *d, const char *socket)
{
	struct hp_shim *s = &d->shim;

	/* Names go first: who finds them later could take them for those of a new shim. */
	unlink(socket);
	if (s->record.link)
		unlink(s->record.link);
	hp_timer_stop(&d->idle);
	hp_timer_stop(&d->term);
	hp_watch_stop(&d->signals);
	if (d->signal_fd >= 0)
		close(d->signal_fd);
	hp_shim_clear(s);
	hp_vm_config_clear(&d->config);
}

int hp_shim_daemon_run(const struct hp_shim_daemon_spec *spec, struct hp_error *err)
{
	AUTO_FREE struct daemon *d = hp_alloc(sizeof(*d));
	int rc = -1;

	d->signal_fd = -1;
	if (open_all(d, spec, err) == 0) {
		start_machine(d);
		write_record(d, spec->socket);
		hp_timer_start(d->shim.loop, &d->idle, IDLE_MS, on_idle, d);
		/* Reading the spec took more memory than the rest of a life here needs. */
		malloc_trim(0);
		rc = hp_loop_run(d->shim.loop, err);
	}
	close_all(d, spec->socket);
	return rc;
}
