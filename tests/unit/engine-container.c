/* SPDX-License-Identifier: Apache-2.0 */
/* engine-container.c - tests of src/engine/container.c. */
#include "engine/engine_impl.h"

#include "fds.h"

static void add(struct hp_container_list *list, const char *id, const char *name,
		int64_t created_ns)
{
	struct hp_container *c = hp_container_new();

	hp_field_set(&c->id, id);
	hp_field_set(&c->name, name);
	c->created_ns = created_ns;
	hp_container_list_add(list, c);
}

static struct hp_container_list *make_list(void)
{
	struct hp_container_list *list = calloc(1, sizeof(*list));

	add(list, "abc111", "one", 10);
	add(list, "abd222", "two", 30);
	add(list, "xyz333", "abc", 20);
	add(list, "abe444", "abd222", 20);
	return list;
}

static void states_have_words(void **state)
{
	(void)state;
	assert_string_equal(hp_state_name(HP_STATE_CREATED), "created");
	assert_string_equal(hp_state_name(HP_STATE_DEAD), "dead");
	assert_string_equal(hp_state_name((enum hp_state)99), "unknown");
	assert_string_equal(hp_state_name((enum hp_state) - 1), "unknown");
}

static void new_ones_have_no_null_strings(void **state)
{
	struct hp_container *c = hp_container_new();

	(void)state;
	assert_string_equal(c->id, "");
	assert_string_equal(c->netns_path, "");
	assert_null(c->detail_json);
	hp_container_free(c);
	hp_container_free(NULL);
	hp_container_list_free(NULL);
}

static void is_named_by_its_labels(void **state)
{
	static const struct {
		const char *labels[4][2];
		const char *want;
	} rows[] = {
		{{{0}}, "id"},
		{{{"io.kubernetes.pod.namespace", "ns"},
		  {"io.kubernetes.pod.name", "pod"},
		  {"io.kubernetes.container.name", "app"},
		  {"nerdctl/name", "x"}},
		 "ns/pod/app"},
		{{{"io.kubernetes.pod.name", "pod"}, {"io.kubernetes.container.name", "app"}},
		 "pod/app"},
		{{{"io.kubernetes.pod.namespace", "ns"},
		  {"io.kubernetes.container.name", "app"}},
		 "app"},
		{{{"io.kubernetes.pod.name", "pod"}}, "id"},
		{{{"com.docker.compose.service", "db"}, {"nerdctl/name", "web"}}, "web"},
		{{{"com.docker.compose.service", "db"}, {"nerdctl/name", ""}}, "db"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_container_free) struct hp_container *c = hp_container_new();
		for (size_t j = 0; j < 4 && rows[i].labels[j][0]; j++)
			hp_labels_add(&c->labels, rows[i].labels[j][0], rows[i].labels[j][1]);
		hp_container_name_by_labels(c, "id");
		assert_string_equal(c->name, rows[i].want);
	}
}

static void sorts_newest_first_then_by_id(void **state)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = make_list();
	struct hp_container_list empty = {0};
	static const char *const want[] = {"abd222", "abe444", "xyz333", "abc111"};

	(void)state;
	hp_container_list_sort(&empty);
	hp_container_list_sort(list);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(list->items[i]->id, want[i]);
}

static void finds_by_id_then_name_then_beginning(void **state)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = make_list();
	static const struct {
		const char *ref;
		const char *id; /* NULL: it fails with @code */
		enum hp_code code;
	} rows[] = {
		{"abc111", "abc111", HP_OK},     {"two", "abd222", HP_OK},
		{"abd222", "abd222", HP_OK},     {"abc", "xyz333", HP_OK},
		{"x", "xyz333", HP_OK},          {"ab", NULL, HP_EINVALID},
		{"nothing", NULL, HP_ENOTFOUND}, {"", NULL, HP_EINVALID},
		{NULL, NULL, HP_EINVALID},       {"abc1112", NULL, HP_ENOTFOUND},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		const struct hp_container *found = NULL;
		struct hp_error err = HP_ERROR_INIT;
		int result = hp_container_list_find(list, rows[i].ref, &found, &err);
		assert_int_equal(err.code, rows[i].code);
		assert_int_equal(result, rows[i].id ? 0 : -1);
		if (rows[i].id)
			assert_string_equal(found->id, rows[i].id);
		else
			assert_null(found);
	}
}

static void lists_grow(void **state)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = calloc(1, sizeof(*list));

	(void)state;
	for (int i = 0; i < 1000; i++)
		add(list, "same", "same", i);
	hp_container_list_sort(list);
	assert_int_equal(list->count, 1000);
	assert_int_equal(list->items[0]->created_ns, 999);
	assert_int_equal(list->items[999]->created_ns, 0);
}

static void keeps_what_a_filter_asks_for(void **state)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = make_list();
	const struct hp_list_filter labelled = {.labels = (const char *const[]){"k=v", NULL},
						.all = true};
	const struct hp_list_filter running = {0};

	(void)state;
	hp_labels_add(&list->items[1]->labels, "k", "v");
	hp_labels_add(&list->items[2]->labels, "k", "other");
	hp_labels_add(&list->items[3]->labels, "k", "v");
	list->items[3]->state = HP_STATE_PAUSED;
	hp_container_list_filter(list, &labelled);
	assert_int_equal(list->count, 2);
	assert_string_equal(list->items[0]->id, "abd222");
	hp_container_list_filter(list, &running);
	assert_int_equal(list->count, 1);
	assert_string_equal(list->items[0]->id, "abe444");
	hp_container_list_filter(list, &running);
	assert_int_equal(list->count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(states_have_words),
		FDS_TEST(new_ones_have_no_null_strings),
		FDS_TEST(is_named_by_its_labels),
		FDS_TEST(sorts_newest_first_then_by_id),
		FDS_TEST(finds_by_id_then_name_then_beginning),
		FDS_TEST(lists_grow),
		FDS_TEST(keeps_what_a_filter_asks_for),
	};

	return cmocka_run_group_tests_name("engine-container", tests, NULL, NULL);
}
