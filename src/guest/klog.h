/* SPDX-License-Identifier: Apache-2.0 */
/* klog.h - the kernel's messages. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

/* Their last @bytes, at most. @ret is empty before. */
int hp_guest_klog_read(size_t bytes, struct hp_buf *ret, struct hp_error *err) MUST_CHECK;
