/* SPDX-License-Identifier: Apache-2.0 */
/* pool_warm.c - keep clones ready. */
#include "vm/pool_warm.h"

#include <string.h>
#include <sys/epoll.h>

#include "base/alloc.h"

#define PAUSE_MS 1000  /* a container that starts shall have the processors */
#define RETRY_MS 10000 /* after one could not be made */

struct slot {
	struct slot *next;
	struct hp_pool_warm *pool;
	int sock; /* of its holder */
	struct hp_watch watch;
	bool ready;
	struct hp_warm warm;
};

struct hp_pool_warm {
	struct hp_loop *loop;
	const struct hp_vm_config *config;
	struct hp_pool_store *store;
	struct hp_pool_request wanted; /* key "": nothing */
	struct slot *slots;
	struct hp_timer timer;
};

struct hp_pool_warm *hp_pool_warm_new(struct hp_loop *l, const struct hp_vm_config *c,
				      struct hp_pool_store *store)
{
	struct hp_pool_warm *w = hp_alloc(sizeof(*w));

	w->loop = l;
	w->config = c;
	w->store = store;
	return w;
}

/* Its holder ends the machine, unless it was handed over. */
static void drop(struct slot *s)
{
	struct slot **at = &s->pool->slots;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	hp_watch_stop(&s->watch);
	hp_warm_clear(&s->warm);
	close(s->sock);
	free(s);
}

static void drop_all(struct hp_pool_warm *w)
{
	while (w->slots)
		drop(w->slots);
}

void hp_pool_warm_free(struct hp_pool_warm *w)
{
	if (!w)
		return;
	drop_all(w);
	hp_timer_stop(&w->timer);
	free(w);
}

static void fill(void *data, uint32_t events);

static void on_slot(void *data, uint32_t events)
{
	struct slot *s = data;
	struct hp_pool_warm *w = s->pool;
	struct hp_error ignored = HP_ERROR_INIT;

	(void)events;
	if (!s->ready && hp_holder_read(s->sock, &s->warm, &ignored) == 0) {
		s->ready = true;
		hp_timer_start(w->loop, &w->timer, 0, fill, w);
		return;
	}
	/* It could not be made, or it has ended while it waited. */
	drop(s);
	hp_timer_start(w->loop, &w->timer, RETRY_MS, fill, w);
}

static int make(struct hp_pool_warm *w, struct hp_error *err)
{
	struct hp_host host;
	struct hp_holder h = {.config = w->config, .host = &host, .request = &w->wanted};
	struct slot *s;
	int sock;

	if (hp_host_learn(w->config, &host, err) < 0 ||
	    hp_pool_store_get(w->store, w->wanted.key, &h.template, err) < 0 ||
	    hp_holder_start(&h, &sock, err) < 0)
		return -1;
	s = hp_alloc(sizeof(*s));
	*s = (struct slot){.next = w->slots, .pool = w, .sock = sock, .warm = HP_WARM_INIT};
	w->slots = s;
	return hp_watch_start(w->loop, &s->watch, sock, EPOLLIN, on_slot, s, err);
}

/* Make the next one, if there is one to be made. */
static void fill(void *data, uint32_t events)
{
	struct hp_pool_warm *w = data;
	struct hp_error ignored = HP_ERROR_INIT;
	unsigned n = 0;

	(void)events;
	for (const struct slot *s = w->slots; s; s = s->next) {
		if (!s->ready)
			return;
		n++;
	}
	if (!w->wanted.key[0] || n >= w->config->warm)
		return;
	if (make(w, &ignored) < 0)
		hp_timer_start(w->loop, &w->timer, RETRY_MS, fill, w);
}

void hp_pool_warm_want(struct hp_pool_warm *w, const struct hp_pool_request *request)
{
	if (w->config->warm == 0)
		return;
	if (strcmp(w->wanted.key, request->key) != 0)
		drop_all(w);
	w->wanted = *request;
	hp_timer_start(w->loop, &w->timer, PAUSE_MS, fill, w);
}

bool hp_pool_warm_take(struct hp_pool_warm *w, const char *key, struct hp_warm *ret)
{
	struct slot *s = w->slots;

	if (strcmp(w->wanted.key, key) != 0)
		return false;
	while (s && !s->ready)
		s = s->next;
	if (!s)
		return false;
	*ret = s->warm;
	s->warm = (struct hp_warm)HP_WARM_INIT;
	drop(s);
	return true;
}

void hp_pool_warm_forget(struct hp_pool_warm *w, const char *key)
{
	if (strcmp(w->wanted.key, key) != 0)
		return;
	drop_all(w);
	w->wanted.key[0] = '\0';
}
