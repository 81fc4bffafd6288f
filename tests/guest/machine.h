/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h - the same guest in a real machine, booted cold: for the contract by hand, and for
 * measurements. $HARPOON_VM_CONFIG says what it is made of. */
#pragma once
#include "base/loop.h"

struct machine;

/* Start one that sees the entries of @dir/shares. ret_ports: control and streams. */
struct machine *machine_open(struct hp_loop *l, const char *dir, int ret_ports[2]);
/* Wait until it has ended by itself. */
void machine_wait(struct machine *m, struct hp_loop *l);
void machine_free(struct machine *m); /* NULL is fine */
