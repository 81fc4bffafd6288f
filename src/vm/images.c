/* SPDX-License-Identifier: Apache-2.0 */
/* images.c - know what a machine boots from, without reading it. */
#include "vm/images.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"
#include "vm/program.h"
#include "wire/digest.h"

#define INIT_NAME "harpoon-init"

void hp_images_clear(struct hp_images *i)
{
	hp_kernel_clear(&i->source);
	free(i->init);
	free(i->dir);
	free(i->vmlinux);
	free(i->initrd);
	*i = (struct hp_images){0};
}

int hp_vm_key_add_file(struct hp_digest *d, const char *path, struct hp_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return hp_fail_errno(err, errno, "'%s'", path);

	AUTO_FREE char *line = hp_sprintf("%s %lld %lld.%09ld\n", path, (long long)st.st_size,
					  (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	hp_digest_add(d, line, strlen(line));
	return 0;
}

void hp_vm_key_end(struct hp_digest *d, char ret_key[HP_VM_KEY])
{
	char text[HP_DIGEST_TEXT];

	hp_digest_end(d, text);
	memcpy(ret_key, text + strlen("sha256:"), HP_VM_KEY - 1);
	ret_key[HP_VM_KEY - 1] = '\0';
}

int hp_vm_find_init(const struct hp_vm_config *c, char **ret, struct hp_error *err)
{
	AUTO_FREE char *init =
		c->init ? hp_strdup(c->init) : hp_vm_own_program(INIT_NAME, "guest");

	if (!init)
		return hp_fail(err, HP_ENOTFOUND,
			       "the guest's init, '%s/" INIT_NAME
			       "', is not there: install it, "
			       "or name it as \"init\" in " HP_VM_CONFIG_FILE,
			       HP_LIBEXECDIR);
	*ret = TAKE(init);
	return 0;
}

static int make_key(struct hp_images *i, struct hp_error *err)
{
	AUTO(hp_digest_free) struct hp_digest *d = hp_digest_new();
	AUTO_FREE char *order = hp_path_join(i->source.modules, "modules.order");

	hp_digest_add(d, HP_VERSION, sizeof(HP_VERSION));
	if (hp_vm_key_add_file(d, i->source.image, err) < 0 ||
	    hp_vm_key_add_file(d, order, err) < 0 || hp_vm_key_add_file(d, i->init, err) < 0)
		return -1;
	hp_vm_key_end(d, i->key);
	return 0;
}

int hp_images_find(const struct hp_vm_config *c, struct hp_images *ret, struct hp_error *err)
{
	AUTO(hp_images_clear) struct hp_images i = {0};

	if (hp_kernel_find(c, &i.source, err) < 0 || hp_vm_find_init(c, &i.init, err) < 0 ||
	    make_key(&i, err) < 0)
		return -1;
	i.dir = hp_sprintf("%s/images/%s", c->state_dir, i.key);
	i.vmlinux = hp_path_join(i.dir, "vmlinux");
	i.initrd = hp_path_join(i.dir, "initrd");
	*ret = i;
	i = (struct hp_images){0};
	return 0;
}

bool hp_images_made(const struct hp_images *i)
{
	return access(i->vmlinux, R_OK) == 0 && access(i->initrd, R_OK) == 0;
}
