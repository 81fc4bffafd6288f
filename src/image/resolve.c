/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - from a name to the manifest and the config of this machine's platform. */
#include "image/image.h"

#include "image/put.h"
#include "wire/digest.h"

/* An index may point to an index; deeper nesting has no use. */
#define DEPTH_MAX 4

void hp_resolved_image_clear(struct hp_resolved_image *r)
{
	hp_descriptor_clear(&r->target);
	hp_descriptor_clear(&r->manifest);
	hp_image_config_clear(&r->config);
	hp_manifest_clear(&r->parsed);
	*r = (struct hp_resolved_image){0};
}

static int read_manifest(struct hp_store *s, const char *digest, struct hp_manifest *ret,
			 struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};

	if (hp_put__read(s, digest, &text, err) < 0)
		return -1;
	if (hp_manifest_parse(hp_buf_bytes(&text), ret, err) < 0)
		return hp_wrap(err, "%s", digest);
	return 0;
}

/* Go down through indexes to the manifest for this platform. */
static int find_manifest(struct hp_store *s, struct hp_resolved_image *r, struct hp_error *err)
{
	hp_descriptor_copy(&r->manifest, &r->target);
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		AUTO(hp_manifest_clear) struct hp_manifest m = {0};

		if (read_manifest(s, r->manifest.digest, &m, err) < 0)
			return -1;
		if (!m.is_index) {
			r->parsed = m;
			m = (struct hp_manifest){0};
			return 0;
		}
		const int pick = hp_manifest_pick(&m);
		if (pick < 0)
			return hp_fail(err, HP_ENOTFOUND, "the image has nothing for linux/%s",
				       hp_machine_arch());
		hp_descriptor_clear(&r->manifest);
		hp_descriptor_copy(&r->manifest, &m.children[pick]);
	}
	return hp_fail(err, HP_ECORRUPT, "%s: indexes are nested over %d deep",
		       r->target.digest, DEPTH_MAX);
}

static void chain_of(const struct hp_strv *diff_ids, char ret_chain[HP_DIGEST_TEXT])
{
	ret_chain[0] = 0;
	for (size_t i = 0; i < diff_ids->count; i++) {
		char next[HP_DIGEST_TEXT];
		hp_digest_chain(i ? ret_chain : NULL, diff_ids->items[i], next);
		memcpy(ret_chain, next, sizeof(next));
	}
}

static int read_config(struct hp_store *s, struct hp_resolved_image *r, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	const struct hp_strv *diff_ids = &r->config.diff_ids;

	if (hp_put__read(s, r->parsed.config.digest, &text, err) < 0)
		return -1;
	if (hp_image_config_parse(hp_buf_bytes(&text), &r->config, err) < 0)
		return hp_wrap(err, "%s", r->parsed.config.digest);
	if (diff_ids->count != r->parsed.n_children)
		return hp_fail(err, HP_ECORRUPT,
			       "manifest %s has %zu layers, but its config has %zu",
			       r->manifest.digest, r->parsed.n_children, diff_ids->count);
	for (size_t i = 0; i < diff_ids->count; i++)
		if (!hp_digest_valid(diff_ids->items[i]))
			return hp_fail(err, HP_ECORRUPT, "config %s: '%.80s' is no digest",
				       r->parsed.config.digest, diff_ids->items[i]);
	chain_of(diff_ids, r->chain);
	return 0;
}

int hp_image_resolve_target(struct hp_store *s, const struct hp_descriptor *target,
			    struct hp_resolved_image *ret, struct hp_error *err)
{
	AUTO(hp_resolved_image_clear) struct hp_resolved_image r = {0};

	hp_descriptor_copy(&r.target, target);
	if (find_manifest(s, &r, err) < 0 || read_config(s, &r, err) < 0)
		return -1;
	*ret = r;
	r = (struct hp_resolved_image){0};
	return 0;
}

int hp_image_resolve(struct hp_store *s, const char *name, struct hp_resolved_image *ret,
		     struct hp_error *err)
{
	AUTO(hp_descriptor_clear) struct hp_descriptor target = {0};

	const int got = s->ops->image_get(s, name, &target, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return hp_fail(err, HP_ENOTFOUND, "no image '%s'", name);
	if (hp_image_resolve_target(s, &target, ret, err) < 0)
		return hp_wrap(err, "image '%s'", name);
	return 0;
}
