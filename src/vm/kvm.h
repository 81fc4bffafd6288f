/* SPDX-License-Identifier: Apache-2.0 */
/* kvm.h - does /dev/kvm run what a stock kernel runs? Some hosts' does not, so it is tried. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Run a few instructions of a kernel's start in a machine of one page, for two seconds at most, in
 * a child. @ret_why: why it does not work, "" when it does. */
bool hp_kvm_works(char *ret_why, size_t size);
