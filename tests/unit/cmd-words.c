/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-words.c - tests of src/cmd/words.c. */
#include "cmd/words.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/labels.h"
#include "fds.h"

/* Read @text as a file of words. */
static int read_text(const char *text, size_t len, bool from_env, struct hp_strv *out,
		     struct hp_error *err)
{
	char path[] = "/tmp/hp-words-XXXXXX";
	int fd = mkstemp(path);
	struct hp_error ignored = HP_ERROR_INIT;

	assert_true(fd >= 0);
	assert_int_equal(hp_fd_write_all(fd, text, len, &ignored), 0);
	close(fd);
	int rc = hp_words_read_file("--env-file", path, from_env, out, err);
	unlink(path);
	return rc;
}

static void test_env_file(void **state)
{
	(void)state;
	static const char text[] = "# comment\n\nA=1\r\n  B=two words \nC=a=b\nHERE\nNOT_HERE\n"
				   "A=again\nEMPTY=\nLAST=no newline";
	AUTO(hp_strv_free) struct hp_strv out = {0};
	struct hp_error err = HP_ERROR_INIT;

	setenv("HERE", "value", 1);
	unsetenv("NOT_HERE");
	assert_int_equal(read_text(text, strlen(text), true, &out, &err), 0);
	AUTO_FREE char *all = hp_strv_join(hp_strv_view(&out), "|");
	assert_string_equal(all,
			    "A=again|B=two words |C=a=b|HERE=value|EMPTY=|LAST=no newline");
}

static void test_label_file(void **state)
{
	(void)state;
	AUTO(hp_strv_free) struct hp_strv out = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(read_text("PATH\nk=v\n", 9, false, &out, &err), 0);
	AUTO_FREE char *all = hp_strv_join(hp_strv_view(&out), "|");
	assert_string_equal(all, "PATH=|k=v");
}

static void test_bad_files(void **state)
{
	(void)state;
	AUTO(hp_strv_free) struct hp_strv out = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(read_text("A=1\n\nno good=1\n", 15, true, &out, &err), -1);
	assert_non_null(strstr(err.msg, "line 3"));
	assert_non_null(strstr(err.msg, "no good"));
	hp_error_clear(&err);
	assert_int_equal(read_text("=1", 2, true, &out, &err), -1);
	assert_non_null(strstr(err.msg, "--env-file"));
	hp_error_clear(&err);
	assert_int_equal(read_text("A=\0", 3, true, &out, &err), -1);
	assert_non_null(strstr(err.msg, "not a text file"));
	hp_error_clear(&err);
	static const char *const binary[] = {"A=\xff", "A=\x80", "A=\xc3", "A=\xe2\x82z"};
	for (size_t i = 0; i < HP_ARRAY_LEN(binary); i++) {
		assert_int_equal(read_text(binary[i], strlen(binary[i]), true, &out, &err), -1);
		assert_non_null(strstr(err.msg, "not a text file"));
		hp_error_clear(&err);
	}
	assert_int_equal(read_text("A=\xe2\x82\xac", 5, true, &out, &err), 0);
	assert_int_equal(hp_words_read_file("--env-file", "/no/such/file", true, &out, &err),
			 -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "/no/such/file"));
}

/* A file that is too big is refused before it fills the memory. */
static void test_big_file(void **state)
{
	(void)state;
	AUTO(hp_strv_free) struct hp_strv out = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_words_read_file("--env-file", "/dev/zero", true, &out, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
}

static void test_add_env(void **state)
{
	(void)state;
	AUTO(hp_strv_free) struct hp_strv out = {0};
	struct hp_error err = HP_ERROR_INIT;

	setenv("HERE", "value", 1);
	assert_int_equal(hp_words_add_env("A=1", &out, &err), 0);
	assert_int_equal(hp_words_add_env("AB=2", &out, &err), 0);
	assert_int_equal(hp_words_add_env("A=3", &out, &err), 0);
	assert_int_equal(hp_words_add_env("HERE", &out, &err), 0);
	AUTO_FREE char *all = hp_strv_join(hp_strv_view(&out), "|");
	assert_string_equal(all, "A=3|AB=2|HERE=value");
	assert_int_equal(hp_words_add_env("=x", &out, &err), -1);
	assert_non_null(strstr(err.msg, "--env"));
}

static void test_labels(void **state)
{
	(void)state;
	AUTO(hp_labels_clear) struct hp_labels labels = {0};
	AUTO_FREE char *none = hp_words_labels(&labels);

	assert_string_equal(none, "");
	hp_labels_add(&labels, "a", "1");
	hp_labels_add(&labels, "b", "");
	AUTO_FREE char *two = hp_words_labels(&labels);
	assert_string_equal(two, "a=1,b=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_env_file), FDS_TEST(test_label_file), FDS_TEST(test_bad_files),
		FDS_TEST(test_big_file), FDS_TEST(test_add_env),    FDS_TEST(test_labels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
