/* SPDX-License-Identifier: Apache-2.0 */
/* image_list.c - list the daemon's images with what their manifests and configs tell. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/containerd/store.h"
#include "image/put.h"
#include "wire/digest.h"

#include "content.pb-c.h"
#include "images.pb-c.h"

/* Reads that are under way at once. Each is small; the daemon answers them side by side. */
#define READS_MAX 32
/* An index may lead to an index. */
#define DEPTH_MAX 4

/* An image on its way into the list. */
struct row {
	const Hp__Image *image;
	struct hp_image *out;
	char *want;    /* digest of the document to be read next; NULL: none */
	bool complete; /* so far, all content is there */
	int64_t size;  /* of what is known so far */
	struct hp_buf text;
	struct hp_rpc rpc;
};

struct rows {
	struct row *items;
	size_t count;
	struct hp_strv there; /* digests of all content, sorted */
};

static void rows_clear(struct rows *r)
{
	for (size_t i = 0; i < r->count; i++) {
		hp_image_free(r->items[i].out);
		free(r->items[i].want);
		hp_buf_free(&r->items[i].text);
		hp_rpc_end(&r->items[i].rpc);
	}
	free(r->items);
	hp_strv_free(&r->there);
}
HP_AUTO_VALUE(struct rows, rows_clear);

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_there(const struct rows *r, const char *digest)
{
	return r->there.count && bsearch(&digest, r->there.items, r->there.count,
					 sizeof(char *), compare_strings);
}

/* Which content there is. One stream tells it all, where asking for each blob takes a call each. */
static int list_content(struct containerd *c, struct rows *r, struct hp_error *err)
{
	Hp__ListContentRequest request = HP__LIST_CONTENT_REQUEST__INIT;
	AUTO(hp_rpc_end) struct hp_rpc rpc = {0};

	if (hp_rpc_begin(HP_RPC_TO(c->grpc, HP_SVC_CONTENT "List", hp_containerd__deadline(c)),
			 &hp__list_content_response__descriptor, &rpc, err) < 0 ||
	    hp_rpc_send(&rpc, &request.base, true, err) < 0)
		return hp_wrap(err, "list content");
	for (;;) {
		AUTO_REPLY Hp__ListContentResponse *reply = NULL;
		const int got = hp_rpc_recv(&rpc, &reply, err);
		if (got < 0)
			return hp_wrap(err, "list content");
		if (got == HP_NEXT_END)
			break;
		for (size_t i = 0; i < reply->n_info; i++)
			hp_strv_add(&r->there, reply->info[i]->digest);
	}
	if (r->there.count)
		qsort(r->there.items, r->there.count, sizeof(char *), compare_strings);
	return 0;
}

static int begin_read(struct containerd *c, struct row *row, struct hp_error *err)
{
	Hp__ReadContentRequest request = HP__READ_CONTENT_REQUEST__INIT;

	request.digest = row->want;
	hp_buf_init(&row->text, HP_DOCUMENT_MAX);
	if (hp_rpc_begin(HP_RPC_TO(c->grpc, HP_SVC_CONTENT "Read", hp_containerd__deadline(c)),
			 &hp__read_content_response__descriptor, &row->rpc, err) < 0)
		return -1;
	return hp_rpc_send(&row->rpc, &request.base, true, err);
}

/* Content that has just gone, or is too large, leaves the row without it.
 * Fails: the daemon cannot be reached any more. */
static int end_read(struct row *row, struct hp_error *err)
{
	int got;

	do {
		AUTO_REPLY Hp__ReadContentResponse *reply = NULL;
		got = hp_rpc_recv(&row->rpc, &reply, err);
		if (got == HP_NEXT_ITEM &&
		    hp_buf_add(&row->text, reply->data.data, reply->data.len, err) < 0)
			got = -1;
	} while (got == HP_NEXT_ITEM);
	hp_rpc_end(&row->rpc);
	if (got == HP_NEXT_END)
		return 0;
	hp_buf_free(&row->text);
	if (err->code == HP_EUNAVAILABLE || err->code == HP_ETIMEOUT)
		return -1;
	hp_error_clear(err);
	return 0;
}

/* Read what each row wants, many at a time. */
static int read_wanted(struct containerd *c, struct rows *r, struct hp_error *err)
{
	for (size_t start = 0; start < r->count; start += READS_MAX) {
		const size_t left = r->count - start;
		const size_t end = start + (left < READS_MAX ? left : READS_MAX);
		for (size_t i = start; i < end; i++)
			if (r->items[i].want && begin_read(c, &r->items[i], err) < 0)
				return -1;
		for (size_t i = start; i < end; i++)
			if (r->items[i].rpc.call && end_read(&r->items[i], err) < 0)
				return -1;
	}
	return 0;
}

