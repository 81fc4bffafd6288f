/* SPDX-License-Identifier: Apache-2.0 */
/* machine.c - one machine from its start, by template or cold, to its end. */
#include "vm/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "vm/machine_impl.h"

/* A boot that hangs, which some do, is begun again, with twice the time for slow hosts. */
#define ATTEMPTS     3
#define BOOT_WAIT_MS 20000
#define CONSOLE_STEP 4096
#define POOL_WAIT_MS 25
#define DRAIN_READS  64
#define KILLED       "the machine was killed, as it was asked to be"

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(TAKE_FD(*fd));
}

static void close_guests(struct hp_machine *m)
{
	for (int i = 0; i < HP_PORTS; i++)
		close_fd(&m->guests[i]);
}

/* Let go of one attempt. What it ran is dead by then, or is killed. */
static void clear_attempt(struct hp_machine *m)
{
	hp_machine__end(m);
	m->late = false;
	hp_timer_stop(&m->boot_timer);
	hp_watch_stop(&m->pid_watch);
	hp_watch_stop(&m->console_watch);
	close_fd(&m->pid_fd);
	close_fd(&m->hold_fd);
	close_fd(&m->console_fd);
	hp_vmm_free(TAKE(m->vmm));
}

static bool read_console(struct hp_machine *m)
{
	uint8_t bytes[CONSOLE_STEP];
	ssize_t n = recv(m->console_fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		hp_watch_stop(&m->console_watch);
	if (n <= 0)
		return false;
	hp_console_add(&m->console, HP_BYTES(bytes, n));
	return true;
}

void hp_machine__on_console(void *data, uint32_t events)
{
	(void)events;
	read_console(data);
}

/* It is sure now that no other attempt is needed. */
static void on_up(void *data)
{
	struct hp_machine *m = data;

	m->up = true;
	m->times.loaded = hp_clock_ns();
	hp_timer_stop(&m->boot_timer);
	close_guests(m);
	close_fd(&m->tap_fd);
	close_fd(&m->disk.fd);
	hp_template_clear(&m->template);
}

const struct hp_vmm_events hp_machine__vmm_events = {.on_up = on_up};

static void on_boot_late(void *data, uint32_t events)
{
	struct hp_machine *m = data;

	(void)events;
	m->late = true;
	/* Its end is the end of the attempt. */
	syscall(SYS_pidfd_send_signal, m->pid_fd, SIGKILL, NULL, 0);
}

static int watch_attempt(struct hp_machine *m, struct hp_error *err)
{
	m->pid_fd = (int)syscall(SYS_pidfd_open, m->pid, 0);
	if (m->pid_fd < 0)
		return hp_fail_errno(err, errno, "watch process %d", (int)m->pid);
	return hp_watch_start(m->loop, &m->pid_watch, m->pid_fd, EPOLLIN, hp_machine__on_end, m,
			      err);
}

static int open_console(struct hp_machine *m, int *ret_guest, struct hp_error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return hp_fail_errno(err, errno, "make a socket pair");
	m->console_fd = pair[0];
	*ret_guest = pair[1];
	return hp_watch_start(m->loop, &m->console_watch, pair[0], EPOLLIN,
			      hp_machine__on_console, m, err);
}

static int open_boot_file(const char *path, int *ret_fd, struct hp_error *err)
{
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? hp_fail_errno(err, errno, "open '%s'", path) : 0;
}

/* Spawn it from the template when there is one, else from the images. */
static int spawn(struct hp_machine *m, struct hp_error *err)
{
	AUTO_CLOSE int console_fd = -1;
	AUTO_CLOSE int kernel_fd = -1;
	AUTO_CLOSE int initrd_fd = -1;
	const bool clone = m->template.state_fd >= 0;

	m->origin = clone ? HP_MACHINE_CLONE : HP_MACHINE_COLD;
	m->attempts++;
	if (open_console(m, &console_fd, err) < 0)
		return -1;
	if (!clone && hp_vmm_clones(m->config->vmm) &&
	    (open_boot_file(m->images.vmlinux, &kernel_fd, err) < 0 ||
	     open_boot_file(m->images.initrd, &initrd_fd, err) < 0))
		return -1;

	struct hp_vmm_spawn s = {
		.id = m->id,
		.config = m->config,
		.host = &m->host,
		.shape = m->shape,
		.console_fd = console_fd,
		.tap_fd = m->tap_fd,
		.disk = m->disk.fd >= 0 ? &m->disk : NULL,
		.cgroup_fd = m->cgroup_fd,
		.kernel_fd = kernel_fd,
		.initrd_fd = initrd_fd,
		.memory_fd = m->template.memory_fd,
		.save_fd = -1,
		.state_fd = m->template.state_fd,
	};
	memcpy(s.ports, m->guests, sizeof(s.ports));
	if (hp_vmm_spawn(m->loop, &s, &hp_machine__vmm_events, m, &m->vmm, err) < 0)
		return -1;
	m->pid = hp_vmm_pid(m->vmm);
	m->times.spawned = hp_clock_ns();
	hp_timer_start(m->loop, &m->boot_timer, BOOT_WAIT_MS << m->attempts, on_boot_late, m);
	return watch_attempt(m, err);
}

static void tell_end(void *data, uint32_t events)
{
	struct hp_machine *m = data;

	(void)events;
	/* Whoever has their other ends sees it there, too. */
	close_guests(m);
	m->events.on_end(m->events.data, &m->why);
}

/* How the VMM ended, in words. */
static void describe_end(struct hp_machine *m, const siginfo_t *info)
{
	const char *words = hp_vmm_words(m->vmm);
	char lines[320];

	for (int i = 0; i < DRAIN_READS && m->console_watch.loop && read_console(m); i++)
		;
	hp_console_tell(&m->console, lines, sizeof(lines));
	if (m->asked)
		hp_fail(&m->why, HP_ECANCELED, KILLED);
	else if (m->late)
		hp_fail(&m->why, HP_ETIMEOUT, "the machine's guest did not come up");
	else if (info->si_code == CLD_EXITED && info->si_status == 0 &&
		 strstr(m->console.text, HP_CONSOLE_PANIC))
		hp_fail(&m->why, HP_EABORTED, "the kernel of the machine's guest has panicked");
	else if (info->si_code == CLD_EXITED && info->si_status == 0)
		hp_fail(&m->why, HP_EABORTED, "the machine's guest has switched it off");
	else if (info->si_code == CLD_EXITED)
		hp_fail(&m->why, HP_EABORTED, "%s has ended with status %d%s%s", m->config->vmm,
			info->si_status, *words ? ": " : "", words);
	else
		hp_fail(&m->why, HP_EABORTED, "%s was killed by signal %d", m->config->vmm,
			info->si_status);
	if (!m->asked && lines[0]) {
		const size_t used = strlen(m->why.msg);

		snprintf(m->why.msg + used, sizeof(m->why.msg) - used,
			 "; the last of its console: %s", lines);
	}
}

/* A machine that never came up may do so at another try; a template that failed is not tried
 * again. Returns: whether one has begun. */
static bool try_again(struct hp_machine *m)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (m->up || m->asked || m->attempts >= ATTEMPTS)
		return false;
	/* So that it is made anew for the next. */
	if (m->template.state_fd >= 0 && hp_template_remove(m->config, m->key, &ignored) < 0)
		hp_error_clear(&ignored);
	hp_template_clear(&m->template);
	clear_attempt(m);

	struct hp_error failure = HP_ERROR_INIT;
	if (spawn(m, &failure) == 0) {
		hp_error_clear(&m->why);
		return true;
	}
	/* What is told is why it failed at first. */
	return false;
}

