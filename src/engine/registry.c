/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - the table of all engines; a new one adds a row. */
#include "engine/registry.h"

/* clang-format off: one row an engine */
const struct hp_engine_ops *const hp_engine__registry[] = {
	&hp_engine__containerd, &hp_engine__cri,    &hp_engine__docker,
	&hp_engine__fake,       &hp_engine__podman, NULL,
};
