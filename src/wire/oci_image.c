/* SPDX-License-Identifier: Apache-2.0 */
/* oci_image.c - decode image manifests, indexes and configs; whoever wrote them is a stranger. */
#include "wire/oci_image.h"

#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/labels.h"
#include "wire/digest.h"
#include "wire/json.h"

#define MAX_CHILDREN 1024
#define MAX_STRINGS  65536 /* of one list in a config */

/* The JSON key of an annotation that becomes a field.
 * From: OCI image-spec annotations.md; containerd images/annotations.go. */
#define ANNOTATION_REF_NAME   "org.opencontainers.image.ref.name"
#define ANNOTATION_IMAGE_NAME "io.containerd.image.name"

void hp_descriptor_clear(struct hp_descriptor *d)
{
	free(d->media_type);
	free(d->digest);
	free(d->os);
	free(d->arch);
	free(d->variant);
	free(d->ref_name);
	free(d->image_name);
	*d = (struct hp_descriptor){0};
}

void hp_descriptor_copy(struct hp_descriptor *to, const struct hp_descriptor *from)
{
	*to = (struct hp_descriptor){
		.media_type = hp_strdup(from->media_type),
		.digest = hp_strdup(from->digest),
		.size = from->size,
		.os = hp_strdup(from->os),
		.arch = hp_strdup(from->arch),
		.variant = hp_strdup(from->variant),
		.ref_name = hp_strdup(from->ref_name),
		.image_name = hp_strdup(from->image_name),
	};
}

void hp_manifest_clear(struct hp_manifest *m)
{
	hp_descriptor_clear(&m->config);
	for (size_t i = 0; i < m->n_children; i++)
		hp_descriptor_clear(&m->children[i]);
	free(m->children);
	*m = (struct hp_manifest){0};
}

/* A copy of the string member @key; "" when it is absent or something else. */
static char *copy_str(const struct hp_json *object, const char *key)
{
	const char *s = hp_json_get_str(object, key);

	return hp_strdup(s ? s : "");
}

/* From: OCI image-spec descriptor.md, "Properties". */
static int parse_descriptor(const struct hp_json *v, struct hp_descriptor *ret,
			    struct hp_error *err)
{
	const struct hp_json *platform = hp_json_get(v, "platform");
	const struct hp_json *annotations = hp_json_get(v, "annotations");
	const char *digest = hp_json_get_str(v, "digest");
	int64_t size = hp_json_i64(hp_json_get(v, "size"), -1);

	if (!hp_json_is_object(v))
		return hp_fail(err, HP_ECORRUPT, "descriptor: not an object");
	if (!hp_digest_valid(digest))
		return hp_fail(err, HP_ECORRUPT,
			       "descriptor: digest '%.100s' is not sha256 and 64 hex digits",
			       digest ? digest : "");
	if (size < 0)
		return hp_fail(err, HP_ECORRUPT, "descriptor '%s': size missing or below 0",
			       digest);
	*ret = (struct hp_descriptor){
		.media_type = copy_str(v, "mediaType"),
		.digest = hp_strdup(digest),
		.size = size,
		.os = copy_str(platform, "os"),
		.arch = copy_str(platform, "architecture"),
		.variant = copy_str(platform, "variant"),
		.ref_name = copy_str(annotations, ANNOTATION_REF_NAME),
		.image_name = copy_str(annotations, ANNOTATION_IMAGE_NAME),
	};
	return 0;
}

static int parse_children(const struct hp_json *list, const char *what, struct hp_manifest *m,
			  struct hp_error *err)
{
	size_t count = hp_json_count(list);

	if (!hp_json_is_array(list))
		return hp_fail(err, HP_ECORRUPT, "manifest: '%s' is not an array", what);
	if (count > MAX_CHILDREN)
		return hp_fail(err, HP_ECORRUPT, "manifest: %zu %s, over the limit of %d",
			       count, what, MAX_CHILDREN);
	m->children = hp_alloc_array(count, sizeof(*m->children));
	for (size_t i = 0; i < count; i++) {
		if (parse_descriptor(hp_json_at(list, i), &m->children[i], err) < 0)
			return hp_wrap(err, "manifest: entry %zu of %s", i, what);
		m->n_children++;
	}
	return 0;
}

/* Is it an index? The media type decides; where there is none, as old OCI layouts have it, the
 * fields do. Returns: 1, 0, or -1 for something else altogether. */
