/* SPDX-License-Identifier: Apache-2.0 */
/* vmm.c - the table of VMMs, and the way to each. */
#include "base/str.h"
#include "vm/vmm_impl.h"

static const struct hp_vmm_ops *const vmms[] = {&hp_vmm_qemu, &hp_vmm_fake};

static const struct hp_vmm_ops *find(const char *name)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(vmms); i++)
		if (hp_str_eq(vmms[i]->name, name))
			return vmms[i];
	return NULL;
}

static const char *const disk_names[] = {
	[HP_DISK_NONE] = "none",
	[HP_DISK_READ_ONLY] = "ro",
	[HP_DISK_WRITABLE] = "rw",
};

const char *hp_shape_disk_name(enum hp_shape_disk d)
{
	return disk_names[d];
}

int hp_shape_disk_read(const char *name, enum hp_shape_disk *ret, struct hp_error *err)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(disk_names); i++) {
		if (!hp_str_eq(disk_names[i], name))
			continue;
		*ret = (enum hp_shape_disk)i;
		return 0;
	}
	return hp_fail(err, HP_EINVALID, "a disk is none, ro or rw, and not '%.40s'",
		       name ? name : "");
}

bool hp_vmm_known(const char *name)
{
	return find(name) != NULL;
}

bool hp_vmm_clones(const char *name)
{
	const struct hp_vmm_ops *ops = find(name);

	return ops && ops->clones;
}

int hp_vmm_spawn(struct hp_loop *l, const struct hp_vmm_spawn *s,
		 const struct hp_vmm_events *events, void *data, struct hp_vmm **ret,
		 struct hp_error *err)
{
	const struct hp_vmm_ops *ops = find(s->config->vmm);

	if (!ops)
		return hp_fail(err, HP_EINVALID, "there is no VMM '%.80s'", s->config->vmm);
	if (s->state_fd >= 0 && !ops->clones)
		return hp_fail(err, HP_EUNSUPPORTED, "%s has no templates", ops->name);
	if (ops->spawn(l, s, ret, err) < 0)
		return -1;
	(*ret)->ops = ops;
	(*ret)->events = events;
	(*ret)->data = data;
	return 0;
}

void hp_vmm_free(struct hp_vmm *v)
{
	if (v)
		v->ops->free(v);
}

pid_t hp_vmm_pid(const struct hp_vmm *v)
{
	return v->pid;
}

const char *hp_vmm_words(struct hp_vmm *v)
{
	return v->ops->words(v);
}

void hp_vmm_pause(struct hp_vmm *v, bool paused, hp_machine_done_fn done, void *data)
{
	v->ops->pause(v, paused, done, data);
}

void hp_vmm_save(struct hp_vmm *v, hp_machine_done_fn done, void *data)
{
	struct hp_error why = HP_ERROR_INIT;

	if (v->ops->save) {
		v->ops->save(v, done, data);
		return;
	}
	hp_fail(&why, HP_EUNSUPPORTED, "%s has no templates", v->ops->name);
	done(data, &why);
}

int hp_vmm_release(struct hp_vmm *take_v, int *ret_control, struct hp_error *err)
{
	AUTO(hp_vmm_free) struct hp_vmm *v = take_v;

	if (!v->ops->clones)
		return hp_fail(err, HP_EUNSUPPORTED, "%s has no templates", v->ops->name);
	return v->ops->release(v, ret_control, err);
}

int hp_vmm_adopt(struct hp_loop *l, const char *name, pid_t pid, int take_control,
		 struct hp_vmm **ret, struct hp_error *err)
{
	const struct hp_vmm_ops *ops = find(name);

	if (!ops || !ops->clones) {
		close(take_control);
		return hp_fail(err, HP_EUNSUPPORTED, "%s has no templates", name);
	}
	if (ops->adopt(l, pid, take_control, ret, err) < 0)
		return -1;
	(*ret)->ops = ops;
	return 0;
}

void hp_vmm_listen(struct hp_vmm *v, const struct hp_vmm_events *events, void *data)
{
	v->events = events;
	v->data = data;
}
