/* SPDX-License-Identifier: Apache-2.0 */
/* vm-pool_wire.c - tests of src/vm/pool_wire.c. */
#include "vm/pool_wire.h"

#include <fcntl.h>
#include <string.h>

#include "scratch.h"

static void carries_requests(void **state)
{
	const struct hp_pool_request r = {
		.key = "0123456789abcdef",
		.shape = {.memory_bytes = 5ull << 30,
			  .cpus = 3,
			  .net = true,
			  .disk = HP_DISK_WRITABLE},
	};
	struct hp_pool_request got = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = hp_pool__request_text(&r);

	(void)state;
	assert_int_equal(hp_pool__request_read(hp_bytes_str(text), &got, &err), 0);
	assert_string_equal(got.key, r.key);
	assert_int_equal(got.shape.memory_bytes, r.shape.memory_bytes);
	assert_int_equal(got.shape.cpus, 3);
	assert_true(got.shape.net);
	assert_int_equal(got.shape.disk, HP_DISK_WRITABLE);
}

static void refuses_requests(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"{\"key\":\"../../../etc/pass\",\"memory\":1,\"cpus\":1}",
		"{\"key\":\"0123456789abcde\",\"memory\":1,\"cpus\":1}",
		"{\"key\":\"0123456789abcdef\",\"memory\":1,\"cpus\":0}",
		"{\"key\":\"0123456789abcdef\",\"memory\":1,\"cpus\":1000}",
		"{\"key\":\"0123456789abcdef\",\"cpus\":1}",
		"{\"key\":\"0123456789abcdef\",\"memory\":1,\"cpus\":1}",
		"{\"key\":\"0123456789abcdef\",\"memory\":1,\"cpus\":1,\"disk\":\"x\"}",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		struct hp_pool_request got;
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_pool__request_read(hp_bytes_str(texts[i]), &got, &err), -1);
		assert_int_equal(err.code, HP_EPROTO);
	}
}

static void carries_answers(void **state)
{
	struct hp_pool_answer a = {.kind = HP_POOL_CLONE, .template = {5, 6}};
	struct hp_pool_answer got = HP_POOL_ANSWER_INIT;
	struct hp_error err = HP_ERROR_INIT;
	int fds[HP_POOL_FDS];
	size_t n;
	AUTO_FREE char *clone = hp_pool__answer_text(&a, NULL, fds, &n);

	(void)state;
	assert_int_equal(n, 2);
	assert_int_equal(fds[0], 5);
	assert_int_equal(hp_pool__answer_read(hp_bytes_str(clone), fds, n, &got, &err), 0);
	assert_int_equal(got.kind, HP_POOL_CLONE);
	assert_int_equal(got.template.state_fd, 6);

	a.kind = HP_POOL_COLD;
	AUTO_FREE char *cold = hp_pool__answer_text(&a, NULL, fds, &n);
	assert_int_equal(n, 0);
	assert_int_equal(hp_pool__answer_read(hp_bytes_str(cold), fds, n, &got, &err), 0);
	assert_int_equal(got.kind, HP_POOL_COLD);

	struct hp_error why = HP_ERROR_INIT;
	hp_fail(&why, HP_EEXHAUSTED, "no \"room\"");
	AUTO_FREE char *failed = hp_pool__answer_text(NULL, &why, fds, &n);
	assert_int_equal(hp_pool__answer_read(hp_bytes_str(failed), fds, n, &got, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_string_equal(err.msg, "no \"room\"");
}

/* Descriptors that nobody asked for do not stay open; the teardown counts. */
static void refuses_answers(void **state)
{
	static const char *const texts[] = {"?", "{}", "{\"kind\":\"hot\"}",
					    "{\"kind\":\"cold\"}",
					    "{\"failed\":\"why\",\"code\":7}"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		struct hp_pool_answer got = HP_POOL_ANSWER_INIT;
		struct hp_error err = HP_ERROR_INIT;
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		assert_int_equal(
			hp_pool__answer_read(hp_bytes_str(texts[i]), &fd, 1, &got, &err), -1);
		assert_int_equal(got.template.memory_fd, -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(carries_requests),
		FDS_TEST(refuses_requests),
		FDS_TEST(carries_answers),
		FDS_TEST(refuses_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
