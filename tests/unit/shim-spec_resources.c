/* SPDX-License-Identifier: Apache-2.0 */
/* shim-spec_resources.c - tests of src/shim/spec_resources.c. */
#include "shim-bundle.h"

/* Owns: the caller. NULL with @err filled. */
static Hp__Guest__UpdateRequest *update(const char *json, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf packed;

	hp_buf_init(&packed, 1 << 16);
	if (hp_shim_spec_update(hp_bytes_str(json), &packed, err) < 0)
		return NULL;
	return hp__guest__update_request__unpack(NULL, packed.len, packed.data);
}

static void free_request(Hp__Guest__UpdateRequest *r)
{
	hp__guest__update_request__free_unpacked(r, NULL);
}
HP_AUTO_PTR(Hp__Guest__UpdateRequest, free_request);

#define ABSENT INT64_MIN

static void expect(const Hp__Guest__Int *n, int64_t value)
{
	if (value == ABSENT)
		assert_null(n);
	else {
		assert_non_null(n);
		assert_int_equal(n->value, value);
	}
}

static void turns_memory(void **state)
{
	static const struct {
		const char *json;
		int64_t max, swap_max, low;
	} rows[] = {
		{"{}", ABSENT, ABSENT, ABSENT},
		{"{\"limit\":1000}", 1000, ABSENT, ABSENT},
		{"{\"limit\":1000,\"swap\":3000,\"reservation\":10}", 1000, 2000, 10},
		{"{\"limit\":1000,\"swap\":1000}", 1000, 0, ABSENT},
		{"{\"limit\":1000,\"swap\":-1}", 1000, -1, ABSENT},
		{"{\"limit\":-1}", -1, -1, ABSENT},
		{"{\"limit\":-1,\"swap\":5}", -1, 5, ABSENT},
		{"{\"limit\":0,\"reservation\":-1}", ABSENT, ABSENT, -1},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *json = hp_sprintf("{\"memory\":%s}", rows[i].json);
		struct hp_error err = HP_ERROR_INIT;
		AUTO(free_request) Hp__Guest__UpdateRequest *r = update(json, &err);

		assert_non_null(r);
		expect(r->resources->memory_max, rows[i].max);
		expect(r->resources->memory_swap_max, rows[i].swap_max);
		expect(r->resources->memory_low, rows[i].low);
	}
}

static void turns_cpu(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(free_request)
	Hp__Guest__UpdateRequest *r = update(
		"{\"cpu\":{\"shares\":1024,\"quota\":50000,\"period\":100000,\"cpus\":\"0-1\","
		"\"mems\":\"0\"},\"pids\":{\"limit\":-1}}",
		&err);
	AUTO(free_request)
	Hp__Guest__UpdateRequest *ends =
		update("{\"cpu\":{\"shares\":1,\"quota\":-1},\"pids\":{\"limit\":0}}", &err);
	AUTO(free_request)
	Hp__Guest__UpdateRequest *most = update("{\"cpu\":{\"shares\":999999999}}", &err);

	(void)state;
	expect(r->resources->cpu_weight, 39);
	expect(r->resources->cpu_quota_us, 50000);
	expect(r->resources->cpu_period_us, 100000);
	expect(r->resources->pids_max, -1);
	assert_string_equal(r->resources->cpuset_cpus, "0-1");
	assert_string_equal(r->resources->cpuset_mems, "0");
	expect(ends->resources->cpu_weight, 1);
	expect(ends->resources->cpu_quota_us, -1);
	expect(ends->resources->pids_max, ABSENT);
	expect(most->resources->cpu_weight, 10000);
}

static void passes_on_unified(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(free_request)
	Hp__Guest__UpdateRequest *r =
		update("{\"unified\":{\"memory.high\":\"5\",\"io.max\":\"8:0 rbps=1\"}}", &err);

	(void)state;
	assert_int_equal(r->resources->n_unified, 2);
	assert_string_equal(r->resources->unified[0]->key, "memory.high");
	assert_string_equal(r->resources->unified[1]->value, "8:0 rbps=1");
}

static void refuses(void **state)
{
	static const char *const wrong[][2] = {
		{"{\"memory\":{\"limit\":10,\"swap\":5}}", "memory.swap"},
		{"{\"memory\":{\"swap\":5}}", "memory.swap"},
		{"{\"memory\":{\"limit\":\"1g\"}}", "memory.limit"},
		{"{\"memory\":[]}", "resources.memory"},
		{"{\"cpu\":{\"period\":999}}", "cpu.period"},
		{"{\"cpu\":{\"period\":1000001}}", "cpu.period"},
		{"{\"cpu\":{\"quota\":999}}", "cpu.quota"},
		{"{\"cpu\":{\"shares\":-1}}", "cpu.shares"},
		{"{\"pids\":{\"limit\":1.5}}", "pids.limit"},
		{"{\"unified\":{\"../x\":\"1\"}}", "unified"},
		{"{\"unified\":{\"memory\":\"1\"}}", "unified"},
		{"{\"unified\":{\"cgroup.procs\":\"1\"}}", "unified"},
		{"{\"unified\":{\"memory.max\":1}}", "unified"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(wrong); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_null(update(wrong[i][0], &err));
		assert_int_equal(err.code, HP_EINVALID);
		if (!strstr(err.msg, wrong[i][1]))
			fail_msg("'%s' and not '%s'", err.msg, wrong[i][1]);
	}
}

static void warns(void **state)
{
	AUTO(hp_shim_spec_free)
	struct hp_shim_spec *spec =
		spec_of(CONFIG_BEGIN ",\"linux\":{\"resources\":{\"blockIO\":{\"weight\":10},"
				     "\"network\":{},\"devices\":[]}}}");

	(void)state;
	assert_true(warned(spec, "blockIO"));
	assert_false(warned(spec, "resources.network"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(turns_memory), FDS_TEST(turns_cpu), FDS_TEST(passes_on_unified),
		FDS_TEST(refuses),      FDS_TEST(warns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
