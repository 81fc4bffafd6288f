/* SPDX-License-Identifier: Apache-2.0 */
/* fake_image.c - images of the fake engine: names with digests, and no content. */
#include <errno.h>
#include <fcntl.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "engine/fake.h"
#include "image/reference.h"
#include "wire/digest.h"

/* From: POSIX pax, "ustar Interchange Format": where "ustar" stands in the first header. */
#define TAR_BLOCK    512
#define TAR_MAGIC_AT 257

#define MAX_ARCHIVE (256u << 20)

/* A manifest, which has the digest of a config in it, would give two; here they are one. */
void hp_fake__image_add(struct hp_fake *f, const char *name, const char *digest, int64_t size)
{
	struct hp_image *image = hp_image_new();

	hp_field_set(&image->name, name);
	hp_field_set(&image->digest, digest);
	hp_field_set(&image->id, digest);
	hp_field_set(&image->platform, "linux/amd64");
	image->created_ns = hp_clock_unix_ns();
	image->size_bytes = size;
	hp_image_list_add(&f->images, image);
}

static struct hp_image *find_name(const struct hp_fake *f, const char *name)
{
	for (size_t i = 0; i < f->images.count; i++)
		if (hp_str_eq(f->images.items[i]->name, name))
			return f->images.items[i];
	return NULL;
}

/* An id or its beginning, with or without "sha256:". Names of one image are one match. */
static int find_id(const struct hp_fake *f, const char *ref, const struct hp_image **ret_image,
		   struct hp_error *err)
{
	const struct hp_image *found = NULL;

	for (size_t i = 0; i < f->images.count; i++) {
		const struct hp_image *image = f->images.items[i];
		const char *hex = strchr(image->id, ':') + 1;
		if (!hp_str_starts(image->id, ref) && !hp_str_starts(hex, ref))
			continue;
		if (found && !hp_str_eq(found->id, image->id))
			return hp_fail(err, HP_EINVALID, "'%s' fits several images", ref);
		found = image;
	}
	if (!found)
		return hp_fail(err, HP_ENOTFOUND, "no such image: '%s'", ref);
	*ret_image = found;
	return 0;
}

int hp_fake__image_find(const struct hp_fake *f, const char *ref,
			const struct hp_image **ret_image, struct hp_error *err)
{
	AUTO_FREE char *full = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	const struct hp_image *found = find_name(f, ref);

	if (!found && hp_reference_expand(ref, &full, &ignored) == 0)
		found = find_name(f, full);
	if (!found)
		return find_id(f, ref, ret_image, err);
	*ret_image = found;
	return 0;
}

int hp_fake__images(struct hp_engine *e, struct hp_image_list **ret, struct hp_error *err)
{
	const struct hp_fake *f = hp_fake__of(e);
	struct hp_image_list *list = hp_alloc(sizeof(*list));

	(void)err;
	for (size_t i = 0; i < f->images.count; i++) {
		const struct hp_image *image = f->images.items[i];
		struct hp_image *copy = hp_image_new();
		hp_field_set(&copy->name, image->name);
		hp_field_set(&copy->digest, image->digest);
		hp_field_set(&copy->id, image->id);
		hp_field_set(&copy->platform, image->platform);
		copy->created_ns = image->created_ns;
		copy->size_bytes = image->size_bytes;
		hp_image_list_add(list, copy);
	}
	hp_image_list_sort(list);
	*ret = list;
	return 0;
}

static int read_archive(const struct hp_import *what, struct hp_buf *archive,
			struct hp_error *err)
{
	if (hp_str_eq(what->path, "-")) {
		hp_buf_init(archive, MAX_ARCHIVE);
		return hp_fd_read_all(what->fd, archive, err);
	}
	return hp_file_read(what->path, MAX_ARCHIVE, archive, err);
}

int hp_fake__import(struct hp_engine *e, const struct hp_import *what, char ***ret_names,
		    struct hp_error *err)
{
	struct hp_fake *f = hp_fake__of(e);
	AUTO(hp_buf_free) struct hp_buf archive = {0};
	AUTO_FREE char *full = NULL;
	char digest[HP_DIGEST_TEXT];

	if (!what->name)
		return hp_fail(err, HP_EINVALID,
			       "import '%s': the fake engine needs a name for the image",
			       what->path);
	if (hp_reference_expand(what->name, &full, err) < 0 ||
	    read_archive(what, &archive, err) < 0)
		return hp_wrap(err, "import '%s'", what->path);
	if (archive.len < TAR_BLOCK || memcmp(archive.data + TAR_MAGIC_AT, "ustar", 5))
		return hp_fail(err, HP_ECORRUPT, "import '%s': it is no tar archive",
			       what->path);
	hp_digest_of(hp_buf_bytes(&archive), digest);
	if (find_name(f, full)) {
		struct hp_error ignored = HP_ERROR_INIT;
		if (hp_fake__remove_image(e, full, true, &ignored) < 0)
			return hp_fail(err, HP_EINTERNAL, "%s", ignored.msg);
	}
	hp_fake__image_add(f, full, digest, (int64_t)archive.len);
	hp_fake__event(f, "image", "create", full, NULL);
	char **names = hp_alloc_array(2, sizeof(*names));
	names[0] = TAKE(full);
	*ret_names = names;
	return 0;
}

static int check_unused(const struct hp_fake *f, const struct hp_image *image,
			struct hp_error *err)
{
	for (size_t i = 0; i < f->n_containers; i++)
		if (hp_str_eq(f->containers[i]->info->image, image->name))
			return hp_fail(err, HP_ESTATE, "image '%s' is used by container '%s'",
				       image->name, f->containers[i]->info->name);
	return 0;
}

int hp_fake__remove_image(struct hp_engine *e, const char *ref, bool force,
			  struct hp_error *err)
{
	struct hp_fake *f = hp_fake__of(e);
	const struct hp_image *image = NULL;

	if (hp_fake__image_find(f, ref, &image, err) < 0)
		return -1;
	if (!force && check_unused(f, image, err) < 0)
		return -1;
	for (size_t i = 0; i < f->images.count; i++) {
		struct hp_image *at = f->images.items[i];
		if (at != image)
			continue;
		memmove(&f->images.items[i], &f->images.items[i + 1],
			(f->images.count - i - 1) * sizeof(at));
		/* The list counts in powers of two; it does not shrink its memory. */
		f->images.count--;
		hp_fake__event(f, "image", "delete", at->name, NULL);
		hp_image_free(at);
		break;
	}
	return 0;
}

int hp_fake__tag(struct hp_engine *e, const char *ref, const char *name, struct hp_error *err)
{
	struct hp_fake *f = hp_fake__of(e);
	const struct hp_image *image = NULL;
	AUTO_FREE char *full = NULL;

	if (hp_fake__image_find(f, ref, &image, err) < 0 ||
	    hp_reference_expand(name, &full, err) < 0)
		return hp_wrap(err, "tag '%s'", ref);
	struct hp_image *old = find_name(f, full);
	if (old == image)
		return 0;
	if (old) {
		hp_field_set(&old->digest, image->digest);
		hp_field_set(&old->id, image->id);
		old->size_bytes = image->size_bytes;
		hp_fake__event(f, "image", "update", full, NULL);
		return 0;
	}
	hp_fake__image_add(f, full, image->digest, image->size_bytes);
	hp_fake__event(f, "image", "create", full, NULL);
	return 0;
}
