/* SPDX-License-Identifier: Apache-2.0 */
/* initramfs.c - write the guest's first files as a cpio archive. */
#include "vm/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "vm/modules.h"

#define ARCHIVE_MAX (256u << 20)
#define INIT_MAX    (16u << 20)
#define LOAD_MAX    (64 * 1024)

HP_AUTO_PTR(struct archive, archive_write_free);
HP_AUTO_PTR(struct archive_entry, archive_entry_free);

/* What a machine's devices and file systems need. With "?": when the kernel has it. */
static const char *const wanted[] = {
	"virtio_mmio", "virtio_console", "virtio_net",      "virtio_blk", "fuse", "overlay",
	"?erofs",      "?ext4",          "?crc32c_generic", "?squashfs",  "?xfs", NULL,
};

/* Collects what libarchive writes. */
struct sink {
	struct archive *cpio;
	struct hp_buf out;
	struct hp_error failure;
};

static la_ssize_t write_out(struct archive *a, void *arg, const void *data, size_t len)
{
	struct sink *s = arg;

	(void)a;
	if (s->failure.code == HP_OK && hp_buf_add(&s->out, data, len, &s->failure) < 0)
		return -1;
	return (la_ssize_t)len;
}

static int check(struct sink *s, bool good, struct hp_error *err)
{
	if (s->failure.code != HP_OK) {
		*err = s->failure;
		return -1;
	}
	const char *why = archive_error_string(s->cpio);
	return good ? 0 : hp_fail(err, HP_EIO, "write cpio: %s", why ? why : "no reason");
}

/* Everything is root's and of no time, so that the same files give the same bytes. */
static int add(struct sink *s, const char *name, mode_t mode, struct hp_bytes data,
	       struct hp_error *err)
{
	AUTO(archive_entry_free) struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, (int64_t)data.len);
	archive_entry_set_mtime(entry, 0, 0);
	archive_entry_set_nlink(entry, S_ISDIR(mode) ? 2 : 1);
	if (check(s, archive_write_header(s->cpio, entry) == ARCHIVE_OK, err) < 0)
		return -1;
	if (data.len == 0)
		return 0;
	return check(s,
		     archive_write_data(s->cpio, data.data, data.len) == (la_ssize_t)data.len,
		     err);
}

static int add_directories(struct sink *s, struct hp_error *err)
{
	static const char *const names[] = {"dev", "lib", "lib/modules", "proc", "run", "sys"};

	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++)
		if (add(s, names[i], S_IFDIR | 0755, HP_BYTES(NULL, 0), err) < 0)
			return -1;
	return 0;
}

static int add_modules(struct sink *s, const struct hp_module_list *modules,
		       struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf load;

	hp_buf_init(&load, LOAD_MAX);
	for (size_t i = 0; i < modules->count; i++) {
		const struct hp_module *m = &modules->items[i];
		AUTO_FREE char *name = hp_sprintf("lib/modules/%s.ko", m->name);

		if (add(s, name, S_IFREG | 0644, hp_buf_bytes(&m->data), err) < 0 ||
		    hp_buf_printf(&load, err, "/%s\n", name) < 0)
			return hp_wrap(err, "module '%s'", m->name);
	}
	return add(s, "lib/modules/load", S_IFREG | 0644, hp_buf_bytes(&load), err);
}

static int write_all(struct sink *s, const struct hp_module_list *modules, struct hp_bytes init,
		     struct hp_error *err)
{
	const bool opened = archive_write_set_format_cpio_newc(s->cpio) == ARCHIVE_OK &&
			    archive_write_open(s->cpio, s, NULL, write_out, NULL) == ARCHIVE_OK;

	if (check(s, opened, err) < 0 || add_directories(s, err) < 0 ||
	    add(s, "init", S_IFREG | 0755, init, err) < 0 || add_modules(s, modules, err) < 0)
		return -1;
	return check(s, archive_write_close(s->cpio) == ARCHIVE_OK, err);
}

int hp_initramfs_write(const char *modules, const char *init, const char *path,
		       struct hp_error *err)
{
	AUTO(hp_module_list_clear) struct hp_module_list list = {0};
	AUTO(hp_buf_free) struct hp_buf program = {0};
	AUTO(archive_write_free) struct archive *cpio = archive_write_new();
	struct sink s = {.cpio = cpio};
	int rc;

	if (hp_module_list_read(modules, wanted, &list, err) < 0)
		return -1;
	if (hp_file_read(init, INIT_MAX, &program, err) < 0)
		return hp_wrap(err, "the guest's init");
	hp_buf_init(&s.out, ARCHIVE_MAX);
	rc = write_all(&s, &list, hp_buf_bytes(&program), err);
	if (rc == 0)
		rc = hp_file_write(path, s.out.data, s.out.len, 0644, err);
	/* What libarchive wants to write when it is freed has nowhere to go. */
	s.failure = (struct hp_error){.code = HP_ECANCELED};
	hp_buf_free(&s.out);
	return rc < 0 ? hp_wrap(err, "write the guest's first files") : 0;
}
