/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - the guest's figures in the form that the host's containerd reads: cgroup v2's as they
 * are, or as those of cgroup v1. */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "shim/msg.h"

#define HP_SHIM_STATS_V1 "io.containerd.cgroups.v1.Metrics"
#define HP_SHIM_STATS_V2 "io.containerd.cgroups.v2.Metrics"

/* Does the host have cgroup v1, wholly or partly? containerd decides in the same way.
 * From: containerd/cgroups v3 utils.go, Mode(). */
bool hp_shim_stats_host_is_v1(void);
/* Make what Stats answers of packed v2.Metrics, and of the kills for want of memory that are known
 * besides: what came last may be older than they. All parts that clients read without looking are
 * there, also when the guest has sent none, or bytes that are no metrics.
 * Owns: the caller, until hp_shim_packed_free(). */
struct hp_shim_packed hp_shim_stats_make(struct hp_bytes metrics, uint64_t oom_kills, bool v1);