/* Nothing runs, and nothing will. */
static void give_up(struct hp_machine *m)
{
	clear_attempt(m);
	tell_end(m, 0);
}

void hp_machine__on_end(void *data, uint32_t events)
{
	struct hp_machine *m = data;
	siginfo_t info = {0};

	(void)events;
	if (!hp_machine__read_end(m, &info))
		return;
	m->pid = 0;
	describe_end(m, &info);
	if (!try_again(m))
		give_up(m);
}

static int open_ports(struct hp_machine *m, struct hp_error *err)
{
	for (int i = 0; i < HP_PORTS && m->guests[i] < 0; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return hp_fail_errno(err, errno, "make a socket pair");
		m->ports[i] = pair[0];
		m->guests[i] = pair[1];
	}
	return 0;
}

static int keep_fd(int fd, int *ret, struct hp_error *err)
{
	if (fd < 0)
		return 0;
	*ret = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return *ret < 0 ? hp_fail_errno(err, errno, "keep a descriptor") : 0;
}

/* Find what it is made from. */
static int plan(struct hp_machine *m, struct hp_error *err)
{
	if (hp_host_learn(m->config, &m->host, err) < 0 ||
	    hp_images_find(m->config, &m->images, err) < 0)
		return -1;
	return hp_template_key(m->config, &m->host, &m->images, &m->shape, m->key, err);
}

