/* SPDX-License-Identifier: Apache-2.0 */
/* template_build.c - make templates, one process at a time. */
#include "vm/template_build.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "vm/boot.h"
#include "wire/json.h"

static void tell(const struct hp_build *b, const char *doing)
{
	if (b->progress)
		b->progress(b->data, doing);
}

/* Only one builds, for a boot takes all that a small host has. The lock ends with the process. */
static int lock(const struct hp_build *b, int *ret_fd, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(b->config->state_dir, "build.lock");
	AUTO_CLOSE int fd = -1;
	int rc;

	if (hp_mkdirs(b->config->state_dir, 0755, err) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		tell(b, "waiting for another process that makes templates");
	do
		rc = flock(fd, LOCK_EX);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return hp_fail_errno(err, errno, "lock '%s'", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* What the template is, for `harpoon vm template ls`. Owns: the caller. */
static char *describe(const struct hp_build *b, const struct hp_host *h,
		      const struct hp_images *i)
{
	AUTO(hp_json_free) struct hp_json *top = hp_json_object();
	char when[HP_TIME_TEXT];

	hp_time_format(hp_clock_unix_ns(), when);
	hp_json_set_str(top, "made", when);
	hp_json_set_str(top, "kernel", i->source.version);
	hp_json_set_str(top, "image", i->source.image);
	hp_json_set_str(top, "images", i->key);
	hp_json_set_str(top, "init", i->init);
	hp_json_set_str(top, "qemu", b->config->qemu);
	hp_json_set_str(top, "accel", hp_host_accel(h, b->config));
	hp_json_set_u64(top, "memory", b->shape.memory_bytes);
	hp_json_set_u64(top, "cpus", b->shape.cpus);
	hp_json_set_bool(top, "net", b->shape.net);
	hp_json_set_str(top, "disk", hp_shape_disk_name(b->shape.disk));
	hp_json_set_u64(top, "tsc_khz", h->tsc_khz);
	hp_json_set_str(top, "version", HP_VERSION);
	return hp_json_text(top, true);
}

static int make(const struct hp_build *b, const struct hp_host *h, const struct hp_images *i,
		const char *key, struct hp_error *err)
{
	const struct hp_boot boot = {
		.config = b->config,
		.host = h,
		.images = i,
		.shape = b->shape,
	};
	AUTO(hp_template_clear) struct hp_template t = HP_TEMPLATE_INIT;
	AUTO_FREE char *meta = describe(b, h, i);

	tell(b, "booting a machine");
	if (hp_boot_and_freeze(&boot, &t, err) < 0)
		return -1;
	tell(b, "writing it down");
	return hp_template_store(b->config, key, &t, meta, err);
}

int hp_template_build(const struct hp_build *b, char ret_key[HP_VM_KEY], struct hp_error *err)
{
	AUTO(hp_images_clear) struct hp_images images = {0};
	AUTO_CLOSE int lock_fd = -1;
	struct hp_host host;

	if (!hp_vmm_clones(b->config->vmm))
		return hp_fail(err, HP_EUNSUPPORTED, "%s has no templates", b->config->vmm);
	if (hp_host_learn(b->config, &host, err) < 0 ||
	    hp_images_find(b->config, &images, err) < 0 ||
	    hp_template_key(b->config, &host, &images, &b->shape, ret_key, err) < 0)
		return -1;
	if (!hp_images_made(&images))
		tell(b, "unpacking the kernel");
	if (hp_images_make(&images, err) < 0)
		return -1;
	tell(b, HP_BUILD_IMAGES);
	if (hp_template_there(b->config, ret_key))
		return 0;
	if (lock(b, &lock_fd, err) < 0)
		return hp_wrap(err, "make a template");
	/* Another may have made it while this one waited. */
	if (hp_template_there(b->config, ret_key))
		return 0;
	return make(b, &host, &images, ret_key, err) < 0 ? -1 : 1;
}
