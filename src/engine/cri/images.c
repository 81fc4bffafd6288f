/* SPDX-License-Identifier: Apache-2.0 */
/* images.c - images as the runtime lists them: found, shown, pulled and removed. */
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/cri/cri.h"
#include "image/credentials.h"
#include "image/endpoint.h"
#include "image/reference.h"
#include "wire/json.h"
#include "wire/platform.h"

/* How often a pull asks whether it shall end. */
#define STOP_MS 200

static int fetch(struct cri *c, Hp__CriListImagesResponse **ret, struct hp_error *err)
{
	Hp__CriListImagesRequest request = HP__CRI_LIST_IMAGES_REQUEST__INIT;

	if (hp_cri__call(c, HP_SVC_IMAGE "ListImages", &request.base,
			 &hp__cri_list_images_response__descriptor, ret, err) < 0)
		return hp_wrap(err, "list images");
	return 0;
}

static const char *hex_of(const char *digest)
{
	return digest + (hp_str_starts(digest, "sha256:") ? strlen("sha256:") : 0);
}

/* The digest that name @tag has in its registry. One that never was in a registry has its config's. */
static const char *digest_of(const Hp__CriImage *image, const char *tag)
{
	const char *colon = strrchr(tag, ':');
	size_t len = colon && !strchr(colon, '/') ? (size_t)(colon - tag) : strlen(tag);

	for (size_t i = 0; i < image->n_repo_digests; i++) {
		const char *at = strchr(image->repo_digests[i], '@');
		if (at && (size_t)(at - image->repo_digests[i]) == len &&
		    memcmp(image->repo_digests[i], tag, len) == 0)
			return at + 1;
	}
	return image->id;
}

/* What the image's own config says. From: containerd pkg/cri/server/image_status.go, imageInfo. */
static void read_info(const Hp__CriImageStatusResponse *status, struct hp_image *to)
{
	const char *text = hp_cri__pair(status->info, status->n_info, "info");
	AUTO(hp_json_free) struct hp_json *info = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (!text || hp_json_parse(hp_bytes_str(text), &info, &ignored) < 0)
		return;
	const struct hp_json *spec = hp_json_get(info, "imageSpec");
	const char *created = hp_json_get_str(spec, "created");
	const char *arch = hp_json_get_str(spec, "architecture");
	const char *os = hp_json_get_str(spec, "os");
	if (created && hp_time_parse(created, &to->created_ns, &ignored) < 0)
		hp_error_clear(&ignored);
	if (arch && os) {
		free(to->platform);
		to->platform = hp_sprintf("%s/%s", os, arch);
	}
}

/* An image for each of its names, and one for an image without any. */
static int add_names(struct cri *c, const Hp__CriImage *image, struct hp_image_list *list,
		     struct hp_error *err)
{
	Hp__CriImageStatusRequest request = HP__CRI_IMAGE_STATUS_REQUEST__INIT;
	Hp__CriImageSpec spec = HP__CRI_IMAGE_SPEC__INIT;
	AUTO_REPLY Hp__CriImageStatusResponse *status = NULL;
	char *const bare[] = {image->n_repo_digests ? image->repo_digests[0] : image->id};
	char *const *names = image->n_repo_tags ? image->repo_tags : bare;

	spec.image = image->id;
	request.image = &spec;
	request.verbose = true;
	if (hp_cri__call(c, HP_SVC_IMAGE "ImageStatus", &request.base,
			 &hp__cri_image_status_response__descriptor, &status, err) < 0)
		return hp_wrap(err, "image '%s'", names[0]);
	for (size_t i = 0; i == 0 || i < image->n_repo_tags; i++) {
		struct hp_image *to = hp_image_new();

		hp_field_set(&to->name, names[i]);
		hp_field_set(&to->id, image->id);
		hp_field_set(&to->digest, digest_of(image, names[i]));
		to->size_bytes = (int64_t)image->size;
		read_info(status, to);
		hp_image_list_add(list, to);
	}
	return 0;
}

int hp_cri__images(struct hp_engine *e, struct hp_image_list **ret, struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_image_list_free) struct hp_image_list *list = hp_alloc(sizeof(*list));
	AUTO_REPLY Hp__CriListImagesResponse *reply = NULL;

	if (fetch(c, &reply, err) < 0)
		return -1;
	for (size_t i = 0; i < reply->n_images; i++)
		if (add_names(c, reply->images[i], list, err) < 0)
			return -1;
	hp_image_list_sort(list);
	*ret = TAKE(list);
	return 0;
}

