/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h - what makes a clone differ from its template: the time, chance, its name. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "guest.pb-c.h"

/* All of it but the network. */
int hp_guest_setup(const Hp__Guest__SetupRequest *r, struct hp_error *err) MUST_CHECK;
int hp_guest_setup_clock(int64_t unix_ns, struct hp_error *err) MUST_CHECK;
/* Credit @entropy to the kernel's generator, and have it used at once. */
int hp_guest_setup_entropy(struct hp_bytes entropy, struct hp_error *err) MUST_CHECK;
