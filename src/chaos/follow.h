/* SPDX-License-Identifier: Apache-2.0 */
/* follow.h - faults for containers that start while a round's faults are held. */
#pragma once
#include "chaos/hold.h"

/* Take the events that have come; when one may have made a target, look at the containers again and
 * hit those that are new, or that were hit and have been started again since. A limit counts those
 * under way; with --random only the chosen one is hit again. */
int hp_follow(struct hp_hold *h, struct hp_error *err) MUST_CHECK;