static const char *has_name(const Hp__CriImage *image, const char *name)
{
	for (size_t i = 0; name && i < image->n_repo_tags; i++)
		if (hp_str_eq(image->repo_tags[i], name))
			return image->repo_tags[i];
	for (size_t i = 0; name && i < image->n_repo_digests; i++)
		if (hp_str_eq(image->repo_digests[i], name))
			return image->repo_digests[i];
	return NULL;
}

/* A name wins over the beginning of an id. */
static int find_in(const Hp__CriListImagesResponse *images, const char *ref,
		   const Hp__CriImage **ret, const char **ret_name, struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO_FREE char *full = NULL;
	const Hp__CriImage *begins = NULL;

	if (hp_reference_expand(ref, &full, &ignored) < 0)
		hp_error_clear(&ignored);
	for (size_t i = 0; i < images->n_images; i++) {
		const Hp__CriImage *image = images->images[i];
		const char *name = has_name(image, ref);
		name = name ? name : has_name(image, full);
		if (name) {
			*ret = image;
			*ret_name = name;
			return 0;
		}
		if (!hp_str_starts(hex_of(image->id), hex_of(ref)))
			continue;
		if (begins)
			return hp_fail(err, HP_EINVALID, "'%s' fits several images", ref);
		begins = image;
	}
	if (!begins)
		return hp_fail(err, HP_ENOTFOUND,
			       "no such image: '%s'; 'harpoon pull' brings it from its "
			       "registry",
			       ref);
	*ret = begins;
	*ret_name = begins->n_repo_tags ? begins->repo_tags[0] : begins->id;
	return 0;
}

int hp_cri__image_find(struct cri *c, const char *ref, char **ret_name, char **ret_id,
		       struct hp_error *err)
{
	AUTO_REPLY Hp__CriListImagesResponse *images = NULL;
	const Hp__CriImage *image = NULL;
	const char *name = NULL;

	if (fetch(c, &images, err) < 0 || find_in(images, ref, &image, &name, err) < 0)
		return -1;
	*ret_name = hp_strdup(name);
	*ret_id = hp_strdup(image->id);
	return 0;
}