static int is_index(const struct hp_json *v, struct hp_error *err)
{
	const char *type = hp_json_get_str(v, "mediaType");
	bool has_list = hp_json_is_array(hp_json_get(v, "manifests"));
	bool has_layers = hp_json_is_array(hp_json_get(v, "layers"));

	/* A text that reads both ways means different images to different readers.
	 * From: OCI image-spec manifest.md, on mediaType; CVE-2021-41190. */
	if (has_list && (has_layers || hp_json_get(v, "config")))
		return hp_fail(err, HP_ECORRUPT, "manifest: both an index and a manifest");
	if (hp_str_empty(type))
		return has_list;
	if (hp_str_eq(type, HP_MT_OCI_INDEX) || hp_str_eq(type, HP_MT_DOCKER_INDEX))
		return 1;
	if (hp_str_eq(type, HP_MT_OCI_MANIFEST) || hp_str_eq(type, HP_MT_DOCKER_MANIFEST))
		return 0;
	return hp_fail(err, HP_ECORRUPT, "manifest: unknown media type '%.100s'", type);
}

int hp_manifest_parse(struct hp_bytes text, struct hp_manifest *ret, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = NULL;
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};

	if (hp_json_parse(text, &v, err) < 0)
		return hp_wrap(err, "manifest");
	if (!hp_json_is_object(v))
		return hp_fail(err, HP_ECORRUPT, "manifest: not a JSON object");
	/* From: OCI image-spec manifest.md, "schemaVersion": always 2. */
	if (hp_json_i64(hp_json_get(v, "schemaVersion"), 0) != 2)
		return hp_fail(err, HP_ECORRUPT, "manifest: schemaVersion is not 2");

	int index = is_index(v, err);

	if (index < 0)
		return -1;
	m.is_index = index;
	if (!index && parse_descriptor(hp_json_get(v, "config"), &m.config, err) < 0)
		return hp_wrap(err, "manifest: config");

	const char *list = index ? "manifests" : "layers";

	if (parse_children(hp_json_get(v, list), list, &m, err) < 0)
		return -1;
	*ret = m;
	m = (struct hp_manifest){0};
	return 0;
}

const char *hp_machine_arch(void)
{
	/* From: Go's GOARCH, as OCI image-spec config.md demands it; uname(2). */
	static const struct {
		const char *machine;
		const char *arch;
	} table[] = {
		{"x86_64", "amd64"},    {"aarch64", "arm64"}, {"armv7l", "arm"},
		{"armv6l", "arm"},      {"i686", "386"},      {"i586", "386"},
		{"ppc64le", "ppc64le"}, {"s390x", "s390x"},   {"riscv64", "riscv64"},
	};
	struct utsname u;

	if (uname(&u) < 0)
		return "unknown";
	for (size_t i = 0; i < HP_ARRAY_LEN(table); i++)
		if (hp_str_eq(u.machine, table[i].machine))
			return table[i].arch;
	return "unknown";
}

/* How well @d fits: 0 is not at all. */
static int fitness(const struct hp_descriptor *d, const char *arch)
{
	/* An image that does not say where it runs is made for here, in an archive at least. */
	if (hp_str_empty(d->os) && hp_str_empty(d->arch))
		return 1;
	if (!hp_str_eq(d->os, "linux") || !hp_str_eq(d->arch, arch))
		return 0;
	/* The baselines that each machine of the architecture has.
	 * From: OCI image-spec image-index.md, "Platform Variants"; golang.org/wiki/MinimumRequirements. */
	if (hp_str_empty(d->variant) || hp_str_eq(d->variant, "v1") ||
	    (hp_str_eq(arch, "arm64") && hp_str_eq(d->variant, "v8")))
		return 3;
	return 2;
}

int hp_manifest_pick(const struct hp_manifest *index)
{
	const char *arch = hp_machine_arch();
	int best = -1;
	int best_fitness = 0;

	for (size_t i = 0; index->is_index && i < index->n_children; i++) {
		int f = fitness(&index->children[i], arch);

		if (f > best_fitness) {
			best_fitness = f;
			best = (int)i;
		}
	}
	return best;
}

/* Read a list of strings. null is an empty list, as Go writes it. */
static int parse_strings(const struct hp_json *object, const char *key, struct hp_strv *ret,
			 struct hp_error *err)
{
	const struct hp_json *list = hp_json_get(object, key);

