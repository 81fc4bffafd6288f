/* SPDX-License-Identifier: Apache-2.0 */
/* engine-shared.c - tests of src/engine/shared.c. */
#include "engine/shared.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "fds.h"

static void random_ids_differ(void **state)
{
	AUTO_FREE char *one = hp_engine__random_hex(32);
	AUTO_FREE char *two = hp_engine__random_hex(32);
	AUTO_FREE char *brief = hp_engine__random_hex(1);

	(void)state;
	assert_int_equal(strlen(one), 64);
	assert_int_equal(strspn(one, "0123456789abcdef"), 64);
	assert_string_not_equal(one, two);
	assert_int_equal(strlen(brief), 2);
}

static void a_network_of_ours_is_not_counted(void **state)
{
	struct hp_stats stats = {0};

	(void)state;
	hp_engine__count_network(getpid(), &stats);
	hp_engine__count_network(0x7ffffff0, &stats);
	assert_int_equal(stats.net_rx_bytes, 0);
	assert_int_equal(stats.net_tx_bytes, 0);
}

/* A wait that has its end after so many calls, or a failure. */
struct countdown {
	struct hp_waiter base;
	int fd;
	int calls;
	enum hp_code failure;
};

static struct countdown *countdown_of(const struct hp_waiter *w)
{
	return container_of(w, struct countdown, base);
}

static int countdown_fd(const struct hp_waiter *w)
{
	return countdown_of(w)->fd;
}

static int countdown_next(struct hp_waiter *w, struct hp_exit *ret, struct hp_error *err)
{
	struct countdown *self = countdown_of(w);

	if (self->calls-- > 0)
		return HP_NEXT_WAIT;
	if (self->failure)
		return hp_fail(err, self->failure, "as told");
	*ret = (struct hp_exit){0};
	return HP_NEXT_ITEM;
}

static const struct hp_waiter_ops countdown_ops = {
	.fd = countdown_fd,
	.next = countdown_next,
};

static void ends_are_awaited(void **state)
{
	static const struct {
		int calls;
		enum hp_code failure;
		unsigned ready; /* what its descriptor says */
		int want;
	} rows[] = {
		{0, HP_OK, 0, 1},
		{3, HP_OK, 1, 1},
		{1000000, HP_OK, 0, 0},
		{0, HP_ENOTFOUND, 0, 1},
		{0, HP_EUNAVAILABLE, 0, -1},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct countdown w = {
			.base.ops = &countdown_ops,
			.fd = eventfd(rows[i].ready, EFD_CLOEXEC),
			.calls = rows[i].calls,
			.failure = rows[i].failure,
		};
		struct hp_error err = HP_ERROR_INIT;
		int64_t begin = hp_clock_ms();

		assert_int_equal(hp_engine__await_end(&w.base, 50, &err), rows[i].want);
		assert_true(rows[i].want != 0 || hp_clock_ms() - begin >= 50);
		assert_int_equal(err.code, rows[i].want < 0 ? rows[i].failure : HP_OK);
		close(w.fd);
	}
}

static void writers_of_a_log_are_seen(void **state)
{
	char path[] = "/tmp/hp-shared.XXXXXX";
	AUTO_CLOSE int writer = mkostemp(path, O_CLOEXEC);
	AUTO_CLOSE int reader = open(path, O_RDONLY | O_CLOEXEC);
	int64_t begin = hp_clock_ms();

	(void)state;
	assert_true(writer >= 0 && reader >= 0);
	assert_int_equal(hp_engine__log_is_written(reader), 1);
	hp_engine__log_await_end(path);
	assert_true(hp_clock_ms() - begin >= 500);
	close(TAKE_FD(writer));
	assert_int_equal(hp_engine__log_is_written(reader), 0);
	hp_engine__log_await_end(path);
	unlink(path);
	hp_engine__log_await_end(path); /* there is none: nothing to wait for */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(random_ids_differ),
		FDS_TEST(a_network_of_ours_is_not_counted),
		FDS_TEST(ends_are_awaited),
		FDS_TEST(writers_of_a_log_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
