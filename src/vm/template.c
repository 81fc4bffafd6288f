/* SPDX-License-Identifier: Apache-2.0 */
/* template.c - templates by name: on disk, and from there into sealed memory. */
#include "vm/template.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "vm/program.h"
#include "vm/qemu_args.h"

#define PAGE      4096
#define BIG_PAGE  (2ull << 20)
#define STEP      (1024 * 1024)
#define STATE_MAX (64 << 20)
/* What the guest's kernel and our init need beside the container. */
#define GUEST_OWN (64ull << 20)
#define SEALS     (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

void hp_template_clear(struct hp_template *t)
{
	if (t->memory_fd >= 0)
		close(TAKE_FD(t->memory_fd));
	if (t->state_fd >= 0)
		close(TAKE_FD(t->state_fd));
}

uint64_t hp_shape_memory(uint64_t bytes)
{
	if (bytes < HP_VM_MEMORY_LEAST)
		return HP_VM_MEMORY_LEAST;
	if (bytes > HP_VM_MEMORY_MOST)
		return HP_VM_MEMORY_MOST;
	return (bytes + BIG_PAGE - 1) / BIG_PAGE * BIG_PAGE;
}

struct hp_shape hp_shape_for(const struct hp_vm_config *c, const struct hp_machine_spec *spec)
{
	const uint64_t host =
		(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	/* More than the host has is of no use to anybody. */
	const uint64_t wanted = spec->memory_bytes < host ? spec->memory_bytes : host;
	struct hp_shape s = {
		.memory_bytes = hp_shape_memory(c->memory_bytes),
		.cpus = spec->cpus ? spec->cpus : c->cpus,
		.net = spec->tap_fd >= 0,
		.disk = !spec->disk             ? HP_DISK_NONE
			: spec->disk->read_only ? HP_DISK_READ_ONLY
						: HP_DISK_WRITABLE,
	};

	while (s.memory_bytes < wanted + GUEST_OWN)
		s.memory_bytes *= 2;
	return s;
}

/* All words that such a machine is booted with: processor, devices, memory, and what its kernel is
 * told. Another build of ours may have others. */
static char *boot_line(const struct hp_vm_config *c, const struct hp_host *h,
		       const struct hp_shape *shape)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	struct hp_host host = *h;
	const struct hp_vmm_spawn spawn = {
		.id = "template", .config = c, .host = &host, .shape = *shape, .state_fd = -1};

	/* The clock differs by a few kHz from boot to boot, which a guest does not notice. */
	host.tsc_khz = (h->tsc_khz + 500) / 1000 * 1000;
	hp_qemu_args(&spawn, &words);
	return hp_strv_join(hp_strv_view(&words), " ");
}

int hp_template_key(const struct hp_vm_config *c, const struct hp_host *h,
		    const struct hp_images *i, const struct hp_shape *shape,
		    char ret_key[HP_VM_KEY], struct hp_error *err)
{
	AUTO(hp_digest_free) struct hp_digest *d = hp_digest_new();
	AUTO_FREE char *qemu = hp_vm_find_program(c->qemu);
	AUTO_FREE char *boot = boot_line(c, h, shape);
	AUTO_FREE char *line = hp_sprintf("%s %s\n", i->key, boot);

	hp_digest_add(d, line, strlen(line));
	if (!qemu)
		return hp_fail(err, HP_ENOTFOUND, "there is no QEMU '%.200s': " HP_QEMU_HOW_TO,
			       c->qemu);
	if (hp_vm_key_add_file(d, qemu, err) < 0)
		return hp_wrap(err, "QEMU");
	hp_vm_key_end(d, ret_key);
	return 0;
}

char *hp_template_dir(const struct hp_vm_config *c, const char *key)
{
	return hp_sprintf("%s/templates/%s", c->state_dir, key);
}

int hp_template_remove(const struct hp_vm_config *c, const char *key, struct hp_error *err)
{
	AUTO_FREE char *dir = hp_template_dir(c, key);

	return hp_remove_tree(dir, err);
}

bool hp_template_there(const struct hp_vm_config *c, const char *key)
{
	AUTO_FREE char *dir = hp_template_dir(c, key);
	AUTO_FREE char *state = hp_path_join(dir, "state");

	return access(state, R_OK) == 0;
}

