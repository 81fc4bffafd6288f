/* SPDX-License-Identifier: Apache-2.0 */
/* tap.h - a network device for a template, that leads nowhere. */
#pragma once
#include "base/error.h"

/* Make a tap with headers of virtio in a network namespace of its own, where nobody sees it. It goes
 * away with its descriptor. From: Linux Documentation/networking/tuntap.rst. */
int hp_tap_new_hidden(int *ret_fd, struct hp_error *err) MUST_CHECK;
