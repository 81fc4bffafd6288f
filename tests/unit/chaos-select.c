/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-select.c - tests of src/chaos/select.c. */
#include "chaos/select.h"

#include "scratch.h"

static struct hp_container_list *list_of(const char *const *names)
{
	struct hp_container_list *list = hp_alloc(sizeof(*list));

	for (size_t i = 0; names[i]; i++) {
		struct hp_container *c = hp_container_new();
		AUTO_FREE char *id = hp_sprintf("id-%s", names[i]);
		hp_field_set(&c->id, id);
		hp_field_set(&c->name, names[i]);
		c->state = HP_STATE_RUNNING;
		hp_container_list_add(list, c);
	}
	return list;
}

static const char *const five[] = {"web2", "db", "web1", "cache", "app", NULL};

/* The names that are chosen, joined by blanks. */
static char *chosen(const struct hp_selector *s, const struct hp_container_list *list,
		    bool stopped_too)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};
	size_t count = 0;
	AUTO_FREE const struct hp_container **items =
		hp_select_all(s, list, stopped_too, &count);

	for (size_t i = 0; i < count; i++)
		hp_strv_add(&names, items[i]->name);
	return hp_strv_join(hp_strv_view(&names), " ");
}

static void expect(const struct hp_selector *s, const char *want)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = list_of(five);
	AUTO_FREE char *got = chosen(s, list, false);

	assert_string_equal(got, want);
}

static void by_names_and_ids(void **state)
{
	(void)state;
	static const char *const two[] = {"db", "id-web1", "we", "id-ap", NULL};
	static const char *const slashed[] = {"/app", NULL};

	expect(&(struct hp_selector){0}, "app cache db web1 web2");
	expect(&(struct hp_selector){.names = two}, "db web1");
	expect(&(struct hp_selector){.names = slashed}, "app");
}

static void by_pattern(void **state)
{
	(void)state;
	expect(&(struct hp_selector){.pattern = "^web"}, "web1 web2");
	expect(&(struct hp_selector){.pattern = "^/web"}, "web1 web2");
	expect(&(struct hp_selector){.pattern = "b"}, "db web1 web2");
	expect(&(struct hp_selector){.pattern = ""}, "app cache db web1 web2");
	expect(&(struct hp_selector){.pattern = "("}, "");
	expect(&(struct hp_selector){.pattern = "\\d$"}, "web1 web2");
}

