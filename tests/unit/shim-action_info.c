/* SPDX-License-Identifier: Apache-2.0 */
/* shim-action_info.c - tests of src/shim/action_info.c, and of what else the program prints. */
#include "shim-program.h"
#include "wire/json.h"

static void run_words(const char *word, struct run *r)
{
	const char *argv[] = {"shim", word, NULL};

	run_program("/", HP_BYTES("", 0), argv, r);
}

static void tells_what_it_can_do(void **state)
{
	AUTO(run_clear) struct run r = {0};
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	AUTO(hp_json_free) struct hp_json *features = NULL;
	struct hp_error err = HP_ERROR_INIT;
	const Hp__Shim__RuntimeInfo *info;

	(void)state;
	run_words("-info", &r);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_int_equal(hp_shim_unpack(&hp__shim__runtime_info__descriptor,
					hp_bytes_str(r.out), &m, &err),
			 0);
	info = (const Hp__Shim__RuntimeInfo *)(const void *)m;
	assert_string_equal(info->name, "io.containerd.harpoon.v1");
	assert_string_equal(info->version->version, HP_VERSION);
	assert_int_equal(
		hp_json_parse(HP_BYTES(info->features->value.data, info->features->value.len),
			      &features, &err),
		0);
	assert_true(hp_json_bool(hp_json_path(features, "linux.seccomp.enabled"), false));
	assert_false(hp_json_bool(hp_json_path(features, "linux.mountExtensions.idmap.enabled"),
				  true));
}

static void prints_for_people(void **state)
{
	static const struct {
		const char *word, *out, *err;
		int status;
	} rows[] = {
		{"-v", "containerd-shim-harpoon-v1 " HP_VERSION, "", 0},
		{"--help", "Usage: containerd-shim-harpoon-v1", "", 0},
		{"-what", "", "there is no flag '-what'", 2},
		{"stop", "", "'stop' is neither start nor delete", 2},
		{"-debug", "", "containerd calls this program", 2},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(run_clear) struct run r = {0};

		run_words(rows[i].word, &r);
		assert_int_equal(r.status, rows[i].status);
		assert_non_null(strstr(r.out, rows[i].out));
		assert_non_null(strstr(r.err, rows[i].err));
		assert_true(r.status == 0 || r.out[0] == '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_what_it_can_do),
		FDS_TEST(prints_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