/* Fails: HP_ESTATE - a container is made of it, or it has names that nobody asked to remove. */
static int check_removal(struct hp_engine *e, const Hp__CriImage *image, const char *ref,
			 struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;

	if (image->n_repo_tags > 1 && has_name(image, ref))
		return hp_fail(err, HP_ESTATE,
			       "image '%s' has %zu names, and cri removes all of them with it: "
			       "force it to do so",
			       ref, image->n_repo_tags);
	if (hp_cri__list(e, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		const struct hp_container *c = list->items[i];
		if (hp_str_eq(c->image_id, image->id) || has_name(image, c->image))
			return hp_fail(err, HP_ESTATE,
				       "image '%s' is used by container '%s': remove that "
				       "first, or force it",
				       ref, c->name);
	}
	return 0;
}

int hp_cri__remove_image(struct hp_engine *e, const char *ref, bool force, struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO_REPLY Hp__CriListImagesResponse *images = NULL;
	Hp__CriRemoveImageRequest request = HP__CRI_REMOVE_IMAGE_REQUEST__INIT;
	Hp__CriImageSpec spec = HP__CRI_IMAGE_SPEC__INIT;
	const Hp__CriImage *image = NULL;
	const char *name = NULL;

	if (fetch(c, &images, err) < 0 || find_in(images, ref, &image, &name, err) < 0 ||
	    (!force && check_removal(e, image, ref, err) < 0))
		return -1;
	spec.image = image->id;
	request.image = &spec;
	if (hp_cri__call(c, HP_SVC_IMAGE "RemoveImage", &request.base, &hp__empty__descriptor,
			 NULL, err) < 0)
		return hp_wrap(err, "remove image '%s'", ref);
	return 0;
}

/* The runtime has its own way to registries: only who we are is told to it. */
static int check_pull(const struct hp_pull *what, char **ret_full, char **ret_host,
		      struct hp_error *err)
{
	const struct hp_endpoint_how how = {.plain_http = what->plain_http};
	AUTO(hp_endpoint_clear) struct hp_endpoint where = {0};
	AUTO_FREE char *full = NULL;
	struct hp_platform platform;

	if (hp_reference_expand(what->ref, &full, err) < 0 ||
	    hp_endpoint_of(full, &how, &where, err) < 0 ||
	    (what->platform && hp_platform_parse(what->platform, &platform, err) < 0))
		return -1;
	if (what->platform || what->plain_http || what->tls_ca)
		return hp_fail(err, HP_EUNSUPPORTED,
			       "cri pulls for its own platform, and speaks with registries as "
			       "the runtime's configuration says");
	*ret_host = hp_strdup(where.host);
	*ret_full = TAKE(full);
	return 0;
}

/* The runtime tells failures as texts. From: containerd remotes/docker and Go's net package. */
static int pull_failed(struct hp_error *err)
{
	static const struct {
		const char *text;
		enum hp_code code;
	} rows[] = {
		{"connection refused", HP_EUNAVAILABLE},
		{"no such host", HP_EUNAVAILABLE},
		{"no route to host", HP_EUNAVAILABLE},
		{"i/o timeout", HP_EUNAVAILABLE},
		{"authorization failed", HP_EDENIED},
		{"401 Unauthorized", HP_EDENIED},
		{"403 Forbidden", HP_EDENIED},
		{"x509: ", HP_EDENIED},
		{"429 Too Many Requests", HP_EEXHAUSTED},
		{"no space left on device", HP_EEXHAUSTED},
		{": not found", HP_ENOTFOUND},
		{"no match for platform", HP_ENOTFOUND},
	};

	for (size_t i = 0; err->code == HP_EFAILED && i < HP_ARRAY_LEN(rows); i++)
		if (strstr(err->msg, rows[i].text))
			err->code = rows[i].code;
	return -1;
}

static int await_pull(struct cri *c, const struct hp_pull *what, struct hp_rpc *rpc,
		      struct hp_error *err)
{
	AUTO_REPLY Hp__CriPullResponse *reply = NULL;

	for (;;) {
		int got = hp_rpc_next(rpc, &reply, err);
		if (got < 0)
			return pull_failed(err);
		if (got == HP_NEXT_END)
			return hp_fail(err, HP_EPROTO, "no answer came");
		if (got == HP_NEXT_ITEM)
			return 0;
		if (what->stop && what->stop(what->stop_arg))
			return hp_fail(err, HP_ECANCELED, "it was stopped");
		if (hp_fd_poll(hp_grpc_fd(c->grpc), POLLIN, STOP_MS, err) < 0)
			return -1;
	}
}

/* A pull takes as long as it takes. */
static int pull(struct cri *c, const struct hp_pull *what, const char *full,
		const struct hp_credentials *who, struct hp_error *err)
{
	Hp__CriPullRequest request = HP__CRI_PULL_REQUEST__INIT;
	Hp__CriImageSpec spec = HP__CRI_IMAGE_SPEC__INIT;
	Hp__CriAuthConfig auth = HP__CRI_AUTH_CONFIG__INIT;
	AUTO(hp_rpc_end) struct hp_rpc rpc = {0};

	spec.image = (char *)full;
	request.image = &spec;
	auth.username = who->user ? who->user : auth.username;
	auth.password = who->password ? who->password : auth.password;
	auth.identity_token = who->identity_token ? who->identity_token : auth.identity_token;
	if (who->user || who->identity_token)
		request.auth = &auth;
	if (hp_rpc_begin(HP_RPC_TO(c->grpc, HP_SVC_IMAGE "PullImage", 0),
			 &hp__cri_pull_response__descriptor, &rpc, err) < 0 ||
	    hp_rpc_send(&rpc, &request.base, true, err) < 0)
		return -1;
	return await_pull(c, what, &rpc, err);
}

int hp_cri__pull(struct hp_engine *e, const struct hp_pull *what, struct hp_pulled *ret,
		 struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_credentials_clear) struct hp_credentials who = {0};
	AUTO_REPLY Hp__CriListImagesResponse *before = NULL;
	AUTO_REPLY Hp__CriListImagesResponse *after = NULL;
	AUTO_FREE char *full = NULL, *host = NULL;
	const Hp__CriImage *old = NULL, *image = NULL;
	const char *name = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (check_pull(what, &full, &host, err) < 0 ||
	    hp_credentials_find(what->config_dir, host, &who, err) < 0 ||
	    fetch(c, &before, err) < 0 || pull(c, what, full, &who, err) < 0 ||
	    fetch(c, &after, err) < 0 || find_in(after, full, &image, &name, err) < 0)
		return hp_wrap(err, "pull '%s'", what->ref);
	if (find_in(before, full, &old, &name, &ignored) < 0)
		hp_error_clear(&ignored);
	ret->fresh = !old || !hp_str_eq(old->id, image->id);
	ret->name = TAKE(full);
	ret->digest = hp_strdup(digest_of(image, ret->name));
	return 0;
}
