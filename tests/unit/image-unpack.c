/* SPDX-License-Identifier: Apache-2.0 */
/* image-unpack.c - snapshots from layers, base first, kept by a label; nothing is left of failures. */
#include "image/unpack.h"

#include "image-world.h"

struct world {
	struct fake_store f;
	struct fake_docs d;
	struct hp_descriptor root;
	struct hp_resolved_image image;
};

static void world_begin(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;

	*w = (struct world){0};
	fake_store_init(&w->f);
	fake_docs_make(&w->d, "x", NULL);
	world_add(&w->f, &w->d, &w->root);
	assert_int_equal(hp_image_resolve_target(&w->f.base, &w->root, &w->image, &err), 0);
	/* Named and labelled, as an import leaves it, so that collecting keeps it. */
	world_name(&w->f, "x", &w->root);
	struct fake_blob *b = fake_store_blob(&w->f, w->d.manifest_digest);
	hp_labels_add(&b->labels, "containerd.io/gc.ref.content.config", w->d.config_digest);
	hp_labels_add(&b->labels, "containerd.io/gc.ref.content.l.0", w->d.layer_digests[0]);
	hp_labels_add(&b->labels, "containerd.io/gc.ref.content.l.1", w->d.layer_digests[1]);
}

static void world_end(struct world *w)
{
	hp_resolved_image_clear(&w->image);
	hp_descriptor_clear(&w->root);
	fake_docs_clear(&w->d);
	fake_store_clear(&w->f);
}
HP_AUTO_VALUE(struct world, world_end);

static void test_chain(void **state)
{
	AUTO(world_end) struct world w;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	world_begin(&w);
	assert_int_equal(hp_image_unpack(&w.f.base, &w.image, &err), 0);
	assert_int_equal(w.f.n_snapshots, 2);
	assert_true(fake_store_snapshot(&w.f, w.d.diff_ids[0]));
	assert_true(fake_store_snapshot(&w.f, w.image.chain));
	assert_true(fake_store_idle(&w.f));
	const struct fake_blob *config = fake_store_blob(&w.f, w.d.config_digest);
	assert_string_equal(
		hp_labels_get(&config->labels, "containerd.io/gc.ref.snapshot.memory"),
		w.image.chain);
	const struct fake_blob *layer = fake_store_blob(&w.f, w.d.layer_digests[1]);
	assert_string_equal(hp_labels_get(&layer->labels, "containerd.io/uncompressed"),
			    w.d.diff_ids[1]);

	/* Once more costs one question. */
	const unsigned before = w.f.ops;
	assert_int_equal(hp_image_unpack(&w.f.base, &w.image, &err), 0);
	assert_int_equal(w.f.ops, before + 1);
	/* The name gone, all of it goes. */
	assert_int_equal(w.f.base.ops->image_drop(&w.f.base, "x", &err), 0);
	assert_int_equal(w.f.n_snapshots, 0);
	assert_int_equal(w.f.n_blobs, 0);
}

static void test_base_is_there(void **state)
{
	AUTO(world_end) struct world w;
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_store_ops *ops;

	(void)state;
	world_begin(&w);
	ops = w.f.base.ops;
	assert_int_equal(ops->hold_begin(&w.f.base, &err), 0);
	assert_int_equal(ops->snapshot_apply(&w.f.base, &w.image.parsed.children[0],
					     w.d.diff_ids[0], "", w.d.diff_ids[0], &err),
			 0);
	assert_int_equal(hp_image__unpack_held(&w.f.base, &w.image, &err), 0);
	assert_int_equal(ops->hold_end(&w.f.base, &err), 0);
	assert_int_equal(w.f.n_snapshots, 2);
}

static void test_wrong_layer(void **state)
{
	AUTO(world_end) struct world w;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	world_begin(&w);
	free(w.image.config.diff_ids.items[1]);
	w.image.config.diff_ids.items[1] = hp_strdup(w.d.diff_ids[0]);
	assert_int_equal(hp_image_unpack(&w.f.base, &w.image, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_non_null(strstr(err.msg, "layer 2 of 2"));
	assert_int_equal(w.f.n_snapshots, 0);
	assert_true(fake_store_idle(&w.f));
}

static void test_disk_full(void **state)
{
	AUTO(world_end) struct world w;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	world_begin(&w);
	w.f.snapshots_full = true;
	assert_int_equal(hp_image_unpack(&w.f.base, &w.image, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_int_equal(w.f.n_snapshots, 0);
	assert_true(fake_store_idle(&w.f));
}

static void test_store_fails(void **state)
{
	bool failed = true;

	(void)state;
	for (unsigned n = 1; failed && n < 30; n++) {
		AUTO(world_end) struct world w;
		struct hp_error err = HP_ERROR_INIT;
		world_begin(&w);
		w.f.fail_at = w.f.ops + n;
		failed = hp_image_unpack(&w.f.base, &w.image, &err) < 0;
		if (!failed || hp_str_eq(w.f.failed, "hold_end"))
			continue;
		assert_int_equal(err.code, HP_EUNAVAILABLE);
		assert_true(fake_store_idle(&w.f));
		assert_int_equal(w.f.n_snapshots, 0);
	}
	assert_false(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_chain),       FDS_TEST(test_base_is_there),
		FDS_TEST(test_wrong_layer), FDS_TEST(test_disk_full),
		FDS_TEST(test_store_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
