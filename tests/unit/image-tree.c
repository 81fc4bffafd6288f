/* SPDX-License-Identifier: Apache-2.0 */
/* image-tree.c - the walk over an image: order, what may be missing, what may not, and bounds. */
#include "image/tree.h"

#include "image-world.h"

struct seen {
	struct hp_strv blobs, edges, fetched;
	bool fail;
};

static void seen_clear(struct seen *s)
{
	hp_strv_free(&s->blobs);
	hp_strv_free(&s->edges);
	hp_strv_free(&s->fetched);
}
HP_AUTO_VALUE(struct seen, seen_clear);

static int visit(void *arg, const struct hp_descriptor *d, struct hp_error *err)
{
	struct seen *s = arg;

	hp_strv_add(&s->blobs, d->digest);
	return s->fail ? hp_fail(err, HP_EFAILED, "no more") : 0;
}

static int edge(void *arg, const struct hp_descriptor *parent,
		const struct hp_descriptor *child, const char *name, struct hp_error *err)
{
	struct seen *s = arg;

	(void)err;
	/* Parents are told of children that have been visited. */
	assert_true(hp_strv_has(&s->blobs, child->digest));
	assert_false(hp_strv_has(&s->blobs, parent->digest));
	hp_strv_add(&s->edges, name);
	return 0;
}

static int fetch(void *arg, const struct hp_descriptor *d, struct hp_error *err)
{
	struct seen *s = arg;

	(void)err;
	hp_strv_add(&s->fetched, d->digest);
	return 0;
}

static int walk(struct fake_store *f, const struct hp_descriptor *root, struct seen *s,
		struct hp_error *err)
{
	const struct hp_tree t = {
		.store = &f->base, .fetch = fetch, .visit = visit, .edge = edge, .arg = s};

	return hp_tree__walk(&t, root, err);
}

static void test_manifest(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_descriptor_clear) struct hp_descriptor root;
	AUTO(seen_clear) struct seen s = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&d, "x", NULL);
	world_add(&f, &d, &root);
	assert_int_equal(walk(&f, &root, &s, &err), 0);
	assert_int_equal(s.blobs.count, 4);
	assert_string_equal(s.blobs.items[0], d.config_digest);
	assert_string_equal(s.blobs.items[3], d.manifest_digest);
	AUTO_FREE char *edges = hp_strv_join(hp_strv_view(&s.edges), " ");
	assert_string_equal(edges, "config l.0 l.1");
	assert_int_equal(s.fetched.count, 0);

	seen_clear(&s);
	s = (struct seen){.fail = true};
	assert_int_equal(walk(&f, &root, &s, &err), -1);
	assert_int_equal(err.code, HP_EFAILED);
}

static void test_missing(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		AUTO(fake_store_clear) struct fake_store f;
		AUTO(fake_docs_clear) struct fake_docs d;
		AUTO(hp_descriptor_clear) struct hp_descriptor root;
		AUTO(seen_clear) struct seen s = {0};
		struct hp_error err = HP_ERROR_INIT;
		fake_store_init(&f);
		fake_docs_make(&d, "x", NULL);
		const char *const all[] = {d.config_digest, d.layer_digests[0],
					   d.layer_digests[1], d.manifest_digest};
		world_add(&f, &d, &root);
		world_lose(&f, all[i]);
		assert_int_equal(walk(&f, &root, &s, &err), -1);
		assert_int_equal(err.code, HP_ECORRUPT);
		assert_non_null(strstr(err.msg, all[i]));
		assert_string_equal(s.fetched.items[0], all[i]);
	}
}

static void test_other_platforms(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs here, there;
	AUTO(hp_descriptor_clear) struct hp_descriptor a, b, root;
	AUTO(seen_clear) struct seen all = {0}, part = {0}, none = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&here, "here", NULL);
	fake_docs_make(&there, "there", "s390x");
	world_add(&f, &here, &a);
	world_add(&f, &there, &b);
	world_add_index(&f, &here, &there, &root);
	assert_int_equal(walk(&f, &root, &all, &err), 0);
	assert_int_equal(all.blobs.count, 9);
	AUTO_FREE char *edges = hp_strv_join(hp_strv_view(&all.edges), " ");
	assert_string_equal(edges, "config l.0 l.1 m.0 config l.0 l.1 m.1");

	/* One layer less, and the other machine's manifest as a whole is left out. */
	world_lose(&f, there.layer_digests[0]);
	assert_int_equal(walk(&f, &root, &part, &err), 0);
	assert_int_equal(part.blobs.count, 5);
	assert_false(hp_strv_has(&part.blobs, there.manifest_digest));
	assert_true(hp_strv_has(&part.blobs, here.manifest_digest));

	/* This machine's must be whole. */
	world_lose(&f, here.config_digest);
	assert_int_equal(walk(&f, &root, &none, &err), -1);
	assert_non_null(strstr(err.msg, here.config_digest));
}

static void test_wrong_size(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_descriptor_clear) struct hp_descriptor root;
	AUTO(seen_clear) struct seen s = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&d, "x", NULL);
	world_add(&f, &d, &root);
	root.size++;
	assert_int_equal(walk(&f, &root, &s, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
}

/* An index that leads to an index, and so on, four deep; three are fine. */
static void test_nested(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_descriptor_clear) struct hp_descriptor root;

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&d, "x", NULL);
	world_add(&f, &d, &root);
	for (int depth = 1; depth <= 4; depth++) {
		AUTO(seen_clear) struct seen s = {0};
		struct hp_error err = HP_ERROR_INIT;
		char digest[HP_DIGEST_TEXT];
		AUTO_FREE char *text = hp_sprintf(
			"{\"schemaVersion\":2,\"mediaType\":\"" HP_MT_OCI_INDEX
			"\",\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":"
			"%lld,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}]}",
			root.media_type, root.digest, (long long)root.size, hp_machine_arch());
		fake_store_add(&f, text, strlen(text), digest);
		hp_descriptor_clear(&root);
		world_descriptor(&root, HP_MT_OCI_INDEX, digest, strlen(text));
		assert_int_equal(walk(&f, &root, &s, &err), depth < 4 ? 0 : -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_manifest),        FDS_TEST(test_missing),
		FDS_TEST(test_other_platforms), FDS_TEST(test_wrong_size),
		FDS_TEST(test_nested),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