int hp_template_new_file(const char *name, uint64_t size, int *ret_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return hp_fail_errno(err, errno, "make a file of %llu bytes in memory",
				     (unsigned long long)size);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static bool is_zero(const uint8_t *data, size_t len)
{
	return len == 0 || (data[0] == 0 && memcmp(data, data + 1, len - 1) == 0);
}

/* Copy @len bytes at @at, but no pages of zeros: there they stay holes. */
static int copy_range(int to, int from, off_t at, size_t len, uint8_t *room,
		      struct hp_error *err)
{
	ssize_t n = pread(from, room, len, at);

	if (n != (ssize_t)len)
		return n < 0 ? hp_fail_errno(err, errno, "read")
			     : hp_fail(err, HP_ECORRUPT, "it is shorter than it was");
	for (size_t i = 0; i < len;) {
		size_t end = i;

		while (end < len && !is_zero(room + end, len - end < PAGE ? len - end : PAGE))
			end += len - end < PAGE ? len - end : PAGE;
		if (end > i &&
		    pwrite(to, room + i, end - i, at + (off_t)i) != (ssize_t)(end - i))
			return hp_fail_errno(err, errno, "write");
		i = end + PAGE;
	}
	return 0;
}

/* Copy what is in a sparse file to another that is all hole. */
static int copy_sparse(int to, int from, off_t size, struct hp_error *err)
{
	AUTO_FREE uint8_t *room = hp_alloc(STEP);
	off_t at = 0;

	while (at < size) {
		const off_t begin = lseek(from, at, SEEK_DATA);

		if (begin < 0 && errno == ENXIO)
			break;

		const off_t end = begin < 0 ? -1 : lseek(from, begin, SEEK_HOLE);
		if (end < 0)
			return hp_fail_errno(err, errno, "find what is in it");
		for (at = begin; at < end; at += STEP) {
			const size_t left = (size_t)(end - at);

			if (copy_range(to, from, at, left < STEP ? left : STEP, room, err) < 0)
				return -1;
		}
		at = end;
	}
	return 0;
}

static int load_file(const char *dir, const char *name, int *ret_fd, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir, name);
	AUTO_CLOSE int from = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int to = -1;
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0)
		return hp_fail_errno(err, errno, "template '%s'", path);
	if (hp_template_new_file("harpoon-template", (uint64_t)st.st_size, &to, err) < 0 ||
	    copy_sparse(to, from, st.st_size, err) < 0)
		return hp_wrap(err, "template '%s'", path);
	if (fcntl(to, F_ADD_SEALS, SEALS) < 0)
		return hp_fail_errno(err, errno, "seal template '%s'", path);
	*ret_fd = TAKE_FD(to);
	return 0;
}

int hp_template_load(const struct hp_vm_config *c, const char *key, struct hp_template *ret,
		     struct hp_error *err)
{
	AUTO_FREE char *dir = hp_template_dir(c, key);
	AUTO(hp_template_clear) struct hp_template t = HP_TEMPLATE_INIT;

	if (load_file(dir, "state", &t.state_fd, err) < 0 ||
	    load_file(dir, "memory", &t.memory_fd, err) < 0)
		return -1;
	*ret = t;
	t = (struct hp_template)HP_TEMPLATE_INIT;
	return 0;
}

static int store_file(const char *dir, const char *name, int from, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir, name);
	AUTO_CLOSE int to = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	struct stat st;

	if (to < 0 || fstat(from, &st) < 0 || ftruncate(to, st.st_size) < 0)
		return hp_fail_errno(err, errno, "write '%s'", path);
	if (copy_sparse(to, from, st.st_size, err) < 0)
		return hp_wrap(err, "write '%s'", path);
	return 0;
}

static int store_in(const char *new_dir, const char *dir, const struct hp_template *t,
		    const char *meta, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(new_dir, "meta.json");

	if (store_file(new_dir, "memory", t->memory_fd, err) < 0 ||
	    store_file(new_dir, "state", t->state_fd, err) < 0 ||
	    hp_file_write(path, meta, strlen(meta), 0444, err) < 0)
		return -1;
	if (rename(new_dir, dir) < 0)
		return hp_fail_errno(err, errno, "put '%s' in its place", dir);
	return 0;
}

int hp_template_store(const struct hp_vm_config *c, const char *key,
		      const struct hp_template *t, const char *meta, struct hp_error *err)
{
	AUTO_FREE char *dir = hp_template_dir(c, key);
	AUTO_FREE char *parent = hp_path_dir(dir);
	AUTO_FREE char *new_dir = hp_sprintf("%s/new.XXXXXX", parent);
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_mkdirs(parent, 0700, err) < 0 || hp_remove_tree(dir, err) < 0)
		return hp_wrap(err, "store a template");
	if (!mkdtemp(new_dir))
		return hp_fail_errno(err, errno, "make a directory in '%s'", parent);
	if (store_in(new_dir, dir, t, meta, err) == 0)
		return 0;
	/* What went wrong first is what is told. */
	if (hp_remove_tree(new_dir, &ignored) < 0)
		hp_error_clear(&ignored);
	return hp_wrap(err, "store a template");
}
