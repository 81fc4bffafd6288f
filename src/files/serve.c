/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - owns the threads. One of them, the leader, waits for a request. A short one it answers
 * itself; before one that may take long, or when more have come, it lets another one lead. So a
 * guest that asks for one thing after the other is answered without switching threads. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "files/call.h"
#include "files/port.h"

#define WORKERS_DEFAULT 4
#define WORKERS_MAX     64
#define STACK_BYTES     (256 * 1024)
/* A request and its answer share a buffer; where one is large, the other is not. */
#define BUFFER_BYTES    (HP_FUSE_MESSAGE_MAX + 2 * HP_FUSE_XATTR_MAX)

struct server;

struct worker {
	struct server *server;
	pthread_t thread;
	struct hp_cred cred;
	uint8_t *buffer;
	bool busy; /* works on a request; set by the leader, which it is then */
};

struct server {
	struct hp_files files;
	struct hp_files_port port;
	pthread_mutex_t leading;
	unsigned waiting; /* threads that want to lead */
	unsigned n_workers;
	unsigned max_workers;
	struct worker *workers;
	bool ended; /* of what the leader guards */
	struct hp_error failure;
};

static void *work(void *arg);

/* Under s->leading. A thread less is no failure as long as there is one. */
static int add_worker(struct server *s)
{
	struct worker *w = &s->workers[s->n_workers];
	pthread_attr_t attr;
	int rc;

	w->server = s;
	w->buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (w->buffer == MAP_FAILED)
		return errno;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	rc = pthread_create(&w->thread, &attr, work, w);
	pthread_attr_destroy(&attr);
	if (rc == 0)
		__atomic_store_n(&s->n_workers, s->n_workers + 1, __ATOMIC_RELEASE);
	else
		munmap(w->buffer, BUFFER_BYTES);
	return rc;
}

/* Nobody asked for anything for a while: give back what is not needed. */
static void trim(struct server *s)
{
	hp_files__cache_trim(&s->files.cache);
	for (unsigned i = 0; i < s->n_workers; i++)
		if (!__atomic_load_n(&s->workers[i].busy, __ATOMIC_ACQUIRE))
			madvise(s->workers[i].buffer, BUFFER_BYTES, MADV_DONTNEED);
	malloc_trim(0);
}

/* Let another thread lead; make one when there is none. */
static void hand_over(struct server *s)
{
	if (__atomic_load_n(&s->waiting, __ATOMIC_ACQUIRE) == 0 &&
	    s->n_workers < s->max_workers)
		(void)!add_worker(s);
	pthread_mutex_unlock(&s->leading);
}

static void answer(struct worker *w, const struct hp_fuse_request *r, int error, size_t len)
{
	struct server *s = w->server;
	size_t start = (len + 7) & ~(size_t)7;
	struct fuse_out_header head;
	struct hp_files_call c = {.files = &s->files,
				  .cred = &w->cred,
				  .r = r,
				  .out = w->buffer + start + sizeof(head),
				  .room = BUFFER_BYTES - start - sizeof(head)};
	int rc = error ? error : hp_files__answer(&c);

	if (hp_fuse_is_silent(r->opcode))
		return;
	head = hp_fuse_answer(r->unique, rc, rc ? 0 : c.len);
	memcpy(w->buffer + start, &head, sizeof(head));
	hp_files__port_send(&s->port, w->buffer + start, head.len);
}

/* As the leader: take one request and answer it. Returns: false when there are no more. */
static bool serve_one(struct worker *w, bool *leads)
{
	struct server *s = w->server;
	struct hp_fuse_request r;
	size_t len = 0;
	int error;
	int rc = hp_files__port_receive(&s->port, w->buffer, &len, &s->failure);

	if (rc == HP_PORT_IDLE)
		trim(s);
	if (rc == HP_PORT_CLOSED || rc < 0)
		return false;
	if (rc != HP_PORT_MESSAGE)
		return true;
	__atomic_store_n(&w->busy, true, __ATOMIC_RELEASE);
	error = hp_fuse_request_read(HP_BYTES(w->buffer, len), &r);
	if (hp_files__is_slow(&r) || hp_files__port_has_more(&s->port)) {
		*leads = false;
		hand_over(s);
	}
	answer(w, &r, error, len);
	__atomic_store_n(&w->busy, false, __ATOMIC_RELEASE);
	return true;
}

static void lead(struct server *s)
{
	__atomic_add_fetch(&s->waiting, 1, __ATOMIC_ACQ_REL);
	pthread_mutex_lock(&s->leading);
	__atomic_sub_fetch(&s->waiting, 1, __ATOMIC_ACQ_REL);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct server *s = w->server;
	bool ready = hp_files__cred_init(&w->cred, s->files.proc_fd) == 0;
	int sys = errno;
	bool leads;

	lead(s);
	leads = true;
	if (!ready && !s->ended)
		hp_fail_errno(&s->failure, sys, "make a thread for files");
	if (!ready)
		s->ended = true;
	while (!s->ended) {
		if (!serve_one(w, &leads))
			s->ended = true;
		if (!leads)
			lead(s);
		leads = true;
	}
	pthread_mutex_unlock(&s->leading);
	return NULL;
}

/* Start the first thread. Threads take no signals: their calls must not be interrupted, and a limit
 * on the size of files must not end the process. */
static int start(struct server *s, struct hp_error *err)
{
	sigset_t all;
	sigset_t before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* It must not lead before it is counted: the next one would be given its place. */
	pthread_mutex_lock(&s->leading);
	rc = add_worker(s);
	pthread_mutex_unlock(&s->leading);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc ? hp_fail_errno(err, rc, "start a thread for files") : 0;
}

static void wait_for_all(struct server *s)
{
	for (unsigned i = 0; i < __atomic_load_n(&s->n_workers, __ATOMIC_ACQUIRE); i++) {
		pthread_join(s->workers[i].thread, NULL);
		munmap(s->workers[i].buffer, BUFFER_BYTES);
	}
}

int hp_files_serve(int port, const struct hp_files_share *shares, size_t n, unsigned workers,
		   struct hp_error *err)
{
	struct server s = {.max_workers = workers ? workers : WORKERS_DEFAULT};
	int rc;

	if (s.max_workers > WORKERS_MAX)
		s.max_workers = WORKERS_MAX;
	/* An arena for each thread would keep memory that others could use. */
	mallopt(M_ARENA_MAX, 1);
	pthread_mutex_init(&s.leading, NULL);
	hp_files__port_init(&s.port, port);
	s.workers = hp_alloc_array(s.max_workers, sizeof(*s.workers));
	rc = hp_files__open(&s.files, shares, n, err);
	if (rc == 0)
		rc = start(&s, err);
	if (rc == 0) {
		wait_for_all(&s);
		*err = s.failure;
		rc = s.failure.code == HP_OK ? 0 : -1;
	}
	hp_files__close(&s.files);
	hp_files__port_free(&s.port);
	free(s.workers);
	pthread_mutex_destroy(&s.leading);
	return rc;
}
