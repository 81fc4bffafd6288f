/* SPDX-License-Identifier: Apache-2.0 */
/* import_docker.c - bring in the images of an archive made by `docker save`.
 * From: docker image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format". */
#include "image/import.h"

#include "base/alloc.h"

#define LAYERS_MAX 1024
#define NAMES_MAX  256

/* What one entry of manifest.json becomes. */
struct docker_image {
	struct hp_descriptor config;
	struct hp_descriptor *layers;
	size_t n_layers;
};

static void docker_image_clear(struct docker_image *d)
{
	hp_descriptor_clear(&d->config);
	for (size_t i = 0; i < d->n_layers; i++)
		hp_descriptor_clear(&d->layers[i]);
	free(d->layers);
	*d = (struct docker_image){0};
}
HP_AUTO_VALUE(struct docker_image, docker_image_clear);

static struct hp_member *named_member(struct hp_members *m, const struct hp_json *name,
				      const char *what, struct hp_error *err)
{
	const char *text = hp_json_str(name);
	struct hp_member *one = text ? hp_members__find(m, text) : NULL;

	if (!one)
		(void)hp_fail(err, HP_ECORRUPT, "%s '%.200s' is missing", what,
			      text ? text : "(no name)");
	return one;
}

/* Read the config, and write it as the blob that it is. */
static int take_config(struct hp_store *s, struct hp_members *m, const struct hp_json *name,
		       struct docker_image *d, struct hp_image_config *ret_config,
		       struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_member *one = named_member(m, name, "config", err);

	if (!one || hp_members__text(s, one, &text, err) < 0)
		return -1;
	if (hp_image_config_parse(hp_buf_bytes(&text), ret_config, err) < 0)
		return hp_wrap(err, "config '%.200s'", one->name);
	if (hp_members__store(s, one, err) < 0)
		return -1;
	hp_import__describe(&d->config, HP_MT_OCI_CONFIG, one->digest, one->size);
	return 0;
}

static int take_layers(struct hp_store *s, struct hp_members *m, const struct hp_json *names,
		       const struct hp_strv *diff_ids, struct docker_image *d,
		       struct hp_error *err)
{
	const size_t n = hp_json_count(names);

	if (n != diff_ids->count || n > LAYERS_MAX)
		return hp_fail(err, HP_ECORRUPT, "%zu layers, but the config has %zu", n,
			       diff_ids->count);
	d->layers = hp_alloc_array(n, sizeof(*d->layers));
	for (size_t i = 0; i < n; i++) {
		struct hp_member *one = named_member(m, hp_json_at(names, i), "layer", err);
		if (!one || hp_members__store(s, one, err) < 0)
			return -1;
		if (one->packing == HP_PACKING_NONE &&
		    !hp_str_eq(one->digest, diff_ids->items[i]))
			return hp_fail(err, HP_ECORRUPT,
				       "layer '%.200s' is %s, but the config says %.71s",
				       one->name, one->digest, diff_ids->items[i]);
		hp_import__describe(&d->layers[i], hp_import__layer_type(one->packing),
				    one->digest, one->size);
		d->n_layers++;
	}
	return 0;
}

static int name_image(const struct hp_import *what, const struct hp_json *tags,
		      const struct hp_descriptor *target, struct hp_founds *found,
		      struct hp_error *err)
{
	const size_t n = hp_json_count(tags);

	if (what->name)
		return hp_founds__add(found, what->name, target, err);
	if (n == 0)
		return hp_import__nameless(target->digest, err);
	if (n > NAMES_MAX)
		return hp_fail(err, HP_ECORRUPT, "an image with %zu names", n);
	for (size_t i = 0; i < n; i++) {
		const char *name = hp_json_str(hp_json_at(tags, i));
		if (!name)
			return hp_fail(err, HP_ECORRUPT, "a name that is no string");
		if (hp_founds__add(found, name, target, err) < 0)
			return -1;
	}
	return 0;
}

static int import_entry(struct hp_store *s, const struct hp_import *what, struct hp_members *m,
			const struct hp_json *entry, struct hp_founds *found,
			struct hp_error *err)
{
	AUTO(docker_image_clear) struct docker_image d = {0};
	AUTO(hp_image_config_clear) struct hp_image_config config = {0};
	AUTO(hp_descriptor_clear) struct hp_descriptor target = {0};

	if (take_config(s, m, hp_json_get(entry, "Config"), &d, &config, err) < 0 ||
	    take_layers(s, m, hp_json_get(entry, "Layers"), &config.diff_ids, &d, err) < 0 ||
	    hp_import__manifest(s, &d.config, d.layers, d.n_layers, &target, err) < 0)
		return -1;
	return name_image(what, hp_json_get(entry, "RepoTags"), &target, found, err);
}

int hp_import__docker(struct hp_store *s, const struct hp_import *what,
		      struct hp_members *members, struct hp_founds *found, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *list = NULL;
	AUTO(hp_buf_free) struct hp_buf text = {0};
	const struct hp_member *one = hp_members__find(members, "manifest.json");

	if (!one)
		return hp_fail(err, HP_ECORRUPT, "there is no manifest.json");
	if (hp_members__text(s, one, &text, err) < 0)
		return -1;
	if (hp_json_parse(hp_buf_bytes(&text), &list, err) < 0)
		return hp_wrap(err, "manifest.json");
	if (!hp_json_is_array(list))
		return hp_fail(err, HP_ECORRUPT, "manifest.json is no list");
	const size_t n = hp_json_count(list);
	if (what->name && n > 1)
		return hp_import__too_many(n, what->name, err);
	for (size_t i = 0; i < n; i++)
		if (import_entry(s, what, members, hp_json_at(list, i), found, err) < 0)
			return hp_wrap(err, "manifest.json, entry %zu", i);
	return 0;
}
