/* SPDX-License-Identifier: Apache-2.0 */
/* engine-fake_container.c - tests of src/engine/fake_container.c. */
#include "fake-engine.h"

#include "wire/json.h"

static struct hp_json *detail_of(struct hp_engine *e, const char *id)
{
	AUTO(hp_container_free) struct hp_container *c = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *json = NULL;

	assert_int_equal(hp_engine_inspect(e, id, &c, &err), 0);
	assert_int_equal(hp_json_parse(hp_bytes_str(c->detail_json), &json, &err), 0);
	return json;
}

static void limits_show_in_its_document(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	const struct hp_resources first = {.memory_bytes = 1000, .cpuset_cpus = "0-1"};
	const struct hp_resources second = {.cpu_nano = 500000000, .cpuset_cpus = "3"};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO_FREE char *id = fake_create(e, ARGS("true"));
	assert_int_equal(hp_engine_update(e, id, &first, &err), 0);
	assert_int_equal(hp_engine_update(e, id, &second, &err), 0);
	AUTO(hp_json_free) struct hp_json *json = detail_of(e, id);
	const struct hp_json *limits = hp_json_get(json, "Resources");
	assert_int_equal(hp_json_i64(hp_json_get(limits, "Memory"), -1), 1000);
	assert_int_equal(hp_json_i64(hp_json_get(limits, "NanoCpus"), -1), 500000000);
	assert_string_equal(hp_json_get_str(limits, "CpusetCpus"), "3");
	assert_string_equal(hp_json_get_str(json, "State"), "created");
}

static void what_has_ended_takes_no_limits(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	const struct hp_resources limits = {.memory_bytes = 1000};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("true"), NULL);
	assert_int_equal(hp_engine_update(e, id, &limits, &err), -1);
	assert_int_equal(err.code, HP_ESTATE);
}

static void commands_come_together_as_docker_does_it(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	static const struct {
		const char *const entrypoint[3];
		const char *const args[3];
		const char *command; /* NULL: it is refused */
	} rows[] = {
		{{NULL}, {NULL}, "sh"},
		{{NULL}, {"echo", "x"}, "echo x"},
		{{"echo", "a"}, {"b"}, "echo a b"},
		{{"cat"}, {NULL}, "cat"},
		{{""}, {"true"}, "true"},
		{{""}, {NULL}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		const struct hp_container_spec spec = {
			.image = "busybox",
			.entrypoint = rows[i].entrypoint[0] ? rows[i].entrypoint : NULL,
			.args = rows[i].args,
		};
		struct hp_error err = HP_ERROR_INIT;
		AUTO(hp_container_free) struct hp_container *c = NULL;
		AUTO_FREE char *id = NULL;
		int result = hp_engine_create(e, &spec, &id, &err);
		assert_int_equal(result, rows[i].command ? 0 : -1);
		if (result < 0)
			continue;
		assert_int_equal(hp_engine_inspect(e, id, &c, &err), 0);
		assert_string_equal(c->command, rows[i].command);
	}
}

/* Create with @spec must fail with @code and leave nothing. */
static void check_refused(const struct hp_container_spec *spec, enum hp_code code)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	struct hp_error err = HP_ERROR_INIT;
	struct hp_census census;
	char *id = NULL;

	assert_int_equal(hp_engine_create(e, spec, &id, &err), -1);
	assert_int_equal(err.code, code);
	assert_int_equal(hp_engine_census(e, &census, &err), 0);
	assert_int_equal(census.containers, 0);
}

static void it_looks_before_it_makes(void **state)
{
	const struct hp_mount relative = {.source = "/tmp", .target = "not/absolute"};

	(void)state;
	check_refused(&(struct hp_container_spec){.image = "busybox", .runtime = "no-runtime"},
		      HP_ENOTFOUND);
	check_refused(&(struct hp_container_spec){.image = "busybox", .network = "bridge"},
		      HP_EUNSUPPORTED);
	check_refused(&(struct hp_container_spec){.image = "busybox", .user = "4294967296"},
		      HP_ENOTFOUND);
	check_refused(&(struct hp_container_spec){.image = "busybox",
						  .mounts = &relative,
						  .n_mounts = 1},
		      HP_EINVALID);
	check_refused(&(struct hp_container_spec){.image = "busybox", .stop_signal = "BOOM"},
		      HP_EINVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(limits_show_in_its_document),
		FDS_TEST(what_has_ended_takes_no_limits),
		FDS_TEST(commands_come_together_as_docker_does_it),
		FDS_TEST(it_looks_before_it_makes),
	};

	return cmocka_run_group_tests_name("engine-fake_container", tests, NULL, NULL);
}
