/* SPDX-License-Identifier: Apache-2.0 */
/* guest-news.c - tests of src/guest/news.c, asked by a host. */
#include "guest/news.h"

#include <signal.h>

#include "guest-world.h"

#define EXITED(status) ((status) << 8)

static void watch_begin(struct guest_world *w, struct guest_call *c)
{
	Hp__Guest__WatchRequest r = HP__GUEST__WATCH_REQUEST__INIT;

	guest_call_begin(&w->host, c, "Watch", &r.base);
	links_settle(w->g.loop);
}

static Hp__Guest__WatchResponse *watch_end(struct guest_world *w, struct guest_call *c)
{
	return guest_call_end(&w->host, c, &hp__guest__watch_response__descriptor);
}

static void tells_when_there_is_something(void **state)
{
	Hp__Guest__WatchResponse *news;
	struct guest_call c;
	struct guest_world w;

	(void)state;
	guest_world_open(&w);
	watch_begin(&w, &c);
	assert_false(c.done);
	hp_guest_news_exit(&w.g, 4, EXITED(7));
	hp_guest_news_exit(&w.g, 9, SIGTERM);
	hp_guest_news_tell(&w.g);
	news = watch_end(&w, &c);
	assert_int_equal(news->n_exits, 2);
	assert_int_equal(news->exits[0]->number, 4);
	assert_int_equal(news->exits[0]->status, 7);
	assert_true(news->exits[0]->unix_ns > 0);
	assert_int_equal(news->exits[1]->number, 9);
	assert_int_equal(news->exits[1]->status, 128 + SIGTERM);
	assert_false(news->oom);
	hp__guest__watch_response__free_unpacked(news, NULL);

	/* Once only; and what happens meanwhile is kept. */
	hp_guest_news_exit(&w.g, 5, EXITED(0));
	hp_guest_news_tell(&w.g);
	watch_begin(&w, &c);
	news = watch_end(&w, &c);
	assert_int_equal(news->n_exits, 1);
	assert_int_equal(news->exits[0]->number, 5);
	hp__guest__watch_response__free_unpacked(news, NULL);
	guest_world_close(&w);
}

/* Clients take the end of init for the end of all. */
static void the_end_of_init_is_told_last(void **state)
{
	Hp__Guest__WatchResponse *news;
	struct hp_guest_process other = {.number = 1, .pid = 4242};
	struct hp_guest_process outside = {.number = 2, .pid = 4343, .outside = true};
	struct guest_call c;
	struct guest_world w;

	(void)state;
	guest_world_open(&w);
	w.g.processes = &other;
	other.next = &outside;
	watch_begin(&w, &c);
	hp_guest_news_exit(&w.g, 0, EXITED(3));
	hp_guest_news_tell(&w.g);
	links_settle(w.g.loop);
	assert_false(c.done);
	other.pid = 0;
	hp_guest_news_exit(&w.g, 1, SIGKILL);
	hp_guest_news_tell(&w.g);
	w.g.processes = NULL;
	news = watch_end(&w, &c);
	assert_int_equal(news->n_exits, 2);
	assert_int_equal(news->exits[0]->number, 1);
	assert_int_equal(news->exits[1]->number, 0);
	assert_int_equal(news->exits[1]->status, 3);
	hp__guest__watch_response__free_unpacked(news, NULL);
	guest_world_close(&w);
}

static void one_waits_at_a_time(void **state)
{
	Hp__Guest__WatchRequest r = HP__GUEST__WATCH_REQUEST__INIT;
	struct guest_call c;
	struct guest_world w;

	(void)state;
	guest_world_open(&w);
	watch_begin(&w, &c);
	guest_refused(&w.host, "Watch", &r.base, HP_ESTATE, "a Watch waits already");
	assert_false(c.done);
	guest_world_close(&w);
}

/* A host that goes away leaves its call behind; what happens after that is kept for the next. */
static void forgets_who_is_gone(void **state)
{
	struct guest_call c;
	struct guest_world w;

	(void)state;
	guest_world_open(&w);
	watch_begin(&w, &c);
	assert_non_null(w.g.news.watch);
	guest_host_close(&w.host);
	w.host.client = NULL;
	links_settle(w.g.loop);
	assert_null(w.g.news.watch);
	hp_guest_news_exit(&w.g, 1, EXITED(1));
	hp_guest_news_tell(&w.g);
	assert_int_equal(w.g.news.n_exits, 1);
	guest_world_close(&w);
}

static void tells_of_kills_for_memory(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "memory.events", "oom_kill 0\n");
	Hp__Guest__WatchResponse *news;
	struct guest_call c;
	struct guest_world w;

	(void)state;
	guest_world_open(&w);
	w.g.oom_fd = open(path, O_RDWR | O_CLOEXEC);
	watch_begin(&w, &c);
	hp_guest_news_check_oom(&w.g);
	hp_guest_news_tell(&w.g);
	assert_int_equal(pwrite(w.g.oom_fd, "oom_kill 2\n", 11, 0), 11);
	/* The end that the kill has brought comes first: the kill is told with it. */
	hp_guest_news_exit(&w.g, 1, SIGKILL);
	hp_guest_news_tell(&w.g);
	news = watch_end(&w, &c);
	assert_true(news->oom);
	assert_int_equal(news->n_exits, 1);
	hp__guest__watch_response__free_unpacked(news, NULL);

	watch_begin(&w, &c);
	hp_guest_news_check_oom(&w.g);
	hp_guest_news_tell(&w.g);
	links_settle(w.g.loop);
	assert_false(c.done);
	close(w.g.oom_fd);
	guest_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_when_there_is_something), FDS_TEST(the_end_of_init_is_told_last),
		FDS_TEST(one_waits_at_a_time),           FDS_TEST(forgets_who_is_gone),
		FDS_TEST(tells_of_kills_for_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
