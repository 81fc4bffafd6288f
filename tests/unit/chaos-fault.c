/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-fault.c - tests of src/chaos/fault.c. */
#include "chaos/fault.h"

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

static void comes_back_from_its_document(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	struct hp_fault *f, *g = NULL;

	chaos_world_open(&w, 1);
	w.config.address = "/some/socket";
	w.config.timeout_ms = 4321;
	f = chaos_world_fault(&w, "a", 7);
	f->allow_host = true;
	f->began_ns = 99;
	AUTO(hp_json_free) struct hp_json *doc = hp_fault_to_json(f);
	OK(hp_fault_from_json(doc, w.journal, &g, &err));
	assert_string_equal(g->id, "test-7");
	assert_ptr_equal(g->action, &chaos_mark);
	assert_string_equal(g->container->id, f->container->id);
	assert_string_equal(g->container->name, "a");
	assert_string_equal(g->container->engine, "fake");
	assert_string_equal(hp_json_get_str(g->args, "dir"), w.dir);
	assert_true(g->allow_host);
	assert_int_equal(g->duration_ns, w.plan.duration_ns);
	assert_int_equal(g->began_ns, 99);
	assert_int_equal(g->guard, getpid());
	assert_string_equal(g->reach->config.address, "/some/socket");
	assert_string_equal(g->reach->config.state_root, w.state);
	assert_int_equal(g->reach->config.timeout_ms, 4321);
	assert_string_equal(g->reach->engine_name, "fake");
	AUTO(hp_json_free) struct hp_json *again = hp_fault_to_json(g);
	AUTO_FREE char *a = hp_json_text(doc, false);
	AUTO_FREE char *b = hp_json_text(again, false);
	assert_string_equal(a, b);
	hp_fault_free(f);
	hp_fault_free(g);
}

/* What identifies the process is taken down when the fault is made. */
static void knows_its_target(void **state)
{
	(void)state;
	struct hp_client_config config = {0};
	const struct hp_fault_world world = {
		.engine_name = "fake", .config = &config, .journal = "/nowhere"};
	AUTO(hp_container_free) struct hp_container *c = hp_container_new();

	c->pid = getpid();
	AUTO(hp_fault_free)
	struct hp_fault *f = hp_fault_new(&world, "x-1", &chaos_mark, c, NULL);
	assert_true(f->reach->started > 0);
	assert_true(f->reach->netns_inode > 0);
	assert_true(hp_json_is_object(f->args));
	c->pid = 0;
	AUTO(hp_fault_free)
	struct hp_fault *g = hp_fault_new(&world, "x-2", &chaos_mark, c, NULL);
	assert_int_equal(g->reach->started, 0);
	assert_int_equal(g->reach->netns_inode, 0);
}

/* A pid of another host is somebody else's here. */
static void trusts_no_pid_of_another_host(void **state)
{
	(void)state;
	struct hp_client_config config = {.address = "ignored"};
	const struct hp_fault_world far = {.engine_name = "fake",
					   .address = "tcp://far.example:2375",
					   .config = &config,
					   .journal = "/nowhere"};
	AUTO(hp_container_free) struct hp_container *c = hp_container_new();

	c->pid = getpid();
	hp_field_set(&c->id, "0123456789abcdef");
	AUTO(hp_fault_free)
	struct hp_fault *f = hp_fault_new(&far, "x-1", &chaos_mark, c, NULL);
	assert_int_equal(f->container->pid, 0);
	assert_int_equal(f->reach->netns_inode, 0);
	assert_string_equal(f->reach->config.address, "tcp://far.example:2375");
	/* One whose cgroup bears the id is here after all: ours has a slash in its path. */
	hp_field_set(&c->id, "/");
	AUTO(hp_fault_free)
	struct hp_fault *g = hp_fault_new(&far, "x-2", &chaos_mark, c, NULL);
	assert_int_equal(g->container->pid, getpid());
}

static void refuses_what_is_none(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"null",
		"{}",
		"{\"form\":1}",
		"{\"form\":2,\"id\":\"a-1\",\"action\":\"mark\",\"args\":{},"
		"\"engine\":{\"name\":\"fake\"},\"container\":{\"id\":\"c\"}}",
		"{\"form\":1,\"id\":\"a-1\",\"action\":\"strike\",\"args\":{},"
		"\"engine\":{\"name\":\"fake\"},\"container\":{\"id\":\"c\"}}",
		"{\"form\":1,\"id\":\"a-1\",\"action\":\"mark\",\"args\":{},"
		"\"engine\":{\"name\":\"fake\"},\"container\":{\"id\":\"\"}}",
		"{\"form\":1,\"id\":\"a-1\",\"action\":\"mark\",\"args\":[],"
		"\"engine\":{\"name\":\"fake\"},\"container\":{\"id\":\"c\"}}",
		"{\"form\":1,\"id\":\"a-1\",\"action\":\"mark\",\"args\":{},"
		"\"engine\":{},\"container\":{\"id\":\"c\"}}",
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		AUTO(hp_json_free) struct hp_json *doc = NULL;
		struct hp_fault *f = NULL;
		OK(hp_json_parse(hp_bytes_str(texts[i]), &doc, &err));
		FAILS(HP_ECORRUPT, hp_fault_from_json(doc, "/nowhere", &f, &err));
	}
}

/* A pid from a file is never a group of processes, nor all of them. */
static void takes_no_pid_that_means_many(void **state)
{
	(void)state;
	static const char *const pids[] = {"-1", "0", "1", "4294967297"};

	for (size_t i = 0; i < HP_ARRAY_LEN(pids); i++) {
		AUTO(hp_json_free) struct hp_json *doc = NULL;
		AUTO(hp_fault_free) struct hp_fault *f = NULL;
		AUTO_FREE char *text =
			hp_sprintf("{\"form\":1,\"id\":\"a-1\",\"action\":\"mark\",\"args\":{},"
				   "\"engine\":{\"name\":\"fake\"},"
				   "\"container\":{\"id\":\"c\",\"pid\":%s}}",
				   pids[i]);
		OK(hp_json_parse(hp_bytes_str(text), &doc, &err));
		OK(hp_fault_from_json(doc, "/nowhere", &f, &err));
		assert_int_equal(f->container->pid, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(comes_back_from_its_document),  FDS_TEST(knows_its_target),
		FDS_TEST(trusts_no_pid_of_another_host), FDS_TEST(refuses_what_is_none),
		FDS_TEST(takes_no_pid_that_means_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