/* Go the way that the pool has answered. */
static int take_answer(struct hp_machine *m, struct hp_pool_answer *a, struct hp_error *err)
{
	if (a->kind == HP_POOL_WARM)
		return hp_machine__adopt(m, &a->warm, err);
	if (a->kind == HP_POOL_CLONE) {
		m->template = a->template;
		a->template = (struct hp_template)HP_TEMPLATE_INIT;
	}
	if (open_ports(m, err) < 0)
		return -1;
	return spawn(m, err);
}

static void on_pool(void *data, struct hp_pool_answer *answer, const struct hp_error *why)
{
	struct hp_machine *m = data;

	if (answer && answer->kind == HP_POOL_CLONE) {
		m->template = answer->template;
		answer->template = (struct hp_template)HP_TEMPLATE_INIT;
	}
	hp_pool_client_free(TAKE(m->pool));
	/* Without a pool it boots, if it can. */
	if (why && !hp_images_made(&m->images))
		m->why = *why;
	else if (spawn(m, &m->why) == 0)
		return;
	give_up(m);
}

/* Mostly the pool runs, and has what is wanted. A clone that stands ready brings its ports along, so
 * that it can be taken now only, before anybody has taken ours.
 * Returns: whether the machine is under way. */
static bool ask_at_once(struct hp_machine *m, struct hp_pool_request request)
{
	AUTO(hp_pool_answer_clear) struct hp_pool_answer answer = HP_POOL_ANSWER_INIT;
	struct hp_error failure = HP_ERROR_INIT;

	/* The disk of one that stands ready cannot be changed any more. */
	request.warm = m->disk.fd < 0;
	/* What fails here is tried once more in the loop, and told from there. */
	if (hp_pool_try(m->config, &request, POOL_WAIT_MS, &answer, &failure) <= 0 ||
	    take_answer(m, &answer, &failure) < 0) {
		clear_attempt(m);
		return false;
	}
	return true;
}

static int keep_disk(struct hp_machine *m, const struct hp_machine_disk *disk,
		     struct hp_error *err)
{
	if (!disk)
		return 0;
	if (!hp_vmm_clones(m->config->vmm))
		return hp_fail(err, HP_EUNSUPPORTED, "%s gives machines no disks",
			       m->config->vmm);
	m->disk = *disk;
	m->disk.fd = -1;
	return keep_fd(disk->fd, &m->disk.fd, err);
}

