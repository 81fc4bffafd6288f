/* SPDX-License-Identifier: Apache-2.0 */
/* image-import.h - import an archive made in memory into a store in memory. */
#pragma once
#include "image-world.h"

/* Import @data from a file. @what: with all but the path. Returns: of hp_image_import(). */
static inline int import_data(struct fake_store *f, const struct hp_buf *data,
			      struct hp_import what, struct hp_strv *names,
			      struct hp_error *err)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = fake_archive_file(dir, "archive", data);

	what.path = path;
	return hp_image_import(&f->base, &what, names, err);
}

/* Import must fail with @code, say @why, and leave an empty store. */
static inline void import_refused(const struct hp_buf *data, struct hp_import what,
				  enum hp_code code, const char *why)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;

	fake_store_init(&f);
	if (import_data(&f, data, what, &names, &err) == 0)
		fail_msg("imported, though it should say: %s", why);
	if (err.code != code || !strstr(err.msg, why))
		fail_msg("%s '%s' is not %s '%s'", hp_code_name(err.code), err.msg,
			 hp_code_name(code), why);
	assert_true(fake_store_idle(&f));
	assert_int_equal(f.n_blobs, 0);
	assert_int_equal(f.n_snapshots, 0);
	assert_int_equal(f.n_images, 0);
	assert_int_equal(names.count, 0);
}

/* Fail each call of the store in turn. After each failure nothing may be left, but for the names
 * that are there when only the end of the hold failed. */
static inline void import_torture(const struct hp_buf *data, struct hp_import what)
{
	bool failed = true;

	for (unsigned n = 1; failed && n < 400; n++) {
		AUTO(fake_store_clear) struct fake_store f;
		AUTO(hp_strv_free) struct hp_strv names = {0};
		struct hp_error err = HP_ERROR_INIT;
		fake_store_init(&f);
		f.fail_at = n;
		failed = import_data(&f, data, what, &names, &err) < 0;
		assert_int_equal(failed, f.failed != NULL);
		if (!failed || strcmp(f.failed, "hold_end") == 0)
			continue;
		assert_int_equal(err.code, HP_EUNAVAILABLE);
		assert_true(fake_store_idle(&f));
		assert_int_equal(f.n_blobs, 0);
		assert_int_equal(f.n_snapshots, 0);
		assert_int_equal(f.n_images, 0);
	}
	assert_false(failed);
}

/* All that a garbage collection keeps is all that there is. */
static inline void import_kept(struct fake_store *f, size_t blobs, size_t snapshots)
{
	assert_true(fake_store_idle(f));
	fake_store_collect(f);
	assert_int_equal(f->n_blobs, blobs);
	assert_int_equal(f->n_snapshots, snapshots);
}
