/* SPDX-License-Identifier: Apache-2.0 */
/* harpoon.h - all of libharpoon: containers under control, in C. */
#pragma once
#include <harpoon/container.h>
#include <harpoon/engine.h>
#include <harpoon/error.h>
#include <harpoon/event.h>
#include <harpoon/image.h>
#include <harpoon/spec.h>
#include <harpoon/stream.h>

/* The version of the library that runs, such as "0.1.0". Returns: static. */
HP_API const char *hp_library_version(void);