static int start(struct hp_machine *m, const struct hp_machine_spec *spec, struct hp_error *err)
{
	struct hp_pool_request request = {.shape = m->shape};

	m->times.asked = hp_clock_ns();
	if (!hp_vmm_known(m->config->vmm))
		return hp_fail(err, HP_EINVALID, "there is no VMM '%.80s'", m->config->vmm);
	if (keep_fd(spec->tap_fd, &m->tap_fd, err) < 0 ||
	    keep_fd(spec->cgroup_fd, &m->cgroup_fd, err) < 0 ||
	    keep_disk(m, spec->disk, err) < 0)
		return -1;
	if (!hp_vmm_clones(m->config->vmm))
		return open_ports(m, err) < 0 ? -1 : spawn(m, err);
	if (plan(m, err) < 0)
		return -1;
	memcpy(request.key, m->key, sizeof(request.key));
	if (ask_at_once(m, request))
		return 0;
	if (open_ports(m, err) < 0)
		return -1;
	m->pool = hp_pool_ask(m->loop, m->config, &request, on_pool, m);
	return 0;
}

int hp_machine_start(struct hp_loop *l, const struct hp_vm_config *config,
		     const struct hp_machine_spec *spec, const struct hp_machine_events *events,
		     struct hp_machine **ret, struct hp_error *err)
{
	AUTO(hp_machine_free) struct hp_machine *m = hp_alloc(sizeof(*m));

	m->loop = l;
	m->config = config;
	m->id = hp_strdup(spec->id);
	m->shape = hp_shape_for(config, spec);
	m->template = (struct hp_template)HP_TEMPLATE_INIT;
	m->tap_fd = m->disk.fd = m->cgroup_fd = m->pid_fd = m->hold_fd = m->console_fd = -1;
	for (int i = 0; i < HP_PORTS; i++)
		m->ports[i] = m->guests[i] = -1;
	m->events = *events;
	if (start(m, spec, err) < 0)
		return hp_wrap(err, "machine of '%s'", spec->id);
	*ret = TAKE(m);
	return 0;
}

void hp_machine_free(struct hp_machine *m)
{
	if (!m)
		return;
	hp_pool_client_free(m->pool);
	clear_attempt(m);
	hp_timer_stop(&m->end_timer);
	close_guests(m);
	for (int i = 0; i < HP_PORTS; i++)
		close_fd(&m->ports[i]);
	close_fd(&m->tap_fd);
	close_fd(&m->disk.fd);
	close_fd(&m->cgroup_fd);
	hp_template_clear(&m->template);
	hp_images_clear(&m->images);
	free(m->id);
	free(m);
}

int hp_machine_take_port(struct hp_machine *m, enum hp_port port)
{
	return TAKE_FD(m->ports[port]);
}

pid_t hp_machine_pid(const struct hp_machine *m)
{
	return m->pid;
}

enum hp_machine_origin hp_machine_origin(const struct hp_machine *m)
{
	return m->origin;
}

const char *hp_machine_accel(const struct hp_machine *m)
{
	return hp_vmm_clones(m->config->vmm) ? hp_host_accel(&m->host, m->config) : "none";
}

const char *hp_machine_console(const struct hp_machine *m)
{
	return m->console.text;
}

struct hp_machine_times hp_machine_times(const struct hp_machine *m)
{
	return m->times;
}

void hp_machine_kill(struct hp_machine *m)
{
	m->asked = true;
	if (m->pid_fd >= 0) {
		syscall(SYS_pidfd_send_signal, m->pid_fd, SIGKILL, NULL, 0);
	} else if (m->pool) {
		hp_pool_client_free(TAKE(m->pool));
		hp_fail(&m->why, HP_ECANCELED, KILLED);
		hp_timer_start(m->loop, &m->end_timer, 0, tell_end, m);
	}
}

static void set_paused(struct hp_machine *m, bool paused, hp_machine_done_fn done, void *data)
{
	struct hp_error why = HP_ERROR_INIT;

	if (m->vmm) {
		hp_vmm_pause(m->vmm, paused, done, data);
		return;
	}
	hp_fail(&why, HP_ESTATE, "machine of '%s' does not run", m->id);
	done(data, &why);
}

void hp_machine_pause(struct hp_machine *m, hp_machine_done_fn done, void *data)
{
	set_paused(m, true, done, data);
}

void hp_machine_resume(struct hp_machine *m, hp_machine_done_fn done, void *data)
{
	set_paused(m, false, done, data);
}
