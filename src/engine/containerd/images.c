/* SPDX-License-Identifier: Apache-2.0 */
/* images.c - the engine's operations on images: find, import, export, tag and remove. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/containerd/store.h"
#include "image/reference.h"

#include "images.pb-c.h"

/* Shorter beginnings of ids fit too much by chance. */
#define SHORT_ID_MIN 4

/* Returns: 1 found by @name, 0 not, -1. */
static int by_name(struct containerd *c, const char *name, char **ret_name,
		   struct hp_descriptor *ret_target, struct hp_error *err)
{
	AUTO(hp_containerd__store_free) struct hp_store *s = hp_containerd__store_new(c);

	const int got = s->ops->image_get(s, name, ret_target, err);
	if (got > 0)
		*ret_name = hp_strdup(name);
	return got;
}

/* Is @ref the beginning of a digest, with or without "sha256:"? Returns: the digits; or NULL. */
static const char *id_digits(const char *ref)
{
	const char *digits = hp_str_starts(ref, "sha256:") ? ref + strlen("sha256:") : ref;
	const size_t n = strlen(digits);

	if (n < SHORT_ID_MIN || n > 64 || strspn(digits, "0123456789abcdef") != n)
		return NULL;
	return digits;
}

static bool id_fits(const char *digest, const char *digits)
{
	return hp_str_starts(digest, "sha256:") &&
	       hp_str_starts(digest + strlen("sha256:"), digits);
}

/* All names whose manifest or config digest begins with @digits, sorted by name.
 * Fails: HP_EINVALID - they are not all of one image. */
static int by_id(struct containerd *c, const char *ref, const char *digits,
		 struct hp_strv *ret_names, struct hp_error *err)
{
	AUTO(hp_image_list_free) struct hp_image_list *list = NULL;
	const char *target = NULL;

	if (hp_containerd__images(&c->base, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		const struct hp_image *image = list->items[i];
		if (!id_fits(image->digest, digits) && !id_fits(image->id, digits))
			continue;
		if (target && !hp_str_eq(target, image->digest))
			return hp_fail(err, HP_EINVALID,
				       "image id '%s' fits several images: give more of it",
				       ref);
		target = image->digest;
		hp_strv_add(ret_names, image->name);
	}
	return 0;
}

static int not_found(const char *ref, const char *full, struct hp_error *err)
{
	const bool same = !full || hp_str_eq(ref, full);

	return hp_fail(
		err, HP_ENOTFOUND,
		"no image '%s'%s%s%s: see `harpoon images`, or bring it in with `harpoon "
		"pull` or `harpoon import`",
		ref, same ? "" : " (taken as '", same ? "" : full, same ? "" : "')");
}

/* All names that @ref means: one when it is a name, each of the image's when it is an id. */
static int find_names(struct containerd *c, const char *ref, struct hp_strv *ret_names,
		      struct hp_descriptor *ret_target, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_error bad_name = HP_ERROR_INIT;
	AUTO_FREE char *full = NULL, *name = NULL;
	const char *digits = id_digits(ref);

	int got = by_name(c, ref, &name, ret_target, err);
	if (got == 0 && hp_reference_expand(ref, &full, &bad_name) == 0 &&
	    !hp_str_eq(ref, full))
		got = by_name(c, full, &name, ret_target, err);
	if (got < 0)
		return -1;
	if (got > 0) {
		hp_strv_take(ret_names, TAKE(name));
		return 0;
	}
	if (digits && by_id(c, ref, digits, &names, err) < 0)
		return -1;
	if (names.count == 0 && !full && !digits) {
		*err = bad_name;
		return -1;
	}
	if (names.count == 0)
		return not_found(ref, full, err);
	if (by_name(c, names.items[0], &name, ret_target, err) <= 0)
		return err->code ? -1 : not_found(ref, NULL, err);
	*ret_names = names;
	names = (struct hp_strv){0};
	return 0;
}

int hp_containerd__image_find(struct containerd *c, const char *ref, char **ret_name,
			      struct hp_descriptor *ret_target, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};
	AUTO(hp_descriptor_clear) struct hp_descriptor target = {0};

