/* SPDX-License-Identifier: Apache-2.0 */
/* qemu.c - run machines by QEMU. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/fd.h"
#include "vm/qemu_args.h"
#include "vm/qmp.h"
#include "vm/vmm_impl.h"

#define PIPE_SIZE   (1024 * 1024)
#define WORDS_MAX   4096
#define WORDS_READS 16
#define SAVE_NAME   "state"

/* A pause or resume under way. */
struct pausing {
	struct pausing *next;
	struct qemu *q;
	hp_machine_done_fn done;
	void *data;
};

struct qemu {
	struct hp_vmm base;
	struct hp_loop *loop;
	struct hp_qmp *qmp;
	struct hp_watch words_watch;
	int words_fd; /* its stderr */
	char words[WORDS_MAX];
	size_t words_len;
	/* The pipe through which a clone gets its state. Its end is kept open, for a write must
	 * not be answered by SIGPIPE. */
	struct hp_watch state_watch;
	int state_fd; /* a duplicate of the template's */
	off_t state_at;
	off_t state_len;
	int pipe_fds[2];
	bool up;
	bool clone;
	bool stopped;
	struct pausing *pausing;
	/* hp_vmm_save() under way. */
	int save_fd; /* a duplicate */
	hp_machine_done_fn saved;
	void *saved_data;
};

static struct qemu *qemu_of(struct hp_vmm *v)
{
	return container_of(v, struct qemu, base);
}

static void tell_up(struct qemu *q)
{
	if (q->up)
		return;
	q->up = true;
	if (q->base.events && q->base.events->on_up)
		q->base.events->on_up(q->base.data);
}

static void tell_saved(struct qemu *q, const struct hp_error *why)
{
	const hp_machine_done_fn done = q->saved;

	q->saved = NULL;
	if (done)
		done(q->saved_data, why);
}

/* From: QEMU qapi/migration.json, MigrationInfo. */
static void on_failed(void *data, const struct hp_json *value, const struct hp_error *why)
{
	struct qemu *q = data;
	const char *words = hp_json_get_str(value, "error-desc");
	struct hp_error failure = HP_ERROR_INIT;

	hp_fail(&failure, HP_EFAILED, "QEMU could not write the machine's state: %s",
		words ? words : "it does not say why");
	tell_saved(q, why ? why : &failure);
}

/* From: QEMU qapi/migration.json, MigrationStatus. */
static void take_migration(struct qemu *q, const char *status)
{
	if (hp_str_eq(status, "completed")) {
		/* What was loaded stopped stays so, and no RESUME tells of it. */
		if (q->clone && q->stopped)
			tell_up(q);
		else
			tell_saved(q, NULL);
	} else if (hp_str_eq(status, "failed") && q->saved) {
		hp_qmp_call(q->qmp, "query-migrate", NULL, on_failed, q);
	}
}

static void on_event(void *data, const char *name, const struct hp_json *value)
{
	struct qemu *q = data;

	if (hp_str_eq(name, "MIGRATION"))
		take_migration(q, hp_json_get_str(value, "status"));
	else if (q->clone && hp_str_eq(name, "RESUME"))
		tell_up(q);
	else if (!q->clone && hp_str_eq(name, "VSERPORT_CHANGE") &&
		 hp_json_bool(hp_json_get(value, "open"), false))
		tell_up(q);
}

/* Keep the first of what it says: the cause comes before what follows from it.
 * Returns: whether there was something. */
static bool read_words(struct qemu *q)
{
	const size_t room = sizeof(q->words) - 1 - q->words_len;
	char *at = q->words + q->words_len;
	char drop[512];
	ssize_t n = room ? read(q->words_fd, at, room) : read(q->words_fd, drop, sizeof(drop));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		hp_watch_stop(&q->words_watch);
	if (n <= 0)
		return false;
	if (room)
		q->words_len += (size_t)n;
	return true;
}

static void on_words(void *data, uint32_t events)
{
	(void)events;
	read_words(data);
}

static const char *qemu_words(struct hp_vmm *v)
{
	struct qemu *q = qemu_of(v);

	/* It may have ended before the loop came to its last words. */
	for (int i = 0; i < WORDS_READS && q->words_fd >= 0 && read_words(q); i++)
		;
	for (size_t i = 0; i < q->words_len; i++)
		if ((unsigned char)q->words[i] < ' ')
			q->words[i] = ' ';
	while (q->words_len > 0 && q->words[q->words_len - 1] == ' ')
		q->words_len--;
	q->words[q->words_len] = '\0';
	return q->words;
}

static void close_state(struct qemu *q)
{
	hp_watch_stop(&q->state_watch);
	for (int i = 0; i < 2; i++)
		if (q->pipe_fds[i] >= 0)
			close(TAKE_FD(q->pipe_fds[i]));
	if (q->state_fd >= 0)
		close(TAKE_FD(q->state_fd));
}

