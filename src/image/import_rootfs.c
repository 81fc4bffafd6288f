/* SPDX-License-Identifier: Apache-2.0 */
/* import_rootfs.c - make an image of one layer out of the tar of a root filesystem. */
#include "image/import.h"

#include "base/alloc.h"
#include "base/clock.h"

/* What the tee needs: the bytes go to the store as they come, and are hashed. */
struct layer_write {
	struct hp_store *store;
	struct hp_digest *sum; /* NULL: not packed, the unpacked digest is this one too */
	int64_t size;
};

static int store_piece(void *arg, struct hp_bytes data, struct hp_error *err)
{
	struct layer_write *w = arg;

	w->size += (int64_t)data.len;
	if (w->sum)
		hp_digest_add(w->sum, data.data, data.len);
	return w->store->ops->blob_data(w->store, data.data, data.len, err);
}

/* Walk the whole tar, so that a damaged one is found now and not when a container starts. */
static int read_through(struct hp_source *source, struct layer_write *w,
			char ret_diff_id[HP_DIGEST_TEXT], enum hp_packing *ret_packing,
			struct hp_error *err)
{
	AUTO(hp_tarball__free) struct hp_tarball *tar = NULL;
	struct hp_tar_member member;
	uint64_t members = 0;
	int rc;

	if (hp_tarball__open(source, true, &tar, err) < 0)
		return -1;
	*ret_packing = hp_tarball__packing(tar);
	if (*ret_packing == HP_PACKING_NONE)
		hp_digest_free(TAKE(w->sum));
	while ((rc = hp_tarball__next(tar, &member, err)) > 0)
		members++;
	if (rc < 0 || hp_tarball__finish(tar, ret_diff_id, err) < 0)
		return -1;
	if (members == 0)
		return hp_fail(err, HP_ECORRUPT, "the archive is empty: not one member in it");
	return 0;
}

static int write_layer(struct hp_source *source, struct layer_write *w,
		       struct hp_descriptor *ret_layer, char ret_diff_id[HP_DIGEST_TEXT],
		       struct hp_error *err)
{
	char digest[HP_DIGEST_TEXT];
	enum hp_packing packing;

	if (read_through(source, w, ret_diff_id, &packing, err) < 0)
		return -1;
	if (w->sum)
		hp_digest_end(w->sum, digest);
	else
		memcpy(digest, ret_diff_id, sizeof(digest));
	const struct hp_blob_label label = {HP_LABEL_UNCOMPRESSED, ret_diff_id};
	if (w->store->ops->blob_commit(w->store, w->size, digest, &label, 1, err) < 0)
		return -1;
	hp_import__describe(ret_layer, hp_import__layer_type(packing), digest, w->size);
	return 0;
}

static int store_layer(struct hp_store *s, struct hp_source *source,
		       struct hp_descriptor *ret_layer, char ret_diff_id[HP_DIGEST_TEXT],
		       struct hp_error *err)
{
	AUTO_FREE char *ref = hp_put_ref("layer");
	struct layer_write w = {.store = s, .sum = hp_digest_new()};
	const int64_t size = source->total ? (int64_t)source->total : -1;

	if (s->ops->blob_open(s, ref, size, NULL, err) < 0) {
		hp_digest_free(w.sum);
		return -1;
	}
	source->tee = store_piece;
	source->tee_arg = &w;
	const int rc = write_layer(source, &w, ret_layer, ret_diff_id, err);
	source->tee = NULL;
	hp_digest_free(w.sum);
	if (rc < 0)
		s->ops->blob_abort(s);
	return rc;
}

/* From: OCI image-spec config.md, "Properties". */
static struct hp_json *config_json(const struct hp_import *what, const char *diff_id)
{
	struct hp_json *image = hp_json_object(), *config = hp_json_object();
	struct hp_json *rootfs = hp_json_object(), *history = hp_json_array();
	struct hp_json *entry = hp_json_object();
	const char *const diff_ids[] = {diff_id, NULL};
	char now[HP_TIME_TEXT];

	hp_time_format(hp_clock_unix_ns(), now);
	if (what->user)
		hp_json_set_str(config, "User", what->user);
	if (what->env)
		hp_json_set_strs(config, "Env", what->env);
	if (what->entrypoint)
		hp_json_set_strs(config, "Entrypoint", what->entrypoint);
	if (what->cmd)
		hp_json_set_strs(config, "Cmd", what->cmd);
	if (what->workdir)
		hp_json_set_str(config, "WorkingDir", what->workdir);
	hp_json_set_str(rootfs, "type", "layers");
	hp_json_set_strs(rootfs, "diff_ids", diff_ids);
	hp_json_set_str(entry, "created", now);
	hp_json_set_str(entry, "created_by", "harpoon import");
	hp_json_add(history, entry);

	hp_json_set_str(image, "created", now);
	hp_json_set_str(image, "architecture", hp_machine_arch());
	hp_json_set_str(image, "os", "linux");
	hp_json_set(image, "config", config);
	hp_json_set(image, "rootfs", rootfs);
	hp_json_set(image, "history", history);
	return image;
}

int hp_import__rootfs(struct hp_store *s, struct hp_source *source, struct hp_founds *found,
		      struct hp_error *err)
{
	AUTO(hp_descriptor_clear)
	struct hp_descriptor layer = {0}, config = {0}, manifest = {0};
	char diff_id[HP_DIGEST_TEXT], digest[HP_DIGEST_TEXT];

	if (!source->what->name)
		return hp_fail(err, HP_EINVALID,
			       "the archive is a root filesystem, which has no name of its "
			       "own: give one, as in `harpoon import FILE NAME`");
	if (store_layer(s, source, &layer, diff_id, err) < 0)
		return -1;
	AUTO(hp_json_free) struct hp_json *json = config_json(source->what, diff_id);
	AUTO_FREE char *text = hp_json_text(json, false);
	const struct hp_document document = {.kind = "config", .data = hp_bytes_str(text)};
	if (hp_put__document(s, &document, digest, err) < 0)
		return -1;
	hp_import__describe(&config, HP_MT_OCI_CONFIG, digest, (int64_t)strlen(text));
	if (hp_import__manifest(s, &config, &layer, 1, &manifest, err) < 0)
		return -1;
	return hp_founds__add(found, source->what->name, &manifest, err);
}
