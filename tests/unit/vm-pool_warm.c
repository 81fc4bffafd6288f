/* SPDX-License-Identifier: Apache-2.0 */
/* vm-pool_warm.c - tests of src/vm/pool_warm.c, with a program that does what QEMU does. */
#include "vm/pool_warm.h"

#include <signal.h>

#include "base/clock.h"
#include "fake/vm_world.h"
#include "scratch.h"

struct warming {
	struct vm_world w;
	struct hp_pool_store *store;
	struct hp_pool_warm *warm;
	struct hp_pool_request request;
};

static void open_it(struct warming *x, unsigned n)
{
	*x = (struct warming){.request.shape = {.memory_bytes = 128u << 20, .cpus = 1}};
	vm_world_open(&x->w, "fake");
	vm_world_warm(&x->w, n);
	vm_world_template(&x->w, x->request.key);
	x->store = hp_pool_store_new(&x->w.config);
	x->warm = hp_pool_warm_new(x->w.loop, &x->w.config, x->store);
}

static void close_it(struct warming *x)
{
	hp_pool_warm_free(x->warm);
	hp_pool_store_free(x->store);
	vm_world_close(&x->w);
}

static void turn(struct warming *x, int64_t ms)
{
	const int64_t end = hp_clock_ms() + ms;

	while (hp_clock_ms() < end) {
		struct hp_error err = HP_ERROR_INIT;

		assert_true(hp_loop_once(x->w.loop, 20, &err) >= 0);
	}
}

/* Take one, waiting for it. */
static void take(struct warming *x, struct hp_warm *ret)
{
	for (int i = 0; i < 1000; i++) {
		if (hp_pool_warm_take(x->warm, x->request.key, ret))
			return;
		turn(x, 20);
	}
	fail_msg("none has become ready");
}

static void keeps_so_many(void **state)
{
	struct hp_warm all[3] = {HP_WARM_INIT, HP_WARM_INIT, HP_WARM_INIT};
	struct warming x;

	(void)state;
	open_it(&x, 2);
	assert_false(hp_pool_warm_take(x.warm, x.request.key, &all[0]));
	hp_pool_warm_want(x.warm, &x.request);
	take(&x, &all[0]);
	take(&x, &all[1]);
	assert_int_not_equal(all[0].pid, all[1].pid);
	/* More are made when somebody asks. */
	hp_pool_warm_want(x.warm, &x.request);
	take(&x, &all[2]);
	for (size_t i = 0; i < HP_ARRAY_LEN(all); i++) {
		assert_int_equal(kill(all[i].pid, 0), 0);
		hp_warm_clear(&all[i]);
	}
	close_it(&x);
}

static void ends_those_of_another_template(void **state)
{
	struct hp_pool_request other;
	struct hp_warm w = HP_WARM_INIT;
	struct warming x;

	(void)state;
	open_it(&x, 1);
	hp_pool_warm_want(x.warm, &x.request);
	turn(&x, 2000);
	assert_false(hp_pool_warm_take(x.warm, "0123456789abcdef", &w));
	hp_pool_warm_forget(x.warm, "0123456789abcdef");
	other = x.request;
	memcpy(other.key, "0123456789abcdef", HP_VM_KEY);
	hp_pool_warm_want(x.warm, &other);
	assert_false(hp_pool_warm_take(x.warm, x.request.key, &w));
	/* For which there is no template. */
	turn(&x, 1500);
	assert_false(hp_pool_warm_take(x.warm, other.key, &w));
	hp_pool_warm_want(x.warm, &x.request);
	take(&x, &w);
	hp_warm_clear(&w);
	hp_pool_warm_forget(x.warm, x.request.key);
	assert_false(hp_pool_warm_take(x.warm, x.request.key, &w));
	close_it(&x);
}

static void makes_none_when_none_are_wanted(void **state)
{
	struct hp_warm w = HP_WARM_INIT;
	struct warming x;

	(void)state;
	open_it(&x, 0);
	hp_pool_warm_want(x.warm, &x.request);
	turn(&x, 1500);
	assert_false(hp_pool_warm_take(x.warm, x.request.key, &w));
	hp_pool_warm_free(NULL);
	close_it(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(keeps_so_many),
		FDS_TEST(ends_those_of_another_template),
		FDS_TEST(makes_none_when_none_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
