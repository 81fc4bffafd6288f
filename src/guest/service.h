/* SPDX-License-Identifier: Apache-2.0 */
/* service.h - the methods of harpoon.guest.v1.Guest, proto/guest.proto. */
#pragma once
#include "guest/guest.h"

/* Of what may be asked; ends with an empty row. Their data is the struct hp_guest. */
const struct hp_ttrpc_method *hp_guest_service(void);

/* The host's files answer now: so may who has waited for it. */
void hp_guest_service_settled(struct hp_guest *g);