	if (find_names(c, ref, &names, &target, err) < 0)
		return -1;
	*ret_name = hp_strdup(names.items[0]);
	*ret_target = target;
	target = (struct hp_descriptor){0};
	return 0;
}

int hp_containerd__import(struct hp_engine *e, const struct hp_import *what, char ***ret_names,
			  struct hp_error *err)
{
	AUTO(hp_containerd__store_free)
	struct hp_store *s = hp_containerd__store_new(hp_containerd__of(e));
	AUTO(hp_strv_free) struct hp_strv names = {0};

	if (hp_image_import(s, what, &names, err) < 0)
		return -1;
	*ret_names = TAKE(names.items);
	names.count = 0;
	return 0;
}

int hp_containerd__export(struct hp_engine *e, const char *const *refs, int fd,
			  struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO(hp_containerd__store_free) struct hp_store *s = hp_containerd__store_new(c);
	AUTO(hp_strv_free) struct hp_strv names = {0};

	for (size_t i = 0; refs[i]; i++) {
		AUTO(hp_descriptor_clear) struct hp_descriptor target = {0};
		char *name = NULL;
		if (hp_containerd__image_find(c, refs[i], &name, &target, err) < 0)
			return -1;
		hp_strv_take(&names, name);
	}
	return hp_image_export(s, hp_strv_view(&names), fd, err);
}

int hp_containerd__tag(struct hp_engine *e, const char *ref, const char *name,
		       struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO(hp_containerd__store_free) struct hp_store *s = hp_containerd__store_new(c);
	AUTO(hp_descriptor_clear) struct hp_descriptor target = {0};
	AUTO_FREE char *source = NULL, *full = NULL;

	if (hp_reference_expand(name, &full, err) < 0 ||
	    hp_containerd__image_find(c, ref, &source, &target, err) < 0)
		return -1;
	return s->ops->image_put(s, full, &target, err);
}

/* A filter for containers of image @name, quoted as Go quotes strings. Owns: the caller.
 * From: containerd filters/parser.go. */
static char *image_filter(const char *name)
{
	AUTO_FREE char *quoted = hp_alloc(2 * strlen(name) + 1);
	size_t n = 0;

	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			quoted[n++] = '\\';
		quoted[n++] = *name;
	}
	return hp_sprintf("image==\"%s\"", quoted);
}

/* Fails: HP_ESTATE - a container was made from image @name and is still there. */
static int check_unused(struct containerd *c, const char *name, struct hp_error *err)
{
	Hp__ListContainersRequest request = HP__LIST_CONTAINERS_REQUEST__INIT;
	AUTO_REPLY Hp__ListContainersResponse *reply = NULL;
	AUTO_FREE char *filter = image_filter(name);
	char *filters[] = {filter};

	request.filters = filters;
	request.n_filters = 1;
	if (hp_containerd__call(c, HP_SVC_CONTAINERS "List", &request.base,
				&hp__list_containers_response__descriptor, &reply, err) < 0)
		return hp_wrap(err, "look for containers of image '%s'", name);
	if (reply->n_containers == 0)
		return 0;
	return hp_fail(
		err, HP_ESTATE,
		"image '%s' is used by container '%s': remove that first, or use --force", name,
		reply->containers[0]->id);
}

int hp_containerd__remove_image(struct hp_engine *e, const char *ref, bool force,
				struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO(hp_descriptor_clear) struct hp_descriptor target = {0};
	AUTO(hp_strv_free) struct hp_strv names = {0};

	if (find_names(c, ref, &names, &target, err) < 0)
		return -1;
	if (names.count > 1 && !force)
		return hp_fail(err, HP_ESTATE,
			       "image '%s' has %zu names, '%s' and '%s' among them: remove it "
			       "by name, or all of them with --force",
			       ref, names.count, names.items[0], names.items[1]);
	for (size_t i = 0; i < names.count; i++)
		if (!force && check_unused(c, names.items[i], err) < 0)
			return -1;
	/* One collection after the last serves all. */
	for (size_t i = 0; i < names.count; i++)
		if (hp_containerd__image_drop(c, names.items[i], i + 1 == names.count, err) < 0)
			return -1;
	return 0;
}
