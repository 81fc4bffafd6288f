/* SPDX-License-Identifier: Apache-2.0 */
/* images.c - docker's images: listed, named and removed. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"
#include "image/reference.h"

/* From: docker API, ImageList: what has no name is called so. */
#define NO_NAME "<none>:<none>"

/* Shorter beginnings of ids fit too much by chance. */
#define SHORT_ID_MIN 4U

/* The full form of a name as docker gives it; as it is when it has none. Owns: the caller. */
static char *full_name(const char *name)
{
	struct hp_error ignored = HP_ERROR_INIT;
	char *full = NULL;

	return hp_reference_expand(name, &full, &ignored) < 0 ? hp_strdup(name) : full;
}

/* The digest under which a registry has the image that is called @name; NULL when none is known. */
static const char *digest_for(const struct hp_json *digests, const char *name)
{
	const char *any = NULL;

	for (size_t i = 0; i < hp_json_count(digests); i++) {
		const char *text = hp_json_str(hp_json_at(digests, i));
		const char *at = text ? strchr(text, '@') : NULL;

		if (!at)
			continue;
		any = at + 1;
		const size_t len = (size_t)(at - text);
		if (strncmp(name, text, len) == 0 && (name[len] == ':' || name[len] == '@'))
			return any;
	}
	return any;
}

/* The image @row under one of its names. What was never in a registry has no digest but its id. */
static struct hp_image *image_of(const struct hp_json *row, const char *name)
{
	struct hp_image *image = hp_image_new();
	const struct hp_json *labels = hp_json_get(row, "Labels");
	const char *id = hp_json_get_str(row, "Id");
	const char *digest = digest_for(hp_json_get(row, "RepoDigests"), name);
	const int64_t created = hp_json_i64(hp_json_get(row, "Created"), 0);

	free(image->name);
	image->name = full_name(name);
	hp_field_set(&image->id, id);
	hp_field_set(&image->digest, digest ? digest : id);
	image->size_bytes = hp_json_i64(hp_json_get(row, "Size"), -1);
	if (created > 0 && created < INT64_MAX / 1000000000)
		image->created_ns = created * 1000000000;
	for (size_t i = 0; i < hp_json_count(labels); i++) {
		const char *value = hp_json_str(hp_json_value_at(labels, i));
		hp_labels_add(&image->labels, hp_json_key_at(labels, i), value ? value : "");
	}
	return image;
}

void hp_docker__images_add(const struct hp_json *row, struct hp_image_list *list)
{
	const struct hp_json *names = hp_json_get(row, "RepoTags");
	size_t added = 0;

	for (size_t i = 0; i < hp_json_count(names); i++) {
		const char *name = hp_json_str(hp_json_at(names, i));

		if (!name || hp_str_eq(name, NO_NAME))
			continue;
		hp_image_list_add(list, image_of(row, name));
		added++;
	}
	if (added)
		return;
	const char *digest = hp_json_str(hp_json_at(hp_json_get(row, "RepoDigests"), 0));
	AUTO_FREE char *name = digest && !hp_str_starts(digest, "<none>")
				       ? hp_strdup(digest)
				       : hp_sprintf("<none>@%s", hp_json_get_str(row, "Id"));
	hp_image_list_add(list, image_of(row, name));
}

int hp_docker__images(struct hp_engine *e, struct hp_image_list **ret, struct hp_error *err)
{
	AUTO(hp_image_list_free) struct hp_image_list *list = hp_alloc(sizeof(*list));
	AUTO(hp_json_free) struct hp_json *reply = NULL;

	if (hp_docker__get(hp_docker__of(e), "/images/json", &reply, err) < 0)
		return hp_wrap(err, "list images");
	for (size_t i = 0; i < hp_json_count(reply); i++) {
		const struct hp_json *row = hp_json_at(reply, i);

		if (!hp_json_get_str(row, "Id"))
			return hp_fail(err, HP_EPROTO, "list images: entry %zu has no id", i);
		hp_docker__images_add(row, list);
	}
	hp_image_list_sort(list);
	*ret = TAKE(list);
	return 0;
}

int hp_docker__image_find(const struct hp_image_list *list, const char *ref,
			  const struct hp_image **ret, struct hp_error *err)
{
	const char *digits = hp_str_starts(ref, "sha256:") ? ref + strlen("sha256:") : ref;
	const bool may_be_id = strlen(digits) >= SHORT_ID_MIN &&
			       digits[strspn(digits, "0123456789abcdef")] == '\0';
	AUTO_FREE char *full = full_name(ref);
	const struct hp_image *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct hp_image *image = list->items[i];
		if (hp_str_eq(image->name, ref) || hp_str_eq(image->name, full)) {
			*ret = image;
			return 0;
		}
		if (!may_be_id || !hp_str_starts(image->id, "sha256:") ||
		    !hp_str_starts(image->id + strlen("sha256:"), digits))
			continue;
		if (found && !hp_str_eq(found->id, image->id))
			return hp_fail(err, HP_EINVALID,
				       "image id '%s' fits several images: give more of it",
				       ref);
		found = found ? found : image;
	}
	if (!found)
		return hp_fail(err, HP_ENOTFOUND, "no image '%s': see `harpoon images`", ref);
	*ret = found;
	return 0;
}

/* Docker takes a name away from an image of several though a container was made by that name, and
 * leaves the container without one. */
static int check_unused(struct hp_engine *e, const char *ref, struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	AUTO_FREE char *full = full_name(ref);

	if (hp_docker__list(e, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		AUTO_FREE char *used = full_name(list->items[i]->image);
		if (hp_str_eq(used, full))
			return hp_fail(
				err, HP_ESTATE,
				"image '%s' is used by container '%s': remove that first, "
				"or the image with force",
				ref, list->items[i]->name);
	}
	return 0;
}

int hp_docker__remove_image(struct hp_engine *e, const char *ref, bool force,
			    struct hp_error *err)
{
	AUTO_FREE char *name = hp_http1_escape(ref);
	AUTO_FREE char *path = hp_sprintf("/images/%s?force=%d", name, force);
	const struct hp_docker_call call = {.method = "DELETE", .path = path};

	if (!force && check_unused(e, ref, err) < 0)
		return -1;
	return hp_docker__call(hp_docker__of(e), &call, NULL, err) < 0 ? -1 : 0;
}

int hp_docker__tag(struct hp_engine *e, const char *ref, const char *name, struct hp_error *err)
{
	AUTO_FREE char *full = NULL;
	AUTO_FREE char *repository = NULL;
	AUTO_FREE char *tag = NULL;

	if (hp_reference_expand(name, &full, err) < 0)
		return -1;
	if (strchr(full, '@'))
		return hp_fail(err, HP_EINVALID, "'%s' has a digest; a name has a tag", name);
	hp_reference_split(full, &repository, &tag);
	AUTO_FREE char *from = hp_http1_escape(ref);
	AUTO_FREE char *repository_text = hp_http1_escape(repository);
	AUTO_FREE char *tag_text = hp_http1_escape(tag);
	AUTO_FREE char *path =
		hp_sprintf("/images/%s/tag?repo=%s&tag=%s", from, repository_text, tag_text);
	return hp_docker__post(hp_docker__of(e), path, err) < 0 ? -1 : 0;
}
