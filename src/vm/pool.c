/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - the pool itself: who asks, what is answered, when it ends. */
#include "vm/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "vm/pool_build.h"
#include "vm/pool_store.h"
#include "vm/pool_warm.h"
#include "vm/pool_wire.h"

#define CLIENTS_MAX 1024
#define TICK_MS     1000
#define TEMPLATE_MS (10 * 60 * 1000) /* that one is kept without being asked for */
#define FAILED_MS   (60 * 1000)      /* until what failed is tried again */

struct pool;

struct client {
	struct client *next;
	struct pool *pool;
	int fd;
	struct hp_watch watch;
	bool asked; /* and waits for its answer */
	struct hp_pool_request request;
};

struct build {
	struct build *next;
	struct hp_pool_build *job;
};

struct pool {
	const struct hp_pool_options *options;
	const struct hp_vm_config *config; /* that count now */
	struct hp_vm_config followed;      /* since the file of them has changed */
	struct hp_loop *loop;
	struct hp_pool_store *store;
	struct hp_pool_warm *warm;
	int lock_fd;
	int listen_fd;
	int signal_fd;
	struct hp_watch listen_watch;
	struct hp_watch signal_watch;
	struct hp_timer tick;
	struct client *clients;
	size_t n_clients;
	struct build *builds;
	int64_t used_ms; /* when somebody was here last */
};

static void drop_client(struct client *c)
{
	struct client **at = &c->pool->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->pool->n_clients--;
	c->pool->used_ms = hp_clock_ms();
	hp_watch_stop(&c->watch);
	close(c->fd);
	free(c);
}

static void drop_build(struct build **at)
{
	struct build *b = *at;

	*at = b->next;
	hp_pool_build_free(b->job);
	free(b);
}

/* Answer, and say goodbye. A client that is gone by now has no use for it. */
static void answer(struct client *c, const struct hp_pool_answer *a, const struct hp_error *why)
{
	struct hp_error ignored = HP_ERROR_INIT;
	int fds[HP_POOL_FDS];
	size_t n_fds;
	AUTO_FREE char *text = hp_pool__answer_text(a, why, fds, &n_fds);

	if (hp_fd_send(c->fd, text, strlen(text), fds, n_fds, &ignored) < 0)
		hp_error_clear(&ignored);
	drop_client(c);
}

static struct build **find_build(struct pool *p, const char *key)
{
	struct build **at = &p->builds;

	while (*at && strcmp(hp_pool_build_key((*at)->job), key) != 0)
		at = &(*at)->next;
	return at;
}

static void on_news(void *data, const struct hp_pool_build *job);

/* The build for @request: the one under way, or one that failed not long ago, or a new one. */
static int need_build(struct pool *p, const struct hp_pool_request *request,
		      const struct hp_pool_build **ret, struct hp_error *err)
{
	const struct hp_pool_build_events events = {.data = p, .on_news = on_news};
	struct build **at = find_build(p, request->key);

	if (*at && hp_pool_build_ended((*at)->job) &&
	    (hp_pool_build_why((*at)->job)->code == HP_OK ||
	     hp_clock_ms() - hp_pool_build_ended((*at)->job) > FAILED_MS))
		drop_build(at);
	at = find_build(p, request->key);
	if (!*at) {
		struct hp_pool_build *job;

		if (hp_pool_build_start(p->loop, p->options->program, request, &events, &job,
					err) < 0)
			return -1;
		*at = hp_alloc(sizeof(**at));
		(*at)->job = job;
	}
	*ret = (*at)->job;
	return 0;
}

/* There is a template: give one of its clones, or what makes one. */
static void serve_clone(struct client *c, const struct hp_template *template)
{
	struct hp_pool_warm *warm = c->pool->warm;
	const struct hp_pool_request request = c->request;
	struct hp_pool_answer a = HP_POOL_ANSWER_INIT;

	if (request.warm && hp_pool_warm_take(warm, request.key, &a.warm)) {
		a.kind = HP_POOL_WARM;
		answer(c, &a, NULL);
		hp_warm_clear(&a.warm);
	} else {
		a.kind = HP_POOL_CLONE;
		a.template = *template;
		answer(c, &a, NULL);
	}
	/* One that stands ready has no disk that could be changed for another. */
	if (request.shape.disk == HP_DISK_NONE)
		hp_pool_warm_want(warm, &request);
}

