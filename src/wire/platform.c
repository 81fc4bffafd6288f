/* SPDX-License-Identifier: Apache-2.0 */
/* platform.c - read the name of a platform and find it in an index. */
#include "wire/platform.h"

/* From: containerd platforms/database.go, normalizeArch. */
static const struct {
	const char *word, *arch, *variant;
} aliases[] = {
	{"x86_64", "amd64", ""}, {"x86-64", "amd64", ""},  {"i386", "386", ""},
	{"i686", "386", ""},     {"aarch64", "arm64", ""}, {"armhf", "arm", "v7"},
	{"armel", "arm", "v6"},
};

static int bad(const char *text, struct hp_error *err)
{
	return hp_fail(err, HP_EINVALID,
		       "platform '%.64s' is not of the form os/architecture[/variant], such as "
		       "linux/arm64",
		       text);
}

static bool copy_part(const char *part, char *to, size_t size)
{
	const size_t len = strlen(part);

	if (len == 0 || len >= size ||
	    strspn(part, "abcdefghijklmnopqrstuvwxyz0123456789_-.") != len)
		return false;
	memcpy(to, part, len + 1);
	return true;
}

int hp_platform_parse(const char *text, struct hp_platform *ret, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv parts = {0};
	struct hp_platform p = {.os = "linux"};

	hp_strv_split(&parts, text, '/');
	if (parts.count == 0 || parts.count > 3)
		return bad(text, err);
	const char *arch = parts.items[parts.count > 1];
	if (parts.count > 1 && !copy_part(parts.items[0], p.os, sizeof(p.os)))
		return bad(text, err);
	for (size_t i = 0; i < HP_ARRAY_LEN(aliases); i++)
		if (hp_str_eq(arch, aliases[i].word)) {
			arch = aliases[i].arch;
			memcpy(p.variant, aliases[i].variant, strlen(aliases[i].variant) + 1);
			break;
		}
	if (!copy_part(arch, p.arch, sizeof(p.arch)) ||
	    (parts.count > 2 && !copy_part(parts.items[2], p.variant, sizeof(p.variant))))
		return bad(text, err);
	*ret = p;
	return 0;
}

/* 0: it does not fit; more is better. Without a variant the common one of the architecture is
 * wanted: v8 for arm64, the newest of 32-bit arm. */
static int fitness(const struct hp_platform *p, const struct hp_descriptor *d)
{
	if (!hp_str_eq(d->os, p->os) || !hp_str_eq(d->arch, p->arch))
		return 0;
	if (p->variant[0])
		return hp_str_eq(d->variant, p->variant) ? 3 : 0;
	if (hp_str_empty(d->variant) || hp_str_eq(d->variant, "v8"))
		return 3;
	return hp_str_eq(d->variant, "v7") ? 2 : 1;
}

int hp_platform_pick(const struct hp_platform *p, const struct hp_manifest *index)
{
	int best = -1;
	int best_fitness = 0;

	for (size_t i = 0; index->is_index && i < index->n_children; i++) {
		const int f = fitness(p, &index->children[i]);
		if (f > best_fitness) {
			best_fitness = f;
			best = (int)i;
		}
	}
	return best;
}
