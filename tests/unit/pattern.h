/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h - bytes in which each place is told from the next, and sums of them: what tests send
 * through streams to see that all came, and in order. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define HASH_BEGIN 1469598103934665603ull

/* What streams have, so that order and length are seen. */
static inline uint8_t pattern_at(size_t at)
{
	return (uint8_t)(at * 31 + (at >> 13));
}

static inline uint64_t hash_add(uint64_t hash, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * 1099511628211ull;
	return hash;
}

static inline uint64_t hash_of_pattern(size_t len)
{
	uint64_t hash = HASH_BEGIN;

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = pattern_at(i);

		hash = hash_add(hash, &byte, 1);
	}
	return hash;
}

/* What was read. */
struct sum {
	uint64_t hash;
	size_t len;
};
