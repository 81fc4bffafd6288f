/* SPDX-License-Identifier: Apache-2.0 */
/* shim-args.c - tests of src/shim/args.c. */
#include "shim/args.h"

#include <string.h>

#include "fds.h"

#define ARGV_MAX 20

/* Parse words that are separated by blanks. */
static int parse(const char *words, struct hp_shim_args *ret, struct hp_error *err)
{
	static char text[512]; /* what *ret borrows from */
	const char *argv[ARGV_MAX] = {"shim"};
	int argc = 1;
	char *save = NULL;

	snprintf(text, sizeof(text), "%s", words);
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return hp_shim_args_parse(argc, argv, ret, err);
}

static void reads_what_containerd_passes(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_args a;

	(void)state;
	assert_int_equal(parse("-namespace default -address /run/c.sock -publish-binary /bin/c "
			       "-id web -debug start",
			       &a, &err),
			 0);
	assert_int_equal(a.action, HP_SHIM_START);
	assert_string_equal(a.ns, "default");
	assert_string_equal(a.address, "/run/c.sock");
	assert_string_equal(a.publish_binary, "/bin/c");
	assert_string_equal(a.id, "web");
	assert_string_equal(a.bundle, "");
	assert_true(a.debug);

	assert_int_equal(parse("--namespace=default --id=web --bundle=/b --debug=false delete",
			       &a, &err),
			 0);
	assert_int_equal(a.action, HP_SHIM_DELETE);
	assert_string_equal(a.bundle, "/b");
	assert_false(a.debug);
	/* What follows the action is not looked at, as in Go. */
	assert_int_equal(parse("-namespace n -id i -- start -what", &a, &err), 0);
	assert_int_equal(a.action, HP_SHIM_START);
}

static void knows_switches_that_are_actions(void **state)
{
	static const struct {
		const char *words;
		enum hp_shim_action action;
	} rows[] = {
		{"-v", HP_SHIM_VERSION},
		{"-version", HP_SHIM_VERSION},
		{"-info", HP_SHIM_INFO},
		{"--info=true", HP_SHIM_INFO},
		{"-info=false", HP_SHIM_NOTHING},
		{"-h", HP_SHIM_HELP},
		{"--help", HP_SHIM_HELP},
		{"-help -info", HP_SHIM_HELP},
		{"", HP_SHIM_NOTHING},
		{"-debug -info", HP_SHIM_INFO},
		{"-socket /s -debug-socket /d -v", HP_SHIM_VERSION},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_shim_args a;

		assert_int_equal(parse(rows[i].words, &a, &err), 0);
		assert_int_equal(a.action, rows[i].action);
	}
	assert_non_null(strstr(hp_shim_args_help(), "start|delete"));
}

static void refuses_what_is_wrong(void **state)
{
	static const struct {
		const char *words;
		enum hp_code code;
		const char *says;
	} rows[] = {
		{"-what start", HP_EUSAGE, "'-what'"},
		{"--idx=1 start", HP_EUSAGE, "'--idx=1'"},
		{"-id", HP_EUSAGE, "-id needs a value"},
		{"-debug=maybe -v", HP_EUSAGE, "'maybe'"},
		{"stop", HP_EUSAGE, "'stop'"},
		{"-namespace n start", HP_EINVALID, "-id"},
		{"-id i start", HP_EINVALID, "-namespace"},
		{"-namespace n -id a/b delete", HP_EINVALID, "a/b"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_shim_args a;

		assert_int_equal(parse(rows[i].words, &a, &err), -1);
		assert_int_equal(err.code, rows[i].code);
		assert_non_null(strstr(err.msg, rows[i].says));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_what_containerd_passes),
		FDS_TEST(knows_switches_that_are_actions),
		FDS_TEST(refuses_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
