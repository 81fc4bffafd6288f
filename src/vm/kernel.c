/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.c - find the newest kernel that suits a guest. Nothing is read here. */
#include "vm/kernel.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"

HP_AUTO_VALUE(glob_t, globfree);

/* Where kernels are looked for, best first. Debian's cloud kernels have no drivers of machines that
 * are not virtual, and start in three quarters of the time. */
static const char *const patterns[] = {
	"/var/lib/harpoon/kernel/*/boot/vmlinuz-*-cloud-*",
	"/boot/vmlinuz-*-cloud-*",
	"/var/lib/harpoon/kernel/*/boot/vmlinuz-*",
	"/boot/vmlinuz-*",
};

#define HOW_TO                                                                                 \
	"install one (apt-get install linux-image-cloud-amd64), unpack one (dpkg -x "          \
	"linux-image-*.deb /var/lib/harpoon/kernel/NAME) or name one as \"kernel\" in " HP_VM_CONFIG_FILE

void hp_kernel_clear(struct hp_kernel *k)
{
	free(k->image);
	free(k->modules);
	free(k->version);
	*k = (struct hp_kernel){0};
}

/* "vmlinuz-6.1.0-9-cloud-amd64" gives "6.1.0-9-cloud-amd64"; NULL when it is no such name. */
static const char *version_of(const char *image)
{
	const char *name = hp_path_base(image);

	if (!hp_str_starts(name, "vmlinuz-") && !hp_str_starts(name, "vmlinux-"))
		return NULL;
	return name + strlen("vmlinuz-");
}

/* The one with the highest version among those that fit; NULL when none does. */
static char *find_newest(const char *root, const char *pattern)
{
	AUTO_FREE char *full = hp_sprintf("%s%s", root, pattern);
	AUTO(globfree) glob_t found = {0};
	const char *best = NULL;

	if (glob(full, 0, NULL, &found) != 0)
		return NULL;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];

		if (!best || strverscmp(version_of(path), version_of(best)) > 0)
			best = path;
	}
	return hp_strdup(best);
}

/* The modules of @image, which were unpacked beside it or installed. */
static char *find_modules(const char *root, const char *image, const char *version)
{
	AUTO_FREE char *boot = hp_path_dir(image);
	AUTO_FREE char *beside = hp_path_dir(boot);
	const char *const bases[] = {beside, root};
	const char *const places[] = {"lib/modules", "usr/lib/modules"};

	for (size_t i = 0; i < HP_ARRAY_LEN(bases) * HP_ARRAY_LEN(places); i++) {
		const char *base = bases[i / HP_ARRAY_LEN(places)];
		AUTO_FREE char *dir = hp_sprintf("%s/%s/%s", hp_str_eq(base, "/") ? "" : base,
						 places[i % HP_ARRAY_LEN(places)], version);

		if (access(dir, X_OK) == 0)
			return TAKE(dir);
	}
	return NULL;
}

static int find_parts(const char *root, const struct hp_vm_config *c, struct hp_kernel *k,
		      struct hp_error *err)
{
	const char *version = version_of(k->image);

	if (c->modules) {
		k->modules = hp_strdup(c->modules);
		k->version = hp_strdup(hp_path_base(c->modules));
		return 0;
	}
	if (version)
		k->modules = find_modules(root, k->image, version);
	if (!k->modules)
		return hp_fail(err, HP_ENOTFOUND,
			       "kernel '%s' has no modules beside it or in /lib/modules: name "
			       "their directory as \"modules\" in " HP_VM_CONFIG_FILE,
			       k->image);
	k->version = hp_strdup(version);
	return 0;
}

int hp_kernel__find_below(const char *root, const struct hp_vm_config *c, struct hp_kernel *ret,
			  struct hp_error *err)
{
	AUTO(hp_kernel_clear) struct hp_kernel k = {.image = hp_strdup(c->kernel)};

	for (size_t i = 0; !k.image && i < HP_ARRAY_LEN(patterns); i++)
		k.image = find_newest(root, patterns[i]);
	if (!k.image)
		return hp_fail(err, HP_ENOTFOUND, "there is no kernel for machines: " HOW_TO);
	if (find_parts(root, c, &k, err) < 0)
		return -1;
	*ret = k;
	k = (struct hp_kernel){0};
	return 0;
}

int hp_kernel_find(const struct hp_vm_config *c, struct hp_kernel *ret, struct hp_error *err)
{
	return hp_kernel__find_below("", c, ret, err);
}
