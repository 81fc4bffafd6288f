/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h - what each fuzz target defines, and the helpers they share. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Take one input; bugs show as crashes and sanitizer reports. Always returns 0.
 * From: LLVM libFuzzer.rst, "Fuzz Target". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stop the run when something that must hold does not, also in builds without assert(). */
#define FUZZ_CHECK(condition)                                                                  \
	do {                                                                                   \
		if (!(condition))                                                              \
			__builtin_trap();                                                      \
	} while (0)
