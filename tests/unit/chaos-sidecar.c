/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-sidecar.c - tests of src/chaos/sidecar.c, on the fake engine. */
#include "chaos/sidecar.h"

#include "chaos_action.h"

static size_t containers(struct chaos_world *w)
{
	struct hp_container_list *list = NULL;

	OK(hp_engine_list(w->engine, &list, &err));
	size_t count = list->count;
	hp_container_list_free(list);
	return count;
}

static int run_steps(struct acted *a, bool checked, struct hp_strv *steps, struct hp_error *err)
{
	const struct hp_sidecar s = {
		.image = "busybox", .pull = true, .steps = steps, .checked = checked};

	return hp_sidecar_run(a->f, &s, err);
}

static void runs_its_steps_and_goes(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;
	AUTO(hp_strv_free) struct hp_strv steps = {0};

	acted_open(&a, &hp_action_pause);
	hp_strv_add(&steps, "echo one");
	hp_strv_add(&steps, "true");
	OK(run_steps(&a, false, &steps, &err));
	assert_int_equal(containers(&a.w), 1);
}

static void tells_which_step_failed(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;
	AUTO(hp_strv_free) struct hp_strv steps = {0};
	struct hp_error err = HP_ERROR_INIT;

	acted_open(&a, &hp_action_pause);
	hp_strv_add(&steps, "true");
	hp_strv_add(&steps, "false");
	assert_int_equal(run_steps(&a, false, &steps, &err), -1);
	assert_non_null(strstr(err.msg, "'false' ended with 1"));
	assert_int_equal(containers(&a.w), 1);
}

/* What is not there need not be taken away: "false -C" says so. */
static void leaves_out_what_is_not_there(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;
	AUTO(hp_strv_free) struct hp_strv steps = {0};

	acted_open(&a, &hp_action_pause);
	hp_strv_add(&steps, "false -D INPUT");
	OK(run_steps(&a, true, &steps, &err));
	FAILS(HP_EFAILED, run_steps(&a, false, &steps, &err));
	assert_int_equal(containers(&a.w), 1);
}

static void sweeps_what_was_left(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_pause);
	chaos_world_add(&a.w, "harpoon-sidecar-test-1", true);
	chaos_world_add(&a.w, "harpoon-sidecar-test-11", true);
	OK(hp_sidecar_sweep(a.f, &err));
	OK(hp_sidecar_sweep(a.f, &err));
	assert_int_equal(containers(&a.w), 2);
}

static void is_wanted_for_an_image_or_from_afar(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_pause);
	a.f->container->pid = getpid();
	assert_null(hp_sidecar_image(a.f, HP_SIDECAR_NET_IMAGE));
	hp_json_set_str(a.f->args, "image", "mine");
	assert_string_equal(hp_sidecar_image(a.f, HP_SIDECAR_NET_IMAGE), "mine");
	hp_json_remove(a.f->args, "image");
	a.f->container->pid = 0;
	assert_string_equal(hp_sidecar_image(a.f, HP_SIDECAR_NET_IMAGE), HP_SIDECAR_NET_IMAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(runs_its_steps_and_goes),
		FDS_TEST(tells_which_step_failed),
		FDS_TEST(leaves_out_what_is_not_there),
		FDS_TEST(sweeps_what_was_left),
		FDS_TEST(is_wanted_for_an_image_or_from_afar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