/* Answer a client if there is an answer yet. */
static void serve(struct client *c)
{
	struct pool *p = c->pool;
	struct hp_pool_answer a = HP_POOL_ANSWER_INIT;
	struct hp_error why = HP_ERROR_INIT;
	const struct hp_template *template;
	const struct hp_pool_build *job;

	if (hp_pool_store_get(p->store, c->request.key, &template, &why) == 0) {
		serve_clone(c, template);
		return;
	}
	hp_pool_warm_forget(p->warm, c->request.key);
	if (why.code == HP_ENOTFOUND) {
		hp_error_clear(&why);
		if (need_build(p, &c->request, &job, &why) == 0) {
			a.kind = HP_POOL_COLD;
			if (hp_pool_build_has_images(job))
				answer(c, &a, NULL);
			else if (hp_pool_build_ended(job))
				answer(c, NULL, hp_pool_build_why(job));
			return;
		}
	}
	answer(c, NULL, &why);
}

static void on_news(void *data, const struct hp_pool_build *job)
{
	struct pool *p = data;
	struct client *next;

	for (struct client *c = p->clients; c; c = next) {
		next = c->next;
		if (c->asked && strcmp(c->request.key, hp_pool_build_key(job)) == 0)
			serve(c);
	}
}

static void on_client(void *data, uint32_t events)
{
	struct client *c = data;
	struct hp_error why = HP_ERROR_INIT;
	char line[HP_POOL_LINE];
	ssize_t n = recv(c->fd, line, sizeof(line), MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* It has gone, or says more than it has to. */
	if (n <= 0 || c->asked) {
		drop_client(c);
		return;
	}
	if (hp_pool__request_read(HP_BYTES(line, n), &c->request, &why) < 0) {
		answer(c, NULL, &why);
		return;
	}
	c->asked = true;
	serve(c);
}

/* Work by other settings from now on. Who waits goes on waiting; what had failed may do no more. */
static void take_config(struct pool *p, struct hp_vm_config *take)
{
	struct build **at = &p->builds;

	while (*at) {
		if (hp_pool_build_ended((*at)->job))
			drop_build(at);
		else
			at = &(*at)->next;
	}
	hp_pool_warm_free(p->warm);
	hp_pool_store_free(p->store);
	hp_vm_config_clear(&p->followed);
	p->followed = *take;
	*take = (struct hp_vm_config){0};
	p->config = &p->followed;
	p->store = hp_pool_store_new(p->config);
	p->warm = hp_pool_warm_new(p->loop, p->config, p->store);
}

/* Whoever asks has read the settings just now, so they are read here too. Those that cannot be read
 * are told of there, and count for nothing here.
 * Returns: whether this is still where the pool belongs. */
static bool follow_config(struct pool *p)
{
	AUTO(hp_vm_config_clear) struct hp_vm_config now = {0};
	struct hp_error ignored = HP_ERROR_INIT;

	if (!p->options->follow || hp_vm_config_load(&now, &ignored) < 0 ||
	    hp_vm_config_same(&now, p->config))
		return true;
	if (!hp_str_eq(now.run_dir, p->config->run_dir))
		return false;
	take_config(p, &now);
	return true;
}

/* Has this program been installed anew since it runs? Then machines are made otherwise now. */
static bool is_outdated(void)
{
	struct stat st;

	return stat("/proc/self/exe", &st) == 0 && st.st_nlink == 0;
}

static void on_connect(void *data, uint32_t events)
{
	struct pool *p = data;
	struct hp_error ignored = HP_ERROR_INIT;

	/* Whoever has asked finds that it has gone, and starts the new one. */
	if (is_outdated() || !follow_config(p)) {
		hp_loop_stop(p->loop);
		return;
	}

	int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct client *c;

	(void)events;
	if (fd < 0)
		return;
	if (p->n_clients >= CLIENTS_MAX) {
		close(fd);
		return;
	}
	c = hp_alloc(sizeof(*c));
	*c = (struct client){.next = p->clients, .pool = p, .fd = fd};
	p->clients = c;
	p->n_clients++;
	if (hp_watch_start(p->loop, &c->watch, fd, EPOLLIN, on_client, c, &ignored) < 0)
		drop_client(c);
}

static bool is_busy(const struct pool *p)
{
	for (const struct build *b = p->builds; b; b = b->next)
		if (!hp_pool_build_ended(b->job))
			return true;
	return p->clients != NULL;
}

static void on_tick(void *data, uint32_t events)
{
	struct pool *p = data;
	const int64_t idle_ms = p->options->idle_ms;

	(void)events;
	hp_pool_store_trim(p->store, TEMPLATE_MS);
	/* One that holds clones ready stays. */
	if (!follow_config(p) || (idle_ms > 0 && p->config->warm == 0 && !is_busy(p) &&
				  hp_clock_ms() - p->used_ms > idle_ms)) {
		hp_loop_stop(p->loop);
		return;
	}
	hp_timer_start(p->loop, &p->tick, TICK_MS, on_tick, p);
}

static void on_signal(void *data, uint32_t events)
{
	(void)events;
	hp_loop_stop(((struct pool *)data)->loop);
}

/* One pool a directory: the lock tells, and ends with the process. */
static int lock(struct pool *p, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(p->options->config->run_dir, "pool.lock");

	if (hp_mkdirs(p->options->config->run_dir, 0755, err) < 0)
		return -1;
	p->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (p->lock_fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", path);
	if (flock(p->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return hp_fail(err, HP_EEXISTS, "a pool runs already, and has '%s'", path);
	return hp_fail_errno(err, errno, "lock '%s'", path);
}

static int watch_signals(struct pool *p, struct hp_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->signal_fd < 0)
		return hp_fail_errno(err, errno, "wait for signals");
	return hp_watch_start(p->loop, &p->signal_watch, p->signal_fd, EPOLLIN, on_signal, p,
			      err);
}

static int open_pool(struct pool *p, const char *address, struct hp_error *err)
{
	if (lock(p, err) < 0 || hp_loop_new(&p->loop, err) < 0 || watch_signals(p, err) < 0 ||
	    hp_unix_listen(address, 0600, &p->listen_fd, err) < 0)
		return -1;
	p->store = hp_pool_store_new(p->config);
	p->warm = hp_pool_warm_new(p->loop, p->config, p->store);
	p->used_ms = hp_clock_ms();
	hp_timer_start(p->loop, &p->tick, TICK_MS, on_tick, p);
	return hp_watch_start(p->loop, &p->listen_watch, p->listen_fd, EPOLLIN, on_connect, p,
			      err);
}

static void close_pool(struct pool *p, const char *address)
{
	hp_watch_stop(&p->listen_watch);
	hp_watch_stop(&p->signal_watch);
	hp_timer_stop(&p->tick);
	/* Before the lock is given up, so that it is not the next one's that is removed. */
	if (p->listen_fd >= 0) {
		unlink(address);
		close(p->listen_fd);
	}
	while (p->clients)
		drop_client(p->clients);
	while (p->builds)
		drop_build(&p->builds);
	hp_pool_warm_free(p->warm);
	hp_pool_store_free(p->store);
	hp_vm_config_clear(&p->followed);
	hp_loop_free(p->loop);
	if (p->signal_fd >= 0)
		close(p->signal_fd);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
}

int hp_pool_serve(const struct hp_pool_options *o, struct hp_error *err)
{
	AUTO_FREE char *address = hp_pool_address(o->config);
	struct pool p = {.options = o,
			 .config = o->config,
			 .lock_fd = -1,
			 .listen_fd = -1,
			 .signal_fd = -1};
	int rc = open_pool(&p, address, err);

	if (rc == 0)
		rc = hp_loop_run(p.loop, err);
	close_pool(&p, address);
	return rc < 0 ? hp_wrap(err, "pool of templates") : 0;
}
