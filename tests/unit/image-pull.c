/* SPDX-License-Identifier: Apache-2.0 */
/* image-pull.c - whole pulls, and what is left of those that fail. */
#include "image-pull.h"

HP_AUTO_VALUE(struct hp_pulled, hp_pulled_clear);

static int pull(struct pull_world *w, struct hp_pull what, struct hp_pulled *ret,
		struct hp_error *err)
{
	if (!what.ref)
		what.ref = w->name;
	what.config_dir = w->dir;
	return hp_image_pull(&w->into, &what, ret, err);
}

static void must_pull(struct pull_world *w, struct hp_pull what, struct hp_pulled *ret)
{
	struct hp_error err = HP_ERROR_INIT;

	if (pull(w, what, ret, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Must fail so, and leave an empty store. */
static void refused(struct pull_world *w, struct hp_pull what, enum hp_code code)
{
	struct hp_pulled pulled = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(pull(w, what, &pulled, &err), -1);
	if (err.code != code)
		fail_msg("%s '%s' is not %s", hp_code_name(err.code), err.msg,
			 hp_code_name(code));
	assert_null(pulled.name);
	assert_true(fake_store_idle(&w->store));
	assert_int_equal(w->store.n_blobs, 0);
	assert_int_equal(w->store.n_snapshots, 0);
	assert_int_equal(w->store.n_images, 0);
}

static void kept(struct pull_world *w, size_t blobs, size_t snapshots)
{
	assert_true(fake_store_idle(&w->store));
	fake_store_collect(&w->store);
	assert_int_equal(w->store.n_blobs, blobs);
	assert_int_equal(w->store.n_snapshots, snapshots);
}

static void brings_all_and_keeps_it(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d = {0};
	AUTO(hp_pulled_clear) struct hp_pulled first = {0}, second = {0};
	struct pull_world w = {0};

	(void)state;
	fake_docs_make(&d, "one", NULL);
	serve_image(&w, &d, "1");
	pull_begin(&w);
	pull_empty(&w);
	must_pull(&w, (struct hp_pull){0}, &first);
	assert_string_equal(first.name, w.name);
	assert_string_equal(first.digest, d.manifest_digest);
	assert_true(first.fresh);
	kept(&w, 4, 2);
	const struct fake_blob *layer = fake_store_blob(&w.store, d.layer_digests[0]);
	AUTO_FREE char *source = hp_sprintf("containerd.io/distribution.source.%.*s",
					    (int)strcspn(w.name, "/"), w.name);
	assert_string_equal(hp_labels_get(&layer->labels, source), "a/b");

	/* Once more is one question only. */
	const size_t asked = http_peer_saw(&w.peer, "GET ");
	must_pull(&w, (struct hp_pull){0}, &second);
	assert_false(second.fresh);
	assert_string_equal(second.digest, d.manifest_digest);
	assert_int_equal(http_peer_saw(&w.peer, "GET "), asked);
	kept(&w, 4, 2);
	pull_end(&w);
}

static void by_digest(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d = {0};
	AUTO(hp_pulled_clear) struct hp_pulled pulled = {0};
	struct pull_world w = {0};

	(void)state;
	fake_docs_make(&d, "one", NULL);
	serve_image(&w, &d, NULL);
	pull_begin(&w);
	pull_empty(&w);
	AUTO_FREE char *ref =
		hp_sprintf("%.*s/a/b@%s", (int)strcspn(w.name, "/"), w.name, d.manifest_digest);
	refused(&w, (struct hp_pull){0}, HP_ENOTFOUND);
	must_pull(&w, (struct hp_pull){.ref = ref}, &pulled);
	assert_string_equal(pulled.name, ref);
	kept(&w, 4, 2);
	pull_end(&w);
}

static void picks_the_platform(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs here = {0}, there = {0};
	AUTO(hp_pulled_clear) struct hp_pulled ours = {0}, other = {0};
	struct fake_store made;
	struct hp_descriptor index = {0};
	struct pull_world w = {0};

	(void)state;
	fake_docs_make(&here, "here", NULL);
	fake_docs_make(&there, "there", "s390x");
	fake_store_init(&made);
	world_add_index(&made, &here, &there, &index);
	const struct fake_blob *text = fake_store_blob(&made, index.digest);
	serve_bytes(&w, "manifests/1", text->data, text->len, HP_MT_OCI_INDEX);
	AUTO_FREE char *path = hp_sprintf("manifests/%s", index.digest);
	serve_bytes(&w, path, text->data, text->len, HP_MT_OCI_INDEX);
	serve_image(&w, &here, NULL);
	serve_image(&w, &there, NULL);
	pull_begin(&w);

	pull_empty(&w);
	refused(&w, (struct hp_pull){.platform = "linux/mips"}, HP_ENOTFOUND);
	refused(&w, (struct hp_pull){.platform = "linux/"}, HP_EINVALID);
	must_pull(&w, (struct hp_pull){0}, &ours);
	assert_string_equal(ours.digest, index.digest);
	kept(&w, 5, 2);
	/* The other one takes the name, and this one goes. */
	must_pull(&w, (struct hp_pull){.platform = "linux/s390x"}, &other);
	assert_string_equal(other.digest, there.manifest_digest);
	kept(&w, 4, 2);
	pull_end(&w);
	fake_store_clear(&made);
	hp_descriptor_clear(&index);
}

static void wrong_platform_is_told(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d = {0};
	struct pull_world w = {0};

	(void)state;
	fake_docs_make(&d, "one", NULL);
	serve_image(&w, &d, "1");
	pull_begin(&w);
	pull_empty(&w);
	refused(&w, (struct hp_pull){.platform = "linux/s390x"}, HP_ENOTFOUND);
	refused(&w, (struct hp_pull){.ref = "localhost/a:1"}, HP_EINVALID);
	refused(&w, (struct hp_pull){.tls_ca = "/no/such/file"}, HP_ENOTFOUND);
	pull_end(&w);
}

static void lies_leave_nothing(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d = {0};
	struct pull_world w = {0};

	(void)state;
	fake_docs_make(&d, "one", NULL);
	AUTO_FREE char *bytes = hp_memdup(d.layers[1].data, d.layers[1].len);
	bytes[20] ^= 1;
	/* What comes first in the table counts. */
	serve_blob(&w, d.layer_digests[1], bytes, d.layers[1].len);
	serve_image(&w, &d, "1");
	pull_begin(&w);
	pull_empty(&w);
	refused(&w, (struct hp_pull){0}, HP_ECORRUPT);
	pull_end(&w);
}

static void every_failure_leaves_nothing(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d = {0};
	struct pull_world w = {0};
	bool failed = true;

	(void)state;
	fake_docs_make(&d, "one", NULL);
	serve_image(&w, &d, "1");
	pull_begin(&w);
	for (unsigned n = 1; failed && n < 100; n++) {
		AUTO(hp_pulled_clear) struct hp_pulled pulled = {0};
		struct hp_error err = HP_ERROR_INIT;
		pull_empty(&w);
		w.store.fail_at = n;
		failed = pull(&w, (struct hp_pull){0}, &pulled, &err) < 0;
		assert_int_equal(failed, w.store.failed != NULL);
		if (failed && strcmp(w.store.failed, "hold_end") != 0) {
			assert_int_equal(err.code, HP_EUNAVAILABLE);
			assert_true(fake_store_idle(&w.store));
			assert_int_equal(w.store.n_blobs, 0);
			assert_int_equal(w.store.n_images, 0);
		}
		if (failed)
			fake_store_clear(&w.store);
	}
	assert_false(failed);
	pull_end(&w);
}

static int countdown(void *arg)
{
	int *left = arg;

	return (*left)-- <= 0;
}

static void stops_at_any_moment(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d = {0};
	struct pull_world w = {0};
	bool stopped = true;

	(void)state;
	fake_docs_make(&d, "one", NULL);
	serve_image(&w, &d, "1");
	pull_begin(&w);
	for (int n = 0; stopped && n < 200; n++) {
		AUTO(hp_pulled_clear) struct hp_pulled pulled = {0};
		struct hp_error err = HP_ERROR_INIT;
		int left = n;
		pull_empty(&w);
		stopped = pull(&w, (struct hp_pull){.stop = countdown, .stop_arg = &left},
			       &pulled, &err) < 0;
		if (!stopped)
			break;
		assert_int_equal(err.code, HP_ECANCELED);
		assert_true(fake_store_idle(&w.store));
		assert_int_equal(w.store.n_blobs, 0);
		fake_store_clear(&w.store);
	}
	assert_false(stopped);
	pull_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(brings_all_and_keeps_it), FDS_TEST(by_digest),
		FDS_TEST(picks_the_platform),      FDS_TEST(wrong_platform_is_told),
		FDS_TEST(lies_leave_nothing),      FDS_TEST(every_failure_leaves_nothing),
		FDS_TEST(stops_at_any_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
