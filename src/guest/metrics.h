/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - what the kernel counts for the container. */
#pragma once
#include "base/buf.h"
#include "guest/cgroup.h"

/* What @g counts, packed as containerd's v2.Metrics; zero where nothing is counted. All that clients
 * take for granted is there. @ret is empty before. */
void hp_guest_metrics_pack(const struct hp_guest_cgroup *g, struct hp_buf *ret);
