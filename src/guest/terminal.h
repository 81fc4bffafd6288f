/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.h - pseudo-terminals of a container's own devpts. */
#pragma once
#include <stdint.h>

#include "base/error.h"

struct hp_guest_terminal {
	int master_fd; /* -1: not open */
	int slave_fd;
	char path[32]; /* of the slave, "/dev/pts/0" */
};

/* Make one by /dev/pts of the calling process's root; 0 by 0 is a size that nobody has set.
 * Fails: also HP_ENOTFOUND - there is no devpts. */
int hp_guest_terminal_open(uint32_t width, uint32_t height, struct hp_guest_terminal *ret,
			   struct hp_error *err) MUST_CHECK;
/* Make the slave the controlling terminal of this session, and its streams 0, 1 and 2. */
int hp_guest_terminal_control(const struct hp_guest_terminal *t,
			      struct hp_error *err) MUST_CHECK;
void hp_guest_terminal_close(struct hp_guest_terminal *t);
int hp_guest_terminal_resize(int master_fd, uint32_t width, uint32_t height,
			     struct hp_error *err) MUST_CHECK;
