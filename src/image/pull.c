/* SPDX-License-Identifier: Apache-2.0 */
/* pull.c - from a reference to an image that containers can be made of. */
#include "image/pull.h"

#include "base/alloc.h"
#include "image/import.h"
#include "image/put.h"
#include "image/reference.h"
#include "image/unpack.h"
#include "wire/platform.h"

/* An index may point to an index; deeper nesting has no use. */
#define DEPTH_MAX 4
/* From: containerd labels/labels.go; a repository that content came from. */
#define SOURCE    "containerd.io/distribution.source."
#define ACCEPT_ALL                                                                             \
	HP_MT_DOCKER_MANIFEST ", " HP_MT_DOCKER_INDEX ", " HP_MT_OCI_MANIFEST                  \
			      ", " HP_MT_OCI_INDEX ", */*"

/* A manifest or index on the way from the reference down to the layers. */
struct node {
	struct hp_descriptor at;
	struct hp_buf text;
	struct hp_manifest parsed;
	int pick; /* of an index: the child taken */
};

struct pull {
	const struct hp_pull_into *into;
	const struct hp_pull *what;
	struct hp_platform platform; /* good when @what has one */
	struct hp_endpoint where;
	struct hp_registry *registry;
	char *name;
	char *source; /* label of all content */
	struct node nodes[DEPTH_MAX];
	size_t n_nodes;
	bool usual; /* what was picked is what this machine would pick */
};

static void pull_clear(struct pull *p)
{
	for (size_t i = 0; i < DEPTH_MAX; i++) {
		hp_descriptor_clear(&p->nodes[i].at);
		hp_buf_free(&p->nodes[i].text);
		hp_manifest_clear(&p->nodes[i].parsed);
	}
	hp_registry_free(p->registry);
	hp_endpoint_clear(&p->where);
	free(p->name);
	free(p->source);
}
HP_AUTO_VALUE(struct pull, pull_clear);

void hp_pulled_clear(struct hp_pulled *pulled)
{
	free(pulled->name);
	free(pulled->digest);
	*pulled = (struct hp_pulled){0};
}

static int append(void *arg, struct hp_bytes data, struct hp_error *err)
{
	return hp_buf_add(arg, data.data, data.len, err);
}

/* Fetch the manifest called @by, a tag or a digest, into @node. @size: -1 when not known. */
static int fetch_manifest(struct pull *p, const char *by, int64_t size, struct node *node,
			  struct hp_error *err)
{
	AUTO_FREE char *path = hp_sprintf("manifests/%s", by);
	struct hp_fetch f = {
		.what = "manifest",
		.path = path,
		.accept = ACCEPT_ALL,
		.digest = hp_digest_valid(by) ? by : NULL,
		.size = size,
		.max = (int64_t)HP_DOCUMENT_MAX,
		.data = append,
		.arg = &node->text,
	};
	char digest[HP_DIGEST_TEXT];

	if (size > (int64_t)HP_DOCUMENT_MAX)
		return hp_fail(err, HP_ECORRUPT, "manifest %s of %lld bytes is too large", by,
			       (long long)size);
	hp_buf_init(&node->text, HP_DOCUMENT_MAX);
	if (hp_registry_fetch(p->registry, &f, err) < 0)
		return -1;
	hp_digest_of(hp_buf_bytes(&node->text), digest);
	if (!node->at.digest)
		hp_import__describe(&node->at, f.type, digest, f.got);
	return 0;
}

/* Ask where the reference points to now. Registries that do not say it in the headers give the
 * manifest itself. */
static int find_root(struct pull *p, struct hp_error *err)
{
	const char *by = p->where.digest[0] ? p->where.digest : p->where.tag;
	AUTO_FREE char *path = hp_sprintf("manifests/%s", by);
	struct hp_fetch f = {.what = "manifest",
			     .path = path,
			     .accept = ACCEPT_ALL,
			     .size = -1,
			     .max = 0,
			     .head = true};

	if (hp_registry_fetch(p->registry, &f, err) < 0) {
		/* From: distribution-spec: HEAD is a must, but some proxies do not know it. */
		if (err->code != HP_EPROTO)
			return -1;
		hp_error_clear(err);
		return fetch_manifest(p, by, -1, &p->nodes[0], err);
	}
	const char *digest = p->where.digest[0] ? p->where.digest : f.said;
	if (!digest[0] || !f.type[0] || f.length <= 0)
		return fetch_manifest(p, by, -1, &p->nodes[0], err);
	hp_import__describe(&p->nodes[0].at, f.type, digest, f.length);
	return 0;
}

