/* SPDX-License-Identifier: Apache-2.0 */
/* network_parts.h - which of a namespace's interfaces a machine gets, and how that is told to the
 * guest. */
#pragma once
#include "base/str.h"
#include "guest.pb-c.h"
#include "net/view.h"

#define HP_SHIM__TAP "harpoon%d"

/* Is it the tap of a machine? */
bool hp_shim__network_is_tap(const struct hp_net_link *l);
/* Can a machine have it: is it up, ours alone to use, and does it speak Ethernet? */
bool hp_shim__network_is_fit(const struct hp_net_link *l);

/* Choose: the one that the default route leads to, else the first. What is left out is added to
 * @warnings. @tap: the index of our own. Returns: borrowed from @v, or NULL. */
const struct hp_net_link *hp_shim__network_choose(const struct hp_net_view *v, uint32_t tap,
						  struct hp_strv *warnings);
/* The MTU that both ends of the cable can have. */
uint32_t hp_shim__network_mtu(const struct hp_net_link *l);
/* Owns: the caller, until hp__guest__network__free_unpacked(). */
Hp__Guest__Network *hp_shim__network_describe(const struct hp_net_view *v,
					      const struct hp_net_link *l,
					      struct hp_strv *warnings);