	if (hp_json_is_null(list))
		return 0;
	if (!hp_json_is_array(list) || hp_json_count(list) > MAX_STRINGS)
		return hp_fail(err, HP_ECORRUPT, "image config: '%s' is not a list of strings",
			       key);
	for (size_t i = 0; i < hp_json_count(list); i++) {
		const char *s = hp_json_str(hp_json_at(list, i));

		if (!s)
			return hp_fail(err, HP_ECORRUPT,
				       "image config: entry %zu of '%s' is not a string", i,
				       key);
		hp_strv_add(ret, s);
	}
	return 0;
}

static int parse_labels(const struct hp_json *object, struct hp_labels *ret,
			struct hp_error *err)
{
	if (!hp_json_is_null(object) && !hp_json_is_object(object))
		return hp_fail(err, HP_ECORRUPT, "image config: 'Labels' is not an object");
	for (size_t i = 0; i < hp_json_count(object); i++) {
		const char *value = hp_json_str(hp_json_value_at(object, i));

		if (!value)
			return hp_fail(err, HP_ECORRUPT,
				       "image config: label %zu is not a string", i);
		hp_labels_add(ret, hp_json_key_at(object, i), value);
	}
	return 0;
}

static int parse_diff_ids(const struct hp_json *rootfs, struct hp_strv *ret,
			  struct hp_error *err)
{
	if (parse_strings(rootfs, "diff_ids", ret, err) < 0)
		return -1;
	if (ret->count > MAX_CHILDREN)
		return hp_fail(err, HP_ECORRUPT, "image config: over %d layers", MAX_CHILDREN);
	for (size_t i = 0; i < ret->count; i++)
		if (!hp_digest_valid(ret->items[i]))
			return hp_fail(err, HP_ECORRUPT,
				       "image config: diff_id '%.100s' is no digest",
				       ret->items[i]);
	return 0;
}

/* Some builders write times that do not exist in nanoseconds, such as the year 1; an image is no
 * worse for them. */
static int64_t parse_created(const struct hp_json *v)
{
	struct hp_error ignored = HP_ERROR_INIT;
	const char *text = hp_json_get_str(v, "created");
	int64_t ns = 0;

	if (!text || hp_time_parse(text, &ns, &ignored) < 0)
		return 0;
	return ns;
}

/* The "config" object: what containers of the image run. From: OCI image-spec config.md. */
static int parse_run_config(const struct hp_json *v, struct hp_image_config *c,
			    struct hp_error *err)
{
	const struct hp_json *volumes = hp_json_get(v, "Volumes");

	if (!hp_json_is_null(v) && !hp_json_is_object(v))
		return hp_fail(err, HP_ECORRUPT, "image config: 'config' is not an object");
	if (parse_strings(v, "Entrypoint", &c->entrypoint, err) < 0 ||
	    parse_strings(v, "Cmd", &c->cmd, err) < 0 ||
	    parse_strings(v, "Env", &c->env, err) < 0 ||
	    parse_labels(hp_json_get(v, "Labels"), &c->labels, err) < 0)
		return -1;
	for (size_t i = 0; hp_json_is_object(volumes) && i < hp_json_count(volumes); i++)
		hp_strv_add(&c->volumes, hp_json_key_at(volumes, i));
	c->user = copy_str(v, "User");
	c->workdir = copy_str(v, "WorkingDir");
	c->stop_signal = copy_str(v, "StopSignal");
	return 0;
}

int hp_image_config_parse(struct hp_bytes text, struct hp_image_config *ret,
			  struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = NULL;
	AUTO(hp_image_config_clear) struct hp_image_config c = {0};

	if (hp_json_parse(text, &v, err) < 0)
		return hp_wrap(err, "image config");
	if (!hp_json_is_object(v))
		return hp_fail(err, HP_ECORRUPT, "image config: not a JSON object");
	if (parse_diff_ids(hp_json_get(v, "rootfs"), &c.diff_ids, err) < 0 ||
	    parse_run_config(hp_json_get(v, "config"), &c, err) < 0)
		return -1;
	c.os = copy_str(v, "os");
	c.arch = copy_str(v, "architecture");
	c.variant = copy_str(v, "variant");
	c.created_ns = parse_created(v);

	*ret = c;
	c = (struct hp_image_config){0};
	return 0;
}

void hp_image_config_clear(struct hp_image_config *c)
{
	free(c->os);
	free(c->arch);
	free(c->variant);
	hp_strv_free(&c->entrypoint);
	hp_strv_free(&c->cmd);
	hp_strv_free(&c->env);
	hp_strv_free(&c->diff_ids);
	hp_strv_free(&c->volumes);
	free(c->user);
	free(c->workdir);
	free(c->stop_signal);
	hp_labels_clear(&c->labels);
	*c = (struct hp_image_config){0};
}