/* Returns: 1 the name points there and can be run at once, 0 not, -1. */
static int is_here(struct pull *p, struct hp_error *err)
{
	struct hp_store *s = p->into->store;
	AUTO(hp_descriptor_clear) struct hp_descriptor now = {0};
	AUTO(hp_resolved_image_clear) struct hp_resolved_image image = {0};

	const int named = s->ops->image_get(s, p->name, &now, err);
	if (named <= 0)
		return named;
	if (p->what->platform || !hp_str_eq(now.digest, p->nodes[0].at.digest))
		return 0;
	if (hp_image_resolve_target(s, &now, &image, err) < 0) {
		if (err->code != HP_ENOTFOUND && err->code != HP_ECORRUPT)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	return image.chain[0] ? s->ops->snapshot_exists(s, image.chain, err) : 1;
}

/* Have the text of @node: from the registry, unless the store has it. */
static int read_node(struct pull *p, struct node *node, struct hp_error *err)
{
	struct hp_store *s = p->into->store;
	int64_t size = 0;

	if (!node->text.len) {
		const int there = s->ops->blob_stat(s, node->at.digest, &size, err);
		const int rc =
			there < 0 ? -1
			: there   ? hp_put__read(s, node->at.digest, &node->text, err)
				: fetch_manifest(p, node->at.digest, node->at.size, node, err);
		if (rc < 0)
			return -1;
	}
	if (hp_manifest_parse(hp_buf_bytes(&node->text), &node->parsed, err) < 0)
		return hp_wrap(err, "%s", node->at.digest);
	return 0;
}

static int pick_child(struct pull *p, struct node *node, struct hp_error *err)
{
	const int usual = hp_manifest_pick(&node->parsed);

	node->pick = p->what->platform ? hp_platform_pick(&p->platform, &node->parsed) : usual;
	p->usual = p->usual && node->pick == usual;
	if (node->pick >= 0)
		return 0;
	if (p->what->platform)
		return hp_fail(err, HP_ENOTFOUND, "the image has nothing for %s",
			       p->what->platform);
	return hp_fail(err, HP_ENOTFOUND, "the image has nothing for linux/%s",
		       hp_machine_arch());
}

/* Go down to the manifest of the wanted platform. */
static int find_manifest(struct pull *p, struct hp_error *err)
{
	for (p->n_nodes = 1; p->n_nodes <= DEPTH_MAX; p->n_nodes++) {
		struct node *node = &p->nodes[p->n_nodes - 1];
		if (read_node(p, node, err) < 0)
			return -1;
		if (!node->parsed.is_index)
			return 0;
		if (pick_child(p, node, err) < 0)
			return -1;
		if (p->n_nodes < DEPTH_MAX)
			hp_descriptor_copy(&p->nodes[p->n_nodes].at,
					   &node->parsed.children[node->pick]);
	}
	return hp_fail(err, HP_ECORRUPT, "%s: indexes are nested over %d deep",
		       p->nodes[0].at.digest, DEPTH_MAX);
}

/* Write the text of @node with labels for all that it leads to and that was fetched. */
static int put_node(struct pull *p, const struct node *node, struct hp_error *err)
{
	const struct hp_manifest *m = &node->parsed;
	AUTO(hp_strv_free) struct hp_strv keys = {0};
	AUTO_FREE struct hp_blob_label *labels =
		hp_alloc_array(m->n_children + 2, sizeof(*labels));
	char digest[HP_DIGEST_TEXT];
	size_t n = 0;

	/* The names of keys move as their vector grows, so that they are all made first. */
	for (size_t i = 0; i < m->n_children; i++)
		hp_strv_addf(&keys, HP_GC_CONTENT "%s.%zu", m->is_index ? "m" : "l", i);
	for (size_t i = 0; i < m->n_children; i++)
		if (!m->is_index || (int)i == node->pick)
			labels[n++] = (struct hp_blob_label){.key = keys.items[i],
							     .value = m->children[i].digest};
	if (!m->is_index)
		labels[n++] = (struct hp_blob_label){.key = HP_GC_CONTENT "config",
						     .value = m->config.digest};
	labels[n++] = (struct hp_blob_label){.key = p->source, .value = p->where.repo};
	const struct hp_document document = {
		.kind = m->is_index ? "index" : "manifest",
		.data = hp_buf_bytes(&node->text),
		.labels = labels,
		.n_labels = n,
	};
	return hp_put__document(p->into->store, &document, digest, err);
}

static int check_stop(const struct hp_pull *what, struct hp_error *err)
{
	if (what->stop && what->stop(what->stop_arg))
		return hp_fail(err, HP_ECANCELED, "canceled");
	return 0;
}

static int check_platform(const struct pull *p, const struct hp_image_config *c,
			  struct hp_error *err)
{
	/* An index has said it already, and knows better than many a config. */
	if (!p->what->platform || p->n_nodes > 1 ||
	    (hp_str_eq(c->os, p->platform.os) && hp_str_eq(c->arch, p->platform.arch)))
		return 0;
	return hp_fail(err, HP_ENOTFOUND, "the image is for %s/%s, and has nothing for %s",
		       c->os, c->arch, p->what->platform);
}

static int unpack(struct pull *p, const struct hp_descriptor *manifest, struct hp_error *err)
{
	struct hp_store *s = p->into->store;
	AUTO(hp_resolved_image_clear) struct hp_resolved_image image = {0};
	char chain[HP_DIGEST_TEXT] = "";

	if (hp_image_resolve_target(s, manifest, &image, err) < 0 ||
	    check_platform(p, &image.config, err) < 0)
		return -1;
	for (size_t i = 0; i < image.parsed.n_children; i++) {
		const int64_t size = image.parsed.children[i].size;
		if (check_stop(p->what, err) < 0)
			return -1;
		hp_pull__tell(p->what, &image.parsed, i, HP_PULL_UNPACKING, size);
		if (hp_image__unpack_layer(s, &image, i, chain, err) < 0)
			return hp_wrap(err, "unpack layer %zu of %zu", i + 1,
				       image.parsed.n_children);
		hp_pull__tell(p->what, &image.parsed, i, HP_PULL_UNPACKED, size);
	}
	return hp_image__unpack_label(s, &image, err);
}

static int pull_held(struct pull *p, struct hp_pulled *ret, struct hp_error *err)
{
	struct hp_store *s = p->into->store;
	const struct hp_blob_label source = {.key = p->source, .value = p->where.repo};

	if (find_manifest(p, err) < 0)
		return -1;
	const struct node *last = &p->nodes[p->n_nodes - 1];
	const struct hp_pull_blobs blobs = {
		.into = p->into,
		.what = p->what,
		.registry = p->registry,
		.manifest = &last->parsed,
		.labels = &source,
		.n_labels = 1,
	};
	if (hp_pull__blobs(&blobs, err) < 0)
		return -1;
	/* Parents after children: what is there then is there as a whole. */
	for (size_t i = p->n_nodes; i-- > 0;)
		if (put_node(p, &p->nodes[i], err) < 0)
			return -1;
	if (unpack(p, &last->at, err) < 0 || check_stop(p->what, err) < 0)
		return -1;
	/* An image for another machine is named by its manifest, as nothing here would find its
	 * way through the index to it. */
	const struct hp_descriptor *target = p->usual ? &p->nodes[0].at : &last->at;
	if (s->ops->image_put(s, p->name, target, err) < 0)
		return -1;
	ret->digest = hp_strdup(target->digest);
	return 0;
}

static int pull_open(struct pull *p, const struct hp_registry_config *config,
		     struct hp_error *err)
{
	const struct hp_pull *what = p->what;
	const struct hp_endpoint_how how = {.plain_http = what->plain_http,
					    .tls = what->tls_ca != NULL};

	if (hp_reference_expand(what->ref, &p->name, err) < 0 ||
	    (what->platform && hp_platform_parse(what->platform, &p->platform, err) < 0) ||
	    hp_endpoint_of(p->name, &how, &p->where, err) < 0)
		return -1;
	/* A label may have 4,096 bytes, which a reference cannot reach.
	 * From: containerd labels/validate.go. */
	p->source = hp_sprintf(SOURCE "%s", p->where.host);
	return hp_registry_open(&p->where, config, &p->registry, err);
}

static int pull_image(struct pull *p, const struct hp_registry_config *config,
		      struct hp_pulled *ret, struct hp_error *err)
{
	struct hp_store *s = p->into->store;
	struct hp_error ignored = HP_ERROR_INIT;

	if (pull_open(p, config, err) < 0 || find_root(p, err) < 0)
		return -1;
	const int here = is_here(p, err);
	if (here < 0)
		return -1;
	if (here) {
		ret->digest = hp_strdup(p->nodes[0].at.digest);
		return 0;
	}
	if (s->ops->hold_begin(s, err) < 0)
		return -1;
	if (pull_held(p, ret, err) < 0) {
		(void)s->ops->hold_end(s, &ignored);
		return -1;
	}
	ret->fresh = true;
	return s->ops->hold_end(s, err);
}

int hp_image_pull(const struct hp_pull_into *into, const struct hp_pull *what,
		  struct hp_pulled *ret, struct hp_error *err)
{
	AUTO(pull_clear) struct pull p = {.into = into, .what = what, .usual = true};
	const struct hp_registry_config config = {
		.tls_ca = what->tls_ca,
		.config_dir = what->config_dir,
		.stop = what->stop,
		.stop_arg = what->stop_arg,
	};
	struct hp_pulled pulled = {0};

	if (pull_image(&p, &config, &pulled, err) < 0) {
		hp_pulled_clear(&pulled);
		return hp_wrap(err, "pull '%s'", what->ref);
	}
	pulled.name = TAKE(p.name);
	*ret = pulled;
	return 0;
}