/* Count one blob, and want it read with @read. */
static void count_blob(const struct rows *r, struct row *row, const char *digest, int64_t size,
		       bool read)
{
	const bool there = is_there(r, digest);

	row->complete = row->complete && there;
	row->size += size > 0 && row->size <= INT64_MAX - size ? size : 0;
	if (read && there) {
		free(row->want);
		row->want = hp_strdup(digest);
	}
}

/* From the text of an index or manifest to what is to be read next: a manifest, or the config. */
static void take_manifest(const struct rows *r, struct row *row)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};

	free(TAKE(row->want));
	if (hp_manifest_parse(hp_buf_bytes(&row->text), &m, &ignored) < 0) {
		row->complete = false;
		return;
	}
	if (m.is_index) {
		const int pick = hp_manifest_pick(&m);
		if (pick < 0)
			row->complete = false;
		else
			count_blob(r, row, m.children[pick].digest, m.children[pick].size,
				   true);
		return;
	}
	for (size_t i = 0; i < m.n_children; i++)
		count_blob(r, row, m.children[i].digest, m.children[i].size, false);
	hp_field_set(&row->out->id, is_there(r, m.config.digest) ? m.config.digest : "");
	count_blob(r, row, m.config.digest, m.config.size, true);
}

static void take_config(struct row *row)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_image_config_clear) struct hp_image_config config = {0};

	free(TAKE(row->want));
	if (hp_image_config_parse(hp_buf_bytes(&row->text), &config, &ignored) < 0)
		return;
	free(row->out->platform);
	row->out->platform = hp_sprintf("%s/%s%s%s", config.os, config.arch,
					hp_str_empty(config.variant) ? "" : "/",
					hp_str_empty(config.variant) ? "" : config.variant);
	row->out->created_ns = config.created_ns;
}

/* What was read is a config once the row has an id, a manifest or index before. */
static void take_texts(struct rows *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct row *row = &r->items[i];
		if (!row->want)
			continue;
		if (row->out->id[0])
			take_config(row);
		else
			take_manifest(r, row);
		hp_buf_free(&row->text);
	}
}

static void add_row(struct rows *r, const Hp__Image *image)
{
	struct row *row = &r->items[r->count++];

	*row = (struct row){.image = image, .out = hp_image_new(), .complete = true};
	hp_field_set(&row->out->name, image->name);
	for (size_t i = 0; i < image->n_labels; i++)
		hp_labels_add(&row->out->labels, image->labels[i]->key,
			      image->labels[i]->value);
	if (!image->target || !hp_digest_valid(image->target->digest)) {
		row->complete = false;
		return;
	}
	hp_field_set(&row->out->digest, image->target->digest);
	count_blob(r, row, image->target->digest, image->target->size, true);
}

int hp_containerd__images(struct hp_engine *e, struct hp_image_list **ret, struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	Hp__ListImagesRequest request = HP__LIST_IMAGES_REQUEST__INIT;
	AUTO_REPLY Hp__ListImagesResponse *reply = NULL;
	AUTO(rows_clear) struct rows rows = {0};

	if (hp_containerd__call(c, HP_SVC_IMAGES "List", &request.base,
				&hp__list_images_response__descriptor, &reply, err) < 0)
		return hp_wrap(err, "list images");
	if (reply->n_images && list_content(c, &rows, err) < 0)
		return -1;
	rows.items = hp_alloc_array(reply->n_images, sizeof(*rows.items));
	for (size_t i = 0; i < reply->n_images; i++)
		add_row(&rows, reply->images[i]);
	/* Indexes, then manifests, then configs. */
	for (int depth = 0; depth <= DEPTH_MAX; depth++) {
		if (read_wanted(c, &rows, err) < 0)
			return hp_wrap(err, "list images");
		take_texts(&rows);
	}

	struct hp_image_list *list = hp_alloc(sizeof(*list));
	for (size_t i = 0; i < rows.count; i++) {
		struct row *row = &rows.items[i];
		row->out->size_bytes = row->complete ? row->size : -1;
		hp_image_list_add(list, TAKE(row->out));
	}
	hp_image_list_sort(list);
	*ret = list;
	return 0;
}
