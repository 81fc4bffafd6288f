/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_action.h - what tests of single actions share: a fault on a container of a fake engine that
 * is open already. */
#pragma once
#include "fake/chaos_world.h"
#include "scratch.h"

struct acted {
	struct chaos_world w;
	struct hp_fault *f;
};

/* @action on container "a". */
static inline void acted_open(struct acted *a, const struct hp_action *action)
{
	chaos_world_open(&a->w, 1);
	a->w.plan.action = action;
	a->f = chaos_world_fault(&a->w, "a", 1);
	a->f->reach->engine = a->w.engine;
}

static inline void acted_close(struct acted *a)
{
	a->f->reach->engine = NULL;
	hp_fault_free(a->f);
	chaos_world_close(&a->w);
}
HP_AUTO_VALUE(struct acted, acted_close);

/* What it says about itself. Owns: the caller; NULL when it does not tell @key. */
static inline char *acted_says(const struct acted *a, const char *key)
{
	AUTO(hp_labels_clear) struct hp_labels fields = {0};

	a->f->action->describe(a->f->args, &fields);
	return hp_strdup(hp_labels_get(&fields, key));
}