static void a_bad_pattern_is_named(void **state)
{
	(void)state;
	struct hp_pattern *p = NULL;
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_pattern_new("a(b", &p, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_non_null(strstr(err.msg, "'a(b'"));
	hp_pattern_free(NULL);
}

/* A pattern that would try for hours gives up, which is no match. */
static void an_endless_pattern_gives_up(void **state)
{
	(void)state;
	AUTO(hp_pattern_free) struct hp_pattern *p = NULL;
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_pattern_new("^(a+)+$", &p, &err), 0);
	assert_true(hp_pattern_fits(p, "aaaa"));
	assert_false(hp_pattern_fits(p, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
}

static void by_labels(void **state)
{
	(void)state;
	AUTO(hp_container_list_free) struct hp_container_list *list = list_of(five);
	static const char *const key[] = {"tier", NULL};
	static const char *const both[] = {"tier=front", "zone", NULL};
	static const char *const empty[] = {"zone=", NULL};

	hp_labels_add(&list->items[0]->labels, "tier", "front");
	hp_labels_add(&list->items[0]->labels, "zone", "");
	hp_labels_add(&list->items[1]->labels, "tier", "back");
	AUTO_FREE char *a = chosen(&(struct hp_selector){.labels = key}, list, false);
	assert_string_equal(a, "db web2");
	AUTO_FREE char *b = chosen(&(struct hp_selector){.labels = both}, list, false);
	assert_string_equal(b, "web2");
	AUTO_FREE char *c = chosen(&(struct hp_selector){.labels = empty}, list, false);
	assert_string_equal(c, "web2");
}

static void never_pumba_nor_what_is_to_be_skipped(void **state)
{
	(void)state;
	AUTO(hp_container_list_free) struct hp_container_list *list = list_of(five);
	static const char *const named[] = {"web2", "db", "web1", NULL};

	hp_labels_add(&list->items[0]->labels, "com.gaiaadm.pumba", "true");
	hp_labels_add(&list->items[1]->labels, "com.gaiaadm.pumba.skip", "true");
	hp_labels_add(&list->items[2]->labels, "com.gaiaadm.pumba.skip", "false");
	AUTO_FREE char *got = chosen(&(struct hp_selector){.names = named}, list, true);
	assert_string_equal(got, "web1");
}

static void those_that_do_not_run_only_when_asked(void **state)
{
	(void)state;
	AUTO(hp_container_list_free) struct hp_container_list *list = list_of(five);

	list->items[0]->state = HP_STATE_EXITED;
	list->items[1]->state = HP_STATE_PAUSED;
	list->items[2]->state = HP_STATE_CREATED;
	AUTO_FREE char *running = chosen(&(struct hp_selector){0}, list, false);
	assert_string_equal(running, "app cache");
	AUTO_FREE char *all = chosen(&(struct hp_selector){0}, list, true);
	assert_string_equal(all, "app cache db web1 web2");
}

/* Every container is chosen about as often as the others. */
static void limit_and_random_are_fair(void **state)
{
	(void)state;
	AUTO(hp_container_list_free) struct hp_container_list *list = list_of(five);
	struct hp_chance chance = {.state = 1};
	const struct hp_selector limit = {.limit = 2}, one = {.limit = 4, .random = true};
	int seen[2][128] = {{0}};

	for (int round = 0; round < 5000; round++) {
		size_t count = 0;
		AUTO_FREE const struct hp_container **items =
			hp_select_all(&limit, list, false, &count);
		assert_int_equal(hp_select_some(&limit, items, count, &chance), 2);
		assert_ptr_not_equal(items[0], items[1]);
		seen[0][(int)items[0]->name[0]]++;
		seen[0][(int)items[1]->name[0]]++;
		assert_int_equal(hp_select_some(&one, items, count, &chance), 1);
		seen[1][(int)items[0]->name[0]]++;
	}
	/* "a", "c" and "d" are one each, "w" is two. */
	assert_in_range(seen[0]['a'], 1800, 2200);
	assert_in_range(seen[0]['w'], 3700, 4300);
	assert_in_range(seen[1]['d'], 850, 1150);
	assert_in_range(seen[1]['w'], 1800, 2200);
}

static void fewer_than_the_limit_are_all(void **state)
{
	(void)state;
	AUTO(hp_container_list_free) struct hp_container_list *list = list_of(five);
	struct hp_chance chance = {.state = 1};
	const struct hp_selector s = {.limit = 9};
	size_t count = 0;
	AUTO_FREE const struct hp_container **items = hp_select_all(&s, list, false, &count);

	assert_int_equal(hp_select_some(&s, items, count, &chance), 5);
	assert_string_equal(items[0]->name, "app");
	assert_int_equal(hp_select_some(&s, items, 0, &chance), 0);
	assert_int_equal(hp_chance_below(&chance, 0), 0);
	assert_int_equal(hp_chance_below(&chance, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(by_names_and_ids),
		FDS_TEST(by_pattern),
		FDS_TEST(a_bad_pattern_is_named),
		FDS_TEST(an_endless_pattern_gives_up),
		FDS_TEST(by_labels),
		FDS_TEST(never_pumba_nor_what_is_to_be_skipped),
		FDS_TEST(those_that_do_not_run_only_when_asked),
		FDS_TEST(limit_and_random_are_fair),
		FDS_TEST(fewer_than_the_limit_are_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
