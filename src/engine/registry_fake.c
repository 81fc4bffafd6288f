/* SPDX-License-Identifier: Apache-2.0 */
/* registry_fake.c - the table of engines for tests that need no daemon. */
#include "engine/registry.h"

const struct hp_engine_ops *const hp_engine__registry[] = {
	&hp_engine__fake,
	NULL,
};
