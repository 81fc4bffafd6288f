/* SPDX-License-Identifier: Apache-2.0 */
/* news.c - owns what the host is to be told, and the call that waits for it. */
#include "guest/news.h"

#include <sys/wait.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "guest/answer.h"

static bool others_live(const struct hp_guest *g)
{
	for (const struct hp_guest_process *p = g->processes; p; p = p->next)
		if (p->pid && !p->outside)
			return true;
	return false;
}

static void add(struct hp_guest_news *n, Hp__Guest__Exit *take_exit)
{
	n->exits = hp_realloc_array(n->exits, n->n_exits + 1, sizeof(*n->exits));
	n->exits[n->n_exits++] = take_exit;
}

void hp_guest_news_exit(struct hp_guest *g, uint32_t number, int wait_status)
{
	Hp__Guest__Exit *e = hp_alloc(sizeof(*e));

	hp__guest__exit__init(e);
	e->number = number;
	e->status = WIFSIGNALED(wait_status) ? 128 + (uint32_t)WTERMSIG(wait_status)
					     : (uint32_t)WEXITSTATUS(wait_status);
	e->unix_ns = hp_clock_unix_ns();
	if (number == 0)
		g->held_exit = e;
	else
		add(&g->news, e);
	/* Clients take the end of init for the end of all. */
	if (g->held_exit && !others_live(g))
		add(&g->news, TAKE(g->held_exit));
}

static void forget_exits(struct hp_guest_news *n)
{
	for (size_t i = 0; i < n->n_exits; i++)
		free(n->exits[i]);
	free(n->exits);
	n->exits = NULL;
	n->n_exits = 0;
}

void hp_guest_news_check_oom(struct hp_guest *g)
{
	uint64_t kills = hp_guest_cgroup_oom_kills(g->oom_fd);

	if (kills > g->oom_kills)
		g->news.oom = true;
	g->oom_kills = kills;
}

void hp_guest_news_tell(struct hp_guest *g)
{
	struct hp_guest_news *n = &g->news;
	Hp__Guest__WatchResponse response = HP__GUEST__WATCH_RESPONSE__INIT;

	/* A kill for memory is to be told before the end that it brought, at the latest with it. */
	if (n->n_exits > 0)
		hp_guest_news_check_oom(g);
	if (!n->watch || (n->n_exits == 0 && !n->oom))
		return;
	response.exits = n->exits;
	response.n_exits = n->n_exits;
	response.oom = n->oom;
	hp_guest_answer(&n->watch, &response.base);
	n->oom = false;
	forget_exits(n);
}

static void on_gone(void *data, uint32_t events)
{
	struct hp_guest *g = data;

	(void)events;
	g->news.watch = NULL;
}

int hp_guest_news_watch(struct hp_guest *g, struct hp_ttrpc_call *take_call,
			struct hp_error *err)
{
	if (g->news.watch)
		return hp_fail(err, HP_ESTATE, "a Watch waits already");
	g->news.watch = take_call;
	hp_ttrpc_call_on_gone(take_call, on_gone, g);
	hp_guest_news_tell(g);
	return 0;
}

void hp_guest_news_free(struct hp_guest *g)
{
	forget_exits(&g->news);
	free(TAKE(g->held_exit));
}
