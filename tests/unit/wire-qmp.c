/* SPDX-License-Identifier: Apache-2.0 */
/* wire-qmp.c - QEMU's messages out of lines, and commands into them. */
#include "wire/qmp.h"

#include <string.h>

#include "base/alloc.h"
#include "fds.h"

static struct hp_qmp_message take(const char *text, ssize_t used)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_qmp_message m = {0};
	ssize_t n = hp_qmp_next(hp_bytes_str(text), &m, &err);

	if (n < 0)
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(n, used);
	return m;
}

static void refuse(struct hp_bytes in, const char *why)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_qmp_message m = {0};

	assert_int_equal(hp_qmp_next(in, &m, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	assert_non_null(strstr(err.msg, why));
	assert_null(m.body);
}

static void reads_each_kind(void **state)
{
	static const char greeting[] =
		"{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7}}, \"capabilities\": []}}\r\n";
	static const char returned[] = "\r\n{\"return\": {\"running\": true}, \"id\": 7}\r\n";
	static const char error[] = "{\"id\": 8, \"error\": {\"class\": \"GenericError\", "
				    "\"desc\": \"no\\nway\"}}\n";
	static const char event[] = "{\"timestamp\": {\"seconds\": 1}, \"event\": \"RESUME\", "
				    "\"data\": {\"a\": 1}}\n{\"event\":";

	(void)state;
	{
		AUTO(hp_qmp_message_clear)
		struct hp_qmp_message m = take(greeting, sizeof(greeting) - 1);
		assert_int_equal(m.kind, HP_QMP_GREETING);
		assert_int_equal(hp_json_u64(hp_json_path(m.body, "qemu.major"), 0), 7);
	}
	{
		AUTO(hp_qmp_message_clear)
		struct hp_qmp_message m = take(returned, sizeof(returned) - 1);
		assert_int_equal(m.kind, HP_QMP_RETURN);
		assert_int_equal(m.id, 7);
		assert_true(hp_json_bool(hp_json_get(m.body, "running"), false));
	}
	{
		AUTO(hp_qmp_message_clear)
		struct hp_qmp_message m = take(error, sizeof(error) - 1);
		assert_int_equal(m.kind, HP_QMP_ERROR);
		assert_int_equal(m.id, 8);
		assert_string_equal(m.name, "GenericError");
		assert_string_equal(m.text, "no way");
	}
	{
		AUTO(hp_qmp_message_clear)
		struct hp_qmp_message m = take(event, (ssize_t)strcspn(event, "\n") + 1);
		assert_int_equal(m.kind, HP_QMP_EVENT);
		assert_string_equal(m.name, "RESUME");
		assert_int_equal(hp_json_u64(hp_json_get(m.body, "a"), 0), 1);
	}
}

static void reads_what_returns_nothing(void **state)
{
	(void)state;
	AUTO(hp_qmp_message_clear) struct hp_qmp_message m = take("{\"return\":null}\n", 16);
	assert_int_equal(m.kind, HP_QMP_RETURN);
	assert_int_equal(m.id, 0);
	assert_null(m.body);
}

static void waits_for_whole_lines(void **state)
{
	static const char *const parts[] = {"", "\r\n", "\n\n\n", "{\"return\"", "{}"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(parts); i++)
		take(parts[i], 0);
}

static void refuses_what_is_no_message(void **state)
{
	AUTO_FREE char *endless = hp_alloc(HP_QMP_LINE + 2);

	(void)state;
	refuse(hp_bytes_str("{}\n"), "no QMP");
	refuse(hp_bytes_str("[\"return\"]\n"), "no QMP");
	refuse(hp_bytes_str("hello\n"), "QMP");
	refuse(hp_bytes_str("{\"return\":\n"), "QMP");
	memset(endless, ' ', HP_QMP_LINE + 2);
	refuse(HP_BYTES(endless, HP_QMP_LINE + 2), "a line of over");
	endless[HP_QMP_LINE + 1] = '\n';
	refuse(HP_BYTES(endless, HP_QMP_LINE + 2), "a line of over");
}

static void cuts_what_is_long(void **state)
{
	AUTO_FREE char *text = hp_sprintf("{\"event\":\"%0200d\"}\n", 1);

	(void)state;
	AUTO(hp_qmp_message_clear) struct hp_qmp_message m = take(text, (ssize_t)strlen(text));
	assert_int_equal(strlen(m.name), sizeof(m.name) - 1);
}

static void writes_commands(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	AUTO(hp_json_free) struct hp_json *arguments = hp_json_object();
	static const char want[] = "{\"execute\":\"stop\"}\n"
				   "{\"execute\":\"a\",\"arguments\":{\"b\":1},\"id\":3}\n";

	(void)state;
	hp_buf_init(&out, 100);
	hp_json_set_u64(arguments, "b", 1);
	assert_int_equal(hp_qmp_put(&out, "stop", NULL, 0, &err), 0);
	assert_int_equal(hp_qmp_put(&out, "a", arguments, 3, &err), 0);
	assert_int_equal(out.len, sizeof(want) - 1);
	assert_memory_equal(out.data, want, sizeof(want) - 1);
	assert_int_equal(hp_qmp_put(&out, "a", arguments, 3, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_int_equal(out.len, sizeof(want) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_each_kind),       FDS_TEST(reads_what_returns_nothing),
		FDS_TEST(waits_for_whole_lines), FDS_TEST(refuses_what_is_no_message),
		FDS_TEST(cuts_what_is_long),     FDS_TEST(writes_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
