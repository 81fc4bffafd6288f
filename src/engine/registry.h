/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h - the engines that a program has, one row each. */
#pragma once
#include "engine/engine_impl.h"

/* Ends with NULL. registry.c has all of them and is linked into the programs and the library;
 * a test that needs no daemon links registry_fake.c in its place, and so no containerd code. */
extern const struct hp_engine_ops *const hp_engine__registry[];