/* Give QEMU what the pipe takes of the state. A state that ends early is QEMU's to complain of. */
static void feed_state(void *data, uint32_t events)
{
	struct qemu *q = data;

	(void)events;
	while (q->state_at < q->state_len) {
		ssize_t n = sendfile(q->pipe_fds[1], q->state_fd, &q->state_at,
				     (size_t)(q->state_len - q->state_at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			break;
	}
	close_state(q);
}

/* Keep where the state comes from or goes to, and make the pipe for a clone's. */
static int open_state(struct qemu *q, const struct hp_vmm_spawn *s, struct hp_error *err)
{
	struct stat st;

	if (s->save_fd >= 0) {
		q->save_fd = fcntl(s->save_fd, F_DUPFD_CLOEXEC, 0);
		if (q->save_fd < 0)
			return hp_fail_errno(err, errno, "keep where the state goes to");
	}
	if (!q->clone)
		return 0;
	q->state_fd = fcntl(s->state_fd, F_DUPFD_CLOEXEC, 0);
	if (q->state_fd < 0 || fstat(s->state_fd, &st) < 0)
		return hp_fail_errno(err, errno, "the template's state");
	q->state_len = st.st_size;
	if (hp_pipe(q->pipe_fds, err) < 0 || hp_fd_set_nonblock(q->pipe_fds[1], true, err) < 0)
		return -1;
	/* So that mostly all of it fits at once; when it may not grow, the loop feeds the rest. */
	(void)fcntl(q->pipe_fds[1], F_SETPIPE_SZ, PIPE_SIZE);
	return hp_watch_start(q->loop, &q->state_watch, q->pipe_fds[1], EPOLLOUT, feed_state, q,
			      err);
}

/* From: QEMU qapi/migration.json. The memory is not in the state, as it is shared. */
static void set_capabilities(struct qemu *q)
{
	static const char *const names[] = {"x-ignore-shared", "events"};
	struct hp_json *arguments = hp_json_object();
	struct hp_json *list = hp_json_array();

	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		struct hp_json *item = hp_json_object();

		hp_json_set_str(item, "capability", names[i]);
		hp_json_set_bool(item, "state", true);
		hp_json_add(list, item);
	}
	hp_json_set(arguments, "capabilities", list);
	hp_qmp_call(q->qmp, "migrate-set-capabilities", arguments, NULL, NULL);
}

static struct hp_json *state_uri(const char *uri)
{
	struct hp_json *arguments = hp_json_object();

	hp_json_set_str(arguments, "uri", uri);
	return arguments;
}

/* Have the clone take its state in. Here, a descriptor's number may stand for its name.
 * From: QEMU monitor/fds.c, monitor_fd_param(). */
static void load(struct qemu *q)
{
	AUTO_FREE char *uri = hp_sprintf("fd:%d", HP_QEMU_STATE);

	hp_qmp_call(q->qmp, "migrate-incoming", state_uri(uri), NULL, NULL);
}

/* /dev/kvm is for members of its group. */
static gid_t gid_of(const struct hp_vmm_spawn *s)
{
	struct stat st;

	if (hp_str_eq(hp_host_accel(s->host, s->config), "kvm") && stat("/dev/kvm", &st) == 0 &&
	    !(st.st_mode & S_IWOTH))
		return st.st_gid;
	return s->config->gid;
}

static int start_child(struct qemu *q, const struct hp_vmm_spawn *s, const int *fds,
		       struct hp_error *err)
{
	const struct hp_child_user user = {.uid = s->config->uid, .gid = gid_of(s)};
	const char *const env[] = {NULL};
	AUTO(hp_strv_free) struct hp_strv argv = {0};

	hp_qemu_args(s, &argv);

	const struct hp_child child = {
		.path = s->config->qemu,
		.argv = hp_strv_view(&argv),
		.env = env,
		.fds = fds,
		.n_fds = HP_QEMU_FDS,
		.cwd = "/",
		.parent_death_signal = SIGKILL,
		.new_session = true,
		.no_new_privs = true,
		.user = geteuid() == 0 ? &user : NULL,
		.cgroup_fd = s->cgroup_fd >= 0 ? &s->cgroup_fd : NULL,
	};

	if (hp_child_start(&child, &q->base.pid, err) == 0)
		return 0;
	if (err->code != HP_ENOCMD)
		return -1;
	err->code = HP_ENOTFOUND;
	return hp_wrap(err, "QEMU is not there, " HP_QEMU_HOW_TO);
}

/* Make both ends of the monitor and of stderr, and start it with one of each. */
static int start(struct qemu *q, const struct hp_vmm_spawn *s, struct hp_error *err)
{
	AUTO_CLOSE int qmp_fd = -1;
	AUTO_CLOSE int stderr_fd = -1;
	int pair[2];
	int fds[HP_QEMU_FDS] = {
		[0] = -1,
		[1] = -1,
		[HP_QEMU_CONSOLE] = s->console_fd,
		[HP_QEMU_STATE] = q->pipe_fds[0],
		[HP_QEMU_MEMORY] = s->memory_fd,
		[HP_QEMU_TAP] = s->tap_fd,
		[HP_QEMU_DISK] = s->disk ? s->disk->fd : -1,
		[HP_QEMU_KERNEL] = s->kernel_fd,
		[HP_QEMU_INITRD] = s->initrd_fd,
	};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return hp_fail_errno(err, errno, "make a socket pair");
	qmp_fd = pair[1];
	if (hp_qmp_new(q->loop, pair[0], on_event, q, &q->qmp, err) < 0)
		return -1;
	set_capabilities(q);
	if (q->clone)
		load(q);
	if (hp_pipe(pair, err) < 0)
		return -1;
	q->words_fd = pair[0];
	stderr_fd = pair[1];
	if (hp_fd_set_nonblock(q->words_fd, true, err) < 0 ||
	    hp_watch_start(q->loop, &q->words_watch, q->words_fd, EPOLLIN, on_words, q, err) <
		    0)
		return -1;
	fds[HP_QEMU_STDERR] = stderr_fd;
	fds[HP_QEMU_QMP] = qmp_fd;
	for (int i = 0; i < HP_PORTS; i++)
		fds[HP_QEMU_PORT + i] = s->ports[i];
	return start_child(q, s, fds, err);
}

static void qemu_free(struct hp_vmm *v)
{
	struct qemu *q = qemu_of(v);

	hp_qmp_free(q->qmp);
	hp_watch_stop(&q->words_watch);
	if (q->words_fd >= 0)
		close(q->words_fd);
	close_state(q);
	if (q->save_fd >= 0)
		close(q->save_fd);
	while (q->pausing) {
		struct pausing *p = q->pausing;

		q->pausing = p->next;
		free(p);
	}
	free(q);
}

static int qemu_spawn(struct hp_loop *l, const struct hp_vmm_spawn *s, struct hp_vmm **ret,
		      struct hp_error *err)
{
	struct qemu *q = hp_alloc(sizeof(*q));

	*q = (struct qemu){
		.loop = l,
		.words_fd = -1,
		.state_fd = -1,
		.save_fd = -1,
		.pipe_fds = {-1, -1},
		.clone = s->state_fd >= 0,
		.stopped = s->stopped,
	};
	if (open_state(q, s, err) < 0 || start(q, s, err) < 0) {
		qemu_free(&q->base);
		return hp_wrap(err, "start QEMU");
	}
	*ret = &q->base;
	return 0;
}

static void on_paused(void *data, const struct hp_json *value, const struct hp_error *why)
{
	struct pausing *p = data;
	struct pausing **at = &p->q->pausing;
	const hp_machine_done_fn done = p->done;

	(void)value;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	data = p->data;
	free(p);
	done(data, why);
}

static void qemu_pause(struct hp_vmm *v, bool paused, hp_machine_done_fn done, void *data)
{
	struct qemu *q = qemu_of(v);
	struct pausing *p = hp_alloc(sizeof(*p));

	*p = (struct pausing){.next = q->pausing, .q = q, .done = done, .data = data};
	q->pausing = p;
	hp_qmp_call(q->qmp, paused ? "stop" : "cont", NULL, on_paused, p);
}

static void on_saving(void *data, const struct hp_json *value, const struct hp_error *why)
{
	(void)value;
	/* When it has begun, an event tells how it ends. */
	if (why)
		tell_saved(data, why);
}

static void qemu_save(struct hp_vmm *v, hp_machine_done_fn done, void *data)
{
	struct qemu *q = qemu_of(v);

	assert(q->save_fd >= 0);

	q->saved = done;
	q->saved_data = data;
	hp_qmp_pass(q->qmp, SAVE_NAME, q->save_fd, NULL, NULL);
	/* Whoever reads the state sees its end when QEMU closes it. */
	close(TAKE_FD(q->save_fd));
	hp_qmp_call(q->qmp, "migrate", state_uri("fd:" SAVE_NAME), on_saving, q);
}

static int qemu_release(struct hp_vmm *v, int *ret_control, struct hp_error *err)
{
	(void)err;
	*ret_control = hp_qmp_release(TAKE(qemu_of(v)->qmp));
	return 0;
}

static int qemu_adopt(struct hp_loop *l, pid_t pid, int take_control, struct hp_vmm **ret,
		      struct hp_error *err)
{
	struct qemu *q = hp_alloc(sizeof(*q));

	*q = (struct qemu){
		.base = {.pid = pid},
		.loop = l,
		.words_fd = -1,
		.state_fd = -1,
		.save_fd = -1,
		.pipe_fds = {-1, -1},
		.clone = true,
	};
	if (hp_qmp_new(l, take_control, on_event, q, &q->qmp, err) < 0) {
		qemu_free(&q->base);
		return hp_wrap(err, "take a clone up");
	}
	*ret = &q->base;
	return 0;
}

const struct hp_vmm_ops hp_vmm_qemu = {
	.name = "qemu",
	.clones = true,
	.spawn = qemu_spawn,
	.free = qemu_free,
	.pause = qemu_pause,
	.save = qemu_save,
	.words = qemu_words,
	.release = qemu_release,
	.adopt = qemu_adopt,
};
