/* SPDX-License-Identifier: Apache-2.0 */
/* image-pull_blobs.c - the blobs of a manifest: which are fetched, and what is told of them. */
#include "image-pull.h"

struct told {
	unsigned states[2][HP_PULL_UNPACKED + 1];
	uint64_t done[2];
};

static void take_step(void *arg, const struct hp_pull_step *step)
{
	struct told *t = arg;

	assert_int_equal(step->layers, 2);
	assert_true(step->layer < 2 && step->done <= step->total);
	t->states[step->layer][step->state]++;
	t->done[step->layer] = step->done;
}

/* Fetch what @m lists with @n_writers writers. */
static int fetch(struct pull_world *w, const struct hp_manifest *m, struct told *told,
		 struct hp_error *err)
{
	const struct hp_endpoint_how how = {0};
	const struct hp_registry_config config = {.config_dir = w->dir};
	const struct hp_pull what = {.progress = take_step, .progress_arg = told};
	AUTO(hp_endpoint_clear) struct hp_endpoint where = {0};
	AUTO(hp_registry_free) struct hp_registry *r = NULL;

	w->store.held = true;
	if (hp_endpoint_of(w->name, &how, &where, err) < 0 ||
	    hp_registry_open(&where, &config, &r, err) < 0)
		return -1;
	const struct hp_pull_blobs b = {
		.into = &w->into, .what = &what, .registry = r, .manifest = m};
	return hp_pull__blobs(&b, err);
}

static void parse(const struct fake_docs *d, struct hp_manifest *ret)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_manifest_parse(hp_bytes_str(d->manifest), ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static void fetches_what_is_missing(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d = {0};
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};
	struct pull_world w = {0};
	struct told told = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_docs_make(&d, "one", NULL);
	parse(&d, &m);
	serve_image(&w, &d, "1");
	pull_begin(&w);
	pull_empty(&w);
	fake_store_add(&w.store, d.layers[0].data, d.layers[0].len, NULL);
	if (fetch(&w, &m, &told, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(w.store.n_blobs, 3);
	assert_int_equal(told.states[0][HP_PULL_PRESENT], 1);
	assert_int_equal(told.states[0][HP_PULL_FETCHING], 0);
	assert_int_equal(told.states[1][HP_PULL_FETCHED], 1);
	assert_true(told.states[1][HP_PULL_FETCHING] >= 2);
	assert_int_equal(told.done[1], d.layers[1].len);
	assert_int_equal(http_peer_saw(&w.peer, d.layer_digests[0]), 0);
	pull_end(&w);
}

static void fetches_twins_once(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d = {0};
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};
	struct pull_world w = {0};
	struct told told = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_docs_make(&d, "one", NULL);
	parse(&d, &m);
	hp_descriptor_clear(&m.children[1]);
	hp_descriptor_copy(&m.children[1], &m.children[0]);
	serve_image(&w, &d, "1");
	pull_begin(&w);
	pull_empty(&w);
	assert_int_equal(fetch(&w, &m, &told, &err), 0);
	assert_int_equal(w.store.n_blobs, 2);
	assert_int_equal(http_peer_saw(&w.peer, d.layer_digests[0]), 1);
	pull_end(&w);
}

static void refuses_other_sizes(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d = {0};
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};
	struct pull_world w = {0};
	struct told told = {0};

	(void)state;
	fake_docs_make(&d, "one", NULL);
	parse(&d, &m);
	serve_image(&w, &d, "1");
	pull_begin(&w);
	pull_empty(&w);
	/* The registry's blob is longer than the manifest says. */
	struct hp_error longer = HP_ERROR_INIT;
	m.children[0].size--;
	assert_int_equal(fetch(&w, &m, &told, &longer), -1);
	assert_int_equal(longer.code, HP_ECORRUPT);
	assert_null(w.store.writing);
	/* So is ours. */
	struct hp_error ours = HP_ERROR_INIT;
	fake_store_add(&w.store, d.layers[0].data, d.layers[0].len, NULL);
	assert_int_equal(fetch(&w, &m, &told, &ours), -1);
	assert_int_equal(ours.code, HP_ECORRUPT);
	assert_non_null(strstr(ours.msg, "bytes here"));
	/* Nobody's config is that large. */
	struct hp_error large = HP_ERROR_INIT;
	m.config.size = INT64_MAX;
	assert_int_equal(fetch(&w, &m, &told, &large), -1);
	assert_non_null(strstr(large.msg, "too large"));
	assert_null(w.store.writing);
	pull_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(fetches_what_is_missing),
		FDS_TEST(fetches_twins_once),
		FDS_TEST(refuses_other_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
