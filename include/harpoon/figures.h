/* SPDX-License-Identifier: Apache-2.0 */
/* figures.h - what engines count: the use of a container, and what an engine holds. */
#pragma once
#include <stdint.h>

/* What a container uses at this moment. Counters are totals since its start. */
struct hp_stats {
	int64_t time_ns;             /* Unix time of the reading */
	uint64_t cpu_ns;             /* of all CPUs together */
	uint64_t memory_bytes;       /* without file pages that could be dropped at once */
	uint64_t memory_limit_bytes; /* 0: not limited */
	uint64_t pids;               /* processes and threads */
	uint64_t pids_limit;         /* 0: not limited */
	uint64_t block_read_bytes;
	uint64_t block_write_bytes;
	uint64_t net_rx_bytes;
	uint64_t net_tx_bytes;
	uint64_t oom_kills; /* processes killed for the memory limit */
};

/* How many things the engine holds in its namespace, to tell a leak from none. */
struct hp_census {
	uint64_t containers;
	uint64_t tasks; /* containers that have processes, or have not been reaped */
	uint64_t snapshots;
	uint64_t leases;  /* what keeps unnamed content from being collected */
	uint64_t shims;   /* processes */
	uint64_t sockets; /* of shims that are gone, still on disk */
	uint64_t mounts;  /* on the host, below the engine's directories */
};
