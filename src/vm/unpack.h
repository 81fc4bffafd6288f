/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - what is compressed, in memory: kernels and their modules. */
#pragma once
#include "base/buf.h"

/* Unpack lz4 (the kernel's legacy frames too), gzip, xz, zstd or lzma.
 * Fails: HP_ECORRUPT - none of them, or broken; HP_EEXHAUSTED - over @ret's maximum. */
int hp_vm_unpack(struct hp_bytes packed, struct hp_buf *ret, struct hp_error *err) MUST_CHECK;
